"""Maps errors to answers: a status, and a body in the form that the client asks for (RFC 9457 problem details, HTML, text)."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, cast

from flask import Flask, Response, render_template, request
from flask_babel import gettext, lazy_gettext
from werkzeug.exceptions import HTTPException

from territoires import errors
from territoires.formats import Format
from territoires.formats.table import HTML
from territoires.web.language import show_day
from territoires.web.naming import namer
from territoires.web.negotiation import choose_format

logger = logging.getLogger(__name__)

PROBLEM = Format("problem", "Problem details", "application/problem+json", ("application/json",))
TEXT = Format("txt", "Text", "text/plain")

STATUSES: Mapping[type[Exception], int] = {
    errors.RevisionGone: 410,
    errors.UnknownRevision: 404,
    errors.UnknownResource: 404,
    errors.NotKnownThen: 404,
    errors.UnknownQuery: 404,
    errors.NotInGraphStore: 404,
    errors.QuerySyntaxError: 400,
    errors.QueryRefused: 400,
    errors.InvalidParameter: 400,
    errors.FormatRefused: 406,
    errors.QueryFailed: 500,
    errors.QueryTimeout: 504,
    errors.QueryStopped: 503,
    errors.BudgetSpent: 429,
    errors.Overloaded: 503,
    errors.NoSpace: 507,
    errors.StoreUnavailable: 503,
    errors.NoRelease: 503,
    errors.JournalDamaged: 503,
    errors.SearchUnavailable: 501,
    errors.GazetteerUnavailable: 503,
    errors.TooMuch: 413,
    errors.WriteRefused: 403,
    errors.UndoConflict: 409,
    errors.PreconditionFailed: 412,
    errors.ShapesViolated: 422,
}

PLAIN = (
    errors.WriteFailed,
    errors.NoSpace,
    errors.QueryTimeout,
    errors.QueryStopped,
    errors.Overloaded,
    errors.SearchUnavailable,
    errors.GazetteerUnavailable,
)
"""Faults whose text is meant for the one who asked; the log need not hold them."""

TITLES = {
    400: lazy_gettext("The request can't be understood"),
    401: lazy_gettext("This needs a key"),
    403: lazy_gettext("Not for everybody"),
    404: lazy_gettext("Nothing is known at this address"),
    405: lazy_gettext("This address doesn't answer that method"),
    406: lazy_gettext("Not available in the format you ask for"),
    409: lazy_gettext("This contradicts what is there now"),
    410: lazy_gettext("This is no more"),
    412: lazy_gettext("It has changed meanwhile"),
    413: lazy_gettext("The request is too long"),
    414: lazy_gettext("The address is too long"),
    415: lazy_gettext("That kind of body isn't accepted here"),
    422: lazy_gettext("This would break the rules on the data"),
    500: lazy_gettext("Something went wrong on our side"),
    429: lazy_gettext("Too much at once"),
    501: lazy_gettext("There is no search here"),
    503: lazy_gettext("The repository can't answer right now"),
    504: lazy_gettext("The query took too long"),
    507: lazy_gettext("There is no space left"),
}


class Way(NamedTuple):
    """An address that may be meant instead, and what it is called."""

    href: str
    text: str


class NotAcceptable(Exception):
    """None of the offered formats suits the request; each comes with the address where it can be had."""

    def __init__(self, offered: Mapping[str, str]) -> None:
        super().__init__("not acceptable")
        self.offered = offered


def install(app: Flask) -> None:
    """Registers the handlers."""
    app.register_error_handler(NotAcceptable, not_acceptable)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(errors.TerritoiresError, domain_error)
    app.register_error_handler(Exception, unknown_error)


def not_acceptable(error: NotAcceptable) -> Response:
    """406 with the list of what can be had, and where (RFC 9110 §15.5.7)."""
    detail = gettext("Available: %(list)s.", list=", ".join(f"{kind} <{url}>" for kind, url in error.offered.items()))
    return problem(406, detail, {"available": dict(error.offered)})


def domain_error(error: errors.TerritoiresError) -> Response:
    """A fault in the domain's terms."""
    status = status_of(error)
    if status >= 500 and not isinstance(error, PLAIN):
        logger.error("%s: %s", type(error).__name__, error)
    extra: dict[str, object] = {}
    ways: list[Way] = []
    title, detail = "", told(error)
    if isinstance(error, errors.NotKnownThen):
        extra = {"known": list(error.known), "instead": list(error.instead)}
        title = gettext("Nothing is known of it on that day")
        ways = [Way(f"{request.root_path}{request.path}?date={day}", show_day(date.fromisoformat(day))) for day in error.known]
        ways += [Way(value.href, value.text) for value in map(namer(error.instead).named, error.instead)]
    if isinstance(error, errors.QuerySyntaxError) and error.line:
        extra = {"line": error.line, "column": error.column}
        detail = gettext("Syntax error at line %(line)s, column %(column)s: %(why)s", why=detail, **extra)
    if status == 503 and not isinstance(error, PLAIN):
        detail = gettext("The fault was recorded. Try again, or tell us what you asked for.")  # the text names paths of this host
    response = problem(status, detail, extra, ways, title)
    if isinstance(error, errors.Overloaded):
        response.headers["Retry-After"] = str(error.retry_after)
    elif status == 503 and not isinstance(error, errors.GazetteerUnavailable):  # which another try doesn't bring
        response.headers["Retry-After"] = "30"
    return response


def told(error: errors.TerritoiresError) -> str:
    """What it says, in the reader's language; what an engine or another store says stays as it is."""
    return str(gettext(error.text, **error.values)) if error.text else ""


def status_of(error: errors.TerritoiresError) -> int:
    """The status that says what kind of fault it is."""
    return next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 500)


def http_error(error: HTTPException) -> Response:
    """An error that Flask or a view raised; a redirect passes as it is."""
    if error.code is None or error.code < 400:
        return cast(Response, error.get_response())
    detail = "" if error.description == type(error).description else error.description or ""
    if error.code == 413:
        detail = gettext("A request holds at most %(bytes)s bytes.", bytes=request.max_content_length)
    response = problem(error.code, detail)
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def unknown_error(error: Exception) -> Response:
    """A bug: logged with its trace, answered 500 without it."""
    logger.error("Unhandled error at %s", request.path, exc_info=error)
    return problem(500, gettext("The fault was recorded. Try again, or tell us what you asked for."))


def problem(status: int, detail: str, extra: Mapping[str, object] | None = None, ways: Sequence[Way] = (), title: str = "") -> Response:
    """An error answer in HTML, problem+json or text, by Accept; problem+json where nothing else suits. `ways` lead on, in HTML."""
    title = title or str(TITLES.get(status, TITLES[500 if status >= 500 else 400]))
    form = choose_format(request.headers.get("Accept"), (PROBLEM, HTML, TEXT)) or PROBLEM
    if form is HTML:
        body = render_template("error.html", status=status, title=title, detail=detail, ways=ways)
        return Response(body, status, content_type=HTML.content_type)
    if form is TEXT:
        return Response(f"{status} {title}\n{detail}\n", status, content_type=TEXT.content_type)
    members = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **(extra or {}),
    }
    return Response(json.dumps(members, ensure_ascii=False) + "\n", status, content_type=PROBLEM.media_type)
