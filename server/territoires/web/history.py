"""The commits that the journal holds: /history, /history/{number}, /history/diff, as pages, JSON, Atom and RDF Patch; their undoing.

RDF Patch: https://afs.github.io/rdf-patch/. Only what readers may see is shown: up to the commit of the revision that is served.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree

from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import gettext
from pyoxigraph import NamedNode, Quad
from werkzeug.exceptions import NotFound

from territoires.errors import InvalidParameter
from territoires.formats import HTML, Format
from territoires.formats.table import FEED, PATCH
from territoires.web.answering import deadline
from territoires.web.contributions import answered, authorised, contributions, stated_reason, submit
from territoires.web.exports import JSON
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.releases import ATOM, NAMESPACE, add, publisher, written
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service
from territoires.writing.commits import Change, Commit, change_of, graph_of
from territoires.writing.journal import Journal
from territoires.writing.process import JOURNAL
from territoires.writing.submissions import Submission

LISTED, SHOWN = (HTML, JSON, FEED), (HTML, JSON, PATCH)
PAGE = 50
"""Commits on a page of the list."""
MOST_SHOWN = 500
"""Statements that a page shows; the patch holds all."""
_JOURNAL = "territoires.journal"
blueprint = Blueprint("history", __name__)


@dataclass(frozen=True)
class Side:
    """A statement that came or went, as it is shown."""

    sign: str
    subject: Value
    predicate: Value
    object: Value
    graph: str


def journal() -> Journal | None:
    """The journal; None where the service is read-only."""
    settings = service().settings
    if settings.contributions is None or settings.store:
        return None
    found = current_app.extensions.setdefault(_JOURNAL, Journal(settings.contributions / JOURNAL))
    assert isinstance(found, Journal)
    return found


def last() -> int:
    """The last commit that is shown; 0 where there is none."""
    held = journal()
    if held is None:
        return 0
    seen = shown_last(service().store.revision)
    return held.last if seen is None else min(held.last, seen)


def shown_last(revision: str) -> int | None:
    """The commit that a revision is named after; None for a release, whose commits are those before it."""
    _, mark, number = revision.rpartition("-c")
    return int(number) if mark and number.isdecimal() else None


def commit_of(number: int) -> Commit:
    """A commit by its number. Raises NotFound."""
    held = journal()
    found = held.commit(number) if held and number <= last() else None
    if found is None:
        raise NotFound(gettext("There is no commit of that number."))
    return found


@blueprint.get("/history")
def show_history() -> Response:
    """The commits, the newest first, a page at a time; with `resource`, those that speak of it."""
    form = wanted_format(LISTED, by_parameter(LISTED))
    resource, number = request.args.get("resource", ""), page_number()
    found = spoken_of().get(resource, ()) if resource else range(last(), 0, -1)
    pages = max(1, -(-len(found) // PAGE))
    if number > pages:
        raise NotFound(gettext("There is no page %(number)s.", number=number))
    here = [commit_of(each) for each in found[(number - 1) * PAGE : number * PAGE]]
    mark = commit_of(found[0]).checksum if found else ""
    if form is FEED:
        return cached(Response(atom(here), content_type=f"{ATOM}; charset=utf-8"), "atom", mark, str(number), resource)
    if form is JSON:
        body = written({"total": len(found), "page": number, "pages": pages, "commits": [told(commit) for commit in here]})
        return cached(Response(body, content_type=JSON.content_type), "json", mark, str(number), resource)
    subject = namer([resource]).named(resource) if resource else None
    page = render_template(
        "writing/history.html", commits=here, total=len(found), page=number, pages=pages, subject=subject, canonical="/history"
    )
    return cached(Response(page, content_type=HTML.content_type), "html", mark, str(number), resource)


@blueprint.get("/history/<int:number>")
def show_commit(number: int) -> Response:
    """A commit: who, when, why, and what it changed."""
    form = wanted_format(SHOWN, by_parameter(SHOWN))
    commit = commit_of(number)
    return differing(form, commit.change, f"commit-{number}", commit.checksum, commit=commit, canonical=f"/history/{number}")


@blueprint.get("/history/diff")
def show_difference() -> Response:
    """What differs between the states after two commits, `from` and `to` (0: before the first)."""
    form = wanted_format(SHOWN, by_parameter(SHOWN))
    start, end = bound("from"), bound("to")
    between = [commit_of(number) for number in range(min(start, end) + 1, max(start, end) + 1)]
    change = net(commit.change for commit in between)
    change = change if start <= end else change.inverse()
    marks = f"{between[0].checksum}-{between[-1].checksum}" if between else ""
    return differing(form, change, f"diff-{start}-{end}", marks, start=start, end=end, canonical="/history/diff")


@blueprint.post("/history/<int:number>/undo")
def undo(number: int) -> Response:
    """Undoes a commit by a new one, for those whose key is for it."""
    contributions()
    key = authorised("undo")
    reason = stated_reason() or f"undo of commit {number}"
    seconds = deadline(request.args.get("timeout"))
    base = service().store.base
    return answered(submit(key, Submission("undo", key.name, reason, key.graphs, number=number, base=base, seconds=seconds)))


def differing(form: Format, change: Change, name: str, mark: str, **shown: object) -> Response:
    """A change as RDF Patch, JSON or a page."""
    if form is PATCH:
        response = Response(change.patch(), content_type=PATCH.content_type)
        response.headers["Content-Disposition"] = f"attachment; filename={name}.rdfp"
        return cached(response, "rdfp", mark, name)
    commit = shown.get("commit")
    if form is JSON:
        sides = {side: [f"{quad} ." for quad in getattr(change, side)] for side in ("removed", "added")}
        head = told(commit) if isinstance(commit, Commit) else {"from": shown["start"], "to": shown["end"]}
        return cached(Response(written({**head, "statements": sides}), content_type=JSON.content_type), "json", mark, name)
    quads = [("D", quad) for quad in change.removed] + [("A", quad) for quad in change.added]
    lines = sides_of(quads[:MOST_SHOWN])
    body = render_template("writing/difference.html", change=change, lines=lines, rest=len(quads) - len(lines), **shown)
    return cached(Response(body, content_type=HTML.content_type), "html", mark, name)


def sides_of(quads: Sequence[tuple[str, Quad]]) -> list[Side]:
    """Statements as they are shown, sorted by what they speak of."""
    iris = {term.value for _, quad in quads for term in (quad.subject, quad.predicate, quad.object) if isinstance(term, NamedNode)}
    names, base = namer(sorted(iris)), service().store.base
    found = [Side(sign, side(q.subject, names), side(q.predicate, names), side(q.object, names), graph_of(q)) for sign, q in quads]
    return sorted(
        [Side(each.sign, each.subject, each.predicate, each.object, each.graph.removeprefix(f"{base}graph/")) for each in found],
        key=lambda each: (each.subject.text, each.predicate.text, each.sign != "D"),
    )


def side(term: object, names: Namer) -> Value:
    """A term; a blank node by its label."""
    return names.value(term) if not str(term).startswith("_:") else Value(str(term))  # type: ignore[arg-type]


def net(changes: Iterable[Change]) -> Change:
    """What several changes come to, in their order."""
    removed, added = set[Quad](), set[Quad]()
    for change in changes:
        for quad in change.removed:
            if quad in added:
                added.discard(quad)
            else:
                removed.add(quad)
        for quad in change.added:
            if quad in removed:
                removed.discard(quad)
            else:
                added.add(quad)
    return change_of(removed, added)


def address_for(resource: str) -> str:
    """The history of a resource on this host; nothing where no commit speaks of it."""
    if resource not in spoken_of():
        return ""
    return f"{request.root_path}/history?{urlencode({'resource': resource})}"


def spoken_of() -> Mapping[str, Sequence[int]]:
    """The resources that commits speak of, by IRI, with the numbers of those, the newest first."""
    return remembered(read_spoken_of, "history", "spoken of", last())


def read_spoken_of() -> Mapping[str, Sequence[int]]:
    """Reads that from the journal."""
    found: dict[str, list[int]] = {}
    for number in range(last(), 0, -1):
        change = commit_of(number).change
        terms = {term for quad in (*change.removed, *change.added) for term in (quad.subject, quad.object)}
        for term in terms:
            if isinstance(term, NamedNode):
                found.setdefault(term.value, []).append(number)
    return found


def page_number() -> int:
    """The page that is asked for. Raises InvalidParameter."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 7 and int(text)):
        raise InvalidParameter(gettext("page is a number from 1 on."))
    return int(text)


def bound(name: str) -> int:
    """A commit that a difference is asked between. Raises InvalidParameter or NotFound."""
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidParameter(gettext("Give from and to: numbers of commits, 0 for what was before the first."))
    if int(text) > last():
        raise NotFound(gettext("There is no commit of that number."))
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


def atom(found: Sequence[Commit]) -> bytes:
    """The commits as a feed (RFC 4287)."""
    root, base = request.url_root, service().store.base
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": current_language()})
    add(feed, "id", f"{base}history")
    add(feed, "title", gettext("Territoires: contributions"))
    add(feed, "updated", found[0].moment if found else "1970-01-01T00:00:00Z")
    add(add(feed, "author"), "name", publisher())
    add(feed, "link", rel="self", type=ATOM, href=f"{root}history?format=atom")
    add(feed, "link", rel="alternate", type="text/html", href=f"{root}history")
    for commit in found:
        entry = add(feed, "entry")
        add(entry, "id", f"{base}history/{commit.number}")
        add(entry, "title", commit.reason or gettext("Commit %(number)s", number=commit.number))
        add(entry, "updated", commit.moment)
        add(add(entry, "author"), "name", commit.agent)
        add(entry, "link", rel="alternate", type="text/html", href=f"{root}history/{commit.number}")
        change = commit.change
        summary = gettext("%(added)s statements came, %(removed)s went.", added=len(change.added), removed=len(change.removed))
        add(entry, "summary", summary)
    return bytes(ElementTree.tostring(feed, "utf-8", xml_declaration=True))
