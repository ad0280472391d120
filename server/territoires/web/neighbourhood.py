"""What lies around a thing: its relations by property, and as a network one or two steps wide.

Nodes that only link (a funding flow, a post, a cluster relation) become edges between what they link. Statements, observations,
passages and periods stand on the thing's page, and not here. What is asked, drawn and listed is bounded, however much there is (`ties`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import lazy_gettext
from pyoxigraph import NamedNode

from territoires.formats.network import Edge, Network, Node
from territoires.results import rows
from territoires.vocabulary import shorten
from territoires.web.addresses import address
from territoires.web.kinds import Kind, kind_of, main_class
from territoires.web.matters import INVERSES, SHOWN_BY, terms
from territoires.web.naming import Namer, namer
from territoires.web.service import service
from territoires.web.ties import Link, neighbours_ties, ties_of
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
ADMINISTRATIVE = frozenset(
    terms(
        """
        tdp:Commune tdp:Departement tdp:Region tdp:FormerRegion tdp:Country tdp:InterMunicipality tdp:FormerCommune tdp:DelegatedCommune
        tdp:AssociatedCommune tdp:MunicipalArrondissement tdp:Arrondissement tdp:AdministrativeTerritory
        """
    )
)
"""Classes of places that tie all that lies in them: like concepts, they are not gone through."""
MOST_FIRST, MOST_SECOND, MOST_NODES = 50, 4, 80
"""How many neighbours are drawn: of the thing, of each of them, and in all."""
MOST_OPENED = 20
"""How many neighbours are gone through."""
MOST_EDGES = 200
"""How many edges are drawn."""
MOST_LISTED = 100
"""How many neighbours by one relation are listed; the page of the thing has them all."""


@dataclass
class Known:
    """What is known of the things that were met: their classes, and what follows from these."""

    base: str
    classes: dict[str, set[str]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    shown: dict[str, bool] = field(default_factory=dict)

    def learn(self, iris: Iterable[str]) -> None:
        """Asks for the classes of those that aren't known yet."""
        wanted = [NamedNode(each) for each in sorted(set(iris) - self.classes.keys())]
        self.classes.update({each.value: set() for each in wanted})
        if wanted:
            for row in rows(service().store.query(service().views.text("kinds", self.base, thing=wanted))):
                self.classes[row["thing"].value].add(row["class"].value)  # type: ignore[union-attr]

    def kind(self, thing: str) -> Kind:
        """The kind of a thing, which says whether and how it is drawn."""
        if thing not in self.kinds:
            self.kinds[thing] = kind_of(self.short(thing))
        return self.kinds[thing]

    def is_concept(self, thing: str) -> bool:
        """Whether a thing is a concept of a vocabulary."""
        return self.kind(thing).name == "concept"

    def is_administrative(self, thing: str) -> bool:
        """Whether a thing is a place of the administrative division."""
        return not ADMINISTRATIVE.isdisjoint(self.short(thing))

    def drawn(self, thing: str) -> bool:
        """Whether a thing is of a kind that is drawn."""
        if thing not in self.shown:
            self.shown[thing] = self.kind(thing).name in KINDS and LINKING.isdisjoint(self.short(thing))
        return self.shown[thing]

    def short(self, thing: str) -> set[str]:
        """The classes of a thing as prefixed names."""
        return {shorten(cls, self.base) for cls in self.classes[thing]}


def links_of(ties: Iterable[Link], known: Known) -> list[Link]:
    """Those of the ties whose other end is drawn, those said twice once; learns what they lead to.

    Of what a node leads to, a concept counts only where there is nothing else.
    """
    found, base = list(ties), known.base
    known.learn({each.other for each in found})
    shown = [each for each in found if each.other != each.thing and known.drawn(each.other)]
    led = {(each.via, each.thing) for each in shown if each.via and not known.is_concept(each.other)}
    kept = [each for each in shown if (each.via, each.thing) not in led or not known.is_concept(each.other)]
    through = {(each.thing, each.other, shorten(each.link, base)) for each in kept if each.via}
    direct = {(each.thing, each.other, shorten(each.property, base), each.inverse) for each in kept if not each.via}
    once = [each for each in kept if each.via or not said_otherwise(each, direct, base)]
    return [each for each in once if each.via or (each.thing, each.other, SHOWN_BY.get(shorten(each.property, base))) not in through]


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
    total: int
    """How many there are, at least, of whom some are listed."""


class Neighbourhood:
    """A thing, and what lies around it to a depth of 1 or 2."""

    def __init__(self, thing: str, depth: int) -> None:
        self.base, self.thing = service().store.base, thing
        self.known = Known(self.base)
        ties = ties_of(thing)
        self.known.learn({thing, *(each.other for each in ties.links)})
        self.first, self.totals, self.whole = links_of(ties.links, self.known), ties.totals, ties.whole
        chosen = fairly(self.first, MOST_FIRST)
        self.depths = {thing: 0, **dict.fromkeys(chosen, 1)}
        self.capped = not ties.whole or bool(ties.totals) or len({each.other for each in self.first}) > len(chosen)
        self.links = [each for each in self.first if each.other in self.depths]
        if depth > 1:
            self.widen(chosen)
        self.names = self.namer()

    def widen(self, chosen: list[str]) -> None:
        """Goes one step further from each neighbour, and finds how the neighbours are linked among themselves.

        No concept and no administrative place is gone through, no concept is added: that two actions are under way, or two communes
        in one région, ties them to nothing.
        """
        ends = [thing for thing in chosen if not self.known.is_concept(thing)]
        opened = [thing for thing in ends if not self.known.is_administrative(thing)]
        ties = neighbours_ties(ends, opened[:MOST_OPENED], self.depths)
        self.capped = self.capped or not ties.whole or len(opened) > MOST_OPENED
        further = links_of(ties.links, self.known)
        around: dict[str, list[Link]] = {}
        for each in further:
            if each.other not in self.depths and not self.known.is_concept(each.other):
                around.setdefault(each.thing, []).append(each)
        for thing in chosen:
            there = [each for each in around.get(thing, ()) if each.other not in self.depths]
            kept = fairly(there, min(MOST_SECOND, MOST_NODES - len(self.depths)))
            self.capped = self.capped or len({each.other for each in there}) > len(kept)
            self.depths.update(dict.fromkeys(kept, 2))
        self.links += [each for each in further if each.other in self.depths and each.other != self.thing]

    def namer(self) -> Namer:
        """Names all that is shown: things, their classes, properties, the classes of what links."""
        things = {*self.depths, *(each.other for each in self.first)}
        said = {name for each in [*self.first, *self.links] for name in (each.property, each.link) if name}
        return namer(things | said | {main for main in map(self.main, things) if main})

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
        """Nodes and edges; what is linked several times by the same relation has one edge. The first edges are those of the thing."""
        edges: dict[tuple[str, ...], Edge] = {}
        for each in self.links:
            edge = self.edge(each)
            ends = sorted((edge.source, edge.target)) if each.via else (edge.source, edge.target)
            edges.setdefault((*ends, edge.label), edge)
        capped = self.capped or len(edges) > MOST_EDGES
        return Network(tuple(self.node(thing) for thing in self.depths), tuple(edges.values())[:MOST_EDGES], capped)

    def groups(self) -> list[Group]:
        """The neighbours by relation, the longest lists first; of each list a part, by name."""
        found: dict[str, dict[str, Node]] = {}
        totals: dict[str, int] = {}
        for each in self.first:
            heading = self.heading(each)
            found.setdefault(heading, {})[each.other] = self.node(each.other)
            if each.inverse:
                totals[heading] = max(totals.get(heading, 0), self.totals.get(each.property, 0))
        listed = []
        for heading, nodes in found.items():
            members = sorted(nodes.values(), key=lambda node: node.label.casefold())
            listed.append(Group(heading, tuple(members[:MOST_LISTED]), max(len(members), totals.get(heading, 0))))
        return sorted(listed, key=lambda group: (-group.total, group.heading.casefold()))

    def count(self) -> int | None:
        """How many are tied to it directly; None where not all of them were asked for."""
        return len({each.other for each in self.first}) if self.whole and not self.totals else None

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
