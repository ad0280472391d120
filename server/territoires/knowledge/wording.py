"""Tells an explanation in French or English: things by their names, statements by their files and passages."""

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Variable

from territoires.knowledge.explanation import Attempt, Explainer, Explanation, Proof
from territoires.knowledge.provenance import node
from territoires.knowledge.rules import Asked, Binding, Pattern, Place, Rule, holding
from territoires.results import Row, Term
from territoires.vocabulary import shorten

_NAMES = ("skos:prefLabel", "rdfs:label", "foaf:name")
_MANY = 5  # ways in which the first premises of a rule hold: how many are told
_PHRASES = {
    "fr": {
        "type": "est de la classe",
        "asserted": "affirmé dans {files}",
        "sources": " (source : {sources})",
        "inferred": "déduit par la règle « {title} » ({file}) : {text}",
        "attempt": "Règle « {title} » ({file}) : {text}",
        "none": "{triple} : aucun énoncé ne le dit, aucune règle ne le conclut.",
        "met": "{triple} : oui",
        "missing": "{triple} : rien de tel, la règle s’arrête ici",
        "against": "Contre cette conclusion — {title} :",
        "colon": " : ",
        "absence": "Constat d’absence : {name}{sources}",
        "unknown": "Rien n’est dit de {name} : vérifiez son IRI.",
        "no rule": "Aucune règle n’a une telle conclusion.",
        "linked": "Mais le graphe dit autrement ce qui les lie :",
        "open": "Ce qui n’est pas dit n’est pas pour autant faux : le graphe ne sait que ce que disent ses sources.",
    },
    "en": {
        "type": "is of the class",
        "asserted": "asserted in {files}",
        "sources": " (source: {sources})",
        "inferred": "concluded by the rule “{title}” ({file}): {text}",
        "attempt": "Rule “{title}” ({file}): {text}",
        "none": "{triple}: no statement says so, no rule concludes it.",
        "met": "{triple}: yes",
        "missing": "{triple}: nothing of the kind, the rule stops here",
        "against": "Against this conclusion — {title}:",
        "colon": ": ",
        "absence": "Statement of absence: {name}{sources}",
        "unknown": "Nothing is said of {name}: check its IRI.",
        "no rule": "No rule has such a conclusion.",
        "linked": "But the graph says otherwise what ties them:",
        "open": "What isn't said isn't false for that: the graph knows only what its sources say.",
    },
}


def tell(explainer: Explainer, answer: Explanation, language: str) -> str:
    """The explanation as lines of text."""
    return "\n".join(Wording(explainer, language).lines(answer))


class Wording:
    """Tells what an explainer finds in one language, `fr` or `en`."""

    def __init__(self, explainer: Explainer, language: str) -> None:
        self.explainer = explainer
        self.language = language
        self.phrases = _PHRASES[language]

    def lines(self, answer: Explanation) -> Iterator[str]:
        """The explanation, line by line."""
        if answer.proofs:
            yield from (line for proof in answer.proofs for line in self.proof(proof, ""))
            return
        yield self.phrase("none", triple=self.triple(answer.asked))
        yield from ("  " + self.phrase("unknown", name=shorten(end.value, self.explainer.base)) for end in answer.unknown)
        yield from (line for attempt in answer.attempts for line in self.attempt(attempt, "  "))
        if not answer.attempts:
            yield "  " + self.phrase("no rule")
        for absence in answer.absences:
            sources = self.sources(self.explainer.sources(absence))
            yield "  " + self.phrase("absence", name=self.name(absence), sources=sources)
        if answer.links:
            yield "  " + self.phrase("linked")
            yield from (line for proof in answer.links for line in self.proof(proof, "  "))
        yield "  " + self.phrase("open")

    def proof(self, proof: Proof, indent: str, number: str = "") -> Iterator[str]:
        """A triple that holds, and why."""
        yield indent + number + self.triple((proof.triple.subject, proof.triple.predicate, proof.triple.object))
        inner = indent + "   "
        if not proof.derivations:
            files = ", ".join(self.file(graph) for graph in proof.graphs)
            yield inner + self.phrase("asserted", files=files) + self.sources(proof.sources)
        for derivation in proof.derivations:
            yield inner + self.rule("inferred", derivation.rule)
            for place, premise in enumerate(derivation.premises, 1):
                yield from self.proof(premise, inner, f"{place}. ")

    def attempt(self, attempt: Attempt, indent: str) -> Iterator[str]:
        """A rule that stops short: the premises that hold, the first that doesn't, and what speaks against it."""
        yield indent + self.rule("attempt", attempt.rule)
        for place, premise in enumerate(attempt.rule.premises[: attempt.met + 1], 1):
            phrase = "met" if place <= attempt.met else "missing"
            ways = dict.fromkeys(self.triple(self.bound(premise, way)) for way in attempt.ways)
            yield from (f"{indent}   {place}. " + self.phrase(phrase, triple=way) for way in list(ways)[:_MANY])
        yield from (line for missing in attempt.missing for line in self.attempt(missing, indent + "   "))
        if attempt.against:
            query = self.explainer.queries.find(attempt.rule.against)
            yield indent + "   " + self.phrase("against", title=query.title(self.language))
            columns = query.about.get(f"columns@{self.language}", "").split(", ")
            yield from (f"{indent}   - {self.row(row, columns)}" for row in attempt.against)

    def row(self, row: Row, columns: list[str]) -> str:
        """A row under its headings; they follow the columns of the query."""
        colon = self.phrase("colon")
        return " ; ".join(f"{head}{colon}{self.name(term)}" for head, term in zip(columns, row.values(), strict=False))

    def phrase(self, key: str, **values: str) -> str:
        """A phrase of the language, filled."""
        return self.phrases[key].format(**values)

    def rule(self, key: str, rule: Rule) -> str:
        """A rule by its title, its file and its sentence."""
        text = rule.query.about.get(f"description@{self.language}", "")
        return self.phrase(key, title=rule.query.title(self.language), file=rule.file, text=text)

    def bound(self, pattern: Pattern, way: Binding) -> tuple[Place | Term, ...]:
        """A premise with what is known put in; the rest stays a variable."""
        return tuple(way.get(part, part) if isinstance(part, Variable) else part for part in pattern)

    def triple(self, parts: Asked | tuple[Place | Term | None, ...]) -> str:
        """Subject, property and object by their names."""
        return " — ".join("?" if part is None else str(part) if isinstance(part, Variable) else self.name(part) for part in parts)

    def name(self, term: Term) -> str:
        """The name of a thing in the language, else in French, else any, else its short IRI."""
        if not isinstance(term, NamedNode):
            return term.value if isinstance(term, Literal) else str(term)
        if term == node("rdf:type"):
            return self.phrase("type")
        said = [t.object for name in _NAMES for t in holding(self.explainer.facts, (term, node(name), None))]
        names = {label.language: label.value for label in reversed(said) if isinstance(label, Literal)}
        return names.get(self.language) or names.get("fr") or next(iter(names.values()), shorten(term.value, self.explainer.base))

    def sources(self, sources: Iterable[Term]) -> str:
        """Passages by their notation, other sources by their name; nothing when there are none."""
        said = [(source, holding(self.explainer.facts, (source, node("skos:notation"), None))) for source in sources]
        shown = [self.name(notations[0].object if notations else source) for source, notations in said]
        return self.phrase("sources", sources=", ".join(shown)) if shown else ""

    def file(self, graph: NamedNode) -> str:
        """The file that a named graph was read from."""
        found = holding(self.explainer.facts, (graph, node("dct:identifier"), None))
        return self.name(found[0].object) if found else shorten(graph.value, self.explainer.base)
