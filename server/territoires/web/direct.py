"""The plainest request, a program's query, answered before Flask: the same functions, the same headers, a fraction of the time.

What isn't plain goes on to Flask as it came: other parameters, a page, a validator, anything doubtful. So does a fault, which Flask
then words. `tests/web/test_direct.py` holds both ways side by side.

The query is queued before anything waits for it (`Direct.way`), and a short answer never needs a thread.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from territoires.errors import TerritoiresError
from territoires.formats import HTML, Format
from territoires.results import WHOLE, Cancellation, Dataset, Kind, Reply, Request
from territoires.store import Errand, HeldStore, Holdable, QueryService
from territoires.web.answering import CANCELLATION, CHANGING, FAULT, KINDS, LONGEST_ADDRESS, WAY, charged, limits_told, offered_formats
from territoires.web.encoding import SHORTEST, compressed, compressor
from territoires.web.headers import FIXED, VARY, lifetime, validator
from territoires.web.negotiation import choose_coding, choose_format
from territoires.web.service import Service
from territoires.web.wsgi import FORM, REVISION, ROUTE, WORK

PATH = "/sparql"
_FORM, _QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
_LONGEST_BODY = 65_536  # bytes: a longer one isn't plain
_MOST_AT_ONCE = 16_384  # bytes of an answer that is compressed without a thread
_KNOWN = frozenset(("query", "timeout", "default-graph-uri", "named-graph-uri"))
_NOT_PLAIN = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")
Headers = list[tuple[str, str]]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Plain:
    """A plain request: the query, its dataset and deadline, the formats by kind, the coding, the client."""

    text: str
    dataset: Dataset
    seconds: float
    forms: dict[Kind, Format]
    coding: str | None
    client: str
    query_string: str
    kept: bool
    """Whether the answer may be kept: one to GET."""


class Plainly:
    """The way of a plain query through the store."""

    def __init__(self, plain: Plain, store: QueryService, held: HeldStore | None, request: Request) -> None:
        self.plain, self.store, self.held = plain, store, held
        self._errand: Errand | None = None
        self._request = request
        self._reply: Reply | None = None
        self._fault: Exception | None = None

    def enter(self, grant: Callable[[], None]) -> bool:
        """Puts it into the queue; whether it has to wait there until `grant` is called."""
        try:
            if enqueue := getattr(self.store, "enqueue", None):
                self._errand = enqueue(self._request, grant)
        except TerritoiresError as error:
            self._fault = error
        return self._errand is not None and not self._errand.granted

    def begin(self) -> int | None:
        """Begins it: the descriptor that becomes readable when an answer comes; None where a thread has to wait for that."""
        return self._errand.begin() if self._errand else None

    def poll(self) -> bool:
        """Whether nothing is left to wait for: the reply has come, or a fault. Never waits."""
        assert self._errand is not None
        try:
            self._reply = self._errand.poll()
        except TerritoiresError as error:
            self._fault = error
        return self._reply is not None or self._fault is not None

    @property
    def short(self) -> bool:
        """Whether the reply has come and is quickly written."""
        reply = self._reply
        if reply is None or reply.whole is None or reply.kind not in self.plain.forms:
            return False
        return self.plain.coding is None or len(reply.whole) <= _MOST_AT_ONCE

    def reply(self) -> Reply:
        """The reply; waits for it. Raises what went wrong."""
        if self._fault:
            raise self._fault
        if self._reply is None:
            self._reply = self._errand.reply() if self._errand else self.store.run(self._request)
        return self._reply

    def leave(self) -> None:
        """Gives up what nobody has taken."""
        if self._errand:
            self._errand.leave()
        if self.held:
            self.held.release()


class Direct:
    """A WSGI application before another one."""

    def __init__(self, app: WSGI, service: Service) -> None:
        self._app = app
        self._service = service
        self._holdable = service.store if isinstance(service.store, Holdable) else None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a plain request, passes any other on."""
        way: Plainly | None = environ.pop(WAY, None) or self.way(environ)
        if way is None:
            return self._app(environ, start_response)
        try:
            reply = self._charged(way, environ)
            taken = reply.kind in way.plain.forms  # else it was not worked out either
        except TerritoiresError as error:
            environ[FAULT], taken = error, False
        if not taken:
            if way.held:
                way.held.release()
            return self._app(environ, start_response)
        return self._answer(way, reply, environ, start_response)

    def way(self, environ: dict[str, Any]) -> Plainly | None:
        """A plain query, ready to be given to a worker; None for any other request. Never waits."""
        plain = self._read(environ)
        if plain is None:
            return None
        try:
            self._service.budgets.check(plain.client)
        except TerritoiresError as error:
            environ[FAULT] = error
            return None
        held = self._holdable.hold() if self._holdable else None
        accept = {kind: form.media_type for kind, form in plain.forms.items()}
        cancellation = environ.get(CANCELLATION) or Cancellation()
        return Plainly(
            plain, held or self._service.store, held, Request(plain.text, plain.dataset, accept, plain.seconds, cancellation=cancellation)
        )

    def _read(self, environ: dict[str, Any]) -> Plain | None:
        """The request, where it is plain."""
        method, query_string = environ["REQUEST_METHOD"], environ["QUERY_STRING"]
        if environ["PATH_INFO"] != PATH or method not in ("GET", "POST") or any(name in environ for name in _NOT_PLAIN):
            return None
        if not query_string.isascii() or len(query_string) > LONGEST_ADDRESS:
            return None
        try:
            parameters = decoded(query_string) if query_string else []
            if method == "POST":
                parameters = with_body(parameters, environ)
        except ValueError:
            return None
        names = [name for name, _ in parameters]
        if names.count("query") != 1 or names.count("timeout") > 1 or not _KNOWN.issuperset(names):
            return None
        forms = plain_forms(environ.get("HTTP_ACCEPT"))
        seconds = self._deadline(dict(parameters).get("timeout"))
        client = self._client(environ)
        if forms is None or seconds is None or client is None:
            return None
        dataset = WHOLE
        if len(names) > 1:
            default = tuple(value for name, value in parameters if name == "default-graph-uri")
            dataset = Dataset(default, tuple(value for name, value in parameters if name == "named-graph-uri"))
        coding = choose_coding(environ.get("HTTP_ACCEPT_ENCODING"))
        return Plain(dict(parameters)["query"], dataset, seconds, forms, coding, client, query_string, method == "GET")

    def _deadline(self, asked: str | None) -> float | None:
        """The deadline, where it needs no explanation."""
        if asked is None:
            return self._service.settings.query_seconds
        try:
            seconds = float(asked)
        except ValueError:
            return None
        return seconds if 0 < seconds <= self._service.settings.query_seconds_most else None

    def _client(self, environ: dict[str, Any]) -> str | None:
        """Who asks: the peer, or whom the last trusted proxy names, as Werkzeug's ProxyFix reads it."""
        hops = self._service.settings.proxy_hops
        if not hops:
            return str(environ["REMOTE_ADDR"])
        if "HTTP_X_FORWARDED_PREFIX" in environ:
            return None
        named = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        return named[-hops] if len(named) >= hops and named[-hops] else str(environ["REMOTE_ADDR"])

    def _charged(self, way: Plainly, environ: dict[str, Any]) -> Reply:
        """The reply; its work is charged to the client. Raises what the store raises."""
        budgets, client = self._service.budgets, way.plain.client
        try:
            reply = way.reply()
        except TerritoiresError as error:
            environ[WORK] = error.work
            budgets.charge(client, error.work)
            raise
        if reply.whole is None:
            reply.chunks = charged(reply, budgets, client, environ)
        else:
            environ[WORK] = reply.work
            budgets.charge(client, reply.work)
        return reply

    def _answer(self, way: Plainly, reply: Reply, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Writes the answer as Flask would."""
        plain, held = way.plain, way.held
        form = plain.forms[reply.kind]
        revision = way.store.revision
        environ.update({ROUTE: PATH, FORM: form.name, REVISION: revision})
        headers = [("Content-Type", form.content_type), *FIXED, ("Vary", VARY)]
        headers += limits_told(revision, reply, plain.seconds, self._service.budgets.headers(plain.client)).items()
        if not plain.kept or CHANGING.search(plain.text):
            headers.append(("Cache-Control", "no-store"))
        else:
            headers.append(("Cache-Control", lifetime(self._service)))
            headers.append(("ETag", f'"{validator(revision, plain.coding, form.name, plain.query_string)}"'))
        if reply.whole is None:
            chunks = reply.chunks if plain.coding is None else compressed(reply.chunks, plain.coding)
            start_response("200 OK", [*headers, *coded(plain.coding)])
            return released(chunks, held)
        if held:
            held.release()
        body, coding = reply.whole, plain.coding if len(reply.whole) >= SHORTEST else None
        if coding:
            one = compressor(coding)
            body = one.compress(body) + one.flush()
        start_response("200 OK", [*headers, *coded(coding), ("Content-Length", str(len(body)))])
        return [body]


def decoded(text: str) -> list[tuple[str, str]]:
    """URL-encoded parameters. Raises ValueError."""
    return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=1000)


def with_body(parameters: list[tuple[str, str]], environ: dict[str, Any]) -> list[tuple[str, str]]:
    """The parameters with those of a body that is sent by POST. Raises ValueError for one that isn't plain."""
    body, kind = environ["wsgi.input"], environ.get("CONTENT_TYPE")
    if kind not in (_FORM, _QUERY) or not isinstance(body, BytesIO) or len(body.getbuffer()) > _LONGEST_BODY:
        raise ValueError("not plain")
    text = body.getvalue().decode()
    return [*parameters, ("query", text)] if kind == _QUERY else decoded(text) + parameters


def coded(coding: str | None) -> Headers:
    """The header that names a coding."""
    return [("Content-Encoding", coding)] if coding else []


def released(chunks: Iterator[bytes], held: HeldStore | None) -> Iterator[bytes]:
    """The chunks; at their end the state that they come from is let go."""
    try:
        yield from chunks
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
        if held:
            held.release()


@lru_cache(256)
def plain_forms(accept: str | None) -> dict[Kind, Format] | None:
    """The format for each kind of answer that is accepted, where a program asks: none of them is the page."""
    forms = {kind: choose_format(accept, offered_formats(kind)) for kind in KINDS}
    found = {kind: form for kind, form in forms.items() if form is not None}
    return None if HTML in found.values() or not found else found
