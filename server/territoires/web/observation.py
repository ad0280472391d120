"""What a server process notes of each request: a line in the journal, and counts by route, method, status and format.

A label takes few values: the template of a route, never an address, a query or an IRI. The event loop alone writes; whoever reads
takes a `Snapshot`. Where several processes serve, each leaves its snapshot in a folder that they share, and any of them adds up all.
"""

import contextlib
import json
import os
import re
import time
from asyncio import AbstractEventLoop
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from territoires.errors import TerritoiresError
from territoires.formats import FORMATS
from territoires.web.journal import Journal, truncated
from territoires.web.service import service
from territoires.web.wsgi import FORM, REVISION, ROUTE

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: the upper bounds of the latency histogram."""
METHODS = {method: method for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")}
OTHER = "other"
LEFT = 499
"""The status that is noted for a client that left before its answer."""
_FORMS: Mapping[str, str] = {
    **{form.media_type: form.name for form in FORMATS},
    "application/problem+json": "problem",
    "application/json": "json",
    "text/plain": "txt",
}
_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)
_SHARE_EVERY = 1.0  # seconds


@dataclass
class Latency:
    """How long the answers of one route in one format took."""

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))


@dataclass
class Series:
    """The requests of one route, method, status and format."""

    latency: Latency
    requests: int = 0


@dataclass(frozen=True)
class Snapshot:
    """What one server process has counted."""

    process: int
    requests: list[tuple[str, str, int, str, int]]
    """Route, method, status, format, how many."""
    latencies: list[tuple[str, str, float, list[int]]]
    """Route, format, seconds in all, how many below each bound and not below the one before."""
    counts: dict[str, int]
    """What else has happened since the start."""
    levels: dict[str, int]
    """What is so now."""
    processes: dict[str, list[int]]
    """Process ids by role."""
    revision: str
    ready: bool


class Observation:
    """The notes of one server process. `mode` is json, text or none; `hops` is the number of trusted proxies."""

    def __init__(self, mode: str = "none", hops: int = 0, folder: Path | None = None) -> None:
        self.journal = Journal(mode) if mode != "none" else None
        self._hops = hops
        self._folder = folder
        self._series: dict[tuple[str, str, int, str], Series] = {}
        self._latencies: dict[tuple[str, str], Latency] = {}
        self._prefix = os.urandom(6).hex()
        self._number = count(1)
        self._loop: AbstractEventLoop | None = None
        self.state: Callable[[], Snapshot] | None = None
        """Makes the snapshot that the other processes may read."""

    def identify(self, headers: Any) -> str:
        """The request's id: what a trusted proxy gave it, where that is well formed, or a new one."""
        if self._hops and (given := headers.get("x-request-id")) and _IDENTITY.fullmatch(given):
            return str(given)
        return f"{self._prefix}{next(self._number):08x}"

    def record(
        self,
        scope: Any,
        identity: str,
        began: float,
        route: str,
        status: int,
        form: str,
        size: int,
        revision: str,
        work: float | None = None,
        *,
        cached: bool = False,
        broken: bool = False,
    ) -> None:
        """Notes a request that has been answered with `size` bytes; `began` is its `perf_counter`, `work` the seconds of its query."""
        seconds = time.perf_counter() - began
        method = METHODS.get(scope.method, OTHER)
        key = (route, method, status, form)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(self._latencies.setdefault((route, form), Latency()))
        series.requests += 1
        series.latency.seconds += seconds
        series.latency.buckets[bisect_left(BOUNDS, seconds)] += 1
        if self.journal is not None:
            what = self.journal.describe(method, route, scope.path, status, size, form, revision, cached)
            self.journal.add(what, identity, truncated(self.client(scope)), seconds, work, broken)

    def client(self, scope: Any) -> str:
        """The address of who asks, as far as the trusted proxies tell."""
        if self._hops:
            told = ",".join(scope.headers.get_all("x-forwarded-for")).split(",")
            if len(told) >= self._hops and (address := told[-self._hops].strip()):
                return address
        return str(scope.client.rpartition(":")[0])

    def counted(self) -> tuple[list[tuple[str, str, int, str, int]], list[tuple[str, str, float, list[int]]]]:
        """Requests and latencies, as a snapshot holds them."""
        requests = [(*key, series.requests) for key, series in list(self._series.items())]
        latencies = [(*key, latency.seconds, list(latency.buckets)) for key, latency in list(self._latencies.items())]
        return requests, latencies

    def start(self, loop: AbstractEventLoop) -> None:
        """Begins to write and to share, in the event loop."""
        self._loop = loop
        if self.journal is not None:
            self.journal.start(loop)
        if self._folder is not None:
            self._share_again()

    def close(self) -> None:
        """Writes what waits, and leaves the last snapshot."""
        if self.journal is not None:
            self.journal.close()
        self.share()

    def _share_again(self) -> None:
        assert self._loop is not None
        self._loop.run_in_executor(None, self.share)
        self._loop.call_later(_SHARE_EVERY, self._share_again)

    def share(self) -> None:
        """Leaves the snapshot of this process for the others."""
        if self._folder is None or self.state is None:
            return
        draft = self._folder / f".{os.getpid()}"
        with contextlib.suppress(OSError):  # the folder goes when the server is being stopped
            draft.write_text(json.dumps(asdict(self.state())), encoding="utf-8")
            draft.replace(self._folder / f"{os.getpid()}.json")

    def others(self) -> list[Snapshot]:
        """The snapshots of the other processes; of one that has ended what it counted, and no levels."""
        found = []
        for path in sorted(self._folder.glob("[0-9]*.json")) if self._folder else ():
            with contextlib.suppress(OSError, ValueError):
                snapshot = Snapshot(**json.loads(path.read_text(encoding="utf-8")))
                if snapshot.process != os.getpid():
                    found.append(snapshot)
        return found


def form_of(content_type: str | None) -> str:
    """The name of a format by its Content-Type: one of ours, `none` or `other`."""
    if not content_type:
        return "none"
    return _FORMS.get(content_type.partition(";")[0].strip().lower(), OTHER)


def install(app: Flask) -> None:
    """Lets `app` say what answered each request."""
    app.after_request(tell)


def tell(response: Response) -> Response:
    """Leaves the route, format and revision in the request's environment."""
    environ = request.environ
    environ[ROUTE] = OTHER if request.url_rule is None else request.url_rule.rule
    environ[FORM] = form_of(response.headers.get("Content-Type"))
    with contextlib.suppress(TerritoiresError):  # a store that is down knows none
        environ[REVISION] = service().store.revision
    return response
