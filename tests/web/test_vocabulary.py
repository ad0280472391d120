"""What /def gives beside the terms: diagrams, examples, rules, versions, changes, and the JSON-LD context."""

import json
import re
from pathlib import Path

import pytest
import rdflib
from flask import Flask
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from territoires import __version__
from territoires.files import shape_files, turtle_files
from territoires.knowledge.validation import merged, read_graph, run_shacl

BASE = "https://w3id.org/territoires-de-projet/"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_funding_flow_is_explained(app: Flask, language: str) -> None:
    """Its fragment is in the overview, which leads to its entry with a definition, the rules on it, and an example in Turtle."""
    client, wanted = app.test_client(), {"Accept": "text/html", "Accept-Language": language}
    brief = client.get("/def", headers=wanted).text.partition('<section class="term" id="FundingFlow">')[2].partition("</section>")[0]
    assert re.search(r'<a href="/def/funding#FundingFlow">[^<]*(financement|unding)', brief)
    page = client.get("/def/funding", headers=wanted).text
    entry = page.partition('<section class="term" id="FundingFlow">')[2].partition('<section class="term"')[0]
    assert "tdp:FundingFlow" in entry and 'class="example"' in entry and entry.count('class="severity"') >= 3


def test_the_example_validates(root: Path) -> None:
    """The example of a funding flow, with the ontology, breaks no rule."""
    example = root / "ontology" / "examples" / "FundingFlow.ttl"
    ontology = [source.path for source in turtle_files(root, "ontology") if not source.name.startswith("ontology/examples/")]
    data = merged(read_graph(path) for path in (*ontology, example))
    shapes = merged(read_graph(source.path) for source in shape_files(root))
    own = {str(subject) for subject in read_graph(example).subjects()}
    found = [each for each in run_shacl(data, shapes, {}) if each.node in own]
    assert len(own) > 3 and [each for each in found if each.severity != "info"] == []


def test_every_module_has_a_diagram(app: Flask) -> None:
    """Each module's page draws its classes, each linked to its entry."""
    modules = ("territory", "organisation", "cluster", "funding", "action", "lesson", "statistics", "provenance")
    for module in modules:
        page = app.test_client().get(f"/def/{module}", headers={"Accept": "text/html"}).text
        drawing = page.partition('<svg class="diagram"')[2].partition("</svg>")[0]
        linked = set(re.findall(r'<a href="#(\w+)">', drawing))
        entries = set(re.findall(r'<section class="term" id="([A-Z]\w+)">', page))
        assert linked == entries, module


def test_examples_are_served(app: Flask, root: Path) -> None:
    """Each example that the served ontology links a class to answers as Turtle, and the page of its module links to it once."""
    client = app.test_client()
    ontology = rdflib.Graph().parse(data=client.get("/def.ttl").data, format="turtle")
    modules = {source.path.stem for source in turtle_files(root, "ontology")}
    pages = [client.get(f"/def/{module}", headers={"Accept": "text/html"}) for module in sorted(modules)]
    entries = "".join(page.text for page in pages if page.status_code == 200)
    linked = dict(ontology.subject_objects(rdflib.Namespace("http://purl.org/vocab/vann/").example))
    assert len(linked) > 90
    for term, example in linked.items():
        address = f"/{str(example).removeprefix(BASE)}"
        response = client.get(address)
        assert (response.status_code, response.mimetype) == (200, "text/turtle")
        written = parse(response.data, format=RdfFormat.TURTLE)
        assert NamedNode(str(term)) in {quad.object for quad in written}
        assert entries.count(f'href="{address}"') == 1


@pytest.mark.parametrize("name", ["Nothing", "..%2Fcore"])
def test_unknown_example(app: Flask, name: str) -> None:
    """An unknown example is 404, and so is a path outside."""
    assert app.test_client().get(f"/def/examples/{name}.ttl").status_code == 404


@pytest.mark.parametrize("path", [f"/def/{__version__}", f"/def/funding/{__version__}", "/def/changes", "/def/alignments/schema"])
def test_versions_and_changes(app: Flask, path: str) -> None:
    """The version IRIs, the change log and the alignments answer."""
    assert app.test_client().get(path, headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize("path", ["/def/9.9.9", "/def/funding/9.9.9"])
def test_unknown_version(app: Flask, path: str) -> None:
    """A version that is not served is 404."""
    assert app.test_client().get(path).status_code == 404


def test_context_reads_as_the_ontology_says(app: Flask) -> None:
    """JSON written with the context means the own terms: objects are IRIs, numbers keep their type."""
    context = json.loads(app.test_client().get("/context.jsonld").text)["@context"]
    document = {"@context": context, "@id": "urn:o", "inhabitants": "46462", "validDuring": f"{BASE}id/periode/2015"}
    said = {(quad.predicate.value, quad.object) for quad in parse(json.dumps(document), format=RdfFormat.JSON_LD)}
    number = Literal("46462", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer"))
    assert (BASE + "def#inhabitants", number) in said
    assert (BASE + "def#validDuring", NamedNode(BASE + "id/periode/2015")) in said
