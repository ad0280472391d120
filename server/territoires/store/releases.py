"""Releases: releases/<revision>/{store/, manifest.json}, immutable; the link `current` names the one that is served.

The link is replaced in one atomic rename, so a reader sees the old release or the new one, never half of one.
"""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Quad

from territoires.errors import NoRelease
from territoires.results import WHOLE, Answer, Dataset, Reply, Request
from territoires.store.embedded import EmbeddedStore, write_store
from territoires.store.pool import Limits, Pool
from territoires.store.worker import Specification

_CURRENT = "current"
_LOOK_EVERY = 1.0  # seconds between two looks at the link
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

    def open(self) -> EmbeddedStore:
        """The release's graph in this process, read-only."""
        return EmbeddedStore(self.path / "store", self.revision, self.base)

    def serve(self, engine: Engine | None = None) -> Pool:
        """The release's graph behind a pool of killable workers."""
        engine = engine or Engine()
        held = engine.place == "memory" or (engine.place == "auto" and self.quads <= _HELD)
        store = str((self.path / "store").absolute())
        return Pool(Specification(store, self.revision, self.base, held, engine.query_memory, engine.services), engine.limits)


def publish(folder: Path, revision: str, base: str, quads: Iterable[Quad], counts: dict[str, int]) -> Release:
    """Writes a new release below `folder`, then switches `current` to it; a failure leaves `current` as it was."""
    path = folder / revision
    draft = folder / f".{revision}.draft"
    draft.mkdir(parents=True)
    try:
        write_store(draft / "store", quads)
        manifest = {"revision": revision, "base": base, **counts}
        (draft / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    switch(folder, revision)
    return Release(path, revision, base, counts.get("quads", 0))


def switch(folder: Path, revision: str) -> None:
    """Makes `revision` the current release, atomically."""
    link = folder / f".{_CURRENT}.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(revision)
    link.replace(folder / _CURRENT)


def current_release(folder: Path) -> Release:
    """The release that `current` names. Raises NoRelease."""
    try:
        path = (folder / _CURRENT).resolve(strict=True)
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoRelease(f"No release below {folder.absolute()}: run `territoires build` first, or set TERRITOIRES_RELEASES.") from error
    return Release(path, manifest["revision"], manifest["base"], manifest.get("quads", 0))


class CurrentStore:
    """The pool over the current release; follows the link, so that a new release is served without a restart.

    The new release's pool is ready before it takes over; the old one ends when its last query has.
    """

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self._folder = folder
        self._engine = engine or Engine()
        self._pool = current_release(folder).serve(self._engine)
        self._looked = time.monotonic()
        self._lock = threading.Lock()

    @property
    def revision(self) -> str:
        """The revision that is served now."""
        return self.pool.revision

    @property
    def base(self) -> str:
        """The base of the own IRIs in the release that is served now."""
        return self.pool.base

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own from the current release."""
        return self.pool.query(text, dataset)

    def run(self, request: Request) -> Reply:
        """Answers somebody's query from the current release."""
        return self.pool.run(request)

    def ready(self) -> str | None:
        """What keeps it from answering now, or None."""
        return self.pool.ready()

    def close(self) -> None:
        """Ends the pool."""
        self._pool.close()

    @property
    def pool(self) -> Pool:
        """The pool of the release that is current now."""
        if time.monotonic() - self._looked > _LOOK_EVERY and self._lock.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                release = current_release(self._folder)
                if release.revision != self._pool.revision:
                    self._switch(release)
            finally:
                self._lock.release()
        return self._pool

    def _switch(self, release: Release) -> None:
        fresh = release.serve(self._engine)
        fresh.query("ASK {}")
        self._pool, old = fresh, self._pool
        threading.Thread(target=old.drain, name="pool-drain", daemon=True).start()
