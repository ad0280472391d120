"""What the browser tests share: headless Chromium, and pages whose console and requests must stay clean."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .watching import SIZES, watch

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


@pytest.fixture(params=SIZES, ids=lambda p: f"{p[1]}-{p[0]}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page at desktop and phone width, in both languages; a console error or a failed request fails the test."""
    width, language = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, locale=language)
    opened = context.new_page()
    faults = watch(opened)
    yield opened
    opened.wait_for_load_state("networkidle")  # else closing would break off what is still being fetched
    context.close()
    assert faults == []


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Page]:
    """A page that may meet anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr")
    yield context.new_page()
    context.close()
