"""Validates a small graph with the ontology and the schemes, looking only at what it speaks of itself.

pySHACL would search the whole vocabulary for every shape; its own choice of focus nodes leaves out what shapes within shapes look at.
"""

import copy
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, cast

import pyshacl
import rdflib
from pyshacl.graph_abstraction import DataGraph
from rdflib import RDF, RDFS, SH

from territoires.files import shape_files, turtle_files
from territoires.knowledge.validation import merged, read_graph


class Judge:
    """One vocabulary graph serves all: the triples of a small graph are added to it, then taken away again."""

    def __init__(self, vocabulary: rdflib.Graph, shapes: rdflib.Graph) -> None:
        self.vocabulary, self.shapes = vocabulary, shapes
        self._index = pyshacl.ShapesGraph(shapes)
        self._lineages: dict[rdflib.term.Node, set[rdflib.term.Node]] = {}
        self._targets: dict[tuple[rdflib.URIRef, rdflib.term.Node], list[pyshacl.Shape]] = {}
        for shape in self._index.shapes:
            for parameter in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf):
                for target in shapes.objects(shape.node, parameter):
                    self._targets.setdefault((parameter, target), []).append(shape)

    @property
    def targeting(self) -> set[pyshacl.Shape]:
        """The shapes that have targets."""
        return {shape for shapes in self._targets.values() for shape in shapes}

    def over(self, vocabulary: rdflib.Graph) -> "Judge":
        """A judge by the same shapes over another graph."""
        other = copy.copy(self)
        other.vocabulary, other._lineages = vocabulary, {}
        return other

    def lineage(self, kind: rdflib.term.Node) -> set[rdflib.term.Node]:
        """A class and the classes above it."""
        if kind not in self._lineages:
            self._lineages[kind] = {above for above in self.vocabulary.transitive_objects(kind, RDFS.subClassOf) if above is not None}
        return self._lineages[kind]

    def focus_nodes(self, graph: rdflib.Graph) -> dict[pyshacl.Shape, set[rdflib.term.Node]]:
        """Which nodes of a small graph, already added to the vocabulary, each shape looks at."""
        found: dict[pyshacl.Shape, set[rdflib.term.Node]] = {}
        for node in set(graph.subjects()):
            for kind in set().union(*(self.lineage(kind) for kind in self.vocabulary.objects(node, RDF.type))):
                for shape in self._targets.get((SH.targetClass, kind), ()):
                    found.setdefault(shape, set()).add(node)
        for subject, predicate, value in graph:
            for parameter, node in ((SH.targetSubjectsOf, subject), (SH.targetObjectsOf, value)):
                for shape in self._targets.get((parameter, predicate), ()):
                    found.setdefault(shape, set()).add(node)
        return found

    def shapes_for(self, nodes: Iterable[rdflib.term.Node]) -> dict[pyshacl.Shape, set[rdflib.term.Node]]:
        """The shapes whose targets the nodes are, each with those, in the whole vocabulary."""
        found: dict[pyshacl.Shape, set[rdflib.term.Node]] = {}
        for node in nodes:
            marks = {(SH.targetClass, kind) for told in self.vocabulary.objects(node, RDF.type) for kind in self.lineage(told)}
            marks |= {(SH.targetSubjectsOf, predicate) for _, predicate, _ in self.vocabulary.triples((node, None, None))}
            for parameter, of in self._targets:
                if parameter == SH.targetObjectsOf and any(self.vocabulary.subjects(rdflib.URIRef(str(of)), node)):
                    marks.add((parameter, of))
            for shape in (shape for mark in marks for shape in self._targets.get(mark, ())):
                found.setdefault(shape, set()).add(node)
        return found

    def judged(self, targets: dict[pyshacl.Shape, set[rdflib.term.Node]]) -> rdflib.Graph:
        """The SHACL report on nodes of the vocabulary, each by the shapes that are told."""
        target = DataGraph.from_rdflib_graph(self.vocabulary)
        executor = pyshacl.Validator(target, shacl_graph=rdflib.Graph(), options={"inplace": True}).make_executor()
        results: list[Any] = []
        for shape, nodes in targets.items():
            results += shape.validate(executor, target, focus=cast(Any, list(nodes)))[1] if nodes else []
        found: rdflib.Graph = pyshacl.Validator.create_validation_report(self._index, not results, results)[0]
        return found

    def report(self, graph: rdflib.Graph, nodes: Collection[rdflib.term.Node] | None = None) -> rdflib.Graph:
        """The SHACL report on a small graph, or on these nodes of it."""
        added = [triple for triple in graph if triple not in self.vocabulary]
        for triple in added:
            self.vocabulary.add(triple)
        try:
            targets = self.focus_nodes(graph)
            return self.judged(targets if nodes is None else {shape: focus.intersection(nodes) for shape, focus in targets.items()})
        finally:
            for triple in added:
                self.vocabulary.remove(triple)


def judge_of(home: Path) -> Judge:
    """A judge by the ontology, the schemes and the shapes below `home`."""
    ontology = [source for source in turtle_files(home, "ontology") if source.name.split("/")[1] not in ("examples", "alignments")]
    shapes = merged(read_graph(source.path) for source in shape_files(home))
    return Judge(merged(read_graph(source.path) for source in ontology), shapes)
