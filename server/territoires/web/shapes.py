"""The SHACL shapes at /shapes: a page with an anchor for each rule, and RDF."""

from dataclasses import dataclass, field

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode

from territoires.formats import DOCUMENT, HTML, write_triples
from territoires.results import Term, rows
from territoires.vocabulary import prefixes_at
from territoires.web.addresses import split_extension
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import namer
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("shapes", __name__)


@blueprint.get("/shapes")
@blueprint.get("/shapes<any('.html','.ttl','.nt','.rdf','.jsonld'):suffix>")
def show_shapes(suffix: str = "") -> Response:
    """All shapes."""
    store, views = service().store, service().views
    path = f"{request.root_path}/shapes"
    known = {form.media_type: f"{path}.{form.name}" for form in DOCUMENT}
    form = wanted_format(DOCUMENT, known, split_extension(f"x{suffix}", DOCUMENT)[1])
    if form is HTML:
        body: str | bytes = page(path)
    else:
        answer = store.query(views.text("rules", store.base))
        assert isinstance(answer, list)
        body = write_triples(list(dict.fromkeys(answer)), form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}"
    return cached(response, form.name)


@dataclass
class ShownShape:
    """A node shape on the page: its classes, and each constraint with its severity and message in the reader's language."""

    iri: str
    label: str = ""
    classes: set[str] = field(default_factory=set)
    rules: dict[str, tuple[str, str]] = field(default_factory=dict)


def shown_shapes(language: str) -> list[ShownShape]:
    """The node shapes, by label."""
    found: dict[str, ShownShape] = {}
    for row in rows(service().store.query(service().views.text("shapes", service().store.base))):
        label, message = row["label"], row["message"]
        if isinstance(label, Literal) and isinstance(message, Literal) and label.language == message.language == language:
            shape = found.setdefault(local(row["shape"]), ShownShape(local(row["shape"]), label.value))
            shape.rules[local(row["rule"])] = (local(row["severity"]), message.value)
            if isinstance(cls := row.get("class"), NamedNode):
                shape.classes.add(cls.value)
    return sorted(found.values(), key=lambda shape: shape.label.casefold())


def local(term: Term) -> str:
    """The part of an IRI behind the hash."""
    return term.value.rpartition("#")[2] if isinstance(term, NamedNode) else ""


def page(path: str) -> str:
    """The page of the shapes, which are shown once for each release and language."""
    shown = remembered(show_rules, "shapes", current_language(), request.root_path)
    return render_template("shapes/shapes.html", shown=shown, path=path, formats=DOCUMENT)


def show_rules() -> Markup:
    """The shapes, each with its constraints; a constraint that several shapes share has its anchor where it stands first."""
    shapes = shown_shapes(current_language())
    anchors: set[str] = set()
    first: dict[tuple[str, str], bool] = {}
    for shape in shapes:
        for rule in shape.rules:
            first[shape.iri, rule] = rule not in anchors
            anchors.add(rule)
    names = namer(cls for shape in shapes for cls in shape.classes)
    shown = render_template("shapes/rules.html", shapes=shapes, first=first, value=names.named, language=current_language())
    return Markup(shown)
