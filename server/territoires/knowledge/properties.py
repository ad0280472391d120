"""The properties that reconciliation offers: each is a query of queries/reconcile/, asked for many entities at once.

Its header says, beside title and description: `kinds`, the kinds of the gazetteer that may have it (none: every kind); `range`, the kind of
its values where these are entities; `also`, other names that a table may use for it; `service`, another reconciliation service whose
entities its values are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from territoires.knowledge.folding import words
from territoires.knowledge.queries import QueryLibrary, StoredQuery
from territoires.results import Literal, NamedNode, Term, rows
from territoires.store import Store
from territoires.vocabulary import iri

FOLDER = "reconcile"
ALWAYS = "9999-12-31"
"""The day that asks for the last that is known."""


@dataclass(frozen=True)
class Property:
    """A property of entities: its query, and what the header of this says."""

    query: StoredQuery

    @property
    def name(self) -> str:
        """What names it in a request."""
        return self.query.name

    @property
    def range(self) -> str:
        """The kind of its values, or '' for literals and values of any kind."""
        return self.query.about.get("range", "")

    @property
    def dated(self) -> bool:
        """Whether a day can be asked for."""
        return "day" in self.query.parameters

    def title(self, language: str) -> str:
        """Its name for a reader."""
        return self.query.title(language)

    def description(self, language: str) -> str:
        """What it says, in a sentence."""
        return self.query.about.get(f"description@{language}", "")

    def service(self, language: str) -> str:
        """The address of the service whose entities its values are, or ''."""
        return self.query.about.get("service", "").format(language=language)

    def suits(self, kind: str | None) -> bool:
        """Whether things of that kind may have it; None stands for any kind."""
        kinds = self.query.about.get("kinds", "").split()
        return kind is None or not kinds or kind in kinds

    @cached_property
    def spellings(self) -> frozenset[str]:
        """All that it may be called, folded: its name, its titles, what the header says."""
        about = self.query.about
        called = [self.name, *about.get("also", "").split(), *(about[key] for key in ("title@fr", "title@en") if key in about)]
        return frozenset("".join(words(text)) for text in called)


class Properties:
    """The properties of one installation."""

    def __init__(self, home: Path) -> None:
        self._library = QueryLibrary(home, FOLDER)
        self._known = {name: Property(self._library.find(name)) for name in self._library.names()}

    def all(self, kind: str | None = None) -> tuple[Property, ...]:
        """The properties that things of a kind may have, by name."""
        return tuple(found for found in self._known.values() if found.suits(kind))

    def find(self, asked: str) -> Property | None:
        """The property of that name, or that a table calls so ("Code INSEE", "dep", "Région")."""
        if asked in self._known:
            return self._known[asked]
        folded = "".join(words(asked))
        return next((found for found in self._known.values() if folded in found.spellings), None)

    def values(self, store: Store, known: Property, entities: Iterable[str], day: str = ALWAYS) -> dict[str, list[Term]]:
        """Entity (IRI) -> its values, in one query; an entity without any is left out. `day` is YYYY-MM-DD."""
        wanted: list[Term] = [NamedNode(entity) for entity in dict.fromkeys(entities)]
        parameters: Mapping[str, Sequence[Term]] = {"entity": wanted}
        if known.dated:
            parameters = {**parameters, "day": [Literal(day, datatype=NamedNode(iri("xsd:date")))]}
        found: dict[str, list[Term]] = {}
        if wanted:
            for row in rows(store.query(self._library.text(known.name, store.base, **parameters))):
                if "value" in row:
                    found.setdefault(value_of(row["entity"]), []).append(row["value"])
        return found


def value_of(term: Term) -> str:
    """The IRI of a resource, the text of a literal."""
    return term.value if isinstance(term, NamedNode | Literal) else str(term)
