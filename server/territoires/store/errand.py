"""One query on its way: queued, given to a worker, answered whole or piece by piece, or given up."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from territoires.errors import TerritoiresError
from territoires.results import Reply, Request
from territoires.store.forking import Worker, encoded, fault
from territoires.store.frames import DATA, END, FAULT, HEAD, Frame, send_frame

if TYPE_CHECKING:
    from territoires.store.pool import Pool

AWAITED = 256 << 10  # bytes: up to here an answer is awaited whole, so that a fault still gets a status
_GRACE = 0.5  # seconds that a worker has, after its deadline, to be gone; one that the system doesn't let die isn't waited for
_LONGEST_AT_ONCE = 64 << 10  # bytes: what the socket to an idle worker takes in one piece


class Errand:
    """A query from when it is queued. It ends with the last frame of its answer, or by `leave`, which ends the worker."""

    def __init__(self, pool: "Pool", request: Request, lane: str, grant: Callable[[], None]) -> None:
        self.lane = lane
        self.grant = grant
        self.granted = self.ended = False
        self.queued = time.monotonic()
        self._pool, self._request = pool, request
        self._worker: Worker | None = None
        self._began = 0.0
        self._head: dict[str, Any] = {}
        self._gathered: list[bytes] = []
        self._size = 0

    def begin(self) -> int | None:
        """Gives the query to an idle worker: the descriptor that becomes readable when more of the answer has come.

        None where it has not its turn, or no worker is idle. Never waits.
        """
        if not self.granted or self.ended:
            return None
        body = encoded(self._request)
        worker = self._pool.idle_worker() if len(body) <= _LONGEST_AT_ONCE else None
        if worker is None:
            return None
        try:
            send_frame(worker.connection, DATA, body)
        except OSError:  # it has ended while it was idle
            worker.close()
            return None
        self._taken(worker)
        return worker.connection.fileno()

    def poll(self) -> Reply | None:
        """The reply, if it has come: whole, or the beginning of a long one; given once. Never waits. Raises what went wrong."""
        return self._take(wait=False)

    def reply(self) -> Reply:
        """The reply, given once; waits for the turn and for the answer; what is short is awaited whole, so that a fault is raised."""
        if self._worker is None:
            self._pool.wait_for(self)
            try:
                self._taken(self._pool.send(encoded(self._request)))
            except BaseException:
                self.leave()
                raise
        reply = self._take(wait=True)
        assert reply is not None
        return reply

    def leave(self) -> None:
        """Gives up its place in the queue, or the rest of the answer."""
        self._end(False)

    def _taken(self, worker: Worker) -> None:
        self._worker, self._began = worker, time.monotonic()
        self._pool.note(worker)
        self._request.cancellation.watch(worker.kill)

    def _take(self, wait: bool) -> Reply | None:
        """The reply, if it has come. Raises what went wrong, which knows the work that went before."""
        try:
            return self._come(wait)
        except TerritoiresError as error:
            error.work = self._worked()
            raise

    def _worked(self) -> float:
        """Seconds since a worker has it."""
        return time.monotonic() - self._began

    def _come(self, wait: bool) -> Reply | None:
        while (frame := self._read(wait)) is not None:
            if frame.kind == HEAD:
                self._head = frame.fields()
                continue
            if frame.kind == DATA:
                self._gathered.append(frame.body)
                self._size += len(frame.body)
                if self._size > AWAITED:
                    return self._told(self._following(), work=self._worked())
                continue
            end = frame.fields()
            whole = b"".join(self._gathered)
            self._end(not end["leaving"])
            return self._told(iter((whole,)), whole, more=bool(end["more"]), work=float(str(end["work"])))
        return None

    def _told(self, chunks: Iterator[bytes], whole: bytes | None = None, **known: Any) -> Reply:
        head = self._head
        return Reply(head["kind"], head["media_type"], chunks, whole, rules=tuple(head["rules"]), text=head["text"], **known)

    def _following(self) -> Iterator[bytes]:
        """What was gathered, then what follows; closing it ends the query."""
        try:
            yield from self._gathered
            self._gathered.clear()
            while (frame := self._read(wait=True)) and frame.kind != END:
                yield frame.body
            assert frame is not None
            self._end(not frame.fields()["leaving"])
        finally:
            self._end(False)

    def _read(self, wait: bool) -> Frame | None:
        """The next frame. Raises what the worker tells of, or why it has ended."""
        assert self._worker is not None
        try:
            frame = self._worker.frames.read(wait, self._began + self._request.seconds + _GRACE)
        except EOFError:
            seconds = self._worked()
            self._end(False)
            raise self._pool.broken(self._request, seconds) from None
        if frame is not None and frame.kind == FAULT:
            self._end(True)
            raise fault(frame)
        return frame

    def __del__(self) -> None:
        self._end(False)  # where nobody has read a long answer to its end, nor closed it

    def _end(self, fit: bool) -> None:
        """Gives the worker back, `fit` for another query or not, and the place."""
        if not self.ended:
            self.ended = True
            self._request.cancellation.watch(None)
            if self._worker:
                self._pool.give_back(self._worker, fit)
            self._pool.vacate(self)
