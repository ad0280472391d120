"""The maps: where places are, how a figure is spread, their page, data and what happens without outlines."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from shapely.geometry import shape

from territoires.knowledge.geography import LAYERS, read_geography
from territoires.results import rows
from territoires.store import QueryService
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app
from territoires.web.maps import classify, features, locate, rank, shade
from territoires.web.service import KEY, hold, release

TERRITORY = CANONICAL_BASE + "id/territoire/{}"
LANGRES, CHAUMONT = TERRITORY.format("pays-de-langres"), TERRITORY.format("pays-de-chaumont")
FIGURE = "{% from 'maps/figure.html' import figure %}{{ figure(map, list=true) }}"
SVG_BYTES = 60_000


@pytest.fixture
def within(app: Flask) -> Iterator[Flask]:
    """The application within a request for a French page."""
    with app.test_request_context("/?lang=fr"):
        hold()
        yield app
        release(None)


@pytest.fixture(scope="module")
def figures(app: Flask) -> dict[str, int]:
    """Territory -> inhabitants, as the graph states them."""
    text = f"""PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX sdmx-dimension: <http://purl.org/linked-data/sdmx/2009/dimension#>
      SELECT ?area ?value {{ ?sheet tdp:describes ?area . ?o sdmx-dimension:refArea ?area ; tdp:inhabitants ?value }}"""
    return {row["area"].value: int(row["value"].value) for row in rows(app.extensions[KEY].store.query(text))}  # type: ignore[union-attr]


def test_one_territory(within: Flask, read_page: Callable[[str], Any]) -> None:
    """A territory is shown with its neighbours and départements, its place in France and a scale; its links stay on this host."""
    found = locate([LANGRES])
    assert found and found.overview and found.sheet.scale
    assert [area.name for area in found.sheet.areas] == ["Pays de Langres"]
    assert [area.name for area in found.sheet.marks] == ["Pays de Chaumont"]
    assert {"Haute-Marne", "Côte-d'Or", "Haute-Saône", "Vosges"} <= {area.name for area in found.sheet.ground}
    text = render_template_string(FIGURE, map=found)
    page = read_page(text)
    assert {"/id/territoire/pays-de-langres", "/id/territoire/pays-de-chaumont"} == set(page.links)
    assert len(text.encode()) < SVG_BYTES and "style=" not in text
    assert all(svg.get("aria-label") for svg in page.all("svg"))
    assert "IGN Admin Express, INSEE" in " ".join(page.text_of("figcaption"))


def test_whole_france(within: Flask, figures: dict[str, int], read_page: Callable[[str], Any]) -> None:
    """All territories are shown over the régions, overseas ones in frames; names don't cover each other, nor leave the sheet."""
    found = locate(figures)
    assert found and found.overview is None and len(found.sheet.areas) == 9 and len(found.sheet.frames) == 5
    assert len(found.sheet.ground) == 18 and len(found.sheet.names) == 9
    boxes = []
    for label in found.sheet.names:
        wide = 0.6 * 36 * len(label.text)
        left = label.x - {"start": 0, "middle": wide / 2, "end": wide}[label.anchor]
        assert 0 <= left and left + wide <= found.sheet.width and 36 <= label.y <= found.sheet.height
        boxes.append((left, label.y - 36, left + wide, label.y))
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], (one, other)
    page = read_page(render_template_string(FIGURE, map=found))
    assert len([link for link in page.links if link.startswith("/id/territoire/")]) == 18  # on the map and in the list


def test_no_outline(within: Flask) -> None:
    """What has no outline has no map, and the macro shows nothing for it."""
    assert locate([]) is None and locate(["https://example.org/x", CANONICAL_BASE + "id/cluster/sitcob"]) is None
    assert shade({"https://example.org/x": 1}, "Rien") is None
    assert render_template_string(FIGURE, map=None).strip() == ""


@pytest.mark.parametrize("layer", LAYERS)
def test_sizes(within: Flask, layer: str) -> None:
    """The drawing of each layer of France takes at most 60 kB."""
    places = read_geography(within.extensions[KEY].settings.home, CANONICAL_BASE).layer(layer)
    found = shade({place.key: number for number, place in enumerate(places)}, "Essai")
    assert found and len(found.sheet.areas) == len(places)
    assert len(render_template_string(FIGURE.replace("list=true", ""), map=found).encode()) < SVG_BYTES


def test_neighbours_share_points(within: Flask) -> None:
    """The border of two places is the same points in both, at the detail of a map of France."""

    def points(path: str) -> set[tuple[int, int]]:
        found = set()
        for move, lines in re.findall(r"M(-?\d+ -?\d+)l([^z]+)z", path):
            x, y = map(int, move.split())
            steps = [int(number) for number in re.findall(r"-?\d+", lines)]
            found.add((x, y))
            for dx, dy in zip(steps[::2], steps[1::2], strict=True):
                x, y = x + dx, y + dy
                found.add((x, y))
        return found

    found = shade({CANONICAL_BASE + "id/region/bretagne": 1.0}, "Essai", layer="regions")
    assert found
    paths = {area.name: points(area.path) for area in found.sheet.areas}
    assert len(paths["Bretagne"] & paths["Pays de la Loire"]) > 15
    assert not paths["Bretagne"] & paths["Occitanie"]


def test_classes() -> None:
    """Few values have a class each, many are shared out evenly; the greatest is the darkest."""
    assert classify([3, 1, 3, 2]) == (1, 2, 3)
    many = [float(number) for number in range(100)]
    ends = classify(many)
    assert len(ends) == 5 and ends[-1] == 99
    counts = [sum(rank(number, ends) == kind for number in many) for kind in range(1, 6)]
    assert all(18 <= count <= 22 for count in counts)
    assert rank(7, (7,)) == 5


def test_page(client: FlaskClient, figures: dict[str, int], read_page: Callable[[str], Any]) -> None:
    """/carte shows the inhabitants, darkest where they are most, with the table, each number leading to its observation."""
    answer = client.get("/carte", headers={"Accept": "text/html"})
    page = read_page(answer.text)
    assert answer.status_code == 200 and len(answer.data) < 100_000
    names = [text for path, text in page.texts if path.endswith("tbody/tr/th/a")]
    assert len(names) == 9 and names[0] == "Pays Bruche Mossig Piémont" and names[-1] == "Pays de Langres"
    numbers = ["".join(text.split()) for path, text in page.texts if path.endswith("tbody/tr/td/a")]
    assert [int(number) for number in numbers] == sorted(figures.values(), reverse=True)
    assert "arrondi" in page.text_of("td")  # 105 000 is a rounded figure
    darkest = re.search(r'class="c5" d="[^"]+"><title>([^<]+)', answer.text)
    assert darkest and "Pays" in darkest[1] and darkest[1].split("\xa0: ")[0] in names[:2]
    assert page.all("form")[1]["action"] == "/carte" and {"figure", "layer"} <= {select["name"] for select in page.all("select")}


def test_period(client: FlaskClient) -> None:
    """Figures of one period are compared: the EPCI of 2016, although some places have later ones, which the table tells."""
    text = client.get("/carte?figure=epciCount").text
    records = list(csv.DictReader(io.StringIO(client.get("/carte.csv?figure=epciCount").text, newline="")))
    assert {record["period"] for record in records} == {"Année 2016"}
    assert "Année 2017" in text and "À d’autres dates" in text


@pytest.mark.parametrize("layer", LAYERS)
def test_counts(client: FlaskClient, layer: str) -> None:
    """Clusters are counted over each layer, and GeoJSON and CSV agree with each other."""
    query = f"layer={layer}&figure=clusters"
    assert "none recorded" in client.get(f"/carte?{query}&lang=en").text
    document = json.loads(client.get(f"/carte.geojson?{query}").text)
    read = {each["properties"]["name"]: each["properties"].get("value") for each in document["features"]}
    written = csv.DictReader(io.StringIO(client.get(f"/carte.csv?{query}").text, newline=""))
    assert {row["name"]: int(row["value"]) if row["value"] else None for row in written} == read
    assert max(number for number in read.values() if number) == 5


def test_counted_things(client: FlaskClient, app: Flask) -> None:
    """The count of a territory is what the graph says of it, told by another query."""
    text = f"""SELECT (COUNT(DISTINCT ?x) AS ?n) {{ ?x <{CANONICAL_BASE}def#takesPlaceIn> <{TERRITORY.format("pays-midi-quercy")}> }}"""
    expected = int(next(iter(rows(app.extensions[KEY].store.query(text))))["n"].value)  # type: ignore[union-attr]
    document = json.loads(client.get("/carte.geojson?figure=actions").text)
    found = {each["properties"]["iri"]: each["properties"]["value"] for each in document["features"]}
    assert found[TERRITORY.format("pays-midi-quercy")] == expected == 25


def test_geojson(client: FlaskClient, within: Flask) -> None:
    """The outlines come as GeoJSON in WGS84 with source and licence: of a place, of a layer; pages write the same for lists."""
    answer = client.get(f"/carte.geojson?iri={LANGRES}")
    assert answer.content_type == "application/geo+json" and answer.headers["Access-Control-Allow-Origin"] == "*"
    document = json.loads(answer.text)
    assert document == features([LANGRES])
    (feature,) = document["features"]
    assert feature["properties"] == {"iri": LANGRES, "name": "Pays de Langres", "layer": "territoires"}
    west, south, east, north = shape(feature["geometry"]).bounds
    assert 4.9 < west < east < 5.9 and 47.5 < south < north < 48.2
    assert "IGN" in document["source"] and document["licence"] == "Licence Ouverte 2.0"
    assert len(json.loads(client.get("/carte.geojson?layer=regions").text)["features"]) == 18
    assert len(json.loads(client.get("/carte.geojson").text)["features"]) == 128


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("layer=x", 400),
        ("figure=%3Cscript%3E", 400),
        ("figure=unknown", 200),
        ("layer=&figure=", 200),
        ("layer=regions&figure=inhabitants", 200),
    ],
)
def test_hostile(client: FlaskClient, query: str, status: int) -> None:
    """What isn't on offer is refused or gives way to what is; nothing of it becomes markup."""
    answer = client.get(f"/carte?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "<script>" not in answer.text


def test_wrong_suffix(client: FlaskClient) -> None:
    """Another suffix is another address, that there is none of."""
    assert client.get("/carte.xlsx").status_code == 404


@pytest.mark.parametrize("content", [None, "{", '{"type": "FeatureCollection", "features": [{"type": "Feature"}]}'])
def test_pages_without_outlines(app: Flask, store: QueryService, root: Path, tmp_path: Path, content: str | None) -> None:
    """B39: without outlines, or with broken ones, home, entity page and /carte are whole, without a map."""
    for name in ("ontology", "shapes", "queries"):
        (tmp_path / name).symlink_to(root / name)
    folder = tmp_path / "data" / "geo"
    folder.mkdir(parents=True)
    if content is not None:
        for layer in LAYERS:
            (folder / f"{layer}.geojson").write_text(content, encoding="utf-8")
    client = create_app(replace(app.extensions[KEY].settings, home=tmp_path), store).test_client(use_cookies=False)
    for path in ("/", "/doc/territoire/pays-de-langres.html", "/carte"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, path
        assert "data-map=" not in answer.text and "</html>" in answer.text
