"""How long one client waits for the answer to a query, and what the answer is.

Each request is a POST whose text was never sent before (it ends in a new comment), so that neither an answer nor a plan is one that
was kept.
"""

import http.client
import itertools
import math
import statistics
import time
import urllib.parse
from dataclasses import dataclass, field

from .contenders import Contender
from .questions import Question

MOST, FEWEST = 200, 3  # answers that are timed
LONG = 4.0  # seconds: what takes longer is asked once
_NUMBERS = itertools.count(time.time_ns())


@dataclass(frozen=True)
class Sample:
    """Seconds of each answer, sorted, none where it failed; what was wrong; the first answer's body and media type."""

    seconds: tuple[float, ...] = ()
    fault: str = ""
    body: bytes = field(default=b"", repr=False)
    media_type: str = ""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """Seconds that 95 of 100 answers don't exceed."""
        return percentile(self.seconds, 95)


def percentile(values: tuple[float, ...], percent: float) -> float:
    """The smallest of the sorted values that so many percent of them don't exceed."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def measure(contender: Contender, question: Question, budget: float, patience: float) -> Sample:
    """Asks again and again for `budget` seconds; gives up on an answer after `patience` seconds."""
    place = urllib.parse.urlsplit(contender.address)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=patience)
    try:
        return repeat(connection, place.path, contender.extra, question, budget)
    except TimeoutError:
        return Sample(fault=f"over {patience:g} s")
    except (OSError, http.client.HTTPException) as error:
        return Sample(fault=f"{type(error).__name__}: {error}")
    finally:
        connection.close()


def repeat(connection: http.client.HTTPConnection, path: str, extra: dict[str, str], question: Question, budget: float) -> Sample:
    """The answers that come within the budget, a first one not counted unless it took long."""
    took, status, media_type, body = ask(connection, path, extra, question)
    if status != 200:
        return Sample(fault=f"{status} {body[:200].decode(errors='replace')}")
    if took > LONG:
        return Sample((took,), "", body, media_type)
    seconds: list[float] = []
    until = time.monotonic() + budget
    while len(seconds) < FEWEST or (len(seconds) < MOST and time.monotonic() < until):
        took, status, _, _ = ask(connection, path, extra, question)
        if status != 200:
            return Sample(fault=f"{status} at a later try")
        seconds.append(took)
    return Sample(tuple(sorted(seconds)), "", body, media_type)


def ask(connection: http.client.HTTPConnection, path: str, extra: dict[str, str], question: Question) -> tuple[float, int, str, bytes]:
    """Seconds until the whole answer was there; its status, media type and body. Raises OSError or HTTPException."""
    form = urllib.parse.urlencode({**extra, "query": f"{question.text}# {next(_NUMBERS)}\n"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": question.accept}
    began = time.perf_counter()
    connection.request("POST", path, form, headers)
    response = connection.getresponse()
    body = response.read()
    return time.perf_counter() - began, response.status, response.headers.get_content_type(), body
