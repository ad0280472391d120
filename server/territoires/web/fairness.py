"""Each client's share: seconds of work in a window of one minute (RateLimit header fields, draft-ietf-httpapi-ratelimit-headers)."""

import math
import threading
import time
from dataclasses import dataclass

from territoires.errors import BudgetSpent

WINDOW = 60.0
_MOST_CLIENTS = 10_000  # windows that are kept; the oldest go first


@dataclass
class _Spent:
    since: float
    seconds: float = 0.0


class Budgets:
    """What each client has spent in its window; `allowed` 0 means no limit."""

    def __init__(self, allowed: float) -> None:
        self.allowed = allowed
        self._spent: dict[str, _Spent] = {}
        self._lock = threading.Lock()

    def check(self, client: str) -> None:
        """Raises BudgetSpent when the client has used up its share."""
        if not self.allowed:
            return
        with self._lock:
            spent = self._window(client)
            if spent.seconds < self.allowed:
                return
            wait = math.ceil(spent.since + WINDOW - time.monotonic())
        raise BudgetSpent("You have used your %(seconds)s seconds of work for this minute.", max(wait, 1), seconds=f"{self.allowed:g}")

    def charge(self, client: str, seconds: float) -> None:
        """Counts work that was done for the client."""
        if self.allowed:
            with self._lock:
                self._window(client).seconds += seconds

    def headers(self, client: str) -> dict[str, str]:
        """RateLimit-Policy and RateLimit: the quota in seconds of work, what remains, and when the window ends."""
        if not self.allowed:
            return {}
        with self._lock:
            spent = self._window(client)
            remaining = max(0, math.floor(self.allowed - spent.seconds))
            reset = max(0, math.ceil(spent.since + WINDOW - time.monotonic()))
        return {
            "RateLimit-Policy": f'"work";q={self.allowed:g};w={WINDOW:g}',
            "RateLimit": f'"work";r={remaining};t={reset}',
        }

    def _window(self, client: str) -> _Spent:
        now = time.monotonic()
        spent = self._spent.get(client)
        if spent is None or now - spent.since >= WINDOW:
            self._spent.pop(client, None)
            while len(self._spent) >= _MOST_CLIENTS:
                del self._spent[next(iter(self._spent))]
            spent = self._spent[client] = _Spent(now)
        return spent
