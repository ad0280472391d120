"""Territories side by side: what stands in the cells, what is told apart, what can't be compared."""

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

HTML = {"Accept": "text/html"}
BOTH = "t=pays-de-langres&t=pays-de-chaumont"


def compared(client: FlaskClient, query: str) -> dict[str, dict[str, str]]:
    """What is compared -> territory -> value, from the CSV."""
    rows = csv.DictReader(io.StringIO(client.get(f"/comparer.csv?{query}").text, newline=""))
    return {row.pop("Ce qui est comparé"): row for row in rows}


def test_values(client: FlaskClient) -> None:
    """Figures have their year and qualifier, forms their time, statuses their name; silence is an empty cell."""
    found = compared(client, f"{BOTH}&t=pays-bruche-mossig-piemont&t=pays-centre-ouest-bretagne")
    assert found["Habitants"]["Pays de Langres"] == "46\u202f462 (2015)"
    assert found["Habitants"]["Pays Bruche Mossig Piémont"] == "105\u202f000 (2015, arrondi)"
    assert found["EPCI"]["Pays Centre Ouest Bretagne"] == "8 (2016) | 5 (2017)"
    assert found["Forme juridique"]["Pays de Langres"] == "association (Avant 2016) | PETR (Depuis 2016)"
    assert found["Cluster"]["Pays de Langres"] == "Nogentech (partenariat)"
    assert "Nogentech (présence)" in found["Cluster"]["Pays de Chaumont"]
    assert "dialogue Pays-entreprises sur la RSET (déclarée absente)" in found["Pratique RSET"]["Pays Centre Ouest Bretagne"]
    assert found["Pratique RSET"]["Pays de Chaumont"] == ""


def test_double_heading(client: FlaskClient) -> None:
    """The double heading has its own figures, and what its two referents have."""
    found = compared(client, "t=vallee-de-la-dore-livradois-forez&t=pays-ledonien")
    name = "Pays Vallée de la Dore / PNR Livradois-Forez"
    assert found["Habitants"][name] == "82\u202f569 (2015)"
    assert "Méca (présence)" in found["Cluster"][name]
    assert "syndicat mixte ouvert" in found["Forme juridique"][name]


def test_differences(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Rows that are the same everywhere are told from those that differ, and values in common are marked."""
    text = client.get(f"/comparer?{BOTH}", headers=HTML).text
    page = read_page(text)
    kinds = [row["class"] for row in page.all("tr") if row.get("class") in ("same", "differs")]
    rows = [texts for path, texts in page.texts if path.endswith("tr/th") and texts not in ("Pays de Langres", "Pays de Chaumont")]
    assert {"Région", "Département"} <= set(rows)
    assert kinds.count("same") == text.count(">identique<") >= 2 and "differs" in kinds
    assert "en commun" in page.text_of("span")
    assert all("scope" in cell for cell in page.all("th"))


def test_order_and_columns(client: FlaskClient) -> None:
    """The columns stand as the address has them, each once."""
    header = client.get("/comparer.csv?t=pays-ledonien&t=pays-de-langres&t=pays-ledonien").text.partition("\r\n")[0]
    assert header == "Ce qui est comparé,Pays Lédonien,Pays de Langres"


def test_exports(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """CSV, XLSX and JSON hold the same cells; the page leads to each."""
    found = compared(client, BOTH)
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/comparer.xlsx?{BOTH}").data)).active
    _, *lines = sheet.iter_rows(values_only=True)
    assert {str(name): [langres or "", chaumont or ""] for name, langres, chaumont in lines} == {
        k: list(v.values()) for k, v in found.items()
    }
    listed = client.get(f"/comparer?{BOTH}", headers={"Accept": "application/json"}).json
    assert [row["Ce qui est comparé"] for row in listed] == list(found)
    links = read_page(client.get(f"/comparer?{BOTH}", headers=HTML).text).links
    assert {f"/comparer.{name}?{BOTH}" for name in ("csv", "xlsx", "json")} <= set(links)


def test_form(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Without a choice there is a form with the nine territories; the list of territories has the same."""
    page = read_page(client.get("/comparer", headers=HTML).text)
    boxes = {box["value"] for box in page.all("input") if box.get("name") == "t"}
    assert len(boxes) == 9 and not page.all("table")
    listed = read_page(client.get("/liste/ProjectTerritory", headers=HTML).text)
    assert {box["value"] for box in listed.all("input") if box.get("name") == "t"} == boxes
    assert {"id": "compare", "action": "/comparer", "method": "get"} in listed.all("form")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("t=atlantis&t=pays-de-langres", "« atlantis »"),
        ("t=pays-de-langres", "deux à quatre"),
        (f"{BOTH}&t=pays-ledonien&t=pays-midi-quercy&t=pays-de-thierache", "5 territoires"),
        ("t=%3Cscript%3Ealert(1)%3C/script%3E&t=x", "Aucune fiche"),
        ("t=", "Aucune fiche"),
    ],
)
def test_what_cannot_be_compared(client: FlaskClient, read_page: Callable[[str], Any], query: str, said: str) -> None:
    """A wrong choice is told in a sentence above the form, and to programs as a problem."""
    response = client.get(f"/comparer?{query}", headers=HTML)
    page = read_page(response.text)
    (notice,) = [
        text for path, text in page.texts if (path.endswith("main/p") and "fiche" in text) or ("territoires" in text and "main/p" in path)
    ][:1]
    assert response.status_code == 400 and said in notice
    assert "<script>a" not in response.text
    problem = client.get(f"/comparer.csv?{query}")
    assert problem.status_code == 400 and said in problem.json["detail"]


def test_not_for_search_engines(client: FlaskClient) -> None:
    """The form may be found, a comparison not; a suffix that is no format is 404."""
    assert "X-Robots-Tag" not in client.get("/comparer", headers=HTML).headers
    assert client.get(f"/comparer?{BOTH}", headers=HTML).headers["X-Robots-Tag"] == "noindex"
    assert client.get(f"/comparer.pdf?{BOTH}").status_code == 404
    assert client.get(f"/comparer?{BOTH}&format=ttl").status_code == 406


def test_nothing_chosen(client: FlaskClient) -> None:
    """Without a choice a program gets a table without rows."""
    assert client.get("/comparer.csv").text == "Ce qui est comparé\r\n" and client.get("/comparer.json").json == []
