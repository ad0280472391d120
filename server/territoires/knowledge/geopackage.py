"""Writes a GeoPackage (OGC 12-128r19, version 1.4): features with their attributes in an SQLite file, in WGS84.

Only what the files of a release need: polygons and multipolygons, one table for each layer, no index of space.
"""

import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APPLICATION = 0x47504B47
"""GPKG, in the header of the file (§1.1.1.1.1)."""
VERSION = 10400
WGS84 = 4326
DEFINITION = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
SYSTEMS = (
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined"),
    ("WGS 84 geodetic", WGS84, "EPSG", WGS84, DEFINITION),
)
"""The reference systems that every file names (§1.1.2.1.2)."""
TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
"""The tables of §1.1.2, §1.1.3 and §2.1.5."""
TYPES = {bool: "BOOLEAN", int: "INTEGER", float: "DOUBLE", str: "TEXT"}
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """A table of features: GeoJSON geometries, and attributes that are whole numbers, numbers or texts."""

    name: str
    title: str
    description: str
    features: Sequence[tuple[Mapping[str, Any], Mapping[str, object]]]


def write_geopackage(path: Path, layers: Iterable[Layer], changed: str) -> int:
    """Writes the layers to a new file; `changed` is an xsd:dateTime in UTC. Returns how many features."""
    count = 0
    with closing(sqlite3.connect(path)) as file, file:
        file.executescript(f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; {TABLES}")
        file.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, NULL)", SYSTEMS)
        for layer in layers:
            count += write_layer(file, layer, changed)
    return count


def write_layer(file: sqlite3.Connection, layer: Layer, changed: str) -> int:
    """Writes one table, and says what it is."""
    columns: dict[str, str] = {}
    for _, attributes in layer.features:
        for name, value in attributes.items():
            kind = TYPES[type(value)]
            columns[name] = kind if columns.get(name, kind) == kind else widened(columns[name], kind)
    named = "".join(f", {quoted(name)} {kind}" for name, kind in columns.items())
    table = quoted(layer.name)
    file.execute(f"CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom MULTIPOLYGON{named})")
    filled = f"INSERT INTO {table} (geom{''.join(', ' + quoted(name) for name in columns)}) VALUES (?{', ?' * len(columns)})"
    file.executemany(filled, ([blob(shape), *(said.get(name) for name in columns)] for shape, said in layer.features))
    boxes = [bounds(polygons(shape)) for shape, _ in layer.features]
    box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    told = (layer.name, "features", layer.title, layer.description, changed, *box, WGS84)
    file.execute("INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", told)
    file.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (layer.name, WGS84))
    return len(layer.features)


def widened(first: str, second: str) -> str:
    """The type that holds the values of two."""
    return "DOUBLE" if {first, second} == {"INTEGER", "DOUBLE"} else "TEXT"


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def polygons(shape: Mapping[str, Any]) -> list[list[list[Sequence[float]]]]:
    """The polygons of a GeoJSON geometry, each its rings of (longitude, latitude). Raises ValueError."""
    if shape["type"] not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{shape['type']} is no outline: a Polygon or MultiPolygon is one.")
    found: list[list[list[Sequence[float]]]] = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    return found


def bounds(shape: list[list[list[Sequence[float]]]]) -> Box:
    """West, south, east and north of polygons."""
    points = [point for polygon in shape for ring in polygon for point in ring]
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return min(xs), min(ys), max(xs), max(ys)


def blob(shape: Mapping[str, Any]) -> bytes:
    """A GeoJSON geometry as a GeoPackage keeps it (§2.1.3): header, box, and ISO WKB, little-endian."""
    held = polygons(shape)
    west, south, east, north = bounds(held)
    header = b"GP" + struct.pack("<BBi4d", 0, 0b00000011, WGS84, west, east, south, north)
    return header + wkb(held)


def wkb(shape: list[list[list[Sequence[float]]]]) -> bytes:
    """A multipolygon in well-known binary (ISO 13249-3 §5.1.46)."""
    parts = [struct.pack("<BII", 1, 6, len(shape))]
    for polygon in shape:
        parts.append(struct.pack("<BII", 1, 3, len(polygon)))
        for ring in polygon:
            parts.append(struct.pack("<I", len(ring)))
            parts += [struct.pack("<2d", point[0], point[1]) for point in ring]
    return b"".join(parts)
