"""Releases: releases/<revision>/{store/, manifest.json}, immutable; the link `current` names the one that is served.

The link is replaced in one atomic rename, so a reader sees the old release or the new one, never half of one. What is written to a
release over HTTP is published as further folders, <revision>-c<number of the commit> (writing/live.py): they are served, not listed.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyoxigraph import Quad

from territoires.errors import NoRelease
from territoires.store.counting import Census
from territoires.store.embedded import EmbeddedStore, take_census, write_store
from territoires.store.pool import Limits, Pool
from territoires.store.worker import Specification

CURRENT = "current"
_REVISION = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")
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
    """A built release: its folder, revision, and the base of its own IRIs; or what commits have made of one."""

    path: Path
    revision: str
    base: str
    quads: int = 0
    census: Census | None = None
    release: str = ""
    """The release that was written to, where this is what came of it."""
    commit: int = 0
    """The last commit that came to it; 0 where this is as it was built."""
    journal: int = 0
    """The last commit that the build took with it."""
    checksum: str = ""
    """The checksum of the last commit that it holds."""
    merged: bool = True
    """Whether the default graph is the merge of the named graphs, or a graph of its own."""

    def open(self) -> EmbeddedStore:
        """The release's graph in this process, read-only."""
        return EmbeddedStore(self.path / "store", self.revision, self.base)

    def serve(self, engine: Engine | None = None) -> Pool:
        """The release's graph behind a pool of killable workers."""
        engine = engine or Engine()
        held = engine.place == "memory" or (engine.place == "auto" and self.quads <= _HELD)
        held = held and not self.commit  # a copy in memory takes longer than readers may wait for a commit
        store = str((self.path / "store").absolute())
        specification = Specification(store, self.revision, self.base, held, engine.query_memory, engine.services, self.census)
        return Pool(specification, engine.limits)


def publish(folder: Path, revision: str, base: str, quads: Iterable[Quad], counts: dict[str, int | str]) -> Release:
    """Writes a new release of these quads below `folder`, then switches `current` to it; a failure leaves `current` as it was."""

    def write(path: Path) -> dict[str, int | str]:
        write_store(path, quads)
        return counts

    return publish_store(folder, revision, base, write)


def publish_store(folder: Path, revision: str, base: str, write: Callable[[Path], dict[str, int | str]]) -> Release:
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
    return read_release(path)


def switch(folder: Path, revision: str, release: str = "") -> bool:
    """Makes `revision` the current release, atomically; where `release` is named, only while that one is served or was written to."""
    with switching(folder):
        if release and base_release(folder).revision != release:
            return False
        link = folder / f".{CURRENT}.{os.getpid()}"
        link.unlink(missing_ok=True)
        link.symlink_to(revision)
        link.replace(folder / CURRENT)
    return True


@contextlib.contextmanager
def switching(folder: Path) -> Iterator[None]:
    """Holds off all others that would switch (flock(2))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def current_release(folder: Path) -> Release:
    """The release that `current` names. Raises NoRelease."""
    try:
        return read_release((folder / CURRENT).resolve(strict=True))
    except (OSError, ValueError) as error:
        raise NoRelease(f"No release below {folder.absolute()}: run `territoires build` first, or set TERRITOIRES_RELEASES.") from error


def base_release(folder: Path) -> Release:
    """As `current_release`, without what was written to it. Raises NoRelease."""
    current = current_release(folder)
    if not current.commit:
        return current
    try:
        return read_release(folder / current.release)
    except (OSError, ValueError) as error:
        raise NoRelease(f"{folder / current.release}, which {current.revision} was made of, is gone: run `territoires build`.") from error


def last_release(folder: Path) -> Release | None:
    """The release that is current, as it was built, where there is one."""
    try:
        return base_release(folder)
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
    told = {name: manifest[name] for name in ("release", "commit", "journal", "checksum", "merged") if name in manifest}
    return Release(path, manifest["revision"], manifest["base"], manifest.get("quads", 0), census, **told)


def kept_release(folder: Path, revision: str) -> Release | None:
    """The release of that revision, where `folder` keeps it."""
    if not _REVISION.fullmatch(revision):
        return None
    try:
        return read_release(folder / revision)
    except (OSError, ValueError):
        return None


def kept_releases(folder: Path) -> list[Release]:
    """The releases that `folder` keeps, as they were built, the newest first; none where there is no such folder."""
    names = sorted((path.name for path in folder.iterdir()), reverse=True) if folder.is_dir() else []
    found = (kept_release(folder, name) for name in names if name != CURRENT)
    return [release for release in found if release and not release.commit]


def warnings_of(folder: Path, revision: str) -> int | None:
    """How many warnings the validation of a release gave; None where its manifest isn't there or doesn't tell."""
    try:
        manifest = json.loads((folder / revision / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = manifest.get("warnings") if revision else None
    return found if isinstance(found, int) else None
