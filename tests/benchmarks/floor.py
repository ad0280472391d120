"""What bounds our figures on this machine, measured in the same run: the way to another process, the engine alone, the bare HTTP server.

A query runs in a process of its own, so that it can be ended: its answer takes at least the way there and back and the engine's time.
"""

import os
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import QueryResultsFormat, QuerySolutions, Store

from .. import engines
from . import load
from .contenders import BIN, HERE, Contender, wait_for

TIMES = 2000
REQUEST, REPLY = b"q" * 300, b"a" * 1500  # bytes: what a point query and its answer take on the way


@dataclass(frozen=True)
class Floor:
    """Seconds to another process and back, in a row and after a pause; seconds of the engine; the bare server by clients."""

    way: float
    way_after_pause: float
    engine: float
    bare: dict[int, load.Load]


def measure(store: Path, constants: Sequence[str], clients: Sequence[int], seconds: float) -> Floor:
    """Measures all of it; `store` is one on disk with the graph."""
    return Floor(way(0.0), way(0.001), engine(store, constants), bare(constants, clients, seconds))


def way(pause: float) -> float:
    """Median seconds of a request to another process and its reply, which works out nothing, with a pause between two."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        while theirs.recv(1 << 16):
            theirs.sendall(REPLY)
        os._exit(0)
    theirs.close()

    def once() -> None:
        ours.sendall(REQUEST)
        ours.recv(1 << 16)

    try:
        return median(once, TIMES if not pause else TIMES // 4, pause)
    finally:
        ours.close()
        os.waitpid(child, 0)


def engine(store: Path, constants: Sequence[str]) -> float:
    """Median seconds of a point query in this process, written as JSON: pyoxigraph on disk, and nothing else."""
    held = Store.read_only(str(store))
    texts = iter([load.POINT.replace("RESOURCE", constants[number % len(constants)]) for number in range(TIMES)])

    def once() -> None:
        found = held.query(next(texts))
        assert isinstance(found, QuerySolutions)
        found.serialize(format=QueryResultsFormat.JSON)

    return median(once, TIMES)


def median(once: Callable[[], None], times: int, pause: float = 0.0) -> float:
    """The median of so many runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        once()
        taken.append(time.perf_counter() - began)
        if pause:
            time.sleep(pause)
    return statistics.median(taken)


def bare(constants: Sequence[str], clients: Sequence[int], seconds: float) -> dict[int, load.Load]:
    """The server that ours runs in, with a fixed answer."""
    with tempfile.TemporaryDirectory(prefix="territoires-bench-") as scratch:
        port = engines.free_port()
        command = [str(BIN / "granian"), "--interface", "rsgi", "--loop", "uvloop", "--no-ws", "--port", str(port), "bare:app"]
        process = engines.started(command, Path(scratch), PYTHONPATH=str(HERE))
        found = Contender("bare server", "", f"http://127.0.0.1:{port}/sparql", process)
        try:
            wait_for(found, Path(scratch))
            return {number: load.measure(found, constants, "repeated", number, seconds) for number in clients}
        finally:
            found.stop()
