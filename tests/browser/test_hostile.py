"""Hostile data and addresses in Chromium: nothing of them runs, on any kind of page."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from .serving import served

pytestmark = pytest.mark.browser
BASE = "https://w3id.org/territoires-de-projet/"
PROBES = [
    "<script>window.struck = 1</script>",
    '"><img src=x onerror="window.struck = 1">',
    "</script><script>window.struck = 1</script>",
    "' onmouseover='window.struck = 1' x='",
    "[a](javascript:window.struck=1)",
    "{{ 7*7 }}<svg onload=window.struck=1>",
    "<details open ontoggle=window.struck=1><summary>x</summary></details>",
    "<iframe srcdoc='<script>parent.struck=1</script>'></iframe><base href=//hostile.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:window.struck=1'><!-- <!--<script>",
    "<style>@import '//hostile.example/x.css';*{animation:x}</style><b style=color:red onanimationstart=window.struck=1>",
    "\u2028</title></textarea></style><math><mtext><img src onerror=window.struck=1>",
    "<form action=javascript:window.struck=1><button formaction=javascript:window.struck=1 autofocus onfocus=window.struck=1>",
]
DATA = f"""
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix geo: <http://www.opengis.net/ont/geosparql#> . @prefix tdp: <{BASE}def#> .
"""


def turtle() -> str:
    """One thing for each probe: as its name, its definition, its links, its geometry."""
    things = []
    for number, probe in enumerate(PROBES):
        text = '"' + probe.replace("\\", "\\\\").replace('"', '\\"') + '"'
        things.append(
            f"<{BASE}id/territoire/piege-{number}> a tdp:Pays, tdp:Territory ; skos:prefLabel {text}@fr ; skos:definition {text}@fr ;"
            f" dct:description {text} ; foaf:homepage <javascript:window.struck=1> ; dct:source <data:text/html,hostile> ;"
            f" owl:sameAs <javascript:window.struck=2>, <vbscript:x>, <JaVaScRiPt:window.struck=3>, <blob:x> ;"
            f" foaf:depiction <data:image/svg+xml,%3Csvg%20onload=struck%3E> ; skos:altLabel {text}@fr ; skos:notation {text} ;"
            f" geo:asWKT {text} ; dct:relation <{BASE}id/territoire/piege-0> ."
        )
    return DATA + "\n".join(things)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over the hostile data."""
    folder = tmp_path_factory.mktemp("hostile")
    file: Path = folder / "hostile.ttl"
    file.write_text(turtle(), encoding="utf-8")
    with served(folder, "--dataset", str(file)) as address:
        yield address


ADDRESSES = [
    *(f"/doc/territoire/piege-{number}.html" for number in range(len(PROBES))),
    "/liste/Pays",
    "/carte",
    "/relations/territoire/piege-0",
    "/sparql?query=" + quote("SELECT * { ?s ?p ?o }"),
    *(
        f"{page}{quote(probe)}"
        for probe in PROBES
        for page in ("/recherche?q=", "/liste/Pays?", "/comparer?t=", "/sparql?query=", "/id/territoire/")
    ),
]


SCHEMES = ("javascript:", "vbscript:", "data:text", "data:image/svg", "blob:")
PLANTED = (
    "[onerror], [onload], [onmouseover], [ontoggle], [onfocus], [onanimationstart], [formaction], [srcdoc], [style*='red'], base, iframe"
)
"""What only a probe would bring into a page."""


def assert_inert(page: Page) -> None:
    """No probe has become a part of the page, no link leads to what runs, and nothing was asked of another host."""
    for scheme in SCHEMES:
        assert page.locator(f"main [href^='{scheme}' i], main [src^='{scheme}' i], main [action^='{scheme}' i]").count() == 0, scheme
    assert page.locator(PLANTED).count() == 0
    assert page.locator("meta[http-equiv=refresh i], main style, main math").count() == 0
    assert page.evaluate("window.struck") is None
    hosts = page.evaluate("performance.getEntriesByType('resource').map(each => new URL(each.name).host)")
    assert set(hosts) <= {urlsplit(page.url).netloc}


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_runs(visitor: Page, hostile: str, address: str) -> None:
    """No script of theirs runs, no dialog opens, no link leads to `javascript:`; what they say stands there as text."""
    dialogs: list[str] = []
    visitor.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    answer = visitor.goto(hostile + address)
    assert answer and answer.status < 500
    visitor.mouse.move(200, 200)
    assert visitor.evaluate("window.struck") is None and not dialogs
    assert_inert(visitor)
    if "/doc/" in address:
        number = int(address.rpartition("-")[2].removesuffix(".html"))
        expect(visitor.locator("h1")).to_contain_text(PROBES[number])


def test_what_scripts_write(visitor: Page, hostile: str) -> None:
    """What our own scripts put into a page stays text too: suggestions, the answer in the editor, the drawing of relations, the map."""
    visitor.goto(f"{hostile}/liste")
    for letters in ("onload", "iframe", "window", "details"):
        visitor.locator("input[type=search]").first.fill("")
        visitor.locator("input[type=search]").first.press_sequentially(letters)
        visitor.wait_for_timeout(300)
        assert_inert(visitor)
    visitor.goto(f"{hostile}/sparql?query=" + quote("SELECT ?s ?o { ?s ?p ?o }"))
    visitor.get_by_role("button", name="Exécuter").click()
    expect(visitor.locator("tbody tr").first).to_be_visible()
    assert_inert(visitor)
    for address in ("/relations/territoire/piege-0", "/relations/territoire/piege-8?depth=2", "/carte"):
        visitor.goto(hostile + address)
        visitor.wait_for_load_state("networkidle")
        for button in visitor.locator("figure button, .map button").all():
            if button.is_visible():
                button.click()
        visitor.wait_for_timeout(300)
        assert_inert(visitor)
