"""The release that is current, served: what is published while the server runs takes its place without a failed request."""

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from territoires.errors import NoRelease, TerritoiresError
from territoires.results import WHOLE, Answer, Dataset, Reply, Request
from territoires.store import Figures
from territoires.store.pool import Pool
from territoires.store.releases import Engine, Release, current_release

logger = logging.getLogger(__name__)
_LOOK_EVERY = 0.25  # seconds between two looks at the link: a commit is to be seen within one
_TRY_AGAIN = 60.0  # seconds before a release that couldn't be served is tried again


class CurrentStore:
    """The pool over the current release; follows the link, so that a new release is served without a restart.

    The new release's pool is ready before it takes over; the old one ends when its last query has and nobody holds it. A release that
    can't be served is told in the log, and the one before stays.
    """

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self._engine = engine or Engine()
        self._pool = current_release(folder).serve(self._engine)
        self._leaving: list[Pool] = []
        self._past: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._follow, name="release-follow", daemon=True).start()

    @property
    def revision(self) -> str:
        """The revision that is served now."""
        return self._pool.revision

    @property
    def base(self) -> str:
        """The base of the own IRIs in the release that is served now."""
        return self._pool.base

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own from the current release."""
        with self._held() as pool:
            return pool.query(text, dataset)

    def run(self, request: Request) -> Reply:
        """Answers somebody's query from the current release."""
        with self._held() as pool:
            return pool.run(request)

    def ready(self) -> str | None:
        """What keeps it from answering now, or None."""
        return self._pool.ready()

    def hold(self) -> Pool:
        """The pool of the current release, which stays open until it is released, whichever release comes."""
        with self._lock:
            return self._pool.hold()

    def figures(self) -> Figures:
        """How the pools fare, also those that end; what has happened counts from the start."""
        with self._lock:
            found = [pool.figures() for pool in (self._pool, *self._leaving)]
            counts = sum((Counter(each.counts) for each in found), self._past.copy())
        processes = {role: tuple(pid for each in found for pid in each.processes[role]) for role in found[0].processes}
        running, waiting, idle = (sum(getattr(each, name) for each in found) for name in ("running", "waiting", "idle"))
        return Figures(counts, running, waiting, idle, processes)

    def close(self) -> None:
        """Ends the pools."""
        with self._lock:
            self._closed.set()
            pools = [self._pool, *self._leaving]
        for pool in pools:
            pool.close()

    @contextlib.contextmanager
    def _held(self) -> Iterator[Pool]:
        pool = self.hold()
        try:
            yield pool
        finally:
            pool.release()

    def _follow(self) -> None:
        """Looks at the link again and again, until the store is closed."""
        failed, again = "", 0.0
        while not self._closed.wait(_LOOK_EVERY):
            try:
                release = current_release(self._folder)
            except NoRelease:  # the link is being replaced by hand, or was removed: what is served stays
                continue
            if release.revision == self._pool.revision or (release.revision == failed and time.monotonic() < again):
                continue
            try:
                self._switch(release)
            except (TerritoiresError, OSError) as error:
                failed, again = release.revision, time.monotonic() + _TRY_AGAIN
                logger.error("Release %s can't be served, %s stays: %s", release.revision, self._pool.revision, error)

    def _switch(self, release: Release) -> None:
        fresh = release.serve(self._engine)
        try:
            fresh.query("ASK {}")
        except BaseException:
            fresh.close()
            raise
        with self._lock:
            if self._closed.is_set():
                fresh.close()
                return
            self._pool, old = fresh, self._pool
            self._leaving.append(old)
        logger.info("Release %s is served instead of %s", fresh.revision, old.revision)
        threading.Thread(target=self._let_go, args=(old,), name="pool-drain", daemon=True).start()

    def _let_go(self, pool: Pool) -> None:
        """Ends a pool when it has done its work; what it counted is kept."""
        pool.drain()
        with self._lock:
            self._leaving.remove(pool)
            self._past.update(pool.counts)
