"""Reads answers as the W3C's suites write them, and makes two of them comparable: up to the names of blank nodes, in order or not."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    RdfFormat,
    Store,
    parse,
    parse_query_results,
)

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
RESULTS = {
    "application/sparql-results+xml": QueryResultsFormat.XML,
    "application/sparql-results+json": QueryResultsFormat.JSON,
    "text/tab-separated-values": QueryResultsFormat.TSV,
}
TYPES = {
    "srx": "application/sparql-results+xml",
    "srj": "application/sparql-results+json",
    "tsv": "text/tab-separated-values",
    "csv": "text/csv",
    "ttl": "text/turtle",
    "rdf": "application/rdf+xml",
}
"""The media type of each suffix of an expected answer."""
Term = NamedNode | BlankNode | Literal
Row = dict[str, Term]


@dataclass(frozen=True)
class Told:
    """An answer: a boolean, a graph, or rows under variables."""

    boolean: bool | None = None
    graph: tuple[Quad, ...] | None = None
    variables: frozenset[str] = frozenset()
    rows: tuple[Row, ...] = ()


def read(body: bytes, media_type: str, base: str) -> Told:
    """An answer in any format of the protocol, or a result set in RDF as the older suites have it."""
    if media_type == "text/csv":
        header, *lines = csv.reader(io.StringIO(body.decode(), newline=""))
        return rows_of({name: cell for name, cell in zip(header, map(plain, line), strict=True) if cell} for line in lines if line)
    if media_type in RESULTS:
        found = parse_query_results(body, RESULTS[media_type])
        if isinstance(found, QueryBoolean):
            return Told(boolean=bool(found))
        names = [variable.value for variable in found.variables]
        return rows_of(({name: row[name] for name in names if row[name] is not None} for row in found), names)
    form = RdfFormat.from_media_type(media_type)
    quads = tuple(Quad(quad.subject, quad.predicate, quad.object) for quad in parse(body, form, base_iri=base))
    return result_set(quads) if any(quad.object == NamedNode(f"{RS}ResultSet") for quad in quads) else Told(graph=quads)


def plain(cell: str) -> Term | None:
    """A cell of CSV: what kind of term it was is lost, but for blank nodes."""
    return (BlankNode(cell[2:]) if re.fullmatch(r"_:\w+", cell) else Literal(cell)) if cell else None


def rows_of(rows: Iterable[dict[str, Term]], names: Iterable[str] | None = None) -> Told:
    """Rows under these variables, or under those that are bound."""
    found = tuple(rows)
    return Told(variables=frozenset(names if names is not None else {name for row in found for name in row}), rows=found)


def result_set(quads: Iterable[Quad]) -> Told:
    """An answer in the vocabulary of result sets; solutions in order where they bear an index."""
    store = Store()
    store.extend(quads)

    def values(subject: object, name: str) -> list[Term]:
        return [q.object for q in store.quads_for_pattern(subject, NamedNode(RS + name), None)]  # type: ignore[arg-type, misc]

    (whole,) = [quad.subject for quad in store.quads_for_pattern(None, RDF_TYPE, NamedNode(f"{RS}ResultSet"))]
    if boolean := values(whole, "boolean"):
        return Told(boolean=boolean[0].value == "true")
    solutions = sorted(values(whole, "solution"), key=lambda node: int(next((v.value for v in values(node, "index")), "0")))
    rows = [{values(b, "variable")[0].value: values(b, "value")[0] for b in values(solution, "binding")} for solution in solutions]
    return rows_of(rows, [variable.value for variable in values(whole, "resultVariable")])


def comparable(told: Told, ordered: bool = False, lax: bool = False) -> object:
    """Something that is equal for equal answers. `lax`: how often a row comes is left open."""
    if told.boolean is not None:
        return told.boolean
    if told.graph is not None:
        return canonical(told.graph)
    counts = Counter(frozenset(row.items()) for row in told.rows)
    places: dict[frozenset[tuple[str, Term]], list[int]] = {}
    for place, row in enumerate(told.rows):
        places.setdefault(frozenset(row.items()), []).append(place)
    quads = []
    for number, (row, count) in enumerate(counts.items()):
        node = BlankNode(f"row{number}")
        said = "any" if lax else str(places[row]) if ordered else str(count)
        quads += [Quad(node, NamedNode(f"urn:variable:{name}"), term) for name, term in row]
        quads.append(Quad(node, NamedNode("urn:rows"), Literal(said)))
    return told.variables, canonical(quads)


def by_value(told: Told) -> Told:
    """The answer with each number and boolean as what it stands for, however it is written; rows only."""
    return Told(told.boolean, told.graph, told.variables, tuple({name: value_of(term) for name, term in row.items()} for row in told.rows))


def value_of(term: Term) -> Term:
    """A literal of a numeric or boolean type in one form for each value; any other term as it is."""
    if not isinstance(term, Literal):
        return term
    kind = term.datatype.value.removeprefix(XSD)
    try:
        if kind == "boolean":
            return Literal({"1": "true", "0": "false"}.get(term.value, term.value), datatype=term.datatype)
        if kind == "decimal":
            return Literal(str(Decimal(term.value).normalize()), datatype=term.datatype)
        if kind in ("double", "float"):
            return Literal(str(float(term.value)), datatype=term.datatype)
        if kind == "integer" or kind.endswith("Integer"):
            return Literal(str(int(term.value)), datatype=NamedNode(f"{XSD}integer"))
    except (ValueError, ArithmeticError):
        pass
    return term


def canonical(quads: Iterable[Quad]) -> frozenset[str]:
    """The quads, each blank node named by what is said of it."""
    dataset = Dataset(Quad(q.subject, q.predicate, q.object, DefaultGraph()) for q in quads)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(map(str, dataset))


def canonical_dataset(quads: Iterable[Quad]) -> frozenset[str]:
    """The quads with their graphs, each blank node named by what is said of it."""
    dataset = Dataset(quads)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(map(str, dataset))
