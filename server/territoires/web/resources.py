"""Things and their documents: /id/… answers 303 to /doc/….{html,ttl,nt,rdf,jsonld} (Cool URIs §4.2)."""

from functools import partial

from flask import Blueprint, Response, redirect, render_template, request
from markupsafe import Markup
from pyoxigraph import NamedNode, Triple
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import UnknownResource
from territoires.formats import DOCUMENT, by_name, write_triples
from territoires.formats.table import HTML
from territoires.knowledge.description import Description, describe, first_known
from territoires.knowledge.gathering import Gathered, add_context, add_nodes, gather
from territoires.vocabulary import iri, prefixes_at
from territoires.web import citing, schemaorg
from territoires.web.acronyms import acronyms
from territoires.web.addresses import THINGS, document_path, iri_candidates, split_extension, thing_path
from territoires.web.citing import CITATIONS, Citation
from territoires.web.errors import NotAcceptable
from territoires.web.headers import cached
from territoires.web.kinds import kind_of
from territoires.web.language import current_language
from territoires.web.maps import locate
from territoires.web.naming import namer
from territoires.web.parts import Page, anchor
from territoires.web.presentation import Arranger, mentioned, placed
from territoires.web.requests import wanted_format
from territoires.web.selection import Asked, select
from territoires.web.service import service
from territoires.web.whereabouts import whereabouts

blueprint = Blueprint("resources", __name__)
blueprint.add_app_template_filter(acronyms)

MOST_PAGES = 100_000


def show_thing(name: str) -> BaseResponse:
    """303 from a thing to the document on it, in the negotiated format."""
    store, views = service().store, service().views
    path = request.path.removeprefix("/")
    bare, suffix = split_extension(path, DOCUMENT)
    try:
        known, suffix = first_known(store, views, iri_candidates(store.base, path)), None
    except UnknownResource:
        if suffix is None:
            raise
        known = first_known(store, views, iri_candidates(store.base, bare))
    document = request.root_path + document_path(known, store.base)
    form = wanted_format(DOCUMENT, addresses(document), suffix)
    query = request.query_string.decode("latin-1")
    response = redirect(f"{document}.{form.name}" + (f"?{query}" if query else ""), 303)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


for kind in THINGS:
    blueprint.add_url_rule(f"/{kind}/<path:name>", f"show_{kind}", show_thing)


@blueprint.get("/doc/<path:name>")
def show_document(name: str) -> Response:
    """The document on a thing; the suffix names the format, without one it is negotiated."""
    store, views = service().store, service().views
    bare, suffix = split_extension(name, DOCUMENT)
    candidates = [thing for part in ((bare, name) if suffix else (name,)) for thing in iri_candidates(store.base, thing_path(part))]
    resource = first_known(store, views, candidates)
    path = request.root_path + document_path(resource, store.base)
    form = wanted_format(DOCUMENT, addresses(path), suffix)
    if "citation" in request.args:
        return cite(resource)
    found = gather(store, views, resource) if form is HTML else None
    description = found.description if found else describe(store, views, resource)
    body = page(found, path) if found else write_triples(document_triples(description), form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}"
    links = [f'<{resource}>; rel="describes"'] if resource.isascii() else []
    links += [f'<{url}>; rel="alternate"; type="{kind}"' for kind, url in addresses(path).items() if kind != form.media_type]
    response.headers["Link"] = ", ".join(links)
    if description.personal:
        response.headers["X-Robots-Tag"] = "noindex"
    if description.retired:
        response.status_code = 410
        return response
    return cached(response, form.name)


def addresses(path: str) -> dict[str, str]:
    """Media type -> address of the document in that format."""
    return {form.media_type: f"{path}.{form.name}" for form in DOCUMENT}


def document_triples(description: Description) -> list[Triple]:
    """The description, and what the document is: its topic, its dataset."""
    base = service().store.base
    document = NamedNode(base.rstrip("/") + document_path(description.resource, base))
    own = [
        Triple(document, NamedNode(iri("foaf:primaryTopic")), NamedNode(description.resource)),
        Triple(document, NamedNode(iri("void:inDataset")), NamedNode(base + "id/jeu/territoires")),
    ]
    return [*description.triples, *own]


def cite(resource: str) -> Response:
    """The record of the page in the format that ?citation= names. Raises NotAcceptable."""
    path = request.root_path + document_path(resource, service().store.base)
    form = by_name(request.args["citation"], CITATIONS)
    if form is None:
        raise NotAcceptable({form.media_type: f"{path}?citation={form.name}" for form in CITATIONS})
    response = Response(
        citing.write(citation(namer([resource]).named(resource).text, resource), form.name),
        content_type=f"{form.media_type}; charset=utf-8",
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{citing.file_name(resource, form)}"'
    return cached(response, form.name)


def citation(title: str, resource: str) -> Citation:
    """What is cited when the page of a resource is."""
    return Citation(title, resource, service().store.revision, current_language())


def page(found: Gathered, path: str) -> str:
    """The document as an HTML page."""
    store, views = service().store, service().views
    kind = kind_of(found.types(found.resource))
    selection = select(found, kind, asked())
    add_nodes(found, store, views, selection.nodes)
    add_context(found, store, views, mentioned(found, selection), placed(found, selection))
    arranged = Arranger(found, kind, selection).page()
    cited = citation(arranged.title.text, found.resource)
    return render_template(
        "resources/resource.html",
        page=arranged,
        path=path,
        here_path=f"{path}.html",
        formats=DOCUMENT,
        citations=CITATIONS,
        cited=citing.sentence(cited),
        link=partial(anchor, language=current_language()),
        map=locate(whereabouts(found, selection)) if kind.cards else None,
        relations=f"{request.root_path}{document_path(found.resource, store.base).replace('/doc/', '/relations/', 1)}",
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
    same = [link.href for link in arranged.links if link.iri and link.href.startswith(("http://", "https://"))]
    kind = schemaorg.schema_type(arranged.kind, found.types(found.resource))
    url = request.url_root.rstrip("/") + path.removeprefix(request.root_path) + ".html"
    return schemaorg.block(
        schemaorg.statement(found.resource, kind, arranged.title.text, told, url, current_language(), arranged.alternates, same)
    )
