"""The process that writes, as `territoires serve` starts it: `python -m territoires.web.writing`.

It reads its plan (writing/process.py) from the socket that is its standard input, and ends with it. It holds what takes long to load, and
writes nothing itself: its child does, a fork of it, so that another one is there at once when a deadline has ended that. Another child
has the whole validated after commits (knowledge/revalidating.py).
"""

import contextlib
import ctypes
import logging
import logging.config
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from territoires.errors import NoRelease, TerritoiresError
from territoires.files import shape_files
from territoires.knowledge.guarding import Guard
from territoires.knowledge.revalidating import Watch
from territoires.settings import Settings
from territoires.store.frames import FrameReader, arrives
from territoires.store.releases import Release, current_release
from territoires.web.journal import logging_configuration
from territoires.writing.commits import Check
from territoires.writing.process import Guards, Plan, Writing
from territoires.writing.tending import FAILED, READY, reason

logger = logging.getLogger("territoires.writing")
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before the next child, by how many in a row couldn't begin
_NOT_BEGUN = 3  # the status of a child that couldn't
_SOON = 5.0  # seconds before which a child that validates, and has ended, is followed by another with the next one that writes


def main() -> int:
    """Has a child write, and another one when that has ended, until the socket is closed; the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):  # which a service manager may send to every process
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    control = socket.socket(fileno=0)
    try:
        frame = FrameReader(control).read()
    except EOFError:
        return 0
    assert frame is not None
    plan = Plan.read(frame.body)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    logging.config.dictConfig(logging_configuration(plan.log))
    found, failures = guards(plan), 0
    try:
        hold(plan, found)
    except TerritoiresError as error:
        logger.error("Nothing can be written, since there is no guard: %s", error)
        control.sendall(FAILED)
        return 1
    beside = 0
    while os.getppid() == plan.parent and not arrives(control, _PAUSES[min(failures, len(_PAUSES) - 1)]):
        with contextlib.suppress(TerritoiresError, OSError):  # which the child tells
            hold(plan, found)
        child = forked("tdp-writes", lambda: write(plan, found, control))
        beside = beside or forked("tdp-validates", lambda: watch(plan, control))
        code, beside = outlived(child, beside, lambda: forked("tdp-validates", lambda: watch(plan, control)))
        failures = failures + 1 if code == _NOT_BEGUN else 0
        if code:
            logger.error("The process that writes has ended (%s); it is started again", reason(code))
    if beside:
        os.kill(beside, signal.SIGKILL)
        os.waitpid(beside, 0)
    return 0


def forked(name: str, work: Callable[[], int]) -> int:
    """The id of a new child, called so where processes are listed, that does the work and ends with the status that it gives."""
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())
        os._exit(work())
    return child


def outlived(child: int, beside: int, again: Callable[[], int]) -> tuple[int, int]:
    """Waits until `child` has ended: its exit code, and the other child, made `again` where it ended meanwhile (0: too soon for that)."""
    since = time.monotonic()
    while (ended := os.waitpid(-1, 0))[0] != child:
        if ended[0] == beside:
            logger.error("The process that validates has ended (%s)", reason(os.waitstatus_to_exitcode(ended[1])))
            beside, since = (again() if time.monotonic() - since > _SOON else 0), time.monotonic()
    return os.waitstatus_to_exitcode(ended[1]), beside


def watch(plan: Plan, control: socket.socket) -> int:
    """Has the whole validated after commits, until the process that forked this one has ended; the exit status."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    control.close()
    try:
        settings = Settings(home=Path(plan.home), releases=Path(plan.releases), contributions=Path(plan.contributions))
        Watch(settings).run(lambda: os.getppid() != parent)
    except BaseException:
        logger.exception("The process that validates has failed")
        return 1
    return 0


def write(plan: Plan, found: Guards, control: socket.socket) -> int:
    """Writes until the process that forked this one has ended, or the socket is closed; the exit status."""
    parent = os.getppid()
    status = _NOT_BEGUN
    try:
        writing = Writing(plan, found)
        control.sendall(READY)
        status = 1
        writing.run(lambda: arrives(control, 0) or os.getppid() != parent)
    except (TerritoiresError, OSError) as error:
        logger.error("Nothing can be written: %s", error)
        if status == _NOT_BEGUN:
            control.sendall(FAILED)
        return status
    except BaseException:
        logger.exception("The process that writes has failed")
        return status
    return 0


def guards(plan: Plan) -> Guards:
    """What finds the guard of a release: by the shapes below the home of the plan, where the default graph is the merge of all graphs.

    It is kept until it is asked for at another base, or the shapes have changed. Raises SourceError for shapes that it can't read.
    """
    home, made = Path(plan.home), dict[tuple[str, str], Guard]()

    def guard(release: Release) -> Check | None:
        if not release.merged:
            return None
        key = release.base, checksum(home)
        if key not in made:
            found = Guard(home, release.base)
            made.clear()
            made[key] = found
        return made[key].check

    return guard


def hold(plan: Plan, found: Guards) -> None:
    """Has the guard of the current release made before a child is forked; that there is no release, the child tells. Raises SourceError."""
    with contextlib.suppress(NoRelease):
        found(current_release(Path(plan.releases)))


def checksum(home: Path) -> str:
    """What tells the shapes below `home` from others: SHA-256. Raises SourceError."""
    return sha256(
        b"".join(source.name.encode() + b"\0" + sha256(source.path.read_bytes()).digest() for source in shape_files(home))
    ).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
