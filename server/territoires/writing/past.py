"""Past revisions, served again: a release as it was built, from its own folder; what commits made of one, from a copy of it.

The copy (of hard links) lies beside the releases, in a folder that belongs to this process as long as it holds the lock on it (flock(2));
what a process that was killed has left there is taken away by the next one.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from territoires.errors import Overloaded, StoreUnavailable, UnknownRevision
from territoires.errors import RevisionGone as Gone
from territoires.store.pool import Pool
from territoires.store.releases import Engine, Release, kept_release, read_release
from territoires.writing.commits import parts_of, revision_of
from territoires.writing.journal import Journal
from territoires.writing.live import LiveStore
from territoires.writing.revisions import booted, read_manifest

KEPT = 3
"""Past revisions that are served at once; the one that was asked for least lately goes first."""
LEAVING = 6
"""Those that may be ending beside them before no other is begun."""
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}", re.ASCII)
"""What a revision may be called: a number is that of a commit."""
_PREFIX = ".past-"


@dataclass(frozen=True)
class State:
    """What readers saw: a release, and the last commit that had come to it; 0 for the release as it was built."""

    release: Release
    number: int = 0

    @property
    def revision(self) -> str:
        """Its name."""
        return revision_of(self.release.revision, self.number)

    @property
    def journal(self) -> int:
        """The last commit that it holds."""
        return self.number or self.release.journal


@dataclass
class Served:
    """A past revision that is served, and the folder of its own that it has, if any."""

    pool: Pool
    folder: Path | None


class Past:
    """Finds past revisions of the releases below `folder`, and serves a few of them at a time."""

    def __init__(self, folder: Path, engine: Engine, journal: Journal | None = None) -> None:
        self._folder, self._journal = folder, journal
        self._engine = replace(engine, place="disk", limits=replace(engine.limits, workers=1, own_workers=1))
        self._served: OrderedDict[str, Served] = OrderedDict()
        self._leaving: dict[threading.Thread, Served] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._place: Path | None = None
        self._handle = -1
        self._made = 0
        with contextlib.suppress(OSError):  # a service that only reads may have no right to
            sweep(folder)

    def find(self, name: str, base: str, last: int, served: str, once: Collection[str] = ()) -> State:
        """The revision of that name, or the one after the commit of that number (0: the one before the first).

        Readers see commits until `last` and releases until `served`; `once` names releases that were kept.
        Raises UnknownRevision, or RevisionGone.
        """
        if name.isdecimal() and len(name) < 10:
            number = int(name)
            commit = self._journal.commit(number or 1) if self._journal and number <= last and last else None
            if commit is None:
                raise UnknownRevision(name)
            return State(self._release(name, commit.release, base, served, once), number)
        release, number = parts_of(name)
        if not number:
            return State(self._release(name, name, base, served, once))
        commit = self._journal.commit(number) if self._journal and number <= last else None
        if commit is None or commit.release > release:
            raise UnknownRevision(name)
        found = self._release(name, release, base, served, once)
        if number <= found.journal:
            raise UnknownRevision(name)
        return State(found, number)

    def _release(self, asked: str, name: str, base: str, served: str, once: Collection[str]) -> Release:
        """A release that is kept, and that readers have seen. Raises UnknownRevision or RevisionGone."""
        found = kept_release(self._folder, name)
        if found and not found.commit and found.base == base and found.revision <= served:
            return found
        if not found and (name in once or (self._journal and name in self._journal.releases)):
            raise Gone(asked)
        raise UnknownRevision(asked)

    def hold(self, state: State) -> Pool:
        """What serves it; stays open until it is released. Raises StoreUnavailable or Overloaded."""
        with self._lock:
            if self._closed:
                raise StoreUnavailable("The store is being closed.")
            if state.revision not in self._served and len(self._leaving) >= LEAVING:
                raise Overloaded("Too many past revisions are asked for at once. Try again in a few seconds.")
            served = self._served.pop(state.revision, None) or self._serve(state)
            self._served[state.revision] = served
            held = served.pool.hold()
            while len(self._served) > KEPT:
                self._let_go(self._served.popitem(last=False)[1])
        return held

    def close(self) -> None:
        """Ends all of it."""
        with self._lock:
            self._closed = True
            for served in self._served.values():
                self._let_go(served)
            self._served.clear()
            leaving = dict(self._leaving)
        for served in leaving.values():
            served.pool.close()
        for thread in leaving:
            thread.join()
        if self._place:
            shutil.rmtree(self._place, ignore_errors=True)
            os.close(self._handle)
            self._place = None

    def _serve(self, state: State) -> Served:
        """Begins to serve a revision. Raises StoreUnavailable."""
        if not state.number:
            return Served(state.release.serve(self._engine), None)
        try:
            release = self._copy(state)
        except OSError as error:
            raise StoreUnavailable(f"{state.revision} can't be made again below {self._folder} ({error}).") from error
        return Served(release.serve(self._engine), release.path)

    def _copy(self, state: State) -> Release:
        """A release with its commits, in a folder of its own. Raises OSError or StoreUnavailable."""
        assert self._journal is not None
        self._made += 1
        folder = self._own() / f"{self._made}"
        for base in (*self._nearest(state), state.release):
            held = base.commit or base.journal
            try:
                live = LiveStore(folder / "store", base)
                live.replay(islice(self._journal.commits(held), state.number - held))
                live.store.flush()
                told = {**live.manifest(), "revision": state.revision, "release": state.release.revision, "commit": state.number}
                (folder / "manifest.json").write_text(json.dumps(told) + "\n", encoding="utf-8")
                return read_release(folder)
            except BaseException as error:
                shutil.rmtree(folder, ignore_errors=True)
                if base is state.release or not isinstance(error, (OSError, StoreUnavailable)):
                    raise
        raise AssertionError("the release itself is the last that is tried")

    def _nearest(self, state: State) -> Iterator[Release]:
        """The last state of the same release, up to that one, which is still there for readers, where there is one that can be trusted."""
        assert self._journal is not None
        name = state.release.revision
        numbers = (path.name.removeprefix(f"{name}-c") for path in self._folder.glob(f"{name}-c*"))
        for number in sorted((int(each) for each in numbers if each.isdecimal() and int(each) <= state.number), reverse=True):
            found, commit = kept_release(self._folder, revision_of(name, number)), self._journal.commit(number)
            manifest = read_manifest(self._folder / revision_of(name, number))
            if found and commit and isinstance(manifest, dict) and manifest.get("boot") == booted() and found.checksum == commit.checksum:
                yield found
                return

    def _own(self) -> Path:
        """The folder of this process. Raises OSError."""
        while self._place is None:
            path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if path.exists():  # nobody has swept it away before it was locked
                self._place, self._handle = path, handle
            else:
                os.close(handle)
        return self._place

    def _let_go(self, served: Served) -> None:
        """Ends a pool when nobody holds it; then its folder is taken away."""

        def end() -> None:
            served.pool.drain()
            if served.folder:
                shutil.rmtree(served.folder, ignore_errors=True)
            with self._lock:
                self._leaving.pop(thread, None)

        thread = threading.Thread(target=end, name="past-drain", daemon=True)
        self._leaving[thread] = served
        thread.start()


def sweep(folder: Path) -> None:
    """Takes away what processes have left that are no more. Raises OSError."""
    for path in folder.glob(f"{_PREFIX}*"):
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(handle)
