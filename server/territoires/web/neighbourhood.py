"""What lies around a thing: its relations by property, and as a network one or two steps wide.

Nodes that only link (a funding flow, a post, a cluster relation) become edges between what they link. Statements, observations,
passages and periods stand on the thing's page, and not here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import lazy_gettext
from pyoxigraph import Literal, NamedNode

from territoires.formats.network import Edge, Network, Node
from territoires.knowledge.description import construct
from territoires.results import Row, Term, rows
from territoires.vocabulary import iri, shorten
from territoires.web.addresses import address
from territoires.web.kinds import Kind, kind_of, main_class
from territoires.web.matters import INVERSES, SHOWN_BY
from territoires.web.naming import NAMING, Namer, namer
from territoires.web.service import service
from territoires.web.wording import POINTERS

KINDS: Mapping[str, object] = {
    "territory": lazy_gettext("Territory"),
    "organisation": lazy_gettext("Organisation"),
    "cluster": lazy_gettext("Cluster"),
    "programme": lazy_gettext("Programme"),
    "call": lazy_gettext("Call for projects"),
    "label": lazy_gettext("Label"),
    "action": lazy_gettext("Action"),
    "person": lazy_gettext("Person"),
    "concept": lazy_gettext("Concept"),
}
"""The kinds that are drawn, with their names; links to others are left out."""
LINKING = frozenset({"tdp:Application", "tdp:LabelAward"})
"""Classes of those kinds that are no nodes all the same: they link an applicant with a call, a holder with a label."""
MOST_FIRST, MOST_SECOND, MOST_NODES = 50, 6, 110
"""How many neighbours are drawn: of the thing, of each of them, and in all."""
TYPE = iri("rdf:type")


@dataclass(frozen=True)
class Link:
    """A relation of `thing` with `other`: by a property of its own, of the other's (`inverse`), or of a node that links both (`via`)."""

    thing: str
    other: str
    property: str
    inverse: bool = False
    via: str = ""
    link: str = ""


@dataclass
class Known:
    """What is known of the things that were met: their classes, and what they are called."""

    base: str
    classes: dict[str, set[str]] = field(default_factory=dict)
    names: dict[str, list[Literal]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    shown: dict[str, bool] = field(default_factory=dict)

    def learn(self, iris: Iterable[str]) -> None:
        """Asks for the classes and names of those that aren't known yet."""
        wanted = [NamedNode(each) for each in sorted(set(iris) - self.classes.keys())]
        self.classes.update({each.value: set() for each in wanted})
        if not wanted:
            return
        for triple in construct(service().store, service().views.text("names", self.base, thing=wanted)):
            subject, value = triple.subject, triple.object
            assert isinstance(subject, NamedNode)
            if isinstance(value, NamedNode) and triple.predicate.value == TYPE:
                self.classes[subject.value].add(value.value)
            elif isinstance(value, Literal) and triple.predicate.value in NAMING:
                self.names.setdefault(subject.value, []).append(value)

    def kind(self, thing: str) -> Kind:
        """The kind of a thing, which says whether and how it is drawn."""
        if thing not in self.kinds:
            self.kinds[thing] = kind_of(self.short(thing))
        return self.kinds[thing]

    def is_concept(self, thing: str) -> bool:
        """Whether a thing is a concept of a vocabulary."""
        return self.kind(thing).name == "concept"

    def drawn(self, thing: str) -> bool:
        """Whether a thing is drawn: of a kind that is, and with a name."""
        if thing not in self.shown:
            self.shown[thing] = self.kind(thing).name in KINDS and bool(self.names.get(thing)) and LINKING.isdisjoint(self.short(thing))
        return self.shown[thing]

    def short(self, thing: str) -> set[str]:
        """The classes of a thing as prefixed names."""
        return {shorten(cls, self.base) for cls in self.classes[thing]}


def links_of(things: Iterable[str], known: Known) -> list[Link]:
    """The links of several things with others that are drawn, those said twice once; learns what they lead to.

    Of what a node leads to, a concept counts only where there is nothing else.
    """
    store = service().store
    text = service().views.text("relations", store.base, thing=[NamedNode(thing) for thing in sorted(things)])
    found = [link(row) for row in rows(store.query(text))]
    known.learn({each.other for each in found})
    shown = [each for each in found if each.other != each.thing and known.drawn(each.other)]
    led = {(each.via, each.thing) for each in shown if each.via and not known.is_concept(each.other)}
    kept = [each for each in shown if (each.via, each.thing) not in led or not known.is_concept(each.other)]
    through = {(each.thing, each.other, shorten(each.link, store.base)) for each in kept if each.via}
    direct = {(each.thing, each.other, shorten(each.property, store.base), each.inverse) for each in kept if not each.via}
    once = [each for each in kept if each.via or not said_otherwise(each, direct, store.base)]
    return [each for each in once if each.via or (each.thing, each.other, SHOWN_BY.get(shorten(each.property, store.base))) not in through]


def link(row: Row) -> Link:
    """A row of the view as a link."""
    ends = (row["thing"].value, row["other"].value, row["property"].value)  # type: ignore[union-attr]
    return Link(*ends, True) if "inverse" in row else Link(*ends, False, value(row.get("via")), value(row.get("link")))


def value(term: Term | None) -> str:
    """The IRI of a term; nothing for anything else."""
    return term.value if isinstance(term, NamedNode) else ""


def said_otherwise(each: Link, direct: set[tuple[str, str, str, bool]], base: str) -> bool:
    """Whether the same is said the other way round by a property that pages prefer, or by the same one where it is symmetric."""
    name = shorten(each.property, base)
    preferred = INVERSES.get(name, name)
    if preferred != name:
        return (each.thing, each.other, preferred, not each.inverse) in direct
    return each.inverse and (each.thing, each.other, name, False) in direct


@dataclass(frozen=True)
class Group:
    """The neighbours by one relation: its heading, and the neighbours by name."""

    heading: str
    members: tuple[Node, ...]


class Neighbourhood:
    """A thing, and what lies around it to a depth of 1 or 2."""

    def __init__(self, thing: str, depth: int) -> None:
        self.base, self.thing = service().store.base, thing
        self.known = Known(self.base)
        self.known.learn([thing])
        self.first = links_of([thing], self.known)
        chosen = fairly(self.first, MOST_FIRST)
        self.depths = {thing: 0, **dict.fromkeys(chosen, 1)}
        self.capped = len({each.other for each in self.first}) > len(chosen)
        self.links = [each for each in self.first if each.other in self.depths]
        if depth > 1:
            self.widen(chosen)
        self.names = self.namer()

    def widen(self, chosen: list[str]) -> None:
        """Goes one step further from each neighbour, and finds how the neighbours are linked among themselves.

        No concept is gone through, or added: that two actions are under way ties them to nothing.
        """
        further = links_of([thing for thing in chosen if not self.known.is_concept(thing)], self.known)
        for thing in chosen:
            there = [
                each for each in further if each.thing == thing and each.other not in self.depths and not self.known.is_concept(each.other)
            ]
            kept = fairly(there, min(MOST_SECOND, MOST_NODES - len(self.depths)))
            self.capped = self.capped or len({each.other for each in there}) > len(kept)
            self.depths.update(dict.fromkeys(kept, 2))
        self.links += [each for each in further if each.other in self.depths and each.other != self.thing]

    def namer(self) -> Namer:
        """Names all that is shown: things, properties, the classes of what links."""
        mentioned = {each.property for each in [*self.first, *self.links]} | {each.link for each in [*self.first, *self.links] if each.link}
        classes = {main for main in (self.main(thing) for thing in self.known.classes) if main}
        found = namer(mentioned | classes)
        return Namer({**found.names, **self.known.names}, found.base, found.language, found.root)

    def main(self, thing: str) -> str:
        """The IRI of the class by which a thing is called; nothing where it has none."""
        classes = {shorten(cls, self.base): cls for cls in sorted(self.known.classes[thing])}
        name = main_class(self.known.kind(thing), classes)
        return classes.get(name, "")

    def node(self, thing: str) -> Node:
        """A thing as a node."""
        shown, main = self.names.named(thing), self.main(thing)
        kind = self.known.kind(thing)
        href = address(thing, self.base, self.names.root)
        return Node(thing, shown.text, href, kind.name, self.names.named(main).text if main else "", self.depths.get(thing, 1))

    def edge(self, each: Link) -> Edge:
        """A link as an edge, from the one who has the property to the other."""
        ends = (each.other, each.thing) if each.inverse else (each.thing, each.other)
        named = self.names.named(each.link or each.property).text
        return Edge(*ends, named, each.property, each.via)

    def network(self) -> Network:
        """Nodes and edges; what is linked several times by the same relation has one edge."""
        edges: dict[tuple[str, ...], Edge] = {}
        for each in self.links:
            edge = self.edge(each)
            ends = sorted((edge.source, edge.target)) if each.via else (edge.source, edge.target)
            edges.setdefault((*ends, edge.label), edge)
        return Network(tuple(self.node(thing) for thing in self.depths), tuple(edges.values()), self.capped)

    def groups(self) -> list[Group]:
        """All neighbours by relation, the longest lists first."""
        found: dict[str, dict[str, Node]] = {}
        for each in self.first:
            found.setdefault(self.heading(each), {})[each.other] = self.node(each.other)
        listed = [Group(name, tuple(sorted(nodes.values(), key=lambda node: node.label.casefold()))) for name, nodes in found.items()]
        return sorted(listed, key=lambda group: (-len(group.members), group.heading.casefold()))

    def heading(self, each: Link) -> str:
        """How a relation is called above the list of those that it leads to."""
        named = self.names.named(each.property).text
        if each.via:
            return f"{self.names.named(each.link).text} · {named}"
        if not each.inverse:
            return named
        called = POINTERS.get(shorten(each.property, self.base))
        return str(called) if called else f"← {named}"

    def kinds(self) -> Mapping[str, str]:
        """The kinds that are drawn, with their names."""
        found = {self.known.kind(thing).name for thing in self.depths}
        return {name: str(called) for name, called in KINDS.items() if name in found}


def fairly(links: list[Link], most: int) -> list[str]:
    """At most so many neighbours, some by each relation: the first of each, then the second, and so on."""
    groups: dict[tuple[str, bool, str], list[str]] = {}
    for each in links:
        groups.setdefault((each.property, each.inverse, each.link), []).append(each.other)
    rounds = max(map(len, groups.values()), default=0)
    turns = [group[turn] for turn in range(rounds) for group in groups.values() if turn < len(group)]
    return list(dict.fromkeys(turns))[: max(most, 0)]
