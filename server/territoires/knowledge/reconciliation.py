"""What a question of a table means: the candidates of the gazetteer, weighed by codes, by context, and by what the graph says of them.

The question comes in two forms, those of the Reconciliation Service API 0.2 and 1.0-draft, and is one here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal as OneOf

from rapidfuzz import fuzz

from territoires.knowledge.folding import fold, words
from territoires.knowledge.gazetteer import Record
from territoires.knowledge.kinds import Type, find_type, suits, types_of
from territoires.knowledge.matching import Candidate, Matcher
from territoires.knowledge.properties import Properties, Property
from territoires.results import Literal, NamedNode, Term
from territoires.store import Store

IDENTIFYING: Mapping[str, str] = {"insee": "insee", "siren": "siren", "nuts": "nuts", "wikidata": "wikidata", "iri": "iri"}
"""Property -> the scheme of the gazetteer in which its values name one thing."""
CONTEXT = ("departement", "region")
"""Properties that the matcher weighs itself."""
CLEAR, APART = 90.0, 5.0
"""A score from which on a candidate can be taken without asking, and how far the next one must lie behind it."""
_CONTRADICTED = 0.85  # what is left of the score of a candidate of which something else is told
_WIDEST = 50  # candidates that are looked at
Value = str | int | float | bool
Quantifier = OneOf["any", "all", "none"]


@dataclass(frozen=True)
class Condition:
    """What is told of the thing that is meant: a property and values; an entity among these is its IRI.

    `required`: what doesn't meet it is left out. `quantifier`: which of the values it must have.
    """

    property: str
    values: tuple[Value, ...]
    required: bool = False
    quantifier: Quantifier = "any"


@dataclass(frozen=True)
class Question:
    """What is asked: names or codes, types by identifier, conditions. `strict`: "should" lets other types in, unmatched, where
    none that suits is clear.
    """

    texts: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    strict: OneOf["any", "all", "should"] = "should"
    limit: int = 10
    identifiers: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Found:
    """A candidate with the parts of its score, its types by identifier, the narrowest first."""

    candidate: Candidate
    types: tuple[Type, ...]
    features: Mapping[str, bool | float] = field(default_factory=dict)

    @property
    def iri(self) -> str:
        """Its IRI."""
        return self.candidate.iri

    def weighed(self, score: float, match: bool, **features: bool | float) -> "Found":
        """With another score, and more features."""
        changed = replace(self.candidate, score=round(score, 1), match=match)
        return replace(self, candidate=changed, features={**self.features, **features})


class Reconciler:
    """Answers questions in one language, from one state of the graph."""

    def __init__(self, matcher: Matcher, properties: Properties, store: Store, language: str) -> None:
        self._matcher, self._properties, self._store, self._language = matcher, properties, store, language

    def answer(self, question: Question) -> list[Found]:
        """At most `limit` candidates, the best first; at most one of them is a match."""
        types = tuple(find_type(asked) for asked in question.types)
        known = tuple(found for found in types if found)
        if (types and not known) or (question.strict == "all" and None in types):
            return []
        found = self._candidates(question, known)
        if question.strict == "should" and known and all(each.candidate.score < CLEAR for each in found):
            others = (each for each in self._candidates(question, ()) if each.iri not in {each.iri for each in found})
            found += [each.weighed(each.candidate.score, False) for each in others]
        found = self._told(found, question.conditions)
        found = self._named(found, question, known)
        found.sort(key=lambda each: (-each.candidate.score, not each.candidate.match))
        if sum(each.candidate.match for each in found) > 1:
            found = [each.weighed(each.candidate.score, False) for each in found]
        return found[: question.limit]

    def _candidates(self, question: Question, types: Sequence[Type]) -> list[Found]:
        """What the texts may mean, among the types."""
        best: dict[str, Candidate] = {}
        for text in question.texts:
            for kind in dict.fromkeys(each.kind for each in types) or (None,):
                for candidate in self._matcher.candidates(text, kind, self._within(question), self._width(question, types), self._language):
                    if candidate.iri not in best or best[candidate.iri].score < candidate.score:
                        best[candidate.iri] = candidate
        checked = all if question.strict == "all" else any
        chosen = [each for each in best.values() if not types or checked(suits(each.record, wanted) for wanted in types)]
        placed = {name: self._matcher.areas.understood({name: value})[0] for name, value in self._within(question).items()}
        found = []
        for candidate in chosen:
            where = {name: lies for name, area in placed.items() if (lies := area.holds(candidate.record)) is not None}
            found.append(self._first(candidate, question.texts).weighed(candidate.score, candidate.match, **where))
        return found

    def _width(self, question: Question, types: Sequence[Type]) -> int:
        """How many candidates are looked at: more, where some of them are left out afterwards."""
        narrow = bool(question.conditions) or any(each.classes for each in types)
        return _WIDEST if narrow else max(question.limit, 2)

    def _within(self, question: Question) -> dict[str, str]:
        """The context that the matcher weighs."""
        told = {}
        for condition in question.conditions:
            known = self._properties.find(condition.property)
            if known and known.name in CONTEXT and condition.quantifier == "any" and len(condition.values) == 1:
                told[known.name] = padded(condition.values[0], 2)
        return told

    def _first(self, candidate: Candidate, texts: Iterable[str]) -> Found:
        """A candidate with what its names say of its score."""
        names, asked = [fold(name.text) for name in candidate.record.names], [fold(text) for text in texts]
        if not asked:
            return Found(candidate, types_of(candidate.record))
        likeness = max((fuzz.ratio(text, name) for text in asked for name in names), default=0.0)
        return Found(candidate, types_of(candidate.record), {"name": round(likeness, 1), "exact": likeness == 100.0})

    def _named(self, found: list[Found], question: Question, types: Sequence[Type]) -> list[Found]:
        """The candidates with those that a code names: one that agrees with the name is a match, one that doesn't stands unmatched."""
        codes: list[tuple[str | None, str, bool]] = [(None, code, False) for code in question.identifiers]
        for condition in question.conditions:
            known = self._properties.find(condition.property)
            if known and known.name in IDENTIFYING and condition.quantifier == "any":
                codes += [(IDENTIFYING[known.name], padded(value, 5), condition.required) for value in condition.values]
        records: dict[str, Record] = {}
        for scheme, code, _ in codes:
            records |= {record.iri: record for record in self.records(code, scheme) if not types or any(suits(record, t) for t in types)}
        if not codes or not records:
            return [] if any(required for _, _, required in codes) or (codes and not question.texts) else found
        rest = {each.iri: each for each in found}
        agreeing = [record for record in records.values() if record.iri in rest or not question.texts]
        named = []
        for record in records.values():
            sure = record in agreeing and len(agreeing) == 1
            known_one = rest.get(record.iri) or self._first(self._as_candidate(record), question.texts)
            named.append(known_one.weighed(100.0 if record in agreeing else 50.0, sure, identifier=True))
        others = [] if any(required for _, _, required in codes) else [each for each in found if each.iri not in records]
        return named + [each.weighed(min(each.candidate.score, 99.0), False, identifier=False) for each in others]

    def records(self, code: str, scheme: str | None = None) -> Sequence[Record]:
        """What a code or an IRI names."""
        known = self._matcher.gazetteer.get(code)
        return (known,) if known else self._matcher.gazetteer.coded(code, None if scheme == "iri" else scheme)

    def _as_candidate(self, record: Record) -> Candidate:
        """A record that no name has led to."""
        found = self._matcher.candidates(record.name, record.kind, {}, _WIDEST, self._language)
        same = next((each for each in found if each.iri == record.iri), None)
        return same or Candidate(record.iri, record.name, record.kind, 0.0, False, (), "", record)

    def _told(self, found: list[Found], conditions: Iterable[Condition]) -> list[Found]:
        """The candidates weighed by the conditions that the graph answers."""
        asked = False
        for condition in conditions:
            known = self._properties.find(condition.property)
            if known is None:
                found = [] if condition.required else found
                continue
            if known.name in (*CONTEXT, *IDENTIFYING) and condition.quantifier == "any" and not condition.required:
                continue
            asked = True
            met = self._meeting(found, known, condition)
            if condition.required or condition.quantifier == "none":
                found = [each for each in found if each.iri in met]
            found = [self._one_told(each, known, each.iri in met) for each in found]
        return chosen(found) if asked else found

    def _one_told(self, each: Found, known: Property, met: bool) -> Found:
        """A candidate of which a condition is met or not."""
        score = each.candidate.score if met else each.candidate.score * _CONTRADICTED
        return each.weighed(score, each.candidate.match and met, **{known.name: met})

    def _meeting(self, found: Sequence[Found], known: Property, condition: Condition) -> set[str]:
        """The candidates that meet a condition."""
        values = self._properties.values(self._store, known, [each.iri for each in found])
        met = set()
        for each in found:
            texts = {text for term in values.get(each.iri, ()) for text in self._said(term)}
            hits = [comparable(value) in texts or comparable(padded(value, 2)) in texts for value in condition.values]
            if {"any": any(hits), "all": all(hits), "none": not any(hits)}[condition.quantifier]:
                met.add(each.iri)
        return met

    def _said(self, term: Term) -> Iterable[str]:
        """All that a value may be called: its text, its IRI, names and codes of the thing."""
        if isinstance(term, Literal):
            yield comparable(term.value)
        elif isinstance(term, NamedNode):
            yield comparable(term.value)
            if record := self._matcher.gazetteer.get(term.value):
                yield from (comparable(name.text) for name in record.names)
                yield from (comparable(code.value) for code in record.codes)


def chosen(found: list[Found]) -> list[Found]:
    """After conditions: the one candidate that stands clear of the others is a match."""
    ordered = sorted(found, key=lambda each: -each.candidate.score)
    if not ordered or any(each.candidate.match for each in ordered):
        return ordered
    behind = ordered[1].candidate.score if len(ordered) > 1 else 0.0
    first = ordered[0]
    return [first.weighed(first.candidate.score, first.candidate.score >= CLEAR and first.candidate.score - behind >= APART), *ordered[1:]]


def padded(value: Value, width: int) -> str:
    """A value as text; a number that lost the zeros of its code in a spreadsheet has them again."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.zfill(width) if text.isdecimal() and not isinstance(value, bool) else text.strip()


def comparable(value: Value) -> str:
    """A value as it is compared: a number as such, a text without accents, case and signs."""
    text = padded(value, 0)
    return "".join(words(text)) or text
