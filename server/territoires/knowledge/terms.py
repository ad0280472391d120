"""The ontology as a list of terms: what the page /def shows of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, NamedNode, Row, rows
from territoires.store import Store


@dataclass(frozen=True)
class Rule:
    """A constraint that a shape puts on a class: its shape, severity and messages."""

    shape: str
    severity: str
    messages: tuple[Literal, ...]


@dataclass
class OntologyTerm:
    """A class or property of the ontology; texts in every language, relations (by local name of the property) as IRIs."""

    iri: str
    kind: str
    module: str
    labels: list[Literal] = field(default_factory=list)
    definitions: list[Literal] = field(default_factory=list)
    notes: list[Literal] = field(default_factory=list)
    relations: dict[str, list[str]] = field(default_factory=dict)
    uses: int = 0
    rules: list[Rule] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The local name: the anchor on the page."""
        return self.iri.rpartition("#")[2]


def ontology_terms(store: Store, views: QueryLibrary) -> list[OntologyTerm]:
    """Every own term, by local name, with its uses in the data and the rules of the shapes."""
    terms: dict[str, OntologyTerm] = {}
    for row in rows(store.query(views.text("terms", store.base))):
        kind, module = text(row, "kind").rpartition("#")[2], text(row, "module")
        found = terms.setdefault(text(row, "term"), OntologyTerm(text(row, "term"), kind, module))
        add(found, text(row, "property").rpartition("#")[2].rpartition("/")[2], row["value"])
    for row in rows(store.query(views.text("term-uses", store.base))):
        if term := terms.get(text(row, "term")):
            term.uses = int(text(row, "count"))
    for cls, rule in rules(store, views):
        if term := terms.get(cls):
            term.rules.append(rule)
    return sorted(terms.values(), key=lambda term: term.name.casefold())


def text(row: Row, name: str) -> str:
    """The IRI or lexical form of a solution's term."""
    term = row[name]
    return term.value if isinstance(term, NamedNode | Literal) else str(term)


def add(term: OntologyTerm, predicate: str, value: object) -> None:
    """Adds one statement about a term; what is said by blank nodes is the reasoner's business."""
    if isinstance(value, Literal):
        {"label": term.labels, "definition": term.definitions}.get(predicate, term.notes).append(value)
    elif isinstance(value, NamedNode):
        term.relations.setdefault(predicate, []).append(value.value)


def rules(store: Store, views: QueryLibrary) -> Iterator[tuple[str, Rule]]:
    """Each class with each constraint on it."""
    found: dict[tuple[str, str, str], list[Literal]] = {}
    for row in rows(store.query(views.text("term-rules", store.base))):
        message = row["message"]
        assert isinstance(message, Literal)
        key = (text(row, "class"), text(row, "rule"), text(row, "severity").rpartition("#")[2])
        found.setdefault(key, []).append(message)
    for (cls, shape, severity), messages in sorted(found.items()):
        yield cls, Rule(shape, severity, tuple(messages))
