"""What readers see of commits: further folders of the releases, <release>-c<number of the commit>.

Each is as its release's: a store, the manifest with the counts that hold now, and links to the files beside them. Readers follow the
link `current` (store/releases.py). The one process that writes makes these folders, and takes old ones away.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from territoires.store.releases import current_release, read_release, switch
from territoires.writing.journal import sync_folder
from territoires.writing.live import LiveStore

KEPT = 3
"""Revisions that are kept in any case."""
_LINGER = 90.0  # seconds that one is kept after another took its place: longer than an answer from it may take
_DRAFT, _STALE = "commit", "stale"  # a folder that isn't whole yet, and one that another took the name of


class Revisions:
    """The revisions below the folder of the releases."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._past: dict[Path, float] = {}
        self._others: set[Path] = set()
        for path in folder.glob(f".*.{_DRAFT}"):  # of a crash
            shutil.rmtree(path, ignore_errors=True)

    def publish(self, live: LiveStore) -> bool:
        """Makes what the work store holds the current revision; False where another release has come, which stays.

        Raises OSError or NoRelease; for readers nothing has changed then.
        """
        if live.revision != live.release.revision:
            self._write(live)
        switched = switch(self._folder, live.revision, live.release.revision)
        self._prune()
        return switched

    def _write(self, live: LiveStore) -> None:
        """The folder of a revision, whole or not at all; one of before the machine was started isn't trusted."""
        draft, path = self._folder / f".{live.revision}.{_DRAFT}", self._folder / live.revision
        manifest = {**live.manifest(), "boot": booted()}
        if path.exists() and manifest == read_manifest(path):
            return
        shutil.rmtree(draft, ignore_errors=True)
        try:
            draft.mkdir()
            live.store.backup(str(draft / "store"))
            with (draft / "manifest.json").open("w", encoding="utf-8") as file:
                file.write(json.dumps(manifest, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            for each in live.release.path.iterdir():
                if each.name not in ("store", "manifest.json"):
                    (draft / each.name).symlink_to(Path("..") / live.release.revision / each.name)
            sync_folder(draft)
            if path.exists():
                path.rename(self._folder / f".{live.revision}.{time.time_ns()}.{_STALE}")
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def _prune(self) -> None:
        """Takes those away that nobody reads any more."""
        now = time.monotonic()
        current = current_release(self._folder).path
        past = sorted((path for path in self._mine() if path != current), key=lambda path: path.stat().st_mtime)
        for path in past:
            self._past.setdefault(path, now)
        for path in past[: 1 - KEPT]:
            if now - self._past[path] > _LINGER:
                shutil.rmtree(path, ignore_errors=True)
                del self._past[path]

    def _mine(self) -> Iterator[Path]:
        """The folders of revisions that commits made."""
        for path in set(self._folder.iterdir()) - self._others:
            try:
                if path in self._past or path.name.endswith(f".{_STALE}") or (not path.is_symlink() and read_release(path).commit):
                    yield path
                else:
                    self._others.add(path)
            except (OSError, ValueError, KeyError):  # one that isn't whole, or that somebody is taking away
                continue


def booted() -> str:
    """What tells this run of the machine from others: only one that ended without warning can leave a folder whose files aren't whole."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def read_manifest(path: Path) -> object:
    """The manifest of a release or revision; None where it can't be read."""
    try:
        return json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
