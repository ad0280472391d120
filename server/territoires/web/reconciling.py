"""What the routes of the reconciliation share: the gazetteer of this release, the client's share, identifiers, JSON."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from flask import Response, current_app, g, request
from flask_babel import gettext
from pyoxigraph import NamedNode

from territoires.errors import GazetteerUnavailable, QueryTimeout
from territoires.knowledge.gazetteer import FILE, Gazetteer
from territoires.knowledge.matching import Matcher
from territoires.knowledge.properties import Properties
from territoires.knowledge.reconciliation import Reconciler
from territoires.results import Cancellation
from territoires.web.addresses import THINGS, thing_path
from territoires.web.answering import CANCELLATION, charging, client
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.negotiation import LANGUAGES
from territoires.web.service import service

KEY = "territoires-reconciliation"
JSON = "application/json"


def choose_language(asked: str | None, version: str | None) -> None:
    """Takes the language from the address, where that names one and ?lang= doesn't stand above it."""
    g.reconcile = "/" + "/".join(filter(None, (asked, "reconcile", version)))
    if asked in LANGUAGES and request.args.get("lang") not in LANGUAGES:
        g.language = asked


def root() -> str:
    """The address of the service by which it was asked, for clients elsewhere."""
    return f"{request.url_root.rstrip('/')}{g.reconcile}"


def properties() -> Properties:
    """The properties of this installation, read once."""
    found = current_app.extensions.get(KEY)
    if found is None:
        found = current_app.extensions[KEY] = Properties(service().settings.home)
    assert isinstance(found, Properties)
    return found


def matcher() -> Matcher:
    """The matcher over the gazetteer that came with the release. Raises GazetteerUnavailable, in the reader's language."""
    settings = service().settings
    if settings.store:
        raise GazetteerUnavailable(
            gettext("Reconciliation needs the gazetteer of a release, and what is served here is a store on another host.")
        )
    place = settings.releases / service().store.revision / FILE
    try:
        return remembered(lambda: Matcher(Gazetteer.open(place)), KEY)
    except GazetteerUnavailable:
        raise GazetteerUnavailable(
            gettext(
                "Reconciliation needs the gazetteer of a release, and this one has none that can be read: `territoires build` makes it."
            )
        ) from None


def missing() -> str:
    """Why there is no reconciliation now, or ''."""
    try:
        matcher()
    except GazetteerUnavailable as error:
        return str(error)
    return ""


def reconciler() -> Reconciler:
    """What answers in the reader's language. Raises GazetteerUnavailable."""
    return Reconciler(matcher(), properties(), service().store, current_language())


class Work:
    """What is done for one request; `go_on` is called between its parts."""

    def __init__(self, seconds: float, cancellation: Cancellation) -> None:
        self.seconds, self.began, self._cancellation = seconds, time.monotonic(), cancellation

    def go_on(self) -> None:
        """Raises QueryTimeout when the time is over or nobody waits any more."""
        if self._cancellation.cancelled or time.monotonic() - self.began > self.seconds:
            raise QueryTimeout(
                gettext("The batch took longer than %(seconds)s seconds: send smaller ones.", seconds=f"{self.seconds:g}"), self.seconds
            )


@contextmanager
def charged_work() -> Iterator[Work]:
    """Work that is counted in the client's share. Raises BudgetSpent."""
    with charging():
        yield Work(service().settings.query_seconds, request.environ.get(CANCELLATION) or Cancellation())


def identified(text: str) -> str:
    """The IRI that an identifier means: our own, whole or its path, here or on the canonical host; or a code of the gazetteer; or ''."""
    base = service().store.base
    for start in (base, request.url_root):
        if text.startswith(start):
            local = text.removeprefix(start)
            text = base + (thing_path(local.removeprefix("doc/").removesuffix(".html")) if local.startswith("doc/") else local)
            break
    else:
        if text.partition("/")[0] in THINGS:
            text = base + text
    try:
        found = matcher().gazetteer
        record = found.get(text) or next(iter(one if len(one := found.coded(text)) == 1 else ()), None)
    except GazetteerUnavailable:
        record = None
    if record:
        return record.iri
    return text if text.startswith(base) and is_iri(text) else ""


def is_iri(text: str) -> bool:
    """Whether the text can stand in a query as an IRI."""
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def written(body: object) -> bytes:
    """JSON in UTF-8; what UTF-8 can't hold (half of a surrogate pair, in a key of the client's) is escaped."""
    text = partial(json.dumps, body, separators=(",", ":"))
    try:
        return text(ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return text().encode()


def answered(body: object, *, keep: bool = True) -> Response:
    """An answer in JSON, in the reader's language; one to GET may be kept."""
    response = Response(written(body), content_type=JSON)
    response.vary.add("Cookie")
    response.headers["Content-Language"] = current_language()
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers.update(service().budgets.headers(client()))
    if keep and request.method in ("GET", "HEAD"):
        return cached(response, "json")
    response.headers["Cache-Control"] = "no-store"
    return response


def counted(name: str, default: int, most: int) -> int:
    """A number from 0 to `most` among the parameters."""
    asked = request.args.get(name, "")
    return min(most, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else default
