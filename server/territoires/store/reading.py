"""Reads replies back: bytes in a format become terms again."""

from pyoxigraph import QueryResultsFormat, RdfFormat, Triple, parse, parse_query_results

from territoires.results import PAGE, Answer, Kind, Reply

READABLE: dict[Kind, str] = {
    "solutions": "application/sparql-results+json",
    "boolean": "application/sparql-results+json",
    "graph": "application/n-triples",
}
"""What to accept in order to read the reply with `read_answer`; PAGE can be read too."""


def read_answer(reply: Reply) -> Answer:
    """The answer that a reply writes in a readable format."""
    body = reply.read()
    if reply.kind == "graph":
        return [Triple(quad.subject, quad.predicate, quad.object) for quad in parse(body, RdfFormat.N_TRIPLES)]
    tabular = reply.kind == "solutions" and reply.media_type == PAGE
    return parse_query_results(body, QueryResultsFormat.TSV if tabular else QueryResultsFormat.JSON)
