"""What the tests share: the repository root, a release built once, a server over it, and a judge of small graphs."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from territoires.knowledge.building import build
from territoires.knowledge.importing import running
from territoires.knowledge.judging import Judge, judge_of
from territoires.settings import Settings, default_downloads
from territoires.store import QueryService
from territoires.store.pool import Pool
from territoires.store.releases import current_release
from territoires.web.app import create_app, open_store

from . import engines

ROOT = Path(__file__).parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which store the tests of the web room run against, and which ones tests/conformance/test_backends.py compares."""
    parser.addoption("--store", choices=("embedded", *engines.NAMES), default="embedded", help="the store behind the web application")
    parser.addoption("--release", type=Path, help="a folder with a release to test, instead of building one")
    parser.addoption("--import", dest="imported", choices=("none", "cog"), default="none", help="what the shared release takes with it")
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
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the release that --release names, else one of the repository's sources, with all of France by --import=cog."""
    if built := request.config.getoption("release"):
        return Settings(home=ROOT, releases=built)
    chosen = Settings(home=ROOT, releases=tmp_path_factory.mktemp("releases"), imports=tmp_path_factory.mktemp("imports"))
    if request.config.getoption("imported") == "cog":
        running.run(ROOT, chosen.imports, running.Order(2026, default_downloads()), lambda text: None)
    build(chosen, lambda text: None)
    return chosen


@pytest.fixture(scope="session")
def core(request: pytest.FixtureRequest, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with the release of the repository's sources alone: what is tested of it isn't so once all of France is there."""
    if not request.config.getoption("release") and request.config.getoption("imported") == "none":
        return settings
    chosen = Settings(home=ROOT, releases=tmp_path_factory.mktemp("core"), imports=tmp_path_factory.mktemp("imports"))
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


@pytest.fixture(scope="session")
def judge() -> Judge:
    """A judge of small graphs by the shapes of the repository."""
    return judge_of(ROOT)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the server answers; fails when it doesn't within 60 seconds."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server stopped"
        try:
            urllib.request.urlopen(f"{address}/sparql?query=ASK%7B%7D", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server didn't answer within 60 seconds")
