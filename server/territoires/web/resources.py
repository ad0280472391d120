"""Things and their documents: /id/… answers 303 to /doc/….{html,ttl,nt,rdf,jsonld} (Cool URIs §4.2)."""

from flask import Blueprint, Response, redirect, render_template, request
from pyoxigraph import NamedNode, Triple
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import UnknownResource
from territoires.formats import DOCUMENT, write_triples
from territoires.formats.table import HTML
from territoires.knowledge.description import Description, describe, first_known
from territoires.vocabulary import iri, prefixes_at
from territoires.web.addresses import THINGS, document_path, iri_candidates, split_extension, thing_path
from territoires.web.headers import cached
from territoires.web.naming import namer
from territoires.web.presentation import Arranger, mentioned
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("resources", __name__)


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
    description = describe(store, views, resource)
    body = page(description, path) if form is HTML else write_triples(document_triples(description), form, prefixes_at(store.base))
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


def page(description: Description, path: str) -> str:
    """The document as an HTML page."""
    arranged = Arranger(description, namer(mentioned(description))).page()
    return render_template("resources/resource.html", page=arranged, path=path, formats=DOCUMENT)
