"""How a store on another host is spoken to, and what its statuses mean: one that says no more than the Protocol, or Virtuoso."""

import re
from dataclasses import dataclass

import urllib3

from territoires.errors import QueryRefused, QueryStopped, QuerySyntaxError, QueryTimeout, StoreUnavailable, TerritoiresError
from territoires.results import WHOLE, Dataset, Kind
from territoires.store.guard import has_relative_iri, words

JSON, XML, N_TRIPLES = "application/sparql-results+json", "application/sparql-results+xml", "application/n-triples"
_PASSED: dict[Kind, tuple[str, ...]] = {"solutions": (JSON,), "boolean": (JSON,), "graph": (N_TRIPLES,)}
"""What goes on as the store wrote it; anything else is converted, so that all stores answer alike."""
CONVERTIBLE = {JSON, XML, N_TRIPLES, "text/turtle", "application/rdf+xml"}
"""What can be converted."""
_QUOTED = 300  # characters of a store's message that are passed on
_OUT_OF_TIME = re.compile(r"\btim(?:ed out|eout)\b|S1T00", re.IGNORECASE)
_UNABLE = re.compile(r"Virtuoso (?:22\d{3}|37000|42000 Error SQ199)\b")  # a query beyond its limits, or that it can't compile
_GEOMETRY = b"http://www.openlinksw.com/schemas/virtrdf#Geometry"
_WKT = b"http://www.opengis.net/ont/geosparql#wktLiteral"
_SPELLINGS = {
    XML: (
        (b"<bnode>nodeID://", b"<bnode>"),
        (b'<literal datatype="' + _GEOMETRY, b'<literal datatype="' + _WKT),
        (b"<uri>" + _GEOMETRY, b"<uri>" + _WKT),
    ),
    N_TRIPLES: ((b"<" + _GEOMETRY, b"<" + _WKT),),
}
"""What Virtuoso writes in a way of its own, and what stands for it: blank nodes' labels, the datatype of geometries."""
_SHORTENED = ("X-SPARQL-MaxRows", "X-SQL-State")  # Virtuoso's way of saying that an answer of status 200 isn't whole


@dataclass(frozen=True)
class Dialect:
    """What is known of a store by its header Server; empty before its first answer."""

    server: str = ""

    @property
    def is_virtuoso(self) -> bool:
        """Whether it is Virtuoso."""
        return self.server.startswith("Virtuoso")

    def passed(self, kind: Kind) -> tuple[str, ...]:
        """The media types that go on as they are: of Virtuoso only N-Triples, its JSON and its blank nodes being its own."""
        return () if self.is_virtuoso and kind != "graph" else _PASSED[kind]

    def accept(self, kind: Kind, wanted: str) -> str:
        """The header Accept: what the client wants, where it can go on as it is, else what is surely read back."""
        readable = N_TRIPLES if kind == "graph" else XML if self.is_virtuoso else JSON
        chosen = wanted if wanted in self.passed(kind) else readable
        other = {N_TRIPLES: "text/turtle", JSON: XML, XML: JSON}[chosen]
        return f"{chosen}, {other};q=0.5"

    def spellings(self, arrives: str) -> tuple[tuple[bytes, bytes], ...]:
        """What it writes in that media type in a way of its own, and what is to be written for it."""
        return _SPELLINGS.get(arrives, ()) if self.is_virtuoso else ()

    def parameters(self, text: str, dataset: Dataset, base: str, default: str, graphs: tuple[str, ...]) -> list[tuple[str, str]]:
        """The parameters of the Protocol (§2.1.4) for a query: its text with a base, and its dataset.

        `default` is the graph that stands for the default graph in a store that has none, `graphs` are those of its release.
        """
        used = words(text)
        if default and dataset == WHOLE and "FROM" not in used:
            dataset = Dataset((default,), graphs if "GRAPH" in used else ())
        if "BASE" not in used and has_relative_iri(text):  # Virtuoso takes one BASE only
            text = f"BASE <{base}> {text}"
        text, dataset = self.addressed(text, dataset, used, f"{base}graph/none")
        unnamed, named = (("default-graph-uri", iri) for iri in dataset.default), (("named-graph-uri", iri) for iri in dataset.named)
        return [("query", text), *unnamed, *named]

    def addressed(self, text: str, dataset: Dataset, used: frozenset[str] | set[str], nothing: str) -> tuple[str, Dataset]:
        """A query and its dataset as the store takes them. `used` are the query's words, `nothing` a graph that it doesn't hold."""
        if not self.is_virtuoso or dataset == WHOLE:
            return text, dataset
        # each part that isn't named would be all that it holds; each named graph would be a header of the answer
        named = dataset.named or ((nothing,) if "GRAPH" in used else ())
        return "".join(f"define input:named-graph-uri <{iri}> " for iri in named) + text, Dataset(dataset.default or (nothing,))


def check_whole(response: urllib3.BaseHTTPResponse) -> None:
    """Raises QueryStopped where an answer of status 200 says of itself that it isn't whole."""
    if told := [name for name in _SHORTENED if name in response.headers]:
        response.close()
        raise QueryStopped(
            "The store ended the query before its answer was whole (%(said)s).", said=f"{told[0]}: {response.headers[told[0]]}"
        )


def refusal(response: urllib3.BaseHTTPResponse, address: str, seconds: float) -> TerritoiresError:
    """What a status other than 200 means; `seconds` is the deadline of the query."""
    try:
        said = " ".join(response.read(4 * _QUOTED).decode("utf-8", "replace").split())[:_QUOTED]
    except (urllib3.exceptions.HTTPError, OSError):
        said = ""
    response.close()
    status = response.status
    if status in (408, 504) or _OUT_OF_TIME.search(said):
        return QueryTimeout("The store ended the query at its own deadline (%(said)s): ask for less.", seconds, said=said)
    if status == 400:
        return QuerySyntaxError(said) if said else QuerySyntaxError("The store can't read this query.")
    if status in (413, 414):
        return QueryRefused("The query is too long for the store.")
    if status in (401, 403):
        return StoreUnavailable(
            f"{address} refuses us ({status}): set TERRITOIRES_STORE_USER and TERRITOIRES_STORE_PASSWORD to a user who may query it."
        )
    if status == 501 or (status == 500 and _UNABLE.match(said)):
        return QueryRefused("The store doesn't run this query: %(said)s", said=said)
    if 300 <= status < 400:
        where = response.headers.get("Location", "elsewhere")
        return StoreUnavailable(f"{address} sends us to {where}: set TERRITOIRES_STORE to the address that answers.")
    if status == 404:
        return StoreUnavailable(f"Nothing answers at {address} (404): set TERRITOIRES_STORE to a SPARQL query endpoint.")
    return StoreUnavailable(f"{address} answers {status}: {said}")
