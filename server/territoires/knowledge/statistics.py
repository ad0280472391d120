"""VoID statistics of a release, counted once at the build (VoID §4.6): the whole, its classes and properties, each graph and linkset.

The counts hold for the release with the counts in it: the store is counted once, and then what the counts themselves add is
counted again and again, until writing it changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from territoires.errors import SourceError
from territoires.knowledge.holdings import OPEN_LICENCE, holding, holdings
from territoires.knowledge.labelling import labelled
from territoires.knowledge.provenance import node
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Row, Term, rows
from territoires.store.embedded import EmbeddedStore

COUNTS = ("triples", "entities", "distinctSubjects", "distinctObjects", "classes", "properties")
LINKED = ("triples", "distinctSubjects", "distinctObjects")
ROUNDS = 20
Counts = dict[str, int]


@dataclass
class Tally:
    """What is counted: the whole, its classes (members) and properties (uses), the graphs; linksets as rows."""

    whole: Counts
    classes: Counter[str]
    properties: Counter[str]
    graphs: dict[str, Counts]
    linksets: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)


def count(store: Store, home: Path, base: str) -> list[Quad]:
    """Counts what a store holds, the merge of its named graphs as its default graph: the counts, for a graph of their own."""
    counted = tally(store, home, base)
    quads, current = list(statistics(counted, store, base)), counted
    for _ in range(ROUNDS):
        settled = with_quads(counted, quads, store, base)
        if settled == current:
            break
        current, quads = settled, list(statistics(settled, store, base))
    else:
        raise SourceError("The counts of the release don't settle: each time that they are written they change.")
    return labelled(quads)


def tally(store: Store, home: Path, base: str) -> Tally:
    """The counts of a store."""
    asked, queries = EmbeddedStore(Path(), "", base, store), QueryLibrary(home, "statistics")

    def ask(name: str) -> list[Row]:
        return list(rows(asked.query(queries.text(name, base))))

    (whole,) = ask("dataset")
    return Tally(
        {name: number(whole[name]) for name in COUNTS},
        Counter({named(row, "class").value: number(row["entities"]) for row in ask("classes")}),
        Counter({named(row, "property").value: number(row["triples"]) for row in ask("properties")}),
        {named(row, "graph").value: {name: number(row[name]) for name in COUNTS} for row in ask("graphs")},
        ask("linksets"),
        ask("link-properties"),
    )


def with_quads(counted: Tally, quads: Iterable[Quad], store: Store, base: str) -> Tally:
    """The counts of what the store holds together with the quads, which are of one graph that it doesn't have."""
    held = list(quads)
    new = [quad for quad in held if Quad(quad.subject, quad.predicate, quad.object, DefaultGraph()) not in store]
    default = DefaultGraph()
    subjects = {q.subject for q in new if next(store.quads_for_pattern(q.subject, None, None, default), None) is None}
    objects = {q.object for q in new if next(store.quads_for_pattern(None, None, q.object, default), None) is None}
    kind = node("rdf:type")
    classes = counted.classes + Counter(q.object.value for q in new if q.predicate == kind and isinstance(q.object, NamedNode))
    properties = counted.properties + Counter(q.predicate.value for q in new)
    own = {subject for subject in subjects if isinstance(subject, NamedNode) and subject.value.startswith(base)}
    whole = {
        "triples": counted.whole["triples"] + len(new),
        "entities": counted.whole["entities"] + len(own),
        "distinctSubjects": counted.whole["distinctSubjects"] + len(subjects),
        "distinctObjects": counted.whole["distinctObjects"] + len(objects),
        "classes": len(classes),
        "properties": len(properties),
    }
    here = {
        "triples": len(held),
        "entities": len({q.subject for q in held if isinstance(q.subject, NamedNode) and q.subject.value.startswith(base)}),
        "distinctSubjects": len({q.subject for q in held}),
        "distinctObjects": len({q.object for q in held}),
        "classes": len({q.object for q in held if q.predicate == kind and isinstance(q.object, NamedNode)}),
        "properties": len({q.predicate for q in held}),
    }
    graphs = counted.graphs | {f"{base}graph/statistics": here}
    return Tally(whole, classes, properties, graphs, counted.linksets, counted.links)


def statistics(counted: Tally, store: Store, base: str) -> Iterator[Quad]:
    """The counts as VoID has them."""
    here, dataset = NamedNode(f"{base}graph/statistics"), NamedNode(f"{base}id/jeu/territoires")

    def say(subject: NamedNode | BlankNode, predicate: str, value: Term | int) -> Quad:
        shown = Literal(str(value), datatype=node("xsd:integer")) if isinstance(value, int) else value
        return Quad(subject, node(predicate), shown, here)

    yield from (say(dataset, f"void:{name}", counted.whole[name]) for name in COUNTS)
    for name, found, count in (("class", counted.classes, "entities"), ("property", counted.properties, "triples")):
        for term, times in sorted(found.items()):
            part = BlankNode()
            yield say(dataset, f"void:{name}Partition", part)
            yield say(part, f"void:{name}", NamedNode(term))
            yield say(part, f"void:{count}", times)
    for row in counted.linksets:
        yield from (say(named(row, "links"), f"void:{name}", row[name]) for name in LINKED)
    for row in counted.links:
        part = BlankNode()
        yield say(named(row, "links"), "void:propertyPartition", part)
        yield from (say(part, f"void:{name}", row[name]) for name in ("property", "triples"))
    parts = {each.iri: each.part for each in (*holdings(store, base), holding(here.value, base, OPEN_LICENCE))}
    for part_name in sorted(set(parts.values())):
        yield say(dataset, "void:subset", NamedNode(f"{base}id/jeu/{part_name}"))
    for graph, part_name in sorted(parts.items()):
        yield say(NamedNode(graph), "rdf:type", node("void:Dataset"))
        yield say(NamedNode(f"{base}id/jeu/{part_name}"), "void:subset", NamedNode(graph))
        yield from (say(NamedNode(graph), f"void:{name}", times) for name, times in counted.graphs.get(graph, {}).items())


def named(row: Row, name: str) -> NamedNode:
    """The resource that a variable is bound to."""
    found = row[name]
    assert isinstance(found, NamedNode)
    return found


def number(term: Term) -> int:
    """A count."""
    assert isinstance(term, Literal)
    return int(term.value)
