"""The gallery: /queries lists the competency questions, /queries/{name} asks one, with its parameters as a form."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions

from territoires.errors import InvalidParameter
from territoires.formats import GRAPH, HTML, SOLUTIONS, Format, result_set, write_triples
from territoires.formats.resultset import RS
from territoires.knowledge.queries import StoredQuery, without_header
from territoires.results import Answer, Kind, Row, Term, rows
from territoires.store.reading import READABLE, read_answer
from territoires.vocabulary import prefixes_at
from territoires.web.addresses import split_extension
from territoires.web.answering import respond, run
from territoires.web.charts import bars
from territoires.web.errors import NotAcceptable
from territoires.web.exports import CSV, write_csv
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.naming import Value, namer
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("gallery", __name__)
AS_RDF = GRAPH[:4]
OFFERED = (HTML, *SOLUTIONS, *AS_RDF)


@dataclass(frozen=True)
class Parameter:
    """A parameter as the form shows it: the chosen value, and the resources to choose from (none: free text)."""

    name: str
    chosen: str
    choices: tuple[Value, ...]


@blueprint.get("/queries")
def show_gallery() -> Response:
    """The questions by theme."""
    library, language = service().questions, current_language()
    themes: dict[str, list[tuple[str, StoredQuery]]] = {}
    for name in library.names():
        query = library.find(name)
        themes.setdefault(query.about.get("theme", ""), []).append((query.title(language), query))
    ordered = {gettext(theme): sorted(found, key=lambda pair: pair[0].casefold()) for theme, found in sorted(themes.items())}
    body = render_template("gallery/gallery.html", themes=ordered, count=len(library.names()))
    return cached(Response(body, content_type=HTML.content_type))


@blueprint.get("/queries/<name>")
def show_question(name: str) -> Response:
    """One question and its answer, in the negotiated format."""
    bare, suffix = split_extension(name, OFFERED)
    query, store = service().questions.find(bare), service().store
    chosen = {each: terms(query, each) for each in query.parameters}
    text = service().questions.text(bare, store.base, **chosen)
    path = f"{request.root_path}/queries/{bare}"
    arguments = urlencode([(each, value) for each in query.parameters for value in request.args.getlist(each)])
    form = wanted_format(OFFERED, {f.media_type: f"{path}.{f.name}" for f in OFFERED}, suffix)
    named = wants_names() and form is CSV
    readable = form is HTML or form.rdf is not None or named
    written: dict[Kind, str] = {"solutions": form.media_type, **({"boolean": form.media_type} if form.boolean else {})}
    reply = run(text, READABLE if readable else written)
    if reply.media_type is None:
        raise NotAcceptable({f.media_type: f"{path}.{f.name}" for f in downloads(boolean=True)})
    if not readable:
        return respond(reply, form, text, service().settings.query_seconds)
    answer = read_answer(reply)
    if form is HTML:
        body: str | bytes = page(query, text, answer, chosen, path, arguments)
    elif named:
        body = table_with_names(answer)
    else:
        body = write_triples(result_set(answer), form, {"rs": RS, **prefixes_at(store.base)})
    return cached(Response(body, content_type=form.content_type), form.name)


def wants_names() -> bool:
    """Whether ?names=1 asks for names beside the IRIs, which CSV has. Raises InvalidParameter."""
    asked = request.args.get("names")
    if asked not in (None, "1"):
        raise InvalidParameter(gettext("names is 1, or is left out."))
    return asked is not None


def terms(query: StoredQuery, name: str) -> list[Term]:
    """The terms of a parameter: those of the request, read like the example, else the example. Raises InvalidParameter."""
    store = service().store
    examples = [row[name] for row in rows(store.query(service().questions.example(query.name, name, store.base)))]
    given = [value for value in request.args.getlist(name) if value]
    try:
        return [like(examples[0], value) for value in given] or examples
    except ValueError as error:
        raise InvalidParameter(gettext("The parameter “%(name)s” is not an address: %(why)s", name=name, why=error)) from error


def like(example: Term, value: str) -> Term:
    """`value` as a term of the same kind as the example: an IRI (own ones also by path), or a literal of its type."""
    if isinstance(example, NamedNode):
        return NamedNode(value if ":" in value else service().store.base + value.lstrip("/"))
    assert isinstance(example, Literal)
    return Literal(value, language=example.language) if example.language else Literal(value, datatype=example.datatype)


def parameter(name: str, chosen: list[Term]) -> Parameter:
    """A parameter with what could be chosen instead."""
    store, term = service().store, chosen[0]
    if not isinstance(term, NamedNode):
        return Parameter(name, getattr(term, "value", ""), ())
    found = rows(store.query(service().views.text("siblings", store.base, example=[term])))
    iris = {row["candidate"].value for row in found if isinstance(row["candidate"], NamedNode)} | {term.value}
    names = namer(iris)
    return Parameter(name, term.value, tuple(sorted((names.named(iri) for iri in iris), key=lambda value: value.text.casefold())))


def page(query: StoredQuery, text: str, answer: Answer, chosen: dict[str, list[Term]], path: str, arguments: str) -> str:
    """The page of a question."""
    language = current_language()
    columns = [variable.value for variable in answer.variables] if isinstance(answer, QuerySolutions) else []
    found: list[Row] = list(rows(answer)) if columns else []
    names = namer({term.value for row in found for term in row.values() if isinstance(term, NamedNode)})
    table = [[names.value(row[column]) if column in row else None for column in columns] for row in found]
    return render_template(
        "gallery/question.html",
        title=query.title(language),
        description=query.about.get(f"description@{language}") or query.about.get("description@fr", ""),
        text=without_header(text),
        boolean=bool(answer) if isinstance(answer, QueryBoolean) else None,
        columns=columns,
        table=table,
        chart=bars(columns, found, table),
        parameters=[parameter(name, terms) for name, terms in chosen.items()],
        downloads=downloads(isinstance(answer, QueryBoolean)),
        path=path,
        arguments=arguments,
    )


def table_with_names(answer: Answer) -> bytes:
    """The answer as CSV to be read: what things are called, in the reader's language, and their IRIs in columns of their own."""
    if not isinstance(answer, QuerySolutions):
        raise InvalidParameter(gettext("Only a table can have names."))
    columns, found = [variable.value for variable in answer.variables], list(rows(answer))
    linked = [column for column in columns if any(isinstance(row.get(column), NamedNode) for row in found)]
    names = namer({term.value for row in found for term in row.values() if isinstance(term, NamedNode)})
    records = [
        [names.value(row[column]).text if column in row else "" for column in columns]
        + [term.value if isinstance(term := row.get(column), NamedNode) else "" for column in linked]
        for row in found
    ]
    return write_csv([*columns, *(f"{column}_iri" for column in linked)], records)


def downloads(boolean: bool) -> tuple[Format, ...]:
    """The formats that an answer of this kind can be had in."""
    return (*(form for form in SOLUTIONS if form.boolean or not boolean), *AS_RDF)
