"""What is asked of every page in the browser: a clean console, no failed request, no wider than the screen."""

from playwright.sync_api import ConsoleMessage, Page

SIZES = [(1280, "fr"), (360, "fr"), (1280, "en"), (360, "en")]
"""Widths and languages in which each kind of page is opened."""


def refused(message: ConsoleMessage) -> bool:
    """Whether Chromium only notes that a query was answered 400, as a wrong one must be."""
    return "status of 400" in message.text and "/sparql?query=" in message.location["url"]


def watch(page: Page) -> list[str]:
    """What goes wrong on a page from now on: console errors, exceptions, requests that fail."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" and not refused(message) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda failed: faults.append(f"{failed.url}: {failed.failure}"))
    return faults


def fits(page: Page) -> None:
    """The page is not wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{page.url} is wider than the screen"
