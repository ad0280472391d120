"""A server of its own for a test: `territoires serve` with arguments, on a free port, ended at the end."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def served(folder: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Its address, when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [str(Path(sys.executable).with_name("territoires")), "serve", "--port", port, *arguments]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health/ready", process, folder)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(address: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Returns when the server is ready; fails with its last words when it ends or takes too long."""
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.1)
    raise AssertionError((folder / "server.log").read_text(errors="replace")[-1000:])
