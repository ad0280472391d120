"""The SPARQL endpoint: SPARQL 1.1 Protocol (query), Service Description, result formats; a page for browsers."""

from collections.abc import Sequence
from itertools import islice
from urllib.parse import parse_qsl

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple
from werkzeug.exceptions import RequestURITooLarge, UnsupportedMediaType

from territoires.errors import InvalidParameter, QueryFailed, QueryRefused, QuerySyntaxError, TerritoiresError
from territoires.formats import GRAPH, HTML, SOLUTIONS, Format, write_answer, write_triples
from territoires.knowledge.querying import run_query
from territoires.results import Answer, Dataset, Term, rows
from territoires.vocabulary import iri, prefixes_at
from territoires.web.headers import cached
from territoires.web.naming import Value, namer
from territoires.web.negotiation import choose_format
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service

blueprint = Blueprint("sparql", __name__)

LONGEST_ADDRESS = 16_384  # bytes of query string; a longer query goes by POST
SHOWN_ROWS = 500
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
    asks_page = choose_format(request.headers.get("Accept"), (*SOLUTIONS, *GRAPH, HTML)) is HTML and "format" not in request.args
    text = next((value for name, value in parameters if name == "query"), "")
    try:
        text, dataset = read_query(parameters)
        found = run_query(service().store, text, dataset)
        offered = offered_formats(found)
        form = wanted_format(offered, by_parameter(offered))
        if form is HTML:
            return page(text, found)
        body = write_answer(found, form, prefixes_at(service().store.base))
    except (QuerySyntaxError, QueryRefused, InvalidParameter) as error:
        if asks_page:
            return page(text, None, error)
        raise
    except RuntimeError as error:
        raise QueryFailed(str(error)) from error
    response = Response(body, content_type=form.content_type)
    return cached(response, form.name, text) if request.method in ("GET", "HEAD") else response


def offered_formats(found: Answer) -> Sequence[Format]:
    """The formats of that kind of answer, the default first."""
    if isinstance(found, QueryTriples):
        return (*GRAPH, HTML)
    if isinstance(found, QueryBoolean):
        return (*(f for f in SOLUTIONS if f.boolean), HTML)
    return (*SOLUTIONS, HTML)


def page(text: str, found: Answer | None, error: TerritoiresError | None = None) -> Response:
    """The page of the endpoint: the query in an editable field, and its answer as a table."""
    columns: list[str] = []
    table: list[list[Value | None]] = []
    more = False
    if isinstance(found, QuerySolutions):
        columns = [variable.value for variable in found.variables]
        first = list(islice(rows(found), SHOWN_ROWS + 1))
        more, first = len(first) > SHOWN_ROWS, first[:SHOWN_ROWS]
        table = shown([[row.get(name) for name in columns] for row in first])
    elif isinstance(found, QueryTriples):
        columns = [gettext("Subject"), gettext("Property"), gettext("Value")]
        triples = list(islice(found, SHOWN_ROWS + 1))
        more, triples = len(triples) > SHOWN_ROWS, triples[:SHOWN_ROWS]
        table = shown([[t.subject, t.predicate, t.object] for t in triples])
    body = render_template(
        "sparql/sparql.html",
        query=text or example(),
        error=error,
        boolean=bool(found) if isinstance(found, QueryBoolean) else None,
        columns=columns,
        table=table,
        more=more,
        shown_rows=SHOWN_ROWS,
        downloads=[f for f in offered_formats(found) if f is not HTML] if found is not None else [],
    )
    return Response(body, 400 if error else 200, content_type=HTML.content_type)


def shown(cells: list[list[Term | None]]) -> list[list[Value | None]]:
    """Terms as they are shown: resources by their names, linked on this host."""
    names = namer({term.value for row in cells for term in row if isinstance(term, NamedNode)})
    return [[None if term is None else names.value(term) for term in row] for row in cells]


def example() -> str:
    """The query that a newcomer finds in the field."""
    return service().views.text("example", service().store.base)


def describe_service() -> Response:
    """The service description (SPARQL 1.1 Service Description §2), or the page for a browser."""
    offered = (*GRAPH[:4], HTML)
    form = wanted_format(offered, by_parameter(offered))
    if form is HTML:
        return page("", None)
    body = write_triples(service_triples(), form, prefixes_at(service().store.base))
    return cached(Response(body, content_type=form.content_type), form.name)


def service_triples() -> list[Triple]:
    """What this endpoint is and can do, and no more than that."""
    base = service().store.base
    endpoint, dataset = NamedNode(request.base_url), NamedNode(base + "id/jeu/territoires")
    formats = "http://www.w3.org/ns/formats/"
    names = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
    graphs = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads")
    pairs: list[tuple[str, NamedNode]] = [
        ("rdf:type", NamedNode(iri("sd:Service"))),
        ("sd:endpoint", endpoint),
        ("sd:supportedLanguage", NamedNode(iri("sd:SPARQL11Query"))),
        ("sd:feature", NamedNode(iri("sd:UnionDefaultGraph"))),
        ("sd:defaultDataset", dataset),
        *(("sd:resultFormat", NamedNode(formats + name)) for name in (*names, *graphs)),
    ]
    described = [Triple(endpoint, NamedNode(iri(name)), value) for name, value in pairs]
    return [*described, Triple(dataset, NamedNode(iri("rdf:type")), NamedNode(iri("sd:Dataset")))]
