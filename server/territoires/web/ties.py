"""The ties of things in the graph: their own properties, others' that lead to them, nodes that link them; bounded, however many there are.

What one relation ties to a thing hundreds of times (communes to a région) is counted, and asked for in part.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pyoxigraph import NamedNode

from territoires.knowledge.gathering import Part, counted, pointing_by
from territoires.results import Row, rows
from territoires.vocabulary import shorten
from territoires.web.dimensions import expand, named_in
from territoires.web.matters import terms
from territoires.web.service import service

FIGURES = terms("qb:dataSet sdmx-dimension:refPeriod sdmx-dimension:refArea")
UNDRAWN = FIGURES + terms(
    """
    tdp:aboutTerritory tdp:appliesTo tdp:assignedTerritory tdp:betweenStatements tdp:carriedTerritory tdp:cites tdp:concerns tdp:fundedItem
    tdp:hasMemberTerritory tdp:perimeterOf tdp:postFor tdp:recipient tdp:relatedCluster tdp:relatedTerritory tdp:remitOf tdp:statedBy
    """
)
"""By these, only figures, perimeters, statements and nodes that link lead to a thing, none of which is drawn."""
LONG = 200
"""What leads to a thing by one property more often is asked for in part."""
PART = 100
"""That part."""
MOST_LONG = 2
"""How many properties are asked for in part."""
MOST = 3000
"""Ties that are asked for at once."""


@dataclass(frozen=True)
class Link:
    """A relation of `thing` with `other`: by a property of its own, of the other's (`inverse`), or of a node that links both (`via`)."""

    thing: str
    other: str
    property: str
    inverse: bool = False
    via: str = ""
    link: str = ""


@dataclass(frozen=True)
class Ties:
    """Links in a constant order; the properties of which they hold a part, with how often each leads here; whether no other is missing.

    The part is the first of them by IRI where these are not too many to sort (`pointing_by`), else some that the store chooses.
    """

    links: tuple[Link, ...]
    totals: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True


def ties_of(thing: str) -> Ties:
    """All that ties a thing, but for a part of what ties it very often."""
    base, told = service().store.base, counted(service().store, service().views, thing)
    counts = {known: count for known, count in told.items() if shorten(known, base) not in UNDRAWN}
    long = sorted((known for known, count in counts.items() if count > LONG), key=lambda known: (-counts[known], known))
    if max(told.values(), default=0) > LONG:
        passed = {*long, *map(expand, FIGURES)}
        found = ask_by(thing, counts.keys() - passed, told.keys() - passed)
    else:
        found = ask([thing], [thing])
    links = found[:MOST]
    for each in long[:MOST_LONG]:
        part = pointing_by(service().store, service().views, thing, each, Part(0, counts[each]), PART)
        links += [Link(thing, other, each, True) for other in part]
    return Ties(ordered(links), {each: counts[each] for each in long}, len(found) <= MOST and len(long) <= MOST_LONG)


def neighbours_ties(things: Collection[str], opened: Collection[str], among: Collection[str]) -> Ties:
    """What ties several things: those that are `opened`, with anything; the others, by their own properties with one of `among`."""
    found = ask(things, opened)
    free = frozenset(opened)
    return Ties(ordered(each for each in found[:MOST] if each.thing in free or each.other in among), {}, len(found) <= MOST)


def ask(things: Iterable[str], opened: Iterable[str]) -> list[Link]:
    """The links of things, both ways for those that are `opened`; one more than MOST where there are more."""
    return read("relations", thing=sorted(things), open=sorted(opened), passed=map(expand, UNDRAWN), long=map(expand, FIGURES))


def ask_by(thing: str, towards: Collection[str], roles: Collection[str]) -> list[Link]:
    """As `ask`, of a thing that very many lead to: only by these properties, and through nodes that lead there by these."""
    return read("relations-by", thing=[thing], open=[thing], towards=sorted(towards), role=sorted(roles))


def read(view: str, **iris: Iterable[str]) -> list[Link]:
    """What a view of relations gives; one more than MOST where there are more."""
    text = service().views.text(view, service().store.base, **{name: [NamedNode(each) for each in given] for name, given in iris.items()})
    return [link(row) for row in rows(service().store.query(f"{text}LIMIT {MOST + 1}"))]


def link(row: Row) -> Link:
    """A row of the views as a link."""
    ends = (row["thing"].value, row["other"].value, row["property"].value)  # type: ignore[union-attr]
    return Link(*ends, True) if "inverse" in row else Link(*ends, False, named_in(row, "via"), named_in(row, "link"))


def ordered(links: Iterable[Link]) -> tuple[Link, ...]:
    """The links by thing, property, other end."""
    return tuple(sorted(links, key=lambda each: (each.thing, each.property, each.other, each.via, each.inverse)))
