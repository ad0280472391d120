"""Which nodes a change of the graph concerns that a SPARQL constraint looks at (SHACL §5).

A solution of the query that is new after a change uses a triple that came, or misses one that went (in a NOT EXISTS, say). For each
pattern that such a triple may have matched, a `Lookout` finds the nodes ($this) that the other patterns then lead to, in the store as it
is after the change. It may find more than are concerned, never fewer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rdflib import Literal, URIRef
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import BNode, Node, Variable

from territoires.errors import SourceError

THIS = Variable("this")
Pattern = tuple[Any, Any, Any]
"""Subject, predicate or path, object."""
_ASIDE = ("Builtin_EXISTS", "Builtin_NOTEXISTS")
_THROUGH = ("SelectQuery", "Project", "Distinct", "Extend", "ToMultiSet")


@dataclass(frozen=True)
class Group:
    """Patterns that hold together; `aside` are those of OPTIONAL, MINUS, EXISTS and NOT EXISTS, which may hold beside them."""

    patterns: tuple[Pattern, ...] = ()
    aside: tuple["Group", ...] = ()


@dataclass(frozen=True)
class Lookout:
    """What a triple concerns that matches `pattern`, whose predicate is one IRI or a variable, beside the `rest`."""

    pattern: Pattern
    rest: tuple[Pattern, ...] = field(repr=False)

    def bound(self, triple: tuple[Node, Node, Node]) -> dict[Node, Node] | None:
        """What the variables of the pattern are for that triple; None where it doesn't match."""
        found: dict[Node, Node] = {}
        for term, value in zip(self.pattern, triple, strict=True):
            if not isinstance(term, Variable):
                if term != value:
                    return None
            elif found.setdefault(term, value) != value:
                return None
        return found

    def asked(self, bound: dict[Node, Node]) -> str:
        """The query for ?this with those terms in it; blank nodes stay variables. "" where nothing can answer it."""
        lines = []
        for pattern in self.rest:
            terms: list[Any] = [bound.get(term, term) if not isinstance(bound.get(term), BNode) else term for term in pattern]
            if isinstance(terms[0], Literal):
                return ""
            lines.append(" ".join(term.n3() for term in terms))
        return f"SELECT DISTINCT ?this WHERE {{ {' . '.join(lines)} }}"


def lookouts(query: Query) -> list[Lookout]:
    """Those of a SPARQL constraint. Raises SourceError for what isn't understood in it."""
    found: dict[Lookout, None] = {}
    for group in groups(query.algebra):
        found |= dict.fromkeys(_of_group(group, ()))
    return list(found)


def groups(node: CompValue) -> list[Group]:
    """What may hold together: one group for each choice of the unions."""
    if node.name == "BGP":
        return [Group(tuple(_simple(node.triples)))]
    if node.name in _THROUGH:
        return groups(node.p)
    if node.name == "Join":
        return [Group(a.patterns + b.patterns, a.aside + b.aside) for a, b in product(groups(node.p1), groups(node.p2))]
    if node.name == "Union":
        return groups(node.p1) + groups(node.p2)
    if node.name == "Filter":
        aside = tuple(_mentioned(node.expr))
        return [Group(each.patterns, each.aside + aside) for each in groups(node.p)]
    if node.name in ("LeftJoin", "Minus"):
        aside = (*groups(node.p2), *_mentioned(node.get("expr")))
        return [Group(each.patterns, each.aside + aside) for each in groups(node.p1)]
    raise SourceError(f"A SPARQL constraint uses {node.name}, which isn't understood here.")


def _mentioned(expression: Any) -> Iterator[Group]:
    """The groups of EXISTS and NOT EXISTS in an expression."""
    if isinstance(expression, CompValue):
        if expression.name in _ASIDE:
            yield from groups(vars(expression)["graph"])  # rdflib keeps the translated pattern there
            return
        expression = list(expression.values())
    if isinstance(expression, list | tuple | set):
        for part in expression:
            yield from _mentioned(part)


def _simple(patterns: Iterable[Pattern]) -> Iterator[Pattern]:
    """The patterns with sequences of a path told as several."""
    for number, (subject, path, value) in enumerate(patterns):
        if isinstance(path, SequencePath):
            between = [Variable(f"step{number}x{index}x{id(path) % 9973}") for index in range(len(path.args) - 1)]
            ends = [subject, *between, value]
            yield from _simple(zip(ends, path.args, ends[1:], strict=False))
        elif isinstance(path, InvPath):
            yield from _simple([(value, path.arg, subject)])
        else:
            yield subject, path, value


def _of_group(group: Group, above: tuple[Pattern, ...]) -> Iterator[Lookout]:
    """The lookouts for each pattern of a group that stands beside the patterns `above`."""
    for index, pattern in enumerate(group.patterns):
        others = group.patterns[:index] + group.patterns[index + 1 :]
        yield from _of_pattern(pattern, above + others if not above else _linked(pattern, above, others), bool(above))
    for inner in group.aside:
        yield from _of_group(inner, above + group.patterns)


def _linked(pattern: Pattern, above: tuple[Pattern, ...], others: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    """The patterns above, with those beside that link this one to them: others may be gone together with it."""
    if variables([pattern]) & variables(above):
        return above
    return above + tuple(other for other in others if variables([other]) & variables([pattern]))


def _of_pattern(pattern: Pattern, rest: tuple[Pattern, ...], aside: bool) -> Iterator[Lookout]:
    """The lookouts for a pattern: one for each predicate of its path."""
    subject, path, value = pattern
    if isinstance(path, URIRef | Variable):
        yield Lookout(pattern, rest)
    elif isinstance(path, AlternativePath):
        for choice in path.args:
            yield from _of_pattern(next(_simple([(subject, choice, value)])), rest, aside)
    elif isinstance(path, MulPath):
        start, end, every = Variable("start"), Variable("end"), MulPath(path.path, "*")
        ends: tuple[Pattern, ...] = ((subject, every, start), (end, every, value))
        if aside:  # the other part of the way may be gone together with this one
            ends = ends[:1] if subject in variables(rest) else ends[1:]
        yield from _of_pattern(next(_simple([(start, path.path, end)])), rest + ends, aside)
    else:
        raise SourceError(f"A SPARQL constraint uses the path {path!r}, which isn't understood here.")


def variables(patterns: Iterable[Pattern]) -> set[Node]:
    """The variables of patterns."""
    return {term for pattern in patterns for term in pattern if isinstance(term, Variable)}
