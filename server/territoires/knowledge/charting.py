"""The outlines of a release with the figures of each place, as GeoJSON (RFC 7946) and as a GeoPackage."""

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from territoires.knowledge.dumps import Dump, measured
from territoires.knowledge.geography import LAYERS, Place, read_geography
from territoires.knowledge.geopackage import Layer, write_geopackage
from territoires.knowledge.holdings import OPEN_LICENCE, OUTLINES, Holding
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Dataset, Literal, NamedNode, Row, Term, rows
from territoires.store.embedded import EmbeddedStore

TITLES = {"territoires": "Territoires de projet", "departements": "Départements", "regions": "Régions"}
Value = int | float | str


def write_outlines(folder: Path, store: EmbeddedStore, views: QueryLibrary, held: Iterable[Holding], home: Path, when: str) -> list[Dump]:
    """Writes both files below `folder`; none where the sources have no outlines. `when` is an xsd:dateTime."""
    geography = read_geography(home, store.base)
    if not geography.places:
        return []
    graphs = Dataset(default=tuple(each.iri for each in held if each.open))
    figures = figures_of(store, views, [place.iri for place in geography.places if place.iri], graphs)
    told = [(place, {**identity(place), **figures.get(place.iri, {})}) for place in geography.places]
    credit = {"source": geography.source, "licence": geography.licence, "release": store.revision}
    features = [{"type": "Feature", "id": place.key, "properties": said, "geometry": place.geometry} for place, said in told]
    document = {"type": "FeatureCollection", "name": "territoires", **credit, "features": features}
    (folder / f"{OUTLINES}.geojson").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    layers = [
        Layer(name, TITLES[name], f"{geography.source} ({geography.licence})", [(p.geometry, said) for p, said in told if p.layer == name])
        for name in LAYERS
        if geography.layer(name)
    ]
    count = write_geopackage(folder / f"{OUTLINES}.gpkg", layers, when)
    return [
        measured(folder, f"{OUTLINES}.geojson", OUTLINES, "application/geo+json", len(features), licence=OPEN_LICENCE),
        measured(folder, f"{OUTLINES}.gpkg", OUTLINES, "application/geopackage+sqlite3", count, licence=OPEN_LICENCE),
    ]


def identity(place: Place) -> dict[str, Value]:
    """What a place is called."""
    return {"iri": place.iri, "layer": place.layer, "code": place.code, "name": place.name}


def figures_of(store: EmbeddedStore, views: QueryLibrary, places: list[str], graphs: Dataset) -> dict[str, dict[str, Value]]:
    """Place -> its figures: the measure with the year (inhabitants_2015) -> number, and how exact it is where it isn't."""
    query = views.text("map-observations", store.base, area=[NamedNode(place) for place in places])
    found: dict[str, dict[str, Value]] = {}
    for row in sorted(rows(store.query(query, graphs)), key=lambda row: str(row["observation"])):
        value = row["value"]
        assert isinstance(row["area"], NamedNode) and isinstance(value, Literal)
        name = f"{local(row['measure'])}{year(row)}"
        said = found.setdefault(row["area"].value, {})
        if name in said:  # two sources, two figures: both stand
            name = f"{name}_{sum(each.startswith(name) for each in said) + 1}"
        said[name] = number(value.value)
        qualifier = local(row["qualifier"]) if "qualifier" in row else "exact"
        if qualifier != "exact":
            said[f"{name}_precision"] = qualifier
    return found


def year(row: Row) -> str:
    """The year of a figure, as the end of a name."""
    start = row.get("start")
    return f"_{start.value[:4]}" if isinstance(start, Literal) else ""


def local(term: Term) -> str:
    """The last part of an IRI."""
    return term.value.rpartition("#")[2].rpartition("/")[2] if isinstance(term, NamedNode) else ""


def number(text: str) -> int | float:
    """A number as JSON and SQLite have it."""
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
