"""Backups of a running repository: its release, its journal and keys, copied and read again; and what brings them back.

A backup is a folder: release/<revision>/ as it was built, contributions/{journal/, keys.json}, and backup.json with the length and
SHA-256 of each file. The release is copied first and the journal after it, up to its last whole commit, so that the journal holds all
that the release does. What readers see of commits is made of both (writing/process.py) and isn't in it.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from territoires.errors import BackupFailed, StoreUnavailable
from territoires.store.embedded import take_census
from territoires.store.releases import base_release, read_release, switch
from territoires.writing.journal import Journal, make_folder, sync_folder
from territoires.writing.process import JOURNAL, lock

FILE, KEYS = "backup.json", "keys.json"
_RELEASE, _CONTRIBUTIONS = "release", "contributions"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Backup:
    """What a backup holds."""

    moment: str
    revision: str
    """The release."""
    commit: int
    """The last commit of its journal."""
    checksum: str
    files: dict[str, list[int | str]]
    """Path below the backup -> length in bytes, SHA-256."""


def back_up(releases: Path, contributions: Path | None, target: Path) -> Backup:
    """Copies the current release and the journal to `target`, which must be new, and checks the copy; who writes meanwhile isn't held up.

    Raises BackupFailed, and leaves nothing then; NoRelease; JournalDamaged.
    """
    if target.exists() and any(target.iterdir()):
        raise BackupFailed(f"{target} holds something already: name a folder that isn't there yet.")
    release = base_release(releases)
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    try:
        files = {name: copy(path, draft / name) for name, path in tree(release.path, f"{_RELEASE}/{release.revision}")}
        journal = Journal(contributions / JOURNAL) if contributions else Journal(draft / _CONTRIBUTIONS / JOURNAL)
        commit, checksum, ends = journal.state()
        for path, end in ends.items():
            name = f"{_CONTRIBUTIONS}/{JOURNAL}/{path.name}"
            files[name] = copy(path, draft / name, end)
        if contributions and (contributions / KEYS).exists():
            files[f"{_CONTRIBUTIONS}/{KEYS}"] = copy(contributions / KEYS, draft / _CONTRIBUTIONS / KEYS)
        backup = Backup(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", release.revision, commit, checksum, files)
        write(draft / FILE, json.dumps(asdict(backup), indent=1).encode() + b"\n")
        check(draft)
        if target.exists():
            target.rmdir()
        draft.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise BackupFailed(f"The backup to {target} failed, and nothing of it was kept: {error}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return backup


def check(source: Path) -> Backup:
    """Reads a backup whole: every file by its checksum, the journal commit by commit, the counts of the release. Raises BackupFailed."""
    try:
        backup = Backup(**json.loads((source / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise BackupFailed(f"{source} is no whole backup: {FILE} can't be read ({error}).") from error
    for name, told in backup.files.items():
        try:
            found = measure(source / name)
        except OSError as error:
            raise BackupFailed(f"The backup lacks {source / name}: {error.strerror}.") from error
        if found != told:
            raise BackupFailed(f"{source / name} isn't what was backed up: it has {found[0]} bytes and another checksum than was noted.")
    journal = Journal(source / _CONTRIBUTIONS / JOURNAL)
    if faults := journal.verify():
        raise BackupFailed(f"The journal of the backup is damaged: {faults[0]}")
    if (journal.last, journal.checksum) != (backup.commit, backup.checksum):
        raise BackupFailed(f"The journal of the backup ends with commit {journal.last}, not {backup.commit}.")
    release = read_release(source / _RELEASE / backup.revision)
    if release.census is not None and take_census(release.path / "store") != release.census:
        raise BackupFailed(f"The store of the backup ({release.path / 'store'}) doesn't hold what its release counts.")
    return backup


def restore(source: Path, releases: Path, contributions: Path | None, replace: bool = False) -> tuple[Backup, list[Path]]:
    """Brings a backup back: its release becomes current, its journal the journal; returns it, and where what was there lies now.

    What is there is refused unless it may be replaced, and moved aside then. The server must not run. Raises BackupFailed.
    """
    backup = check(source)
    if contributions is None and (backup.commit or (source / _CONTRIBUTIONS / KEYS).exists()):
        raise BackupFailed("The backup holds contributions: say where they go to by TERRITOIRES_CONTRIBUTIONS.")
    places = {source / _RELEASE / backup.revision: releases / backup.revision}
    if contributions is not None:
        places |= {source / _CONTRIBUTIONS / name: contributions / name for name in (JOURNAL, KEYS)}
    taken = [place for place in places.values() if place.exists()]
    if taken and not replace:
        raise BackupFailed(f"{', '.join(map(str, taken))} is there already: say --replace, and it is moved aside.")
    try:
        with alone(contributions):
            aside = [move_aside(place) for place in taken]
            aside += [move_aside(path) for path in releases.glob(f"{backup.revision}-c*") if read_release(path).commit]
            for origin, place in places.items():
                if origin.exists():
                    bring(origin, place)
            make_folder(releases)
            switch(releases, backup.revision)
    except (OSError, ValueError) as error:
        raise BackupFailed(f"The backup couldn't be brought back whole: {error}. Mend that, and restore again with --replace.") from error
    return backup, aside


@contextlib.contextmanager
def alone(contributions: Path | None) -> Iterator[None]:
    """Holds off the process that writes. Raises BackupFailed where it runs."""
    if contributions is None:
        yield
        return
    make_folder(contributions)
    try:
        handle = lock(contributions)
    except StoreUnavailable as error:
        raise BackupFailed(f"A server writes to {contributions}: stop it first.") from error
    try:
        yield
    finally:
        os.close(handle)


def tree(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """The files below a folder, each with its path below the backup."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def copy(origin: Path, target: Path, end: int | None = None) -> list[int | str]:
    """Copies a file, or its beginning up to `end`, and waits until it is on disk; its length and SHA-256. Raises OSError."""
    make_folder(target.parent)
    left = origin.stat().st_size if end is None else end
    digest, size = hashlib.sha256(), 0
    with origin.open("rb") as file, target.open("xb") as written:
        os.fchmod(written.fileno(), origin.stat().st_mode & 0o777)
        while part := file.read(min(_CHUNK, left - size)):
            digest.update(part)
            size += written.write(part)
        written.flush()
        os.fsync(written.fileno())
    if size != left:
        raise OSError(f"{origin} became shorter while it was copied")
    return [size, digest.hexdigest()]


def measure(path: Path) -> list[int | str]:
    """Length and SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return [path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()]


def write(path: Path, content: bytes) -> None:
    """Writes a file, and waits until it is on disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def move_aside(place: Path) -> Path:
    """Gives what is there another name; returns that."""
    aside = place.with_name(f".{place.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    place.rename(aside)
    return aside


def bring(origin: Path, place: Path) -> None:
    """Copies a file, or a folder whole or not at all. Raises OSError."""
    if origin.is_file():
        copy(origin, place)
        return
    draft = place.with_name(f".{place.name}.{os.getpid()}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    make_folder(draft)
    for name, path in tree(origin, "."):
        copy(path, draft / name)
    draft.rename(place)
    sync_folder(place.parent)
