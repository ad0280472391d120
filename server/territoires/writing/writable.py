"""Which graphs somebody may write to, and in which state they must be for that."""

from collections.abc import Iterable

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad

from territoires.errors import InvalidParameter, PreconditionFailed, WriteRefused
from territoires.writing.cutting import DEFAULT
from territoires.writing.etags import etag_of, matches
from territoires.writing.submissions import Submission

CONTRIBUTIONS = "graph/contributions/"
"""Where the graphs of a merged release stand that can be written to, below its base."""
GraphName = NamedNode | BlankNode | DefaultGraph


def check_writable(graphs: Iterable[str], submission: Submission, merged: bool) -> None:
    """Raises WriteRefused where one of the graphs (by IRI; "" is the default graph) is not to be written to, or not with this key."""
    place = submission.base + CONTRIBUTIONS
    for graph in graphs:
        if merged and graph == DEFAULT:
            raise WriteRefused(f"The default graph is the merge of the named graphs: name a graph below <{place}>.")
        if merged and not (graph.startswith(place) and len(graph) > len(place)):
            raise WriteRefused(f"The graph <{graph}> is part of the release, and read-only: write to a graph below <{place}>.")
        if not any(covers(pattern, graph) for pattern in submission.graphs):
            called = f"graph <{graph}>" if graph else "default graph"
            raise WriteRefused(f"This key may not write to the {called}: it is for {', '.join(submission.graphs) or 'no graph'}.")


def covers(pattern: str, graph: str) -> bool:
    """Whether a key's pattern names the graph: by its IRI, or by how that begins, with * at the end."""
    return graph.startswith(pattern[:-1]) if pattern.endswith("*") else pattern == graph


def check_preconditions(submission: Submission, before: Iterable[Quad]) -> None:
    """Raises PreconditionFailed where the graph, which holds these quads, isn't as the request wants it (RFC 9110 §13.1)."""
    if not (submission.if_match or submission.if_none_match):
        return
    triples = [str(quad.triple) for quad in before]
    etag, there = etag_of(triples), bool(triples) or not submission.graph
    if submission.if_match and not matches(submission.if_match, etag, there):
        raise PreconditionFailed("The graph has changed since you read it (If-Match): read it again, and write what is meant now.")
    if matches(submission.if_none_match, etag, there):
        raise PreconditionFailed("The graph is there already (If-None-Match): leave that header out to write to it.")


def named(graph: str) -> NamedNode | DefaultGraph:
    """A graph by its IRI. Raises InvalidParameter."""
    try:
        return NamedNode(graph) if graph else DefaultGraph()
    except ValueError as error:
        raise InvalidParameter(f"<{graph}> is no IRI of a graph: {error}") from error


def name_of(graph: GraphName) -> str:
    """A graph as the keys' patterns name it: an IRI, _:label, or "" for the default graph."""
    return DEFAULT if isinstance(graph, DefaultGraph) else graph.value if isinstance(graph, NamedNode) else str(graph)
