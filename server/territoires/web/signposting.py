"""Typed links for programs (FAIR Signposting Profile, level 2): in the Link header, in the head of pages, and as link sets (RFC 9264).

The page of a thing says which identifier to cite, what it is, where it is described, under which licence, by whom, and of which
collection it is part; a document in RDF says what page it describes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.formats import DOCUMENT, HTML, Format
from territoires.formats.table import LINKSET, LINKSETS
from territoires.knowledge.catalogue import files_of
from territoires.knowledge.description import Description, describe, first_known
from territoires.knowledge.dumps import Dump, read_index
from territoires.knowledge.holdings import OPEN_LICENCE, WHOLE
from territoires.results import NamedNode
from territoires.store.releases import kept_release
from territoires.vocabulary import iri, shorten
from territoires.web import schemaorg
from territoires.web.addresses import document_path, iri_candidates, thing_path
from territoires.web.exports import JSON
from territoires.web.headers import cached
from territoires.web.kinds import kind_of
from territoires.web.negotiation import choose_format
from territoires.web.service import service

blueprint = Blueprint("signposting", __name__)
SCHEMA = "https://schema.org/"


@dataclass(frozen=True)
class Sign:
    """A link: its relation, where it leads, and the media type there."""

    rel: str
    href: str
    type: str = ""


def header(signs: Iterable[Sign]) -> list[str]:
    """The links as values of a Link header (RFC 8288 §3); what isn't ASCII is left out."""
    return [
        f'<{sign.href}>; rel="{sign.rel}"' + (f'; type="{sign.type}"' if sign.type else "")
        for sign in signs
        if sign.href.isascii() and not set(sign.href) & set('<>" ')
    ]


def of_document(resource: str, classes: Iterable[str], path: str, form: Format) -> list[Sign]:
    """What the document on a thing says of itself in that format; `path` is its address without suffix, `classes` prefixed names."""
    held = list(classes)
    if form is not HTML:
        return [Sign("describes", f"{path}.{HTML.name}", HTML.media_type), *linksets(path)]
    kind = schemaorg.schema_type(kind_of(held).name, held)
    root, base = request.root_path, service().store.base
    whole = resource == f"{base}id/jeu/{WHOLE}"
    return [
        Sign("cite-as", resource),
        Sign("type", f"{SCHEMA}AboutPage"),
        Sign("type", f"{SCHEMA}{kind}"),
        *(Sign("describedby", f"{path}.{each.name}", each.media_type) for each in DOCUMENT if each is not HTML),
        Sign("license", OPEN_LICENCE),
        author(),
        *([] if whole else [Sign("collection", f"{root}{document_path(f'{base}id/jeu/{WHOLE}', base)}.html", HTML.media_type)]),
        *(items() if whole else []),
        *linksets(path),
    ]


def types_of(description: Description) -> list[str]:
    """The classes of a thing, as prefixed names."""
    this, kind = NamedNode(description.resource), NamedNode(iri("rdf:type"))
    said = (triple.object for triple in description.triples if (triple.subject, triple.predicate) == (this, kind))
    return [shorten(cls.value, service().store.base) for cls in said if isinstance(cls, NamedNode)]


def of_catalogue(dumps: Sequence[Dump], form: Format) -> list[Sign]:
    """What the catalogue says of itself in that format."""
    path, base = f"{request.root_path}/catalog", service().store.base
    if form is not HTML:
        return [Sign("describes", f"{path}.html", HTML.media_type)]
    return [
        Sign("cite-as", f"{base}id/jeu/catalogue"),
        Sign("type", f"{SCHEMA}AboutPage"),
        Sign("type", f"{SCHEMA}DataCatalog"),
        *(Sign("describedby", f"{path}.{each.name}", each.media_type) for each in DOCUMENT if each is not HTML),
        Sign("license", OPEN_LICENCE),
        author(),
        *items(dumps),
        *linksets(f"{request.root_path}/doc/jeu/{WHOLE}"),
    ]


def author() -> Sign:
    """Who answers for the data: their home page, or the agent that the catalogue describes."""
    return Sign("author", service().settings.publisher_url or f"{request.root_path}/catalog#publisher")


def items(dumps: Sequence[Dump] | None = None) -> list[Sign]:
    """The files of the whole data set."""
    if dumps is None:
        release = kept_release(service().settings.releases, service().store.revision)
        dumps = read_index(release.path) if release else ()
    return [Sign("item", f"{request.root_path}/dumps/{dump.name}", dump.kind) for dump in files_of(WHOLE, dumps)]


def linksets(path: str) -> list[Sign]:
    """Where all links of a document stand together."""
    place = f"{request.root_path}/linkset/{path.removeprefix(request.root_path).removeprefix('/doc/')}"
    return [Sign("linkset", f"{place}.{form.name}", form.media_type) for form in LINKSETS]


@blueprint.get("/linkset/<path:name>")
def show_linkset(name: str) -> Response:
    """All links of the document on a thing and of its forms, as a link set (RFC 9264 §4.1 and §4.2)."""
    store, views = service().store, service().views
    bare, dot, suffix = name.rpartition(".")
    form = next((each for each in LINKSETS if dot and each.name == suffix), None)
    chosen = form or choose_format(request.headers.get("Accept"), LINKSETS) or LINKSETS[0]
    resource = first_known(store, views, iri_candidates(store.base, thing_path(bare if form else name)))
    description = describe(store, views, resource)
    if description.personal:
        raise NotFound(gettext("The page of a person has no links for programs."))
    classes = types_of(description)
    path = request.root_path + document_path(resource, store.base)
    contexts = {f"{path}.{each.name}": of_document(resource, classes, path, each) for each in DOCUMENT}
    if chosen is LINKSET:
        body = ",\n".join(
            f'{entry}; anchor="{absolute(anchor)}"'
            for anchor, signs in contexts.items()
            for entry in header(Sign(sign.rel, absolute(sign.href), sign.type) for sign in signs)
        )
        return cached(Response(body + "\n", content_type=f"{LINKSET.media_type}; charset=utf-8"), LINKSET.name)
    document = {"linkset": [context(anchor, signs) for anchor, signs in contexts.items()]}
    return cached(Response(json.dumps(document, ensure_ascii=False, indent=1), content_type=LINKSETS[0].media_type), JSON.name)


def context(anchor: str, signs: Iterable[Sign]) -> dict[str, object]:
    """The links of one document as JSON."""
    found: dict[str, list[dict[str, str]]] = {}
    for sign in signs:
        target = {"href": absolute(sign.href)} | ({"type": sign.type} if sign.type else {})
        found.setdefault(sign.rel, []).append(target)
    return {"anchor": absolute(anchor), **found}


def absolute(path: str) -> str:
    """An address with this host."""
    return request.url_root.rstrip("/") + path.removeprefix(request.root_path) if path.startswith("/") else path
