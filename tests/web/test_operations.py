"""Running the service: health, figures, journal, stopping, release switches and crashes, each with `territoires serve` as it is run."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from flask import Flask
from prometheus_client import parser
from pyoxigraph import Literal, NamedNode, Quad

from territoires.errors import StoreUnavailable
from territoires.results import Request
from territoires.settings import Settings
from territoires.store.pool import Pool
from territoires.store.releases import current_release, publish, switch
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app

from ..waiting import wait_until

ASKED = "/sparql?query=" + quote("SELECT ?v { <urn:state> <urn:is> ?v }")
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
JSON = "application/sparql-results+json"


@dataclass
class Running:
    """A server that was started for one test."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    seen: set[int] = field(default_factory=set)

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET", timeout: float = 10) -> tuple[int, Any, bytes]:
        """Status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers={"Accept": JSON, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def family(self) -> list[psutil.Process]:
        """The processes that the server consists of now."""
        main = psutil.Process(self.process.pid)
        return [main, *main.children(recursive=True)]

    def zygotes(self) -> list[psutil.Process]:
        """The processes that hold a store."""
        hosts = psutil.Process(self.process.pid).children()
        children = alive([child for host in hosts for child in host.children()])
        return [child for child in children if "territoires.store.worker" in " ".join(child.cmdline())]

    def figures(self) -> dict[tuple[str, ...], float]:
        """What /metrics tells: {(name, label values in the order of their names): value}."""
        status, headers, body = self.get("/metrics")
        assert (status, headers["Cache-Control"]) == (200, "no-store")
        families = parser.text_string_to_metric_families(body.decode())
        samples = [sample for family in families for sample in family.samples]
        return {(s.name.removeprefix("territoires_"), *(s.labels[name] for name in sorted(s.labels))): s.value for s in samples}

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its JSON journal."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def serving(releases: Path, folder: Path, **settings: str) -> Iterator[Running]:
    """A server over these releases, as `territoires serve` starts it; afterwards no process of it may live."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": "/usr/bin:/bin", "TERRITOIRES_RELEASES": str(releases), "TERRITOIRES_HOME": str(Path(__file__).parents[2])}
    environment |= {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}  # a checkout that isn't the installed one
    environment |= {f"TERRITOIRES_{name.upper()}": value for name, value in {"log": "json", "client_seconds": "0", **settings}.items()}
    log = folder / f"log-{port}"
    with log.open("wb") as stderr:
        command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
    running = Running(port, process, log)
    try:
        wait_until(lambda: ready(running), 20)
        yield running
    finally:
        family = running.family() if process.poll() is None else []
        process.terminate()
        process.wait(timeout=20)
        wait_until(lambda: not alive(family))


def ready(running: Running) -> bool:
    """Whether the server says that it is ready."""
    assert running.process.poll() is None, running.log.read_text()
    try:
        return running.get("/health/ready")[0] == 200
    except OSError:
        return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run."""
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases `one` and `two`, in which one triple tells the revision; `one` is current."""
    folder = tmp_path_factory.mktemp("states")
    graph = NamedNode(CANONICAL_BASE + "graph/state")
    for revision in ("two", "one"):
        publish(
            folder,
            revision,
            CANONICAL_BASE,
            [
                Quad(NamedNode("urn:state"), NamedNode("urn:is"), Literal(revision), graph),
                *(Quad(NamedNode(f"urn:{i}"), NamedNode("urn:n"), Literal(i), graph) for i in range(2000)),
            ],
            {},
        )
    return folder


# Health


@pytest.mark.parametrize("accept", [None, CHROME, "text/turtle", "image/png"])
@pytest.mark.parametrize("path", ["/health", "/health/ready"])
def test_health(app: Flask, pool: Pool, path: str, accept: str | None) -> None:
    """Both answer JSON whatever is accepted, to everybody, for this moment only; HEAD as GET."""
    wait_until(lambda: pool.ready() is None, 30)
    client = app.test_client()
    got, head = (client.open(path, method=method, headers={"Accept": accept} if accept else {}) for method in ("GET", "HEAD"))
    assert (got.status_code, got.mimetype, got.headers["Cache-Control"]) == (200, "application/json", "no-store")
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", got.headers["Content-Length"])
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert got.json == ({"status": "live"} if path == "/health" else {"status": "ready", "revision": pool.revision})


def test_health_of_a_store_that_is_down(settings: Settings, pool: Pool) -> None:
    """Not ready is 503 with the reason, and the process lives nevertheless."""

    class Down:
        revision, base = pool.revision, pool.base

        def ready(self) -> str:
            """Why not."""
            return "the store is being loaded"

    client = create_app(settings, Down()).test_client()  # type: ignore[arg-type]
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "reason": "the store is being loaded"})
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/health").status_code == 200


def test_a_pool_that_loads_is_not_ready(settings: Settings) -> None:
    """Until its process has loaded the store a pool isn't ready, nor when it is closed."""
    pool = current_release(settings.releases).serve()
    try:
        assert pool.ready() == "the store is being loaded"
        wait_until(lambda: pool.ready() is None, 60)
    finally:
        pool.close()
    assert pool.ready() == "it is closed"


# Figures


@pytest.mark.parametrize(
    ("networks", "address", "headers", "status"),
    [
        (("127.0.0.0/8", "::1/128"), "127.0.0.1", {}, 200),
        (("127.0.0.0/8", "::1/128"), "::1", {}, 200),
        (("127.0.0.0/8", "::1/128"), "::ffff:127.0.0.1", {}, 200),
        (("127.0.0.0/8", "::1/128"), "192.0.2.7", {}, 403),
        (("127.0.0.0/8", "::1/128"), "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 403),
        (("127.0.0.0/8", "::1/128"), "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 403),
        (("10.0.0.0/8",), "10.1.2.3", {}, 200),
        (("10.0.0.0/8",), "127.0.0.1", {}, 403),
        ((), "127.0.0.1", {}, 403),
        (("0.0.0.0/0",), "192.0.2.7", {}, 200),
        (("0.0.0.0/0",), "no-address", {}, 403),
    ],
)
def test_who_may_read_the_figures(
    settings: Settings, pool: Pool, networks: tuple[str, ...], address: str, headers: dict[str, str], status: int
) -> None:
    """Only clients in the networks of the setting, and nobody through a proxy that isn't trusted."""
    client = create_app(replace(settings, metrics=networks), pool).test_client()
    assert client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}).status_code == status


def test_figures_through_a_trusted_proxy(settings: Settings, pool: Pool) -> None:
    """Behind a trusted proxy the client's own address counts."""
    client = create_app(replace(settings, proxy_hops=1), pool).test_client()
    for address, status in (("192.0.2.7", 403), ("127.0.0.1", 200), ("127.0.0.1, 192.0.2.7", 403)):
        answer = client.get("/metrics", headers={"X-Forwarded-For": address}, environ_base={"REMOTE_ADDR": "127.0.0.1"})
        assert answer.status_code == status, address


def test_figures_of_two_processes(states: Path, tmp_path: Path) -> None:
    """Every request is counted once, whichever process answers it and whichever is asked; what a stranger sends makes no label."""
    with serving(states, tmp_path, workers="2", query_seconds="0.5", query_queue="0", query_workers="1", log="none") as server:
        wait_until(lambda: len(server.zygotes()) == 2)
        before = server.figures()
        for number in range(40):
            assert server.get(ASKED)[0] == 200
            assert server.get(f"/nulle/part-{number}")[0] == 404
            assert server.get(f"/id/nobody-{number}?x={number}", {"Accept": "text/turtle"})[0] == 404
        assert server.get("/", method="BREW")[0] == 405
        assert server.get("/sparql?query=" + quote(RUNAWAY))[0] == 504

        def told() -> bool:
            found = server.figures()
            answered = [
                found.get(("requests_total", form, "GET", "/sparql", status)) for form, status in (("json", "200"), ("problem", "504"))
            ]
            return answered == [40, 1] and found["query_kills_total", "timeouts"] == 1

        wait_until(told)
        time.sleep(1.5)  # each process shares its figures every second
        assert all(told() for _ in range(6)), "the two processes tell different things"
        found = server.figures()
        assert found["requests_total", "problem", "GET", "other", "404"] == 40
        assert found["requests_total", "problem", "GET", "/id/<path:name>", "404"] == 40
        assert found["requests_total", "problem", "other", "other", "405"] == 1
        assert found["request_seconds_count", "json", "/sparql"] == 40
        assert found["request_seconds_bucket", "json", "+Inf", "/sparql"] == 40
        assert found["request_seconds_sum", "problem", "/sparql"] >= 0.5
        hits, misses = (found[f"answer_cache_{name}_total",] - before[f"answer_cache_{name}_total",] for name in ("hits", "misses"))
        assert 38 <= hits <= 39 and misses >= 83, "one or both processes had to work out the answer"
        assert found["processes", "server"] == found["processes", "zygote"] == 2
        assert found["process_memory_bytes", "zygote"] > 1e7
        assert found["release_info", "one"] == 2 and found["ready",] == 1
        labels = " ".join(value for key in found for value in key)
        assert not any(word in labels for word in ("part-", "nobody", "BREW", "urn:", "COUNT"))
        assert len(found) < 400


# The journal


def test_journal(states: Path, tmp_path: Path) -> None:
    """A line per request with what happened, the id that the answer bears, the client's network, and nothing that was asked."""
    with serving(states, tmp_path, proxy_hops="1") as server:
        token = {"Authorization": "Bearer s3cr3t", "Cookie": "lang=en; session=s3cr3t"}
        given = {"X-Request-ID": "from-the-proxy-1", "X-Forwarded-For": "198.51.100.9, 203.0.113.77"}
        answers = [
            server.get(ASKED, {**given, **token}),
            server.get(ASKED, {"X-Request-ID": 'bad" id', "X-Forwarded-For": "2001:db8:1:2:3::4", **token}),
            server.get("/sparql?query=SELECT%20s3cr3t", {"X-Request-ID": "short"}),
            server.get('/nulle/"part"%0A?token=s3cr3t'),
            server.get("/health", method="HEAD"),
            server.get(ASKED, {"If-None-Match": "*", **token}),
        ]
        identities = [headers["X-Request-ID"] for _, headers, _ in answers]
        wait_until(lambda: len([line for line in server.lines() if line.get("request") in identities]) == 6)
        lines = {line["request"]: line for line in server.lines() if "request" in line}
        text = server.log.read_text()
    noted = [lines[identity] for identity in identities]
    assert len(set(identities)) == 6 and identities[0] == "from-the-proxy-1" and not {'bad" id', "short"} & set(identities)
    assert "s3cr3t" not in text and "SELECT" not in text and "urn:state" not in text
    assert [line["client"] for line in noted[:3]] == ["203.0.113.0", "2001:db8:1::", "127.0.0.0"]
    assert [line["status"] for line in noted] == [200, 200, 400, 404, 200, 304]
    assert [line["cached"] for line in noted] == [False, True, False, False, False, True]
    assert [line["bytes"] for line in noted] == [len(body) for _, _, body in answers]
    assert [(line["method"], line["route"], line["format"]) for line in noted[2:5]] == [
        ("GET", "/sparql", "problem"),
        ("GET", "other", "problem"),
        ("HEAD", "/health", "json"),
    ]
    assert noted[3]["path"] == '/nulle/"part"\n'
    assert all(line["revision"] == "one" and line["ms"] > 0 for line in noted)
    assert noted[0]["work_ms"] > 0 and noted[1]["work_ms"] is None
    assert noted[0]["time"].startswith("20") and noted[0]["time"].endswith("Z")


def test_errors_bear_the_id(settings: Settings, pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    """What goes wrong while a request is answered is logged with the id of that request."""
    import logging

    from territoires.web.journal import Lines
    from territoires.web.wsgi import IDENTITY

    class Broken:
        revision, base = pool.revision, pool.base

        def ready(self) -> None:
            """It seems well."""

        def query(self, *_: object) -> None:
            """It isn't."""
            raise StoreUnavailable("the disk is gone")

        run = query

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Lines("json"))
    logger = logging.getLogger("territoires")
    logger.addHandler(handler)
    try:
        client = create_app(settings, Broken()).test_client()  # type: ignore[arg-type]
        assert client.get("/", environ_base={IDENTITY: "the-id-of-it"}).status_code == 503
    finally:
        logger.removeHandler(handler)
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["request"], line["level"], line["message"]) == ("the-id-of-it", "error", "StoreUnavailable: the disk is gone")


# Stopping


@pytest.fixture
def slow_service() -> Iterator[str]:
    """A SPARQL endpoint on loopback that thinks for two seconds: a query over it takes that long, on any machine."""

    class Thinker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answers late."""
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(2)
            body = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"late"}}]}}'
            self.send_response(200)
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), Thinker)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{endpoint.server_port}/"
    endpoint.shutdown()
    endpoint.server_close()


def late(service: str) -> str:
    """The address of a query that takes two seconds."""
    return "/sparql?query=" + quote(f"SELECT ?x {{ SERVICE <{service}> {{ ?s ?p ?x }} }}")


def in_background(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """A call that runs meanwhile, and where its result or error will be."""
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(call())
        except Exception as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, found


def test_graceful_stop(states: Path, tmp_path: Path, slow_service: str) -> None:
    """After SIGTERM the query that runs is answered whole, no new one is taken, and no process is left."""
    with serving(states, tmp_path, services=slow_service) as server:
        thread, found = in_background(lambda: server.get(late(slow_service)))
        wait_until(lambda: server.figures()["queries_running",] == 1)
        family = server.family()
        assert len(family) >= 4, "main, server, zygote, worker"
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        thread.join(10)
        status, _, body = found[0]
        assert (status, json.loads(body)["results"]["bindings"][0]["x"]["value"]) == (200, "late")
        assert time.monotonic() - began > 0.5, "the query had ended before"
        assert server.process.wait(timeout=5) == 0
        assert time.monotonic() - began < 5
        with pytest.raises(OSError):
            server.get("/health")
        wait_until(lambda: not alive(family))
        assert any(line.get("route") == "/sparql" and line["status"] == 200 for line in server.lines()), "its last line was written"


def test_a_stop_does_not_wait_for_ever(states: Path, tmp_path: Path) -> None:
    """What hasn't ended within `stop_seconds` is cut off, and nothing of it is left; SIGTERM may reach every process."""
    with serving(states, tmp_path, stop_seconds="1") as server:
        thread, found = in_background(lambda: server.get("/sparql?timeout=30&query=" + quote(RUNAWAY), timeout=30))
        wait_until(lambda: server.figures()["queries_running",] == 1)
        family = server.family()
        began = time.monotonic()
        for process in family:  # as a service manager may do
            process.terminate()
        server.process.wait(timeout=5)
        assert 0.5 < time.monotonic() - began < 3
        wait_until(lambda: not alive(family), 2)
        thread.join(5)
        assert isinstance(found[0], OSError | http.client.HTTPException)


def test_nothing_outlives_the_main_process(states: Path, tmp_path: Path) -> None:
    """When the main process is killed at once, its server processes end too, and their workers."""
    with serving(states, tmp_path) as server:
        family = server.family()
        server.process.kill()
        wait_until(lambda: not alive(family), 5)


def test_a_server_process_that_crashes_is_replaced(states: Path, tmp_path: Path) -> None:
    """Another one answers, the query workers of the first are gone, and what the first counted is still counted."""
    with serving(states, tmp_path) as server:
        assert server.get(ASKED)[0] == 200
        time.sleep(1.2)  # figures are shared every second
        family = server.family()
        family[1].kill()
        wait_until(lambda: not alive(family[1:]), 5)
        wait_until(lambda: ready(server))
        assert server.get(ASKED)[0] == 200
        assert server.figures()["requests_total", "json", "GET", "/sparql", "200"] == 2


# Under load


@dataclass
class Load:
    """Clients that ask without a pause: what they got, and when."""

    server: Running
    paths: Callable[[int, int], str]
    answers: list[tuple[float, int, str | None, bytes]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __enter__(self) -> "Load":
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(client,)) for client in range(8)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(20)

    def _ask(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=15)
        number = 0
        while not self._over.is_set():
            try:
                connection.request("GET", self.paths(client, number), headers={"Accept": JSON})
                answer = connection.getresponse()
                body = answer.read()
                self.answers.append((time.monotonic(), answer.status, answer.headers["Territoires-Revision"], body))
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(error)
                connection.close()
            number += 1
        connection.close()


def mixed(client: int, number: int) -> str:
    """The address of a kept answer, of one that has to be worked out, or of one that streams."""
    if number % 3 == 0:
        return ASKED
    text = f"SELECT ?v ?x {{ <urn:state> <urn:is> ?v . BIND('{client}-{number}' AS ?x) }}"
    if number % 12 == 5:
        text = f"SELECT ?v ?a ?b {{ <urn:state> <urn:is> ?v . ?a <urn:n> {client} . ?b <urn:n> ?n . FILTER(?n > {number % 100}) }}"
    return "/sparql?query=" + quote(text)


def test_release_switch_under_load(states: Path, tmp_path: Path) -> None:
    """Eight clients ask while the release is switched three times: every answer is whole, 200, and of the state that it names."""
    releases = shutil.copytree(states, tmp_path / "releases", symlinks=True)
    switch(releases, "one")
    with serving(releases, tmp_path, query_workers="8") as server:
        first = server.zygotes()
        with Load(server, mixed) as load:
            for revision in ("two", "one", "two"):
                switch(releases, revision)
                wait_until(lambda revision=revision: load.answers and load.answers[-1][2] == revision)  # type: ignore[misc]
                time.sleep(0.3)
        assert not load.errors
        assert Counter(status for _, status, _, _ in load.answers) == {200: len(load.answers)}
        assert len(load.answers) > 200
        for _, _, revision, body in load.answers:
            values = {row["v"]["value"] for row in json.loads(body)["results"]["bindings"]}
            assert values == {revision}
        assert {revision for _, _, revision, _ in load.answers} == {"one", "two"}
        assert server.get(ASKED)[1]["Territoires-Revision"] == json.loads(server.get("/health/ready")[2])["revision"] == "two"
        wait_until(lambda: len(server.zygotes()) == 1)
        assert not alive(first)
        left = server.family()
        workers = [each for each in left[2:] if each not in server.zygotes()]
        assert len(workers) <= 8 + 4, "workers of the old pools are left"
        assert server.figures()["queries_total",] >= len(load.answers) / 2, "the counts of the old pools are kept"


def test_zygote_crash_under_load(states: Path, tmp_path: Path) -> None:
    """A killed zygote is started again, and readiness says so; what runs is answered or told 503, and within two seconds all is well."""
    with serving(states, tmp_path, query_workers="8", query_queue="100") as server:
        (before,) = server.zygotes()
        before.kill()
        wait_until(lambda: not ready(server))
        wait_until(lambda: ready(server))
        (before,) = server.zygotes()
        with Load(server, lambda client, number: mixed(client, 3 * number + 1)) as load:
            wait_until(lambda: len(load.answers) > 50)
            for worker in before.children():
                worker.kill()
            before.kill()
            killed = time.monotonic()
            wait_until(lambda: server.zygotes() and ready(server))
            time.sleep(max(0.0, killed + 3 - time.monotonic()))
        assert not load.errors
        assert set(Counter(status for _, status, _, _ in load.answers)) <= {200, 503}
        assert [at for at, status, _, _ in load.answers if at > killed + 2 and status != 200] == []
        recovered = min(at for at, status, _, _ in load.answers if at > killed + 0.05 and status == 200)
        assert recovered - killed < 2
        (after,) = server.zygotes()
        assert after.pid != before.pid
        assert server.figures()["zygote_restarts_total",] == 2


def test_the_crash_of_a_zygote_leaves_its_workers(states: Path) -> None:
    """Idle workers go on answering while a new zygote loads; a query that needs a new worker waits for it."""
    pool = current_release(states).serve()
    try:
        pool.query("ASK {}")
        os.kill(pool.figures().processes["zygote"][0], signal.SIGKILL)
        assert pool.run(Request("ASK {}", accept={"boolean": JSON})).read()
        workers = [psutil.Process(pid) for pid in pool.figures().processes["worker"]]
        for worker in workers:
            worker.kill()
        wait_until(lambda: not alive(workers))
        assert pool.run(Request("ASK {}", accept={"boolean": JSON})).read()
        wait_until(lambda: pool.ready() is None)
        assert pool.figures().counts["restarts"] == 1
    finally:
        pool.close()
