"""Lists by class: /liste, and /liste/{Class} with facets, as a page, a table, a map layer, and as RDF."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import NamedNode, Triple

from territoires.errors import UnknownResource
from territoires.formats import DOCUMENT, HTML, write_triples
from territoires.formats.table import GEOJSON, XLSX
from territoires.knowledge.description import describe
from territoires.vocabulary import iri, prefixes_at
from territoires.web.addresses import split_extension
from territoires.web.dimensions import described, hierarchy, value, widening
from territoires.web.exports import CSV, alternatives, neutral, write_csv, write_geojson, write_xlsx
from territoires.web.facets import Cell, Choice, Entry, chosen_in
from territoires.web.grouping import counted_classes, grouped_classes
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.listing import last_name, listing, names_in, source
from territoires.web.maps import Map, geography, locate, shade
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value
from territoires.web.registry import FIGURES, ROWS, TITLES
from territoires.web.requests import wanted_format
from territoires.web.service import service

__all__ = ["OFFERED", "blueprint", "counted_classes", "neutral"]

blueprint = Blueprint("lists", __name__)

OFFERED = (*DOCUMENT, CSV, XLSX, GEOJSON)
PAGE = 50
"""Entries on a page."""
NAME, SORT, NUMBER = "nom", "tri", "page"


@dataclass(frozen=True)
class Address:
    """The address of a list with the reader's choice, and how it changes with one more step."""

    path: str
    arguments: tuple[tuple[str, str], ...]

    def __call__(self, *, without: Sequence[tuple[str, str]] = (), drop: Sequence[str] = (), **given: object) -> str:
        """The address without some pairs and some names, and with those given; the first page, unless it says another."""
        kept = [(k, v) for k, v in self.arguments if (k, v) not in without and k not in {*drop, *given, NUMBER}]
        query = urlencode([*kept, *((k, str(v)) for k, v in given.items() if v != "")])
        return self.path + (f"?{query}" if query else "")


@blueprint.get("/liste")
def show_classes() -> Response:
    """The classes that have instances, with their number, by the groups of the domain."""
    return cached(Response(render_template("lists/classes.html", groups=grouped_classes()), content_type=HTML.content_type))


@blueprint.get("/liste/<name>")
def show_list(name: str) -> Response:
    """The instances of a class and of its subclasses that the facets in the address choose."""
    bare, suffix = split_extension(name, OFFERED)
    cls = class_of(bare)
    choice = chosen_in(listing(cls), request.args.items(multi=True))
    path = f"{request.root_path}/liste/{bare}"
    places = alternatives(path, OFFERED, request.args.items(multi=True))
    form = wanted_format(OFFERED, places, suffix)
    ordered = in_order(choice)
    if form is HTML:
        body: str | bytes = page(cls, choice, ordered, path)
    elif form is GEOJSON:
        body = write_geojson(features(cls, choice, ordered), geography().source, geography().licence)
    elif form in (CSV, XLSX):
        header, records = table(choice, ordered)
        body = write_csv(header, records) if form is CSV else write_xlsx(header, records, name_of(cls).text)
    else:
        body = write_triples(triples(cls, ordered), form, prefixes_at(service().store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = places[form.media_type]
    if choice.chosen or {SORT, NUMBER} & set(request.args):
        response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, form.name)


def class_of(name: str) -> str:
    """The class that an address names. Raises UnknownResource when the graph knows none of that name."""
    prefix, colon, local = name.rpartition(":")
    namespace = prefixes_at(service().store.base).get(prefix if colon else "tdp")
    if namespace is None or not local.isalnum():
        raise UnknownResource(name)
    cls = namespace + local
    if cls not in hierarchy() and not service().store.query(
        service().views.text("members", service().store.base, **{"class": [NamedNode(cls)]})
    ):
        check_class(cls)
    return cls


def check_class(cls: str) -> None:
    """Raises UnknownResource unless the graph says that `cls` is a class: it may have no instance yet."""
    said = Triple(NamedNode(cls), NamedNode(iri("rdf:type")), NamedNode(iri("owl:Class")))
    if said not in describe(service().store, service().views, cls).triples:
        raise UnknownResource(cls)


def name_of(cls: str) -> Value:
    """The class as it is shown."""
    return Namer(names_in(cls), service().store.base, current_language(), request.root_path).named(cls)


def in_order(choice: Choice) -> list[Entry]:
    """The entries that were chosen, as the address sorts them; what is not told comes last either way.

    Where it doesn't, by name, what a fact sheet describes first: among all places the territories would be lost between communes.
    """
    chosen = [choice.listing.entries[number] for number in sorted(choice.entries())]
    if SORT not in request.args:
        first = set(described())
        return sorted(chosen, key=lambda entry: entry.name.iri not in first)
    asked = request.args.get(SORT, NAME)
    name = asked.removeprefix("-")
    backwards = asked != name
    if name == NAME:
        return chosen[::-1] if backwards else chosen
    if name not in choice.listing.columns:
        return chosen
    told = [entry for entry in chosen if entry.cells[name]]
    told.sort(key=lambda entry: sorting(entry.cells[name]), reverse=backwards)
    return told + [entry for entry in chosen if not entry.cells[name]]


def sorting(cells: tuple[Cell, ...]) -> tuple[bool, float, str]:
    """What sorts a cell: numbers before texts."""
    first = cells[0].order
    return (False, first, "") if isinstance(first, float) else (True, 0.0, first)


def page(cls: str, choice: Choice, ordered: list[Entry], path: str) -> str:
    """One page of the list."""
    pages = max(1, -(-len(ordered) // PAGE))
    asked = request.args.get(NUMBER, "")
    number = min(max(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1, 1), pages)
    arguments = tuple((k, v) for k, v in request.args.items(multi=True) if k in {*choice.listing.facets, SORT})
    address = Address(path, arguments)
    return render_template(
        "lists/list.html",
        cls=name_of(cls),
        choice=choice,
        entries=ordered[(number - 1) * PAGE : number * PAGE],
        count=len(ordered),
        number=number,
        pages=pages,
        sort=request.args.get(SORT, NAME),
        address=address,
        titles=TITLES,
        figures=FIGURES,
        map=spread(cls, choice, ordered) if number == 1 else None,
        formats=[(form, Address(f"{path}.{form.name}", arguments)()) for form in OFFERED if form is not HTML],
        canonical=request.path.removesuffix(".html"),
        comparable={last_name(name) for name in described()} & {last_name(entry.name.iri) for entry in choice.listing.entries}
        if of_projects(choice)
        else set(),
    )


def spread(cls: str, choice: Choice, ordered: list[Entry]) -> Map | None:
    """How the chosen entries are spread over the project territories; a list of these by their inhabitants."""
    if of_projects(choice):
        cells = [(entry.name.iri, cell) for entry in ordered for cell in entry.cells["habitants"]]
        figures = {name: float(cell.order) for name, cell in cells}
        return shade(figures, gettext("Inhabitants"), shown={name: written(cell) for name, cell in cells})
    first, places = set(described()), placing(cls)
    counts = Counter(place for entry in ordered if entry.name.iri in places for place in first.intersection(places[entry.name.iri]))
    title = gettext("%(kind)s: how many in each territory", kind=name_of(cls).text)
    return shade({place: float(count) for place, count in counts.items()}, title) if len(counts) > 1 else locate(counts, title)


def of_projects(choice: Choice) -> bool:
    """Whether the list is one of project territories, which can be compared."""
    return choice.listing.row is ROWS["tdp:ProjectTerritory"]


def table(choice: Choice, ordered: list[Entry]) -> tuple[list[str], list[list[str | float | int]]]:
    """All that was chosen as a table: name, IRI, a column for each dimension, and the date of each figure."""
    columns = choice.listing.columns
    header = ["name", "iri"]
    for name in columns:
        header += [name, f"{name}_date"] if name in FIGURES and name != "valeur" else [name]
    return header, [record(entry, columns) for entry in ordered]


def record(entry: Entry, columns: Sequence[str]) -> list[str | float | int]:
    """An entry as a record; several values of one cell are parted by a bar."""
    cells: list[str | float | int] = [entry.name.text, entry.name.iri]
    for name in columns:
        found = entry.cells[name]
        one = found[0] if len(found) == 1 and name in FIGURES and isinstance(found[0].order, float) else None
        cells.append(plain(one) if one else " | ".join(written(cell) for cell in found))
        if name in FIGURES and name != "valeur":
            cells.append(one.note if one else "")
    return cells


def plain(cell: Cell) -> float | int:
    """A figure as a number."""
    value = float(cell.order)
    return int(value) if value.is_integer() else value


def written(cell: Cell) -> str:
    """A value in one text, with its note."""
    return cell.value.text + (f" ({cell.note})" if cell.note else "")


def triples(cls: str, ordered: list[Entry]) -> list[Triple]:
    """What the list says of the chosen entries, as RDF."""
    wanted = {NamedNode(entry.name.iri) for entry in ordered}
    return [triple for triple in source(cls).triples if triple.subject in wanted]


def features(cls: str, choice: Choice, ordered: list[Entry]) -> list[tuple[str, Mapping[str, object], Mapping[str, object] | None]]:
    """The chosen entries as features: where the entry has no outline of its own, that of its territory."""
    places = placing(cls)
    placed = {entry.name.iri: [entry.name.iri, *places.get(entry.name.iri, ())] for entry in ordered}
    outlines = geometries({place for places in placed.values() for place in places})
    header, records = table(choice, ordered)
    return [
        (entry.name.iri, dict(zip(header, said, strict=True)), next((outlines[p] for p in placed[entry.name.iri] if p in outlines), None))
        for entry, said in zip(ordered, records, strict=True)
    ]


def placing(cls: str) -> Mapping[str, tuple[str, ...]]:
    """Instance -> its territories, and what they are parts of; kept for each release."""
    return remembered(lambda: read_placing(cls), "placing", cls)


def read_placing(cls: str) -> Mapping[str, tuple[str, ...]]:
    """Puts together what the list knows of its territories."""
    said, wider = source(cls), widening()
    if "territoire" not in {*said.row.columns, *said.row.facets}:
        return {}
    placed = {item: [value(told.term) for told in places] for item, places in said.dimensions["territoire"].items() if places}
    return {item: tuple(dict.fromkeys([*near, *(far for each in near for far in wider.get(each, ()))])) for item, near in placed.items()}


def geometries(iris: set[str]) -> Mapping[str, Mapping[str, object]]:
    """Territory -> its outline, where one is known."""
    return {place.iri: place.geometry for place in geography().find(iris)}
