"""The guard of contributions: each example of the shapes as a write, what a removal breaks, and random edits against full validation."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Store, parse
from rdflib import SH

from territoires.files import turtle_files
from territoires.knowledge.guarding import Guard
from territoires.knowledge.judging import Judge, judge_of
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE, PREFIXES
from territoires.web.writing import guards
from territoires.writing.commits import Change, Report, change_of
from territoires.writing.process import Plan

ROOT = Path(__file__).parents[2]
FIXTURES = sorted((ROOT / "tests" / "fixtures" / "shapes").glob("*.trig"))
GRAPH = NamedNode(CANONICAL_BASE + "graph/contributions/test")
SHAPES = CANONICAL_BASE + "shapes#"
ENTERPRISE, SOURCE = NamedNode(CANONICAL_BASE + "def#Enterprise"), NamedNode(PREFIXES["dct"] + "source")
TYPE, LABEL = NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PREFIXES["skos"] + "prefLabel")
Found = set[tuple[str, str]]
"""Focus nodes and shapes."""


@cache
def guard() -> Guard:
    return Guard(ROOT, CANONICAL_BASE)


@cache
def judge() -> Judge:
    return judge_of(ROOT)


@cache
def vocabulary() -> Store:
    """The ontology and the schemes, each quad also in the merge."""
    store = Store()
    for source in turtle_files(ROOT, "ontology"):
        if source.name.split("/")[1] not in ("examples", "alignments"):
            name = NamedNode(f"{CANONICAL_BASE}graph/{source.name}")
            for quad in parse(path=str(source.path), format=RdfFormat.TURTLE, base_iri=CANONICAL_BASE):
                store.extend([Quad(*quad.triple, name), Quad(*quad.triple)])
    return store


@pytest.fixture
def store() -> Iterator[Store]:
    """The vocabulary, to which a test adds; it is as before then."""
    whole = vocabulary()
    before = set(whole.quads_for_pattern(None, None, None, GRAPH))
    assert not before
    yield whole
    for quad in list(whole.quads_for_pattern(None, None, None, GRAPH)):
        apply(whole, Change((quad,)))


def apply(store: Store, change: Change) -> None:
    """Does it, in the merge too."""
    for quad in change.removed:
        store.remove(quad)
        if all(isinstance(each.graph_name, DefaultGraph) for each in store.quads_for_pattern(*quad.triple, None)):
            store.remove(Quad(*quad.triple))
    store.extend([each for quad in change.added for each in (quad, Quad(*quad.triple))])


def checked(store: Store, removed: set[Quad], added: set[Quad]) -> Report:
    """The report on an edit, which is done."""
    change = change_of(removed, added)
    apply(store, change)
    return guard().check(store, change)


def results(text: str, severity: rdflib.URIRef | None = None) -> Found:
    """The results of a report."""
    graph = rdflib.Graph().parse(data=text, format="nt") if text else rdflib.Graph()
    return {
        (str(graph.value(each, SH.focusNode)), str(graph.value(each, SH.sourceShape)))
        for each in graph.objects(None, SH.result)
        if severity is None or graph.value(each, SH.resultSeverity) == severity
    }


def examples(path: Path) -> dict[str, set[Quad]]:
    """The graphs of a fixture by the name after #, as quads of the contributions."""
    found: dict[str, set[Quad]] = {}
    for quad in parse(path=str(path), format=RdfFormat.TRIG, base_iri=CANONICAL_BASE):
        assert isinstance(quad.graph_name, NamedNode)
        found.setdefault(quad.graph_name.value.removeprefix(SHAPES), set()).add(Quad(*quad.triple, GRAPH))
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_examples(store: Store, path: Path) -> None:
    """What is valid is accepted; each invalid example is found, as a write of all of it and as an edit of the valid one, and mended."""
    graphs = examples(path)
    valid = graphs.pop(path.stem)
    sound = checked(store, set(), valid)
    assert results(sound.text) == full(valid) and sound.conforms, sound.text
    for name, quads in graphs.items():
        found = checked(store, valid, quads)
        assert name.partition("/")[0] in {shape.removeprefix(SHAPES) for _, shape in results(found.text)}, name
        assert found.conforms == (not results(found.text, SH.Violation)) and found.violations + found.warnings
        mended = checked(store, quads, valid)
        assert mended.conforms and results(mended.text) <= full(valid), name
    apply(store, Change(tuple(valid)))
    for name, quads in graphs.items():
        whole = checked(store, set(), quads)
        assert name.partition("/")[0] in {shape.removeprefix(SHAPES) for _, shape in results(whole.text)}, name
        apply(store, Change(tuple(quads)))


def full(quads: set[Quad]) -> Found:
    """What full validation finds in these statements with the vocabulary."""
    graph = rdflib.Graph().parse(data="".join(f"{quad.triple} .\n" for quad in quads), format="nt")
    return results(judge().report(graph).serialize(format="nt"))


@pytest.mark.parametrize("seed", range(6))
def test_random_edits(store: Store, seed: int) -> None:
    """After any edit, the guard finds all that full validation finds now and didn't before, and nothing that it doesn't find."""
    chance, new = random.Random(seed), 0
    for path in chance.sample(FIXTURES, 16):
        graphs = examples(path)
        pool = set().union(*graphs.values())
        state = graphs[path.stem]
        apply(store, Change((), tuple(state)))
        before = full(state)
        for _ in range(4):
            flipped = set(chance.sample(sorted(pool, key=str), min(len(pool), chance.choice((1, 1, 2, 4)))))
            after = state ^ flipped
            found = results(checked(store, state - after, after - state).text) if after != state else set()
            whole = full(after)
            assert {each for each in found if each[0].startswith("http")} <= whole
            assert {each for each in whole - before if each[0].startswith("http")} <= found
            new += len(whole - before)
            state, before = after, whole
        apply(store, Change(tuple(state)))
    assert new > 20, "the edits broke too little to tell anything"


def quads(name: str, *told: tuple[NamedNode, NamedNode | Literal]) -> set[Quad]:
    """Statements about a thing."""
    return {Quad(NamedNode(CANONICAL_BASE + name), predicate, value, GRAPH) for predicate, value in told}


def body(name: str) -> set[Quad]:
    """An enterprise that is complete."""
    source = NamedNode(CANONICAL_BASE + "source/memento/F001")
    return quads(name, (TYPE, ENTERPRISE), (LABEL, Literal("Entreprise", language="fr")), (SOURCE, source))


def test_removal(store: Store) -> None:
    """A node that loses its label or type, and one elsewhere that pointed at what is removed, are found."""
    passage = next(graphs[path.stem] for path in FIXTURES if path.stem == "Dated" for graphs in [examples(path)])
    assert checked(store, set(), passage | body("id/organisation/a")).conforms
    label = {quad for quad in body("id/organisation/a") if quad.predicate == LABEL}
    assert not checked(store, label, set()).conforms
    assert checked(store, set(), label).conforms
    period = {quad for quad in passage if quad.subject == NamedNode(CANONICAL_BASE + "id/periode/2010")}
    elsewhere = results(checked(store, period, set()).text, SH.Violation)
    assert (CANONICAL_BASE + "id/organisation/datee", SHAPES + "Dated-createdDuring") in elsewhere


def test_together(store: Store) -> None:
    """What two writes break together is found by the second one, whichever it is: two labels, each sound alone."""
    first, second = body("id/organisation/a"), quads("id/organisation/a", (LABEL, Literal("Autre", language="fr")))
    apply(store, Change((), tuple(examples(FIXTURES[[path.stem for path in FIXTURES].index("Dated")])["Dated"])))
    assert checked(store, set(), first).conforms
    assert not checked(store, set(), second).conforms


def test_other_base() -> None:
    """A release at another base is judged by the same shapes."""
    base = "https://example.org/depot/"
    elsewhere = Guard(ROOT, base)
    store, graph = Store(), NamedNode(base + "graph/contributions/test")
    subject = NamedNode(base + "id/organisation/a")
    wrong = Quad(subject, TYPE, NamedNode(base + "def#Commune"), graph)
    ontology = vocabulary().quads_for_pattern(None, NamedNode(PREFIXES["rdfs"] + "subClassOf"), None, DefaultGraph())
    text = "".join(f"{quad.triple} .\n" for quad in ontology).replace(CANONICAL_BASE, base)
    upper = [Quad(*quad.triple, NamedNode(base + "graph/ontology/core")) for quad in parse(text, format=RdfFormat.N_TRIPLES)]
    store.extend([wrong, *upper])
    assert not elsewhere.check(store, Change((), (wrong,))).conforms


def test_other_shapes(tmp_path: Path) -> None:
    """The guard of a release is that of the shapes as they are when it becomes current, and is made once as long as they stay."""
    (tmp_path / "shapes").mkdir()
    path = tmp_path / "shapes" / "one.ttl"
    rule = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . <urn:S> sh:targetSubjectsOf <urn:p> ; sh:property <urn:P> . <urn:P> sh:path <urn:p> "
    )
    path.write_text(f"{rule} .")
    release = publish(tmp_path / "releases", "r1", CANONICAL_BASE, [], {"quads": 0})
    found = guards(Plan(str(tmp_path / "releases"), str(tmp_path / "contributions"), str(tmp_path)))
    before = found(release)
    assert before is not None and found(release) == before
    change = Change((), (Quad(NamedNode("urn:a"), NamedNode("urn:p"), Literal("b"), GRAPH),))
    store = Store()
    store.extend(change.added)
    assert before(store, change).conforms
    path.write_text(f"{rule} ; sh:nodeKind sh:IRI .")
    after = found(release)
    assert after is not None and not after(store, change).conforms


def test_messages(store: Store) -> None:
    """The report tells what to mend in both languages, and names what is wrong by IRI."""
    graph = rdflib.Graph().parse(data=checked(store, set(), quads("id/organisation/a", (TYPE, ENTERPRISE))).text, format="nt")
    (report,) = graph.subjects(SH.result, unique=True)
    assert graph.value(report, SH.conforms) == rdflib.Literal(False)
    for result in graph.objects(report, SH.result):
        assert {text.language for text in graph.objects(result, SH.resultMessage)} == {"fr", "en"}
