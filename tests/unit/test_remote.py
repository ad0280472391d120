"""What a store on another host may do wrong, told in the domain's terms; played by a server on loopback."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from pyoxigraph import BlankNode, NamedNode, Triple

from territoires.errors import (
    InvalidSetting,
    Overloaded,
    QueryRefused,
    QueryStopped,
    QuerySyntaxError,
    QueryTimeout,
    StoreUnavailable,
    TerritoiresError,
)
from territoires.results import PAGE, Dataset, Request, rows
from territoires.settings import Settings, settings_from
from territoires.store.conversion import respelled
from territoires.store.dialect import Dialect
from territoires.store.loading import GraphStore, load, parts
from territoires.store.pool import Limits
from territoires.store.releases import publish
from territoires.store.remote import Remote, RemoteStore
from territoires.vocabulary import CANONICAL_BASE

from ..waiting import wait_until

JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
RELEASE, GRAPHS = "SELECT ?revision ?base {}", "SELECT ?graph {}"
Answer = tuple[int, dict[str, str], bytes]


def solutions(*found: dict[str, str]) -> Answer:
    """Status 200 with literals as JSON results."""
    names = ",".join(f'"{name}"' for name in (found[0] if found else {"x": ""}))
    lines = ("{" + ",".join(f'"{n}":{{"type":"literal","value":"{v}"}}' for n, v in row.items()) + "}" for row in found)
    return 200, {"Content-Type": JSON}, f'{{"head":{{"vars":[{names}]}},"results":{{"bindings":[{",".join(lines)}]}}}}'.encode()


class Played:
    """A store whose answers the test chooses; it notes what it is asked."""

    def __init__(self) -> None:
        self.revision: str | None = "one"
        self.answer: Callable[[BaseHTTPRequestHandler, bytes], Answer | None] = lambda handler, body: solutions({"x": "1"})
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        played = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                text = parse_qs(body.decode("utf-8", "replace")).get("query", [""])[0]
                if text == RELEASE:
                    found = [] if played.revision is None else [{"revision": played.revision, "base": CANONICAL_BASE}]
                    given: Answer | None = solutions(*found)
                elif text.endswith(GRAPHS):
                    given = solutions({"graph": "http://example.org/a"}, {"graph": "http://example.org/b"})
                else:
                    played.asked.append((self.command + " " + self.path, dict(self.headers), body))
                    given = played.answer(self, body)
                if given is None:
                    self.close_connection = True
                    return
                status, headers, content = given
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Transfer-Encoding" not in headers and headers.get("Connection") != "close":
                    self.send_header("Content-Length", headers.get("X-Length", str(len(content))))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = "X-Length" in headers or headers.get("Connection") == "close"

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}/sparql"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def played() -> Iterator[Played]:
    """A store whose answers the test chooses."""
    found = Played()
    yield found
    found.close()


@pytest.fixture
def remote(played: Played) -> Iterator[Callable[..., RemoteStore]]:
    """Opens the service over it: remote(user=…, …)."""
    opened: list[RemoteStore] = []

    def open_it(limits: Limits | None = None, **more: str) -> RemoteStore:
        store = RemoteStore(Remote(played.address, **more), RELEASE, GRAPHS, CANONICAL_BASE, (), limits)
        opened.append(store)
        wait_until(lambda: store.ready() is None)
        return store

    yield open_it
    for store in opened:
        store.close()


def ask(store: RemoteStore, text: str = "SELECT ?x { ?x ?y ?z }", accept: str = JSON, seconds: float = 5) -> bytes:
    """All of an answer."""
    kinds = {"solutions": accept, "boolean": accept, "graph": "text/turtle"}
    return store.run(Request(text, accept=kinds, seconds=seconds)).read()


def test_it_is_asked_by_the_protocol(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """The query, its base and its dataset go out as the Protocol says (SPARQL 1.1 Protocol §2.1.2)."""
    store = remote()
    text = "PREFIX x: <http://x/> SELECT * { <id/a> ?p 'é+&' }"
    store.run(Request(text, Dataset(("http://d/",), ("http://n/", "http://m/")), {"solutions": JSON})).read()
    _, headers, body = played.asked[-1]
    sent = parse_qs(body.decode())
    assert sent["query"] == [f"BASE <{CANONICAL_BASE}> {text}"]
    assert (sent["default-graph-uri"], sent["named-graph-uri"]) == (["http://d/"], ["http://n/", "http://m/"])
    assert headers["Accept"].startswith(JSON)


def test_a_query_keeps_its_own_base(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """A query that names its base is sent as it is: Virtuoso takes one BASE only, and a relative base isn't ours to resolve."""
    text = "BASE <http://x/> SELECT * { <a> ?p ?o }"
    remote().run(Request(text, accept={"solutions": JSON})).read()
    assert parse_qs(played.asked[-1][2].decode())["query"] == [text]


@pytest.mark.parametrize(
    ("text", "default", "named"),
    [
        ("SELECT * { ?s ?p ?o }", ["http://d/"], None),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", ["http://d/"], ["http://example.org/a", "http://example.org/b"]),
        ("SELECT * FROM <http://x/> { ?s ?p ?o }", None, None),
        ("SELECT * { ?s ?p 'FROM' } # FROM", ["http://d/"], None),
    ],
)
def test_a_store_without_default_graph(
    played: Played, remote: Callable[..., RemoteStore], text: str, default: list[str] | None, named: list[str] | None
) -> None:
    """Where a named graph stands for the default one, each query that chooses no dataset is given it in full."""
    ask(remote(default_graph="http://d/"), text)
    sent = parse_qs(played.asked[-1][2].decode())
    assert (sent.get("default-graph-uri"), sent.get("named-graph-uri")) == (default, named)


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, b"no such prefix", QuerySyntaxError),
        (401, b"", StoreUnavailable),
        (403, b"", StoreUnavailable),
        (404, b"", StoreUnavailable),
        (301, b"", StoreUnavailable),
        (408, b"", QueryTimeout),
        (413, b"", QueryRefused),
        (500, b"broken", StoreUnavailable),
        (500, b"Virtuoso S1T00 Error SR171: Transaction timed out", QueryTimeout),
        (500, b"Virtuoso 22023 Error SR353: Sorted TOP clause specifies more then 30000 rows to sort.", QueryRefused),
        (500, b"Virtuoso 42000 Error SR186: No permission to execute", StoreUnavailable),
        (503, b"Query timed out", QueryTimeout),
        (503, b"starting", StoreUnavailable),
        (504, b"", QueryTimeout),
    ],
)
def test_statuses(played: Played, remote: Callable[..., RemoteStore], status: int, content: bytes, error: type[TerritoiresError]) -> None:
    """Each status is an error of the domain."""
    store = remote()
    played.answer = lambda handler, body: (status, {}, content)
    with pytest.raises(error):
        ask(store)


@pytest.mark.parametrize("status", [502, 503, None])
def test_it_asks_again(played: Played, remote: Callable[..., RemoteStore], status: int | None) -> None:
    """A query that met a server that starts, or a connection that was closed, is sent again."""
    store = remote()
    faults: list[Answer | None] = [(status, {}, b"") if status else None] * 2

    played.answer = lambda handler, body: faults.pop() if faults else solutions({"x": "7"})
    assert b"7" in ask(store)
    assert len(played.asked) == 3


def test_it_does_not_ask_again_for_ever(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """After three tries the store is unavailable; what took its time isn't tried twice."""
    store = remote()
    played.answer = lambda handler, body: (503, {}, b"")
    with pytest.raises(StoreUnavailable):
        ask(store)
    assert len(played.asked) == 3

    def slow(handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        time.sleep(1.1)
        return 503, {}, b""

    played.answer = slow
    with pytest.raises(StoreUnavailable):
        ask(store)
    assert len(played.asked) == 4


def test_basic(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """User and password are shown in the way that the store asks for, and only then."""
    store = remote(user="anne", password="sésame")

    def guarded(handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        if handler.headers.get("Authorization", "").startswith("Basic "):
            return solutions({"x": "in"})
        return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""

    played.answer = guarded
    assert b"in" in ask(store) and b"in" in ask(store)
    assert [("Authorization" in headers) for _, headers, _ in played.asked] == [False, True, True]


def test_digest(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """The answer to a Digest challenge is the one of RFC 7616 §3.4.1; the password itself doesn't go out."""
    store = remote(user="dba", password="secret")

    def digest(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    def guarded(handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        shown = dict(re.findall(r'(\w+)="?([^",]+)"?', handler.headers.get("Authorization", "")))
        first, second = digest(f"dba:here:{'secret'}"), digest(f"POST:{handler.path}")
        parts_of_it = [first, "n1", shown.get("nc", ""), shown.get("cnonce", ""), "auth", second]
        if shown.get("response") == digest(":".join(parts_of_it)):
            return solutions({"x": "in"})
        return 401, {"WWW-Authenticate": 'Digest realm="here", domain="/", nonce="n1", qop="auth", algorithm="MD5"'}, b""

    played.answer = guarded
    assert b"in" in ask(store) and b"in" in ask(store)
    assert len(played.asked) == 3
    assert not any("secret" in str(each) for each in played.asked)
    assert "secret" not in repr(Remote("http://x/", "dba", "secret")) + repr(Settings(store_password="secret"))


@pytest.mark.parametrize("accept", [JSON, XML, "text/csv", PAGE])
@pytest.mark.parametrize("how", ["length", "chunks", "nothing", "short"])
def test_a_short_answer_never_looks_whole(played: Played, remote: Callable[..., RemoteStore], accept: str, how: str) -> None:
    """An answer that breaks off, or whose end can't be known, is no answer."""
    store = remote()
    status, headers, content = solutions(*({"x": str(n)} for n in range(20)))
    broken = {
        "length": (status, {**headers, "X-Length": str(len(content) + 10)}, content),
        "chunks": (status, {**headers, "Transfer-Encoding": "chunked"}, b"%x\r\n%s\r\n" % (len(content), content)),
        "nothing": (status, {**headers, "Connection": "close"}, content),
        "short": (status, {**headers, "X-SQL-State": "S1TAT"}, content),
    }[how]

    def breaking(handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        handler.close_connection = True
        return broken

    played.answer = breaking
    if how == "chunks":
        broken = (status, {**broken[1], "X-Length": "0"}, broken[2])
    with pytest.raises(QueryStopped):
        ask(store, accept=accept)


def test_malformed(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """A note of a cancelled query at the end of the results, as Fuseki writes it, is no row of a CSV."""
    store = remote()
    status, headers, content = solutions({"x": "1"})
    played.answer = lambda handler, body: (status, headers, content[:-4] + b"\n##  Query cancelled  ##\n")
    with pytest.raises(QueryStopped):
        ask(store, accept="text/csv")


def test_a_page_of_the_web(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """What answers in HTML is no SPARQL endpoint."""
    store = remote()
    played.answer = lambda handler, body: (200, {"Content-Type": "text/html"}, b"<p>hello")
    with pytest.raises(StoreUnavailable, match="text/html"):
        ask(store)


@pytest.mark.parametrize("trickling", [False, True])
def test_deadline(played: Played, remote: Callable[..., RemoteStore], trickling: bool) -> None:
    """The deadline holds for the whole of an answer, also when it comes drop by drop."""
    store = remote()

    def slow(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if trickling:
            handler.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\nContent-Length: 100000\r\n\r\n".encode())
        for _ in range(30):
            time.sleep(0.1)
            if trickling:
                handler.wfile.write(b" ")

    played.answer = slow
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        ask(store, seconds=0.5)
    assert 0.4 < time.monotonic() - began < 1.5
    assert store.figures().running == 0


def test_too_many(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """No more queries than allowed are under way at the store; who waits too long is told so."""
    store = remote(Limits(workers=1, waiting=1, patience=0.3))
    leave = threading.Event()

    def waiting(handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        leave.wait(10)
        return solutions({"x": "1"})

    played.answer = waiting
    first = threading.Thread(target=ask, args=(store,), kwargs={"seconds": 20})
    first.start()
    wait_until(lambda: store.figures().running == 1)
    with pytest.raises(Overloaded):
        ask(store)
    leave.set()
    first.join()
    assert b"1" in ask(store)


def test_what_is_refused_does_not_go_out(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """SERVICE, depth and syntax errors end here; so does a kind that the client can't read."""
    store = remote()
    for text, error in (
        ("ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", QueryRefused),
        ("ASK " + "{" * 200 + "}" * 200, QueryRefused),
        ("SELEC", QuerySyntaxError),
    ):
        with pytest.raises(error):
            ask(store, text)
    reply = store.run(Request("ASK {}", accept={"graph": "text/turtle"}))
    assert (reply.kind, reply.media_type, reply.whole) == ("boolean", None, b"")
    assert played.asked == []


def test_an_allowed_service_is_called_by_the_store_alone(played: Played) -> None:
    """A call that is allowed goes out with the query; reading the query calls nobody."""
    called = f"{played.address}/other"
    store = RemoteStore(Remote(played.address), RELEASE, GRAPHS, CANONICAL_BASE, (called,))
    try:
        played.answer = lambda handler, body: (200, {"Content-Type": JSON}, b'{"head":{},"boolean":true}')
        ask(store, f"ASK {{ SERVICE <{called}> {{ ?s ?p ?o }} }}")
    finally:
        store.close()
    assert [line for line, _, _ in played.asked] == ["POST /sparql"]


def test_revision_follows_the_store(played: Played, remote: Callable[..., RemoteStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """Another release in the store is another revision; a store that holds none isn't ready."""
    monkeypatch.setattr("territoires.store.remote._LOOK_EVERY", 0.1)
    store = remote()
    assert (store.revision, store.base, store.ready()) == ("one", CANONICAL_BASE, None)
    played.revision = "two"
    wait_until(lambda: store.revision == "two")
    played.revision = None
    wait_until(lambda: "territoires load" in (store.ready() or ""))
    assert store.revision == "two"
    played.revision = "three"
    wait_until(lambda: store.ready() is None)
    assert store.revision == "three"


def test_own_queries(played: Played, remote: Callable[..., RemoteStore]) -> None:
    """A query of our own comes back as terms."""
    assert [row["x"].value for row in rows(remote().query("SELECT ?x { ?x ?y ?z }"))] == ["1"]


XML_SPELLED = (
    b"<a><bnode>nodeID://b1</bnode><literal>nodeID://b1 &lt;bnode>nodeID://b2</literal><bnode>nodeID://b3</bnode>"
    b'<literal datatype="http://www.openlinksw.com/schemas/virtrdf#Geometry">POINT(1 2)</literal>'
    b'<literal>datatype="http://www.openlinksw.com/schemas/virtrdf#Geometry"</literal></a>'
)
XML_MEANT = (
    b"<a><bnode>b1</bnode><literal>nodeID://b1 &lt;bnode>nodeID://b2</literal><bnode>b3</bnode>"
    b'<literal datatype="http://www.opengis.net/ont/geosparql#wktLiteral">POINT(1 2)</literal>'
    b'<literal>datatype="http://www.openlinksw.com/schemas/virtrdf#Geometry"</literal></a>'
)
TRIPLE_SPELLED = b'<http://e/a> <http://e/b> "POINT(1 2)"^^<http://www.openlinksw.com/schemas/virtrdf#Geometry> .\n'
TRIPLE_MEANT = b'<http://e/a> <http://e/b> "POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n'


@pytest.mark.parametrize(
    ("arrives", "spelled", "meant"), [(XML, XML_SPELLED, XML_MEANT), ("application/n-triples", TRIPLE_SPELLED, TRIPLE_MEANT)]
)
def test_spellings_of_virtuoso(arrives: str, spelled: bytes, meant: bytes) -> None:
    """Blank nodes and geometries are written as by others, wherever the pieces are cut; nothing else is changed."""
    spellings = Dialect("Virtuoso/07.20").spellings(arrives)
    for size in range(1, len(spelled) + 1):
        pieces = (spelled[start : start + size] for start in range(0, len(spelled), size))
        assert b"".join(respelled(pieces, spellings)) == meant
    assert Dialect("Jetty").spellings(arrives) == () and b"".join(respelled((each for each in [spelled]), ())) == spelled


def test_parts_keep_blank_nodes_together() -> None:
    """A graph that is sent in parts has the triples of its blank nodes in one of them."""
    iri = NamedNode("http://example.org/")
    blank = BlankNode()
    triples = [Triple(iri, iri, NamedNode(f"http://example.org/{n}")) for n in range(7)]
    triples[2:2] = [Triple(iri, iri, blank)]
    triples.append(Triple(blank, iri, iri))
    found = list(parts(triples, 3))
    assert [len(part) for part in found] == [3, 3, 3]
    assert {triple for triple in found[0] if blank in (triple.subject, triple.object)} == {triples[2], triples[-1]}
    assert {triple for part in found for triple in part} == set(triples)
    assert list(parts([], 3)) == [[]]
    assert [len(part) for part in parts([Triple(blank, iri, each.object) for each in triples], 3)] == [9]


def test_the_revision_goes_last(played: Played, tmp_path: Path) -> None:
    """The graphs of a release go out before the one that names it; one that is no more is taken away."""
    base = CANONICAL_BASE
    node = NamedNode(base + "id/x")

    def quads(*names: str) -> list[object]:
        from pyoxigraph import Quad

        return [Quad(node, node, node, NamedNode(base + name)) for name in names]

    release = publish(tmp_path, "r", base, quads("graph/provenance", "graph/a", "graph/z"), {})
    old = f"<{base}graph/gone> a <http://www.w3.org/ns/sparql-service-description#NamedGraph> .".replace(
        " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
    )
    played.answer = lambda handler, body: (200, {}, old.encode() if handler.command == "GET" else b"")
    target = GraphStore(played.address)
    done = load(release, target, say=lambda text: None)
    target.close()
    assert (done.graphs, done.triples, done.removed) == (3, 3, 1)
    lines = [re.sub(r"/sparql\?(graph=.*%2F)?", "", line) for line, _, _ in played.asked]
    assert lines == ["GET provenance", "PUT default", "PUT a", "PUT z", "DELETE gone", "PUT provenance"]


def test_a_load_that_fails_leaves_the_revision(played: Played, tmp_path: Path) -> None:
    """A store that refuses a graph keeps the revision it had, and the fault is told."""
    from pyoxigraph import Quad

    node = NamedNode(CANONICAL_BASE + "id/x")
    graphs = [NamedNode(CANONICAL_BASE + name) for name in ("graph/a", "graph/provenance")]
    release = publish(tmp_path, "r", CANONICAL_BASE, [Quad(node, node, node, graph) for graph in graphs], {})
    played.answer = lambda handler, body: (507 if handler.path.endswith("graph%2Fa") else 200, {}, b"")
    target = GraphStore(played.address)
    with pytest.raises(StoreUnavailable, match="507"):
        load(release, target, say=lambda text: None)
    target.close()
    assert not any(line.startswith("PUT") and line.endswith("provenance") for line, _, _ in played.asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"TERRITOIRES_STORE": "ftp://x/"},
        {"TERRITOIRES_STORE": "localhost:3030/ds"},
        {"TERRITOIRES_STORE": "http://user:password@x/sparql"},
        {"TERRITOIRES_STORE_GRAPHS": "x"},
        {"TERRITOIRES_STORE_DEFAULT_GRAPH": "default"},
        {"TERRITOIRES_STORE_PASSWORD": "x"},
    ],
)
def test_settings(wrong: dict[str, str]) -> None:
    """A setting that can't be used is told at the start."""
    with pytest.raises(InvalidSetting, match=next(iter(wrong))):
        settings_from(wrong)
