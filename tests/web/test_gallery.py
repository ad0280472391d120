"""The gallery of questions: list, parameters, answers in each format, the chart."""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
import rdflib
from flask import Flask

from territoires.knowledge.queries import QueryLibrary

BASE = "https://w3id.org/territoires-de-projet/"


@pytest.fixture(scope="module")
def names(app: Flask) -> tuple[str, ...]:
    """The names of all questions."""
    library: QueryLibrary = app.extensions["territoires"].questions
    return library.names()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_list(app: Flask, names: tuple[str, ...], language: str) -> None:
    """Every question is listed by its title, under a theme in the reader's language."""
    page = app.test_client().get("/queries", headers={"Accept-Language": language}).text
    assert len(names) >= 40 and all(f'href="/queries/{name}"' in page for name in names)
    assert ("Tableaux du mémento" in page) == (language == "fr")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_question_has_a_page(app: Flask, names: tuple[str, ...], language: str) -> None:
    """Each page answers, in both languages, with a heading, the query, and a table or a yes or no."""
    for name in names:
        answer = app.test_client().get(f"/queries/{name}", headers={"Accept": "text/html", "Accept-Language": language})
        assert answer.status_code == 200, name
        assert "<tbody>" in answer.text or 'class="boolean"' in answer.text, name
        assert (answer.text.count("<h1") == 1 and "SELECT" in answer.text) or "ASK" in answer.text


def test_formats(app: Flask) -> None:
    """The same answer as CSV and JSON, by suffix and by Accept."""
    client = app.test_client()
    table = list(csv.DictReader(io.StringIO(client.get("/queries/territories-by-inhabitants.csv").text)))
    bindings = json.loads(client.get("/queries/territories-by-inhabitants", headers={"Accept": "application/json"}).text)["results"][
        "bindings"
    ]
    assert len(table) == len(bindings) == 9
    assert table[0]["name"] == bindings[0]["name"]["value"] == "Pays Bruche Mossig Piémont"


@pytest.mark.parametrize("name", ["ttl", "nt", "rdf", "jsonld"])
def test_answer_as_rdf(app: Flask, name: str, read_graph: Callable[..., rdflib.Graph]) -> None:
    """The table as an rs:ResultSet holds each value of the CSV, row by row."""
    client = app.test_client()
    table = list(csv.DictReader(io.StringIO(client.get("/queries/territories-by-inhabitants.csv").text)))
    graph = read_graph(client.get(f"/queries/territories-by-inhabitants.{name}").data, name)
    rs = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/result-set#")
    found = {}
    for row in graph.objects(None, rs.solution):
        bindings = list(graph.objects(row, rs.binding))
        found[int(graph.value(row, rs["index"]))] = {
            str(graph.value(each, rs.variable)): str(graph.value(each, rs.value)) for each in bindings
        }
    assert [found[rank + 1] for rank in range(len(found))] == table


def test_yes_or_no(app: Flask, names: tuple[str, ...]) -> None:
    """An ASK has no CSV: 406 names what there is."""
    library: QueryLibrary = app.extensions["territoires"].questions
    asks = [name for name in names if "\nASK" in library.find(name).text]
    assert asks
    for name in asks[:2]:
        refused = app.test_client().get(f"/queries/{name}.csv")
        assert refused.status_code == 406 and "text/turtle" in refused.json["available"]
        assert "boolean" in app.test_client().get(f"/queries/{name}.ttl").text


@pytest.mark.parametrize("value", [BASE + "id/territoire/pays-midi-quercy", "id/territoire/pays-midi-quercy"])
def test_parameter(app: Flask, value: str) -> None:
    """A parameter is an IRI, own ones also by path; the form offers the others of its kind."""
    page = app.test_client().get("/queries/holders-of-post", query_string={"territory": value}, headers={"Accept": "text/html"}).text
    assert "Philippe DARBOIS" in page
    assert re.search(r'<option value="[^"]*pays-midi-quercy" selected>', page)
    assert "Pays de Langres</option>" in page


@pytest.mark.parametrize("value", ["urn:x> } DROP ALL #", "http://example.org/{", 'a:"'])
def test_hostile_parameter(app: Flask, value: str) -> None:
    """What is no IRI is refused in a sentence; it never reaches the query's text."""
    answer = app.test_client().get("/queries/holders-of-post", query_string={"territory": value})
    assert answer.status_code == 400 and "territory" in answer.get_data(as_text=True)


def test_unknown_question(app: Flask) -> None:
    """An unknown name is 404."""
    assert app.test_client().get("/queries/no-such-question").status_code == 404


def test_chart(app: Flask) -> None:
    """Numbers by name come with bars, the longest for the greatest; an answer without numbers has none."""
    page = app.test_client().get("/queries/territories-by-inhabitants", headers={"Accept": "text/html"}).text
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', page)]
    assert len(widths) == 9 and widths == sorted(widths, reverse=True)
    assert 'class="chart"' not in app.test_client().get("/queries/holders-of-post", headers={"Accept": "text/html"}).text


def test_csv_with_names(app: Flask) -> None:
    """A CSV to be read has what things are called, in the language that is asked for, beside their IRIs; the other one is SPARQL's."""
    client, path = app.test_client(), "/queries/territories-with-clusters-of-sector-and-funders.csv"
    for language, kind in (("fr", "appui"), ("en", "support")):
        header, *found = csv.reader(io.StringIO(client.get(f"{path}?names=1&lang={language}").text))
        first = dict(zip(header, found[0], strict=True))
        assert header[:3] == ["territory", "cluster", "kind"] and len(found) == len(client.get(path).text.splitlines()) - 1
        assert (first["territory"], first["cluster"], first["kind"]) == ("Pays Centre Ouest Bretagne", "SITCOB", kind)
        assert first["cluster_iri"] == f"{BASE}id/cluster/sitcob"
    assert "SITCOB" not in client.get(path).text
    for value in ("0", "", "oui"):
        refused = client.get(f"{path}?names={value}")
        assert refused.status_code == 400 and "names" in refused.text
    page = client.get("/queries/territories-with-clusters-of-sector-and-funders?lang=en", headers={"Accept": "text/html"}).text
    assert "names=1&amp;lang=en" in page and ".csv?names=1&amp;lang=en" in client.get("/?lang=en", headers={"Accept": "text/html"}).text
