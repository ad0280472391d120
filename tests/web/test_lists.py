"""Lists by class over HTTP: as a page, as CSV, as RDF."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode
from rdflib.compare import isomorphic

from territoires.formats import DOCUMENT
from territoires.store.pool import Pool
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.dimensions import read_view
from territoires.web.memory import KEY as MEMORY
from territoires.web.memory import Memory

RDF = tuple(form.name for form in DOCUMENT[1:])


def table(text: str) -> list[dict[str, str]]:
    """A list in CSV, as records."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_classes(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """/liste names each class that has instances with their number, subclasses included, and leads to its list."""
    page = read_page(client.get("/liste").text)
    lists = [link for link in page.links if link.startswith("/liste/") and "?" not in link]
    text = f"""PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
      SELECT ?class (COUNT(DISTINCT ?x) AS ?n) {{
        ?x a/rdfs:subClassOf* ?class FILTER(STRSTARTS(STR(?x), "{CANONICAL_BASE}"))
        FILTER(isIRI(?class) && !STRSTARTS(STR(?class), "http://www.w3.org/2002/07/owl#")) }} GROUP BY ?class"""
    store = app.extensions["territoires"].store
    direct = {row["class"] for row in store.query("SELECT DISTINCT ?class { ?any a ?class }")}
    counted = [(row["class"], row["n"].value) for row in store.query(text)]
    found = {cls.value: n for cls, n in counted if cls.value.startswith(f"{CANONICAL_BASE}def#") or cls in direct}
    assert len(lists) == len(set(lists)) == len(found) > 30
    counts = [text for path, text in page.texts if path.endswith("li/a/span")]
    assert sorted(count for count in counts if count.isdigit()) == sorted(found.values())
    assert found[f"{CANONICAL_BASE}def#Pays"] == "9"
    assert int(found[f"{CANONICAL_BASE}def#Action"]) > 100


def test_groups(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The index has the groups of the domain in the reader's language, and no class of its own vocabulary among the others."""
    texts = read_page(client.get("/liste", headers={"Accept-Language": "en"}).text).text_of("h2")
    assert texts[0] == "Territories" and "Funding" in texts and "Vocabulary and technique" in texts
    assert "Financements" in read_page(client.get("/liste").text).text_of("h2")


def test_list_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """/liste/Pays lists nine territories by name, each with its link, type, région and figures with their year."""
    page = read_page(client.get("/liste/Pays", headers={"Accept": "text/html"}).text)
    assert page.text_of("h1") == ["Pays", "9"]
    names = [text for path, text in page.texts if path.endswith("tbody/tr/th/a")]
    assert len(names) == 9 and names == sorted(names, key=str.casefold)
    assert "Pays de Langres" in names
    assert {f"/liste/Pays.{name}" for name in (*RDF, "csv", "xlsx", "geojson")} <= set(page.links)
    cells = page.text_of("td")
    assert {"Rural structuré", "Grand Est", "Haute-Marne", "46 462", "(2015)"} <= set(cells)
    assert "(2015, arrondi)" in cells


def test_one_page_of_several(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A long list comes in pages of fifty, which together hold what the export holds, in its order."""
    listed: list[str] = []
    for number in (1, 2, 3):
        page = read_page(client.get(f"/liste/Action?page={number}", headers={"Accept": "text/html"}).text)
        names = [attributes["href"] for tag, attributes in page.elements if tag == "a" and attributes["href"].startswith("/id/action/")]
        listed += [name for name in dict.fromkeys(names)]
    exported = [row["iri"].removeprefix(CANONICAL_BASE) for row in table(client.get("/liste/Action.csv").text)]
    assert [name.removeprefix("/") for name in listed if name.removeprefix("/") in set(exported)] == exported
    assert len(exported) > 100


def test_sorting(client: FlaskClient) -> None:
    """A column sorts both ways, figures as numbers; what is not told comes last either way."""
    up = [row["habitants"] for row in table(client.get("/liste/ProjectTerritory.csv?tri=habitants").text)]
    down = [row["habitants"] for row in table(client.get("/liste/ProjectTerritory.csv?tri=-habitants").text)]
    assert up[-1] == down[-1] == ""
    figures = [int(figure) for figure in up[:-1]]
    assert figures == sorted(figures) and down[:-1] == up[:-1][::-1] and figures[-1] == 105_000


def test_exports_agree(client: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> None:
    """Every format holds what the facets chose: the same members, the same figures."""
    query = "?region=grand-est&tri=-habitants"
    wanted = table(client.get(f"/liste/Pays.csv{query}").text)
    assert [row["name"] for row in wanted] == ["Pays Bruche Mossig Piémont", "Pays de Chaumont", "Pays de Langres"]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/liste/Pays.xlsx{query}").data)).active
    header, *lines = book.iter_rows(values_only=True)
    assert [dict(zip(header, line, strict=True))["iri"] for line in lines] == [row["iri"] for row in wanted]
    assert [dict(zip(header, line, strict=True))["habitants"] for line in lines] == [105_000, 65_703, 46_462]
    layer = json.loads(client.get(f"/liste/Pays.geojson{query}").text)
    assert layer["type"] == "FeatureCollection"
    assert [feature["id"] for feature in layer["features"]] == [row["iri"] for row in wanted]
    assert layer["features"][0]["properties"]["habitants"] == 105_000
    kind = rdflib.URIRef(f"{CANONICAL_BASE}def#Pays")
    for name in RDF:
        graph = read_graph(client.get(f"/liste/Pays.{name}{query}").data, name)
        assert {str(subject) for subject in graph.subjects(rdflib.RDF.type, kind)} == {row["iri"] for row in wanted}


def test_outlines(client: FlaskClient) -> None:
    """A territory has its own outline, an action that of its territory; what lies nowhere has none."""
    pays = {f["id"].rpartition("/")[2]: f["geometry"] for f in json.loads(client.get("/liste/Pays.geojson").text)["features"]}
    assert pays["pays-de-langres"] and pays["pays-de-langres"] != pays["pays-de-chaumont"]
    found = json.loads(client.get("/liste/Action.geojson?territoire=pays-de-langres").text)["features"]
    assert found and all(feature["geometry"]["type"].endswith("Polygon") for feature in found)
    assert all(feature["geometry"] is None for feature in json.loads(client.get("/liste/skos:Concept.geojson").text)["features"])


def test_wood(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Which territories have a wood cluster, and who paid: one list tells it, and the same as CSV."""
    (row,) = table(client.get("/liste/Cluster.csv?secteur=bois").text)
    assert (row["name"], row["territoire"], row["relation"]) == ("SITCOB", "Pays Centre Ouest Bretagne", "appui")
    assert {"GIP du Pays Centre Ouest Bretagne", "INTERREG", "Union européenne"} <= set(row["financeur"].split(" | "))
    page = read_page(client.get("/liste/Cluster?secteur=bois", headers={"Accept": "text/html"}).text)
    assert {"SITCOB", "INTERREG"} <= set(page.text_of("a"))
    paid = table(client.get("/liste/FundingFlow.csv?secteur=bois&statut=attendue").text)
    assert {row["objet"] for row in paid} == {"Plan bois du Pays Centre Ouest Bretagne"}


def test_few_queries(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """B36: a list asks at most ten queries when nothing is remembered, and two when it was read before."""
    client = app.test_client(use_cookies=False)
    asked: list[str] = []
    query = Pool.query
    monkeypatch.setattr(Pool, "query", lambda self, text, *rest: asked.append(text) or query(self, text, *rest))
    for path in ("/liste/Pays", "/liste/Action?statut=prevue", "/liste/Statement", "/liste/FundingFlow", "/liste", "/tableaux/financeurs"):
        app.extensions[MEMORY] = Memory()
        for most in (10, 2):
            asked.clear()
            assert client.get(path, headers={"Accept": "text/html"}).status_code == 200
            assert len(asked) <= most, path


def test_subclasses_count(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The list of a class holds the members of its subclasses too."""
    names = set(read_page(client.get("/liste/Pays").text).text_of("th"))
    assert names < set(read_page(client.get("/liste/ProjectTerritory").text).text_of("th"))


def test_csv(client: FlaskClient) -> None:
    """The CSV has a header, CRLF, and a row for each member."""
    response = client.get("/liste/Pays.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Location"] == "/liste/Pays.csv"
    header, *read = csv.reader(io.StringIO(response.text, newline=""))
    assert header[:4] == ["name", "iri", "type", "region"]
    assert response.data.count(b"\r\n") == len(read) + 1 == 10
    assert ["Pays de Langres", f"{CANONICAL_BASE}id/territoire/pays-de-langres"] in [row[:2] for row in read]
    assert client.get("/liste/Pays", headers={"Accept": "text/csv"}).data == response.data


def test_rdf(client: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> None:
    """The list holds the same nine members in every RDF format."""
    graphs = [read_graph(client.get(f"/liste/Pays.{name}").data, name) for name in RDF]
    kind = rdflib.URIRef(f"{CANONICAL_BASE}def#Pays")
    assert len(set(graphs[0].subjects(rdflib.RDF.type, kind))) == 9
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])


def test_reused_classes(client: FlaskClient) -> None:
    """A class of a reused vocabulary is listed by its prefixed name."""
    assert len(client.get("/liste/org:Post.csv").text.splitlines()) > 10
    assert client.get("/liste/foaf:Person").status_code == 200


def test_class_without_members(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A class that has no member yet has an empty list; a property has none."""
    query = app.extensions["territoires"].store.query
    classes = {row["c"].value for row in query("SELECT DISTINCT ?c { ?c a <http://www.w3.org/2002/07/owl#Class> FILTER(isIRI(?c)) }")}
    subclass = "<http://www.w3.org/2000/01/rdf-schema#subClassOf>"
    used = {row["c"].value for row in query(f"SELECT DISTINCT ?c {{ {{ SELECT DISTINCT ?t {{ ?x a ?t }} }} ?t {subclass}* ?c }}")}
    own = f"{CANONICAL_BASE}def#"
    empty = sorted(iri.removeprefix(own) for iri in classes - used if iri.startswith(own))
    assert empty
    for name in empty:
        response = client.get(f"/liste/{name}", headers={"Accept": "text/html"})
        assert response.status_code == 200
        assert read_page(response.text).text_of("h1")[1] == "0"
        assert client.get(f"/liste/{name}.csv").data.count(b"\r\n") == 1
    assert client.get("/liste/inhabitants").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "Atlantis",
        "Atlantis.csv",
        "Pays.trig",
        "pays",
        "Pays%20",
        "nobody:Pays",
        ":Pays",
        "org:",
        "org:Post:x",
        "Pays%3E%20%3Fp%20%3Fo%20%7D%20%23",
        "Pays%22",
        "Pays%5C",
        "Pays%0A",
        "http:%2F%2Fexample.org",
        "tdp:Pays%3E%20UNION",
        "%3Cscript%3E",
        "²",
        "%E2%85%A7",
        ".ttl",
        "..",
    ],
)
def test_injections(client: FlaskClient, name: str) -> None:
    """B13: a name that is no class is 404: it never reaches a query as text, nor a page as markup."""
    response = client.get(f"/liste/{name}", headers={"Accept": "text/html"}, follow_redirects=True)
    assert response.status_code == 404
    assert "<script>" not in response.text


def test_formulas_are_neutral(hard: FlaskClient) -> None:
    """B31: a name that a spreadsheet would run as a formula is neutral in the list, and exact in SPARQL CSV."""
    assert "'=1+1," in hard.get("/liste/skos:Concept.csv").text
    answer = hard.get("/sparql?query=SELECT%20%3Fx%20%7B%20%3Fs%20%3Chttp://www.w3.org/2004/02/skos/core%23note%3E%20%3Fx%20%7D&format=csv")
    assert answer.text == "x\r\n=1+1\r\n"


@pytest.mark.parametrize(
    ("path", "accept"), [("/liste/Pays", "image/png"), ("/liste/Pays?format=bogus", None), ("/liste/Pays?format=trig", None)]
)
def test_not_acceptable(client: FlaskClient, path: str, accept: str | None) -> None:
    """B6: a format that a list doesn't come in is 406."""
    assert client.get(path, headers={"Accept": accept} if accept else {}).status_code == 406


def test_territories_of_the_sheets_come_before_the_communes(client: FlaskClient) -> None:
    """Among more than a thousand places the nine territories come first, by name, unless the address sorts."""
    records = list(csv.DictReader(io.StringIO(client.get("/liste/Territory.csv").text, newline="")))
    assert len(records) > 1200
    assert all("/id/territoire/" in str(record) for record in records[:9])
    assert "/id/commune/" in str(records[9])
    sorted_by_name = list(csv.DictReader(io.StringIO(client.get("/liste/Territory.csv?tri=nom").text, newline="")))
    assert "/id/commune/" in str(sorted_by_name[0])


def test_areas_of_some_are_those_of_all(app: Flask) -> None:
    """What is asked for chosen places is what the view of all says of them."""
    with app.test_request_context("/"):
        whole = read_view("list-areas")
        items = sorted({item for found in whole.values() for item in found})
        some = {*whole["type"], *items[:: max(len(items) // 500, 1)]}  # a store of others takes some thousand values at most
        assert len(whole) == 3 and len(some) > 9
        parted = read_view("list-areas-of", item=[NamedNode(item) for item in sorted(some)])
    for name, told in whole.items():
        assert {item: set(told[item]) for item in some & told.keys()} == {item: set(each) for item, each in parted[name].items()}, name
