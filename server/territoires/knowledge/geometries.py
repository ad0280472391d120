"""The outlines of data/geo/ in the graph (GeoSPARQL): each place leads to a geometry node with its outline as WKT, and to its middle.

The literal stands on a node of its own, so that a description of the place stays short. Longitude comes before latitude, in WGS84 (the
default of geo:wktLiteral, OGC 22-047 §8.4.1); the land is that of the communes of today.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, Quad

from territoires.errors import SourceError
from territoires.files import SourceFile
from territoires.knowledge.geography import FOLDER, LAYERS
from territoires.knowledge.sources import graph_iri
from territoires.vocabulary import iri, rebase

KINDS: Mapping[str, str] = {"regions": "region", "departements": "departement"}
"""Layer -> kind of place, as addresses name it."""
WKT = NamedNode(iri("geo:wktLiteral"))
SOURCE = "source/ign-admin-express"
Ring = list[list[float]]


def geometry_files(home: Path) -> tuple[SourceFile, ...]:
    """The outlines as sources of named graphs, those that are there."""
    names = [f"{'/'.join(FOLDER)}/{layer}" for layer in LAYERS]
    return tuple(SourceFile(path, name) for name in names if (path := home / f"{name}.geojson").is_file())


def geometry_quads(home: Path, base: str, known: Iterable[Quad]) -> list[Quad]:
    """The geometries of the places that `known` speaks of, in the graph of their file. Raises SourceError."""
    subjects = {quad.subject.value for quad in known if isinstance(quad.subject, NamedNode)}
    found: list[Quad] = []
    for source in geometry_files(home):
        graph = graph_iri(source, base)
        kind = KINDS.get(source.path.stem, "territoire")
        try:
            features = json.loads(rebase(source.path.read_text(encoding="utf-8"), base))["features"]
            for feature in features:
                said = feature["properties"]
                place = said.get("iri") or f"{base}id/{kind}/{said['code']}"
                if place in subjects:
                    found += describe(
                        NamedNode(place), f"{kind}-{place.rpartition('/')[2]}", said["name"], feature["geometry"], base, graph
                    )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{source.path} can't be read: {error!r}. `territoires outlines` writes it anew.") from error
    return found


def describe(place: NamedNode, name: str, label: str, geometry: Mapping[str, Any], base: str, graph: NamedNode) -> Iterator[Quad]:
    """The outline of a place and its middle, each a node."""
    outline, middle = NamedNode(f"{base}id/geometrie/{name}"), NamedNode(f"{base}id/geometrie/{name}-centre")
    longitude, latitude = centroid(geometry)
    nodes = (
        (outline, "geo:hasGeometry", f"Contour : {label}", f"Outline: {label}", wkt(geometry)),
        (middle, "geo:hasCentroid", f"Centre : {label}", f"Centre: {label}", f"POINT({longitude:.3f} {latitude:.3f})"),
    )
    for node, link, french, english, text in nodes:
        yield Quad(place, term(link), node, graph)
        yield Quad(node, term("rdf:type"), term("geo:Geometry"), graph)
        yield Quad(node, term("skos:prefLabel"), Literal(french, language="fr"), graph)
        yield Quad(node, term("skos:prefLabel"), Literal(english, language="en"), graph)
        yield Quad(node, term("geo:asWKT"), Literal(text, datatype=WKT), graph)
        yield Quad(node, term("dct:source"), NamedNode(base + SOURCE), graph)


def term(name: str) -> NamedNode:
    """A term of a reused vocabulary by its prefixed name."""
    return NamedNode(iri(name))


def polygons(geometry: Mapping[str, Any]) -> list[list[Ring]]:
    """The polygons of a GeoJSON Polygon or MultiPolygon, each a list of rings, the outer one first."""
    found: list[list[Ring]] = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    return found


def wkt(geometry: Mapping[str, Any]) -> str:
    """A GeoJSON Polygon or MultiPolygon as Well-Known Text (OGC 06-103r4 §7)."""
    written = [f"({','.join(f'({ring_text(ring)})' for ring in polygon)})" for polygon in polygons(geometry)]
    return f"MULTIPOLYGON({','.join(written)})" if len(written) > 1 else f"POLYGON{written[0]}"


def ring_text(ring: Ring) -> str:
    """The points of a ring."""
    return ",".join(f"{x:g} {y:g}" for x, y in ring)


def centroid(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """The middle of the largest polygon, in degrees: that of its area (Bourke 1988), its holes left out."""
    outer = max((polygon[0] for polygon in polygons(geometry)), key=lambda ring: abs(twice_area(ring)))
    (left, low), area = outer[0], twice_area(outer)
    x = sum(((ax - left) + (bx - left)) * cross(ax - left, ay - low, bx - left, by - low) for (ax, ay), (bx, by) in pairwise(outer))
    y = sum(((ay - low) + (by - low)) * cross(ax - left, ay - low, bx - left, by - low) for (ax, ay), (bx, by) in pairwise(outer))
    return left + x / (3 * area), low + y / (3 * area)


def twice_area(ring: Ring) -> float:
    """Twice the area of a ring, positive where it runs counter-clockwise."""
    (left, low) = ring[0]
    return sum(cross(ax - left, ay - low, bx - left, by - low) for (ax, ay), (bx, by) in pairwise(ring))


def cross(ax: float, ay: float, bx: float, by: float) -> float:
    """The cross product of two points as vectors."""
    return ax * by - bx * ay
