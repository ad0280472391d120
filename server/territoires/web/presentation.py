"""Arranges a description into what a page shows: a title, facts with their sources, n-ary nodes, links both ways."""

from collections.abc import Mapping
from dataclasses import dataclass

from territoires.knowledge.description import Description
from territoires.results import BlankNode, Literal, NamedNode, Term
from territoires.vocabulary import iri
from territoires.web.language import best_literal
from territoires.web.naming import NAMING, Namer, Value

DEFINING = tuple(iri(name) for name in ("skos:definition", "dct:description", "rdfs:comment"))
TYPE, SOURCE = iri("rdf:type"), iri("dct:source")
IN_CARDS = frozenset({iri("qb:dataSet"), iri("qb:measureType")})  # the card's title says as much
KINDS = ("Observation", "Post", "CarrierPeriod", "LegalFormPeriod", "ClusterRelation", "Application", "LabelAward")
"""The kinds (local names) of n-ary nodes that a page shows first; the others follow by name."""
HIDDEN = frozenset({TYPE, SOURCE, *NAMING, *DEFINING, iri("void:classPartition"), iri("void:propertyPartition")})


@dataclass(frozen=True)
class Fact:
    """A property and its values."""

    property: Value
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Node:
    """An n-ary node about the resource: its own facts and sources."""

    title: Value
    kind: Value
    facts: tuple[Fact, ...]
    sources: tuple[Value, ...]


@dataclass(frozen=True)
class Page:
    """All that the page of a resource shows."""

    iri: str
    title: Value
    types: tuple[Value, ...]
    definition: Value | None
    facts: tuple[Fact, ...]
    nodes: tuple[tuple[Value, tuple[Node, ...]], ...]
    incoming: tuple[Fact, ...]
    sources: tuple[Value, ...]


class Arranger:
    """Arranges one description; `names` shows its terms."""

    def __init__(self, description: Description, names: Namer) -> None:
        self.subject = NamedNode(description.resource)
        self.names = names
        self.about: dict[Term, dict[str, list[Term]]] = {}
        for triple in description.triples:
            self.about.setdefault(triple.subject, {}).setdefault(triple.predicate.value, []).append(triple.object)

    def page(self) -> Page:
        """The page of the resource."""
        said = self.about.get(self.subject, {})
        definition = best_literal([t for p in DEFINING for t in said.get(p, []) if isinstance(t, Literal)], self.names.language)
        return Page(
            iri=self.subject.value,
            title=self.names.named(self.subject.value),
            types=self.names.values(said.get(TYPE, [])),
            definition=self.names.value(definition) if definition else None,
            facts=self.facts(self.subject),
            nodes=self.nodes(),
            incoming=self.incoming(),
            sources=self.sources(self.subject),
        )

    def facts(self, subject: Term, hidden: frozenset[str] = frozenset()) -> tuple[Fact, ...]:
        """The facts of a node, by the property's name."""
        shown = [
            Fact(self.names.named(predicate), self.values(terms))
            for predicate, terms in self.about.get(subject, {}).items()
            if predicate not in HIDDEN | hidden
        ]
        return tuple(sorted(shown, key=lambda fact: fact.property.text.casefold()))

    def values(self, terms: list[Term]) -> tuple[Value, ...]:
        """The values of one property; a blank node by what it says."""
        nameless = [Value(self.said_by(term)) for term in terms if isinstance(term, BlankNode)]
        return (*self.names.values(t for t in terms if not isinstance(t, BlankNode)), *nameless)

    def said_by(self, node: BlankNode) -> str:
        """A blank node in words: its properties and their values."""
        said = sorted(self.about.get(node, {}).items())
        return "; ".join(f"{self.names.named(p).text}: {', '.join(v.text for v in self.values(terms))}" for p, terms in said if p != TYPE)

    def sources(self, subject: Term) -> tuple[Value, ...]:
        """The passages that a node cites."""
        return self.names.values(self.about.get(subject, {}).get(SOURCE, []))

    def nodes(self) -> tuple[tuple[Value, tuple[Node, ...]], ...]:
        """The n-ary nodes about the resource, grouped by kind."""
        groups: dict[str, list[Node]] = {}
        for subject, said in self.about.items():
            if subject == self.subject or not isinstance(subject, NamedNode) or not is_nary(said):
                continue
            linking = frozenset(predicate for predicate, terms in said.items() if self.subject in terms)
            kind = next(iter(self.names.values(said.get(TYPE, []))), Value(""))
            title = self.names.named(subject.value)
            groups.setdefault(kind.iri, []).append(Node(title, kind, self.facts(subject, linking | IN_CARDS), self.sources(subject)))
        ordered = sorted(groups.values(), key=lambda nodes: rank(nodes[0].kind))
        return tuple((nodes[0].kind, tuple(sorted(nodes, key=lambda node: node.title.text.casefold()))) for nodes in ordered)

    def incoming(self) -> tuple[Fact, ...]:
        """Who points here, by property; the n-ary nodes are shown whole above."""
        found: dict[str, list[Term]] = {}
        for subject, said in self.about.items():
            if subject != self.subject and isinstance(subject, NamedNode) and not is_nary(said):
                for predicate, terms in said.items():
                    if self.subject in terms and predicate != TYPE:
                        found.setdefault(predicate, []).append(subject)
        facts = [Fact(self.names.named(predicate), self.names.values(nodes)) for predicate, nodes in found.items()]
        return tuple(sorted(facts, key=lambda fact: fact.property.text.casefold()))


def rank(kind: Value) -> tuple[int, str]:
    """Where a kind of n-ary node stands on the page."""
    local = kind.iri.rpartition("#")[2]
    return (KINDS.index(local) if local in KINDS else len(KINDS), kind.text.casefold())


def is_nary(said: Mapping[str, list[Term]]) -> bool:
    """Whether a description holds a node whole, sources included, and not just its name or its link."""
    return SOURCE in said and len(said.keys() - {SOURCE, TYPE, *NAMING}) > 0


def mentioned(description: Description) -> set[str]:
    """Every IRI of a description: what a page needs names for."""
    terms = (term for triple in description.triples for term in (triple.subject, triple.predicate, triple.object))
    return {description.resource} | {term.value for term in terms if isinstance(term, NamedNode)}
