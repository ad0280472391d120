"""What OpenRefine does in the browser, from a page of another origin: reads, a preflight, a preview in a frame without any right."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


class Blank(BaseHTTPRequestHandler):
    """An empty page at every address."""

    def do_GET(self) -> None:
        """Sends it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>OpenRefine</title><link rel=icon href=data:,>")

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The address of a page of another origin."""
    with HTTPServer(("127.0.0.1", 0), Blank) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}/"
        other.shutdown()
        thread.join()


def test_reads_from_another_origin(server: str, elsewhere: str, page: Page) -> None:
    """The manifest, proposals and suggestions can be read, JSON can be posted, faults can be read too."""
    page.goto(elsewhere)
    manifest = page.evaluate("url => fetch(url).then(r => r.json())", f"{server}/reconcile/")
    assert manifest["versions"] == ["0.2"] and "unavailable" not in manifest
    place = manifest["extend"]["propose_properties"]
    proposed = page.evaluate("url => fetch(url).then(r => r.json())", place["service_url"] + place["service_path"] + "?type=Commune")
    assert "insee" in [each["id"] for each in proposed["properties"]]
    place = manifest["suggest"]["entity"]
    found = page.evaluate("url => fetch(url).then(r => r.json())", place["service_url"] + place["service_path"] + "?prefix=langr")
    assert found["result"]
    post = """([url, body]) => fetch(url, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)})
        .then(async r => [r.status, await r.json()])"""
    query = {"queries": [{"type": "Commune", "conditions": [{"matchType": "id", "propertyValue": "52269"}]}]}
    status, answer = page.evaluate(post, [f"{server}/reconcile/match", query])
    assert status == 200 and answer["results"][0]["candidates"][0]["match"]


def test_preview_in_a_frame(server: str, elsewhere: str, page: Page) -> None:
    """It shows in a frame without scripts, origin or links of its own, of the size that the manifest names, without scrolling sideways."""
    page.goto(elsewhere)
    manifest = page.evaluate("url => fetch(url).then(r => r.json())", f"{server}/reconcile")
    preview = manifest["preview"]
    identifier = manifest["identifierSpace"] + "id/commune/langres"
    page.evaluate(
        """([url, width, height]) => { const frame = document.createElement('iframe'); frame.setAttribute('sandbox', '');
        frame.width = width; frame.height = height; frame.src = url; document.body.append(frame) }""",
        [preview["url"].replace("{{id}}", identifier), preview["width"], preview["height"]],
    )
    frame = page.frame_locator("iframe")
    assert frame.locator("h1").inner_text() == "Langres"
    wide = frame.locator("dl > div").first.bounding_box()
    assert wide and wide["width"] < preview["width"]
    assert frame.locator("dl > div").first.evaluate("e => getComputedStyle(e).display") == "grid"  # its sheet was loaded
