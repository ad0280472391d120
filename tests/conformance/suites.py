"""Reads the W3C's test suites (a checkout of w3c/rdf-tests): manifests become cases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, RdfFormat, Store

PLACE = "https://w3c.github.io/rdf-tests/"
"""Where the suites are published; file names become IRIs below it."""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
SUITES = {
    "SPARQL 1.0 query": ("sparql/sparql10/manifest.ttl",),
    "SPARQL 1.1 query": ("sparql/sparql11/manifest-sparql11-query.ttl",),
    "SPARQL 1.1 results CSV, TSV, JSON": ("sparql/sparql11/csv-tsv-res/manifest.ttl", "sparql/sparql11/json-res/manifest.ttl"),
    "SPARQL 1.1 protocol": ("sparql/sparql11/protocol/manifest.ttl",),
    "SPARQL 1.1 service description": ("sparql/sparql11/service-description/manifest.ttl",),
    "SPARQL 1.1 update": ("sparql/sparql11/manifest-sparql11-update.ttl",),
    "SPARQL 1.1 graph store protocol": ("sparql/sparql11/graph-store-protocol/manifest.ttl",),
}
"""The suites that are put to the endpoint, and their manifests."""
CODES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
"""The statuses that tests name one by one."""
Node = NamedNode | BlankNode


@dataclass(frozen=True)
class State:
    """What a store holds: files of the default graph, and files of named graphs by IRI."""

    default: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Exchange:
    """A request of a protocol test, and what must come back."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statuses: tuple[str, ...]
    """First digits: 2, 3, 4."""
    boolean: bool | None
    form: str
    """boolean, tabular, RDF, or nothing."""
    codes: tuple[int, ...] = ()
    """The statuses, where the test names them one by one."""
    media_type: str = ""
    told: bytes = b""
    """The RDF that must come back, and its type."""
    location: str = ""
    """What stands in later requests for the Location that comes back."""


@dataclass(frozen=True)
class Case:
    """A test: what is asked of what, and where the expected answer stands. File names are relative to the checkout."""

    iri: str
    name: str
    suite: str
    kind: str
    query: str = ""
    data: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
    result: str = ""
    lax: bool = False
    """Whether REDUCED leaves the number of equal rows open."""
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)
    before: State = State()
    after: State = State()
    """Of an update: what the store holds before and after; `query` is then the request."""


class Manifest:
    """One manifest, read."""

    def __init__(self, root: Path, path: str) -> None:
        self.root, self.path = root, path
        self._store = Store()
        self._store.load(path=str(root / path), format=RdfFormat.TURTLE, base_iri=PLACE + path)

    def values(self, subject: Node, predicate: str) -> list[NamedNode | BlankNode | Literal]:
        """The objects of a property."""
        return [q.object for q in self._store.quads_for_pattern(subject, NamedNode(predicate), None, DefaultGraph())]  # type: ignore[misc]

    def value(self, subject: Node, predicate: str) -> NamedNode | BlankNode | Literal | None:
        """The one object of a property."""
        return next(iter(self.values(subject, predicate)), None)

    def text(self, subject: Node, predicate: str) -> str:
        """The text of a property; none is empty."""
        found = self.value(subject, predicate)
        return found.value if isinstance(found, Literal) else ""

    def items(self, subject: Node, predicate: str) -> Iterator[Node]:
        """The members of a list."""
        rest = self.value(subject, predicate)
        while isinstance(rest, NamedNode | BlankNode) and rest.value != f"{RDF}nil":
            first = self.value(rest, f"{RDF}first")
            assert isinstance(first, NamedNode | BlankNode)
            yield first
            rest = self.value(rest, f"{RDF}rest")

    def file(self, node: object) -> str:
        """The name of a file that the manifest names by IRI."""
        assert isinstance(node, NamedNode) and node.value.startswith(PLACE), node
        return unquote(node.value.removeprefix(PLACE))

    def cases(self, suite: str) -> Iterator[Case]:
        """Its tests, and those of the manifests that it includes."""
        this = NamedNode(PLACE + self.path)
        for included in self.items(this, f"{MF}include"):
            yield from Manifest(self.root, self.file(included)).cases(suite)
        for entry in self.items(this, f"{MF}entries"):
            yield self.case(entry, suite)

    def case(self, entry: Node, suite: str) -> Case:
        """One test."""
        kind = self.value(entry, f"{RDF}type")
        assert isinstance(kind, NamedNode) and isinstance(entry, NamedNode)
        about = (entry.value, self.text(entry, f"{MF}name"), suite, kind.value.removeprefix(MF))
        action = self.value(entry, f"{MF}action")
        if kind.value in (f"{MF}ProtocolTest", f"{MF}GraphStoreProtocolTest"):
            assert isinstance(action, BlankNode)
            return Case(*about, exchanges=tuple(map(self.exchange, self.items(action, f"{HT}requests"))))
        if isinstance(action, NamedNode):
            return Case(*about, query=self.file(action))
        if not isinstance(action, BlankNode):
            return Case(*about)
        result = self.value(entry, f"{MF}result")
        if kind.value == f"{MF}UpdateEvaluationTest":
            assert isinstance(result, BlankNode)
            request = self.file(self.value(action, f"{UT}request"))
            return Case(*about, query=request, before=self.state(action), after=self.state(result))
        return Case(
            *about,
            query=self.file(self.value(action, f"{QT}query")),
            data=tuple(map(self.file, self.values(action, f"{QT}data"))),
            graphs=tuple(map(self.file, self.values(action, f"{QT}graphData"))),
            result=self.file(result) if result else "",
            lax=bool(self.value(entry, f"{MF}resultCardinality")),
        )

    def state(self, node: Node) -> State:
        """What a store holds before or after an update."""
        files = tuple(map(self.file, self.values(node, f"{UT}data")))
        graphs = [each for each in self.values(node, f"{UT}graphData") if isinstance(each, BlankNode)]
        return State(files, tuple((self.text(each, f"{RDFS}label"), self.file(self.value(each, f"{UT}graph"))) for each in graphs))

    def exchange(self, node: Node) -> Exchange:
        """One request and its response."""
        response = self.value(node, f"{HT}resp")
        assert isinstance(response, BlankNode)
        statuses = [value.value.rpartition("#")[2] for value in self.values(response, f"{MF}expectedStatus")]
        boolean = self.text(response, f"{MF}expectedBoolean")
        return Exchange(
            self.text(node, f"{HT}methodName"),
            self.text(node, f"{HT}absolutePath"),
            self.headers(node),
            self.body(node),
            tuple(sorted(name[-3] for name in statuses if name not in CODES)),
            boolean == "true" if boolean else None,
            self.text(response, f"{MF}expectedFormat"),
            tuple(CODES[name] for name in statuses if name in CODES),
            dict(self.headers(response)).get("content-type", ""),
            self.body(response),
            self.text(response, f"{MF}expectedLocation"),
        )

    def headers(self, node: Node) -> tuple[tuple[str, str], ...]:
        """The headers of a request or response."""
        return tuple((self.text(each, f"{HT}fieldName"), self.text(each, f"{HT}fieldValue")) for each in self.items(node, f"{HT}headers"))

    def body(self, node: Node) -> bytes:
        """The body of a request or response."""
        body = self.value(node, f"{HT}body")
        return self.text(body, f"{CNT}chars").encode(self.text(body, f"{CNT}characterEncoding")) if isinstance(body, BlankNode) else b""

    def graph_data(self) -> dict[str, str]:
        """The named graphs of the protocol tests, by IRI."""
        blanks = {q.object for q in self._store.quads_for_pattern(None, NamedNode(f"{UT}graphData"), None)}
        return {self.text(each, f"{RDFS}label"): self.file(self.value(each, f"{UT}graph")) for each in blanks}  # type: ignore[arg-type]


def read_suites(root: Path) -> tuple[Case, ...]:
    """The cases of every suite, in the order of the manifests."""
    return tuple(case for suite, paths in SUITES.items() for path in paths for case in Manifest(root, path).cases(suite))
