"""What the data sets are, for catalogues and crawlers: /catalog (DCAT-AP 3), /.well-known/void (VoID §7.2), and a page of the files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask_babel import format_decimal, gettext, lazy_gettext
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode, Triple
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from territoires.formats import DOCUMENT, HTML, Format, write_triples
from territoires.knowledge.authority import LICENCES
from territoires.knowledge.catalogue import Box, Service, Site, catalogue, files_of, parts
from territoires.knowledge.dumps import Dump, read_index
from territoires.knowledge.geography import LAYERS, geojson_rings, read_geography
from territoires.knowledge.holdings import OPEN_LICENCE, USES, WHOLE
from territoires.store.releases import kept_release
from territoires.vocabulary import iri, prefixes_at
from territoires.web import schemaorg, signposting
from territoires.web.exports import alternatives
from territoires.web.headers import cached, lifetime
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.releases import moment_of, publisher, release_before
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service

blueprint = Blueprint("catalogue", __name__)
OFFERED = (*DOCUMENT[1:], HTML)
CATALOGUE = DOCUMENT
SERVICES = (
    (
        "sparql",
        {"fr": "Territoires : point d’accès SPARQL", "en": "Territoires: SPARQL endpoint"},
        {"fr": "SPARQL 1.1 en lecture, par GET et POST.", "en": "SPARQL 1.1 queries, by GET and POST."},
        "sparql",
        "sparql",
        "https://www.w3.org/TR/sparql11-protocol/",
    ),
    (
        "reconcile",
        {"fr": "Territoires : service de rapprochement", "en": "Territoires: reconciliation service"},
        {
            "fr": "Rapproche une table de noms et de codes des ressources du dépôt (Reconciliation Service API, OpenRefine).",
            "en": "Matches a table of names and codes with the resources of the repository (Reconciliation Service API, OpenRefine).",
        },
        "reconcile",
        "reconcile",
        "https://www.w3.org/community/reports/reconciliation/CG-FINAL-specs-0.2-20230410/",
    ),
    (
        "http",
        {"fr": "Territoires : documents, listes et cartes", "en": "Territoires: documents, lists and maps"},
        {
            "fr": "Chaque ressource, liste, table et carte à une adresse, dans le format demandé.",
            "en": "Each resource, list, table and map at an address, in the format that is asked for.",
        },
        "",
        "openapi.json",
        "https://spec.openapis.org/oas/v3.1.0",
    ),
)
"""Services: name, titles, descriptions, address, where each describes itself, its standard; one whose address leads nowhere is left out."""


RDF = ("application/n-quads", "text/turtle", "application/ld+json")
STATEMENTS, TABULAR = lazy_gettext("statements"), lazy_gettext("tables")
UNITS: Mapping[str, object] = {
    "text/csv": lazy_gettext("rows"),
    "application/csvm+json": TABULAR,
    "application/zip": TABULAR,
    "application/geo+json": lazy_gettext("places"),
    "application/geopackage+sqlite3": lazy_gettext("places"),
    **dict.fromkeys(RDF, STATEMENTS),
}
"""Media type -> what is counted in a file of it."""


@dataclass(frozen=True)
class Shown:
    """A data set on the page: its name and texts in the reader's language, its files, and those of its graphs."""

    name: str
    iri: str
    title: str
    description: str
    licence: str
    files: Sequence[Dump]
    graphs: Mapping[str, Sequence[Dump]]


@blueprint.get("/catalog")
def show_catalogue() -> Response:
    """The catalogue in the negotiated format."""
    return answer(wanted_format(CATALOGUE, alternatives(f"{request.root_path}/catalog", CATALOGUE)))


@blueprint.get("/catalog.<name>")
def show_catalogue_as(name: str) -> Response:
    """The catalogue in the format of the suffix."""
    form = next((form for form in CATALOGUE if form.name == name), None)
    if form is None:
        raise NotFound(gettext("The catalogue comes as: %(names)s.", names=", ".join(form.name for form in CATALOGUE)))
    return answer(form)


def answer(form: Format) -> Response:
    """The catalogue in that format."""
    body = page() if form is HTML else write_triples(triples(), form, prefixes_at(service().store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{request.root_path}/catalog.{form.name}"
    response.headers["Link"] = ", ".join(signposting.header(signposting.of_catalogue(listed(), form)))
    return cached(response, form.name)


def triples() -> list[Triple]:
    """The catalogue as RDF, for this host."""
    return catalogue(told(), listed(), services(), site(), boxes())


def told() -> list[Triple]:
    """What the graph tells of the catalogue and its data sets."""
    store, views = service().store, service().views

    def ask() -> list[Triple]:
        found = store.query(views.text("catalogue", store.base))
        assert isinstance(found, list)
        return list(dict.fromkeys(found))

    return remembered(ask, "catalogue", "told")


def listed() -> tuple[Dump, ...]:
    """The files of the release that is served; none where it is not kept here."""
    release = kept_release(service().settings.releases, service().store.revision)
    return read_index(release.path) if release else ()


def site() -> Site:
    """This host, as the catalogue names it."""
    settings, store = service().settings, service().store
    modified = f"{moment_of(store.revision):%Y-%m-%dT%H:%M:%SZ}"
    before = release_before(store.revision)
    return Site(request.url_root, store.base, store.revision, modified, publisher(), settings.publisher_url, settings.contact, before or "")


def services() -> list[Service]:
    """The services that this application has."""
    addresses = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [
        Service(name, titles, descriptions, f"{request.url_root}{address}", f"{request.url_root}{described}", standard)
        for name, titles, descriptions, address, described, standard in SERVICES
        if f"/{address}" in addresses
    ]


def boxes() -> dict[str, Box]:
    """Layer of outlines -> its rectangle in degrees: west, south, east, north."""

    def measure() -> dict[str, Box]:
        found = {}
        for layer in LAYERS:
            places = read_geography(service().settings.home, service().store.base).layer(layer)
            points = [point for place in places for ring in geojson_rings(place.geometry) for point in ring]
            if points:
                xs, ys = [point[0] for point in points], [point[1] for point in points]
                found[layer] = (min(xs), min(ys), max(xs), max(ys))
        return found

    return remembered(measure, "catalogue", "boxes")


@blueprint.get("/.well-known/void", endpoint="show_void")
@blueprint.get("/void", endpoint="show_void_too")
def show_void() -> BaseResponse:
    """The VoID description; a browser is sent to the page of the dataset."""
    form = wanted_format(OFFERED, by_parameter(OFFERED))
    if form is HTML:
        sent = redirect(f"{request.root_path}/doc/jeu/territoires.html", 303)
        sent.headers["Cache-Control"] = lifetime(service())
        return sent
    store = service().store
    found = store.query(service().views.text("void", store.base))
    assert isinstance(found, list)
    body = write_triples([*dict.fromkeys([*found, *access()])], form, prefixes_at(store.base))
    return cached(Response(body, content_type=form.content_type), form.name)


def access() -> list[Triple]:
    """Where the data set, its parts and its graphs can be had on this host (VoID §3)."""
    base, root = service().store.base, request.url_root
    dataset, document = NamedNode(f"{base}id/jeu/{WHOLE}"), NamedNode(f"{root}.well-known/void")
    found = [
        (document, "rdf:type", NamedNode(iri("void:DatasetDescription"))),
        (document, "foaf:primaryTopic", dataset),
        (dataset, "void:sparqlEndpoint", NamedNode(f"{root}sparql")),
        (dataset, "void:uriLookupEndpoint", NamedNode(f"{root}recherche.json?q=")),
        (dataset, "foaf:homepage", NamedNode(root)),
    ]
    for dump in listed():
        if not dump.personal and dump.media_type in RDF:
            of = NamedNode(dump.graph or f"{base}id/jeu/{dump.part}")
            found.append((of, "void:dataDump", NamedNode(f"{root}dumps/{dump.name}")))
    return [Triple(subject, NamedNode(iri(predicate)), value) for subject, predicate, value in found]


def page() -> str:
    """The page of the files."""
    shown = datasets()
    whole = next((each for each in shown if each.name == WHOLE), None)
    return render_template(
        "catalogue/catalogue.html",
        datasets=shown,
        base=service().store.base,
        formats=CATALOGUE,
        services=services(),
        canonical="/catalog",
        uses=USES,
        units=UNITS,
        licences=LICENCES,
        publisher=publisher(),
        homepage=service().settings.publisher_url,
        contact=service().settings.contact,
        signs=signposting.of_catalogue(listed(), HTML),
        data=dataset_block(whole) if whole else Markup(),
    )


@blueprint.app_template_global("size")
def size(count: int) -> str:
    """A number of bytes as people read it."""
    if count < 1_000_000:
        return str(gettext("%(number)s kB", number=format_decimal(max(round(count / 1000, 1 if count < 10_000 else None), 0.1))))
    return str(gettext("%(number)s MB", number=format_decimal(round(count / 1_000_000, 1))))


def datasets() -> list[Shown]:
    """The data sets that have files."""
    language, base, dumps = current_language(), service().store.base, listed()
    texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for triple in told():
        if isinstance(triple.object, Literal):
            texts[triple.subject.value, triple.predicate.value][triple.object.language or ""] = triple.object.value  # type: ignore[union-attr]

    def text(subject: str, name: str) -> str:
        found = texts[subject, iri(name)]
        return found.get(language) or found.get("fr") or next(iter(found.values()), "")

    shown = []
    for part in parts(dumps):
        this = f"{base}id/jeu/{part}"
        held = files_of(part, dumps)
        by_graph: dict[str, list[Dump]] = defaultdict(list)
        for dump in dumps:
            if dump.part == part and dump.graph.startswith(f"{base}graph/"):
                by_graph[dump.graph.removeprefix(f"{base}graph/")].append(dump)
        title = text(this, "skos:prefLabel") or part
        shown.append(Shown(part, this, title, text(this, "dct:description"), held[0].licence or OPEN_LICENCE, held, dict(by_graph)))
    return shown


def dataset_block(whole: Shown) -> Markup:
    """The data set of the whole for search engines (schema.org Dataset)."""
    root = request.url_root
    return schemaorg.block(
        {
            "@context": "https://schema.org",
            "@type": "Dataset",
            "@id": whole.iri,
            "name": whole.title,
            "description": whole.description,
            "url": f"{root}catalog",
            "license": whole.licence,
            "isAccessibleForFree": True,
            "version": service().store.revision,
            "dateModified": f"{moment_of(service().store.revision):%Y-%m-%dT%H:%M:%SZ}",
            "inLanguage": ["fr", "en"],
            "creator": {"@type": "Organization", "name": publisher(), "url": service().settings.publisher_url or root},
            "spatialCoverage": {"@type": "Country", "name": "France"},
            "includedInDataCatalog": {"@type": "DataCatalog", "name": gettext("Data and downloads"), "url": f"{root}catalog"},
            "distribution": [
                {
                    "@type": "DataDownload",
                    "name": dump.name,
                    "contentUrl": f"{root}dumps/{dump.name}",
                    "encodingFormat": dump.media_type,
                    "contentSize": f"{dump.bytes} B",
                    "sha256": dump.sha256,
                }
                for dump in whole.files
            ],
        }
    )
