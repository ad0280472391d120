"""What holds for every request and answer: CORS, caching, security headers, one canonical address."""

import hashlib
import re
from urllib.parse import quote

from flask import Flask, Response, current_app, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from territoires import __version__
from territoires.web.language import current_language
from territoires.web.negotiation import choose_coding
from territoires.web.service import Service, service

EXPOSED = (
    "Content-Language, Content-Location, ETag, Link, Location, Memento-Datetime, RateLimit, RateLimit-Policy, Retry-After, Server-Timing, "
    "Territoires-Deadline, Territoires-Revision, Territoires-Warnings, WWW-Authenticate, X-Request-ID"
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


EMBEDDABLE = POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
"""The policy of a page that is made to be shown within another one, such as OpenRefine's."""

VARY = "Accept, Accept-Language, Accept-Encoding"
FIXED = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", EXPOSED),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)
"""What every answer says."""
KEPT_SECONDS = 300  # how long a public answer may be used without asking again, where only releases change what is said


def install(app: Flask) -> None:
    """Hooks the rules into `app`."""
    app.before_request(answer_options)
    app.before_request(canonical_address)
    app.after_request(complete_headers)


def canonical_address() -> BaseResponse | None:
    """One address for one thing: no trailing or double slash; 308 keeps the method and the query string."""
    path = request.path
    plain = re.sub(r"/{2,}", "/", path).rstrip("/") or "/"
    if plain == path and not request.environ["PATH_INFO"].startswith("//"):  # Flask drops leading slashes
        return None
    query = request.query_string.decode("latin-1")
    return redirect(request.root_path + ascii_path(plain) + (f"?{query}" if query else ""), 308)


def ascii_path(path: str) -> str:
    """A decoded path as it goes into a Location header."""
    return quote(path, safe="/:@!$&'()*+,;=~")


def answer_options() -> Response | None:
    """OPTIONS on an existing address: 204 with Allow and the CORS preflight headers; 404 elsewhere."""
    if request.method != "OPTIONS":
        return None
    if isinstance(request.routing_exception, NotFound):
        raise request.routing_exception
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    allowed = ", ".join(sorted({*adapter.allowed_methods(), "OPTIONS"}))
    response = Response(status=204)
    del response.headers["Content-Type"]
    response.headers["Allow"] = allowed
    response.headers["Access-Control-Allow-Methods"] = allowed
    response.headers["Access-Control-Allow-Headers"] = (
        "Accept, Accept-Language, Authorization, Content-Type, If-Match, If-None-Match, X-Reason"
    )
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def complete_headers(response: Response) -> Response:
    """CORS for all reads (errors too), Vary, and a strict content security policy on pages."""
    response.headers.update(FIXED)
    if not request.path.startswith("/static/"):
        response.vary.update(("Accept", "Accept-Language"))
    if response.mimetype in ("text/html", "application/problem+json") and not response.location:
        response.vary.add("Cookie")
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["Content-Language"] = current_language()
    return response


def cached(response: Response, *parts: str) -> Response:
    """`response` with an ETag of its representation, answered 304 where it matches.

    The representation is that of revision, address, host, language and coding, and of `parts`, the format first of all.
    """
    coding = choose_coding(request.headers.get("Accept-Encoding"))
    return validated(response, validator(service().store.revision, coding, request.url, request.root_path, current_language(), *parts))


def validator(revision: str, coding: str | None, *parts: str) -> str:
    """The opaque tag of a representation (RFC 9110 §8.8.3): another for another version of the software."""
    key = "\n".join((__version__, revision, *parts))
    return hashlib.sha256(key.encode()).hexdigest()[:32] + (f"-{coding}" if coding else "")


def lifetime(of: Service) -> str:
    """How long an answer may be kept: where contributions are taken it is asked for again each time, since readers are to see them."""
    return "public, no-cache" if of.contributions else f"public, max-age={KEPT_SECONDS}"


def validated(response: Response, tag: str) -> Response:
    """`response` with that tag, free to be kept for a while, answered 304 where the client has it."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = lifetime(service())
    response.make_conditional(request)
    return response
