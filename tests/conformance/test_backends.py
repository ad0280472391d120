"""Each store of others answers as the embedded one does: the same triples, solutions, competency answers and errors."""

import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from pyoxigraph import CanonicalizationAlgorithm, Dataset, Literal, Quad, RdfFormat, Triple, parse

from territoires.errors import QueryStopped
from territoires.knowledge.queries import QueryLibrary
from territoires.results import PAGE, WHOLE, Answer, Cancellation, Request, rows
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.loading import GraphStore, load
from territoires.store.pool import Pool
from territoires.store.releases import current_release
from territoires.web.app import create_app, open_store

from .. import engines

HOME = Path(__file__).parents[2]
DIFFERENCES = Path(__file__).with_name("engine-differences.tsv")
LANGRES = "id/territoire/pays-de-langres"
RDF = {"ttl": RdfFormat.TURTLE, "nt": RdfFormat.N_TRIPLES, "rdf": RdfFormat.RDF_XML, "jsonld": RdfFormat.JSON_LD}
SOLUTIONS = "SELECT ?s ?o { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?o FILTER(LANG(?o) = 'fr') } ORDER BY ?s ?o LIMIT 300"
CONSTRUCT = """CONSTRUCT { ?s ?p ?o } WHERE {
  VALUES ?s { <https://w3id.org/territoires-de-projet/id/territoire/pays-de-langres> } ?s ?p ?o
}"""
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != ?f && ?f != ?i) }"
MANY = "SELECT ?s ?p ?o { ?s ?p ?o }"
QUESTIONS = QueryLibrary(HOME, "competency")


@dataclass(frozen=True)
class Backend:
    """A store of others that holds the release, and the service over it."""

    engine: engines.Engine
    settings: Settings
    store: QueryService
    client: FlaskClient


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test once for each store that --engines names."""
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", metafunc.config.getoption("engines").split(), indirect=True, scope="module")


@pytest.fixture(scope="module")
def backend(request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The store of that name, started and loaded once."""
    with engines.loaded(request.param, settings, tmp_path_factory.mktemp(request.param)) as engine:
        chosen = replace(engines.asking(settings, engine), client_seconds=0)
        store = open_store(chosen)
        try:
            store.query("ASK {}")
            yield Backend(engine, chosen, store, create_app(chosen, store).test_client(use_cookies=False))
        finally:
            store.close()


@pytest.fixture(scope="session")
def embedded(settings: Settings, pool: Pool) -> FlaskClient:
    """A client of the embedded store."""
    return create_app(replace(settings, client_seconds=0), pool).test_client(use_cookies=False)


def differences() -> dict[tuple[str, str], str]:
    """(store, question) -> why the store's answer is another one."""
    lines = [line for line in DIFFERENCES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {(name, question): why for name, question, why in (line.split("\t") for line in lines)}


def canonical(data: bytes, form: RdfFormat) -> Dataset:
    """The triples, their blank nodes named alike and their values written alike."""
    found = Dataset(Quad(q.subject, q.predicate, plain(q.object)) for q in parse(data, form, base_iri="http://localhost/"))
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def plain(term: object) -> object:
    """A term; a boolean in one of its two spellings, a number in one of its many."""
    if not isinstance(term, Literal):
        return term
    kind = term.datatype.value.removeprefix("http://www.w3.org/2001/XMLSchema#")
    if kind == "boolean":
        return Literal(term.value in ("1", "true"))
    if kind in ("decimal", "integer", "double", "float"):
        return Literal(f"{Decimal(term.value).normalize():f}", datatype=term.datatype)
    return term


def table(answer: Answer) -> Counter[tuple[tuple[str, str], ...]]:
    """The solutions, in no order."""
    return Counter(tuple(sorted((name, str(plain(term))) for name, term in row.items())) for row in rows(answer))


def get(client: FlaskClient, text: str, accept: str, **more: str) -> object:
    """The answer to a query."""
    return client.get(f"/sparql?{urlencode({'query': text, **more})}", headers={"Accept": accept})


def test_it_says_its_release(backend: Backend, pool: Pool) -> None:
    """Revision and base are read from the store itself."""
    assert (backend.store.revision, backend.store.base, backend.store.ready()) == (pool.revision, pool.base, None)


@pytest.mark.parametrize("name", RDF)
def test_description(backend: Backend, embedded: FlaskClient, name: str) -> None:
    """The document on a territory holds the same triples in each RDF format."""
    path = f"/doc/{LANGRES.removeprefix('id/')}.{name}"
    ours, theirs = embedded.get(path), backend.client.get(path)
    assert (theirs.status_code, theirs.content_type) == (200, ours.content_type)
    assert len(canonical(ours.data, RDF[name])) > 400
    assert canonical(theirs.data, RDF[name]) == canonical(ours.data, RDF[name])


def test_page(backend: Backend, embedded: FlaskClient) -> None:
    """The page on a territory is the same, line for line; only a repository that keeps its releases has permalinks to them."""
    path = f"/doc/{LANGRES.removeprefix('id/')}.html"
    theirs, ours = backend.client.get(path).text, embedded.get(path).text
    assert "?revision=" in ours and "?revision=" not in theirs
    told = [re.sub(r"\?revision=[\w-]+", "", line) for line in ours.splitlines() if line.strip() and 'rel="bookmark"' not in line]
    assert [line for line in theirs.splitlines() if line.strip()] == told


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_select(backend: Backend, embedded: FlaskClient, name: str) -> None:
    """The solutions of a SELECT are the same in each format, in the same order."""
    ours, theirs = (get(client, SOLUTIONS, "*/*", format=name) for client in (embedded, backend.client))
    assert (theirs.status_code, theirs.content_type) == (200, ours.content_type)
    if name == "json":
        assert json.loads(theirs.data)["results"] == json.loads(ours.data)["results"]
    elif name == "xml":
        assert theirs.text.count("<result>") == ours.text.count("<result>") == 300
    else:
        assert theirs.data == ours.data


@pytest.mark.parametrize("name", ["json", "xml"])
@pytest.mark.parametrize(("text", "holds"), [("ASK { ?s ?p ?o }", True), ("ASK { ?s <http://example.org/none> ?o }", False)])
def test_ask(backend: Backend, name: str, text: str, holds: bool) -> None:
    """A boolean is the same in each format."""
    answer = get(backend.client, text, "*/*", format=name)
    assert answer.status_code == 200
    assert ("true" if holds else "false") in answer.text
    assert ("false" if holds else "true") not in answer.text


@pytest.mark.parametrize("name", [*RDF, "trig", "nq"])
def test_construct(backend: Backend, embedded: FlaskClient, name: str) -> None:
    """The triples of a CONSTRUCT are the same in each format."""
    form = {**RDF, "trig": RdfFormat.TRIG, "nq": RdfFormat.N_QUADS}[name]
    ours, theirs = (get(client, CONSTRUCT, "*/*", format=name) for client in (embedded, backend.client))
    assert (theirs.status_code, theirs.content_type) == (200, ours.content_type)
    assert canonical(theirs.data, form) == canonical(ours.data, form) != Dataset()


def test_page_of_rows(backend: Backend) -> None:
    """A browser gets the first rows and hears that there are more, without the rest being read."""
    reply = backend.store.run(Request(MANY, WHOLE, {"solutions": PAGE}, 30, first=10))
    assert reply.read().count(b"\n") == 11
    assert reply.more


@pytest.mark.parametrize("question", QUESTIONS.names())
def test_question(backend: Backend, pool: Pool, question: str) -> None:
    """A competency query has the same answer."""
    text = QUESTIONS.text(question, pool.base)
    ours, theirs = pool.query(text), backend.store.query(text)
    why = differences().get((backend.engine.name, question))
    same = answer_of(theirs) == answer_of(ours)
    assert same or why, "no difference is expected"
    assert not same or why is None or why.startswith(AT_TIMES), f"the difference is gone: {why}"


AT_TIMES = "at times "
"""How the reason begins for a difference that a store doesn't always show."""


def answer_of(answer: Answer) -> object:
    """An answer that can be compared."""
    if isinstance(answer, list):
        return Counter(str(Triple(t.subject, t.predicate, plain(t.object))) for t in answer)
    return bool(answer) if not hasattr(answer, "variables") else table(answer)


def test_default_and_named_graphs(backend: Backend, pool: Pool) -> None:
    """The default graph is the merge, each triple once; the named graphs are the release's and no others."""
    for text in (
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
        f"SELECT (COUNT(*) AS ?n) FROM <{pool.base}graph/data/dataset> {{ ?s ?p ?o }}",
        "SELECT (COUNT(*) AS ?n) { <id/territoire/pays-de-langres> ?p ?o }",
    ):
        assert table(backend.store.query(text)) == table(pool.query(text)), text


def test_syntax_error(backend: Backend) -> None:
    """A syntax error is known before the query goes out, with its place."""
    answer = get(backend.client, "SELECT *\n{ ?s ?p }", "application/json")
    assert (answer.status_code, answer.json["line"]) == (400, 2)


@pytest.mark.parametrize("text", ["ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "ASK " + "{" * 200 + "}" * 200])
def test_refusals(backend: Backend, text: str) -> None:
    """What is refused never reaches the store."""
    assert get(backend.client, text, "application/json").status_code == 400


def test_timeout(backend: Backend) -> None:
    """The deadline holds whatever the store does, and the next query is answered."""
    began = time.monotonic()
    assert get(backend.client, RUNAWAY, "application/json", timeout="0.5").status_code == 504
    assert time.monotonic() - began < 2.5
    assert get(backend.client, "ASK {}", "application/json").status_code == 200


def test_cancellation(backend: Backend) -> None:
    """When nobody waits any more, the connection to the store is closed at once."""
    cancellation = Cancellation()
    threading.Timer(0.5, cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(QueryStopped):
        backend.store.run(Request(RUNAWAY, accept={"solutions": "text/csv"}, seconds=20, cancellation=cancellation)).read()
    assert time.monotonic() - began < 2


def test_reader_who_leaves(backend: Backend) -> None:
    """A large answer that nobody reads to its end gives its place back."""
    for _ in range(6):
        reply = backend.store.run(Request(MANY, accept={"solutions": "text/csv"}, seconds=20))
        assert reply.whole is None and next(reply.chunks)
        reply.chunks.close()
    assert backend.store.figures().running == 0


def test_large_answer(backend: Backend, pool: Pool) -> None:
    """A large answer comes in pieces, and whole."""
    request = Request(MANY, accept={"solutions": "text/csv"}, seconds=30)
    reply = backend.store.run(request)
    assert reply.whole is None
    assert sum(chunk.count(b"\r\n") for chunk in reply.chunks) >= sum(chunk.count(b"\r\n") for chunk in pool.run(request).chunks)


def test_reload(backend: Backend, settings: Settings) -> None:
    """Loading once more changes nothing; a graph that is no more in the release is taken away."""
    engine = backend.engine
    target = GraphStore(engine.graphs, engine.user, engine.password)
    release = current_release(settings.releases)
    store = backend.store
    before = table(store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"))
    try:
        assert load(release, target, engine.default_graph, lambda text: None).removed == 0
    finally:
        target.close()
    assert table(store.query("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")) == before


def test_store_down(settings: Settings) -> None:
    """A store that is down is 503, in a few seconds at most, and the server starts all the same."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}/sparql"
    store = open_store(replace(settings, store=address))
    try:
        client = create_app(settings, store).test_client()
        answer = get(client, "ASK {}", "application/json")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert address not in answer.text
        assert store.ready() and address in store.ready()
    finally:
        store.close()
