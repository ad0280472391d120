"""The history: list, commits, differences, feed and patch, the link from a thing, and the undoing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from territoires import errors
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app
from territoires.web.contributions import Contributions
from territoires.web.history import PAGE
from territoires.web.service import KEY
from territoires.writing.commits import Change, change_of, read_patch
from territoires.writing.journal import Journal
from territoires.writing.keys import Keys
from territoires.writing.submissions import Accepted, Progress, Submission

GRAPH = NamedNode(f"{CANONICAL_BASE}graph/contributions/essai")
THING, LABEL = NamedNode(f"{CANONICAL_BASE}id/organisation/essai"), NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
ATOM = "{http://www.w3.org/2005/Atom}"


def named(text: str, thing: NamedNode = THING) -> Quad:
    return Quad(thing, LABEL, Literal(text, language="fr"), GRAPH)


CHANGES = (
    Change((), (named("Un"), named("Deux"))),
    Change((named("Deux"),), (named("Trois"),)),
    Change((named("Trois"),), (named("Deux"),)),
    Change((), (named("Ailleurs", NamedNode(f"{CANONICAL_BASE}id/organisation/autre")),)),
)


@dataclass
class Noted:
    """A writer that notes what is submitted."""

    submissions: list[Submission] = field(default_factory=list)
    answer: Accepted | errors.TerritoiresError = field(default_factory=lambda: Accepted("test-c5", 5, 1, 2))

    def submit(self, submission: Submission, progress: Progress) -> Accepted:
        """Notes it."""
        self.submissions.append(submission)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


Serve = Callable[..., FlaskClient]


@pytest.fixture
def serve(hard_settings: Settings, hard_store: QueryService, tmp_path: Path) -> Serve:
    """The application over a journal of those changes."""

    def served(changes: tuple[Change, ...] = CHANGES) -> FlaskClient:
        held = Journal(tmp_path / "journal")
        for number, change in enumerate(changes, 1):
            held.append("Anna", f"raison <{number}>", "test", change)
        return create_app(replace(hard_settings, contributions=tmp_path, client_seconds=60), hard_store).test_client(use_cookies=False)

    return served


def test_list(serve: Serve) -> None:
    """The newest first, as a page, JSON and a feed; what was typed by somebody is no markup."""
    client = serve()
    listed = client.get("/history?format=json").json
    assert (listed["total"], [each["commit"] for each in listed["entries"]]) == (4, [4, 3, 2, 1])
    assert (listed["entries"][3]["agent"], listed["entries"][3]["reason"], listed["entries"][3]["added"]) == ("Anna", "raison <1>", 2)
    page = client.get("/history", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.status_code == 200 and "raison &lt;4&gt;" in page.text and "<4>" not in page.text and "Historique" in page.text
    feed = ElementTree.fromstring(client.get("/history?format=atom").data)
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == [f"raison <{n}>" for n in (4, 3, 2, 1)]
    assert all(entry.findtext(f"{ATOM}updated") for entry in feed.iter(f"{ATOM}entry"))


def test_pages(serve: Serve) -> None:
    """A page holds so many, the next one the rest; behind the last one there is nothing."""
    client = serve(tuple(Change((), (named(str(number)),)) for number in range(PAGE + 1)))
    first, second = (client.get(f"/history?format=json&page={number}").json for number in (1, 2))
    assert (len(first["entries"]), [each["commit"] for each in second["entries"]], first["pages"]) == (PAGE, [1], 2)
    assert client.get("/history?page=3").status_code == 404
    assert [client.get(f"/history?page={wrong}").status_code for wrong in ("0", "x", "-1", "²", "1" * 30)] == [400] * 5


def test_of_a_thing(serve: Serve) -> None:
    """Only the commits that speak of it, whichever way; an address that is none has no history."""
    client = serve()
    found = client.get("/history", query_string={"format": "json", "resource": THING.value}).json
    assert [each["commit"] for each in found["entries"]] == [3, 2, 1]
    assert client.get("/history", query_string={"resource": THING.value}, headers={"Accept": "text/html"}).status_code == 200
    for nothing in ("urn:nothing", "no address", "a:<b>", "é"):
        assert client.get("/history", query_string={"format": "json", "resource": nothing}).json["total"] == 0


def test_commit(serve: Serve) -> None:
    """A commit as page, JSON and patch, from which the change can be read again."""
    client = serve()
    patch = client.get("/history/2", headers={"Accept": "application/rdf-patch"})
    assert (patch.status_code, patch.mimetype) == (200, "application/rdf-patch") and read_patch(patch.text) == CHANGES[1]
    said = client.get("/history/2?format=json").json
    assert said["statements"] == {"removed": [f"{named('Deux')} ."], "added": [f"{named('Trois')} ."]}
    page = client.get("/history/2?format=html").text
    assert all(text in page for text in ("<ins>", "<del>", "Trois", "Deux", "contributions/essai", "format=rdfp"))
    assert [client.get(f"/history/{number}").status_code for number in (0, 5, 99999999999)] == [404] * 3


@pytest.mark.parametrize("prefix", ["", "test-c"])
@pytest.mark.parametrize(("start", "end"), [(0, 4), (0, 1), (1, 3), (1, 2), (2, 2), (4, 0), (3, 1)])
def test_difference(serve: Serve, start: int, end: int, prefix: str) -> None:
    """What differs is what the states differ by, forwards and backwards: what came and went again is no difference."""
    states = [set[Quad]()]
    for change in CHANGES:
        states.append((states[-1] - set(change.removed)) | set(change.added))
    client = serve()
    asked = {name: f"{prefix}{number}" if number else prefix.removesuffix("-c") or "0" for name, number in (("from", start), ("to", end))}
    patch = client.get("/history/diff", query_string={**asked, "format": "rdfp"})
    assert read_patch(patch.text) == change_of(states[start] - states[end], states[end] - states[start])
    assert client.get("/history/diff", query_string={**asked, "format": "html"}).status_code == 200


def test_wrong_difference(serve: Serve) -> None:
    """Both ends are numbers of commits that there are, or names of revisions that readers saw."""
    client = serve()
    wrong = ("", "from=1", "from=-1&to=1", "from=1&to=1%C2%B2", "from=%3C&to=1")
    assert [client.get(f"/history/diff?{query}").status_code for query in wrong] == [400] * 5
    unknown = ("from=0&to=5", "from=x&to=1", "from=test-c1&to=test-c5", "from=test-c0&to=test-c1", "from=test-c01&to=2")
    assert [client.get(f"/history/diff?{query}").status_code for query in unknown] == [404] * 5


def test_not_yet_served(serve: Serve, hard_settings: Settings, hard_store: QueryService, tmp_path: Path) -> None:
    """A commit that the served revision doesn't hold yet isn't shown."""
    serve()

    class Earlier:
        """The store, as it is after the second commit."""

        revision = "test-c2"

        def __getattr__(self, name: str) -> object:
            if name == "hold":
                raise AttributeError(name)
            return getattr(hard_store, name)

    client = create_app(replace(hard_settings, contributions=tmp_path), Earlier()).test_client()  # type: ignore[arg-type]
    assert [each["commit"] for each in client.get("/history?format=json").json["entries"]] == [2, 1]
    assert client.get("/history/3").status_code == 404


def test_read_only(hard: FlaskClient) -> None:
    """Where nothing can be written the history is empty."""
    assert hard.get("/history?format=json").json["total"] == 0
    assert "<h1>" in hard.get("/history", headers={"Accept": "text/html"}).text
    assert hard.post("/history/1/undo").status_code == 403


def test_link_from_the_thing(serve: Serve) -> None:
    """The page of a thing that commits speak of leads to them; that of another doesn't."""
    client = serve((Change((), (named("Un", NamedNode(f"{CANONICAL_BASE}id/v1.2")),)),))
    assert "/history?resource=" in client.get("/doc/v1.2.html").text
    other = client.get("/doc/pays/a(b).html")
    assert other.status_code == 200 and "/history?resource=" not in other.text


@pytest.mark.parametrize("fault", ["header", "body", "folder"])
def test_damaged_journal(serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: str) -> None:
    """The history says that it can't answer, and no path; pages of things come as always, without it, and the log tells it once."""
    shared = serve().application.extensions[KEY]
    (segment,) = (tmp_path / "journal").iterdir()
    if fault == "folder":
        segment.unlink()
        segment.mkdir()
    else:
        text = segment.read_bytes()
        segment.write_bytes(text.replace(b"Anna", b"Anne", 1) if fault == "header" else text.replace(b"Trois", b"Trobs", 1))
    client = create_app(shared.settings, shared.store).test_client(use_cookies=False)
    for path in ("/doc/v1.2.html", "/doc/v1.2.ttl", "/doc/pays/a(b).html"):
        got = client.get(path)
        assert got.status_code == 200 and "/history?resource=" not in got.text and "version-history" not in got.headers["Link"]
    assert len([record for record in caplog.records if "journal" in record.getMessage()]) == 1
    for path in ("/history", "/history?format=json", "/history/2", "/history/2?format=rdfp", "/history/diff?from=0&to=4"):
        got = client.get(path, headers={"Accept": "application/json"})
        assert got.status_code == 503 and "Retry-After" in got.headers and str(tmp_path) not in got.text and "commits-" not in got.text
    got = client.get("/doc/v1.2.ttl?revision=2", headers={"Accept": "application/json"})
    assert got.status_code == 503 and str(tmp_path) not in got.text


def test_persons(serve: Serve) -> None:
    """What was contributed about persons is counted, never shown, and what lacks it is for no search engine."""
    anne = Quad(THING, LABEL, Literal("Anne"), NamedNode(f"{CANONICAL_BASE}graph/contributions/persons-essai"))
    client = serve((Change((), (named("Un"), anne)), Change((), (named("Deux"),))))
    for path in ("/history/1?", "/history/diff?from=0&to=1&", "/history/diff?from=test&to=test-c2&"):
        answers = {form: client.get(f"{path}format={form}&lang=en") for form in ("html", "json", "rdfp")}
        assert all(got.status_code == 200 and "Anne" not in got.text and "Un" in got.text for got in answers.values())
        assert all(got.headers["X-Robots-Tag"] == "noindex" for got in answers.values())
        assert answers["json"].json["left_out"] == 1 and "persons that are left out: 1<" in answers["html"].text
    whole = client.get("/history/2?format=json")
    assert whole.json["left_out"] == 0 and "X-Robots-Tag" not in whole.headers


def test_undo(serve: Serve) -> None:
    """Only with a key of scope undo; a conflict is 409."""
    client, writer = serve(), Noted()
    keys = Keys(Path(client.application.extensions[KEY].settings.contributions))
    client.application.extensions[KEY] = replace(client.application.extensions[KEY], contributions=Contributions(keys, writer))
    _, writing = keys.create("Anna", (f"{GRAPH.value}*",))
    _, undoing = keys.create("Berta", (f"{GRAPH.value}*",), ("undo",))
    sent = [
        client.post("/history/2/undo", headers={"Authorization": f"Bearer {token}"} if token else {}) for token in ("", writing, undoing)
    ]
    assert [answer.status_code for answer in sent] == [401, 403, 204]
    (submission,) = writer.submissions
    assert (submission.kind, submission.number, submission.agent, submission.graphs) == ("undo", 2, "Berta", (f"{GRAPH.value}*",))
    writer.answer = errors.UndoConflict("Later ones changed the same.")
    assert client.post("/history/2/undo", headers={"Authorization": f"Bearer {undoing}"}).status_code == 409
