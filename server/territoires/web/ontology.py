"""The ontology at /def: an HTML page with an anchor for each term, and RDF; modules, versions, examples, JSON-LD context."""

import json

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup
from pyoxigraph import NamedNode

from territoires import __version__
from territoires.errors import UnknownResource
from territoires.files import changes_text, example_text
from territoires.formats import DOCUMENT, HTML, by_name, write_triples
from territoires.knowledge.terms import OntologyTerm, ontology_terms
from territoires.results import rows
from territoires.vocabulary import prefixes_at, rebase
from territoires.web.addresses import split_extension
from territoires.web.diagrams import module_diagram
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import namer
from territoires.web.requests import wanted_format
from territoires.web.service import service
from territoires.web.templating import local

blueprint = Blueprint("ontology", __name__)


@blueprint.get("/def")
@blueprint.get("/def<any('.html','.ttl','.nt','.rdf','.jsonld'):suffix>")
def show_ontology(suffix: str = "") -> Response:
    """The whole ontology."""
    return show("", suffix)


@blueprint.get("/def/<path:name>")
def show_module(name: str) -> Response:
    """One module (its terms, its Turtle), or the version that is served of one or of the whole."""
    bare, form = split_extension(name, DOCUMENT)
    module = "" if bare == __version__ else bare.removesuffix(f"/{__version__}")
    return show(module, f".{form.name}" if form else "")


@blueprint.get("/def/examples/<name>.ttl")
def show_example(name: str) -> Response:
    """The example of a class, in Turtle."""
    text = example_text(service().settings.home, name)
    if text is None:
        raise UnknownResource(f"{service().store.base}def/examples/{name}.ttl")
    form = by_name("ttl", DOCUMENT)
    assert form is not None
    return cached(Response(rebase(text, service().store.base), content_type=form.content_type), name)


@blueprint.get("/def/changes")
def show_changes() -> Response:
    """What changed between the versions of the ontology, as the file ontology/CHANGELOG.md tells it."""
    text = changes_text(service().settings.home)
    sections = [block.strip().partition("\n") for block in text.split("\n## ")[1:]]
    body = render_template("ontology/changes.html", sections=[(title, rest.strip()) for title, _, rest in sections])
    return cached(Response(body, content_type=HTML.content_type))


@blueprint.get("/context.jsonld")
def show_context() -> Response:
    """A JSON-LD context: each term by its local name, typed by its range (JSON-LD 1.1 §4.1)."""
    store = service().store
    context: dict[str, object] = {"@version": 1.1, **prefixes_at(store.base)}
    for term in ontology_terms(store, service().views):
        context[term.name] = term_definition(term)
    return cached(Response(json.dumps({"@context": context}, indent=1), content_type="application/ld+json"))


def term_definition(term: OntologyTerm) -> dict[str, str]:
    """A term of the context: object properties hold IRIs, data properties the datatype of their range."""
    if term.kind == "ObjectProperty":
        return {"@id": term.iri, "@type": "@id"}
    ranges = term.relations.get("range", [])
    return {"@id": term.iri, "@type": ranges[0]} if term.kind == "DatatypeProperty" and len(ranges) == 1 else {"@id": term.iri}


def show(module: str, suffix: str) -> Response:
    """The ontology, or one module of it, in the format of `suffix`, else negotiated."""
    store, views = service().store, service().views
    wanted = f"{store.base}def/{module}" if module else ""
    graphs = module_graphs()
    if wanted and wanted not in graphs:
        raise UnknownResource(wanted)
    path = f"{request.root_path}/def" + (f"/{module}" if module else "")
    known = {form.media_type: f"{path}.{form.name}" for form in DOCUMENT}
    form = wanted_format(DOCUMENT, known, split_extension(f"x{suffix}", DOCUMENT)[1])
    if form is HTML:
        body: str | bytes = page(wanted, path)
    else:
        answer = store.query(views.text("ontology", store.base, graph=[graphs[wanted]] if wanted else list(graphs.values())))
        assert isinstance(answer, list)
        body = write_triples(list(dict.fromkeys(answer)), form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}"
    return cached(response, form.name)


def module_graphs() -> dict[str, NamedNode]:
    """Each module with its named graph."""
    store = service().store
    found = [(row["module"], row["graph"]) for row in rows(store.query(service().views.text("modules", store.base)))]
    return {module.value: graph for module, graph in found if isinstance(module, NamedNode) and isinstance(graph, NamedNode)}


def page(module: str, path: str) -> str:
    """The page of the ontology, with what each term means, or of one module, with all that is told of its terms."""
    made = remembered(lambda: terms_of(module, path), "ontology", module, current_language(), request.root_path)
    return render_template("ontology/ontology.html", **made, path=path, formats=DOCUMENT)


def terms_of(module: str, path: str) -> dict[str, object]:
    """What the template reads: the name of the module, those of all modules, the number of terms, and the terms as they are shown."""
    store, home = service().store, service().settings.home
    everything = ontology_terms(store, service().views)
    terms = [term for term in everything if not module or term.module == module]
    iris = {iri for term in everything for related in term.relations.values() for iri in related}
    names = namer(iris | {term.iri for term in everything} | {term.module for term in everything} | ({module} if module else set()))
    members = {each: [term for term in everything if term.module == each] for each in sorted({term.module for term in everything})}
    drawn = {each: module_diagram(members[each], names.named, names.named(each).text) for each in members if each == module}
    shown = render_template(
        "ontology/terms.html" if module else "ontology/overview.html",
        terms=sorted(terms, key=lambda term: names.named(term.iri).text.casefold()),
        properties={term.iri: [each for each in everything if term.iri in each.relations.get("domain", ())] for term in terms},
        narrower={term.iri: [each for each in everything if term.iri in each.relations.get("subClassOf", ())] for term in terms},
        examples={term.name: example_text(home, term.name) for term in terms if term.kind == "Class"},
        value=names.named,
        modules=members,
        diagrams=drawn,
        language=current_language(),
        here=local,
    )
    return {
        "module": names.named(module) if module else None,
        "modules": [names.named(each) for each in members],
        "count": len(terms),
        "shown": Markup(shown),
    }
