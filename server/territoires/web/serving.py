"""Starts, watches and stops the server processes (granian, one event loop each)."""

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from granian import Granian
from granian.constants import Interfaces, Loops

from territoires.settings import Settings
from territoires.web.app import load_gateway
from territoires.web.gateway import Gateway
from territoires.web.journal import logging_configuration
from territoires.writing.process import Plan
from territoires.writing.tending import WritingProcess

_PR_SET_PDEATHSIG = 1
_WRITER_WITHIN = 60.0  # seconds that the server waits for the process that writes, before it serves without it


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; requests that run then have `stop_seconds` to end, and no process stays behind.

    A server process that crashes is started again, and so is the one that writes, where the settings name a folder of contributions.
    What each one counts is shared in a folder that lives as long as this call.
    """
    with TemporaryDirectory(prefix="territoires-figures-") as folder, writing(settings):
        server = Granian(
            "territoires",
            settings.host,
            settings.port,
            interface=Interfaces.RSGI,
            loop=Loops.uvloop,
            workers=settings.workers,
            workers_kill_timeout=settings.stop_seconds,
            respawn_failed_workers=True,
            websockets=False,
            log_dictconfig=logging_configuration(settings.log),
        )
        server.serve(target_loader=partial(load, settings, Path(folder), os.getpid()), wrap_loader=False)  # type: ignore[arg-type]


@contextlib.contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """The process that writes, as long as the server runs: it begins with all that was kept, so that readers see that from the start."""
    if settings.contributions is None or settings.store:
        yield
        return
    process = WritingProcess(plan(settings))
    process.wait(_WRITER_WITHIN)
    try:
        yield
    finally:
        process.close()


def plan(settings: Settings) -> Plan:
    """What the process that writes is told."""
    assert settings.contributions is not None
    releases, contributions, home = (str(place.absolute()) for place in (settings.releases, settings.contributions, settings.home))
    return Plan(releases, contributions, home, settings.log, settings.query_memory << 20, settings.query_queue)


def load(settings: Settings, folder: Path, parent: int) -> Gateway:
    """What a server process runs; it stops as by SIGTERM when the process that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)
    return load_gateway(settings, folder)
