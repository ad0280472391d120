"""What somebody who types may mean: entities, types and properties (0.2 §6, 1.0-draft §6); small previews of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from markupsafe import escape

from territoires.errors import UnknownResource
from territoires.knowledge.folding import fold, words
from territoires.knowledge.gazetteer import Record
from territoires.knowledge.grounds import described
from territoires.knowledge.kinds import TYPES, Type, find_type, suits, types_of
from territoires.web.batches import readable
from territoires.web.extending import named, read_wanted, shown_property, shown_values
from territoires.web.language import current_language
from territoires.web.manifest import shown_type
from territoires.web.naming import namer
from territoires.web.reconciling import counted, identified, matcher, properties
from territoires.web.service import service

Members = dict[str, Any]
USUAL, MOST, FARTHEST = 10, 50, 1000
"""Suggestions in an answer, at most, and how many can be passed over."""
_PREVIEWED = (
    "departement",
    "region",
    "epci",
    "territoire-de-projet",
    "insee",
    "siren",
    "population",
    "annee-population",
    "porteur",
    "site",
)
"""The properties that a preview shows, as far as the thing has them."""


@dataclass(frozen=True)
class Preview:
    """What a preview shows: the name, what it is, its address on this host, and facts (name of the property, values)."""

    iri: str
    name: str
    description: str
    href: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]


def suggestions(kind: str) -> Members:
    """The answer of a suggest service: a part of what begins with `prefix`; `cursor` names the next part, where there is one."""
    prefix = readable(request.args.get("prefix", ""))
    begin = counted("offset" if "offset" in request.args else "cursor", 0, FARTHEST)
    count = max(1, counted("limit", USUAL, MOST))
    if kind == "entity":
        found: Sequence[Members] = [shown_record(record) for record in beginning(prefix, begin + count + 1)]
    elif kind == "type":
        found = [
            suggested_type(each) for each in TYPES.values() if begins((each.name, each.kind, each.also, *each.titles.values()), prefix)
        ]
    else:
        wanted = find_type(request.args.get("type", "")) if request.args.get("type") else None
        language = current_language()
        known = properties().all(wanted.kind if wanted else None)
        found = [shown_property(each) for each in known if begins((each.name, each.title(language), *each.spellings), prefix)]
    members: Members = {"result": list(found[begin : begin + count])}
    return members | ({"cursor": begin + count} if len(found) > begin + count else {})


def begins(names: Sequence[str], prefix: str) -> bool:
    """Whether a name, or a word of it, begins so."""
    wanted = " ".join(words(prefix))
    return not wanted or any(f" {' '.join(words(name))}".find(f" {wanted}") >= 0 for name in names) or fold(prefix) in map(fold, names)


def beginning(prefix: str, count: int) -> list[Record]:
    """The records of which a name or a code begins so, or that the prefix identifies; what it may mean where none does."""
    if not prefix:
        return []
    known = matcher()
    wanted = find_type(asked) if (asked := request.args.get("type", "")) else None
    exact = known.gazetteer.get(identified(prefix))
    found = [*([exact] if exact else []), *known.gazetteer.beginning(prefix, wanted.kind if wanted else None, count)]
    if not found:
        found = [each.record for each in known.candidates(prefix, wanted.kind if wanted else None, {}, count, current_language())]
    unique = {record.iri: record for record in found if wanted is None or suits(record, wanted)}
    return list(unique.values())


def shown_record(record: Record) -> Members:
    """An entity as JSON."""
    types = [shown_type(each) for each in types_of(record)]
    return {"id": record.iri, "name": record.name, "description": told(record), "notable": types}


def told(record: Record) -> str:
    """What tells a record from its homonyms."""
    return described(record, matcher().areas.of(record), current_language())


def suggested_type(each: Type) -> Members:
    """A type as JSON."""
    return shown_type(each, whole=True)


def flyout(kind: str, asked: str) -> Members:
    """A small preview of an entity, type or property, as JSON with HTML. Raises UnknownResource."""
    if kind == "entity":
        shown = preview(asked)
        facts = [f"{title}: {', '.join(values)}" for title, values in shown.facts]
        lines = [shown.description, *facts]
        name = shown.name
    elif kind == "type" and (found := find_type(asked)):
        name, lines = found.title(current_language()), [found.name]
    elif kind == "property" and (known := properties().find(asked)):
        name, lines = known.title(current_language()), [known.description(current_language())]
    else:
        raise UnknownResource(asked)
    html = f"<p><strong>{escape(name)}</strong></p>" + "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return {"id": asked, "html": html}


def preview(asked: str) -> Preview:
    """What is shown of an entity. Raises UnknownResource."""
    iri = identified(asked)
    names = named([iri]) if iri else {}
    record = matcher().gazetteer.get(iri) if iri else None
    if record is None and iri not in names:
        raise UnknownResource(asked)
    facts = []
    for name in _PREVIEWED:
        known = properties().find(name)
        if known and known.suits(record.kind if record else None):
            values = properties().values(service().store, known, [iri])
            if values:
                shown = shown_values(read_wanted(name, {"content": "name", "limit": 6}), values)[iri]
                facts.append((known.title(current_language()), tuple(str(next(iter(value.values()))) for value in shown)))
    value = namer([iri]).named(iri)
    return Preview(iri, record.name if record else names[iri], told(record) if record else "", value.href, tuple(facts))


def preview_page(asked: str) -> tuple[str, int]:
    """The preview as a page that stands in a frame, and its status: 404 for a thing that isn't known."""
    try:
        return render_template("reconcile/preview.html", preview=preview(asked)), 200
    except UnknownResource:
        return render_template("reconcile/preview.html", preview=None, asked=readable(asked)), 404
