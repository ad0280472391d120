"""/.well-known/void over HTTP: what the dataset is, and that its counts are those of the graph (VoID §7.2)."""

from collections.abc import Callable
from typing import Any

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from rdflib import VOID

from territoires.formats import DOCUMENT
from territoires.vocabulary import CANONICAL_BASE

DATASET = rdflib.URIRef(f"{CANONICAL_BASE}id/jeu/territoires")
OWN = f"FILTER(isIRI(?s) && STRSTARTS(STR(?s), '{CANONICAL_BASE}'))"
SOURCES = "GRAPH ?g { ?s ?p ?o } FILTER(?g != <" + CANONICAL_BASE + "graph/statistics>)"  # counted before the counts were written


@pytest.fixture(scope="module")
def void(app: Flask, read_graph: Callable[..., rdflib.Graph]) -> rdflib.Graph:
    """The VoID description."""
    return read_graph(app.test_client().get("/.well-known/void").data, "ttl")


@pytest.mark.parametrize(
    ("property_", "text"),
    [
        ("triples", f"SELECT (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s ?p ?o {{ {SOURCES} }} }} }}"),
        ("distinctSubjects", f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {SOURCES} }}"),
        ("distinctObjects", f"SELECT (COUNT(DISTINCT ?o) AS ?n) {{ {SOURCES} }}"),
        ("properties", f"SELECT (COUNT(DISTINCT ?p) AS ?n) {{ {SOURCES} }}"),
        ("entities", f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {SOURCES} {OWN} }}"),
        ("classes", "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c FILTER(isIRI(?c)) }"),
    ],
)
def test_counts(app: Flask, void: rdflib.Graph, property_: str, text: str) -> None:
    """Each count is what a SPARQL query counts."""
    (row,) = app.extensions["territoires"].store.query(text)
    assert str(void.value(DATASET, VOID[property_])) == row["n"].value


def test_partitions(app: Flask, void: rdflib.Graph) -> None:
    """The class and property partitions count what SPARQL counts."""
    store = app.extensions["territoires"].store
    classes = {
        str(void.value(part, VOID["class"])): str(void.value(part, VOID.entities)) for part in void.objects(DATASET, VOID.classPartition)
    }
    counted = store.query("SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c")
    assert classes == {row["c"].value: row["n"].value for row in counted}
    uses = {
        str(void.value(part, VOID.property)): str(void.value(part, VOID.triples)) for part in void.objects(DATASET, VOID.propertyPartition)
    }
    counted = store.query(f"SELECT ?p (COUNT(*) AS ?n) {{ {{ SELECT DISTINCT ?s ?p ?o {{ {SOURCES} }} }} }} GROUP BY ?p")
    assert uses == {row["p"].value: row["n"].value for row in counted}


def test_description(client: FlaskClient, void: rdflib.Graph) -> None:
    """The dataset has a title, licence, space of addresses and examples that open, and an endpoint that answers."""
    assert (DATASET, rdflib.RDF.type, VOID.Dataset) in void
    assert {title.language for title in void.objects(DATASET, rdflib.DCTERMS.title)} >= {"fr", "en"}  # type: ignore[attr-defined]
    assert void.value(DATASET, rdflib.DCTERMS.license)
    assert str(void.value(DATASET, VOID.uriSpace)) == CANONICAL_BASE
    examples = list(void.objects(DATASET, VOID.exampleResource))
    assert examples
    for example in examples:
        assert client.get("/" + str(example).removeprefix(CANONICAL_BASE)).status_code == 303
    endpoint = str(void.value(DATASET, VOID.sparqlEndpoint))
    assert endpoint == "http://localhost/sparql"
    assert client.get(f"{endpoint}?query=ASK%7B%7D").json == {"head": {}, "boolean": True}


def test_formats(client: FlaskClient, read_graph: Callable[..., rdflib.Graph], canonical: Callable[..., Any], void: rdflib.Graph) -> None:
    """The description is the same in every RDF format, by Accept and by ?format=."""
    for form in DOCUMENT[1:]:
        negotiated = client.get("/.well-known/void", headers={"Accept": form.media_type})
        asked = client.get(f"/.well-known/void?format={form.name}", headers={"Accept": "text/html"})
        assert negotiated.content_type == asked.content_type == form.content_type
        assert len(read_graph(negotiated.data, form.name)) == len(void)
        found = [canonical(data, form.name) for data in (negotiated.data, asked.data)]
        assert found[0] == found[1] == canonical(client.get("/.well-known/void").data, "ttl")


def test_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """B10: a browser is sent to the page of the dataset, in one step."""
    response = client.get("/.well-known/void", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (response.status_code, response.headers["Location"]) == (303, "/doc/jeu/territoires.html")
    assert "max-age" in response.headers["Cache-Control"] and "Accept" in response.headers["Vary"]
    assert len(read_page(client.get(response.headers["Location"]).text).text_of("h1")) == 1


@pytest.mark.parametrize(("path", "accept"), [("/.well-known/void", "image/png"), ("/.well-known/void?format=bogus", None)])
def test_not_acceptable(client: FlaskClient, path: str, accept: str | None) -> None:
    """B6: another format is 406."""
    assert client.get(path, headers={"Accept": accept} if accept else {}).status_code == 406
