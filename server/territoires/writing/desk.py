"""Where submissions arrive: a queue in the order of arrival, bounded in length and in waiting, behind the socket of the writer.

The other side, and what goes over the socket: writing/submissions.py.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path

from territoires.errors import Overloaded, TerritoiresError
from territoires.store.frames import END, FAULT, HEAD, FrameReader, send_frame, told
from territoires.writing.submissions import SOCKET, Accepted, Submission, address

_ARRIVAL = 10.0  # seconds that a submission may take to arrive
_ANSWER = 2.0  # seconds that a client has to say that it still waits


class Left(Exception):
    """The client isn't there any more."""


class Visit:
    """A submission, and the client that waits for what becomes of it."""

    def __init__(self, connection: socket.socket, frames: FrameReader, submission: Submission) -> None:
        self.submission = submission
        self.taken = threading.Event()
        self._connection, self._frames = connection, frames

    def begin(self) -> bool:
        """Tells that its turn has come; False where nobody waits any more."""
        try:
            send_frame(self._connection, HEAD, b"{}")
            self._frames.read(until=time.monotonic() + _ANSWER)
        except (OSError, EOFError):
            self.leave()
            return False
        return True

    def keep(self) -> None:
        """Tells that it is being kept from now on. Raises Left."""
        try:
            send_frame(self._connection, HEAD, b"{}")
        except OSError as error:
            raise Left from error

    def accept(self, accepted: Accepted) -> None:
        """Tells that it was accepted."""
        self._end(END, json.dumps(asdict(accepted)).encode())

    def refuse(self, error: TerritoiresError) -> None:
        """Tells why it wasn't."""
        self._end(FAULT, told(error))

    def leave(self) -> None:
        """Ends the connection without a word."""
        self._connection.close()

    def _end(self, kind: bytes, body: bytes) -> None:
        with contextlib.suppress(OSError), self._connection:
            send_frame(self._connection, kind, body)


class Desk:
    """The socket in a folder, and who waits there: at most `waiting` submissions, each for at most `patience` seconds."""

    def __init__(self, folder: Path, waiting: int, patience: float) -> None:
        self._waiting, self._patience = waiting, patience
        self._queue: deque[Visit] = deque()
        self._condition = threading.Condition()
        self._closed = False
        (folder / SOCKET).unlink(missing_ok=True)
        self._listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            with address(folder) as place:
                self._listening.bind(place)
        finally:
            os.umask(before)
        self._listening.listen(128)
        threading.Thread(target=self._listen, name="desk", daemon=True).start()

    def next(self, seconds: float) -> Visit | None:
        """The submission whose turn it is, or None where none has come within so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._queue, seconds)
            if not self._queue:
                return None
            visit = self._queue.popleft()
            visit.taken.set()
            return visit

    def close(self) -> None:
        """Takes no more; who waits sees the connection end before anything was begun, and comes to the next process."""
        with self._condition:
            self._closed = True
            left = list(self._queue)
            self._queue.clear()
            self._condition.notify_all()
        self._listening.close()
        for visit in left:
            visit.taken.set()
            visit.leave()

    def _listen(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._receive, args=(connection,), name="visit", daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        """Reads a submission, and waits with it until its turn comes, or it has waited too long."""
        frames = FrameReader(connection)
        try:
            frame = frames.read(until=time.monotonic() + _ARRIVAL)
            assert frame is not None
            if frame.kind == HEAD:  # somebody asks whether this runs
                send_frame(connection, END, b"{}")
                connection.close()
                return
            visit = Visit(connection, frames, Submission.read(frame.body))
        except (EOFError, OSError, ValueError, KeyError, TypeError):
            connection.close()
            return
        if not self._join(visit):
            visit.refuse(Overloaded("Too many writes are waiting, and this one was not begun: try again in a few seconds."))
        elif not visit.taken.wait(self._patience) and self._leave(visit):
            visit.refuse(
                Overloaded(
                    "It was not this write's turn within %(seconds)s seconds, and it was not begun: try again in a few seconds.",
                    seconds=f"{self._patience:g}",
                ),
            )

    def _join(self, visit: Visit) -> bool:
        """Puts a visit into the queue; False where that is full."""
        with self._condition:
            if self._closed:
                visit.taken.set()
                visit.leave()
                return True
            if len(self._queue) >= self._waiting:
                return False
            self._queue.append(visit)
            self._condition.notify_all()
            return True

    def _leave(self, visit: Visit) -> bool:
        """Takes a visit out of the queue; False where its turn has come meanwhile."""
        with self._condition:
            if visit.taken.is_set():
                return False
            self._queue.remove(visit)
            return True
