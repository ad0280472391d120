"""What lies around a thing: the list, the network as JSON, GEXF and GraphML, its bounds."""

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.formats.network import GEXF, GRAPHML, Edge, Network, Node, as_gexf, as_graphml
from territoires.results import rows
from territoires.store import Holdable
from territoires.vocabulary import CANONICAL_BASE, iri, shorten
from territoires.web.kinds import kind_of
from territoires.web.neighbourhood import ADMINISTRATIVE, KINDS, LINKING, MOST_EDGES, MOST_FIRST, MOST_NODES, Neighbourhood, fairly
from territoires.web.ties import LONG, MOST, PART, UNDRAWN, Link

from ..conftest import ROOT

LANGRES = "/relations/territoire/pays-de-langres"
HUB = "/relations/territoire/pays-bruche-mossig-piemont"
BROWSER = {"Accept": "text/html", "Accept-Language": "fr"}


def network(client: FlaskClient, path: str) -> dict[str, Any]:
    """The network at an address, as JSON."""
    answer = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = json.loads(answer.text)
    return found


def thing(path: str) -> str:
    """An own IRI."""
    return f"{CANONICAL_BASE}id/{path}"


def test_list(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The page lists the neighbours by relation, each linked on this host, without a script."""
    page = read_page(client.get(LANGRES, headers=BROWSER).text)
    assert "Relations : Pays de Langres" in page.text_of("h1")
    listed = page.text_of("dd")
    for name in ("Haute-Marne", "Grand Est", "PETR du Pays de Langres", "Nogentech", "Charles GUENE"):
        assert name in listed, name
    assert "/id/departement/haute-marne" in page.links
    assert f"{LANGRES}.gexf" in page.links and f"{LANGRES}?depth=2" in page.links


def test_links_become_edges(client: FlaskClient) -> None:
    """A cluster relation, a post, a funding flow tie their ends: none of them is a node, nor is a statement or a passage."""
    found = network(client, LANGRES)
    ids = {node["id"] for node in found["nodes"]}
    assert {thing("territoire/pays-de-langres"), thing("personne/charles-guene"), thing("departement/haute-marne")} <= ids
    ties = [edge for edge in found["edges"] if edge["via"] == thing("relation/pays-de-langres-nogentech")]
    assert {edge["source"] for edge in ties} == {thing("territoire/pays-de-langres")}
    assert {edge["target"] for edge in ties} == {thing("cluster/nogentech"), thing("programme/gtec")}
    parts = {node["id"].removeprefix(CANONICAL_BASE + "id/").partition("/")[0] for node in found["nodes"]}
    assert not parts & {"relation", "poste", "financement", "portage", "observation", "constat", "enonce-rset", "divergence"}


def test_every_edge_has_its_ends(client: FlaskClient) -> None:
    """Both ends of each edge are nodes, and the direction is that of the property."""
    for path in (LANGRES, f"{LANGRES}?depth=2"):
        found = network(client, path)
        ids = [node["id"] for node in found["nodes"]]
        assert len(ids) == len(set(ids))
        assert all({edge["source"], edge["target"]} <= set(ids) for edge in found["edges"])
    (within,) = [
        edge
        for edge in found["edges"]
        if edge["property"].endswith("#inDepartement") and edge["source"] == thing("territoire/pays-de-langres")
    ]
    assert within["target"] == thing("departement/haute-marne")


def test_said_once(client: FlaskClient) -> None:
    """A property and its inverse, or a symmetric one, tie two things once."""
    edges = network(client, LANGRES)["edges"]
    ends = (thing("territoire/pays-de-langres"), thing("territoire/pays-de-chaumont"))
    assert len([edge for edge in edges if {edge["source"], edge["target"]} == set(ends)]) == 1
    assert not [edge for edge in edges if edge["property"].endswith(("#hasPractice", "#hasHadCarrier", "#hasPost"))]


def test_two_steps(client: FlaskClient) -> None:
    """Two steps hold what one holds, and what is tied to that; nobody is tied by a mere state or kind."""
    one, two = network(client, LANGRES), network(client, f"{LANGRES}?depth=2")
    assert {node["id"] for node in one["nodes"]} < {node["id"] for node in two["nodes"]}
    assert {node["depth"] for node in two["nodes"]} == {0, 1, 2}
    assert not [node for node in two["nodes"] if node["depth"] == 2 and node["kind"] == "concept"]


def test_hub_is_capped_and_says_so(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A hub's drawing is bounded, which the page and the data say; its list is whole."""
    found = network(client, f"{HUB}?depth=2")
    assert found["capped"] and len(found["nodes"]) <= MOST_NODES
    first = [node for node in network(client, HUB)["nodes"] if node["depth"] == 1]
    assert len(first) == MOST_FIRST
    answer = client.get(HUB, headers=BROWSER)
    assert len(answer.data) < 100_000
    page = read_page(answer.text)
    assert any(f"au plus {MOST_FIRST} voisins" in text for text in page.text_of("p"))
    listed = {link for link in page.links if link.startswith(("/id/", "/scheme/"))}
    assert len(listed) > MOST_FIRST
    assert not network(client, "/relations/cluster/nogentech")["capped"]


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The queries that pages ask, with how many solutions each got: each is run twice, as its answer is read once; a CONSTRUCT counts 0."""
    found: list[tuple[str, int]] = []
    store: Any = app.extensions["territoires"].store
    kind = type(store)
    if isinstance(store, Holdable):
        held = store.hold()
        kind = type(held)
        held.release()
    known = kind.query

    def counted(self: Any, *arguments: Any) -> Any:
        answer = known(self, *arguments)
        kept = list(rows(answer)) if arguments[0].lstrip().startswith("#") and "SELECT" in arguments[0] else []
        found.append((arguments[0], len(kept)))
        return known(self, *arguments)

    monkeypatch.setattr(kind, "query", counted)
    return found


HUBS = (HUB, "/relations/region/grand-est", "/relations/fonds/fonds-europeens", "/relations/periode/2013")


@pytest.mark.parametrize("path", HUBS)
@pytest.mark.parametrize("depth", [1, 2])
def test_bounds(client: FlaskClient, asked: list[tuple[str, int]], path: str, depth: int) -> None:
    """However much there is: at most nine queries, few solutions, a page of bounded length, nodes and edges that can be drawn."""
    answer = client.get(f"{path}?depth={depth}&lang=en", headers=BROWSER)
    assert answer.status_code == 200 and len(answer.data) < 80_000
    assert 3 <= len(asked) <= 9
    assert max(count for _, count in asked) <= MOST // 2
    assert sum(count for _, count in asked) < 3000
    found = network(client, f"{path}?depth={depth}")
    assert len(found["nodes"]) <= MOST_NODES and len(found["edges"]) <= MOST_EDGES
    assert len([node for node in found["nodes"] if node["depth"] == 1]) <= MOST_FIRST


def test_long_relation(client: FlaskClient, asked: list[tuple[str, int]], read_page: Callable[[str], Any]) -> None:
    """Of hundreds of communes a part is asked for and listed, with how many there are, where all are, and what else is tied."""
    text = client.get("/relations/region/grand-est", headers=BROWSER).text
    page = read_page(text)
    told = re.search(rf"{PART} sur ([\d\s]+) sont donnés ici", text)
    assert told and int(re.sub(r"\s", "", told[1])) > LONG
    assert re.sub(r"\s", " ", told[1]) in page.text_of("span") and "/id/region/grand-est" in page.links
    assert any("donne une partie et le nombre" in text for text in page.text_of("p"))
    assert "Haute-Marne" in page.text_of("a")
    assert max(count for _, count in asked) < LONG


def test_no_count_of_what_was_not_asked(client: FlaskClient, monkeypatch: pytest.MonkeyPatch, read_page: Callable[[str], Any]) -> None:
    """How many are tied is told where all of them were asked for; the list is called whole nowhere else."""
    page = read_page(client.get(LANGRES, headers=BROWSER).text)
    assert any(re.fullmatch(r"\d+", text.strip()) for text in page.text_of("span"))
    for path in ("/relations/region/grand-est", HUB):
        monkeypatch.setattr("territoires.web.ties.MOST", 100)
        text = client.get(path, headers=BROWSER).text
        assert not re.search(r"<h1>[^\n]*class=.count.", text), path
        assert "tous les voisins directs." not in text.replace("des autres, tous les voisins directs.", ""), path


def test_one_heading_for_two_properties(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heading that two properties share tells of the longer relation, whichever comes last."""
    names = ("urn:often", "urn:seldom")
    with app.test_request_context("/"):
        around = Neighbourhood(thing("region/grand-est"), 1)
        other = around.first[0].other
        monkeypatch.setattr(around, "heading", lambda each: "one")
        around.totals = {"urn:often": 500}
        for order in (names, names[::-1]):
            around.first = [Link(around.thing, other, name, True) for name in order]
            assert [group.total for group in around.groups()] == [500]


def test_views_of_relations_agree() -> None:
    """What both views leave out and go through is the same."""
    one, other = (
        re.sub(r"\s+", " ", (ROOT / "queries/views" / f"{name}.rq").read_text(encoding="utf-8")) for name in ("relations", "relations-by")
    )
    for pattern in (r"\?property NOT IN \([^)]*\)", r"\?link IN \([^)]*\)", r"FILTER\(isIRI\(\?other\)\).*"):
        found = re.findall(pattern, one)
        assert found and found == re.findall(pattern, other)


def test_nobody_goes_through_a_region(client: FlaskClient, store: Any) -> None:
    """Two steps lead through no administrative place, yet show how the neighbours lie in each other."""
    found = network(client, f"{LANGRES}?depth=2")
    ends = [(edge["source"], edge["target"]) for edge in found["edges"]]
    classes = " ".join(f"<{iri(name)}>" for name in ADMINISTRATIVE)
    places = {row["place"].value for row in rows(store.query(f"SELECT ?place {{ VALUES ?class {{ {classes} }} ?place a ?class }}"))}  # type: ignore[union-attr]
    first = {node["id"] for node in found["nodes"] if node["depth"] == 1}
    assert {thing("departement/haute-marne"), thing("region/grand-est")} <= first & places
    near = first - places
    far = {node["id"] for node in found["nodes"] if node["depth"] == 2}
    assert far and far == {end for pair in ends if near & set(pair) for end in pair} & far
    assert (thing("departement/haute-marne"), thing("region/grand-est")) in ends


def test_undrawn(app: Flask, store: Any) -> None:
    """What is passed over leads from nothing that is drawn: each subject of those properties is of another kind, or only links."""
    names = " ".join(f"<{iri(name)}>" for name in UNDRAWN)
    found: dict[str, set[str]] = {}
    for row in rows(store.query(f"SELECT DISTINCT ?thing ?class {{ VALUES ?property {{ {names} }} ?thing ?property ?other ; a ?class }}")):
        found.setdefault(str(row["thing"]), set()).add(shorten(row["class"].value, CANONICAL_BASE))  # type: ignore[union-attr]
    assert found
    drawn = {name for name, held in found.items() if kind_of(held).name in KINDS and LINKING.isdisjoint(held)}
    assert not drawn


@pytest.mark.parametrize(("name", "root"), [("gexf", f"{{{GEXF}}}gexf"), ("graphml", f"{{{GRAPHML}}}graphml")])
def test_xml(client: FlaskClient, name: str, root: str) -> None:
    """GEXF and GraphML hold the nodes and edges of the JSON, each with its name, by suffix and by parameter."""
    found = network(client, LANGRES)
    for path in (f"{LANGRES}.{name}", f"{LANGRES}?format={name}"):
        answer = client.get(path)
        assert answer.mimetype == f"application/{name}+xml"
        document = ElementTree.fromstring(answer.data)
        assert document.tag == root
        space = root.partition("}")[0] + "}"
        nodes, edges = list(document.iter(f"{space}node")), list(document.iter(f"{space}edge"))
        assert {node.get("id") for node in nodes} == {node["id"] for node in found["nodes"]}
        assert len(edges) == len(found["edges"])
        assert b"Pays de Langres" in answer.data


def test_gexf_declares_what_it_uses() -> None:
    """Each value in a GEXF file is of a declared attribute (GEXF 1.3 §4), and hostile names stay text."""
    nodes = (Node("urn:a", '<b>"&', "/a", "territory", "Pays", 0), Node("urn:b", "b", "", "person", "", 1))
    written = as_gexf(Network(nodes, (Edge("urn:a", "urn:b", "x < y", "urn:p"),)))
    document = ElementTree.fromstring(written)
    declared = {each.get("id") for each in document.iter(f"{{{GEXF}}}attribute")}
    assert {each.get("for") for each in document.iter(f"{{{GEXF}}}attvalue")} == declared
    assert [node.get("label") for node in document.iter(f"{{{GEXF}}}node")] == ['<b>"&', "b"]


def test_graphml_declares_what_it_uses() -> None:
    """Each value in a GraphML file is of a declared key."""
    written = as_graphml(Network((Node("urn:a", "a", "/a", "person", "", 0),), (Edge("urn:a", "urn:a", "self", "urn:p", "urn:v"),)))
    document = ElementTree.fromstring(written)
    keys = {each.get("id") for each in document.iter(f"{{{GRAPHML}}}key")}
    assert {each.get("key") for each in document.iter(f"{{{GRAPHML}}}data")} == keys


def test_addresses(client: FlaskClient) -> None:
    """One address for one thing; an unknown thing, an unknown width and a format that isn't there are told."""
    moved = client.get("/relations/id/territoire/pays-de-langres.gexf?depth=2")
    assert (moved.status_code, moved.location) == (308, f"{LANGRES}.gexf?depth=2")
    assert client.get("/relations/territoire/nulle-part", headers=BROWSER).status_code == 404
    assert client.get(f"{LANGRES}?depth=9").status_code == 400
    assert client.get(LANGRES, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(LANGRES, headers=BROWSER).headers["X-Robots-Tag"] == "noindex"


def test_nothing_around(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A thing that nothing is tied to has a page that says so."""
    page = read_page(client.get("/relations/source/memento/F170", headers=BROWSER).text)
    assert any(attributes.get("class") == "notice" for attributes in page.all("p"))


def test_fairly() -> None:
    """Each relation has its first neighbour drawn before any has its second."""
    links = [
        Link("urn:a", f"urn:{name}{number}", f"urn:{name}") for name, count in (("p", 5), ("q", 1), ("r", 2)) for number in range(count)
    ]
    assert fairly(links, 5) == ["urn:p0", "urn:q0", "urn:r0", "urn:p1", "urn:r1"]
    assert fairly(links, 0) == []
    assert len(fairly(links, 100)) == 8
