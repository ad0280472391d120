"""A record of the journal: a header line, and the RDF Patch that it tells the length and checksum of.

The header is JSON on one line: number, moment, agent, reason, release, size (bytes) and sha256 of the body, `previous` (the checksum of the
commit before, "" for the first), and last `checksum`: SHA-256 of the header before that member. So each checksum covers all that came
before it, and a header that is whole can be told from one that is damaged.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from territoires.errors import JournalDamaged, SourceError
from territoires.writing.commits import Change, Commit, read_patch

_SEALED = re.compile(rb'(?P<said>\{.*),"checksum":"(?P<checksum>[0-9a-f]{64})"\}\n', re.DOTALL)
REPAIR = "Restore the journal from a backup (`territoires restore`), or move the writing elsewhere until it is mended."


@dataclass(frozen=True)
class Header:
    """What a header line tells."""

    number: int
    moment: str
    agent: str
    reason: str
    release: str
    size: int
    """Length of the body."""
    sha256: str
    previous: str
    checksum: str

    def commit(self, body: bytes) -> Commit:
        """The commit, with what its body says. Raises SourceError."""
        change = read_patch(body.decode())
        return Commit(self.number, self.moment, self.agent, self.reason, self.release, change, self.checksum)


@dataclass(frozen=True)
class Entry:
    """Where a record stands: its segment, the offsets of its header and its body, and what its header tells."""

    path: Path
    start: int
    body: int
    header: Header

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.body + self.header.size


def record_of(number: int, moment: str, agent: str, reason: str, release: str, change: Change, previous: str) -> tuple[Header, bytes]:
    """A new record: its header, and all its bytes."""
    body = change.patch().encode()
    said = {"number": number, "moment": moment, "agent": agent, "reason": reason, "release": release}
    said |= {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "previous": previous}
    line = json.dumps(said, separators=(",", ":")).encode().removesuffix(b"}")
    checksum = hashlib.sha256(line).hexdigest()
    return Header(**said, checksum=checksum), line + f',"checksum":"{checksum}"}}\n'.encode() + body  # type: ignore[arg-type]


def read_header(line: bytes) -> Header:
    """What a whole header line tells. Raises ValueError where it isn't what was written."""
    sealed = _SEALED.fullmatch(line)
    if sealed is None or hashlib.sha256(sealed["said"]).hexdigest() != sealed["checksum"].decode():
        raise ValueError("its header isn't what was written")
    return Header(**json.loads(sealed["said"] + b"}"), checksum=sealed["checksum"].decode())


def entries(path: Path, offset: int, number: int, previous: str | None, *, bodies: bool) -> Iterator[Entry]:
    """The whole records of a segment from an offset on, where commit `number` follows the checksum `previous` (None: whatever it is).

    `bodies` are checked too where that is asked for. It stops at a record that the file ends in. Raises JournalDamaged.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        while offset < size:
            file.seek(offset)
            line = file.readline()
            if not line.endswith(b"\n"):
                return
            entry = read_entry(path, offset, line, number, previous)
            if entry.end > size:
                return
            if bodies:
                body_of(file, entry)
            yield entry
            offset, number, previous = entry.end, number + 1, entry.header.checksum


def stands(entry: Entry) -> bool:
    """Whether the record is there as it was read."""
    try:
        with entry.path.open("rb") as file:
            file.seek(entry.start)
            line = file.readline()
            return os.fstat(file.fileno()).st_size >= entry.end and read_header(line) == entry.header
    except (OSError, ValueError, TypeError):
        return False


def read_entry(path: Path, offset: int, line: bytes, number: int, previous: str | None) -> Entry:
    """The entry whose header line that is. Raises JournalDamaged."""
    try:
        header = read_header(line)
        if header.number != number:
            raise ValueError(f"it says that it is commit {header.number}")
        if previous is not None and header.previous != previous:
            raise ValueError("it doesn't follow the commit before it")
    except (ValueError, TypeError) as error:
        raise damage(path, offset, number, str(error)) from error
    return Entry(path, offset, offset + len(line), header)


def body_of(file: BinaryIO, entry: Entry) -> bytes:
    """The body of a record. Raises JournalDamaged where it isn't what was written."""
    file.seek(entry.body)
    body = file.read(entry.header.size)
    if hashlib.sha256(body).hexdigest() != entry.header.sha256:
        raise damage(entry.path, entry.start, entry.header.number, "its statements aren't what was written")
    return body


def read_commit(entry: Entry) -> Commit:
    """The commit that stands there. Raises JournalDamaged."""
    with entry.path.open("rb") as file:
        body = body_of(file, entry)
    try:
        return entry.header.commit(body)
    except (SourceError, UnicodeDecodeError) as error:
        raise damage(entry.path, entry.start, entry.header.number, str(error)) from error


def damage(path: Path, offset: int, number: int, what: str) -> JournalDamaged:
    """The error that tells where the journal is damaged."""
    return JournalDamaged(f"{path}, byte {offset}, commit {number}: {what}. {REPAIR}")
