"""Whether two servers gave the same answer: as multisets of rows, or sets of triples, numbers by their value."""

import hashlib
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal

from ..conformance.answers import XSD, Term, read

_NUMBERS = ("integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger")
_DIGITS = 9  # that two numbers must have in common: engines calculate means to different lengths


@dataclass(frozen=True)
class Print:
    """What stands for an answer: the number of its rows or triples, and a checksum over them in any order."""

    count: int
    digest: str


def fingerprint(body: bytes, media_type: str) -> Print:
    """What stands for an answer. Raises ValueError or SyntaxError when it can't be read."""
    told = read(body, media_type, "http://localhost/")
    if told.boolean is not None:
        return Print(1, str(told.boolean))
    if told.graph is not None:
        found = [" ".join(map(written, (quad.subject, quad.predicate, quad.object))) for quad in set(told.graph)]
    else:
        found = ["\t".join(f"{name}={written(row[name])}" for name in sorted(row)) for row in told.rows]
    return Print(len(found), hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest())


def written(term: Term) -> str:
    """A term as text, the same for the same value; blank nodes are all alike."""
    if isinstance(term, BlankNode):
        return "_:"
    if isinstance(term, Literal) and term.datatype.value.removeprefix(XSD) in _NUMBERS:
        return f"{float(term.value):.{_DIGITS}g}"
    return str(term)
