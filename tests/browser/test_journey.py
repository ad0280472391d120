"""A visitor in headless Chromium: home, a territory, its cluster partner, a term of the ontology, a SPARQL query."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

pytestmark = pytest.mark.browser
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as tests/browser/chromium.py finds it."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("chromium", Path(__file__).with_name("chromium.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = module.find_chromium()
    assert path, "no Chromium: run tests/browser/chromium.py, or `make test BROWSER=0`"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(params=[(1280, "fr"), (360, "fr"), (1280, "en"), (360, "en")], ids=lambda p: f"{p[1]}-{p[0]}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page at desktop and phone width, in both languages; a console error or a failed request fails the test."""
    width, language = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" and not refused(message) else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda failed: faults.append(f"{failed.url}: {failed.failure}"))
    yield opened
    opened.wait_for_load_state("networkidle")  # else closing would break off what is still being fetched
    context.close()
    assert faults == []


def refused(message: ConsoleMessage) -> bool:
    """Whether Chromium only notes that a query was answered 400, as a wrong one must be."""
    return "status of 400" in message.text and "/sparql?query=" in message.location["url"]


def test_from_home_to_sparql(page: Page, server: str) -> None:
    """Each step is a click; no page scrolls sideways."""
    page.goto(server)
    page.get_by_role("link", name="Pays de Langres").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pays de Langres")
    expect(page.get_by_text("Langres").first).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Nogentech", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nogentech")
    fits(page)
    page.locator(".kind").get_by_role("link", name="Cluster", exact=True).click()
    assert page.url.endswith("/def#Cluster")
    expect(page.locator("#Cluster")).to_be_in_viewport()
    fits(page)
    page.get_by_role("navigation").get_by_role("link", name="SPARQL").click()
    page.locator("form.editor button").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(9)
    expect(rows.first).to_contain_text("Pays Bruche Mossig Piémont")
    fits(page)


def fits(page: Page) -> None:
    """The page is not wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_same_address_for_people_and_programs(page: Page, server: str) -> None:
    """The URI that curl reads as Turtle shows the page in a browser."""
    page.goto(f"{server}/id/territoire/pays-de-langres")
    assert page.url.endswith("/doc/territoire/pays-de-langres.html")
    assert "46" in page.content() and "462" in page.content()


def test_wrong_query_is_explained(page: Page, server: str) -> None:
    """A syntax error is shown beside the query, which stays in the field."""
    page.goto(f"{server}/sparql")
    page.locator("#query").fill("SELECT ?x WHERE { ?x ?p }")
    with page.expect_response(lambda response: "/sparql?query" in response.url) as answered:
        page.locator("form.editor button").click()
    assert answered.value.status == 400
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#query")).to_have_value("SELECT ?x WHERE { ?x ?p }")
