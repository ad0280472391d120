"""What the ontology forbids, entails and leaves open, by HermiT: files that contradict it, and one that must not."""

from functools import cache
from pathlib import Path

import pytest
from rdflib import OWL, RDF, Graph, URIRef

from territoires.knowledge.reasoning import reason
from territoires.knowledge.validation import merged, read_graph

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
AXIOMS = ROOT / "ontology" / "axioms-dl.ttl"
MODULES = tuple(path for path in sorted((ROOT / "ontology").glob("*.ttl")) if path != AXIOMS)
CONTRADICTIONS = sorted((ROOT / "tests" / "inconsistent").glob("*.ttl"))
ENTAILED = [path for path in CONTRADICTIONS if path.stem.startswith("entailed-")]
DL_CONTRADICTIONS = sorted((ROOT / "tests" / "inconsistent" / "axioms-dl").glob("*.ttl"))
NOT_ENTAILED = ROOT / "tests" / "fixtures" / "not-entailed.ttl"
GHOST = f"""
@prefix owl: <{OWL}> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix tdp: <{BASE}def#> .
tdp:Ghost a owl:Class ; rdfs:subClassOf tdp:Pays, tdp:Plan .
"""


@cache
def read(path: Path) -> Graph:
    """A file, read once."""
    return read_graph(path)


def together(*paths: Path) -> Graph:
    """The files as one graph, a new one at each call."""
    return merged(read(path) for path in paths)


def comment_of(path: Path) -> str:
    """The comment lines of a file."""
    return " ".join(line[1:].strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#"))


def denied_in(graph: Graph) -> set[URIRef]:
    """The properties that negative assertions of the graph deny, and their inverses."""
    ontology = together(*MODULES)
    denied = set(graph.objects(None, OWL.assertionProperty))
    return denied | {
        other for name in denied for other in (*ontology.objects(name, OWL.inverseOf), *ontology.subjects(OWL.inverseOf, name))
    }


def test_there_is_enough_to_contradict() -> None:
    """At least fourteen contradictions beside the denials of what is entailed; every file says why."""
    assert len(CONTRADICTIONS) - len(ENTAILED) >= 14 and DL_CONTRADICTIONS
    assert all(len(comment_of(path)) > 20 for path in (*CONTRADICTIONS, *DL_CONTRADICTIONS, NOT_ENTAILED))


@pytest.mark.parametrize("path", CONTRADICTIONS, ids=lambda path: path.stem)
def test_contradiction_is_found(path: Path) -> None:
    """The file contradicts the ontology; a file `entailed-…` denies what the ontology entails."""
    assert not reason(together(*MODULES, path)).consistent


@pytest.mark.parametrize("path", DL_CONTRADICTIONS, ids=lambda path: path.stem)
def test_the_axioms_beyond_rl_find_more(path: Path) -> None:
    """The file contradicts the additional axioms."""
    assert not reason(together(*MODULES, AXIOMS, path)).consistent


def test_only_the_axioms_beyond_rl_find_it() -> None:
    """The same files agree with the ontology proper."""
    assert reason(together(*MODULES, *DL_CONTRADICTIONS)).consistent


def test_what_is_not_entailed_can_be_denied() -> None:
    """The ontology draws none of these conclusions."""
    assert reason(together(*MODULES, AXIOMS, NOT_ENTAILED)).consistent


def test_every_chain_is_tested_both_ways() -> None:
    """Each property chain has a conclusion that cannot be denied and one that can."""
    chained = set(together(*MODULES).subjects(OWL.propertyChainAxiom))
    assert chained and chained <= denied_in(together(*ENTAILED)) and chained <= denied_in(read(NOT_ENTAILED))


@pytest.mark.parametrize("axioms", [(), (AXIOMS,)], ids=["ontology", "with-axioms-dl"])
def test_the_ontology_has_a_model_and_no_empty_class(axioms: tuple[Path, ...]) -> None:
    """Alone, and with the axioms beyond OWL 2 RL."""
    found = reason(together(*MODULES, *axioms))
    assert found.holds and found.triples > 2000


def test_every_class_can_have_a_member_at_the_same_time() -> None:
    """One fresh individual for each class: still consistent, so nothing is true only for want of members."""
    graph = together(*MODULES, AXIOMS)
    classes = sorted(cls for cls in set(graph.subjects(RDF.type, OWL.Class)) if isinstance(cls, URIRef))
    for number, cls in enumerate(classes):
        graph.add((URIRef(f"{BASE}id/essai/{number}"), RDF.type, cls))
    assert len(classes) > 100 and reason(graph).consistent


def test_an_empty_class_is_seen() -> None:
    """A class below two disjoint roots can have no member."""
    assert reason(together(*MODULES).parse(data=GHOST, format="turtle")).unsatisfiable == (f"{BASE}def#Ghost",)
