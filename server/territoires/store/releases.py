"""Releases: releases/<revision>/{store/, manifest.json}, immutable; the link `current` names the one that is served.

The link is replaced in one atomic rename, so a reader sees the old release or the new one, never half of one.
"""

import contextlib
import json
import logging
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyoxigraph import Quad

from territoires.errors import NoRelease, TerritoiresError
from territoires.results import WHOLE, Answer, Dataset, Reply, Request
from territoires.store import Figures
from territoires.store.counting import Census
from territoires.store.embedded import EmbeddedStore, take_census, write_store
from territoires.store.pool import Limits, Pool
from territoires.store.worker import Specification

logger = logging.getLogger(__name__)
_CURRENT = "current"
_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")
_LOOK_EVERY = 1.0  # seconds between two looks at the link
_TRY_AGAIN = 60.0  # seconds before a release that couldn't be served is tried again
_HELD = 4_000_000  # quads: up to here a graph is held in memory (about 0.35 kB each) unless a setting says otherwise


@dataclass(frozen=True)
class Engine:
    """How a release is served: in memory, on disk or by size; what one query may use; what may run at once."""

    place: str = "auto"
    query_memory: int = 1 << 30
    """Bytes."""
    services: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Release:
    """A built release: its folder, revision, and the base of its own IRIs."""

    path: Path
    revision: str
    base: str
    quads: int = 0
    census: Census | None = None

    def open(self) -> EmbeddedStore:
        """The release's graph in this process, read-only."""
        return EmbeddedStore(self.path / "store", self.revision, self.base)

    def serve(self, engine: Engine | None = None) -> Pool:
        """The release's graph behind a pool of killable workers."""
        engine = engine or Engine()
        held = engine.place == "memory" or (engine.place == "auto" and self.quads <= _HELD)
        store = str((self.path / "store").absolute())
        specification = Specification(store, self.revision, self.base, held, engine.query_memory, engine.services, self.census)
        return Pool(specification, engine.limits)


def publish(folder: Path, revision: str, base: str, quads: Iterable[Quad], counts: dict[str, int]) -> Release:
    """Writes a new release of these quads below `folder`, then switches `current` to it; a failure leaves `current` as it was."""

    def write(path: Path) -> dict[str, int]:
        write_store(path, quads)
        return counts

    return publish_store(folder, revision, base, write)


def publish_store(folder: Path, revision: str, base: str, write: Callable[[Path], dict[str, int]]) -> Release:
    """As `publish`, of the store that `write` makes at a path; what it counts goes into the manifest."""
    path = folder / revision
    draft = folder / f".{revision}.draft"
    draft.mkdir(parents=True)
    try:
        counts = write(draft / "store")
        census = take_census(draft / "store")
        manifest = {"revision": revision, "base": base, **counts, **asdict(census)}
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    switch(folder, revision)
    return Release(path, revision, base, counts.get("quads", 0), census)


def switch(folder: Path, revision: str) -> None:
    """Makes `revision` the current release, atomically."""
    link = folder / f".{_CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(revision)
    link.replace(folder / _CURRENT)


def current_release(folder: Path) -> Release:
    """The release that `current` names. Raises NoRelease."""
    try:
        return read_release((folder / _CURRENT).resolve(strict=True))
    except (OSError, ValueError) as error:
        raise NoRelease(f"No release below {folder.absolute()}: run `territoires build` first, or set TERRITOIRES_RELEASES.") from error


def last_release(folder: Path) -> Release | None:
    """The release that `current` names, where there is one."""
    try:
        return current_release(folder)
    except NoRelease:
        return None


def read_release(path: Path) -> Release:
    """The release in that folder, as its manifest tells. Raises OSError or ValueError."""
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    census = (
        Census(manifest["triples"], manifest.get("classes"), manifest.get("properties"), manifest.get("hubs", {}))
        if "triples" in manifest
        else None
    )
    return Release(path, manifest["revision"], manifest["base"], manifest.get("quads", 0), census)


def kept_release(folder: Path, revision: str) -> Release | None:
    """The release of that revision, where `folder` keeps it."""
    if not _REVISION.fullmatch(revision):
        return None
    try:
        return read_release(folder / revision)
    except (OSError, ValueError):
        return None


def kept_releases(folder: Path) -> list[Release]:
    """The releases that `folder` keeps, the newest first."""
    found = (kept_release(folder, path.name) for path in sorted(folder.iterdir(), reverse=True) if path.name != _CURRENT)
    return [release for release in found if release]


def warnings_of(folder: Path, revision: str) -> int | None:
    """How many warnings the validation of a release gave; None where its manifest isn't there or doesn't tell."""
    try:
        manifest = json.loads((folder / revision / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = manifest.get("warnings") if revision else None
    return found if isinstance(found, int) else None


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
