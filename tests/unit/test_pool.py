"""The pool of killable workers: whatever a query does, it ends, and the next one is answered."""

import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from territoires.errors import (
    Overloaded,
    QueryRefused,
    QueryStopped,
    QuerySyntaxError,
    QueryTimeout,
    StoreUnavailable,
    TerritoiresError,
)
from territoires.results import PAGE, Cancellation, Dataset, Kind, QueryBoolean, Reply, Request, rows
from territoires.settings import Settings
from territoires.store.counting import Census
from territoires.store.errand import AWAITED
from territoires.store.frames import END, FrameReader
from territoires.store.pool import Limits, Pool
from territoires.store.reading import read_answer
from territoires.store.releases import Engine, current_release
from territoires.store.worker import Specification, answer

from ..waiting import wait_until

CSV: dict[Kind, str] = {"solutions": "text/csv", "boolean": "application/sparql-results+json", "graph": "application/n-triples"}
PARTS = (f"{{ SELECT * {{ {pattern} }} LIMIT 5000 }}" for pattern in ("?a ?b ?c", "?d ?e ?f", "?g ?h ?i"))
ENDLESS = f"SELECT * {{ {' '.join(PARTS)} }}"  # of little memory, in a release of any size
RUNAWAYS = {
    "cross product": ENDLESS.replace("*", "(COUNT(*) AS ?n)", 1),
    "order over a product": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?f ?c LIMIT 5",
    "regex over a product": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER REGEX(CONCAT(STR(?c), STR(?f)), "(a+)+(b+)+$") }',
}


@pytest.fixture(scope="module", params=["memory", "disk"])
def pool(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Pool]:
    """A pool of two workers over the release, kept in memory or read from disk."""
    engine = Engine(request.param, query_memory=200 << 20, limits=Limits(workers=2, own_workers=1, waiting=2, patience=0.5))
    found = current_release(settings.releases).serve(engine)
    assert isinstance(found.query("ASK {}"), QueryBoolean)
    yield found
    found.close()


def ask(pool: Pool, text: str, seconds: float = 5.0, **more: object) -> bytes:
    """All of an answer."""
    return pool.run(Request(text, accept=CSV, seconds=seconds, **more)).read()  # type: ignore[arg-type]


def children(pool: Pool) -> list[int]:
    """The process ids of the workers."""
    zygote = pool._zygote.process.pid
    return [int(pid) for pid in Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()]


@pytest.mark.parametrize("text", RUNAWAYS.values(), ids=RUNAWAYS)
def test_deadline(pool: Pool, text: str) -> None:
    """B29: a runaway query is gone at its deadline, with its process, and says why."""
    began = time.monotonic()
    with pytest.raises((QueryTimeout, QueryStopped)) as raised:
        ask(pool, text, seconds=0.7)
    assert time.monotonic() - began < 1.7
    if isinstance(raised.value, QueryTimeout):
        assert raised.value.seconds == 0.7
    assert ask(pool, "ASK {}") == b'{"head":{},"boolean":true}'
    wait_until(lambda: all(running_time(pid) < 0.7 for pid in children(pool)), 3)


def running_time(pid: int) -> float:
    """Seconds of processor time of a process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_memory(pool: Pool) -> None:
    """A query that gathers too much ends alone; others go on."""
    with pytest.raises(QueryStopped, match="200 MB"):
        ask(pool, "SELECT DISTINCT ?a ?c ?d ?f { ?a ?b ?c . ?d ?e ?f }", seconds=20)
    assert ask(pool, "ASK {}")


def test_cancelled(pool: Pool) -> None:
    """When nobody waits any more, the work ends at once."""
    cancellation = Cancellation()
    threading.Timer(0.3, cancellation.cancel).start()
    began = time.monotonic()
    with pytest.raises(QueryStopped, match="Nobody"):
        ask(pool, RUNAWAYS["cross product"], seconds=20, cancellation=cancellation)
    assert time.monotonic() - began < 1.5


def test_cancelled_before_it_begins(pool: Pool) -> None:
    """Who leaves in the queue is not worked for."""
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(QueryStopped, match="Nobody"):
        ask(pool, RUNAWAYS["cross product"], seconds=20, cancellation=cancellation)


def test_stream_breaks_off(pool: Pool) -> None:
    """An answer that has begun never ends as if it were whole."""
    reply = pool.run(Request(ENDLESS, accept=CSV, seconds=1.0))
    assert reply.whole is None
    with pytest.raises(QueryTimeout):
        for _ in reply.chunks:
            pass


def test_reader_leaves(pool: Pool) -> None:
    """Closing a stream ends the query behind it, and its place is free."""
    for _ in range(4):
        reply = pool.run(Request(ENDLESS, accept=CSV, seconds=30))
        next(reply.chunks)
        reply.chunks.close()  # type: ignore[attr-defined]
    assert pool.figures().running == 0
    wait_until(lambda: all(running_time(pid) < 5 for pid in children(pool)), 3)


def test_stream_is_whole(pool: Pool) -> None:
    """A long answer arrives whole, and a short one at once."""
    reply = pool.run(Request("SELECT ?s ?p ?o { ?s ?p ?o }", accept=CSV, seconds=20))
    (row,) = rows(pool.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
    total = int(row["n"].value)  # type: ignore[union-attr]
    assert reply.whole is None
    assert ask(pool, "SELECT ?s { ?s ?p ?o }", seconds=20).count(b"\r\n") == total + 1
    assert b"".join(reply.chunks).startswith(b"s,p,o\r\n")
    assert pool.run(Request("ASK {}", accept=CSV)).whole is not None


def test_workers_are_used_again(pool: Pool) -> None:
    """Short queries need no new process each."""
    pool.query("ASK {}")
    before = pool.counts["forks"]
    for _ in range(50):
        pool.query("ASK {}")
    assert pool.counts["forks"] == before


def test_dead_idle_worker(pool: Pool) -> None:
    """A worker that died while it was idle is replaced without anybody's noticing."""
    assert ask(pool, "ASK {}")
    for worker in list(pool._idle):
        os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not children(pool), 3)
    assert ask(pool, "ASK {}")


def test_worker_killed_at_work(pool: Pool) -> None:
    """A worker that breaks is told as such, not as a timeout."""
    before = set(children(pool))
    threading.Timer(0.4, lambda: [os.kill(pid, signal.SIGSEGV) for pid in pool_busy(pool)]).start()
    with pytest.raises(QueryStopped, match="broke the engine"):
        ask(pool, RUNAWAYS["cross product"], seconds=20)
    assert ask(pool, "ASK {}")
    assert before or children(pool)


def pool_busy(pool: Pool) -> list[int]:
    """The workers that answer now."""
    return [worker.pid for worker in pool._busy]


def test_zygote_crash(pool: Pool) -> None:
    """When the process that holds the store dies, another takes its place."""
    before = pool.counts["restarts"]
    for worker in pool._idle[:]:
        worker.kill()
    pool._zygote.process.kill()
    wait_until(lambda: pool.counts["restarts"] > before, 3)
    wait_until(lambda: answers(pool), 3)
    assert pool.ready() is None


def answers(pool: Pool) -> bool:
    """Whether a query is answered; the store may be unavailable, or the worker that takes it be one of those that were killed."""
    try:
        return bool(pool.query("ASK {}"))
    except (StoreUnavailable, QueryStopped):
        return False


def test_queue(pool: Pool) -> None:
    """Two run, two wait, the fifth is turned away at once, and the two that wait lose patience."""
    found: list[Exception] = []

    def run() -> None:
        try:
            ask(pool, RUNAWAYS["cross product"], seconds=1.5)
        except TerritoiresError as error:
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: (pool.figures().running, pool.figures().waiting) == (2, 2), 3)
    began = time.monotonic()
    with pytest.raises(Overloaded) as raised:
        ask(pool, "ASK {}")
    assert time.monotonic() - began < 0.2
    assert raised.value.retry_after > 0
    assert isinstance(pool.query("ASK {}"), QueryBoolean), "pages have places of their own"
    for thread in threads:
        thread.join()
    assert sorted(type(error).__name__ for error in found) == ["Overloaded", "Overloaded", "QueryTimeout", "QueryTimeout"]
    assert (pool.figures().running, pool.figures().waiting) == (0, 0)


def test_turns_come_in_order(pool: Pool) -> None:
    """Who doesn't wait in a thread is told when its turn comes, first come first served, and by nobody else's leaving."""
    running = [pool.enqueue(Request("ASK {}", accept=CSV)) for _ in range(2)]
    granted: list[int] = []
    waiting = [pool.enqueue(Request("ASK {}", accept=CSV), lambda number=number: granted.append(number)) for number in range(2)]  # type: ignore[misc]
    with pytest.raises(Overloaded, match="Too many"):
        pool.enqueue(Request("ASK {}", accept=CSV))
    assert [each.granted for each in (*running, *waiting)] == [True, True, False, False] and waiting[0].begin() is None
    running[0].reply()
    assert granted == [0] and waiting[0].granted
    waiting[0].leave()
    assert granted == [0, 1]
    running[1].leave()
    assert waiting[1].reply().read() and pool.figures().running == pool.figures().waiting == 0


def test_turn_is_given_up(pool: Pool) -> None:
    """Who leaves the queue before its turn isn't called, and leaves no gap."""
    running = [pool.enqueue(Request("ASK {}", accept=CSV)) for _ in range(2)]
    granted: list[str] = []
    first, second = (pool.enqueue(Request("ASK {}", accept=CSV), lambda name=name: granted.append(name)) for name in "ab")  # type: ignore[misc]
    first.leave()
    for each in running:
        each.leave()
    assert granted == ["b"] and not first.granted
    second.leave()
    assert pool.figures().running == 0


def test_answer_without_waiting(pool: Pool) -> None:
    """A query is begun and looked at without ever waiting; a fault, a long answer and a worker's end are told as elsewhere."""
    ask(pool, "ASK {}")

    def looked(text: str) -> Reply:
        errand = pool.enqueue(Request(text, accept=CSV))
        descriptor = errand.begin()
        assert descriptor is not None
        found: list[Reply] = []

        def come() -> bool:
            found.extend(reply for reply in [errand.poll()] if reply)
            return bool(found)

        try:
            wait_until(come, 5)
        except BaseException:
            errand.leave()
            raise
        return found[0]

    assert looked("ASK {}").whole == b'{"head":{},"boolean":true}'
    with pytest.raises(QuerySyntaxError):
        looked("ASK {")
    long = looked(f"{ENDLESS} LIMIT 100000")
    assert long.whole is None and sum(map(len, long.chunks)) > AWAITED
    errand = pool.enqueue(Request(RUNAWAYS["cross product"], accept=CSV))
    while errand.begin() is None:
        ask(pool, "ASK {}")
    assert errand.poll() is None
    os.kill(pool_busy(pool)[0], signal.SIGKILL)
    with pytest.raises(QueryStopped):
        wait_until(lambda: errand.poll() is not None, 3)
    assert answers(pool)


def test_long_answer_that_nobody_reads(pool: Pool) -> None:
    """An answer that is dropped unread ends its worker and gives back its place."""
    pool.run(Request(ENDLESS, accept=CSV))
    gc.collect()
    wait_until(lambda: pool.figures().running == 0, 3)


@pytest.mark.parametrize("leaving", [True, False])
def test_worker_that_has_grown_leaves(settings: Settings, leaving: bool) -> None:
    """A worker that holds much memory ends after its answer, and says so in it: nobody else's query is given to it."""
    release = current_release(settings.releases)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        asked = {"text": "ASK {}", "default": [], "named": [], "accept": CSV, "first": 1, "rewriting": True}
        specification = Specification(str(release.path / "store"), release.revision, release.base, False, 1 << 30)
        assert answer(theirs, release.open(), asked, specification, 0 if leaving else 1 << 40) is leaving
        frames = FrameReader(ours)
        found = [frames.read() for _ in range(3)]
        assert found[-1] and found[-1].kind == END and found[-1].fields()["leaving"] is leaving


def test_a_large_census(settings: Settings) -> None:
    """Counts of two thousand terms reach the zygote, though no command line would take them."""
    release = current_release(settings.releases)
    counts = {f"http://example.org/{'x' * 60}/{number}": number for number in range(1000)}
    census = Census(1, counts, counts)
    specification = Specification(str(release.path / "store"), release.revision, release.base, False, 1 << 30, (), census)
    assert len(specification.written()) > 128 << 10
    pool = Pool(specification, Limits(workers=1))
    try:
        assert b"true" in ask(pool, "ASK {}")
    finally:
        pool.close()


def test_slow_query_yields(pool: Pool) -> None:
    """A slow query goes behind shorter ones in the kernel's queue."""
    with pytest.raises(QueryTimeout):
        threading.Timer(0.6, lambda: niceness.extend(os.getpriority(os.PRIO_PROCESS, pid) for pid in pool_busy(pool))).start()
        niceness: list[int] = []
        ask(pool, RUNAWAYS["cross product"], seconds=1.0)
    assert niceness == [15]


@pytest.mark.parametrize("allowed", [True, False])
def test_worker_after_a_slow_query(pool: Pool, monkeypatch: pytest.MonkeyPatch, allowed: bool) -> None:
    """One that has yielded the processor takes it back and is kept; where the system forbids that, it isn't used again."""
    ask(pool, "ASK {}")
    worker = pool._idle[-1]
    worker.yield_processor()
    if not allowed:
        monkeypatch.setattr(os, "setpriority", forbidden)
    ask(pool, "ASK {}")
    if allowed:
        assert worker in pool._idle and os.getpriority(os.PRIO_PROCESS, worker.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    else:
        assert worker not in pool._idle
        wait_until(lambda: worker.pid not in children(pool), 3)


def forbidden(*_: object) -> None:
    """As the kernel answers a user without the right."""
    raise PermissionError


def test_worker_that_does_not_end(pool: Pool) -> None:
    """One that outlives its deadline, because the system gives it no processor, isn't waited for."""

    def stop() -> None:
        for pid in pool_busy(pool):
            os.kill(pid, signal.SIGSTOP)  # SIGALRM waits for SIGCONT, SIGKILL doesn't

    threading.Timer(0.3, stop).start()
    began = time.monotonic()
    with pytest.raises(QueryTimeout):
        ask(pool, RUNAWAYS["cross product"], seconds=1.0)
    assert time.monotonic() - began < 3


def test_kinds_and_pages(pool: Pool) -> None:
    """Each kind in what is accepted for it; a kind that isn't accepted is told without a body; a page has the first rows."""
    reply = pool.run(Request("SELECT ?s { ?s ?p ?o }", accept={"graph": "text/turtle"}))
    assert (reply.kind, reply.media_type, reply.whole) == ("solutions", None, b"")
    page = pool.run(Request("SELECT ?s ?none { ?s ?p ?o }", accept={"solutions": PAGE}, first=3))
    assert page.more and len(list(rows(read_answer(page)))) == 3
    page = pool.run(Request("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", accept={"graph": PAGE}, first=3))
    found = read_answer(page)
    assert page.more and isinstance(found, list) and len(found) == 3
    page = pool.run(Request("ASK {}", accept={"boolean": PAGE}))
    assert not page.more and bool(read_answer(page))


def test_faults_keep_their_place(pool: Pool) -> None:
    """Line and column of a syntax error come through, and so does why a query is refused."""
    with pytest.raises(QuerySyntaxError) as raised:
        ask(pool, "SELECT *\n{ ?s ?p }")
    assert (raised.value.line, raised.value.column) == (2, 10)
    with pytest.raises(QueryRefused, match="SERVICE"):
        ask(pool, "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")
    with pytest.raises(TerritoiresError, match="graph IRI"):
        pool.run(Request("ASK {}", Dataset(("no iri",)), CSV))


def test_nothing_is_left(settings: Settings) -> None:
    """A closed pool leaves no process, even with a query at work."""
    pool = current_release(settings.releases).serve(Engine(limits=Limits(workers=2)))
    reply = pool.run(Request(ENDLESS, accept=CSV, seconds=30))
    zygote, workers = pool._zygote.process, children(pool)
    assert workers
    pool.close()
    assert zygote.returncode is not None
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 3)
    with pytest.raises(QueryStopped):
        reply.read()
    with pytest.raises(StoreUnavailable):
        pool.query("ASK {}")


def test_columns_are_in_reading_order(pool: Pool) -> None:
    """`SELECT *` gives its columns as the query reads, each time: the answer's bytes must not change under one ETag."""
    for text in (
        "SELECT * { ?zeta ?alpha ?mid } LIMIT 1",
        "# SELECT *\nPREFIX a: <http://e/#*> SELECT DISTINCT* { ?zeta ?alpha ?mid OPTIONAL { ?zeta a:x ?late } "
        "MINUS { ?zeta a:x ?never } } LIMIT 1",
    ):
        head = ask(pool, text).split(b"\r\n")[0]
        assert head == (b"zeta,alpha,mid,late" if "late" in text else b"zeta,alpha,mid")
    assert ask(pool, "SELECT * { { SELECT ?b { ?b ?c ?a } } } LIMIT 1").startswith(b"b\r\n")


def test_rewritten_query_tells_so(pool: Pool) -> None:
    """The reply names the rules and the text that was run; a fault in it is told at its place in the text as sent."""
    slow = "SELECT ?s { ?s ?p ?o FILTER NOT EXISTS { ?s a ?c . ?c a <http://example.org/never> } } LIMIT 3"
    reply = pool.run(Request(slow, accept=CSV))
    assert reply.rules == ("not-exists-as-minus",) and "MINUS" in reply.text
    assert pool.run(Request("ASK {}", accept=CSV)).rules == ()
    everything = pool.run(Request("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", accept=CSV))
    assert everything.rules == ("count-of-everything",)
    assert everything.read() == ask(pool, "SELECT (COUNT(?s) AS ?n) { ?s ?p ?o }")
    with pytest.raises(QuerySyntaxError) as raised:
        ask(pool, "SELECT ?s\n{ ?s ?p ?o FILTER NOT EXISTS { ?s a ?c . ?c a x:y } }")
    assert raised.value.line == 2
