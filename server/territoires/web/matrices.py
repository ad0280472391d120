"""The tables of the mémento, made anew from the facts: /tableaux, and /tableaux/{name} as a page, CSV, XLSX or JSON.

A view (queries/views/matrix-….rq) gives row, column, fact and, where the fact has one, its status; `printed` marks a cell
of the printed table, `facet` the part of the table in which the row stands. Who is silent has no mark: that is no denial.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext, lazy_gettext
from pyoxigraph import NamedNode

from territoires.errors import UnknownResource
from territoires.formats import HTML
from territoires.formats.table import XLSX
from territoires.results import Row, rows
from territoires.web.addresses import split_extension
from territoires.web.dimensions import described, expand, named_in, value, widening
from territoires.web.exports import CSV, MATRIX, alternatives, write_csv, write_json, write_xlsx
from territoires.web.facets import NONE
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.listing import last_name, source, tone
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.registry import TITLES
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("matrices", __name__)

ELSEWHERE = ""
"""The column of facts that stand in no monograph."""
STATES: Mapping[str, tuple[str, object]] = {
    "printed": ("●", lazy_gettext("in the printed table")),
    "done": ("✓", lazy_gettext("done or under way")),
    "plan": ("◌", lazy_gettext("planned, wanted or under study")),
    "refused": ("✕", lazy_gettext("refused, given up or declared absent")),
    "told": ("", lazy_gettext("told")),
    "other": ("?", lazy_gettext("told, with no outcome")),
}
"""State of a mark -> its sign and what it says."""


@dataclass(frozen=True)
class Matrix:
    """A table: what it shows, whose rows a view gives, and the list in which the facts of a cell are found."""

    title: object
    about: object
    view: str
    facet: str
    cls: str
    parameter: str = ""
    worded: bool = False
    """Whether a mark shows the concept of its fact, not only a number."""
    stated: bool = True
    """Whether its facts have a status."""


MATRICES: Mapping[str, Matrix] = {
    "types-d-action": Matrix(
        lazy_gettext("Action types × territories"),
        lazy_gettext("The printed table of action types, and beside it the actions that each monograph tells of that type."),
        "matrix-actions",
        "action",
        "Action",
    ),
    "conseils": Matrix(
        lazy_gettext("Themes of advice × territories"),
        lazy_gettext("What each territory advises. A theme counts the narrower themes too."),
        "matrix-statements",
        "theme",
        "Recommendation",
        "tdp:Recommendation",
        stated=False,
    ),
    "obstacles": Matrix(
        lazy_gettext("Themes of obstacles × territories"),
        lazy_gettext("What each territory found difficult. A theme counts the narrower themes too."),
        "matrix-statements",
        "theme",
        "Obstacle",
        "tdp:Obstacle",
        stated=False,
    ),
    "financeurs": Matrix(
        lazy_gettext("Funders × territories"),
        lazy_gettext("Who paid, under which programme and through which fund, in each monograph; planned and expected money apart."),
        "matrix-funders",
        "financeur",
        "FundingFlow",
    ),
    "clusters": Matrix(
        lazy_gettext("Clusters × territories"),
        lazy_gettext("How each cluster stands to each territory. To be a partner is not to be present."),
        "matrix-clusters",
        "cluster",
        "ClusterRelation",
        worded=True,
    ),
    "rset": Matrix(
        lazy_gettext("RSET practices × territories"),
        lazy_gettext("What the source says of each practice: present, planned, or declared absent. A kind counts the narrower kinds too."),
        "matrix-rset",
        "rset",
        "RSETStatement",
    ),
    "candidatures": Matrix(
        lazy_gettext("Calls for projects × territories"),
        lazy_gettext("Who applied to which call, and with which outcome."),
        "matrix-applications",
        "appel",
        "Application",
        worded=True,
    ),
    "rubriques": Matrix(
        lazy_gettext("Missing headings × territories"),
        lazy_gettext("Headings that a sheet or a monograph lacks: this tells something of the document, nothing of the territory."),
        "matrix-silences",
        "rubrique",
        "RubricSilence",
        stated=False,
    ),
}
"""Name in the address -> table."""


@dataclass(frozen=True)
class Mark:
    """What a cell says in one state: the facts, the text to show, and where they are found."""

    state: str
    facts: tuple[str, ...]
    text: str
    said: str
    href: str


@dataclass(frozen=True)
class Line:
    """A row with its cells, and the number of its facts."""

    name: Value
    part: str
    cells: tuple[tuple[Mark, ...], ...]
    total: int


@dataclass(frozen=True)
class Filled:
    """A table in one language; `totals` are the numbers of facts of each column, and of all."""

    columns: tuple[Value, ...]
    lines: tuple[Line, ...]
    totals: tuple[int, ...]
    total: int
    states: tuple[str, ...]


@blueprint.get("/tableaux")
def show_tables() -> Response:
    """The tables that there are."""
    return cached(Response(render_template("matrices/tables.html", matrices=MATRICES), content_type=HTML.content_type))


@blueprint.get("/tableaux/<name>")
def show_table(name: str) -> Response:
    """A table, live."""
    bare, suffix = split_extension(name, MATRIX)
    matrix = MATRICES.get(bare)
    if matrix is None:
        raise UnknownResource(name)
    path = f"{request.root_path}/tableaux/{bare}"
    places = alternatives(path, MATRIX)
    form = wanted_format(MATRIX, places, suffix)
    table = filled(bare)
    if form is HTML:
        body: str | bytes = render_template(
            "matrices/table.html", matrix=matrix, table=table, states=STATES, titles=TITLES, path=path, formats=MATRIX, name=bare
        )
    elif form in (CSV, XLSX):
        header, records = flat(matrix, table)
        body = write_csv(header, records) if form is CSV else write_xlsx(header, records, str(matrix.title))
    else:
        body = write_json(structured(matrix, table))
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = places[form.media_type]
    return cached(response, form.name)


def filled(name: str) -> Filled:
    """A table in the reader's language; made once for each release and language."""
    return remembered(lambda: fill(MATRICES[name]), "matrix", name, current_language(), request.root_path)


def fill(matrix: Matrix) -> Filled:
    """Asks for the facts and puts them into cells."""
    store, views = service().store, service().views
    parameters = {"class": [NamedNode(expand(matrix.parameter))]} if matrix.parameter else {}
    found = list(rows(store.query(views.text(matrix.view, store.base, **parameters))))
    columns = list(described())
    placed = [(row, column) for row in found for column in columns_of(matrix, row, columns)]
    if any(not column for _, column in placed):
        columns.append(ELSEWHERE)
    gathered: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row, column in placed:
        part = value(row["facet"]) if "facet" in row else matrix.facet
        for thing in (value(row["row"]), *sorted(widening().get(value(row["row"]), ()))):
            gathered.setdefault((part, thing), {}).setdefault(column, []).append(row)
    concepts = {named_in(row, "status") for row in found} - {""}
    names = namer({*columns, *(thing for _, thing in gathered), *concepts} - {ELSEWHERE})
    lines = [line(matrix, names, key, cells, columns) for key, cells in gathered.items()]
    order = list(dict.fromkeys(part for part, _ in sorted(gathered, key=lambda key: (key[0] != matrix.facet, key[0] != "programme"))))
    lines.sort(key=lambda each: (order.index(each.part), -each.total, each.name.text.casefold()))
    facts = [{value(row["fact"]) for row, place in placed if place == column} for column in columns]
    states = {mark.state for each in lines for cell in each.cells for mark in cell}
    shown = tuple(names.named(column) if column else Value(gettext("Elsewhere in the mémento")) for column in columns)
    return Filled(
        shown,
        tuple(lines),
        tuple(map(len, facts)),
        len(set().union(*facts)) if facts else 0,
        tuple(name for name in STATES if name in states),
    )


def columns_of(matrix: Matrix, row: Row, columns: list[str]) -> list[str]:
    """The columns of a fact: the one that the view gives, else its territories in the list of its class, else elsewhere."""
    if "column" in row:
        return [value(row["column"])]
    told = source(expand(f"tdp:{matrix.cls}")).dimensions["territoire"].get(value(row["fact"]), ())
    places = {name for each in told for name in (value(each.term), *widening().get(value(each.term), ()))}
    return [column for column in columns if column in places] or [ELSEWHERE]


def line(matrix: Matrix, names: Namer, key: tuple[str, str], cells: Mapping[str, list[Row]], columns: list[str]) -> Line:
    """One row of the table."""
    part, thing = key
    marks = tuple(marks_of(matrix, names, key, column, cells.get(column, [])) for column in columns)
    return Line(names.named(thing), part, marks, len({value(row["fact"]) for found in cells.values() for row in found}))


def marks_of(matrix: Matrix, names: Namer, key: tuple[str, str], column: str, found: list[Row]) -> tuple[Mark, ...]:
    """The marks of a cell, a state each."""
    states: dict[str, dict[str, str]] = {}
    for row in found:
        status = named_in(row, "status")
        state = "printed" if "printed" in row else (tone(status) or ("other" if matrix.stated and not matrix.worded else "told"))
        states.setdefault(state, {})[value(row["fact"])] = status
    return tuple(mark(matrix, names, key, column, state, states[state]) for state in STATES if state in states)


def mark(matrix: Matrix, names: Namer, key: tuple[str, str], column: str, state: str, facts: Mapping[str, str]) -> Mark:
    """A mark that leads to its fact, or to the list of its facts."""
    sign, said = STATES[state]
    statuses = sorted({names.named(status).text for status in facts.values() if status}, key=str.casefold)
    text = ", ".join(statuses) if matrix.worded and statuses else f"{sign} {len(facts)}".strip() if state != "printed" else sign
    heard = ", ".join(statuses) or str(said)
    if len(facts) == 1:
        return Mark(state, tuple(facts), text, heard, names.named(next(iter(facts))).href)
    chosen = [(key[0], last_name(key[1])), ("territoire", last_name(column) if column else NONE)]
    chosen += [("statut", last_name(status)) for status in sorted(set(facts.values())) if status and not matrix.worded]
    return Mark(state, tuple(sorted(facts)), text, heard, f"{request.root_path}/liste/{matrix.cls}?{urlencode(chosen)}")


def flat(matrix: Matrix, table: Filled) -> tuple[list[str], list[list[str | float | int]]]:
    """The table as it is seen, in words: state and number of facts in each cell."""
    header = [str(TITLES[matrix.facet]), *(column.text for column in table.columns), gettext("Facts")]
    records: list[list[str | float | int]] = [
        [each.name.text, *("; ".join(f"{mark.said} ({len(mark.facts)})" for mark in cell) for cell in each.cells), each.total]
        for each in table.lines
    ]
    return header, [*records, [gettext("Facts"), *table.totals, table.total]]


def structured(matrix: Matrix, table: Filled) -> object:
    """The table as data: rows, columns, and the facts of each cell by state."""
    return {
        "title": str(matrix.title),
        "columns": [{"name": column.text, "iri": column.iri or None} for column in table.columns],
        "rows": [
            {
                "name": each.name.text,
                "iri": each.name.iri,
                "part": each.part,
                "cells": [[{"state": mark.state, "said": mark.said, "facts": mark.facts} for mark in cell] for cell in each.cells],
                "facts": each.total,
            }
            for each in table.lines
        ],
        "facts": {"columns": table.totals, "all": table.total},
    }
