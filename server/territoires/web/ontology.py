"""The ontology at /def: an HTML page with an anchor for each term, and RDF; each module at /def/{module}."""

from flask import Blueprint, Response, render_template, request
from pyoxigraph import QueryTriples

from territoires.errors import UnknownResource
from territoires.formats import DOCUMENT, HTML, write_triples
from territoires.knowledge.terms import ontology_terms
from territoires.results import rows
from territoires.vocabulary import prefixes_at
from territoires.web.addresses import split_extension
from territoires.web.headers import cached
from territoires.web.naming import namer
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("ontology", __name__)


@blueprint.get("/def")
@blueprint.get("/def<any('.html','.ttl','.nt','.rdf','.jsonld'):suffix>")
def show_ontology(suffix: str = "") -> Response:
    """The whole ontology."""
    return show("", suffix)


@blueprint.get("/def/<name>")
def show_module(name: str) -> Response:
    """One module: its terms, its Turtle."""
    bare, form = split_extension(name, DOCUMENT)
    return show(bare, f".{form.name}" if form else "")


def show(module: str, suffix: str) -> Response:
    """The ontology, or one module of it, in the format of `suffix`, else negotiated."""
    store, views = service().store, service().views
    wanted = f"{store.base}def/{module}" if module else ""
    modules = {row["module"].value: row["graph"] for row in rows(store.query(views.text("modules", store.base)))}  # type: ignore[union-attr]
    if wanted and wanted not in modules:
        raise UnknownResource(wanted)
    path = f"{request.root_path}/def" + (f"/{module}" if module else "")
    known = {form.media_type: f"{path}.{form.name}" for form in DOCUMENT}
    form = wanted_format(DOCUMENT, known, split_extension(f"x{suffix}", DOCUMENT)[1])
    if form is HTML:
        body: str | bytes = page(wanted, path)
    else:
        graphs = [modules[wanted]] if wanted else list(modules.values())
        answer = store.query(views.text("ontology", store.base, graph=graphs))
        assert isinstance(answer, QueryTriples)
        body = write_triples(answer, form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}"
    return cached(response, form.name)


def page(module: str, path: str) -> str:
    """The page of the ontology, or of one module."""
    store, views = service().store, service().views
    terms = [term for term in ontology_terms(store, views) if not module or term.module == module]
    iris = {iri for term in terms for related in term.relations.values() for iri in related}
    iris |= {term.iri for term in terms} | {term.module for term in terms}
    names = namer(iris)
    return render_template(
        "ontology/ontology.html",
        terms=terms,
        value=names.named,
        module=names.named(module) if module else None,
        modules=sorted({term.module for term in terms}),
        path=path,
        formats=DOCUMENT,
    )
