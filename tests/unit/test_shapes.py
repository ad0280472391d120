"""Every shape of shapes/ against its fixture: one valid example, and one invalid example per constraint.

A fixture is a TriG file named after a node shape. The graph named after the node shape is valid. Each other graph is named
after the shape that it breaks, with the constraint component after a slash where a shape bundles several of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph
import pyshacl
import pytest
import rdflib
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, RDFS, SH, Graph, Literal, URIRef
from rdflib.compare import isomorphic

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "shapes"
SHAPES = "https://w3id.org/territoires-de-projet/shapes#"
SEVERITIES = {SH.Violation, SH.Warning, SH.Info}

# Parameters that only qualify another one of the same shape.
COMPANIONS = {SH.ignoredProperties, SH.flags, SH.qualifiedValueShape, SH.qualifiedValueShapesDisjoint}


@dataclass(frozen=True)
class Example:
    """One graph of a fixture."""

    node_shape: str
    name: str

    @property
    def valid(self) -> bool:
        return self.name == self.node_shape

    @property
    def shape(self) -> str:
        return self.name.partition("/")[0]

    @property
    def component(self) -> str:
        """The constraint parameter after the slash; what follows a hyphen tells two examples of one parameter apart."""
        return self.name.partition("/")[2].partition("-")[0]


@dataclass(frozen=True)
class Result:
    severity: URIRef
    shape: str
    component: str
    messages: frozenset[str]


def local(node: object) -> str:
    return str(node).removeprefix(SHAPES)


@cache
def fixture(name: str) -> dict[str, Graph]:
    """The graphs of a fixture by name, read by pyoxigraph: rdflib's own TriG parser warns of what it deprecates itself."""
    graphs: dict[str, list[pyoxigraph.Triple]] = {}
    for quad in pyoxigraph.parse(path=FIXTURES / f"{name}.trig", format=pyoxigraph.RdfFormat.TRIG):
        assert isinstance(quad.graph_name, pyoxigraph.NamedNode), f"{name}.trig says something outside its named graphs"
        graphs.setdefault(local(quad.graph_name.value), []).append(quad.triple)
    return {
        graph: Graph().parse(data=pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES), format="nt")
        for graph, triples in graphs.items()
    }


@cache
def shapes() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "shapes").rglob("*.ttl")):
        graph.parse(path)
    return graph


def named(kind: URIRef) -> set[str]:
    return {local(shape) for shape in shapes().subjects(RDF.type, kind) if isinstance(shape, URIRef)}


def parameters(shape: str) -> set[str]:
    """The constraints that a named shape sets itself."""
    return {
        component_name(predicate)
        for predicate in shapes().predicates(URIRef(SHAPES + shape))
        if predicate in CONSTRAINT_PARAMETERS_MAP and predicate not in COMPANIONS and predicate != SH.property
    }


def component_name(parameter: rdflib.term.Node) -> str:
    name = str(parameter).removeprefix(str(SH))
    return "SPARQLConstraintComponent" if name == "sparql" else f"{name[0].upper()}{name[1:]}ConstraintComponent"


EXAMPLES = [Example(path.stem, name) for path in sorted(FIXTURES.glob("*.trig")) for name in fixture(path.stem)]


def results(example: Example, judge: Any) -> list[Result]:
    """What the shapes find in one graph together with the vocabulary."""
    report = judge.report(fixture(example.node_shape)[example.name])
    return [
        Result(
            severity=report.value(node, SH.resultSeverity),
            shape=local(report.value(node, SH.sourceShape)),
            component=str(report.value(node, SH.sourceConstraintComponent)).removeprefix(str(SH)),
            messages=frozenset(str(text) for text in report.objects(node, SH.resultMessage)),
        )
        for node in report.objects(None, SH.result)
    ]


@cache
def outcome(example: Example, judge: Any) -> tuple[Result, ...]:
    """The results of an example; an Info result counts only where it is the one that the example is about."""
    return tuple(r for r in results(example, judge) if r.severity != SH.Info or r.shape == example.shape)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.valid], ids=lambda e: e.name)
def test_a_valid_example_breaks_no_shape(example: Example, judge: Any) -> None:
    assert len(fixture(example.node_shape)[example.name])
    assert [r for r in outcome(example, judge) if r.severity != SH.Info or r.shape.startswith(example.shape)] == []


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not e.valid], ids=lambda e: e.name)
def test_an_invalid_example_breaks_the_shape_it_is_named_after(example: Example, judge: Any) -> None:
    assert len(fixture(example.node_shape)[example.name])
    found = outcome(example, judge)
    assert {r.shape for r in found} == {example.shape}
    assert len({r.component for r in found}) == 1
    if example.component:
        assert {r.component for r in found} == {component_name(SH[example.component])}
    # The texts only: pySHACL drops the language tags of what a query reports. The shape has them, and is tested below.
    assert {r.messages for r in found} == {frozenset(map(str, shapes().objects(URIRef(SHAPES + example.shape), SH.message)))}
    assert {r.severity for r in found} == {shapes().value(URIRef(SHAPES + example.shape), SH.severity)}


@pytest.mark.parametrize("example", [e for e in EXAMPLES if not e.valid], ids=lambda e: e.name)
def test_an_invalid_example_differs_from_the_valid_one(example: Example) -> None:
    graphs = fixture(example.node_shape)
    assert not isomorphic(graphs[example.name], graphs[example.node_shape])


def test_every_node_shape_has_a_fixture_with_a_valid_example() -> None:
    assert {e.node_shape for e in EXAMPLES} == named(SH.NodeShape)
    assert {e.node_shape for e in EXAMPLES if e.valid} == named(SH.NodeShape)


def test_every_example_stands_in_the_fixture_of_the_node_shape_it_belongs_to() -> None:
    owner = {
        local(property_shape): local(node_shape)
        for node_shape, property_shape in shapes().subject_objects(SH.property)
        if isinstance(node_shape, URIRef) and isinstance(property_shape, URIRef)
    }
    assert {e.name for e in EXAMPLES if owner.get(e.shape, e.shape) != e.node_shape} == set()


@pytest.mark.parametrize("shape", sorted(named(SH.NodeShape) | named(SH.PropertyShape)))
def test_every_constraint_of_a_shape_is_broken_by_an_example(shape: str, judge: Any) -> None:
    broken = {r.component for e in EXAMPLES if not e.valid and e.shape == shape for r in outcome(e, judge)}
    assert broken == parameters(shape)


@pytest.mark.parametrize("shape", sorted(named(SH.NodeShape) | named(SH.PropertyShape)))
def test_a_shape_says_in_both_languages_what_is_wrong_and_how_grave_it_is(shape: str) -> None:
    node = URIRef(SHAPES + shape)
    assert sorted(str(m.language) for m in shapes().objects(node, SH.message) if isinstance(m, Literal)) == ["en", "fr"]
    assert set(shapes().objects(node, SH.severity)) <= SEVERITIES
    assert len(list(shapes().objects(node, SH.severity))) == 1


@pytest.mark.parametrize("shape", sorted(named(SH.NodeShape)))
def test_a_node_shape_is_labelled_and_has_a_target(shape: str) -> None:
    node = URIRef(SHAPES + shape)
    assert sorted(str(m.language) for m in shapes().objects(node, RDFS.label) if isinstance(m, Literal)) == ["en", "fr"]
    assert any(shapes().objects(node, p) for p in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf))


def test_every_property_shape_belongs_to_a_node_shape() -> None:
    used = {local(shape) for shape in shapes().objects(None, SH.property) if isinstance(shape, URIRef)}
    assert used == named(SH.PropertyShape)


def test_every_sparql_constraint_belongs_to_a_shape_of_its_own() -> None:
    used = list(shapes().subject_objects(SH.sparql))
    assert {local(query) for _, query in used} == named(SH.SPARQLConstraint)
    for shape, _ in used:
        assert len(list(shapes().objects(shape, SH.sparql))) == 1
        assert not list(shapes().objects(shape, SH.property))


@pytest.mark.parametrize("folder, severities", [("must", {SH.Violation}), ("should", {SH.Warning, SH.Info})])
def test_the_folder_of_a_shape_tells_its_severity(folder: str, severities: set[URIRef]) -> None:
    graph = Graph()
    for path in (ROOT / "shapes" / folder).glob("*.ttl"):
        graph.parse(path)
    assert set(graph.objects(None, SH.severity)) == severities


@pytest.fixture
def _literals_as_written() -> Iterator[None]:
    """pySHACL leaves rdflib's normalisation of literals switched on; put back what other tests rely on."""
    before = rdflib.NORMALIZE_LITERALS
    yield
    rdflib.NORMALIZE_LITERALS = before


@pytest.mark.usefixtures("_literals_as_written")
def test_the_shapes_are_well_formed_shacl() -> None:
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=shapes(), meta_shacl=True)
    assert conforms, text
