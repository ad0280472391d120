"""A plain query is answered before Flask: whatever is asked, both ways must say the same."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from territoires.settings import Settings
from territoires.store.pool import Limits, Pool
from territoires.store.releases import Engine, current_release
from territoires.web import gateway as gateway_module
from territoires.web.app import create_app
from territoires.web.direct import Direct
from territoires.web.fairness import Budgets
from territoires.web.gateway import Gateway
from territoires.web.wsgi import Answer

SELECT = "SELECT ?t { ?t a <https://w3id.org/territoires-de-projet/def#Pays> } ORDER BY ?t"
MANY = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 3000"
STREAM = "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 30000"
GRAPH = "CONSTRUCT { ?t a ?c } { ?t a ?c } ORDER BY ?t ?c LIMIT 20"
FORM = "application/x-www-form-urlencoded"
CODINGS = ("gzip", "zstd", "br", "zstd;q=0, gzip")
ANY_TEXT = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)
OTHERS = st.sampled_from(["timeout", "format", "lang", "explain", "default-graph-uri", "x"])
PEER = "192.0.2.1"
BEHIND = [(0, "a, b", PEER), (1, "a, b", "b"), (2, "a, b", "a"), (3, "a, b", PEER), (1, "", PEER)]
TAKEN = re.compile(rb"(?:\d+|&lt; 1)(?=.{1,2}ms\.)")
"""The milliseconds that a page tells."""
FLEETING = ("date", "server-timing", "ratelimit")
REQUESTS: list[tuple[dict[str, str], dict[str, str]]] = [
    *(({"query": text}, {}) for text in (SELECT, MANY, STREAM, GRAPH, "ASK {}", "SELECT (1 AS ?x) {}")),
    *(
        ({"query": text}, {"Accept": accept})
        for text in (SELECT, GRAPH, "ASK {}")
        for accept in (
            "*/*",
            "text/csv",
            "application/sparql-results+xml",
            "text/tab-separated-values, */*;q=0.1",
            "text/turtle",
            "application/json",
            "application/ld+json",
            "text/html",
            "text/csv, text/html;q=0.1, */*;q=0",
            "image/png",
            "",
        )
    ),
    *(
        ({"query": text}, {"Accept-Encoding": coding})
        for text in (SELECT, MANY, STREAM)
        for coding in ("gzip", "zstd", "br", "zstd;q=0, gzip")
    ),
    ({"query": SELECT, "timeout": "5"}, {}),
    *(({"query": SELECT, "timeout": seconds}, {}) for seconds in ("0", "61", "x", "nan", "")),
    ({"query": SELECT, "default-graph-uri": "https://w3id.org/territoires-de-projet/graph/ontology/core"}, {}),
    ({"query": SELECT, "named-graph-uri": "no iri"}, {}),
    ({"query": SELECT, "format": "csv"}, {}),
    ({"query": SELECT, "lang": "en"}, {}),
    ({"query": SELECT, "update": "x"}, {}),
    ({"query": "SELECT ?s {"}, {"Accept": "*/*", "Accept-Language": "en"}),
    ({"query": "SELECT * { SERVICE <http://127.0.0.1:9/> {} }"}, {"Accept": "text/csv"}),
    ({"query": "SELECT * " + "{" * 200}, {}),
    ({"query": ""}, {}),
    ({}, {}),
    ({"timeout": "3"}, {}),
    ({"query": "é & + % 😀"}, {}),
]


def ask(app: Any, query_string: str, headers: dict[str, str], method: str = "GET", path: str = "/sparql", body: bytes = b"") -> Answer:
    """An answer as the gateway takes it."""
    return Answer(app, environment(query_string, headers, method, path, body))


def environment(
    query_string: str, headers: dict[str, str], method: str = "GET", path: str = "/sparql", body: bytes = b""
) -> dict[str, Any]:
    """A request as the gateway hands it on."""
    kind = {"CONTENT_TYPE": headers["Content-Type"]} if "Content-Type" in headers else {}
    return {
        **kind,
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query_string,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "HTTP_HOST": "localhost",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if name != "Content-Type"},
    }


def told(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """What an answer says, without what holds for one request only."""
    body = answer.whole if answer.whole is not None else b"".join(iter(answer.next_chunk, None))
    answer.close()
    body = TAKEN.sub(b"", body)
    return answer.status, {name: value for name, value in answer.headers if name not in FLEETING}, body


@pytest.fixture(scope="module")
def both(settings: Settings, pool: Pool) -> Iterator[tuple[Direct, Flask]]:
    """The application with and without the short way."""
    app = create_app(replace(settings, client_seconds=1000), pool)
    yield Direct(app, app.extensions["territoires"]), app


@pytest.mark.parametrize(("parameters", "headers"), REQUESTS)
def test_both_ways_agree(both: tuple[Direct, Flask], parameters: dict[str, str], headers: dict[str, str]) -> None:
    """Status, headers and body are the same, byte for byte."""
    direct, app = both
    short, long = (told(ask(each, urlencode(parameters), headers)) for each in (direct, app))
    assert short == long


@given(
    query=st.sampled_from([SELECT, GRAPH, "ASK {}", "SELECT ?s {", ""]),
    accept=st.one_of(st.none(), ANY_TEXT),
    extra=st.dictionaries(
        st.sampled_from(["timeout", "format", "lang", "explain", "default-graph-uri", "x"]), st.text(max_size=5), max_size=2
    ),
)
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_agree_on_anything(both: tuple[Direct, Flask], query: str, accept: str | None, extra: dict[str, str]) -> None:
    """So they do for parameters and Accept headers that nobody thought of."""
    direct, app = both
    text, headers = urlencode({"query": query, **extra}), {} if accept is None else {"Accept": accept}
    short, long = (told(ask(each, text, headers)) for each in (direct, app))
    if "explain" not in extra:
        assert short == long
    assert short[0] == long[0]


def test_short_way_is_taken(both: tuple[Direct, Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain query doesn't reach Flask; a page, a validator, HEAD and another address do."""
    direct, _ = both
    reached: list[Any] = []

    def flask(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        reached.append(environ)
        start("204 No Content", [])
        return []

    monkeypatch.setattr(direct, "_app", flask)
    assert told(ask(direct, urlencode({"query": SELECT}), {}))[0] == 200 and not reached
    others: list[tuple[dict[str, str], str, str]] = [
        ({"Accept": "text/html"}, "GET", "/sparql"),
        ({"If-None-Match": "*"}, "GET", "/sparql"),
        ({}, "HEAD", "/sparql"),
        ({}, "GET", "/x"),
    ]
    for headers, method, path in others:
        assert told(ask(direct, urlencode({"query": SELECT}), headers, method, path))[0] == 204
    assert len(reached) == 4
    assert told(ask(direct, "", {"Content-Type": FORM}, "POST", body=urlencode({"query": SELECT}).encode()))[0] == 200
    assert len(reached) == 4


class Exchange:
    """Both ends of one request to the gateway: its scope, and what is answered."""

    scheme, client, server, http_version, authority = "http", "192.0.2.1:5000", "127.0.0.1:80", "1.1", None

    def __init__(self, query_string: str, path: str = "/sparql") -> None:
        self.method, self.path, self.query_string = "GET", path, query_string
        self.headers = Fields()
        self.answered: list[tuple[int, bytes]] = []

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Takes the answer."""
        self.answered.append((status, body))

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Takes an answer without a body."""
        self.answered.append((status, b""))

    async def client_disconnect(self) -> None:
        """Never."""
        await asyncio.Event().wait()


class Fields(dict[str, str]):
    """The headers of a request."""

    def get_all(self, name: str) -> list[str]:
        """The values of a header."""
        return [self[name]] if name in self else []


def test_short_answers_take_no_thread(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many more queries at once than workers: each is answered once, in the event loop; only what is slow or at fault takes a thread."""
    pool = current_release(settings.releases).serve(Engine("disk", limits=Limits(workers=2, own_workers=1, waiting=100)))
    app = create_app(replace(settings, client_seconds=0, query_seconds=1.0), pool)
    direct = Direct(app, app.extensions["territoires"])
    gateway = Gateway(direct, lambda: pool.revision, 1 << 20, 4, 1 << 20, way=direct.way)
    threads: list[str] = []
    in_thread = gateway._in_thread

    async def noted(environ: dict[str, Any], *rest: Any) -> None:
        threads.append(environ["QUERY_STRING"])
        await in_thread(environ, *rest)

    gateway._in_thread = noted  # type: ignore[method-assign]

    async def run(*queries: str) -> list[tuple[int, bytes]]:
        exchanges = [Exchange(urlencode({"query": query})) for query in queries]
        await asyncio.gather(*(gateway.__rsgi__(each, each) for each in exchanges))
        assert all(len(each.answered) == 1 for each in exchanges)
        return [each.answered[0] for each in exchanges]

    async def whole() -> None:
        await run(*(f"ASK {{}} # first {number}" for number in range(4)))  # two workers are there now, and idle
        threads.clear()
        monkeypatch.setattr(gateway_module, "_SOON", 10.0)  # on a busy machine too
        found = await run(*(f"SELECT ({number} AS ?n) {{}}" for number in range(60)))
        assert [(status, json.loads(body)["results"]["bindings"][0]["n"]["value"]) for status, body in found] == [
            (200, str(number)) for number in range(60)
        ]
        assert not threads
        monkeypatch.setattr(gateway_module, "_SOON", 0.05)
        slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        found = await run("ASK {", f"{slow} # 1", *(f"ASK {{}} # {number}" for number in range(20)))
        assert [status for status, _ in found] == [400, 504, *[200] * 20]
        assert len(threads) >= 2 and pool.figures().running == 0

    try:
        with ThreadPoolExecutor(1) as thread:  # of its own: the browser tests keep a loop in this one
            thread.submit(asyncio.run, whole()).result()
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("kind", "body", "query_string"),
    [
        (FORM, urlencode({"query": SELECT}).encode(), ""),
        (FORM, urlencode({"query": MANY}).encode(), ""),
        (FORM, urlencode({"query": SELECT, "timeout": "5"}).encode(), ""),
        (FORM, urlencode({"query": SELECT}).encode(), "timeout=4"),
        (FORM, urlencode({"query": SELECT}).encode(), urlencode({"query": "ASK {}"})),
        (FORM, urlencode({"query": SELECT, "explain": "x"}).encode(), ""),
        (FORM, b"query=%FF", ""),
        (FORM, "query=ASK{}#é".encode(), ""),
        (FORM, b"query=\xff", ""),
        (FORM, b"", ""),
        (f"{FORM}; charset=utf-8", urlencode({"query": SELECT}).encode(), ""),
        ("application/sparql-query", SELECT.encode(), ""),
        ("application/sparql-query", "ASK {} # é".encode(), "timeout=4"),
        ("application/sparql-query", b"ASK {} # \xff", ""),
        ("application/sparql-query", b"ASK {", "format=csv"),
        ("application/sparql-query", SELECT.encode(), urlencode({"named-graph-uri": "no iri"})),
        ("application/sparql-update", b"CLEAR ALL", ""),
        ("", b"query=x", ""),
    ],
)
def test_both_ways_agree_on_post(both: tuple[Direct, Flask], kind: str, body: bytes, query_string: str) -> None:
    """So they do for POST, URL-encoded and direct, well formed or not."""
    direct, app = both
    short, long = (told(ask(each, query_string, {"Content-Type": kind}, "POST", body=body)) for each in (direct, app))
    assert short == long


def test_tags_agree(both: tuple[Direct, Flask]) -> None:
    """The tag that the short way gives is one that Flask knows again."""
    direct, app = both
    tag = told(ask(direct, urlencode({"query": SELECT}), {}))[1]["etag"]
    assert told(ask(app, urlencode({"query": SELECT}), {"If-None-Match": tag}))[0] == 304
    assert told(ask(direct, urlencode({"query": SELECT}), {"If-None-Match": tag}))[0] == 304


def test_runaway_is_run_once(both: tuple[Direct, Flask], pool: Pool) -> None:
    """A fault is told by Flask without running the query a second time."""
    direct, _ = both
    before = pool.counts["timeouts"]
    text = urlencode({"query": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "timeout": "0.5"})
    status, headers, body = told(ask(direct, text, {}))
    assert status == 504 and headers["content-type"] == "application/problem+json" and b"0.5 secondes" in body
    assert pool.counts["timeouts"] == before + 1


@pytest.mark.parametrize(
    ("hops", "forwarded", "client"),
    [(0, "a, b", "192.0.2.1"), (1, "a, b", "b"), (2, "a, b", "a"), (3, "a, b", "192.0.2.1"), (1, "", "192.0.2.1")],
)
def test_client_behind_proxies(settings: Settings, pool: Pool, hops: int, forwarded: str, client: str) -> None:
    """The share is that of the client whom the trusted proxies name, on both ways."""
    app = create_app(replace(settings, proxy_hops=hops, client_seconds=1000), pool)
    for way in (Direct(app, app.extensions["territoires"]), app):
        charged: list[str] = []

        class Noted(Budgets):
            def charge(self, client: str, seconds: float, charged: list[str] = charged) -> None:
                charged.append(client)

        app.extensions["territoires"] = replace(app.extensions["territoires"], budgets=Noted(1000))
        if isinstance(way, Direct):
            way = Direct(app, app.extensions["territoires"])
        told(ask(way, urlencode({"query": SELECT}), {"X-Forwarded-For": forwarded} if forwarded else {}))
        assert charged == [client]
