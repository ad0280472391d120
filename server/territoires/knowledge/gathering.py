"""What the page of a resource is made of, asked in steps, so that a page fetches what it shows and counts the rest."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pyoxigraph import NamedNode, Triple

from territoires.errors import UnknownResource
from territoires.knowledge.description import Description, construct
from territoires.knowledge.queries import QueryLibrary
from territoires.results import BlankNode, Literal, Term, rows
from territoires.store import Store
from territoires.vocabulary import shorten

Said = dict[str, list[Term]]
"""Prefixed name of a property -> its values."""


def key(term: Term) -> str:
    """A node by its IRI, a blank one by its label."""
    return f"_:{term.value}" if isinstance(term, BlankNode) else term.value if isinstance(term, NamedNode) else str(term)


@dataclass
class Gathered:
    """What is known of a resource and of what it mentions, by IRI; properties and classes by prefixed name."""

    resource: str
    base: str
    own: tuple[Triple, ...] = ()
    """The triples of the resource itself and of its blank nodes."""
    about: dict[str, Said] = field(default_factory=dict)
    incoming: dict[str, list[str]] = field(default_factory=dict)
    """Property -> who points here by it, all of them."""
    classes: dict[str, set[str]] = field(default_factory=dict)
    """Who points here -> its classes."""
    terms: dict[str, str] = field(default_factory=dict)
    """Prefixed name of a property or class that was met -> its IRI."""

    seen: set[Triple] = field(default_factory=set, repr=False)

    def short(self, iri: str) -> str:
        """`iri` as a prefixed name, which `terms` takes back to it."""
        name = shorten(iri, self.base)
        self.terms[name] = iri
        return name

    @property
    def said(self) -> Said:
        """What is said of the resource itself."""
        return self.about.get(self.resource, {})

    @property
    def description(self) -> Description:
        """The resource's own triples, as a description."""
        return Description(self.resource, self.own)

    def add(self, triples: Iterable[Triple]) -> None:
        """Takes triples in, each once."""
        for triple in triples:
            if triple not in self.seen:
                self.seen.add(triple)
                subject, predicate, value = triple
                self.about.setdefault(key(subject), {}).setdefault(self.short(predicate.value), []).append(value)

    def values(self, subject: str, *properties: str) -> list[Term]:
        """The values of some properties of a node."""
        said = self.about.get(subject, {})
        return [term for name in properties for term in said.get(name, ())]

    def iris(self, subject: str, *properties: str) -> list[str]:
        """Those of the values that are IRIs, sorted."""
        values = {term.value for term in self.values(subject, *properties) if isinstance(term, NamedNode)}
        return sorted(values) if len(values) > 1 else list(values)

    def literals(self, subject: str, *properties: str) -> list[Literal]:
        """Those of the values that are literals."""
        return [term for term in self.values(subject, *properties) if isinstance(term, Literal)]

    def types(self, subject: str) -> set[str]:
        """The classes of a node, as prefixed names."""
        own = {self.short(iri) for iri in self.iris(subject, "rdf:type")}
        return own | self.classes.get(subject, set())


def gather(store: Store, views: QueryLibrary, resource: str) -> Gathered:
    """The resource's own triples, and who points to it. Raises UnknownResource when nothing is said of it."""
    named = [NamedNode(resource)]
    own = construct(store, views.text("about", store.base, resource=named))
    if not any(triple.subject == named[0] for triple in own):
        raise UnknownResource(resource)
    found = Gathered(resource, store.base, tuple(sorted(own, key=str)))
    found.add(found.own)
    for row in rows(store.query(views.text("incoming", store.base, resource=named))):
        subject = row["subject"].value  # type: ignore[union-attr]
        if subject == resource:
            continue
        pointing = found.incoming.setdefault(found.short(row["property"].value), [])  # type: ignore[union-attr]
        if subject not in pointing:
            pointing.append(subject)
        if isinstance(cls := row.get("class"), NamedNode):
            found.classes.setdefault(subject, set()).add(found.short(cls.value))
    return found


def add_nodes(found: Gathered, store: Store, views: QueryLibrary, nodes: Iterable[str]) -> None:
    """Adds all that is said of some nodes, and which discrepancies concern them."""
    wanted = [NamedNode(iri) for iri in sorted(set(nodes))]
    if wanted:
        found.add(construct(store, views.text("nodes", store.base, node=wanted)))


def add_context(found: Gathered, store: Store, views: QueryLibrary, things: Iterable[str], placed: Iterable[str]) -> None:
    """Adds names and days of `things`; where `placed` things stand in the source, their states and times."""
    sets = {"thing": things, "placed": placed}
    terms = {name: [NamedNode(iri) for iri in sorted(set(iris))] for name, iris in sets.items()}
    found.add(construct(store, views.text("context", store.base, **terms)))
