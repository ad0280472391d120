"""Long pages are folded: nothing is lost, and what the reader pages through stays open."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from territoires.web.folding import OPEN, SLACK, SMALL, fold
from territoires.web.naming import Value
from territoires.web.parts import Card, Group, Section

LONG = "/doc/territoire/pays-de-langres.html"


def sections(*sizes: int) -> tuple[Section, ...]:
    """Sections of one group each, of so many cards."""
    card = Card(Value("x"), (), None, (), (), (), (), ())
    empty = Section("s", "S", (), (), ("", 0, 0, 0, 0), (), ())
    return tuple(
        replace(empty, name=f"s{at}", groups=(Group(f"k{at}", "K", False, (card,) * size, size, 1, 1, 0),)) for at, size in enumerate(sizes)
    )


@pytest.mark.parametrize(
    ("sizes", "asked", "folded"),
    [
        ((OPEN, SLACK), "", []),
        ((OPEN, SLACK, 1), "", [1]),
        ((8, 8, 8, 8, 8), "", [2, 3, 4]),
        ((8, 8, 8, 8, 8), "k3", [2, 4]),
        ((30, 1), "", [0]),
        ((15, 10, SMALL, 5), "", [1, 3]),
    ],
)
def test_fold(sizes: tuple[int, ...], asked: str, folded: list[int]) -> None:
    """What comes after the first cards, but for small groups and the one that is paged through; a short page stays as it is."""
    made = fold(sections(*sizes), asked)
    assert [at for at, section in enumerate(made) if section.groups[0].folded] == folded
    assert [len(section.groups[0].cards) for section in made] == list(sizes)


def test_folded_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A folded group stands in the page whole, below its heading and number; the fragment that leads to it stands inside."""
    page = read_page(client.get(LONG).text)
    folds = [attributes for attributes in page.all("details") if attributes.get("class") == "fold"]
    assert len(folds) > 3 and not any("open" in attributes for attributes in folds)
    headings = [text for path, text in page.texts if path.endswith("details/summary/h3") and text.strip()]
    assert len(headings) == len(folds)
    assert "Divergences" in [heading.strip() for heading in headings]
    cards = [text for path, text in page.texts if "details/div/" in path and path.endswith("h4/a")]
    assert "GTEC ou GTECT" in cards
    assert any(attributes.get("id") == "tdp-Discrepancy" for attributes in page.all("div"))


def test_what_is_asked_for_is_open(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The list that the reader pages through isn't folded."""
    page = read_page(client.get(f"{LONG}?list=tdp:RSETStatement&page=2").text)
    assert any(attributes.get("id") == "tdp-RSETStatement" for attributes in page.all("h3"))
    page = read_page(client.get(f"{LONG}?list=tdp:RSETStatement&page=1").text)
    assert any(attributes.get("id") == "tdp-RSETStatement" for attributes in page.all("h3"))


def test_headings_are_words_of_the_domain(client: FlaskClient) -> None:
    """Cards are headed by what they are for a reader, not by the name of a class; nothing is told twice."""
    text = client.get(LONG).text
    assert "Financements" in text and "Flux de financement" not in text
    assert "porte ou a porté" not in text and "« exemple »" not in text
    assert "atteint par le fonds" not in text
