"""The shapes at /shapes: every rule has an anchor, RDF is whole."""

import re
from pathlib import Path

import pytest
import rdflib
from flask import Flask
from rdflib.namespace import SH


@pytest.fixture(scope="module")
def sources(root: Path) -> rdflib.Graph:
    """All shape files."""
    graph = rdflib.Graph()
    for path in sorted((root / "shapes").rglob("*.ttl")):
        graph.parse(path, format="turtle")
    return graph


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page(app: Flask, sources: rdflib.Graph, language: str) -> None:
    """Every named shape that the sources hold has one anchor, with a message in the reader's language."""
    page = app.test_client().get("/shapes", headers={"Accept": "text/html", "Accept-Language": language}).text
    anchors = re.findall(r'<li id="([^"]+)"', page)
    named = {str(shape).rpartition("#")[2] for shape in sources.subjects(SH.message) if isinstance(shape, rdflib.URIRef)}
    assert len(anchors) == len(set(anchors)) and named <= set(anchors) and len(named) > 100


def test_rdf(app: Flask, sources: rdflib.Graph) -> None:
    """The Turtle at /shapes.ttl says what the source files say."""
    served = rdflib.Graph().parse(data=app.test_client().get("/shapes.ttl").data, format="turtle")
    assert len(served) == len(sources)
    assert {str(s) for s in served.subjects() if isinstance(s, rdflib.URIRef)} == {
        str(s) for s in sources.subjects() if isinstance(s, rdflib.URIRef)
    }
