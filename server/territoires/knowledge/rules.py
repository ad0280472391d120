"""The inference rules: CONSTRUCT queries, run by the engine as they are, and read here as patterns so that they can be explained.

A rule has one conclusion; its premises are triple patterns, and VALUES of one variable may narrow them. Nothing else: whatever
a rule concludes then goes on holding when more is known, and each conclusion can be told by the triples it rests on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import rdflib
from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple, Variable
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from territoires.errors import SourceError
from territoires.knowledge.queries import QueryLibrary, StoredQuery
from territoires.results import Term
from territoires.vocabulary import rebase

Place = NamedNode | Literal | Variable
Pattern = tuple[Place, Place, Place]
Asked = tuple[Term | None, Term | None, Term | None]
"""A triple that may leave places open."""
Binding = Mapping[Variable, Term]


@dataclass(frozen=True)
class Rule:
    """One rule at one base: its file as a stored query, its conclusion, and its premises in the order of the file."""

    query: StoredQuery
    text: str
    conclusion: Pattern
    premises: tuple[Pattern, ...]
    allowed: Mapping[Variable, frozenset[Place]]

    @property
    def file(self) -> str:
        """The rule's file, from the home."""
        return f"queries/infer/{self.query.name}.rq"

    @property
    def against(self) -> str:
        """The stored query that tells what speaks against a conclusion; empty when there is none."""
        return self.query.about.get("against", "")


def read_rules(home: Path, base: str) -> tuple[Rule, ...]:
    """Every rule of queries/infer, by name. Raises SourceError where a file is no rule."""
    library = QueryLibrary(home, "infer")
    return tuple(read_rule(library.find(name), base) for name in library.names())


def read_rule(query: StoredQuery, base: str) -> Rule:
    """The rule that a file holds. Raises SourceError where it is none."""
    text = rebase(query.text, base)
    try:
        parsed = parseQuery(text)
        kinds = {part.name for part in parsed[1].where.part}  # before the translation, which takes filters away
        template = translateQuery(parsed).algebra.template or ()  # this also puts IRIs for the prefixed names within `parsed`
        parts = parsed[1].where.part
    except Exception as error:  # rdflib's parser raises whatever its tokenizer meets
        raise SourceError(f"queries/infer/{query.name}.rq is no CONSTRUCT query: {error}") from error
    values = [part for part in parts if part.name == "InlineData"]
    if len(template) != 1 or not kinds <= {"TriplesBlock", "InlineData"} or any(len(part.var) != 1 for part in values):
        raise SourceError(f"queries/infer/{query.name}.rq is no rule: one conclusion, triple patterns and VALUES of one variable.")
    flat = [place(term, query) for part in parts if part.name == "TriplesBlock" for block in part.triples for term in block]
    allowed = {Variable(str(part.var[0])): frozenset(place(term, query) for term in part.value) for part in values}
    conclusion, *premises = by_three([place(term, query) for term in next(iter(template))] + flat)
    return Rule(query, text, conclusion, tuple(premises), allowed)


def by_three(places: Sequence[Place]) -> list[Pattern]:
    """Places one after another as triple patterns."""
    return [(places[i], places[i + 1], places[i + 2]) for i in range(0, len(places), 3)]


def place(term: object, query: StoredQuery) -> Place:
    """A place of a pattern in the engine's terms. Raises SourceError for a path or a blank node."""
    match term:
        case rdflib.Variable():
            return Variable(str(term))
        case rdflib.URIRef():
            return NamedNode(str(term))
        case rdflib.Literal(language=str(language)):
            return Literal(str(term), language=language)
        case rdflib.Literal():
            return Literal(str(term), datatype=NamedNode(str(term.datatype))) if term.datatype else Literal(str(term))
    raise SourceError(f"queries/infer/{query.name}.rq is no rule: {term} is neither a variable, an IRI nor a literal.")


def unify(pattern: Pattern, asked: Asked, known: Binding) -> dict[Variable, Term] | None:
    """`known` with what makes `pattern` the triple asked about; None when nothing does."""
    found = dict(known)
    for part, term in zip(pattern, asked, strict=True):
        if term is None:
            continue
        if not isinstance(part, Variable):
            if part != term:
                return None
        elif found.setdefault(part, term) != term:
            return None
    return found


def filled(pattern: Pattern, known: Binding) -> Asked:
    """`pattern` with its variables replaced; a variable that isn't known leaves its place open."""
    subject, predicate, value = (known.get(part) if isinstance(part, Variable) else part for part in pattern)
    return subject, predicate, value


def matches(facts: Store, rule: Rule, premises: Sequence[Pattern], known: Binding) -> Iterator[dict[Variable, Term]]:
    """Every way in which `premises` hold in `facts`, whichever graph says so."""
    if not premises:
        yield dict(known)
        return
    for triple in holding(facts, filled(premises[0], known)):
        found = unify(premises[0], (triple.subject, triple.predicate, triple.object), known)
        if found is not None and all(found[name] in terms for name, terms in rule.allowed.items() if name in found):
            yield from matches(facts, rule, premises[1:], found)


def holding(facts: Store, asked: Asked) -> list[Triple]:
    """The triples of all graphs that answer to `asked`, each once, sorted; those with blank nodes can't be cited and stay out."""
    subject, predicate, value = asked
    if isinstance(subject, Literal) or not isinstance(predicate, NamedNode | None):
        return []
    quads = facts.quads_for_pattern(subject, predicate, value, None)
    found = {q.triple for q in quads if not isinstance(q.subject, BlankNode) and not isinstance(q.object, BlankNode)}
    return sorted(found, key=str)
