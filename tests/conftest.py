"""What the tests share: the repository root, a release built once, and a server over it."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from territoires.knowledge.building import build
from territoires.settings import Settings
from territoires.store.releases import current_release
from territoires.web.app import create_app

ROOT = Path(__file__).parents[1]


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
def app(settings: Settings) -> Flask:
    """The application over that release."""
    return create_app(settings, current_release(settings.releases).open())


@pytest.fixture(scope="session")
def server(settings: Settings) -> Iterator[str]:
    """The address of a running server over that release, as `territoires serve` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
    environment = {"TERRITOIRES_RELEASES": str(settings.releases), "TERRITOIRES_HOME": str(ROOT), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


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
