"""Hostile data and addresses in Chromium: nothing of them runs, on any kind of page."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

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
            f" owl:sameAs <javascript:window.struck=2> ; geo:asWKT {text} ; dct:relation <{BASE}id/territoire/piege-0> ."
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


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_runs(visitor: Page, hostile: str, address: str) -> None:
    """No script of theirs runs, no dialog opens, no link leads to `javascript:`; what they say stands there as text."""
    dialogs: list[str] = []
    visitor.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    answer = visitor.goto(hostile + address)
    assert answer and answer.status < 500
    visitor.mouse.move(200, 200)
    assert visitor.evaluate("window.struck") is None and not dialogs
    assert visitor.locator("[href^='javascript:' i], [src^='javascript:' i], [href^='data:text' i]").count() == 0
    assert visitor.locator("[onerror], [onload], [onmouseover]").count() == 0
    if "/doc/" in address:
        number = int(address.rpartition("-")[2].removesuffix(".html"))
        expect(visitor.locator("h1")).to_contain_text(PROBES[number])
