"""The outlines: the committed files, what they are drawn from, and the importer's own steps."""

import json
from collections.abc import Mapping
from math import cos, dist, radians, sin, sqrt
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon, box, shape

from territoires.errors import SourceError
from territoires.files import turtle_files
from territoires.knowledge import geography
from territoires.knowledge.geography import lambert93, read_geography
from territoires.knowledge.importing import outlines
from territoires.knowledge.importing.outlines import Commune, Division, Source
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE, iri

LAYERS = {"territoires": 9, "departements": 101, "regions": 18}
AREAS = {
    "pays-bruche-mossig-piemont": 842.9,
    "pays-centre-ouest-bretagne": 3054.4,
    "pays-de-chaumont": 2471.2,
    "pays-de-langres": 2271.0,
    "pays-de-thierache": 1664.7,
    "pays-interregional-bresle-yeres": 727.7,
    "pays-ledonien": 1704.0,
    "pays-midi-quercy": 1191.0,
    "vallee-de-la-dore-livradois-forez": 1859.1,
}
"""Square kilometres of the territories' communes of 2016, by IGN GEOFLA 2.2 (2016): another source than the outlines'."""


@pytest.fixture(scope="module")
def layers(root: Path) -> dict[str, dict[str, Any]]:
    """The committed files."""
    return {name: json.loads((root / "data" / "geo" / f"{name}.geojson").read_text(encoding="utf-8")) for name in LAYERS}


def square_kilometres(geometry: Any) -> float:
    """The area of a geometry in degrees, its latitude taken in its middle."""
    return float(geometry.area) * 111.195**2 * cos(radians(geometry.centroid.y))


def test_files(root: Path, layers: dict[str, dict[str, Any]]) -> None:
    """Each layer is whole, says that it is generated, its source and licence; the three take at most 600 kB."""
    assert {name: len(layer["features"]) for name, layer in layers.items()} == LAYERS
    for layer in layers.values():
        assert "territoires outlines" in layer["generated"]
        assert layer["source"].startswith("IGN Admin Express, INSEE")
        assert layer["licence"] == "Licence Ouverte 2.0"
    assert sum((root / "data" / "geo" / f"{name}.geojson").stat().st_size for name in LAYERS) <= 600_000


def test_geometries(layers: dict[str, dict[str, Any]]) -> None:
    """Every outline is valid at both levels of detail, goes counter-clockwise (RFC 7946) and keeps three decimals."""
    for layer in layers.values():
        for feature in layer["features"]:
            for level in ("geometry", "coarse"):
                found = shape(feature[level])
                assert found.is_valid and not found.is_empty and found.geom_type in ("Polygon", "MultiPolygon"), feature["properties"]
                assert all(part.exterior.is_ccw for part in shapely.get_parts(found)), feature["properties"]
                assert all(round(value, 3) == value for point in shapely.get_coordinates(found) for value in point)


def test_shared_borders(layers: dict[str, dict[str, Any]]) -> None:
    """Départements leave no gap and don't overlap; régions are made of them."""
    for level in ("geometry", "coarse"):
        pieces = {name: [shape(feature[level]) for feature in layers[name]["features"]] for name in ("departements", "regions")}
        assert shapely.coverage_is_valid(pieces["departements"]) and shapely.coverage_is_valid(pieces["regions"])
        france, regions = shapely.union_all(pieces["departements"]), shapely.union_all(pieces["regions"])
        assert france.symmetric_difference(regions).area < 1e-9
        holes = [ring for part in shapely.get_parts(france) for ring in part.interiors]
        assert not [ring for ring in holes if square_kilometres(Polygon(ring)) > 40]


def test_areas(layers: dict[str, dict[str, Any]]) -> None:
    """The nine territories are within 0.6 % of the area that another source gives for their communes of 2016."""
    found = {
        feature["properties"]["iri"].rpartition("/")[2]: square_kilometres(shape(feature["geometry"]))
        for feature in layers["territoires"]["features"]
    }
    assert found.keys() == AREAS.keys()
    deviations = {name: found[name] / AREAS[name] - 1 for name in AREAS}
    assert max(map(abs, deviations.values())) < 0.006, deviations


def test_identifiers(root: Path, layers: dict[str, dict[str, Any]]) -> None:
    """Features bear the graph's IRIs, codes and names, and all départements and régions that the graph knows are among them."""
    said: dict[str, dict[str, set[str]]] = {}
    for quad in read_quads(turtle_files(root, "data"), CANONICAL_BASE):
        said.setdefault(str(getattr(quad.subject, "value", "")), {}).setdefault(quad.predicate.value, set()).add(
            str(getattr(quad.object, "value", ""))
        )
    for layer, cls in (("departements", "tdp:Departement"), ("regions", "tdp:Region")):
        known = {subject for subject, facts in said.items() if iri(cls) in facts.get(iri("rdf:type"), ())}
        assert known == {feature["properties"]["iri"] for feature in layers[layer]["features"] if "iri" in feature["properties"]}
    for layer in layers.values():
        for properties in (feature["properties"] for feature in layer["features"] if "iri" in feature["properties"]):
            facts = said[properties["iri"]]
            assert properties["name"] in facts[iri("skos:prefLabel")], properties
            assert properties.get("code", "") in facts.get(iri("igeo:codeINSEE"), {""}), properties


def test_members(root: Path) -> None:
    """The nine territories are drawn from 1,060 communes of today, into which the 1,093 of 2016 have become."""
    members = outlines.territory_members(root)
    assert set(members.values()) == AREAS.keys()
    assert len(members) == 1060 and members["52269"] == "pays-de-langres" and "22167" not in members


TWO_WHOLES = """
@base <https://w3id.org/territoires-de-projet/> .
@prefix tdp: <https://w3id.org/territoires-de-projet/def#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix igeo: <http://rdf.insee.fr/def/geo#> .
<p1> tdp:perimeterOf <id/territoire/x> ; tdp:onDate "2016-01-01"^^xsd:date ; tdp:hasMemberTerritory <e1> .
<p2> tdp:perimeterOf <id/territoire/y> ; tdp:onDate "2016-01-01"^^xsd:date ; tdp:hasMemberTerritory <e2> .
<p3> tdp:perimeterOf <id/territoire/y> ; tdp:onDate "2017-01-01"^^xsd:date ; tdp:hasMemberTerritory <e1> .
<q1> tdp:perimeterOf <e1> ; tdp:onDate "2016-01-01"^^xsd:date ; tdp:hasMemberTerritory <a> .
<q2> tdp:perimeterOf <e2> ; tdp:onDate "2016-01-01"^^xsd:date ; tdp:hasMemberTerritory <b> .
<a> igeo:codeINSEE "a" ; dct:isReplacedBy <b> . <b> igeo:codeINSEE "b" .
"""
"""A commune that went into another one, whose land is in another territory."""

SQUARES = (
    Commune("01001", "01", box(0, 0, 1, 1)),
    Commune("01002", "01", box(1, 0, 2, 1)),
    Commune("02001", "02", MultiPolygon([box(2, 0, 3, 1), box(9, 9, 9.001, 9.001)])),
)
SMALL = Source(SQUARES, (Division("01", "Un", "84"), Division("02", "Deux", "84")), (Division("84", "Région", ""),))
KNOWN: Mapping[tuple[str, str], tuple[str, str]] = {
    ("territoire", "t"): ("https://example.org/t", "T"),
    ("departement", "02"): ("https://example.org/d2", "Deux"),
}


def test_drawing() -> None:
    """Communes become cells, cells become territories, départements and régions; a speck goes, a border stays shared."""
    cells = outlines.dissolve(SQUARES, {"01002": "t", "02001": "t"})
    assert {cell: round(geometry.area, 3) for cell, geometry in cells.items()} == {("01", ""): 1, ("01", "t"): 1, ("02", "t"): 1}
    drawn = outlines.draw(cells, SMALL, KNOWN)
    assert [(each.iri, each.name, each.geometry.bounds) for each in drawn["territoires"]] == [("https://example.org/t", "T", (1, 0, 3, 1))]
    assert [(each.code, each.iri, each.geometry.area) for each in drawn["departements"]] == [
        ("01", "", 2),
        ("02", "https://example.org/d2", 1),
    ]
    assert drawn["regions"][0].geometry.bounds == (0, 0, 3, 1)


def test_gaps_close() -> None:
    """A hole that a commune left which the data lack is closed."""
    ring = Polygon(box(0, 0, 1, 1).exterior, [box(0.5, 0.5, 0.53, 0.53).exterior])
    assert outlines.simplify({("01", ""): ring})[("01", "")].area == pytest.approx(1)


def test_missing_commune(tmp_path: Path) -> None:
    """A commune without outline, or in two territories, stops the import, which names it."""
    with pytest.raises(SourceError, match="99999"):
        outlines.dissolve(SQUARES, {"99999": "t"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "two.ttl").write_text(TWO_WHOLES, encoding="utf-8")
    with pytest.raises(SourceError, match="b lies in x and in y"):
        outlines.territory_members(tmp_path)


def test_projection() -> None:
    """Lambert-93 as IGN defines it: its origin, Paris, and true lengths on the two standard parallels."""
    assert lambert93(3, 46.5) == pytest.approx((700, 6600), abs=1e-6)
    assert lambert93(2.3522, 48.8566) == pytest.approx((652.469, 6862.035), abs=0.01)
    for latitude in (44, 49):
        radius = 6378.137 / sqrt(1 - 0.00669438 * sin(radians(latitude)) ** 2)
        assert dist(lambert93(6, latitude), lambert93(6.01, latitude)) == pytest.approx(radius * cos(radians(latitude)) * radians(0.01))


def test_broken_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """B39: a missing or broken file, or geometry, leaves out what it would have shown, and the log says so."""
    folder = tmp_path / "data" / "geo"
    folder.mkdir(parents=True)
    (folder / "regions.geojson").write_text("{", encoding="utf-8")
    geometries: list[Any] = [
        None,
        {},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], "x"]]},
        {"type": "Polygon", "coordinates": [[[0, 45], [1, 45], [1, 46], [0, 45]]]},
    ]
    features = [{"type": "Feature", "properties": {"name": str(number)}, "geometry": each} for number, each in enumerate(geometries)]
    document = {"type": "FeatureCollection", "source": "s", "licence": "l", "features": features}
    (folder / "territoires.geojson").write_text(json.dumps(document), encoding="utf-8")
    found = read_geography(tmp_path, CANONICAL_BASE)
    assert [place.name for place in found.places] == ["4"]
    assert [layer for layer in geography.LAYERS if f"No map of the {layer}" in caplog.text] == ["regions", "departements"]
    assert caplog.text.count("No outline of") == 4
