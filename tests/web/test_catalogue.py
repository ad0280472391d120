"""The catalogue (DCAT-AP 3), the page of the files, and VoID, whose counts are those of the graph."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from rdflib import DCAT, DCTERMS, FOAF, SH, SKOS, VOID, Namespace

from territoires.formats import DOCUMENT
from territoires.settings import Settings
from territoires.store.pool import Pool
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app

SPDX, LOCN, VCARD = (
    Namespace(iri) for iri in ("http://spdx.org/rdf/terms#", "http://www.w3.org/ns/locn#", "http://www.w3.org/2006/vcard/ns#")
)

DATASET = rdflib.URIRef(f"{CANONICAL_BASE}id/jeu/territoires")
OWN = f"FILTER(isIRI(?s) && STRSTARTS(STR(?s), '{CANONICAL_BASE}'))"
EU = "http://publications.europa.eu/resource/authority/"


@pytest.fixture(scope="module")
def void(app: Flask, read_graph: Callable[..., rdflib.Graph]) -> rdflib.Graph:
    """The VoID description."""
    return read_graph(app.test_client().get("/.well-known/void").data, "ttl")


@pytest.mark.parametrize(
    ("property_", "text"),
    [
        ("triples", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"),
        ("distinctSubjects", "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }"),
        ("distinctObjects", "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }"),
        ("properties", "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?s ?p ?o }"),
        ("entities", f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ ?s ?p ?o {OWN} }}"),
        ("classes", "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c FILTER(isIRI(?c)) }"),
    ],
)
def test_counts(app: Flask, void: rdflib.Graph, property_: str, text: str) -> None:
    """Each count is what a SPARQL query counts."""
    (row,) = app.extensions["territoires"].store.query(text)
    assert str(void.value(DATASET, VOID[property_])) == row["n"].value


def test_partitions(app: Flask, void: rdflib.Graph) -> None:
    """The class and property partitions count what SPARQL counts."""
    store = app.extensions["territoires"].store
    classes = {
        str(void.value(part, VOID["class"])): str(void.value(part, VOID.entities)) for part in void.objects(DATASET, VOID.classPartition)
    }
    counted = store.query("SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c FILTER(isIRI(?c)) } GROUP BY ?c")
    assert classes == {row["c"].value: row["n"].value for row in counted}
    uses = {
        str(void.value(part, VOID.property)): str(void.value(part, VOID.triples)) for part in void.objects(DATASET, VOID.propertyPartition)
    }
    counted = store.query("SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p")
    assert uses == {row["p"].value: row["n"].value for row in counted}


def test_subsets(app: Flask, void: rdflib.Graph) -> None:
    """Each graph is a subset of a data set of the whole, with its counts, those of the counts themselves too."""
    store = app.extensions["territoires"].store
    text = "SELECT ?g (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    counted = {row["g"].value: (row["n"].value, row["subjects"].value) for row in store.query(text)}
    graphs = {graph for part in void.objects(DATASET, VOID.subset) for graph in void.objects(part, VOID.subset)}
    assert len(counted) > 100 and {str(graph) for graph in graphs} == set(counted)
    assert {str(g): (str(void.value(g, VOID.triples)), str(void.value(g, VOID.distinctSubjects))) for g in graphs} == counted
    assert all((graph, rdflib.RDF.type, VOID.Dataset) in void for graph in graphs)


def test_void_leads_to_files(client: FlaskClient, void: rdflib.Graph) -> None:
    """Each dump that VoID names answers; whoever looks a name up gets an answer; no file about persons is named."""
    dumps = [str(dump) for dump in void.objects(None, VOID.dataDump)]
    assert len(dumps) > 300 and not any("/dumps/persons" in dump or "data/persons" in dump for dump in dumps)
    for dump in dumps[:: len(dumps) // 20]:
        with client.head(dump.removeprefix("http://localhost")) as response:
            assert response.status_code == 200, dump
    lookup = str(void.value(DATASET, VOID.uriLookupEndpoint)).removeprefix("http://localhost")
    assert client.get(f"{lookup}langres").json["total"] > 5
    with client.get("/void", headers={"Accept": "text/turtle"}) as response:
        assert response.data == client.get("/.well-known/void", headers={"Accept": "text/turtle"}).data


def test_description(client: FlaskClient, void: rdflib.Graph) -> None:
    """The dataset has a title, licence, space of addresses and examples that open, and an endpoint that answers."""
    assert (DATASET, rdflib.RDF.type, VOID.Dataset) in void
    assert {title.language for title in void.objects(DATASET, rdflib.DCTERMS.title)} >= {"fr", "en"}  # type: ignore[attr-defined]
    assert void.value(DATASET, rdflib.DCTERMS.license)
    assert str(void.value(DATASET, VOID.uriSpace)) == CANONICAL_BASE
    examples = list(void.objects(DATASET, VOID.exampleResource))
    assert examples
    for example in examples:
        assert client.get("/" + str(example).removeprefix(CANONICAL_BASE)).status_code == 303
    endpoint = str(void.value(DATASET, VOID.sparqlEndpoint))
    assert endpoint == "http://localhost/sparql"
    assert len(list(void.objects(DATASET, VOID.vocabulary))) > 5 and list(void.objects(DATASET, VOID.rootResource))
    assert client.get(f"{endpoint}?query=ASK%7B%7D").json == {"head": {}, "boolean": True}


def test_formats(client: FlaskClient, read_graph: Callable[..., rdflib.Graph], canonical: Callable[..., Any], void: rdflib.Graph) -> None:
    """The description is the same in every RDF format, by Accept and by ?format=."""
    for form in DOCUMENT[1:]:
        negotiated = client.get("/.well-known/void", headers={"Accept": form.media_type})
        asked = client.get(f"/.well-known/void?format={form.name}", headers={"Accept": "text/html"})
        assert negotiated.content_type == asked.content_type == form.content_type
        assert len(read_graph(negotiated.data, form.name)) == len(void)
        found = [canonical(data, form.name) for data in (negotiated.data, asked.data)]
        assert found[0] == found[1] == canonical(client.get("/.well-known/void").data, "ttl")


def test_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """B10: a browser is sent to the page of the dataset, in one step."""
    response = client.get("/.well-known/void", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (response.status_code, response.headers["Location"]) == (303, "/doc/jeu/territoires.html")
    assert "max-age" in response.headers["Cache-Control"] and "Accept" in response.headers["Vary"]
    assert len(read_page(client.get(response.headers["Location"]).text).text_of("h1")) == 1


@pytest.mark.parametrize(("path", "accept"), [("/.well-known/void", "image/png"), ("/.well-known/void?format=bogus", None)])
def test_not_acceptable(client: FlaskClient, path: str, accept: str | None) -> None:
    """B6: another format is 406."""
    assert client.get(path, headers={"Accept": accept} if accept else {}).status_code == 406


@pytest.fixture(scope="module")
def catalogue(app: Flask, read_graph: Callable[..., rdflib.Graph]) -> rdflib.Graph:
    """The catalogue."""
    return read_graph(app.test_client().get("/catalog.ttl").data, "ttl")


def judge(graph: rdflib.Graph, root: Path) -> list[tuple[str, str]]:
    """What our shapes find of a catalogue: focus node and property."""
    shapes = rdflib.Graph().parse(root / "tests" / "fixtures" / "catalogue.ttl")
    _, report, _ = pyshacl.validate(graph, shacl_graph=shapes)
    return [(str(report.value(each, SH.focusNode)), str(report.value(each, SH.resultPath))) for each in report.objects(None, SH.result)]


def test_mandatory_properties(catalogue: rdflib.Graph, root: Path) -> None:
    """What DCAT-AP 3 asks for and data.gouv.fr reads is there; without it the shapes find its lack."""
    assert judge(catalogue, root) == []
    for predicate in (DCTERMS.title, DCAT.accessURL, DCAT.endpointURL, SPDX.checksumValue, DCAT.keyword, LOCN.geometry):
        broken = rdflib.Graph() + catalogue
        broken.remove((None, predicate, None))
        assert judge(broken, root), predicate


def test_each_file_is_a_distribution(client: FlaskClient, catalogue: rdflib.Graph) -> None:
    """Size and checksum of each distribution are those of the file that its address gives; nothing personal is among them."""
    found = list(catalogue.subjects(rdflib.RDF.type, DCAT.Distribution))
    assert len(found) > 100
    for this in found:
        address = str(catalogue.value(this, DCAT.downloadURL))
        assert "/dumps/persons" not in address and "data/persons" not in address
        with client.get(address.removeprefix("http://localhost"), headers={"Accept-Encoding": "identity"}) as response:
            assert response.status_code == 200 and len(response.data) == int(catalogue.value(this, DCAT.byteSize))
            checksum = catalogue.value(catalogue.value(this, SPDX.checksum), SPDX.checksumValue)
            assert hashlib.sha256(response.data).hexdigest() == str(checksum)
            kind = catalogue.value(this, DCAT.compressFormat) or catalogue.value(this, DCAT.mediaType)
            assert response.mimetype == str(kind).partition("media-types/")[2], address


def test_licences(catalogue: rdflib.Graph) -> None:
    """A file of ODbL provenance says so, and no other does."""
    files = set(catalogue.subjects(rdflib.RDF.type, DCAT.Distribution))
    assert {"odbl" in str(this) for this in files} == {True, False}
    for this in files:
        licence = str(catalogue.value(this, DCTERMS.license))
        assert ("odbl" in licence) == ("odbl" in str(this)), this


def test_codes_are_of_their_tables(catalogue: rdflib.Graph) -> None:
    """Each code of the European Union stands in the table that its IRI names, with a name."""
    used = {value for value in catalogue.objects() if str(value).startswith(EU) and str(value).removeprefix(EU).count("/") == 1}
    assert len(used) > 12
    for code in used:
        assert str(catalogue.value(code, SKOS.inScheme)) == str(code).rpartition("/")[0], code
        assert catalogue.value(code, SKOS.prefLabel), code


def test_services_answer(client: FlaskClient, catalogue: rdflib.Graph) -> None:
    """Each service is at its address, and describes itself where it says."""
    services = list(catalogue.subjects(rdflib.RDF.type, DCAT.DataService))
    assert {str(service).partition("#")[2] for service in services} == {"sparql", "reconcile", "http"}
    for service in services:
        for predicate in (DCAT.endpointURL, DCAT.endpointDescription):
            address = str(catalogue.value(service, predicate)).removeprefix("http://localhost")
            assert client.get(address).status_code in (200, 503), address


def test_catalogue_formats(client: FlaskClient, canonical: Callable[..., Any], read_graph: Callable[..., rdflib.Graph]) -> None:
    """The catalogue is the same in every RDF format, by suffix and by Accept; another suffix is 404."""
    first = canonical(client.get("/catalog.ttl").data, "ttl")
    for form in DOCUMENT[1:]:
        response = client.get("/catalog", headers={"Accept": form.media_type})
        assert response.content_type == form.content_type and response.headers["Content-Location"] == f"/catalog.{form.name}"
        assert canonical(response.data, form.name) == canonical(client.get(f"/catalog.{form.name}").data, form.name) == first
    assert client.get("/catalog", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/catalog.pdf").status_code == 404


def test_behind_a_proxy(settings: Settings, pool: Pool, read_graph: Callable[..., rdflib.Graph]) -> None:
    """B17: addresses are those of the host that is asked, the data sets those of the base."""
    told = replace(settings, proxy_hops=1, contact="mailto:a@example.org", publisher="Région", publisher_url="https://region.example/")
    client = create_app(told, pool).test_client()
    lines = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "data.example", "X-Forwarded-Prefix": "/terr"}
    graph = read_graph(client.get("/catalog.ttl", headers=lines).data, "ttl")
    assert all(str(url).startswith("https://data.example/terr/") for url in graph.objects(None, DCAT.downloadURL))
    assert (DATASET, rdflib.RDF.type, DCAT.Dataset) in graph
    publisher = graph.value(DATASET, DCTERMS.publisher)
    assert [str(graph.value(publisher, FOAF[name])) for name in ("name", "homepage")] == ["Région", "https://region.example/"]
    assert [str(value) for value in graph.objects(None, VCARD.hasEmail)] == ["mailto:a@example.org"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page_of_files(client: FlaskClient, read_page: Callable[[str], Any], language: str) -> None:
    """The page leads to each file of the data sets, tells sizes and licences, and holds a schema.org Dataset."""
    response = client.get(f"/catalog?lang={language}", headers={"Accept": "text/html"})
    page = read_page(response.text)
    assert len(response.data) < 300_000
    for name in ("territoires.nq.gz", "contours.gpkg", "csv/csv-metadata.json", "csv/Pays.csv", "faits-odbl.ttl.gz", "SHA256SUMS"):
        assert f"/dumps/{name}" in page.links, name
    assert not [link for link in page.links if "/dumps/persons" in link or "data/persons" in link]
    data = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', response.text, re.DOTALL)[1])  # type: ignore[index]
    assert data["@type"] == "Dataset" and len(data["distribution"]) == 3 and data["license"] and len(data["description"]) >= 50
    assert {"kB": "en", "ko": "fr"}[re.search(r"\d\s(kB|ko)", " ".join(page.text_of("td")))[1]] == language  # type: ignore[index]
