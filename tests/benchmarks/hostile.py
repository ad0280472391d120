"""What queries without end do to a server: when they are gone, what stays busy, and what other clients notice meanwhile."""

import contextlib
import http.client
import threading
import time
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psutil

from . import load
from .contenders import Contender
from .questions import Question

DEADLINE = 5  # seconds that are asked for
CLIENTS = 32
AFTER = 15.0  # seconds past the deadline after which a query that still runs is given up
IDLE = 0.15  # of one core: a server that takes less is at rest
_GLANCE = 0.25  # seconds between two looks at the processor


@dataclass(frozen=True)
class Fate:
    """What became of a query without end: seconds until its server was at rest (None: it never was), the answer's status and seconds,
    the share of a core used afterwards, and the p95 of cheap queries, in seconds, before it and while it ran."""

    gone: float | None
    status: int | None
    answered: float | None
    busy: float
    before: float
    during: float
    failed: int
    """Cheap requests that failed while it ran."""


class Meter:
    """How much of the processor a server takes, all of its processes together."""

    def __init__(self, contender: Contender) -> None:
        self._contender = contender
        self._seen: dict[int, float] = {}
        self._since = time.monotonic()
        self.read()

    def read(self) -> float:
        """The share of one core since the last reading."""
        now, used, seen = time.monotonic(), 0.0, dict[int, float]()
        for process in self._contender.tree():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                seen[process.pid] = times.user + times.system
                used += seen[process.pid] - self._seen.get(process.pid, 0.0)
        elapsed, self._since, self._seen = now - self._since, now, seen
        return used / max(elapsed, 1e-6)


def endure(contender: Contender, question: Question, subjects: Sequence[str], seconds: float) -> Fate:
    """Sends a query without end alone, then again while cheap queries run for `seconds`, which must be less than the deadline."""
    asked = with_deadline(contender)
    before = load.measure(contender, subjects, "uncached", CLIENTS, seconds)
    until_idle(contender, time.monotonic())
    sender = Sender(asked, question)
    gone, busy = until_idle(contender, sender.began, sender)
    if gone is None:
        return Fate(None, sender.status, sender.seconds, busy, before.p95, float("nan"), 0)
    again = Sender(asked, question)
    time.sleep(0.3)
    during = load.measure(contender, subjects, "uncached", CLIENTS, seconds)
    until_idle(contender, again.began, again)
    return Fate(gone, sender.status, sender.seconds, busy, before.p95, during.p95, during.failed)


def with_deadline(contender: Contender) -> Contender:
    """The same server, asked for the deadline where it takes a parameter for it."""
    return (
        replace(contender, extra={**contender.extra, "timeout": str(DEADLINE)}) if contender.name.startswith("territoires") else contender
    )


def until_idle(contender: Contender, began: float, sender: "Sender | None" = None) -> tuple[float | None, float]:
    """Seconds from `began` until it is at rest and has answered, None when it isn't in time; the share of a core that it takes then."""
    meter = Meter(contender)
    time.sleep(_GLANCE)
    while time.monotonic() < began + DEADLINE + AFTER:
        now = time.monotonic()
        if meter.read() < IDLE and not (sender and sender.is_alive()):
            time.sleep(1.0)  # at rest, and not only kept from the processor by others
            if (busy := meter.read()) < IDLE:
                return now - began, busy
        time.sleep(_GLANCE)
    return None, meter.read()


class Sender(threading.Thread):
    """Sends one query and waits for its answer."""

    def __init__(self, contender: Contender, question: Question) -> None:
        super().__init__(daemon=True)
        self._contender, self._question = contender, question
        self.began = time.monotonic()
        self.status: int | None = None
        self.seconds: float | None = None
        self.start()

    def run(self) -> None:
        """Notes the status and when the answer ended, where there is one."""
        place = urllib.parse.urlsplit(self._contender.url(self._question.text))
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=DEADLINE + AFTER + 5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", f"{place.path}?{place.query}")
            response = connection.getresponse()
            response.read()
            self.status, self.seconds = response.status, time.monotonic() - self.began
        connection.close()
