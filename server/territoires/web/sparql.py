"""The SPARQL endpoint: SPARQL 1.1 Protocol (query), Service Description, result formats; for browsers the page of `editor`."""

import json
import time
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from flask_babel import gettext
from pyoxigraph import NamedNode, Triple
from werkzeug.exceptions import RequestURITooLarge, UnsupportedMediaType

from territoires.errors import InvalidParameter, Overloaded, QueryRefused, QueryStopped, QuerySyntaxError, QueryTimeout
from territoires.formats import GRAPH, HTML, write_triples
from territoires.results import Dataset
from territoires.store.reading import READABLE
from territoires.vocabulary import iri, prefixes_at
from territoires.web.answering import KINDS, LONGEST_ADDRESS, deadline, offered_formats, respond, run, tell_limits
from territoires.web.editor import SHOWN_ROWS, page
from territoires.web.errors import NotAcceptable
from territoires.web.headers import cached
from territoires.web.requests import asked_format, by_parameter, wanted_format
from territoires.web.service import service

blueprint = Blueprint("sparql", __name__)

FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
Parameters = list[tuple[str, str]]


@blueprint.get("/sparql")
def query_by_get() -> Response:
    """Query by GET (§2.1.1); without a query string, the service description or the page."""
    if len(request.query_string) > LONGEST_ADDRESS:
        raise RequestURITooLarge(gettext("Send the query by POST: an address holds at most %(bytes)s bytes.", bytes=LONGEST_ADDRESS))
    parameters = decoded(request.query_string)
    if not [name for name, _ in parameters if name not in ("lang", "format")]:
        return describe_service()
    return answer(parameters)


@blueprint.post("/sparql")
def query_by_post() -> Response:
    """Query by POST, URL-encoded (§2.1.2) or direct (§2.1.3)."""
    kind = request.mimetype
    if kind == FORM:
        return answer(decoded(request.get_data()) + decoded(request.query_string))
    if kind == DIRECT:
        text = utf8(request.get_data())
        return answer([*decoded(request.query_string), ("query", text)])
    raise UnsupportedMediaType(gettext("Send %(kinds)s.", kinds=f"{FORM} (query=…), {DIRECT}"))


def decoded(raw: bytes) -> Parameters:
    """URL-encoded parameters, each decoded once, strictly as UTF-8. Raises InvalidParameter."""
    try:
        return parse_qsl(raw.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=1000)
    except UnicodeDecodeError as error:
        raise InvalidParameter(gettext("The parameters are not UTF-8, percent-encoded.")) from error
    except ValueError as error:
        raise InvalidParameter(gettext("There are too many parameters.")) from error


def utf8(raw: bytes) -> str:
    """A body as UTF-8 text. Raises InvalidParameter."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidParameter(gettext("The query is not UTF-8.")) from error


def read_query(parameters: Parameters) -> tuple[str, Dataset]:
    """The one query and its dataset. Raises InvalidParameter (§2.1.4)."""
    queries = [value for name, value in parameters if name == "query"]
    if any(name in ("update", "using-graph-uri", "using-named-graph-uri") for name, _ in parameters):
        raise InvalidParameter(gettext("This address answers queries; it takes no update."))
    if len(queries) != 1:
        raise InvalidParameter(gettext("Give the parameter “query” exactly once (it came %(count)s times).", count=len(queries)))
    default = tuple(value for name, value in parameters if name == "default-graph-uri")
    named = tuple(value for name, value in parameters if name == "named-graph-uri")
    return queries[0], Dataset(default, named)


def answer(parameters: Parameters) -> Response:
    """Runs the query and writes the answer in the negotiated format; a browser gets a page."""
    offered = {kind: offered_formats(kind) for kind in KINDS}
    forms = {kind: form for kind in KINDS if (form := asked_format(offered[kind])) is not None}
    asks_page = "format" not in request.args and forms.get("solutions") is HTML and forms.get("graph") is HTML
    text = next((value for name, value in parameters if name == "query"), "")
    if ("explain", "true") in parameters:
        return explain(parameters)
    try:
        text, dataset = read_query(parameters)
        seconds = deadline(next((value for name, value in parameters if name == "timeout"), None))
        reply = run(text, {kind: form.media_type for kind, form in forms.items()}, dataset, seconds, SHOWN_ROWS)
    except (QuerySyntaxError, QueryRefused, InvalidParameter, QueryTimeout, QueryStopped, Overloaded) as error:
        if not asks_page:
            raise
        return page(text, error=error)
    if reply.kind not in forms:
        raise NotAcceptable(by_parameter(offered[reply.kind]))
    if forms[reply.kind] is HTML:
        response = page(text, reply)
        tell_limits(response, reply, seconds)
        return response
    return respond(reply, forms[reply.kind], text, seconds)


def explain(parameters: Parameters) -> Response:
    """How the query was run: as JSON, the text after rewriting, the rules applied, the time and the size of the answer."""
    text, dataset = read_query(parameters)
    seconds = deadline(next((value for name, value in parameters if name == "timeout"), None))
    began = time.perf_counter()
    reply = run(text, READABLE, dataset, seconds)
    size = sum(map(len, reply.chunks))
    told = {
        "revision": service().store.revision,
        "query": text,
        "rewritten": reply.text or text,
        "rules": list(reply.rules),
        "kind": reply.kind,
        "bytes": size,
        "seconds": {"work": round(reply.work, 6), "total": round(time.perf_counter() - began, 6), "deadline": seconds},
    }
    response = Response(json.dumps(told, ensure_ascii=False, indent=2) + "\n", content_type="application/json")
    tell_limits(response, reply, seconds)
    response.headers["Cache-Control"] = "no-store"
    return response


def describe_service() -> Response:
    """The service description (SPARQL 1.1 Service Description §2), or the page for a browser."""
    offered = (*GRAPH[:4], HTML)
    form = wanted_format(offered, by_parameter(offered))
    if form is HTML:
        return page("", None)
    body = write_triples(service_triples(), form, prefixes_at(service().store.base))
    return cached(Response(body, content_type=form.content_type), form.name)


def service_triples() -> list[Triple]:
    """What this endpoint is and can do, and no more than that: only a release merges its graphs in the default graph."""
    endpoint, ours = NamedNode(request.base_url), NamedNode(service().store.base + "id/jeu/territoires")
    release = bool(service().store.query(f"ASK {{ {ours} a <{iri('void:Dataset')}> }}"))
    dataset = ours if release else NamedNode(f"{request.base_url}#dataset")
    formats = "http://www.w3.org/ns/formats/"
    names = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
    graphs = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads")
    pairs: list[tuple[str, NamedNode]] = [
        ("rdf:type", NamedNode(iri("sd:Service"))),
        ("sd:endpoint", endpoint),
        ("sd:supportedLanguage", NamedNode(iri("sd:SPARQL11Query"))),
        *((("sd:feature", NamedNode(iri("sd:UnionDefaultGraph"))),) if release else ()),
        ("sd:defaultDataset", dataset),
        *(("sd:resultFormat", NamedNode(formats + name)) for name in (*names, *graphs)),
    ]
    described = [Triple(endpoint, NamedNode(iri(name)), value) for name, value in pairs]
    if service().contributions:
        described += update_triples(dataset)
    return [*described, Triple(dataset, NamedNode(iri("rdf:type")), NamedNode(iri("sd:Dataset")))]


def update_triples(dataset: NamedNode) -> list[Triple]:
    """What takes updates of the same dataset, at an address of its own."""
    formats = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD")
    endpoint = NamedNode(f"{request.base_url.removesuffix('sparql')}update")
    pairs: list[tuple[str, NamedNode]] = [
        ("rdf:type", NamedNode(iri("sd:Service"))),
        ("sd:endpoint", endpoint),
        ("sd:supportedLanguage", NamedNode(iri("sd:SPARQL11Update"))),
        ("sd:defaultDataset", dataset),
        *(("sd:inputFormat", NamedNode(f"http://www.w3.org/ns/formats/{name}")) for name in formats),
    ]
    return [Triple(endpoint, NamedNode(iri(name)), value) for name, value in pairs]
