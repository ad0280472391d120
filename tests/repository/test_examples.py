"""Every class that can have members has an example of its own, which a reader can copy and which breaks no shape."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from rdflib import OWL, RDF, SH, Graph, Namespace, URIRef

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = BASE + "def#"
VANN = Namespace("http://purl.org/vocab/vann/")
EXAMPLES = sorted((ROOT / "ontology" / "examples").glob("*.ttl"))

# Classes that only gather others: nothing is of such a class without being of a narrower one.
ABSTRACT = {"Territory", "AdministrativeTerritory", "Relation", "Instrument", "Statement", "LessonLearned"}


@cache
def example(path: Path) -> Graph:
    return Graph().parse(path)


def classes(vocabulary: Graph) -> set[str]:
    return {str(term).removeprefix(TDP) for term in vocabulary.subjects(RDF.type, OWL.Class) if str(term).startswith(TDP)}


def findings(path: Path, judge: Any) -> list[str]:
    """What the shapes hold against an example, alone with the vocabulary."""
    report = judge.report(example(path))
    return [
        f"{report.value(result, SH.focusNode)} breaks {report.value(result, SH.sourceShape)}"
        for result in report.objects(None, SH.result)
        if report.value(result, SH.resultSeverity) != SH.Info
    ]


def test_every_shape_looks_at_something_in_the_data_or_the_examples(judge: Any) -> None:
    rdf_type = pyoxigraph.NamedNode(str(RDF.type))
    kinds, predicates = set(), set()
    for path in [*sorted((ROOT / "data").rglob("*.ttl")), *EXAMPLES]:
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            predicates.add(URIRef(quad.predicate.value))
            if quad.predicate == rdf_type:
                kinds |= judge.lineage(URIRef(quad.object.value))
    kinds |= set(judge.vocabulary.objects(None, RDF.type))
    predicates |= set(judge.vocabulary.predicates())
    used = {SH.targetClass: kinds, SH.targetSubjectsOf: predicates, SH.targetObjectsOf: predicates}
    aiming = {shape for parameter in used for shape in judge.shapes.subjects(parameter)}
    looking = {shape for parameter, values in used.items() for shape, value in judge.shapes.subject_objects(parameter) if value in values}
    assert len(aiming) > 100 and {str(shape) for shape in aiming - looking} == set()


def test_every_class_has_an_example(judge: Any) -> None:
    assert ABSTRACT <= classes(judge.vocabulary)
    assert {path.stem for path in EXAMPLES} == classes(judge.vocabulary) - ABSTRACT


def test_every_class_is_linked_to_its_example(judge: Any) -> None:
    """Each class names the address of its own example, and nothing else does."""
    linked = set(judge.vocabulary.subject_objects(VANN.example))
    assert linked == {(URIRef(TDP + path.stem), URIRef(f"{BASE}def/examples/{path.name}")) for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_member_of_its_class(path: Path) -> None:
    assert list(example(path).subjects(RDF.type, URIRef(TDP + path.stem)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_first_what_it_shows(path: Path) -> None:
    first, second = path.read_text(encoding="utf-8").split("\n")[:2]
    assert first.startswith("# ") and first.endswith(".") and len(first) <= 200
    assert second == ""


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_breaks_no_shape(path: Path, judge: Any) -> None:
    assert findings(path, judge) == []
