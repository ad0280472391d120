"""Typed links for programs: in headers, in pages and as link sets, all the same (FAIR Signposting level 2, RFC 8288, RFC 9264)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from territoires.vocabulary import CANONICAL_BASE

ENTRY = re.compile(r'<(?P<href>[^>]*)>(?P<rest>(?:;\s*\w+="[^"]*")*)(?:,\s*|$)')
NAMES = ("territoire/pays-de-langres", "jeu/territoires", "region/grand-est")
Links = set[tuple[str, str, str]]


def entries(text: str) -> list[tuple[str, dict[str, str]]]:
    """A Link header or a document in application/linkset: targets with their attributes; all of the text must be read."""
    found = list(ENTRY.finditer(text.strip()))
    assert "".join(match[0] for match in found) == text.strip()
    return [(match["href"], dict(re.findall(r'(\w+)="([^"]*)"', match["rest"]))) for match in found]


def typed(found: list[tuple[str, dict[str, str]]]) -> Links:
    """Relation, target and media type of each link."""
    return {(said["rel"], href.removeprefix("http://localhost"), said.get("type", "")) for href, said in found}


@pytest.mark.parametrize("name", NAMES)
def test_landing_page(client: FlaskClient, read_page: Callable[[str], Any], name: str) -> None:
    """What to cite, what it is, where it is described, licence, author, collection or items, link sets; and each leads somewhere."""
    response = client.get(f"/doc/{name}.html")
    links = typed(entries(response.headers["Link"]))
    by: dict[str, list[tuple[str, str]]] = {}
    for rel, href, kind in links:
        by.setdefault(rel, []).append((href, kind))
    assert by["cite-as"] == [(f"{CANONICAL_BASE}id/{name}", "")]
    assert ("https://schema.org/AboutPage", "") in by["type"] and len(by["type"]) == 2
    assert {kind for _, kind in by["describedby"]} == {"text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"}
    assert {kind for _, kind in by["linkset"]} == {"application/linkset", "application/linkset+json"}
    assert len(by["license"]) == len(by["author"]) == 1
    assert ("item" in by) == (name == "jeu/territoires") != ("collection" in by)
    for rel in ("describedby", "linkset", "collection", "item"):
        for href, kind in by.get(rel, ()):
            with client.get(href) as answer:
                assert (answer.status_code, answer.mimetype) == (200, kind), href
    page = read_page(response.text)
    signs = {
        (link["rel"], link["href"], link.get("type", "")) for link in page.all("link") if link["rel"] in by and link["rel"] != "alternate"
    }
    assert signs == {link for link in links if link[0] not in ("alternate", "describes")}


def test_metadata_describes_its_page(client: FlaskClient) -> None:
    """A document in RDF leads back to the page."""
    for suffix in ("ttl", "nt", "rdf", "jsonld"):
        links = typed(entries(client.get(f"/doc/{NAMES[0]}.{suffix}").headers["Link"]))
        assert ("describes", f"/doc/{NAMES[0]}.html", "text/html") in links


@pytest.mark.parametrize("name", NAMES)
def test_link_sets(client: FlaskClient, name: str) -> None:
    """Both forms of the link set hold the links of every form of the document, with absolute addresses."""
    answer = client.get(f"/linkset/{name}.json")
    assert answer.mimetype == "application/linkset+json"
    told: dict[str, Links] = {}
    for context in answer.json["linkset"]:
        anchor = context.pop("anchor")
        assert anchor.startswith("http://localhost/doc/")
        told[anchor] = {
            (rel, target["href"].removeprefix("http://localhost"), target.get("type", ""))
            for rel, targets in context.items()
            for target in targets
        }
        assert all(target["href"].startswith("http") for targets in context.values() for target in targets)
    plain = client.get(f"/linkset/{name}.txt")
    assert plain.mimetype == "application/linkset"
    listed: dict[str, Links] = {}
    for href, said in entries(plain.text):
        listed.setdefault(said["anchor"], set()).update(typed([(href, said)]))
    assert listed == told and len(told) == 5
    for anchor, links in told.items():
        header = typed(entries(client.get(anchor.removeprefix("http://localhost")).headers["Link"]))
        assert links <= header and {link for link in header - links if link[0] not in ("alternate", "describes")} == set(), anchor


def test_link_set_is_negotiated(client: FlaskClient) -> None:
    """Without a suffix the Accept header chooses."""
    for kind in ("application/linkset", "application/linkset+json"):
        assert client.get(f"/linkset/{NAMES[0]}", headers={"Accept": kind}).mimetype == kind
    assert client.get("/linkset/nulle/part.json").status_code == 404


def test_persons_have_none(client: FlaskClient, app: Any) -> None:
    """The page of a person says nothing of itself to programs."""
    (row, *_) = app.extensions["territoires"].store.query("SELECT ?p { ?p a <http://xmlns.com/foaf/0.1/Person> } ORDER BY ?p LIMIT 1")
    name = row["p"].value.removeprefix(f"{CANONICAL_BASE}id/")
    assert "linkset" not in client.get(f"/doc/{name}.html").headers["Link"]
    assert client.get(f"/linkset/{name}.json").status_code == 404


def test_catalogue(client: FlaskClient) -> None:
    """The catalogue leads to its forms and to the files of the whole."""
    links = typed(entries(client.get("/catalog", headers={"Accept": "text/html"}).headers["Link"]))
    assert {href for rel, href, _ in links if rel == "item"} == {f"/dumps/territoires.{suffix}.gz" for suffix in ("nq", "ttl", "jsonld")}
    assert len([rel for rel, _, _ in links if rel == "describedby"]) == 4
    assert typed(entries(client.get("/catalog.ttl").headers["Link"])) == {("describes", "/catalog.html", "text/html")}
