"""The ontology at /def over HTTP: a page with an anchor for each term, RDF whole and by module (B15)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient

from territoires.formats import DOCUMENT
from territoires.vocabulary import CANONICAL_BASE

RDF = tuple(form.name for form in DOCUMENT[1:])
TDP = f"{CANONICAL_BASE}def#"
FILES = sorted(path.stem for path in (Path(__file__).parents[2] / "ontology").glob("*.ttl"))
MODULES = tuple(name for name in FILES if name not in ("tdp", "external-stubs", "axioms-dl"))
"""The modules that define own terms: tdp imports them, the others say more of terms that stand elsewhere."""


@pytest.fixture(scope="module")
def own_terms(app: Flask) -> set[str]:
    """The local names of the own classes and properties, as the graph has them."""
    text = f"""PREFIX owl: <http://www.w3.org/2002/07/owl#> SELECT DISTINCT ?term {{
      VALUES ?kind {{ owl:Class owl:ObjectProperty owl:DatatypeProperty }} ?term a ?kind FILTER(STRSTARTS(STR(?term), "{TDP}")) }}"""
    return {row["term"].value.removeprefix(TDP) for row in app.extensions["territoires"].store.query(text)}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_anchors(client: FlaskClient, own_terms: set[str], read_page: Callable[[str], Any], language: str) -> None:
    """B15: every own term has an anchor of its name, and a definition in the reader's language."""
    response = client.get("/def", headers={"Accept": "text/html", "Accept-Language": language})
    assert (response.status_code, response.mimetype) == (200, "text/html")
    page = read_page(response.text)
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert len(own_terms) > 150
    assert own_terms <= set(identifiers)
    sections = [attributes["id"] for attributes in page.all("section") if attributes.get("class") == "term"]
    assert set(sections) == own_terms
    definitions = [text for path, text in page.texts if path.endswith("section/section/p")]
    assert len(definitions) >= len(own_terms)
    assert len(response.data) <= 100_000
    whole = {urlsplit(link) for link in page.links if link.startswith("/def/") and "#" in link}
    assert {link.fragment for link in whole} == own_terms, "each term leads to all that is told of it"
    for module in {link.path for link in whole}:
        there = read_page(client.get(module, headers={"Accept": "text/html"}).text)
        assert {link.fragment for link in whole if link.path == module} <= {attributes.get("id") for _, attributes in there.elements}
    missing = {link[1:] for link in page.links if link.startswith("#")} - set(identifiers)
    assert not missing


@pytest.mark.parametrize("module", ["", *(name for name in FILES if name != "tdp")])
def test_formats_agree(client: FlaskClient, read_graph: Callable[..., rdflib.Graph], canonical: Callable[..., Any], module: str) -> None:
    """The RDF documents on the ontology, and on each module, hold the same graph in every format."""
    path = f"/def/{module}" if module else "/def"
    graphs = {}
    for form in DOCUMENT[1:]:
        by_suffix = client.get(f"{path}.{form.name}")
        negotiated = client.get(path, headers={"Accept": form.media_type})
        assert (
            (by_suffix.status_code, by_suffix.content_type) == (negotiated.status_code, negotiated.content_type) == (200, form.content_type)
        )
        assert negotiated.headers["Content-Location"] == f"{path}.{form.name}"
        assert by_suffix.data == negotiated.data
        graphs[form.name] = canonical(by_suffix.data, form.name)
        first = read_graph(by_suffix.data, form.name)
        assert (rdflib.URIRef(CANONICAL_BASE + path[1:]), rdflib.RDF.type, rdflib.OWL.Ontology) in first
    assert len(graphs["ttl"]) > 10
    for name, graph in graphs.items():
        assert graph == graphs["ttl"], name


def test_modules_make_the_whole(client: FlaskClient, own_terms: set[str], read_graph: Callable[..., rdflib.Graph]) -> None:
    """Every own term is in the whole document and in exactly one module."""
    kinds = (rdflib.OWL.Class, rdflib.OWL.ObjectProperty, rdflib.OWL.DatatypeProperty)

    def terms(path: str) -> set[str]:
        graph = read_graph(client.get(path).data, "ttl")
        found = {str(term) for kind in kinds for term in graph.subjects(rdflib.RDF.type, kind)}
        return {term.removeprefix(TDP) for term in found if term.startswith(TDP)}

    assert terms("/def.ttl") == own_terms
    by_module = [terms(f"/def/{module}.ttl") for module in MODULES]
    assert all(by_module)
    assert set().union(*by_module) == own_terms
    assert sum(map(len, by_module)) == len(own_terms)


@pytest.mark.parametrize("module", [name for name in FILES if name != "tdp"])
def test_module_page(client: FlaskClient, read_page: Callable[[str], Any], module: str) -> None:
    """A module has a page of its own terms, which leads back to all of them and to its Turtle."""
    response = client.get(f"/def/{module}", headers={"Accept": "text/html"})
    assert response.status_code == 200
    page = read_page(response.text)
    assert len(page.text_of("h1")) == 1 and not page.text_of("h1")[0].startswith(("def/", "http"))
    assert {"/def", f"/def/{module}.ttl"} <= set(page.links)
    assert bool([attributes for attributes in page.all("section") if attributes.get("class") == "term"]) == (module in MODULES)


@pytest.mark.parametrize(
    "path", ["/def/atlantis", "/def/atlantis.ttl", "/def/territory.xlsx", "/def.xlsx", "/def/territory/more", "/def/Territory"]
)
def test_unknown_module(client: FlaskClient, path: str) -> None:
    """A module that there isn't is 404."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "accept", "status"), [("/def", "image/png", 406), ("/def?format=bogus", None, 406), ("/def/core?format=ttl", "text/html", 200)]
)
def test_negotiation(client: FlaskClient, path: str, accept: str | None, status: int) -> None:
    """B6, B7: the ontology negotiates as a resource does."""
    assert client.get(path, headers={"Accept": accept} if accept else {}).status_code == status


def test_terms_are_linked_to_their_lists(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The list that a class leads to is there, even when it has no member yet."""
    pages = [read_page(client.get(f"/def/{module}", headers={"Accept": "text/html"}).text) for module in MODULES]
    lists = {link for page in pages for link in page.links if link.startswith("/liste/")}
    assert len(lists) > 30
    for link in lists:
        assert client.get(link).status_code == 200, link
