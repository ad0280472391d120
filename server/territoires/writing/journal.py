"""The journal: every accepted write, appended and on disk before it is acknowledged. All else that is known of writes is made from it.

It is a folder of segments, commits-<number of the first commit>.rdfp, each a row of records (writing/records.py). A crash may leave a
record that isn't whole at the end of the last segment: it was never acknowledged, readers pass it over, and `repair` moves it aside. Any
other fault is an error: nothing that was acknowledged is ever cut.
"""

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from territoires.errors import JournalDamaged, NoSpace, StoreUnavailable
from territoires.writing.commits import Change, Commit
from territoires.writing.records import REPAIR, Entry, entries, read_commit, record_of, stands

SEGMENT = 64 << 20
"""Bytes from which on the next commit begins a new segment."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What says that a disk is full, a quota or the size of a file reached."""


class Journal:
    """The journal in a folder, which may not exist yet. Any process may read it; one appends to it."""

    def __init__(self, folder: Path, segment: int = SEGMENT) -> None:
        self.folder = folder
        self._segment = segment
        self._entries: list[Entry] = []
        self._lock = threading.RLock()
        self._failed = ""
        self._writes = False

    @property
    def last(self) -> int:
        """The number of the last whole commit; 0 where there is none. Raises JournalDamaged."""
        with self._lock:
            self._refresh()
            return len(self._entries)

    @property
    def checksum(self) -> str:
        """The checksum of the last commit, which stands for the whole journal; "" where there is none."""
        return self.state()[1]

    @property
    def releases(self) -> frozenset[str]:
        """The releases that commits were made on. Raises JournalDamaged."""
        with self._lock:
            return frozenset(entry.header.release for entry in self._entries[: self.last])

    def moment(self, number: int) -> str:
        """When the commit of that number, which there is, was accepted. Raises JournalDamaged."""
        entry = self._entry(number)
        return entry.header.moment if entry else ""

    def commits(self, after: int = 0) -> Iterator[Commit]:
        """The commits that follow commit `after`. Raises JournalDamaged."""
        for number in range(after + 1, self.last + 1):
            if entry := self._entry(number):
                yield read_commit(entry)

    def commit(self, number: int) -> Commit | None:
        """The commit of that number, where there is one. Raises JournalDamaged."""
        entry = self._entry(number)
        return read_commit(entry) if entry else None

    def append(self, agent: str, reason: str, release: str, change: Change) -> Commit:
        """Keeps a write: it is on disk when this returns.

        Raises NoSpace or StoreUnavailable, and the journal is as it was then; JournalDamaged where that can't be had.
        """
        with self._lock:
            if self._failed:
                raise JournalDamaged(self._failed)
            number, previous = self.last + 1, self.checksum
            moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
            header, record = record_of(number, moment, agent, reason, release, change, previous)
            path, start = self._place(number)
            try:
                self._write(path, start, record)
            except OSError as error:
                raise refusal(path, error) from error
            self._entries.append(Entry(path, start, start + len(record) - header.size, header))
            return Commit(number, moment, agent, reason, release, change, header.checksum)

    def state(self) -> tuple[int, str, dict[Path, int]]:
        """The last commit at one moment, its checksum, and where the last whole commit of each segment ends. Raises JournalDamaged."""
        with self._lock:
            self._refresh()
            checksum = self._entries[-1].header.checksum if self._entries else ""
            return len(self._entries), checksum, {entry.path: entry.end for entry in self._entries}

    def verify(self) -> list[str]:
        """What is wrong with it: every byte is read, every checksum worked out, every statement parsed; nothing where all is well."""
        faults: list[str] = []
        number = 1
        previous: str | None = ""
        for index, path in enumerate(found := segments(self.folder)):
            named, end = int(path.stem.partition("-")[2]), 0
            if named != number:
                faults.append(f"{path} begins with commit {named}, where commit {number} is due. {REPAIR}")
                number, previous = named, None
            try:
                for entry in entries(path, 0, number, previous, bodies=True):
                    read_commit(entry)
                    number, previous, end = number + 1, entry.header.checksum, entry.end
            except JournalDamaged as error:
                faults.append(str(error))
                number = int(found[index + 1].stem.partition("-")[2]) if index + 1 < len(found) else number
                previous = None
                continue
            if (left := path.stat().st_size - end) > 0:
                faults.append(
                    f"{path}, byte {end}: {left} bytes of a record that isn't whole. {'' if path == found[-1] else REPAIR}".rstrip()
                )
        return faults

    def repair(self) -> str | None:
        """Checks all of it, and moves aside what a crash has left of a last record that was never whole; tells what was done.

        To be called by the one process that appends. Raises JournalDamaged, and changes nothing then.
        """
        with self._lock:
            self._writes = True
            self._entries.clear()
            self._refresh(bodies=True)
            paths = segments(self.folder)
            if not paths:
                return None
            end = self._end(paths[-1])
            left = paths[-1].stat().st_size - end
            return cut(paths[-1], end, left) if left else None

    def _entry(self, number: int) -> Entry | None:
        """Where that commit stands. Raises JournalDamaged."""
        with self._lock:
            return self._entries[number - 1] if 0 < number <= self.last else None

    def _refresh(self, *, bodies: bool = False) -> None:
        """Reads the headers that were added since the last time. Raises JournalDamaged.

        Who only reads may have seen a last record that was taken back then (`_take_back`), and begins anew.
        """
        if self._entries and not self._writes and not stands(self._entries[-1]):
            self._entries = []
        paths = segments(self.folder)
        known = self._entries[-1].path if self._entries else None
        for path in paths:
            if known and path < known:
                continue
            first = int(path.stem.partition("-")[2])
            number = len(self._entries) + 1
            if path != known and first != number:
                raise JournalDamaged(f"{path} begins with commit {first}, where commit {number} is due. {REPAIR}")
            offset, previous = (self._end(path), self._entries[-1].header.checksum) if self._entries else (0, "")
            self._entries += entries(path, offset, number, previous, bodies=bodies)
            if path != paths[-1] and self._end(path) != path.stat().st_size:
                raise JournalDamaged(f"{path}, byte {self._end(path)}: a record that isn't whole, with others behind it. {REPAIR}")

    def _end(self, path: Path) -> int:
        """The offset behind the last whole record of a segment."""
        return self._entries[-1].end if self._entries and self._entries[-1].path == path else 0

    def _place(self, number: int) -> tuple[Path, int]:
        """The segment that a new commit goes to, and the offset there."""
        paths = segments(self.folder)
        if paths and self._end(paths[-1]) < self._segment:
            return paths[-1], self._end(paths[-1])
        return self.folder / f"commits-{number:09d}.rdfp", 0

    def _write(self, path: Path, start: int, record: bytes) -> None:
        """Writes a record to the end of a segment, and waits for the disk. Raises OSError, and the segment ends at `start` then."""
        if start == 0:
            make_folder(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                if os.fstat(handle).st_size != start:
                    raise OSError(errno.EBUSY, "another process has written to it")
                os.lseek(handle, start, os.SEEK_SET)
                left = memoryview(record)
                while left:
                    left = left[os.write(handle, left) :]
                os.fsync(handle)
                if start == 0:  # the segment is new, or an earlier try has left it empty
                    sync_folder(path.parent)
            except OSError as error:
                if error.errno != errno.EBUSY:
                    self._take_back(handle, path, start)
                raise
        finally:
            os.close(handle)

    def _take_back(self, handle: int, path: Path, start: int) -> None:
        """Ends a segment at `start` again. Raises JournalDamaged."""
        try:
            os.ftruncate(handle, start)
            os.fsync(handle)
        except OSError as error:
            self._failed = f"{path}: what was being written couldn't be taken back ({error.strerror}); the next start moves it aside."
            raise JournalDamaged(self._failed) from error


def segments(folder: Path) -> list[Path]:
    """The segments in the order of their commits."""
    return sorted(folder.glob("commits-*.rdfp"))


def cut(path: Path, end: int, left: int) -> str:
    """Moves what stands behind `end` aside; tells what was done."""
    aside = path.with_name(f"torn-{datetime.now(UTC):%Y%m%dT%H%M%S}-{path.stem}-{end}")
    kept = f"it is kept in {aside.name}"
    with path.open("r+b") as file:
        file.seek(end)
        try:
            aside.write_bytes(file.read())
        except OSError as error:  # nobody was told that it was kept
            kept = f"it couldn't be kept aside ({error.strerror})"
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)
        file.truncate(end)
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return f"{path}, byte {end}: {left} bytes of a record that isn't whole and was never acknowledged were taken away; {kept}."


def refusal(path: Path, error: OSError) -> StoreUnavailable:
    """Why nothing was kept."""
    if error.errno in FULL:
        return NoSpace(f"There is no space left for the journal ({path.parent}): nothing was kept. Make room, then try again.")
    return StoreUnavailable(f"The journal {path} can't be written ({error.strerror}): nothing was kept.")


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, and waits until they are on disk."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on disk (fsync(2))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
