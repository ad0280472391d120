"""What goes over the socket between the pool and a worker.

Each frame is a type (one byte), a length (four bytes, big-endian) and a body.
"""

import io
import json
import select
import socket
import struct
import time
from dataclasses import dataclass

from territoires.errors import TerritoiresError

HEAD, DATA, FAULT, END = b"H", b"D", b"F", b"Z"
_FRAME = struct.Struct(">cI")
CHUNK = 1 << 16  # bytes: what a worker gathers before it sends


@dataclass(frozen=True)
class Frame:
    """One frame."""

    kind: bytes
    body: bytes

    def fields(self) -> dict[str, object]:
        """The body as JSON."""
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found


def told(error: TerritoiresError) -> bytes:
    """An error as the body of a FAULT: its class, and what it tells (store/forking.py reads it)."""
    return json.dumps({"error": type(error).__name__, **vars(error)}).encode()


def send_frame(connection: socket.socket, kind: bytes, body: bytes) -> None:
    """Sends one frame."""
    connection.sendall(_FRAME.pack(kind, len(body)) + body)


def arrives(connection: socket.socket, seconds: float | None) -> bool:
    """Whether something can be read within so many seconds, or the other side has ended."""
    polling = select.poll()  # not select(2), which takes no descriptor above 1023
    polling.register(connection, select.POLLIN)
    return bool(polling.poll(None if seconds is None else max(0.0, seconds) * 1000))


class FrameReader:
    """The frames that arrive over a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._arrived = bytearray()

    def read(self, wait: bool = True, until: float | None = None) -> Frame | None:
        """The next frame; without `wait` None where it has not arrived whole.

        Raises EOFError when the other side has ended, or has been silent until then (by time.monotonic()).
        """
        while (frame := self._next()) is None:
            try:
                data = self._connection.recv(CHUNK, socket.MSG_DONTWAIT)
            except BlockingIOError:
                if not wait:
                    return None
                if not arrives(self._connection, None if until is None else until - time.monotonic()):
                    raise EOFError from None
                continue
            except OSError as error:
                raise EOFError from error
            if not data:
                raise EOFError
            self._arrived += data
        return frame

    def _next(self) -> Frame | None:
        if len(self._arrived) < _FRAME.size:
            return None
        kind, length = _FRAME.unpack_from(self._arrived)
        end = _FRAME.size + length
        if len(self._arrived) < end:
            return None
        body = bytes(memoryview(self._arrived)[_FRAME.size : end])
        del self._arrived[:end]
        return Frame(kind, body)


class Outbox(io.RawIOBase):
    """What goes out as frames, several in one piece where they are small; a file that the engine writes the answer to."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting = bytearray()

    def put(self, kind: bytes, body: bytes) -> None:
        """Adds a frame."""
        self._waiting += _FRAME.pack(kind, len(body))
        self._waiting += body
        if len(self._waiting) >= CHUNK:
            self.send()

    def send(self) -> None:
        """Sends what waits."""
        self._connection.sendall(self._waiting)
        self._waiting.clear()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Adds a part of the answer."""
        if size := len(data):
            self.put(DATA, data)
        return size
