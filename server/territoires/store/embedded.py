"""The embedded store: pyoxigraph on disk, written once by a build and opened read-only by a server.

The default graph is the merge of all named graphs, written out: the engine's own union of graphs repeats a triple that
stands in two of them, so that a COUNT over it would be wrong.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from territoires.errors import QueryFailed, QueryRefused, QuerySyntaxError, StoreUnavailable
from territoires.results import WHOLE, Answer, Dataset

_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def write_store(path: Path, quads: Iterable[Quad]) -> None:
    """Writes the quads, and their merge as the default graph, to a new store at `path`."""
    named = list(quads)
    store = Store(str(path))
    store.bulk_extend(named)
    store.bulk_extend(Quad(q.subject, q.predicate, q.object, DefaultGraph()) for q in named)
    store.optimize()
    store.flush()


class EmbeddedStore:
    """One release, opened read-only."""

    def __init__(self, path: Path, revision: str, base: str) -> None:
        self.revision = revision
        self.base = base
        try:
            self._store = Store.read_only(str(path))
        except (OSError, RuntimeError) as error:
            raise StoreUnavailable(f"The store at {path} can't be opened ({error}): build it anew with `territoires build`.") from error

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query over the release; a Protocol dataset stands above the query's FROM."""
        try:
            return self._store.query(
                text,
                base_iri=self.base,
                default_graph=None if dataset == WHOLE else [NamedNode(iri) for iri in dataset.default],
                named_graphs=None if dataset == WHOLE else [NamedNode(iri) for iri in dataset.named],
            )
        except SyntaxError as error:
            raise syntax_error(str(error)) from error
        except RuntimeError as error:
            raise execution_error(str(error)) from error
        except OSError as error:
            raise StoreUnavailable(f"The store can't be read: {error}") from error


def syntax_error(message: str) -> QuerySyntaxError:
    """The engine's message with its position taken out: 'error at 2:9: expected …'."""
    found = _POSITION.match(message)
    if not found:
        return QuerySyntaxError(message)
    line, column, detail = found.groups()
    if "Prefix not found" in detail:
        detail = "Prefix not found: declare it with PREFIX"
    return QuerySyntaxError(" ".join(detail.split()), int(line), int(column))


def execution_error(message: str) -> QueryRefused | QueryFailed:
    """What the engine won't run is the query's fault, anything else is ours."""
    return QueryRefused(message) if "not supported" in message else QueryFailed(message)
