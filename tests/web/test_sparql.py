"""The SPARQL endpoint over HTTP: SPARQL 1.1 Protocol, result formats, service description, page, errors (B8, B23–B28, B31)."""

import ast
import csv
import io
import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from xml.etree import ElementTree

import pyoxigraph
import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from rdflib.compare import isomorphic
from SPARQLWrapper import JSON, JSONLD, POST, RDFXML, TURTLE, XML, SPARQLWrapper
from werkzeug.test import TestResponse

from territoires.errors import QueryFailed
from territoires.formats import GRAPH, SOLUTIONS, Format
from territoires.results import WHOLE, Answer, Dataset
from territoires.settings import Settings
from territoires.store import Store
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.answering import LONGEST_ADDRESS
from territoires.web.app import MAX_BODY, create_app
from territoires.web.editor import SHOWN_ROWS
from territoires.web.snippets import python_text, r_text, snippets

PREFIXES = f"""PREFIX tdp: <{CANONICAL_BASE}def#>
PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX dim: <http://purl.org/linked-data/sdmx/2009/dimension#>
"""
NINE = "?sheet a tdp:FactSheet ; tdp:describes ?territory . ?observation dim:refArea ?territory ; "
LANGRES = f"""{PREFIXES}SELECT ?inhabitants {{
  ?o dim:refArea <{CANONICAL_BASE}id/territoire/pays-de-langres> ; dim:refPeriod <{CANONICAL_BASE}id/periode/2015> ;
     tdp:inhabitants ?inhabitants }}"""
SUMS = f"""{PREFIXES}SELECT ?inhabitants ?communes ?epci {{
  {{ SELECT (SUM(?n) AS ?inhabitants) {{ {NINE} tdp:inhabitants ?n }} }}
  {{ SELECT (SUM(?n) AS ?communes) {{ {NINE} tdp:communeCount ?n }} }}
  {{ SELECT (SUM(?n) AS ?epci) {{ {NINE} tdp:epciCount ?n ; dim:refPeriod <{CANONICAL_BASE}id/periode/2016> }} }} }}"""
CELLS = f"{PREFIXES}SELECT (COUNT(?cell) AS ?cells) {{ ?cell a tdp:ActionTypeAssignment }}"
CONSTRUCT = f"CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?s {{ <{CANONICAL_BASE}id/territoire/pays-de-langres> }} ?s ?p ?o }}"
TRICKY = [
    "plain",
    "",
    'say "hello", then\nleave\ttab',
    "100 % + & = é ; # ? %2B %25 %C3%A9",
    "emoji 😀 and 中文",
    "a\r\nb",
    "=1+1",
    "back\\slash",
    "<script>alert(1)</script>",
]
TERMS = f"""SELECT ?x ?unbound {{ VALUES ?x {{
  <http://example.org/é> {" ".join(json.dumps(text, ensure_ascii=False) for text in TRICKY)}
  "bonjour"@fr-FR 1.50 1e3 "INF"^^<http://www.w3.org/2001/XMLSchema#double> true
  "0987-06-01"^^<http://www.w3.org/2001/XMLSchema#date> 123456789012345678901234567890 }} }}"""
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"


def get(client: FlaskClient, text: str, accept: str | None = None, **parameters: str) -> TestResponse:
    """The answer to a query by GET."""
    return client.get(f"/sparql?{urlencode({'query': text, **parameters})}", headers={"Accept": accept} if accept else {})


def values(response: TestResponse | Any) -> list[tuple[str, ...]]:
    """The rows of a JSON result, values only."""
    found = json.loads(response.data)
    return [tuple(row[name]["value"] for name in found["head"]["vars"] if name in row) for row in found["results"]["bindings"]]


# Three ways to send a query


def by_get(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.1, spaces as %20."""
    return client.get(f"/sparql?query={quote(text, safe='')}")


def by_get_plus(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.1, spaces as plus signs, as forms encode."""
    return client.get(f"/sparql?query={quote_plus(text)}")


def by_get_raw(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.1 with letters left in UTF-8."""
    sent = b"query=" + quote(text, safe="éà😀中文").encode()
    return client.get("/sparql", environ_overrides={"QUERY_STRING": sent.decode("latin-1")})


def by_form(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.2."""
    return client.post("/sparql", data=urlencode({"query": text}).encode(), content_type=FORM)


def by_form_charset(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.2, as JavaScript clients name the type."""
    return client.post("/sparql", data=urlencode({"query": text}).encode(), content_type=f"{FORM}; charset=UTF-8")


def by_raw_form(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.2, as curl -d sends a text: letters in UTF-8, only the signs that would end it encoded."""
    escaped = text.replace("%", "%25").replace("+", "%2B").replace("&", "%26")
    return client.post("/sparql", data=f"query={escaped}".encode(), content_type=FORM)


def by_direct_post(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.3."""
    return client.post("/sparql", data=text.encode(), content_type=DIRECT)


def by_direct_post_charset(client: FlaskClient, text: str) -> TestResponse:
    """§2.1.3 with a charset."""
    return client.post("/sparql", data=text.encode(), content_type=f"{DIRECT}; charset=utf-8")


WAYS = [by_get, by_get_plus, by_get_raw, by_form, by_form_charset, by_raw_form, by_direct_post, by_direct_post_charset]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("text", TRICKY, ids=ascii)
def test_byte_exact(client: FlaskClient, way: Callable[[FlaskClient, str], TestResponse], text: str) -> None:
    """B25: %, +, &, é, emoji and CRLF reach the engine as they were sent, by every way of sending."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    response = way(client, f'SELECT ("""{escaped}""" AS ?x) ("a+b%20c" AS ?y) {{ }}')
    assert response.status_code == 200
    assert values(response) == [(text, "a+b%20c")]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_answers(client: FlaskClient, way: Callable[[FlaskClient, str], TestResponse]) -> None:
    """The figures of the mémento, by every way of sending."""
    assert values(way(client, LANGRES)) == [("46462",)]
    assert values(way(client, SUMS)) == [("674884", "1107", "58")]
    assert values(way(client, CELLS)) == [("32",)]


# Result formats


@pytest.mark.parametrize("form", [form for form in SOLUTIONS if form.name != "csv"], ids=lambda form: form.name)
def test_solutions(app: Flask, client: FlaskClient, form: Format) -> None:
    """B34: JSON, XML and TSV hold the very terms that the engine found."""
    response = get(client, TERMS, form.media_type)
    assert (response.status_code, response.content_type) == (200, form.content_type)
    assert form.solutions is not None
    parsed = pyoxigraph.parse_query_results(response.data, format=form.solutions)
    expected = app.extensions["territoires"].store.query(TERMS)
    assert isinstance(parsed, pyoxigraph.QuerySolutions)
    assert [v.value for v in parsed.variables] == ["x", "unbound"]
    assert [row["x"] for row in parsed] == [row["x"] for row in expected]


LINES = "a\rb\r\nc\u0085d"


@pytest.mark.parametrize("name", [form.name for form in (*SOLUTIONS, *GRAPH)])
def test_line_breaks(client: FlaskClient, name: str) -> None:
    """B34: a carriage return comes back as it is from every format, XML too, where it must be a reference (XML 1.0 §2.11)."""
    solutions = name in {form.name for form in SOLUTIONS}
    value = r'"a\rb\r\nc\u0085d"'
    body = get(client, f"SELECT ({value} AS ?x) {{}}" if solutions else f"CONSTRUCT {{ <a:a> <a:p> {value} }} {{}}", format=name).data
    if name == "xml":
        found = ElementTree.fromstring(body).findtext(".//{http://www.w3.org/2005/sparql-results#}literal")
    elif name == "rdf":
        found = ElementTree.fromstring(body)[0][0].text
    elif name == "csv":
        found = [*csv.reader(io.StringIO(body.decode(), newline=""))][1][0]
    elif solutions:
        parsed = pyoxigraph.parse_query_results(body, format=next(form.solutions for form in SOLUTIONS if form.name == name))
        found = next(iter(parsed))["x"].value
    else:
        found = next(iter(pyoxigraph.parse(body, format=next(form.rdf for form in GRAPH if form.name == name)))).object.value
    assert found == LINES


@pytest.mark.parametrize("character", [r"\u0000", r"\u0001", r"\u000C", r"\u001F", r"\uFFFE", r"\uFFFF"])
def test_characters_that_xml_lacks(client: FlaskClient, character: str) -> None:
    """B34: what XML can't hold never breaks it: such an answer is 406 in XML, and comes in any other format."""
    select, construct = f'SELECT ("{character}" AS ?x) {{}}', f'CONSTRUCT {{ <a:a> <a:p> "{character}" }} {{}}'
    for text, name in ((select, "xml"), (construct, "rdf")):
        refused = get(client, text, format=name)
        assert (refused.status_code, refused.mimetype) == (406, "application/problem+json")
        assert f"U+{character[2:]}" in refused.json["detail"]
    assert get(client, select, format="json").json["results"]["bindings"][0]["x"]["value"] == chr(int(character[2:], 16))
    assert get(client, construct, format="ttl").status_code == 200


@pytest.mark.parametrize(("form", "parser"), [("json", "json"), ("xml", "xml"), ("csv", "csv")])
def test_solutions_for_rdflib(client: FlaskClient, form: str, parser: str) -> None:
    """JSON, XML and CSV are read by rdflib too."""
    result = rdflib.query.Result.parse(io.BytesIO(get(client, SUMS, format=form).data), format=parser)
    assert [[str(value) for value in row] for row in result] == [["674884", "1107", "58"]]


def test_csv(client: FlaskClient) -> None:
    """B31: CSV has a header without question marks, CRLF, bare IRIs, and every text exact, formulas too."""
    response = get(client, TERMS, "text/csv")
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.data.startswith(b"x,unbound\r\nhttp://example.org/")
    read = list(csv.reader(io.StringIO(response.data.decode(), newline="")))
    assert [row[0] for row in read[2 : 2 + len(TRICKY)]] == TRICKY
    assert all(row[1] == "" for row in read[1:])


@pytest.mark.parametrize(("form", "expected"), [("json", {"head": {}, "boolean": True}), ("xml", None)])
def test_boolean(client: FlaskClient, form: str, expected: dict[str, Any] | None) -> None:
    """An ASK in JSON and XML."""
    response = get(client, "ASK {}", format=form)
    assert response.status_code == 200
    if expected:
        assert response.json == expected
    else:
        assert rdflib.query.Result.parse(io.BytesIO(response.data), format="xml").askAnswer is True


@pytest.mark.parametrize("form", GRAPH, ids=lambda form: form.name)
@pytest.mark.parametrize("kind", ["CONSTRUCT", "DESCRIBE"])
def test_graphs(app: Flask, client: FlaskClient, form: Format, kind: str, read_graph: Callable[..., rdflib.Graph]) -> None:
    """A CONSTRUCT and a DESCRIBE hold the same triples in every format, for pyoxigraph and for rdflib."""
    text = CONSTRUCT if kind == "CONSTRUCT" else f"DESCRIBE <{CANONICAL_BASE}id/territoire/pays-de-langres>"
    response = get(client, text, form.media_type)
    assert (response.status_code, response.content_type) == (200, form.content_type)
    assert form.rdf is not None
    parsed = {quad.triple for quad in pyoxigraph.parse(response.data, format=form.rdf)}
    expected = set(app.extensions["territoires"].store.query(text))
    assert len(expected) > 5
    assert parsed == expected
    if form.name not in ("trig", "nq"):
        turtle = get(client, text, format="ttl").data
        assert isomorphic(read_graph(response.data, form.name), read_graph(turtle, "ttl"))


@pytest.mark.parametrize(
    ("text", "accept", "status", "kind"),
    [
        ("SELECT * {}", "text/turtle", 406, "application/problem+json"),
        ("SELECT * {}", "image/png", 406, "application/problem+json"),
        ("ASK {}", "text/csv", 406, "application/problem+json"),
        ("ASK {}", "text/csv, */*;q=0.1", 200, "application/sparql-results+json"),
        (CONSTRUCT, "application/sparql-results+json", 406, "application/problem+json"),
        (CONSTRUCT, "text/plain", 200, "application/n-triples"),
        ("SELECT * {}", "application/json", 200, "application/sparql-results+json"),
        ("SELECT * {}", "application/xml", 200, "application/sparql-results+xml"),
        ("SELECT * {}", "text/html", 200, "text/html"),
        (CONSTRUCT, "text/html", 200, "text/html"),
        ("ASK {}", "text/html", 200, "text/html"),
        ("SELECT * {}", None, 200, "application/sparql-results+json"),
        (CONSTRUCT, None, 200, "text/turtle"),
    ],
)
def test_negotiation(client: FlaskClient, text: str, accept: str | None, status: int, kind: str) -> None:
    """B6, B8: a format that doesn't fit the kind of answer is 406; HTML is a page, never raw JSON."""
    response = get(client, text, accept)
    assert (response.status_code, response.mimetype) == (status, kind)
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize("text", ["SELECT (1+1 AS ?x) {}", "ASK {}", CONSTRUCT])
def test_406_keeps_the_query(client: FlaskClient, text: str) -> None:
    """B6: the addresses that a 406 lists run the same query in the listed format."""
    response = get(client, text, "image/png", lang="en")
    assert response.status_code == 406
    assert len(response.json["available"]) > 2
    for media_type, address in response.json["available"].items():
        found = client.get(address)
        assert (found.status_code, found.mimetype) == (200, media_type)
    assert get(client, text, format="bogus").status_code == 406


# Dataset


@pytest.fixture(scope="module")
def two_graphs(app: Flask) -> list[tuple[str, str]]:
    """Two named graphs with their number of triples."""
    text = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?n ?g"
    found = [(row["g"].value, row["n"].value) for row in app.extensions["territoires"].store.query(text)]
    assert found[0][1] != found[-1][1], "two sizes tell two graphs apart"
    return [found[0], found[-1]]


IN_DEFAULT = "SELECT (COUNT(*) AS ?n) FROM… { ?s ?p ?o }"
IN_NAMED = "SELECT (COUNT(DISTINCT ?g) AS ?n) FROM… { GRAPH ?g { ?s ?p ?o } }"


@pytest.mark.parametrize("method", ["GET", "POST form", "POST direct"])
def test_protocol_dataset(client: FlaskClient, two_graphs: list[tuple[str, str]], method: str) -> None:
    """B26: default-graph-uri and named-graph-uri, repeated, are the whole dataset and stand above FROM (§2.1.4)."""
    (first, in_first), (second, in_second) = two_graphs
    both = str(int(in_first) + int(in_second))

    def count(text: str, said: str, *parameters: tuple[str, str]) -> str:
        query, extra = text.replace("FROM…", said), list(parameters)
        if method == "GET":
            response = client.get(f"/sparql?{urlencode([('query', query), *extra])}")
        elif method == "POST form":
            response = client.post("/sparql", data=urlencode([("query", query), *extra]), content_type=FORM)
        else:
            response = client.post(f"/sparql?{urlencode(extra)}", data=query, content_type=DIRECT)
        assert response.status_code == 200
        return values(response)[0][0]

    default, named = "default-graph-uri", "named-graph-uri"
    assert count(IN_DEFAULT, f"FROM <{first}>") == in_first
    assert count(IN_DEFAULT, "", (default, first)) == in_first
    assert count(IN_DEFAULT, "", (default, first), (default, second)) == both
    assert count(IN_DEFAULT, f"FROM <{first}>", (default, second)) == in_second
    assert count(IN_NAMED, "", (named, first)) == "1"
    assert count(IN_NAMED, "", (named, first), (named, second)) == "2"
    assert count(IN_NAMED, f"FROM NAMED <{first}>", (named, second), (named, first)) == "2"
    assert count(IN_NAMED, "", (default, second)) == "0", "no named graph was given"
    assert count(IN_DEFAULT, "", (named, first)) == "0", "no default graph was given"
    assert count(IN_NAMED, f"FROM NAMED <{first}>", (default, second)) == "0", "FROM NAMED doesn't count"


def test_whole_dataset(client: FlaskClient) -> None:
    """Without a dataset the default graph is the merge of all named graphs, each triple once."""
    merged = values(get(client, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
    distinct = values(get(client, "SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } } }"))
    assert merged == distinct


@pytest.mark.parametrize("name", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize("value", ["not an IRI", "relative", "http://example.org/> }"])
def test_bad_graph(client: FlaskClient, name: str, value: str) -> None:
    """B26: a graph that is no IRI is the request's fault."""
    assert get(client, "ASK {}", **{name: value}).status_code == 400


# Service description


SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
FORMATS = rdflib.Namespace("http://www.w3.org/ns/formats/")
CLAIMED = {
    "SPARQL_Results_JSON": "json",
    "SPARQL_Results_XML": "xml",
    "SPARQL_Results_CSV": "csv",
    "SPARQL_Results_TSV": "tsv",
    "Turtle": "ttl",
    "N-Triples": "nt",
    "RDF_XML": "rdf",
    "JSON-LD": "jsonld",
    "TriG": "trig",
    "N-Quads": "nq",
}


@pytest.mark.parametrize("form", GRAPH[:4], ids=lambda form: form.name)
def test_service_description(client: FlaskClient, form: Format, read_graph: Callable[..., rdflib.Graph]) -> None:
    """B27: GET without a query describes the service, in every RDF format, and each claim holds."""
    response = client.get("/sparql", headers={"Accept": form.media_type})
    assert (response.status_code, response.content_type) == (200, form.content_type)
    described = read_graph(response.data, form.name)
    (service,) = described.subjects(rdflib.RDF.type, SD.Service)
    assert described.value(service, SD.endpoint) == rdflib.URIRef("http://localhost/sparql")
    assert set(described.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert set(described.objects(service, SD.feature)) == {SD.UnionDefaultGraph}
    claimed = {str(value).removeprefix(str(FORMATS)) for value in described.objects(service, SD.resultFormat)}
    assert claimed == set(CLAIMED)
    assert set(CLAIMED.values()) == {form.name for form in (*SOLUTIONS, *GRAPH)}
    for name in CLAIMED.values():
        text = "SELECT * {}" if name in {form.name for form in SOLUTIONS} else CONSTRUCT
        assert get(client, text, format=name).status_code == 200
    assert client.head("/sparql", headers={"Accept": form.media_type}).content_type == form.content_type


def test_no_query_string(client: FlaskClient) -> None:
    """B27: without a query a browser gets the form; a client that asks for nothing gets Turtle; other parameters get 400."""
    assert client.get("/sparql", headers=BROWSER).mimetype == "text/html"
    assert client.get("/sparql", headers={"Accept": "*/*"}).mimetype == "text/turtle"
    assert client.get("/sparql?format=jsonld").mimetype == "application/ld+json"
    assert client.get("/sparql", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/sparql?output=json").status_code == 400


# The page


def test_form(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A browser finds a form with an example that runs."""
    page = read_page(client.get("/sparql", headers=BROWSER).text)
    assert {"action": "/sparql", "method": "get", "class": "editor"} in page.all("form")
    (example,) = page.text_of("textarea")
    assert example.startswith("PREFIX")
    assert not page.all("table")
    raw = client.get("/sparql", headers=BROWSER).text
    text = raw[raw.index(">", raw.index("<textarea")) + 1 : raw.index("</textarea>")].replace("&lt;", "<").replace("&gt;", ">")
    assert len(values(get(client, text))) == 9


def test_result_table(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A result is a table with a header for each variable; resources by name, linked here; downloads keep the query."""
    text = f"{PREFIXES}SELECT ?territory ?n {{ {NINE} tdp:inhabitants ?n }} ORDER BY ?n"
    page = read_page(get(client, text, BROWSER["Accept"]).text)
    assert page.text_of("th") == ["territory", "n"]
    assert len(page.all("td")) == 18
    assert "Pays de Langres" in page.text_of("td")
    assert "/id/territoire/pays-de-langres" in page.links
    assert set(page.text_of("textarea")) == {" ".join(text.split())}
    assert [button["value"] for button in page.all("button") if button.get("name") == "format"] == ["json", "xml", "csv", "tsv"]


@pytest.mark.parametrize(("text", "shown"), [("ASK {}", "Oui"), ("ASK { FILTER(false) }", "Non")])
def test_boolean_page(client: FlaskClient, read_page: Callable[[str], Any], text: str, shown: str) -> None:
    """An ASK is answered in a word."""
    assert shown in read_page(get(client, text, BROWSER["Accept"]).text).text_of("p")


def test_construct_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A CONSTRUCT is shown as a table of three columns."""
    page = read_page(get(client, CONSTRUCT, BROWSER["Accept"]).text)
    assert len(page.all("th")) == 3
    assert len(page.all("td")) % 3 == 0 and page.all("td")
    assert [button["value"] for button in page.all("button") if "name" in button] == [form.name for form in GRAPH]


def test_long_and_empty_results(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A long result is cut on the page, which says so; the download holds all. An empty one says that it is empty."""
    text = "SELECT * { ?s ?p ?o } LIMIT 700"
    page = read_page(get(client, text, BROWSER["Accept"]).text)
    assert len(page.all("tr")) == SHOWN_ROWS + 1
    assert any(attributes.get("role") == "status" for attributes in page.all("p"))
    assert len(values(get(client, text))) == 700
    empty = read_page(get(client, "SELECT * { ?s a <http://example.org/none> }", BROWSER["Accept"]).text)
    assert len(empty.all("tr")) == 1
    assert "Aucun résultat : rien dans le graphe ne correspond à cette requête." in empty.text_of("p")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT ?x\nWHERE {{ ?x", "Ligne 2, colonne"),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT (<http://example.org/f>(1) AS ?x) {}", "http://example.org/f"),
        ('SELECT "</textarea><script>alert(1)</script>', "Ligne 1"),
    ],
)
def test_error_page(client: FlaskClient, read_page: Callable[[str], Any], text: str, told: str) -> None:
    """B24: an error is told in a page with status 400, with the query still in the field."""
    for response in (get(client, text, BROWSER["Accept"]), client.post("/sparql", data=text, content_type=DIRECT, headers=BROWSER)):
        assert (response.status_code, response.mimetype) == (400, "text/html")
        page = read_page(response.text)
        assert page.text_of("textarea") == [" ".join(text.split())]
        (error,) = [attributes for attributes in page.all("p") if attributes.get("id") == "error"]
        assert error["role"] == "alert"
        assert told in " ".join(page.text_of("p"))
        assert all(script["src"].startswith("/static/built/") for script in page.all("script")) and not page.text_of("script")


def test_error_has_its_place(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The editor is told line and column of an error, to mark it there."""
    page = read_page(get(client, "SELECT * {\n ?s ?p }", BROWSER["Accept"]).text)
    (error,) = [attributes for attributes in page.all("p") if attributes.get("id") == "error"]
    assert (error["data-line"], error["data-column"]) == ("2", "9")


def test_numbers_for_scripts(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A number is shown in the reader's form, and sorted and drawn by how the graph writes it."""
    cells = read_page(get(client, 'SELECT * { VALUES (?a ?b ?c) { (46462 1.5 "12") } }', BROWSER["Accept"]).text).all("td")
    assert [cell.get("data-number") for cell in cells] == ["46462", "1.5", None]


def test_chart_on_the_page(client: FlaskClient) -> None:
    """Names with numbers come with bars also where no script runs; what has no numbers has no chart."""
    text = f"{PREFIXES}SELECT ?territory ?n {{ {NINE} tdp:inhabitants ?n }}"
    assert get(client, text, BROWSER["Accept"]).text.count("<rect ") >= 9
    assert '<svg class="chart"' not in get(client, "SELECT * { ?s ?p ?o } LIMIT 3", BROWSER["Accept"]).text


def test_map_on_the_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Territories in an answer come with their map; an answer without places has none."""
    text = f"{PREFIXES}SELECT ?territory {{ ?sheet a tdp:FactSheet ; tdp:describes ?territory }}"
    maps = [each for each in read_page(get(client, text, BROWSER["Accept"]).text).all("figure") if "data-map" in each]
    assert len(maps) == 1
    assert not read_page(get(client, "SELECT (1 AS ?x) {}", BROWSER["Accept"]).text).all("figure")


# What the editor completes with


@pytest.mark.parametrize(("language", "label"), [("fr", "nombre de communes"), ("en", "commune count")])
def test_vocabulary(client: FlaskClient, language: str, label: str) -> None:
    """Classes and properties come with their names and the numbers that the graph really holds."""
    answer = client.get("/sparql/editor.json", headers={"Accept-Language": language})
    assert answer.mimetype == "application/json" and answer.headers["ETag"]
    told = json.loads(answer.text)
    assert told["prefixes"]["tdp"] == f"{CANONICAL_BASE}def#"
    (communes,) = [term for term in told["properties"] if term["name"] == "tdp:communeCount"]
    (pays,) = [term for term in told["classes"] if term["name"] == "tdp:Pays"]
    assert communes["label"] == label
    for text, count in (("?s tdp:communeCount ?o", communes["count"]), ("?s a tdp:Pays", pays["count"])):
        assert values(get(client, f"{PREFIXES}SELECT (COUNT(*) AS ?n) {{ {text} }}")) == [(str(count),)]


def test_examples(client: FlaskClient) -> None:
    """Every question of the gallery is among the examples, and begins with its title."""
    told = json.loads(client.get("/sparql/editor.json?lang=en").text)
    questions = [question for theme in told["examples"] for question in theme["questions"]]
    assert len(questions) == len({question["name"] for question in questions}) >= 40
    assert all(question["text"].startswith(f"# {question['title']}\nPREFIX") for question in questions)
    (ranking,) = [question for question in questions if question["name"] == "territories-by-inhabitants"]
    assert len(values(get(client, ranking["text"]))) == 9


# Programs to copy

HARD = """SELECT ?x { VALUES ?x { "it's" 'say \\"no\\"' \"\"\"two
lines\"\"\" "]\\"" "$HOME `id`" } }"""


def program(name: str, endpoint: str, query: str, kind: Any = "solutions") -> str:
    """The text of a program."""
    return {each.name: each.text for each in snippets(endpoint, query, kind)}[name]


@pytest.mark.parametrize("query", [LANGRES, HARD])
def test_curl(server: str, query: str) -> None:
    """The command runs as it is, and gets the rows of the very query."""
    done = subprocess.run(["sh", "-c", program("cURL", f"{server}/sparql", query)], capture_output=True, text=True, timeout=20, check=True)
    expected = requests_csv(server, query)
    assert list(csv.reader(io.StringIO(done.stdout))) == expected and len(expected) > 1


def requests_csv(server: str, query: str) -> list[list[str]]:
    """The rows that the endpoint gives."""
    with urllib.request.urlopen(f"{server}/sparql?{urlencode({'query': query, 'format': 'csv'})}") as answer:
        return list(csv.reader(io.StringIO(answer.read().decode())))


@pytest.mark.parametrize(
    ("query", "kind", "expected"),
    [(LANGRES, "solutions", "46462"), (HARD, "solutions", "say"), ("ASK {}", "boolean", "True"), (CONSTRUCT, "graph", "a tdp:Pays")],
)
def test_python(server: str, query: str, kind: str, expected: str) -> None:
    """The program runs as it is."""
    text = program("Python", f"{server}/sparql", query, kind)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True)
    assert expected in done.stdout


@pytest.mark.parametrize("query", [LANGRES, HARD, "", "a\r\nb", 'ends "', "\\"])
def test_python_text(query: str) -> None:
    """Any text comes back from its literal."""
    assert ast.literal_eval(python_text(query)) == query


@pytest.mark.parametrize("query", [LANGRES, HARD, 'x]"y', 'x]-"y]"'])
def test_r_text(query: str) -> None:
    """The raw string of R ends where it shall, and not before (R: Quotes)."""
    written = r_text(query)
    begun = re.fullmatch(r'r"(-*)\[(.*)\](-*)"', written, re.DOTALL)
    assert begun and begun[1] == begun[3] and begun[2] == query
    assert f']{begun[1]}"' not in query


def test_programs_on_the_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The page of an answer offers the three, with the address of this very service."""
    page = read_page(get(client, "ASK {}", BROWSER["Accept"]).text)
    programs = [text for path, text in page.texts if path.endswith("pre/code")]
    assert len(programs) == 3 and all("http://localhost/sparql" in text for text in programs)


# Errors


@pytest.mark.parametrize(
    "path", ["?output=json", "?query=ASK%7B%7D&query=ASK%7B%7D", "?update=CLEAR%20ALL", "?query=ASK%7B%7D&update=CLEAR%20ALL"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_parameters(client: FlaskClient, path: str, method: str) -> None:
    """B23: no query beside other parameters, two queries, an update: 400."""
    if method == "GET":
        response = client.get(f"/sparql{path}")
    else:
        response = client.post("/sparql", data=path[1:], content_type=FORM)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    assert response.json["detail"]


@pytest.mark.parametrize("name", ["using-graph-uri", "using-named-graph-uri"])
def test_update_parameters(client: FlaskClient, name: str) -> None:
    """B26: the dataset parameters of an update don't belong here."""
    assert get(client, "ASK {}", **{name: "http://example.org/"}).status_code == 400


@pytest.mark.parametrize("text", ["INSERT DATA { <a:a> <a:b> <a:c> }", "CLEAR ALL", "LOAD <http://example.org/>", "DROP ALL", ""])
def test_updates(client: FlaskClient, text: str) -> None:
    """B23, B28: an update is no query, whatever way it comes."""
    assert get(client, text).status_code == 400
    assert client.post("/sparql", data=text, content_type=DIRECT).status_code == 400
    assert client.post("/sparql", data=text, content_type="application/sparql-update").status_code == 415


def test_query_in_two_places(client: FlaskClient) -> None:
    """B23: a query in the address and another in the body are two queries."""
    assert client.post("/sparql?query=ASK%7B%7D", data="ASK {}", content_type=DIRECT).status_code == 400
    assert client.post("/sparql?query=ASK%7B%7D", data="query=ASK%7B%7D", content_type=FORM).status_code == 400
    assert client.post("/sparql", data="", content_type=FORM).status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/sparql-update", None])
def test_media_types(client: FlaskClient, kind: str | None) -> None:
    """B23: another kind of body is 415, and the answer says what is taken."""
    response = client.post("/sparql", data="ASK {}", content_type=kind)
    assert response.status_code == 415
    assert DIRECT in response.json["detail"]


@pytest.mark.parametrize(
    ("target", "kind", "body"),
    [
        ("/sparql", DIRECT, b'SELECT ("\xe9" AS ?x) {}'),
        ("/sparql", FORM, b"query=%E9"),
        ("/sparql", FORM, b"query=\xe9"),
        ("/sparql?default-graph-uri=%FF", DIRECT, b"ASK {}"),
        ("/sparql?query=%E9", None, b""),
    ],
)
def test_not_utf8(client: FlaskClient, target: str, kind: str | None, body: bytes) -> None:
    """B23: bytes that are not UTF-8 are 400, never guessed."""
    response = client.post(target, data=body, content_type=kind) if kind else client.get(target)
    assert response.status_code == 400
    assert "UTF-8" in response.json["detail"]


def test_sizes(client: FlaskClient) -> None:
    """B23: a body too large is 413, an address too long is 414 with advice to POST; just below, both are answered."""
    comment = "ASK {} #"
    response = client.post("/sparql", data=comment + "x" * MAX_BODY, content_type=DIRECT)
    assert (response.status_code, str(MAX_BODY) in response.json["detail"]) == (413, True)
    assert client.post("/sparql", data="query=" + "x" * MAX_BODY, content_type=FORM).status_code == 413
    assert client.post("/sparql", data=comment.ljust(MAX_BODY, "x"), content_type=DIRECT).status_code == 200
    response = client.get(f"/sparql?query={quote(comment)}{'x' * LONGEST_ADDRESS}")
    assert response.status_code == 414
    assert "POST" in response.json["detail"]
    fits = f"query={quote(comment)}"
    assert client.get(f"/sparql?{fits.ljust(LONGEST_ADDRESS, 'x')}").status_code == 200
    assert client.get("/sparql?" + "&".join(f"a{number}=" for number in range(1200))).status_code == 400


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("SELECT ?x {", 1, 12), ("SELECT *\n{ ?s ?p }", 2, 10), ("ASK { ex:a ?p ?o }", 1, None), ("# é\n# 😀\nSELEC", 3, None)],
)
def test_syntax_errors(client: FlaskClient, text: str, line: int, column: int | None) -> None:
    """B24: a syntax error is 400 with line and column, for programs and in words."""
    response = get(client, text)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    problem = response.json
    assert problem["line"] == line
    assert isinstance(problem["column"], int) if column is None else problem["column"] == column
    assert str(line) in problem["detail"]
    assert problem["status"] == 400 and problem["title"]
    english = client.get(f"/sparql?{urlencode({'query': text})}", headers={"Accept-Language": "en"})
    assert english.json["detail"].startswith(f"Syntax error at line {line}")
    assert english.headers["Content-Language"] == "en"
    plain = get(client, text, "text/plain")
    assert (plain.status_code, plain.mimetype) == (400, "text/plain")


def test_unknown_function(client: FlaskClient) -> None:
    """B24: a function that the engine doesn't know is named, and refused."""
    response = get(client, "SELECT (<http://example.org/f>(1) AS ?x) {}")
    assert response.status_code == 400
    assert "http://example.org/f" in response.json["detail"]
    assert get(client, "SELECT (FOO(1) AS ?x) {}").status_code == 400


def test_failed_query(settings: Settings) -> None:
    """B24: a query that stops in the middle is 500, in the negotiated format, never an empty result."""

    class Failing:
        revision, base = "failing", CANONICAL_BASE

        def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
            """Stops with an error."""
            raise QueryFailed("out of memory")

    store: Store = Failing()
    client = create_app(settings, store).test_client()
    assert (get(client, "ASK {}").status_code, get(client, "ASK {}").mimetype) == (500, "application/problem+json")
    assert (get(client, "ASK {}", "text/html").status_code, get(client, "ASK {}", "text/html").mimetype) == (500, "text/html")


def test_expression_errors(client: FlaskClient) -> None:
    """An expression that fails leaves its variable unbound (SPARQL 1.1 Query §17.2), it is no error of the request."""
    assert json.loads(get(client, "SELECT (1/0 AS ?x) {}").data)["results"]["bindings"] == [{}]


def test_relative_iris(client: FlaskClient) -> None:
    """B33: relative IRIs stand for those of the data, whatever host is named."""
    text = "ASK { <id/territoire/pays-de-langres> ?p ?o }"
    response = client.get(f"/sparql?{urlencode({'query': text})}", headers={"Host": "evil.example"})
    assert response.json["boolean"] is True


# SERVICE


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """The address of another server, and the requests that reached it."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.end_headers()
            self.wfile.write(b'{"head":{"vars":[]},"results":{"bindings":[]}}')

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}/", requests
        other.shutdown()
        thread.join()


CALLS = {
    "plain": "SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "lower case": "SELECT * {{ service <{url}> {{ ?s ?p ?o }} }}",
    "silent": "SELECT * {{ SERVICE SILENT <{url}> {{ ?s ?p ?o }} }}",
    "silent, glued": "SELECT * {{ SERVICESILENT<{url}>{{ ?s ?p ?o }} }}",
    "variable": "SELECT * {{ VALUES ?g {{ <{url}> }} SERVICE ?g {{ ?s ?p ?o }} }}",
    "empty prefix, glued": "PREFIX : <{url}> ASK {{ SERVICE:x {{ ?s ?p ?o }} }}",
    "empty prefix beside a prefix of that name": "PREFIX : <{url}> PREFIX service: <{url}> ASK {{ SERVICE SILENT:x {{ ?s ?p ?o }} }}",
    "subquery": "SELECT * {{ {{ SELECT * {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }} }}",
    "exists": "SELECT * {{ ?a ?b ?c FILTER EXISTS {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "optional": "SELECT * {{ OPTIONAL{{}}SERVICE<{url}>{{ ?s ?p ?o }} }}",
    "graph": "SELECT * {{ GRAPH ?g {{ SERVICE <{url}> {{ ?s ?p ?o }} }} }}",
    "after a dot": "ASK {{ ?s ?p ?o .SERVICE<{url}>{{ ?s ?p ?o }} }}",
    "after a number": "ASK {{ ?s ?p 1SERVICE<{url}>{{ ?s ?p ?o }} }}",
    "after a boolean": "ASK {{ ?s ?p trueSERVICE<{url}>{{ ?s ?p ?o }} }}",
    "less-than and a comment": "ASK {{ FILTER(1<2)SERVICE#>\n<{url}> {{ ?s ?p ?o }} }}",
    "less-than and a string": "ASK {{ FILTER(1<'>')SERVICE<{url}>{{ ?s ?p ?o }} FILTER('a'='a') }}",
    "less-than and a long string": "ASK {{ FILTER(1<'''>''')SERVICE<{url}>{{ ?s ?p ?o }} FILTER('''a'''='a') }}",
    "comment ended by a carriage return": "ASK {{ # \rSERVICE <{url}> {{ ?s ?p ?o }} }}",
    "comment between": "SELECT * {{ SERVICE # here\n SILENT # there\n <{url}> {{ ?s ?p ?o }} }}",
    "escaped": "SELECT * {{ \\u0053ERVICE <{url}> {{ ?s ?p ?o }} }}",
    "escaped, long": "SELECT * {{ SERVIC\\U00000045 <{url}> {{ ?s ?p ?o }} }}",
    "construct": "CONSTRUCT {{ ?s ?p ?o }} {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "describe": "DESCRIBE ?s {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "cloud metadata": "SELECT * {{ SERVICE <http://169.254.169.254/?{url}> {{ ?s ?p ?o }} }}",
    "file": "SELECT * {{ SERVICE <file:///etc/passwd?{url}> {{ ?s ?p ?o }} }}",
}


@pytest.mark.parametrize("template", CALLS.values(), ids=CALLS)
def test_no_calls(client: FlaskClient, outside: tuple[str, list[str]], template: str) -> None:
    """B28: SERVICE is refused before execution in whatever disguise: 400, and no request goes out."""
    url, requests = outside
    text = template.format(url=url)
    for response in (get(client, text), client.post("/sparql", data=text.encode(), content_type=DIRECT), get(client, text, "text/html")):
        assert response.status_code == 400
    assert requests == []


@pytest.mark.parametrize("name", ["plain", "variable", "less-than and a comment", "less-than and a string", "after a dot", "escaped"])
def test_refusal_is_explained(client: FlaskClient, name: str) -> None:
    """B28: the answer says what to leave out, in the reader's language; so does the page of the editor."""
    text = CALLS[name].format(url="http://example.org/")
    assert "leave out SERVICE" in get(client, text, lang="en").json["detail"]
    assert "retirez SERVICE" in get(client, text).json["detail"]
    assert "retirez SERVICE" in get(client, text, "text/html").text


MENTIONS = [
    "ASK { # SERVICE <http://example.org/> { }\n }",
    "SELECT ('SERVICE' AS ?service) { }",
    'SELECT ("""a "SERVICE" b""" AS ?x) { }',
    "SELECT * { ?s ?p <http://example.org/SERVICE> } LIMIT 1",
    "PREFIX service: <http://example.org/> SELECT * { ?service service:service service:SERVICE } LIMIT 1",
    "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> SELECT * { ?s a sd:Service } LIMIT 1",
    "SELECT * { ?s ?p ?serviceName FILTER(?s < ?p && ?p > ?s || CONTAINS('self-service', 'SERVICE')) } LIMIT 1",
    "SELECT * { <service> ?p ?o } LIMIT 1",
    "ASK { _:service ?p ?o }",
    "SELECT ('x'@fr-service AS ?x) {}",
]


@pytest.mark.parametrize("text", MENTIONS)
def test_mentions_are_let_pass(client: FlaskClient, text: str) -> None:
    """B28: the word in a comment, a text or a name is no call."""
    assert get(client, text).status_code == 200


@pytest.mark.parametrize(("text", "line"), [("SELECT ('service' AS ?x) {", 1), ("# service\nSELECT ?x { ?x ?y }", 2)])
def test_mentions_in_broken_queries(client: FlaskClient, text: str, line: int) -> None:
    """B24: a syntax error beside that word is told as what it is."""
    problem = get(client, text).json
    assert (problem["status"], problem["line"]) == (400, line)


# Real clients, over the wire


@pytest.mark.parametrize("form", [JSON, XML])
@pytest.mark.parametrize("method", ["GET", POST])
def test_sparqlwrapper(server: str, form: str, method: str) -> None:
    """SPARQLWrapper asks for the figures, by GET and POST, in JSON and XML."""
    for text, expected in ((LANGRES, ["46462"]), (SUMS, ["674884", "1107", "58"]), (CELLS, ["32"])):
        client = SPARQLWrapper(f"{server}/sparql", returnFormat=form)
        client.setQuery(text)
        client.setMethod(method)
        result = client.query()
        try:
            if form == JSON:
                (row,) = result.convert()["results"]["bindings"]  # type: ignore[index, call-overload]
                assert [cell["value"] for cell in row.values()] == expected
            else:
                found = result.convert().getElementsByTagName("literal")  # type: ignore[union-attr]
                assert [node.firstChild.data for node in found] == expected
        finally:
            result.response.close()


@pytest.mark.parametrize("form", [XML, RDFXML, TURTLE, JSONLD])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Format requested was:RuntimeWarning")
def test_sparqlwrapper_construct(server: str, form: str, read_graph: Callable[..., rdflib.Graph]) -> None:
    """SPARQLWrapper gets a graph in each format that it can ask for."""
    client = SPARQLWrapper(f"{server}/sparql", returnFormat=form)
    client.setQuery(CONSTRUCT)
    result = client.query()
    try:
        converted = result.convert()
    finally:
        result.response.close()
    graph = read_graph(converted, "turtle") if isinstance(converted, bytes) else converted
    assert rdflib.URIRef(f"{CANONICAL_BASE}id/territoire/pays-de-langres") in set(graph.subjects())  # type: ignore[union-attr]


@pytest.mark.parametrize("name", [None, "turtle", "xml", "nt", "json-ld"])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_rdflib_opens_an_address(server: str, name: str | None) -> None:
    """rdflib follows a thing's address to its data, whatever format it asks for, and finds 46,462 inhabitants in 2015."""
    graph = rdflib.Graph().parse(f"{server}/id/territoire/pays-de-langres", format=name)
    found = graph.query(LANGRES)
    assert [str(row[0]) for row in found] == ["46462"]


def test_chunked_body(server: str, wire: Callable[..., Any]) -> None:
    """A body without a known length is read whole, as streaming clients send it."""
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"SELECT (1", b"+1 AS ?x) {}")) + b"0\r\n\r\n"
    lines = (f"Content-Type: {DIRECT}", "Transfer-Encoding: chunked", "Accept: text/csv")
    answer = wire(server, "/sparql", "POST", lines, parts, length=False)
    assert (answer.status, answer.body) == (200, b"x\r\n2\r\n")


def test_large_body_over_the_wire(server: str, wire: Callable[..., Any]) -> None:
    """B23: 413 reaches the client, and the next request is served."""
    lines = (f"Content-Type: {DIRECT}",)
    assert wire(server, "/sparql", "POST", lines, b"#" * (MAX_BODY + 1)).status == 413
    assert wire(server, "/sparql?query=ASK%7B%7D").status == 200
    assert wire(server, f"/sparql?query={'x' * LONGEST_ADDRESS}").status == 414
