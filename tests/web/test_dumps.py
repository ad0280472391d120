"""The files of the release: each holds what it says, no persons, nothing of another licence, and reloads into the same graph."""

import csv
import gzip
import io
import json
import sqlite3
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import csvw
import pytest
import rdflib
import rdflib.compare
import shapely
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import CanonicalizationAlgorithm, Dataset, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from territoires.knowledge.dumps import FOLDER, Dump, read_index
from territoires.settings import Settings
from territoires.store.embedded import named_quads
from territoires.store.releases import Release, current_release, kept_release
from territoires.vocabulary import CANONICAL_BASE, iri

PERSONS = f"{CANONICAL_BASE}graph/data/persons/"
FORMATS = {"nq": RdfFormat.N_QUADS, "ttl": RdfFormat.TURTLE, "jsonld": RdfFormat.JSON_LD}
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"


@pytest.fixture(scope="module")
def release(settings: Settings) -> Release:
    """The release that is served."""
    return current_release(settings.releases)


@pytest.fixture(scope="module")
def held(release: Release) -> set[Quad]:
    """What the release holds in named graphs."""
    return set(named_quads(release.path / "store"))


def read(release: Release, name: str) -> set[Quad]:
    """What an RDF file says; blank nodes as it calls them."""
    form = FORMATS[name.removesuffix(".gz").rpartition(".")[2]]
    return set(parse(gzip.decompress((release.path / FOLDER / name).read_bytes()), form))


def reloaded(release: Release, name: str) -> set[Quad]:
    """What an empty store holds once the file is loaded; blank nodes as the store calls them."""
    store = Store()
    form = FORMATS[name.removesuffix(".gz").rpartition(".")[2]]
    store.bulk_load(gzip.decompress((release.path / FOLDER / name).read_bytes()), format=form)
    return set(store)


def bare(quads: set[Quad]) -> set[Quad]:
    """The quads without their graphs."""
    return {Quad(q.subject, q.predicate, q.object, DefaultGraph()) for q in quads}


def canonical(quads: set[Quad]) -> Dataset:
    """The quads with blank nodes named by what is said of them, whatever they were called (RDFC-1.0)."""
    found = Dataset(quads)
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def listed(release: Release, **wanted: str) -> list[Dump]:
    """The files with these members."""
    found = [dump for dump in read_index(release.path) if all(getattr(dump, name) == value for name, value in wanted.items())]
    assert found
    return found


def test_whole_and_the_rest_are_the_release(release: Release, held: set[Quad]) -> None:
    """The files of the whole, of the persons and of what is under the ODbL share nothing, and are together the release."""
    whole, persons, odbl = (read(release, name) for name in ("territoires.nq.gz", "persons.nq.gz", "faits-odbl.nq.gz"))
    assert whole | persons | odbl == held
    assert len(whole) + len(persons) + len(odbl) == len(held)
    assert persons == {quad for quad in held if quad.graph_name.value.startswith(PERSONS)}  # type: ignore[union-attr]
    person = (NamedNode(iri("rdf:type")), NamedNode(iri("foaf:Person")))
    people = {quad.subject for quad in held if (quad.predicate, quad.object) == person}
    assert len(people) >= 25
    assert not [quad for quad in whole | odbl if quad.subject in people or quad.object in people]


def test_every_rdf_file_reloads(release: Release, held: set[Quad]) -> None:
    """Each RDF file, of a graph, a data set or the whole, gives an empty store what the release holds there."""
    dumps = [dump for dump in read_index(release.path) if dump.packing and dump.name.split(".")[-2] in FORMATS]
    graphs: dict[str, set[Quad]] = {}
    for quad in held:
        graphs.setdefault(quad.graph_name.value, set()).add(quad)  # type: ignore[union-attr]
    parts: dict[str, set[str]] = {}
    for dump in dumps:
        if dump.graph:
            parts.setdefault(dump.part, set()).add(dump.graph)
    parts["territoires"] = {graph for part, members in parts.items() if part != "faits-odbl" for graph in members}
    parts["personnes"] = {graph for graph in graphs if graph.startswith(PERSONS)}
    assert len(dumps) > 600 and {graph for members in parts.values() for graph in members} == set(graphs)
    for dump in dumps:
        expected = {quad for graph in ([dump.graph] if dump.graph else parts[dump.part]) for quad in graphs[graph]}
        found = reloaded(release, dump.name)
        triples = dump.name.endswith(".ttl.gz") or (bool(dump.graph) and dump.name.endswith(".jsonld.gz"))
        wanted = bare(expected) if triples else expected
        assert found == wanted or canonical(found) == canonical(wanted), dump.name
        assert dump.count == len(found), dump.name


def test_rdflib_reads_them(release: Release, held: set[Quad]) -> None:
    """Another reader finds the same, in each format."""
    graph = f"{CANONICAL_BASE}graph/ontology/territory"
    expected = rdflib.Graph()
    said = b"\n".join(str(quad.triple).encode() + b" ." for quad in held if quad.graph_name.value == graph)  # type: ignore[union-attr]
    expected.parse(data=said, format="nt")
    assert len(expected) > 300
    for suffix, name in (("nq", "nquads"), ("ttl", "turtle"), ("jsonld", "json-ld")):
        body = gzip.decompress((release.path / FOLDER / f"graph/ontology/territory.{suffix}.gz").read_bytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own parsers use what rdflib deprecates
            found = rdflib.Dataset()
            found.parse(data=body, format=name)
        triples = rdflib.Graph()
        for subject, predicate, value, _ in found.quads():
            triples.add((subject, predicate, value))
        assert rdflib.compare.isomorphic(triples, expected), suffix


def test_merge_has_each_triple_once(release: Release) -> None:
    """The Turtle file of the whole repeats nothing."""
    body = gzip.decompress((release.path / FOLDER / "territoires.ttl.gz").read_bytes())
    found = list(parse(body, RdfFormat.TURTLE))
    assert len(found) == len(set(found)) == listed(release, name="territoires.ttl.gz")[0].count


def test_sums(release: Release) -> None:
    """SHA256SUMS lists every file but that of the persons, as sha256sum reads it."""
    lines = (release.path / FOLDER / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert dict(reversed(line.split("  ")) for line in lines) == {  # type: ignore[arg-type]
        dump.name: dump.sha256 for dump in read_index(release.path) if dump.name not in ("persons.nq.gz", "SHA256SUMS")
    }
    there = {path.relative_to(release.path / FOLDER).as_posix() for path in (release.path / FOLDER).rglob("*") if path.is_file()}
    assert there == {dump.name for dump in read_index(release.path)} | {"index.json"}


def test_tables(release: Release, app: Flask, recwarn: pytest.WarningsRecorder) -> None:
    """The tables are valid CSVW: datatypes, keys and references hold; a table has a row for each resource that the graphs state."""
    group = csvw.TableGroup.from_file(release.path / FOLDER / "csv" / "csv-metadata.json")
    assert len(group.tables) == len(listed(release, media_type="text/csv")) > 60
    for table in group.tables:
        assert all(row["iri"] for row in table), table.url
        assert table.check_primary_key(), table.url
    assert sum(len(table.tableSchema.foreignKeys) for table in group.tables) > 100 and group.check_referential_integrity()
    assert not recwarn.list
    store = app.extensions["territoires"].store
    graphs = (
        f"FILTER(STRSTARTS(STR(?g), '{CANONICAL_BASE}graph/data/source') || STRSTARTS(STR(?g), '{CANONICAL_BASE}graph/data/reference'))"
    )
    for name in ("Pays", "Passage", "FundingFlow"):
        text = f"SELECT (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH ?g {{ ?s a <{CANONICAL_BASE}def#{name}> }} {graphs} }}"
        (row,) = store.query(text)
        with (release.path / FOLDER / f"csv/{name}.csv").open(encoding="utf-8", newline="") as file:
            assert len(list(csv.DictReader(file))) == int(row["n"].value) > 8, name


def test_table_tells_what_the_graph_does(release: Release) -> None:
    """A row through its metadata gives the triples that the graph has."""
    folder = release.path / FOLDER
    described = json.loads((folder / "csv/csv-metadata.json").read_text(encoding="utf-8"))
    columns = next(table for table in described["tables"] if table["url"] == "Pays.csv")["tableSchema"]["columns"]
    with (folder / "csv/Pays.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["iri"].endswith("/pays-de-langres"))
    store, this = current_release(release.path.parent).open(), NamedNode(row["iri"])
    said = {
        (column["propertyUrl"], column.get("lang", ""), text)
        for column in columns
        if "propertyUrl" in column and not column.get("virtual") and row[column["name"]]
        for text in (row[column["name"]].split(column["separator"]) if "separator" in column else [row[column["name"]]])
    }
    query = f"SELECT DISTINCT ?p ?o {{ GRAPH ?g {{ {this} ?p ?o }} FILTER(!isBlank(?o) && !CONTAINS(STR(?g), '/inferred/')) }}"
    known = {(r["p"].value, getattr(r["o"], "language", None) or "", r["o"].value) for r in store.query(query)}  # type: ignore[union-attr]
    assert len(said) >= 5 and said <= known
    own = {fact for fact in known if fact[0].startswith(f"{CANONICAL_BASE}def#")}
    assert own <= said | {fact for fact in known if "odbl" in fact[2]}


def test_archive(release: Release) -> None:
    """The archive holds the tables and their metadata as they lie beside it."""
    with zipfile.ZipFile(release.path / FOLDER / "territoires-csv.zip") as archive:
        assert archive.testzip() is None
        names = {name: archive.read(name) for name in archive.namelist()}
    assert names == {path.name: path.read_bytes() for path in (release.path / FOLDER / "csv").iterdir()}


def outlines(release: Release) -> dict[str, dict[str, Any]]:
    """The features of the GeoJSON file by id."""
    document = json.loads((release.path / FOLDER / "contours.geojson").read_text(encoding="utf-8"))
    assert document["type"] == "FeatureCollection" and document["source"] and document["licence"]
    return {feature["id"]: feature for feature in document["features"]}


def test_outlines_have_the_figures(release: Release, app: Flask) -> None:
    """Each territory has an outline, and the inhabitants that the fact sheets tell."""
    query = f"""PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX dim: <http://purl.org/linked-data/sdmx/2009/dimension#>
    SELECT ?area ?value {{ ?sheet tdp:describes ?area . ?o dim:refArea ?area ; tdp:inhabitants ?value ;
      dim:refPeriod <{CANONICAL_BASE}id/periode/2015> }}"""
    expected: dict[str, set[float]] = {}
    for row in app.extensions["territoires"].store.query(query):
        expected.setdefault(row["area"].value, set()).add(float(row["value"].value))
    features = outlines(release)
    assert len(expected) == 9
    for area, values in expected.items():
        properties = features[area]["properties"]
        found = {float(properties[name]) for name in properties if name.startswith("inhabitants_2015") and "precision" not in name}
        assert found and found <= values, area


def test_geopackage(release: Release) -> None:
    """The GeoPackage says what the OGC's standard wants, and holds the outlines and attributes of the GeoJSON file."""
    features = outlines(release)
    with sqlite3.connect(release.path / FOLDER / "contours.gpkg") as file:
        assert file.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert file.execute("PRAGMA user_version").fetchone() == (10400,)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",) and not file.execute("PRAGMA foreign_key_check").fetchall()
        systems = {row[0] for row in file.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")}
        assert systems >= {-1, 0, 4326}
        layers = file.execute(
            "SELECT table_name, min_x, min_y, max_x, max_y FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name)"
            " WHERE data_type = 'features' AND column_name = 'geom' AND gpkg_geometry_columns.srs_id = 4326"
        ).fetchall()
        assert {row[0] for row in layers} == {"territoires", "departements", "regions"}
        count = 0
        for name, *box in layers:
            held = []
            table = file.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in table.description]
            for row in (dict(zip(columns, values, strict=True)) for values in table.fetchall()):
                feature = features[row["iri"] or f"{name}/{row['code']}"]
                magic, version, flags, system, west, east, south, north = struct.unpack("<2sBBi4d", row["geom"][:40])
                assert (magic, version, flags, system) == (b"GP", 0, 3, 4326)
                shape = shapely.from_wkb(row["geom"][40:])
                assert shape.equals(shapely.geometry.shape(feature["geometry"])) and shape.geom_type == "MultiPolygon"
                assert shape.bounds == (west, south, east, north)
                told = {key: value for key, value in row.items() if key not in ("fid", "geom") and value is not None}
                assert told == {key: value for key, value in feature["properties"].items() if value is not None}
                held.append(shape)
                count += 1
            assert list(shapely.union_all(held).bounds) == box
    assert count == len(features)


def test_nothing_under_the_odbl_elsewhere(release: Release) -> None:
    """No statement of a graph under the ODbL stands in a file of the Licence Ouverte: neither RDF, nor table, nor figure."""
    odbl = read(release, "faits-odbl.nq.gz")
    assert odbl and all(dump.licence == ODBL for dump in listed(release, part="faits-odbl"))
    subjects = {quad.subject.value for quad in odbl if isinstance(quad.subject, NamedNode)}
    elsewhere = {quad.subject.value for quad in read(release, "territoires.nq.gz") if isinstance(quad.subject, NamedNode)}
    only = subjects - elsewhere
    perimeters = {quad.subject.value for quad in odbl if quad.predicate.value == iri("tdp:perimeterOf")}  # type: ignore[union-attr]
    assert perimeters and perimeters <= only, "their names stand there too"
    for dump in listed(release, media_type="text/csv"):
        with (release.path / FOLDER / dump.name).open(encoding="utf-8", newline="") as file:
            assert not only & {row["iri"] for row in csv.DictReader(file)}, dump.name


@pytest.mark.parametrize(("name", "robots"), [("territoires.nq.gz", None), ("persons.nq.gz", "noindex, noarchive")])
def test_headers(client: FlaskClient, name: str, robots: str | None) -> None:
    """A file to save, with a validator; the persons' one is not for search engines."""
    packing = {"Accept-Encoding": "gzip"}
    with client.get(f"/dumps/{name}", headers=packing) as response:
        assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert "Content-Encoding" not in response.headers
        assert response.headers.get("X-Robots-Tag") == robots
        tag = response.headers["ETag"]
    with client.get(f"/dumps/{name}", headers={"If-None-Match": tag, **packing}) as again:
        assert again.status_code == 304


def test_addresses_that_stay(client: FlaskClient, release: Release) -> None:
    """With the revision the address is for good; with another one there is nothing."""
    with client.get("/dumps/contours.gpkg") as now, client.get(f"/dumps/{release.revision}/contours.gpkg") as kept:
        assert now.data == kept.data and kept.mimetype == "application/geopackage+sqlite3"
    assert kept_release(release.path.parent, "20200101T000000-00000000") is None
    assert client.get("/dumps/20200101T000000-00000000/contours.gpkg").status_code == 404


@pytest.mark.parametrize("name", ["other", "../manifest.json", "index.json", "%2e%2e/manifest.json", "../../../etc/passwd", "csv", "graph"])
def test_unknown_dump(client: FlaskClient, name: str) -> None:
    """404 says where the files are listed; nothing else in the folder is given out."""
    response = client.get(f"/dumps/{name}", headers={"Accept": "application/json"})
    assert response.status_code == 404
    if "/" not in name:
        assert "/catalog" in response.json["detail"]


def test_files_are_small_to_read(client: FlaskClient, release: Release) -> None:
    """A table is packed on its way where the client allows it, and reads the same."""
    with client.get("/dumps/csv/Pays.csv", headers={"Accept-Encoding": "identity"}) as response:
        rows = list(csv.reader(io.StringIO(response.text)))
    assert len(rows) == listed(release, name="csv/Pays.csv")[0].count + 1 and response.mimetype == "text/csv"


def test_sources_name_the_files(root: Path) -> None:
    """The page of help leads to the files of the whole by names that exist."""
    text = (root / "server/territoires/web/templates/pages/help.html").read_text(encoding="utf-8")
    assert "/dumps/territoires.nq.gz" in text and "/dumps/territoires.ttl.gz" in text
