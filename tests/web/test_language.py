"""The reader's language over HTTP, and the two catalogues of interface texts."""

import ast
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from territoires.errors import (
    GazetteerUnavailable,
    JournalDamaged,
    NoRelease,
    RevisionGone,
    StoreUnavailable,
    UnknownResource,
    UnknownRevision,
)
from territoires.results import Literal, NamedNode
from territoires.vocabulary import PREFIXES, iri
from territoires.web.errors import STATUSES
from territoires.web.language import CATALOGUES, COOKIE, best_literal, show_literal

LANGUAGES = ("fr", "en")
QUERIES = Path(__file__).parents[2] / "queries" / "competency"
WEB = CATALOGUES.parent
PAGES = ("/", "/liste", "/liste/Pays", "/def", "/def/core", "/sparql", "/doc/territoire/pays-de-langres", "/nulle/part")
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
_OTHERS = StoreUnavailable | NoRelease | JournalDamaged | GazetteerUnavailable | UnknownResource
TOLD = {kind.__name__: None for kind in STATUSES if not issubclass(kind, _OTHERS)}
"""Errors whose own text is told over HTTP (web/errors.py), wherever they are raised."""


@pytest.mark.parametrize(
    ("asked", "cookie", "accept", "language"),
    [
        (None, None, None, "fr"),
        (None, None, "en-GB,en;q=0.9", "en"),
        (None, None, "de", "fr"),
        (None, "en", "fr", "en"),
        (None, "xx", "en", "en"),
        ("en", None, "fr", "en"),
        ("en", "fr", "fr", "en"),
        ("fr", "en", "en", "fr"),
        ("xx", None, "en", "en"),
    ],
)
@pytest.mark.parametrize("path", PAGES)
def test_chosen(
    app: Flask, read_page: Callable[[str], Any], path: str, asked: str | None, cookie: str | None, accept: str | None, language: str
) -> None:
    """By ?lang=, else by cookie, else by Accept-Language, else French; the page and Content-Language say which."""
    client = app.test_client()
    if cookie:
        client.set_cookie(COOKIE, cookie)
    headers = {"Accept": "text/html"} | ({"Accept-Language": accept} if accept else {})
    response = client.get(f"{path}?lang={asked}" if asked else path, headers=headers)
    assert response.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in response.text
    assert {"Accept", "Accept-Language", "Cookie"} <= set(response.headers["Vary"].split(", "))


def test_remembered(app: Flask) -> None:
    """A language that was asked for by hand stays, until another one is asked for; a program gets no cookie."""
    client = app.test_client()
    response = client.get("/?lang=en")
    assert response.headers["Set-Cookie"].startswith("lang=en;")
    assert "SameSite=Lax" in response.headers["Set-Cookie"] and "HttpOnly" in response.headers["Set-Cookie"]
    assert client.get("/liste").headers["Content-Language"] == "en"
    assert "Set-Cookie" not in client.get("/liste").headers
    client.get("/def?lang=fr")
    assert client.get("/liste", headers={"Accept-Language": "en"}).headers["Content-Language"] == "fr"
    assert "Set-Cookie" not in client.get("/doc/territoire/pays-de-langres.ttl?lang=en").headers
    assert "Set-Cookie" not in client.get("/?lang=xx").headers


@pytest.mark.parametrize("path", ["/", "/sparql?query=ASK%20%7B%20%7D%20%23%20%2B%26%25", "/doc/territoire/pays-de-langres.html?x=1&x=2"])
def test_switch_keeps_the_place(client: FlaskClient, read_page: Callable[[str], Any], path: str) -> None:
    """B37: the link to the other language leads to the same page with the same query."""
    headers = {"Accept": "text/html", "Accept-Language": "fr"}
    page = read_page(client.get(path, headers=headers).text)
    (other,) = [link for link in page.all("a") if link.get("hreflang") == "en"]
    switched = client.get(other["href"], headers=headers)
    assert switched.status_code == 200
    assert switched.headers["Content-Language"] == "en"
    assert read_page(switched.text).text_of("textarea") == page.text_of("textarea")
    (back,) = [link for link in read_page(switched.text).all("a") if link.get("hreflang") == "fr"]
    assert client.get(back["href"], headers=headers).headers["Content-Language"] == "fr"
    assert back["href"].partition("?")[0] == path.partition("?")[0]


def test_language_follows_a_303(client: FlaskClient) -> None:
    """A language that was asked for on a thing's address is that of its page."""
    response = client.get("/id/territoire/pays-de-langres?lang=en", headers={"Accept": "text/html"}, follow_redirects=True)
    assert response.headers["Content-Language"] == "en"


def test_problems_are_told_in_the_language(client: FlaskClient) -> None:
    """B9: an error told to a program is in its language, says so, and varies by it."""
    told = {}
    for language in LANGUAGES:
        response = client.get("/nulle/part", headers={"Accept": "application/json", "Accept-Language": language})
        assert response.headers["Content-Language"] == language
        assert "Accept-Language" in response.headers["Vary"]
        told[language] = response.json["title"]
    assert told == {"fr": "Rien n’est connu à cette adresse", "en": "Nothing is known at this address"}


def test_redirects_have_no_language(client: FlaskClient) -> None:
    """A redirect and an answer without content don't claim a language."""
    for method, path in (("GET", "/id/territoire/pays-de-langres"), ("GET", "/liste/"), ("OPTIONS", "/")):
        assert "Content-Language" not in client.open(path, method=method, headers={"Accept": "text/html"}).headers


# Catalogues


def catalogue(language: str) -> Catalog:
    """The interface texts of a language."""
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, abort_invalid=True)


def used() -> Iterator[tuple[str, Path]]:
    """Each text that a template or a program of the web room asks for, and that an error of another room tells; and where."""
    for path in sorted(WEB.parent.rglob("*.py")):
        for _, message, _, _ in extract("python", io.BytesIO(path.read_bytes()), KEYWORDS | TOLD if WEB in path.parents else TOLD):
            yield str(message), path
    for path in sorted(WEB.rglob("*.html")):
        for _, message, _, _ in extract("jinja2", io.BytesIO(path.read_bytes()), KEYWORDS, options={"silent": "false"}):
            yield str(message), path
    for kind in (UnknownResource, UnknownRevision, RevisionGone):
        yield kind("").text, WEB.parent / "errors.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_complete(language: str) -> None:
    """Every text that is used stands in the catalogue, translated; none stands there that nobody uses."""
    found = catalogue(language)
    translated = {str(message.id) for message in found if message.id and message.string}
    asked = {message for message, _ in used()}
    assert len(asked) > 60
    assert sorted((path.name, message) for message, path in used() if message not in translated) == []
    by_name = {text for text in translated if text.partition(":")[0] in {*PREFIXES, "https"}} | {"Info", "Warning", "Violation"}
    words = {word for path in QUERIES.glob("*.rq") for word in re.findall(r"[A-Za-z]+", path.read_text(encoding="utf-8"))}
    in_queries = {text for text in translated if text.isalpha() and text in words}  # names of columns, parameters and themes
    assert sorted(translated - asked - by_name - in_queries) == []


def test_errors_can_be_translated() -> None:
    """An error that is told over HTTP has a text with places for what varies, never one that was put together."""
    together = [
        f"{path.name}:{call.lineno}"
        for path in sorted(WEB.parent.rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in TOLD
        if call.args and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert together == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations(language: str) -> None:
    """No translation is empty, fuzzy, obsolete, or lacks a place that its text has."""
    found = catalogue(language)
    assert str(found.locale) == language
    assert not found.obsolete
    for message in found:
        if message.id:
            assert message.string and str(message.string).strip(), message.id
            assert not message.fuzzy, message.id
            assert not list(message.check(found)), message.id
            assert sorted(placeholders(str(message.id))) == sorted(placeholders(str(message.string))), message.id


def placeholders(text: str) -> list[str]:
    """The named places of a text."""
    return [part.partition(")s")[0] for part in text.split("%(")[1:]]


def test_same_texts_in_both() -> None:
    """The two catalogues hold the same texts in the same order."""
    first, second = ([message.id for message in catalogue(language)] for language in LANGUAGES)
    assert first == second


# Literals


@pytest.mark.parametrize(
    ("language", "texts", "best"),
    [
        ("fr", [("a", "en"), ("b", "fr")], "b"),
        ("en", [("a", "fr"), ("b", "en")], "b"),
        ("en", [("a", "fr"), ("b", "de")], "a"),
        ("en", [("a", ""), ("b", "fr")], "b"),
        ("fr", [("a", "de"), ("b", "")], "b"),
        ("fr", [("b", "fr-CH"), ("a", "en")], "b"),
        ("fr", [("b", "fr"), ("a", "fr")], "a"),
        ("fr", [], None),
    ],
)
def test_best_literal(language: str, texts: list[tuple[str, str]], best: str | None) -> None:
    """B37: the literal of the reader's language, else French, English, untagged; the order of the graph doesn't matter."""
    literals = [Literal(text, language=tag) if tag else Literal(text) for text, tag in texts]
    for order in (literals, literals[::-1]):
        found = best_literal(order, language)
        assert (found.value if found else None) == best


@pytest.mark.parametrize(
    ("value", "kind", "french", "english"),
    [
        ("46462", "xsd:integer", "46\u202f462", "46,462"),
        ("1250.5", "xsd:decimal", "1\u202f250,5", "1,250.5"),
        ("2015-07-14", "xsd:date", "14 juillet 2015", "July 14, 2015"),
        ("2015", "xsd:gYear", "2015", "2015"),
        ("not a number", "xsd:integer", "not a number", "not a number"),
        ("0000-99-99", "xsd:date", "0000-99-99", "0000-99-99"),
        ("NaN", "xsd:decimal", "NaN", "NaN"),
    ],
)
def test_shown_literals(app: Flask, value: str, kind: str, french: str, english: str) -> None:
    """Numbers and dates in the reader's form; what can't be read is shown as it is."""
    for language, expected in (("fr", french), ("en", english)):
        with app.test_request_context("/", headers={"Accept-Language": language}):
            assert show_literal(Literal(value, datatype=NamedNode(iri(kind)))) == expected
