"""The plainest request, a program's query by GET, answered before Flask: the same functions, the same headers, a fraction of the time.

What isn't plain goes on to Flask as it came: other parameters, a page, a validator, anything doubtful. So does a fault, which Flask
then words. `tests/web/test_direct.py` holds both ways side by side.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from territoires.errors import TerritoiresError
from territoires.formats import HTML, Format
from territoires.results import WHOLE, Cancellation, Dataset, Kind, Reply, Request
from territoires.store import HeldStore, Holdable, QueryService
from territoires.web.answering import CANCELLATION, CHANGING, FAULT, KINDS, LONGEST_ADDRESS, charged, limits_told, offered_formats
from territoires.web.encoding import SHORTEST, compressed, compressor
from territoires.web.headers import FIXED, KEPT_SECONDS, VARY, validator
from territoires.web.negotiation import choose_coding, choose_format
from territoires.web.observation import FORM, REVISION, ROUTE, WORK
from territoires.web.service import Service

PATH = "/sparql"
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


class Direct:
    """A WSGI application before another one."""

    def __init__(self, app: WSGI, service: Service) -> None:
        self._app = app
        self._service = service

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers a plain request, passes any other on."""
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        plain = self._read(environ)
        if plain is None:
            return self._app(environ, start_response)
        shared = self._service.store
        held: HeldStore | None = None
        try:
            self._service.budgets.check(plain.client)
            if isinstance(shared, Holdable):
                held = shared.hold()
            reply = self._run(held or shared, plain, environ)
        except TerritoiresError as error:
            if held:
                held.release()
            environ[FAULT] = error
            return self._app(environ, start_response)
        if reply.kind not in plain.forms:  # it was not worked out either
            if held:
                held.release()
            return self._app(environ, start_response)
        return self._answer(held or shared, held, plain, reply, environ, start_response)

    def _read(self, environ: dict[str, Any]) -> Plain | None:
        """The request, where it is plain."""
        query_string = environ["QUERY_STRING"]
        if not query_string.isascii() or len(query_string) > LONGEST_ADDRESS or any(name in environ for name in _NOT_PLAIN):
            return None
        try:
            parameters = parse_qsl(query_string, keep_blank_values=True, errors="strict", max_num_fields=1000)
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
        return Plain(dict(parameters)["query"], dataset, seconds, forms, coding, client, query_string)

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

    def _run(self, store: QueryService, plain: Plain, environ: dict[str, Any]) -> Reply:
        """The reply; its work is charged to the client. Raises what the store raises."""
        budgets, began = self._service.budgets, time.monotonic()
        accept = {kind: form.media_type for kind, form in plain.forms.items()}
        cancellation = environ.get(CANCELLATION) or Cancellation()
        try:
            reply = store.run(Request(plain.text, plain.dataset, accept, plain.seconds, cancellation=cancellation))
        except Exception:
            environ[WORK] = time.monotonic() - began
            budgets.charge(plain.client, environ[WORK])
            raise
        if reply.whole is None:
            reply.chunks = charged(reply.chunks, budgets, plain.client, began, environ)
        else:
            environ[WORK] = reply.work
            budgets.charge(plain.client, reply.work)
        return reply

    def _answer(
        self,
        store: QueryService,
        held: HeldStore | None,
        plain: Plain,
        reply: Reply,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        """Writes the answer as Flask would."""
        form = plain.forms[reply.kind]
        revision = store.revision
        environ.update({ROUTE: PATH, FORM: form.name, REVISION: revision})
        headers = [("Content-Type", form.content_type), *FIXED, ("Vary", VARY)]
        headers += limits_told(revision, reply, plain.seconds, self._service.budgets.headers(plain.client)).items()
        if CHANGING.search(plain.text):
            headers.append(("Cache-Control", "no-store"))
        else:
            headers.append(("Cache-Control", f"public, max-age={KEPT_SECONDS}"))
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
