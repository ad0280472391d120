"""The embedded engine: pyoxigraph on disk, written once by a build and opened read-only, or held in memory.

The default graph is the merge of all named graphs, written out: the engine's own union of graphs repeats a triple that
stands in two of them, so that a COUNT over it would be wrong.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, QueryBoolean, QuerySolutions, QueryTriples, Store

from territoires.errors import InvalidParameter, QueryFailed, QueryRefused, StoreUnavailable
from territoires.results import WHOLE, Answer, Dataset
from territoires.store.counting import Census
from territoires.store.guard import syntax_error

MOST_GROUPS = 1000  # classes, or properties, whose counts are kept
_HUB, _MOST_HUBS = 2000, 500  # triples that lead to a thing whose counts are kept, and how many things


def write_store(path: Path, quads: Iterable[Quad], more: Callable[[Store], None] = lambda store: None) -> None:
    """Writes the quads, and their merge as the default graph, to a new store at `path`; `more` adds what is loaded as it is."""
    named = list(quads)
    store = Store(str(path))
    store.bulk_extend(named)
    store.bulk_extend(Quad(q.subject, q.predicate, q.object, DefaultGraph()) for q in named)
    more(store)
    store.optimize()
    store.flush()


def open_on_disk(path: Path) -> Store:
    """The store at `path`, read-only. Raises StoreUnavailable."""
    try:
        return Store.read_only(str(path))
    except (OSError, RuntimeError) as error:
        raise StoreUnavailable(f"The store at {path} can't be opened ({error}): build it anew with `territoires build`.") from error


def named_quads(path: Path) -> list[Quad]:
    """What the store at `path` holds in named graphs. Raises StoreUnavailable."""
    return [quad for quad in open_on_disk(path) if not isinstance(quad.graph_name, DefaultGraph)]


def take_census(path: Path) -> Census:
    """What the default graph of the store at `path` holds, by class and by property where they are IRIs and not too many.

    Raises StoreUnavailable.
    """
    store = open_on_disk(path)
    total = store.query("SELECT (COUNT(*) AS ?count) { ?s ?p ?o }")
    assert isinstance(total, QuerySolutions)
    return Census(int(next(total)["count"].value), counted(store, "?s a ?group"), counted(store, "?s ?group ?o"), hubs(store))


def counted(store: Store, pattern: str) -> dict[str, int] | None:
    """How often each ?group stands in the pattern; None where they can't all be named."""
    found = store.query(f"SELECT ?group (COUNT(*) AS ?count) {{ {pattern} }} GROUP BY ?group ORDER BY ?group LIMIT {MOST_GROUPS + 1}")
    assert isinstance(found, QuerySolutions)
    groups = [(row["group"], int(row["count"].value)) for row in found]
    if len(groups) > MOST_GROUPS or not all(isinstance(term, NamedNode) for term, _ in groups):
        return None
    return {term.value: count for term, count in groups}


def hubs(store: Store) -> dict[str, dict[str, int]]:
    """The things that most triples of the default graph lead to: how many by each property."""
    found = store.query(
        f"SELECT ?thing (COUNT(*) AS ?count) {{ ?s ?p ?thing FILTER(isIRI(?thing)) }} "
        f"GROUP BY ?thing HAVING(COUNT(*) >= {_HUB}) ORDER BY DESC(?count) ?thing LIMIT {_MOST_HUBS}"
    )
    assert isinstance(found, QuerySolutions)
    counts = {row["thing"].value: counted(store, f"VALUES ?thing {{ {row['thing']} }} ?s ?group ?thing") for row in found}
    return {thing: known for thing, known in counts.items() if known is not None}


def load_into_memory(path: Path) -> Store:
    """A copy of the store at `path` in memory: several times faster for scans, joins and aggregates. Raises StoreUnavailable."""
    store = Store()
    store.bulk_extend(open_on_disk(path))
    return store


class EmbeddedStore:
    """One release in this process: `held` in memory, or opened read-only on disk."""

    def __init__(self, path: Path, revision: str, base: str, held: Store | None = None) -> None:
        self.revision = revision
        self.base = base
        self._store = open_on_disk(path) if held is None else held

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query over the release; a Protocol dataset stands above the query's FROM."""
        found = self.evaluate(text, dataset)
        return list(found) if isinstance(found, QueryTriples) else found

    def evaluate(self, text: str, dataset: Dataset = WHOLE) -> QuerySolutions | QueryBoolean | QueryTriples:
        """As `query`, with an answer that is worked out while it is read."""
        try:
            default: list[NamedNode | BlankNode | DefaultGraph] = [NamedNode(iri) for iri in dataset.default]
            named: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in dataset.named]
        except ValueError as error:
            raise InvalidParameter("A graph IRI is not valid: %(why)s", why=str(error)) from error
        whole = dataset == WHOLE
        try:
            return self._store.query(
                text, base_iri=self.base, default_graph=None if whole else default, named_graphs=None if whole else named
            )
        except SyntaxError as error:
            raise syntax_error(str(error)) from error
        except RuntimeError as error:
            raise execution_error(str(error)) from error
        except OSError as error:
            raise StoreUnavailable(f"The store can't be read: {error}") from error


def execution_error(message: str) -> QueryRefused | QueryFailed:
    """What the engine won't run is the query's fault, anything else is ours."""
    return QueryRefused(message) if "not supported" in message else QueryFailed(message)
