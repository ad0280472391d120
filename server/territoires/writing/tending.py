"""Starts the process that writes, and starts it again whenever it has ended, until it is closed."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

from territoires.store.frames import DATA, send_frame
from territoires.writing.process import Plan

logger = logging.getLogger(__name__)
READY, FAILED = b"R", b"F"
"""What the process says: that it takes submissions, that it couldn't begin and tries again."""
COMMAND = (sys.executable, "-m", "territoires.web.writing")
_PAUSES = (0.0, 0.5, 1.0, 2.0, 5.0, 15.0)  # seconds before the next try, by how many in a row didn't come to be ready
_ENDING = 10.0  # seconds that it has to finish what it does


class WritingProcess:
    """The process that writes; `command` is what runs it."""

    def __init__(self, plan: Plan, command: Sequence[str] = COMMAND) -> None:
        self._plan = replace(plan, parent=os.getpid())
        self._command = tuple(command)
        self._closed = threading.Event()
        self._tried = threading.Event()
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._tend, name="writing", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Returns when it is ready for the first time, or its first try has failed, or so many seconds have passed."""
        self._tried.wait(seconds)

    def close(self) -> None:
        """Lets it finish what it does, and ends it."""
        self._closed.set()
        with self._lock:
            if self._control:
                with contextlib.suppress(OSError):
                    self._control.shutdown(socket.SHUT_RDWR)  # a server process that was forked meanwhile may hold it too
            process = self.process
        if process:
            try:
                process.wait(timeout=_ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._thread.join()
        if self._control:
            self._control.close()

    def _tend(self) -> None:
        failures = 0
        while not self._closed.wait(_PAUSES[min(failures, len(_PAUSES) - 1)]):
            process = self._start()
            if process is None:
                return
            ready = self._ready()
            self._tried.set()
            code = process.wait()
            failures = 0 if ready else failures + 1
            if not self._closed.is_set():
                logger.error("The process that writes has ended (%s); it is started again.", reason(code))

    def _start(self) -> subprocess.Popen[bytes] | None:
        """A new process, told its plan; None where it was closed."""
        with self._lock:
            if self._closed.is_set():
                return None
            if self._control:
                self._control.close()
            ours, theirs = socket.socketpair()
            with theirs:
                self.process = subprocess.Popen(self._command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
            self._control = ours
        with contextlib.suppress(OSError):  # where it has ended already, that is seen next
            send_frame(ours, DATA, self._plan.written())
        return self.process

    def _ready(self) -> bool:
        """Waits until it says whether it is ready; False where it can't begin, or ends before."""
        assert self._control is not None
        try:
            return self._control.recv(1) == READY
        except OSError:
            return False


def reason(code: int) -> str:
    """Why a process has ended, by its status."""
    if code == -signal.SIGALRM:
        return "a write reached its deadline"
    return f"signal {-code}" if code < 0 else f"status {code}"
