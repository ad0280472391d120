"""/verification: what the sheets print beside what the members of each territory give, as a page, CSV, XLSX or JSON.

Two views: verification.rq counts EPCI, communes and inhabitants anew from the dated perimeters, verification-printed.rq gives the figures
as printed. Nothing is corrected: both stand, with their difference and how sure the membership is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext, lazy_gettext

from territoires.errors import UnknownResource
from territoires.formats import HTML, by_name
from territoires.formats.table import XLSX
from territoires.results import NamedNode, Row, Term
from territoires.web.exports import CSV, MATRIX, alternatives, write_csv, write_json, write_xlsx
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import Value, namer
from territoires.web.pages import asked, number, text
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("verification", __name__)

MEASURES: Mapping[str, tuple[str, str, object]] = {
    "inhabitants": ("2014-01-01", "inhabitants", lazy_gettext("Inhabitants")),
    "communeCount": ("2014-01-01", "communes", lazy_gettext("Communes")),
    "epciCount": ("2016-01-01", "epci", lazy_gettext("EPCI")),
}
"""Local name of a measure -> the day on which it is counted anew, what of a state it is, and how it is called."""
CERTAINTY: Mapping[str, tuple[str, object]] = {
    "": ("done", lazy_gettext("documented")),
    "recoupee": ("plan", lazy_gettext("confirmed by figures")),
    "deduite": ("approximate", lazy_gettext("inferred")),
}
"""Last part of a precision -> the badge that shows it, and how sure the membership is."""


@dataclass(frozen=True)
class Figure:
    """A printed figure beside the one counted anew, and the discrepancies that note it."""

    measure: str
    node: Value
    printed: int
    recomputed: int | None
    discrepancies: tuple[tuple[str, Value], ...]
    """Notation, discrepancy."""

    @property
    def difference(self) -> int | None:
        """Printed minus counted."""
        return None if self.recomputed is None else self.printed - self.recomputed


@dataclass(frozen=True)
class State:
    """A territory on a day: EPCI, communes, inhabitants at the census of a year, and how sure the membership is."""

    day: str
    year: str
    epci: int
    communes: int
    inhabitants: int
    certainty: str
    perimeter: Value


@dataclass(frozen=True)
class Verified:
    """A territory with its printed figures and its states by day."""

    name: Value
    figures: tuple[Figure, ...]
    states: tuple[State, ...]

    def on(self, day: str) -> State | None:
        """The state on a day."""
        return next((state for state in self.states if state.day == day), None)


@blueprint.get("/verification")
@blueprint.get("/verification.<name>", endpoint="show_verification_as")
def show_verification(name: str = "") -> Response:
    """Printed figures beside those counted anew. Raises UnknownResource for a format that there is none of."""
    path = f"{request.root_path}/verification"
    named = by_name(name, MATRIX) if name else None
    if name and named is None:
        raise UnknownResource(f"verification.{name}")
    places = alternatives(path, MATRIX)
    form = wanted_format(MATRIX, places, named)
    found = remembered(verified, "verification", current_language(), request.root_path)
    if form is HTML:
        views = {view: service().views.text(view, service().store.base) for view in ("verification", "verification-printed")}
        body: str | bytes = render_template(
            "pages/verification.html",
            territories=found,
            measures=MEASURES,
            certainty=CERTAINTY,
            exact=sum(figure.measure == "inhabitants" and figure.difference == 0 for each in found for figure in each.figures),
            views=views,
            formats=MATRIX,
            path=path,
        )
    elif form in (CSV, XLSX):
        header, records = flat(found)
        body = write_csv(header, records) if form is CSV else write_xlsx(header, records, gettext("What linking proves"))
    else:
        body = write_json({"territories": [structured(each) for each in found]})
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = places[form.media_type]
    return cached(response, form.name)


def verified() -> list[Verified]:
    """The territories of the sheets, in their order."""
    printed, counted = asked("verification-printed"), asked("verification")
    names = namer(term.value for row in (*printed, *counted) for term in row.values() if isinstance(term, NamedNode))
    states: dict[str, list[State]] = {}
    for row in counted:
        states.setdefault(text(row["territory"]), []).append(
            State(
                text(row["day"]),
                last(row["period"]),
                number(row["epciCount"]),
                number(row["communeCount"]),
                number(row["inhabitants"]),
                last(row.get("precision")),
                names.value(row["perimeter"]),
            )
        )
    return [
        Verified(names.named(territory), tuple(figures(printed, territory, told, names.value)), tuple(told))
        for territory, told in states.items()
    ]


def figures(printed: Iterable[Row], territory: str, states: Iterable[State], show: Callable[[Term], Value]) -> Iterable[Figure]:
    """The printed figures of a territory, each measure once."""
    by_day = {state.day: state for state in states}
    for measure, (day, counted, _) in MEASURES.items():
        own = [row for row in printed if text(row["territory"]) == territory and text(row["measure"]).endswith(f"#{measure}")]
        if own:
            noted = tuple((text(row["notation"]), show(row["discrepancy"])) for row in own if "discrepancy" in row)
            recomputed = getattr(by_day[day], counted) if day in by_day else None
            yield Figure(measure, show(own[0]["figure"]), number(own[0]["printed"]), recomputed, noted)


def last(term: Term | None) -> str:
    """The last part of an IRI, nothing for nothing."""
    return text(term).rpartition("/")[2]


def flat(found: Iterable[Verified]) -> tuple[list[str], list[list[str | float | int]]]:
    """A line for each figure: territory, measure, day, year of the census, printed, counted, difference, how sure, discrepancies."""
    header = [gettext("Territory"), "IRI", gettext("Measure"), gettext("Day"), gettext("Census"), gettext("Printed")]
    header += [gettext("Counted anew"), gettext("Difference"), gettext("Membership")]
    records: list[list[str | float | int]] = []
    for each in found:
        for state in each.states:
            for measure, (day, counted, called) in MEASURES.items():
                printed = next((figure.printed for figure in each.figures if figure.measure == measure and day == state.day), None)
                value: int = getattr(state, counted)
                beside: list[str | float | int] = ["", value, ""] if printed is None else [printed, value, printed - value]
                year = state.year if measure == "inhabitants" else ""
                sure = str(CERTAINTY[state.certainty][1])
                records.append([each.name.text, each.name.iri, str(called), state.day, year, *beside, sure])
    return header, records


def structured(each: Verified) -> dict[str, object]:
    """A territory as data."""
    return {
        "iri": each.name.iri,
        "name": each.name.text,
        "printed": [
            {
                "measure": figure.measure,
                "iri": figure.node.iri,
                "printed": figure.printed,
                "day": MEASURES[figure.measure][0],
                "recomputed": figure.recomputed,
                "difference": figure.difference,
                "discrepancies": [value.iri for _, value in figure.discrepancies],
            }
            for figure in each.figures
        ],
        "states": [
            {
                "day": state.day,
                "epci": state.epci,
                "communes": state.communes,
                "inhabitants": state.inhabitants,
                "census": int(state.year),
                "membership": state.certainty or "documentee",
                "perimeter": state.perimeter.iri,
            }
            for state in each.states
        ],
    }
