"""The outlines of data/geo/ as the pages draw them: places in Lambert-93, in kilometres, and as GeoJSON in WGS84.

A file that is missing or broken leaves its layer empty, and says so in the log: a page without its map is a page all the same.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import asinh, atanh, cos, exp, log, pi, radians, sin, sqrt, tan
from pathlib import Path
from typing import Any

from territoires.vocabulary import rebase

LAYERS = ("regions", "departements", "territoires")
FOLDER = ("data", "geo")
LOG = logging.getLogger(__name__)

Point = tuple[float, float]
Ring = tuple[Point, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle in kilometres: west, south, east, north."""

    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        """From west to east."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """From south to north."""
        return self.north - self.south

    @property
    def centre(self) -> Point:
        """The middle."""
        return (self.west + self.east) / 2, (self.south + self.north) / 2

    def meets(self, other: "Box") -> bool:
        """Whether the two have land in common."""
        return self.west < other.east and other.west < self.east and self.south < other.north and other.south < self.north

    def wider(self, margin: float) -> "Box":
        """The rectangle with a margin on each side."""
        return Box(self.west - margin, self.south - margin, self.east + margin, self.north + margin)


FRANCE = Box(95, 6040, 1250, 7120)
"""Metropolitan France in Lambert-93, with a margin."""


@dataclass(frozen=True, eq=False)
class Place:
    """A territory, département or région. Rings are in Lambert-93 kilometres, overseas in kilometres around its middle; `coarse` is for
    a map of all of France; `geometry` is the GeoJSON geometry in WGS84."""

    iri: str
    code: str
    name: str
    layer: str
    rings: tuple[Ring, ...] = field(repr=False)
    coarse: tuple[Ring, ...] = field(repr=False)
    geometry: Mapping[str, Any] = field(repr=False)
    box: Box
    coded: str = ""
    """The IRI by which the graph knows it where no name does: that of its code."""

    @property
    def overseas(self) -> bool:
        """Whether it lies outside of what Lambert-93 is made for."""
        return not self.box.meets(FRANCE)

    @property
    def key(self) -> str:
        """What it is known by: its IRI, or layer and code where the graph doesn't know it."""
        return self.iri or f"{self.layer}/{self.code}"


@dataclass(frozen=True, eq=False)
class Geography:
    """Every place that has an outline, at one base."""

    places: tuple[Place, ...] = ()
    source: str = ""
    licence: str = ""

    def layer(self, name: str) -> tuple[Place, ...]:
        """The places of a layer."""
        return tuple(place for place in self.places if place.layer == name)

    def find(self, iris: Iterable[str]) -> tuple[Place, ...]:
        """The places of these IRIs, in the order of the layers; what has no outline is left out."""
        wanted = set(iris)
        return tuple(place for place in self.places if wanted & {place.iri, place.coded} - {""})


@lru_cache(maxsize=8)
def read_geography(home: Path, base: str) -> Geography:
    """The outlines of data/geo/ below `home`, with own IRIs at `base`; read once."""
    places: list[Place] = []
    said: dict[str, str] = {}
    for layer in LAYERS:
        path = home.joinpath(*FOLDER, f"{layer}.geojson")
        try:
            document = json.loads(rebase(path.read_text(encoding="utf-8"), base))
            kind = f"{base}id/{layer.removesuffix('s')}/"
            places += [place for feature in document["features"] if (place := read_place(feature, layer, kind))]
            said |= {name: str(document[name]) for name in ("source", "licence")}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            LOG.warning("No map of the %s: %s can't be read (%s)", layer, path, error)
    return Geography(tuple(places), **said)


def read_place(feature: Mapping[str, Any], layer: str, kind: str = "") -> Place | None:
    """A GeoJSON feature as a place, `kind` beginning its IRI by code; None where its geometry is empty or broken."""
    said = feature["properties"]
    rings = read_rings(feature["geometry"])
    if not rings:
        LOG.warning("No outline of %s", said.get("name"))
        return None
    project = projection(rings)
    drawn, coarse = (
        tuple(tuple(project(*point) for point in ring) for ring in each) for each in (rings, read_rings(feature.get("coarse")))
    )
    name, code = said.get("iri", ""), said.get("code", "")
    coded = kind + code if kind and code and not name else ""
    return Place(name, code, said["name"], layer, drawn, coarse or drawn, feature["geometry"], bounds(drawn), coded)


def read_rings(geometry: Any) -> tuple[Ring, ...]:
    """The rings of a GeoJSON geometry in degrees; none where it is empty or broken."""
    try:
        rings = tuple(tuple((float(x), float(y)) for x, y in ring) for ring in geojson_rings(geometry))
    except (ValueError, KeyError, TypeError):
        return ()
    return tuple(ring for ring in rings if len(ring) > 3)


def geojson_rings(geometry: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The rings of a Polygon or MultiPolygon."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        yield from polygon


def bounds(rings: Iterable[Ring]) -> Box:
    """The rectangle around some rings."""
    points = [point for ring in rings for point in ring]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys))


def around(places: Iterable[Place]) -> Box:
    """The rectangle around some places."""
    boxes = [place.box for place in places]
    return Box(min(b.west for b in boxes), min(b.south for b in boxes), max(b.east for b in boxes), max(b.north for b in boxes))


def projection(rings: Iterable[Ring]) -> Any:
    """Lambert-93 for metropolitan France; elsewhere kilometres around the middle of the place."""
    lon, lat = bounds(rings).centre
    if -6 < lon < 10 and 41 < lat < 52:
        return lambert93
    scale = cos(radians(lat))
    return lambda x, y: (111.32 * scale * (x - lon), 111.32 * (y - lat))


def isometric(latitude: float, e: float) -> float:
    """The isometric latitude on an ellipsoid of that eccentricity."""
    return asinh(tan(latitude)) - e * atanh(e * sin(latitude))


@lru_cache(maxsize=1)
def lambert_constants() -> tuple[float, float, float, float]:
    """Eccentricity, exponent, constant (km) and the pole's ordinate (km) of RGF93 / Lambert-93 (EPSG:2154; IGN NTG 71)."""
    a, e2 = 6378.137, 0.00669438002290
    e, (first, second) = sqrt(e2), (radians(44), radians(49))
    big = [a / sqrt(1 - e2 * sin(latitude) ** 2) * cos(latitude) for latitude in (first, second)]
    n = log(big[1] / big[0]) / (isometric(first, e) - isometric(second, e))
    c = big[0] / n * exp(n * isometric(first, e))
    return e, n, c, 6600 + c * exp(-n * isometric(radians(46.5), e))


def lambert93(lon: float, lat: float) -> Point:
    """Degrees (RGF93, WGS84 to a metre) as Lambert-93 kilometres: easting, northing."""
    e, n, c, pole = lambert_constants()
    reach = c * exp(-n * isometric(radians(lat), e))
    turn = n * (lon - 3) * pi / 180
    return 700 + reach * sin(turn), pole - reach * cos(turn)
