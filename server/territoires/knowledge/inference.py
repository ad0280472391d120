"""Writes out what the rules conclude: one named graph per rule, none of which says what another graph asserts.

No source and no shape rests on these graphs: without them the data say the same, with less to follow.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, QuerySolutions, QueryTriples, Store, Triple, Variable

from territoires.knowledge.holdings import DERIVED, OPEN_LICENCE
from territoires.knowledge.provenance import node
from territoires.knowledge.rules import Pattern, Rule, read_rules

UNSTATED: Mapping[str, str] = {}
_SHARED = ("rdf:type", "prov:wasGeneratedBy", "prov:generatedAtTime", "dct:license", "dct:isPartOf")


def rule_graph(rule: Rule, base: str) -> NamedNode:
    """The graph of what a rule concludes."""
    return NamedNode(f"{base}graph/inferred/{rule.query.name}")


def materialise(quads: Iterable[Quad], home: Path, base: str) -> list[Quad]:
    """What the rules of `home` conclude from `quads` and isn't asserted there, in the graph of each rule."""
    return conclusions(quads, read_rules(home, base), base)


def conclusions(quads: Iterable[Quad], rules: Sequence[Rule], base: str) -> list[Quad]:
    """What `rules` conclude from `quads` and isn't asserted there.

    Each round takes up what the round before found, until one finds nothing. A triple stands in the graph of every rule
    that concludes it in the first round in which any does, so that nothing is ever a premise of itself.
    """
    known = Store()
    known.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    return closure(known, rules, base)


def closure(known: Store, rules: Sequence[Rule], base: str) -> list[Quad]:
    """As `conclusions`, from the default graph of `known`, which takes up what is found."""
    found: list[Quad] = []
    while fresh := list(concluded(known, rules, base)):
        found += fresh
        known.extend(Quad(q.subject, q.predicate, q.object) for q in fresh)
    return found


def concluded(known: Store, rules: Sequence[Rule], base: str) -> Iterator[Quad]:
    """What the rules conclude in one round that isn't known yet."""
    for rule in rules:
        answer = known.query(rule.text)
        assert isinstance(answer, QueryTriples), rule.file
        for triple in set(answer):
            if Quad(triple.subject, triple.predicate, triple.object, DefaultGraph()) not in known:
                yield Quad(triple.subject, triple.predicate, triple.object, rule_graph(rule, base))


def rule_provenance(
    quads: Iterable[Quad],
    inferred: Iterable[Quad],
    described: Iterable[Quad],
    home: Path,
    base: str,
    licences: Mapping[str, str] = UNSTATED,
) -> Iterator[Quad]:
    """Describes the graph of each rule that concluded something, as `describe_rules` does."""
    facts = Store()
    facts.extend([*quads, *inferred])
    yield from describe_rules(facts, described, home, base, licences)


def describe_rules(
    facts: Store, described: Iterable[Quad], home: Path, base: str, licences: Mapping[str, str] = UNSTATED
) -> Iterator[Quad]:
    """Describes the graph of each rule that concluded something: its rule, its file, the graphs that hold its premises, the build.

    `facts` has what is said and what is concluded in named graphs. What holds of all written graphs alike (build, time, licence) is
    what `described` says of the graph of derived names.
    """
    here, model = NamedNode(base + "graph/provenance"), NamedNode(f"{base}graph/{DERIVED}")
    shared = [(q.predicate, q.object) for q in described if q.subject == model and q.predicate in {node(name) for name in _SHARED}]
    for rule in read_rules(home, base):
        graph = rule_graph(rule, base)
        premises = premise_graphs(facts, rule, graph)
        if not premises:
            continue
        other = [licences[origin.value] for origin in premises if licences.get(origin.value, OPEN_LICENCE) != OPEN_LICENCE]
        for predicate, value in shared:  # what follows from a graph under the ODbL is under the ODbL
            yield Quad(graph, predicate, NamedNode(other[0]) if other and predicate == node("dct:license") else value, here)
        yield from (Quad(graph, node("prov:wasDerivedFrom"), origin, here) for origin in premises)
        yield Quad(graph, node("dct:identifier"), Literal(rule.file), here)
        for language in ("fr", "en"):
            yield Quad(graph, node("skos:prefLabel"), Literal(rule.query.title(language), language=language), here)
            text = rule.query.about[f"description@{language}"]
            yield Quad(graph, node("dct:description"), Literal(text, language=language), here)


def premise_graphs(facts: Store, rule: Rule, graph: NamedNode) -> list[NamedNode]:
    """The graphs that hold a premise of a triple in the rule's graph, sorted; premises with blank nodes, which can't be cited, stay out."""
    origins: set[NamedNode] = set()
    answer = facts.query(premises_query(rule, graph))
    assert isinstance(answer, QuerySolutions), rule.file
    for row in answer:
        origins |= {term for term in row if isinstance(term, NamedNode)}
    return sorted(origins, key=str)


def premises_query(rule: Rule, graph: NamedNode) -> str:
    """Asks which named graphs hold the premises of what stands in the rule's graph, each premise in a graph of its own.

    One query tells it for the whole graph: to look each conclusion up by itself (`graphs_of`) takes as many queries as it has triples.
    """
    names = [f"?graph{number}" for number in range(len(rule.premises))]
    places = {part for pattern in (rule.conclusion, *rule.premises) for part in pattern if isinstance(part, Variable)}
    held = " ".join(f"GRAPH {name} {{ {written(pattern)} }}" for name, pattern in zip(names, rule.premises, strict=True))
    allowed = " ".join(f"VALUES {name} {{ {' '.join(map(str, terms))} }}" for name, terms in rule.allowed.items())
    whole = " && ".join(f"!isBlank({name})" for name in sorted(map(str, places)))
    return f"SELECT DISTINCT {' '.join(names)} {{ {allowed} GRAPH {graph} {{ {written(rule.conclusion)} }} {held} FILTER({whole}) }}"


def written(pattern: Pattern) -> str:
    """A triple pattern as SPARQL writes it."""
    return " ".join(map(str, pattern))


def graphs_of(facts: Store, triple: Triple) -> list[NamedNode]:
    """The named graphs that hold a triple, sorted."""
    quads = facts.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return sorted((q.graph_name for q in quads if isinstance(q.graph_name, NamedNode)), key=str)
