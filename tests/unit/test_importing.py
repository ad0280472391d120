"""The import of the official geographic code, from a small package made by hand: conversion, checksums, resumption, report."""

import base64
import hashlib
import io
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from territoires.errors import ImportFailed
from territoires.knowledge.importing import bulk, checking, cog, differences, history, imports, insee_csv, naming, package, running
from territoires.settings import default_downloads
from territoires.vocabulary import CANONICAL_BASE, prefixes_at, shorten

REGIONS = [{"code": "44", "nom": "Grand Est"}, {"code": "94", "nom": "Corse"}, {"code": "06", "nom": "Mayotte"}]
REGIONS += [{"code": "975", "nom": "Saint-Pierre-et-Miquelon", "zone": "com"}]
DEPARTEMENTS = [
    {"code": "52", "region": "44", "nom": "Haute-Marne", "zone": "metro"},
    {"code": "2A", "region": "94", "nom": "Corse-du-Sud", "zone": "metro"},
    {"code": "976", "region": "06", "nom": "Mayotte", "zone": "drom"},
    {"code": "975", "region": "975", "nom": "Saint-Pierre-et-Miquelon", "zone": "com"},
]
ARRONDISSEMENTS = [{"code": "522", "departement": "52", "region": "44", "nom": "Langres"}]


def commune(code: str, name: str, departement: str, region: str, **more: object) -> package.Record:
    """A commune as the package has it."""
    return {"code": code, "nom": name, "departement": departement, "region": region, "type": "commune-actuelle", **more}


LANGRES = commune("52269", "Langres", "52", "44", arrondissement="522", siren="215201922", population=7421, anciensCodes=["52144"])
GEOSMES = commune("52449", "Saints-Geosmes", "52", "44", arrondissement="522", population=1077, anciensCodes=["52036", "52999"])
COMMUNES = [
    LANGRES,
    GEOSMES,
    commune("2A004", "Ajaccio", "2A", "94", population=75000),
    commune("97608", "Dzaoudzi", "976", "06", population=17831),
    commune("97502", "Saint-Pierre", "975", "975", zone="com", population=5194),
    commune("52449", "Saints-Geosmes", "52", "44", chefLieu="52449") | {"type": "commune-deleguee"},
    commune("52144", "Corlée", "52", "44", chefLieu="52269") | {"type": "commune-associee"},
]
EPCI = [{"code": "200072999", "nom": "CC du Grand Langres", "membres": [{"code": "52449"}, {"code": "52269"}]}]
PAST = [
    {"id": "COM-52144@1943", "code": "52144", "type": "COM", "nom": "Corlée", "dateFin": "1972-09-01"},
    {"id": "COM-52269@1943", "code": "52269", "type": "COM", "nom": "Langres"},
    {
        "id": "COM-52036@1943", "code": "52036", "type": "COM", "nom": "Balesmes-sur-Marne", "dateFin": "2016-01-01",
        "raisonFin": "commune devenant déléguée", "successeur": "COMD-52036@2016",
    },
    {
        "id": "COM-52449@1943", "code": "52449", "type": "COM", "nom": "Saints-Geosmes", "dateFin": "2016-01-01",
        "raisonFin": "commune devenant déléguée", "successeur": "COMD-52449@2016",
    },
    {"id": "COMD-52036@2016", "code": "52036", "type": "COMD", "nom": "Balesmes-sur-Marne", "pole": "COM-52449@2016"},
    {"id": "COMD-52449@2016", "code": "52449", "type": "COMD", "nom": "Saints-Geosmes", "pole": "COM-52449@2016"},
    {
        "id": "COM-52449@2016", "code": "52449", "type": "COM", "nom": "Saints-Geosmes", "dateDebut": "2016-01-01",
        "raisonDebut": "commune nouvelle", "membres": ["COMD-52036@2016", "COMD-52449@2016"],
    },
]  # fmt: skip
DATA = {"regions": REGIONS, "departements": DEPARTEMENTS, "arrondissements": ARRONDISSEMENTS, "communes": COMMUNES, "epci": EPCI}
CSV = {
    "v_region_2026.csv": "REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n44,67482,2,GRAND EST,Grand Est,Grand Est\n",
    "v_departement_2026.csv": "DEP,REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n52,44,52121,3,HAUTE MARNE,Haute-Marne,Haute-Marne\n",
    "v_arrondissement_2026.csv": "ARR,DEP,REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n522,52,44,52269,0,LANGRES,Langres,Langres\n",
    "v_commune_2026.csv": "TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT\n"
    "COM,52269,44,52,52D,522,0,LANGRES,Langres,Langres,5209,\n"
    "COM,52449,44,52,52D,522,0,SAINTS GEOSMES,Saints-Geosmes,Saints-Geosmes,5209,\n"
    "COMD,52449,,,,,0,SAINTS GEOSMES,Saints-Geosmes,Saints-Geosmes,,52449\n",
    "v_mvt_commune_2026.csv": "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,"
    "TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,NCCENR_AP,LIBELLE_AP\n"
    "32,2016-01-01,COM,52036,0,BALESMES,Balesmes,Balesmes-sur-Marne,COM,52449,0,SG,SG,Saints-Geosmes\n"
    "32,2016-01-01,COM,52036,0,BALESMES,Balesmes,Balesmes-sur-Marne,COMD,52036,0,B,B,Balesmes-sur-Marne\n"
    "32,2016-01-01,COM,52449,0,SG,SG,Saints-Geosmes,COM,52449,0,SG,SG,Saints-Geosmes\n"
    "31,1970-01-01,COM,52900,0,OLD,Old,L'Ancienne,COM,52036,0,B,B,Balesmes-sur-Marne\n",
}


def archive(path: Path, files: dict[str, object]) -> Path:
    """An archive as npm packs it."""
    with tarfile.open(path, "w:gz") as packed:
        for name, said in files.items():
            text = json.dumps(said).encode()
            entry = tarfile.TarInfo(f"package/data/{name}.json")
            entry.size = len(text)
            packed.addfile(entry, io.BytesIO(text))
    return path


def code(known: naming.Known | None = None, **changes: list[package.Record]) -> cog.Code:
    """The code that the small package tells."""
    records = DATA | changes
    told = history.from_package(PAST, (each for each in records["communes"] if each["type"] == "commune-actuelle"))
    return cog.Code(
        2026, records, told, naming.packaged("6.0.0", 2026), naming.packaged("0.5.1", 2019), 2023, 2025, known or naming.Known()
    )


def said(made: cog.Code) -> set[str]:
    """Its statements, shortly."""

    def short(term: object) -> str:
        value = getattr(term, "value", str(term))
        return shorten(value, CANONICAL_BASE)

    assert prefixes_at(CANONICAL_BASE)
    quads = parse("".join(made.lines()), RdfFormat.N_TRIPLES)
    return {f"{short(quad.subject)} {short(quad.predicate)} {short(quad.object)}" for quad in quads}


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The archives of the small package and of its history, whose checksums are known."""
    found = {"6.0.0": archive(tmp_path / "package.tgz", dict(DATA)), "0.5.1": archive(tmp_path / "past.tgz", {"historique-communes": PAST})}
    monkeypatch.setattr(package, "INTEGRITY", {number: package.digest(path) for number, path in found.items()})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


@pytest.fixture
def npm(tmp_path: Path, packed: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that gives those archives; it breaks off as long as the file that is returned is there."""
    broken, script = tmp_path / "broken", tmp_path / "npm.py"
    names = {number: str(path) for number, path in packed.items()}
    script.write_text(
        "import pathlib, shutil, sys\n"
        f"number, folder = sys.argv[3].rpartition('@')[2], sys.argv[5]\nsource = {names!r}[number]\n"
        f"if pathlib.Path({str(broken)!r}).exists():\n"
        "    pathlib.Path(folder, 'half.tgz').write_bytes(open(source, 'rb').read()[:100])\n    sys.exit('the line broke')\n"
        "shutil.copy(source, pathlib.Path(folder, 'whole.tgz'))\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(package, "npm", lambda: [sys.executable, str(script)])
    return broken


def test_places_bear_their_codes_and_lie_where_they_lie() -> None:
    lines = said(code())
    assert {
        "id/commune/2A004 igeo:codeINSEE 2A004",
        "id/commune/2A004 tdp:inDepartement id/departement/2A",
        "id/departement/52 tdp:departementOfRegion id/region/44",
        "id/commune/52269 tdp:inArea id/arrondissement/522",
        "id/commune-deleguee/52449 tdp:partOfTerritory id/commune/52449",
        "id/commune-associee/52144 rdf:type tdp:AssociatedCommune",
        "id/collectivite-d-outre-mer/975 rdf:type tdp:AdministrativeTerritory",
        "id/commune/97502 tdp:inArea id/collectivite-d-outre-mer/975",
    } <= lines
    assert not {line for line in lines if "region/975" in line or "departement/975" in line}


def test_bodies_perimeters_and_figures() -> None:
    lines = said(code())
    assert {
        "id/organisation/commune-52269 tdp:siren 215201922",
        "id/organisation/commune-52269 tdp:hasTerritory id/commune/52269",
        "id/organisation/200072999 tdp:hasTerritory id/intercommunalite/200072999",
        "id/perimetre/200072999-2026-01-01 tdp:hasMemberTerritory id/commune/52449",
        "id/perimetre/200072999-2026-01-01 tdp:precision scheme/precision/deduite",
        "id/observation/commune-52269-population-2023 tdp:inhabitants 7421",
        "id/observation/commune-97608-population-2017 tdp:inhabitants 17831",
    } <= lines
    assert not {line for line in lines if "commune-97502-population" in line}  # the year of its count isn't told
    assert "tdp:precision" not in " ".join(said(replace(code(), listed=2026))).replace("periode/2023 tdp:precision", "").replace(
        "periode/2017 tdp:precision", ""
    )


def test_what_the_repository_names_keeps_its_iri_and_name() -> None:
    known = naming.Known({("commune", "52269"): "id/commune/langres"}, {"id/commune/langres": frozenset({"Langres-la-Ville"})})
    lines = said(code(known))
    assert (
        "id/commune/langres skos:altLabel Langres" in lines
        and "id/perimetre/200072999-2026-01-01 tdp:hasMemberTerritory id/commune/langres" in lines
    )
    assert not {line for line in lines if "id/commune/52269" in line or line == "id/commune/langres skos:prefLabel Langres"}


def test_a_commune_that_is_no_more_leads_to_the_one_that_is() -> None:
    lines = said(code())
    assert {
        "id/commune/52036 rdf:type tdp:FormerCommune",
        "id/commune/52036 dct:isReplacedBy id/commune/52449",
        "id/commune/52144 dct:isReplacedBy id/commune/52269",
        "id/evenement-cog/52449-2016-01-01 tdp:originalTerritory id/commune/52036",
        "id/evenement-cog/52449-2016-01-01 tdp:originalTerritory id/commune/52449",
        "id/evenement-cog/52449-2016-01-01 tdp:changeKind scheme/type-de-modification/commune-nouvelle",
    } <= lines
    assert not {line for line in lines if "52999" in line}  # never a commune's code


def test_a_restoration_parts_one_commune_into_two() -> None:
    past = [
        {
            "id": "A",
            "code": "76108",
            "type": "COM",
            "nom": "Ensemble",
            "dateFin": "2014-01-01",
            "membres": ["B", "C"],
            "raisonFin": "dé-fusion",
        },
        {"id": "B", "code": "76108", "type": "COMD", "nom": "Une", "pole": "A", "successeur": "D"},
        {"id": "C", "code": "76095", "type": "COMD", "nom": "Autre", "pole": "A", "successeur": "E"},
        {
            "id": "D",
            "code": "76108",
            "type": "COM",
            "nom": "Une",
            "dateDebut": "2014-01-01",
            "raisonDebut": "dé-fusion",
            "predecesseur": "B",
        },
        {
            "id": "E",
            "code": "76095",
            "type": "COM",
            "nom": "Autre",
            "dateDebut": "2014-01-01",
            "raisonDebut": "dé-fusion",
            "predecesseur": "C",
        },
    ]
    told = history.from_package(past, [])
    assert told.changes == [history.Change("2014-01-01", "retablissement", ("76108",), ("76095", "76108"))]
    assert told.changes[0].name == "76108-2014-01-01"


def test_the_files_of_insee_say_the_same(tmp_path: Path) -> None:
    for name, text in CSV.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    records = insee_csv.read(tmp_path, 2026)
    told = history.from_insee(records.pop("events"), frozenset({"52269", "52449"}))
    checking.check_records(records)
    lines = said(cog.Code(2026, records, told, naming.INSEE, naming.INSEE))
    assert {
        "id/commune/52269 tdp:inDepartement id/departement/52",
        "id/commune-deleguee/52449 tdp:inDepartement id/departement/52",
        "id/commune/52036 dct:isReplacedBy id/commune/52449",
        "id/commune/52900 dct:isReplacedBy id/commune/52449",
        "id/evenement-cog/52449-2016-01-01 tdp:resultingTerritory id/commune/52449",
    } <= lines
    assert told.changes == [history.Change("2016-01-01", "commune-nouvelle", ("52036", "52449"), ("52449",))]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("v_commune_2026.csv", None, "v_commune_2026.csv"),
        ("v_commune_2026.csv", "TYPECOM,COM\n", "no column REG"),
        ("v_commune_2026.csv", "TYPECOM,COM,REG,DEP,ARR,LIBELLE,COMPARENT\nXYZ,52269,44,52,522,Langres,\n", "'XYZ'"),
    ],
)
def test_a_file_that_is_not_insees_is_told(tmp_path: Path, name: str, text: str | None, fault: str) -> None:
    for each, body in CSV.items():
        (tmp_path / each).write_text(body, encoding="utf-8")
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ImportFailed, match=fault):
        insee_csv.read(tmp_path, 2026)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"communes": [*COMMUNES, LANGRES]}, "tells 52269 twice"),
        ({"communes": [LANGRES | {"code": "5226"}]}, "the code '5226'"),
        ({"communes": [LANGRES | {"departement": "53"}, *COMMUNES[1:]]}, "the departement 53 of 52269 is unknown"),
        ({"communes": [LANGRES | {"siren": "215201923"}, *COMMUNES[1:]]}, "the SIREN number '215201923'"),
        ({"communes": [LANGRES | {"nom": " "}, *COMMUNES[1:]]}, "no name for 52269"),
        ({"epci": [EPCI[0] | {"membres": [{"code": "52000"}]}]}, "the unknown members 52000"),
    ],
)
def test_what_a_source_cannot_mean_is_told(changes: dict[str, list[package.Record]], fault: str) -> None:
    checking.check_records(DATA)
    with pytest.raises(ImportFailed, match=fault):
        checking.check_records(DATA | changes)


def test_statements_that_hang_in_the_air_are_told(tmp_path: Path) -> None:
    line = f"<{CANONICAL_BASE}id/commune/1> <{CANONICAL_BASE}def#inDepartement> <{CANONICAL_BASE}id/departement/99> .\n"
    (tmp_path / "graph.nt").write_text(line, encoding="utf-8")
    with pytest.raises(ImportFailed, match="describes: id/departement/99"):
        checking.check_statements(checking.load(tmp_path / "graph.nt", []))
    (tmp_path / "graph.nt").write_text("no triple\n", encoding="utf-8")
    with pytest.raises(ImportFailed, match="no N-Triples"):
        checking.load(tmp_path / "graph.nt", [])


def test_an_archive_is_checked(packed: dict[str, Path], tmp_path: Path) -> None:
    package.check(packed["6.0.0"], "6.0.0")
    other = archive(tmp_path / "other.tgz", {"communes": []})
    with pytest.raises(ImportFailed, match=r"other\.tgz is not the archive"):
        package.check(other, "6.0.0")
    with pytest.raises(ImportFailed, match="can't be read"):
        package.check(tmp_path / "none.tgz", "6.0.0")


def test_a_broken_download_leaves_nothing_and_can_be_made_again(npm: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    npm.touch()
    with pytest.raises(ImportFailed, match="the line broke"):
        package.fetch("6.0.0", folder)
    assert list(folder.iterdir()) == []
    npm.unlink()
    path = package.fetch("6.0.0", folder)
    path.write_bytes(path.read_bytes()[:50])
    assert package.digest(package.fetch("6.0.0", folder)) == package.INTEGRITY["6.0.0"]


def test_the_known_checksums_are_sha512() -> None:
    assert {len(base64.b64decode(each.removeprefix("sha512-"))) for each in package.INTEGRITY.values()} == {hashlib.sha512().digest_size}
    assert {version.number for version in package.VERSIONS.values()} | {package.HISTORY} <= set(package.INTEGRITY)


def test_an_import_is_made_once_and_the_same_again(npm: Path, root: Path, tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "imports"
    made = running.run(root, folder, running.Order(2026, tmp_path / "downloads"), told.append)
    first = made.graph.read_bytes()
    assert made.triples == first.count(b"\n") and not list(folder.glob(".*.draft"))
    told.clear()
    assert running.run(root, folder, running.Order(2026, tmp_path / "downloads"), told.append) == made
    assert told == ["cog-2026 is there already, made of the same: nothing to do"]
    (folder / "cog-2026" / "manifest.json").unlink()
    assert (
        running.run(root, folder, running.Order(2026, tmp_path / "downloads"), told.append).sha256 == made.sha256
        and made.graph.read_bytes() == first
    )
    made.graph.write_bytes(first[:-10])
    with pytest.raises(ImportFailed, match="is not as it was written"):
        bulk.taken(folder, CANONICAL_BASE)


def test_a_killed_import_leaves_the_one_before(tmp_path: Path) -> None:
    def good(folder: Path) -> imports.Import:
        (folder / imports.GRAPH).write_text("", encoding="utf-8")
        return imports.Import(folder, folder.name, 2026)

    def bad(folder: Path) -> imports.Import:
        (folder / imports.GRAPH).write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    imports.publish(tmp_path, "cog-2026", good)
    with pytest.raises(KeyboardInterrupt):
        imports.publish(tmp_path, "cog-2026", bad)
    assert imports.finished(tmp_path) == [imports.read_import(tmp_path / "cog-2026")]
    (tmp_path / "cog-2026").rename(tmp_path / ".cog-2026.old")  # killed between two renames
    with imports.alone(tmp_path):
        assert [each.name for each in imports.finished(tmp_path)] == ["cog-2026"]
        with pytest.raises(ImportFailed, match="Another import"), imports.alone(tmp_path):
            pass


def test_the_report_tells_what_changed() -> None:
    before = differences.Summary({"id/commune/1": "Une", "id/commune/2": "Deux", "id/commune/3": "Trois"}, {"id/commune/1": (2022, 10)})
    after = differences.Summary(
        {"id/commune/1": "Une", "id/commune/2": "Deux-Ponts", "id/commune/4": "Quatre"}, {"id/commune/1": (2023, 12)}
    )
    found = differences.differences(before, after)
    assert list(differences.short(found, "cog-2025")) == [
        "1 new against cog-2025: commune/4 Quatre",
        "1 gone against cog-2025: commune/3 Trois",
        "1 renamed against cog-2025: commune/2 Deux → Deux-Ponts",
        "1 of another population against cog-2025: commune/1 10 (2022) → 12 (2023)",
    ]
    assert list(differences.short([], "cog-2025")) == ["Nothing changed against cog-2025"]


def test_a_summary_is_kept_as_tables(tmp_path: Path) -> None:
    summary = code().summary()
    summary.write(tmp_path)
    assert differences.read_summary(tmp_path) == summary and summary.populations["id/commune/97608"] == (2017, 17831)


def test_a_newer_year_says_what_a_place_is(tmp_path: Path) -> None:
    def write(year: int, text: str) -> None:
        def fill(folder: Path) -> imports.Import:
            (folder / imports.GRAPH).write_text(text, encoding="utf-8")
            return imports.Import(folder, folder.name, year, triples=text.count("\n"), sha256=hashlib.sha256(text.encode()).hexdigest())

        imports.publish(tmp_path, f"cog-{year}", fill)

    write(2026, f"<{CANONICAL_BASE}id/a> <urn:p> <urn:new> .\n")
    write(2025, f"<{CANONICAL_BASE}id/a> <urn:p> <urn:old> .\n<{CANONICAL_BASE}id/b> <urn:p> <urn:old> .\n")
    newer, older = bulk.taken(tmp_path, "https://example.org/")
    assert (
        newer.text == b"<https://example.org/id/a> <urn:p> <urn:new> .\n"
        and newer.graph.value == "https://example.org/graph/reference/cog-2026"
    )
    assert older.text == b"<https://example.org/id/b> <urn:p> <urn:old> .\n" and older.triples == 1


def test_a_year_that_no_version_tells_is_told(npm: Path, root: Path, tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="no code of 2020, only of 2019, 2021"):
        running.run(root, tmp_path / "imports", running.Order(2020, tmp_path), lambda text: None)


CACHED = default_downloads() / "decoupage-administratif-6.0.0.tgz", default_downloads() / "decoupage-administratif-0.5.1.tgz"
if all(path.exists() for path in CACHED):  # the real package, where it was fetched once

    def test_the_real_package(root: Path) -> None:
        for path, number in zip(CACHED, ("6.0.0", package.HISTORY), strict=True):
            package.check(path, number)
        records = package.read(CACHED[0])
        checking.check_records(records)
        (past,) = package.read(CACHED[1], ["historique-communes"]).values()
        current = [each for each in records["communes"] if each["type"] == "commune-actuelle"]
        told = history.from_package(past, current)
        codes = {each["code"] for each in current} | set(told.successors)
        assert len(current) == 34969 and len(told.changes) > 800
        assert {code for change in told.changes for code in (*change.before, *change.after)} <= codes
        assert sum(each.get("population", 0) for each in current if each["region"] == "53") == 3449370  # Bretagne, INSEE, 2023
