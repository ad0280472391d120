"""What writing takes, and what it changes for readers: `python -m tests.benchmarks.writing releases` (a folder of releases).

The current release is copied aside, and served from there on loopback with a folder of contributions, so with the guard. One write after
another goes to it, each followed by a reader on new connections until it is seen; then the whole is validated. Some queries of
`queries/` are put to it before the first commit and after the last, as readers are given those two states from different places.
"""

import argparse
import contextlib
import http.client
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from territoires import __version__
from territoires.knowledge.revalidating import outcome_in
from territoires.store.releases import current_release, switch
from territoires.writing.keys import Keys
from territoires.writing.writable import CONTRIBUTIONS

from .. import engines
from .contenders import ALLOWED, BIN, Contender, wait_for
from .latency import measure, percentile
from .questions import read_questions

HOME = Path(__file__).parents[2]
ASKED = ("point", "page", "departement-join", "list-ordered", "contains", "path")
LOOK = 0.01  # seconds between two looks of a reader
SEEN_WITHIN, VALIDATED_WITHIN = 30.0, 900.0  # seconds
LOWEST = 19
"""The priority of the process that validates the whole."""


@dataclass
class Writing:
    """A server that takes writes, a key for them, and where its release and contributions are."""

    contender: Contender
    base: str
    token: str
    contributions: Path

    def write(self, number: int) -> tuple[float, float]:
        """Seconds until a write of two statements is acknowledged, and until a reader sees it."""
        said = f'<urn:bench:{number}> <urn:bench:number> {number} ; <urn:bench:name> "Banc {number}"'
        text = f"INSERT DATA {{ GRAPH <{self.base}{CONTRIBUTIONS}bench> {{ {said} }} }}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sparql-update"}
        began = time.perf_counter()
        status, revision = self._request("POST", "/update", text.encode(), headers)
        acknowledged = time.perf_counter() - began
        if status != 204:
            raise SystemExit(f"A write was answered with {status}.")
        while self._request("GET", "/health/ready", b"", {})[1] != revision:
            if time.perf_counter() - began > SEEN_WITHIN:
                raise SystemExit(f"Readers didn't see {revision} within {SEEN_WITHIN:g} seconds.")
            time.sleep(LOOK)
        return acknowledged, time.perf_counter() - began

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        place = urlsplit(self.contender.address)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=SEEN_WITHIN)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            response.read()
            return response.status, response.headers["Territoires-Revision"] or ""

    def validated(self, commit: int) -> tuple[float, int]:
        """Seconds of processor and most bytes of the run that validates that commit; waits for its end."""
        seconds, most, until = 0.0, 0, time.monotonic() + VALIDATED_WITHIN
        while (found := outcome_in(self.contributions)) is None or found.commit < commit:
            if time.monotonic() > until:
                raise SystemExit(f"The whole wasn't validated within {VALIDATED_WITHIN:g} seconds.")
            for process in self.contender.tree():
                with contextlib.suppress(psutil.Error):
                    if process.nice() == LOWEST:
                        used = process.cpu_times()
                        seconds, most = used.user + used.system, max(most, process.memory_info().rss)
            time.sleep(LOOK)
        return seconds, most

    def answers(self) -> dict[str, float]:
        """Query -> milliseconds at the median, each asked anew."""
        asked = [question for question in read_questions() if question.name in ASKED]
        return {each.name: measure(self.contender, each, 2, ALLOWED).median * 1000 for each in asked}


@contextlib.contextmanager
def served(releases: Path) -> Iterator[Writing]:
    """The current release of a folder, copied and served, as long as this lasts."""
    with tempfile.TemporaryDirectory(prefix="territoires-writing-") as name:
        scratch, release = Path(name), current_release(releases)
        if release.commit:
            raise SystemExit(f"{release.revision} has commits already: name a folder whose current release has none.")
        shutil.copytree(release.path, scratch / "releases" / release.revision)
        switch(scratch / "releases", release.revision)
        _, token = Keys(scratch / "contributions").create("bench", (f"{release.base}{CONTRIBUTIONS}*",))
        port = engines.free_port()
        settings = {"releases": scratch / "releases", "contributions": scratch / "contributions", "home": HOME, "port": port}
        environment = {f"TERRITOIRES_{key.upper()}": str(value) for key, value in {**settings, "client_seconds": 0}.items()}
        process = engines.started([str(BIN / "territoires"), "serve"], scratch, **environment)
        found = Contender("territoires", __version__, f"http://127.0.0.1:{port}/sparql", process)
        try:
            wait_for(found, scratch)
            yield Writing(found, release.base, token, scratch / "contributions")
        finally:
            found.stop()


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", type=Path)
    parser.add_argument("--writes", type=int, default=25)
    options = parser.parse_args()
    with served(options.releases) as writing:
        before = writing.answers()
        times = [writing.write(number) for number in range(1, options.writes + 1)]
        seconds, most = writing.validated(options.writes)
        after = writing.answers()
    print(f"| {options.writes} writes: milliseconds | median | 90 % | most |\n| --- | ---: | ---: | ---: |")
    for name, values in zip(("acknowledged", "seen by readers"), zip(*times, strict=True), strict=True):
        ordered = tuple(sorted(1000 * value for value in values))
        print(f"| {name} | {percentile(ordered, 50):.0f} | {percentile(ordered, 90):.0f} | {ordered[-1]:.0f} |")
    print(f"\nValidation of the whole afterwards: {seconds:.1f} s of one processor, {most / 1e6:.0f} MB at most.")
    print("\n| query: milliseconds, median | release | with commits | × |\n| --- | ---: | ---: | ---: |")
    for name, took in before.items():
        print(f"| `{name}` | {took:.2f} | {after[name]:.2f} | {after[name] / took:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
