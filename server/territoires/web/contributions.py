"""What every write over HTTP shares: the key that opens it (RFC 6750), its share of work, the writer, the answer."""

import json
import logging
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote

from flask import Response, after_this_request, g, request
from flask_babel import gettext
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from territoires.errors import FateUnknown, NoSpace, Overloaded, StoreUnavailable, TerritoiresError, WriteFailed
from territoires.formats import GRAPH, Format
from territoires.web.answering import client
from territoires.web.breaches import breaches, rdf
from territoires.web.negotiation import choose_format
from territoires.web.service import service
from territoires.writing.keys import Key, Keys
from territoires.writing.submissions import Accepted, Progress, Submission

logger = logging.getLogger(__name__)
AT_ONCE = 8
"""Writes that wait in one server process at once: so many of its threads they may hold."""
LONGEST_REASON = 500  # characters
GUESS = 1.0
"""Seconds of work that an unknown key counts for: so many of them may come from one address as a client has seconds."""
_ID = re.compile(r"tdp_([0-9a-f]{12})_")
_OUTCOME = "territoires.outcome"
_JSON = Format("json", "JSON", "application/json", ("text/json",))
_TEXT = Format("txt", "Text", "text/plain")
_REALM = "territoires"


class Submitting(Protocol):
    """Has a write done."""

    def submit(self, submission: Submission, progress: Progress) -> Accepted:
        """Waits until it is kept; `progress` tells meanwhile how far it has come. Raises why it isn't."""

    def ready(self) -> str | None:
        """What keeps it from taking a write now, or None; known within a second."""


@dataclass(frozen=True)
class Contributions:
    """What a service that takes writes has for them."""

    keys: Keys
    writer: Submitting
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))


def contributions() -> Contributions:
    """What there is for writes. Raises Forbidden where the service is read-only."""
    found = service().contributions
    if found is None:
        raise Forbidden(gettext("This service is read-only: it takes no contributions."))
    return found


def authorised(scope: str = "write") -> Key:
    """The key of the request, which is for `scope`; that it was used is logged.

    Raises Unauthorized or Forbidden; BudgetSpent where its share is used up, or too many unknown ones came from the client's address.
    """
    kind, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if not token or kind.lower() != "bearer":
        raise challenge(gettext("Writing needs a key: send the header “Authorization: Bearer tdp_…”."))
    budgets, guessing = service().budgets, f"guesses {client()}"
    note_use(token)
    budgets.check(guessing)
    key = contributions().keys.find(token.strip())
    if key is None:
        budgets.charge(guessing, GUESS)
        raise challenge(gettext("This key isn't known here, or was revoked."), "invalid_token")
    if scope not in key.scopes:
        raise Forbidden(gettext("This key is not for that: its scope is %(scopes)s.", scopes=", ".join(key.scopes)))
    budgets.check(client_of(key))
    return key


def note_use(token: str) -> None:
    """Has a use of a key logged when it is known what became of it: by the key's id, never its secret."""
    found = _ID.match(token.strip())

    @after_this_request
    def log(response: Response) -> Response:
        what = f"{request.method} {request.url_rule}"
        logger.info(
            "Key %s was used for %s: %s %s", found[1] if found else "unknown", what, response.status_code, g.get(_OUTCOME, "refused")
        )
        return response


def challenge(text: str, error: str = "") -> Unauthorized:
    """401 with the challenge (RFC 6750 §3)."""
    told: dict[str, str | None] = {"realm": _REALM, **({"error": error} if error else {})}
    return Unauthorized(text, www_authenticate=WWWAuthenticate("bearer", told))


def client_of(key: Key) -> str:
    """Under which name the work for a key is counted."""
    return f"key {key.id}"


def submit(key: Key, submission: Submission) -> Accepted:
    """Has a write done, and counts the work on it, from its turn on, as the key's. Raises why it isn't done."""
    what, progress = contributions(), Progress()
    if not what.places.acquire(blocking=False):
        raise Overloaded(gettext("Too many writes are waiting: try again in a few seconds."))
    outcome = "failed"
    try:
        accepted = what.writer.submit(submission, progress)
        outcome = f"commit {accepted.number}" if accepted.number else "nothing to change"
        return accepted
    except TerritoiresError as error:
        outcome = type(error).__name__
        raise understood(error) from error
    finally:
        what.places.release()
        setattr(g, _OUTCOME, f"{outcome}, {submission.kind} {submission.graph}".rstrip())
        if progress.begun:
            service().budgets.charge(client_of(key), time.monotonic() - progress.begun)


def understood(error: TerritoiresError) -> TerritoiresError:
    """The fault as it may be told: of a writer that isn't there, whether the write was kept, without paths of this host."""
    if not isinstance(error, StoreUnavailable):
        return error
    logger.error("A write failed: %s", error)
    if isinstance(error, NoSpace):
        return NoSpace(gettext("There is no space for what you sent, and nothing of it was kept."))
    if isinstance(error, FateUnknown):
        return WriteFailed(gettext("The service broke off while it kept what you sent: look at /history whether it was kept."))
    return WriteFailed(gettext("The service can't write now, and nothing of what you sent was kept: try again in a moment."))


def stated_reason() -> str:
    """Why somebody writes: the header X-Reason (UTF-8, percent-encoded: the HTTP server drops other letters), or the parameter “reason”."""
    sent = unquote(request.headers.get("X-Reason", "")) or request.args.get("reason", "")
    return " ".join(sent.split())[:LONGEST_REASON]


def stated_tags(name: str) -> tuple[str, ...]:
    """The entity tags of If-Match or If-None-Match; the first is compared strongly (RFC 9110 §13.1), so that a weak one matches nothing."""
    sent = [tag.strip() for tag in request.headers.get(name, "").split(",")]
    return tuple(tag.removeprefix("W/") if name == "If-None-Match" else tag for tag in sent if tag)


def answered(accepted: Accepted, graph: str = "", created: bool = False) -> Response:
    """The answer to a write: 204, 200 with what was done where the client asks for it or is warned, 201 for a new graph."""
    asked = any(kind in request.headers.get("Accept", "") for kind in (*_JSON.other_names, _TEXT.media_type))
    told: dict[str, object] = {
        "revision": accepted.revision,
        "commit": accepted.number,
        "added": accepted.added,
        "removed": accepted.removed,
        **({"graph": graph} if graph else {}),
    }
    form, warned = form_of_answer(accepted), breaches(accepted.warnings) if accepted.warnings else []
    if warned:
        told |= {"warnings": len(warned), "results": [each.told() if form is _JSON else each.line() for each in warned]}
    status = 201 if created else 200 if asked or accepted.warnings else 204
    if status == 204:
        response = Response(status=204)
        del response.headers["Content-Type"]
    elif form.rdf:
        response = rdf(accepted.warnings, form, status)
    elif form is _JSON:
        response = Response(json.dumps(told, ensure_ascii=False) + "\n", status, content_type=_JSON.media_type)
    else:
        response = Response("".join(f"{name}: {value}\n" for name, value in told.items()), status, content_type=_TEXT.content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Territoires-Revision"] = accepted.revision
    if accepted.warnings:
        response.headers["Territoires-Warnings"] = str(len(warned))
    return response


def form_of_answer(accepted: Accepted) -> Format:
    """JSON, text, or where it is warned the SHACL report in RDF, as the client asks for it."""
    offered = (_JSON, _TEXT, *(GRAPH[:4] if accepted.warnings else ()))
    return choose_format(request.headers.get("Accept"), offered) or _JSON
