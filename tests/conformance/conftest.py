"""Puts the W3C's suites to a running server, where TERRITOIRES_RDF_TESTS names a checkout of w3c/rdf-tests; else collects none of it.

A test that is listed in expected-failures.tsv must fail: one that passes fails the run, and so does one that fails unlisted.
TERRITOIRES_EARL=FILE writes a report in EARL beside.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from territoires.writing.keys import Keys

from .suites import PLACE, Case, Manifest, read_suites

CHECKOUT = os.environ.get("TERRITOIRES_RDF_TESTS", "")
EXPECTED = Path(__file__).with_name("expected-failures.tsv")
KINDS = {
    "evaluation": ("QueryEvaluationTest", "CSVResultFormatTest"),
    "accepted": ("PositiveSyntaxTest", "PositiveSyntaxTest11"),
    "rejected": ("NegativeSyntaxTest", "NegativeSyntaxTest11"),
    "protocol": ("ProtocolTest",),
    "description": ("ServiceDescriptionTest",),
    "change": ("UpdateEvaluationTest",),
    "accepted_change": ("PositiveUpdateSyntaxTest11",),
    "rejected_change": ("NegativeUpdateSyntaxTest11",),
    "protocol_of_updates": ("ProtocolTest",),
    "graph_protocol": ("GraphStoreProtocolTest",),
}
"""The fixture that hands out the cases of each kind."""
FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)
outcomes: dict[str, str] = {}
collect_ignore = [] if CHECKOUT else ["test_w3c.py", "test_w3c_updates.py"]
collect_ignore += [] if os.environ.get("TERRITOIRES_RECONCILIATION_SPECS") else ["test_reconciliation.py"]
collect_ignore += [] if os.environ.get("TERRITOIRES_OPENREFINE") else ["test_openrefine.py"]


def expected_failures() -> dict[str, str]:
    """Test IRI -> why it fails."""
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))  # type: ignore[misc]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each case of the kind that the function asks for."""
    for fixture in KINDS.keys() & set(metafunc.fixturenames):
        if not CHECKOUT:
            raise pytest.UsageError("TERRITOIRES_RDF_TESTS must name a checkout of w3c/rdf-tests.")
        failing = expected_failures()
        cases = [case for case in read_suites(Path(CHECKOUT)) if case.kind in KINDS[fixture] and suits(case, fixture)]
        metafunc.parametrize(fixture, [pytest.param(case, id=case_id(case), marks=marks(failing.get(case.iri))) for case in cases])


def suits(case: Case, fixture: str) -> bool:
    """Whether a test of the protocol is one of queries or of updates, as the fixture wants it."""
    return case.kind != "ProtocolTest" or ("update" in case.iri.rpartition("#")[2]) == (fixture == "protocol_of_updates")


def case_id(case: Case) -> str:
    """The end of the test's IRI, with its version of SPARQL."""
    version = "1.0" if case.suite.startswith("SPARQL 1.0") else "1.1"
    folder, _, name = case.iri.rpartition("/manifest#")
    return f"{version} {folder.rpartition('/')[2]} {name}"


def marks(reason: str | None) -> list[pytest.MarkDecorator]:
    """What makes an expected failure a duty to fail."""
    return [] if reason is None else [pytest.mark.xfail(reason=reason, raises=AssertionError, strict=True)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes how each case went."""
    report = yield
    cases = [value for value in getattr(getattr(item, "callspec", None), "params", {}).values() if isinstance(value, Case)]
    if cases and report.when == "call":  # type: ignore[attr-defined]
        outcomes[cases[0].iri] = "passed" if report.outcome == "passed" else "failed"  # type: ignore[attr-defined]
    return report


def pytest_sessionfinish() -> None:
    """Writes the report, where one is asked for."""
    if outcomes and (target := os.environ.get("TERRITOIRES_EARL")):
        Path(target).write_text(earl(outcomes), encoding="utf-8")


def earl(found: dict[str, str]) -> str:
    """The outcomes in the Evaluation and Report Language, as Turtle."""
    head = "@prefix earl: <http://www.w3.org/ns/earl#> .\n@prefix doap: <http://usefulinc.com/ns/doap#> .\n\n"
    head += '<#territoires> a doap:Project, earl:Software, earl:TestSubject, earl:Assertor ; doap:name "Territoires" .\n'
    lines = (
        f"[] a earl:Assertion ; earl:assertedBy <#territoires> ; earl:subject <#territoires> ; earl:mode earl:automatic ; "
        f"earl:test <{iri}> ; earl:result [ a earl:TestResult ; earl:outcome earl:{outcome} ] ."
        for iri, outcome in found.items()
    )
    return head + "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def cases() -> tuple[Case, ...]:
    """Every case."""
    return read_suites(Path(CHECKOUT))


@pytest.fixture(scope="session")
def listed_failures() -> dict[str, str]:
    """Test IRI -> why it fails."""
    return expected_failures()


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the suites."""
    return Path(CHECKOUT)


@dataclass(frozen=True)
class Answer:
    """What came over the wire."""

    status: int
    media_type: str
    body: bytes
    revision: str = ""
    location: str = ""


class Endpoint:
    """A running server over the data of every suite, each file as a named graph below PLACE."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/sparql"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """Sends a request to a target; no header but those is added, not even a type of the body."""
        self._connection.request(method, target, body or None, headers)
        response = self._connection.getresponse()
        told = response.headers
        media_type = (told["Content-Type"] or "").partition(";")[0]
        return Answer(response.status, media_type, response.read(), told["Territoires-Revision"] or "", told["Location"] or "")

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def data_files(checkout: Path, cases: tuple[Case, ...]) -> dict[str, str]:
    """Graph IRI -> file: what the cases name as data, what their queries name by FROM, and what the protocol tests ask for."""
    names = {name for case in cases for name in (*case.data, *case.graphs)}
    for case in cases:
        if case.kind == "QueryEvaluationTest":
            folder = Path(case.query).parent
            named = FROM.findall((checkout / case.query).read_text(encoding="utf-8"))
            names |= {str(folder / name) for name in named if (checkout / folder / name).is_file()}
    protocol = Manifest(checkout, "sparql/sparql11/protocol/manifest.ttl").graph_data()
    return {PLACE + name: name for name in sorted(names)} | protocol


def answers(port: int) -> bool:
    """Whether a server listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def endpoint(checkout: Path, cases: tuple[Case, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """`territoires serve` over the data of the suites, on a free port."""
    options = [f"--graph={graph}={checkout / name}" for graph, name in data_files(checkout, cases).items()]
    with served(free_port(), options, {}, tmp_path_factory.mktemp("conformance") / "log") as found:
        yield found


class Writable(Endpoint):
    """A running server that takes writes, and a key for all of them."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(port)
        self._token = token

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """As any endpoint does, with the key; returns when readers see what was written."""
        answer = self._send(method, target, headers, body)
        until = time.monotonic() + 20
        while method not in ("GET", "HEAD") and answer.status < 300 and answer.revision != self._served(until):
            time.sleep(0.02)
        return answer

    def _send(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        return super().send(method, target, {**headers, "Authorization": f"Bearer {self._token}"}, body)

    def _served(self, until: float) -> str:
        assert time.monotonic() < until, "readers don't see what was written"
        return str(json.loads(super().send("GET", "/health/ready", {}).body).get("revision"))

    def update(self, text: str, wait: bool = True) -> Answer:
        """Does an update; `wait` where readers shall see it."""
        headers = {"Content-Type": "application/sparql-update", "Accept": "*/*"}
        return (self.send if wait else self._send)("POST", "/update", headers, text.encode())


@pytest.fixture(scope="session")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writable]:
    """`territoires serve` over nothing yet, which takes writes, on a free port."""
    folder, port = tmp_path_factory.mktemp("writable"), free_port()
    (folder / "nothing.nq").touch()
    _, token = Keys(folder / "contributions").create("conformance", ("*",))
    settings = {"TERRITOIRES_CONTRIBUTIONS": str(folder / "contributions"), "TERRITOIRES_BASE_URL": f"http://127.0.0.1:{port}/"}
    with served(port, [f"--dataset={folder / 'nothing.nq'}"], settings, folder / "log"):
        found = Writable(port, token)
        try:
            yield found
        finally:
            found.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(port: int, options: list[str], settings: dict[str, str], log: Path) -> Iterator[Endpoint]:
    """A server, as long as this lasts."""
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port), *options]
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    environment = {"PATH": "/usr/bin:/bin", "TERRITOIRES_CLIENT_SECONDS": "0", **kept, **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    found = Endpoint(port)
    try:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.1)
        yield found
    finally:
        found.close()
        process.terminate()
        process.wait(timeout=20)
