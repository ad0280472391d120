"""What a long page folds: it is printed, found by find-in-page, and opened by an address that leads into it."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser
LONG = "/doc/territoire/pays-de-langres.html"
SEEN = "[...document.querySelectorAll('.fold h4')].filter(each => each.checkVisibility({contentVisibilityAuto: true})).length"


def test_folded(visitor: Page, server: str) -> None:
    """Nothing folded is seen until it is asked for; the page is no longer than nine screens of a desk."""
    visitor.goto(server + LONG)
    every = visitor.locator(".fold h4").count()
    assert every > 20 and visitor.evaluate(SEEN) == 0
    assert visitor.evaluate("document.documentElement.scrollHeight") < 10_000
    visitor.emulate_media(media="print")
    visitor.wait_for_function(f"{SEEN} === {every}")  # at the next frame
    visitor.emulate_media(media="screen")
    visitor.wait_for_function(f"{SEEN} === 0")
    assert visitor.evaluate("window.find('GTEC ou GTECT')")
    visitor.goto(f"{server}{LONG}#tdp-Discrepancy")
    visitor.wait_for_function(f"{SEEN} > 0")
    assert visitor.get_by_text("GTEC ou GTECT").last.is_visible()
