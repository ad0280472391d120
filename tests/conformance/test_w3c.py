"""The W3C's suites for SPARQL 1.0 and 1.1 queries, results, protocol and service description, over HTTP."""

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pyoxigraph
import rdflib
from rdflib import RDF, RDFS

from .answers import TYPES, by_value, comparable, read
from .suites import PLACE, SUITES, Case

if TYPE_CHECKING:
    from .conftest import Endpoint

FORM_ONLY = "Equal by value"
"""How the reason of an expected failure begins where the answer must be right but for the form of its numbers."""
QUERY = "application/sparql-query"
FORMS = {
    "boolean": ("application/sparql-results+json", "application/sparql-results+xml"),
    "tabular": ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"),
    "RDF": ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"),
}
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
SCHEMA = {
    SD.endpoint: (SD.Service, rdflib.RDFS.Resource),
    SD.supportedLanguage: (SD.Service, SD.Language),
    SD.feature: (SD.Service, SD.Feature),
    SD.languageExtension: (SD.Service, SD.Feature),
    SD.propertyFeature: (SD.Service, SD.Feature),
    SD.extensionFunction: (SD.Service, SD.Function),
    SD.extensionAggregate: (SD.Service, SD.Aggregate),
    SD.defaultEntailmentRegime: (SD.Service, SD.EntailmentRegime),
    SD.defaultSupportedEntailmentProfile: (SD.Service, SD.EntailmentProfile),
    SD.resultFormat: (SD.Service, rdflib.URIRef("http://www.w3.org/ns/formats/Format")),
    SD.inputFormat: (SD.Service, rdflib.URIRef("http://www.w3.org/ns/formats/Format")),
    SD.availableGraphs: (SD.Service, SD.GraphCollection),
    SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (SD.GraphCollection, SD.NamedGraph),
    SD.name: (SD.NamedGraph, rdflib.RDFS.Resource),
    SD.graph: (SD.NamedGraph, SD.Graph),
}
"""Domain and range of the properties of the vocabulary (SPARQL 1.1 Service Description §3)."""
BROADER = {SD.Dataset: SD.GraphCollection}


class WrongValue(Exception):
    """An answer that was expected to differ in the form of numbers only, and differs in more."""


def test_evaluation(evaluation: Case, endpoint: "Endpoint", checkout: Path, listed_failures: dict[str, str]) -> None:
    """A query is answered as the suite says, in the format of the expected answer, term by term."""
    text = (checkout / evaluation.query).read_text(encoding="utf-8")
    dataset = [("default-graph-uri", PLACE + name) for name in evaluation.data]
    dataset += [("named-graph-uri", PLACE + name) for name in evaluation.graphs]
    if re.search(r"\bFROM\s+(?:NAMED\s+)?<", text, re.IGNORECASE):
        dataset = []
    elif not dataset:
        dataset = [("default-graph-uri", f"{PLACE}nothing")]
    wanted = TYPES[evaluation.result.rpartition(".")[2]]
    expected = read((checkout / evaluation.result).read_bytes(), wanted, PLACE + evaluation.result)
    asked = wanted if expected.graph is not None or wanted not in ("text/turtle", "application/rdf+xml") else TYPES["srj"]
    sent = f"BASE <{PLACE}{evaluation.query}> {text}".encode()
    answer = endpoint.send("POST", f"/sparql?{urlencode(dataset)}", {"Content-Type": QUERY, "Accept": asked}, sent)
    assert (answer.status, answer.media_type) == (200, asked), answer.body
    told = read(answer.body, asked, PLACE)
    ordered = re.search(r"\bORDER\s+BY\b", text, re.IGNORECASE) is not None
    if listed_failures.get(evaluation.iri, "").startswith(FORM_ONLY) and comparable(by_value(told)) != comparable(by_value(expected)):
        raise WrongValue(evaluation.iri)
    assert comparable(told, ordered, evaluation.lax) == comparable(expected, ordered, evaluation.lax)


def test_accepted(accepted: Case, endpoint: "Endpoint", checkout: Path) -> None:
    """A well-formed query is answered."""
    sent = (checkout / accepted.query).read_bytes()
    answer = endpoint.send("POST", f"/sparql?default-graph-uri={PLACE}nothing", {"Content-Type": QUERY, "Accept": "*/*"}, sent)
    assert answer.status == 200, answer.body


def test_rejected(rejected: Case, endpoint: "Endpoint", checkout: Path) -> None:
    """A query that breaks the grammar is told where."""
    sent = (checkout / rejected.query).read_bytes()
    answer = endpoint.send("POST", "/sparql", {"Content-Type": QUERY, "Accept": "application/json"}, sent)
    assert answer.status == 400, answer.body
    assert b'"line"' in answer.body


def test_protocol(protocol: Case, endpoint: "Endpoint") -> None:
    """Each request of the exchange gets a status, a kind of format and a boolean as the suite says."""
    for exchange in protocol.exchanges:
        target = exchange.target.replace("/sparql/", "/sparql", 1)
        answer = endpoint.send(exchange.method, target, dict(exchange.headers), exchange.body)
        assert str(answer.status)[0] in exchange.statuses, (target, answer)
        if exchange.form:
            assert answer.media_type in FORMS[exchange.form], answer
        if exchange.boolean is not None:
            assert read(answer.body, answer.media_type, PLACE).boolean is exchange.boolean


def test_description(description: Case, endpoint: "Endpoint") -> None:
    """GET on the endpoint gives RDF that names this endpoint, and uses the vocabulary as its schema says."""
    answer = endpoint.send("GET", "/sparql", {})
    form = pyoxigraph.RdfFormat.from_media_type(answer.media_type)
    assert answer.status == 200 and form is not None
    graph = rdflib.Graph().parse(data=answer.body, format=answer.media_type)
    name = description.iri.rpartition("#")[2]
    if name == "has-endpoint-triple":
        (service,) = graph.subjects(RDF.type, SD.Service)
        assert set(graph.objects(service, SD.endpoint)) == {rdflib.URIRef(endpoint.address)}
    elif name == "conforms-to-schema":
        check_schema(graph)
    else:
        assert name == "returns-rdf" and len(graph) > 5


def check_schema(graph: rdflib.Graph) -> None:
    """Every term of the vocabulary is one that it has; subjects have the type of the domain, described values that of the range."""
    classes = {kind for pair in SCHEMA.values() for kind in pair}
    for subject, predicate, value in graph:
        if predicate == RDF.type and str(value).startswith(str(SD)):
            assert value in classes, value
        elif str(predicate).startswith(str(SD)):
            domain, meant = SCHEMA[rdflib.URIRef(predicate)]
            types = set(graph.objects(subject, RDF.type))
            assert domain in types | {BROADER.get(kind) for kind in types}, (predicate, subject)
            assert isinstance(value, rdflib.URIRef | rdflib.BNode), (predicate, value)
            if meant != RDFS.Resource and (described := set(graph.objects(value, RDF.type))):
                assert meant in described, (predicate, value)


def test_expected_failures_exist(cases: tuple[Case, ...], listed_failures: dict[str, str]) -> None:
    """The list of expected failures names tests that there are, each with its reason."""
    assert set(listed_failures) <= {case.iri for case in cases}
    assert all(reason.strip() for reason in listed_failures.values())


def test_figures_are_documented(root: Path, cases: tuple[Case, ...], listed_failures: dict[str, str]) -> None:
    """docs/conformance.md tells for each suite how many tests pass, are expected to fail, and are in all; and the engine's version."""
    text = (root / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert f"pyoxigraph {pyoxigraph.__version__}" in text
    for suite in SUITES:
        mine = [case.iri for case in cases if case.suite == suite]
        failing = len(listed_failures.keys() & set(mine))
        assert f"| {suite} | {len(mine) - failing} | {failing} | {len(mine)} |" in text
    for iri, reason in listed_failures.items():
        assert iri.rpartition("#")[2] in text and reason
