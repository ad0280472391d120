"""Shows the terms of a page: names, states as badges, numbers with their qualifier, places in the source, times."""

import re
from datetime import date
from functools import cached_property

import babel.numbers
from flask import request
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _

from territoires.knowledge.gathering import Gathered
from territoires.results import BlankNode, Literal, NamedNode, Term
from territoires.vocabulary import iri
from territoires.web.language import best_literal, current_language, show_literal
from territoires.web.naming import Namer, Value
from territoires.web.parts import Badge, Passage

NAMES = ("skos:prefLabel", "rdfs:label", "foaf:name", "dct:title")
DEFINING = ("skos:definition", "dct:description", "rdfs:comment")
STATES = ("tdp:actionStatus", "tdp:flowStatus", "tdp:effectStatus", "tdp:outcome", "tdp:rsetPolarity")
DONE = frozenset({"realisee", "en-cours", "recurrente", "terminee", "retenue", "presente", "affirmee", "experimentee"})
REFUSED = frozenset({"refusee", "abandonnee", "declaree-absente", "niee"})
NOT_STATED = "non-indiquee"
NOT_YET = "scheme/statut-d-action/pas-encore-realise"
TIMES = (
    "tdp:validDuring",
    "tdp:occurredDuring",
    "tdp:createdDuring",
    "tdp:submittedDuring",
    "tdp:decidedDuring",
    "tdp:publishedDuring",
    "org:memberDuring",
)
QUALIFIED = {
    "arrondi": _("about %(number)s"),
    "environ": _("about %(number)s"),
    "une-vingtaine": _("about %(number)s"),
    "plus-de": _("more than %(number)s"),
    "moins-de": _("less than %(number)s"),
    "presque": _("almost %(number)s"),
}
"""Qualifier of a figure -> how the figure is read."""
_PART = re.compile(r"^(Monogra\w+ \d+)\b.*?(?: › (.+))?$")


class Shown:
    """Shows what was gathered, for one reader. Every name is looked up once."""

    def __init__(self, found: Gathered) -> None:
        self.found = found
        self.language = current_language()
        names = {key: [t for name in NAMES for t in said.get(name, ()) if isinstance(t, Literal)] for key, said in found.about.items()}
        self.namer = Namer(names, found.base, self.language, request.root_path)
        self._named: dict[str, Value] = {}

    def named(self, resource: str) -> Value:
        """A resource by its name."""
        if resource not in self._named:
            self._named[resource] = self.namer.named(resource)
        return self._named[resource]

    def term(self, name: str) -> Value:
        """A property or class, given by its prefixed name."""
        return self.named(self.found.terms.get(name, name))

    def value(self, term: Term) -> Value:
        """A term; a blank node by what it says."""
        if isinstance(term, NamedNode):
            return self.named(term.value)
        if isinstance(term, BlankNode):
            said = sorted(self.found.about.get(f"_:{term.value}", {}).items())
            return Value(
                "; ".join(f"{self.term(p).text}: {', '.join(v.text for v in self.values(t, p))}" for p, t in said if p != "rdf:type")
            )
        return self.namer.value(term)

    def values(self, terms: list[Term], name: str = "") -> tuple[Value, ...]:
        """Values sorted by what is shown; of texts that differ by language only those in the best one."""
        best = best_literal([t for t in terms if isinstance(t, Literal) and t.language], self.language)
        kept = [t for t in terms if not (isinstance(t, Literal) and t.language and best and t.language != best.language)]
        if name in ("tdp:share", "tdp:budgetShare"):
            return tuple(Value(percent(t)) for t in kept if isinstance(t, Literal))
        return tuple(sorted((self.value(t) for t in kept), key=lambda value: value.text.casefold()))

    def text(self, subject: str, *names: str) -> Value | None:
        """The text of a node in the best language."""
        best = best_literal(self.found.literals(subject, *names), self.language)
        return self.namer.value(best) if best else None

    @cached_property
    def planned(self) -> set[str]:
        """The states of what hasn't begun."""
        return set(self.found.iris(self.found.base + NOT_YET, "skos:member"))

    def badges(self, subject: str) -> tuple[Badge, ...]:
        """The states of a node: planned, refused, absent, done."""
        types = self.found.types(subject)
        shown = [self.state(name, state) for name in STATES for state in self.found.iris(subject, name)]
        if "tdp:AbsenceStatement" in types:
            shown.append(Badge(gettext("said to be absent"), "refused"))
        if "tdp:RubricSilence" in types:
            shown.append(Badge(gettext("not dealt with")))
        return tuple(dict.fromkeys(shown))

    def state(self, name: str, state: str) -> Badge:
        """A state as a badge."""
        local, text = state.rpartition("/")[2], self.named(state).text
        if local == NOT_STATED:
            return Badge(f"{self.term(name).text}{gettext(': ')}{text}")
        tone = "plan" if state in self.planned else "refused" if local in REFUSED else "done" if local in DONE else ""
        return Badge(text, tone)

    def is_planned(self, subject: str) -> bool:
        """Whether a node hasn't begun."""
        return any(state in self.planned for state in self.found.iris(subject, *STATES))

    def passages(self, subject: str) -> list[Passage]:
        """The places in the sources that a node rests on."""
        return [self.passage(source) for source in self.found.iris(subject, "dct:source")]

    def passage(self, source: str) -> Passage:
        """A place in a source: a passage by the part that holds it, anything else by its name."""
        link, parents = self.named(source), self.found.iris(source, "dct:isPartOf")
        notation = next((n.value for n in self.found.literals(source, "skos:notation")), "")
        if not parents or not notation:
            return Passage(link.text, link)
        return Passage(self.part(self.named(parents[0]).text), Value(notation, "", link.href, source))

    def part(self, name: str) -> str:
        """A part of the mémento as it is cited: the monograph, then the section."""
        match = _PART.match(name)
        head, _sign, tail = (match[1], "", match[2] or "") if match else name.partition(" › ")
        cited = head[0].lower() + head[1:] if match else head
        return str(gettext("mémento, %(part)s", part=f"{cited}, § {tail}" if tail else cited))

    def days(self, period: str) -> tuple[date | None, date | None]:
        """The first and last day of a period, as far as they are known."""
        first, last = (next((day(t) for t in self.found.literals(period, name)), None) for name in ("tdp:firstDay", "tdp:lastDay"))
        return first, last

    def time(self, subject: str) -> str:
        """The times of a node in words."""
        return ", ".join(self.named(period).text for period in self.found.iris(subject, *TIMES) if not period.endswith(NOT_STATED))

    def time_of_figure(self, node: str) -> str:
        """The year or period of an observation, where the source tells it."""
        periods = [p for p in self.found.iris(node, "sdmx-dimension:refPeriod") if not p.endswith(NOT_STATED)]
        whole = [first.year for first, last in map(self.days, periods) if first and last and first.year == last.year]
        return str(whole[0]) if whole else ", ".join(self.named(period).text for period in periods)

    def number(self, subject: str, measure: str) -> str:
        """The number of an observation as it is to be read: with its qualifier, as a share of hundred, or from … to …."""
        qualifier = next((q.rpartition("/")[2] for q in self.found.iris(subject, "tdp:valueQualifier")), "")
        bounds = [self.found.literals(subject, name) for name in ("tdp:lowerBound", "tdp:upperBound")]
        if all(bounds):
            low, high = (counted(b[0], measure) for b in bounds)
            return str(gettext("from %(low)s to %(high)s", low=low, high=high))
        values = self.found.values(subject, measure)
        literal = next((v for v in values if isinstance(v, Literal)), None)
        number = counted(literal, measure) if literal else ", ".join(v.text for v in self.values(values)) or self.qualifier(subject)
        phrase = QUALIFIED.get(qualifier)
        return str(phrase) % {"number": number} if phrase and literal else number

    def qualifier(self, subject: str) -> str:
        """The qualifier of an observation in words."""
        return next((self.named(q).text for q in self.found.iris(subject, "tdp:valueQualifier") if not q.endswith("/exact")), "")


def counted(literal: Literal, measure: str) -> str:
    """A number of that measure in the reader's form."""
    return percent(literal) if measure == "tdp:share" else show_literal(literal)


def percent(literal: Literal) -> str:
    """A share of one as a share of a hundred, in the reader's form."""
    try:
        return str(
            babel.numbers.format_percent(
                literal.value, format="#,##0.##\u202f%" if current_language() == "fr" else "#,##0.##%", locale=get_locale()
            )
        )
    except (ValueError, ArithmeticError):
        return literal.value


def day(literal: Literal) -> date | None:
    """An xsd:date as a date; None where it is none that a calendar of ours holds."""
    try:
        return date.fromisoformat(literal.value) if literal.datatype.value == iri("xsd:date") else None
    except ValueError:
        return None
