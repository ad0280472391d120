"""The SPARQL editor and the drawing of relations in Chromium: what scripts add to pages that work without them."""

import re

import pytest
from playwright.sync_api import Page, expect

from territoires.web.neighbourhood import MOST_NODES

from .watching import fits

pytestmark = pytest.mark.browser
RANKING = "territories-by-inhabitants"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def write(page: Page, text: str) -> None:
    """Writes a query in place of the one in the editor."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


def ranked(page: Page, server: str) -> None:
    """Opens the editor, loads the question that ranks the nine territories, and runs it."""
    page.goto(f"{server}/sparql")
    page.locator("#examples").select_option(RANKING)
    page.keyboard.press("Escape")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("tbody tr")).to_have_count(9)


def test_completion(page: Page, server: str) -> None:
    """A prefix of ours declares itself; a class is proposed after `a`, a property by its name in words."""
    page.goto(f"{server}/sparql")
    expect(page.locator("#examples")).to_be_visible()  # what it completes with has come
    write(page, "SELECT * {\n?t a tdp:Pay")
    expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("tdp:Pays")
    page.wait_for_timeout(150)  # a list that has just come takes no key yet (interactionDelay)
    page.keyboard.press("Enter")
    page.keyboard.type(" ; commune")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("tdp:communeCount")
    page.keyboard.press("Escape")
    expect(page.locator("#query")).to_have_value(re.compile(r"^PREFIX tdp: <\S+def#>\nSELECT \* \{\n\s*\?t a tdp:Pays ; commune"))
    fits(page)


def test_answer_without_leaving(page: Page, server: str) -> None:
    """The address of the page becomes that of the answer, which can be shared; rows are sorted and filtered."""
    ranked(page, server)
    assert "/sparql?query=" in page.url
    first = page.locator("tbody tr:visible").first
    expect(first).to_contain_text("Bruche")
    page.locator("thead button").nth(2).click()
    expect(first).to_contain_text("Langres")
    expect(page.locator("thead th").nth(2)).to_have_attribute("aria-sort", "ascending")
    page.locator(".filter input").fill("thierache")
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    page.goto(page.url)
    expect(page.locator("tbody tr")).to_have_count(9)
    fits(page)


def test_chart_and_map(page: Page, server: str) -> None:
    """The answer is shown as bars, as a line, and on a map with links."""
    ranked(page, server)
    page.locator("button[data-view=chart]").click()
    expect(page.locator(".drawing rect")).to_have_count(9)
    expect(page.locator("tbody")).to_be_hidden()
    page.locator("select[name=form]").select_option("line")
    expect(page.locator(".drawing circle")).to_have_count(9)
    fits(page)
    page.locator("button[data-view=map]").click()
    expect(page.locator("figure.map")).to_be_visible()
    assert page.locator("figure.map a").count() >= 9
    fits(page)


def test_cancel(visitor: Page, server: str) -> None:
    """Cancelling ends the query at once, and the next one is answered."""
    page = visitor
    aborted: list[str] = []
    page.on("requestfailed", lambda failed: aborted.append(failed.failure or ""))
    page.goto(f"{server}/sparql")
    write(page, CROSS)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    page.locator("button.cancel").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("button.cancel")).to_be_hidden()
    assert aborted == ["net::ERR_ABORTED"]
    page.locator("#examples").select_option(RANKING)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator("tbody tr")).to_have_count(9)


def test_drawing_of_relations(page: Page, server: str) -> None:
    """The drawing can be walked with keys; Enter opens what it stands on; the list is there as well."""
    page.goto(f"{server}/relations/cluster/nogentech")
    canvas = page.get_by_role("application")
    expect(canvas).to_be_visible()
    canvas.focus()
    page.keyboard.press("Home")
    expect(page.locator("figure.network .told")).to_contain_text("Nogentech")
    page.keyboard.press("ArrowRight")
    expect(page.locator("figure.network .told")).not_to_contain_text("Nogentech ·")
    told = page.locator("figure.network .told").inner_text().split(" · ")[0]
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/doc/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(told)


def test_hub_is_drawn(page: Page, server: str) -> None:
    """A hub two steps wide is drawn within bounds, which the page tells."""
    page.goto(f"{server}/relations/territoire/pays-bruche-mossig-piemont?depth=2")
    expect(page.locator("figure.network canvas").first).to_be_visible()
    expect(page.locator(".notice")).to_contain_text(str(MOST_NODES))
    fits(page)
