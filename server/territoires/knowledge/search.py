"""Finds resources by name and text in the search index of a release, whatever the spelling; see `indexing` for what it holds.

Ranks: a name as it is asked for; a name that begins so; a name with all the words; names, texts, class, territory and notions with
all the words; a name with all the words in another spelling, where at most one letter in four is wrong. Where nothing has all the
words, what has most of them. What is further off isn't found, but may be suggested: one letter in three. A territory with a fact
sheet stands as if its name began so ("Bresle-Yères"); texts and terms stand one rank further down, facts and passages two. Persons
are found only by whole words of their names, and neither suggested nor taken for a misprint.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from territoires.errors import StoreUnavailable
from territoires.knowledge import folding
from territoires.knowledge.indexing import PERSON, VERSION, address_of
from territoires.knowledge.spelling import all_known, all_of, cost_of, letters_of, numbers_of, quoted, spellings_of

EXACT, BEGINNING, WORDS, ANYWHERE, VARIANT, SOME = range(6)
_MOST_WORDS = 12
_MOST_VARIANTS = 120  # candidates whose spelling is compared
FOUND, OFFERED = 4, 3
"""How many letters there are at least to each wrong one: in a misprint that is taken for the name, in one that is only suggested."""


@dataclass(frozen=True)
class Name:
    """A name with its language ('' for none) and the property that gives it, as a prefixed name."""

    text: str
    language: str
    property: str = ""


@dataclass(frozen=True)
class Hit:
    """A resource that was found: class, category (of indexing.CATEGORIES), scheme of a concept, names, texts, areas, notions, rank."""

    iri: str
    cls: str
    category: str
    scheme: str
    names: tuple[Name, ...]
    texts: tuple[Name, ...]
    areas: tuple[str, ...]
    subjects: tuple[str, ...]
    rank: int


@dataclass(frozen=True)
class Found:
    """A page of hits out of `total`, the counts of the facets, and the folded words to be marked in what is shown."""

    total: int = 0
    hits: tuple[Hit, ...] = ()
    categories: Mapping[str, int] = field(default_factory=dict)
    """Category -> hits in the area that was chosen, whatever category was."""
    areas: Mapping[str, int] = field(default_factory=dict)
    """IRI of an area -> hits in the category that was chosen, whatever area was."""
    words: tuple[str, ...] = ()
    manner: str = "words"
    """words, variants (nothing is spelt so) or some (nothing has all the words)."""


@dataclass(frozen=True)
class Asked:
    """A query as it is compared: its telling words, folded, and their key."""

    words: tuple[str, ...]
    key: str

    @classmethod
    def of(cls, text: str) -> "Asked":
        """What a text asks for; the beginning of a long one."""
        found = folding.telling(folding.words(text[: folding.LONGEST])[:_MOST_WORDS])
        return cls(tuple(found), "".join(found))


class SearchIndex:
    """The search index in a file, read-only, or in memory. Each question opens it anew, so that any thread can ask."""

    def __init__(self, place: Path | str) -> None:
        self.place = place

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(address_of(self.place, "?mode=ro&immutable=1"), uri=True)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The search index {self.place} can't be opened ({error}): run `territoires build`.") from error
        try:
            yield db
        except sqlite3.Error as error:
            raise StoreUnavailable(f"The search index {self.place} can't be read ({error}): run `territoires build`.") from error
        finally:
            db.close()

    @cached_property
    def about(self) -> dict[str, int | str]:
        """What the index says of itself: version, revision, base, counts."""
        with self._open() as db:
            return dict(db.execute("SELECT name, value FROM about"))

    def usable(self) -> bool:
        """Whether it is there, and written as this version of the software reads it."""
        try:
            return (isinstance(self.place, str) or self.place.is_file()) and self.about.get("version") == VERSION
        except StoreUnavailable:
            return False

    @cached_property
    def _categories(self) -> list[str]:
        """The category of each resource, by its number less one."""
        with self._open() as db:
            return [category for (category,) in db.execute("SELECT category FROM resource ORDER BY id")]

    @cached_property
    def territories(self) -> tuple[str, ...]:
        """The territories that have a fact sheet."""
        with self._open() as db:
            return tuple(row[0] for row in db.execute("SELECT iri FROM resource WHERE id <= ?", (self._last("leading"),)))

    @cached_property
    def _areas(self) -> dict[int, tuple[str, ...]]:
        """The areas of each resource that has some."""
        found: dict[int, tuple[str, ...]] = {}
        with self._open() as db:
            for number, area in db.execute("SELECT resource, iri FROM area"):
                found[number] = (*found.get(number, ()), area)
        return found

    def search(self, text: str, category: str = "", area: str = "", first: int = 0, count: int = 20) -> Found:
        """The hits for `text` in that category and area ('' for any), from number `first` on."""
        asked = Asked.of(text)
        if not asked.words:
            return Found()
        with self._open() as db:
            ranked, wanted = self._ranked(db, asked)
            by_area = [number for number in ranked if not area or area in self._areas.get(number, ())]
            numbers = [number for number in by_area if not category or self._categories[number - 1] == category]
            categories = Counter(self._categories[number - 1] for number in by_area)
            in_category = (number for number in ranked if not category or self._categories[number - 1] == category)
            areas = Counter(place for number in in_category for place in self._areas.get(number, ()))
            hits = tuple(self._hit(db, number, ranked[number]) for number in numbers[first : first + count])
        best = min(ranked.values(), default=EXACT)
        manner = {VARIANT: "variants", SOME: "some"}.get(best, "words")
        return Found(len(numbers), hits, categories, areas, wanted, manner)

    def suggest(self, text: str, count: int = 8) -> list[Hit]:
        """The likeliest hits while somebody types: by name, else by text and by spelling; never persons."""
        asked = Asked.of(text)
        if not asked.words:
            return []
        with self._open() as db:
            ranks: dict[int, int] = {}
            for last in ("entities", "principal", "impersonal"):
                for rank, numbers in enumerate(self._by_name(db, asked, self._last(last), count)):
                    for number in numbers:
                        ranks.setdefault(number, rank)
                if len(ranks) >= count:
                    break
            costs: dict[int, int] = {}
            if not ranks:
                anywhere = self._anywhere(db, asked, count)
                costs = {} if anywhere and all_known(db, asked.words) else self._variants(db, asked, OFFERED)[0]
                ranks = dict.fromkeys(costs, VARIANT) | dict.fromkeys(anywhere, ANYWHERE)
            return [self._hit(db, number, ranks[number]) for number in self._sorted(ranks, costs)[:count]]

    def nearest(self, text: str, count: int = 5) -> list[Hit]:
        """What a mistyped name, or the last part of a path, may have meant; never facts, passages or persons."""
        low = ("fait", "passage", PERSON)
        for asked in dict.fromkeys((text.rpartition("/")[2], text)):
            for hits in (self.suggest(asked, count * 3), self.search(asked, count=count * 3).hits):
                if found := [hit for hit in hits if hit.category not in low]:
                    return found[:count]
        return []

    def labels(self, iris: Iterable[str]) -> dict[str, tuple[Name, ...]]:
        """The names of classes, areas, schemes and notions."""
        wanted = sorted({*iris})
        with self._open() as db:
            marks = ", ".join("?" * len(wanted))
            rows = db.execute(f"SELECT iri, names FROM label WHERE iri IN ({marks})", wanted)
            return {about: read_names(names) for about, names in rows}

    def _by_name(self, db: sqlite3.Connection, asked: Asked, last: int, count: int) -> Iterator[list[int]]:
        """The numbers up to `last` whose name is what is asked, begins so, has all the words: at most `count` each, lowest first."""
        yield numbers_of(db, "SELECT resource FROM name WHERE key = ? AND resource <= ? LIMIT ?", asked.key, last, count)
        beginning = "SELECT DISTINCT resource FROM name WHERE key >= ? AND key < ? AND resource <= ? ORDER BY resource LIMIT ?"
        yield numbers_of(db, beginning, asked.key, asked.key + "\U0010ffff", last, count)
        matching = "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rowid LIMIT ?"
        yield numbers_of(db, matching, f"names : ({all_of(asked.words)})", last, count)

    def _ranked(self, db: sqlite3.Connection, asked: Asked) -> tuple[dict[int, int], tuple[str, ...]]:
        """Number -> rank, the best first, and the words that were looked for."""
        ranks: dict[int, int] = {}
        costs: dict[int, int] = {}
        wanted = list(asked.words)
        for rank, numbers in enumerate(self._by_name(db, asked, self._last("resources"), -1)):
            for number in numbers:
                ranks.setdefault(number, rank)
        named = self._allowed(db, asked, ranks)
        anywhere = self._anywhere(db, asked, -1)
        ranks = dict.fromkeys(anywhere, ANYWHERE) | named
        if not named and not (anywhere and all_known(db, asked.words)):
            costs, tried = self._variants(db, asked, FOUND)
            wanted += tried
            ranks |= {number: VARIANT for number in costs if number not in ranks}
        if not ranks and len(asked.words) > 1:
            costs = self._some(db, asked)
            ranks = dict.fromkeys(costs, SOME)
        return {number: ranks[number] for number in self._sorted(ranks, costs)}, tuple(wanted)

    def _anywhere(self, db: sqlite3.Connection, asked: Asked, count: int) -> list[int]:
        """The numbers of what has all the words in names, texts, class, territory and notions; no persons."""
        statement = "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rowid LIMIT ?"
        return numbers_of(db, statement, all_of(asked.words), self._last("impersonal"), count)

    def _sorted(self, ranks: Mapping[int, int], costs: Mapping[int, int]) -> list[int]:
        """The numbers in the order in which they are shown."""
        return sorted(ranks, key=lambda number: (self._place(number, ranks[number]), costs.get(number, 0), number))

    def _place(self, number: int, rank: int) -> int:
        """The rank at which a resource is shown."""
        if rank == EXACT or number > self._last("impersonal"):
            return rank
        if number <= self._last("leading"):
            return BEGINNING if rank == WORDS else rank
        return rank + (number > self._last("entities")) + (number > self._last("principal"))

    def _last(self, bound: str) -> int:
        """The number at which a part of the resources ends, by `indexing.BOUNDS`, or all of them."""
        return int(self.about[bound])

    def _allowed(self, db: sqlite3.Connection, asked: Asked, ranks: Mapping[int, int]) -> dict[int, int]:
        """`ranks` without the persons whose names hold the words only in part."""
        kept = {}
        for number, rank in ranks.items():
            if number > self._last("impersonal"):
                (names,) = db.execute("SELECT names FROM resource WHERE id = ?", (number,)).fetchone()
                if not {*asked.words} <= {word for name in read_names(names) for word in folding.words(name.text)}:
                    continue
            kept[number] = rank
        return kept

    def _variants(self, db: sqlite3.Connection, asked: Asked, share: int) -> tuple[dict[int, int], list[str]]:
        """Number -> the cost of its spelling, of what bears all the words with one letter in `share` wrong at most; and those spellings."""
        near = spellings_of(db, asked.words)
        if not all(near):
            return {}, []
        match = " AND ".join(f"({' OR '.join(quoted(word) for word in spellings)})" for spellings in near)
        statement = "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rowid LIMIT ?"
        numbers = numbers_of(db, statement, f"names : ({match})", self._last("impersonal"), _MOST_VARIANTS)
        starts = [[(f" {folding.stem(word)}", cost) for word, cost in spellings.items()] for spellings in near]
        costs = {}
        for number in numbers:
            (folded,) = db.execute("SELECT folded FROM resource WHERE id = ?", (number,)).fetchone()
            cost = min(cost_of(name, starts) for name in folded.splitlines())
            if letters_of(cost) * share <= len(asked.key):
                costs[number] = cost
        return costs, [word for spellings in near for word in spellings] if costs else []

    def _some(self, db: sqlite3.Connection, asked: Asked) -> dict[int, int]:
        """Number -> how many of the words are missing in the names, of what has some of them."""
        near = [
            sure
            for word, spellings in zip(asked.words, spellings_of(db, asked.words), strict=True)
            if (sure := [spelling for spelling, letters in spellings.items() if letters * FOUND <= len(word)])
        ]
        hits: Counter[int] = Counter()
        for spellings in near:
            match = f"names : ({' OR '.join(quoted(word) for word in spellings)})"
            hits.update(numbers_of(db, "SELECT rowid FROM words WHERE words MATCH ? AND rowid <= ?", match, self._last("impersonal")))
        most = max(hits.values(), default=0)
        return {number: 0 for number, count in hits.items() if count == most}

    def _hit(self, db: sqlite3.Connection, number: int, rank: int) -> Hit:
        """A resource with all that is shown of it."""
        row = db.execute("SELECT iri, class, category, scheme, names, texts, subjects FROM resource WHERE id = ?", (number,)).fetchone()
        iri, cls, category, scheme, names, texts, subjects = row
        areas = self._areas.get(number, ())
        return Hit(iri, cls, category, scheme, read_names(names), read_names(texts), areas, tuple(json.loads(subjects)), rank)


def read_names(text: str) -> tuple[Name, ...]:
    """Names as the index keeps them."""
    return tuple(Name(*parts) for parts in json.loads(text))
