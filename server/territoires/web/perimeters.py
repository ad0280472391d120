"""A place as it was on a day (?date=), and what the page of a place tells of its perimeter over time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from urllib.parse import urlencode

from babel.numbers import format_decimal
from flask import Response, render_template, request
from flask_babel import get_locale, gettext
from pyoxigraph import NamedNode, Triple

from territoires.errors import InvalidParameter, NoMore, NotKnownThen, UnknownResource
from territoires.formats import DOCUMENT, HTML, Format, write_triples
from territoires.knowledge.dated import AREAS, COMMUNES, Dated, Nothing, Population, as_of, triples
from territoires.knowledge.description import labels
from territoires.knowledge.folding import fold
from territoires.knowledge.perimeters import Perimeter, Spread, facts, spread
from territoires.results import Literal
from territoires.vocabulary import iri, prefixes_at
from territoires.web import past
from territoires.web.addresses import document_path
from territoires.web.headers import cached
from territoires.web.language import best_literal, current_language, show_day
from territoires.web.maps import locate
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value
from territoires.web.parts import anchor
from territoires.web.service import service

WHOLES = frozenset({"tdp:Pays", "tdp:TerritorialPole", "tdp:ProjectTerritory", "tdp:NaturalParkTerritory", "tdp:InterMunicipality"})
"""The classes of territories that have perimeters."""
PLACES = WHOLES | COMMUNES | AREAS | {"tdp:FormerRegion"}
DIVISION = date(2016, 1, 1)
"""The day from which the régions have had their limits of today (act 2015-29 of 16 January 2015, article 1)."""
LISTED = 100
"""Communes on a page of a département."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class Member:
    """A member of a perimeter: name, code, what became of it since, and, where it is divided, its own members and inhabitants."""

    value: Value
    code: str = ""
    since: tuple[Value, ...] = ()
    members: tuple["Member", ...] = ()
    on: str = ""
    inhabitants: str = ""


@dataclass(frozen=True)
class Basis:
    """A perimeter that an answer rests on: whose, of which day, its sources, how sure it is where it isn't plain, and why."""

    whole: Value
    perimeter: Value
    on: str
    sources: tuple[Value, ...]
    precision: Value | None
    note: Value | None


def asked_day() -> date | None:
    """The day of ?date=; None without one. Raises InvalidParameter for what is no day, and for a day to come."""
    text = request.args.get("date", "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise InvalidParameter(gettext("date is a day of the calendar, written YYYY-MM-DD, such as 2016-01-01."))
    if day > date.today():
        raise InvalidParameter(gettext("%(day)s is yet to come: date is a day until today.", day=day.isoformat()))
    return day


def show_dated(resource: str, path: str, form: Format, day: date) -> Response:
    """The document on a place as it was on that day. Raises NotKnownThen, and InvalidParameter for what is no place."""
    store, views = service().store, service().views
    said = facts(store, views, [resource])
    if resource not in said.said:
        raise UnknownResource(resource)
    types = {short_class(term.value, store.base) for term in said.said[resource].get("rdf:type", ()) if isinstance(term, NamedNode)}
    if not types & PLACES:
        raise InvalidParameter(gettext("date is answered for project territories, EPCI, communes, départements and régions only."))
    found = as_of(store, views, resource, types, day, territories)
    if isinstance(found, Nothing):
        raise unknown_then(found, said.names(resource))
    address = past.lasting(f"{path}.{{}}?date={day}")
    body: str | bytes = page(found, path) if form is HTML else written(found, form)
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = address.format(form.name)
    listed = [f'<{resource}>; rel="describes"'] if resource.isascii() else []
    listed += [f'<{address.format(each.name)}>; rel="alternate"; type="{each.media_type}"' for each in DOCUMENT if each is not form]
    listed += [f'<{past.lasting(f"{path}.{form.name}?date={day}")}>; rel="{name}"' for name, day in neighbours(found).items()]
    response.headers["Link"] = ", ".join(listed)
    response.headers["X-Robots-Tag"] = "noindex"  # there are as many days as one likes
    return cached(response, form.name)


def territories() -> Spread:
    """Where all project territories lie, by date; asked once for each release."""
    store, views = service().store, service().views
    return remembered(lambda: spread(store, views), "territories")


def short_class(name: str, base: str) -> str:
    """A class of the project as a prefixed name; any other as it is."""
    return name.replace(f"{base}def#", "tdp:")


def unknown_then(found: Nothing, names: Sequence[Literal]) -> NotKnownThen:
    """What is told where nothing is known of a place on that day."""
    store = service().store
    instead: tuple[str, ...] = ()
    if found.change:
        instead = found.change.after if found.ended else found.change.before
    wanted = {found.place: list(names), **labels(store, service().views, instead)}
    names_of = Namer(wanted, store.base, current_language(), request.root_path)
    name, day = names_of.named(found.place).text, show_day(found.day)
    if found.change:
        others = ", ".join(names_of.named(each).text for each in instead)
        text = (
            gettext("%(name)s was no more on %(day)s: since %(since)s it is part of %(others)s.")
            if found.ended
            else gettext("%(name)s was not there yet on %(day)s: it was set up on %(since)s out of %(others)s.")
        ) % {"name": name, "day": day, "since": show_day(found.change.day), "others": others}
    elif found.ended:
        text = gettext("%(name)s was no more on %(day)s.", name=name, day=day)
    elif found.known:
        text = gettext(
            "No perimeter of %(name)s is known by %(day)s: the first one is that of %(first)s.",
            name=name,
            day=day,
            first=show_day(found.known[0]),
        )
    else:
        text = gettext("No perimeter of %(name)s is known.", name=name)
    kind = NoMore if found.ended else NotKnownThen
    return kind(text, tuple(each.isoformat() for each in found.known), instead)


def written(found: Dated, form: Format) -> bytes:
    """The answer in RDF, with what the document is: its topic, the day that it holds for, the document without a day."""
    base = service().store.base
    plain = base.rstrip("/") + document_path(found.place, base)
    document = NamedNode(past.lasting(f"{plain}?date={found.day}"))
    own = [
        Triple(document, NamedNode(iri("foaf:primaryTopic")), NamedNode(found.place)),
        Triple(document, NamedNode(iri("void:inDataset")), NamedNode(base + "id/jeu/territoires")),
        Triple(document, NamedNode(iri("dct:isVersionOf")), NamedNode(plain)),
        Triple(document, NamedNode(iri("dct:valid")), Literal(found.day.isoformat(), datatype=NamedNode(iri("xsd:date")))),
    ]
    said = sorted({*triples(found, base), *own}, key=lambda triple: (triple.subject.value != found.place, str(triple)))  # type: ignore[union-attr]
    return write_triples(said, form, prefixes_at(base))


def neighbours(found: Dated) -> dict[str, date]:
    """The days before and after on which another perimeter is known."""
    own = found.perimeter.on if found.perimeter else max((each.on for each in found.within), default=None)
    before = [day for day in found.known if own and day < own]
    after = [day for day in found.known if day > found.day]
    return {**({"prev": before[-1]} if before else {}), **({"next": after[0]} if after else {})}


def shown_number(number: int) -> str:
    """A number in the reader's form."""
    return str(format_decimal(number, locale=get_locale()))


def page(found: Dated, path: str) -> str:
    """The answer as a page."""
    names = names_for(found)
    counted = {place: number for _, place, number in found.population.observations} if found.population else {}
    members = members_of(found, names, counted)
    number = int(request.args["page"]) if request.args.get("page", "").isdecimal() and len(request.args["page"]) < 6 else 1
    pages = max(-(-len(members) // LISTED), 1)
    number = min(max(number, 1), pages) if found.kind == "departement" else 1
    shown = members[(number - 1) * LISTED : number * LISTED] if found.kind == "departement" else members
    return render_template(
        "resources/dated.html",
        found=found,
        link=partial(anchor, language=current_language()),
        title=names.named(found.place),
        day=show_day(found.day),
        path=path,
        members=shown,
        total=len(members),
        number=number,
        pages=pages,
        before=(number - 1) * LISTED,
        area=found.kind in ("departement", "region"),
        divided=any(member.members for member in members),
        bases=bases(found, names),
        within=[(then(names.named(each.whole), found.day), show_day(each.on)) for each in found.within],
        later=sorted({names.named(each.whole) for each in found.later}, key=lambda value: value.text.casefold()),
        departements=[names.named(each) for each in found.departements],
        regions=[names.named(each) for each in found.regions],
        older=found.day < DIVISION and bool(found.regions),
        division=show_day(DIVISION),
        population=told_population(found.population),
        counts=counts(found),
        known=[(each.isoformat(), show_day(each)) for each in found.known],
        neighbours={name: (each.isoformat(), show_day(each)) for name, each in neighbours(found).items()},
        today=date.today().isoformat(),
        formats=DOCUMENT,
        map=locate({found.place} if found.kind != "commune" else set(found.departements)),
        data_date=found.day.isoformat(),
    )


def names_for(found: Dated) -> Namer:
    """A namer for all that an answer mentions: what the answer holds itself is not asked again."""
    store = service().store
    own = {place: found.facts.names(place) for place in found.facts.said}
    used = [each for each in (found.perimeter, *found.parts) if each]
    others = {iri for each in used for iri in (*each.sources, each.precision) if iri} | {each.whole for each in used}
    others |= {place for change in found.changes for place in (*change.before, *change.after)}
    others |= {value for place in found.communes for value in found.facts.iris(place, "dct:isReplacedBy")}
    missing = labels(store, service().views, others - own.keys())
    return Namer({**missing, **own}, store.base, current_language(), request.root_path)


def members_of(found: Dated, names: Namer, counted: Mapping[str, int]) -> tuple[Member, ...]:
    """The members of a place on that day by name: EPCI with their communes, or communes."""
    parts = {part.whole: part for part in found.parts}
    listed = found.perimeter.members if found.perimeter else found.communes if found.kind == "departement" else ()

    def line(place: str) -> Member:
        since = tuple(names.named(each) for each in found.facts.iris(place, "dct:isReplacedBy"))
        number = shown_number(counted[place]) if place in counted else ""
        return Member(then(names.named(place), found.day), found.facts.code(place), since, inhabitants=number)

    def group(place: str) -> Member:
        part = parts.get(place)
        if part is None:
            return line(place)
        inner = by_name(line(each) for each in part.members)
        numbers = [counted[each] for each in part.members if each in counted]
        whole = shown_number(sum(numbers)) if numbers and len(numbers) == len(part.members) else ""
        return Member(then(names.named(place), found.day), "", (), inner, show_day(part.on), whole)

    return by_name(group(each) for each in listed)


def then(value: Value, day: date) -> Value:
    """A place, linked to what it was on that day."""
    return replace(value, href=f"{value.href}?{urlencode({'date': day.isoformat()})}") if value.href else value


def by_name(members: Iterable[Member]) -> tuple[Member, ...]:
    """Members in the order of their names."""
    return tuple(sorted(members, key=lambda member: fold(member.value.text)))


def bases(found: Dated, names: Namer) -> tuple[Basis, ...]:
    """The perimeters that the answer rests on: the place's own, and of its parts those of another day or another source."""
    own = found.perimeter

    def basis(each: Perimeter) -> Basis:
        sources = tuple(names.named(source) for source in each.sources)
        link = names.named(each.iri)
        precision = names.named(each.precision) if each.precision else None
        note = best_literal(each.notes, current_language())
        return Basis(names.named(each.whole), link, show_day(each.on), sources, precision, names.value(note) if note else None)

    if own is None:
        return ()
    others = [part for part in found.parts if (part.on, part.sources, part.precision) != (own.on, own.sources, own.precision)]
    alike: dict[tuple[object, ...], Perimeter] = {}
    for part in others:
        alike.setdefault((part.on, part.sources, part.precision), part)
    return (basis(own), *(basis(part) for part in alike.values()))


def told_population(found: Population | None) -> tuple[str, int, str] | None:
    """Inhabitants, year, and where figures are lacking of how many communes they are."""
    if found is None:
        return None
    part = "" if found.whole else gettext("%(counted)s of %(of)s communes", counted=found.counted, of=found.of)
    return shown_number(found.inhabitants), found.year, part


def counts(found: Dated) -> tuple[tuple[str, str], ...]:
    """The key figures of a whole: number, and what it counts."""
    if found.kind == "commune":
        return ()
    own = found.perimeter
    told = [(len(own.members), gettext("EPCI"))] if own and found.parts else []
    told += [(len(found.communes), gettext("communes") if len(found.communes) > 1 else gettext("commune"))] if found.communes else []
    several = len(found.departements) > 1
    told += [(len(found.departements), gettext("départements") if several else gettext("département"))] if found.departements else []
    told += [(len(found.regions), gettext("régions") if len(found.regions) > 1 else gettext("région"))] if found.regions and own else []
    return tuple((shown_number(number), str(text)) for number, text in told)
