"""A line for each request, and for each record of the `logging` module, on standard error."""

import contextlib
import ipaddress
import json
import logging
import os
import sys
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from flask import has_request_context, request

from territoires.web.wsgi import IDENTITY

_LONGEST_PATH = 500  # characters: what is noted of a longer one
_BLOCK = 4096  # bytes: a pipe takes so much in one piece, so that lines of several processes don't mix
_WRITE_EVERY = 0.25  # seconds
_WAITING = 8 << 20  # characters of lines that may wait to be written; more are dropped


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
