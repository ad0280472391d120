"""Follows links to see whether their targets still answer: one request after another, politely, for a report and nothing else."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urldefrag, urlsplit

import urllib3

from territoires import __version__
from territoires.knowledge.linksets import positive_rows, target_name

AGENT = f"territoires/{__version__} (link check; +https://w3id.org/territoires-de-projet/)"
PAUSE = 1.0  # seconds between two requests to one host
SECONDS = 10.0
"""How long an answer may take, and each of the hosts that it redirects to."""
STEPS = 5
"""Redirections that are followed."""
_WITHOUT_HEAD = (400, 403, 405, 406, 501)
"""What a host may answer to HEAD though it answers GET."""


@dataclass(frozen=True)
class Followed:
    """Where a link led: the target's name, the IRI, the status of the last answer (0 for none), and what went wrong."""

    target: str
    iri: str
    status: int
    fault: str = ""

    @property
    def answers(self) -> bool:
        """Whether something stands there."""
        return 200 <= self.status < 300


def addresses(home: Path, sample: int) -> list[tuple[str, str]]:
    """Target and IRI of links that can be followed: at most `sample` of each target, spread over its rows; 0 for all."""
    by_target: dict[str, list[str]] = {}
    for row in positive_rows(home):
        if row.object.startswith(("http://", "https://")) and not row.literal:
            by_target.setdefault(target_name(row), []).append(row.object)
    return [(target, iri) for target, iris in sorted(by_target.items()) for iri in spread(sorted(set(iris)), sample)]


def spread(iris: Sequence[str], sample: int) -> Sequence[str]:
    """`sample` of the IRIs at equal distances; all of them for 0."""
    if not sample or len(iris) <= sample:
        return iris
    return [iris[index * len(iris) // sample] for index in range(sample)]


def follow(
    chosen: Sequence[tuple[str, str]], seconds: float = SECONDS, pause: float = PAUSE, wait: Callable[[float], None] = time.sleep
) -> Iterator[Followed]:
    """Follows each link, at most one request to a host in `pause` seconds."""
    last: dict[str, float] = {}
    with urllib3.PoolManager(headers={"User-Agent": AGENT, "Accept": "text/turtle, text/html;q=0.8, */*;q=0.5"}) as pool:
        for target, iri in chosen:
            host = urlsplit(iri).netloc
            if (rest := last.get(host, -pause) + pause - time.monotonic()) > 0:
                wait(rest)
            yield ask(pool, target, iri, seconds)
            last[host] = time.monotonic()


def ask(pool: urllib3.PoolManager, target: str, iri: str, seconds: float) -> Followed:
    """What one address answers: to HEAD, else to GET, of which no more than the head is read."""
    address = quote(urldefrag(iri).url, safe="/:@!$&'()*+,;=~%?")
    status = 0
    for method in ("HEAD", "GET"):
        try:
            response = pool.request(
                method, address, timeout=seconds, retries=urllib3.Retry(STEPS, connect=0, read=0, redirect=STEPS), preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            return Followed(target, iri, 0, reason(error))
        status = response.status
        response.close()
        if status not in _WITHOUT_HEAD:
            break
    return Followed(target, iri, status, "" if 200 <= status < 300 else f"status {status}")


def reason(error: urllib3.exceptions.HTTPError) -> str:
    """Why there was no answer, in a few words."""
    cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason else error
    if isinstance(cause, urllib3.exceptions.ResponseError):
        return "too many redirections"
    kinds = {
        urllib3.exceptions.NameResolutionError: "no such host",
        urllib3.exceptions.NewConnectionError: "no connection",
        urllib3.exceptions.ConnectTimeoutError: "no answer in time",
        urllib3.exceptions.ReadTimeoutError: "no answer in time",
        urllib3.exceptions.SSLError: "its certificate isn't trusted",
    }
    return next((text for kind, text in kinds.items() if isinstance(cause, kind)), "no connection")


def report(found: Sequence[Followed]) -> list[str]:
    """The links that don't answer, then a line for each target."""
    lines = [f"{each.iri}  {each.fault}" for each in found if not each.answers]
    for target in dict.fromkeys(each.target for each in found):
        asked = [each for each in found if each.target == target]
        lines.append(f"{target}: {sum(each.answers for each in asked)} of {len(asked)} answer")
    return lines
