"""Releases: releases/<revision>/{store/, manifest.json}, immutable; the link `current` names the one that is served.

The link is replaced in one atomic rename, so a reader sees the old release or the new one, never half of one.
"""

import json
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Quad

from territoires.errors import NoRelease
from territoires.results import WHOLE, Answer, Dataset
from territoires.store.embedded import EmbeddedStore, write_store

_CURRENT = "current"
_LOOK_EVERY = 1.0  # seconds between two looks at the link


@dataclass(frozen=True)
class Release:
    """A built release: its folder, revision, and the base of its own IRIs."""

    path: Path
    revision: str
    base: str

    def open(self) -> EmbeddedStore:
        """The release's graph, read-only."""
        return EmbeddedStore(self.path / "store", self.revision, self.base)


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
    return Release(path, revision, base)


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
    return Release(path, manifest["revision"], manifest["base"])


class CurrentStore:
    """The store of the current release; follows the link, so a new release is served without a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = current_release(folder).open()
        self._looked = time.monotonic()

    @property
    def revision(self) -> str:
        """The revision that is served now."""
        return self._latest().revision

    @property
    def base(self) -> str:
        """The base of the own IRIs in the release that is served now."""
        return self._latest().base

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers from the current release."""
        return self._latest().query(text, dataset)

    def _latest(self) -> EmbeddedStore:
        if time.monotonic() - self._looked > _LOOK_EVERY:
            self._looked = time.monotonic()
            release = current_release(self._folder)
            if release.revision != self._store.revision:
                self._store = release.open()
        return self._store
