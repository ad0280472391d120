"""The W3C's suites for SPARQL 1.1 Update, the protocol of updates and the Graph Store HTTP Protocol, over HTTP, each with a key."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import DefaultGraph, NamedNode, Quad, QueryResultsFormat, QuerySolutions, RdfFormat, Store, parse, parse_query_results

from .answers import canonical_dataset, read
from .suites import PLACE, Case, State

if TYPE_CHECKING:
    from .conftest import Writable

QUERY, UPDATE = "application/sparql-query", "application/sparql-update"
EVERYTHING = "SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


def quads_of(state: State, checkout: Path) -> Iterator[Quad]:
    """What the files of a state say, in the terms that a store gives back: numbers by value."""
    store = Store()
    for graph, name in (*((None, name) for name in state.default), *state.named):
        place = NamedNode(graph) if graph else DefaultGraph()
        triples = parse(path=str(checkout / name), base_iri=PLACE + name, rename_blank_nodes=True)
        store.extend(Quad(each.subject, each.predicate, each.object, place) for each in triples)
    return iter(store)


def data(quads: Iterator[Quad]) -> str:
    """Quads as the data of an update."""
    return "\n".join(f"GRAPH {q.graph_name} {{ {q.triple} }}" if isinstance(q.graph_name, NamedNode) else f"{q.triple} ." for q in quads)


def held(writable: "Writable") -> frozenset[str]:
    """Everything that readers see."""
    answer = writable.send("POST", "/sparql", {"Content-Type": QUERY, "Accept": "application/sparql-results+json"}, EVERYTHING.encode())
    assert answer.status == 200, answer
    found = parse_query_results(answer.body, QueryResultsFormat.JSON)
    assert isinstance(found, QuerySolutions)
    return canonical_dataset(Quad(row["s"], row["p"], row["o"], row["g"] or DefaultGraph()) for row in found)  # type: ignore[arg-type]


def test_evaluation(change: Case, writable: "Writable", checkout: Path) -> None:
    """After an update, readers see the graphs that the suite says, term by term."""
    begun = writable.update(f"DROP ALL ; INSERT DATA {{ {data(quads_of(change.before, checkout))} }}", wait=False)
    assert begun.status == 204, begun
    text = (checkout / change.query).read_text(encoding="utf-8")
    done = writable.update(f"BASE <{PLACE}{change.query}> {text}")
    assert done.status == 204, done
    assert held(writable) == canonical_dataset(quads_of(change.after, checkout))


def test_accepted(accepted_change: Case, writable: "Writable", checkout: Path) -> None:
    """A well-formed update is done: what some create isn't there before, and what some drop or clear is."""
    text = (checkout / accepted_change.query).read_text(encoding="utf-8")
    graph = f"{PLACE}{accepted_change.query.rpartition('/')[0]}/graph"
    there = "" if "CREATE" in text else f"; INSERT DATA {{ GRAPH <{graph}> {{ <{graph}> <urn:is> 1 }} }}"
    assert writable.update(f"DROP SILENT GRAPH <{graph}> {there}", wait=False).status == 204
    answer = writable.update(f"BASE <{PLACE}{accepted_change.query}> {text}")
    assert answer.status == 204, answer


def test_rejected(rejected_change: Case, writable: "Writable", checkout: Path) -> None:
    """An update that breaks the grammar is told where."""
    answer = writable.update((checkout / rejected_change.query).read_text(encoding="utf-8"))
    assert answer.status == 400 and b'"line"' in answer.body, answer


def test_protocol(protocol_of_updates: Case, writable: "Writable") -> None:
    """Each request of the exchange gets a status and a boolean as the suite says; updates go to /update."""
    for exchange in protocol_of_updates.exchanges:
        headers = dict(exchange.headers)
        place = "/sparql" if headers.get("content-type") == QUERY else "/update"
        target = exchange.target.replace("/sparql/", place, 1)
        answer = writable.send(exchange.method, target, headers, exchange.body)
        assert str(answer.status)[0] in exchange.statuses, (target, answer)
        if exchange.boolean is not None:
            assert read(answer.body, answer.media_type, PLACE).boolean is exchange.boolean


def test_graph_store(graph_protocol: Case, writable: "Writable") -> None:
    """Each request of the exchange gets a status, a type and a graph as the suite says."""
    assert writable.update("DROP ALL", wait=False).status == 204
    known: dict[str, str] = {}
    for exchange in graph_protocol.exchanges:
        target, sent = exchange.target.replace("/gsp", "/graph-store", 1), exchange.body.decode()
        for name, value in known.items():
            target, sent = target.replace(name, value), sent.replace(name, value)
        answer = writable.send(exchange.method, target, dict(exchange.headers), sent.encode())
        assert answer.status in exchange.codes, (target, answer)
        if exchange.location:
            assert answer.location
            known[exchange.location] = answer.location
        if exchange.media_type:
            assert answer.media_type == exchange.media_type.partition(";")[0]
        if exchange.told:
            form = RdfFormat.from_media_type(answer.media_type)
            theirs, ours = (canonical_dataset(parse(text, form, base_iri=PLACE)) for text in (exchange.told, answer.body))
            assert ours == theirs
