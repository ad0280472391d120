"""The processes that answer, as the server holds them: the zygote, the workers that are forked from it, and what goes to them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading

from territoires import errors
from territoires.errors import StoreUnavailable
from territoires.results import Request
from territoires.store.frames import DATA, Frame, FrameReader, arrives, send_frame
from territoires.store.worker import Specification

_READY_WITHIN = 120.0  # seconds for a zygote to load its dataset


class Zygote:
    """The process that workers are forked from."""

    def __init__(self, specification: Specification) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "territoires.store.worker"]
            self.process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, process_group=0)
        self._control = ours
        with contextlib.suppress(OSError):  # where it has ended already, `fork` says so
            send_frame(ours, DATA, specification.written())
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
                    self._awaited = arrives(self._control, 0) and self._control.recv(1) == b"R"
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
        self.frames = FrameReader(connection)
        first = self.frames.read()
        assert first is not None
        pid = first.fields()["pid"]
        assert isinstance(pid, int)
        self.pid = pid
        self._handle = os.pidfd_open(pid)
        self.niced = False

    def kill(self) -> None:
        """Ends the process now, whatever it does."""
        self.take_processor_back()  # on a busy machine one that yields would take long to die
        with contextlib.suppress(ProcessLookupError, OSError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def yield_processor(self) -> None:
        """Lets shorter queries go first, until `take_processor_back`."""
        if not self.niced:
            self.niced = True
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, self.pid, 15)

    def take_processor_back(self) -> bool:
        """Ends the yielding; False where the system doesn't let a priority rise again (getrlimit(2), RLIMIT_NICE)."""
        if self.niced:
            try:
                os.setpriority(os.PRIO_PROCESS, self.pid, os.getpriority(os.PRIO_PROCESS, 0))
            except OSError:
                return False
            self.niced = False
        return True

    def close(self) -> None:
        """Closes the socket, upon which an idle worker ends."""
        self.connection.close()
        os.close(self._handle)


def fault(frame: Frame) -> Exception:
    """The error that a worker has told of."""
    fields = frame.fields()
    kind = getattr(errors, str(fields.pop("error")))
    found = kind.__new__(kind)
    vars(found).update(fields)
    assert isinstance(found, Exception)
    return found


def encoded(request: Request) -> bytes:
    """A request as a worker reads it."""
    fields = {
        "text": request.text,
        "default": request.dataset.default,
        "named": request.dataset.named,
        "accept": dict(request.accept),
        "seconds": request.seconds,
        "first": request.first,
        "rewriting": request.rewriting,
    }
    return json.dumps(fields).encode()
