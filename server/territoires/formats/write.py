"""Writes answers and graphs as bytes, in the engine's own Rust serialisers."""

from collections.abc import Iterable, Mapping

import pyoxigraph
from pyoxigraph import Literal, NamedNode, QueryBoolean, QueryResultsFormat, QuerySolutions, RdfFormat, Triple

from territoires.formats.table import Format
from territoires.results import Answer
from territoires.xmltext import xml_safe

_PREFIXED = (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML, RdfFormat.JSON_LD)


def write_triples(triples: Iterable[Triple], form: Format, prefixes: Mapping[str, str]) -> bytes:
    """The triples in an RDF format; where the syntax has prefixes, those of a list of triples that it uses."""
    if form.rdf is None:
        raise ValueError(f"{form.label} holds no graph")
    declared = used_prefixes(triples, prefixes) if isinstance(triples, list) else dict(prefixes)
    written = pyoxigraph.serialize(triples, format=form.rdf, prefixes=declared if form.rdf in _PREFIXED else None)
    assert written is not None  # no output was given, so the bytes come back
    return xml_safe(written) if form.rdf == RdfFormat.RDF_XML else written


def used_prefixes(triples: Iterable[Triple], prefixes: Mapping[str, str]) -> dict[str, str]:
    """The prefixes whose namespace begins an IRI of the triples."""
    iris = {term.value for triple in triples for term in triple if isinstance(term, NamedNode)}
    iris |= {triple.object.datatype.value for triple in triples if isinstance(triple.object, Literal)}
    return {prefix: namespace for prefix, namespace in prefixes.items() if any(iri.startswith(namespace) for iri in iris)}


def write_answer(answer: Answer, form: Format, prefixes: Mapping[str, str]) -> bytes:
    """The answer of a query in a format of its kind (SPARQL 1.1 Query Results JSON, XML, CSV/TSV; RDF)."""
    if isinstance(answer, list):
        return write_triples(answer, form, prefixes)
    if not isinstance(answer, QuerySolutions | QueryBoolean) or form.solutions is None:
        raise ValueError(f"{form.label} holds no such answer")
    written: bytes | None = answer.serialize(format=form.solutions)
    assert written is not None
    return xml_safe(written) if form.solutions == QueryResultsFormat.XML else written
