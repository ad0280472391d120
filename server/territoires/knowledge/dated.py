"""A place as it was on a day: its perimeter, what it lay in, its communes, départements, régions and inhabitants, and how that is known."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from pyoxigraph import Triple

from territoires.knowledge.perimeters import (
    Belonging,
    Change,
    Facts,
    Perimeter,
    Populations,
    Spread,
    belongings,
    changes,
    exists,
    facts,
    known_days,
    latest,
    nodes,
    perimeters,
    populations,
    telling,
)
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, NamedNode, rows
from territoires.store import Store
from territoires.vocabulary import iri, shorten

COMMUNES = frozenset({"tdp:Commune", "tdp:FormerCommune"})
AREAS = frozenset({"tdp:Departement", "tdp:Region"})
UNTOLD = Facts({})
DAY = NamedNode(iri("xsd:date"))
LINE = ("rdf:type", "skos:prefLabel", "igeo:codeINSEE", "tdp:inDepartement", "tdp:departementOfRegion", "dct:isReplacedBy")


@dataclass(frozen=True)
class Population:
    """The inhabitants of some communes in a year: how many of them have a figure, of how many, and the observations."""

    year: int
    inhabitants: int
    counted: int
    of: int
    observations: tuple[tuple[str, str, int], ...]
    """Observation, commune, inhabitants."""

    @property
    def whole(self) -> bool:
        """Whether no commune lacks its figure."""
        return self.counted == self.of


@dataclass(frozen=True)
class Dated:
    """What is known of a place on a day; IRIs everywhere."""

    place: str
    kind: str
    """whole (a territory that has perimeters), commune, departement or region."""
    day: date
    perimeter: Perimeter | None
    """The perimeter of the place itself that holds on that day."""
    parts: tuple[Perimeter, ...]
    """The perimeters of its members that have one, or those of what lies here in part."""
    within: tuple[Belonging, ...]
    """What it lay in: EPCI, and project territories through these."""
    communes: tuple[str, ...]
    known: tuple[date, ...] = ()
    """The days on which a perimeter is known that tells of the place."""
    changes: tuple[Change, ...] = ()
    later: tuple[Belonging, ...] = ()
    """Where its members are known after its own last perimeter, where that is elsewhere: by then it may have been gone."""
    departements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    population: Population | None = None
    facts: Facts = UNTOLD


@dataclass(frozen=True)
class Nothing:
    """That nothing is known of a place on a day: since it wasn't there (`change`), or as no perimeter is known so early."""

    place: str
    day: date
    known: tuple[date, ...] = ()
    change: Change | None = None
    ended: bool = False
    """Whether it was no more, rather than not yet there or not yet known."""


def as_of(store: Store, views: QueryLibrary, place: str, types: set[str], day: date, lying: Callable[[], Spread]) -> Dated | Nothing:
    """The place on that day; `types` are its classes as prefixed names, `lying` tells where project territories lie."""
    if types & COMMUNES:
        return commune(store, views, place, "tdp:FormerCommune" in types, day)
    if types & AREAS:
        return area(store, views, place, "region" if "tdp:Region" in types else "departement", day, lying())
    return whole(store, views, place, day)


def whole(store: Store, views: QueryLibrary, place: str, day: date) -> Dated | Nothing:
    """A territory that has perimeters: its members, their communes where they have perimeters of their own."""
    known = known_days(store, views, place)
    own = next(iter(perimeters(store, views, [place], day)), None)
    if own is None:
        return Nothing(place, day, known)
    parts = perimeters(store, views, own.members, day)
    divided = {part.whole for part in parts}
    communes = sorted({each for part in parts for each in part.members} | {each for each in own.members if each not in divided})
    within = latest(belongings(store, views, [place]), day)
    moved = latest(belongings(store, views, communes), day) if not parts and own.on == known[-1] and own.on < day else ()
    later = tuple(each for each in moved if each.whole != place and each.on > own.on)
    return completed(store, views, Dated(place, "whole", day, own, parts, within, tuple(communes), known, (), later))


def commune(store: Store, views: QueryLibrary, place: str, former: bool, day: date) -> Dated | Nothing:
    """A commune: its EPCI on that day, and the project territories that this EPCI belonged to."""
    told = changes(store, views, [place])
    there, change = exists(place, told, day)
    direct = belongings(store, views, [place])
    known = tuple(sorted({each.on for each in direct}))
    if not there:
        return Nothing(place, day, known, change, change is not None and place in change.before)
    if former and not told and day > max(known, default=date.min):  # nobody says when it ended
        return Nothing(place, day, known, None, True)
    first = latest(direct, day)
    further = latest(belongings(store, views, [each.whole for each in first]), day)
    return completed(store, views, Dated(place, "commune", day, None, (), (*first, *further), (place,), known, told))


def area(store: Store, views: QueryLibrary, place: str, kind: str, day: date, lying: Spread) -> Dated:
    """A département or région: the communes or départements that it had, and the project territories that had communes there."""
    departements = departements_of(store, views, place) if kind == "region" else [place]
    held = tuple(Belonging(place, *each) for each in lying.within(frozenset(departements), day))
    communes = communes_then(store, views, place, day) if kind == "departement" else ()
    found = Dated(place, kind, day, None, (), held, communes, departements=tuple(departements))
    return completed(store, views, found)


def communes_then(store: Store, views: QueryLibrary, departement: str, day: date) -> tuple[str, ...]:
    """The communes of a département that were there on a day, as far as changes are known."""
    classes: dict[str, str] = {}
    for row in rows(store.query(views.text("communes-within", store.base, departement=nodes([departement])))):
        classes[row["commune"].value] = shorten(row["class"].value, store.base)  # type: ignore[union-attr]
    told: dict[str, list[Change]] = {}
    for change in changes(store, views, classes):
        for one in {*change.before, *change.after}:
            told.setdefault(one, []).append(change)
    there = [one for one, cls in classes.items() if (exists(one, told[one], day)[0] if one in told else cls != "tdp:FormerCommune")]
    return tuple(sorted(there))


def completed(store: Store, views: QueryLibrary, found: Dated) -> Dated:
    """The answer with what is said of its places: names, départements, régions, inhabitants."""
    members = found.perimeter.members if found.perimeter else ()
    wholes = [each.whole for each in (*found.within, *found.later)]
    first = facts(store, views, {found.place, *members, *found.communes, *wholes})
    departements = [each for each in found.departements or first.all(found.communes, "tdp:inDepartement") if each != found.place]
    second = facts(store, views, departements)
    regions = second.all(departements, "tdp:departementOfRegion") if found.kind != "region" else []
    regions += first.iris(found.place, "tdp:departementOfRegion")
    third = facts(store, views, [*regions, *first.all(found.communes, "dct:isReplacedBy")])
    counted = populations(store, views, found.communes) if found.kind in ("whole", "commune") else {}
    return replace(
        found,
        departements=tuple(departements),
        regions=tuple(dict.fromkeys(regions)),
        population=population(counted, found.communes, found.day),
        facts=Facts({**third.said, **second.said, **first.said}),
    )


def departements_of(store: Store, views: QueryLibrary, region: str) -> list[str]:
    """The départements of a région."""
    found = rows(store.query(views.text("departements", store.base, region=nodes([region]))))
    return [row["departement"].value for row in found]  # type: ignore[union-attr]


def population(known: Populations, communes: Iterable[str], day: date) -> Population | None:
    """The inhabitants of some communes in the year that tells most of them, until that day."""
    places = tuple(communes)
    year = telling(Counter(year for place in places for year in known.get(place, {})), day)
    seen = tuple((known[place][year][1], place, known[place][year][0]) for place in places if year in known.get(place, {}))
    return Population(year, sum(number for _, _, number in seen), len(seen), len(places), seen) if seen else None


def triples(found: Dated, base: str) -> list[Triple]:
    """The answer in RDF: the perimeters that it rests on, and what is said of the places; of what it lay in, only that it did."""

    def term(name: str) -> NamedNode:
        return NamedNode(iri(name).replace(iri("tdp:"), f"{base}def#"))

    told: list[Triple] = []

    def say(subject: str, name: str, value: NamedNode | Literal) -> None:
        told.append(Triple(NamedNode(subject), term(name), value))

    for each in ((found.perimeter,) if found.perimeter else ()) + found.parts:
        say(each.iri, "rdf:type", term("tdp:Perimeter"))
        say(each.iri, "tdp:perimeterOf", NamedNode(each.whole))
        say(each.iri, "tdp:onDate", Literal(each.on.isoformat(), datatype=DAY))
        for name, values in (("tdp:hasMemberTerritory", each.members), ("dct:source", each.sources), ("tdp:precision", (each.precision,))):
            for value in values:
                if value:
                    say(each.iri, name, NamedNode(value))
        for note in each.notes:
            say(each.iri, "dct:description", note)
    for held in found.within:
        say(held.perimeter, "rdf:type", term("tdp:Perimeter"))
        say(held.perimeter, "tdp:perimeterOf", NamedNode(held.whole))
        say(held.perimeter, "tdp:onDate", Literal(held.on.isoformat(), datatype=DAY))
        if found.kind not in ("departement", "region"):
            say(held.perimeter, "tdp:hasMemberTerritory", NamedNode(held.member))
    for place, said in found.facts.said.items():
        for name in LINE:
            told += [Triple(NamedNode(place), term(name), value) for value in said.get(name, ())]
    if found.population:
        for observation, place, number in found.population.observations:
            say(observation, "rdf:type", term("qb:Observation"))
            say(observation, "qb:dataSet", NamedNode(f"{base}id/jeu/populations-municipales"))
            say(observation, "sdmx-dimension:refArea", NamedNode(place))
            say(observation, "sdmx-dimension:refPeriod", NamedNode(f"{base}id/periode/{found.population.year}"))
            say(observation, "tdp:inhabitants", Literal(number))
    return told
