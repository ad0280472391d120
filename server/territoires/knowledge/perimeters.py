"""Perimeters in time: what a territory is made of on the days for which a source tells it (tdp:Perimeter).

On a day, the perimeter of a territory is the last one that is known by then. Nothing is said of the time between two known days but that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from territoires.knowledge.description import construct
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, NamedNode, Term, rows
from territoires.store import Store
from territoires.vocabulary import shorten

Said = Mapping[str, list[Term]]
"""Prefixed name of a property -> its values."""


@dataclass(frozen=True)
class Perimeter:
    """The members of a territory on a day, as sources tell; `precision` is the IRI of how sure that is, where it isn't plain."""

    iri: str
    whole: str
    on: date
    members: tuple[str, ...]
    sources: tuple[str, ...] = ()
    precision: str = ""
    notes: tuple[Literal, ...] = ()
    """From what it is known where no document tells it, in each language."""


@dataclass(frozen=True)
class Belonging:
    """That `member` was in `whole` on a day, by a perimeter; `until` is the next day on which the perimeter of the whole is known."""

    member: str
    whole: str
    perimeter: str
    on: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is the last that is known of the whole by that day."""
        return self.on <= day and not (self.until and self.until <= day)


@dataclass(frozen=True)
class Change:
    """A change of territories on a day: what was before, what is after, of which kind."""

    iri: str
    day: date
    before: tuple[str, ...]
    after: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Facts:
    """What is said of places in a line, by IRI."""

    said: Mapping[str, Said]

    def iris(self, place: str, name: str) -> list[str]:
        """The values of a property that are IRIs, sorted."""
        return list(values(self.said.get(place, {}), name))

    def all(self, places: Iterable[str], name: str) -> list[str]:
        """The values of a property of several places, sorted."""
        return sorted({value for place in places for value in self.iris(place, name)})

    def code(self, place: str) -> str:
        """The code of a place in the official geographic code, or nothing."""
        return next((term.value for term in self.said.get(place, {}).get("igeo:codeINSEE", ()) if isinstance(term, Literal)), "")

    def names(self, place: str) -> list[Literal]:
        """The names of a place."""
        return [term for term in self.said.get(place, {}).get("skos:prefLabel", ()) if isinstance(term, Literal)]


Populations = Mapping[str, Mapping[int, tuple[int, str]]]
"""Place -> year -> (inhabitants, IRI of the observation)."""


def nodes(iris: Iterable[str]) -> list[NamedNode]:
    """IRIs as terms, each once, sorted."""
    return [NamedNode(each) for each in sorted(set(iris))]


def perimeters(store: Store, views: QueryLibrary, wholes: Iterable[str], day: date | None = None) -> tuple[Perimeter, ...]:
    """The perimeters of some territories by date: all that are known, or of each the last one by that day."""
    named = nodes(wholes)
    chosen: dict[object, str] = {}
    for row in rows(store.query(views.text("perimeter-dates", store.base, whole=named))) if named else ():
        whole, perimeter, on = row["whole"], row["perimeter"], read_day(row["on"])  # the earlier days of a whole come first
        if isinstance(whole, NamedNode) and isinstance(perimeter, NamedNode) and on and (day is None or on <= day):
            chosen[whole.value if day else perimeter.value] = perimeter.value
    text = views.text("perimeters", store.base, perimeter=nodes(chosen.values()))
    found = [each for name, said in grouped(store, text).items() if (each := read_perimeter(name, said))] if chosen else []
    return tuple(sorted(found, key=lambda each: (each.on, each.iri)))


def known_days(store: Store, views: QueryLibrary, whole: str) -> tuple[date, ...]:
    """The days on which the perimeter of a territory is known."""
    found = rows(store.query(views.text("perimeter-dates", store.base, whole=nodes([whole]))))
    return tuple(sorted({day for row in found if (day := read_day(row["on"]))}))


@dataclass(frozen=True)
class Spread:
    """Where project territories lie: what each was made of by date, and in which départements each member had communes by date."""

    wholes: Mapping[str, Mapping[date, tuple[str, tuple[str, ...]]]]
    """Territory -> day -> perimeter, members."""
    members: Mapping[str, Mapping[date, frozenset[str]]]
    """Member -> day -> départements."""

    def within(self, departements: frozenset[str], day: date) -> tuple[tuple[str, str, date], ...]:
        """The territories that have communes there on a day: territory, perimeter, its date."""
        found = []
        for whole, known in self.wholes.items():
            on = last_by(known, day)
            if on and any(departements & self.of(member, day) for member in known[on][1]):
                found.append((whole, known[on][0], on))
        return tuple(sorted(found))

    def of(self, member: str, day: date) -> frozenset[str]:
        """The départements of a member on a day."""
        known = self.members.get(member, {})
        on = last_by(known, day)
        return known[on] if on else frozenset()


def last_by(known: Iterable[date], day: date) -> date | None:
    """The last of some days until that day."""
    return max((each for each in known if each <= day), default=None)


def spread(store: Store, views: QueryLibrary) -> Spread:
    """Where all project territories lie, by date."""
    wholes: dict[str, dict[date, tuple[str, tuple[str, ...]]]] = {}
    for row in rows(store.query(views.text("project-perimeters", store.base))):
        whole, perimeter, member = (row[name].value for name in ("whole", "perimeter", "member"))  # type: ignore[union-attr]
        if on := read_day(row["on"]):
            known = wholes.setdefault(whole, {})
            known[on] = (perimeter, (*known.get(on, ("", ()))[1], member))
    members: dict[str, dict[date, frozenset[str]]] = {}
    named = nodes(member for known in wholes.values() for _, listed in known.values() for member in listed)
    for row in rows(store.query(views.text("member-departements", store.base, whole=named))) if named else ():
        member, departement = (row[name].value for name in ("whole", "departement"))  # type: ignore[union-attr]
        if on := read_day(row["on"]):
            days = members.setdefault(member, {})
            days[on] = days.get(on, frozenset()) | {departement}
    return Spread(wholes, members)


def grouped(store: Store, text: str) -> dict[str, dict[str, list[Term]]]:
    """The triples of a CONSTRUCT: subject -> prefixed name of the property -> values."""
    found: dict[str, dict[str, list[Term]]] = {}
    for triple in construct(store, text):
        if isinstance(triple.subject, NamedNode):
            said = found.setdefault(triple.subject.value, {})
            said.setdefault(shorten(triple.predicate.value, store.base), []).append(triple.object)
    return found


def read_perimeter(name: str, said: Said) -> Perimeter | None:
    """A perimeter node; None where its day isn't one."""
    whole, on, precision = values(said, "tdp:perimeterOf"), days(said, "tdp:onDate"), values(said, "tdp:precision")
    if not whole or not on:
        return None
    members, sources = values(said, "tdp:hasMemberTerritory"), values(said, "dct:source")
    notes = tuple(sorted((term for term in said.get("dct:description", ()) if isinstance(term, Literal)), key=str))
    return Perimeter(name, whole[0], on[0], members, sources, precision[0] if precision else "", notes)


def values(said: Said, name: str) -> tuple[str, ...]:
    """The values of a property that are IRIs, sorted."""
    return tuple(sorted({term.value for term in said.get(name, ()) if isinstance(term, NamedNode)}))


def days(said: Said, name: str) -> list[date]:
    """The values of a property that are days, sorted."""
    return sorted(day for term in said.get(name, ()) if (day := read_day(term)))


def read_day(term: Term | None) -> date | None:
    """An xsd:date as a date; None where it is none."""
    try:
        return date.fromisoformat(term.value[:10]) if isinstance(term, Literal) else None
    except ValueError:
        return None


def belongings(store: Store, views: QueryLibrary, members: Iterable[str]) -> tuple[Belonging, ...]:
    """To what some territories belong, by date: one for each perimeter that holds them."""
    named = nodes(members)
    if not named:
        return ()
    known: dict[tuple[str, str], set[date]] = {}
    held: dict[tuple[str, str, str], date] = {}
    for row in rows(store.query(views.text("perimeters-with", store.base, member=named))):
        member, perimeter, whole = (row[name].value for name in ("member", "perimeter", "whole"))  # type: ignore[union-attr]
        on, other = read_day(row["on"]), read_day(row["known"])
        if on and other:
            held[member, perimeter, whole] = on
            known.setdefault((member, whole), set()).add(other)
    found = []
    for (member, perimeter, whole), on in held.items():
        later = min((day for day in known[member, whole] if day > on), default=None)
        found.append(Belonging(member, whole, perimeter, on, later))
    return tuple(sorted(found, key=lambda each: (each.on, each.whole, each.member)))


def latest(found: Iterable[Belonging], day: date) -> tuple[Belonging, ...]:
    """Those that hold on a day; of several wholes of one member, those of the latest perimeter: the others were given up unseen."""
    holding = [each for each in found if each.holds(day)]
    last: dict[str, date] = {}
    for each in holding:
        last[each.member] = max(last.get(each.member, each.on), each.on)
    return tuple(each for each in holding if each.on == last[each.member])


def facts(store: Store, views: QueryLibrary, places: Iterable[str]) -> Facts:
    """Name, code, class, département, région and successor of some places."""
    named = nodes(places)
    return Facts(grouped(store, views.text("places", store.base, place=named)) if named else {})


def populations(store: Store, views: QueryLibrary, places: Iterable[str]) -> Populations:
    """The municipal population of some places by year."""
    named = nodes(places)
    found: dict[str, dict[int, tuple[int, str]]] = {}
    for row in rows(store.query(views.text("populations", store.base, place=named))) if named else ():
        year, number = year_of(row["period"]), value_of(row["inhabitants"])
        if year and number.isdecimal():
            found.setdefault(value_of(row["place"]), {})[year] = (int(number), value_of(row["observation"]))
    return found


def telling(known: Mapping[int, int], day: date) -> int:
    """The year until a day for which most places have a figure, the last of several; 0 for none. `known` counts places by year."""
    years = [year for year in known if 0 < year <= day.year]
    return max(years, key=lambda year: (known[year], year), default=0)


def year_of(period: Term) -> int:
    """The year that a period is, by its IRI; 0 for any other."""
    last = value_of(period).rpartition("/")[2]
    return int(last) if last.isdecimal() and last.isascii() else 0


def value_of(term: Term) -> str:
    """The text of a literal or an IRI."""
    return term.value if isinstance(term, Literal | NamedNode) else ""


def changes(store: Store, views: QueryLibrary, places: Iterable[str]) -> tuple[Change, ...]:
    """The changes that some places went through or came out of, by day."""
    named = nodes(places)
    found = []
    for name, said in grouped(store, views.text("territorial-changes", store.base, place=named)).items() if named else ():
        when, kind = days(said, "tdp:effectiveOn"), values(said, "tdp:changeKind")
        if when:
            before, after = values(said, "tdp:originalTerritory"), values(said, "tdp:resultingTerritory")
            found.append(Change(name, when[0], before, after, kind[0] if kind else ""))
    return tuple(sorted(found, key=lambda each: (each.day, each.iri)))


def exists(place: str, known: Iterable[Change], day: date) -> tuple[bool, Change | None]:
    """Whether a place was there on a day, as far as changes tell, and the change that ended it before or begins it after."""
    own = [each for each in known if (place in each.before) != (place in each.after)]
    last = next((each for each in reversed(own) if each.day <= day), None)
    if last is not None:
        return place in last.after, None if place in last.after else last
    first = next(iter(own), None)
    return (True, None) if first is None or place in first.before else (False, first)
