"""HermiT over ontology and data: consistent, no empty class, and contradictions are found."""

from pathlib import Path

import pytest

from territoires.knowledge.reasoning import check_consistency

HEAD = "@base <https://w3id.org/territoires-de-projet/> . @prefix tdp: <https://w3id.org/territoires-de-projet/def#> .\n"
CONTRADICTIONS = {
    "a Pays is no organisation": "<id/territoire/pays-de-langres> a tdp:CarrierOrganisation .",
    "a carrier is not carried": "<id/portage/x> a tdp:CarrierPeriod ; tdp:carriedTerritory <id/organisation/petr-du-pays-de-langres> .",
    "a cluster is no label": "<id/cluster/sitcob> a tdp:LabelScheme .",
    "a call is no action": "<id/appel/ptce> a tdp:Action .",
}


def test_ontology_and_data_are_consistent(root: Path) -> None:
    """Everything together has a model, and every class can have a member."""
    found = check_consistency(root)
    assert found.consistent and found.unsatisfiable == () and found.triples > 5000


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_found(root: Path, tmp_path: Path, name: str) -> None:
    """Each of these statements contradicts the ontology."""
    path = tmp_path / "contradiction.ttl"
    path.write_text(HEAD + CONTRADICTIONS[name], encoding="utf-8")
    assert not check_consistency(root, path).consistent
