"""The SPARQL 1.1 Graph Store HTTP Protocol: graphs read by everybody, written by those who have a key.

A graph is named by `?graph=` (an absolute IRI) or `?default` (§4.2), or by the address itself below /graph-store/ (§4.1), which stands
below the base of the release.
"""

import uuid
from collections.abc import Generator
from itertools import chain, islice
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask_babel import gettext
from pyoxigraph import NamedNode
from werkzeug.exceptions import UnsupportedMediaType

from territoires.errors import InvalidParameter, NotInGraphStore, WriteRefused
from territoires.results import WHOLE, Dataset, Reply
from territoires.store.releases import kept_release
from territoires.web.answering import deadline, run, tell_limits
from territoires.web.contributions import answered, authorised, contributions, stated_reason, stated_tags, submit
from territoires.web.headers import ascii_path, validated, validator
from territoires.web.memory import remembered
from territoires.web.negotiation import choose_coding
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service
from territoires.web.sparql import decoded, utf8
from territoires.web.update import DIRECT, check_charset
from territoires.web.uploads import TAKEN, uploaded
from territoires.writing.etags import etag_of
from territoires.writing.keys import Key
from territoires.writing.submissions import Kind, Submission
from territoires.writing.writable import CONTRIBUTIONS, covers

PATH = "/graph-store"
DEFAULT = ""
MOST_TAGGED = 200_000
"""Triples of a graph whose content makes its entity tag; that of a larger one that nobody may write to is made of the revision."""
blueprint = Blueprint("graph_store", __name__)


@blueprint.get(PATH)
def read_graph() -> Response:
    """GET and HEAD (§5.2, §5.6)."""
    return content(named_graph())


@blueprint.route(PATH, methods=("PUT", "POST", "DELETE", "PATCH"))
def write_graph() -> Response:
    """PUT, DELETE, POST and PATCH (§5.3–§5.5, §5.7)."""
    contributions()
    key = authorised()
    if request.method == "POST" and not {"graph", "default"} & names():
        return write(key, fresh_graph(key), new=True)
    return write(key, named_graph())


@blueprint.get(f"{PATH}/<path:name>")
def read_graph_here(name: str) -> Response:
    """As `read_graph`, of the graph of this address."""
    return content(graph_here(name))


@blueprint.route(f"{PATH}/<path:name>", methods=("PUT", "POST", "DELETE", "PATCH"))
def write_graph_here(name: str) -> Response:
    """As `write_graph`, of the graph of this address."""
    contributions()
    return write(authorised(), graph_here(name))


def names() -> set[str]:
    """The names of the parameters."""
    return {name for name, _ in decoded(request.query_string)}


def named_graph() -> str:
    """The graph of the request, by IRI; "" is the default graph. Raises InvalidParameter (§4.2)."""
    told = [(name, value) for name, value in decoded(request.query_string) if name in ("graph", "default")]
    if len(told) != 1:
        raise InvalidParameter(gettext("Say which graph once: ?graph=IRI, or ?default."))
    ((name, value),) = told
    return DEFAULT if name == "default" else checked(value)


def graph_here(name: str) -> str:
    """The graph of an address below this one: that address, below the base."""
    if {"graph", "default"} & names():
        raise InvalidParameter(gettext("Say which graph once: by the address, ?graph=IRI, or ?default."))
    return checked(f"{service().store.base}{ascii_path(PATH)[1:]}/{ascii_path(name)}")


def checked(iri: str) -> str:
    """An absolute IRI. Raises InvalidParameter."""
    try:
        return NamedNode(iri).value
    except ValueError as error:
        raise InvalidParameter(gettext("graph is an absolute IRI, percent-encoded: %(why)s.", why=str(error).rstrip("."))) from error


def content(graph: str) -> Response:
    """The triples of a graph, from the revision that is served. Raises NotInGraphStore or NotAcceptable."""
    form = wanted_format(TAKEN, by_parameter(TAKEN))
    seconds = deadline(request.args.get("timeout"))
    tag = content_tag(graph, seconds)
    coding = choose_coding(request.headers.get("Accept-Encoding"))
    told = f"{tag}.{form.name}" + (f"-{coding}" if coding else "")
    if request.if_none_match.contains(told):
        return tagged(Response(content_type=form.content_type), told)
    reply = run(text(), {"graph": form.media_type}, dataset_of(graph), seconds)
    response = Response(reply.whole if reply.whole is not None else reply.chunks, content_type=form.content_type)
    response.implicit_sequence_conversion = reply.whole is not None
    tell_limits(response, reply, seconds)
    return tagged(response, told)


def tagged(response: Response, tag: str) -> Response:
    """The answer with its tag; whoever keeps it asks each time whether it still holds, since it is read to be written."""
    found = validated(response, tag)
    found.headers["Cache-Control"] = "public, no-cache"
    return found


def text() -> str:
    """The query for a graph."""
    return service().views.text("content", service().store.base)


def dataset_of(graph: str) -> Dataset:
    """What that query is asked of."""
    return Dataset(default=(graph,)) if graph else WHOLE


def content_tag(graph: str, seconds: float) -> str:
    """The entity tag of a graph's content. Raises NotInGraphStore."""
    return remembered(lambda: made_tag(graph, seconds), "tag of a graph", graph)


def made_tag(graph: str, seconds: float) -> str:
    """The tag: made of the triples, or of the revision where there are very many and nobody may write to them. Raises NotInGraphStore."""
    lines = lines_of(run(text(), {"graph": "application/n-triples"}, dataset_of(graph), seconds))
    first = list(islice(lines, MOST_TAGGED + 1))
    if not first and graph != DEFAULT:
        raise NotInGraphStore("There is no graph %(graph)s.", graph=graph)
    if len(first) > MOST_TAGGED and not may_change(graph):
        lines.close()
        return validator(service().store.revision, None, graph)
    return etag_of(chain(first, lines))


def lines_of(reply: Reply) -> Generator[str]:
    """The triples of a reply in N-Triples, each without its full stop."""
    rest = b""
    try:
        for chunk in reply.chunks if reply.whole is None else (reply.whole,):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode().removesuffix(" .") for line in lines)
    finally:
        if reply.whole is None:
            reply.chunks.close()  # type: ignore[attr-defined]


def may_change(graph: str) -> bool:
    """Whether somebody may have a key to write to the graph."""
    shared = service()
    release = kept_release(shared.settings.releases, shared.store.revision)
    merged = release is None or release.merged
    return shared.contributions is not None and (not merged or graph.startswith(shared.store.base + CONTRIBUTIONS))


def fresh_graph(key: Key) -> str:
    """A name for a new graph, where the key may write: below the first part of the contributions that is the key's (§5.5)."""
    place = service().store.base + CONTRIBUTIONS
    starts = (pattern[:-1] for pattern in key.graphs if pattern.endswith("*") and pattern.startswith(place))
    return f"{next(starts, place)}{uuid.uuid4()}"


def write(key: Key, graph: str, new: bool = False) -> Response:
    """Does what the method says with a graph. Raises why it isn't done."""
    base, reason, seconds = service().store.base, stated_reason(), deadline(request.args.get("timeout"))
    if request.method == "PATCH":
        return patched(key, graph, Submission("update", key.name, reason, text=patch(), base=base, seconds=seconds))
    kinds: dict[str, Kind] = {"PUT": "put", "POST": "post", "DELETE": "delete"}
    sent = "" if request.method == "DELETE" else uploaded(graph or base)
    accepted = submit(
        key,
        Submission(
            kinds[request.method],
            key.name,
            reason,
            key.graphs,
            content=sent,
            graph=graph,
            if_match=stated_tags("If-Match"),
            if_none_match=stated_tags("If-None-Match"),
            base=base,
            seconds=seconds,
        ),
    )
    response = answered(accepted, graph, accepted.created or (new and bool(sent)))
    if response.status_code == 201:
        response.headers["Location"] = graph
        response.headers["Content-Location"] = f"{request.root_path}{PATH}?{urlencode({'graph': graph})}"
    return response


def patch() -> str:
    """The update that a PATCH sends. Raises UnsupportedMediaType or InvalidParameter."""
    if request.mimetype != DIRECT:
        raise UnsupportedMediaType(gettext("Send %(kinds)s.", kinds=DIRECT))
    check_charset()
    return utf8(request.get_data())


def patched(key: Key, graph: str, submission: Submission) -> Response:
    """Runs an update of one graph, which it takes for the default graph; others aren't written to (§5.7)."""
    if not any(covers(pattern, graph) for pattern in key.graphs):
        raise WriteRefused(gettext("This key may not write to the graph %(graph)s.", graph=graph))
    tags = {"if_match": stated_tags("If-Match"), "if_none_match": stated_tags("If-None-Match")}
    return answered(submit(key, Submission(**{**vars(submission), **tags, "graphs": (graph,), "graph": graph})), graph)
