"""The ontology as a list of terms: what the page /def shows."""

from dataclasses import dataclass, field

from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, NamedNode, rows
from territoires.store import Store

KINDS = ("Class", "ObjectProperty", "DatatypeProperty")


@dataclass
class OntologyTerm:
    """A class or property of the ontology; texts in every language, relations as IRIs."""

    iri: str
    kind: str
    module: str
    labels: list[Literal] = field(default_factory=list)
    definitions: list[Literal] = field(default_factory=list)
    relations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The local name: the anchor on the page."""
        return self.iri.rpartition("#")[2]


def ontology_terms(store: Store, views: QueryLibrary) -> list[OntologyTerm]:
    """Every own term, by local name."""
    terms: dict[str, OntologyTerm] = {}
    for row in rows(store.query(views.text("terms", store.base))):
        term, kind, module, predicate, value = (row.get(name) for name in ("term", "kind", "module", "property", "value"))
        assert isinstance(term, NamedNode) and isinstance(kind, NamedNode) and isinstance(module, NamedNode)
        found = terms.setdefault(term.value, OntologyTerm(term.value, kind.value.rpartition("#")[2], module.value))
        assert isinstance(predicate, NamedNode)
        local = predicate.value.rpartition("#")[2]
        if isinstance(value, Literal):
            (found.labels if local == "label" else found.definitions).append(value)
        elif isinstance(value, NamedNode):
            found.relations.setdefault(local, []).append(value.value)
    return sorted(terms.values(), key=lambda term: term.name.casefold())
