"""Every kind of page in Chromium: in both languages, on a desk and on a phone, without scripts, enlarged, and as axe-core judges it.

Each page leaves a screenshot below screenshots/, for people to look at.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .watching import SIZES, fits, watch

pytestmark = pytest.mark.browser
PAGES = {
    "home": "/",
    "territory": "/doc/territoire/pays-de-langres.html",
    "territory-many-departements": "/doc/territoire/pays-interregional-bresle-yeres.html",
    "cluster": "/doc/cluster/nogentech.html",
    "programme": "/doc/programme/leader.html",
    "application": "/doc/candidature/clus-ter-jura-economie-circulaire.html",
    "action": "/doc/action/cob-tremargat.html",
    "obstacle": "/doc/obstacle/entreprises-tres-differentes.html",
    "discrepancy": "/doc/divergence/d37.html",
    "passage": "/doc/source/memento/F001.html",
    "concept": "/doc/scheme/label/clusters-d-aquitaine.html",
    "organisation": "/doc/organisation/actisud52.html",
    "person": "/doc/personne/marie-reine-fischer.html",
    "region": "/doc/region/normandie.html",
    "term": "/def/territory",
    "list": "/liste/Pays",
    "list-with-facets": "/liste/Cluster?secteur=bois",
    "lists": "/liste",
    "gallery": "/queries",
    "question": "/queries/territories-with-clusters-of-sector-and-funders",
    "sparql": "/sparql",
    "sparql-answer": "/sparql?query=SELECT+%3Ft+%7B+%3Ft+a+%3Chttps%3A%2F%2Fw3id.org%2Fterritoires-de-projet%2Fdef%23Pays%3E+%7D",
    "ontology": "/def",
    "shapes": "/shapes",
    "changes": "/def/changes",
    "search": "/recherche?q=langres",
    "search-nothing": "/recherche?q=zzzz",
    "map": "/carte",
    "tables": "/tableaux",
    "comparison": "/comparer?t=pays-de-langres&t=pays-de-chaumont",
    "relations": "/relations/territoire/pays-de-langres",
    "about": "/a-propos",
    "sources": "/sources-et-licences",
    "quality": "/qualite",
    "verification": "/verification",
    "help": "/aide",
    "reconciliation": "/reconcile",
    "reconciled": "/reconcile?query=Chaumont&type=Commune",
    "accessibility": "/accessibilite",
    "not-found": "/id/territoire/nulle-part",
}
"""One address for each kind of page."""
AXE = Path(__file__).parents[2] / "server/territoires/web/frontend/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")
SHOTS = Path(__file__).parents[2] / "screenshots"


@pytest.fixture(scope="module", params=SIZES, ids=lambda p: f"{p[1]}-{p[0]}")
def opened(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[Page, list[str], str]]:
    """One page for all addresses, what goes wrong on it, and what it is called."""
    width, language = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    page = context.new_page()
    yield page, watch(page), f"{language}-{width}"
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page(opened: tuple[Page, list[str], str], server: str, name: str) -> None:
    """It has one heading, a title and a language, fits the screen, fails no request."""
    page, faults, size = opened
    faults.clear()
    answer = page.goto(server + PAGES[name])
    page.wait_for_load_state("networkidle")
    assert answer and answer.status == (404 if name == "not-found" else 200)
    assert page.locator("h1").count() == 1 and page.locator("h1").inner_text().strip()
    assert page.title().strip() and page.locator("html").get_attribute("lang") == size[:2]
    fits(page)
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{size}.png", full_page=True)
    assert [fault for fault in faults if not ("404" in fault and name == "not-found")] == []


@pytest.fixture(scope="module", params=[SIZES[0], SIZES[-1]], ids=lambda p: f"{p[1]}-{p[0]}")
def judged(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page on a desk in French, and one on a phone in English."""
    width, language = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_accessibility(judged: Page, server: str, name: str) -> None:
    """axe-core finds nothing serious (WCAG 2.2 AA), light or dark."""
    page = judged
    page.goto(server + PAGES[name])
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found: list[dict[str, Any]] = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        told = [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found if each["impact"] in SERIOUS]
        page.emulate_media(color_scheme="light")
        assert told == [], f"{name}, {scheme}"


@pytest.mark.parametrize("name", PAGES)
def test_without_scripts(plain: Page, server: str, name: str) -> None:
    """It works without JavaScript, and at 200 % (half the width) nothing is cut off."""
    answer = plain.goto(server + PAGES[name])
    assert answer and answer.status in (200, 404)
    assert plain.locator("main").inner_text().strip()
    fits(plain)


@pytest.fixture(scope="module")
def plain(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript, as wide as a desk at 200 %."""
    context = browser.new_context(viewport={"width": 640, "height": 400}, locale="fr", java_script_enabled=False, device_scale_factor=2)
    yield context.new_page()
    context.close()
