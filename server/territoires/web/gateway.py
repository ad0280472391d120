"""What stands between the HTTP server and Flask (RSGI 1.6 on one side, WSGI on the other).

It keeps whole answers by revision and request, and gives them out without waking Flask; it runs Flask in threads, passes on what
streams, tells the work when the client has gone, and cuts the connection when an answer breaks off, so that a short answer never
looks whole.
"""

import asyncio
import contextlib
import logging
import os
import socket
import stat
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from territoires.results import Cancellation
from territoires.web.answering import CANCELLATION, WAY
from territoires.web.negotiation import choose_coding
from territoires.web.observation import FORM, IDENTITY, LEFT, OTHER, REVISION, ROUTE, WORK, Observation, form_of

Headers = list[tuple[str, str]]
Key = tuple[str, ...] | None
"""What an answer is kept under; None where it isn't."""
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
logger = logging.getLogger(__name__)
_STRING, _PAIR, _ENTRY = 49, 64, 600  # bytes that a str, a header and an entry of the cache take beside their text
_LARGEST = 1 << 20  # bytes: a longer answer isn't kept
_SELECTING = ("accept", "accept-language", "cookie", "host", "forwarded", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix")
"""The request headers that an answer can depend on, beside Accept-Encoding."""


_SOON = 0.05  # seconds: a query that takes longer is waited for in a thread, and its client watched
_PATIENCE = 10.0  # seconds: the longest wait for a turn, after which the store says what is wrong

_FLEETING = ("date", "ratelimit", "ratelimit-policy", "server-timing", "x-request-id")
"""The answer headers that hold for one request only."""


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


@dataclass(frozen=True)
class Kept:
    """An answer that can be given again."""

    status: int
    headers: Headers
    body: bytes
    etag: str
    route: str = OTHER
    form: str = OTHER


class AnswerCache:
    """Whole answers by key, the least lately used going first when there are too many bytes. Used from one thread."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.bytes = self.hits = self.misses = 0
        self._revision = ""
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()

    def find(self, revision: str, key: tuple[str, ...]) -> Kept | None:
        """The answer kept for that key under that revision."""
        if revision != self._revision:
            self._kept.clear()
            self._revision, self.bytes = revision, 0
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found

    def keep(self, revision: str, key: tuple[str, ...], answer: Kept) -> None:
        """Keeps an answer that was made under `revision`."""
        size = weight(key, answer)
        if size > min(self.size, _LARGEST) or revision != self._revision or key in self._kept:
            return
        self._kept[key] = answer
        self.bytes += size
        while self.bytes > self.size:
            gone, old = self._kept.popitem(last=False)
            self.bytes -= weight(gone, old)


def weight(key: tuple[str, ...], answer: Kept) -> int:
    """The bytes of memory that a kept answer takes: CPython's objects weigh more than their text."""
    texts = [*key, answer.etag, *(value for field in answer.headers for value in field)]
    return len(answer.body) + sum(map(len, texts)) + _STRING * len(texts) + _PAIR * len(answer.headers) + _ENTRY


class Way(Protocol):
    """Work that the event loop can wait for."""

    def enter(self, grant: Callable[[], None]) -> bool:
        """Puts it into the queue; whether it has to wait there until `grant` is called, from whichever thread."""

    def begin(self) -> int | None:
        """Begins it: the descriptor that becomes readable when more has come; None where a thread has to wait for that."""

    def poll(self) -> bool:
        """Whether nothing is left to wait for."""

    @property
    def short(self) -> bool:
        """Whether the answer can be written at once."""

    def leave(self) -> None:
        """Gives the work up."""


class Gateway:
    """The RSGI application over a WSGI one. `revision` tells which state of the graph answers.

    `way` finds the work that needs no thread; the application meets it again in the environment at WAY.
    """

    def __init__(
        self,
        app: WSGI,
        revision: Callable[[], str],
        cache: int,
        threads: int,
        longest_body: int,
        observation: Observation | None = None,
        close: Callable[[], None] = lambda: None,
        way: Callable[[dict[str, Any]], Way | None] = lambda environ: None,
    ) -> None:
        self._app = app
        self._way = way
        self._revision = revision
        self.cache = AnswerCache(cache)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._longest_body = longest_body
        self.observation = observation or Observation()
        self._close = close

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, in the event loop that will serve."""
        self.observation.start(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends what was started, when the last request has been answered."""
        self._close()
        self._threads.shutdown(cancel_futures=True)
        self.observation.close()

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answers one request."""
        began = time.perf_counter()
        headers = scope.headers
        identity = self.observation.identify(headers)
        key, revision = None, self._revision()
        if scope.method == "GET" and self.cache.size:
            key = cache_key(scope)
            if kept := self.cache.find(revision, key):
                status, size = give(protocol, kept, headers.get("if-none-match"), identity)
                self.observation.record(scope, identity, began, kept.route, status, kept.form, size, revision, cached=True)
                return
        environ = build_environ(scope, await self._body(scope, protocol))
        environ[IDENTITY] = identity
        passed = Passed()
        try:
            if not await self._at_once(environ, protocol, key, revision, passed):
                await self._in_thread(environ, protocol, key, revision, passed)
        except Exception:
            logger.exception("Unhandled error at %s", environ["PATH_INFO"], extra={"request": identity})
            with contextlib.suppress(Exception):  # where the answer had begun
                protocol.response_empty(500, [("x-request-id", identity)])
        finally:
            route, form, answered = environ.get(ROUTE, OTHER), environ.get(FORM, OTHER), environ.get(REVISION, revision)
            work = environ.get(WORK)
            self.observation.record(scope, identity, began, route, passed.status, form, passed.size, answered, work, broken=passed.broken)

    async def _body(self, scope: Scope, protocol: Any) -> bytes:
        """The body, read to one byte past the longest that is taken, so that Flask can refuse it."""
        if scope.method in ("GET", "HEAD", "OPTIONS"):
            return b""
        body = bytearray()
        async for chunk in protocol:
            body += chunk
            if len(body) > self._longest_body:
                break
        return bytes(body)

    async def _at_once(self, environ: dict[str, Any], protocol: Any, key: Key, revision: str, passed: "Passed") -> bool:
        """Answers what needs no thread and is soon done; what isn't is left in the environment."""
        environ[CANCELLATION] = Cancellation()
        way = self._way(environ)
        if way is None:
            return False
        environ[WAY] = way
        try:
            await self._arrived(way)
        except BaseException:
            way.leave()
            raise
        if way.short:
            answer = Answer(self._app, environ)
            passed.status = answer.status
            self._pass(answer, environ, protocol, key, revision, passed)
            return True
        return False

    async def _arrived(self, way: Way) -> None:
        """Waits for the work's turn, then for `_SOON` until nothing is left to wait for."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if way.enter(lambda: settle_soon(loop, turn)):
            await within(turn, _PATIENCE)
        descriptor = way.begin()
        if descriptor is None:
            return
        done = loop.create_future()

        def look() -> None:
            if way.poll():
                loop.remove_reader(descriptor)  # now: the same descriptor may be another work's in a moment
                settle(done)

        def give_up() -> None:
            if not done.done():
                loop.remove_reader(descriptor)
                done.set_result(None)

        loop.add_reader(descriptor, look)
        timer = loop.call_later(_SOON, give_up)
        await done
        timer.cancel()

    def _pass(self, answer: "Answer", environ: dict[str, Any], protocol: Any, key: Key, revision: str, passed: "Passed") -> None:
        """Passes a whole answer on, and keeps it where it may be."""
        assert answer.whole is not None
        passed.size = len(answer.whole)
        protocol.response_bytes(answer.status, [*answer.headers, ("x-request-id", environ[IDENTITY])], answer.whole)
        if key is not None and environ.get(REVISION) == revision and (kept := answer.kept(environ)):
            self.cache.keep(revision, key, kept)

    async def _in_thread(self, environ: dict[str, Any], protocol: Any, key: Key, revision: str, passed: "Passed") -> None:
        """Runs the application in a thread and passes its answer on; stops the work when the client goes."""
        loop = asyncio.get_running_loop()
        cancellation = environ[CANCELLATION]
        gone = asyncio.ensure_future(protocol.client_disconnect())
        gone.add_done_callback(lambda _: cancellation.cancel())
        try:
            answer = await loop.run_in_executor(self._threads, Answer, self._app, environ)
            passed.status = LEFT if cancellation.cancelled else answer.status
            if answer.whole is not None:
                self._pass(answer, environ, protocol, key, revision, passed)
            else:
                await self._stream(answer, protocol, environ, passed)
        finally:
            cancellation.watch(None)
            gone.cancel()

    async def _stream(self, answer: "Answer", protocol: Any, environ: dict[str, Any], passed: "Passed") -> None:
        """Passes an answer on while it is made."""
        loop = asyncio.get_running_loop()
        transport = protocol.response_stream(answer.status, [*answer.headers, ("x-request-id", environ[IDENTITY])])
        try:
            while (chunk := await loop.run_in_executor(self._threads, answer.next_chunk)) is not None:
                await transport.send_bytes(chunk)
                passed.size += len(chunk)
        except Exception as error:
            passed.broken = True
            if environ[CANCELLATION].cancelled:
                passed.status = LEFT
            else:
                logger.warning("An answer broke off: %s", error, extra={"request": environ[IDENTITY]})
            sever(environ["territoires.peer"])
        finally:
            await loop.run_in_executor(self._threads, answer.close)


def settle(future: asyncio.Future[Any]) -> None:
    """Ends the wait for a future, if that has not come already."""
    if not future.done():
        future.set_result(None)


def settle_soon(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> None:
    """As `settle`, from another thread."""
    loop.call_soon_threadsafe(settle, future)


async def within(future: asyncio.Future[Any], seconds: float) -> None:
    """Waits for a future, but not longer than that."""
    timer = future.get_loop().call_later(seconds, settle, future)
    try:
        await future
    finally:
        timer.cancel()


@dataclass
class Passed:
    """What of an answer has gone out."""

    status: int = 500
    size: int = 0
    """Bytes of its body."""
    broken: bool = False


class Answer:
    """What Flask answers: whole where it is short, else chunk by chunk."""

    def __init__(self, app: WSGI, environ: dict[str, Any]) -> None:
        self.status = 500
        self.headers: Headers = []
        self._iterable = app(environ, self._start)
        self._iterator: Iterator[bytes] = iter(self._iterable)
        self.whole: bytes | None = None
        length = next((int(value) for name, value in self.headers if name == "content-length"), _LARGEST + 1)
        if length <= _LARGEST or self.status in (204, 304) or environ["REQUEST_METHOD"] == "HEAD":
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

    def kept(self, environ: dict[str, Any]) -> Kept | None:
        """This answer, where it may be given again: complete, public and with a validator."""
        fields = dict(self.headers)
        if self.status != 200 or self.whole is None or "etag" not in fields or "set-cookie" in fields:
            return None
        if not fields.get("cache-control", "").startswith("public"):
            return None
        lasting = [(sys.intern(name), sys.intern(value)) for name, value in self.headers if name not in _FLEETING]  # most are the same
        return Kept(self.status, lasting, self.whole, fields["etag"], environ.get(ROUTE, OTHER), form_of(fields.get("content-type")))


def cache_key(scope: Scope) -> tuple[str, ...]:
    """All of the request that an answer can depend on."""
    headers = scope.headers
    fields = [",".join(headers.get_all(name)) for name in _SELECTING]
    coding = choose_coding(",".join(headers.get_all("accept-encoding"))) or ""
    return (scope.path, scope.query_string, scope.scheme, scope.authority or "", coding, *fields)


def give(protocol: Any, kept: Kept, if_none_match: str | None, identity: str) -> tuple[int, int]:
    """Gives a kept answer, or 304 to a client that has it (RFC 9110 §13.1.2); returns the status and the bytes of the body."""
    named = ("x-request-id", identity)
    if if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        if "*" in tags or kept.etag.removeprefix("W/") in tags:
            protocol.response_empty(304, [*(field for field in kept.headers if not field[0].startswith("content-")), named])
            return 304, 0
    protocol.response_bytes(kept.status, [*kept.headers, named], kept.body)
    return kept.status, len(kept.body)


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
