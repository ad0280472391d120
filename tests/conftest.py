"""What the tests share: the repository root, a release built once, a server over it, and a judge of small graphs."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyshacl
import pytest
import rdflib
from flask import Flask
from pyshacl.graph_abstraction import DataGraph
from rdflib import RDF, RDFS, SH

from territoires.files import shape_files, turtle_files
from territoires.knowledge.building import build
from territoires.knowledge.validation import merged, read_graph
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.pool import Pool
from territoires.store.releases import current_release
from territoires.web.app import create_app, open_store

from . import engines

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which store the tests of the web room run against, and which ones tests/conformance/test_backends.py compares."""
    parser.addoption("--store", choices=("embedded", *engines.NAMES), default="embedded", help="the store behind the web application")
    parser.addoption("--engines", default=" ".join(engines.NAMES), help="the stores of others to compare with the embedded one")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test counts as a failure: it would hide that something was not tested."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("A test was skipped: none may be.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with a release built from the repository's sources."""
    chosen = Settings(home=ROOT, releases=tmp_path_factory.mktemp("releases"))
    build(chosen, lambda text: None)
    return chosen


@pytest.fixture(scope="session")
def pool(settings: Settings) -> Iterator[Pool]:
    """That release behind a pool of killable workers."""
    found = current_release(settings.releases).serve()
    yield found
    found.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[engines.Engine | None]:
    """The store that --store names, with that release; None for the embedded one."""
    name = request.config.getoption("store")
    if name == "embedded":
        yield None
        return
    with engines.loaded(name, settings, tmp_path_factory.mktemp(name)) as found:
        yield found


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest, settings: Settings, engine: engines.Engine | None) -> Iterator[QueryService]:
    """That release in the store that --store names."""
    if engine is None:
        yield request.getfixturevalue("pool")
        return
    found = open_store(engines.asking(settings, engine))
    yield found
    found.close()


@pytest.fixture(scope="session")
def app(settings: Settings, store: QueryService) -> Flask:
    """The application over that release."""
    return create_app(replace(settings, client_seconds=0), store)


@pytest.fixture(scope="session")
def server(settings: Settings, engine: engines.Engine | None) -> Iterator[str]:
    """The address of a running server over that release, as `territoires serve` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
    environment = {"TERRITOIRES_RELEASES": str(settings.releases), "TERRITOIRES_HOME": str(ROOT), "PATH": "/usr/bin:/bin"}
    if engine:
        environment |= engines.environment(engines.asking(settings, engine))
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


class Judge:
    """Validates small graphs with the ontology and the schemes, looking only at what they themselves speak of.

    pySHACL would search the whole vocabulary for every shape. One vocabulary graph serves all: the triples of a small graph
    are added to it, then taken away again.
    """

    def __init__(self, vocabulary: rdflib.Graph, shapes: rdflib.Graph) -> None:
        self.vocabulary, self.shapes = vocabulary, shapes
        self._index = pyshacl.ShapesGraph(shapes)
        self._lineages: dict[rdflib.term.Node, set[rdflib.term.Node]] = {}
        self._targets: dict[tuple[rdflib.URIRef, rdflib.term.Node], list[pyshacl.Shape]] = {}
        for shape in self._index.shapes:
            for parameter in (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf):
                for target in shapes.objects(shape.node, parameter):
                    self._targets.setdefault((parameter, target), []).append(shape)

    def lineage(self, kind: rdflib.term.Node) -> set[rdflib.term.Node]:
        """A class and the classes above it."""
        if kind not in self._lineages:
            self._lineages[kind] = set(self.vocabulary.transitive_objects(kind, RDFS.subClassOf))
        return self._lineages[kind]

    def focus_nodes(self, graph: rdflib.Graph) -> dict[pyshacl.Shape, set[rdflib.term.Node]]:
        """Which nodes of a small graph, already added to the vocabulary, each shape looks at."""
        found: dict[pyshacl.Shape, set[rdflib.term.Node]] = {}
        for node in set(graph.subjects()):
            for kind in set().union(*(self.lineage(kind) for kind in self.vocabulary.objects(node, RDF.type))):
                for shape in self._targets.get((SH.targetClass, kind), ()):
                    found.setdefault(shape, set()).add(node)
        for subject, predicate, value in graph:
            for parameter, node in ((SH.targetSubjectsOf, subject), (SH.targetObjectsOf, value)):
                for shape in self._targets.get((parameter, predicate), ()):
                    found.setdefault(shape, set()).add(node)
        return found

    def report(self, graph: rdflib.Graph) -> rdflib.Graph:
        """The SHACL report on a small graph."""
        added = [triple for triple in graph if triple not in self.vocabulary]
        for triple in added:
            self.vocabulary.add(triple)
        try:
            target = DataGraph.from_rdflib_graph(self.vocabulary)
            executor = pyshacl.Validator(target, shacl_graph=rdflib.Graph(), options={"inplace": True}).make_executor()
            results = []
            for shape, focus in self.focus_nodes(graph).items():
                results += shape.validate(executor, target, focus=list(focus))[1]
            return pyshacl.Validator.create_validation_report(self._index, not results, results)[0]
        finally:
            for triple in added:
                self.vocabulary.remove(triple)


@pytest.fixture(scope="session")
def judge() -> Judge:
    """A judge of small graphs by the shapes of the repository."""
    ontology = [source for source in turtle_files(ROOT, "ontology") if source.name.split("/")[1] not in ("examples", "alignments")]
    shapes = merged(read_graph(source.path) for source in shape_files(ROOT))
    return Judge(merged(read_graph(source.path) for source in ontology), shapes)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the server answers; fails when it doesn't within 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server stopped"
        try:
            urllib.request.urlopen(f"{address}/sparql?query=ASK%7B%7D", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server didn't answer within 20 seconds")
