"""The pages around the data, what crawlers read, the examples of the help page, and the colours of all pages."""

import ast
import csv
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad

from territoires.errors import StoreUnavailable
from territoires.knowledge.findings import Finding
from territoires.knowledge.revalidating import Outcome, keep
from territoires.results import rows
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.releases import publish, warnings_of
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.web import crawling
from territoires.web.app import create_app, open_store
from territoires.web.pages import EXAMPLE_HOST, EXAMPLES, LAYERS, called, layer_of

PATHS = ("/a-propos", "/sources-et-licences", "/liens", "/qualite", "/aide", "/accessibilite")
TDP = f"PREFIX tdp: <{CANONICAL_BASE}def#>"
STYLES = EXAMPLES.parent / "static" / "css"
TEMPLATES = EXAMPLES.parent / "templates"
RUNNABLE = {"table.py": "Langres", "sparql.py": "Langres", "graph.py": "Langres", "frame.py": "Langres", "joined.py": "Haute-Marne"}
SHELLS = {".py": [sys.executable], ".sh": ["sh", "-e"], ".R": ["Rscript"]}
LOCATION = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


def numbers(app: Flask, query: str) -> int:
    """The one number that a query counts."""
    (row,) = app.extensions["territoires"].store.query(f"{TDP} {query}")
    return int(row["n"].value)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", ["/", *PATHS])
def test_what_a_shared_link_shows(client: FlaskClient, read_page: Callable[[str], Any], path: str, language: str) -> None:
    """Each page tells its one address, a title, a sentence and a picture, and weighs little."""
    response = client.get(f"{path}?lang={language}", headers={"Accept": "text/html"})
    page = read_page(response.text)
    assert len(response.data) < 100_000
    assert [link["href"] for link in page.all("link") if link.get("rel") == "canonical"] == [path]
    said = {meta["property"]: meta["content"] for meta in page.all("meta") if "property" in meta}
    assert said["og:title"] == page.text_of("title")[0]
    assert said["og:locale"] == {"fr": "fr_FR", "en": "en_GB"}[language]
    (described,) = (meta["content"] for meta in page.all("meta") if meta.get("name") == "description")
    assert 40 < len(described) < 200 and said["og:description"] == described
    picture = client.get(said["og:image"].removeprefix("http://localhost"), buffered=True)
    assert picture.mimetype == "image/png" and len(picture.data) < 100_000


@pytest.mark.parametrize("path", [*PATHS, "/robots.txt", "/sitemap.xml"])
def test_kept_until_the_next_release(client: FlaskClient, path: str) -> None:
    """The pages have a tag that answers 304."""
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/", *PATHS, "/sitemap.xml"])
def test_with_next_to_no_data(hard: FlaskClient, path: str) -> None:
    """A release that lacks all that these pages count is shown all the same."""
    assert hard.get(path, headers={"Accept": "text/html"}).status_code == 200


def test_quality_counts_what_there_is(app: Flask, client: FlaskClient, read_page: Callable[[str], Any], settings: Settings) -> None:
    """All discrepancies are linked, and the figures are those of the graph and of the manifest."""
    page = read_page(client.get("/qualite", headers={"Accept-Language": "en"}).text)
    linked = {link for link in page.links if link.startswith("/id/divergence/")}
    count = numbers(app, "SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a tdp:Discrepancy }")
    assert len(linked) == count > 60
    figures = page.text_of("strong")
    passages = numbers(app, "SELECT (COUNT(DISTINCT ?p) AS ?n) { ?p a tdp:Passage }")
    assert f"{count}" in figures and "100%" in "".join(figures).replace(" ", "").replace("\N{NO-BREAK SPACE}", "")
    assert any(f"of {passages} passages" in text for text in page.text_of("p"))
    (revision,) = {path.name for path in settings.releases.iterdir() if path.is_dir() and not path.is_symlink()}
    assert warnings_of(settings.releases, revision) == 0 and warnings_of(settings.releases, "none") is None


@pytest.fixture
def contributing(root: Path, tmp_path: Path) -> Iterator[tuple[FlaskClient, Path]]:
    """A service that takes contributions, its release made of five commits, and their folder."""
    folder, graph = tmp_path / "releases", NamedNode(f"{CANONICAL_BASE}graph/test")
    thing = NamedNode(f"{CANONICAL_BASE}id/territoire/x")
    name = Quad(thing, NamedNode(iri("skos:prefLabel")), Literal("Le Pays X", language="fr"), graph)
    publish(folder, "r1-c5", CANONICAL_BASE, [name], {"quads": 1, "release": "r1", "commit": 5})
    settings = Settings(home=root, releases=folder, contributions=tmp_path / "contributions")
    (tmp_path / "contributions").mkdir()
    store = open_store(settings)
    yield create_app(settings, store).test_client(), tmp_path / "contributions"
    store.close()


QUALITY = {
    "en": ("is under way", "obligations broken: 2; recommendations not followed: 7", "And 1 more", "Mend it", "couldn’t be done"),
    "fr": (
        "est en cours",
        "obligations enfreintes : 2 ; recommandations non suivies : 7",
        "Et 1 autres",
        "À corriger",
        "n’a pas pu se faire",
    ),
}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_quality_tells_what_was_checked_after_a_commit(
    contributing: tuple[FlaskClient, Path], read_page: Callable[[str], Any], language: str
) -> None:
    """Which commit the validation in the background has seen, what it found, with links to things and rules; or that it goes on."""
    client, folder = contributing
    going, counted, more, mend, failed = QUALITY[language]

    def shown() -> str:
        response = client.get(f"/qualite?lang={language}", headers={"Accept": "text/html"})
        assert response.headers["Cache-Control"] == "no-cache"
        assert client.get(f"/qualite?lang={language}", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
        return unescape(response.text)

    first = shown()
    assert going in first and counted not in first
    messages = {"fr": "À corriger", "en": "Mend it"}
    thing, rule = f"{CANONICAL_BASE}id/territoire/x", f"{CANONICAL_BASE}shapes#TheRule"
    findings = (Finding("violation", thing, rule, "", "", messages, ""), Finding("warning", "n0b12", "n3", "", "", messages, ""))
    outcome = Outcome("r1-c4", 4, "sum", "2026-11-23T10:00:00Z", "2026-11-23T10:00:20Z", 2, 7, 3, findings)
    seen = {"If-None-Match": client.get(f"/qualite?lang={language}").headers["ETag"]}
    keep(folder, outcome)
    assert client.get(f"/qualite?lang={language}", headers=seen).status_code == 200, "though the revision is the same"
    text = shown()
    page = read_page(text)
    assert going in text and counted in text and more in text and mend in text and failed not in text
    assert {"/territoire/x", "/shapes#TheRule", "/history/4"} <= {link.removeprefix("/id") for link in page.links}
    assert "Le Pays X" in text and "2026" in "".join(page.text_of("time"))
    keep(folder, replace(outcome, commit=5, findings=(), concerning=0))
    assert going not in shown() and counted in shown() and more not in shown()
    keep(folder, replace(outcome, commit=5, fault="/srv/home/broken.ttl"))
    assert failed in shown() and counted not in shown() and "/srv" not in shown()


def test_quality_of_what_takes_no_contributions(client: FlaskClient) -> None:
    """There nothing is told of them, and the page may be kept."""
    response = client.get("/qualite?lang=en")
    assert 'id="contributions"' not in response.text and response.headers["Cache-Control"].startswith("public")


def test_warnings_are_those_of_the_release(tmp_path: Path) -> None:
    """The number of warnings is read from the manifest of that release, and left out where it isn't told."""
    for name, text in (("one", '{"warnings": 3}'), ("two", "{}"), ("three", "no JSON")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(text, encoding="utf-8")
    assert [warnings_of(tmp_path, name) for name in ("one", "two", "three", "four", "")] == [3, None, None, None, None]


def test_sources_are_counted(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Each source document stands on the page with its link."""
    page = read_page(client.get("/sources-et-licences").text)
    count = numbers(app, "SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a tdp:SourceDocument }")
    assert len({link for link in page.links if re.fullmatch(r"/source/[\w-]+", link)}) == count > 5


def test_each_graph_is_of_a_layer(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """No triple is left out of the table of layers."""
    found = rows(app.extensions["territoires"].store.query("SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"))
    names = [row["graph"].value.removeprefix(f"{CANONICAL_BASE}graph/") for row in found]  # type: ignore[union-attr]
    assert len(names) > 100 and {layer_of(name) for name in names} == LAYERS.keys() - {"data/contributions", "contributions"}
    assert (layer_of("derived"), layer_of("derived-odbl"), layer_of("derived-else")) == ("derived", "derived", "")
    cells = [re.sub(r"\D", "", text) for text in read_page(client.get("/a-propos", headers={"Accept": "text/html"}).text).text_of("td")]
    total = numbers(app, "SELECT (COUNT(*) AS ?n) { GRAPH ?graph { ?s ?p ?o } }")
    assert sum(map(int, filter(None, cells))) == total


def test_contact(settings: Settings, store: QueryService) -> None:
    """Whoever runs the service is named where the setting names them, and nobody else is."""
    named = create_app(replace(settings, contact="mailto:who@example.org"), store).test_client()
    assert "Contact: mailto:who@example.org\n" in named.get("/.well-known/security.txt").text
    unnamed = create_app(settings, store).test_client()
    for path in ("/a-propos", "/sources-et-licences", "/accessibilite"):
        assert 'href="mailto:who@example.org"' in named.get(path).text and "mailto:" not in unnamed.get(path).text


# Crawlers


def test_robots(client: FlaskClient) -> None:
    """Entities are open to crawlers; searches, facets and queries aren't."""
    text = client.get("/robots.txt").text
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    for path in ("/", "/doc/territoire/pays-de-langres.html", "/liste/Pays", "/carte", "/a-propos", "/static/css/base.css"):
        assert rules.can_fetch("anyone", path), path
    for path in ("/recherche?q=x", "/sparql?query=x", "/comparer?t=a", "/relations/territoire/x", "/dumps/territoires.nq.gz"):
        assert not rules.can_fetch("anyone", path), path
    assert "Disallow: /*?\n" in text and rules.site_maps() == ["http://localhost/sitemap.xml"]


def test_sitemap(app: Flask, client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The map holds the documents on the entities by their one address, and nothing on persons."""
    response = client.get("/sitemap.xml")
    assert response.mimetype == "application/xml"
    found = locations(client, "/sitemap.xml")
    assert len(found) == len(set(found)) > 1500
    assert all(re.fullmatch(r"http://localhost/doc/[^?#]+\.html", address) for address in found)
    people = "{ ?p a <http://xmlns.com/foaf/0.1/Person> } UNION { ?p <http://www.w3.org/ns/org#heldBy> ?holder }"
    persons = {row["p"].value for row in app.extensions["territoires"].store.query(f"SELECT DISTINCT ?p {{ {people} }}")}
    hidden = {f"http://localhost/doc/{person.removeprefix(f'{CANONICAL_BASE}id/')}.html" for person in persons}
    assert len(hidden) > 30 and not hidden & set(found)
    assert "http://localhost/doc/territoire/pays-de-langres.html" in found
    for address in found[:: len(found) // 12]:
        page = read_page(client.get(address.removeprefix("http://localhost")).text)
        (canonical,) = (link["href"] for link in page.all("link") if link.get("rel") == "canonical")
        assert canonical.removeprefix("http://localhost") == address.removeprefix("http://localhost")


def locations(client: FlaskClient, path: str) -> list[str]:
    """The addresses in a map of the site, or in those that an index of maps names."""
    root = ElementTree.fromstring(client.get(path).data)
    found = [element.text or "" for element in root.iter(LOCATION)]
    if root.tag.endswith("sitemapindex"):
        return [address for each in found for address in locations(client, each.removeprefix("http://localhost"))]
    return found


def test_sitemap_in_parts(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much for one map stands in several, none twice; an index names them, and there is nothing behind the last."""
    whole = locations(client, "/sitemap.xml")
    monkeypatch.setattr(crawling, "LARGEST", 700)
    index = ElementTree.fromstring(client.get("/sitemap.xml").data)
    parts = [element.text or "" for element in index.iter(LOCATION)]
    assert len(parts) == -(-len(whole) // 700) > 2 and parts[0] == "http://localhost/sitemap-1.xml"
    assert locations(client, "/sitemap.xml") == whole
    assert [client.get(f"/sitemap-{number}.xml").status_code for number in (0, len(parts) + 1)] == [404, 404]


def test_security(client: FlaskClient) -> None:
    """RFC 9116: a contact, an end in less than a year, and where the file stands."""
    response = client.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    end = datetime.fromisoformat(fields["Expires"])
    now = datetime.now(UTC)
    assert now + timedelta(days=90) < end < now + timedelta(days=365)
    assert response.content_type == "text/plain; charset=utf-8"
    assert fields["Canonical"] == "http://localhost/.well-known/security.txt" and fields["Preferred-Languages"] == "fr, en"
    assert fields["Contact"] == "http://localhost/a-propos#contact" and 'id="contact"' in client.get("/a-propos").text


# Pages of faults


@pytest.mark.parametrize("path", ["/id/territoire/pays-de-langre", "/doc/territoire/Pays_de_Langre.html", "/territoires/langres"])
def test_lost(client: FlaskClient, read_page: Callable[[str], Any], path: str) -> None:
    """A page that isn't there offers what was likely meant, and a search for it."""
    response = client.get(path, headers={"Accept": "text/html"})
    page = read_page(response.text)
    assert response.status_code == 404
    assert "/id/territoire/pays-de-langres" in page.links
    assert called(path) in [field.get("value") for field in page.all("input")]
    assert {"robots": "noindex"} in [{meta.get("name"): meta.get("content")} for meta in page.all("meta")]


def test_lost_without_an_index(hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Without an index the page still has the search form and the ways on."""
    page = read_page(hard.get("/nulle/part", headers={"Accept": "text/html"}).text)
    assert "/liste" in page.links and [form for form in page.all("form") if form["action"] == "/recherche"]


class Down:
    """A store that can't answer."""

    revision, base = "test", CANONICAL_BASE

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    def query(self, *_: object) -> None:
        """Raises the fault."""
        raise self.fault


@pytest.mark.parametrize(("fault", "status"), [(StoreUnavailable("the disk is gone"), 503), (RuntimeError("a bug"), 500)])
def test_page_of_a_fault(settings: Settings, read_page: Callable[[str], Any], fault: Exception, status: int) -> None:
    """A fault of ours says so without its text, and offers another try, the ways on and a contact; it asks the store nothing."""
    client = create_app(settings, Down(fault)).test_client()  # type: ignore[arg-type]
    response = client.get("/a-propos?x=1", headers={"Accept": "text/html", "Accept-Language": "en"})
    page = read_page(response.text)
    assert response.status_code == status and str(fault) not in response.text
    assert {"/", "/liste", "/queries", "/aide", "/a-propos#contact", "/a-propos?x=1&lang=en"} <= set(page.links)
    assert (response.headers.get("Retry-After") is not None) == (status == 503)


@pytest.mark.parametrize(
    ("path", "words"),
    [("/id/a/pays-de-langres.html", "pays de langres"), ("/x_y+z/", "x y z"), ("/", ""), ("/id/v1.2", "v1 2"), ("/%22<b>", "%22<b>")],
)
def test_words_of_an_address(path: str, words: str) -> None:
    """What an address speaks of."""
    assert called(path) == words


# Examples


def test_every_example_is_shown(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Each file stands on the page as it is, with this host's address."""
    page = read_page(client.get("/aide").text)
    shown = {text for path, text in page.texts if path.endswith("pre/code")}
    files = [path for path in EXAMPLES.iterdir() if path.is_file()]
    assert len(files) >= 9
    for path in files:
        text = path.read_text(encoding="utf-8").replace(EXAMPLE_HOST, "http://localhost")
        assert " ".join(text.split()) in shown, path.name


@pytest.mark.parametrize("name", [*RUNNABLE, "download.sh", *(["table.R", "links.R"] if shutil.which("Rscript") else [])])
def test_example_runs(server: str, tmp_path: Path, name: str) -> None:
    """The examples whose tool is at hand run, and find what they say."""
    source = EXAMPLES / name
    copy = tmp_path / name
    copy.write_text(source.read_text(encoding="utf-8").replace(EXAMPLE_HOST, server), encoding="utf-8")
    done = subprocess.run([*SHELLS[source.suffix], copy], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    written = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    if name == "download.sh":
        assert {"territories.csv", "langres.ttl", "kinds.csv", "territoires.nq.gz"} < set(written) and min(written.values()) > 100
    elif name.endswith(".py"):
        assert RUNNABLE[name] in done.stdout


def test_syntax_of_python() -> None:
    """All Python examples are Python, those that aren't run too."""
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    assert names == sorted(RUNNABLE)
    for name in names:
        ast.parse((EXAMPLES / name).read_text(encoding="utf-8"))


def test_network(client: FlaskClient) -> None:
    """The queries for Gephi give the columns that it looks for, and every end of an edge is a node."""

    def table(name: str) -> list[dict[str, str]]:
        query = (EXAMPLES / name).read_text(encoding="utf-8")
        return list(csv.DictReader(io.StringIO(client.get("/sparql", query_string={"query": query, "format": "csv"}).text)))

    nodes, edges = table("nodes.rq"), table("edges.rq")
    assert set(nodes[0]) == {"Id", "Label", "Kind"} and set(edges[0]) == {"Source", "Target", "Label"}
    ids = [node["Id"] for node in nodes]
    assert len(ids) == len(set(ids)) > 20 and len(edges) > 20
    assert {end for edge in edges for end in (edge["Source"], edge["Target"])} <= set(ids)


def test_what_r_reads(client: FlaskClient) -> None:
    """The addresses of the example for R give CSV with the columns that it names."""
    text = (EXAMPLES / "table.R").read_text(encoding="utf-8")
    (question,) = re.findall(rf'read\.csv\("{EXAMPLE_HOST}([^"]+)"', text)
    (query,) = re.findall(r'query <- "([^"]+)"', text)
    columns = set(re.findall(r"table\$(\w+)", text))
    assert columns == {"inhabitants", "name"}
    for path, arguments, wanted in ((question, {}, columns), ("/sparql", {"format": "csv", "query": query}, {"name", "clusters"})):
        answer = client.get(path, query_string=arguments)
        assert (answer.status_code, answer.mimetype) == (200, "text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert wanted <= set(rows[0]) and len(rows) >= 5
    assert all(float(row["inhabitants"]) > 0 for row in csv.DictReader(io.StringIO(client.get(question).text)))


def test_what_qgis_reads(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The layer is GeoJSON with outlines in degrees; the table is CSV whose identifiers are those of the layer, so that they join."""
    page = read_page(client.get("/aide").text)
    codes = [text for path, text in page.texts if path.endswith("ol/li/code")]
    layer = next(code for code in codes if code.endswith(".geojson")).removeprefix("http://localhost")
    table = next(code for code in codes if "/queries/" in code and code.endswith(".csv")).removeprefix("http://localhost")
    answer = client.get(layer)
    assert (answer.status_code, answer.mimetype) == (200, "application/geo+json")
    features = answer.get_json(force=True)["features"]
    drawn = {feature["properties"]["iri"] for feature in features if feature["geometry"]}
    assert {feature["geometry"]["type"] for feature in features if feature["geometry"]} <= {"Polygon", "MultiPolygon"}
    rows = list(csv.DictReader(io.StringIO(client.get(table).text)))
    assert len(rows) == 9 and {row["territory"] for row in rows} <= drawn


def test_addresses_of_the_help_page(client: FlaskClient) -> None:
    """Each address that the page and its examples name answers."""
    text = client.get("/aide").text + "".join(path.read_text(encoding="utf-8") for path in EXAMPLES.iterdir() if path.is_file())
    text = text.replace(EXAMPLE_HOST, "http://localhost")
    found = set(re.findall(r"http://localhost(/(?:id|doc|queries|liste|dumps)/[\w./-]+\w)", text))
    assert len(found) >= 6
    assert {path for path in found if client.get(path, headers={"Accept": "*/*"}, buffered=True).status_code not in (200, 303)} == set()


def test_form_that_openrefine_reads(client: FlaskClient) -> None:
    """A document in JSON-LD is a list of things, each with its names, as the expressions expect."""
    (row, *_) = csv.DictReader(io.StringIO(client.get("/liste/Cluster.csv").text))
    address = row["iri"].replace(f"{CANONICAL_BASE}id/", "/doc/") + ".jsonld"
    things = client.get(address).get_json(force=True)
    (thing,) = (thing for thing in things if thing["@id"] == row["iri"])
    assert all(name["@value"] for name in thing["http://www.w3.org/2004/02/skos/core#prefLabel"])
    assert CANONICAL_BASE in (EXAMPLES / "fetch.grel").read_text(encoding="utf-8")


# Colours and styles

TEXT_PAIRS = [
    *[(ink, ground) for ink in ("ink", "soft", "link", "error", "good", "warn", "plan", "refused") for ground in ("paper", "wash")],
    ("brand-ink", "brand"),
]
DRAWN = [(f"chart-{number}", "paper") for number in range(1, 7)] + [("accent", "brand")]


def tokens() -> dict[str, dict[str, str]]:
    """The colours of both schemes by name."""
    text = (STYLES / "base.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block)) for block in re.findall(r":root \{([^}]*)\}", text)[:2])
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """The relative luminance of a colour (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def mixed(colour: str, ground: str, share: float) -> str:
    """A colour laid over a ground, as color-mix(in srgb) does."""
    pairs = zip(bytes.fromhex(long(colour)), bytes.fromhex(long(ground)), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def long(colour: str) -> str:
    """Six digits."""
    return colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    """Text has a contrast of 4.5 to its ground, what is drawn one of 3 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    colours = tokens()[scheme]
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    poor = [(ink, ground) for ink, ground in TEXT_PAIRS if contrast(colours[ink], colours[ground]) < 4.5]
    poor += [(ink, ground) for ink, ground in DRAWN if contrast(colours[ink], colours[ground]) < 3]
    for tone in ("soft", "good", "plan", "refused", "warn"):  # a badge stands on its own colour, 9 % of it
        if contrast(colours[tone], mixed(colours[tone], colours["paper"], 0.09)) < 4.5:
            poor.append((tone, "badge"))
    assert poor == []


def test_no_literal_colour_below_the_tokens() -> None:
    """The other sheets take their colours from the tokens."""
    for sheet in ("home.css", "pages.css"):
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(", (STYLES / sheet).read_text(encoding="utf-8")), sheet


def test_every_class_has_a_style() -> None:
    """No class of these templates is a misprint: each stands in a style sheet, or in a script."""
    styled = set(re.findall(r"\.([a-z][\w-]*)", "".join(path.read_text(encoding="utf-8") for path in STYLES.glob("*.css"))))
    own = [TEMPLATES / "base.html", TEMPLATES / "error.html", *TEMPLATES.glob("home/*.html"), *TEMPLATES.glob("pages/*.html")]
    used = {
        (path.name, name)
        for path in own
        for names in re.findall(r'class="([^"{]*)', path.read_text(encoding="utf-8"))
        for name in names.split()
        if not name.endswith("-")
    }
    assert len(used) > 40
    assert {(path, name) for path, name in used if name not in styled} == set()
