"""What the shapes say of a write, for its reader: 422 with the SHACL report in the format that is asked for, warnings with a success."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from territoires.errors import ShapesViolated
from territoires.formats import GRAPH, HTML, Format, write_triples
from territoires.results import Term
from territoires.vocabulary import iri, prefixes_at, shorten
from territoires.web.errors import PROBLEM, TEXT, TITLES, problem
from territoires.web.language import best_literal, current_language
from territoires.web.naming import Namer, Value, namer
from territoires.web.negotiation import choose_format
from territoires.web.service import service

STATUS = 422
REPORTS = (PROBLEM, HTML, TEXT, *GRAPH[:4])
_SEVERITIES = {"Violation": "violation", "Warning": "warning", "Info": "info"}
_PATHS = (iri("rdf:"), iri("sh:"))
Node = NamedNode | BlankNode
Told = Mapping[Node, Mapping[str, list[Term]]]
"""Subject -> predicate -> objects."""


@dataclass(frozen=True)
class Breach:
    """One result of a report, in the reader's words: which thing, which property and value, which rule, and what to do."""

    severity: str
    thing: Value
    properties: tuple[Value, ...]
    value: Value | None
    rule: Value
    message: str

    def told(self) -> dict[str, object]:
        """For a program that shows it to somebody."""
        return {
            "severity": self.severity,
            "thing": self.thing.iri or self.thing.text,
            "name": self.thing.text,
            "property": [each.iri for each in self.properties],
            "value": (self.value.iri or self.value.text) if self.value else None,
            "rule": self.rule.iri,
            "message": self.message,
        }

    def line(self) -> str:
        """In one line."""
        where = ", ".join(each.text for each in self.properties)
        return " · ".join(part for part in (self.thing.text, where, self.value.text if self.value else "", self.message) if part)


def install(app: Flask) -> None:
    """Registers the handler."""
    app.register_error_handler(ShapesViolated, refused)


def refused(error: ShapesViolated) -> Response:
    """422 (RFC 9110 §15.5.21): the report in RDF, problem details with its results, a page, or text."""
    form = choose_format(request.headers.get("Accept"), REPORTS) or PROBLEM
    if form.rdf:
        return rdf(error.report, form, STATUS)
    found = breaches(error.report)
    count = sum(each.severity == "violation" for each in found)
    detail = gettext("Nothing was kept: what you sent breaks the rules in %(count)s places.", count=count)
    if form is HTML:
        body = render_template("writing/refused.html", title=TITLES[STATUS], detail=detail, breaches=found)
        response = Response(body, STATUS, content_type=HTML.content_type)
    elif form is TEXT:
        lines = "".join(f"- {each.line()}\n" for each in found)
        response = Response(f"{STATUS} {TITLES[STATUS]}\n{detail}\n\n{lines}", STATUS, content_type=TEXT.content_type)
    else:
        response = problem(STATUS, detail, {"results": [each.told() for each in found]})
    response.headers["Cache-Control"] = "no-store"
    return response


def rdf(report: str, form: Format, status: int) -> Response:
    """A report in RDF."""
    triples = [quad.triple for quad in parse(report, format=RdfFormat.N_TRIPLES)]
    written = write_triples(triples, form, prefixes_at(service().store.base))
    response = Response(written, status, content_type=form.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def breaches(report: str) -> list[Breach]:
    """The results of a report (N-Triples), the gravest first, then by thing."""
    told: dict[Node, dict[str, list[Term]]] = {}
    for quad in parse(report, format=RdfFormat.N_TRIPLES):
        if isinstance(quad.subject, Node):
            told.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)
    results = [
        told[node] for said in list(told.values()) for node in said.get(iri("sh:result"), ()) if isinstance(node, Node) and node in told
    ]
    names = namer(sorted({term.value for said in results for terms in said.values() for term in terms if isinstance(term, NamedNode)}))
    found = [breach(said, told, names) for said in results]
    return sorted(found, key=lambda each: (list(_SEVERITIES.values()).index(each.severity), each.thing.text, each.message))


def breach(said: Mapping[str, list[Term]], told: Told, names: Namer) -> Breach:
    """One result."""

    def first(name: str) -> Term | None:
        return next(iter(said.get(iri(name), ())), None)

    severity, rule, value, thing = first("sh:resultSeverity"), first("sh:sourceShape"), first("sh:value"), first("sh:focusNode")
    texts = [text for text in said.get(iri("sh:resultMessage"), ()) if isinstance(text, Literal)]
    best = best_literal(texts, current_language())
    local = severity.value.rpartition("#")[2] if isinstance(severity, NamedNode) else ""
    return Breach(
        _SEVERITIES.get(local, "violation"),
        shown(thing, names) if thing else Value(""),
        tuple(names.named(each) for each in predicates(first("sh:resultPath"), told)),
        shown(value, names) if value and value != thing else None,
        shown(rule, names) if isinstance(rule, NamedNode) else Value(""),
        best.value if best else "",
    )


def shown(term: Term, names: Namer) -> Value:
    """A term: a thing without a name by its address, a blank node by what it is."""
    if isinstance(term, BlankNode):
        return Value(gettext("a thing without an address"))
    found = names.value(term)
    return (
        found
        if not isinstance(term, NamedNode) or found.text != shorten(term.value, names.base)
        else Value(term.value, "", found.href, term.value)
    )


def predicates(path: Term | None, told: Told) -> Iterable[str]:
    """The predicates of a property path, by IRI."""
    if isinstance(path, NamedNode):
        return [path.value] if not path.value.startswith(_PATHS) else [path.value] * (path.value == iri("rdf:type"))
    if not isinstance(path, BlankNode):
        return []
    inner = [term for terms in told.get(path, {}).values() for term in terms if not isinstance(term, Literal | Triple)]
    return dict.fromkeys(each for term in inner for each in predicates(term, told))
