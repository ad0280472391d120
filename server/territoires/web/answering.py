"""Runs what somebody asks, within its deadline and its client's share, and says so in the answer's headers."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite

from flask import Response, request
from flask_babel import gettext

from territoires.errors import InvalidParameter, TerritoiresError
from territoires.formats import GRAPH, HTML, SOLUTIONS, Format
from territoires.results import WHOLE, Cancellation, Dataset, Kind, Reply, Request
from territoires.web.fairness import Budgets
from territoires.web.headers import validated, validator
from territoires.web.negotiation import choose_coding
from territoires.web.service import service
from territoires.web.wsgi import WORK

CANCELLATION = "territoires.cancellation"
"""The key of the WSGI environment where the server puts a `Cancellation`, to be used when the client goes away."""
FAULT = "territoires.fault"
"""The key of the WSGI environment where a fault lies that was met before Flask: it is told, and the query isn't run again."""
WAY = "territoires.way"
"""The key of the WSGI environment where a query lies that was queued before the application was called."""
KINDS: tuple[Kind, ...] = ("solutions", "boolean", "graph")
LONGEST_ADDRESS = 16_384  # bytes of query string; a longer query goes by POST
CHANGING = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID)\s*\(", re.IGNORECASE)


def client() -> str:
    """Who asks, as far as the trusted proxies tell."""
    return request.remote_addr or "unknown"


def deadline(asked: str | None) -> float:
    """The seconds that a query may take: what the parameter timeout asks for, or the default. Raises InvalidParameter."""
    settings = service().settings
    if asked is None:
        return settings.query_seconds
    most = settings.query_seconds_most
    try:
        seconds = float(asked)
    except ValueError:
        seconds = 0.0
    if not (isfinite(seconds) and 0 < seconds <= most):
        raise InvalidParameter(gettext("timeout is a number of seconds, above 0 and at most %(most)s.", most=f"{most:g}"))
    return seconds


def run(text: str, accept: Mapping[Kind, str], dataset: Dataset = WHOLE, seconds: float | None = None, first: int = 500) -> Reply:
    """The reply to a query under the client's budget; its work is charged when it ends. Raises BudgetSpent and what the store raises."""
    if fault := request.environ.get(FAULT):
        raise fault
    budgets, who = service().budgets, client()
    budgets.check(who)
    cancellation = request.environ.get(CANCELLATION) or Cancellation()
    limit = service().settings.query_seconds if seconds is None else seconds
    try:
        reply = service().store.run(Request(text, dataset, accept, limit, first, cancellation=cancellation))
    except TerritoiresError as error:
        request.environ[WORK] = error.work
        budgets.charge(who, error.work)
        raise
    if reply.whole is None:
        reply.chunks = charged(reply, budgets, who, request.environ)
    else:
        budgets.charge(who, reply.work)
        request.environ[WORK] = reply.work
    return reply


def charged(reply: Reply, budgets: Budgets, who: str, environ: dict[str, object]) -> Iterator[bytes]:
    """The chunks of a reply that has begun; when they end, or nobody wants more of them, the work until then is counted."""
    return _charged(reply.chunks, time.monotonic() - reply.work, budgets, who, environ)


def _charged(chunks: Iterator[bytes], began: float, budgets: Budgets, who: str, environ: dict[str, object]) -> Iterator[bytes]:
    try:
        yield from chunks
    finally:
        chunks.close()  # type: ignore[attr-defined]
        environ[WORK] = spent = time.monotonic() - began
        budgets.charge(who, spent)


@contextmanager
def charging() -> Iterator[None]:
    """Work beside the store that is counted in the client's share, whatever comes of it. Raises BudgetSpent."""
    budgets, who = service().budgets, client()
    budgets.check(who)
    began = time.monotonic()
    try:
        yield
    finally:
        spent = time.monotonic() - began
        request.environ[WORK] = spent
        budgets.charge(who, spent)


def respond(reply: Reply, form: Format, text: str, seconds: float) -> Response:
    """The answer with its limits in the headers; what changes with time or chance isn't kept by anybody."""
    response = Response(reply.whole if reply.whole is not None else reply.chunks, content_type=form.content_type)
    response.implicit_sequence_conversion = reply.whole is not None  # else Werkzeug would gather a stream to know its length
    tell_limits(response, reply, seconds)
    if CHANGING.search(text) or request.method not in ("GET", "HEAD"):
        response.headers["Cache-Control"] = "no-store"
        return response
    coding = choose_coding(request.headers.get("Accept-Encoding"))
    return validated(response, validator(service().store.revision, coding, form.name, request.query_string.decode("latin-1")))


def tell_limits(response: Response, reply: Reply, seconds: float) -> None:
    """Puts the limits of the answer into its headers."""
    response.headers.update(limits_told(service().store.revision, reply, seconds, service().budgets.headers(client())))


def limits_told(revision: str, reply: Reply, seconds: float, share: Mapping[str, str]) -> dict[str, str]:
    """The revision that answered, the deadline, the work that was done, and what remains of the client's share."""
    told = {"Territoires-Revision": revision, "Territoires-Deadline": f"{seconds:g}"}
    if reply.whole is not None:
        told["Server-Timing"] = f"query;dur={reply.work * 1000:.1f}"
    return {**told, **share}


def offered_formats(kind: Kind) -> tuple[Format, ...]:
    """The formats of that kind of answer, the default first."""
    found = {"graph": GRAPH, "boolean": tuple(f for f in SOLUTIONS if f.boolean), "solutions": SOLUTIONS}[kind]
    return (*found, HTML)
