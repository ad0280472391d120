"""One thing of every class, as a client of linked data meets it: in Turtle, in JSON-LD and as a page, with the same triples."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode

from territoires.vocabulary import CANONICAL_BASE

RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
SPACES = tuple(f"{CANONICAL_BASE}{space}/" for space in ("id", "scheme", "source", "graph"))


@pytest.fixture(scope="module")
def sample(app: Flask) -> dict[str, str]:
    """The first thing of each class, by the class."""
    text = f"""SELECT ?class (MIN(STR(?thing)) AS ?first) {{ ?thing a ?class
      FILTER(isIRI(?thing) && ({" || ".join(f"STRSTARTS(STR(?thing), '{space}')" for space in SPACES)})) }} GROUP BY ?class"""
    return {row["class"].value: row["first"].value for row in app.extensions["territoires"].store.query(text)}


def follow(client: FlaskClient, iri: str, accept: str) -> Any:
    """The document that a thing leads to."""
    redirect = client.get(quote(iri.removeprefix(CANONICAL_BASE.rstrip("/"))), headers={"Accept": accept})
    if redirect.status_code == 410:  # a commune that is no more
        assert "isReplacedBy" in redirect.text or accept == "text/html", iri
        return redirect
    assert redirect.status_code == 303, iri
    response = client.get(redirect.headers["Location"], headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, accept), iri
    return response


def test_a_thing_of_every_class(
    client: FlaskClient, sample: dict[str, str], canonical: Callable[..., Any], read_page: Callable[[str], Any]
) -> None:
    """Turtle and JSON-LD hold the same triples, the class among them; the page leads to both."""
    assert len(sample) > 100
    for kind, iri in sorted(sample.items()):
        turtle = follow(client, iri, "text/turtle")
        linked = follow(client, iri, "application/ld+json")
        said = canonical(turtle.data, "ttl")
        assert said == canonical(linked.data, "jsonld"), iri
        assert any((q.subject, q.predicate, q.object) == (NamedNode(iri), RDF_TYPE, NamedNode(kind)) for q in said), (kind, iri)
        page = read_page(follow(client, iri, "text/html").text)
        alternates = {link["type"] for link in page.all("link") if link.get("rel") == "alternate" and "type" in link}
        assert {"text/turtle", "application/ld+json"} <= alternates, iri
