"""What a store is asked and what it answers: the same types whichever store is behind (SPARQL 1.1 Query §16)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal as OneOf

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, Triple

Term = NamedNode | BlankNode | Literal | Triple
Graph = list[Triple]
Answer = QuerySolutions | QueryBoolean | Graph
Row = dict[str, Term]
Kind = OneOf["solutions", "boolean", "graph"]
"""What a SELECT, an ASK, a CONSTRUCT or DESCRIBE answers."""

__all__ = [
    "PAGE",
    "WHOLE",
    "Answer",
    "BlankNode",
    "Cancellation",
    "Dataset",
    "Graph",
    "Kind",
    "Literal",
    "NamedNode",
    "Reply",
    "Request",
    "Row",
    "Term",
    "rows",
]


@dataclass(frozen=True)
class Dataset:
    """The RDF dataset of a query (SPARQL 1.1 Protocol §2.1.4): graph IRIs; empty means what the store holds."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


WHOLE = Dataset()

PAGE = "text/html"
"""The media type that asks for what a page shows: the first rows as TSV, the first triples as N-Triples, a boolean as JSON."""


class Cancellation:
    """Says that nobody waits for an answer any more; whoever works for it is told at once."""

    def __init__(self) -> None:
        self.cancelled = False
        self._stop: Callable[[], None] | None = None

    def cancel(self) -> None:
        """Stops the work; does nothing when it is done."""
        self.cancelled = True
        if stop := self._stop:
            stop()

    def watch(self, stop: Callable[[], None] | None) -> None:
        """Sets what stops the work that begins now; None when it has ended."""
        self._stop = stop
        if stop and self.cancelled:
            stop()


@dataclass(frozen=True)
class Request:
    """A query that somebody sent, and how the answer is wanted."""

    text: str
    dataset: Dataset = WHOLE
    accept: Mapping[Kind, str] = field(default_factory=dict)
    """The media type for each kind of answer; a kind that is missing is told and not written."""
    seconds: float = 10.0
    """The deadline: the kernel ends the work then."""
    first: int = 500
    """For a page: only so many rows or triples, and whether there are more."""
    rewriting: bool = True
    """Whether patterns on which the engine is slow may be rewritten."""
    cancellation: Cancellation = field(default_factory=Cancellation)


@dataclass
class Reply:
    """An answer on its way: `chunks` raises QueryStopped when it breaks off, so that no short answer looks whole."""

    kind: Kind
    media_type: str | None
    """What the chunks are written in; None when the kind isn't accepted, and there are no chunks."""
    chunks: Iterator[bytes]
    whole: bytes | None = None
    """All of it, when it was short enough to be awaited; `chunks` is then this one piece."""
    more: bool = False
    """Whether a page holds the first rows only."""
    work: float = 0.0
    """Seconds of work, as far as they are known when the reply begins."""
    rules: tuple[str, ...] = ()
    """The rules by which the query was rewritten before it was run, and the text that was run then."""
    text: str = ""

    def read(self) -> bytes:
        """All of the answer."""
        return self.whole if self.whole is not None else b"".join(self.chunks)


def rows(answer: Answer) -> Iterator[Row]:
    """The solutions of a SELECT, each as {variable: term} without the unbound ones."""
    if not isinstance(answer, QuerySolutions):
        raise TypeError("rows() reads the answer of a SELECT")
    names = [variable.value for variable in answer.variables]
    for solution in answer:
        yield {name: term for name in names if (term := solution[name]) is not None}
