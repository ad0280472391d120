"""The releases that are kept: their pages, their files for good, and the feeds (RFC 4287, JSON Feed 1.1)."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from territoires.knowledge.exporting import write_dumps
from territoires.settings import Settings
from territoires.store.current import CurrentStore
from territoires.store.embedded import open_on_disk, write_store
from territoires.store.releases import last_release, publish_store
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web.app import create_app

REVISIONS = ("20260101T080000-aaaaaaaa", "20260102T090000-bbbbbbbb", "20260103T100000-cccccccc")
ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LABEL = NamedNode(iri("skos:prefLabel"))


def said(name: str, graph: str = "data/source/x") -> Quad:
    """A name of something."""
    return Quad(
        NamedNode(f"{CANONICAL_BASE}id/chose/{name}"), LABEL, Literal(name, language="fr"), NamedNode(f"{CANONICAL_BASE}graph/{graph}")
    )


@pytest.fixture(scope="module")
def kept(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of a server that keeps three releases; the newest is served. A person left with the last."""
    folder = tmp_path_factory.mktemp("kept")
    contents = [
        [said("a"), said("anne", "data/persons/persons")],
        [said("a"), said("b"), said("c"), said("anne", "data/persons/persons")],
        [said("a"), said("d"), said("c")],
    ]
    for number, (revision, quads) in enumerate(zip(REVISIONS, contents, strict=True), 1):
        previous = last_release(folder)

        def write(
            store: Path, quads: list[Quad] = quads, revision: str = revision, day: int = number, previous: Any = previous
        ) -> dict[str, int]:
            write_store(store, quads)
            write_dumps(store.parent, revision, CANONICAL_BASE, root, datetime(2026, 1, day, tzinfo=UTC), previous, open_on_disk(store))
            return {"quads": len(quads)}

        publish_store(folder, revision, CANONICAL_BASE, write)
    (folder / "notes").mkdir()  # what somebody else left there
    store = CurrentStore(folder)
    yield create_app(Settings(home=root, releases=folder), store).test_client(use_cookies=False)
    store.close()


def test_list(kept: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The newest first, with what each changed; as a page in both languages and as JSON."""
    found = kept.get("/versions?format=json").json["versions"]
    assert [each["revision"] for each in found] == list(reversed(REVISIONS))
    assert [(each.get("added"), each.get("removed")) for each in found] == [(1, 1), (2, 0), (None, None)]
    assert found[0]["built"] == "2026-01-03T10:00:00Z" and found[0]["previous"] == REVISIONS[1]
    for language in ("fr", "en"):
        page = read_page(kept.get(f"/versions?lang={language}", headers={"Accept": "text/html"}).text)
        assert [link for link in page.links if link.startswith("/versions/")] == [f"/versions/{each}" for each in reversed(REVISIONS)]
    assert kept.get("/versions", headers={"Accept": "image/png"}).status_code == 406


def test_one_release(kept: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Its page names the graphs and things that changed, and leads to its files."""
    found = kept.get(f"/versions/{REVISIONS[2]}?format=json").json
    assert found["graphs"] == [{"graph": f"{CANONICAL_BASE}graph/data/source/x", "added": 1, "removed": 1}]
    assert found["entities"] == len(found["touched"]) == 2
    response = kept.get(f"/versions/{REVISIONS[2]}", headers={"Accept": "text/html"})
    page = read_page(response.text)
    assert f"/dumps/{REVISIONS[2]}/changes.rdfp.gz" in page.links and f"/versions/{REVISIONS[1]}" in page.links
    assert f"/dumps/{REVISIONS[2]}/territoires.nq.gz" in page.links
    for name in ("20200101T000000-00000000", "current", "notes", "..", "x"):
        assert kept.get(f"/versions/{name}").status_code in (404, 308), name


def test_files_for_good(kept: FlaskClient) -> None:
    """A file of each release is at its own address; what is about persons only while its release is served."""
    bodies = []
    for revision in REVISIONS:
        with kept.get(f"/dumps/{revision}/territoires.nq.gz") as response:
            assert response.status_code == 200
            bodies.append(response.data)
    assert len(set(bodies)) == 3
    with kept.get("/dumps/territoires.nq.gz") as response:
        assert response.data == bodies[2]
    assert kept.get(f"/dumps/{REVISIONS[0]}/persons.nq.gz").status_code == 404
    assert kept.get("/dumps/persons.nq.gz").status_code == 404


def test_atom(kept: FlaskClient) -> None:
    """The feed has what RFC 4287 §4.1 demands: ids, titles, times, an author, a link to itself; an enclosure for each patch."""
    response = kept.get("/feed.atom?lang=fr")
    assert response.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(response.data)
    assert feed.tag == f"{ATOM}feed" and feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    for each in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (found,) = each.findall(f"{ATOM}{name}")
            assert found.text
        assert RFC3339.fullmatch(each.findtext(f"{ATOM}updated", ""))
        links = each.findall(f"{ATOM}link")
        assert all(link.get("href", "").startswith("http://localhost/") for link in links)
        assert len([link for link in links if link.get("rel") == "alternate"]) == 1
        assert len({(link.get("rel"), link.get("type")) for link in links}) == len(links)
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"] == ["http://localhost/feed.atom"]
    entries = feed.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}id") for each in entries] == [f"{CANONICAL_BASE}versions/{revision}" for revision in reversed(REVISIONS)]
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated") == "2026-01-03T10:00:00Z"
    assert all(each.findtext(f"{ATOM}summary") for each in entries)
    enclosures = [link for each in entries for link in each.findall(f"{ATOM}link") if link.get("rel") == "enclosure"]
    assert len(enclosures) == 2
    for link in enclosures:
        with kept.get(link.get("href", "").removeprefix("http://localhost")) as patch:
            assert patch.status_code == 200 and (patch.mimetype, str(len(patch.data))) == (link.get("type"), link.get("length"))


def test_json_feed(kept: FlaskClient) -> None:
    """The same as JSON Feed 1.1, with the members that it demands."""
    response = kept.get("/feed.json?lang=en")
    assert response.mimetype == "application/feed+json"
    feed = response.json
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"] and feed["language"] == "en"
    assert feed["feed_url"] == "http://localhost/feed.json" and feed["authors"][0]["name"] == "Territoires"
    assert [item["id"] for item in feed["items"]] == [f"{CANONICAL_BASE}versions/{revision}" for revision in reversed(REVISIONS)]
    for item in feed["items"]:
        assert item["url"] and item["content_text"] and RFC3339.fullmatch(item["date_published"])
    assert "2 statements came, 0 went, in 1 graphs" in feed["items"][1]["content_text"]
    assert [len(item.get("attachments", ())) for item in feed["items"]] == [1, 1, 0]


def test_catalogue_names_the_release_before(kept: FlaskClient, read_graph: Callable[..., Any]) -> None:
    """The whole data set leads to the version before it."""
    graph = read_graph(kept.get("/catalog.ttl").data, "ttl")
    found = [str(value) for value in graph.objects(None, None) if "versions/" in str(value)]
    assert f"http://localhost/versions/{REVISIONS[1]}#jeu" in found


def test_nothing_kept(hard: FlaskClient) -> None:
    """A release without files and without a time in its name is a release all the same; the catalogue and its page answer."""
    assert hard.get("/versions?format=json").json["versions"][0]["revision"] == "test"
    assert ElementTree.fromstring(hard.get("/feed.atom").data).tag == f"{ATOM}feed"
    for path in ("/catalog", "/catalog.ttl", "/versions", "/versions/test", "/void", "/feed.json"):
        assert hard.get(path).status_code == 200, path
