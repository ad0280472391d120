"""What a commit changed, and what differs between two revisions: /history/{number}, /history/diff, as pages, JSON and RDF Patch.

RDF Patch: https://afs.github.io/rdf-patch/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import NamedNode, Quad
from werkzeug.exceptions import NotFound

from territoires.errors import InvalidParameter, TooMuch
from territoires.formats import HTML, Format
from territoires.formats.table import PATCH
from territoires.knowledge.changes import PATCH as PATCH_FILE
from territoires.knowledge.composing import between, net, written
from territoires.knowledge.holdings import of_persons
from territoires.web.answering import charging
from territoires.web.errors import told as reason
from territoires.web.exports import JSON
from territoires.web.headers import cached
from territoires.web.history import commit_of, told, unreadable
from territoires.web.naming import Namer, Value, namer
from territoires.web.past import found, last
from territoires.web.releases import versions
from territoires.web.releases import written as json_of
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service
from territoires.writing.commits import Change, graph_of, parts_of
from territoires.writing.past import State

SHOWN = (HTML, JSON, PATCH)
MOST_SHOWN = 500
"""Statements that a page shows; the patch holds all."""
blueprint = Blueprint("differences", __name__)
blueprint.register_error_handler(OSError, unreadable)


@dataclass(frozen=True)
class Side:
    """A statement that came or went, as it is shown."""

    sign: str
    subject: Value
    predicate: Value
    object: Value
    graph: str


@blueprint.get("/history/<int:number>")
def show_commit(number: int) -> Response:
    """A commit: who, when, why, and what it changed."""
    form = wanted_format(SHOWN, by_parameter(SHOWN))
    commit = commit_of(number)
    head = told(commit)
    return differing(form, commit.change, f"commit-{number}", commit.checksum, head, commit=commit, canonical=f"/history/{number}")


@blueprint.get("/history/diff")
def show_difference() -> Response:
    """What differs between two revisions, `from` and `to`: names, or numbers of commits (0: before the first).

    Between two numbers it is what the commits did, whatever releases brought meanwhile.
    """
    form = wanted_format(SHOWN, by_parameter(SHOWN))
    start, end = bound("from"), bound("to")
    resource = request.args.get("resource", "")
    try:
        with charging():
            change, marks, across = difference(start, end, resource)
    except TooMuch as error:
        raise TooMuch("%(why)s What releases changed: %(place)s", why=reason(error), place=place(end)) from error
    head: dict[str, object] = {"from": start, "to": end, **({"resource": resource} if resource else {})}
    subject = namer([resource]).named(resource) if resource else None
    shown = {"start": start, "end": end, "subject": subject, "across": across, "query": urlencode(head)}
    return differing(form, change, f"diff-{start}-{end}", f"{marks}-{resource}", head, canonical="/history/diff", **shown)


def bound(name: str) -> int | str:
    """What a difference is asked between: a commit, or a revision by its name. Raises InvalidParameter or NotFound."""
    text = request.args.get(name, "")
    if not text:
        raise InvalidParameter(gettext("Give from and to: names of revisions, or numbers of commits, 0 for what was before the first."))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return text
    if int(text) > last():
        raise NotFound(gettext("There is no commit of that number."))
    return int(text)


def difference(start: int | str, end: int | str, resource: str) -> tuple[Change, str, bool]:
    """What differs, what it is told from others by, and whether releases lie between. Raises UnknownRevision, RevisionGone or TooMuch."""
    held = service().journal
    if isinstance(start, int) and isinstance(end, int):
        low, high = sorted((start, end))
        change = net(written(held, low, high), resource)
        marks = f"{commit_of(low + 1).checksum}-{commit_of(high).checksum}" if high > low else ""
        return (change if start <= end else change.inverse()), marks, False
    one, other = state(start), state(end)
    marks = "-".join(commit_of(each.number).checksum for each in (one, other) if each.number)
    across = one.release.revision != other.release.revision
    return between(one, other, service().settings.releases, held, resource), marks, across


def state(asked: int | str) -> State:
    """A revision, by its name or by the number of its commit. Raises InvalidParameter, UnknownRevision or RevisionGone."""
    return found(str(asked))


def place(end: int | str) -> str:
    """Where the patches of releases are."""
    root, name = request.url_root, parts_of(str(end))[0]
    patch = next((each.patch for each in versions() if each.revision == name), None)
    return f"{root}dumps/{name}/{PATCH_FILE}" if patch else f"{root}versions"


def differing(form: Format, whole: Change, name: str, mark: str, head: dict[str, object], **shown: object) -> Response:
    """A change as RDF Patch, JSON or a page; what it says in graphs about persons is left out, and counted."""
    change, left = impersonal(whole)
    if form is PATCH:
        response = Response(change.patch(), content_type=PATCH.content_type)
        response.headers["Content-Disposition"] = f"attachment; filename={name}.rdfp"
    elif form is JSON:
        sides = {side: [f"{quad} ." for quad in getattr(change, side)] for side in ("removed", "added")}
        response = Response(json_of({**head, "left_out": left, "statements": sides}), content_type=JSON.content_type)
    else:
        quads = [("D", quad) for quad in change.removed] + [("A", quad) for quad in change.added]
        lines = sides_of(quads[:MOST_SHOWN])
        shown |= {"change": change, "left": left, "lines": lines, "rest": len(quads) - len(lines)}
        response = Response(render_template("writing/difference.html", **shown), content_type=HTML.content_type)
    if left:
        response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, form.name, mark, name)


def impersonal(change: Change) -> tuple[Change, int]:
    """A change without what it says in graphs about persons, and how many statements that is: what was taken out stays out."""
    base = service().store.base
    personal = {graph for graph in change.graphs if of_persons(graph, base)}
    removed, added = (tuple(q for q in side if graph_of(q) not in personal) for side in (change.removed, change.added))
    return Change(removed, added), len(change.removed) + len(change.added) - len(removed) - len(added)


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
