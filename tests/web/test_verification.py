"""/verification: printed figures beside those counted anew, in each format."""

import csv
import io
import json

import openpyxl
import pytest
from flask.testing import FlaskClient

DAYS = 7


def territories(client: FlaskClient) -> dict[str, dict]:
    """The JSON by the last part of a territory's IRI."""
    return {each["iri"].rpartition("/")[2]: each for each in json.loads(client.get("/verification.json").text)["territories"]}


def test_six_of_nine_agree_to_the_inhabitant(client: FlaskClient) -> None:
    """The page says so, and the JSON holds it; what differs leads to a discrepancy."""
    found = territories(client)
    inhabitants = {name: each["printed"][0] for name, each in found.items()}
    assert len(found) == 9
    assert {name for name, figure in inhabitants.items() if figure["difference"]} == {
        "pays-bruche-mossig-piemont",
        "pays-interregional-bresle-yeres",
        "vallee-de-la-dore-livradois-forez",
    }
    assert all(figure["discrepancies"] for figure in inhabitants.values() if figure["difference"])
    page = client.get("/verification", headers={"Accept": "text/html", "Accept-Language": "en"}).text
    assert "6 of 9 fact sheets" in page and page.count('class="badge badge-done">0<') == 6 + 9 + 8


def test_printed_figures_stay_as_they_are(client: FlaskClient) -> None:
    """Bruche Mossig Piémont: 105 000 printed, 120 147 counted; five EPCI printed, six counted; membership inferred."""
    each = territories(client)["pays-bruche-mossig-piemont"]
    figures = {figure["measure"]: (figure["printed"], figure["recomputed"], figure["difference"]) for figure in each["printed"]}
    assert figures == {"inhabitants": (105000, 120147, -15147), "communeCount": (83, 83, 0), "epciCount": (5, 6, -1)}
    assert {state["membership"] for state in each["states"]} == {"deduite"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page_is_whole_in_each_language(client: FlaskClient, language: str) -> None:
    """Each territory with each of its days, the queries behind it, and a way to them."""
    page = client.get("/verification", headers={"Accept": "text/html", "Accept-Language": language}).text
    assert page.count("2014-01-01</a>") == page.count("2026-01-01</a>") == 9
    assert "queries/views/verification.rq" in page and "tdp:hasMemberTerritory" in page


def test_the_same_as_a_table(client: FlaskClient) -> None:
    """CSV and XLSX hold a line for each territory, day and measure; the printed figure stands where there is one."""
    header, *records = csv.reader(io.StringIO(client.get("/verification.csv?lang=en", headers={"Accept-Language": "en"}).text, newline=""))
    assert header == ["Territory", "IRI", "Measure", "Day", "Census", "Printed", "Counted anew", "Difference", "Membership"]
    assert len(records) == 9 * DAYS * 3 and sum(record[5] != "" for record in records) == 27
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/verification.xlsx").data)).active
    assert sheet is not None and sheet.max_row == 1 + len(records)


def test_formats_and_ways(client: FlaskClient) -> None:
    """By suffix, parameter and header; one that there is none of is 404 by suffix, 406 by header; pages lead here."""
    assert client.get("/verification?format=csv").content_type == client.get("/verification.csv").content_type
    assert client.get("/verification", headers={"Accept": "application/json"}).is_json
    assert client.get("/verification.ttl").status_code == 404
    assert client.get("/verification", headers={"Accept": "text/turtle"}).status_code == 406
    for path in ("/qualite", "/id/territoire/pays-de-langres"):
        page = client.get(path, headers={"Accept": "text/html"}, follow_redirects=True).text
        assert 'href="/verification"' in page, path
