"""HermiT over ontology, data and inferences: consistent, no empty class, and contradictions are found."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from territoires.cli import main
from territoires.files import knowledge_files
from territoires.knowledge.inference import materialise
from territoires.knowledge.reasoning import check_consistency, check_ontology
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE

HEAD = "@base <https://w3id.org/territoires-de-projet/> . @prefix tdp: <https://w3id.org/territoires-de-projet/def#> .\n"
CONTRADICTIONS = {
    "a Pays is no organisation": "<id/territoire/pays-de-langres> a tdp:CarrierOrganisation .",
    "a carrier is not carried": "<id/portage/x> a tdp:CarrierPeriod ; tdp:carriedTerritory <id/organisation/petr-du-pays-de-langres> .",
    "a cluster is no label": "<id/cluster/sitcob> a tdp:LabelScheme .",
    "a call is no action": "<id/appel/ptce> a tdp:Action .",
}
SMALL = """@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
tdp:Territory a owl:Class . tdp:Action a owl:Class ; owl:disjointWith tdp:Territory .
tdp:centralTown a owl:ObjectProperty ; rdfs:domain tdp:Territory . tdp:centralTownOf a owl:ObjectProperty ; owl:inverseOf tdp:centralTown .
"""
IMPOSSIBLE = "tdp:Both a owl:Class ; rdfs:subClassOf tdp:Territory, tdp:Action .\n"


def test_ontology_data_and_inferences_are_consistent(root: Path) -> None:
    """Everything together, with all that the rules infer, has a model, and every class can have a member."""
    found = check_consistency(root)
    assert found.holds and found.consistent and found.unsatisfiable == () and found.triples > 5000
    sources = knowledge_files(root)
    assert len({quad.triple for quad in materialise(read_quads(sources, CANONICAL_BASE), root, CANONICAL_BASE)}) > 50


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_found(root: Path, tmp_path: Path, name: str) -> None:
    """Each of these statements contradicts the ontology."""
    path = tmp_path / "contradiction.ttl"
    path.write_text(HEAD + CONTRADICTIONS[name], encoding="utf-8")
    assert not check_consistency(root, path).consistent


def small(root: Path, home: Path, ontology: str, data: str) -> Path:
    """A home of one module and one data file, with the rules of the repository."""
    for folder, text in (("ontology", ontology), ("data", data)):
        (home / folder).mkdir()
        (home / folder / "small.ttl").write_text(HEAD + text, encoding="utf-8")
    shutil.copytree(root / "queries", home / "queries")
    return home


def test_inferences_are_part_of_what_is_checked(root: Path, tmp_path: Path) -> None:
    """The triples that the rules infer are counted with what HermiT reads."""
    home = small(root, tmp_path, SMALL, "<id/pays> tdp:centralTown <id/town> .")
    assert check_consistency(home).triples == check_ontology(home).triples + 2


@pytest.mark.parametrize(
    ("ontology", "data", "said"),
    [
        (SMALL, "<id/a> a tdp:Territory .", ["Consistent:"]),
        (SMALL, "<id/a> a tdp:Action ; tdp:centralTown <id/b> .", ["Inconsistent:", "The ontology alone is consistent."]),
        (SMALL + IMPOSSIBLE, "<id/a> a tdp:Action .", ["member of tdp:Both", "Inconsistent:", "The ontology alone is inconsistent too."]),
    ],
)
def test_the_command_says_where_the_fault_is(root: Path, tmp_path: Path, ontology: str, data: str, said: list[str]) -> None:
    """Status 0 only when all holds; classes that can have no member are named; the fault is told apart."""
    home = small(root, tmp_path, ontology, data)
    result = CliRunner(env={"TERRITOIRES_HOME": str(home)}).invoke(main, ["reason"])
    assert all(part in result.output for part in said) and result.exit_code == (0 if len(said) == 1 else 1)
