"""The pages around the data: about and method, sources and licences, quality, help for researchers, accessibility."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from flask import Blueprint, Response, render_template, request
from flask_babel import format_datetime

from territoires.formats import HTML
from territoires.knowledge.coverage import Part, coverage
from territoires.knowledge.holdings import DERIVED, DERIVED_SHARED
from territoires.results import Literal, NamedNode, Row, Term, rows
from territoires.store.releases import warnings_of
from territoires.web.headers import cached
from territoires.web.hits import ShownHit
from territoires.web.memory import remembered
from territoires.web.naming import Value, namer
from territoires.web.search import nearest
from territoires.web.service import service
from territoires.web.shapes import shown_shapes
from territoires.web.validated import validation_shown

blueprint = Blueprint("pages", __name__)

EXAMPLES = Path(__file__).with_name("examples")
"""The examples of the help page, each a file that tests run where its tool is at hand."""
EXAMPLE_HOST = "http://127.0.0.1:8000"
"""The address of the server in those files."""
LAYERS: Mapping[str, tuple[str, ...]] = {
    "data/source": ("data/source",),
    "data/interpretation": ("data/interpretation",),
    "data/reference": ("data/reference", "data/geo", "reference"),
    "data/persons": ("data/persons",),
    "data/contributions": ("data/contributions",),
    "contributions": ("contributions",),
    "links": ("data/links", "links"),
    "derived": (DERIVED, DERIVED_SHARED),
    "inferred": ("inferred",),
    "ontology": ("ontology",),
    "shapes": ("shapes",),
    "description": ("data/dataset", "provenance", "statistics"),
}
"""The layers of a release: what their graphs are called, or the folders that they stand in."""


@dataclass(frozen=True)
class Document:
    """A source document: who publishes it, under which licence, where it stands, and how many nodes cite it."""

    name: Value
    publisher: str
    licence: Value | None
    page: str
    nodes: int


@dataclass(frozen=True)
class Divergences:
    """The discrepancies of one kind, each with its notation."""

    kind: Value
    members: tuple[tuple[str, Value], ...]


@blueprint.app_template_global("near")
def near(path: str) -> list[ShownHit]:
    """What an address that leads nowhere may have meant."""
    return nearest(called(path), 5)


@blueprint.app_template_global("called")
def called(path: str) -> str:
    """The words in the last part of an address."""
    last = path.rstrip("/").rpartition("/")[2]
    return " ".join(re.split(r"[-_.+\s]+", re.sub(r"\.(html|ttl|nt|rdf|jsonld|csv|json)$", "", last))).strip()


def page(name: str, mark: str = "", **values: object) -> Response:
    """The page of that template, which stands at one address in all languages; `mark` is what it depends on beside the revision."""
    body = render_template(f"pages/{name}.html", contact=service().settings.contact, canonical=request.path, **values)
    return cached(Response(body, content_type=HTML.content_type), "html", mark)


def asked(name: str) -> list[Row]:
    """The rows of a view, asked once for each release."""
    store, views = service().store, service().views
    return remembered(lambda: list(rows(store.query(views.text(name, store.base)))), "pages", name)


@blueprint.get("/a-propos")
def show_about() -> Response:
    """What this is, how it was made, and who answers for it."""
    return page("about", built=built(service().store.revision), figures=figures(), layers=layers())


@blueprint.get("/sources-et-licences")
def show_sources() -> Response:
    """What the data rest on, and on which terms they can be used."""
    return page("sources", documents=documents(), layers=layers())


@blueprint.get("/qualite")
def show_quality() -> Response:
    """What was checked of this release, what of the source is covered, and where readings disagree."""
    store, views, settings = service().store, service().views, service().settings
    parts: list[Part] = remembered(lambda: coverage(store, views), "pages", "parts")
    validation = validation_shown()
    response = page(
        "quality",
        validation.mark if validation else "",
        validation=validation,
        rules=remembered(rules, "pages", "rules"),
        warnings=None if settings.store else warnings_of(settings.releases, store.revision),
        parts=parts,
        passages=sum(len(part.passages) for part in parts),
        covered=sum(part.covered for part in parts),
        divergences=divergences(),
    )
    if validation:  # which goes on while the revision stays
        response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/aide")
def show_help() -> Response:
    """How to use the data from the tools of researchers."""
    here = request.url_root.rstrip("/")
    files = (path for path in EXAMPLES.iterdir() if path.is_file())
    examples = {path.name: path.read_text(encoding="utf-8").replace(EXAMPLE_HOST, here).strip() for path in files}
    return page("help", examples=examples, root=here, base=service().store.base)


@blueprint.get("/accessibilite")
def show_accessibility() -> Response:
    """What was done and tested so that everybody can use these pages."""
    return page("accessibility")


def built(revision: str) -> str:
    """The day and time when a revision was built, in the reader's form; nothing where its name doesn't tell."""
    try:
        return str(format_datetime(datetime.strptime(revision[:15], "%Y%m%dT%H%M%S"), "long"))
    except ValueError:
        return ""


def figures() -> Mapping[str, int]:
    """The key figures by name."""
    found = asked("key-figures")
    return {name: number(term) for name, term in found[0].items()} if found else {}


def layers() -> Mapping[str, int]:
    """Layer -> its number of triples."""
    start = len(f"{service().store.base}graph/")
    counted: Counter[str] = Counter()
    for row in asked("graph-sizes"):
        counted[layer_of(text(row["graph"])[start:])] += number(row["triples"])
    return counted


def layer_of(name: str) -> str:
    """The layer of a graph by its name below graph/; nothing for one that no layer names."""
    return next((layer for layer, held in LAYERS.items() if f"{name}/".startswith(tuple(f"{each}/" for each in held))), "")


def documents() -> list[Document]:
    """The source documents, the most cited first."""
    found = [row for row in asked("documents") if "document" in row]
    names = namer(term.value for row in found for term in (row["document"], row.get("licence")) if isinstance(term, NamedNode))
    return [
        Document(
            names.value(row["document"]),
            text(row.get("publisher")),
            names.value(row["licence"]) if "licence" in row else None,
            text(row.get("page")),
            number(row["nodes"]),
        )
        for row in found
    ]


def rules() -> Counter[str]:
    """Severity -> number of rules."""
    return Counter(severity for shape in shown_shapes("en") for severity, _ in shape.rules.values())


def divergences() -> list[Divergences]:
    """The discrepancies by kind, the most frequent kind first."""
    found = asked("discrepancies")
    names = namer(term.value for row in found for term in row.values() if isinstance(term, NamedNode))
    kinds = [
        Divergences(names.value(kind), tuple((text(row.get("notation")), names.value(row["discrepancy"])) for row in group))
        for kind, group in groupby(found, key=lambda row: row["kind"])
    ]
    return sorted(kinds, key=lambda each: (-len(each.members), each.kind.text.casefold()))


def text(term: Term | None) -> str:
    """The text of a literal or an IRI, nothing for nothing."""
    return term.value if isinstance(term, Literal | NamedNode) else ""


def number(term: Term) -> int:
    """A count."""
    return int(text(term) or 0)
