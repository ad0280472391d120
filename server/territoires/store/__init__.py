"""The graph behind one Protocol."""

from typing import Protocol

from territoires.results import WHOLE, Answer, Dataset, Reply, Request


class Store(Protocol):
    """One state of the graph that can be asked: what every room that reads it needs."""

    @property
    def revision(self) -> str:
        """Names the state of the graph: another revision, other answers."""

    @property
    def base(self) -> str:
        """The base of the own IRIs in this graph, ending in a slash."""

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own. Raises QuerySyntaxError, QueryRefused, QueryFailed, QueryTimeout or StoreUnavailable."""


class QueryService(Store, Protocol):
    """A store that stands on the open web: it runs anybody's query, within limits."""

    def run(self, request: Request) -> Reply:
        """Answers somebody's query in bytes. Raises what `query` raises, QueryStopped, and Overloaded when the queue is full."""

    def ready(self) -> str | None:
        """What keeps the store from answering now, or None."""

    def close(self) -> None:
        """Ends what the store has started."""
