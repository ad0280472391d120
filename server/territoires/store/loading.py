"""Pushes a release to a store on another host, by SPARQL 1.1 Graph Store HTTP Protocol.

Each graph replaces the one of its name, the merge of all of them the default graph; graphs of the release before that are no more
are taken away. The graph that names the revision goes last: until then the store says that it holds what it held.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, RdfFormat, Store, Triple, parse, serialize

from territoires.errors import StoreUnavailable
from territoires.store.embedded import open_on_disk
from territoires.store.releases import Release
from territoires.store.upstream import BrokenOff, Exchange, Host

PART = 200_000  # triples that are sent at once, some 30 MB
_SECONDS = 600.0  # that a store may take for one part
_SAY_EVERY = 1.0  # seconds
_QUOTED = 300  # characters of a store's message that are passed on
_NAMED_GRAPH = NamedNode("http://www.w3.org/ns/sparql-service-description#NamedGraph")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """What was sent: graphs beside the default graph, triples in them, graphs that were taken away."""

    graphs: int
    triples: int
    removed: int


class GraphStore:
    """The Graph Store of another host."""

    def __init__(self, address: str, user: str = "", password: str = "") -> None:
        self.address = address
        self._host = Host(address, user, password, 1)

    def replace(self, graph: str | None, triples: Iterable[Triple]) -> int:
        """Makes a graph (None: the default one) hold these triples and no others; tells how many. Raises StoreUnavailable."""
        count = 0
        for number, part in enumerate(parts(triples)):
            body = serialize(part, format=RdfFormat.N_TRIPLES)
            self._send("POST" if number else "PUT", graph, body)
            count += len(part)
        return count

    def remove(self, graph: str) -> None:
        """Takes a graph away, if there is one."""
        self._send("DELETE", graph, accepted=(404,))

    def read(self, graph: str) -> list[Triple]:
        """What a graph holds; nothing, if there is none."""
        body = self._send("GET", graph, accepted=(404,))
        return [Triple(quad.subject, quad.predicate, quad.object) for quad in parse(body, RdfFormat.N_TRIPLES)]

    def close(self) -> None:
        """Closes the connection."""
        self._host.close()

    def _send(self, method: str, graph: str | None, body: bytes | None = None, accepted: tuple[int, ...] = ()) -> bytes:
        """The body of an answer 2xx; none, where the status is another one that is accepted. Raises StoreUnavailable."""
        headers = {"Accept": "application/n-triples"} if method == "GET" else {}
        if body is not None:
            headers["Content-Type"] = "application/n-triples"
        parameters = "default" if graph is None else urlencode({"graph": graph})
        exchange = Exchange(time.monotonic() + _SECONDS)
        try:
            response = self._host.send(exchange, method, headers, body, parameters, again=method != "POST")
            said = response.read()
        except (BrokenOff, OSError) as error:
            raise StoreUnavailable(f"{self.address} broke off at {method} {parameters}: {error}") from error
        response.release_conn()
        if response.status in accepted:
            return b""
        if not 200 <= response.status < 300:
            raise self._refusal(response.status, method, graph, " ".join(said.decode("utf-8", "replace").split())[:_QUOTED])
        return said

    def _refusal(self, status: int, method: str, graph: str | None, said: str) -> StoreUnavailable:
        """What a status that isn't 2xx means."""
        if status in (401, 403):
            return StoreUnavailable(f"{self.address} refuses us ({status}): give --user and --password of somebody who may write there.")
        if status in (404, 405, 415):
            return StoreUnavailable(f"{self.address} is no Graph Store that can be written to ({method}: {status}).")
        if graph is None:
            return StoreUnavailable(
                f"{self.address} takes no default graph ({status}: {said}). If the store has none, name the graph that shall stand for it: "
                "--default-graph IRI, and TERRITOIRES_STORE_DEFAULT_GRAPH for the server."
            )
        return StoreUnavailable(f"{self.address} answers {status} to {method} of the graph {graph}: {said}")


def load(release: Release, target: GraphStore, default_graph: str = "", say: Say = print) -> Loaded:
    """Pushes a release to `target`; it may be run again at any time. Raises StoreUnavailable.

    `default_graph` names the graph that holds the merge in a store that has no default graph.
    """
    store = open_on_disk(release.path / "store")
    last = f"{release.base}graph/provenance"
    names = sorted(graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))
    described = [triple.subject for triple in target.read(last) if triple.object == _NAMED_GRAPH]
    before = {graph.value for graph in described if isinstance(graph, NamedNode)}
    say(f"Loading release {release.revision} into {target.address}: {len(names)} graphs and their merge")
    target.replace(default_graph or None, content(store, None))
    said, sent = time.monotonic(), 0
    for number, name in enumerate(each for each in names if each != last):
        sent += target.replace(name, content(store, name))
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            say(f"{number + 1} of {len(names)} graphs, {sent} triples")
    gone = sorted(before - set(names))
    for name in gone:
        target.remove(name)
    if last in names:
        sent += target.replace(last, content(store, last))
    return Loaded(len(names), sent, len(gone))


def content(store: Store, graph: str | None) -> Iterator[Triple]:
    """The triples of a graph; None is the default graph."""
    name = DefaultGraph() if graph is None else NamedNode(graph)
    for quad in store.quads_for_pattern(None, None, None, name):
        yield Triple(quad.subject, quad.predicate, quad.object)


def parts(triples: Iterable[Triple], most: int = PART) -> Iterator[list[Triple]]:
    """The triples in parts of `most`, at least one; those with a blank node stand together in the first, where it is one node."""
    tied: list[Triple] = []
    free: list[Triple] = []
    for triple in triples:
        (tied if isinstance(triple.subject, BlankNode) or isinstance(triple.object, BlankNode) else free).append(triple)
    room = max(0, most - len(tied))
    yield tied + free[:room]
    for start in range(room, len(free), most):
        yield free[start : start + most]
