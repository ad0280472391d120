"""From RSGI to WSGI and back: the environment of a request, and what the application answers."""

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any, Protocol

IDENTITY, ROUTE, FORM, REVISION, WORK = (f"territoires.{name}" for name in ("request", "route", "format", "revision", "work"))
"""Keys of the WSGI environment: the request's id going in; coming back, what answered, in what, from which state, in how many seconds."""
Headers = list[tuple[str, str]]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
LARGEST = 1 << 20  # bytes: a longer answer isn't kept


class Scope(Protocol):
    """An RSGI HTTP scope."""

    method: str
    path: str
    query_string: str
    scheme: str
    client: str
    server: str
    http_version: str
    authority: str | None
    headers: Any


class Answer:
    """What Flask answers: whole where it is short, else chunk by chunk."""

    def __init__(self, app: WSGI, environ: dict[str, Any]) -> None:
        self.status = 500
        self.headers: Headers = []
        self._iterable = app(environ, self._start)
        self._iterator: Iterator[bytes] = iter(self._iterable)
        self.whole: bytes | None = None
        length = next((int(value) for name, value in self.headers if name == "content-length"), LARGEST + 1)
        if length <= LARGEST or self.status in (204, 304) or environ["REQUEST_METHOD"] == "HEAD":
            try:
                self.whole = b"".join(self._iterator)
            finally:
                self.close()

    def _start(self, status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
        self.status = int(status[:3])
        self.headers = [(name.lower(), value) for name, value in headers]
        return lambda data: None

    def next_chunk(self) -> bytes | None:
        """The next part of the body, None at its end."""
        return next(self._iterator, None)

    def close(self) -> None:
        """Tells Flask that the answer has gone out."""
        if close := getattr(self._iterable, "close", None):
            close()


def build_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """The WSGI environment of an RSGI request (PEP 3333)."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string.encode().decode("latin-1"),
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "territoires.peer": scope.client,
    }
    if scope.authority and "host" not in scope.headers:
        environ["HTTP_HOST"] = scope.authority
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key != "CONTENT_LENGTH" and "_" not in name:
            separator = "; " if key == "COOKIE" else ","
            earlier = environ.get(f"HTTP_{key}")
            environ[f"HTTP_{key}"] = value if earlier is None else f"{earlier}{separator}{value}"
    return environ


def sever(peer: str) -> None:
    """Cuts the connection to a client: the only way to tell it over HTTP/1.1 that what it has is not all.

    The server has no call for it, so the socket is looked up among the open files by the address of the other end.
    """
    host, _, port = peer.rpartition(":")
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError, ValueError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):  # a copy of another file would stay open
                continue
            with socket.socket(fileno=os.dup(number)) as copy:
                if copy.family in (socket.AF_INET, socket.AF_INET6) and copy.getpeername()[:2] == (host.strip("[]"), int(port)):
                    copy.shutdown(socket.SHUT_RDWR)
                    return
