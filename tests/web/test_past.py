"""Past revisions: ?revision= on what describes a resource, the history and differences across releases."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from territoires.knowledge import composing
from territoires.knowledge.changes import SPOKEN, read_changes, stands_in
from territoires.knowledge.exporting import write_dumps
from territoires.settings import Settings
from territoires.store.current import CurrentStore
from territoires.store.embedded import open_on_disk, write_store
from territoires.store.pool import Pool
from territoires.store.releases import base_release, last_release, publish_store, switch
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web import history
from territoires.web.app import create_app
from territoires.web.fairness import Budgets
from territoires.web.service import KEY
from territoires.writing import journal as journals
from territoires.writing import past as pasts
from territoires.writing.commits import Change, change_of, read_patch
from territoires.writing.journal import Journal
from territoires.writing.live import LiveStore
from territoires.writing.past import KEPT
from territoires.writing.process import JOURNAL
from territoires.writing.revisions import Revisions

ONE, TWO = "20260101T080000-aaaaaaaa", "20260103T080000-c1234567"
"""The hash of the second one looks like the number of a commit."""
MOMENTS = [datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 2, 4)]
CONTRIBUTED = NamedNode(f"{CANONICAL_BASE}graph/contributions/essai")
A, B, ANNE = (NamedNode(f"{CANONICAL_BASE}id/{name}") for name in ("chose/a", "chose/b", "personne/anne"))
LABEL, NOTE, RELATED, TYPE = (NamedNode(iri(name)) for name in ("skos:prefLabel", "skos:note", "skos:related", "rdf:type"))
ATOM = "{http://www.w3.org/2005/Atom}"


def said(thing: NamedNode, what: NamedNode, value: Any, graph: str = "data/source/x") -> Quad:
    """A statement of a source."""
    return Quad(thing, what, value if isinstance(value, NamedNode) else Literal(value), NamedNode(f"{CANONICAL_BASE}graph/{graph}"))


def noted(text: str, thing: NamedNode = A) -> Quad:
    """A contributed note."""
    return Quad(thing, NOTE, Literal(text), CONTRIBUTED)


PERSON = [said(ANNE, TYPE, NamedNode(iri("foaf:Person")), "data/persons/persons"), said(ANNE, LABEL, "Anne", "data/persons/persons")]
FIRST = [said(A, LABEL, "A"), said(B, LABEL, "B"), *PERSON]
CHANGES = (
    Change((), (noted("un"),)),
    Change((noted("un"),), (noted("deux"),)),
    Change((), (Quad(B, RELATED, A, CONTRIBUTED), noted("trois", B))),
)
SECOND = [said(A, LABEL, "A nouveau"), said(B, LABEL, "B"), noted("deux"), said(NamedNode(f"{CANONICAL_BASE}id/chose/c"), LABEL, "C")]
STATES = {
    ONE: set(FIRST),
    f"{ONE}-c1": {*FIRST, noted("un")},
    f"{ONE}-c2": {*FIRST, noted("deux")},
    TWO: set(SECOND),
    f"{TWO}-c3": {*SECOND, *CHANGES[2].added},
}
"""What readers saw, by revision, the oldest first."""
BY_NUMBER = {"0": ONE, "1": f"{ONE}-c1", "2": f"{ONE}-c2", "3": f"{TWO}-c3"}


@dataclass
class World:
    """Two releases with commits, the last of which is served."""

    app: Flask
    settings: Settings
    store: CurrentStore
    journal: Journal

    @property
    def client(self) -> FlaskClient:
        """A client."""
        return self.app.test_client(use_cookies=False)

    def notes(self, revision: str | None, thing: NamedNode = A) -> set[tuple[NamedNode, str]]:
        """What the document says of a thing at a revision: labels, notes, relations."""
        query = {"revision": revision} if revision else {}
        response = self.client.get(f"/doc/{thing.value.partition('/id/')[2]}.nt", query_string=query)
        assert response.status_code == 200, response.text
        found = parse(response.data, RdfFormat.N_TRIPLES)
        return {(q.predicate, q.object.value) for q in found if q.subject == thing and q.predicate in (LABEL, NOTE, RELATED)}  # type: ignore[union-attr]


def release(folder: Path, revision: str, quads: list[Quad], root: Path, journal: int = 0) -> None:
    """Publishes a release with its files."""
    previous = last_release(folder)

    def write(store: Path) -> dict[str, int | str]:
        write_store(store, quads)
        write_dumps(store.parent, revision, CANONICAL_BASE, root, datetime(2026, 1, 1, tzinfo=UTC), previous, open_on_disk(store))
        return {"quads": len(quads), "journal": journal}

    publish_store(folder, revision, CANONICAL_BASE, write)


def commit(folder: Path, journal: Journal, change: Change, work: Path) -> None:
    """What the process that writes does with a change."""
    journal.append("Berta", f"raison {journal.last + 1}", base_release(folder).revision, change)
    live = LiveStore(work / str(journal.last), base_release(folder))
    live.replay(journal.commits(live.number))
    assert Revisions(folder).publish(live)
    live.close()


@pytest.fixture(scope="module")
def world(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Release, two commits, release, commit."""
    folder, place = tmp_path_factory.mktemp("past"), tmp_path_factory.mktemp("contributions")
    journal, moments = Journal(place / JOURNAL), iter(MOMENTS)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return next(moments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journals, "datetime", Clock)
        release(folder, ONE, FIRST, root)
        for change in CHANGES[:2]:
            commit(folder, journal, change, place / "work")
        release(folder, TWO, SECOND, root, journal=2)
        commit(folder, journal, CHANGES[2], place / "work")
    (folder / ".past-left").mkdir()  # of a process that was killed
    store = CurrentStore(folder)
    settings = Settings(home=root, releases=folder, contributions=place, client_seconds=0)
    app = create_app(settings, store)
    yield World(app, settings, store, journal)
    app.extensions[KEY].past.close()
    store.close()
    gc.collect()
    assert not list(folder.glob(".past-*"))


def of(quads: set[Quad], thing: NamedNode) -> set[tuple[NamedNode, str]]:
    """What a state says of a thing."""
    return {(q.predicate, q.object.value) for q in quads if q.subject == thing and q.predicate in (LABEL, NOTE, RELATED)}  # type: ignore[union-attr]


# The state of then


@pytest.mark.parametrize("asked", [*STATES, *BY_NUMBER])
def test_state(world: World, asked: str) -> None:
    """Each revision says what it said, by its name and by the number of its commit, more of them than are served at once."""
    quads = STATES[BY_NUMBER.get(asked, asked)]
    for thing in (A, B):
        assert world.notes(asked, thing) == of(quads, thing)
    assert len(world.app.extensions[KEY].past._served) <= KEPT


def test_not_mixed(world: World) -> None:
    """Today's pages and past ones don't take anything from one another, whichever is asked first."""
    for revision in (None, ONE, None, f"{ONE}-c1", ONE, f"{TWO}-c3", None):
        page = world.client.get("/doc/chose/a.html", query_string={"revision": revision} if revision else {})
        old = revision is not None and revision.startswith(ONE)
        assert ("<h1>A nouveau</h1>" in page.text) is not old and ("<h1>A</h1>" in page.text) is old
        assert ("<p>un" in page.text or ">un<" in page.text) is (revision == f"{ONE}-c1")
    tags = [
        world.client.get("/doc/chose/a.ttl", query_string={"revision": r} if r else {}).headers["ETag"] for r in (None, f"{TWO}-c3", ONE)
    ]
    assert len(set(tags)) == 3


def test_formats(world: World) -> None:
    """Redirects, negotiation and the addresses of the other formats keep the revision; the RDF says what it is a version of."""
    client, query = world.client, f"?revision={ONE}-c1"
    sent = client.get(f"/id/chose/a{query}", headers={"Accept": "text/turtle"})
    assert (sent.status_code, sent.headers["Location"]) == (303, f"/doc/chose/a.ttl{query}")
    got = client.get(f"/doc/chose/a{query}", headers={"Accept": "application/ld+json"})
    assert (got.mimetype, got.headers["Content-Location"]) == ("application/ld+json", f"/doc/chose/a.jsonld{query}")
    assert f'</doc/chose/a.ttl{query}>; rel="alternate"' in got.headers["Link"]
    document = f"{CANONICAL_BASE}doc/chose/a"
    told = client.get(f"/doc/chose/a.nt{query}").text
    assert f"<{document}{query}> <{iri('dct:isVersionOf')}> <{document}> ." in told
    assert f'<{document}{query}> <{iri("owl:versionInfo")}> "{ONE}-c1" .' in told
    assert "isVersionOf" not in client.get("/doc/chose/a.nt").text


def test_headers(world: World) -> None:
    """Of which moment it is, where that of today is; it may be kept for good, and is for no search engine."""
    got = world.client.get(f"/doc/chose/a.ttl?revision={ONE}-c2&lang=en")
    assert got.headers["Memento-Datetime"] == "Fri, 02 Jan 2026 12:00:00 GMT"
    assert '<http://localhost/doc/chose/a.ttl?lang=en>; rel="original latest-version"' in got.headers["Link"]
    assert f"</history?resource={'%3A'.join(['https', ''])}" in got.headers["Link"] and 'rel="version-history"' in got.headers["Link"]
    assert (got.headers["Cache-Control"], got.headers["X-Robots-Tag"]) == ("public, max-age=31536000, immutable", "noindex")
    assert world.client.get(f"/doc/chose/a.ttl?revision={TWO}").headers["Memento-Datetime"] == "Sat, 03 Jan 2026 08:00:00 GMT"
    again = world.client.get(f"/doc/chose/a.ttl?revision={ONE}-c2&lang=en", headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, got.headers["Cache-Control"])
    today = world.client.get("/doc/chose/a.ttl")
    assert "Memento-Datetime" not in today.headers and "latest-version" not in today.headers["Link"]
    assert today.headers["Cache-Control"] == "public, no-cache"


def test_not_there(world: World) -> None:
    """What nobody has seen is 404, what is no name 400, a thing that wasn't there yet 404; a person has no past."""
    status = {
        name: world.client.get("/doc/chose/a.ttl", query_string={"revision": name}).status_code
        for name in (
            "",
            "x y",
            "é",
            "²",
            "x",
            "4",
            "999999999",
            f"{ONE}-c0",
            f"{ONE}-c3",
            f"{TWO}-c2",
            f"{TWO}-c4",
            f"{ONE}-c01",
            "current",
            "..",
        )
    }
    assert status == {**dict.fromkeys(status, 404), **dict.fromkeys(("", "x y", "é", "²", ".."), 400)}
    assert [world.client.get(f"/doc/chose/c.ttl?revision={each}").status_code for each in (f"{ONE}-c2", TWO)] == [404, 200]
    assert world.client.get(f"/doc/personne/anne.ttl?revision={ONE}").status_code == 404
    told = world.client.get("/id/chose/a?revision=x", headers={"Accept": "application/json"})
    assert told.status_code == 404 and "x" in told.json["detail"] and "Cache-Control" not in told.headers


@pytest.mark.parametrize(
    ("language", "banner", "link"), [("fr", "État après le commit 1", "Tel que"), ("en", "State after commit 1", "As it is today")]
)
def test_page(world: World, read_page: Callable[[str], Any], language: str, banner: str, link: str) -> None:
    """The page says which state it shows, leads to that of today and to the history; its data are of the same revision."""
    query = f"?revision={ONE}-c1"
    text = world.client.get(f"/doc/chose/a.html{query}&lang={language}").text
    page = read_page(text)
    assert banner in text and link in text and f"{ONE}-c1" in text and '<meta name="robots" content="noindex">' in text
    assert f"/doc/chose/a.html?lang={language}" in page.links and f"/doc/chose/a.ttl{query}" in page.links
    assert any(each.startswith("/history?resource=") for each in page.links)
    today = world.client.get(f"/doc/chose/a.html?lang={language}").text
    assert banner not in today and f'href="/doc/chose/a.html?revision={TWO}-c3"' in today
    assert f"{CANONICAL_BASE}id/chose/a?revision={TWO}-c3" in today, "the sentence to cite"
    assert f"{{{CANONICAL_BASE}id/chose/a{query}}}" in world.client.get(f"/doc/chose/a{query}&citation=bibtex").text


def test_gone(world: World, root: Path, tmp_path: Path) -> None:
    """A release that is no longer kept is 410, and so are the commits to it."""
    kept = tmp_path / "releases"
    kept.mkdir()
    for path in world.settings.releases.iterdir():
        if not path.name.startswith((ONE, ".")) and not path.is_symlink():
            (kept / path.name).symlink_to(path)
    switch(kept, TWO)
    store = CurrentStore(kept)
    app = create_app(Settings(home=root, releases=kept, contributions=world.settings.contributions), store)
    reader = create_app(Settings(home=root, releases=kept), store)
    try:
        asked = (ONE, f"{ONE}-c1", "0", "2")
        assert [app.test_client().get(f"/doc/chose/a.ttl?revision={each}").status_code for each in asked] == [410] * 4
        assert [reader.test_client().get(f"/doc/chose/a.ttl?revision={each}").status_code for each in asked] == [410, 404, 404, 404]
        assert reader.test_client().get(f"/doc/chose/a.ttl?revision={TWO}").status_code == 200
        entries = app.test_client().get("/history", query_string={"format": "json", "resource": A.value}).json["entries"]
        assert ["state" in each for each in entries] == [True, True, False, False]
        assert app.test_client().get(f"/history/diff?from={ONE}&to={TWO}").status_code == 410
    finally:
        for each in (app, reader):
            each.extensions[KEY].past.close()
        store.close()


def test_on_a_day(settings: Settings, store: Any) -> None:
    """A place as it was on a day, at a revision: both stay in its addresses."""
    app = create_app(replace(settings, client_seconds=0), store)
    query = f"date=2017-01-01&revision={store.revision}"
    for language in ("fr", "en"):
        got = app.test_client().get(f"/doc/territoire/pays-de-langres.html?{query}&lang={language}")
        assert got.status_code == 200 and f"/doc/territoire/pays-de-langres.ttl?{query}".replace("&", "&amp;") in got.text
        assert got.headers["Content-Location"] == f"/doc/territoire/pays-de-langres.html?{query}"
        assert f'<a href="/doc/territoire/pays-de-langres.html?date=2017-01-01&amp;lang={language}">' in got.text
        assert f'name="revision" value="{store.revision}"' in got.text
    app.extensions[KEY].past.close()


# The history of a thing


def test_history(world: World) -> None:
    """Commits and releases that speak of it, the newest first, each with its state, as JSON and as a feed."""
    found = world.client.get("/history", query_string={"format": "json", "resource": A.value}).json["entries"]
    assert [each["revision"] for each in found] == [f"{TWO}-c3", TWO, f"{ONE}-c2", f"{ONE}-c1"]
    assert [each["state"] for each in found] == [f"http://localhost/doc/chose/a?revision={each['revision']}" for each in found]
    feed = ElementTree.fromstring(world.client.get("/history", query_string={"format": "atom", "resource": A.value}).data)
    related = [link.get("href") for link in feed.iter(f"{ATOM}link") if link.get("rel") == "related"]
    assert related == [each["state"] for each in found]
    third = world.client.get("/history", query_string={"format": "json", "resource": f"{CANONICAL_BASE}id/chose/c"}).json["entries"]
    assert [each["revision"] for each in third] == [TWO]
    for each in found:
        assert world.client.get(each["state"]).status_code in (200, 303) and world.client.get(each["difference"]).status_code == 200


def test_history_without_contributions(world: World, root: Path) -> None:
    """A service that is only read has the history of its releases; pages lead to it, and cite no state that won't last."""
    app = create_app(Settings(home=root, releases=world.settings.releases), world.store)
    client = app.test_client()
    found = client.get("/history", query_string={"format": "json", "resource": A.value}).json["entries"]
    assert [each["revision"] for each in found] == [TWO]
    assert "/history?resource=" in client.get("/doc/chose/a.html").text
    assert "/history?resource=" not in client.get("/doc/chose/b.html").text
    assert world.notes(TWO) == of(STATES[TWO], A)
    assert "revision=" not in client.get("/doc/chose/a.html").text
    app.extensions[KEY].past.close()


def test_lookup(tmp_path: Path) -> None:
    """Each line of a sorted file is found, and nothing else."""
    lines = sorted({f"id/{number * number}" + "x" * (number % 7) for number in range(200)})
    path = tmp_path / SPOKEN
    path.write_text("".join(f"{line}\n" for line in lines))
    with path.open("rb") as file:
        assert all(stands_in(file, f"{line}\n".encode()) for line in lines)
        assert not any(
            stands_in(file, f"{line}\n".encode())
            for line in ("", "a", "z", "id", *(f"{line}y" for line in lines), *(line[:-1] for line in lines if line[:-1] not in lines))
        )


# What differs


@pytest.mark.parametrize("start", STATES)
@pytest.mark.parametrize("end", STATES)
def test_difference(world: World, start: str, end: str) -> None:
    """From any revision to any other, back too, and of one thing only: as the states differ, persons apart."""
    old, new = STATES[start] - set(PERSON), STATES[end] - set(PERSON)
    wanted = change_of(old - new, new - old)
    patch = world.client.get(f"/history/diff?from={start}&to={end}&format=rdfp")
    assert read_patch(patch.text) == wanted
    for thing in (A, B):
        told = world.client.get("/history/diff", query_string={"from": start, "to": end, "format": "json", "resource": thing.value}).json
        speaking = [[q for q in side if thing in (q.subject, q.object)] for side in (wanted.removed, wanted.added)]
        assert told["statements"] == {"removed": [f"{q} ." for q in speaking[0]], "added": [f"{q} ." for q in speaking[1]]}


def test_too_much(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too much differs it is refused before it is read, and said where the patch is; of one thing it is worked out."""
    monkeypatch.setattr(composing, "MOST", 2)
    monkeypatch.setattr(composing.Net, "take", lambda self, change: pytest.fail("read all the same"))
    got = world.client.get(f"/history/diff?from={ONE}&to={TWO}", headers={"Accept": "application/json"})
    assert got.status_code == 413 and f"/dumps/{TWO}/changes.rdfp.gz" in got.json["detail"]
    monkeypatch.undo()
    monkeypatch.setattr(composing, "MOST", 2)
    found = world.client.get("/history/diff", query_string={"from": ONE, "to": TWO, "format": "json", "resource": B.value})
    assert found.json["statements"] == {"removed": [], "added": []}
    assert world.client.get(f"/history/diff?from={TWO}&to={TWO}-c3").status_code == 200
    monkeypatch.setattr(composing, "MOST", 1)
    assert world.client.get(f"/history/diff?from={TWO}&to={TWO}-c3").status_code == 413


def test_no_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a release doesn't tell what it changed, that is what is said, and not that too much differs."""
    monkeypatch.setattr(composing, "read_changes", lambda path: None)
    got = world.client.get(f"/history/diff?from={ONE}&to={TWO}&lang=en", headers={"Accept": "application/json"})
    assert got.status_code == 413 and f"Release {TWO} doesn't tell what changed before it." in got.json["detail"]
    assert "100,000" not in got.json["detail"] and f"/dumps/{TWO}/changes.rdfp.gz" in got.json["detail"]


def test_across(world: World) -> None:
    """The page says what is left out wherever releases lie between, whatever the ends are called."""
    note = "Between releases, persons"
    for query, across in ((f"from=1&to={TWO}", True), (f"from={ONE}&to={TWO}-c3", True), (f"from={TWO}&to={TWO}-c3", False)):
        assert (note in world.client.get(f"/history/diff?{query}&format=html&lang=en").text) is across


def test_changes_tell_of_objects(world: World) -> None:
    """What a release says of a thing as an object counts too, without being counted as touched."""
    changes = read_changes(world.settings.releases / TWO)
    assert changes is not None and set(changes.touched) == {A.value, f"{CANONICAL_BASE}id/chose/c"}


def test_pages_read_no_manifest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a release speaks of a thing is known without opening the release."""
    monkeypatch.setattr(history, "kept_release", lambda *_: pytest.fail("read all the same"))
    assert "/history?resource=" in world.client.get("/doc/chose/c.html").text


def test_too_many_leave(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for one after the other is told to wait before more end than may, and is charged; those that are served go on."""
    ended, charged = threading.Event(), []
    drain = Pool.drain
    monkeypatch.setattr(Pool, "drain", lambda pool: (ended.wait(20), drain(pool)))
    monkeypatch.setattr(pasts, "LEAVING", 1)
    monkeypatch.setattr(Budgets, "charge", lambda *_: charged.append(1))
    got = []
    for name in STATES:
        charged.clear()
        got.append((world.client.get(f"/doc/chose/a.ttl?revision={name}&lang=en", headers={"Accept": "application/json"}), name))
        assert charged or name == list(STATES)[-1]
    try:
        refused = [(answer, name) for answer, name in got if answer.status_code == 503]
        assert refused and all(int(answer.headers["Retry-After"]) and "revisions" in answer.json["detail"] for answer, _ in refused)
        assert got[0][0].status_code == 200
        served = next(iter(world.app.extensions[KEY].past._served))
        assert world.client.get(f"/doc/chose/a.ttl?revision={served}").status_code == 200
    finally:
        ended.set()
    until = time.monotonic() + 20
    while world.app.extensions[KEY].past._leaving and time.monotonic() < until:
        time.sleep(0.02)
    assert [world.client.get(f"/doc/chose/a.ttl?revision={name}").status_code for _, name in refused] == [200] * len(refused)


def test_never_waits(world: World) -> None:
    """Pools that others took the place of end, and take their folders with them."""
    for name in STATES:
        world.notes(name)
    past, until = world.app.extensions[KEY].past, time.monotonic() + 20
    while past._leaving and time.monotonic() < until:
        time.sleep(0.02)
    assert not past._leaving
    (place,) = world.settings.releases.glob(".past-*")
    assert len(list(place.iterdir())) == sum(served.folder is not None for served in past._served.values()) <= KEPT
