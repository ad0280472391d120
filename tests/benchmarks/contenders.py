"""The servers that are measured, each started on loopback over the same graph, and ended by what started it.

Stores on disk are built once and kept in the cache; Virtuoso, Fuseki and rdflib-endpoint load the graph when they start.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil
from pyoxigraph import RdfFormat, Triple, parse

from territoires import __version__
from territoires.settings import default_downloads
from territoires.store import datasets, embedded, releases
from territoires.store.loading import GraphStore
from territoires.vocabulary import CANONICAL_BASE

from .. import engines

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
RDFLIB_ENDPOINT = HERE / "rdflib-endpoint.txt"
READY_WITHIN = 900.0  # seconds, to load ten million triples too
ALLOWED = 60  # seconds that our server gives each query, and that the benchmark waits for the others


class Unavailable(Exception):
    """A server that can't be started here, and why."""


@dataclass
class Contender:
    """A server over the graph: its name and version, its query endpoint, what each request adds, what it took to be ready."""

    name: str
    version: str
    address: str
    process: subprocess.Popen[bytes]
    extra: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """From its start to its first answer, the graph loaded; for a store on disk without the making of the store."""

    def url(self, query: str) -> str:
        """The address of a query by GET."""
        return f"{self.address}?{urllib.parse.urlencode({**self.extra, 'query': query})}"

    def tree(self) -> list[psutil.Process]:
        """Its processes that live."""
        with contextlib.suppress(psutil.NoSuchProcess):
            one = psutil.Process(self.process.pid)
            return [one, *one.children(recursive=True)]
        return []

    def memory(self) -> int:
        """Bytes that its processes hold, each shared page divided among those that share it."""
        found = 0
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                found += process.memory_full_info().pss
        return found

    def stop(self) -> None:
        """Ends it: gently, so that it ends its own processes, then for certain."""
        processes = self.tree()
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(timeout=20)


@contextlib.contextmanager
def running(name: str, graph: Path, folder: Path | None = None) -> Iterator[Contender]:
    """That server from when it answers, ended at the end; its stores are kept below `folder`. Raises Unavailable."""
    kept = folder or default_downloads() / "benchmark"
    with tempfile.TemporaryDirectory(prefix="territoires-bench-") as scratch:
        began = time.monotonic()
        contender = START[name](graph, kept, Path(scratch))
        try:
            wait_for(contender, Path(scratch))
            if contender.name == "virtuoso":
                fill(contender, graph)
            contender.seconds = contender.seconds or time.monotonic() - began
            yield contender
        finally:
            contender.stop()


def ours(place: str, graph: Path, kept: Path, scratch: Path) -> Contender:
    """This project's server as it is installed, but with a deadline of a minute and no share for each client."""
    makers = b"".join(Path(str(module.__file__)).read_bytes() for module in (datasets, embedded, releases))
    folder = kept / f"territoires-{graph.stem}-{version('pyoxigraph')}-{hashlib.sha256(makers).hexdigest()[:8]}"
    if not (folder / "current").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        datasets.publish_files(folder, [datasets.DatasetFile(graph)], CANONICAL_BASE)
    port = engines.free_port()
    settings = {"releases": folder, "engine": place, "port": port, "query_seconds": ALLOWED, "query_seconds_most": ALLOWED}
    environment = {f"TERRITOIRES_{name.upper()}": str(value) for name, value in {**settings, "client_seconds": 0}.items()}
    began = time.monotonic()
    process = engines.started([str(BIN / "territoires"), "serve"], scratch, **environment)
    found = Contender(f"territoires, {place}", __version__, f"http://127.0.0.1:{port}/sparql", process)
    wait_for(found, scratch)
    found.seconds = time.monotonic() - began
    return found


def oxigraph(place: str, graph: Path, kept: Path, scratch: Path) -> Contender:
    """`oxigraph serve`, on disk as it is meant to be run, or in memory."""
    command = [str(BIN / "oxigraph"), "serve", "--bind", f"127.0.0.1:{(port := engines.free_port())}"]
    if place == "disk":
        location = oxigraph_location(graph, kept)
        make_oxigraph_store(graph, location)
        command += ["--location", str(location)]
    began = time.monotonic()
    found = Contender(f"oxigraph, {place}", version("oxigraph"), f"http://127.0.0.1:{port}/query", engines.started(command, scratch))
    wait_for(found, scratch)
    if place == "memory":
        request = urllib.request.Request(f"http://127.0.0.1:{port}/store?default", method="POST")
        request.add_header("Content-Type", "application/n-triples")
        with graph.open("rb") as stream:
            request.data = stream
            request.add_header("Content-Length", str(graph.stat().st_size))
            urllib.request.urlopen(request, timeout=READY_WITHIN).close()
    found.seconds = time.monotonic() - began
    return found


def oxigraph_location(graph: Path, kept: Path) -> Path:
    """Where the store of `oxigraph serve` over a graph stands."""
    return kept / f"oxigraph-{graph.stem}-{version('oxigraph')}"


def make_oxigraph_store(graph: Path, location: Path) -> None:
    """The store on disk that `oxigraph load` makes, once."""
    if location.exists():
        return
    draft = location.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    for arguments in (["load", "--file", str(graph)], ["optimize"]):
        command = [str(BIN / "oxigraph"), arguments[0], "--location", str(draft), *arguments[1:]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=READY_WITHIN)
    draft.rename(location)


def virtuoso(graph: Path, kept: Path, scratch: Path) -> Contender:
    """OpenLink Virtuoso of Debian."""
    require("virtuoso")
    engine = engines.virtuoso(scratch)
    told = subprocess.run(["virtuoso-t", "-?"], capture_output=True, text=True, check=False).stderr
    release = next((word for word in told.split() if word[:1].isdigit() and word.count(".") >= 2), "?")
    return Contender("virtuoso", release, engine.queries, engine.process, {"default-graph-uri": engine.default_graph})


def fill(contender: Contender, graph: Path) -> None:
    """Loads the graph by Graph Store Protocol, as `territoires load` does."""
    target = GraphStore(f"{contender.address}-graph-crud-auth", "dba", "dba")
    try:
        quads = parse(path=str(graph), format=RdfFormat.N_TRIPLES)
        target.replace(contender.extra["default-graph-uri"], (Triple(quad.subject, quad.predicate, quad.object) for quad in quads))
    finally:
        target.close()


def fuseki(graph: Path, kept: Path, scratch: Path) -> Contender:
    """Apache Jena Fuseki, in memory, with as much of it as it asks for."""
    require("fuseki")
    port, jar = engines.free_port(), engines.fuseki_jar()
    options = ["--file", str(graph), "--localhost", "--port", str(port), "/ds"]
    process = engines.started([engines.java(), "-Xmx6g", "-jar", str(jar), *options], scratch, FUSEKI_BASE=str(scratch))
    return Contender("fuseki", jar.stem.rpartition("-")[2], f"http://127.0.0.1:{port}/ds/sparql", process)


def rdflib_endpoint(graph: Path, kept: Path, scratch: Path) -> Contender:
    """rdflib-endpoint in an environment of its own, in the cache."""
    pins = RDFLIB_ENDPOINT.read_text(encoding="utf-8")
    release = pins.partition("rdflib-endpoint==")[2].split()[0]
    home = kept / f"rdflib-endpoint-{release}"
    if not (home / "complete").exists():
        shutil.rmtree(home, ignore_errors=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=300)
            command = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), "-r", str(RDFLIB_ENDPOINT)]
            subprocess.run(command, check=True, timeout=600)
        except (OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"rdflib-endpoint can't be installed: {error}") from error
        (home / "complete").touch()
    port = engines.free_port()
    process = engines.started([str(home / "bin" / "python"), str(HERE / "rdflib_server.py"), str(graph), str(port)], scratch)
    return Contender("rdflib-endpoint", release, f"http://127.0.0.1:{port}/", process)


def require(name: str) -> None:
    """Raises Unavailable when an engine is missing."""
    if why := engines.missing(name):
        raise Unavailable(f"{name} needs {why}")


START = {
    "territoires, memory": lambda *places: ours("memory", *places),
    "territoires, disk": lambda *places: ours("disk", *places),
    "oxigraph, disk": lambda *places: oxigraph("disk", *places),
    "oxigraph, memory": lambda *places: oxigraph("memory", *places),
    "virtuoso": virtuoso,
    "fuseki": fuseki,
    "rdflib-endpoint": rdflib_endpoint,
}
OURS, THEIRS = "territoires, memory", "oxigraph, disk"
"""Which two the ratios compare: our server as it keeps a graph of that size, and `oxigraph serve` with a store on disk."""


def answers(contender: Contender) -> bool:
    """Waits until the server answers; False when it ends or takes too long."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until and contender.process.poll() is None:
        try:
            urllib.request.urlopen(contender.url("ASK {}"), timeout=READY_WITHIN).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def wait_for(contender: Contender, scratch: Path) -> None:
    """Returns when the server answers; raises Unavailable with its last words when it ends or takes too long."""
    if not answers(contender):
        contender.stop()
        words = (scratch / "engine.log").read_text(errors="replace")[-1000:]
        raise Unavailable(f"{contender.name} doesn't answer: {words}")


def machine() -> str:
    """What this machine is: processor, cores, memory."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if os.path.exists("/proc/cpuinfo") else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor")
    return f"{os.cpu_count()} cores ({model}), {psutil.virtual_memory().total / 1024**3:.0f} GiB"
