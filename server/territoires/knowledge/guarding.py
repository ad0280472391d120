"""The guard of contributions: what a change concerns is judged by the shapes before it is kept.

For a change, the nodes that it speaks of are judged by all shapes whose target they are, and each other node by the shapes that look at
something that came or went (knowledge/reaching.py, knowledge/querying.py): so what a removal breaks elsewhere is found too. All is read
from the work store, the release and the contributions together, as it is after the change, and no more of it than the shapes look at.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyshacl
import rdflib
from pyoxigraph import Quad, QuerySolutions, Store
from rdflib import SH
from rdflib.term import Node

from territoires.files import shape_files
from territoires.knowledge.beholding import View, known
from territoires.knowledge.judging import Judge
from territoires.knowledge.querying import THIS, Lookout, lookouts
from territoires.knowledge.reaching import Hop, Hops, Way, links, reach_of
from territoires.knowledge.validation import merged, prepared, read_graph
from territoires.vocabulary import CANONICAL_BASE
from territoires.writing.commits import Change, Report

Targets = dict[pyshacl.Shape, set[Node]]


class Guard:
    """The guard by the shapes below `home`, for own IRIs that begin with `base`. Raises SourceError for shapes that it can't follow."""

    def __init__(self, home: Path, base: str) -> None:
        self._base = base
        self._shapes = shapes_at(home, base)
        self._judge = Judge(rdflib.Graph(), self._shapes)
        self._hops: dict[Way, dict[Hops, list[pyshacl.Shape]]] = {}
        self._lookouts: dict[Node | None, list[tuple[Lookout, Hops, pyshacl.Shape]]] = {}
        for shape in self._judge.targeting:
            self._note(shape)

    def check(self, store: Store, change: Change) -> Report:
        """The report on what the change concerns; `store` is as it is after the change."""
        view = View(store, self._base)
        judge = self._judge.over(view.graph)
        triples = list(dict.fromkeys(triple_of(quad) for quad in (*change.removed, *change.added)))
        touched = {subject for subject, _, _ in triples}
        concerned: Targets = {}
        for shape, nodes in self._concerned(view, store, triples):
            concerned.setdefault(shape, set()).update(nodes)
        found = judge.shapes_for(touched.union(*concerned.values()))
        return self._report(judge, {shape: nodes & (touched | concerned.get(shape, set())) for shape, nodes in found.items()})

    def _note(self, shape: pyshacl.Shape) -> None:
        """Notes what a shape looks at."""
        reach = reach_of(self._shapes, shape.node)
        for hops in reach.hops:
            for way, before in links(hops):
                self._hops.setdefault(way, {}).setdefault(before, []).append(shape)
        for before, constraint in reach.queries:
            text, names = self._shapes.value(constraint, SH.select), prefixes(self._shapes, constraint)
            for lookout in lookouts(prepared(str(text), names)):
                predicate = lookout.pattern[1]
                place = self._lookouts.setdefault(predicate if isinstance(predicate, rdflib.URIRef) else None, [])
                place.append((lookout, before, shape))

    def _concerned(self, view: View, store: Store, triples: Iterable[tuple[Node, Node, Node]]) -> Iterator[tuple[pyshacl.Shape, set[Node]]]:
        """The shapes, and the nodes from which each may look at one of the triples."""
        seen: dict[tuple[Node, Hops], frozenset[Node]] = {}
        for triple in triples:
            subject, predicate, value = triple
            for named, back in ((predicate, False), (predicate, True), (None, False), (None, True)):
                for before, shapes in self._hops.get((named, back), {}).items():
                    if nodes := starts(view, value if back else subject, before, seen):
                        yield from ((shape, set(nodes)) for shape in shapes)
            for lookout, before, shape in (*self._lookouts.get(predicate, ()), *self._lookouts.get(None, ())):
                for node in looked_at(store, lookout, triple):
                    yield shape, set(starts(view, node, before, seen))

    def _report(self, judge: Judge, targets: Targets) -> Report:
        """Judges them."""
        graph = judge.judged(targets)
        results = list(graph.objects(None, SH.result))
        if not results:
            return Report()
        for result in results:
            graph.remove((result, SH.resultMessage, None))
            texts = [*self._shapes.objects(graph.value(result, SH.sourceShape), SH.message)]
            for text in texts:
                graph.add((result, SH.resultMessage, text))
        violations = sum((result, SH.resultSeverity, SH.Violation) in graph for result in results)
        report = next(graph.subjects(SH.result))
        graph.set((report, SH.conforms, rdflib.Literal(violations == 0)))
        return Report(violations, len(results) - violations, graph.serialize(format="nt"))


def shapes_at(home: Path, base: str) -> rdflib.Graph:
    """The shapes below `home`, own IRIs at `base`."""
    shapes = merged(read_graph(source.path) for source in shape_files(home))
    if base == CANONICAL_BASE:
        return shapes
    return merged([rdflib.Graph().parse(data=shapes.serialize(format="nt").replace(CANONICAL_BASE, base), format="nt")])


def prefixes(shapes: rdflib.Graph, constraint: Node) -> tuple[tuple[str, str], ...]:
    """The prefixes of a SPARQL constraint's query (SHACL §5.2.1)."""
    told = {declared for owner in shapes.objects(constraint, SH.prefixes) for declared in shapes.objects(owner, SH.declare)}
    return tuple(sorted((str(shapes.value(each, SH.prefix)), str(shapes.value(each, SH.namespace))) for each in told))


def triple_of(quad: Quad) -> tuple[Node, Node, Node]:
    """The triple of a quad, in the terms of rdflib."""
    return known(quad.subject), known(quad.predicate), known(quad.object)


def starts(view: View, node: Node, hops: Hops, seen: dict[tuple[Node, Hops], frozenset[Node]]) -> frozenset[Node]:
    """The nodes from which the hops lead to `node`."""
    if not hops:
        return frozenset({node})
    if (node, hops) not in seen:
        last = before(view, node, hops[-1])
        seen[node, hops] = frozenset().union(*(starts(view, each, hops[:-1], seen) for each in last))
    return seen[node, hops]


def before(view: View, node: Node, hop: Hop) -> set[Node]:
    """The nodes from which one hop leads to `node`."""
    found, fresh = {node} if hop.many else set[Node](), {node}
    while fresh:
        reached = {each for here in fresh for way in hop.ways for each in against(view, here, way)}
        fresh = reached - found if hop.many else set()
        found |= reached
    return found


def against(view: View, node: Node, way: Way) -> Iterator[Node]:
    """The nodes from which one way leads to `node`."""
    predicate, back = way
    if back:
        return (triple[2] for triple in view.found(node, predicate, None))
    return (triple[0] for triple in view.found(None, predicate, node))


def looked_at(store: Store, lookout: Lookout, triple: tuple[Node, Node, Node]) -> Iterator[Node]:
    """The nodes for which a SPARQL constraint may look at the triple."""
    bound = lookout.bound(triple)
    if bound is None:
        return
    if THIS in bound:
        yield bound[THIS]
    elif text := lookout.asked(bound):
        solutions = store.query(text)
        assert isinstance(solutions, QuerySolutions)
        yield from (known(solution["this"]) for solution in solutions if solution["this"] is not None)
