"""What a store answers: the same types whichever store is behind (SPARQL 1.1 Query §16)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple

Term = NamedNode | BlankNode | Literal | Triple
Answer = QuerySolutions | QueryBoolean | QueryTriples
Row = dict[str, Term]

__all__ = ["WHOLE", "Answer", "BlankNode", "Dataset", "Literal", "NamedNode", "Row", "Term", "rows"]


@dataclass(frozen=True)
class Dataset:
    """The RDF dataset of a query (SPARQL 1.1 Protocol §2.1.4): graph IRIs; empty means what the store holds."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


WHOLE = Dataset()


def rows(answer: Answer) -> Iterator[Row]:
    """The solutions of a SELECT, each as {variable: term} without the unbound ones."""
    if not isinstance(answer, QuerySolutions):
        raise TypeError("rows() reads the answer of a SELECT")
    names = [variable.value for variable in answer.variables]
    for solution in answer:
        yield {name: term for name in names if (term := solution[name]) is not None}
