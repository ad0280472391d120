"""The perimeters in time: sums equal the known ones, licences stay apart, and each contradiction found has its discrepancy."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, Store

from territoires.files import knowledge_files
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.sources import read_quads
from territoires.results import rows
from territoires.vocabulary import CANONICAL_BASE, iri

ROOT = Path(__file__).parents[2]
VIEWS = QueryLibrary(ROOT, "views")
SHARED = NamedNode(f"{CANONICAL_BASE}source/cogugaison")
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"
EXACT = {
    "pays-de-langres", "pays-de-chaumont", "pays-centre-ouest-bretagne", "pays-midi-quercy", "pays-ledonien", "pays-de-thierache",
}  # fmt: skip
INFERRED = {"pays-bruche-mossig-piemont", "vallee-de-la-dore-livradois-forez"}


def table(name: str) -> list[dict[str, str]]:
    """The rows of a fixture; its lines that start with # tell its source."""
    lines = (ROOT / "tests" / "fixtures" / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def quads() -> list[Quad]:
    """Ontology and data."""
    return list(read_quads(knowledge_files(ROOT), CANONICAL_BASE))


def merged(found: list[Quad]) -> Store:
    """A store that holds these triples in its default graph."""
    store = Store()
    store.extend(Quad(q.subject, q.predicate, q.object) for q in found)
    return store


@cache
def knowledge() -> Store:
    """The same as one graph."""
    return merged(quads())


def local(value: object) -> str:
    """The last part of an IRI, or a literal's text."""
    return str(getattr(value, "value", "")).rpartition("/")[2]


def counted(store: Store) -> dict[tuple[str, str], tuple[int, ...]]:
    """(territory, year) -> EPCI, communes, inhabitants, communes whose population is known."""
    columns = ("epciCount", "communeCount", "inhabitants", "counted")
    answer = rows(store.query(VIEWS.text("verification", CANONICAL_BASE)))
    return {(local(row["territory"]), local(row["day"])[:4]): tuple(int(local(row[name])) for name in columns) for row in answer}


def expected() -> dict[tuple[str, str], tuple[int, ...]]:
    """The same as counted apart from the graph."""
    return {
        (row["territory"], row["year"]): (int(row["epci"]), int(row["communes"]), int(row["inhabitants"]), int(row["communes"]))
        for row in table("territory-figures.csv")
    }


def test_sums_of_the_members_are_the_known_ones() -> None:
    """For each of nine territories and six dates: EPCI, communes, inhabitants, none of them without population."""
    known, found = expected(), counted(knowledge())
    assert len(known) == 54
    assert {key: found.get(key) for key in known} == known


@pytest.mark.parametrize(
    ("lost", "key"),
    [
        (f"{CANONICAL_BASE}id/observation/commune-52269-population-2012", ("pays-de-langres", "2014")),
        (f"{CANONICAL_BASE}id/perimetre/200035954-2014-01-01", ("pays-de-langres", "2014")),
        (f"{CANONICAL_BASE}id/perimetre/pays-ledonien-2020-01-01", ("pays-ledonien", "2024")),
    ],
)
def test_sums_follow_what_they_rest_on(lost: str, key: tuple[str, str]) -> None:
    """Without a population or a perimeter, the sum is another."""
    store = merged([quad for quad in quads() if quad.subject != NamedNode(lost)])
    assert counted(store).get(key) != expected()[key]


def test_six_of_nine_sheets_are_the_population_of_2012() -> None:
    """To the inhabitant, on 1 January 2014; the three others differ, and a discrepancy notes each of them."""
    printed = [row for row in rows(knowledge().query(VIEWS.text("verification-printed", CANONICAL_BASE)))]
    found = counted(knowledge())
    equal, noted = set(), set()
    for row in printed:
        if local(row["measure"]).endswith("#inhabitants"):
            territory = local(row["territory"])
            if int(local(row["printed"])) == found[territory, "2014"][2]:
                equal.add(territory)
            elif "discrepancy" in row:
                noted.add(territory)
    assert equal == EXACT
    assert noted == {"pays-bruche-mossig-piemont", "pays-interregional-bresle-yeres", "vallee-de-la-dore-livradois-forez"}


def test_inferred_membership_says_so_and_why() -> None:
    """Each perimeter of the two territories whose members no source names is inferred, with a reason in both languages."""
    query = f"""PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX dct: <http://purl.org/dc/terms/>
        SELECT ?perimeter ?territory ?precision (COUNT(DISTINCT ?language) AS ?languages) {{
            ?sheet tdp:describes ?territory . ?perimeter tdp:perimeterOf ?territory
            OPTIONAL {{ ?perimeter tdp:precision ?precision ; dct:description ?why BIND(LANG(?why) AS ?language) }}
        }} GROUP BY ?perimeter ?territory ?precision"""
    found = list(rows(knowledge().query(query)))
    assert len(found) == 9 * 4 + 1
    assert all(local(row["precision"]) == "deduite" for row in found if local(row["territory"]) in INFERRED)
    assert all(local(row["languages"]) == "2" for row in found if "precision" in row)


def test_facts_under_the_open_database_license_stay_apart() -> None:
    """What rests on COGugaison stands in files that say so by name and by licence; nothing else of theirs does."""
    licences = {quad.subject.value: getattr(quad.object, "value", "") for quad in quads() if quad.predicate.value == iri("dct:license")}
    resting = {quad.graph_name.value for quad in quads() if quad.object == SHARED and quad.subject.value.count("/id/")}
    files = {source.name for source in knowledge_files(ROOT) if source.name.endswith("-odbl")}
    resting -= {f"{CANONICAL_BASE}graph/data/reference/populations"}  # the description of the data set names all its sources
    assert resting <= {f"{CANONICAL_BASE}graph/{name}" for name in files}
    assert files and {licences.get(f"{CANONICAL_BASE}graph/{name}") for name in files} == {ODBL}


def test_generated_files_are_sorted_and_hold_one_thing_a_line() -> None:
    """So that a change of a source is a change of its lines."""
    for path in generated():
        lines = [line.split(" ")[0] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("<id/")]
        assert len(lines) == len(set(lines)), path.name
        for kind in {line.split("/")[1] for line in lines}:
            same = [line for line in lines if line.split("/")[1] == kind]
            assert same == sorted(same) or kind == "perimetre", path.name


def generated() -> Iterator[Path]:
    """The files that `territoires import perimeters` writes."""
    for path in sorted((ROOT / "data" / "reference" / "perimeters").glob("*.ttl")):
        if path.stem not in ("pays", "pays-odbl"):
            yield path


def test_each_contradiction_has_its_discrepancy() -> None:
    """The 44 contradictions between the mémento and references, or within it: each is recorded, and stays so."""
    notation = NamedNode(iri("skos:notation"))
    recorded = {local(quad.object) for quad in quads() if quad.predicate == notation and "/id/divergence/" in quad.subject.value}
    listed = table("tensions.csv")
    assert [row["number"] for row in listed] == [str(number) for number in range(1, 45)]
    assert {name for row in listed for name in row["discrepancies"].split()} <= recorded
    assert all(row["discrepancies"] for row in listed)


def test_a_discrepancy_with_a_reference_tells_its_evidence() -> None:
    """Each discrepancy after D69 has its evidence in both languages and a source."""
    query = f"""PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX dct: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?notation (COUNT(DISTINCT ?language) AS ?languages) {{
            ?discrepancy a tdp:Discrepancy ; skos:notation ?notation ; dct:source ?source .
            OPTIONAL {{ ?discrepancy dct:description ?evidence BIND(LANG(?evidence) AS ?language) }}
        }} GROUP BY ?notation"""
    found = {local(row["notation"]): local(row["languages"]) for row in rows(knowledge().query(query))}
    assert {name for name in found if name > "D69"} == {f"D{number}" for number in range(70, 91)}
    assert {found[name] for name in found if name > "D69"} == {"2"}
