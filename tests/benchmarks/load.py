"""Many clients at once: by wrk, or where that can't be had by a generator of our own.

`uncached`: a point query; each request names another thing, and ends in another number, so that no answer was given before.
`repeated`: always the same point query. `page`: always the same CONSTRUCT of what a page shows. Each is a GET on a connection that stays
open.
"""

import asyncio
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .contenders import Contender
from .latency import percentile
from .questions import HERE, ROWS, read_question

MODES = ("repeated", "page", "uncached")
SCRIPT = HERE / "load.lua"
POINT = (HERE / "point.rq").read_text(encoding="utf-8")
"""A point query; RESOURCE stands for the constant."""
PAGE = read_question(HERE / "queries" / "page.rq")


@dataclass(frozen=True)
class Load:
    """What came of it: requests answered, seconds, latencies in seconds, requests that failed."""

    requests: int
    seconds: float
    p50: float
    p95: float
    failed: int

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.failed) / self.seconds


def measure(contender: Contender, subjects: Sequence[str], mode: str, clients: int, seconds: float, wrk: bool | None = None) -> Load:
    """Runs `clients` at once for so many seconds; `wrk` chooses the generator, by itself where it is None."""
    before, after = (contender.url(PAGE.text), "") if mode == "page" else contender.url(POINT).split("RESOURCE")
    names = [""] if mode == "page" else [urllib.parse.quote(subject, safe="") for subject in subjects]
    place = urllib.parse.urlsplit(before)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(names) + "\n")
        file.flush()
        arguments = [file.name, f"{place.path}?{place.query}", after, mode, PAGE.accept if mode == "page" else ROWS]
        origin = f"http://{place.netloc}"
        if shutil.which("wrk") if wrk is None else wrk:
            command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "60s", "-s", str(SCRIPT), origin, "--"]
        else:
            command = [sys.executable, "-m", "tests.benchmarks.load", origin, str(clients), str(seconds)]
        told = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True, timeout=seconds + 120)
    return Load(**json.loads(told.stdout.splitlines()[-1]))


def install_wrk() -> str:
    """Which generator there is; Debian's wrk is installed where we are root on Debian."""
    if not shutil.which("wrk") and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], stdout=subprocess.DEVNULL, check=False)
    return "wrk" if shutil.which("wrk") else "a generator in Python, which takes part of the processor (install wrk for better figures)"


async def generate(origin: str, clients: int, seconds: float, accept: str, target: Callable[[], str]) -> Load:
    """Our own generator."""
    place = urllib.parse.urlsplit(origin)
    assert place.hostname and place.port
    rest = f" HTTP/1.1\r\nHost: {place.netloc}\r\nAccept: {accept}\r\n\r\n"
    taken: list[float] = []
    failed = 0
    began = time.perf_counter()

    async def client() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        while time.perf_counter() < began + seconds:
            since = time.perf_counter()
            writer.write(f"GET {target()}{rest}".encode())
            failed += await read_response(reader) != 200
            taken.append(time.perf_counter() - since)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    latencies = tuple(sorted(taken))
    return Load(len(taken), time.perf_counter() - began, percentile(latencies, 50), percentile(latencies, 95), failed)


async def read_response(reader: asyncio.StreamReader) -> int:
    """Reads a response to its end; its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    fields = dict(line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line)
    if "chunked" in fields.get("transfer-encoding", ""):
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(fields.get("content-length", "0")))
    return int(head.split()[1])


def main() -> None:
    """The generator as a process of its own: origin, clients, seconds, then what `load.lua` takes."""
    origin, clients, seconds, constants, before, after, mode, accept = sys.argv[1:]
    names = Path(constants).read_text(encoding="utf-8").splitlines()
    numbers = itertools.count(random.randrange(10**9))

    def target() -> str:
        number = next(numbers) if mode == "uncached" else 0
        return f"{before}{names[number % len(names)]}{after}" + (f"%23{number}" if mode == "uncached" else "")

    found = generate(origin, int(clients), float(seconds), accept, target)
    print(json.dumps(vars(asyncio.run(found))))


if __name__ == "__main__":
    main()
