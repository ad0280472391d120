"""Facets of the lists: what they count and choose, against queries that know nothing of them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.vocabulary import CANONICAL_BASE
from territoires.web.facets import NONE, Choice, Entry, Listing, Option, chosen_in
from territoires.web.naming import Value
from territoires.web.registry import ROWS, TITLES, USUAL

HTML = {"Accept": "text/html"}
PREFIXES = f"""BASE <{CANONICAL_BASE}> PREFIX tdp: <{CANONICAL_BASE}def#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> """
CHOICES = [
    ("Action?statut=prevue", "?x a/rdfs:subClassOf* tdp:Action ; tdp:actionStatus/skos:broader* <scheme/statut-d-action/prevue>"),
    (
        "Action?statut=pas-encore-realise",
        "?x a/rdfs:subClassOf* tdp:Action ; tdp:actionStatus ?s . <scheme/statut-d-action/pas-encore-realise> skos:member ?s",
    ),
    (
        "Action?statut=prevue&statut=terminee&territoire=pays-de-langres",
        """?x a/rdfs:subClassOf* tdp:Action ; tdp:takesPlaceIn <id/territoire/pays-de-langres> .
           { ?x tdp:actionStatus/skos:broader* <scheme/statut-d-action/prevue> }
           UNION { ?x tdp:actionStatus <scheme/statut-d-action/terminee> }""",
    ),
    ("Action?programme=tepcv", "?x a/rdfs:subClassOf* tdp:Action ; tdp:underScheme <id/programme/tepcv>"),
    ("Cluster?secteur=bois", "?x a tdp:Cluster ; tdp:hasSector/skos:broader* <scheme/secteur/bois>"),
    ("Pays?region=grand-est", "?x a tdp:Pays ; tdp:inRegion <id/region/grand-est>"),
    ("Pays?type=rural-structure", "?x a tdp:Pays ; tdp:territoryType <scheme/type-de-territoire/rural-structure>"),
    ("Pays?action=tepcv", "?x a tdp:Pays . ?cell tdp:assignedTerritory ?x ; tdp:assignedActionType <scheme/type-d-action/tepcv>"),
    ("Pays?label=pole-pleine-nature", "?x a tdp:Pays . ?award tdp:awardHolder ?x ; tdp:awardedLabel <scheme/label/pole-pleine-nature>"),
    ("Application?statut=refusee", "?x a tdp:Application ; tdp:outcome <scheme/issue/refusee>"),
    (
        "RSETStatement?statut=declaree-absente",
        "?x a tdp:RSETStatement ; tdp:rsetPolarity <scheme/statut-d-action/declaree-absente>",
    ),
    (
        "Recommendation?theme=implication-des-elus",
        "?x a tdp:Recommendation ; tdp:hasTheme/skos:broader* <scheme/theme/implication-des-elus>",
    ),
    ("FundingFlow?programme=leader", "?x a tdp:FundingFlow ; tdp:underProgramme/tdp:subProgrammeOf* <id/programme/leader>"),
    ("FundingFlow?fonds=aucun", "?x a tdp:FundingFlow FILTER NOT EXISTS { ?x tdp:throughFund ?f }"),
]
"""An address below /liste, and what it means."""


@pytest.mark.parametrize(("address", "pattern"), CHOICES)
def test_choice(app: Flask, client: FlaskClient, address: str, pattern: str) -> None:
    """A choice gives exactly what the graph says, all pages of it."""
    asked = app.extensions["territoires"].store.query(f"{PREFIXES} SELECT DISTINCT ?x {{ {pattern} }}")
    meant = {row["x"].value for row in asked}
    name, _, query = address.partition("?")
    found = [
        line.rpartition(",")[2] for line in client.get(f"/liste/{name}.nt?{query}").text.splitlines() if "22-rdf-syntax-ns#type" in line
    ]
    subjects = {line.partition(">")[0].removeprefix("<") for line in found}
    assert subjects == meant and meant


def offered(page: Any) -> dict[tuple[str, str], int]:
    """Facet and key -> the count that a page shows beside it."""
    boxes = [box for box in page.all("input") if box.get("type") == "checkbox" and box.get("name") not in (None, "t")]
    counts = [
        int(text)
        for path, text in page.texts
        if path.endswith("form/div/details/ul/li/span") or path.endswith("details/details/ul/li/span")
    ]
    assert len(boxes) == len(counts) > 5
    return {(box["name"], box["value"]): count for box, count in zip(boxes, counts, strict=True)}


@pytest.mark.parametrize(
    "address", ["Action?territoire=pays-de-langres", "Cluster", "Pays?region=grand-est&region=bretagne", "FundingFlow"]
)
def test_counts(client: FlaskClient, read_page: Callable[[str], Any], address: str) -> None:
    """The count beside a value is the length of the list with this value alone in its facet, and the others as chosen."""
    chosen = parse_qsl(urlsplit(address).query)
    bare = address.partition("?")[0]
    found = list(offered(read_page(client.get(f"/liste/{address}", headers=HTML).text)).items())
    assert found
    for (facet, key), count in found[::3]:
        others = [pair for pair in chosen if pair[0] != facet]
        listed = client.get(f"/liste/{bare}.csv", query_string=[*others, (facet, key)]).text.count("\r\n") - 1
        assert listed == count, (facet, key)


def test_chips_lead_back(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Each chosen value has a chip that takes it away and leaves the others."""
    page = read_page(client.get("/liste/Action?territoire=pays-de-langres&statut=prevue&tri=-nom", headers=HTML).text)
    assert "/liste/Action?statut=prevue&tri=-nom" in page.links
    assert "/liste/Action?territoire=pays-de-langres&tri=-nom" in page.links
    assert {(box["name"], box["value"]) for box in page.all("input") if "checked" in box} >= {
        ("territoire", "pays-de-langres"),
        ("statut", "prevue"),
    }


def test_index_of_search_engines(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """B40: the bare list is for search engines; what facets, sorting and paging make of it is not, and points to it."""
    assert "X-Robots-Tag" not in client.get("/liste/Action", headers=HTML).headers
    for query in ("statut=prevue", "tri=-nom", "page=2"):
        response = client.get(f"/liste/Action?{query}", headers=HTML)
        page = read_page(response.text)
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert {"name": "robots", "content": "noindex"} in page.all("meta")
        assert [link["href"] for link in page.all("link") if link.get("rel") == "canonical"] == ["/liste/Action"]


@pytest.mark.parametrize(
    "query",
    [
        "statut=%3Cscript%3Ealert(1)%3C/script%3E",
        "statut=%22onmouseover=%22x",
        "territoire=javascript:alert(1)",
        "statut=%FF",
        "tri=%3Cscript%3E&page=-1",
        "page=99999999999999999999",
        "page=%C2%B2",
        "statut=" + "x" * 2000,
        "inconnu=1",
        "statut=",
    ],
)
def test_hostile_choices(client: FlaskClient, query: str) -> None:
    """A value that nothing has gives an empty list and says so; none gets out of the text."""
    response = client.get(f"/liste/Action?{query}", headers=HTML)
    assert response.status_code == 200
    assert "<script>a" not in response.text and '"onmouseover' not in response.text


def test_every_dimension_has_a_title() -> None:
    """What a row names can be shown, and whatever a view is said to give stands in some column or facet."""
    for row in (*ROWS.values(), USUAL):
        assert {*row.columns, *row.facets, *row.properties, *row.viewed} <= TITLES.keys()
        assert set(row.viewed) <= {*row.columns, *row.facets}


def test_arithmetic() -> None:
    """Values of one facet add up, facets narrow; a facet's counts leave its own choice aside."""
    entries = tuple(Entry(Value(name)) for name in "abcd")
    red, blue = (Option(key, Value(key), frozenset(numbers)) for key, numbers in (("red", (0, 1)), ("blue", (1, 2))))
    small, silent = Option("small", Value("small"), frozenset((1, 3))), Option(NONE, Value(""), frozenset((0, 2)))
    listing = Listing(entries, USUAL, {"colour": (red, blue), "size": (small, silent)}, ())
    assert chosen_in(listing, []).entries() == {0, 1, 2, 3}
    both = chosen_in(listing, [("colour", "red"), ("colour", "blue"), ("size", "small"), ("other", "x")])
    assert both.entries() == {1}
    assert [(option.key, count) for option, count, _ in both.options("size")] == [("small", 1), (NONE, 2)]
    assert [(option.key, count, on) for option, count, on in Choice(listing, {"size": (NONE,)}).options("colour")] == [
        ("red", 1, False),
        ("blue", 1, False),
    ]
    assert chosen_in(listing, [("colour", "green")]).entries() == set()
