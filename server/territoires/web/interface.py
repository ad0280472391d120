"""What is written on each route, parameter and header of the HTTP interface; `openapi` makes the description of it."""

from collections.abc import Mapping

from flask_babel import lazy_gettext

from territoires.formats import DOCUMENT, GRAPH, HTML, SOLUTIONS
from territoires.formats.network import NETWORKS
from territoires.formats.table import LINKSETS
from territoires.knowledge.dumps import GZIP
from territoires.knowledge.holdings import USES
from territoires.web import atlas, contributing, gallery, lists, reconciliation, search
from territoires.web.catalogue import OFFERED as DESCRIPTIONS
from territoires.web.catalogue import RDF
from territoires.web.citing import CITATIONS
from territoires.web.exports import MATRIX
from territoires.web.neighbourhood import MOST_NODES
from territoires.web.operation import PAGE, Operation, types
from territoires.web.releases import ATOM, FEED
from territoires.web.releases import OFFERED as KEPT

THING = Operation(
    "data",
    lazy_gettext("Sends on from a thing to the document on it"),
    offered=DOCUMENT,
    statuses=(303, 308, 400, 406, 410, 429, 503),
    parameters=("date", "revision"),
    description=lazy_gettext(
        "The name may hold slashes. The document that is sent to is in the negotiated format. 308: from the code of a place (INSEE) or the "
        "SIREN of a body to its name. 410: the thing is retired; the answer tells what replaces it."
    ),
)
VOCABULARY = Operation("vocabulary", lazy_gettext("The ontology"), types(DOCUMENT), DOCUMENT, (406,))
QUERY = Operation(
    "sparql",
    lazy_gettext("Answers a SPARQL query"),
    (*types((*SOLUTIONS, *GRAPH, HTML)), "application/json"),
    (*SOLUTIONS, *GRAPH, HTML),
    (400, 406, 414, 429, 503, 504),
    ("query", "default-graph-uri", "named-graph-uri", "timeout", "explain"),
    lazy_gettext(
        "SPARQL 1.1 Protocol, queries only. Rows come in the formats of solutions, graphs in those of RDF, booleans in JSON or XML. "
        "Without any parameter the service description is given, or a page. An answer that breaks off is cut off: it never looks whole."
    ),
    headers=("Cache-Control", "ETag", "Territoires-Revision", "Territoires-Deadline", "Server-Timing", "RateLimit", "RateLimit-Policy"),
)
SEARCH = Operation(
    "data",
    lazy_gettext("Finds things by name and text, in any spelling"),
    types(search.OFFERED),
    search.OFFERED,
    (406, 501),
    ("q", "type", "lieu", "page", "limit"),
    lazy_gettext("Persons are found only by whole words of their names. 501: what is served says too much for an index."),
    headers=("Cache-Control", "ETag", "Content-Location", "Link"),
)
ATLAS = Operation(
    "data",
    lazy_gettext("A figure of the territories, départements or régions on a map, with its table"),
    types(atlas.OFFERED),
    atlas.OFFERED,
    (400, 406),
    ("layer", "figure", "iri"),
    lazy_gettext("GeoJSON without a figure: the outlines alone, of the places that iri names, else of whole layers."),
    headers=("Cache-Control", "ETag", "Content-Location"),
)
COMPARISON = Operation(
    "data",
    lazy_gettext("Two to four territories side by side"),
    types(MATRIX),
    MATRIX,
    (400, 406),
    ("t",),
    lazy_gettext("A territory is named by what stands last in its IRI, such as pays-de-langres; without any, the page has a form."),
)
VERIFICATION = Operation(
    "data",
    lazy_gettext("Printed figures beside those counted anew from the members of each territory"),
    types(MATRIX),
    MATRIX,
    (406,),
    headers=("Cache-Control", "ETag", "Content-Location"),
)
CATALOGUE = Operation(
    "data",
    lazy_gettext("The catalogue of the data in DCAT-AP 3: data sets, files, services"),
    types(DOCUMENT),
    DOCUMENT,
    (406,),
    headers=("Cache-Control", "ETag", "Link", "Content-Location"),
)
FILES = (GZIP, *(kind for kind in USES if kind not in RDF), "text/plain")
"""What the files of a release are sent as."""
OPERATIONS: Mapping[str, Operation] = {
    "home.show_home": Operation("pages", lazy_gettext("The home page"), PAGE, headers=("Cache-Control", "ETag", "Link")),
    **{f"resources.show_{kind}": THING for kind in ("id", "scheme", "source", "graph")},
    "resources.show_document": Operation(
        "data",
        lazy_gettext("The document on a thing"),
        types((*DOCUMENT, *CITATIONS)),
        DOCUMENT,
        (308, 400, 406, 410, 429, 503),
        ("date", "revision", "citation", "list", "page"),
        description=lazy_gettext(
            "The name may hold slashes, and end in .html, .ttl, .nt, .rdf or .jsonld. 410: the thing is retired. With date, a place as it"
            " was on that day; 404 tells on which days something is known. With revision, the document as readers saw it then, which"
            " never changes; 410: the release of that revision is no longer kept."
        ),
        headers=("Cache-Control", "ETag", "Link", "Content-Location", "Memento-Datetime"),
    ),
    "ontology.show_ontology": VOCABULARY,
    "ontology.show_module": Operation(
        "vocabulary", lazy_gettext("A module of the ontology, or a version"), types(DOCUMENT), DOCUMENT, (406,)
    ),
    "ontology.show_example": Operation("vocabulary", lazy_gettext("The example of a class"), ("text/turtle",)),
    "ontology.show_changes": Operation("vocabulary", lazy_gettext("What changed between the versions of the ontology"), PAGE),
    "ontology.show_context": Operation("vocabulary", lazy_gettext("The JSON-LD context of the vocabulary"), ("application/ld+json",)),
    "shapes.show_shapes": Operation("vocabulary", lazy_gettext("The rules on the data, in SHACL"), types(DOCUMENT), DOCUMENT, (406,)),
    "lists.show_classes": Operation("data", lazy_gettext("The classes that have instances"), PAGE),
    "lists.show_list": Operation(
        "data",
        lazy_gettext("The instances of a class"),
        types(lists.OFFERED),
        lists.OFFERED,
        (406,),
        ("tri", "page"),
        lazy_gettext("Each facet that the page shows is a parameter too, and may come several times: ?region=grand-est&statut=prevue."),
        headers=("ETag", "Content-Location"),
    ),
    "search.show_english_address": Operation(
        "data", lazy_gettext("Sends on to the search"), statuses=(308,), parameters=("q",), headers=()
    ),
    "search.show_results": SEARCH,
    "search.show_results_as": Operation(
        SEARCH.tag, SEARCH.summary, SEARCH.kinds, (), SEARCH.statuses[1:], SEARCH.parameters, SEARCH.description, headers=SEARCH.headers
    ),
    "search.suggest": Operation(
        "data", lazy_gettext("What somebody who types may mean, at most 20"), ("application/json",), parameters=("q", "limit")
    ),
    "atlas.show_map": ATLAS,
    "atlas.show_map_as": Operation(
        ATLAS.tag, ATLAS.summary, ATLAS.kinds, (), (400,), ATLAS.parameters, ATLAS.description, headers=ATLAS.headers
    ),
    "matrices.show_tables": Operation("data", lazy_gettext("The tables of the mémento, made from the facts"), PAGE),
    "matrices.show_table": Operation(
        "data",
        lazy_gettext("A table: rows, territories, and the facts of each cell"),
        types(MATRIX),
        MATRIX,
        (406,),
        headers=("Cache-Control", "ETag", "Content-Location"),
    ),
    "verification.show_verification": VERIFICATION,
    "verification.show_verification_as": Operation(
        VERIFICATION.tag, VERIFICATION.summary, VERIFICATION.kinds, headers=VERIFICATION.headers
    ),
    "comparison.show_comparison": COMPARISON,
    "comparison.show_comparison_as": Operation(
        COMPARISON.tag, COMPARISON.summary, COMPARISON.kinds, (), (400,), COMPARISON.parameters, COMPARISON.description
    ),
    "gallery.show_gallery": Operation("questions", lazy_gettext("The questions of the gallery"), PAGE),
    "gallery.show_question": Operation(
        "questions",
        lazy_gettext("A question of the gallery and its answer"),
        types(gallery.OFFERED),
        gallery.OFFERED,
        (400, 406),
        ("names",),
        description=lazy_gettext("Each parameter of the question is a parameter of the address."),
    ),
    "sparql.query_by_get": QUERY,
    "sparql.query_by_post": Operation(
        QUERY.tag,
        QUERY.summary,
        QUERY.kinds,
        QUERY.offered,
        (400, 406, 413, 415, 429, 503, 504),
        QUERY.parameters[1:],
        QUERY.description,
        body="query",
        headers=("Cache-Control", *QUERY.headers[2:]),
    ),
    **contributing.OPERATIONS,
    "pages.show_about": Operation("pages", lazy_gettext("What the repository is and how it was made"), PAGE),
    "pages.show_sources": Operation("pages", lazy_gettext("The sources and the licences"), PAGE),
    "pages.show_quality": Operation("pages", lazy_gettext("The quality of the release: rules, coverage, discrepancies"), PAGE),
    "pages.show_help": Operation("pages", lazy_gettext("Examples for the tools of researchers"), PAGE),
    "pages.show_accessibility": Operation("pages", lazy_gettext("The declaration of accessibility"), PAGE),
    "crawling.show_robots": Operation("operations", lazy_gettext("What crawlers are asked to leave alone"), ("text/plain",)),
    "crawling.show_sitemap": Operation("operations", lazy_gettext("The addresses of the documents on the entities"), ("application/xml",)),
    "crawling.show_part_of_sitemap": Operation(
        "operations", lazy_gettext("A part of the addresses of the documents on the entities"), ("application/xml",), (), (404,)
    ),
    "crawling.show_security": Operation(
        "operations", lazy_gettext("Whom to tell of a weakness (security.txt)"), ("text/plain",), headers=("Cache-Control",)
    ),
    "editor.show_vocabulary": Operation(
        "sparql", lazy_gettext("What the editor completes with: prefixes, classes, properties, questions"), ("application/json",)
    ),
    "relations.show_relations": Operation(
        "data",
        lazy_gettext("What lies around a thing, as a network"),
        types(NETWORKS),
        NETWORKS,
        (308, 400, 406),
        ("depth",),
        lazy_gettext(
            "The name may hold slashes, and end in .json, .gexf or .graphml. At most %(most)s nodes: “capped” says where there are more.",
            most=MOST_NODES,
        ),
        headers=("Cache-Control", "ETag", "Content-Location"),
    ),
    **reconciliation.OPERATIONS,
    **dict.fromkeys(
        ("catalogue.show_void", "catalogue.show_void_too"),
        Operation("data", lazy_gettext("The VoID description of the dataset"), types(DESCRIPTIONS), DESCRIPTIONS, (303, 406)),
    ),
    "catalogue.show_catalogue": CATALOGUE,
    "catalogue.show_catalogue_as": Operation(CATALOGUE.tag, CATALOGUE.summary, CATALOGUE.kinds, headers=CATALOGUE.headers),
    "dumps.send_dump": Operation(
        "data",
        lazy_gettext("A file of the release that is served; of one that is kept where the name begins with its revision"),
        FILES,
    ),
    "releases.show_versions": Operation("data", lazy_gettext("The releases that are kept"), types(KEPT), KEPT, (406,)),
    "releases.show_version": Operation("data", lazy_gettext("A release: what changed, and its files"), types(KEPT), KEPT, (406,)),
    "releases.show_atom": Operation("data", lazy_gettext("What changed with each release, as Atom"), (ATOM,)),
    "releases.show_feed": Operation("data", lazy_gettext("What changed with each release, as JSON Feed"), (FEED,)),
    "signposting.show_linkset": Operation(
        "data",
        lazy_gettext("All typed links of a document (FAIR Signposting, RFC 9264)"),
        types(LINKSETS),
        description=lazy_gettext("The name is that of the document below /doc/, and ends in .json or .txt."),
    ),
    "linksets.show_linksets": Operation("data", lazy_gettext("The links to the data sets of others, counted"), PAGE),
    "linksets.send_table": Operation("data", lazy_gettext("A table of links, in SSSOM"), ("text/tab-separated-values",)),
    "operations.show_life": Operation("operations", lazy_gettext("Whether the server process answers"), ("application/json",), headers=()),
    "operations.show_readiness": Operation(
        "operations", lazy_gettext("Whether the graph can be asked, and its revision"), ("application/json",), headers=()
    ),
    "operations.show_metrics": Operation(
        "operations", lazy_gettext("Figures for Prometheus, for named networks only"), ("text/plain",), statuses=(403,), headers=()
    ),
    "openapi.show_interface": Operation("operations", lazy_gettext("This description"), ("application/json",)),
}
"""Endpoint of the application -> what is written on it. A route that is missing here is a fault, which a test finds."""
