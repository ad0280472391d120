"""Mixed load for a while, one request in ten hostile: memory must stay flat, no process may be left, no answer may be a 500.

`python -m tests.benchmarks.soak --minutes 30` serves the current release on loopback, ends by itself, prints a table, and exits 1 where
something doesn't hold.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psutil

CLIENTS = 16  # the answers that they ask for fill a cache of 8 MB within the first minutes: what grows after is a leak
FLAT = 0.10
PATHS = (
    "/",
    "/liste/Pays",
    "/liste/Pays.csv",
    "/queries",
    "/queries/territories-by-inhabitants.json",
    "/doc/territoire/pays-de-langres.ttl",
    "/doc/territoire/pays-de-langres.html",
    "/id/territoire/pays-midi-quercy",
    "/.well-known/void",
    "/health",
    "/nothing/here",
)
RUNAWAYS = (
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c LIMIT 5",
    "SELECT DISTINCT ?a ?c ?d ?f { ?a ?b ?c . ?d ?e ?f }",
    'SELECT * { ?a ?b ?c . ?d ?e ?f FILTER REGEX(CONCAT(STR(?c), STR(?f)), "(a+)+(b+)+$") }',
)
STREAM = "SELECT * { ?a ?b ?c . ?d ?e ?f }"


@dataclass
class Seen:
    """What was seen: statuses of polite and hostile requests, latencies of the polite ones, memory by time."""

    polite: Counter[int] = field(default_factory=Counter)
    hostile: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    """Bytes of the server's processes that live on, each tenth second."""
    workers: list[int] = field(default_factory=list)
    zombies: int = 0


def main() -> None:
    """Runs it and judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "TERRITOIRES_CLIENT_SECONDS": "0",
        "TERRITOIRES_LOG": "none",
        "TERRITOIRES_CACHE": "8",
        "TERRITOIRES_QUERY_MEMORY": "256",
    }
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        seen = asyncio.run(soak(port, psutil.Process(server.pid), minutes * 60))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    sys.exit(0 if judge(seen, minutes) else 1)


async def soak(port: int, server: psutil.Process, seconds: float) -> Seen:
    """The load of so many seconds."""
    seen = Seen()
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.1)
    end = time.monotonic() + seconds
    await asyncio.gather(watch(server, end, seen), *(client(port, end, seen, random.Random(n)) for n in range(CLIENTS)))
    return seen


async def watch(server: psutil.Process, end: float, seen: Seen) -> None:
    """Looks at the server's processes."""
    while time.monotonic() < end:
        await asyncio.sleep(10)
        lasting = workers = 0
        for process in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    seen.zombies += 1
                elif process.ppid() != server.pid and "territoires.store.worker" in " ".join(psutil.Process(process.ppid()).cmdline()):
                    workers += 1
                else:
                    lasting += process.memory_info().rss
        seen.memory.append(lasting)
        seen.workers.append(workers)


async def client(port: int, end: float, seen: Seen, chance: random.Random) -> None:
    """One request after another, with a pause of a moment."""
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            if chance.random() < 0.1:
                seen.hostile[await assault(port, chance)] += 1
            else:
                path = chance.choice(PATHS) if chance.random() < 0.5 else query(f"ASK {{ ?s ?p {chance.randrange(10**9)} }}")
                seen.polite[await ask(port, f"GET {path} HTTP/1.1\r\n")] += 1
                seen.seconds.append(time.monotonic() - began)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            seen.polite[0] += 1
        await asyncio.sleep(chance.random() * 0.1)


async def assault(port: int, chance: random.Random) -> str:
    """One hostile request; what it was and what came of it."""
    kind = chance.choice(("runaway", "leaver", "streamer", "deep", "garbage", "syntax"))
    if kind == "runaway":
        status = await ask(port, f"GET {query(chance.choice(RUNAWAYS), timeout='1')} HTTP/1.1\r\n", 30)
    elif kind in ("leaver", "streamer"):
        text = RUNAWAYS[0] if kind == "leaver" else STREAM
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {query(text, timeout='20')} HTTP/1.1\r\nHost: localhost\r\nAccept: text/csv\r\n\r\n".encode())
        await asyncio.sleep(0.2)
        if kind == "streamer":
            await reader.read(100_000)
        writer.close()
        return kind
    elif kind == "deep":
        status = await ask(port, f"GET {query('SELECT * ' + '{' * 3000)} HTTP/1.1\r\n")
    elif kind == "garbage":
        body = chance.randbytes(2000)
        head = f"POST /sparql HTTP/1.1\r\nContent-Type: application/sparql-query\r\nContent-Length: {len(body)}\r\n"
        status = await ask(port, head, body=body)
    else:
        status = await ask(port, f"GET {query('SELECT ?s {')} HTTP/1.1\r\n")
    return f"{kind} {status}"


def query(text: str, **parameters: str) -> str:
    """The address of a query."""
    return "/sparql?" + urlencode({"query": text, **parameters})


async def ask(port: int, head: str, timeout: float = 20, body: bytes = b"") -> int:
    """Sends one request and reads its answer to the end; its status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{head}Host: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode() + body)
        answer = await asyncio.wait_for(reader.read(64), timeout)
        while await asyncio.wait_for(reader.read(1 << 20), timeout):
            pass
        return int(answer[9:12])
    finally:
        writer.close()


def judge(seen: Seen, minutes: float) -> bool:
    """Prints what was seen and tells whether it holds."""
    fifth = max(1, len(seen.memory) // 5)
    early, late = statistics.median(seen.memory[fifth : 2 * fifth] or seen.memory), statistics.median(seen.memory[-fifth:])
    latencies = sorted(seen.seconds)
    wrong = seen.polite[500] + sum(count for told, count in seen.hostile.items() if told.endswith(" 500"))
    print(f"{minutes:g} minutes, {CLIENTS} clients, {sum(seen.polite.values())} polite and {sum(seen.hostile.values())} hostile requests")
    print(f"polite:  {dict(sorted(seen.polite.items()))}, p50 {latencies[len(latencies) // 2] * 1000:.0f} ms, "
          f"p95 {latencies[int(len(latencies) * 0.95)] * 1000:.0f} ms")  # fmt: skip
    print(f"hostile: {dict(sorted(seen.hostile.items()))}")
    print(f"memory of server and zygote: {early / 1e6:.0f} MB early, {late / 1e6:.0f} MB late ({late / early - 1:+.1%})")
    print(f"workers: at most {max(seen.workers)}, at the end {seen.workers[-1]}; zombies {seen.zombies}; answers with 500: {wrong}")
    return wrong == 0 and seen.zombies == 0 and late / early - 1 <= FLAT


if __name__ == "__main__":
    main()
