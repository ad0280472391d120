"""/.well-known/void: what the dataset is, how much it holds, where it answers (VoID §7.2)."""

from flask import Blueprint, Response, redirect, request
from pyoxigraph import NamedNode, Triple
from werkzeug.wrappers import Response as BaseResponse

from territoires.formats import DOCUMENT, HTML, write_triples
from territoires.knowledge.dumps import DUMPS
from territoires.vocabulary import iri, prefixes_at
from territoires.web.headers import cached
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service

blueprint = Blueprint("catalogue", __name__)
OFFERED = (*DOCUMENT[1:], HTML)


@blueprint.get("/.well-known/void")
def show_void() -> BaseResponse:
    """The VoID description; a browser is sent to the page of the dataset."""
    form = wanted_format(OFFERED, by_parameter(OFFERED))
    if form is HTML:
        page = redirect(f"{request.root_path}/doc/jeu/territoires.html", 303)
        page.headers["Cache-Control"] = "public, max-age=300"
        return page
    store = service().store
    dataset = NamedNode(store.base + "id/jeu/territoires")
    answer = store.query(service().views.text("dataset", store.base, dataset=[dataset]))
    assert isinstance(answer, list)
    endpoint = Triple(dataset, NamedNode(iri("void:sparqlEndpoint")), NamedNode(request.url_root + "sparql"))
    files = [f"{request.url_root}dumps/{dump.name}" for dump in DUMPS if not dump.persons]
    dumps = [Triple(dataset, NamedNode(iri("void:dataDump")), NamedNode(file)) for file in files]
    body = write_triples([*dict.fromkeys(answer), endpoint, *dumps], form, prefixes_at(store.base))
    return cached(Response(body, content_type=form.content_type), form.name)
