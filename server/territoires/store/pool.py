"""The pool of killable workers over one release: who may run, for how long, and what happens when one dies."""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from territoires.errors import Overloaded, QueryStopped, QueryTimeout, StoreUnavailable
from territoires.results import WHOLE, Answer, Dataset, Reply, Request
from territoires.store import Figures
from territoires.store.errand import Errand
from territoires.store.forking import Worker, Zygote
from territoires.store.frames import DATA, send_frame
from territoires.store.reading import READABLE, read_answer
from territoires.store.worker import Specification

logger = logging.getLogger(__name__)
OWN_SECONDS = 30.0  # the deadline of a query of our own, for a page
_PAUSE = 1.0  # seconds before another try with a dataset that could not be loaded
_SLOW = 0.3  # seconds after which a query yields the processor to shorter ones


@dataclass(frozen=True)
class Limits:
    """How much may run at once: workers for everybody's queries, workers for our own pages, and how many may wait."""

    workers: int = 4
    own_workers: int = 4
    waiting: int = 32
    patience: float = 5.0
    """Seconds that a query may wait for a worker."""


class Pool:
    """Runs queries in workers; a `QueryService` over one release."""

    def __init__(self, specification: Specification, limits: Limits | None = None) -> None:
        self.revision = specification.revision
        self.base = specification.base
        self.limits = limits or Limits()
        self.counts: Counter[str] = Counter()
        """What has happened: queries, timeouts, cancelled, stopped, refused, forks, restarts."""
        self._specification = specification
        self._condition = threading.Condition()
        self._running: dict[str, int] = {"own": 0, "public": 0}
        self._queues: dict[str, deque[Errand]] = {"own": deque(), "public": deque()}
        self._idle: list[Worker] = []
        self._busy: dict[Worker, float] = {}
        self._holders = 0
        self._closed = False
        self._zygote = Zygote(specification)
        threading.Thread(target=self._watch, name="pool-watch", daemon=True).start()

    # -- what is asked of it

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own."""
        return read_answer(self.enqueue(Request(text, dataset, READABLE, OWN_SECONDS), lane="own").reply())

    def run(self, request: Request) -> Reply:
        """Answers somebody's query."""
        return self.enqueue(request).reply()

    def enqueue(self, request: Request, grant: Callable[[], None] | None = None, lane: str = "public") -> Errand:
        """Puts a query into the queue; `grant` is called, from whichever thread, when it has to wait and its turn comes.

        Raises Overloaded where too many wait.
        """
        most = self.limits.workers if lane == "public" else self.limits.own_workers
        with self._condition:
            errand = Errand(self, request, lane, grant or self._wake)
            if self._running[lane] < most:
                self._running[lane] += 1
                errand.granted = True
            elif sum(map(len, self._queues.values())) >= self.limits.waiting:
                self.counts["refused"] += 1
                errand.ended = True
                raise Overloaded("Too many queries are waiting: try again in a few seconds.")
            else:
                self._queues[lane].append(errand)
        return errand

    def ready(self) -> str | None:
        """What keeps it from answering now, or None."""
        if self._closed:
            return "it is closed"
        zygote = self._zygote
        if not zygote.alive:
            return "the process that holds the store is being restarted"
        return None if zygote.loaded else "the store is being loaded"

    def figures(self) -> Figures:
        """How many queries run and wait, how many workers are idle, what has happened, which processes work for it."""
        with self._condition:
            workers = tuple(worker.pid for worker in (*self._idle, *self._busy))
            processes = {"zygote": (self._zygote.process.pid,), "worker": workers}
            waiting = sum(map(len, self._queues.values()))
            return Figures(dict(self.counts), sum(self._running.values()), waiting, len(self._idle), processes)

    def hold(self) -> "Pool":
        """Keeps it from ending by `drain` until it is released."""
        with self._condition:
            self._holders += 1
        return self

    def release(self) -> None:
        """Takes back one `hold`."""
        with self._condition:
            self._holders -= 1
            self._condition.notify_all()

    def close(self) -> None:
        """Ends all of it; queries that run are cut off."""
        with self._condition:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
            self._condition.notify_all()
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.close()
        self._zygote.close()

    def drain(self) -> None:
        """Ends it when the queries that run have ended and nobody holds it."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or not (self._holders or any(self._running.values())))
        self.close()

    # -- how it is done

    def _watch(self) -> None:
        """Makes slow queries yield the processor, and starts a new zygote when the old one has died."""
        while not self._closed:
            time.sleep(0.1)
            now = time.monotonic()
            with self._condition:
                for worker, began in self._busy.items():
                    if now - began > _SLOW:
                        worker.yield_processor()
                died = not self._closed and not self._zygote.alive
            if died:
                self._restart()

    def _restart(self) -> None:
        """A new zygote in the place of one that has died; one that can't load its dataset isn't started at once again."""
        old = self._zygote
        logger.error("The process that holds the store has ended (%s); it is started again.", old.process.returncode)
        if not old.loaded:
            time.sleep(_PAUSE)
        with self._condition:
            if self._closed:
                return
            old.close()
            self.counts["restarts"] += 1
            self._zygote = Zygote(self._specification)
            self._condition.notify_all()

    def _wake(self) -> None:
        """Lets the threads look that wait for a turn."""
        with self._condition:
            self._condition.notify_all()

    def wait_for(self, errand: Errand) -> None:
        """Waits until it is the query's turn. Raises Overloaded."""
        patience = self.limits.patience
        with self._condition:
            left = max(0.0, errand.queued + patience - time.monotonic())
            if self._condition.wait_for(lambda: errand.granted, left):
                return
            self.counts["refused"] += 1
        errand.leave()
        raise Overloaded("No worker became free within %(seconds)s seconds: try again in a few seconds.", seconds=f"{patience:g}")

    def vacate(self, errand: Errand) -> None:
        """Takes back the place of a query, or its turn; the next one takes the place."""
        with self._condition:
            queue = self._queues[errand.lane]
            following = None
            if not errand.granted:
                queue.remove(errand)
            elif queue:
                following = queue.popleft()
                following.granted = True
            else:
                self._running[errand.lane] -= 1
            self._condition.notify_all()
        if following:
            following.grant()

    def _worker(self) -> Worker:
        """An idle worker, or a new one, if need be of a zygote that is being started again. Raises StoreUnavailable."""
        until = time.monotonic() + self.limits.patience
        while True:
            with self._condition:
                if self._closed:
                    raise StoreUnavailable("The store is being closed.")
                if self._idle:
                    return self._idle.pop()
                zygote = self._zygote
            try:
                worker = Worker(zygote.fork())
            except (EOFError, StoreUnavailable) as error:
                with self._condition:
                    if not self._condition.wait_for(partial(self._replaced, zygote), max(0.0, until - time.monotonic())):
                        raise StoreUnavailable(f"No worker could be started: {error or 'it ended before it was ready'}.") from error
            else:
                self.counts["forks"] += 1
                return worker

    def _replaced(self, zygote: Zygote) -> bool:
        """Whether another zygote has come, or none will."""
        return self._closed or self._zygote is not zygote

    def idle_worker(self) -> Worker | None:
        """An idle worker, if there is one."""
        with self._condition:
            return self._idle.pop() if self._idle and not self._closed else None

    def note(self, worker: Worker) -> None:
        """Notes that a worker has begun."""
        with self._condition:
            self._busy[worker] = time.monotonic()
            self.counts["queries"] += 1

    def send(self, body: bytes) -> Worker:
        """A worker that has taken the request; one that ended while it was idle is replaced. Raises StoreUnavailable."""
        for _ in range(self.limits.workers + self.limits.own_workers + 1):
            worker = self._worker()
            try:
                worker.connection.setblocking(True)
                send_frame(worker.connection, DATA, body)
            except OSError:
                worker.close()
                continue
            return worker
        raise StoreUnavailable("No worker takes a query.")

    def give_back(self, worker: Worker, fit: bool) -> None:
        """Takes a worker back; one that isn't fit for another query is ended, whatever it does.

        A worker that has answered is worth keeping: the first query in a fork of a store in memory pays for a copy of each page that
        it reads, since reading counts references there.
        """
        with self._condition:
            self._busy.pop(worker, None)
            kept = fit and not self._closed and worker.take_processor_back()
            if kept:
                self._idle.append(worker)
        if not kept:
            worker.kill()
            worker.close()

    def broken(self, request: Request, seconds: float) -> Exception:
        """Why a worker has ended in the midst of a query."""
        if request.cancellation.cancelled:
            self.counts["cancelled"] += 1
            return QueryStopped("Nobody waits for the answer any more.")
        if seconds >= request.seconds * 0.98:
            self.counts["timeouts"] += 1
            return QueryTimeout(
                "The query was ended at its deadline of %(seconds)s seconds: ask for less, or add the parameter timeout.", request.seconds
            )
        self.counts["stopped"] += 1
        megabytes = self._specification.query_memory >> 20
        return QueryStopped(
            "The query was ended: it used more than %(megabytes)s MB of memory, or broke the engine. Ask for less.", megabytes=megabytes
        )
