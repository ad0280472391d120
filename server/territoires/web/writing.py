"""The process that writes, as `territoires serve` starts it: `python -m territoires.web.writing`.

It reads its plan (writing/process.py) from the socket that is its standard input, and ends with it. It holds what takes long to load, and
writes nothing itself: its child does, a fork of it, so that another one is there at once when a deadline has ended that.
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
from functools import cache, partial
from pathlib import Path

from territoires.errors import NoRelease, TerritoiresError
from territoires.knowledge.guarding import Guard
from territoires.store.frames import FrameReader, arrives
from territoires.store.releases import current_release
from territoires.web.journal import logging_configuration
from territoires.writing.process import Guards, Plan, Writing
from territoires.writing.tending import FAILED, READY, reason

logger = logging.getLogger("territoires.writing")
_PR_SET_PDEATHSIG = 1
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before the next child, by how many in a row couldn't begin
_NOT_BEGUN = 3  # the status of a child that couldn't


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
    try:
        found, failures = guards(plan), 0
    except TerritoiresError as error:
        logger.error("Nothing can be written, since there is no guard: %s", error)
        control.sendall(FAILED)
        return 1
    while os.getppid() == plan.parent and not arrives(control, _PAUSES[min(failures, len(_PAUSES) - 1)]):
        child = os.fork()
        if child == 0:
            os._exit(write(plan, found, control))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        failures = failures + 1 if code == _NOT_BEGUN else 0
        if code:
            logger.error("The process that writes has ended (%s); it is started again", reason(code))
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

    It is made once for each base, the current release's before the first child is forked. Raises SourceError for shapes that it can't read.
    """
    made = cache(partial(Guard, Path(plan.home)))
    with contextlib.suppress(NoRelease):  # which the child tells
        made(current_release(Path(plan.releases)).base)
    return lambda release: made(release.base).check if release.merged else None


if __name__ == "__main__":
    sys.exit(main())
