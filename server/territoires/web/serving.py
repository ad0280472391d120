"""Starts, watches and stops the server processes (granian, one event loop each)."""

import ctypes
import os
import signal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from granian import Granian
from granian.constants import Interfaces, Loops

from territoires.settings import Settings
from territoires.web.app import load_gateway
from territoires.web.gateway import Gateway
from territoires.web.journal import logging_configuration

_PR_SET_PDEATHSIG = 1


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; requests that run then have `stop_seconds` to end, and no process stays behind.

    A server process that crashes is started again. What each one counts is shared in a folder that lives as long as this call.
    """
    with TemporaryDirectory(prefix="territoires-figures-") as folder:
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


def load(settings: Settings, folder: Path, parent: int) -> Gateway:
    """What a server process runs; it stops as by SIGTERM when the process that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)
    return load_gateway(settings, folder)
