"""The names of all that a table may name: places, bodies, labels, programmes, notions; in one SQLite file, made with each release.

A record holds what tells one thing from another: names in every form, codes, kind, département, région. `toponyms` folds the names to
the keys by which they are found; `recording` reads the records from a graph; `matching` ranks what is found here.
"""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, get_args

from territoires.errors import GazetteerUnavailable
from territoires.knowledge import recording, toponyms
from territoires.knowledge.homonyms import Homonyms
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.records import IN_ADDRESS, KINDS, PARTS, Code, Name, NameSort, Record, kind_of, written
from territoires.store import Store

__all__ = ["FILE", "KINDS", "PARTS", "Code", "Gazetteer", "Name", "Record", "Spelling", "build_gazetteer", "kind_of", "write_gazetteer"]

FILE = "gazetteer.db"
VERSION = 2

_NONE: Homonyms = {}
_MANY = 200  # names that have a word in common
_ALL_COMMUNES = 30_000  # there are some 34,900
_SORTS: tuple[NameSort, ...] = get_args(NameSort)
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE record (id INTEGER PRIMARY KEY, iri TEXT NOT NULL, kind TEXT NOT NULL, population INTEGER NOT NULL, said TEXT NOT NULL);
CREATE TABLE name (
  id INTEGER PRIMARY KEY, record INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, sort INTEGER NOT NULL, until INTEGER NOT NULL,
  full TEXT NOT NULL, bare TEXT NOT NULL, loose TEXT NOT NULL, core TEXT NOT NULL, genre TEXT NOT NULL, words TEXT NOT NULL
);
CREATE TABLE code (value TEXT NOT NULL, scheme TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (value, scheme, record)) WITHOUT ROWID;
CREATE TABLE homonym (key TEXT PRIMARY KEY, codes TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE word (word TEXT NOT NULL, name INTEGER NOT NULL, PRIMARY KEY (word, name)) WITHOUT ROWID;
"""
_INDEXES = """
CREATE UNIQUE INDEX record_iri ON record (iri);
CREATE INDEX name_full ON name (full);
CREATE INDEX name_bare ON name (bare);
CREATE INDEX name_loose ON name (loose);
CREATE INDEX name_core ON name (core);
"""


class Spelling(NamedTuple):
    """A name in the gazetteer with what it is compared by (toponyms.Keys), and the number of its record."""

    record: int
    kind: str
    text: str
    sort: NameSort
    until: int
    keys: toponyms.Keys


class Gazetteer:
    """The records of one release, read-only. It opens at once, and any thread can ask."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._records = lru_cache(65536)(self._record)

    @classmethod
    def open(cls, path: Path) -> "Gazetteer":
        """The gazetteer in a file. Raises GazetteerUnavailable when it isn't there or is of another version."""
        try:
            db = sqlite3.connect(path.absolute().as_uri() + "?mode=ro&immutable=1", uri=True, check_same_thread=False)
            found = cls(db)
            version = found.about().get("version")
        except sqlite3.Error as error:
            raise GazetteerUnavailable(f"The gazetteer {path} can't be read ({error}): run `territoires build`.") from error
        if version != VERSION:
            db.close()
            raise GazetteerUnavailable(f"The gazetteer {path} is of another version of the software: run `territoires build`.")
        return found

    @classmethod
    def read(cls, store: Store, views: QueryLibrary, homonyms: Homonyms = _NONE) -> "Gazetteer":
        """A gazetteer in memory of what a store holds. Raises what the store raises."""
        return cls.of(recording.records(store, views), homonyms)

    @classmethod
    def of(cls, records: Iterable[Record], homonyms: Homonyms = _NONE) -> "Gazetteer":
        """A gazetteer in memory of these records."""
        db = sqlite3.connect(":memory:", check_same_thread=False)
        write_records(db, records, homonyms)
        return cls(db)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def about(self) -> dict[str, int | str]:
        """What the file says of itself: version, records."""
        return dict(self._rows("SELECT name, value FROM about"))

    def get(self, iri: str) -> Record | None:
        """The record of an IRI."""
        found = self._rows("SELECT id FROM record WHERE iri = ?", iri)
        return self.record(found[0][0]) if found else None

    def record(self, number: int) -> Record:
        """The record of that number."""
        return self._records(number)

    def coded(self, value: str, scheme: str | None = None) -> Sequence[Record]:
        """The records that bear a code: as written, however spaced ("200 027 308"), or an address that ends in it; none for a postal
        code unless that scheme is asked for."""
        value = value.strip()
        forms = {value, written(value)} | {written(found[1]) for found in IN_ADDRESS.finditer(value)}
        marks = ", ".join("?" * len(forms))
        rows = self._rows(f"SELECT DISTINCT record, scheme FROM code WHERE value IN ({marks}) ORDER BY record", *forms)
        return [self.record(number) for number, of in rows if of == (scheme or of) and (scheme or of != "postal")]

    def named(self, asked: toponyms.Keys) -> list[Spelling]:
        """The names that are the same in one of the keys."""
        both = "SELECT id FROM name WHERE full = ? UNION SELECT id FROM name WHERE bare = ? UNION SELECT id FROM name WHERE loose = ?"
        statement = f"{both} UNION SELECT id FROM name WHERE core = ?"
        return self.spellings(row[0] for row in self._rows(statement, asked.full, asked.bare, asked.loose, asked.core))

    def sharing(self, words: Sequence[str], kinds: Sequence[str], most: int) -> list[Spelling]:
        """The names of these kinds that have some of the words, those with most of them first; at most `most`."""
        if not words:
            return []
        marks, among = ", ".join("?" * len(words)), ", ".join("?" * len(kinds))
        statement = f"""SELECT name.id FROM word JOIN name ON name.id = word.name WHERE word.word IN ({marks}) AND name.kind IN ({among})
            GROUP BY name.id ORDER BY COUNT(*) DESC, length(loose), name.id LIMIT {most}"""
        return self.spellings(row[0] for row in self._rows(statement, *words, *kinds))

    def spellings(self, numbers: Iterable[int]) -> list[Spelling]:
        """The names of these numbers, in their order."""
        wanted = list(numbers)
        statement = "SELECT id, record, kind, text, sort, until, full, bare, loose, core, genre, words FROM name WHERE id IN "
        rows = self._rows(f"{statement} ({', '.join('?' * len(wanted))})", *wanted)
        found = {row[0]: Spelling(row[1], row[2], row[3], _SORTS[row[4]], row[5], keys_of(row)) for row in rows}
        return [found[number] for number in wanted]

    @cached_property
    def complete(self) -> bool:
        """Whether it has the communes of all of France, so that a name which one of them bears here isn't another's elsewhere."""
        return self.kinds().get("commune", 0) >= _ALL_COMMUNES

    def unlisted(self, key: str) -> tuple[str, ...]:
        """The INSEE codes of communes of France that bear a name (toponyms.Keys.bare) and aren't here."""
        codes = [code for row in self._rows("SELECT codes FROM homonym WHERE key = ?", key) for code in row[0].split()]
        return tuple(code for code in codes if not self.coded(code, "insee"))

    def common(self, words: Sequence[str]) -> bool:
        """Whether these words are only one, and it is in many names: nobody's name by itself."""
        if len(words) != 1:
            return False
        return len(self._rows(f"SELECT 1 FROM word WHERE word = ? LIMIT {_MANY}", words[0])) == _MANY

    @cached_property
    def lengths(self) -> Mapping[tuple[str, int], tuple[list[str], list[int]]]:
        """Kind and length -> the names without their first article, and their numbers, for the comparison letter by letter."""
        found: dict[tuple[str, int], tuple[list[str], list[int]]] = {}
        for number, kind, bare in self._rows("SELECT id, kind, bare FROM name WHERE length(bare) > 3"):
            texts, numbers = found.setdefault((kind, len(bare)), ([], []))
            texts.append(bare)
            numbers.append(number)
        return found

    def kinds(self) -> Mapping[str, int]:
        """Kind -> how many records it has, the kinds in the order of KINDS, without empty ones."""
        counts = dict(self._rows("SELECT kind, COUNT(*) FROM record GROUP BY kind"))
        return {kind: counts[kind] for kind in KINDS if kind in counts}

    def of_kind(self, kind: str) -> list[Record]:
        """Every record of a kind."""
        return [self.record(row[0]) for row in self._rows("SELECT id FROM record WHERE kind = ? ORDER BY iri", kind)]

    def beginning(self, prefix: str, kind: str | None = None, limit: int = 10) -> Sequence[Record]:
        """For suggestions: records of which a name, or a code, begins so; whole names first, then by population."""
        asked, of = toponyms.keys(prefix), kind_of(kind)
        ends = [(begin, begin + "\U0010ffff") for begin in (asked.bare, asked.bare, written(prefix))]
        if not asked.full:
            return []
        only = "AND record.kind = ?" if of else ""
        statement = f"""SELECT record.id, MIN(rank) FROM (
              SELECT record, full <> ? AND bare <> ? AS rank FROM name WHERE bare >= ? AND bare < ?
              UNION ALL SELECT record, 1 + (loose <> ?) FROM name WHERE loose >= ? AND loose < ?
              UNION ALL SELECT record, 2 * (value <> ?) FROM code WHERE value >= ? AND value < ? AND scheme <> 'postal'
            ) JOIN record ON record.id = record {only}
            GROUP BY record.id ORDER BY MIN(rank), population DESC, record.id LIMIT ?"""
        statement = statement.replace("JOIN record ON record.id = record", "AS found JOIN record ON record.id = found.record")
        values = (asked.full, asked.bare, *ends[0], asked.bare, *ends[1], written(prefix), *ends[2], *((of,) if of else ()), limit)
        return [self.record(row[0]) for row in self._rows(statement, *values)]

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _record(self, number: int) -> Record:
        iri, kind, population, said = self._rows("SELECT iri, kind, population, said FROM record WHERE id = ?", number)[0]
        names, classes, codes, departements, regions, successors = json.loads(said)
        return Record(
            iri,
            kind,
            tuple(Name(*each) for each in names),
            tuple(classes),
            tuple(Code(*each) for each in codes),
            tuple(departements),
            tuple(regions),
            tuple(successors),
            population,
        )


def keys_of(row: Sequence[Any]) -> toponyms.Keys:
    """The keys in a row of names."""
    full, bare, loose, core, genre, words = row[6:]
    return toponyms.Keys(full, bare, loose, core, genre, tuple(words.split()))


def build_gazetteer(folder: Path, store: Store, views: QueryLibrary, homonyms: Homonyms) -> int:
    """Writes the gazetteer of what a store holds into the folder of its release: how many records. Raises QueryRefused."""
    return write_gazetteer(folder / FILE, recording.records(store, views), homonyms)


def write_gazetteer(path: Path, records: Iterable[Record], homonyms: Homonyms = _NONE) -> int:
    """Writes a gazetteer to a new file: how many records."""
    with closing(sqlite3.connect(path)) as db:
        return write_records(db, records, homonyms)


def write_records(db: sqlite3.Connection, records: Iterable[Record], homonyms: Homonyms = _NONE) -> int:
    """Fills an empty database."""
    db.executescript(_TABLES)
    db.executemany("INSERT INTO homonym VALUES (?, ?)", ((key, " ".join(codes)) for key, codes in homonyms.items()))
    numbered = 0
    for number, record in enumerate(sorted(records, key=lambda each: each.iri), 1):
        numbered = number
        names = [(name.text, name.sort, name.language, name.until) for name in record.names]
        codes = [(code.scheme, code.value) for code in record.codes]
        said = json.dumps([names, record.classes, codes, record.departements, record.regions, record.successors], ensure_ascii=False)
        db.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", (number, record.iri, record.kind, record.population, said))
        values = {(value, code.scheme) for code in record.codes for value in (code.value, written(code.value))}
        db.executemany("INSERT INTO code VALUES (?, ?, ?)", ((*each, number) for each in {*values, (record.iri, "iri")}))
        for name in dict.fromkeys(record.names):
            found = toponyms.keys(name.text)
            if found.full:
                row = (number, record.kind, name.text, _SORTS.index(name.sort), name.until, *found[:5], " ".join(found.words))
                at = db.execute(f"INSERT INTO name VALUES (NULL, {', '.join('?' * len(row))})", row).lastrowid
                db.executemany("INSERT INTO word VALUES (?, ?)", ((word, at) for word in set(found.words)))
    db.executescript(_INDEXES)
    db.executemany("INSERT INTO about VALUES (?, ?)", {"version": VERSION, "records": numbered}.items())
    db.commit()
    return numbered
