"""Territories side by side: /comparer?t=pays-de-langres&t=…, two to four of those that a fact sheet describes."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext, lazy_gettext

from territoires.errors import InvalidParameter, UnknownResource
from territoires.formats import HTML, Format
from territoires.formats.table import XLSX
from territoires.results import NamedNode, rows
from territoires.web.dimensions import Told, described, named_in, spans, value
from territoires.web.exports import CSV, MATRIX, alternatives, write_csv, write_json, write_xlsx
from territoires.web.facets import Cell
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.listing import cell, last_name, tone
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.registry import FIGURES, TITLES
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("comparison", __name__)

FEWEST, MOST = 2, 4
SECTIONS: tuple[tuple[object, tuple[str, ...]], ...] = (
    (lazy_gettext("Key figures"), ("habitants", "communes", "epci")),
    (lazy_gettext("Where and what"), ("region", "departement", "ville", "type")),
    (lazy_gettext("Who carries it"), ("porteur", "forme")),
    (lazy_gettext("Clusters and funding"), ("cluster", "programme", "financeur", "appel", "label")),
    (lazy_gettext("What is done there"), ("action", "mesures", "rset")),
    (lazy_gettext("What is said there"), ("conseils", "obstacles")),
)
"""The parts of the comparison, with their dimensions."""
LISTS: Mapping[str, str] = {
    "mesures": "Action",
    "rset": "RSETStatement",
    "conseils": "Recommendation",
    "obstacles": "Obstacle",
    "cluster": "ClusterRelation",
}
"""Dimension -> the list that holds the same facts."""
LONG = 6
"""More values than that are folded away."""


@dataclass(frozen=True)
class Item:
    """A value of a territory: `state` is what a status or a relation is called."""

    cell: Cell
    state: str = ""
    tone: str = ""

    @property
    def thing(self) -> str:
        """What the value is, whatever its status."""
        return self.cell.value.iri or self.cell.value.text

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two values the same in all that is told."""
        return self.thing, self.state, self.cell.note


@dataclass(frozen=True)
class Compared:
    """A dimension across the territories: the values that all have are `shared`."""

    name: str
    cells: tuple[tuple[Item, ...], ...]

    @property
    def shared(self) -> frozenset[str]:
        """The values that every territory has, though maybe with another status."""
        return frozenset.intersection(*(frozenset(item.thing for item in cell) for cell in self.cells))

    @property
    def same(self) -> bool:
        """Whether all territories have the same values, status and time included."""
        return len({frozenset(item.key for item in cell) for cell in self.cells}) == 1


@blueprint.get("/comparer")
@blueprint.get("/comparer.<name>", endpoint="show_comparison_as")
def show_comparison(name: str = "") -> Response:
    """The territories that the address names, side by side; else the form to choose them."""
    asked = list(dict.fromkeys(request.args.getlist("t")))
    known = territories()
    chosen = [name for name in asked if name in known]
    form = wanted(name, asked)
    problem = fault(asked, chosen)
    if form is HTML:
        return answer_page(known, chosen, problem, 400 if asked and problem else 200)
    if problem and asked:
        raise InvalidParameter(problem)
    compared = compare([known[name].iri for name in chosen])
    names = [known[name].text for name in chosen]
    header, records = flat(compared, names)
    if form is CSV:
        body: bytes = write_csv(header, records)
    elif form is XLSX:
        body = write_xlsx(header, records, gettext("Comparison"))
    else:
        body = write_json([dict(zip(header, record, strict=True)) for record in records])
    response = Response(body, content_type=form.content_type)
    response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, form.name)


def wanted(name: str, asked: list[str]) -> Format:
    """The format by suffix, ?format= or Accept. Raises UnknownResource for another suffix."""
    named = next((form for form in MATRIX if form.name == name), None)
    if name and named is None:
        raise UnknownResource(f"comparer.{name}")
    return wanted_format(MATRIX, alternatives(f"{request.root_path}/comparer", MATRIX, [("t", place) for place in asked]), named)


def fault(asked: list[str], chosen: list[str]) -> str:
    """What keeps the choice from being compared, in a sentence, or nothing."""
    if unknown := [name for name in asked if name not in chosen]:
        return str(gettext("No fact sheet describes a territory named “%(name)s”. Choose among those below.", name=unknown[0][:80]))
    if len(chosen) > MOST:
        return str(gettext("That is %(count)s territories: at most four can stand side by side.", count=len(chosen)))
    return "" if len(chosen) >= FEWEST else str(gettext("Choose two to four territories."))


def answer_page(known: Mapping[str, Value], chosen: list[str], problem: str, status: int) -> Response:
    """The comparison as a page, with the form to choose other territories."""
    compared = [] if problem else compare([known[name].iri for name in chosen])
    query = urlencode([("t", name) for name in chosen])
    body = render_template(
        "comparison/comparison.html",
        known=known,
        chosen=chosen,
        problem=problem,
        asked=bool(request.args.getlist("t")),
        sections=[(title, [row for row in compared if row.name in names]) for title, names in SECTIONS],
        titles=TITLES,
        figures=FIGURES,
        lists=LISTS,
        long=LONG,
        formats=[(form, f"{request.root_path}/comparer.{form.name}?{query}") for form in MATRIX if form is not HTML],
    )
    response = Response(body, status=status, content_type=HTML.content_type)
    if request.args:
        response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, "html") if status == 200 else response


def territories() -> Mapping[str, Value]:
    """Last name -> territory, in the order of the fact sheets."""
    return remembered(read_territories, "compared territories", current_language(), request.root_path)


def read_territories() -> dict[str, Value]:
    """Asks for the territories that a fact sheet describes."""
    names = namer(described())
    return {last_name(resource): names.named(resource) for resource in described()}


def compare(chosen: list[str]) -> list[Compared]:
    """Every dimension that one of the territories has, in the order of the sections."""
    known = remembered(read_comparison, "comparison", current_language(), request.root_path)
    found = [Compared(name, tuple(known.get((resource, name), ()) for resource in chosen)) for _, names in SECTIONS for name in names]
    return [row for row in found if any(row.cells)]


def read_comparison() -> dict[tuple[str, str], tuple[Item, ...]]:
    """(Territory, dimension) -> its values, for all territories, in the reader's language."""
    store, views = service().store, service().views
    found = list(rows(store.query(views.text("comparison", store.base))))
    shown = {term.value for row in found for term in row.values() if isinstance(term, NamedNode)}
    names = namer(shown)
    items: dict[tuple[str, str], list[tuple[str, Item]]] = {}
    for row in found:
        told = Told(row["value"], named_in(row, "period"), named_in(row, "qualifier"))
        item = item_of(names, value(row["dimension"]), told, named_in(row, "status"))
        items.setdefault((value(row["item"]), value(row["dimension"])), []).append((spans().get(told.period, ("", ""))[0], item))
    return {
        key: tuple(item for _, item in sorted(each, key=lambda pair: (pair[0], pair[1].cell.value.text.casefold())))
        for key, each in items.items()
    }


def item_of(names: Namer, dimension: str, told: Told, status: str) -> Item:
    """A value with its status."""
    return Item(cell(names, dimension, told), names.named(status).text if status else "", tone(status))


def flat(compared: list[Compared], names: list[str]) -> tuple[list[str], list[list[str | float | int]]]:
    """The comparison as a table: a row for each dimension, a column for each territory."""
    return [gettext("What is compared"), *names], [
        [str(TITLES[row.name]), *(" | ".join(map(plain, cell)) for cell in row.cells)] for row in compared
    ]


def plain(item: Item) -> str:
    """A value in one text, with its year, qualifier and status."""
    notes = [note for note in (item.cell.note, item.state) if note]
    return item.cell.value.text + (f" ({', '.join(notes)})" if notes else "")
