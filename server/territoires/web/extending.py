"""Data extension: the values of properties for entities that are reconciled, and which properties there are (0.2 §7, 1.0-draft §7)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext

from territoires.errors import GazetteerUnavailable, InvalidParameter, TooMuch
from territoires.knowledge.description import labels
from territoires.knowledge.kinds import find_type
from territoires.knowledge.properties import ALWAYS, Property, value_of
from territoires.results import Literal, NamedNode, Term
from territoires.vocabulary import iri
from territoires.web.batches import MOST_IDS, MOST_PROPERTIES, readable
from territoires.web.language import best_literal, current_language, preference
from territoires.web.manifest import shown_type
from territoires.web.reconciling import Work, identified, matcher, properties
from territoires.web.service import service

Members = dict[str, Any]
_INTEGERS = frozenset(map(iri, ("xsd:integer", "xsd:nonNegativeInteger", "xsd:positiveInteger", "xsd:int", "xsd:long")))
_NUMBERS = frozenset(map(iri, ("xsd:decimal", "xsd:double", "xsd:float")))
_CODES = ("insee", "siren", "nuts", "iso")


@dataclass(frozen=True)
class Wanted:
    """A property that is asked for, with its settings; None where there is none of that name."""

    asked: str
    known: Property | None
    limit: int = 0
    day: str = ALWAYS
    content: str = "entity"


@dataclass(frozen=True)
class Extension:
    """A data extension query: identifiers as they were asked, and properties."""

    ids: tuple[str, ...]
    wanted: tuple[Wanted, ...]


def read_extension(found: object) -> Extension:
    """A data extension query, the same in both versions. Raises InvalidParameter, TooMuch."""
    ids = found.get("ids") if isinstance(found, dict) else None
    asked = found.get("properties") if isinstance(found, dict) else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise InvalidParameter(gettext("A data extension query has “ids”, a list of texts."))
    if not isinstance(asked, list) or not all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in asked):
        raise InvalidParameter(gettext("A data extension query has “properties”, a list of objects with “id”."))
    if len(ids) > MOST_IDS or len(asked) > MOST_PROPERTIES:
        raise TooMuch(
            gettext(
                "At most %(ids)s entities and %(properties)s properties are answered at once.", ids=MOST_IDS, properties=MOST_PROPERTIES
            )
        )
    return Extension(tuple(ids), tuple(read_wanted(each["id"], each.get("settings")) for each in asked))


def read_wanted(asked: str, settings: object) -> Wanted:
    """A property with its settings; OpenRefine sends them as texts. Raises InvalidParameter."""
    told = settings if isinstance(settings, dict) else {}
    count = str(told.get("limit") or 0)
    if not re.fullmatch(r"\d{1,6}(\.0)?", count):
        raise InvalidParameter(gettext("The setting limit is a whole number."))
    content = told.get("content") or "entity"
    if content not in ("entity", "name", "code", "iri"):
        raise InvalidParameter(gettext("The setting content is entity, name, code or iri."))
    return Wanted(asked, properties().find(asked), int(float(count)), read_day(str(told.get("date") or "")), content)


def read_day(text: str) -> str:
    """A day of a setting as YYYY-MM-DD: a year stands for its first day. Raises InvalidParameter."""
    told = text.strip().removesuffix(".0")
    if not told:
        return ALWAYS
    try:
        return date.fromisoformat(told + "-01-01"[len(told) - 4 :]).isoformat()
    except ValueError:
        raise InvalidParameter(gettext("The setting date is a year or a day: 2016, 2016-01-01.")) from None


def extend(extension: Extension, work: Work) -> dict[str, list[list[Members]]]:
    """Identifier as it was asked -> for each property its values; an entity that nobody knows has none."""
    iris = {asked: identified(asked) for asked in extension.ids}
    known = [found for found in iris.values() if found]
    columns: list[Mapping[str, list[Members]]] = []
    for wanted in extension.wanted:
        work.go_on()
        values = properties().values(service().store, wanted.known, known, wanted.day) if wanted.known else {}
        columns.append(shown_values(wanted, values))
    return {asked: [column.get(found, []) for column in columns] for asked, found in iris.items()}


def shown_values(wanted: Wanted, values: Mapping[str, Sequence[Term]]) -> dict[str, list[Members]]:
    """Entity -> the values of a property as JSON."""
    assert wanted.known or not values
    things = {term.value for terms in values.values() for term in terms if isinstance(term, NamedNode)}
    elsewhere = wanted.known.service(current_language()) if wanted.known and wanted.content == "entity" else ""
    names = named({*things, *values} if elsewhere else things)
    shown = {}
    for entity, terms in values.items():
        kept = in_one_language(terms)[: wanted.limit or None]
        if elsewhere:
            shown[entity] = [{"id": value_of(term), "name": names.get(entity, value_of(term))} for term in kept]
        else:
            shown[entity] = sorted(
                (shown_value(term, wanted.content, names) for term in kept), key=lambda value: str(value.get("name", ""))
            )
    return shown


def in_one_language(terms: Sequence[Term]) -> list[Term]:
    """The values without those in other languages than the best one."""
    tagged = [term for term in terms if isinstance(term, Literal) and term.language]
    languages = {(term.language or "").partition("-")[0] for term in tagged}
    best = next((language for language in preference(current_language()) if language in languages), None)
    return [term for term in terms if term not in tagged or best is None or (term.language or "").partition("-")[0] == best]  # type: ignore[union-attr]


def shown_value(term: Term, content: str, names: Mapping[str, str]) -> Members:
    """A value as JSON: a number, a day, a text, or an entity of ours."""
    if isinstance(term, NamedNode):
        if not term.value.startswith(service().store.base) or content == "iri":
            return {"str": term.value}
        if content == "entity":
            return {"id": term.value, "name": names.get(term.value, term.value)}
        return {"str": names.get(term.value, term.value) if content == "name" else code_of(term.value)}
    kind = term.datatype.value if isinstance(term, Literal) else ""
    text = value_of(term)
    try:
        if kind in _INTEGERS:
            return {"int": int(text)}
        if kind in _NUMBERS:
            return {"float": float(text)}
        if kind == iri("xsd:date"):
            return {"date": f"{date.fromisoformat(text).isoformat()}T00:00:00Z"}
    except ValueError:
        pass
    return {"str": text}


def code_of(thing: str) -> str:
    """The first code of a thing, else its IRI."""
    try:
        record = matcher().gazetteer.get(thing)
    except GazetteerUnavailable:
        record = None
    return next((found for scheme in _CODES if record and (found := record.code(scheme))), thing)


def named(iris: Iterable[str]) -> dict[str, str]:
    """IRI -> its name for the reader."""
    found = labels(service().store, service().views, iris)
    return {about: best.value for about, names in found.items() if (best := best_literal(names, current_language()))}


def meta(extension: Extension) -> list[Members]:
    """What is said of each property that was asked for, in the order of the query."""
    said = []
    for wanted in extension.wanted:
        known = wanted.known
        members: Members = {
            "id": wanted.asked,
            "name": known.title(current_language()) if known else readable(wanted.asked) or wanted.asked,
        }
        if known and wanted.content == "entity":
            if kind := find_type(known.range) if known.range else None:
                members["type"] = shown_type(kind)
            if elsewhere := known.service(current_language()):
                members["service"] = elsewhere
        said.append(members)
    return said


def proposed(asked: str, count: int) -> list[Members]:
    """The properties for entities of a type, the likeliest first; all of them for a type that isn't known."""
    kind = find_type(asked) if asked else None
    found = properties().all(kind.kind if kind else None)
    return [shown_property(each) for each in found][: count or None]


def shown_property(each: Property) -> Members:
    """A property as JSON."""
    language = current_language()
    return {"id": each.name, "name": each.title(language), "description": each.description(language)}
