"""A visitor in headless Chromium: home, a territory, its cluster partner, a term of the ontology, a SPARQL query."""

import re

import pytest
from playwright.sync_api import Page, expect

from .watching import fits

pytestmark = pytest.mark.browser
RUN = re.compile("Exécuter|Run")


def write(page: Page, text: str) -> None:
    """Writes a query in place of the one in the editor, which closes brackets by itself."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def test_from_home_to_sparql(page: Page, server: str) -> None:
    """Each step is a click; no page scrolls sideways."""
    page.goto(server)
    page.get_by_role("link", name="Pays de Langres").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pays de Langres")
    expect(page.get_by_text("Langres").first).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Nogentech", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nogentech")
    fits(page)
    page.locator(".breadcrumb").get_by_role("link", name="Cluster", exact=True).click()
    expect(page.get_by_role("link", name="SITCOB", exact=True)).to_be_visible()
    fits(page)
    page.locator("main a[href*='/def#Cluster']").first.click()
    assert page.url.endswith("/def#Cluster")
    expect(page.locator("#Cluster")).to_be_in_viewport()
    fits(page)
    page.get_by_role("banner").get_by_role("link", name="SPARQL").click()
    page.get_by_role("button", name=RUN).click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(9)
    expect(rows.first).to_contain_text("Pays Bruche Mossig Piémont")
    fits(page)


def test_same_address_for_people_and_programs(page: Page, server: str) -> None:
    """The URI that curl reads as Turtle shows the page in a browser."""
    page.goto(f"{server}/id/territoire/pays-de-langres")
    assert page.url.endswith("/doc/territoire/pays-de-langres.html")
    assert "46" in page.content() and "462" in page.content()


def test_wrong_query_is_explained(page: Page, server: str) -> None:
    """A syntax error is shown beside the query and marked in it; the query stays as it was."""
    page.goto(f"{server}/sparql")
    write(page, "SELECT ?x { ?x ?p }")
    with page.expect_response(lambda response: "/sparql?query" in response.url) as answered:
        page.keyboard.press("Control+Enter")
    assert answered.value.status == 400
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(page.locator("#query")).to_have_value("SELECT ?x { ?x ?p }")
