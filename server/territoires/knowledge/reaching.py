"""Which nodes a change of the graph concerns, for each shape: those from which what it looks at leads to a changed triple.

A shape looks along paths (SHACL §2.3, §4) and by queries (§5). A path that leads over `hops` to a node, and from there over one more, may
lead to something else when a triple of that last hop comes or goes; whoever reaches that node over `hops` is concerned. Where several
triples of a path change, the one nearest to the beginning is reached over triples that are still there, so that looking at the store
after the change is enough.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import rdflib
from rdflib import RDF, RDFS, SH
from rdflib.collection import Collection

from territoires.errors import SourceError

Way = tuple[rdflib.term.Node | None, bool]
"""A predicate (None: any), and whether it is followed from the object to the subject."""


@dataclass(frozen=True)
class Hop:
    """One step of a path: by any of these ways, once or any number of times."""

    ways: frozenset[Way]
    many: bool = False


Hops = tuple[Hop, ...]
_TYPE = Hop(frozenset({(RDF.type, False)}))
_ABOVE = Hop(frozenset({(RDFS.subClassOf, False)}), many=True)
CLASSES: Hops = (_TYPE, _ABOVE)
_SINGLE = (SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath)
_LISTS = (SH["and"], SH["or"], SH.xone)
_NESTED = (SH.node, SH.property, SH.qualifiedValueShape, SH["not"])
_COMPARED = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)


@dataclass
class Reach:
    """What a shape looks at."""

    hops: set[Hops] = field(default_factory=set)
    """Whole paths from the focus node."""
    queries: set[tuple[Hops, rdflib.term.Node]] = field(default_factory=set)
    """SPARQL constraints, each with the path to what $this is in it."""


def reach_of(shapes: rdflib.Graph, shape: rdflib.term.Node) -> Reach:
    """What that shape looks at, with what makes a node its target. Raises SourceError for a path that isn't understood."""
    reach = Reach()
    if any(shapes.objects(shape, SH.targetClass)):
        reach.hops.add(CLASSES)
    for parameter, backwards in ((SH.targetSubjectsOf, False), (SH.targetObjectsOf, True)):
        reach.hops |= {(Hop(frozenset({(predicate, backwards)})),) for predicate in shapes.objects(shape, parameter)}
    _collect(shapes, shape, (), reach, ())
    return reach


def _collect(shapes: rdflib.Graph, shape: rdflib.term.Node, before: Hops, reach: Reach, within: tuple[rdflib.term.Node, ...]) -> None:
    """Adds what a shape looks at from the nodes that `before` leads to."""
    if shape in within:
        raise SourceError(f"The shape {shape} contains itself: what it looks at has no end.")
    own = shapes.value(shape, SH.path)
    reach.hops |= {(*before, Hop(frozenset({(predicate, False)}))) for name in _COMPARED for predicate in shapes.objects(shape, name)}
    for path in paths(shapes, own) if own is not None else ((),):
        here = (*before, *path)
        if path:
            reach.hops.add(here)
        if any(shapes.objects(shape, SH["class"])):
            reach.hops.add((*here, *CLASSES))
        if any(closed.value for closed in shapes.objects(shape, SH.closed) if isinstance(closed, rdflib.Literal)):
            reach.hops.add((*here, Hop(frozenset({(None, False)}))))
        reach.queries |= {(before, query) for query in shapes.objects(shape, SH.sparql)}
        for inner in _inner(shapes, shape):
            _collect(shapes, inner, here, reach, (*within, shape))


def _inner(shapes: rdflib.Graph, shape: rdflib.term.Node) -> Iterator[rdflib.term.Node]:
    """The shapes that one names for its values."""
    for name in _NESTED:
        yield from shapes.objects(shape, name)
    for name in _LISTS:
        for members in shapes.objects(shape, name):
            yield from Collection(shapes, members)


def paths(shapes: rdflib.Graph, path: rdflib.term.Node) -> list[Hops]:
    """The ways that a property path goes (SHACL §2.3.1), one for each choice. Raises SourceError."""
    if isinstance(path, rdflib.URIRef):
        return [(Hop(frozenset({(path, False)})),)]
    if (choices := shapes.value(path, SH.alternativePath)) is not None:
        return [found for choice in Collection(shapes, choices) for found in paths(shapes, choice)]
    if (inverse := shapes.value(path, SH.inversePath)) is not None:
        return [turned(found) for found in paths(shapes, inverse)]
    for name in _SINGLE:
        if (inner := shapes.value(path, name)) is not None:
            return repeated(paths(shapes, inner), name != SH.zeroOrOnePath)
    found: list[Hops] = [()]
    for part in Collection(shapes, path):
        found = [(*before, *after) for before in found for after in paths(shapes, part)]
    return found


def turned(hops: Hops) -> Hops:
    """The path backwards."""
    return tuple(Hop(frozenset((predicate, not back) for predicate, back in hop.ways), hop.many) for hop in reversed(hops))


def repeated(found: Iterable[Hops], many: bool) -> list[Hops]:
    """Any number of rounds of a path, or none or one. Raises SourceError for rounds of more than one step."""
    rounds = list(found)
    if not many:
        return [(), *rounds]
    if any(len(hops) != 1 for hops in rounds):
        raise SourceError("A path of several steps that is repeated isn't understood here.")
    return [(Hop(frozenset(way for hops in rounds for way in hops[0].ways), many=True),)]


def links(hops: Hops) -> Iterator[tuple[Way, Hops]]:
    """Each way of each hop of a path, with the hops to where it begins."""
    for index, hop in enumerate(hops):
        for way in hop.ways:
            yield way, hops[: index + 1] if hop.many else hops[:index]
