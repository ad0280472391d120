"""What the description of the interface says once and refers to: parameters, headers and schemas, and an address of each form."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext

from territoires.formats import GRAPH
from territoires.knowledge.geography import LAYERS
from territoires.web import search
from territoires.web.citing import CITATIONS
from territoires.web.hits import CATEGORIES
from territoires.web.negotiation import LANGUAGES

Members = dict[str, Any]
EXAMPLES: Mapping[str, str] = {
    "/id/{name}": "territoire/pays-de-langres",
    "/scheme/{name}": "type-d-action",
    "/source/{name}": "memento/F170",
    "/graph/{name}": "ontology/core",
    "/doc/{name}": "territoire/pays-de-langres.ttl",
    "/def/{name}": "territory.ttl",
    "/def/examples/{name}.ttl": "Pays",
    "/liste/{name}": "Pays.csv",
    "/recherche.{name}": "json",
    "/tableaux/{name}": "types-d-action.json",
    "/comparer.{name}": "csv",
    "/verification.{name}": "csv",
    "/relations/{name}": "territoire/pays-de-langres.json",
    "/queries/{name}": "territories-by-inhabitants.json",
    "/catalog.{name}": "ttl",
    "/linkset/{name}": "territoire/pays-de-langres.json",
}
"""A name for each route that takes one."""
PARAMETERS: Mapping[str, tuple[object, Members]] = {
    "query": (lazy_gettext("A SPARQL 1.1 query, once."), {"type": "string"}),
    "default-graph-uri": (
        lazy_gettext("A graph of the default graph; may come several times, and stands above FROM."),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
    ),
    "named-graph-uri": (
        lazy_gettext("A named graph of the dataset; may come several times, and stands above FROM NAMED."),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
    ),
    "using-graph-uri": (
        lazy_gettext("A graph of the default graph of the update’s WHERE; may come several times."),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
    ),
    "using-named-graph-uri": (
        lazy_gettext("A named graph of the dataset of the update’s WHERE; may come several times."),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
    ),
    "graph": (lazy_gettext("The graph, by its absolute IRI."), {"type": "string", "format": "uri"}),
    "default": (lazy_gettext("Instead of graph: the default graph."), {"type": "string", "enum": [""]}),
    "reason": (
        lazy_gettext("Why it is written; the history tells it. The header X-Reason says it too, percent-encoded."),
        {"type": "string"},
    ),
    "resource": (lazy_gettext("A thing, by its IRI: only what speaks of it."), {"type": "string", "format": "uri"}),
    "from": (lazy_gettext("The revision that the difference begins with: a name, or a commit; 0: before the first."), {"type": "string"}),
    "to": (lazy_gettext("The revision that it ends with: a name, or a commit."), {"type": "string"}),
    "revision": (
        lazy_gettext("A revision that readers saw, by its name or as the number of a commit (0: before the first): the state of then."),
        {"type": "string", "pattern": "^[0-9A-Za-z][0-9A-Za-z-]{0,99}$"},
    ),
    "q": (lazy_gettext("What is looked for; the first 200 characters count."), {"type": "string"}),
    "type": (lazy_gettext("The kind of things that is looked for."), {"type": "string", "enum": list(CATEGORIES)}),
    "lieu": (lazy_gettext("Where: the path of a territory or région below /id/, such as territoire/pays-de-langres."), {"type": "string"}),
    "layer": (lazy_gettext("Which places: territoires, departements or regions."), {"type": "string", "enum": list(LAYERS)}),
    "figure": (
        lazy_gettext("A measure of the observations (inhabitants, communeCount …) or a count (clusters, actions …)."),
        {"type": "string"},
    ),
    "iri": (
        lazy_gettext("A place; may come several times."),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
    ),
    "t": (lazy_gettext("A territory; comes two to four times."), {"type": "array", "items": {"type": "string"}}),
    "date": (
        lazy_gettext("A day until today, YYYY-MM-DD: the place as it was then, by the last perimeters that are known by that day."),
        {"type": "string", "format": "date"},
    ),
    "citation": (
        lazy_gettext("The record of the page for a bibliography, in this format, instead of the document."),
        {"type": "string", "enum": [form.name for form in CITATIONS]},
    ),
    "list": (lazy_gettext("Which list of the page is turned: the prefixed name of its property or class."), {"type": "string"}),
    "page": (lazy_gettext("The page, from 1."), {"type": "integer", "minimum": 1}),
    "limit": (lazy_gettext("How many at most, where it isn't a page."), {"type": "integer", "minimum": 1, "maximum": search.MOST}),
    "tri": (lazy_gettext("The column that sorts; after a minus, backwards."), {"type": "string"}),
    "timeout": (lazy_gettext("The deadline in seconds; the query is ended then."), {"type": "number", "exclusiveMinimum": 0}),
    "explain": (
        lazy_gettext("true: how the query was run is told in JSON, instead of its answer."),
        {"type": "string", "enum": ["true"]},
    ),
    "queries": (lazy_gettext("A batch of reconciliation queries: a JSON object, to each key a query."), {"type": "string"}),
    "extend": (lazy_gettext("A data extension query: a JSON object with ids and properties."), {"type": "string"}),
    "query@table": (lazy_gettext("A name or code to reconcile, or one query in JSON."), {"type": "string"}),
    "type@table": (lazy_gettext("The type that is looked for, by its identifier (Commune) or name."), {"type": "string"}),
    "departement": (lazy_gettext("The département where it lies, by name or code; on the page only."), {"type": "string"}),
    "region": (lazy_gettext("The région where it lies, by name or code; on the page only."), {"type": "string"}),
    "prefix": (lazy_gettext("What somebody has typed until now."), {"type": "string"}),
    "cursor": (lazy_gettext("How many suggestions are passed over."), {"type": "integer", "minimum": 0}),
    "id": (lazy_gettext("What is meant: an IRI of ours, or a code that names one thing only."), {"type": "string"}),
    "depth": (lazy_gettext("How many steps wide."), {"type": "integer", "enum": [1, 2]}),
    "names": (lazy_gettext("Names beside the IRIs; of CSV only."), {"type": "integer", "enum": [1]}),
    "format": (lazy_gettext("The format by name; stands above Accept."), {"type": "string"}),
    "lang": (
        lazy_gettext("The language of pages and messages; stands above Accept-Language."),
        {"type": "string", "enum": list(LANGUAGES)},
    ),
}
BODIES: Mapping[str, Mapping[str, Members]] = {
    "reconciliation": {
        "application/x-www-form-urlencoded": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("queries", "extend", "query")},
        }
    },
    "match": {"application/json": {"type": "object", "required": ["queries"], "properties": {"queries": {"type": "array"}}}},
    "extension": {
        "application/json": {
            "type": "object",
            "required": ["ids", "properties"],
            "properties": {"ids": {"type": "array", "items": {"type": "string"}}, "properties": {"type": "array"}},
        }
    },
    "update": {
        "application/x-www-form-urlencoded": {
            "type": "object",
            "required": ["update"],
            "properties": {
                "update": {"type": "string"},
                **{name: PARAMETERS[name][1] for name in ("using-graph-uri", "using-named-graph-uri")},
            },
        },
        "application/sparql-update": {"type": "string"},
    },
    "patch": {"application/sparql-update": {"type": "string"}},
    "graph": {
        **{form.media_type: {"type": "string"} for form in GRAPH[:3]},
        "application/ld+json": {"type": ["object", "array"]},
        "multipart/form-data": {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}},
    },
}
"""What is sent to the reconciliation and by those who write: schemas by media type."""
HEADERS: Mapping[str, object] = {
    "Cache-Control": lazy_gettext("How long the answer may be kept."),
    "Content-Location": lazy_gettext("The address of this very format."),
    "ETag": lazy_gettext("Names this representation; If-None-Match with it gives 304."),
    "Link": lazy_gettext("The other formats, and what the document describes."),
    "Memento-Datetime": lazy_gettext("When readers first saw the revision that is asked for (RFC 7089)."),
    "Location": lazy_gettext("Where to go on."),
    "RateLimit": lazy_gettext("Seconds of work that remain for this client, and when they are new."),
    "RateLimit-Policy": lazy_gettext("Seconds of work for each client, and in which time."),
    "Retry-After": lazy_gettext("Seconds to wait before another try."),
    "Server-Timing": lazy_gettext("Milliseconds of work for this query."),
    "Territoires-Deadline": lazy_gettext("Seconds after which the query would have been ended."),
    "Territoires-Revision": lazy_gettext("The state of the graph that answered."),
}
SCHEMAS: Mapping[str, Members] = {
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "instance": {"type": "string"},
            "line": {"type": "integer", "minimum": 1},
            "column": {"type": ["integer", "null"], "minimum": 1},
            "available": {"type": "object", "additionalProperties": {"type": "string"}},
            "known": {"type": "array", "items": {"type": "string", "format": "date"}},
            "instead": {"type": "array", "items": {"type": "string", "format": "uri"}},
            "replacedBy": {"type": "array", "items": {"type": "string", "format": "uri"}},
        },
    },
    "Results": {
        "type": "object",
        "required": ["head"],
        "properties": {
            "head": {"type": "object", "properties": {"vars": {"type": "array", "items": {"type": "string"}}}},
            "boolean": {"type": "boolean"},
            "results": {
                "type": "object",
                "required": ["bindings"],
                "properties": {
                    "bindings": {
                        "type": "array",
                        "items": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Term"}},
                    }
                },
            },
        },
        "oneOf": [{"required": ["boolean"]}, {"required": ["results"]}],
    },
    "Term": {
        "type": "object",
        "required": ["type", "value"],
        "properties": {
            "type": {"enum": ["uri", "literal", "bnode", "triple"]},
            "value": {},
            "datatype": {"type": "string"},
            "xml:lang": {"type": "string"},
        },
    },
}
"""Problem details (RFC 9457 §3.1) with our members, and SPARQL results in JSON (SPARQL 1.1 Query Results JSON Format §3)."""
