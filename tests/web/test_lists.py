"""Lists by class over HTTP: as a page, as CSV, as RDF."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from rdflib.compare import isomorphic

from territoires.formats import DOCUMENT
from territoires.vocabulary import CANONICAL_BASE

RDF = tuple(form.name for form in DOCUMENT[1:])


def test_classes(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """/liste names each class that has instances with their number, and leads to its list."""
    page = read_page(client.get("/liste").text)
    lists = [link for link in page.links if link.startswith("/liste/")]
    text = f"""SELECT ?class (COUNT(DISTINCT ?x) AS ?n) {{ ?x a ?class FILTER(STRSTARTS(STR(?x), "{CANONICAL_BASE}"))
      FILTER(!STRSTARTS(STR(?class), "http://www.w3.org/2002/07/owl#")) }} GROUP BY ?class"""
    found = {row["class"].value: row["n"].value for row in app.extensions["territoires"].store.query(text)}
    assert len(lists) == len(set(lists)) == len(found) > 30
    counts = [text for path, text in page.texts if path.endswith("li/a/span")]
    assert sorted(counts) == sorted(found.values())
    assert found[f"{CANONICAL_BASE}def#Pays"] == "9"


def test_list_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """/liste/Pays lists nine territories by name, each with its link."""
    page = read_page(client.get("/liste/Pays", headers={"Accept": "text/html"}).text)
    assert page.text_of("h1") == ["Pays", "9"]
    names = [text for path, text in page.texts if path.endswith("main/ul/li/a")]
    assert len(names) == 9 and names == sorted(names, key=str.casefold)
    assert "Pays de Langres" in names
    assert {f"/liste/Pays.{name}" for name in (*RDF, "csv")} <= set(page.links)


def test_subclasses_count(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The list of a class holds the members of its subclasses too."""
    names = set(read_page(client.get("/liste/Pays").text).text_of("li"))
    assert names < set(read_page(client.get("/liste/ProjectTerritory").text).text_of("li"))


def test_csv(client: FlaskClient) -> None:
    """The CSV has a header, CRLF, and a row for each member."""
    response = client.get("/liste/Pays.csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Location"] == "/liste/Pays.csv"
    header, *read = csv.reader(io.StringIO(response.text, newline=""))
    assert header == ["name", "iri"]
    assert response.data.count(b"\r\n") == len(read) + 1 == 10
    assert ["Pays de Langres", f"{CANONICAL_BASE}id/territoire/pays-de-langres"] in read
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
        assert client.get(f"/liste/{name}.csv").text == "name,iri\r\n"
    assert client.get("/liste/inhabitants").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "Atlantis",
        "Atlantis.csv",
        "Pays.xlsx",
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
