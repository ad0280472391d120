"""The tables made from the facts: their cells against the graph, their totals, their exports."""

import csv
import io
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.vocabulary import CANONICAL_BASE
from territoires.web.matrices import MATRICES

PREFIXES = f"BASE <{CANONICAL_BASE}> PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
Cells = dict[tuple[str, str], list[dict[str, Any]]]


def cells(client: FlaskClient, name: str) -> Cells:
    """(Row, column) -> the marks of a table's cell, by the last names of both."""
    table = json.loads(client.get(f"/tableaux/{name}.json").text)
    columns = [(column["iri"] or "").rpartition("/")[2] for column in table["columns"]]
    return {
        (row["iri"].rpartition("/")[2], column): marks
        for row in table["rows"]
        for column, marks in zip(columns, row["cells"], strict=True)
        if marks
    }


def pairs(app: Flask, pattern: str) -> set[tuple[str, str]]:
    """The last names of ?row and ?column where a pattern holds."""
    found = app.extensions["territoires"].store.query(f"{PREFIXES} SELECT DISTINCT ?row ?column {{ {pattern} }}")
    return {(row["row"].value.rpartition("/")[2], row["column"].value.rpartition("/")[2]) for row in found}


def test_printed_table(app: Flask, client: FlaskClient) -> None:
    """The thirty-two cells of the printed table are marked as such, and no other."""
    printed = {key for key, marks in cells(client, "types-d-action").items() if any(mark["state"] == "printed" for mark in marks)}
    assert printed == pairs(app, "?cell tdp:assignedActionType ?row ; tdp:assignedTerritory ?column")
    assert len(printed) == 32
    assert sum(row == "cluster" for row, _ in printed) == sum(row == "accompagnement-reprise-creation" for row, _ in printed) == 6
    assert ("cluster", "vallee-de-la-dore-livradois-forez") not in printed and ("ptce", "pays-ledonien") in printed


def test_planned_apart(client: FlaskClient) -> None:
    """What is planned isn't taken for done: the glass school of Bresle-Yères, the wood plan's funding."""
    (marks,) = [cells(client, "types-d-action")["formations", "pays-interregional-bresle-yeres"]]
    assert {mark["state"] for mark in marks} == {"printed", "plan"}
    assert [mark["state"] for mark in cells(client, "financeurs")["ademe-bretagne", "pays-centre-ouest-bretagne"]] == ["plan"]
    assert [mark["state"] for mark in cells(client, "financeurs")["interreg", "pays-centre-ouest-bretagne"]] == ["done"]


def test_refused_and_absent(client: FlaskClient) -> None:
    """A refusal, a declared absence and silence are three things."""
    refused = cells(client, "candidatures")["grappes-d-entreprises-2010", "pays-centre-ouest-bretagne"]
    assert [mark["state"] for mark in refused] == ["refused"]
    absent = cells(client, "rset")["equipements-interentreprises", "pays-de-langres"]
    assert [mark["state"] for mark in absent] == ["refused"]
    assert {row for row, column in cells(client, "rset") if column == "pays-de-chaumont"} == set()
    assert [mark["state"] for mark in cells(client, "clusters")["aria-alsace", "pays-bruche-mossig-piemont"]] == ["refused"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (
            "conseils",
            """?x a tdp:Recommendation ; tdp:hasTheme/skos:broader* ?row ; tdp:statedBy ?column .
               ?sheet a tdp:FactSheet ; tdp:describes ?column""",
        ),
        (
            "obstacles",
            "?x a tdp:Obstacle ; tdp:hasTheme/skos:broader* ?row ; tdp:statedBy ?column . ?sheet a tdp:FactSheet ; tdp:describes ?column",
        ),
        (
            "clusters",
            """{ ?x tdp:relatedCluster ?row ; tdp:relatedTerritory ?place }
               UNION { ?x tdp:absenceSubject ?row ; tdp:absentObject ?place ; tdp:absentRelation ?kind }
               ?place ^tdp:candidateReferent? ?column . ?sheet a tdp:FactSheet ; tdp:describes ?column""",
        ),
        (
            "rset",
            """?x a tdp:RSETStatement ; tdp:rsetKind/skos:broader* ?row ; tdp:aboutTerritory ?place .
               ?place ^tdp:candidateReferent? ?column . ?sheet a tdp:FactSheet ; tdp:describes ?column""",
        ),
    ],
)
def test_cells(app: Flask, client: FlaskClient, name: str, pattern: str) -> None:
    """A cell has a mark where the graph has a fact, and nowhere else."""
    wanted = pairs(app, pattern)
    assert {(row, column) for row, column in cells(client, name) if column} == wanted and wanted


@pytest.mark.parametrize("name", MATRICES)
def test_marks_lead_to_their_facts(client: FlaskClient, name: str) -> None:
    """A mark of several facts leads to the list of just these; a mark of one, to the fact."""
    table = json.loads(client.get(f"/tableaux/{name}.json").text)
    page = client.get(f"/tableaux/{name}", headers={"Accept": "text/html"}).text
    hrefs = [unescape(href) for href in re.findall(r'<a class="mark[^"]*" href="([^"]+)"', page)]
    marks = [mark for row in table["rows"] for cell in row["cells"] for mark in cell]
    assert len(hrefs) == len(marks) > 5
    for href, mark in zip(hrefs, marks, strict=True):
        if len(mark["facts"]) == 1:
            assert CANONICAL_BASE + href.removeprefix("/") == mark["facts"][0]
        else:
            place = urlsplit(href)
            listed = csv.DictReader(io.StringIO(client.get(f"{place.path}.csv?{place.query}").text, newline=""))
            assert {row["iri"] for row in listed} == set(mark["facts"]), href


@pytest.mark.parametrize("name", MATRICES)
def test_page_and_exports(client: FlaskClient, read_page: Callable[[str], Any], name: str) -> None:
    """Headings have a scope; totals count each fact once; CSV and XLSX hold the cells that the page shows."""
    table = json.loads(client.get(f"/tableaux/{name}.json").text)
    page = read_page(client.get(f"/tableaux/{name}", headers={"Accept": "text/html", "Accept-Language": "en"}).text)
    assert all("scope" in cell for cell in page.all("th")) and len(page.all("table")) == 1
    facts = {fact for row in table["rows"] for cell in row["cells"] for mark in cell for fact in mark["facts"]}
    assert table["facts"]["all"] == len(facts)
    header, *records = csv.reader(io.StringIO(client.get(f"/tableaux/{name}.csv").text, newline=""))
    assert header[1:-1] == [column["name"] for column in table["columns"]]
    assert len(records) == len(table["rows"]) + 1 and records[-1][-1] == str(len(facts))
    assert [bool(cell) for row in records[:-1] for cell in row[1:-1]] == [bool(cell) for row in table["rows"] for cell in row["cells"]]
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/tableaux/{name}.xlsx").data)).active
    assert [["" if cell is None else str(cell) for cell in line] for line in sheet.iter_rows(values_only=True)] == [header, *records]


def test_addresses(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """/tableaux leads to every table; a table that is none is 404, a format that is none 406."""
    page = read_page(client.get("/tableaux").text)
    assert {f"/tableaux/{name}" for name in MATRICES} <= set(page.links)
    assert client.get("/tableaux/personne").status_code == client.get("/tableaux/conseils.ttl").status_code == 404
    assert client.get("/tableaux/conseils?format=ttl").status_code == 406
