"""Arranges what was gathered of a resource into the sections of its page."""

from collections.abc import Iterable
from functools import cached_property

from flask_babel import gettext
from markupsafe import Markup

from territoires.knowledge.gathering import Gathered, Said, key
from territoires.results import NamedNode, Term
from territoires.web.folding import fold
from territoires.web.kinds import Kind, main_class, matters_of
from territoires.web.matters import IMPLIED, INVERSES, MATTERS, NARROWER, SHOWN_BY, Matter
from territoires.web.naming import Value
from territoires.web.outward import LINKING, identified, links
from territoires.web.parts import Badge, Card, Fact, Figure, Group, Line, Listing, Page, Section, parts
from territoires.web.selection import Selection, Slice
from territoires.web.showing import DEFINING, NAMES, NOT_STATED, STATES, TIMES, Shown
from territoires.web.summary import summarise
from territoires.web.timeline import Event, draw, ordered
from territoires.web.wording import GROUPS, POINTERS

OBSERVATION = "qb:Observation"
READINGS = ("tdp:firstReading", "tdp:secondReading", "tdp:resolution")
CLUSTERS = "/id/cluster/"
"""Part of the IRI of a cluster: a card links to it though its title names it already."""
HIDDEN = frozenset({"rdf:type", "dct:source", *NAMES, *DEFINING, *LINKING, "void:classPartition", "void:propertyPartition", "dct:created"})
IN_CARDS = frozenset(
    {
        *HIDDEN,
        *STATES,
        *READINGS,
        "tdp:rank",
        "tdp:inTable",
        "tdp:printedForm",
        "tdp:printedTitle",
        "tdp:attestedIn",
        "tdp:betweenStatements",
        "skos:notation",
    }
)
TALKING = frozenset(
    {"tdp:statedBy", "tdp:addressedTo", "tdp:hasTheme", "tdp:findingKind", "tdp:claimKind", "tdp:evidenceLevel", "tdp:rsetKind"}
)
"""What a card tells of a statement beside its words; its own page tells the rest."""
MOST_STATS, MOST_VALUES = 4, 200
TALK = frozenset({"tdp:ActionTypeAssignment"}) | frozenset(
    cls for matter in MATTERS if matter.name in ("lessons", "findings", "absences", "rset") for cls in matter.nodes
)
ROLED = frozenset(
    {
        "tdp:FundingFlow",
        "tdp:Involvement",
        "tdp:Application",
        "tdp:ContributionRule",
        "tdp:Shareholding",
        "org:Membership",
        "tdp:LabelAward",
    }
)
"""The classes of nodes in which a thing can have one of several parts."""


class Arranger:
    """Arranges one page: what was gathered, which of it is selected, for which kind."""

    def __init__(self, found: Gathered, kind: Kind, selection: Selection) -> None:
        self.found, self.kind, self.selection = found, kind, selection
        self.subject = found.resource
        self.show = Shown(found)
        self.title = self.show.named(self.subject)

    def page(self) -> Page:
        """The page of the resource."""
        said = self.found.said
        matters = matters_of(self.kind)
        claimed = self.redundant() | {name for matter in matters for name in matter.properties}
        figures = {node: self.figure(node) for node in self.observations()}
        sections = [self.section(matter, figures) for matter in matters]
        sections += [self.rest(claimed, {name for matter in matters for name in matter.incoming})]
        events = self.events()
        return Page(
            iri=self.subject,
            title=self.title,
            kind=self.kind.name,
            list_name=main_class(self.kind, self.found.types(self.subject)).removeprefix("tdp:"),
            types=self.types(),
            summary=summarise(self.show, self.kind, self.selection.nodes),
            definition=self.show.text(self.subject, *DEFINING),
            badges=(*self.show.badges(self.subject), *self.own_qualifier()),
            stats=self.stats(figures),
            sections=fold((section for section in sections if section), self.selection.asked),
            readings=tuple(self.fact(name, said) for name in READINGS if name in said),
            timeline=draw(events, gettext("Timeline of %(name)s", name=self.title.text)) if events else Markup(),
            events=tuple((event.period, event.label, event.href) for event in events),
            sources=parts(self.show.passages(self.subject)),
            links=links(said, self.show.named, self.subject),
            alternates=tuple(literal.value for literal in self.found.literals(self.subject, "skos:altLabel")),
        )

    def types(self) -> tuple[Value, ...]:
        """The classes of the resource, the one that it is called by first."""
        held = self.found.types(self.subject)
        main = main_class(self.kind, held)
        named = sorted((self.show.term(name) for name in held if name != main), key=lambda value: value.text.casefold())
        return (*([self.show.term(main)] if main else []), *named)

    def redundant(self) -> set[str]:
        """The properties whose facts the page shows another way: as a node with time and source, or from the other side."""
        cards, iris = self.selection.cards, self.found.iris
        told = {name for name, cls in SHOWN_BY.items() if cls in cards} | identified(self.subject)
        told |= {name for name, inverse in INVERSES.items() if inverse in self.selection.lists}
        told |= {name for name, other in IMPLIED.items() if other in self.found.said}
        return told | {name for name, other in NARROWER.items() if set(iris(self.subject, name)) <= set(iris(self.subject, other))}

    def own_qualifier(self) -> tuple[Badge, ...]:
        """How exact the resource is, where it is a figure itself."""
        text = self.show.qualifier(self.subject)
        return (Badge(text, "approximate"),) if text else ()

    def section(self, matter: Matter, figures: dict[str, Figure]) -> Section:
        """All that belongs to one matter."""
        hidden = HIDDEN | self.redundant() | set(READINGS)
        facts = [self.fact(name, self.found.said) for name in matter.properties if name in self.found.said and name not in hidden]
        cards, lists = self.selection.cards, self.selection.lists
        shown = cards.get(OBSERVATION) if OBSERVATION in matter.nodes else None
        return Section(
            name=matter.name,
            heading=str(matter.heading),
            facts=tuple(facts),
            figures=tuple(sorted(figures.values(), key=lambda f: (f.measure.text, f.period.text if f.period else ""))) if shown else (),
            figures_key=(OBSERVATION, shown.total, shown.page, shown.pages, shown.before) if shown else ("", 0, 0, 0, 0),
            groups=tuple(self.group(cls, cards[cls]) for cls in matter.nodes if cls in cards and cls != OBSERVATION),
            listings=tuple(self.listing(name, lists[name]) for name in matter.incoming if name in lists),
        )

    def rest(self, claimed: set[str], pointing: set[str]) -> Section:
        """What belongs to no matter."""
        said = self.found.said
        names = sorted((n for n in said if n not in claimed | HIDDEN), key=lambda n: self.show.term(n).text.casefold())
        lists = self.selection.lists
        others = sorted((n for n in lists if n not in pointing), key=lambda n: self.show.term(n).text.casefold())
        listings = tuple(self.listing(name, lists[name]) for name in others)
        return Section("more", gettext("Further facts"), tuple(self.fact(n, said) for n in names), (), ("", 0, 0, 0, 0), (), listings)

    def fact(self, name: str, said: Said) -> Fact:
        """The values of one property."""
        return Fact(self.show.term(name), self.show.values(said[name][:MOST_VALUES], name))

    def observations(self) -> tuple[str, ...]:
        """The observations of the resource that the page shows."""
        return self.selection.of(OBSERVATION)

    def figure(self, node: str) -> Figure:
        """An observation about the resource."""
        measure = next(iter(self.found.iris(node, "qb:measureType")), "")
        name = self.found.short(measure) if measure else ""
        period = next(iter(self.found.iris(node, "sdmx-dimension:refPeriod")), "")
        qualifier = self.show.qualifier(node)
        return Figure(
            node=self.show.named(node).href,
            measure=self.show.named(measure) if measure else self.show.named(node),
            text=self.show.number(node, name),
            period=self.show.named(period) if period else None,
            badges=((Badge(qualifier, "approximate"),) if qualifier else ()) + self.show.badges(node),
            note=self.show.text(node, *DEFINING),
            sources=parts(self.show.passages(node)),
        )

    def stats(self, figures: dict[str, Figure]) -> tuple[Figure, ...]:
        """The key figures: of each measure of the kind the latest one."""

        def rank(node: str) -> tuple[int, str]:
            measure = next((self.found.short(m) for m in self.found.iris(node, "qb:measureType")), "")
            place = self.kind.figures.index(measure) if measure in self.kind.figures else len(self.kind.figures)
            last = next((self.show.days(p)[0] for p in self.found.iris(node, "sdmx-dimension:refPeriod")), None)
            return place, f"{9999 - last.year:04}" if last else "9999"

        chosen: dict[str, Figure] = {}
        for node in sorted(figures, key=rank):
            if self.kind.figures and rank(node)[0] == len(self.kind.figures) and self.kind.name == "territory":
                continue
            chosen.setdefault(figures[node].measure.iri, figures[node])
        return tuple(chosen.values())[:MOST_STATS]

    def group(self, cls: str, cut: Slice) -> Group:
        """The cards of a class."""
        cards = sorted((self.card(cls, node) for node in cut.shown), key=lambda card: card.title.text.casefold())
        heading = str(GROUPS[cls]) if cls in GROUPS else self.show.term(cls).text
        return Group(cls, heading, cls in TALK, tuple(cards), cut.total, cut.page, cut.pages, cut.before)

    def card(self, cls: str, node: str) -> Card:
        """A node about the resource."""
        said = self.found.about.get(node, {})
        here = NamedNode(self.subject)
        roles = [name for name, terms in said.items() if here in terms]
        title, text = self.short_title(self.show.named(node)), self.show.text(node, *DEFINING)
        names = [name for name in said if name not in IN_CARDS and (cls not in TALK or name in TALKING)]
        names.sort(key=lambda name: self.show.term(name).text.casefold())
        told = [self.fact(name, self.without(name, said[name])) for name in names]
        facts = [fact for fact in told if any(value.text not in title.text or CLUSTERS in value.iri for value in fact.values)]
        return Card(
            title=title,
            roles=tuple(self.show.term(name).text for name in sorted(roles)) if cls in ROLED else (),
            text=text,
            badges=self.show.badges(node),
            facts=tuple(facts),
            readings=tuple(self.fact(name, said) for name in READINGS if name in said),
            sources=parts(self.show.passages(node)),
            discrepancies=tuple(self.show.named(iri) for iri in self.disputed.get(node, ())) if cls != "tdp:Discrepancy" else (),
        )

    def without(self, name: str, terms: Iterable[Term]) -> Said:
        """The values of a property without the resource itself, and without who states it where that is the source."""
        told = name == "tdp:statedBy"
        kept = [t for t in terms if not self.is_here(t, told)]
        return {name: kept}

    def is_here(self, term: Term, told: bool) -> bool:
        """Whether a value goes without saying on this page."""
        return isinstance(term, NamedNode) and (term.value == self.subject or (told and term.value.startswith(f"{self.found.base}source/")))

    def short_title(self, title: Value) -> Value:
        """The name of a node without the name of the resource before it."""
        rest = " · ".join(part for part in title.text.split(" · ") if part != self.title.text)
        return Value(rest[0].upper() + rest[1:], title.language, title.href, title.iri) if rest else title

    @cached_property
    def disputed(self) -> dict[str, list[str]]:
        """Node -> the discrepancies that concern it."""
        found: dict[str, list[str]] = {}
        for iri, said in sorted(self.found.about.items()):
            for term in said.get("tdp:betweenStatements", ()) if iri != self.subject else ():
                found.setdefault(key(term), []).append(iri)
        return found

    def listing(self, name: str, cut: Slice) -> Listing:
        """Those that point to the resource by one property."""
        heading = POINTERS.get(name)
        kinds = {thing: self.thing_kind(thing) for thing in cut.shown}
        mixed = len(set(kinds.values())) > 1
        lines = [
            Line(self.show.named(thing), kinds[thing] if mixed else "", self.show.badges(thing), self.show.time(thing))
            for thing in cut.shown
        ]
        lines.sort(key=lambda line: line.value.text.casefold())
        called = str(heading) if heading else gettext("as “%(property)s” of", property=self.show.term(name).text)
        return Listing(name, called, tuple(lines), cut.total, cut.page, cut.pages, cut.before)

    def thing_kind(self, thing: str) -> str:
        """What a thing of a list is, in a word."""
        names = sorted(self.show.term(cls).text for cls in self.found.types(thing))
        return names[0] if names else ""

    def events(self) -> tuple[Event, ...]:
        """The dated facts of the page: of the resource, of its nodes and of what points to it; none where they tell no story."""
        if not self.kind.cards:
            return ()
        own = [
            self.event(period, self.own_event(name), "", self.subject) for name in TIMES for period in self.found.iris(self.subject, name)
        ]
        nodes = {node: cls for cls, cut in self.selection.cards.items() if cls != OBSERVATION for node in cut.shown}
        others = [
            self.event(period, self.event_name(thing, nodes.get(thing, "")), self.show.named(thing).href, thing)
            for thing in dict.fromkeys((*nodes, *self.selection.listed))
            for period in self.found.iris(thing, *TIMES)
        ]
        told = ordered([event for event in (*own, *others) if event is not None])
        return told if len(told) > 1 and len({event.start.year for event in told}) > 1 else ()

    def own_event(self, name: str) -> str:
        """What a timeline calls a time of the resource itself."""
        return gettext("Creation") if name == "tdp:createdDuring" else self.show.term(name).text

    def event_name(self, thing: str, cls: str) -> str:
        """What a timeline calls a thing: a node by its class too."""
        name = self.short_title(self.show.named(thing)).text
        return f"{self.show.term(cls).text}{gettext(': ')}{name}" if cls and cls not in TALK and cls != "tdp:FundingFlow" else name

    def event(self, period: str, label: str, href: str, thing: str) -> Event | None:
        """A dated fact; None where the day isn't told."""
        first, last = self.show.days(period)
        if period.endswith(NOT_STATED) or not (first or last):
            return None
        return Event(first, last, label, self.show.named(period).text, href, self.show.is_planned(thing))


def mentioned(found: Gathered, selection: Selection) -> set[str]:
    """Every IRI that the page says: what it needs names for."""
    told = [found.resource, *(key for key in found.about if key.startswith("_:")), *selection.nodes]
    values = (term for key in told for terms in found.about.get(key, {}).values() for term in terms[:MOST_VALUES])
    things = {term.value for term in values if isinstance(term, NamedNode)}
    nodes = {iri for iri, said in found.about.items() if "tdp:betweenStatements" in said}
    return things | nodes | {found.resource, *selection.listed, *selection.nodes, *found.terms.values()}


def placed(found: Gathered, selection: Selection) -> set[str]:
    """What the page needs a place in the source, a state or a time for: passages, and what is listed."""
    told = [found.resource, *selection.nodes]
    return {source for key in told for source in found.iris(key, "dct:source")} | set(selection.listed)
