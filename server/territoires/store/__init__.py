"""The graph behind one Protocol."""

from typing import Protocol

from territoires.results import WHOLE, Answer, Dataset


class Store(Protocol):
    """A SPARQL 1.1 query service over one release of the graph."""

    @property
    def revision(self) -> str:
        """Names the state of the graph: another revision, other answers."""

    @property
    def base(self) -> str:
        """The base of the own IRIs in this graph, ending in a slash."""

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query. Raises QuerySyntaxError, QueryRefused, QueryFailed or StoreUnavailable."""
