"""Places for queries to a store on another host: how many may be under way, how many may wait."""

import threading
import time

from territoires.errors import Overloaded


class Lane:
    """How many may be under way at once, and how many may wait for a place."""

    def __init__(self, places: int, waiting: int, patience: float) -> None:
        self._places, self._most, self._patience = places, waiting, patience
        self._condition = threading.Condition()
        self.running = self.waiting = 0

    def enter(self) -> None:
        """Takes a place. Raises Overloaded."""
        until = time.monotonic() + self._patience
        with self._condition:
            if self.running >= self._places:
                if self.waiting >= self._most:
                    raise Overloaded("Too many queries are waiting: try again in a few seconds.")
                self.waiting += 1
                try:
                    while self.running >= self._places:
                        if not self._condition.wait(max(0.0, until - time.monotonic())) and time.monotonic() >= until:
                            raise Overloaded(
                                "No place became free within %(seconds)s seconds: try again in a few seconds.",
                                seconds=f"{self._patience:g}",
                            )
                finally:
                    self.waiting -= 1
            self.running += 1

    def leave(self) -> None:
        """Gives the place back."""
        with self._condition:
            self.running -= 1
            self._condition.notify()
