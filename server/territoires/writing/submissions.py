"""What is submitted to the process that writes, what it answers, and the client that carries both over its socket.

The socket is `writer.sock` in the folder of the contributions. A client sends one frame (store/frames.py) with the submission. It gets
HEAD when its turn has come, and answers it, so that nothing is done for one that has left; HEAD again when the write is being kept, and
at last END (accepted) or FAULT (refused). So a connection that ends tells how far the write had come.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal as OneOf

from territoires.errors import FateUnknown, Overloaded, QueryTimeout, StoreUnavailable
from territoires.results import WHOLE, Dataset
from territoires.store.forking import fault
from territoires.store.frames import DATA, END, FAULT, HEAD, Frame, FrameReader, arrives, send_frame

SOCKET = "writer.sock"
PATIENCE = 10.0
"""Seconds that a submission waits for its turn, or for a writer that is being started."""
_GRACE = 2.0  # seconds that the writer has, after a deadline, to be gone
_KEEPING = 30.0  # seconds that a slow disk may take to keep what was accepted
_PROBE = 0.4  # seconds that the writer has to say that it is there
_PAUSE = 0.05  # seconds before a writer that isn't there is called again
Kind = OneOf["update", "put", "post", "delete", "undo"]
"""SPARQL Update, what the Graph Store Protocol does with a graph, or the undoing of a commit."""


@dataclass(frozen=True)
class Submission:
    """A write that somebody with a key asks for."""

    kind: Kind
    agent: str
    """The name of the key."""
    reason: str = ""
    graphs: tuple[str, ...] = ()
    """What the key may write: graph IRIs, and beginnings of them ending in *."""
    text: str = ""
    """The SPARQL Update."""
    content: str = ""
    """What is put or posted: N-Quads without graphs (N-Triples), blank nodes already under labels of their own."""
    graph: str = ""
    """The graph that is put, posted to or deleted, by IRI; "" is the default graph."""
    using: Dataset = WHOLE
    """The dataset of the update's WHERE (SPARQL 1.1 Protocol §2.2.3)."""
    number: int = 0
    """The commit to undo."""
    if_match: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()
    """Entity tags of the graph's content (RFC 9110 §13.1), or "*"."""
    base: str = ""
    """What relative IRIs of the update stand below."""
    seconds: float = 30.0
    """The deadline of the work on it."""

    def written(self) -> bytes:
        """As it goes over the socket."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, written: bytes) -> "Submission":
        """From what was written."""
        fields = json.loads(written)
        lists = {name: tuple(fields[name]) for name in ("graphs", "if_match", "if_none_match")}
        using = Dataset(tuple(fields["using"]["default"]), tuple(fields["using"]["named"]))
        return cls(**{**fields, **lists, "using": using})


@dataclass(frozen=True)
class Accepted:
    """What became of a write that was kept, or had nothing to change."""

    revision: str
    """The revision that holds it; readers see it at most a second later."""
    number: int
    """The commit; 0 where nothing changed."""
    added: int = 0
    removed: int = 0
    created: bool = False
    """Whether the graph of a put or post wasn't there before."""
    warnings: str = ""
    """The SHACL report in N-Triples where it warns, or nothing."""


@dataclass
class Progress:
    """How far a submission has come."""

    begun: float = 0.0
    """When its turn came (time.monotonic()); 0 before."""
    keeping: bool = False


class Writer:
    """A client of the process that writes to the contributions in that folder."""

    def __init__(self, folder: Path, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience

    def submit(self, submission: Submission, progress: Progress | None = None) -> Accepted:
        """Has a write done, and waits for it; `progress` tells meanwhile how far it has come.

        Raises what refuses it (WriteRefused, ShapesViolated, PreconditionFailed, UndoConflict, NotInGraphStore, QuerySyntaxError,
        QueryRefused, QueryFailed), Overloaded, QueryTimeout, NoSpace or StoreUnavailable. What is raised says that nothing was kept,
        save for FateUnknown.
        """
        until = time.monotonic() + self._patience
        body, progress = submission.written(), progress or Progress()
        while True:
            try:
                with connected(self._folder, until) as connection:
                    return self._hear(connection, body, submission.seconds, progress)
            except (EOFError, OSError) as error:
                if progress.begun:
                    raise broken(submission.seconds, progress) from error
                if time.monotonic() >= until:
                    raise StoreUnavailable("The process that writes isn't there, and nothing was kept: try again in a moment.") from error
                time.sleep(_PAUSE)

    def ready(self) -> str | None:
        """What keeps it from taking a write now, or None; known within a second."""
        try:
            with connected(self._folder, 0.0) as connection:
                send_frame(connection, HEAD, b"{}")
                if not arrives(connection, _PROBE):
                    return "the process that writes doesn't answer"
                heard(FrameReader(connection), time.monotonic() + _PROBE)
        except (EOFError, OSError, StoreUnavailable):
            return "the process that writes isn't there"
        return None

    def _hear(self, connection: socket.socket, body: bytes, seconds: float, progress: Progress) -> Accepted:
        """Sends the submission and reads what is answered. Raises EOFError or OSError when the connection ends."""
        send_frame(connection, DATA, body)
        frames = FrameReader(connection)
        until = time.monotonic() + self._patience + _GRACE
        while True:
            frame = heard(frames, until)
            if frame.kind == FAULT:
                raise fault(frame)
            if frame.kind == END:
                return Accepted(**frame.fields())  # type: ignore[arg-type]
            if progress.begun:
                progress.keeping = True
                until = time.monotonic() + _KEEPING
            else:
                send_frame(connection, HEAD, b"{}")
                progress.begun = time.monotonic()
                until = progress.begun + seconds + _GRACE


def heard(frames: FrameReader, until: float) -> Frame:
    """The next frame. Raises EOFError."""
    frame = frames.read(until=until)
    assert frame is not None
    return frame


@contextlib.contextmanager
def connected(folder: Path, until: float) -> Iterator[socket.socket]:
    """A connection to the writer, which may be started until then (time.monotonic()). Raises StoreUnavailable."""
    connection = socket.socket(socket.AF_UNIX)
    with connection:
        while True:
            try:
                connection.settimeout(max(_PROBE, until - time.monotonic()))  # a full backlog lets it wait
                with address(folder) as place:
                    connection.connect(place)
                connection.settimeout(None)
                break
            except OSError as error:
                if time.monotonic() >= until:
                    raise StoreUnavailable("The process that writes isn't there, and nothing was kept: try again in a moment.") from error
                time.sleep(_PAUSE)
        yield connection


@contextlib.contextmanager
def address(folder: Path) -> Iterator[str]:
    """The address of the socket in that folder, whose own path may be longer than an address may (unix(7): 107 bytes)."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)


def broken(seconds: float, progress: Progress) -> Overloaded | QueryTimeout | StoreUnavailable:
    """Why the connection has ended in the midst of a write."""
    if progress.keeping:
        return FateUnknown("The process that writes has ended while it kept the write: /history tells whether it was kept.")
    if time.monotonic() - progress.begun >= seconds * 0.98:
        return QueryTimeout("The write was ended at its deadline of %(seconds)s seconds, and nothing was kept: ask for less.", seconds)
    return StoreUnavailable("The process that writes has ended while it worked on this, and nothing was kept: ask for less, or try again.")
