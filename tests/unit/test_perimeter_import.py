"""The importer of the perimeters: what two small sources tell together, and how it is written."""

from typing import Any

import pytest

from territoires.errors import SourceError
from territoires.knowledge.importing import cogugaison, compositions, decoupage, statements

FREE, SHARED = "etalab-decoupage-administratif-6-0-0", "cogugaison"
PLACES = {("departement", "52"): "id/departement/haute-marne", ("commune", "52269"): "id/commune/langres"}
HISTORY: tuple[dict[str, Any], ...] = (
    {"id": "COM-52001@1943", "type": "COM", "code": "52001", "nom": "Old", "dateFin": "2016-01-01", "successeur": "COMD-52001@2016"},
    {"id": "COM-52269@1943", "type": "COM", "code": "52269", "nom": "Langres", "dateFin": "2016-01-01", "successeur": "COMD-52269@2016"},
    {"id": "COMD-52001@2016", "type": "COMD", "code": "52001", "nom": "Old", "pole": "COM-52269@2016"},
    {"id": "COMD-52269@2016", "type": "COMD", "code": "52269", "nom": "Langres", "pole": "COM-52269@2016"},
    {"id": "COM-52269@2016", "type": "COM", "code": "52269", "nom": "Langres", "raisonDebut": "commune nouvelle"},
)


def package(version: str, communes: dict[str, str], populations: dict[str, int], **other: Any) -> decoupage.Package:
    """A version of the package with communes of Haute-Marne."""
    told = {"holders": {}, "epci": {}, "names": {}, "departements": {"52": ("Haute-Marne", "44")}, "history": ()} | other
    return decoupage.Package(version, {code: decoupage.Commune(name, "52") for code, name in communes.items()}, populations, **told)


def gathered(**today: Any) -> compositions.Knowledge:
    """One EPCI: of two communes until 2015, of the one that they merged into since; an EPCI that ended is named by COGugaison alone."""
    members = {year: {"200000001": frozenset(("52001", "52269") if year < 2016 else ("52269",))} for year in compositions.DAYS}
    tables = cogugaison.Tables(members, {"200000001": "CC d’avant"}, {2012: {"52001": 40, "52269": 2}, 2016: {"52269": 50}})
    now = {"holders": {"52001": "52269"}, "epci": {"200000001": frozenset(["52269"])}, "names": {"200000001": 'CC "A"'}} | today
    packages = {
        "0.5.1": package("0.5.1", {"52269": "Langres"}, {"52269": 50}, history=HISTORY),
        "4.0.0": package("4.0.0", {"52269": "Langres"}, {"52269": 60}, epci=now["epci"], names=now["names"]),
        "6.0.0": package("6.0.0", {"52269": "Langres"}, {"52269": 70}, **now),
    }
    return compositions.gather(frozenset(["200000001"]), tables, packages)


def test_where_both_tell_the_same_the_open_source_is_named() -> None:
    """The populations of 2016 agree, those of 2012 are COGugaison's alone."""
    found = gathered().populations
    assert found[2016] == {"52269": (50, "etalab-decoupage-administratif-0-5-1")}
    assert found[2012] == {"52001": (40, SHARED), "52269": (2, SHARED)}
    assert found[2023] == {"52269": (70, FREE)}


def test_a_merged_commune_is_former_and_replaced() -> None:
    """It keeps its last name; its successor is named as other files name it; what others describe is left to them."""
    written = statements.write(gathered(), PLACES, "data/x")
    assert '<id/commune/52001> a tdp:FormerCommune ; skos:prefLabel "Old"@fr' in written["communes"]
    assert "dct:isReplacedBy <id/commune/langres>" in written["communes"] and "<id/commune/52269>" not in written["communes"]
    assert "<id/evenement-cog/52269-2016-01-01> a tdp:TerritorialChange" in written["changes"]
    assert (
        "tdp:originalTerritory <id/commune/52001>, <id/commune/langres> ; tdp:resultingTerritory <id/commune/langres>" in written["changes"]
    )


def test_licences_stand_in_files_of_their_own() -> None:
    """COGugaison's perimeters and populations are in -odbl files, which say so of their graph; a quotation mark in a name is escaped."""
    written = statements.write(gathered(), PLACES, "data/x")
    for name in ("intercommunalities", "populations"):
        assert f"source/{SHARED}>" not in written[name]
        assert f"<graph/data/x/{name}-odbl> dct:license <https://opendatacommons.org/licenses/odbl/1-0/> ." in written[f"{name}-odbl"]
    assert 'skos:prefLabel "CC \\"A\\""@fr' in written["intercommunalities"]
    assert "commune-52269-population-2012>" in written["populations-odbl"] and "population-2016>" in written["populations"]


def test_perimeters_are_written_where_they_tell_something_new() -> None:
    """Those of the years that are always kept, and those that differ from the one before: 2015 and 2018 don't."""
    days = [day[:4] for _, day, _, _ in statements.compositions(gathered())]
    assert days == ["2014", "2016", "2017", "2025"]
    ended = gathered(epci={}, names={})
    assert [day[:4] for _, day, _, _ in statements.compositions(ended)] == ["2014", "2016", "2017"]
    assert ended.names == {"200000001": ("CC d’avant", SHARED)}


def test_a_gap_in_the_sources_is_an_error() -> None:
    """A commune that is no more and that nothing holds; an EPCI without a name."""
    with pytest.raises(SourceError, match="52001"):
        gathered(holders={})
    with pytest.raises(SourceError, match="999999999"):
        compositions.name_of("999999999", cogugaison.Tables({}, {}, {}), {})


def test_a_copy_without_that_version_is_an_error(tmp_path: Any) -> None:
    """The folder must be the repository."""
    with pytest.raises(SourceError, match="doesn't hold"):
        cogugaison.shown(tmp_path, cogugaison.COMPOSITIONS)
