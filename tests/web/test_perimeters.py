"""Places as they were on a day, addresses by code, what is retired, outlines: over a small country that never was."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from territoires.knowledge.geometries import centroid, geometry_quads, wkt
from territoires.settings import Settings
from territoires.store.releases import current_release, publish
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web.app import create_app

TDP = rdflib.Namespace(f"{CANONICAL_BASE}def#")
BASE = rdflib.Namespace(CANONICAL_BASE)
PAYS, NORTH, SOUTH, BOTH = (
    "territoire/pays-d-essai",
    "intercommunalite/200000001",
    "intercommunalite/200000002",
    "intercommunalite/200000003",
)
DAYS = ["2014-01-01", "2016-01-01", "2017-01-01"]
RDF = {"ttl": "text/turtle", "nt": "application/n-triples", "rdf": "application/rdf+xml", "jsonld": "application/ld+json"}


def quads(root: Path) -> list[Quad]:
    """The small country."""
    graph = NamedNode(f"{CANONICAL_BASE}graph/test")
    found = parse(path=str(root / "tests" / "fixtures" / "perimeters.ttl"), format=RdfFormat.TURTLE)
    return [Quad(quad.subject, quad.predicate, quad.object, graph) for quad in found]


@pytest.fixture(scope="module")
def country(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of an application over it."""
    settings = Settings(home=root, releases=tmp_path_factory.mktemp("country"))
    publish(settings.releases, "test", CANONICAL_BASE, quads(root), {})
    store = current_release(settings.releases).serve()
    yield create_app(settings, store).test_client(use_cookies=False)
    store.close()


@pytest.fixture
def on(country: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> Callable[..., rdflib.Graph]:
    """What is told of a thing on a day: on(path below /doc/, day, suffix)."""

    def ask(path: str, day: str, suffix: str = "ttl") -> rdflib.Graph:
        response = country.get(f"/doc/{path}.{suffix}?date={day}")
        assert (response.status_code, response.mimetype) == (200, RDF[suffix]), response.text
        return read_graph(response.data, suffix)

    return ask


def text_of(page: Any) -> str:
    """All that a page says, with plain spaces."""
    return re.sub(r"\s+", " ", " ".join(text for _, text in page.texts))


def members(graph: rdflib.Graph, whole: str) -> set[str]:
    """The members that an answer gives a whole."""
    perimeters = graph.subjects(TDP.perimeterOf, BASE[f"id/{whole}"])
    found = {member for perimeter in perimeters for member in graph.objects(perimeter, TDP.hasMemberTerritory)}
    return {str(member).removeprefix(f"{CANONICAL_BASE}id/") for member in found}


# On a day


@pytest.mark.parametrize("suffix", list(RDF))
@pytest.mark.parametrize(
    ("day", "epci", "communes"),
    [
        ("2014-01-01", {NORTH, SOUTH}, {"bourg", "52002", "52003"}),
        ("2015-12-31", {NORTH, SOUTH}, {"bourg", "52002", "52003"}),
        ("2016-01-01", {NORTH, SOUTH}, {"bourg", "52002", "52003", "2A004"}),
        ("2017-06-30", {BOTH}, {"bourg", "52003", "2A004"}),
        ("2026-02-01", {BOTH}, {"bourg", "52003", "2A004", "52005"}),
    ],
)
def test_members_on_a_day(on: Callable[..., rdflib.Graph], day: str, epci: set[str], communes: set[str], suffix: str) -> None:
    """The EPCI of a Pays are those of its last perimeter by that day, the communes those of the EPCI's last ones."""
    graph = on(PAYS, day, suffix)
    assert members(graph, PAYS) == epci
    found = {member for whole in epci for member in members(graph, whole)}
    assert found == {f"commune/{name}" for name in communes}
    departements = set(graph.objects(predicate=TDP.inDepartement))
    assert (BASE["id/departement/2A"] in departements) == ("2A004" in communes)
    assert {str(region).rpartition("/")[2] for region in graph.objects(predicate=TDP.departementOfRegion)} >= {"levant"}


def test_the_document_says_what_it_is(on: Callable[..., rdflib.Graph]) -> None:
    """The document names its topic, its day and the document without a day, and of each perimeter its date, source and how sure it is."""
    graph = on(PAYS, "2014-06-01")
    document = BASE[f"doc/{PAYS}?date=2014-06-01"]
    assert graph.value(document, rdflib.FOAF.primaryTopic) == BASE[f"id/{PAYS}"]
    assert graph.value(document, rdflib.DCTERMS.valid) == rdflib.Literal("2014-06-01", datatype=rdflib.XSD.date)
    assert graph.value(document, rdflib.DCTERMS.isVersionOf) == BASE[f"doc/{PAYS}"]
    perimeter = BASE["id/perimetre/pays-d-essai-2014-01-01"]
    assert graph.value(perimeter, TDP.onDate) == rdflib.Literal("2014-01-01", datatype=rdflib.XSD.date)
    assert graph.value(perimeter, rdflib.DCTERMS.source) == BASE["source/essai"]
    assert graph.value(perimeter, TDP.precision) == BASE["scheme/precision/deduite"]


def test_population(on: Callable[..., rdflib.Graph], country: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The inhabitants are those of the last year for which every commune has a figure; else the page says how many have one."""
    graph = on(PAYS, "2016-03-01")
    assert sum(int(number) for number in graph.objects(predicate=TDP.inhabitants)) == 1234

    def told(path: str, day: str) -> str:
        return text_of(read_page(country.get(f"/doc/{path}.html?date={day}&lang=en").text))

    assert "1,234 inhabitants in 2014" in told(PAYS, "2016-03-01")
    assert "1,034 inhabitants in 2014 (3 of 4 communes)" in told(BOTH, "2026-03-01")
    assert "1,150 inhabitants in 2023" in told("commune/bourg", "2026-03-01")


def test_a_commune_on_a_day(on: Callable[..., rdflib.Graph]) -> None:
    """A commune tells its EPCI of that day and the Pays of that EPCI, by perimeters of which it shows no other member."""
    for day, whole in (("2015-01-01", NORTH), ("2018-01-01", BOTH)):
        graph = on("commune/bourg", day)
        assert members(graph, whole) == {"commune/bourg"}
        assert members(graph, PAYS) == {whole}
        assert set(graph.objects(predicate=TDP.perimeterOf)) == {BASE[f"id/{whole}"], BASE[f"id/{PAYS}"]}


def test_an_epci_on_a_day(on: Callable[..., rdflib.Graph], country: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """An EPCI tells its communes and its Pays; where these are known elsewhere since, the page says that it may have been gone."""
    assert members(on(SOUTH, "2016-01-01"), SOUTH) == {"commune/52003", "commune/2A004"}
    assert BASE[f"id/{PAYS}"] in set(on(SOUTH, "2016-01-01").objects(predicate=TDP.perimeterOf))
    gone = text_of(read_page(country.get(f"/doc/{NORTH}.html?date=2018-01-01&lang=en").text))
    assert "may have been gone: CC des Deux Rives" in gone
    assert "may have been gone" not in country.get(f"/doc/{NORTH}.html?date=2015-01-01&lang=en").text


def test_areas_on_a_day(on: Callable[..., rdflib.Graph]) -> None:
    """A département tells the communes that it had then and the Pays that had some of them; a région its départements and Pays."""

    def communes(day: str) -> set[str]:
        graph = on("departement/haut", day)
        return {str(each).rpartition("/")[2] for each in graph.subjects(TDP.inDepartement, BASE["id/departement/haut"])}

    assert communes("2016-05-31") == {"bourg", "52002", "52003"}
    assert communes("2016-06-01") == {"bourg", "52003"}
    assert communes("2019-01-01") == {"bourg", "52003", "52005"}
    region = on("region/27", "2016-01-01")
    assert BASE[f"id/{PAYS}"] in set(region.objects(predicate=TDP.perimeterOf))
    assert set(region.subjects(TDP.departementOfRegion)) == {BASE["id/departement/2A"]}
    assert not set(on("region/27", "2015-01-01").objects(predicate=TDP.perimeterOf))


@pytest.mark.parametrize(
    ("path", "told", "known"),
    [
        (
            f"{PAYS}.ttl?date=2013-12-31",
            "No perimeter of Pays d'Essai is known by December 31, 2013",
            ["2014-01-01", "2016-01-01", "2017-01-01"],
        ),
        ("territoire/pays-muet.ttl?date=2016-01-01", "No perimeter of Pays muet is known.", []),
        ("commune/52005.ttl?date=2018-12-31", "Essart was not there yet on December 31, 2018", ["2026-01-01"]),
    ],
)
def test_not_known_then(country: FlaskClient, read_page: Callable[[str], Any], path: str, told: str, known: list[str]) -> None:
    """404 says what is known instead, in problem details and as a page with links to those days."""
    response = country.get(f"/doc/{path}&lang=en", headers={"Accept": "application/json"})
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert told in response.json["detail"] and response.json["known"] == known  # type: ignore[index]
    page = read_page(country.get(f"/doc/{path}&lang=en", headers={"Accept": "text/html"}).text)
    assert told in text_of(page)
    assert {f"?date={day}" for day in known} <= {"?" + link.partition("?")[2] for link in page.links}


@pytest.mark.parametrize("text", ["2016", "2016-13-01", "2016-02-30", "16-01-01", "yesterday", "20160101", "2016-W01-1", "٢٠١٦-٠١-٠١"])
def test_no_day(country: FlaskClient, text: str) -> None:
    """What is no day is answered 400, before any redirect."""
    for path in (f"/doc/{PAYS}.ttl", f"/id/{PAYS}"):
        response = country.get(path, query_string={"date": text, "lang": "en"}, headers={"Accept": "text/turtle"})
        assert response.status_code == 400
        assert "YYYY-MM-DD" in response.json["detail"]  # type: ignore[index]


def test_a_day_to_come(country: FlaskClient) -> None:
    """Nobody knows what will be; today is known."""
    tomorrow = (date.today() + timedelta(days=2)).isoformat()
    response = country.get(f"/doc/{PAYS}.ttl?date={tomorrow}&lang=en")
    assert response.status_code == 400 and "yet to come" in response.json["detail"]  # type: ignore[index]
    assert country.get(f"/doc/{PAYS}.ttl?date={(date.today() - timedelta(days=1)).isoformat()}").status_code == 200


def test_only_places_have_days(country: FlaskClient) -> None:
    """A body has no perimeter: the answer says so. An empty day, as a form sends it, is none."""
    assert country.get("/doc/organisation/petr-d-essai.ttl?date=2016-01-01").status_code == 400
    assert country.get(f"/doc/{PAYS}.html?date=").status_code == 200


def test_redirect_keeps_the_day(country: FlaskClient) -> None:
    """303 from the place to the dated document, and by its headers to those of other days."""
    response = country.get(f"/id/{PAYS}?date=2016-05-01", headers={"Accept": "text/turtle"})
    assert (response.status_code, response.headers["Location"]) == (303, f"/doc/{PAYS}.ttl?date=2016-05-01")
    response = country.get(response.headers["Location"])
    assert response.headers["Content-Location"] == f"/doc/{PAYS}.ttl?date=2016-05-01"
    links = response.headers["Link"]
    assert f'</doc/{PAYS}.html?date=2016-05-01>; rel="alternate"; type="text/html"' in links
    assert f'</doc/{PAYS}.ttl?date=2014-01-01>; rel="prev"' in links and f'</doc/{PAYS}.ttl?date=2017-01-01>; rel="next"' in links
    assert "Memento-Datetime" not in response.headers  # the document is of today: only what it tells of is past
    assert country.get(f"/doc/{PAYS}.ttl?date=2016-05-01", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    assert country.get(f"/doc/{PAYS}.ttl").headers["ETag"] != response.headers["ETag"]


# By code, and retired


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/id/commune/52001", "/id/commune/bourg"),
        ("/id/commune/52001.ttl", "/id/commune/bourg.ttl"),
        ("/id/commune/52001?date=2016-01-01", "/id/commune/bourg?date=2016-01-01"),
        ("/doc/commune/52001.html", "/doc/commune/bourg.html"),
        ("/doc/commune/52001.ttl?date=2016-01-01", "/doc/commune/bourg.ttl?date=2016-01-01"),
        ("/id/departement/52", "/id/departement/haut"),
        ("/id/region/44", "/id/region/levant"),
        ("/id/organisation/200000009", "/id/organisation/petr-d-essai"),
    ],
)
def test_by_code(country: FlaskClient, path: str, location: str) -> None:
    """308 from the code to the thing that has a name; the suffix and the day stay."""
    response = country.get(path)
    assert (response.status_code, response.headers["Location"]) == (308, location)


@pytest.mark.parametrize(
    "path", ["commune/99999", "commune/52", "departement/52001", "region/52", "departement/2B", "organisation/999999999"]
)
def test_unknown_code(country: FlaskClient, path: str) -> None:
    """A code of another kind of place, or of none, is 404."""
    assert country.get(f"/id/{path}").status_code == 404
    assert country.get(f"/doc/{path}.ttl").status_code == 404


def test_code_is_the_name(country: FlaskClient) -> None:
    """A place that has no other name answers at its code, Corsican ones too."""
    assert country.get("/id/departement/2A").status_code == 303
    assert country.get("/id/commune/2A004").status_code == 303


@pytest.mark.parametrize("path", ["/id/commune/52002", "/doc/commune/52002", "/doc/commune/52002?date=2016-06-01"])
def test_merged_commune(country: FlaskClient, read_page: Callable[[str], Any], read_graph: Callable[..., rdflib.Graph], path: str) -> None:
    """410 with the successor: in RDF, as a page in both languages, and as problem details."""
    for suffix, kind in RDF.items():
        response = country.get(path, headers={"Accept": kind})
        assert (response.status_code, response.mimetype) == (410, kind)
        told = read_graph(response.data, suffix).value(BASE["id/commune/52002"], rdflib.DCTERMS.isReplacedBy)
        assert told == BASE["id/commune/bourg"]
    for language, text in (("fr", "Aulnay n’existe plus depuis le 1er juin 2016"), ("en", "Aulnay is no more since June 1, 2016")):
        response = country.get(path, headers={"Accept": "text/html", "Accept-Language": language})
        page = read_page(response.text)
        assert (response.status_code, response.mimetype) == (410, "text/html")
        assert text in text_of(page) and "/id/commune/bourg" in page.links
    response = country.get(path, headers={"Accept": "application/problem+json"})
    assert (response.status_code, response.mimetype) == (410, "application/problem+json")
    assert json.loads(response.text)["replacedBy"] == [f"{CANONICAL_BASE}id/commune/bourg"]


def test_merged_commune_before_its_end(country: FlaskClient, on: Callable[..., rdflib.Graph]) -> None:
    """On a day before its end it answers as it was."""
    assert country.get("/id/commune/52002?date=2016-05-31").status_code == 303
    graph = on("commune/52002", "2016-05-31")
    assert members(graph, NORTH) == {"commune/52002"}


# The pages


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "path",
    [
        f"{PAYS}.html",
        f"{PAYS}.html?date=2016-01-01",
        f"{NORTH}.html?date=2018-01-01",
        "commune/bourg.html",
        "commune/52002.html",
        "departement/haut.html?date=2016-01-01",
        "region/levant.html",
        "perimetre/pays-d-essai-2016-01-01.html",
    ],
)
def test_pages_are_sound(country: FlaskClient, read_page: Callable[[str], Any], path: str, language: str) -> None:
    """One heading of the first rank, ids once, labels on fields, no text left in the other language."""
    response = country.get(f"/doc/{path}{'&' if '?' in path else '?'}lang={language}", headers={"Accept": "text/html"})
    page = read_page(response.text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert len(page.all("h1")) == 1
    assert {field["for"] for field in page.all("label") if "for" in field} <= set(ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(ids)
    assert (" EPCI le " in response.text or "Périmètre" in response.text or "Identifiant" in response.text) == (language == "fr")


def test_page_of_a_pays(country: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Its known days with counts, what came and went between them, and a form for another day that needs no script."""
    page = read_page(country.get(f"/doc/{PAYS}.html?lang=en").text)
    text = text_of(page)
    assert "January 1, 2014 inferred 2 3 1,230 (2014) Haut" in text
    assert "January 1, 2016 2 4 1,234 (2014)" in text
    assert "EPCI that went 2 CC du Nord , CC du Sud EPCI that came 1 CC des Deux Rives Communes that went 1 Aulnay" in text
    (form,) = [each for each in page.all("form") if each["action"] == f"/doc/{PAYS}.html"]
    assert form["method"] == "get"
    assert [each for each in page.all("input") if each.get("type") == "date" and each["name"] == "date"]
    assert f"/doc/{PAYS}.html?date=2016-01-01" in page.links


def test_page_of_a_commune(country: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Its EPCI and Pays with their days, its inhabitants by year, its changes; no list of whole perimeters."""
    text = text_of(read_page(country.get("/doc/commune/bourg.html?lang=en").text))
    assert "CC des Deux Rives January 1, 2017, January 1, 2026" in text
    assert "Pays d'Essai January 1, 2014, January 1, 2017" in text
    assert "2014 1,000 2023 1,150" in text
    assert "June 1, 2016 creation of a new commune : Aulnay , Bourg → Bourg" in text


def test_description_of_a_commune(country: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> None:
    """Its RDF names the perimeters that hold it, and none of their other members."""
    graph = read_graph(country.get("/doc/commune/bourg.ttl").data, "ttl")
    assert set(graph.objects(predicate=TDP.hasMemberTerritory)) == {BASE["id/commune/bourg"]}
    assert len(set(graph.subjects(TDP.hasMemberTerritory))) == 3
    whole = read_graph(country.get(f"/doc/{PAYS}.ttl").data, "ttl")
    assert len(set(whole.objects(predicate=TDP.hasMemberTerritory))) == 3


def test_pages_of_dated_lists(country: FlaskClient, read_page: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The communes of a département come a page at a time, each linked to what it was on that day."""
    monkeypatch.setattr("territoires.web.perimeters.LISTED", 2)
    first = read_page(country.get("/doc/departement/haut.html?date=2016-01-01&lang=en").text)
    assert "1 to 2 of 3" in text_of(first)
    second = read_page(country.get("/doc/departement/haut.html?date=2016-01-01&page=2&lang=en").text)
    listed = [link for link in (*first.links, *second.links) if link.startswith("/id/commune/")]
    dated = [link for link in listed if "?" in link]
    assert sorted(dated) == [f"/id/commune/{name}?date=2016-01-01" for name in ("52002", "52003", "bourg")]


# Outlines

SQUARE = {"type": "Polygon", "coordinates": [[[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]]}


def test_outline_as_text() -> None:
    """Polygons with holes and several polygons as WKT, and the middle of the largest."""
    hole = [[0.5, 0.5], [0.5, 1.0], [1.0, 1.0], [0.5, 0.5]]
    assert wkt({"type": "Polygon", "coordinates": [SQUARE["coordinates"][0], hole]}) == (
        "POLYGON((0 0,2 0,2 2,0 2,0 0),(0.5 0.5,0.5 1,1 1,0.5 0.5))"
    )
    both = {"type": "MultiPolygon", "coordinates": [SQUARE["coordinates"], [[[5.0, 5.0], [5.1, 5.0], [5.1, 5.1], [5.0, 5.0]]]]}
    assert wkt(both) == "MULTIPOLYGON(((0 0,2 0,2 2,0 2,0 0)),((5 5,5.1 5,5.1 5.1,5 5)))"
    assert centroid(both) == pytest.approx((1.0, 1.0))


def test_outlines_of_what_the_graph_knows(root: Path) -> None:
    """Each place of the graph that has an outline leads to it by its name or its code; what the graph doesn't know gets none."""
    kind = NamedNode(iri("rdf:type"))
    places = [NamedNode(f"{CANONICAL_BASE}id/{path}") for path in ("territoire/pays-de-langres", "departement/2A", "region/grand-est")]
    found = geometry_quads(root, CANONICAL_BASE, [Quad(place, kind, NamedNode(iri("skos:Concept"))) for place in places])
    store = Store()
    store.extend(found)
    assert {quad.subject for quad in store.quads_for_pattern(None, NamedNode(iri("geo:hasGeometry")), None)} == set(places)
    texts = [quad.object for quad in store.quads_for_pattern(None, NamedNode(iri("geo:asWKT")), None)]
    assert len(texts) == 6 and all(isinstance(text, Literal) and text.datatype.value == iri("geo:wktLiteral") for text in texts)


def test_outline_on_pages(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The place leads to its outline; the page of the outline shows a map and no endless text, its Turtle the text."""
    page = client.get("/doc/territoire/pays-de-langres.html").text
    assert "/id/geometrie/territoire-pays-de-langres" in page and "POLYGON((" not in page
    assert "POLYGON" not in client.get("/doc/territoire/pays-de-langres.ttl").text
    response = client.get("/doc/geometrie/territoire-pays-de-langres.html")
    assert response.status_code == 200 and "POLYGON((" not in response.text
    assert [each for each in read_page(response.text).all("svg") if each.get("class") == "map-sheet"]
    assert "POLYGON((" in client.get("/doc/geometrie/territoire-pays-de-langres.ttl").text


def test_outline_in_an_answer(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """An answer that holds outlines alone is drawn on the map; its table says how many points they have."""
    query = """PREFIX geo: <http://www.opengis.net/ont/geosparql#>
    SELECT ?outline { <https://w3id.org/territoires-de-projet/id/territoire/pays-de-langres> geo:hasGeometry/geo:asWKT ?outline }"""
    response = client.get("/sparql", query_string={"query": query, "lang": "en"}, headers={"Accept": "text/html"})
    page = read_page(response.text)
    assert "POLYGON((" not in response.text and re.search(r"POLYGON \(\d+ points\)", text_of(page))
    assert [each for each in page.all("svg") if each.get("class") == "map-sheet"]


# The documentation


def documented(root: Path) -> list[str]:
    """The queries of docs/linking.md on perimeters."""
    text = (root / "docs" / "linking.md").read_text(encoding="utf-8").partition("## Perimeters in time")[2].partition("\n## ")[0]
    return re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2013-12-31", set()),
        ("2015-12-31", {"52001", "52002", "52003"}),
        ("2016-06-01", {"52001", "52002", "52003", "2A004"}),
        ("2026-11-01", {"52001", "52003", "52005", "2A004"}),
    ],
)
def test_documented_query(country: FlaskClient, root: Path, day: str, expected: set[str]) -> None:
    """The pattern of the documentation gives the communes of that day, as ?date= does."""
    query = documented(root)[0].replace("territoire/pays-de-langres", PAYS).replace("2016-06-01", day)
    answer = country.get("/sparql", query_string={"query": query, "format": "json"})
    assert {row["code"]["value"] for row in answer.json["results"]["bindings"]} == expected  # type: ignore[index]


def test_documented_queries_on_the_release(client: FlaskClient, root: Path) -> None:
    """They have answers on the release; the first one those of the dated document."""
    answers = [client.get("/sparql", query_string={"query": query, "format": "json"}) for query in documented(root)]
    told = [answer.json["results"]["bindings"] for answer in answers]  # type: ignore[index]
    assert len(told) == 2 and len(told[1]) == 9
    page = client.get("/doc/territoire/pays-de-langres.html?date=2016-06-01&lang=en").text
    assert re.search(rf"<strong>{len(told[0])}</strong> <span>communes</span>", page) and len(told[0]) > 100
