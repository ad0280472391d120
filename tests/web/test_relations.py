"""What lies around a thing: the list, the network as JSON, GEXF and GraphML, its bounds."""

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.formats.network import GEXF, GRAPHML, Edge, Network, Node, as_gexf, as_graphml
from territoires.store import Holdable
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.neighbourhood import MOST_FIRST, MOST_NODES, Link, fairly

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


def test_few_queries(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page asks at most ten queries, however much there is."""
    asked: list[str] = []
    store: Any = app.extensions["territoires"].store
    kind = type(store)
    if isinstance(store, Holdable):
        held = store.hold()
        kind = type(held)
        held.release()
    known = kind.query

    def counted(self: Any, *arguments: Any) -> Any:
        asked.append(arguments[0])
        return known(self, *arguments)

    monkeypatch.setattr(kind, "query", counted)
    client.get(f"{HUB}?depth=2&lang=en", headers=BROWSER)
    assert 3 <= len(asked) <= 10


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
