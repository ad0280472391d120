"""Things and their documents: /id/… answers 303 to /doc/….{html,ttl,nt,rdf,jsonld} (Cool URIs §4.2)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode, Triple
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import NoMore, UnknownResource
from territoires.formats import DOCUMENT, Format, by_name, write_triples
from territoires.formats.table import HTML
from territoires.knowledge.description import Description, describe, first_known, is_person
from territoires.knowledge.gathering import Gathered, add_context, add_nodes, gather
from territoires.vocabulary import iri, prefixes_at
from territoires.web import citing, history, past, schemaorg, signposting
from territoires.web.acronyms import acronyms
from territoires.web.addresses import THINGS, address, document_path, iri_candidates, split_extension, thing_path
from territoires.web.citing import CITATIONS, Citation
from territoires.web.composition import compose
from territoires.web.errors import NotAcceptable
from territoires.web.headers import cached, lifetime
from territoires.web.kinds import kind_of
from territoires.web.language import current_language
from territoires.web.maps import locate
from territoires.web.naming import namer
from territoires.web.parts import Page, anchor
from territoires.web.perimeters import asked_day, show_dated
from territoires.web.presentation import Arranger, mentioned, placed
from territoires.web.requests import wanted_format
from territoires.web.retired import by_code, gone, successors, told, wants_problem
from territoires.web.selection import Asked, select
from territoires.web.service import service
from territoires.web.whereabouts import whereabouts

blueprint = Blueprint("resources", __name__)
blueprint.add_app_template_filter(acronyms)
blueprint.before_request(past.enter)
blueprint.after_request(past.tell)

MOST_PAGES = 100_000


def show_thing(name: str) -> BaseResponse:
    """303 from a thing to the document on it, in the negotiated format; 308 from its code to its name; 410 when it is retired."""
    store, views = service().store, service().views
    asked = request.path.removeprefix("/")
    bare, suffix = split_extension(asked, DOCUMENT)
    try:
        known, suffix = first_known(store, views, iri_candidates(store.base, asked)), None
    except UnknownResource:
        if named := by_code(bare):
            return renamed(address(named, store.base, request.root_path), suffix)
        if suffix is None:
            raise
        known = first_known(store, views, iri_candidates(store.base, bare))
    path = request.root_path + document_path(known, store.base)
    if asked_day() is None and (instead := successors(known)):
        return show_retired(known, path, suffix, instead)
    form = wanted_format(DOCUMENT, addresses(path), suffix)
    query = request.query_string.decode("latin-1")
    response = redirect(f"{path}.{form.name}" + (f"?{query}" if query else ""), 303)
    response.headers["Cache-Control"] = lifetime(service())
    return response


def renamed(path: str, suffix: Format | None) -> BaseResponse:
    """308 to the address of the same thing by its name, with the suffix and the query that were asked for."""
    query = request.query_string.decode("latin-1")
    response = redirect(path + (f".{suffix.name}" if suffix else "") + (f"?{query}" if query else ""), 308)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


for kind in THINGS:
    blueprint.add_url_rule(f"/{kind}/<path:name>", f"show_{kind}", show_thing)


@blueprint.get("/doc/<path:name>")
def show_document(name: str) -> BaseResponse:
    """The document on a thing; the suffix names the format, without one it is negotiated. With ?date=, the thing as it was that day."""
    store, views = service().store, service().views
    bare, suffix = split_extension(name, DOCUMENT)
    candidates = [thing for part in ((bare, name) if suffix else (name,)) for thing in iri_candidates(store.base, thing_path(part))]
    try:
        resource = first_known(store, views, candidates)
    except UnknownResource:
        if named := by_code(thing_path(bare)):
            return renamed(request.root_path + document_path(named, store.base), suffix)
        raise
    path = request.root_path + document_path(resource, store.base)
    if past.seen() and is_person(store, resource):  # what was taken out stays out
        raise NotFound(gettext("Persons are described as of today only."))
    if "citation" in request.args:
        return cite(resource)
    instead = successors(resource)
    if day := asked_day():
        try:
            return show_dated(resource, path, wanted_format(DOCUMENT, addresses(path), suffix), day)
        except NoMore:
            if not instead:
                raise
    if instead:
        return show_retired(resource, path, suffix, instead)
    return document(resource, path, wanted_format(DOCUMENT, addresses(path), suffix))


def document(resource: str, path: str, form: Format, instead: Sequence[str] = ()) -> Response:
    """The document on a thing in that format; 410, and never kept, where others took its place."""
    store, views = service().store, service().views
    found = gather(store, views, resource, asked().turned) if form is HTML else None
    description = found.description if found else describe(store, views, resource)
    if found:
        body: str | bytes = page(found, path, told(resource, instead) if instead else Markup())
    else:
        body = write_triples(document_triples(description), form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = past.lasting(f"{path}.{form.name}")
    links = [f'<{resource}>; rel="describes"'] if resource.isascii() else []
    links += [f'<{url}>; rel="alternate"; type="{kind}"' for kind, url in addresses(path).items() if kind != form.media_type]
    if told_of := history.address_for(resource):
        links.append(f'<{told_of}>; rel="version-history"')
    if description.personal:
        response.headers["X-Robots-Tag"] = "noindex"
    else:
        links += signposting.header(signs(description, path, form))
    response.headers["Link"] = ", ".join(links)
    if instead:
        response.status_code = 410
        return response
    return cached(response, form.name)


def show_retired(resource: str, path: str, suffix: Format | None, instead: Sequence[str]) -> Response:
    """410 with what the thing was and what replaces it, in any form of the document, or as problem details."""
    if suffix is None and wants_problem():
        return gone(resource, instead)
    return document(resource, path, wanted_format(DOCUMENT, addresses(path), suffix), instead)


def signs(description: Description, path: str, form: Format) -> list[signposting.Sign]:
    """What the document says of itself to programs; nothing on a person."""
    if description.personal:
        return []
    found = signposting.of_document(description.resource, signposting.types_of(description), path, form)
    if past.seen() is None:
        return found
    kept = [each for each in found if each.rel not in ("linkset", "item")]  # which tell of today
    return [replace(each, href=past.lasting(each.href)) if each.rel.startswith("describe") else each for each in kept]


def addresses(path: str) -> dict[str, str]:
    """Media type -> address of the document in that format."""
    return {form.media_type: past.lasting(f"{path}.{form.name}") for form in DOCUMENT}


def document_triples(description: Description) -> list[Triple]:
    """The description, and what the document is: its topic, its dataset."""
    base = service().store.base
    plain = base.rstrip("/") + document_path(description.resource, base)
    document, seen = NamedNode(past.lasting(plain)), past.seen()
    own = [
        Triple(document, NamedNode(iri("foaf:primaryTopic")), NamedNode(description.resource)),
        Triple(document, NamedNode(iri("void:inDataset")), NamedNode(base + "id/jeu/territoires")),
    ]
    if seen:
        own.append(Triple(document, NamedNode(iri("dct:isVersionOf")), NamedNode(plain)))
        own.append(Triple(document, NamedNode(iri("owl:versionInfo")), Literal(seen.revision)))
    return [*description.triples, *own]


def cite(resource: str) -> Response:
    """The record of the page in the format that ?citation= names. Raises NotAcceptable."""
    path = request.root_path + document_path(resource, service().store.base)
    form = by_name(request.args["citation"], CITATIONS)
    if form is None:
        raise NotAcceptable({form.media_type: past.lasting(f"{path}?citation={form.name}") for form in CITATIONS})
    response = Response(
        citing.write(citation(namer([resource]).named(resource).text, resource, is_person(service().store, resource)), form.name),
        content_type=f"{form.media_type}; charset=utf-8",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{citing.file_name(resource, form)}"'
    return cached(response, form.name)


def citation(title: str, resource: str, personal: bool) -> Citation:
    """What is cited when the page of a resource is: its state, save that of a person, which doesn't last."""
    return Citation(title, resource, service().store.revision, current_language(), "" if personal else permanent(resource))


def permanent(address: str) -> str:
    """The address at the revision that is shown."""
    return past.lasting(address) if past.seen() else past.permalink(address)


def page(found: Gathered, path: str, gone: Markup | str = "") -> str:
    """The document as an HTML page; `gone` says what took the place of the thing."""
    store, views = service().store, service().views
    kind = kind_of(found.types(found.resource))
    selection = select(found, kind, asked())
    add_nodes(found, store, views, selection.nodes)
    add_context(found, store, views, mentioned(found, selection), placed(found, selection))
    arranged = Arranger(found, kind, selection).page()
    time = compose(found.resource, found.types(found.resource)) if kind.name == "territory" else None
    places = whereabouts(found, selection) or set(time.departements if time else ())
    personal = found.description.personal
    cited = citation(arranged.title.text, found.resource, personal)
    return render_template(
        "resources/resource.html",
        page=arranged,
        gone=gone,
        path=path,
        here_path=f"{path}.html",
        permalink="" if personal else permanent(f"{path}.html"),
        formats=DOCUMENT,
        citations=CITATIONS,
        cited=citing.sentence(cited),
        link=partial(anchor, language=current_language()),
        map=locate(places) if kind.cards or kind.name == "geometry" else None,
        time=time,
        relations=f"{request.root_path}{document_path(found.resource, store.base).replace('/doc/', '/relations/', 1)}",
        history=history.address_for(found.resource),
        signs=signs(found.description, path, HTML),
        data=data_block(found, arranged, path),
    )


def asked() -> Asked:
    """The list that the reader pages through: ?list= and ?page=."""
    number = request.args.get("page", "")
    return Asked(request.args.get("list", ""), int(number) if number.isdecimal() and len(number) < len(str(MOST_PAGES)) else 1)


def data_block(found: Gathered, arranged: Page, path: str) -> Markup:
    """The page for search engines; a person's page has none."""
    if found.description.personal:
        return Markup()
    told = arranged.definition.text if arranged.definition else arranged.summary
    same = [link.iri for link in arranged.links if link.same and link.iri.startswith(("http://", "https://"))]
    kind = schemaorg.schema_type(arranged.kind, found.types(found.resource))
    url = past.lasting(request.url_root.rstrip("/") + path.removeprefix(request.root_path) + ".html")
    return schemaorg.block(
        schemaorg.statement(found.resource, kind, arranged.title.text, told, url, current_language(), arranged.alternates, same)
    )
