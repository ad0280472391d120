"""The pool of killable workers over one release: who may run, for how long, and what happens when one dies."""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial

from territoires import errors
from territoires.errors import Overloaded, QueryStopped, QueryTimeout, StoreUnavailable
from territoires.results import WHOLE, Answer, Dataset, Kind, Reply, Request
from territoires.store import Figures
from territoires.store.reading import READABLE, read_answer
from territoires.store.worker import DATA, END, FAULT, Frame, Specification, read_frames, send_frame

logger = logging.getLogger(__name__)
OWN_SECONDS = 30.0  # the deadline of a query of our own, for a page
AWAITED = 256 << 10  # bytes: up to here an answer is awaited whole, so that a fault still gets a status
_READY_WITHIN = 120.0  # seconds for a zygote to load its dataset
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


class Zygote:
    """The process that workers are forked from."""

    def __init__(self, specification: Specification) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "territoires.store.worker", specification.argument()]
            self.process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, process_group=0)
        self._control = ours
        self._control.settimeout(_READY_WITHIN)
        self._lock = threading.Lock()
        self._awaited = False

    def fork(self) -> socket.socket:
        """The socket of a new worker. Raises StoreUnavailable when the zygote is dead."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                if not self._awaited:
                    if self._control.recv(1) != b"R":
                        raise OSError("it ended while it loaded the store")
                    self._awaited = True
                socket.send_fds(self._control, [b"F"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise StoreUnavailable(f"The process that holds the store has ended ({error}).") from error
        return ours

    @property
    def loaded(self) -> bool:
        """Whether it has loaded its dataset."""
        if not self._awaited and self._lock.acquire(blocking=False):
            try:
                with contextlib.suppress(OSError, ValueError):
                    self._awaited = bool(select.select([self._control], [], [], 0)[0]) and self._control.recv(1) == b"R"
            finally:
                self._lock.release()
        return self._awaited

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """Ends the process, by closing its standard input."""
        self._control.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Worker:
    """One forked process and the socket to it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.frames = read_frames(connection)
        pid = self.read().fields()["pid"]
        assert isinstance(pid, int)
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self.niced = False

    def read(self) -> Frame:
        """The next frame. Raises EOFError when the worker has died."""
        try:
            frame = next(self.frames, None)
        except OSError:
            frame = None
        if frame is None:
            raise EOFError
        return frame

    def kill(self) -> None:
        """Ends the process now, whatever it does."""
        with contextlib.suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def yield_processor(self) -> None:
        """Lets shorter queries go first, from here to the end of this worker."""
        if not self.niced:
            self.niced = True
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, self.pid, 15)

    def close(self) -> None:
        """Closes the socket, upon which an idle worker ends."""
        self.frames.close()  # type: ignore[attr-defined]
        self.connection.close()
        os.close(self._handle)


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
        self._waiting = 0
        self._idle: list[Worker] = []
        self._busy: dict[Worker, float] = {}
        self._holders = 0
        self._closed = False
        self._zygote = Zygote(specification)
        threading.Thread(target=self._watch, name="pool-watch", daemon=True).start()

    # -- what is asked of it

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own."""
        return read_answer(self._reply(Request(text, dataset, READABLE, OWN_SECONDS, rewriting=False), "own"))

    def run(self, request: Request) -> Reply:
        """Answers somebody's query."""
        return self._reply(request, "public")

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
            return Figures(dict(self.counts), sum(self._running.values()), self._waiting, len(self._idle), processes)

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

    @contextlib.contextmanager
    def _admitted(self, lane: str, patience: float) -> Iterator[None]:
        """A place among those that run. Raises Overloaded."""
        most = self.limits.workers if lane == "public" else self.limits.own_workers
        with self._condition:
            if self._running[lane] >= most:
                if self._waiting >= self.limits.waiting:
                    self.counts["refused"] += 1
                    raise Overloaded("Too many queries are waiting: try again in a few seconds.")
                self._waiting += 1
                try:
                    if not self._condition.wait_for(lambda: self._running[lane] < most, patience):
                        self.counts["refused"] += 1
                        raise Overloaded(f"No worker became free within {patience:g} seconds: try again in a few seconds.")
                finally:
                    self._waiting -= 1
            self._running[lane] += 1
        try:
            yield
        finally:
            with self._condition:
                self._running[lane] -= 1
                self._condition.notify_all()

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

    def _reply(self, request: Request, lane: str) -> Reply:
        """Starts a reply: what is short is awaited, so that a fault comes as an exception."""
        frames = self._frames(request, lane)
        head = next(frames).fields()
        kind: Kind = head["kind"]  # type: ignore[assignment]
        reply = Reply(kind, head["media_type"], iter(()), rules=tuple(head["rules"]), text=str(head["text"]))  # type: ignore[arg-type]
        gathered: list[bytes] = []
        size = 0
        for frame in frames:
            if frame.kind == END:
                fields = frame.fields()
                reply.more, reply.work = bool(fields["more"]), float(str(fields["work"]))
                reply.whole = b"".join(gathered)
                reply.chunks = iter((reply.whole,))
                frames.close()
                return reply
            gathered.append(frame.body)
            size += len(frame.body)
            if size > AWAITED:
                break
        reply.chunks = following(gathered, frames)
        return reply

    def _frames(self, request: Request, lane: str) -> Generator[Frame]:
        """The frames of one answer; the worker is given back at the end, and killed where the reader leaves before."""
        body = json.dumps(
            {
                "text": request.text,
                "default": request.dataset.default,
                "named": request.dataset.named,
                "accept": dict(request.accept),
                "seconds": request.seconds,
                "first": request.first,
                "rewriting": request.rewriting,
            }
        ).encode()
        self.counts["queries"] += 1
        with self._admitted(lane, self.limits.patience):
            worker = self._sent(body)
            began = time.monotonic()
            with self._condition:
                self._busy[worker] = began
            whole = False
            request.cancellation.watch(worker.kill)
            try:
                frame = worker.read()
                while True:
                    if frame.kind == FAULT:
                        whole = True
                        raise fault(frame)
                    whole = frame.kind == END
                    yield frame
                    if whole:
                        return
                    frame = worker.read()
            except EOFError:
                raise self._broken(request, time.monotonic() - began) from None
            finally:
                request.cancellation.watch(None)
                self._give_back(worker, whole)

    def _sent(self, body: bytes) -> Worker:
        """A worker that has taken the request; one that ended while it was idle is replaced."""
        for _ in range(self.limits.workers + self.limits.own_workers + 1):
            worker = self._worker()
            try:
                send_frame(worker.connection, DATA, body)
            except OSError:
                worker.close()
                continue
            return worker
        raise StoreUnavailable("No worker takes a query.")

    def _give_back(self, worker: Worker, whole: bool) -> None:
        with self._condition:
            self._busy.pop(worker, None)
            if whole and not worker.niced and not self._closed:
                self._idle.append(worker)
                return
        worker.kill()
        worker.close()

    def _broken(self, request: Request, seconds: float) -> Exception:
        """Why a worker has ended in the midst of a query."""
        if request.cancellation.cancelled:
            self.counts["cancelled"] += 1
            return QueryStopped("Nobody waits for the answer any more.")
        if seconds >= request.seconds * 0.98:
            self.counts["timeouts"] += 1
            return QueryTimeout(
                f"The query was ended at its deadline of {request.seconds:g} seconds: ask for less, or add the parameter timeout.",
                request.seconds,
            )
        self.counts["stopped"] += 1
        megabytes = self._specification.query_memory >> 20
        return QueryStopped(f"The query was ended: it used more than {megabytes} MB of memory, or broke the engine. Ask for less.")


def fault(frame: Frame) -> Exception:
    """The error that a worker has told of."""
    fields = frame.fields()
    kind = getattr(errors, str(fields.pop("error")))
    found = kind(fields.pop("message"), **fields)
    assert isinstance(found, Exception)
    return found


def following(gathered: list[bytes], frames: Generator[Frame]) -> Iterator[bytes]:
    """What was gathered, then what follows; closing it ends the query."""
    try:
        yield from gathered
        for frame in frames:
            if frame.kind == DATA:
                yield frame.body
    finally:
        frames.close()
