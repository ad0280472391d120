"""What changed: the commits that the journal holds and the releases that are kept, the newest first, as a page, JSON and Atom; the undoing.

Only what readers may see is shown: up to the commit of the revision that is served.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode
from xml.etree import ElementTree

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.errors import InvalidParameter, StoreUnavailable
from territoires.formats import HTML
from territoires.formats.table import FEED, PATCH
from territoires.knowledge.changes import speaks_of
from territoires.store.releases import kept_release
from territoires.web.addresses import THINGS, document_path
from territoires.web.answering import deadline
from territoires.web.contributions import answered, authorised, contributions, stated_reason, submit
from territoires.web.errors import domain_error
from territoires.web.exports import JSON
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import namer
from territoires.web.past import last, permalink
from territoires.web.releases import ATOM, NAMESPACE, Version, add, permanent, publisher, title, versions, written
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service, today
from territoires.web.spoken import spoken_of, without_journal
from territoires.writing.commits import Commit
from territoires.writing.submissions import Submission

LISTED = (HTML, JSON, FEED)
PAGE = 50
"""Commits and releases on a page of the list."""
blueprint = Blueprint("history", __name__)


@dataclass(frozen=True)
class Entry:
    """A commit or a release, as the list shows it; of one resource with its state then, and what changed of it."""

    name: str
    identifier: str
    """Its IRI."""
    address: str
    moment: str
    agent: str
    reason: str
    added: int
    removed: int
    said: dict[str, object]
    state: str = ""
    difference: str = ""

    @property
    def title(self) -> str:
        """What a feed calls it: a commit by what it was made for."""
        return (self.reason if self.said["type"] == "commit" else "") or self.name


def commit_of(number: int) -> Commit:
    """A commit by its number. Raises NotFound."""
    held = service().journal
    found = held.commit(number) if held and number <= last() else None
    if found is None:
        raise NotFound(gettext("There is no commit of that number."))
    return found


@blueprint.errorhandler(OSError)
def unreadable(error: OSError) -> Response:
    """503 where the journal can't be read."""
    return domain_error(StoreUnavailable("The journal can't be read: %(why)s", why=error))


@blueprint.get("/history")
def show_history() -> Response:
    """The commits and releases, the newest first, a page at a time; with `resource`, those that speak of it."""
    form = wanted_format(LISTED, by_parameter(LISTED))
    resource, number = request.args.get("resource", ""), page_number()
    found = listed(resource)
    pages = max(1, -(-len(found) // PAGE))
    if number > pages:
        raise NotFound(gettext("There is no page %(number)s.", number=number))
    here = [entry(each, resource) for each in found[(number - 1) * PAGE : number * PAGE]]
    mark = "\n".join([str(len(found)), commit_of(last()).checksum if last() else "", *(each.identifier for each in here)])
    if form is FEED:
        body: bytes | str = atom(here, resource)
        return cached(Response(body, content_type=f"{ATOM}; charset=utf-8"), "atom", mark, str(number), resource)
    if form is JSON:
        body = written({"total": len(found), "page": number, "pages": pages, "entries": [each.said for each in here]})
        return cached(Response(body, content_type=JSON.content_type), "json", mark, str(number), resource)
    subject = namer([resource]).named(resource) if resource else None
    shown = {"entries": here, "total": len(found), "page": number, "pages": pages, "subject": subject, "canonical": "/history"}
    body = render_template("writing/history.html", ending=f"&{urlencode({'resource': resource})}" if resource else "", **shown)
    return cached(Response(body, content_type=HTML.content_type), "html", mark, str(number), resource)


@blueprint.post("/history/<int:number>/undo")
def undo(number: int) -> Response:
    """Undoes a commit by a new one, for those whose key is for it."""
    contributions()
    key = authorised("undo")
    reason = stated_reason() or f"undo of commit {number}"
    seconds = deadline(request.args.get("timeout"))
    base = service().store.base
    return answered(submit(key, Submission("undo", key.name, reason, key.graphs, number=number, base=base, seconds=seconds)))


def listed(resource: str) -> list[int | Version]:
    """The commits by their numbers and the releases, the newest first; of a resource those that speak of it."""
    until = last()
    numbers = [each for each in spoken_of(resource) if each <= until] if resource else range(until, 0, -1)
    told = [each for each in versions() if each.changes and each.changes.previous and (not resource or speaks(each, resource))]
    found: list[int | Version] = list(numbers)
    for release in reversed(told):
        found.insert(bisect_left(numbers, True, key=partial(came_before, release.stamp)), release)
    return found


def came_before(stamp: str, number: int) -> bool:
    """Whether a commit was accepted before that second (RFC 3339, UTC)."""
    held = service().journal
    return held is not None and held.moment(number)[:19] < stamp[:19]


def speaks(release: Version, resource: str) -> bool:
    """Whether what a release changed speaks of a resource."""
    return release.changes is not None and speaks_of(service().settings.releases / release.revision, release.changes, resource)


def entry(each: int | Version, resource: str) -> Entry:
    """A commit or a release in the list."""
    return of_release(each, resource) if isinstance(each, Version) else of_commit(commit_of(each), resource)


def of_commit(commit: Commit, resource: str) -> Entry:
    """A commit in the list."""
    kept = kept_release(service().settings.releases, commit.release)
    state = state_of(resource, commit.revision) if kept else ""
    difference = changed(resource, commit.number - 1, commit.number)
    return Entry(
        gettext("Commit %(number)s", number=commit.number),
        f"{service().store.base}history/{commit.number}",
        f"{request.url_root}history/{commit.number}",
        commit.moment,
        commit.agent,
        commit.reason,
        len(commit.change.added),
        len(commit.change.removed),
        {"type": "commit", **told(commit), **linked(state, difference)},
        state,
        difference,
    )


def of_release(release: Version, resource: str) -> Entry:
    """A release in the list."""
    assert release.changes is not None
    before = release.changes.previous
    composed = release.changes.patch and kept_release(service().settings.releases, before)
    state, difference = state_of(resource, release.revision), changed(resource, before, release.revision) if composed else ""
    said: dict[str, object] = {"type": "release", "revision": release.revision, "previous": before, "moment": release.stamp}
    said |= {"agent": publisher(), "added": release.changes.added, "removed": release.changes.removed, "page": release.address}
    return Entry(
        title(release),
        permanent(release.revision),
        release.address,
        release.stamp,
        publisher(),
        release.summary,
        release.changes.added,
        release.changes.removed,
        {**said, **linked(state, difference)},
        state,
        difference,
    )


def state_of(resource: str, revision: str) -> str:
    """The address of a resource at a revision; "" for what has no document here."""
    base = service().store.base
    if not resource.startswith(base) or resource.removeprefix(base).partition("/")[0] not in THINGS:
        return ""
    return permalink(f"{request.url_root.rstrip('/')}{document_path(resource, base)}", revision)


def changed(resource: str, start: int | str, end: int | str) -> str:
    """The address of what changed of a resource; "" where none is asked for."""
    return f"{request.url_root}history/diff?{urlencode({'from': start, 'to': end, 'resource': resource})}" if resource else ""


def linked(state: str, difference: str) -> dict[str, object]:
    """The addresses as JSON."""
    return {name: value for name, value in (("state", state), ("difference", difference)) if value}


def address_for(resource: str) -> str:
    """The history of a resource on this host; nothing where no commit and no release speaks of it, or the journal can't be read."""
    with without_journal():
        kept = remembered(versions, "history", "releases", today().store.revision)
        later = (each for each in kept if each.changes and each.changes.previous)
        if any(number <= last() for number in spoken_of(resource)) or any(speaks(each, resource) for each in later):
            return f"{request.root_path}/history?{urlencode({'resource': resource})}"
    return ""


def page_number() -> int:
    """The page that is asked for. Raises InvalidParameter."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 7 and int(text)):
        raise InvalidParameter(gettext("page is a number from 1 on."))
    return int(text)


def told(commit: Commit) -> dict[str, object]:
    """A commit as JSON."""
    return {
        "commit": commit.number,
        "revision": commit.revision,
        "release": commit.release,
        "moment": commit.moment,
        "agent": commit.agent,
        "reason": commit.reason,
        "added": len(commit.change.added),
        "removed": len(commit.change.removed),
        "graphs": sorted(commit.change.graphs),
        "checksum": commit.checksum,
        "page": f"{request.url_root}history/{commit.number}",
        "patch": f"{request.url_root}history/{commit.number}?format={PATCH.name}",
    }


def atom(found: Sequence[Entry], resource: str) -> bytes:
    """The list as a feed (RFC 4287)."""
    root, base = request.url_root, service().store.base
    query = f"?{urlencode({'resource': resource})}" if resource else ""
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": current_language()})
    add(feed, "id", f"{base}history{query}")
    name = namer([resource]).named(resource).text if resource else ""
    add(feed, "title", gettext("Territoires: history of %(name)s", name=name) if resource else gettext("Territoires: history"))
    add(feed, "updated", found[0].moment if found else "1970-01-01T00:00:00Z")
    add(add(feed, "author"), "name", publisher())
    add(feed, "link", rel="self", type=ATOM, href=f"{root}history{query}{'&' if query else '?'}format=atom")
    add(feed, "link", rel="alternate", type="text/html", href=f"{root}history{query}")
    for each in found:
        here = add(feed, "entry")
        add(here, "id", each.identifier)
        add(here, "title", each.title)
        add(here, "updated", each.moment)
        add(add(here, "author"), "name", each.agent)
        add(here, "link", rel="alternate", type="text/html", href=each.address)
        if each.state:
            add(here, "link", rel="related", href=each.state)
        add(here, "summary", gettext("%(added)s statements came, %(removed)s went.", added=each.added, removed=each.removed))
    return bytes(ElementTree.tostring(feed, "utf-8", xml_declaration=True))
