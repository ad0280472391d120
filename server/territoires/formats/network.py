"""Nodes and edges for programs that draw and measure networks: GEXF 1.3 (gexf.net), GraphML (graphml.graphdrawing.org), JSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from xml.etree import ElementTree

from territoires.formats.table import HTML, Format
from territoires.xmltext import xml_safe

GEXF, GRAPHML = "http://gexf.net/1.3", "http://graphml.graphdrawing.org/xmlns"


@dataclass(frozen=True)
class Node:
    """A thing: its IRI, name, address on this host, kind, class in words, and steps from the middle."""

    id: str
    label: str
    href: str
    kind: str
    type: str
    depth: int


@dataclass(frozen=True)
class Edge:
    """A relation between two nodes, in words; `property` is its IRI, `via` the node that links both, if any."""

    source: str
    target: str
    label: str
    property: str
    via: str = ""


@dataclass(frozen=True)
class Network:
    """Nodes and edges; `capped` where there are more than these."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    capped: bool = False


NODE_FIELDS = {"href": "string", "kind": "string", "type": "string", "depth": "integer"}
EDGE_FIELDS = {"property": "string", "via": "string"}


def as_json(network: Network) -> bytes:
    """{"nodes": […], "edges": […], "capped": …}, each with the fields of `Node` and `Edge`."""
    told = {"nodes": [asdict(node) for node in network.nodes], "edges": [asdict(edge) for edge in network.edges], "capped": network.capped}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def as_gexf(network: Network) -> bytes:
    """GEXF 1.3, which Gephi reads."""
    root = ElementTree.Element("gexf", xmlns=GEXF, version="1.3")
    graph = ElementTree.SubElement(root, "graph", defaultedgetype="directed", mode="static")
    for name, fields in (("node", NODE_FIELDS), ("edge", EDGE_FIELDS)):
        declared = ElementTree.SubElement(graph, "attributes", {"class": name})
        for field, kind in fields.items():
            ElementTree.SubElement(declared, "attribute", id=field, title=field, type=kind)
    nodes, edges = ElementTree.SubElement(graph, "nodes"), ElementTree.SubElement(graph, "edges")
    for node in network.nodes:
        one = ElementTree.SubElement(nodes, "node", id=node.id, label=node.label)
        gexf_values(one, asdict(node), NODE_FIELDS)
    for number, edge in enumerate(network.edges):
        one = ElementTree.SubElement(edges, "edge", id=str(number), source=edge.source, target=edge.target, label=edge.label)
        gexf_values(one, asdict(edge), EDGE_FIELDS)
    return document(root)


def gexf_values(element: ElementTree.Element, values: Mapping[str, object], fields: Mapping[str, str]) -> None:
    """Writes the values of a node or an edge."""
    held = ElementTree.SubElement(element, "attvalues")
    for field in fields:
        ElementTree.SubElement(held, "attvalue", {"for": field, "value": str(values[field])})


def as_graphml(network: Network) -> bytes:
    """GraphML, which Gephi, Cytoscape, igraph and NetworkX read."""
    root = ElementTree.Element("graphml", xmlns=GRAPHML)
    for place, fields in (("node", {"label": "string", **NODE_FIELDS}), ("edge", {"label": "string", **EDGE_FIELDS})):
        for field, kind in fields.items():
            named = {"id": f"{place}-{field}", "for": place, "attr.name": field, "attr.type": kind.replace("integer", "int")}
            ElementTree.SubElement(root, "key", named)
    graph = ElementTree.SubElement(root, "graph", edgedefault="directed")
    for node in network.nodes:
        graphml_values(ElementTree.SubElement(graph, "node", id=node.id), "node", asdict(node), ("label", *NODE_FIELDS))
    for edge in network.edges:
        graphml_values(
            ElementTree.SubElement(graph, "edge", source=edge.source, target=edge.target), "edge", asdict(edge), ("label", *EDGE_FIELDS)
        )
    return document(root)


def graphml_values(element: ElementTree.Element, place: str, values: Mapping[str, object], fields: Sequence[str]) -> None:
    """Writes the values of a node or an edge."""
    for field in fields:
        ElementTree.SubElement(element, "data", key=f"{place}-{field}").text = str(values[field])


def document(root: ElementTree.Element) -> bytes:
    """An XML document. Raises FormatRefused where a name holds what XML can't."""
    ElementTree.indent(root)
    return xml_safe(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")


JSON = Format("json", "JSON", "application/json")
NETWORKS = (HTML, JSON, Format("gexf", "GEXF", "application/gexf+xml"), Format("graphml", "GraphML", "application/graphml+xml"))
"""What a network can be had in; the first is the default."""
WRITERS: Mapping[str, Callable[[Network], bytes]] = {"json": as_json, "gexf": as_gexf, "graphml": as_graphml}
