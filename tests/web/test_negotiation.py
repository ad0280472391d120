"""Content negotiation as pure functions (docs: RFC 9110 §12.5): B1–B9 by tables of headers that clients really send."""

import pytest
from rdflib.parser import Parser
from rdflib.plugin import plugins
from SPARQLWrapper import CSV, JSON, JSONLD, N3, RDF, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from territoires.formats import DOCUMENT, GRAPH, HTML, SOLUTIONS, Format, by_name, named
from territoires.web.negotiation import MediaRange, choose_format, choose_language, read_accept

ANSWER = (*SOLUTIONS, HTML)
TRIPLES = (*GRAPH, HTML)
RDFLIB = ", ".join(plugin.name for plugin in plugins(kind=Parser) if "/" in plugin.name)

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8"
SAFARI = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
OLD_WEBKIT = "application/xml,application/xhtml+xml,text/html;q=0.9,text/plain;q=0.8,image/png,*/*;q=0.5"
RAPPER = "application/rdf+xml, text/rdf;q=0.6, */*;q=0.1"
JENA_GRAPH = "text/turtle,application/n-triples;q=0.9,application/ld+json;q=0.8,application/rdf+xml;q=0.7,*/*;q=0.3"
JENA_SELECT = (
    "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.7, text/csv;q=0.5, "
    "application/json;q=0.2, application/xml;q=0.2, */*;q=0.1"
)
OLD_JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"

CHOSEN = [
    # B1: browsers get a page although they also take XML
    ("B1-chrome", CHROME, DOCUMENT, "html"),
    ("B1-firefox", FIREFOX, DOCUMENT, "html"),
    ("B1-safari", SAFARI, DOCUMENT, "html"),
    ("B1-old-webkit", OLD_WEBKIT, DOCUMENT, "html"),
    ("B1-chrome-select", CHROME, ANSWER, "html"),
    ("B1-chrome-construct", CHROME, TRIPLES, "html"),
    ("B1-xhtml-only", "application/xhtml+xml", DOCUMENT, "html"),
    # B2: nothing asked, or nothing that can be understood: the default
    ("B2-absent", None, DOCUMENT, "html"),
    ("B2-empty", "", DOCUMENT, "html"),
    ("B2-blank", "   ", DOCUMENT, "html"),
    ("B2-anything", "*/*", DOCUMENT, "html"),
    ("B2-anything-select", "*/*", ANSWER, "json"),
    ("B2-anything-construct", "*/*", TRIPLES, "ttl"),
    ("B2-unknown-type", "text/anot+turtle", DOCUMENT, "html"),
    ("B2-unparsable", ";;q=x", DOCUMENT, "html"),
    ("B2-bare-word", "turtle", DOCUMENT, "html"),
    ("B2-commas", ",,,", DOCUMENT, "html"),
    ("B2-half-wildcard", "*/turtle", DOCUMENT, "html"),
    ("B2-bad-quality", "text/turtle;q=high", DOCUMENT, "html"),
    ("B2-bad-part-beside-a-good-one", ";;q=x, text/turtle", DOCUMENT, "ttl"),
    ("B2-curl", "*/*", DOCUMENT, "html"),
    ("B2-old-java", OLD_JAVA, DOCUMENT, "html"),
    # B3: parameters and case don't matter
    ("B3-profile", 'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', DOCUMENT, "jsonld"),
    ("B3-charset", "text/turtle; charset=utf-8", DOCUMENT, "ttl"),
    ("B3-case", "Text/Turtle", DOCUMENT, "ttl"),
    ("B3-comma-in-quotes", 'application/ld+json;profile="a,text/html"', DOCUMENT, "jsonld"),
    ("B3-quality-in-quotes", 'text/turtle;note=";q=0", text/html;q=0.5', DOCUMENT, "ttl"),
    ("B3-spaces", "text/turtle ; q=0.5 , application/n-triples ; q=0.7", DOCUMENT, "nt"),
    # B4: qualities, exclusion, specificity
    ("B4-quality", "text/turtle;q=0.3, application/rdf+xml;q=0.9", DOCUMENT, "rdf"),
    ("B4-html-excluded", "text/html;q=0, */*", DOCUMENT, "ttl"),
    ("B4-excluded-specifically", "text/*, text/html;q=0.0", DOCUMENT, "ttl"),
    ("B4-all-excluded", "*/*;q=0", DOCUMENT, None),
    ("B4-only-exclusion", "text/turtle;q=0", DOCUMENT, None),
    ("B4-application", "application/*", DOCUMENT, "nt"),
    ("B4-text", "text/*", DOCUMENT, "html"),
    ("B4-equal-quality-by-our-order", "application/rdf+xml, text/turtle", DOCUMENT, "ttl"),
    ("B4-short-quality", "text/turtle;q=.2, application/rdf+xml;q=.4", DOCUMENT, "rdf"),
    ("B4-long-quality", "text/turtle;q=0.33333, application/rdf+xml;q=0.66666", DOCUMENT, "rdf"),
    ("B4-specific-beats-wildcard", "*/*, application/n-triples", DOCUMENT, "nt"),
    # B5: aliases
    ("B5-x-turtle", "application/x-turtle", DOCUMENT, "ttl"),
    ("B5-n3", "text/n3", DOCUMENT, "ttl"),
    ("B5-rdf-n3", "text/rdf+n3", DOCUMENT, "ttl"),
    ("B5-xml", "application/xml", DOCUMENT, "rdf"),
    ("B5-json", "application/json", DOCUMENT, "jsonld"),
    ("B5-plain", "text/plain", DOCUMENT, "nt"),
    ("B5-json-select", "application/json", ANSWER, "json"),
    ("B5-xml-select", "application/xml", ANSWER, "xml"),
    ("B5-csv-alias", "application/csv", ANSWER, "csv"),
    ("B5-registered-before-alias", "application/xml, application/ld+json", DOCUMENT, "jsonld"),
    # B6, B8: a known type that isn't offered
    ("B6-image", "image/png", DOCUMENT, None),
    ("B6-image-select", "image/png", ANSWER, None),
    ("B6-pdf-and-image", "application/pdf, image/*", DOCUMENT, None),
    ("B8-select-as-turtle", "text/turtle", ANSWER, None),
    ("B8-select-as-plain-text", "text/plain", ANSWER, None),
    ("B8-construct-as-results", "application/sparql-results+json", TRIPLES, None),
    ("B8-html-only", "text/html", ANSWER, "html"),
    # real clients
    ("rdflib-document", RDFLIB, DOCUMENT, "ttl"),
    ("rdflib-xml", "application/rdf+xml, */*;q=0.1", DOCUMENT, "rdf"),
    ("rdflib-nt", "text/plain, */*;q=0.1", DOCUMENT, "nt"),
    ("rdflib-jsonld", "application/ld+json, application/json;q=0.9, */*;q=0.1", DOCUMENT, "jsonld"),
    ("rapper", RAPPER, DOCUMENT, "rdf"),
    ("jena-document", JENA_GRAPH, DOCUMENT, "ttl"),
    ("jena-construct", JENA_GRAPH, TRIPLES, "ttl"),
    ("jena-select", JENA_SELECT, ANSWER, "json"),
    ("yasgui-select", "application/sparql-results+json,*/*;q=0.9", ANSWER, "json"),
    ("sparqlwrapper-json", "application/sparql-results+json,application/json,text/javascript,application/javascript", ANSWER, "json"),
    ("sparqlwrapper-default", "application/sparql-results+xml,application/rdf+xml,*/*", ANSWER, "xml"),
    ("sparqlwrapper-default-construct", "application/sparql-results+xml,application/rdf+xml,*/*", TRIPLES, "rdf"),
]


@pytest.mark.parametrize(("accept", "offered", "name"), [row[1:] for row in CHOSEN], ids=[row[0] for row in CHOSEN])
def test_chosen_format(accept: str | None, offered: tuple[Format, ...], name: str | None) -> None:
    """B1–B8: the format that an Accept header gets, None for 406."""
    chosen = choose_format(accept, offered)
    assert (chosen.name if chosen else None) == name


@pytest.mark.parametrize(
    ("header", "ranges"),
    [
        (None, []),
        ("", []),
        (";;q=x", []),
        ("text/anot+turtle", []),
        ("*/turtle", []),
        ("text/html;q=2.5", []),
        ("Text/Turtle;Q=0.5", [MediaRange("text", "turtle", 0.5)]),
        ("text/turtle;q=1.0;level=1", [MediaRange("text", "turtle", 1.0)]),
        ("text/turtle;q=1.5", [MediaRange("text", "turtle", 1.0)]),
        ("*/*;q=.1, text/*", [MediaRange("*", "*", 0.1), MediaRange("text", "*", 1.0)]),
    ],
)
def test_read_ranges(header: str | None, ranges: list[MediaRange]) -> None:
    """B2–B4: what is read of an Accept header; what can't be understood is passed over."""
    assert read_accept(header) == ranges


@pytest.mark.parametrize(
    ("media_type", "specificity"), [("text/turtle", 2), ("text/html", 1), ("application/ld+json", -1)], ids=["exact", "kind", "none"]
)
def test_specificity(media_type: str, specificity: int) -> None:
    """B4: text/turtle is named more closely by itself than by text/*."""
    assert MediaRange("text", "turtle" if specificity == 2 else "*", 1.0).specificity(media_type) == specificity


@pytest.mark.parametrize(
    ("asked", "header", "language"),
    [
        (None, None, "fr"),
        (None, "", "fr"),
        (None, "en", "en"),
        (None, "en-GB,en;q=0.9,fr;q=0.8", "en"),
        (None, "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr"),
        (None, "de", "fr"),
        (None, "de, en;q=0.1", "en"),
        (None, "en;q=0, fr;q=0.1", "fr"),
        (None, "en;q=0", "fr"),
        (None, "*", "fr"),
        (None, "en;q=0.2, fr;q=0.7", "fr"),
        (None, "fr;q=0.5, en;q=0.5", "fr"),
        (None, "en;q=0.5, fr;q=0.5", "en"),
        (None, ";;;", "fr"),
        (None, "EN-us", "en"),
        ("en", "fr", "en"),
        ("fr", "en", "fr"),
        ("xx", "en", "en"),
        ("", "en", "en"),
        ("<script>", None, "fr"),
    ],
)
def test_chosen_language(asked: str | None, header: str | None, language: str) -> None:
    """B9: the language by hand, else by Accept-Language, else French."""
    assert choose_language(asked, header) == language


@pytest.mark.parametrize("form", [*DOCUMENT, *GRAPH, *SOLUTIONS], ids=lambda form: form.name)
def test_content_type(form: Format) -> None:
    """B5: the registered media type, with the charset for text types and for no other."""
    assert form.content_type == form.media_type + ("; charset=utf-8" if form.media_type.startswith("text/") else "")


@pytest.mark.parametrize(
    ("asked", "offered", "name"),
    [
        *[(name, SOLUTIONS, form) for name, form in ((JSON, "json"), (XML, "xml"), (CSV, "csv"), (TSV, "tsv"))],
        *[(name, GRAPH, form) for name, form in ((XML, "rdf"), (RDF, "rdf"), (RDFXML, "rdf"), (TURTLE, "ttl"), (N3, "ttl"))],
        (JSONLD, GRAPH, "jsonld"),
        ("TTL", DOCUMENT, "ttl"),
        ("text/turtle", DOCUMENT, "ttl"),
        ("rdf/xml", DOCUMENT, "rdf"),
        ("n-triples", DOCUMENT, "nt"),
        ("json", DOCUMENT, "jsonld"),
        ("bogus", DOCUMENT, None),
        ("", DOCUMENT, None),
        ("png", SOLUTIONS, None),
    ],
)
def test_format_by_name(asked: str, offered: tuple[Format, ...], name: str | None) -> None:
    """B7: ?format= takes an extension, a media type, and every value that SPARQLWrapper sends."""
    found = by_name(asked, offered)
    assert (found.name if found else None) == name


def test_sparqlwrapper_sends_the_format() -> None:
    """The client tested above does send ?format=, so the values matter."""
    client = SPARQLWrapper("http://localhost/sparql", returnFormat=TURTLE)
    client.setQuery("CONSTRUCT WHERE { ?s ?p ?o }")
    assert "format=turtle" in client._createRequest().full_url


def test_named_prefers_the_extension() -> None:
    """The command line's names are extensions: `json` is the results format, not JSON-LD."""
    assert (named("json").media_type, named("xml").media_type) == ("application/sparql-results+json", "application/sparql-results+xml")
    with pytest.raises(ValueError, match="bogus"):
        named("bogus")
