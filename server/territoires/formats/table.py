"""The table of formats. A new format is one row here."""

from dataclasses import dataclass

from pyoxigraph import QueryResultsFormat, RdfFormat


@dataclass(frozen=True)
class Format:
    """A serialisation: `name` is its extension, `aliases` are further media types that ask for it."""

    name: str
    label: str
    media_type: str
    aliases: tuple[str, ...] = ()
    rdf: RdfFormat | None = None
    solutions: QueryResultsFormat | None = None
    boolean: bool = False

    @property
    def content_type(self) -> str:
        """The registered media type, with the charset for text types (RFC 9110 §8.3.2)."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type

    @property
    def other_names(self) -> set[str]:
        """What else it is called: turtle, json-ld, rdf+xml, text/turtle."""
        types = (self.media_type, *self.aliases)
        return {self.label.lower(), *types, *(kind.partition("/")[2] for kind in types)}


HTML = Format("html", "HTML", "text/html", ("application/xhtml+xml",))

GRAPH: tuple[Format, ...] = (
    Format("ttl", "Turtle", "text/turtle", ("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3"), RdfFormat.TURTLE),
    Format("nt", "N-Triples", "application/n-triples", ("text/plain",), RdfFormat.N_TRIPLES),
    Format("rdf", "RDF/XML", "application/rdf+xml", ("application/xml", "text/xml"), RdfFormat.RDF_XML),
    Format("jsonld", "JSON-LD", "application/ld+json", ("application/json",), RdfFormat.JSON_LD),
    Format("trig", "TriG", "application/trig", (), RdfFormat.TRIG),
    Format("nq", "N-Quads", "application/n-quads", ("text/x-nquads",), RdfFormat.N_QUADS),
)
"""What a CONSTRUCT or DESCRIBE can be written in."""

SOLUTIONS: tuple[Format, ...] = (
    Format("json", "JSON", "application/sparql-results+json", ("application/json",), solutions=QueryResultsFormat.JSON, boolean=True),
    Format(
        "xml",
        "XML",
        "application/sparql-results+xml",
        ("application/xml", "text/xml"),
        solutions=QueryResultsFormat.XML,
        boolean=True,
    ),
    Format("csv", "CSV", "text/csv", ("application/csv",), solutions=QueryResultsFormat.CSV),
    Format("tsv", "TSV", "text/tab-separated-values", ("text/tsv",), solutions=QueryResultsFormat.TSV),
)
"""What a SELECT can be written in; an ASK in those marked `boolean`."""

XLSX = Format("xlsx", "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
GEOJSON = Format("geojson", "GeoJSON", "application/geo+json", ("application/vnd.geo+json",))
TABLES: tuple[Format, ...] = (XLSX, GEOJSON)
"""What lists and tables come in besides; no answer of a query is written in them."""

LINKSET = Format("txt", "Link set", "application/linkset", ("text/plain",))
LINKSETS: tuple[Format, ...] = (Format("json", "Link set (JSON)", "application/linkset+json", ("application/json",)), LINKSET)
"""What the typed links of a document come in (RFC 9264)."""

PATCH = Format("rdfp", "RDF Patch", "application/rdf-patch")
FEED = Format("atom", "Atom", "application/atom+xml", ("application/xml",))
HISTORY: tuple[Format, ...] = (PATCH, FEED)
"""What the history of the contributions comes in besides."""

DOCUMENT: tuple[Format, ...] = (HTML, *GRAPH[:4])
"""What the document on a resource can be had in; the first is the default."""

FORMATS: tuple[Format, ...] = (HTML, *GRAPH, *SOLUTIONS)


def by_name(name: str, offered: tuple[Format, ...]) -> Format | None:
    """The offered format of that name: an extension, else a label, media type or subtype, as SPARQL clients send them; or None."""
    wanted = name.strip().lower()
    exact = next((f for f in offered if wanted == f.name), None)
    return exact or next((f for f in offered if wanted in f.other_names), None)


def named(name: str) -> Format:
    """The format of that name among all. Raises ValueError."""
    form = by_name(name, FORMATS)
    if form is None:
        raise ValueError(f"no format {name!r}")
    return form
