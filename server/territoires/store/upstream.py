"""HTTP to another host: requests with credentials and a deadline, which can be cut off while they wait or stream."""

import contextlib
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Generator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import AbstractDigestAuthHandler, HTTPPasswordMgrWithDefaultRealm, Request, parse_http_list, parse_keqv_list

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError

from territoires import __version__
from territoires.errors import StoreUnavailable

CONNECT_SECONDS = 3.0
_PIECE = 1 << 16  # bytes
_TRIES = 3
_PAUSE = 0.2  # seconds before the second try; twice that before the third
_QUICK = 1.0  # seconds: a fault that comes later may be the doing of the request
_AGAIN = (502, 503)
_DIGESTS = ("MD5", "SHA")  # what the standard library can compute
_under_way = threading.local()
_ownership = threading.Lock()


class BrokenOff(Exception):
    """The exchange ended before its answer was whole."""


class Exchange:
    """One request and its answer. It can be cut off from any thread, upon which whoever waits for it gets BrokenOff."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        """By time.monotonic()."""
        self.is_cut = False
        self._connection: Any = None

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.deadline - time.monotonic()

    def uses(self, connection: Any) -> None:
        """Notes which connection it goes over. Raises BrokenOff when it was cut before."""
        with _ownership:
            connection.exchange = self
            self._connection = connection
        if self.is_cut:
            connection.close()
            raise BrokenOff

    def cut(self) -> None:
        """Closes the connection under it."""
        with _ownership:
            self.is_cut = True
            connection = self._connection
            if connection is not None and connection.exchange is self and connection.sock is not None:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


class _Noted:
    """Tells the exchange that is under way in this thread which connection it uses."""

    def connect(self) -> None:
        """Connects."""
        super().connect()  # type: ignore[misc]
        self.sock.settimeout(max(_under_way.exchange.left, 0.01))  # type: ignore[attr-defined]
        _under_way.exchange.uses(self)

    def request(self, *arguments: Any, **options: Any) -> None:
        """Sends a request."""
        if self.sock is not None:  # type: ignore[attr-defined]
            _under_way.exchange.uses(self)
            self.timeout = max(_under_way.exchange.left, 0.01)  # else urllib3 would give the sending as long as connecting
        super().request(*arguments, **options)  # type: ignore[misc]


class _Plain(_Noted, HTTPConnection):
    """Over TCP."""


class _Secure(_Noted, HTTPSConnection):
    """Over TLS."""


class Credentials:
    """A user and a password, shown when they are asked for, in the way that they are asked for (RFC 7617 Basic, RFC 7616 Digest)."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        passwords = HTTPPasswordMgrWithDefaultRealm()
        self._digest = AbstractDigestAuthHandler(passwords)
        self._passwords = passwords
        self._challenge: dict[str, str] | None = None
        self._basic = False
        self._lock = threading.Lock()

    def learn(self, challenges: list[str], url: str) -> bool:
        """Takes a server's challenges in; False when there is no user, or no way that is known."""
        if not self._user:
            return False
        with self._lock:
            for challenge in challenges:
                scheme, _, rest = challenge.partition(" ")
                if scheme.lower() == "digest":
                    fields = parse_keqv_list(list(filter(None, parse_http_list(rest))))
                    if fields.get("algorithm", "MD5").upper() not in _DIGESTS:
                        continue
                    self._challenge = fields
                    self._passwords.add_password(None, url, self._user, self._password)
                    return True
                if scheme.lower() == "basic":
                    self._basic = True
                    return True
        return False

    def header(self, method: str, url: str) -> dict[str, str]:
        """The Authorization header, as soon as a challenge is known."""
        with self._lock:
            if self._challenge is not None:
                written = self._digest.get_authorization(Request(url, method=method), self._challenge)
                return {"Authorization": f"Digest {written}"} if written else {}
        if self._basic:
            return {"Authorization": f"Basic {b64encode(f'{self._user}:{self._password}'.encode()).decode()}"}
        return {}


class Host:
    """What stands behind one address."""

    def __init__(self, address: str, user: str = "", password: str = "", connections: int = 8) -> None:
        self.address = address
        place = urlsplit(address)
        self._target = place.path or "/"
        self._query = place.query
        self._origin = f"{place.scheme}://{place.netloc.rpartition('@')[2]}"
        self._pool = urllib3.connection_from_url(address, maxsize=connections, retries=False)
        self._pool.ConnectionCls = _Secure if place.scheme == "https" else _Plain
        self._credentials = Credentials(user, password)

    def send(
        self,
        exchange: Exchange,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        parameters: str = "",
        *,
        again: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        """The answer's head, its body still to be read. Raises StoreUnavailable, or BrokenOff when the exchange was cut off.

        `parameters` are added to the address, URL-encoded. A request that may be sent `again` is tried three times while there is no
        connection, it is closed at once, or the server says 502 or 503 at once: what took its time is not asked for again.
        """
        query = "&".join(part for part in (self._query, parameters) if part)
        target = f"{self._target}?{query}" if query else self._target
        for number in range(1, _TRIES + 1):
            last = number == _TRIES or not again
            began = time.monotonic()
            try:
                response = self._once(exchange, method, target, headers, body)
                if response.status == 401 and self._credentials.learn(response.headers.getlist("WWW-Authenticate"), self._origin):
                    response.drain_conn()
                    response = self._once(exchange, method, target, headers, body)
            except (HTTPError, OSError) as error:
                if exchange.is_cut or exchange.left <= 0:
                    raise BrokenOff from error
                if last or (time.monotonic() - began > _QUICK and not isinstance(error, ConnectTimeoutError)):
                    raise StoreUnavailable(f"{self.address} doesn't answer: {reason(error)}") from error
            else:
                if response.status not in _AGAIN or last or time.monotonic() - began > _QUICK:
                    return response
                response.drain_conn()
            pause = _PAUSE * number
            if exchange.left <= pause:
                raise StoreUnavailable(f"{self.address} doesn't answer.")
            time.sleep(pause)
            if exchange.is_cut:
                raise BrokenOff
        raise AssertionError("the last try ends the loop")

    def _once(
        self, exchange: Exchange, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        left = max(exchange.left, 0.01)
        sent = {"User-Agent": f"Territoires/{__version__}", **headers, **self._credentials.header(method, self._origin + target)}
        _under_way.exchange = exchange
        return self._pool.urlopen(
            method,
            target,
            body,
            sent,
            redirect=False,
            preload_content=False,
            decode_content=True,
            timeout=urllib3.Timeout(connect=min(left, CONNECT_SECONDS), read=left + 1.0),
        )

    def close(self) -> None:
        """Closes the connections that are idle."""
        self._pool.close()


def reason(error: Exception) -> str:
    """What went wrong, without the name of the connection that urllib3 puts before it."""
    text = str(error)
    return text.partition("): ")[2] or text


def pieces(response: urllib3.BaseHTTPResponse) -> Generator[bytes]:
    """The body as it comes; closing this before its end closes the connection. Raises BrokenOff, never ends early.

    An answer that says neither its length nor its chunks is not accepted: its end could not be told from a broken connection.
    """
    whole = False
    try:
        delimited = "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "").lower()
        if not delimited and response.status not in (204, 304):
            raise BrokenOff("The answer says neither its length nor its chunks.")
        yield from response.stream(_PIECE, decode_content=True)
        whole = True
    except (HTTPError, OSError, ValueError) as error:
        raise BrokenOff(str(error)) from error
    finally:
        if whole:
            response.release_conn()
        else:
            response.close()


def following(gathered: list[bytes], chunks: Generator[bytes]) -> Iterator[bytes]:
    """What was gathered, then what follows; closing it ends the exchange."""
    try:
        yield from gathered
        yield from chunks
    finally:
        chunks.close()
