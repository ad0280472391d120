"""What the page of a place tells of its perimeter over time: members on each known day, what came and went, what it belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from flask import request
from flask_babel import gettext

from territoires.knowledge.dated import AREAS, COMMUNES, Population, departements_of, population
from territoires.knowledge.description import labels
from territoires.knowledge.folding import fold
from territoires.knowledge.perimeters import (
    Belonging,
    Change,
    Facts,
    Perimeter,
    Populations,
    belongings,
    changes,
    facts,
    perimeters,
    populations,
)
from territoires.results import Literal
from territoires.web.language import current_language, show_day
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value
from territoires.web.perimeters import WHOLES, shown_number, territories, then, told_population
from territoires.web.service import service

FOLDED = 40
"""Members of a list that are shown at once."""


@dataclass(frozen=True)
class Known:
    """What the graph says of a place over time: the perimeters of it with their communes, what it belongs to, changes, inhabitants."""

    perimeters: tuple[Perimeter, ...]
    communes: tuple[tuple[str, ...], ...]
    """Of each perimeter."""
    divided: bool
    """Whether its members have communes of their own."""
    belongs: tuple[Belonging, ...]
    changes: tuple[Change, ...]
    populations: Populations
    facts: Facts
    names: Mapping[str, list[Literal]]
    """Of all that it mentions."""


@dataclass(frozen=True)
class Row:
    """A known day: ISO, in words, members, communes, départements, inhabitants with their year, how sure."""

    day: str
    text: str
    members: str
    communes: str
    departements: tuple[Value, ...]
    population: tuple[str, int, str] | None
    precision: str


@dataclass(frozen=True)
class Turn:
    """What came and went between two known days."""

    before: str
    after: str
    came: tuple[Value, ...]
    went: tuple[Value, ...]
    communes_came: tuple[Value, ...]
    communes_went: tuple[Value, ...]

    def __bool__(self) -> bool:
        """Whether anything did."""
        return bool(self.came or self.went or self.communes_came or self.communes_went)


@dataclass(frozen=True)
class Year:
    """The inhabitants of a year: in words, and as a share of a hundred of the greatest number."""

    year: int
    text: str
    share: int


@dataclass(frozen=True)
class Event:
    """A change of the place: when, of which kind, what was before, what is after."""

    day: str
    kind: str
    before: tuple[Value, ...]
    after: tuple[Value, ...]
    href: str


@dataclass(frozen=True)
class Composition:
    """All that the section shows. `members` are those of the last known day `of`; `belongs` has each whole with its known days."""

    rows: tuple[Row, ...]
    turns: tuple[Turn, ...]
    members: tuple[Value, ...]
    of: str
    divided: bool
    belongs: tuple[tuple[Value, str], ...]
    years: tuple[Year, ...]
    events: tuple[Event, ...]
    here: tuple[Value, ...]
    """Of a département or région: the project territories that lie there by their last perimeters."""
    known: tuple[tuple[str, str], ...]
    departements: tuple[str, ...]
    today: str


def compose(resource: str, types: set[str]) -> Composition | None:
    """What is known of a place over time; None for what is no such place, and where nothing is."""
    if types & (AREAS - {"tdp:FormerRegion"}):
        found = around(resource, "tdp:Region" in types)
        return Composition((), (), (), "", False, (), (), (), shown_territories(found), (), (), date.today().isoformat())
    if not types & (WHOLES | COMMUNES):
        return None
    known = remembered(lambda: ask(resource, bool(types & COMMUNES)), "composition", resource)
    told = known.perimeters or known.belongs or known.changes or known.populations.get(resource)
    return show(known, resource) if told else None


def around(area: str, region: bool) -> list[str]:
    """The project territories that have communes in a département or région by the last perimeters that are known."""
    store, views = service().store, service().views
    departements = departements_of(store, views, area) if region else [area]
    return [whole for whole, _, _ in territories().within(frozenset(departements), date.today())]


def shown_territories(found: Sequence[str]) -> tuple[Value, ...]:
    """Territories by their names."""
    store, views = service().store, service().views
    known = remembered(lambda: labels(store, views, territories().wholes), "territories", "names")
    return named(found, Namer(known, store.base, current_language(), request.root_path))


def ask(resource: str, commune: bool) -> Known:
    """Asks for all that is known of a place over time."""
    store, views = service().store, service().views
    own = () if commune else perimeters(store, views, [resource])
    parts = perimeters(store, views, {member for each in own for member in each.members}) if own else ()
    communes = tuple(tuple(sorted(members_then(each, parts))) for each in own)
    belongs = belongings(store, views, [resource])
    if commune:
        further = belongings(store, views, {each.whole for each in belongs})
        belongs += tuple(each for each in further if any(one.whole == each.member and one.on == each.on for one in belongs))
    told = changes(store, views, [resource]) if commune else ()
    places = {resource} if commune else {place for each in communes for place in each}
    said = facts(store, views, places)
    wanted = {iri for each in own for iri in (*each.members, each.precision) if iri} | {each.whole for each in belongs}
    wanted |= {iri for each in told for iri in (*each.before, *each.after, each.kind) if iri}
    wanted |= {place for pair in pairwise(communes) for place in {*pair[0]} ^ {*pair[1]}}
    wanted |= {*said.all(said.said, "tdp:inDepartement")}
    named = labels(store, views, wanted)
    return Known(own, communes, bool(parts), belongs, told, populations(store, views, places), said, named)


def members_then(own: Perimeter, parts: Iterable[Perimeter]) -> set[str]:
    """The communes of a perimeter: those of its members by their last perimeters of that day, or the members themselves."""
    last: dict[str, Perimeter] = {}
    for part in parts:  # in the order of their days
        if part.on <= own.on:
            last[part.whole] = part
    found: set[str] = set()
    for member in own.members:
        found |= set(last[member].members) if member in last else {member}
    return found


def show(known: Known, resource: str) -> Composition:
    """What is known, in the reader's words."""
    departements = known.facts.all(known.facts.said, "tdp:inDepartement")
    names = Namer(known.names, service().store.base, current_language(), request.root_path)
    days = [(each.on.isoformat(), show_day(each.on)) for each in known.perimeters]
    days += [(each.on.isoformat(), show_day(each.on)) for each in known.belongs if not known.perimeters]
    last = known.perimeters[-1] if known.perimeters else None
    return Composition(
        tuple(row(known, each, communes, names) for each, communes in zip(known.perimeters, known.communes, strict=True)),
        tuple(turn for turn in turns(known, names) if turn),
        named(last.members, names) if last else (),
        show_day(last.on) if last else "",
        known.divided,
        belonging(known.belongs, names),
        years(known.populations, resource),
        tuple(event(each, names) for each in known.changes),
        (),
        tuple(sorted(set(days))),
        tuple(departements),
        date.today().isoformat(),
    )


def named(places: Iterable[str], names: Namer) -> tuple[Value, ...]:
    """Places by name."""
    return tuple(sorted((names.named(each) for each in places), key=lambda value: fold(value.text)))


def row(known: Known, each: Perimeter, communes: tuple[str, ...], names: Namer) -> Row:
    """A known day of a perimeter."""
    found: Population | None = population(known.populations, communes, each.on)
    return Row(
        each.on.isoformat(),
        show_day(each.on),
        shown_number(len(each.members)),
        shown_number(len(communes)),
        named(known.facts.all(communes, "tdp:inDepartement"), names),
        told_population(found),
        names.named(each.precision).text if each.precision else "",
    )


def turns(known: Known, names: Namer) -> Iterable[Turn]:
    """What came and went between each two known days."""
    told = list(zip(known.perimeters, known.communes, strict=True))
    for (before, old), (after, new) in pairwise(told):
        came, went = set(after.members) - set(before.members), set(before.members) - set(after.members)
        communes = (set(new) - set(old), set(old) - set(new)) if known.divided else (set[str](), set[str]())
        yield Turn(
            show_day(before.on), show_day(after.on), named(came, names), named(went, names), *(named(each, names) for each in communes)
        )


def belonging(found: Iterable[Belonging], names: Namer) -> tuple[tuple[Value, str], ...]:
    """Each whole with the days on which it is known to hold the place."""
    days: dict[str, list[date]] = {}
    for each in found:
        listed = days.setdefault(each.whole, [])
        if each.on not in listed:
            listed.append(each.on)
    return tuple((names.named(whole), ", ".join(show_day(day) for day in sorted(on))) for whole, on in days.items())


def years(known: Populations, place: str) -> tuple[Year, ...]:
    """The inhabitants of a place by year, beside each other."""
    told = sorted(known.get(place, {}).items())
    most = max((number for _, (number, _) in told), default=0)
    return tuple(Year(year, shown_number(number), round(100 * number / most) if most else 0) for year, (number, _) in told)


def event(each: Change, names: Namer) -> Event:
    """A change in the reader's words."""
    kind = names.named(each.kind).text if each.kind else gettext("change")
    eve = each.day - timedelta(days=1)
    before = tuple(value if value.iri in each.after else then(value, eve) for value in named(each.before, names))
    return Event(show_day(each.day), kind, before, named(each.after, names), names.named(each.iri).href)
