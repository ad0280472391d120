"""Why a triple holds, or why it doesn't: who asserts it, which rule concludes it from what, and where the rules stop short."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad, Triple, Variable

from territoires.knowledge.inference import graphs_of, rule_graph
from territoires.knowledge.provenance import node
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.rules import Asked, Binding, Rule, filled, holding, matches, read_rules, unify
from territoires.results import Row, Term, rows
from territoires.store import Store
from territoires.vocabulary import rebase

_ABSENCE = ("tdp:absenceSubject", "tdp:absentObject", "tdp:absentKind")
_DEEP = 3  # how far a missing premise is followed into the rules that could conclude it


@dataclass(frozen=True)
class Derivation:
    """One use of a rule: its premises, each with its own proof."""

    rule: Rule
    premises: tuple["Proof", ...]


@dataclass(frozen=True)
class Proof:
    """A triple that holds: the graphs that hold it, the sources of its subject, and its derivations unless it is asserted."""

    triple: Triple
    graphs: tuple[NamedNode, ...]
    sources: tuple[Term, ...]
    derivations: tuple[Derivation, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """A rule that could have concluded the triple: how many of its premises hold, one after another, and in which ways."""

    rule: Rule
    met: int
    ways: tuple[Binding, ...]
    missing: tuple["Attempt", ...]
    """The same of the first premise that doesn't hold, where a rule could conclude that one."""
    against: tuple[Row, ...]


@dataclass(frozen=True)
class Explanation:
    """The answer: proofs where the triple holds; else the attempts of the rules, and the absences stated of its ends."""

    asked: Asked
    proofs: tuple[Proof, ...]
    attempts: tuple[Attempt, ...]
    absences: tuple[NamedNode, ...]
    unknown: tuple[NamedNode, ...]
    """Ends of the triple that no statement mentions."""
    links: tuple[Proof, ...] = ()
    """Where the triple doesn't hold: what else ties its two ends."""


class Explainer:
    """Explains the triples of one release: its graph is read once."""

    def __init__(self, store: Store, home: Path) -> None:
        self.store = store
        self.base = store.base
        self.rules = read_rules(home, store.base)
        self.queries = QueryLibrary(home, "explain")
        self.facts = pyoxigraph.Store()
        self.facts.extend(quad(row) for row in rows(store.query(self.queries.text("quads", store.base))))

    def explain(self, asked: Asked) -> Explanation:
        """Why the triple holds or doesn't; an open place stands for anything."""
        proofs = tuple(proof for triple in holding(self.facts, asked) if (proof := self.proof(triple)))
        attempts = () if proofs else tuple(self.attempts(asked, frozenset()))
        ends = [term for term in (asked[0], asked[2]) if isinstance(term, NamedNode)]
        absences = {n for end in ends for role in _ABSENCE for n in self.subjects(role, end)} if not proofs else set()
        unknown = [end for end in ends if not self.about(end)]
        links = self.links(asked) if not proofs and len(ends) == 2 else ()
        return Explanation(asked, proofs, attempts, tuple(sorted(absences, key=str)), tuple(unknown), links)

    def links(self, asked: Asked) -> tuple[Proof, ...]:
        """Why the two ends of a triple that doesn't hold are tied by other properties."""
        found = sorted(holding(self.facts, (asked[0], None, asked[2])), key=str)
        return tuple(proof for triple in found if (proof := self.proof(triple)))

    def proof(self, triple: Triple, path: frozenset[Triple] = frozenset()) -> Proof | None:
        """The proof of a triple that the graph holds, by none of the triples in `path`; None when there is no such proof."""
        graphs = tuple(graphs_of(self.facts, triple))
        own = {rule_graph(rule, self.base): rule for rule in self.rules}
        sources = self.sources(triple.subject)
        if any(graph not in own for graph in graphs):
            return Proof(triple, tuple(graph for graph in graphs if graph not in own), sources)
        found = [use for graph in graphs for use in self.derivations(own[graph], triple, path | {triple})]
        return Proof(triple, graphs, sources, tuple(found)) if found else None

    def derivations(self, rule: Rule, triple: Triple, path: frozenset[Triple]) -> Iterator[Derivation]:
        """Every use of a rule that concludes the triple from others than those of `path`."""
        known = unify(rule.conclusion, (triple.subject, triple.predicate, triple.object), {})
        for solution in () if known is None else matches(self.facts, rule, rule.premises, known):
            triples = [each for premise in rule.premises for each in holding(self.facts, filled(premise, solution))]
            proofs = [proof for each in triples if each not in path and (proof := self.proof(each, path))]
            if len(proofs) == len(rule.premises):
                yield Derivation(rule, tuple(proofs))

    def attempts(self, asked: Asked, seen: frozenset[Asked]) -> Iterator[Attempt]:
        """How far each rule gets that could conclude the triple; rules that name its property go before those for any."""
        able = [(rule, known) for rule in self.rules if (known := unify(rule.conclusion, asked, {})) is not None]
        naming = [(rule, known) for rule, known in able if not isinstance(rule.conclusion[1], Variable)]
        general = [(rule, known) for rule, known in able if isinstance(rule.conclusion[1], Variable) and self.applies(rule, known)]
        for rule, known in naming or general:
            yield self.attempt(rule, known, seen | {asked})

    def attempt(self, rule: Rule, known: Binding, seen: frozenset[Asked]) -> Attempt:
        """How far one rule gets towards a triple that doesn't hold, and what speaks against it."""
        met, ways = 0, tuple(matches(self.facts, rule, (), known))
        while met < len(rule.premises) - 1 and (found := tuple(matches(self.facts, rule, rule.premises[: met + 1], known))):
            met, ways = met + 1, found
        needed = filled(rule.premises[met], ways[0])
        follow = len(seen) < _DEEP and needed not in seen
        return Attempt(rule, met, ways, tuple(self.attempts(needed, seen)) if follow else (), self.against(rule, known))

    def applies(self, rule: Rule, known: Binding) -> bool:
        """Whether what a rule for any property requires of this property holds."""
        of_property = [premise for premise in rule.premises if rule.conclusion[1] in (premise[0], premise[2])]
        return any(matches(self.facts, rule, of_property, known))

    def against(self, rule: Rule, known: Binding) -> tuple[Row, ...]:
        """The rows of the query that tells what speaks against the conclusion, where all its parameters are known."""
        if not rule.against:
            return ()
        values = {name: known.get(Variable(name)) for name in self.queries.find(rule.against).parameters}
        bound = {name: [value] for name, value in values.items() if value is not None}
        if len(bound) < len(values):
            return ()
        return tuple(rows(self.store.query(self.queries.text(rule.against, self.base, **bound))))

    def subjects(self, name: str, value: NamedNode) -> list[NamedNode]:
        """What has `value` for the property of that prefixed name."""
        found = holding(self.facts, (None, NamedNode(rebase(node(name).value, self.base)), value))
        return [triple.subject for triple in found if isinstance(triple.subject, NamedNode)]

    def sources(self, subject: Term) -> tuple[Term, ...]:
        """What the statements about a subject cite."""
        return tuple(triple.object for triple in holding(self.facts, (subject, node("dct:source"), None)))

    def about(self, end: NamedNode) -> bool:
        """Whether any triple mentions it."""
        return bool(holding(self.facts, (end, None, None)) or holding(self.facts, (None, None, end)))


def explain(store: Store, home: Path, asked: Asked) -> Explanation:
    """Why the triple holds in a release or why it doesn't; who has more to ask keeps an Explainer."""
    return Explainer(store, home).explain(asked)


def quad(row: Row) -> Quad:
    """A row of queries/explain/quads.rq as the quad that it stands for."""
    subject, predicate, value, graph = (row[name] for name in ("subject", "property", "value", "graph"))
    assert not isinstance(subject, pyoxigraph.Literal) and isinstance(predicate, NamedNode) and isinstance(graph, NamedNode)
    return Quad(subject, predicate, value, graph)
