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


MANY = 1000
"""Up to so many that point here are all asked for; where there are more, so many by one property."""
SORTED = 3000
"""Up to so many are sorted to turn their pages."""
POINTING = ("property", "subject", "class")


def key(term: Term) -> str:
    """A node by its IRI, a blank one by its label."""
    return f"_:{term.value}" if isinstance(term, BlankNode) else term.value if isinstance(term, NamedNode) else str(term)


@dataclass(frozen=True)
class Part:
    """Some of a long row: how many come before, how many there are in all.

    The total is the one of `counted`: blank nodes that point there, and a thing that points to itself, are in it, though none is listed.
    """

    before: int
    total: int


@dataclass(frozen=True)
class Turned:
    """The page of a long row that is wanted: of which property (prefixed name), which page, how many stand on one."""

    property: str
    page: int
    size: int

    def part(self, name: str, total: int) -> Part:
        """What stands on that page, of another property on the first one."""
        last = -(-total // self.size)
        return Part((min(max(self.page, 1), last) - 1) * self.size if name == self.property else 0, total)


@dataclass
class Gathered:
    """What is known of a resource and of what it mentions, by IRI; properties and classes by prefixed name."""

    resource: str
    base: str
    own: tuple[Triple, ...] = ()
    """The triples of the resource itself and of its blank nodes."""
    about: dict[str, Said] = field(default_factory=dict)
    incoming: dict[str, list[str]] = field(default_factory=dict)
    """Property -> who points here by it: all of them, but for the properties in `parts`."""
    parts: dict[str, Part] = field(default_factory=dict)
    """Property by which very many point here -> which of them `incoming` has."""
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


def gather(store: Store, views: QueryLibrary, resource: str, turned: Turned) -> Gathered:
    """The resource's own triples, and who points to it. Raises UnknownResource when nothing is said of it."""
    named = [NamedNode(resource)]
    own = construct(store, views.text("about", store.base, resource=named))
    if not any(triple.subject == named[0] for triple in own):
        raise UnknownResource(resource)
    found = Gathered(resource, store.base, tuple(sorted(own, key=str)))
    found.add(found.own)
    pointing = pointing_to(store, f"{views.text('incoming', store.base, resource=named)}LIMIT {MANY + 1}")
    if len(pointing) > MANY:
        often = counted(store, views, resource)
        short = [NamedNode(name) for name, count in often.items() if count <= MANY]
        pointing = pointing_to(store, views.text("incoming-by", store.base, resource=named, property=short)) if short else []
        for name, count in often.items():
            if count > MANY:
                part = found.parts[found.short(name)] = turned.part(found.short(name), count)
                found.incoming[found.short(name)] = pointing_by(store, views, resource, name, part, turned.size)
    held: dict[str, dict[str, None]] = {}
    for name, subject, cls in sorted(pointing):
        if subject != resource:
            held.setdefault(name, {})[subject] = None
            if cls:
                found.classes.setdefault(subject, set()).add(found.short(cls))
    found.incoming |= {found.short(name): list(subjects) for name, subjects in held.items()}
    return found


def pointing_to(store: Store, query: str) -> list[tuple[str, str, str]]:
    """Property, who points here by it, its class or nothing, as a query tells; not sorted."""
    answer = rows(store.query(query))
    return [tuple(term.value if isinstance(term := row.get(name), NamedNode) else "" for name in POINTING) for row in answer]  # type: ignore[misc]


def counted(store: Store, views: QueryLibrary, resource: str) -> dict[str, int]:
    """Property -> how many triples point here by it, by IRI: those of blank nodes too.

    The view has the shape of which a store knows the answer without counting (`territoires.store.counting`): a FILTER would cost that.
    """
    answer = rows(store.query(views.text("pointing-counts", store.base, thing=[NamedNode(resource)])))
    return {name.value: int(row["count"].value) for row in answer if isinstance(name := row["property"], NamedNode)}  # type: ignore[union-attr]


def pointing_by(store: Store, views: QueryLibrary, resource: str, name: str, part: Part, size: int) -> list[str]:
    """A part of the others that point here by a property: by IRI, or as the store has them where to sort them would take too long."""
    asked = views.text("pointing", store.base, thing=[NamedNode(resource)], property=[NamedNode(name)])
    order = "ORDER BY ?other" if part.total <= SORTED else ""
    found = rows(store.query(f"{asked}\n{order} LIMIT {size} OFFSET {part.before}"))
    return [term.value for row in found if isinstance(term := row["other"], NamedNode)]


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
