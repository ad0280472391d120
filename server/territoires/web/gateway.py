"""What stands between the HTTP server and Flask (RSGI 1.6 on one side, WSGI on the other).

It gives out kept answers without waking Flask; it runs Flask in threads, passes on what
streams, tells the work when the client has gone, and cuts the connection when an answer breaks off, so that a short answer never
looks whole.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from territoires.results import Cancellation
from territoires.web.answering import CANCELLATION, WAY
from territoires.web.keeping import AnswerCache, Key, cache_key, give, kept
from territoires.web.observation import LEFT, OTHER, Observation
from territoires.web.wsgi import FORM, IDENTITY, REVISION, ROUTE, WORK, WSGI, Answer, Scope, build_environ, sever

logger = logging.getLogger(__name__)
_SOON = 0.05  # seconds: a query that takes longer is waited for in a thread, and its client watched
_PATIENCE = 10.0  # seconds: the longest wait for a turn, after which the store says what is wrong


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
            if found := self.cache.find(revision, key):
                status, size = give(protocol, found, headers.get("if-none-match"), identity)
                self.observation.record(scope, identity, began, found.route, status, found.form, size, revision, cached=True)
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

    def _pass(self, answer: Answer, environ: dict[str, Any], protocol: Any, key: Key, revision: str, passed: "Passed") -> None:
        """Passes a whole answer on, and keeps it where it may be."""
        assert answer.whole is not None
        passed.size = len(answer.whole)
        protocol.response_bytes(answer.status, [*answer.headers, ("x-request-id", environ[IDENTITY])], answer.whole)
        if key is not None and environ.get(REVISION) == revision and (lasting := kept(answer, environ)):
            self.cache.keep(revision, key, lasting)

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

    async def _stream(self, answer: Answer, protocol: Any, environ: dict[str, Any], passed: "Passed") -> None:
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
