"""What a server process notes of each request: a line in the journal, and counts by route, method, status and format.

A label takes few values: the template of a route, never an address, a query or an IRI. The event loop alone writes; whoever reads
takes a `Snapshot`. Where several processes serve, each leaves its snapshot in a folder that they share, and any of them adds up all.
"""

import contextlib
import ipaddress
import json
import logging
import os
import re
import sys
import time
from asyncio import AbstractEventLoop
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import count
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any

from flask import Flask, Response, has_request_context, request

from territoires.errors import TerritoiresError
from territoires.formats import FORMATS
from territoires.web.service import service

IDENTITY, ROUTE, FORM, REVISION, WORK = (f"territoires.{name}" for name in ("request", "route", "format", "revision", "work"))
"""Keys of the WSGI environment: the request's id going in; coming back, what answered, in what, from which state, in how many seconds."""
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds: the upper bounds of the latency histogram."""
METHODS = {method: method for method in ("GET", "HEAD", "POST", "OPTIONS")}
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
_LONGEST_PATH = 500  # characters: what is noted of a longer one
_BLOCK = 4096  # bytes: a pipe takes so much in one piece, so that lines of several processes don't mix
_WRITE_EVERY = 0.25  # seconds
_SHARE_EVERY = 1.0  # seconds
_WAITING = 8 << 20  # characters of lines that may wait to be written; more are dropped


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


class Journal:
    """Writes a line for each request to standard error, in blocks, so that the event loop never waits for it."""

    def __init__(self, mode: str, write: Callable[[bytes], object] | None = None) -> None:
        self.describe, self._line = (describe_in_json, json_line) if mode == "json" else (describe_in_text, text_line)
        self._write = write or write_to_stderr
        self._lines: list[str] = []
        self._taken = self._written = 0  # characters; each is changed by one thread
        self._second, self._stamp = 0, ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._loop: AbstractEventLoop | None = None
        self.dropped = 0

    def start(self, loop: AbstractEventLoop) -> None:
        """Begins to write, in the event loop."""
        self._loop = loop

    def add(self, what: str, identity: str, client: str, seconds: float, work: float | None, broken: bool) -> None:
        """Notes a request that is described by `what`; `work` are the seconds of its query, `broken` says that the answer broke off."""
        if self._taken - self._written > _WAITING:
            self.dropped += 1
            return
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second, self._stamp = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        line = self._line(f"{self._stamp}.{int((now - second) * 1000):03d}Z", what, identity, client, seconds, work, broken)
        if not self._lines and self._loop is not None:
            self._loop.call_later(_WRITE_EVERY, self._hand_over)
        self._lines.append(line)
        self._taken += len(line)

    def _hand_over(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            self._thread.submit(self._write_all, lines)

    def _write_all(self, lines: list[str]) -> None:
        text = "".join(lines)
        for block in blocks(text.encode()):
            self._write(block)
        self._written += len(text)

    def close(self) -> None:
        """Writes what is left."""
        self._hand_over()
        self._thread.shutdown()


def blocks(text: bytes) -> Iterator[bytes]:
    """Whole lines, in pieces that a pipe takes at once."""
    start = 0
    while start < len(text):
        end = text.rfind(b"\n", start, start + _BLOCK) + 1 or text.index(b"\n", start) + 1
        yield text[start:end]
        start = end


def write_to_stderr(block: bytes) -> None:
    """Writes it; where nobody reads any more, it is lost."""
    with contextlib.suppress(OSError):
        os.write(2, block)


@lru_cache(1024)
def describe_in_json(method: str, route: str, path: str, status: int, size: int, form: str, revision: str, cached: bool) -> str:
    """The part of a line that is the same for all requests of one kept answer."""
    return (
        f'"method":"{method}","route":{quoted(route)},"path":{quoted(path[:_LONGEST_PATH])},"status":{status},"bytes":{size},'
        f'"format":"{form}","cached":{"true" if cached else "false"},"revision":{quoted(revision)}'
    )


@lru_cache(1024)
def describe_in_text(method: str, route: str, path: str, status: int, size: int, form: str, revision: str, cached: bool) -> str:
    """As `describe_in_json`, for people: the path is escaped as in JSON, so that it can't feign another line."""
    return f"{method} {quoted(path[:_LONGEST_PATH])[1:-1]} {status} {form} {size} B{' kept' if cached else ''}"


def json_line(stamp: str, what: str, identity: str, client: str, seconds: float, work: float | None, broken: bool) -> str:
    """A request as one JSON object."""
    worked = "null" if work is None else f"{work * 1000:.2f}"
    ended = ',"broken":true' if broken else ""
    return f'{{"time":"{stamp}","request":"{identity}",{what},"ms":{seconds * 1000:.2f},"work_ms":{worked},"client":"{client}"{ended}}}\n'


def text_line(stamp: str, what: str, identity: str, client: str, seconds: float, work: float | None, broken: bool) -> str:
    """A request as one line."""
    worked = "" if work is None else f" (work {work * 1000:.1f} ms)"
    return f"{stamp} {client} {what} {seconds * 1000:.1f} ms{worked}{' broken off' if broken else ''} {identity}\n"


@lru_cache(4096)
def truncated(address: str) -> str:
    """An address without what names one subscriber: IPv4 to /24, IPv6 to /48; `unknown` for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


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


class Lines(logging.Formatter):
    """A record of the `logging` module as one line, with the id of the request that it is about."""

    def __init__(self, mode: str = "text") -> None:
        super().__init__()
        self._mode = mode

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        identity = getattr(record, "request", None) or (request.environ.get(IDENTITY) if has_request_context() else None)
        trace = self.formatException(record.exc_info) if record.exc_info else None
        if self._mode == "json":
            found = {"time": stamp, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
            extra = {"request": identity, "trace": trace}
            return json.dumps({**found, **{name: value for name, value in extra.items() if value}}, ensure_ascii=False)
        line = f"{stamp} {record.levelname.lower()} {record.name} {quoted(record.getMessage())[1:-1]}{f' {identity}' if identity else ''}"
        return f"{line}\n{trace}" if trace else line


def logging_configuration(mode: str) -> dict[str, Any]:
    """What `logging.config` takes: every record to standard error, in lines of that mode."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": Lines, "mode": "json" if mode == "json" else "text"}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": sys.stderr}},
        "root": {"handlers": ["lines"], "level": "INFO"},
        "loggers": {"_granian": {"handlers": [], "level": "INFO", "propagate": True}},
    }
