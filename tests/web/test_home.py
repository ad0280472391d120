"""The home page over HTTP, and a walk along every link of the pages."""

import csv
import io
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote, urldefrag

import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.settings import Settings
from territoires.store import QueryService
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app
from territoires.web.language import CATALOGUES, compile_catalogue

THINGS = ("/id/", "/scheme/", "/source/", "/graph/")
NINE = {
    "Pays de Langres",
    "Pays de Chaumont",
    "Pays Bruche Mossig Piémont",
    "Pays Centre Ouest Bretagne",
    "Pays Midi-Quercy",
    "Pays Interrégional Bresle-Yères",
    "Pays Lédonien",
    "Pays Vallée de la Dore / PNR Livradois-Forez",
    "Pays de Thiérache",
}


@pytest.mark.parametrize(("language", "inhabitants"), [("fr", "46 462 habitants"), ("en", "46,462 inhabitants")])
def test_nine_territories(client: FlaskClient, read_page: Callable[[str], Any], language: str, inhabitants: str) -> None:
    """The home page names the nine territories with their inhabitants, each with its link, in both languages."""
    page = read_page(client.get("/", headers={"Accept-Language": language}).text)
    links = [link for link in page.links if link.startswith("/id/territoire/")]
    names = [text for path, text in page.texts if path.endswith("li/a/strong")]
    assert len(set(links)) >= 9
    assert set(names) == NINE and len(names) == 9
    assert any(text.startswith(inhabitants) for text in page.text_of("span"))
    for link in set(links):
        assert client.get(link).status_code == 303


QUESTIONS = {
    "q-wood": "territories-with-clusters-of-sector-and-funders",
    "q-programmes": "territories-by-programme",
    "q-types": "action-types-by-number-of-territories",
}


def section(text: str, heading: str) -> str:
    """The part of a page that a heading names."""
    found = re.search(rf'<article[^>]* aria-labelledby="{heading}">.*?</article>', text, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(("heading", "name"), QUESTIONS.items())
def test_questions_are_answered(client: FlaskClient, heading: str, name: str) -> None:
    """Each answer on the home page names and links all that the stored query finds, and leads to it, as a table too."""
    shown = section(client.get("/").text, heading)
    assert f'href="/queries/{name}"' in shown and f'href="/queries/{name}.csv?names=1&amp;lang=' in shown
    found = list(csv.DictReader(io.StringIO(client.get(f"/queries/{name}.csv").text)))
    assert found
    for row in found:
        for column in {"territory", "cluster", "funder", "flow", "programme", "type"} & set(row):
            assert not row[column] or f'href="/{row[column].removeprefix(CANONICAL_BASE)}"' in shown, (column, row)


def test_who_paid_for_the_wood_cluster(client: FlaskClient) -> None:
    """The territory, the cluster and the payers stand in words; a sector that is only read in a name says so."""
    first, second = re.split(r"<li>\s*<p><strong>", section(client.get("/", headers={"Accept-Language": "en"}).text, "q-wood"))[1:]
    assert all(name in first for name in ("Pays Centre Ouest Bretagne", "SITCOB", "GIP du Pays Centre Ouest Bretagne", "INTERREG"))
    assert "by its name only" not in first
    assert all(name in second for name in ("Auvergne promo-bois", "by its name only", "names no payer"))


def test_planned_money_looks_planned(client: FlaskClient) -> None:
    """What is expected or planned doesn't look like what was paid."""
    shown = section(client.get("/", headers={"Accept-Language": "fr"}).text, "q-programmes")
    looks = dict(re.findall(r'badge-(\w+)" href="/id/financement/([\w-]+)"', shown))
    assert set(looks) == {"done", "plan"}
    assert re.search(r'badge-plan" href="/id/financement/cob-plan-bois-etat-tepcv"[^>]*>attendue<', shown)


def test_figures_are_counted(client: FlaskClient, hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The key figures are those of the graph that is served."""
    full, bare = (read_page(each.get("/", headers={"Accept-Language": "en"}).text).text_of("strong") for each in (client, hard))
    assert {"674,884", "1,107", "13"} <= set(full)
    assert not {"674,884", "1,107", "13"} & set(bare) and "0" in bare


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store: QueryService) -> None:
        self.store = store
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        if name in ("query", "run"):
            self.asked += 1
        if name == "hold":
            raise AttributeError(name)
        return getattr(self.store, name)


@pytest.mark.parametrize("path", ["/", "/a-propos", "/sources-et-licences", "/qualite", "/aide", "/accessibilite", "/sitemap.xml"])
def test_few_queries(settings: Settings, store: QueryService, path: str) -> None:
    """B36: a page asks at most ten queries, even the first time, and fewer from then on."""
    counting = Counting(store)
    client = create_app(settings, counting).test_client()  # type: ignore[arg-type]
    numbers = []
    for _ in range(2):
        before = counting.asked
        assert client.get(path, headers={"Accept": "text/html"}).status_code == 200
        numbers.append(counting.asked - before)
    assert numbers[1] <= numbers[0] <= 10 and numbers[1] <= 3


@pytest.fixture(scope="module")
def walked(app: Flask, read_page: Callable[[str], Any]) -> dict[str, Any]:
    """The pages of a bounded walk in French: home, lists, ontology, endpoint, every territory and cluster, and more."""
    client = app.test_client(use_cookies=False)

    def page(path: str) -> Any:
        response = client.get(path, headers={"Accept": "text/html", "Accept-Language": "fr"}, follow_redirects=True)
        assert response.status_code == 200, path
        return read_page(response.text)

    pages = {
        path: page(path) for path in ("/", "/liste", "/def", "/def/territory", "/shapes", "/sparql", "/.well-known/void", "/source/memento")
    }
    pages |= {path: page(path) for path in pages["/liste"].links if path.startswith("/liste/")}
    territories = [path for path in pages["/liste/ProjectTerritory"].links if path.startswith("/id/")]
    clusters = [path for path in pages["/liste/Cluster"].links if path.startswith("/id/")]
    assert len(territories) >= 10 and len(clusters) > 10
    return pages | {path: page(path) for path in [*territories, *clusters]}


def test_every_link_leads_somewhere(app: Flask, walked: dict[str, Any], read_page: Callable[[str], Any]) -> None:
    """Every internal link of those pages answers 200, or 303 for a thing; every fragment has its anchor."""
    client = app.test_client(use_cookies=False)
    text = f"SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), '{CANONICAL_BASE}')) }}"
    known = {row["s"].value for row in app.extensions["territoires"].store.query(text)}
    links = {link for page in walked.values() for link in page.links if link.startswith("/")}
    assert len(links) > 1000
    things = {link for link in links if link.startswith(THINGS)}
    # test_resources opens every known thing, so here it is enough that a link names one
    unknown = {link for link in things if CANONICAL_BASE + unquote(link[1:]) not in known}
    assert all(client.head(link).status_code == 303 for link in unknown), unknown
    pointed = {tuple(urldefrag(link)) for link in links - things if "#" in link}
    assert len(pointed) > 50
    anchors: dict[str, set[str]] = {}
    for path in {path for path, _ in pointed}:
        page = read_page(client.get(path, headers={"Accept": "text/html"}, buffered=True, follow_redirects=True).text)
        anchors[path] = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    broken = [f"{path}#{fragment}" for path, fragment in sorted(pointed) if fragment not in anchors[path]]
    for path in {urldefrag(link)[0] for link in links - things if "lang=" not in link}:
        if client.head(path, headers={"Accept": "text/html"}, buffered=True).status_code not in (200, 303):
            broken.append(path)
    assert not broken


def test_no_stray_identifiers(app: Flask, walked: dict[str, Any]) -> None:
    """No page shows an own IRI, or a prefixed name, where the graph or the interface has a name for it."""
    store = app.extensions["territoires"].store
    prefixes = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>"
    naming = "skos:prefLabel|rdfs:label|<http://xmlns.com/foaf/0.1/name>|<http://purl.org/dc/terms/title>"
    named = {row["s"].value for row in store.query(f"{prefixes} SELECT DISTINCT ?s {{ ?s {naming} ?name FILTER(isIRI(?s)) }}")}
    called = compile_catalogue(CATALOGUES / "fr" / "LC_MESSAGES" / "messages.po")
    stray = []
    for path, page in walked.items():
        for place, text in page.texts:
            if place.endswith(("code", "textarea", "script")):
                continue
            local = re.fullmatch(r"(?:tdp:|(?=(?:id|scheme|source|graph|def)/))(\S+)", text)
            if local and {f"{CANONICAL_BASE}{local[1]}", f"{CANONICAL_BASE}def#{local[1]}"} & named:
                stray.append((path, text))
            elif text in named or (re.fullmatch(r"[a-z0-9-]+:\w+", text) and called.gettext(text) != text):
                stray.append((path, text))
    assert not stray


def test_names_are_clean(walked: dict[str, Any]) -> None:
    """No page shows what a template or a program left over."""
    for path, page in walked.items():
        for place, text in page.texts:
            if not place.endswith(("code", "textarea", "script")):
                assert not re.search(r"\bNone\b|\{\{|\}\}|%\(\w+\)s|&amp;|<\w+ object|\[\]|\bundefined\b", text), (path, text)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page(app: Flask, walked: dict[str, Any], read_page: Callable[[str], Any], language: str) -> None:
    """Each page names its language, has one h1 and one main, a title, distinct ids, and no inline script or style."""
    client = app.test_client(use_cookies=False)
    extra = {"/nulle/part": 404, "/sparql?query=nonsense": 400, "/sparql?query=ASK%7B%7D": 200, "/liste/PETR": 200}
    for path in [*walked, *extra]:
        response = client.get(path, headers={"Accept": "text/html", "Accept-Language": language}, follow_redirects=True)
        assert response.status_code == extra.get(path, 200), path
        assert response.headers["Content-Language"] == language
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        page = read_page(response.text)
        assert [attributes["lang"] for attributes in page.all("html")] == [language], path
        titles = [text for place, text in page.texts if place == "html/head/title"]  # a drawing has titles of its own
        assert (len(page.all("h1")), len(page.all("main")), len(titles)) == (1, 1, 1), path
        assert page.text_of("h1") and page.text_of("title"), path
        assert not page.all("style"), path
        assert all("src" in script or script.get("type") == "application/ld+json" for script in page.all("script")), (
            path
        )  # data, no program
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], (path, tag)
        identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(identifiers) == len(set(identifiers)), path
        for _, attributes in page.elements:
            for name in ("aria-labelledby", "aria-describedby", "for"):
                assert name not in attributes or attributes[name] in identifiers, (path, attributes)
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)


def test_no_third_party(walked: dict[str, Any]) -> None:
    """A page loads nothing from another host."""
    for path, page in walked.items():
        loaded = [attributes.get("href", "") for attributes in page.all("link") if attributes.get("rel") in ("stylesheet", "icon")]
        loaded += [attributes["src"] for tag in ("script", "img", "iframe") for attributes in page.all(tag) if "src" in attributes]
        assert all(address.startswith("/") for address in loaded), path


def test_hard_names_are_linked(hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """B12: the links that a page makes of hard names lead to them."""
    text = "SELECT DISTINCT ?s { ?s <http://www.w3.org/2004/02/skos/core#prefLabel> ?o }"
    page = read_page(hard.get(f"/sparql?query={quote(text)}", headers={"Accept": "text/html"}).text)
    links = [link for link in page.links if link.startswith("/id/")]
    assert len(links) > 15
    for link in links:
        assert hard.get(link).status_code == (410 if link == "/id/pays/ancien" else 303), link
