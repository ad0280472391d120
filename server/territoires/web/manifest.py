"""The manifest of the reconciliation service, in the forms of 0.2 (§3.1) and 1.0-draft (§3.1), and what it describes: types, settings."""

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext, lazy_gettext

from territoires import __version__
from territoires.knowledge.kinds import DEFAULT, TYPES, Type
from territoires.web.batches import BATCH
from territoires.web.language import current_language
from territoires.web.reconciling import missing, root
from territoires.web.service import service

DRAFT = "1.0-draft"
WIDTH, HEIGHT = 430, 260
"""Pixels of the frame in which a preview is shown."""
Members = dict[str, Any]

FEATURES: Mapping[str, tuple[object, object]] = {
    "name": (
        lazy_gettext("Likeness of the name"),
        lazy_gettext("From 0 to 100: the letters that the text and the nearest of the names have in common, accents and case apart."),
    ),
    "exact": (lazy_gettext("Same name"), lazy_gettext("Whether one of its names is the text, accents and case apart.")),
    "identifier": (
        lazy_gettext("Named by a code"),
        lazy_gettext("Whether a code or an address in the query names it; there where the query has one."),
    ),
}
"""The parts of a score: name and meaning. A property of the query is a feature too, by its own name."""
_SETTINGS: tuple[tuple[str, str, object, object, object, tuple[tuple[str, object], ...]], ...] = (
    ("limit", "number", 0, lazy_gettext("Limit"), lazy_gettext("How many values at most for each row; 0 for all of them."), ()),
    (
        "date",
        "text",
        "",
        lazy_gettext("Date"),
        lazy_gettext("What held on that day (2016, or 2016-01-01): population, EPCI, Pays, members. Empty for the last that is known."),
        (),
    ),
    (
        "content",
        "select",
        "entity",
        lazy_gettext("Content"),
        lazy_gettext("What stands in the cell where the value is a thing."),
        (
            ("entity", lazy_gettext("The thing, reconciled")),
            ("name", lazy_gettext("Its name")),
            ("code", lazy_gettext("Its code (INSEE, SIREN), else its address")),
            ("iri", lazy_gettext("Its address (IRI)")),
        ),
    ),
)


def shown_type(each: Type, *, whole: bool = False) -> Members:
    """A type as JSON; `whole` with what is broader."""
    language = current_language()
    members: Members = {"id": each.name, "name": each.title(language)}
    if whole and each.broader:
        members["broader"] = [shown_type(TYPES[each.broader])]
    return members


def explained() -> str:
    """The address of the page for people."""
    return root().removesuffix(f"/{DRAFT}")


def shared() -> Members:
    """What both versions say in the same way."""
    members: Members = {
        "name": gettext("Territoires: places and bodies of France"),
        "documentation": explained(),
        "serviceVersion": __version__,
        "logo": f"{request.url_root}static/icon.svg",
        "defaultTypes": [shown_type(TYPES[name], whole=True) for name in DEFAULT],
        "batchSize": BATCH,
        "standardizedScore": True,
    }
    if why := missing():
        members["unavailable"] = why
        members["name"] = gettext("Territoires (can’t reconcile now: no gazetteer)")
    return members


def manifest() -> Members:
    """The manifest of 0.2."""
    here, base = root(), service().store.base
    suggested = {
        kind: {
            "service_url": here,
            "service_path": f"/suggest/{kind}",
            "flyout_service_url": here,
            "flyout_service_path": f"/flyout/{kind}?id=${{id}}",
        }
        for kind in ("entity", "type", "property")
    }
    return {
        "versions": ["0.2"],
        **shared(),
        "identifierSpace": base,
        "schemaSpace": f"{base}def#",
        "view": {"url": f"{here}/view?id={{{{id}}}}"},
        "feature_view": {"url": f"{explained()}#feature-{{{{id}}}}"},
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", "width": WIDTH, "height": HEIGHT},
        "suggest": suggested,
        "extend": {
            "propose_properties": {"service_url": here, "service_path": "/extend/propose"},
            "property_settings": [written_setting("name", "label", "help_text", *each) for each in _SETTINGS],
        },
    }


def draft() -> Members:
    """The manifest of 1.0-draft."""
    here = root()
    return {
        "versions": [DRAFT],
        **shared(),
        "lang": current_language(),
        "view": {"url": f"{here}/view?id={{id}}"},
        "featureView": {"url": f"{explained()}#feature-{{id}}"},
        "preview": {"width": WIDTH, "height": HEIGHT},
        "suggest": {"entity": True, "property": True, "type": True},
        "extend": {
            "proposeProperties": True,
            "propertySettings": [written_setting("id", "name", "helpText", *each) for each in _SETTINGS],
        },
    }


def written_setting(
    name: str,
    label: str,
    help_text: str,
    identifier: str,
    kind: str,
    default: object,
    title: object,
    text: object,
    choices: tuple[tuple[str, object], ...],
) -> Members:
    """A setting of properties; the first three arguments are the names of its members."""
    members: Members = {name: identifier, label: str(title), "type": kind, "default": default, help_text: str(text)}
    return members | ({"choices": [{"value": value, "name": str(shown)} for value, shown in choices]} if choices else {})
