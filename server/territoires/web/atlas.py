"""/carte: a figure of the graph over a layer of places, as a page with its table, as CSV, and as GeoJSON with the outlines."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from pyoxigraph import Literal, NamedNode

from territoires.errors import InvalidParameter, UnknownResource
from territoires.formats import HTML, SOLUTIONS, by_name
from territoires.formats.table import GEOJSON, Format
from territoires.knowledge.geography import LAYERS, Place
from territoires.results import Row, Term, rows
from territoires.vocabulary import shorten
from territoires.web.headers import cached
from territoires.web.language import show_literal
from territoires.web.lists import neutral
from territoires.web.maps import Map, collection, geography, shade
from territoires.web.naming import Namer, Value, namer
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service

blueprint = Blueprint("atlas", __name__)

CSV = by_name("csv", SOLUTIONS)
assert CSV is not None
OFFERED: tuple[Format, ...] = (HTML, GEOJSON, CSV)
USUAL_LAYER, USUAL_FIGURE = "territoires", "inhabitants"
LEAST = 3
"""A measure is a map when so many places have it: two shares of different things are none."""
EXACT = "scheme/qualificatif/exact"
COLUMNS = ("iri", "code", "name", "figure", "value", "unit", "qualifier", "period", "observation")


@dataclass(frozen=True)
class Reading:
    """A number of a place: as it counts, as it is shown, of when, how sure, where it is stated; `unit` in words."""

    number: float
    shown: str
    period: Value | None = None
    qualifier: Value | None = None
    unit: str = ""
    observation: Value | None = None

    @property
    def words(self) -> str:
        """The number with what belongs to it."""
        more = [value.text for value in (self.qualifier, self.period) if value]
        return f"{self.shown} ({', '.join(more)})" if more else self.shown


@dataclass(frozen=True)
class Figure:
    """What can be shown on a layer: its name in addresses, its title, whether it is a count, its readings by place, and further ones."""

    name: str
    title: str
    counted: bool
    readings: Mapping[str, Reading]
    others: Mapping[str, tuple[Reading, ...]]

    @property
    def unit(self) -> str:
        """The unit that its readings are in."""
        return next((reading.unit for reading in self.readings.values()), "")

    @property
    def period(self) -> str:
        """The period of all of its readings, where they share one."""
        periods = {reading.period.text if reading.period else "" for reading in self.readings.values()}
        return periods.pop() if len(periods) == 1 else ""


@dataclass(frozen=True)
class Line:
    """A line of the table beside the map."""

    place: Place
    href: str
    reading: Reading | None
    others: tuple[Reading, ...]


@blueprint.get("/carte")
def show_map() -> Response:
    """The map in the negotiated format."""
    return answer(wanted_format(OFFERED, by_parameter(OFFERED)))


@blueprint.get("/carte.<suffix>")
def show_map_as(suffix: str) -> Response:
    """The map in the format of that suffix."""
    form = next((form for form in OFFERED if form.name == suffix), None)
    if form is None:
        raise UnknownResource(request.path)
    return answer(form)


def answer(form: Format) -> Response:
    """The map in that format. Raises InvalidParameter for a layer or figure that there is none of."""
    if form is GEOJSON and "figure" not in request.args:
        body = json.dumps(outlines(), ensure_ascii=False)
    else:
        layer = asked_layer()
        figures = read_figures(geography().layer(layer))
        figure = asked_figure(figures)
        body = page(layer, figures, figure) if form is HTML else table(layer, figure) if form is CSV else features(layer, figure)
    response = Response(body, content_type=form.content_type)
    query = request.query_string.decode("latin-1")
    response.headers["Content-Location"] = f"{request.root_path}/carte.{form.name}" + (f"?{query}" if query else "")
    return cached(response, form.name)


def asked_layer() -> str:
    """The layer that the address names, else the territories."""
    layer = request.args.get("layer") or USUAL_LAYER
    if layer not in LAYERS:
        raise InvalidParameter(gettext("There is no layer %(layer)s: choose one of %(layers)s.", layer=layer, layers=", ".join(LAYERS)))
    return layer


def asked_figure(figures: Mapping[str, Figure]) -> Figure | None:
    """The figure that the address names, else the usual one; one that this layer doesn't have gives way to its first one."""
    name = request.args.get("figure") or USUAL_FIGURE
    if not name.isidentifier() or len(name) > 60:
        raise InvalidParameter(gettext("There is no figure %(figure)s.", figure=name[:60]))
    return figures.get(name) or next(iter(figures.values()), None)


def outlines() -> dict[str, object]:
    """Outlines alone: of the places that `iri` names (several times), else of the layers that `layer` names, else of all."""
    known = geography()
    if wanted := request.args.getlist("iri"):
        return collection(known, known.find(wanted))
    layers = request.args.getlist("layer") or list(LAYERS)
    return collection(known, [place for layer in layers for place in known.layer(layer)])


def read_figures(places: Iterable[Place]) -> dict[str, Figure]:
    """Every figure that these places have: the measures that enough of them have, then the counts; three queries."""
    store, views = service().store, service().views
    areas = [NamedNode(place.iri) for place in places if place.iri]
    observed = list(rows(store.query(views.text("map-observations", store.base, area=areas))))
    counted = list(rows(store.query(views.text("map-counts", store.base, area=areas))))
    names = namer(term.value for row in observed for term in row.values() if isinstance(term, NamedNode))
    found: dict[str, Figure] = {}
    for measure in sorted({text(row["measure"]) for row in observed}):
        figure = observed_figure(measure, [row for row in observed if text(row["measure"]) == measure], names)
        if len(figure.readings) >= LEAST:
            found[figure.name] = figure
    for name, title in count_titles().items():
        counts = [row for row in counted if text(row["figure"]) == name]
        readings = {text(row["area"]): Reading(float(text(row["count"])), shown(row["count"])) for row in counts}
        if len(readings) > 1 and (name != "territories" or max(reading.number for reading in readings.values()) > 1):
            found[name] = Figure(name, title, True, readings, {})
    return found


def count_titles() -> dict[str, str]:
    """What is counted, in the reader's language."""
    return {
        "territories": gettext("Territories of the mémento"),
        "clusters": gettext("Related clusters"),
        "actions": gettext("Actions led on the spot"),
        "practices": gettext("RSET practices"),
        "labels": gettext("Labels held"),
        "funds": gettext("Funds that reach the place"),
    }


def observed_figure(measure: str, found: list[Row], names: Namer) -> Figure:
    """The figure of a measure: of the period that most places share, the latest of those; else what is known of a place."""
    shared = Counter(text(row.get("period")) for row in found)
    starts = {text(row.get("period")): text(row.get("start")) for row in found}
    order = {period: (count, starts[period]) for period, count in shared.items()}
    by_area: dict[str, list[Row]] = {}
    for row in sorted(found, key=lambda row: order[text(row.get("period"))], reverse=True):
        by_area.setdefault(text(row["area"]), []).append(row)
    title = names.named(measure).text
    readings = {area: reading(said[0], names) for area, said in by_area.items()}
    others = {area: tuple(reading(row, names) for row in said[1:]) for area, said in by_area.items() if said[1:]}
    return Figure(shorten(measure, service().store.base).removeprefix("tdp:"), title[:1].upper() + title[1:], False, readings, others)


def reading(row: Row, names: Namer) -> Reading:
    """An observation as it is shown; that a value is exact needs no word."""

    def named(variable: str) -> Value | None:
        term = row.get(variable)
        return names.named(term.value) if isinstance(term, NamedNode) else None

    qualifier, unit = named("qualifier"), named("unit")
    vague = qualifier if qualifier and not qualifier.iri.endswith(EXACT) else None
    observation = named("observation")
    return Reading(float(text(row["value"])), shown(row["value"]), named("period"), vague, unit.text if unit else "", observation)


def text(term: Term | None) -> str:
    """The text of a term; nothing for none."""
    return term.value if isinstance(term, NamedNode | Literal) else ""


def shown(term: Term | None) -> str:
    """A number in the reader's form."""
    return show_literal(term) if isinstance(term, Literal) else ""


def page(layer: str, figures: Mapping[str, Figure], figure: Figure | None) -> str:
    """The page: form, map, table."""
    map = draw(layer, figure) if figure else None
    lines = table_lines(layer, figure) if figure else []
    layers = {"territoires": gettext("Territories"), "departements": gettext("Départements"), "regions": gettext("Régions")}
    return render_template(
        "maps/atlas.html", map=map, lines=lines, layer=layer, layers=layers, figures=figures.values(), figure=figure, formats=OFFERED[1:]
    )


def draw(layer: str, figure: Figure) -> Map | None:
    """The map of a figure."""
    numbers = {key: reading.number for key, reading in figure.readings.items()}
    words = {key: reading.words for key, reading in figure.readings.items()}
    found = shade(numbers, figure.title, figure.unit, words, layer, gettext("none recorded") if figure.counted else "")
    return found and found.of(figure.name)


def table_lines(layer: str, figure: Figure) -> list[Line]:
    """The places of the layer with their readings, the greatest first; those without, by name, where the graph knows them."""
    known = [place for place in geography().layer(layer) if place.iri]
    names = namer(())
    lines = [Line(p, names.named(p.iri).href, figure.readings.get(p.key), figure.others.get(p.key, ())) for p in known]
    return sorted(lines, key=lambda line: (line.reading is None, -(line.reading.number if line.reading else 0), line.place.name.casefold()))


def properties(figure: Figure, key: str) -> dict[str, object]:
    """The reading of a place as it is written to files."""
    reading = figure.readings.get(key)
    if reading is None:
        return {"figure": figure.name}
    said = {
        "figure": figure.name,
        "value": int(reading.number) if reading.number.is_integer() else reading.number,
        "unit": reading.unit,
        "qualifier": reading.qualifier.text if reading.qualifier else "",
        "period": reading.period.text if reading.period else "",
        "observation": reading.observation.iri if reading.observation else "",
    }
    return {name: value for name, value in said.items() if value != ""}


def features(layer: str, figure: Figure | None) -> str:
    """The layer as GeoJSON, each place with its reading."""
    places = geography().layer(layer)
    said = {place.key: properties(figure, place.key) for place in places} if figure else {}
    return json.dumps(collection(geography(), places, said), ensure_ascii=False)


def table(layer: str, figure: Figure | None) -> str:
    """The layer's readings as CSV (RFC 4180)."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for place in geography().layer(layer):
        read = properties(figure, place.key) if figure else {}
        said = {"iri": place.iri, "code": place.code, "name": place.name} | read
        writer.writerow([neutral(str(said.get(column, ""))) for column in COLUMNS])
    return written.getvalue()
