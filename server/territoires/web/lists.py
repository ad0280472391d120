"""Lists by class: /liste and /liste/{Class}, as a page, as CSV, and as RDF."""

import csv
import io

from flask import Blueprint, Response, render_template, request
from pyoxigraph import Literal, NamedNode, Triple

from territoires.errors import UnknownResource
from territoires.formats import DOCUMENT, HTML, SOLUTIONS, by_name, write_triples
from territoires.knowledge.description import describe
from territoires.results import rows
from territoires.vocabulary import iri, prefixes_at, shorten
from territoires.web.addresses import split_extension
from territoires.web.headers import cached
from territoires.web.naming import Value, namer
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("lists", __name__)

CSV = by_name("csv", SOLUTIONS)
assert CSV is not None
OFFERED = (*DOCUMENT, CSV)


@blueprint.get("/liste")
def show_classes() -> Response:
    """The classes that have instances, with their number."""
    counted = counted_classes()
    body = render_template("lists/classes.html", classes=counted, base=service().store.base)
    return cached(Response(body, content_type=HTML.content_type))


def counted_classes() -> list[tuple[Value, int, str]]:
    """Each class with its number of instances and the address of its list, by name."""
    store, views = service().store, service().views
    found = [(row["class"], row["count"]) for row in rows(store.query(views.text("classes", store.base)))]
    pairs = [(cls.value, int(count.value)) for cls, count in found if isinstance(cls, NamedNode) and isinstance(count, Literal)]
    names = namer(cls for cls, _ in pairs)
    listed = [(names.named(cls), count, f"{request.root_path}/liste/{class_name(cls)}") for cls, count in pairs]
    return sorted(listed, key=lambda item: item[0].text.casefold())


def class_name(cls: str) -> str:
    """A class as it stands in the address of its list: Pays, org:Post."""
    return shorten(cls, service().store.base).removeprefix("tdp:")


@blueprint.get("/liste/<name>")
def show_list(name: str) -> Response:
    """The instances of a class and of its subclasses."""
    bare, suffix = split_extension(name, OFFERED)
    store, views = service().store, service().views
    prefix, colon, local = bare.rpartition(":")
    namespace = prefixes_at(store.base).get(prefix if colon else "tdp")
    if namespace is None or not local.isalnum():
        raise UnknownResource(bare)
    cls = namespace + local
    answer = store.query(views.text("members", store.base, **{"class": [NamedNode(cls)]}))
    assert isinstance(answer, list)
    triples = list(dict.fromkeys(answer))
    if not triples:
        check_class(cls)
    path = f"{request.root_path}/liste/{bare}"
    form = wanted_format(OFFERED, {f.media_type: f"{path}.{f.name}" for f in OFFERED}, suffix)
    if form is HTML:
        body: str | bytes = page(cls, triples, path)
    elif form is CSV:
        body = table(members(triples))
    else:
        body = write_triples(triples, form, prefixes_at(store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}"
    return cached(response, form.name)


def check_class(cls: str) -> None:
    """Raises UnknownResource unless the graph says that `cls` is a class: it may have no instance yet."""
    said = Triple(NamedNode(cls), NamedNode(iri("rdf:type")), NamedNode(iri("owl:Class")))
    if said not in describe(service().store, service().views, cls).triples:
        raise UnknownResource(cls)


def members(triples: list[Triple]) -> list[Value]:
    """The instances as shown values, by name."""
    instances = {triple.subject.value for triple in triples if isinstance(triple.subject, NamedNode)}
    shown = namer(instances)
    return sorted((shown.named(resource) for resource in instances), key=lambda value: (value.text.casefold(), value.iri))


def page(cls: str, triples: list[Triple], path: str) -> str:
    """The list as a page."""
    return render_template("lists/list.html", cls=namer([cls]).named(cls), members=members(triples), path=path, formats=OFFERED)


def table(listed: list[Value]) -> str:
    """The list as CSV (RFC 4180): name, IRI."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(["name", "iri"])
    writer.writerows([neutral(value.text), value.iri] for value in listed)
    return written.getvalue()


def neutral(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
