"""Writing over HTTP: SPARQL 1.1 Protocol (update), Graph Store HTTP Protocol, keys."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pyoxigraph
import pytest
import rdflib
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad
from werkzeug.test import TestResponse

from territoires import errors
from territoires.results import WHOLE, Dataset
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE
from territoires.web import graph_store, memory
from territoires.web.app import MAX_BODY, create_app
from territoires.web.contributions import AT_ONCE, Contributions
from territoires.web.service import KEY
from territoires.web.uploads import MOST
from territoires.writing.etags import etag_of
from territoires.writing.keys import Keys
from territoires.writing.submissions import Accepted, Progress, Submission

OURS = f"{CANONICAL_BASE}graph/contributions/"
GRAPH, RELEASED = f"{OURS}essai", f"{CANONICAL_BASE}graph/test"
UPDATE, FORM, TURTLE = "application/sparql-update", "application/x-www-form-urlencoded", "text/turtle"
AT = f"/graph-store?{urlencode({'graph': GRAPH})}"
TRIPLE = "<http://example.org/s> <http://example.org/p> <http://example.org/o> .\n"
INSERT = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {TRIPLE} }} }}"


@dataclass
class Noted:
    """A writer that notes what is submitted, and accepts or refuses it as it is told to."""

    answer: Accepted | errors.TerritoiresError = field(default_factory=lambda: Accepted("test-c7", 7, 3, 2))
    submissions: list[Submission] = field(default_factory=list)
    waited: float = 0.0
    """Seconds until the turn of each comes."""
    worked: float = 0.0
    """Seconds that the work on each has taken; nothing for one whose turn didn't come."""
    missing: str | None = None
    """What keeps it from taking a write."""

    def submit(self, submission: Submission, progress: Progress) -> Accepted:
        """Notes it."""
        self.submissions.append(submission)
        time.sleep(self.waited)
        progress.begun = time.monotonic() - self.worked if self.worked else 0.0
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def ready(self) -> str | None:
        """What keeps it from taking a write."""
        return self.missing


@dataclass
class Desk:
    """An application that takes writes, its writer, and a key."""

    client: FlaskClient
    writer: Noted
    keys: Keys
    token: str
    contributions: Contributions

    def send(self, method: str, path: str, body: bytes | str = b"", kind: str | None = None, **headers: str) -> TestResponse:
        """Sends a request with the key."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}", **named}
        return self.client.open(path, method=method, data=body, content_type=kind, headers={k: v for k, v in sent.items() if v})

    @property
    def noted(self) -> Submission:
        """The one submission."""
        (only,) = self.writer.submissions
        return only


def report(severity: str = "Violation") -> str:
    """A report of one result, as the guard writes it."""
    sh, thing = "http://www.w3.org/ns/shacl#", f"{CANONICAL_BASE}id/organisation/essai"
    told = (
        ("focusNode", f"<{thing}>"),
        ("resultPath", f"<{CANONICAL_BASE}def#validDuring>"),
        ("value", f"<{CANONICAL_BASE}id/commune/52269>"),
        ("sourceShape", f"<{CANONICAL_BASE}shapes#Dated-validDuring>"),
        ("resultSeverity", f"<{sh}{severity}>"),
        ("resultMessage", '"Donnez une période."@fr'),
        ("resultMessage", '"Give a period."@en'),
    )
    head = f"_:r <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{sh}ValidationReport> .\n_:r <{sh}result> _:x .\n"
    return head + "".join(f"_:x <{sh}{name}> {value} .\n" for name, value in told)


@pytest.fixture
def desk(hard_settings: Settings, hard_store: QueryService, tmp_path: Path) -> Desk:
    """The application over the hard cases, with a writer that only notes."""
    app = create_app(replace(hard_settings, client_seconds=60), hard_store)
    keys, writer = Keys(tmp_path), Noted()
    _, token = keys.create("Anna", (f"{OURS}*",))
    app.extensions[KEY] = replace(app.extensions[KEY], contributions=(what := Contributions(keys, writer)))
    return Desk(app.test_client(use_cookies=False), writer, keys, token, what)


# Who may


def test_read_only(hard: FlaskClient) -> None:
    """Without a folder of contributions nothing is written, and it is said so; graphs are read all the same."""
    for method, path in (
        ("POST", "/update"),
        ("PUT", AT),
        ("POST", "/graph-store"),
        ("DELETE", AT),
        ("PATCH", AT),
        ("PUT", "/graph-store/x"),
    ):
        response = hard.open(path, method=method, headers={"Accept-Language": "en"})
        assert (response.status_code, response.mimetype) == (403, "application/problem+json")
        assert "read-only" in response.json["detail"]
    assert hard.get("/update").status_code == 405
    assert hard.get(f"/graph-store?{urlencode({'graph': RELEASED})}").status_code == 200
    assert "SPARQL11Update" not in hard.get("/sparql", headers={"Accept": TURTLE}).text


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "update"])
def test_keys(desk: Desk, method: str) -> None:
    """Without a key, or with a wrong one, 401 and the challenge; with one for something else 403; nothing is submitted."""
    path, verb = (AT, method) if method != "update" else ("/update", "POST")
    kind, body = (UPDATE, INSERT) if method in ("update", "PATCH") else (TURTLE, TRIPLE)
    other, undoing = desk.keys.create("Undo", ("*",), ("undo",))
    for header, status, error in (
        ("", 401, ""),
        ("Basic YTpi", 401, ""),
        ("Bearer ", 401, ""),
        (f"Bearer {desk.token}x", 401, "invalid_token"),
        (f"Bearer tdp_{other.id}_x", 401, "invalid_token"),
        (f"Bearer {undoing}", 403, ""),
    ):
        response = desk.send(verb, path, body, kind, Authorization=header)
        challenge = response.headers.get("WWW-Authenticate", "")
        assert response.status_code == status and (status == 403 or challenge.startswith("Bearer realm=")) and error in challenge
        assert response.headers["Access-Control-Allow-Origin"] == "*" and desk.token not in response.text
    assert desk.writer.submissions == []
    asked = f"{path}{'&' if '?' in path else '?'}access_token={desk.token}"
    assert desk.send(verb, asked, body, kind, Authorization="").status_code == 401
    assert desk.send(verb, path, body, kind, Authorization=f"bearer  {desk.token}").status_code == 204
    desk.keys.revoke("Anna")
    assert desk.send(verb, path, body, kind).status_code == 401


def test_share_of_a_key(desk: Desk) -> None:
    """A key has its own share of work; one that has used it up waits, and others don't."""
    key = desk.keys.find(desk.token)
    assert key
    service = desk.client.application.extensions[KEY]
    service.budgets.charge(f"key {key.id}", 61.0)
    refused = desk.send("PUT", AT, TRIPLE, TURTLE)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    _, other = desk.keys.create("Berta", ("*",))
    assert desk.send("PUT", AT, TRIPLE, TURTLE, Authorization=f"Bearer {other}").status_code == 204


def test_waiting_is_no_work(desk: Desk) -> None:
    """A key's share is spent by the work on its writes: not by waiting for their turn, nor for a writer that restarts."""
    key = desk.keys.find(desk.token)
    assert key
    budgets = desk.client.application.extensions[KEY].budgets
    budgets.charge(f"key {key.id}", 59.9)
    desk.writer.waited = 0.2
    assert desk.send("PUT", AT, TRIPLE, TURTLE).status_code == 204
    desk.writer.answer = errors.StoreUnavailable("It isn't there.")
    assert desk.send("PUT", AT, TRIPLE, TURTLE).status_code == 503
    budgets.check(f"key {key.id}")
    desk.writer.waited, desk.writer.worked = 0.0, 5.0
    desk.send("PUT", AT, TRIPLE, TURTLE)
    with pytest.raises(errors.BudgetSpent):
        budgets.check(f"key {key.id}")


def test_guessing(desk: Desk) -> None:
    """So many unknown keys come from one address in a minute, and no more; another address is none the worse."""
    statuses = [desk.send("PUT", AT, TRIPLE, TURTLE, Authorization="Bearer tdp_0123456789ab_x").status_code for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    desk.client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    assert desk.send("PUT", AT, TRIPLE, TURTLE).status_code == 204


def test_bounded_waiting(desk: Desk) -> None:
    """So many writes wait in one process, and no more: reading goes on."""
    for _ in range(AT_ONCE):
        desk.contributions.places.acquire()
    response = desk.send("PUT", AT, TRIPLE, TURTLE)
    assert response.status_code == 503 and response.headers["Retry-After"]
    desk.contributions.places.release()
    assert desk.send("PUT", AT, TRIPLE, TURTLE).status_code == 204


def test_each_use_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Each use of a key is logged by its id, refused ones too; the secret never is."""
    caplog.set_level("DEBUG")
    key = desk.keys.find(desk.token)
    assert key
    desk.send("PUT", AT, TRIPLE, TURTLE)
    desk.writer.answer = errors.WriteRefused("not yours")
    desk.send("POST", "/update", INSERT, UPDATE)
    desk.writer.answer = errors.StoreUnavailable("The writer of /srv/secret has ended.")
    desk.send("DELETE", AT)
    told = [record.getMessage() for record in caplog.records if key.id in record.getMessage()]
    assert len(told) == 3 and "commit 7" in told[0] and "WriteRefused" in told[1]
    assert desk.token.split("_", 2)[2] not in caplog.text


def test_each_refusal_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """So is what never comes to the writer: a wrong scope, a share that is spent, a body or an address that is none, an unknown key."""
    caplog.set_level("INFO")
    (key,) = desk.keys.all()
    undo, undoing = desk.keys.create("Undo", ("*",), ("undo",))
    spent, spending = desk.keys.create("Spent", ("*",))
    gone, leaving = desk.keys.create("Gone", ("*",))
    desk.keys.revoke("Gone")
    desk.client.application.extensions[KEY].budgets.charge(f"key {spent.id}", 61.0)
    for token, name, method, path, body, kind, status in (
        (undoing, undo.id, "PUT", AT, TRIPLE, TURTLE, 403),
        (spending, spent.id, "PUT", AT, TRIPLE, TURTLE, 429),
        (desk.token, key.id, "PUT", AT, "<a> <b>", TURTLE, 400),
        (desk.token, key.id, "PUT", "/graph-store?graph=x", TRIPLE, TURTLE, 400),
        (desk.token, key.id, "PUT", AT, "x" * (MAX_BODY + 1), TURTLE, 413),
        (desk.token, key.id, "POST", "/update", INSERT, TURTLE, 415),
        (desk.token, key.id, "PATCH", f"/graph-store?{urlencode({'graph': RELEASED})}", INSERT, UPDATE, 403),
        (leaving, gone.id, "PUT", AT, TRIPLE, TURTLE, 401),
        (f"{desk.token}x", key.id, "PUT", AT, TRIPLE, TURTLE, 401),
        ("tdp_0123456789ab_secret", "0123456789ab", "PUT", AT, TRIPLE, TURTLE, 401),
        ("secret", "unknown", "PUT", AT, TRIPLE, TURTLE, 401),
    ):
        caplog.clear()
        assert desk.send(method, path, body, kind, Authorization=f"Bearer {token}").status_code == status
        (told,) = [record.getMessage() for record in caplog.records if record.getMessage().startswith("Key ")]
        assert told.startswith(f"Key {name} ") and f": {status}" in told and method in told and "secret" not in told
        assert token.rpartition("_")[2] not in caplog.text
    assert desk.writer.submissions == []


# SPARQL 1.1 Protocol §2.2


@pytest.mark.parametrize(
    ("query", "body", "kind"),
    [
        ("", urlencode({"update": INSERT}), FORM),
        ("", urlencode({"update": INSERT}), f"{FORM}; charset=UTF-8"),
        ("", INSERT, UPDATE),
        ("", INSERT, f"{UPDATE}; charset=utf-8"),
    ],
)
def test_update(desk: Desk, query: str, body: str, kind: str) -> None:
    """An update goes by POST, in a form or as such; 204 with the new revision, which nobody keeps."""
    response = desk.send("POST", f"/update{query}", body, kind, X_Reason="Relu")
    assert (response.status_code, response.data) == (204, b"")
    assert (response.headers["Territoires-Revision"], response.headers["Cache-Control"]) == ("test-c7", "no-store")
    noted = desk.noted
    assert (noted.kind, noted.text, noted.agent, noted.using, noted.base) == ("update", INSERT, "Anna", WHOLE, CANONICAL_BASE)
    assert noted.graphs == (f"{OURS}*",) and noted.seconds == 10


def test_reasons(desk: Desk) -> None:
    """Why somebody writes is told by a header (UTF-8, percent-encoded) or a parameter, on one line of bounded length."""
    desk.send("PUT", AT, TRIPLE, TURTLE, X_Reason=quote("relu à Langres"))
    desk.send("PUT", f"{AT}&reason={quote('vu sur place')}", TRIPLE, TURTLE)
    desk.send("PUT", f"{AT}&reason={quote('a' + chr(10) + 'b' * 9999)}", TRIPLE, TURTLE)
    reasons = [each.reason for each in desk.writer.submissions]
    assert reasons[:2] == ["relu à Langres", "vu sur place"] and reasons[2].startswith("a b") and len(reasons[2]) == 500


def test_what_was_done(desk: Desk) -> None:
    """Who asks for it is told what was done, in JSON or text; a warning is told to everybody."""
    told = desk.send("POST", "/update", INSERT, UPDATE, Accept="application/json")
    assert (told.status_code, told.json) == (200, {"revision": "test-c7", "commit": 7, "added": 3, "removed": 2})
    assert "added: 3" in desk.send("POST", "/update", INSERT, UPDATE, Accept="text/plain").text
    desk.writer.answer = Accepted("test-c8", 8, 1, 0, warnings=report("Warning"))
    warned = desk.send("POST", "/update", INSERT, UPDATE, Accept="*/*")
    assert (warned.status_code, warned.json["warnings"], warned.headers["Territoires-Warnings"]) == (200, 1, "1")
    assert warned.json["results"][0]["severity"] == "warning" and warned.json["results"][0]["rule"].endswith("shapes#Dated-validDuring")
    graph = desk.send("POST", "/update", INSERT, UPDATE, Accept=TURTLE)
    assert graph.status_code == 200 and graph.mimetype == TURTLE and "sh:ValidationReport" in graph.text


def test_dataset(desk: Desk) -> None:
    """using-graph-uri and using-named-graph-uri may come several times, in the form or in the address."""
    parameters = [("using-graph-uri", "http://a/1"), ("using-graph-uri", "http://a/2"), ("using-named-graph-uri", "http://a/3")]
    desk.send("POST", f"/update?{urlencode(parameters)}", INSERT, UPDATE)
    desk.send("POST", "/update", urlencode([("update", INSERT), *parameters]), FORM)
    assert [each.using for each in desk.writer.submissions] == [Dataset(("http://a/1", "http://a/2"), ("http://a/3",))] * 2


@pytest.mark.parametrize(
    ("query", "body", "kind", "status"),
    [
        ("", "", FORM, 400),
        ("", "update=a&update=b", FORM, 400),
        ("", urlencode({"update": INSERT, "query": "ASK {}"}), FORM, 400),
        ("?query=ASK%7B%7D", INSERT, UPDATE, 400),
        ("?update=CLEAR%20ALL", INSERT, UPDATE, 400),
        ("", b"INSERT DATA { <a> <b> '\xe9' }", UPDATE, 400),
        ("", b"update=%E9", FORM, 400),
        ("", INSERT.encode("utf-16"), f"{UPDATE}; charset=utf-16", 415),
        ("", INSERT, "text/plain", 415),
        ("", INSERT, None, 415),
        ("", INSERT, "application/sparql-query", 415),
        ("?timeout=0", INSERT, UPDATE, 400),
        ("?timeout=1e9", INSERT, UPDATE, 400),
        ("", "x" * (MAX_BODY + 1), UPDATE, 413),
    ],
)
def test_updates_that_are_none(desk: Desk, query: str, body: str | bytes, kind: str | None, status: int) -> None:
    """What is no update is told, as a problem that a program reads; nothing is submitted."""
    response = desk.send("POST", f"/update{query}", body, kind)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json["detail"] and desk.writer.submissions == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.WriteRefused("That graph is read-only."), 403),
        (errors.NotInGraphStore("There is no such graph."), 404),
        (errors.PreconditionFailed("It has changed."), 412),
        (errors.UndoConflict("Later commits changed the same."), 409),
        (errors.ShapesViolated("Two places.", report()), 422),
        (errors.QuerySyntaxError("expected }", 2, 9), 400),
        (errors.QueryRefused("LOAD isn't done."), 400),
        (errors.QueryTimeout("Too long.", 10.0), 504),
        (errors.Overloaded("Too many.", 7), 503),
        (errors.StoreUnavailable("/srv/data/writer.sock is gone, and nothing was kept"), 503),
        (errors.NoSpace("The disk /srv is full"), 507),
    ],
)
def test_refusals(desk: Desk, error: errors.TerritoiresError, status: int) -> None:
    """What the writer refuses comes with its status, as problem, text or page; no path of this host is told."""
    desk.writer.answer = error
    for accept, kind in (("application/json", "application/problem+json"), ("text/plain", "text/plain"), ("text/html", "text/html")):
        response = desk.send("POST", "/update", INSERT, UPDATE, Accept=accept, Accept_Language="en")
        assert (response.status_code, response.mimetype) == (status, kind)
        assert "/srv" not in response.text and response.headers["Access-Control-Allow-Origin"] == "*"
        assert status != 503 or response.headers["Retry-After"]
        assert not isinstance(error, errors.StoreUnavailable) or "nothing of" in response.text


def test_a_write_of_which_nobody_knows(desk: Desk) -> None:
    """A writer that ended while it kept a write leaves it open, and says where to look."""
    desk.writer.answer = errors.FateUnknown("The process that writes has ended while it kept the write.")
    assert "/history" in desk.send("POST", "/update", INSERT, UPDATE).json["detail"]


# Graph Store HTTP Protocol


def test_graphs_are_read(hard: FlaskClient) -> None:
    """GET gives a graph in each format by Accept or ?format=, HEAD the same without it; 404 where there is none."""
    path = f"/graph-store?{urlencode({'graph': RELEASED})}"
    whole = hard.get(path, headers={"Accept": "application/n-triples"})
    triples = set(pyoxigraph.parse(whole.data, pyoxigraph.RdfFormat.N_TRIPLES))
    assert len(triples) > 15
    for name in ("ttl", "rdf", "jsonld"):
        response = hard.get(f"{path}&format={name}")
        form = pyoxigraph.RdfFormat.from_media_type(response.mimetype)
        assert form and set(pyoxigraph.parse(response.data, form)) == triples
        head = hard.head(f"{path}&format={name}")
        assert (head.status_code, head.data, head.content_type, head.headers["ETag"]) == (
            200,
            b"",
            response.content_type,
            response.headers["ETag"],
        )
    assert len(hard.get("/graph-store?default&format=nt").data.splitlines()) >= len(triples)
    for accept, status in (("*/*", 200), ("image/png", 406), ("text/html", 406)):
        assert hard.get(path, headers={"Accept": accept}).status_code == status
    for method in ("GET", "HEAD"):
        assert hard.open(AT, method=method).status_code == 404
        assert hard.open("/graph-store/nothing.ttl", method=method).status_code == 404


def test_entity_tags(hard: FlaskClient) -> None:
    """The tag names the content and the format: 304 for who has it, another one for another format or coding."""
    path = f"/graph-store?{urlencode({'graph': RELEASED})}"
    first = hard.get(path, headers={"Accept": TURTLE})
    tag = first.headers["ETag"]
    triples = pyoxigraph.parse(hard.get(f"{path}&format=nt").data, pyoxigraph.RdfFormat.N_TRIPLES)
    assert tag == f'"{etag_of(str(each.triple) for each in triples)}.ttl"'
    assert "no-cache" in first.headers["Cache-Control"]
    assert hard.get(path, headers={"Accept": TURTLE, "If-None-Match": tag}).status_code == 304
    others = {
        hard.get(path, headers={"Accept": TURTLE, "Accept-Encoding": "gzip"}).headers["ETag"],
        hard.get(f"{path}&format=rdf").headers["ETag"],
    }
    assert len(others | {tag}) == 3


def test_tags_of_large_graphs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be written has its content's tag, which a write compares, however large it is; else what is large has the revision's."""
    path = f"/graph-store?{urlencode({'graph': RELEASED})}&format=nt"
    whole = desk.client.get(path)
    content = f'"{etag_of(line.removesuffix(" .") for line in whole.text.splitlines())}.nt"'
    assert whole.headers["ETag"] == content
    monkeypatch.setattr(graph_store, "MOST_TAGGED", 3)
    desk.client.application.extensions.pop(memory.KEY)
    assert desk.client.get(path).headers["ETag"] != content
    monkeypatch.setattr(graph_store, "CONTRIBUTIONS", "graph/test")
    desk.client.application.extensions.pop(memory.KEY)
    assert desk.client.get(path).headers["ETag"] == content


def test_health_of_the_writer(desk: Desk) -> None:
    """Whether writes are taken is told beside what readers have, and among the figures."""
    for missing, told, figure in (
        (None, "ready", "1.0"),
        ("the process that writes isn't there", "the process that writes isn't there", "0.0"),
    ):
        desk.writer.missing = missing
        answer = desk.client.get("/health/ready")
        assert (answer.status_code, answer.json["status"], answer.json["writing"]) == (200, "ready", told)
        assert f"territoires_writing_ready {figure}" in desk.client.get("/metrics").text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?graph=",
        "?graph=relative",
        f"?graph={GRAPH}&default",
        f"?graph={GRAPH}&graph={RELEASED}",
        "?graph=http://a%3E%20%7D",
        "?graph=%E9",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_no_graph_is_named(desk: Desk, query: str, method: str) -> None:
    """One absolute IRI, or the default graph: nothing else names a graph."""
    assert desk.send(method, f"/graph-store{query}", TRIPLE, TURTLE).status_code == 400
    assert desk.writer.submissions == []


def test_put_and_post(desk: Desk) -> None:
    """PUT and POST submit the triples; 204 where the graph was there, 201 with its place where it is new."""
    assert desk.send("PUT", AT, TRIPLE, TURTLE).status_code == 204
    noted = desk.noted
    assert (noted.kind, noted.graph, noted.content, noted.agent) == ("put", GRAPH, TRIPLE, "Anna")
    desk.writer.answer = Accepted("test-c7", 7, 1, 0, created=True)
    created = desk.send("POST", AT, TRIPLE, "application/n-triples")
    assert (created.status_code, created.headers["Location"]) == (201, GRAPH)
    assert created.headers["Content-Location"] == AT and created.json["graph"] == GRAPH
    assert desk.writer.submissions[1].kind == "post"
    assert desk.send("PUT", "/graph-store?default", TRIPLE, TURTLE).status_code == 201
    assert desk.writer.submissions[2].graph == ""
    assert desk.send("PUT", "/graph-store/essai/1.ttl", TRIPLE, TURTLE).headers["Location"] == f"{CANONICAL_BASE}graph-store/essai/1.ttl"


def test_delete_and_patch(desk: Desk) -> None:
    """DELETE submits the graph, PATCH an update of that graph alone, where the key is for it."""
    assert desk.send("DELETE", AT).status_code == 204
    assert desk.send("PATCH", AT, "INSERT DATA { <a> <b> <c> }", UPDATE).status_code == 204
    deleted, patched = desk.writer.submissions
    assert (deleted.kind, deleted.graph) == ("delete", GRAPH)
    assert (patched.kind, patched.graph, patched.graphs) == ("update", GRAPH, (GRAPH,))
    assert desk.send("PATCH", f"/graph-store?{urlencode({'graph': RELEASED})}", INSERT, UPDATE).status_code == 403
    assert desk.send("PATCH", AT, TRIPLE, TURTLE).status_code == 415
    assert len(desk.writer.submissions) == 2


def test_new_graph(desk: Desk) -> None:
    """POST to the store makes a graph where the key may write, each time another one; with nothing in it, none (§5.5)."""
    places = {desk.send("POST", "/graph-store", TRIPLE, TURTLE).headers["Location"] for _ in range(2)}
    assert len(places) == 2 and all(place.startswith(OURS) for place in places)
    _, token = desk.keys.create("Berta", (f"{CANONICAL_BASE}graph/contributions/berta/*",))
    mine = desk.send("POST", "/graph-store", TRIPLE, TURTLE, Authorization=f"Bearer {token}")
    assert mine.status_code == 201 and mine.headers["Location"].startswith(f"{OURS}berta/")
    assert desk.send("POST", "/graph-store").status_code == 204


def test_conditions(desk: Desk) -> None:
    """If-Match and If-None-Match go to the writer: a weak tag matches nothing where the comparison is strong."""
    desk.send("PUT", AT, TRIPLE, TURTLE, If_Match='"a.ttl", W/"b.ttl"', If_None_Match='W/"c.nt", *')
    assert (desk.noted.if_match, desk.noted.if_none_match) == (('"a.ttl"', 'W/"b.ttl"'), ('"c.nt"', "*"))


def test_forms(desk: Desk) -> None:
    """A form of files is taken, each by its type, with blank nodes apart (§5.5); what is no file is not."""
    part = '--x\r\nContent-Disposition: form-data; name="{0}"{1}\r\nContent-Type: {2}\r\n\r\n{3}\r\n'
    first = part.format("a", '; filename="a.ttl"', TURTLE, "_:b <http://a/p> 1 .")
    second = part.format("b", '; filename="b.nt"', "application/n-triples", "_:b <http://a/p> _:b .")
    sent = desk.send("POST", AT, f"{first}{second}--x--\r\n", "multipart/form-data; boundary=x")
    assert sent.status_code == 204
    found = list(pyoxigraph.parse(desk.noted.content, pyoxigraph.RdfFormat.N_TRIPLES, rename_blank_nodes=False))
    assert len(found) == 2 and len({each.subject for each in found}) == 2
    plain = part.format("a", "", TURTLE, TRIPLE)
    assert desk.send("POST", AT, f"{plain}--x--\r\n", "multipart/form-data; boundary=x").status_code == 400
    other = part.format("a", '; filename="a"', "image/png", "x")
    assert desk.send("POST", AT, f"{other}--x--\r\n", "multipart/form-data; boundary=x").status_code == 415


def test_relative_and_blank(desk: Desk) -> None:
    """Relative IRIs stand below the graph, and labels of blank nodes are made new each time."""
    for _ in range(2):
        desk.send("PUT", AT, "<x> <#p> _:b .", TURTLE)
    one, two = (each.content for each in desk.writer.submissions)
    assert f"<{OURS}x> <{GRAPH}#p> _:" in one and one != two


DTD = '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
XML = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("<a> <b> .", TURTLE, 400),
        ("<a> <b> <c> .", "application/n-triples", 400),
        (b'<a> <b> "\xe9" .', TURTLE, 400),
        ("<http://a> <http://b> <http://c> <http://d> .", "application/n-quads", 415),
        (TRIPLE, "application/trig", 415),
        (TRIPLE, "text/plain", 415),
        (TRIPLE, None, 415),
        (TRIPLE.encode("utf-16"), f"{TURTLE}; charset=utf-16", 415),
        ('{"@context": "http://127.0.0.1:1/", "a": 1}', "application/ld+json", 400),
        ('{"@context": {"@import": "http://127.0.0.1:1/"}, "a": 1}', "application/ld+json", 400),
        ('{"@id": "http://g", "@graph": [{"@id": "http://a", "http://p": 1}]}', "application/ld+json", 400),
        ("[" * 200_000, "application/ld+json", 400),
        (DTD + XML.format(""), "application/rdf+xml", 400),
        (XML.format('<a xmlns="u:"><b>' * 30_000 + "</b></a>" * 30_000), "application/rdf+xml", 400),
        (XML.format("<a>"), "application/rdf+xml", 400),
        ("<a> <b> " + "<<( <a> <b> " * 40_000 + "1" + " )>>" * 40_000 + " .", TURTLE, 400),
        ("<a> <b> " + "(" * (MOST + 1) + ")" * (MOST + 1) + " .", TURTLE, 413),
        ("x" * (MAX_BODY + 1), TURTLE, 413),
    ],
)
def test_uploads_that_are_refused(desk: Desk, body: str | bytes, kind: str | None, status: int) -> None:
    """What isn't RDF, fetches, expands or nests without bound is refused before it goes to the writer."""
    response = desk.send("PUT", AT, body, kind)
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert response.json["detail"] and desk.writer.submissions == []


def test_place_of_a_fault(desk: Desk) -> None:
    """A fault in RDF is told with line and column."""
    told = desk.send("PUT", AT, f"{TRIPLE}<a> <b> x .", TURTLE).json
    assert (told["line"], told["column"]) == (2, 9)


@pytest.mark.parametrize("path", ["/update", "/graph-store", "/graph-store/x"])
def test_preflight(desk: Desk, path: str) -> None:
    """A page elsewhere may write with a key: the preflight allows the method and the header by name (Fetch, CORS)."""
    response = desk.client.options(path, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "PUT"})
    assert response.status_code == 204 and response.headers["Access-Control-Allow-Origin"] == "*"
    assert {"Authorization", "If-Match", "Content-Type", "X-Reason"} <= set(response.headers["Access-Control-Allow-Headers"].split(", "))
    methods = {"POST"} if path == "/update" else {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"}
    assert methods <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_described(desk: Desk) -> None:
    """Where updates are taken, the service description says so, of their own address."""
    graph = rdflib.Graph().parse(data=desk.client.get("/sparql", headers={"Accept": TURTLE}).text)
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    (taking,) = graph.subjects(sd.supportedLanguage, sd.SPARQL11Update)
    assert list(graph.objects(taking, sd.endpoint)) == [rdflib.URIRef("http://localhost/update")]


# A running server, its writer and its readers


@dataclass
class Server:
    """A running server over a release, which takes writes."""

    address: str
    keys: Keys
    token: str
    log: Path
    wire: Callable[..., Any]

    def send(self, method: str, target: str, body: str = "", kind: str = "", *headers: str) -> Any:
        """Sends a request with the key."""
        named = [f"Authorization: Bearer {self.token}", *([f"Content-Type: {kind}"] if kind else []), *headers]
        return self.wire(self.address, target, method, tuple(named), body.encode())

    def seen(self, target: str, until: Callable[[Any], bool]) -> Any:
        """What a reader gets, as soon as it is so."""
        deadline = time.monotonic() + 20
        while not until(found := self.wire(self.address, target)):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory, wire: Callable[..., Any]) -> Iterator[Server]:
    """`territoires serve` over a small release, with a folder of contributions."""
    folder = tmp_path_factory.mktemp("writing")
    thing, label = NamedNode(f"{CANONICAL_BASE}id/essai/un"), NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    publish(folder / "releases", "test", CANONICAL_BASE, [Quad(thing, label, Literal("un"), NamedNode(RELEASED))], {})
    keys = Keys(folder / "contributions")
    _, token = keys.create("Anna", (f"{OURS}*", RELEASED))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = {"RELEASES": folder / "releases", "HOME": root, "CONTRIBUTIONS": folder / "contributions", "LOG": "json", "CLIENT_SECONDS": 0}
    environment = {**os.environ, **{f"TERRITOIRES_{name}": str(value) for name, value in chosen.items()}}
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    found = Server(f"http://127.0.0.1:{port}", keys, token, folder / "log", wire)
    try:
        deadline = time.monotonic() + 40
        while True:
            assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
            try:
                wire(found.address, "/health")
                break
            except OSError:
                time.sleep(0.05)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_from_put_to_delete(server: Server) -> None:
    """A graph is made, read, changed under its tag, refused under an old tag, and taken away; readers see each state."""
    made = server.send("PUT", AT, "<x> <http://example.org/p> [ <http://example.org/q> 01 ] .", TURTLE, "If-None-Match: *")
    assert (made.status, made.headers["Location"]) == (201, GRAPH)
    first = server.seen(AT, lambda answer: answer.status == 200)
    tag = first.headers["ETag"]
    assert first.headers["Territoires-Revision"] == made.headers["Territoires-Revision"] == "test-c1"
    assert server.send("PUT", AT, TRIPLE, TURTLE, "If-None-Match: *").status == 412
    assert server.send("POST", AT, TRIPLE, TURTLE, f"If-Match: {tag}").status == 204
    assert server.send("DELETE", AT, "", "", f"If-Match: {tag}").status == 412
    merged = server.seen(
        "/sparql?format=csv&query=" + quote("SELECT ?o { <http://example.org/s> ?p ?o }"), lambda answer: b"example" in answer.body
    )
    assert merged.body == b"o\r\nhttp://example.org/o\r\n"
    assert server.send("DELETE", AT).status == 204
    server.seen(AT, lambda answer: answer.status == 404)
    assert server.send("DELETE", AT).status == 404


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"CLEAR GRAPH <{RELEASED}>", "lecture seule"),
        ("INSERT DATA { <http://a> <http://b> 1 }", "nommez un graphe"),
        ("DROP ALL", "lecture seule"),
        (f"INSERT DATA {{ GRAPH <{CANONICAL_BASE}graph/autre> {{ <http://a> <http://b> 1 }} }}", "lecture seule"),
    ],
)
def test_released_graphs(server: Server, text: str, words: str) -> None:
    """What was released is read-only over HTTP, even with a key that names it; what the process that writes says comes in French."""
    answer = server.send("POST", "/update", text, UPDATE)
    assert answer.status == 403 and words in json.loads(answer.body)["detail"]


def test_reason_over_the_wire(server: Server) -> None:
    """What the header says is in the history, whatever its letters; a per cent sign that encodes nothing stays."""
    for count, reason in enumerate((quote("relu à Langres, 100 %"), "100 % plain")):
        done = server.send("POST", "/update", INSERT.replace("/o>", f"/o{count}>"), UPDATE, f"X-Reason: {reason}")
        number = done.headers["Territoires-Revision"].rpartition("-c")[2]
        told = server.seen(f"/history/{number}?format=json", lambda answer: answer.status == 200)
        assert json.loads(told.body)["reason"] == unquote(reason)


def test_revoked_in_a_running_server(server: Server) -> None:
    """A key that is revoked on the command line opens nothing more, at once; no secret is in the log."""
    key, token = server.keys.create("Passing", (f"{OURS}*",))
    passing = replace(server, token=token)
    assert passing.send("POST", "/update", INSERT, UPDATE).status == 204
    server.keys.revoke(key.id)
    assert passing.send("POST", "/update", INSERT, UPDATE).status == 401
    deadline = time.monotonic() + 10
    while key.id not in (told := server.log.read_text(encoding="utf-8")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert token.split("_", 2)[2] not in told and server.token.split("_", 2)[2] not in told


# What the shapes say


@pytest.mark.parametrize("kind", [TURTLE, "application/ld+json", "application/n-triples", "application/rdf+xml"])
def test_refused_in_rdf(desk: Desk, kind: str) -> None:
    """Who asks for RDF gets the SHACL report itself."""
    desk.writer.answer = errors.ShapesViolated("no", report())
    answer = desk.send("PUT", AT, TRIPLE, TURTLE, Accept=kind)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (422, kind, "no-store")
    found = pyoxigraph.parse(answer.data, format=pyoxigraph.RdfFormat.from_media_type(kind))
    focus = [quad.object for quad in found if quad.predicate == NamedNode(str(rdflib.SH.focusNode))]
    assert focus == [NamedNode(f"{CANONICAL_BASE}id/organisation/essai")]


@pytest.mark.parametrize(("language", "message"), [("fr", "Donnez une période."), ("en", "Give a period.")])
def test_refused_in_words(desk: Desk, language: str, message: str) -> None:
    """Problem details, a page and a text tell which thing, which property, which rule and what to do, in the reader's language."""
    desk.writer.answer = errors.ShapesViolated("no", report())
    said = desk.send("POST", "/update", INSERT, UPDATE, Accept="application/problem+json", Accept_Language=language)
    (result,) = said.json["results"]
    assert (said.status_code, said.json["status"], result["message"], result["severity"]) == (422, 422, message, "violation")
    assert result["thing"].endswith("organisation/essai") and result["property"] == [f"{CANONICAL_BASE}def#validDuring"]
    assert result["rule"] == f"{CANONICAL_BASE}shapes#Dated-validDuring" and result["value"].endswith("commune/52269")
    page = desk.send("POST", "/update", INSERT, UPDATE, Accept="text/html", Accept_Language=language)
    assert (page.status_code, page.mimetype) == (422, "text/html") and f'lang="{language}"' in page.text
    assert all(text in page.text for text in (message, "organisation/essai", "def#validDuring", "Dated-validDuring", "commune/52269"))
    assert message in desk.send("POST", "/update", INSERT, UPDATE, Accept="text/plain", Accept_Language=language).text
