"""What has another address, or none any more: codes that lead to the thing by its name, and things that others replaced (410)."""

import re
from collections.abc import Sequence
from typing import cast

from flask import Response, request
from flask_babel import gettext
from markupsafe import Markup

from territoires.knowledge.perimeters import Change, changes
from territoires.results import Literal, NamedNode, rows
from territoires.vocabulary import iri
from territoires.web.errors import PROBLEM, problem
from territoires.web.language import current_language, show_day
from territoires.web.naming import namer
from territoires.web.parts import anchor
from territoires.web.service import service

CODED = {"commune": "Commune", "departement": "Departement", "region": "Region"}
"""Kind of place, as addresses name it -> its class."""
_CODE = re.compile(r"id/(commune|departement|region|organisation)/(\d[\dAB]\d{3}|\d[\dAB]|\d{2,3}|\d{9})", re.ASCII)
TOKEN = NamedNode(iri("xsd:token"))


def by_code(path: str) -> str | None:
    """The IRI of the thing that the code in a path names: INSEE code of a commune, département or région, SIREN of an organisation."""
    found = _CODE.fullmatch(path)
    if not found:
        return None
    store, (kind, code) = service().store, found.groups()
    wanted: dict[str, list[Literal] | list[NamedNode]] = {"class": [], "code": [Literal(code)]}
    if kind in CODED:
        wanted = {"class": [NamedNode(f"{store.base}def#{CODED[kind]}")], "code": [Literal(code, datatype=TOKEN)]}
    answers = list(rows(store.query(service().views.text("by-code", store.base, **wanted))))
    return cast(NamedNode, answers[0]["thing"]).value if len(answers) == 1 else None


def successors(resource: str) -> list[str]:
    """What replaces a thing that is retired; nothing for any other."""
    store = service().store
    found = rows(store.query(service().views.text("retired", store.base, resource=[NamedNode(resource)])))
    return [cast(NamedNode, row["successor"]).value for row in found]


def ending(resource: str) -> Change | None:
    """The change by which a place ended, where it is known."""
    store = service().store
    found = [each for each in changes(store, service().views, [resource]) if resource in each.before and resource not in each.after]
    return found[-1] if found else None


def wants_problem() -> bool:
    """Whether the client asks for problem details rather than for any form of the document."""
    return "format" not in request.args and request.accept_mimetypes.best == PROBLEM.media_type


def gone(resource: str, instead: Sequence[str]) -> Response:
    """410 as problem details: what the thing was, since when it is no more, and what replaces it."""
    return problem(410, told(resource, instead).striptags(), {"replacedBy": list(instead)})


def told(resource: str, instead: Sequence[str]) -> Markup:
    """In a sentence that a thing is no more, and what replaces it, with links."""
    names, change = namer([resource, *instead]), ending(resource)
    others = Markup(", ").join(anchor(names.named(each), current_language()) for each in instead)
    said = {"name": names.named(resource).text, "others": others}
    if change:
        return Markup(gettext("%(name)s is no more since %(day)s: it is part of %(others)s.")) % {**said, "day": show_day(change.day)}
    return Markup(gettext("%(name)s is no more: %(others)s took its place.")) % said
