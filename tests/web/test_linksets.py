"""The links in the graph, in the description of the dataset, on the pages, and as tables to download."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad
from rdflib import FOAF, RDF, VOID

from territoires.files import LINKS
from territoires.knowledge.linksets import NEGATIVE, POSITIVE, UNSURE, VERDICTS, read_links, read_targets, target_name
from territoires.knowledge.sssom import NOT_FOUND
from territoires.results import rows
from territoires.settings import Settings
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web.app import create_app, open_store

ROOT = Path(__file__).parents[2]
GRAPHS = f"{CANONICAL_BASE}graph/links/"
SETS = f"{CANONICAL_BASE}id/jeu/"
Triple = tuple[str, str, str]


@pytest.fixture(scope="module")
def void(app: Flask, read_graph: Callable[..., rdflib.Graph]) -> rdflib.Graph:
    """The VoID description."""
    return read_graph(app.test_client().get("/.well-known/void").data, "ttl")


@pytest.fixture(scope="module")
def links(app: Flask) -> dict[str, set[Triple]]:
    """Target -> what its graph holds."""
    text = f"SELECT ?g ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), '{GRAPHS}')) }}"
    found: dict[str, set[Triple]] = {}
    for row in rows(app.extensions["territoires"].store.query(text)):
        graph, *triple = (row[name].value for name in "gspo")  # type: ignore[union-attr]
        found.setdefault(graph.removeprefix(GRAPHS), set()).add((triple[0], triple[1], triple[2]))
    return found


def test_triples_are_the_positive_rows(links: dict[str, set[Triple]]) -> None:
    """Each positive row is a triple of its target's graph, and there is no other."""
    wanted: dict[str, set[Triple]] = {}
    for row in read_links(ROOT)[POSITIVE].rows:
        wanted.setdefault(target_name(row), set()).add((row.subject, row.predicate, row.object))
    assert links == wanted


def test_refused_rows_are_nowhere(app: Flask) -> None:
    """No graph says what a negative or doubtful row denies or leaves open."""
    store = app.extensions["territoires"].store
    tables = read_links(ROOT)
    refused = [row for name in (NEGATIVE, UNSURE) for row in tables[name].rows if row.object != NOT_FOUND]
    assert len(refused) > 20
    for row in refused:
        value = f'"{row.object}"' if row.literal else f"<{row.object}>"
        linking = f"FILTER(?p NOT IN (<{CANONICAL_BASE}def#none>, <http://www.w3.org/2002/07/owl#differentFrom>))"
        assert not store.query(f"ASK {{ <{row.subject}> ?p {value} {linking} }}"), row["subject_id"]


@pytest.mark.parametrize("target", [target for target in read_targets(ROOT).values() if target.links], ids=lambda target: target.name)
def test_counts(app: Flask, void: rdflib.Graph, links: dict[str, set[Triple]], target: Any) -> None:
    """Each set counts what SPARQL counts: triples, subjects, objects, and triples by property."""
    held, about = links.get(target.name, set()), rdflib.URIRef(target.links)
    if not held:
        assert (about, VOID.triples, None) not in void
        return
    text = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{GRAPHS}{target.name}> {{ ?s ?p ?o }} }}"
    (row,) = app.extensions["territoires"].store.query(text)
    assert int(void.value(about, VOID.triples)) == int(row["n"].value) == len(held)  # type: ignore[arg-type]
    assert int(void.value(about, VOID.distinctSubjects)) == len({subject for subject, _, _ in held})  # type: ignore[arg-type]
    assert int(void.value(about, VOID.distinctObjects)) == len({value for _, _, value in held})  # type: ignore[arg-type]
    parts = {
        str(void.value(part, VOID.property)): int(void.value(part, VOID.triples))  # type: ignore[arg-type]
        for part in void.objects(about, VOID.propertyPartition)
    }
    assert parts == Counter(predicate for _, predicate, _ in held)


def test_description_of_a_linkset(void: rdflib.Graph) -> None:
    """VoID §5: a linkset has two targets, its predicate, a licence, and is a part of the dataset."""
    sets = set(void.subjects(RDF.type, VOID.Linkset))
    assert len(sets) >= 13
    for each in sets:
        assert void.value(each, VOID.subjectsTarget) == rdflib.URIRef(f"{SETS}territoires")
        assert str(void.value(each, VOID.objectsTarget)).startswith(SETS)
        assert set(void.objects(each, VOID.linkPredicate)) and void.value(each, rdflib.DCTERMS.license)
        assert (rdflib.URIRef(f"{SETS}territoires"), VOID.subset, each) in void


def test_provenance(app: Flask, links: dict[str, set[Triple]]) -> None:
    """Each graph of links says of which file it was made, by which build, under which licence."""
    store = app.extensions["territoires"].store
    for name in links:
        said = "PREFIX dct: <http://purl.org/dc/terms/> PREFIX prov: <http://www.w3.org/ns/prov#>"
        said += (
            f"ASK {{ <{GRAPHS}{name}> a prov:Entity ; dct:identifier '{LINKS}/positive.tsv' ; dct:license ?l ; prov:wasGeneratedBy ?b }}"
        )
        assert store.query(said), name


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page(client: FlaskClient, read_page: Callable[[str], Any], links: dict[str, set[Triple]], language: str) -> None:
    """The page lists each set with the count of its graph, and leads to the tables."""
    response = client.get(f"/liens?lang={language}", headers={"Accept": "text/html"})
    page = read_page(response.text)
    told = page.text_of("td")
    separators = {"fr": " ", "en": ","}  # as the reader of pages writes blanks
    for name, held in links.items():
        target = read_targets(ROOT)[f"{SETS}{name}"]
        assert target.title(language) in " ".join(page.text_of("th"))
        assert f"{len(held):,}".replace(",", separators[language]) in told
    for name in VERDICTS:
        assert f"/liens/{name}.tsv" in page.links
    assert "no item was seen" in response.text and "Alizée plasturgie" in response.text


@pytest.mark.parametrize("name", VERDICTS)
def test_tables(client: FlaskClient, name: str) -> None:
    """A table is given out as it is kept, with its media type; its name tells a browser what to save."""
    response = client.get(f"/liens/{name}.tsv")
    assert response.status_code == 200
    assert response.content_type == "text/tab-separated-values; charset=utf-8"
    assert response.text == (ROOT / LINKS / f"{name}.tsv").read_text(encoding="utf-8")
    assert f'filename="{name}.tsv"' in response.headers["Content-Disposition"]
    assert client.get(f"/liens/{name}.tsv", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/liens/other.tsv", "/liens/targets.tsv", "/liens/../../LICENSE.tsv", "/liens/positive.csv"])
def test_no_other_file(client: FlaskClient, path: str) -> None:
    """Nothing else of the folder is given out."""
    assert client.get(path).status_code == 404


@pytest.fixture
def rebased(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of the application over a release at another base."""
    base, name = "https://data.example.org/t/", "id/commune/langres"
    quad = Quad(NamedNode(base + name), NamedNode(iri("skos:prefLabel")), Literal("Langres", language="fr"), NamedNode(f"{base}graph/x"))
    settings = Settings(home=ROOT, releases=tmp_path)
    publish(settings.releases, "test", base, [quad], {})
    store = open_store(settings)
    yield create_app(settings, store).test_client()
    store.close()


def test_tables_at_another_base(rebased: FlaskClient) -> None:
    """Where the release has another base, the tables have it too."""
    response = rebased.get("/liens/positive.tsv")
    assert "#  id: https://data.example.org/t/id/" in response.text and CANONICAL_BASE not in response.text
    table = [line for line in response.text.splitlines() if not line.startswith("#")]
    assert next(csv.DictReader(table, delimiter="\t"))["subject_id"].startswith("id:")


# Pages of entities


@pytest.fixture(scope="module")
def langres(app: Flask) -> str:
    """The page of Langres, in French."""
    return app.test_client().get("/doc/commune/langres.html?lang=fr", headers={"Accept": "text/html"}).text


def test_entity_tells_its_links(langres: str, read_page: Callable[[str], Any]) -> None:
    """Each link has the name of its target, what it means, how sure it is and by which source."""
    page = read_page(langres)
    text = " ".join(" ".join(page.text_of("li")).split())
    assert "Wikidata\xa0: Q203293" in text.replace(" : ", "\xa0: ") or "Wikidata\u00a0: Q203293" in langres
    for told in (
        "la même chose",
        "presque la même chose",
        "confiance 0,85",
        "scripts/data/fr_admin_seed.tsv",
        "The populated place, not the commune",
    ):
        assert told in langres, told
    assert {"http://www.wikidata.org/entity/Q203293", "https://sws.geonames.org/3007680/"} <= set(page.links)


def test_search_engines_are_told_of_the_same_only(langres: str, client: FlaskClient) -> None:
    """schema.org sameAs has what is exactly the same: no populated place, no dated version, no page, no text."""
    block = langres.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    assert json.loads(block)["mainEntity"]["sameAs"] == ["http://id.insee.fr/geo/commune/52269", "http://www.wikidata.org/entity/Q203293"]
    other = client.get("/doc/departement/aisne.html", headers={"Accept": "text/html"}).text
    said = json.loads(other.partition('<script type="application/ld+json">')[2].partition("</script>")[0])["mainEntity"]["sameAs"]
    assert "http://data.europa.eu/nuts/code/FRE21" in said and not [iri for iri in said if "8b195d1f" in iri or "ISO" in iri]


def test_identifier_that_is_no_address(client: FlaskClient) -> None:
    """A code without an address stands with the links, as a text, and not among the facts."""
    page = client.get("/doc/departement/aisne.html?lang=en", headers={"Accept": "text/html"}).text
    assert "ISO 3166-2\xa0: FR-02" in page and "ISO 3166-2:FR-02</" not in page


def test_law_leads_to_legifrance(client: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> None:
    """The pages of the laws are links now, and stand in their documents as before."""
    graph = read_graph(client.get("/doc/loi/rct.ttl").data, "ttl")
    page = graph.value(rdflib.URIRef(f"{CANONICAL_BASE}id/loi/rct"), FOAF.page)
    assert str(page) == "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000023239624"
