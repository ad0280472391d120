"""Waiting for what comes to hold by itself."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], seconds: float = 30.0) -> float:
    """Returns after how many seconds it holds; fails when it doesn't in time."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it doesn't hold"
        time.sleep(0.02)
    return time.monotonic() - began
