"""Every class that can have members has an example of its own, which a reader can copy and which breaks no shape."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph
import pyshacl
import pytest
import rdflib
from pyshacl.graph_abstraction import DataGraph
from rdflib import OWL, RDF, RDFS, SH, Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

ROOT = Path(__file__).parents[2]
TDP = "https://w3id.org/territoires-de-projet/def#"
EXAMPLES = sorted((ROOT / "ontology" / "examples").glob("*.ttl"))

# Classes that only gather others: nothing is of such a class without being of a narrower one.
ABSTRACT = {"Territory", "AdministrativeTerritory", "Relation", "Instrument", "Statement", "LessonLearned"}


class QueriesReadOnce(Graph):
    """A graph that parses each query of the shapes once: pySHACL would parse it again for every node."""

    def query(self, query_object, *args, **kwargs):
        return super().query(prepared(query_object), *args, **kwargs)


@cache
def prepared(query: str) -> Query:
    return prepareQuery(query)


@cache
def vocabulary() -> Graph:
    """The ontology and the schemes: all that an example may rely on."""
    graph = QueriesReadOnce()
    for path in [*sorted((ROOT / "ontology").glob("*.ttl")), *sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))]:
        graph.parse(path)
    return graph


@cache
def shapes() -> pyshacl.ShapesGraph:
    graph = Graph()
    for path in sorted((ROOT / "shapes").rglob("*.ttl")):
        graph.parse(path)
    return pyshacl.ShapesGraph(graph)


@cache
def example(path: Path) -> Graph:
    return Graph().parse(path)


def classes() -> set[str]:
    return {str(term).removeprefix(TDP) for term in vocabulary().subjects(RDF.type, OWL.Class) if str(term).startswith(TDP)}


@cache
def lineage(kind: rdflib.term.Node) -> frozenset[rdflib.term.Node]:
    """A class and the classes above it."""
    return frozenset(vocabulary().transitive_objects(kind, RDFS.subClassOf))


def aims_at(shape: pyshacl.Shape, graph: Graph, data: Graph) -> list[rdflib.term.Node]:
    """The nodes of an example that a shape looks at: pySHACL would search the whole vocabulary for every shape."""
    targets = shape.sg.graph
    kinds = set(targets.objects(shape.node, SH.targetClass))
    found = {s for s in set(graph.subjects()) for kind in data.objects(s, RDF.type) if lineage(kind) & kinds}
    found |= {s for p in targets.objects(shape.node, SH.targetSubjectsOf) for s in graph.subjects(p)}
    found |= {o for p in targets.objects(shape.node, SH.targetObjectsOf) for o in graph.objects(None, p)}
    return list(found)


def findings(path: Path) -> list[str]:
    """What the shapes hold against an example, alone with the vocabulary."""
    graph, data = example(path), vocabulary()
    added = [triple for triple in graph if triple not in data]
    for triple in added:
        data.add(triple)
    try:
        target = DataGraph.from_rdflib_graph(data)
        executor = pyshacl.Validator(target, shacl_graph=Graph(), options={"inplace": True}).make_executor()
        reports = []
        for shape in shapes().shapes:
            if focus := aims_at(shape, graph, data):
                reports += shape.validate(executor, target, focus=focus)[1]
        report, _ = pyshacl.Validator.create_validation_report(shapes(), not reports, reports)
    finally:
        for triple in added:
            data.remove(triple)
    return [
        f"{report.value(result, SH.focusNode)} breaks {report.value(result, SH.sourceShape)}"
        for result in report.objects(None, SH.result)
        if report.value(result, SH.resultSeverity) != SH.Info
    ]


def test_every_shape_looks_at_something_in_the_data_or_the_examples() -> None:
    rdf_type = pyoxigraph.NamedNode(str(RDF.type))
    kinds, predicates = set(), set()
    for path in [*sorted((ROOT / "data").rglob("*.ttl")), *EXAMPLES]:
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            predicates.add(URIRef(quad.predicate.value))
            if quad.predicate == rdf_type:
                kinds |= lineage(URIRef(quad.object.value))
    kinds |= set(vocabulary().objects(None, RDF.type))
    used = {SH.targetClass: kinds, SH.targetSubjectsOf: predicates, SH.targetObjectsOf: predicates}
    used[SH.targetSubjectsOf] |= set(vocabulary().predicates())
    targets = shapes().graph
    aiming = {s.node for s in shapes().shapes if any((s.node, parameter, None) in targets for parameter in used)}
    looking = {s for parameter, values in used.items() for s, value in targets.subject_objects(parameter) if value in values}
    assert {str(shape) for shape in aiming - looking} == set()


def test_every_class_has_an_example() -> None:
    assert ABSTRACT <= classes()
    assert {path.stem for path in EXAMPLES} == classes() - ABSTRACT


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_member_of_its_class(path: Path) -> None:
    assert list(example(path).subjects(RDF.type, URIRef(TDP + path.stem)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_first_what_it_shows(path: Path) -> None:
    first, second = path.read_text(encoding="utf-8").split("\n")[:2]
    assert first.startswith("# ") and first.endswith(".") and len(first) <= 200
    assert second == ""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_breaks_no_shape(path: Path) -> None:
    assert findings(path) == []
