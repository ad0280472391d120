"""The gateway before Flask, over the wire: kept answers, what streams and breaks off, clients that leave, limits and shares."""

import contextlib
import gzip
import http.client
import json
import socket
import statistics
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
import zstandard
from flask import Flask
from flask.testing import FlaskClient

from territoires.settings import Settings
from territoires.store.pool import Limits, Pool
from territoires.store.releases import Engine, current_release
from territoires.web.app import create_app
from territoires.web.fairness import Budgets
from territoires.web.keeping import AnswerCache, Kept

from ..waiting import wait_until

PRODUCT = "SELECT * { { SELECT ?a ?b ?c { ?a ?b ?c } LIMIT 90000 } { SELECT ?d ?e ?f { ?d ?e ?f } LIMIT 90000 } }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
CSV = "Accept: text/csv"


def target(text: str, **parameters: str) -> str:
    """The address of a query."""
    return "/sparql?" + urlencode({"query": text, **parameters})


# Kept answers


def test_kept_answer_is_the_same(server: str, wire: Callable[..., Any]) -> None:
    """The second time the answer comes without Flask: the same bytes and lasting headers, no headers of the first request."""
    path = target("SELECT ?t { ?t a <http://example.org/kept> }")
    first, second = (wire(server, path, headers=("Accept: text/csv",)) for _ in range(2))
    fleeting = {"date", "ratelimit", "ratelimit-policy", "server-timing", "x-request-id"}
    lasting = [{k.lower(): v for k, v in each.headers.items() if k.lower() not in fleeting} for each in (first, second)]
    assert (first.status, first.body, lasting[0]) == (second.status, second.body, lasting[1])
    assert "server-timing" in first.headers and "server-timing" not in second.headers


@pytest.mark.parametrize("way", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
def test_kept_answer_is_validated(server: str, wire: Callable[..., Any], way: str) -> None:
    """B22: a kept answer is 304 to who has it, with no body."""
    path = target("ASK { ?s ?p <http://example.org/validated> }")
    tag = wire(server, path).headers["ETag"]
    answer = wire(server, path, headers=(f"If-None-Match: {way.format(tag=tag)}",))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == tag and "Vary" in answer.headers
    assert wire(server, path, headers=('If-None-Match: "other"',)).status == 200


def test_kept_answers_differ(server: str, wire: Callable[..., Any]) -> None:
    """B9: what was kept for one format, language, coding or host isn't given to another."""
    page, sent = "/def/changes", {"Accept": "text/html", "Accept-Language": "fr", "Accept-Encoding": "identity"}
    seen = set()
    for name, value in (
        ("", ""),
        ("Accept-Language", "en"),
        ("Accept-Encoding", "gzip"),
        ("Accept-Encoding", "zstd"),
        ("Cookie", "lang=en"),
    ):
        fields = {**sent, name: value} if name else sent
        for _ in range(2):
            answer = wire(server, page, headers=tuple(f"{k}: {v}" for k, v in fields.items()))
            assert answer.status == 200
        seen.add((answer.headers["ETag"], answer.body))
    assert len(seen) == 4, "lang=en by cookie is the page in English; the others are four"
    data = {wire(server, target("ASK {}"), headers=(f"Accept: {kind}",)).body for kind in ("application/json", "application/xml") * 2}
    assert len(data) == 2


def test_cache_is_bounded() -> None:
    """The cache forgets the least lately used, and all of it with another revision."""
    cache = AnswerCache(9_000)
    kept = Kept(200, [], b"x" * 1_500, '"t"')
    assert cache.find("r", ("a",)) is None
    for name in "abc":
        cache.keep("r", (name,), kept)
    assert cache.find("r", ("a",)) is kept
    cache.keep("r", ("d",), kept)
    cache.keep("r", ("e",), kept)
    assert cache.find("r", ("b",)) is None and cache.find("r", ("a",)) is kept
    assert cache.bytes <= 9_000
    cache.keep("r", ("large",), Kept(200, [], b"x" * 10_000, '"t"'))
    assert cache.find("r", ("large",)) is None
    cache.keep("old", ("late",), kept)
    assert cache.find("r", ("late",)) is None, "made under a revision that is gone"
    assert cache.find("s", ("a",)) is None and cache.bytes == 0


def test_cache_weighs_its_memory() -> None:
    """Thousands of small answers take no more memory than the cache counts."""
    cache, headers = AnswerCache(20_000_000), [(f"header-{n}", f"value {n} of the answers") for n in range(14)]
    cache.find("r", ("",))
    tracemalloc.start()
    for number in range(20_000):
        key = tuple(f"{field} {number}" for field in ("/sparql", "query=ASK", "http", "", "", "*/*", "", "", "localhost"))
        cache.keep("r", key, Kept(200, [(sys.intern(n), sys.intern(v)) for n, v in headers], b"%d" % number * 10, f'"{number}"'))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < cache.bytes * 1.1 <= cache.size * 1.1


def test_what_changes_is_not_kept(server: str, wire: Callable[..., Any]) -> None:
    """NOW, RAND and UUID answer anew each time, and say that nobody may keep them."""
    for call in ("NOW()", "RAND()", "UUID()", "struuid ()"):
        first, second = (wire(server, target(f"SELECT ({call} AS ?x) {{}}")) for _ in range(2))
        assert first.body != second.body, call
        assert first.headers["Cache-Control"] == "no-store" and "ETag" not in first.headers


# Content coding


@pytest.mark.parametrize(
    ("accept", "coding"),
    [("gzip", "gzip"), ("zstd", "zstd"), ("gzip, zstd", "zstd"), ("gzip;q=1, zstd;q=0.5", "gzip"), ("*", "zstd"), ("br", None)],
)
@pytest.mark.parametrize("limit", [3, 30_000], ids=["short", "stream"])
def test_coding(server: str, wire: Callable[..., Any], accept: str, coding: str | None, limit: int) -> None:
    """What is long enough comes in the coding that the client likes best, streamed or not, and unpacks to the same."""
    path = target(f"SELECT ?s ?p ?o {{ {{ SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT 90000 }} }} ORDER BY ?s ?p ?o LIMIT {limit}")
    plain = wire(server, path, headers=(CSV,)).body
    answer = wire(server, path, headers=(CSV, f"Accept-Encoding: {accept}"))
    expected = coding if limit > 3 else None
    assert answer.headers.get("Content-Encoding") == expected
    assert "Accept-Encoding" in answer.headers["Vary"]
    unpacked = {"gzip": gzip.decompress, "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data), None: bytes}
    assert unpacked[expected](answer.body) == plain
    if coding:
        assert answer.headers["ETag"] != wire(server, path, headers=(CSV,)).headers["ETag"]


# Streams


class Stream:
    """A raw connection that reads an answer little by little."""

    def __init__(self, server: str, path: str, *headers: str) -> None:
        place = urlsplit(server)
        self.socket = socket.create_connection((place.hostname or "", place.port or 0), timeout=30)
        lines = [f"GET {path} HTTP/1.1", f"Host: {place.netloc}", "Connection: close", *headers]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()

    def read(self, size: int) -> bytes:
        """Some bytes; none at the end."""
        try:
            return self.socket.recv(size)
        except ConnectionResetError:
            return b""

    def rest(self) -> tuple[int, bytes]:
        """How many bytes follow, and the last of them."""
        total, last = 0, b""
        while data := self.read(1 << 16):
            total, last = total + len(data), (last + data)[-100:]
        return total, last


def server_processes(server: str) -> list[psutil.Process]:
    """The processes of the server and of its pools."""
    port = urlsplit(server).port
    main = next(p for p in psutil.process_iter(["cmdline"]) if str(port) in (p.info["cmdline"] or []) and "serve" in p.info["cmdline"])
    return [main, *main.children(recursive=True)]


def busy(server: str) -> bool:
    """Whether a worker is at work: it uses the processor, be it little beside what else the machine does."""
    before = working_times(server)
    time.sleep(0.5)
    after = working_times(server)
    return any(after[pid] - seconds > 0.015 for pid, seconds in before.items() if pid in after)


def working_times(server: str) -> dict[int, float]:
    """The seconds of processor that each worker has had; one that ends meanwhile is left out."""
    found: dict[int, float] = {}
    for process in server_processes(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "territoires.store.worker" in " ".join(process.cmdline()):
                found[process.pid] = sum(process.cpu_times()[:2])
    return found


def test_stream_that_breaks_off(server: str) -> None:
    """B30: an answer cut at its deadline has no last chunk: no client takes it for whole."""
    with Stream(server, target(PRODUCT, timeout="1"), CSV) as stream:
        assert stream.read(15).startswith(b"HTTP/1.1 200 OK")
        total, last = stream.rest()
    assert total > 100_000
    assert not last.endswith(b"\r\n0\r\n\r\n")
    place = urlsplit(server)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    connection.request("GET", target(PRODUCT, timeout="1"), headers={"Accept": "text/csv"})
    with connection.getresponse() as response, pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        response.read()
    connection.close()


def test_whole_stream_ends_well(server: str, wire: Callable[..., Any]) -> None:
    """A stream that is whole has its last chunk, and the first byte comes long before it."""
    answer = wire(server, target("SELECT ?s ?p ?o { ?s ?p ?o }"), headers=(CSV,))
    assert answer.raw.endswith(b"0\r\n\r\n")
    assert len(answer.body) > 1_000_000


def test_memory_is_bounded(server: str) -> None:
    """B30: a result of hundreds of megabytes passes through without being gathered."""
    (worker,) = [p for p in server_processes(server)[1:] if "serve" in p.cmdline()]
    before = worker.memory_info().rss
    largest = total = 0
    with Stream(server, target(PRODUCT + " LIMIT 1500000", timeout="20"), CSV) as stream:
        while data := stream.read(1 << 20):
            total += len(data)
            largest = max(largest, worker.memory_info().rss)
    assert total > 150_000_000
    assert largest - before < 80_000_000


@pytest.mark.parametrize("text", [RUNAWAY, PRODUCT], ids=["before the first byte", "in midstream"])
def test_client_leaves(server: str, text: str) -> None:
    """B29: when the client goes, the work ends within a second."""
    with Stream(server, target(text, timeout="30"), CSV) as stream:
        time.sleep(0.4)
        if text == PRODUCT:
            stream.read(1 << 20)
        else:
            assert busy(server)
    time.sleep(0.5)
    assert not busy(server)


def test_head_of_a_stream(server: str, wire: Callable[..., Any]) -> None:
    """B19: HEAD on a long answer ends at once."""
    began = time.monotonic()
    assert wire(server, target(PRODUCT, timeout="20"), "HEAD", (CSV,)).body == b""
    assert time.monotonic() - began < 3
    assert not busy(server)


def test_others_keep_their_latency(server: str, wire: Callable[..., Any]) -> None:
    """B29: cheap queries are answered while runaways run to their deadline."""

    def cheap(number: int) -> float:
        began = time.monotonic()
        assert wire(server, target(f"ASK {{ ?s ?p {number} }}")).status == 200
        return time.monotonic() - began

    runaways = [threading.Thread(target=wire, args=(server, target(RUNAWAY + f" #{n}", timeout="3"))) for n in range(2)]
    for thread in runaways:
        thread.start()
    time.sleep(0.3)
    with ThreadPoolExecutor(4) as several:
        spent = list(several.map(cheap, range(100)))
    assert any(thread.is_alive() for thread in runaways), "the runaways had ended before"
    for thread in runaways:
        thread.join()
    assert statistics.median(spent) < 0.5


# Limits, and each client's share


@pytest.fixture
def sharing(settings: Settings, pool: Pool) -> FlaskClient:
    """An application that gives each client half a second of work in a minute."""
    return create_app(replace(settings, client_seconds=0.5), pool).test_client()


def test_share_is_spent(sharing: FlaskClient) -> None:
    """429 with Retry-After and RateLimit once the share is spent; other clients are served."""
    ask = target("ASK { ?s ?p 1 }")
    first = sharing.get(ask)
    assert first.headers["RateLimit-Policy"] == '"work";q=0.5;w=60'
    assert sharing.get(target(RUNAWAY, timeout="0.6")).status_code == 504
    refused = sharing.get(ask)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.mimetype == "application/problem+json" and "0.5 secondes" in refused.json["detail"]
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    page = sharing.get(ask, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (429, "text/html") and int(page.headers["Retry-After"]) > 0
    assert sharing.get(ask, environ_base={"REMOTE_ADDR": "198.51.100.7"}).status_code == 200


def test_waiting_is_not_charged(settings: Settings) -> None:
    """Who waits in vain for a turn, because others work, has spent nothing of the own share."""
    limits = Limits(workers=1, own_workers=1, waiting=2, patience=0.8)
    pool = current_release(settings.releases).serve(Engine("disk", limits=limits))
    try:
        client = create_app(replace(settings, client_seconds=0.5), pool).test_client()
        ask, other = target("ASK { ?s ?p 1 }"), {"REMOTE_ADDR": "198.51.100.7"}
        assert client.get(ask).status_code == 200
        with ThreadPoolExecutor(1) as aside:
            runaway = aside.submit(client.application.test_client().get, target(RUNAWAY, timeout="3"), environ_base=other)
            wait_until(lambda: pool.figures().running == 1)
            refused = client.get(ask)
            assert refused.status_code == 503
            assert not runaway.done()
        assert runaway.result().status_code == 504
        assert client.get(ask).status_code == 200
        assert client.get(ask, environ_base=other).status_code == 429
    finally:
        pool.close()


def test_stream_is_charged(sharing: FlaskClient) -> None:
    """The time that an answer streams counts too."""
    path = target(PRODUCT + " LIMIT 400000", timeout="20")
    for _ in range(6):
        response = sharing.get(path, headers={"Accept": "text/csv"})
        if response.status_code == 429:
            return
        assert len(response.data) > 10_000_000
    raise AssertionError("streams cost nothing")


def test_windows_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A share is whole again a minute later; the table of clients is bounded."""
    now = [1000.0]
    monkeypatch.setattr("territoires.web.fairness.time.monotonic", lambda: now[0])
    budgets = Budgets(1.0)
    budgets.charge("a", 2.0)
    assert budgets.headers("a")["RateLimit"] == '"work";r=0;t=60'
    now[0] += 61
    budgets.check("a")
    assert budgets.headers("a")["RateLimit"] == '"work";r=1;t=60'
    for number in range(10_050):
        budgets.charge(str(number), 1.0)
    assert len(budgets._spent) <= 10_000


@pytest.mark.parametrize("asked", ["0", "-1", "61", "nan", "inf", "ten", ""])
def test_timeout_parameter(client: FlaskClient, asked: str) -> None:
    """A deadline that can't be is told, with the most that can be had."""
    response = client.get(target("ASK {}", timeout=asked))
    assert response.status_code == 400 and "60" in response.json["detail"]


def test_timeout_is_told(client: FlaskClient) -> None:
    """504 with the deadline in the text; an answer in time tells its deadline, revision and work in headers."""
    late = client.get(target(RUNAWAY, timeout="0.3"))
    assert late.status_code == 504 and "0.3 secondes" in late.json["detail"]
    page = client.get(target(RUNAWAY, timeout="0.3"), headers={"Accept": "text/html"})
    assert page.status_code == 504 and "0.3" in page.text
    fine = client.get(target("ASK {}", timeout="7"))
    assert fine.headers["Territoires-Deadline"] == "7" and fine.headers["Server-Timing"].startswith("query;dur=")
    assert fine.headers["Territoires-Revision"]


def test_too_many(settings: Settings, app: Flask) -> None:
    """503 with Retry-After when the queue is full, as problem details and as a page."""
    pool = current_release(settings.releases).serve(Engine(limits=Limits(workers=1, waiting=0)))
    client = create_app(replace(settings, client_seconds=0), pool).test_client()
    with ThreadPoolExecutor(1) as one:
        running = one.submit(client.get, target(RUNAWAY, timeout="1.5"))
        time.sleep(0.4)
        refused = app_client(client).get(target("ASK {}"))
        assert running.result().status_code == 504
    pool.close()
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert json.loads(refused.data)["status"] == 503


def app_client(client: FlaskClient) -> FlaskClient:
    """Another client of the same application: one is not for two threads."""
    return client.application.test_client()


# No way out


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, list[Any]]]:
    """A port on loopback that notes every connection."""
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def watch() -> None:
            while not stop.is_set():
                try:
                    connection, peer = server.accept()
                except TimeoutError:
                    continue
                seen.append(peer)
                connection.close()

        thread = threading.Thread(target=watch)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", seen
        stop.set()
        thread.join()


PROBES = [
    "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "SELECT * {{ ?a ?b ?c FILTER EXISTS {{ SERVICE <{url}> {{ ?a ?p ?o }} }} }} LIMIT 1",
    "SELECT * {{ ?a ?b ?c MINUS {{ service<{url}> {{ ?a ?p ?o }} }} }} LIMIT 1",
    "SELECT * {{ VALUES ?u {{ <{url}> }} SERVICE ?u {{ ?s ?p ?o }} }}",
    "PREFIX x: <{url}> SELECT * {{ SERVICE x: {{ ?s ?p ?o }} }}",
    "BASE <{url}> SELECT * {{ SERVICE <> {{ ?s ?p ?o }} }}",
    "SELECT * {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
    "SELECT * FROM <{url}> {{ ?s ?p ?o }}",
    "SELECT * FROM NAMED <{url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "SELECT * FROM <file:///etc/passwd> {{ ?s ?p ?o }}",
    "LOAD <{url}>",
    "LOAD SILENT <{url}> INTO GRAPH <{url}>",
    "DESCRIBE <{url}>",
    "CONSTRUCT {{ ?s ?p ?o }} {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
]


@pytest.mark.parametrize("probe", PROBES)
def test_no_way_out(server: str, wire: Callable[..., Any], listener: tuple[str, list[Any]], probe: str) -> None:
    """B28: no query makes the server call a host or open a file; what it can't do is refused, the rest finds nothing."""
    url, seen = listener
    form = ("Content-Type: application/sparql-query", "Accept: application/sparql-results+json, text/turtle")
    for answer in (
        wire(server, target(probe.format(url=url)), headers=form[1:]),
        wire(server, "/sparql", "POST", form, probe.format(url=url).encode()),
    ):
        assert answer.status in (200, 400)
        if answer.status == 200:
            assert b'"bindings":[]' in answer.body or answer.body == b"" or b"?" not in answer.body
    for name in ("default-graph-uri", "named-graph-uri"):
        assert wire(server, target("SELECT * { ?s ?p ?o } LIMIT 1", **{name: url})).status == 200
    time.sleep(0.05)
    assert seen == []


def test_allowed_service(settings: Settings, listener: tuple[str, list[Any]]) -> None:
    """An endpoint on the allow-list is called, and no other."""
    url, seen = listener
    pool = current_release(settings.releases).serve(Engine(services=(url,)))
    client = create_app(replace(settings, client_seconds=0), pool).test_client()
    before = len(seen)
    assert client.get(target("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")).status_code == 400
    assert client.get(target("SELECT * { VALUES ?u { <" + url + "> } SERVICE ?u { ?s ?p ?o } }")).status_code == 400
    assert len(seen) == before
    client.get(target("SELECT * { SERVICE <" + url + "> { ?s ?p ?o } }", timeout="2"))
    pool.close()
    assert len(seen) > before
    seen.clear()


@pytest.mark.parametrize("opening", ["{", "(", "[", "FILTER(EXISTS{", "OPTIONAL{", "IF("])
@pytest.mark.parametrize("count", [500, 5_000, 20_000])
def test_deep_query(server: str, wire: Callable[..., Any], opening: str, count: int) -> None:
    """A query that nests too deeply for the engine's parser is refused, and the server stays."""
    text = "SELECT * { " + opening * count + " ?s ?p ?o " + "}" * count + "}"
    answer = wire(server, "/sparql", "POST", ("Content-Type: application/sparql-query",), text.encode())
    assert answer.status == 400 and "sur plus de 100 niveaux" in answer.body.decode()


def test_long_chains(server: str, wire: Callable[..., Any]) -> None:
    """Thousands of UNIONs or additions are refused; thousands of values, names with hyphens among them, are not."""
    form = ("Content-Type: application/sparql-query",)
    union = "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 20_000) + " }"
    assert wire(server, "/sparql", "POST", form, union.encode()).status == 400
    assert wire(server, "/sparql", "POST", form, f"SELECT ({'+'.join(['1'] * 20_000)} AS ?x) {{}}".encode()).status == 400
    values = (
        "PREFIX x: <http://example.org/> SELECT * { VALUES ?v { " + " ".join(f"x:a-b-{n} <http://e/+{n}>" for n in range(8_000)) + " } }"
    )
    assert wire(server, "/sparql", "POST", form, values.encode()).status == 200


def test_files_stay_unread(root: Path, server: str, wire: Callable[..., Any]) -> None:
    """No path of this machine is opened for a query."""
    answer = wire(server, target(f"SELECT * FROM <file://{root}/data/dataset.ttl> {{ ?s ?p ?o }}"))
    assert answer.status == 200 and json.loads(answer.body)["results"]["bindings"] == []


def test_explain(client: FlaskClient) -> None:
    """`explain=true` tells how the query was run: its text after rewriting, the rules, the time; faults are told as ever."""
    slow = "SELECT ?s { ?s ?p ?o FILTER NOT EXISTS { ?s a ?c . ?c a <http://example.org/never> } } LIMIT 3"
    told = client.get(target(slow, explain="true")).json
    assert told["rules"] == ["not-exists-as-minus"] and "MINUS" in told["rewritten"] and told["query"] == slow
    assert told["kind"] == "solutions" and told["bytes"] > 0 and 0 < told["seconds"]["work"] <= told["seconds"]["total"]
    plain = client.post("/sparql", data={"query": "ASK {}", "explain": "true", "timeout": "3"}).json
    assert (plain["rules"], plain["rewritten"], plain["kind"], plain["seconds"]["deadline"]) == ([], "ASK {}", "boolean", 3.0)
    assert client.get(target("ASK {", explain="true")).status_code == 400
    assert client.get(target(RUNAWAY, explain="true", timeout="0.3")).status_code == 504


def test_no_file_is_left_open(server: str) -> None:
    """Streams that break off, and clients that leave, cost no file descriptor."""
    (worker,) = [p for p in server_processes(server)[1:] if "serve" in p.cmdline()]
    before = worker.num_fds()
    for _ in range(5):
        with Stream(server, target(PRODUCT, timeout="0.5"), CSV) as stream:
            stream.rest()
        with Stream(server, target(PRODUCT, timeout="20"), CSV) as stream:
            stream.read(100_000)
    time.sleep(0.5)
    assert worker.num_fds() <= before + 15
