"""OpenRefine's own code against a running server: it guesses types, reconciles a column and adds columns (openrefine/Session.java).

TERRITOIRES_OPENREFINE names a version of `org.openrefine:main` that Maven can find; without it nothing is collected.
"""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import wait_for
from ..reconciliation import ID, ROOT, serving

VERSION = os.environ.get("TERRITOIRES_OPENREFINE", "")
SESSION = Path(__file__).with_name("openrefine") / "Session.java"
ROWS = {
    "Langres\t52": "commune/langres",
    "CHAUMONT\tHaute-Marne": "commune/chaumont",
    "Chaumont\t18": "commune/18060",
    "Chaumont\t": None,
    "St Geosmes\t52": "commune/52449",
    "Balesmes-sur-Marne\t52": "commune/52449",
    "amberieu en bugey\t1": "commune/01004",
    "Nowhere\t52": None,
}
"""Rows of a table -> what each means."""
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>session</groupId><artifactId>session</artifactId><version>1</version><dependencies><dependency>
<groupId>org.openrefine</groupId><artifactId>main</artifactId><version>{version}</version></dependency></dependencies></project>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server over the small graph."""
    folder = tmp_path_factory.mktemp("openrefine")
    with serving(folder), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "TERRITOIRES_RELEASES": str(folder), "TERRITOIRES_HOME": str(ROOT)}
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}/reconcile"
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module", params=["", "/"], ids=["plain", "slash"])
def told(request: pytest.FixtureRequest, address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a session tells; the service was added by its address, or by that with a slash, which is answered by a redirect."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "pom.xml").write_text(POM.format(version=VERSION), encoding="utf-8")
    listing = folder / "classpath.txt"
    subprocess.run(["mvn", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={listing}"], cwd=folder, check=True)
    with urllib.request.urlopen(address) as reply:
        batch = json.load(reply)["batchSize"]
    command = ["java", "-cp", listing.read_text(encoding="utf-8"), str(SESSION), address + request.param, str(batch)]
    sent = "\n".join(ROWS).encode()
    done = subprocess.run(command, input=sent, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return found


def test_types(told: dict[str, Any]) -> None:
    """The type that it would choose."""
    assert told["types"][0]["id"] == "Commune"


def test_matches(told: dict[str, Any]) -> None:
    """The cells that it would match, without a fault."""
    assert told["faults"] == []
    assert told["matches"] == [expected and ID + expected for expected in ROWS.values()]


def test_columns(told: dict[str, Any]) -> None:
    """The columns that it would add: texts, numbers and entities under their heads, an empty value doesn't shift the next."""
    assert told["columns"] == ["insee", "departement of Departement", "population", "epci"]
    haute_marne = f"<{ID}departement/haute-marne>"
    assert told["rows"][ID + "commune/langres"] == ["52269", haute_marne, "7536", "CC du Grand Langres"]
    assert told["rows"][ID + "commune/chaumont"] == ["52121", haute_marne, None, None]
    assert set(told["rows"]) == {ID + expected for expected in ROWS.values() if expected}
