"""Which graphs somebody may write to, and in which state they must be for that."""

from collections.abc import Iterable

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad

from territoires.errors import InvalidParameter, PreconditionFailed, WriteRefused
from territoires.vocabulary import iri
from territoires.writing.cutting import DEFAULT
from territoires.writing.etags import etag_of, matches
from territoires.writing.submissions import Submission

CONTRIBUTIONS = "graph/contributions/"
"""Where the graphs of a merged release stand that can be written to, below its base."""
PERSONS = f"{CONTRIBUTIONS}persons"
"""How the names of those begin that may make something a person: they stay out of the open files."""
GraphName = NamedNode | BlankNode | DefaultGraph


def check_writable(graphs: Iterable[str], submission: Submission, merged: bool) -> None:
    """Raises WriteRefused where one of the graphs (by IRI; "" is the default graph) is not to be written to, or not with this key."""
    place = submission.base + CONTRIBUTIONS
    for graph in graphs:
        if merged and graph == DEFAULT:
            raise WriteRefused("The default graph is the merge of the named graphs: name a graph below %(place)s.", place=place)
        if merged and not (graph.startswith(place) and len(graph) > len(place)):
            raise WriteRefused(
                "The graph %(graph)s is part of the release, and read-only: write to a graph below %(place)s.",
                graph=graph,
                place=place,
            )
        if not any(covers(pattern, graph) for pattern in submission.graphs):
            raise WriteRefused(
                "This key may not write to the graph %(graph)s: it is for %(graphs)s.",
                graph=graph or "DEFAULT",
                graphs=", ".join(submission.graphs) or "–",
            )


def check_persons(added: Iterable[Quad], base: str) -> None:
    """Raises WriteRefused where a quad makes something a person outside the graphs of persons."""
    kind, person, place = NamedNode(iri("rdf:type")), NamedNode(iri("foaf:Person")), base + PERSONS
    for quad in added:
        if quad.predicate == kind and quad.object == person and not name_of(quad.graph_name).startswith(place):
            raise WriteRefused(
                "Persons stay out of the open files: say that %(thing)s is one in a graph whose name begins with %(place)s.",
                thing=str(quad.subject),
                place=place,
            )


def covers(pattern: str, graph: str) -> bool:
    """Whether a key's pattern names the graph: by its IRI, or by how that begins, with * at the end."""
    return graph.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == graph


def check_preconditions(submission: Submission, before: Iterable[Quad]) -> None:
    """Raises PreconditionFailed where the graph, which holds these quads, isn't as the request wants it (RFC 9110 §13.1)."""
    if not (submission.if_match or submission.if_none_match):
        return
    etag = etag_of(str(quad.triple) for quad in before)
    there = etag != etag_of(()) or not submission.graph
    if submission.if_match and not matches(submission.if_match, etag, there):
        raise PreconditionFailed("The graph has changed since you read it (If-Match): read it again, and write what is meant now.")
    if matches(submission.if_none_match, etag, there):
        raise PreconditionFailed("The graph is there already (If-None-Match): leave that header out to write to it.")


def named(graph: str) -> NamedNode | DefaultGraph:
    """A graph by its IRI. Raises InvalidParameter."""
    try:
        return NamedNode(graph) if graph else DefaultGraph()
    except ValueError as error:
        raise InvalidParameter("%(graph)s is no IRI of a graph: %(why)s", graph=graph, why=str(error)) from error


def name_of(graph: GraphName) -> str:
    """A graph as the keys' patterns name it: an IRI, _:label, or "" for the default graph."""
    return DEFAULT if isinstance(graph, DefaultGraph) else graph.value if isinstance(graph, NamedNode) else str(graph)
