"""The graph behind one Protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

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


@dataclass(frozen=True)
class Figures:
    """What a store that runs queries itself tells of its work."""

    counts: Mapping[str, int]
    """What has happened since the start: queries, timeouts, cancelled, stopped, refused, forks, restarts."""
    running: int
    waiting: int
    idle: int
    """Queries that run and wait, workers that are idle."""
    processes: Mapping[str, tuple[int, ...]]
    """Process ids by role: zygote, worker."""


@runtime_checkable
class Observable(Protocol):
    """A store that can tell how it fares."""

    def figures(self) -> Figures:
        """How it fares now."""


@runtime_checkable
class Holdable(Protocol):
    """A store whose graph may be replaced while it runs; who holds a state reads that one until it releases it."""

    def hold(self) -> "HeldStore":
        """The state that is current now; it stays open until it is released."""


class QueryService(Store, Protocol):
    """A store that stands on the open web: it runs anybody's query, within limits."""

    def run(self, request: Request) -> Reply:
        """Answers somebody's query in bytes. Raises what `query` raises, QueryStopped, and Overloaded when the queue is full."""

    def ready(self) -> str | None:
        """What keeps the store from answering now, or None."""

    def close(self) -> None:
        """Ends what the store has started."""


class Errand(Protocol):
    """A query in the queue; nobody needs to wait for it."""

    granted: bool
    """Whether its turn has come."""

    def begin(self) -> int | None:
        """Begins it, if nothing has to be waited for: the descriptor that becomes readable when more of the answer has come."""

    def poll(self) -> Reply | None:
        """The reply, if it has come: whole, or the beginning of a long one; given once. Never waits. Raises what went wrong."""

    def reply(self) -> Reply:
        """The reply, given once; waits for it. Raises what went wrong."""

    def leave(self) -> None:
        """Gives it up."""


@runtime_checkable
class Queueing(Protocol):
    """A store that can be asked without waiting for it."""

    def enqueue(self, request: Request, grant: Callable[[], None]) -> Errand:
        """Puts somebody's query into the queue; `grant` is called, from whichever thread, when it waits and its turn comes.

        Raises Overloaded.
        """


class HeldStore(QueryService, Protocol):
    """One state of a store, held for the time of a request."""

    def release(self) -> None:
        """Says that this holder needs it no more."""
