"""What the tests of the web room share: clients, a reader of pages, raw requests, and a store of hard cases."""

import http.client
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pyoxigraph
import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from territoires.formats import named
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web.app import create_app, open_store

from .. import engines

VOID_ELEMENTS = {"meta", "link", "br", "hr", "img", "input"}
NAMES = (
    "id/v1.2",
    "id/x.ttl",
    "id/pays/saint-étienne",
    "id/pays/a%2Fb",
    "id/a%2Fb",
    "id/pays/a(b)",
    "id/pays/l'ain",
    "id/pays/a,b",
    "id/pays/a+b",
    "id/pays/a:b",
    "id/pays/a&b",
    "id/pays/a;b",
    "id/pays/a~b",
    "id/pays/a%20b",
    "id/pays/a%252Fb",
    "id/pays/%C3%A9crit-ainsi",
    "id/pays/successeur",
)
"""Own IRIs, below the base, with every character that an identifier may hold."""


DIFFERENCES = Path(__file__).with_name("engine-differences.tsv")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a store of others is known to answer in another way must fail against it, and against no other store."""
    lines = [line.split("\t") for line in DIFFERENCES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    known = {test: why for store, test, why in lines if store == config.getoption("store")}
    for item in items:
        test = f"{item.path.name}::{item.name}"
        if item.path.parent == DIFFERENCES.parent and test in known:
            item.add_marker(pytest.mark.xfail(reason=known[test], strict=True))


class Page(HTMLParser):
    """A page that was read: its elements, and the text that stands in each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes an element, which must be the last one opened."""
        assert self.open and self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        """Notes a text with the elements around it."""
        if data.strip():
            self.texts.append(("/".join(self.open), " ".join(data.split())))

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of each element of that kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        """The texts inside elements of that kind."""
        return [text for path, text in self.texts if tag in path.split("/")]

    @property
    def links(self) -> list[str]:
        """Where it leads."""
        return [attributes["href"] for tag, attributes in self.elements if tag in ("a", "link")]


@dataclass
class Answer:
    """What came over the wire."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    raw: bytes = field(repr=False)


class _Received:
    """Bytes that http.client can read as a response."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def makefile(self, mode: str) -> BytesIO:
        """The bytes as a file."""
        return BytesIO(self.raw)


def send(
    address: str, target: bytes | str, method: str = "GET", headers: tuple[str, ...] = (), body: bytes = b"", *, length: bool = True
) -> Answer:
    """Sends a request whose target and header lines go out byte for byte, and reads until the server closes."""
    place = urlsplit(address)
    lines = [f"Host: {place.netloc}", "Connection: close", *headers, *([f"Content-Length: {len(body)}"] if body and length else [])]
    start = method.encode() + b" " + (target.encode() if isinstance(target, str) else target) + b" HTTP/1.1\r\n"
    raw = b""
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=10) as connection:
        connection.sendall(start + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body)
        while part := connection.recv(65536):
            raw += part
    response = http.client.HTTPResponse(_Received(raw), method=method)  # type: ignore[arg-type]
    response.begin()
    return Answer(response.status, response.headers, response.read(), raw)


@pytest.fixture(scope="session")
def wire() -> Callable[..., Answer]:
    """Sends a raw request: wire(address, target, method, header lines, body)."""
    return send


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    """Reads a page; fails when its elements aren't closed in order."""
    return Page


def parse(data: bytes | str, name: str) -> rdflib.Graph:
    """An RDF document of that format, as rdflib reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's JSON-LD parser uses what rdflib deprecates
        return rdflib.Graph().parse(data=data, format={"rdf": "xml", "jsonld": "json-ld"}.get(name, name))


@pytest.fixture(scope="session")
def read_graph() -> Callable[[bytes | str, str], rdflib.Graph]:
    """Reads an RDF document: read_graph(data, format name)."""
    return parse


@pytest.fixture(scope="session")
def canonical() -> Callable[[bytes, str], pyoxigraph.Dataset]:
    """Reads an RDF document and names its blank nodes by what is said of them: rdflib takes seconds to compare many."""

    def read(data: bytes, name: str) -> pyoxigraph.Dataset:
        found = pyoxigraph.Dataset(pyoxigraph.parse(data, format=named(name).rdf))
        found.canonicalize(pyoxigraph.CanonicalizationAlgorithm.UNSTABLE)
        return found

    return read


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application over the real release; it keeps no cookies."""
    return app.test_client(use_cookies=False)


def hard_quads() -> list[Quad]:
    """Resources with hard names, a retired one, and values that must stay inert on a page."""
    graph = NamedNode(CANONICAL_BASE + "graph/test")
    label, kind = NamedNode(iri("skos:prefLabel")), NamedNode(iri("rdf:type"))
    quads = [Quad(NamedNode(CANONICAL_BASE + name), label, Literal(name, language="fr"), graph) for name in NAMES]
    retired = NamedNode(CANONICAL_BASE + "id/pays/ancien")
    deprecated = NamedNode(CANONICAL_BASE + "id/pays/deconseille")
    quads += [
        Quad(retired, label, Literal("Ancien pays", language="fr"), graph),
        Quad(retired, NamedNode(iri("dct:isReplacedBy")), NamedNode(CANONICAL_BASE + "id/pays/successeur"), graph),
        Quad(retired, NamedNode(iri("owl:deprecated")), Literal(True), graph),
        Quad(deprecated, NamedNode(iri("owl:deprecated")), Literal(True), graph),
    ]
    danger = NamedNode(CANONICAL_BASE + "id/pays/danger")
    for predicate, text in (("skos:prefLabel", '<script>alert(1)</script>"onmouseover="x'), ("skos:note", "=1+1")):
        quads.append(Quad(danger, NamedNode(iri(predicate)), Literal(text), graph))
    quads.append(Quad(danger, kind, NamedNode(iri("skos:Concept")), graph))
    quads.append(Quad(danger, NamedNode(iri("rdfs:seeAlso")), NamedNode("javascript:alert(1)"), graph))
    formula = NamedNode(CANONICAL_BASE + "id/pays/formule")
    quads += [Quad(formula, kind, NamedNode(iri("skos:Concept")), graph), Quad(formula, label, Literal("=1+1"), graph)]
    return quads


def revision_quads() -> list[Quad]:
    """What a release says of itself, by which a store on another host is known to hold it."""
    build, dataset = NamedNode(CANONICAL_BASE + "id/jeu/construction-test"), NamedNode(CANONICAL_BASE + "id/jeu/territoires")
    provenance, described = NamedNode(CANONICAL_BASE + "graph/provenance"), NamedNode(CANONICAL_BASE + "graph/data/dataset")
    named = (NamedNode(CANONICAL_BASE + "graph/test"), described)
    return [
        Quad(build, NamedNode(iri("rdf:type")), NamedNode(iri("prov:Activity")), provenance),
        Quad(build, NamedNode(iri("dct:identifier")), Literal("test"), provenance),
        *(Quad(graph, NamedNode(iri("rdf:type")), NamedNode(iri("sd:NamedGraph")), provenance) for graph in named),
        Quad(dataset, NamedNode(iri("void:uriSpace")), Literal(CANONICAL_BASE), described),
    ]


@pytest.fixture(scope="session")
def hard_settings(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings whose release holds the hard cases, in the store that --store names."""
    settings = Settings(home=root, releases=tmp_path_factory.mktemp("hard"))
    name = request.config.getoption("store")
    publish(settings.releases, "test", CANONICAL_BASE, hard_quads() + ([] if name == "embedded" else revision_quads()), {})
    if name == "embedded":
        yield settings
        return
    with engines.loaded(name, settings, tmp_path_factory.mktemp(f"hard-{name}")) as engine:
        yield engines.asking(settings, engine)


@pytest.fixture(scope="session")
def hard_store(hard_settings: Settings) -> Iterator[QueryService]:
    """The store of the hard cases."""
    found = open_store(hard_settings)
    yield found
    found.close()


@pytest.fixture
def hard(hard_settings: Settings, hard_store: QueryService) -> FlaskClient:
    """A client of an application over the hard cases."""
    return create_app(hard_settings, hard_store).test_client(use_cookies=False)


@pytest.fixture(scope="session")
def hard_server(hard_settings: Settings) -> Iterator[str]:
    """The address of a running server over the hard cases."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TERRITOIRES_RELEASES": str(hard_settings.releases), "TERRITOIRES_HOME": str(hard_settings.home)}
    environment |= engines.environment(hard_settings)
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None and time.monotonic() < deadline, "the server doesn't answer"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(port: int) -> bool:
    """Whether something listens on `port`."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
