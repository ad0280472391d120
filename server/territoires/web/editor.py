"""The page of the endpoint: the query in an editable field, its answer as table, map and chart, and what the editor completes with."""

import json
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions

from territoires.errors import Overloaded, QueryStopped, QueryTimeout, TerritoiresError
from territoires.formats import HTML
from territoires.knowledge.queries import without_header
from territoires.results import Reply, Term, rows
from territoires.store.reading import read_answer
from territoires.vocabulary import iri, prefixes_at, shorten
from territoires.web.answering import offered_formats
from territoires.web.charts import NUMBERS, bars
from territoires.web.errors import status_of, told
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.maps import locate
from territoires.web.memory import remembered
from territoires.web.naming import Value, namer
from territoires.web.service import service
from territoires.web.snippets import snippets
from territoires.web.whereabouts import outlined

blueprint = Blueprint("editor", __name__)

SHOWN_ROWS = 500
WKT = iri("geo:wktLiteral")
Cells = list[Term | None]


@dataclass(frozen=True)
class Cell:
    """A term as a table shows it; `number` is how a number is written whatever the reader's language, else nothing."""

    value: Value
    number: str = ""


@dataclass(frozen=True)
class Table:
    """An answer as it is shown: named columns, rows of cells, and a chart where it names things and counts them."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    chart: str | None = None
    resources: tuple[str, ...] = ()
    """The IRIs in it, in the order of the rows."""
    shapes: tuple[str, ...] = ()
    """The geometries in it, in WKT."""


def page(text: str, reply: Reply | None = None, error: TerritoiresError | None = None) -> Response:
    """The page; `text` is the query that was sent, if any."""
    found = read_answer(reply) if reply else None
    table = tabulate(found)
    body = render_template(
        "sparql/sparql.html",
        query=text or example(),
        asked=bool(text),
        error=error,
        said=told(error) if error else "",
        ended=isinstance(error, QueryTimeout | QueryStopped),
        boolean=bool(found) if isinstance(found, QueryBoolean) else None,
        table=table,
        map=locate((*table.resources, *outlined(table.shapes)), gettext("The places of the answer")),
        more=reply is not None and reply.more,
        work=reply.work if reply else 0.0,
        seconds=service().settings.query_seconds,
        shown_rows=SHOWN_ROWS,
        downloads=[f for f in offered_formats(reply.kind) if f is not HTML] if reply else [],
        snippets=snippets(request.base_url, text, reply.kind) if reply else (),
    )
    response = Response(body, status_of(error) if error else 200, content_type=HTML.content_type)
    if isinstance(error, Overloaded):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def tabulate(answer: object) -> Table:
    """A table of solutions, or of triples; an empty one for anything else."""
    if isinstance(answer, QuerySolutions):
        columns = [variable.value for variable in answer.variables]
        found = list(rows(answer))
        chart = [[row.get(name) for name in columns] for row in found]
        cells = shown(chart)
        drawn = bars(columns, found, [[cell.value if cell else None for cell in row] for row in cells])
        return Table(tuple(columns), cells, drawn, resources(chart), shapes(chart))
    if isinstance(answer, list):
        terms: list[Cells] = [[t.subject, t.predicate, t.object] for t in answer]
        return Table((gettext("Subject"), gettext("Property"), gettext("Value")), shown(terms), None, resources(terms), shapes(terms))
    return Table()


def shown(terms: list[Cells]) -> tuple[tuple[Cell | None, ...], ...]:
    """Terms as they are shown: resources by their names, linked on this host."""
    names = namer(resources(terms))
    return tuple(
        tuple(
            None if term is None else Cell(Value("[ ]") if isinstance(term, BlankNode) else names.value(term), number(term)) for term in row
        )
        for row in terms
    )


def resources(terms: list[Cells]) -> tuple[str, ...]:
    """The IRIs among terms, each once."""
    return tuple(dict.fromkeys(term.value for row in terms for term in row if isinstance(term, NamedNode)))


def shapes(terms: list[Cells]) -> tuple[str, ...]:
    """The geometries among terms, each once."""
    return tuple(dict.fromkeys(term.value for row in terms for term in row if isinstance(term, Literal) and term.datatype.value == WKT))


def number(term: Term) -> str:
    """A number as it is written in the graph; nothing for any other term."""
    return term.value if isinstance(term, Literal) and term.datatype.value in NUMBERS else ""


def example() -> str:
    """The query that a newcomer finds in the field."""
    return service().views.text("example", service().store.base)


@blueprint.get("/sparql/editor.json")
def show_vocabulary() -> Response:
    """What the editor completes with: prefixes, classes and properties with names and numbers, and the questions of the gallery."""
    store = service().store
    language = current_language()
    body = remembered(lambda: vocabulary(store.base, language), "vocabulary", language)
    return cached(Response(body, content_type="application/json"), "json")


def vocabulary(base: str, language: str) -> str:
    """That as JSON."""
    found = list(rows(service().store.query(service().views.text("vocabulary", base))))
    terms = {kind: counted(found, kind) for kind in ("class", "property")}
    names = namer(iri for counts in terms.values() for iri in counts)

    def listed(kind: str) -> list[dict[str, object]]:
        known = [(shorten(iri, base), iri, count) for iri, count in terms[kind].items()]
        return [{"name": short, "label": names.named(iri).text, "count": count} for short, iri, count in known if short != iri]

    told = {
        "prefixes": prefixes_at(base),
        "classes": listed("class"),
        "properties": listed("property"),
        "examples": [{"theme": theme, "questions": questions} for theme, questions in examples(base, language).items()],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def counted(found: list[dict[str, Term]], kind: str) -> dict[str, int]:
    """IRI -> number of instances or of statements, from the VoID statistics."""
    return {row[kind].value: int(row["count"].value) for row in found if isinstance(row.get(kind), NamedNode)}  # type: ignore[union-attr]


def examples(base: str, language: str) -> dict[str, list[dict[str, str]]]:
    """The questions of the gallery by theme: title, name and text."""
    library = service().questions
    themes: dict[str, list[dict[str, str]]] = {}
    for name in library.names():
        query = library.find(name)
        title = query.title(language)
        told = {"name": name, "title": title, "text": f"# {title}\n{without_header(library.text(name, base))}"}
        themes.setdefault(gettext(query.about.get("theme", "")), []).append(told)
    return {theme: sorted(themes[theme], key=lambda question: question["title"].casefold()) for theme in sorted(themes)}
