"""The dumps: the whole release without the persons, who have a file of their own."""

import gzip

import pytest
from flask.testing import FlaskClient
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse

from territoires.settings import Settings
from territoires.store.embedded import named_quads
from territoires.store.releases import current_release
from territoires.vocabulary import CANONICAL_BASE, iri

PERSONS = f"{CANONICAL_BASE}graph/data/persons/"


def bare(quads: set[Quad]) -> set[Quad]:
    """Those without blank nodes, whose names no file keeps."""
    return {quad for quad in quads if not isinstance(quad.subject, BlankNode) and not isinstance(quad.object, BlankNode)}


def quads_of(client: FlaskClient, name: str) -> set[Quad]:
    """What a dump holds."""
    with client.get(f"/dumps/{name}") as response:
        assert (response.status_code, response.mimetype) == (200, "application/gzip")
        return set(parse(gzip.decompress(response.data), RdfFormat.TURTLE if ".ttl" in name else RdfFormat.N_QUADS))


def held(settings: Settings) -> set[Quad]:
    """What the release holds in named graphs."""
    return set(named_quads(current_release(settings.releases).path / "store"))


def test_dumps_hold_the_release(client: FlaskClient, settings: Settings) -> None:
    """The two N-Quads files together are the release, statement for statement; persons stand in one only."""
    release, public, persons = held(settings), quads_of(client, "territoires.nq.gz"), quads_of(client, "persons.nq.gz")
    assert bare(public) | bare(persons) == bare(release) and not public & persons
    assert len(public) + len(persons) == len(release)
    assert persons == {quad for quad in release if quad.graph_name.value.startswith(PERSONS)}  # type: ignore[union-attr]
    person = (NamedNode(iri("rdf:type")), NamedNode(iri("foaf:Person")))
    people = {quad.subject for quad in release if (quad.predicate, quad.object) == person}
    assert len(people) >= 25
    assert not [quad for quad in public if quad.subject in people or quad.object in people]


def test_turtle_dump_is_the_merge(client: FlaskClient) -> None:
    """The Turtle file holds the same triples, once each."""
    merged = {Triple(q.subject, q.predicate, q.object) for q in quads_of(client, "territoires.nq.gz")}
    found = list(quads_of(client, "territoires.ttl.gz"))
    assert len(found) == len(merged)
    assert {Triple(q.subject, q.predicate, q.object) for q in bare(set(found))} <= merged


@pytest.mark.parametrize(("name", "robots"), [("territoires.nq.gz", None), ("persons.nq.gz", "noindex, noarchive")])
def test_headers(client: FlaskClient, name: str, robots: str | None) -> None:
    """A file to save, with a validator; the persons' one is not for search engines."""
    packing = {"Accept-Encoding": "gzip"}
    with client.get(f"/dumps/{name}", headers=packing) as response:
        assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert "Content-Encoding" not in response.headers
        assert response.headers.get("X-Robots-Tag") == robots
        tag = response.headers["ETag"]
    with client.get(f"/dumps/{name}", headers={"If-None-Match": tag, **packing}) as again:
        assert again.status_code == 304


def test_unknown_dump(client: FlaskClient) -> None:
    """404 names the files that there are."""
    response = client.get("/dumps/../secret")
    assert response.status_code == 404
    assert "territoires.nq.gz" in client.get("/dumps/other").json["detail"]
