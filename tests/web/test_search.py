"""The search over HTTP: pages, formats, suggestions, facets, hostile input, and what has no index."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from territoires.errors import SearchUnavailable
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.search import KEY, OFFERED, PAGE, nearest

LANGRES = CANONICAL_BASE + "id/territoire/pays-de-langres"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}}",
    '" OR 1=1 --',
    "\x00\x1b[31m",
    "NEAR(a b)",
)


def ask(client: FlaskClient, path: str = "/recherche", **arguments: object) -> Any:
    """GET with a query string, as a browser sends it."""
    return client.get(f"{path}?{urlencode(arguments)}", headers={"Accept": "text/html", "Accept-Language": "fr"})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("glass vallee", "Glass Valley"),
        ("lons le saulnier", "Lons-le-Saunier"),
        ("clus'ter jura", "Clus'Ter JURA"),
        ("PETR langres", "PETR du Pays de Langres"),
        ("bresle yeres", "Pays Interrégional Bresle-Yères"),
        ("langre", "Pays de Langres"),
    ],
)
def test_spellings(client: FlaskClient, text: str, name: str) -> None:
    """What is meant comes first, on the page, in JSON and among the suggestions."""
    assert ask(client, "/recherche.json", q=text, lang="fr").json["results"][0]["name"] == name
    assert ask(client, "/recherche/suggestions", q=text, lang="fr").json["suggestions"][0]["name"] == name
    heading = re.search(r"<h3><a [^>]*>(.*?)</a>", ask(client, q=text).text)
    assert heading and re.sub("<[^>]+>", "", heading[1]).replace("&#39;", "'") == name


def test_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The page has its form with the text, hits with marks, kinds and places, facets with counts; search engines stay out."""
    response = ask(client, q="langre")
    page = read_page(response.text)
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert {"name": "robots", "content": "noindex"} in page.all("meta")
    assert any(link.get("rel") == "canonical" and link["href"].endswith("/recherche") for link in page.all("link"))
    assert any(field.get("name") == "q" and field.get("value") == "langre" for field in page.all("input"))
    assert "Langres" in page.text_of("mark") and "Commune" in page.text_of("article")
    assert "/id/territoire/pays-de-langres" in page.links
    assert len(page.all("article")) == 20 and len(response.data) < 100_000
    assert any("résultats pour « langre »" in text for text in page.text_of("p"))


def test_why(client: FlaskClient) -> None:
    """A hit that neither name nor text explains names the notion by which it was found, in the reader's language."""
    for language, notion in (("fr", "bois"), ("en", "wood")):
        first = client.get(f"/recherche?q=wood+cluster&lang={language}", headers={"Accept": "text/html"}).text.partition("<article")[2]
        assert "SITCOB" in first and notion in re.sub("<[^>]+>", "", first.partition("</article>")[0])


def test_facets(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Each choice of a facet leads to as many hits as it says, and can be taken back; the kinds add up."""
    told = ask(client, "/recherche.json", q="langres").json
    assert sum(kind["count"] for kind in told["facets"]["type"]) == told["total"] > 100
    page = ask(client, q="langres").text
    choices = re.findall(
        r'<li><a href="(/recherche\?[^"]*(?:type|lieu)=[^"]*)"[^>]*><span[^>]*>[^<]*</span> <span class="count">(\d+)</span>', page
    )
    assert len(choices) > 10
    for href, count in choices:
        path = href.replace("&amp;", "&")
        assert client.get(path.replace("/recherche?", "/recherche.json?")).json["total"] == int(count)
    chosen = read_page(ask(client, q="langres", type="cluster", lieu="territoire/pays-de-langres").text)
    current = [link for link in chosen.all("a") if "aria-current" in link and "q=langres" in link["href"]]
    assert len(current) == 2
    assert not any("type=" in link["href"] and "lieu=" in link["href"] for link in current)


def test_pages_of_results(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Pages lead to each other and hold every hit once; one beyond the last says so and leads back."""
    seen: list[str] = []
    path: str | None = "/recherche?q=langre"
    while path:
        text = client.get(path).text
        seen += re.findall(r'<h3><a href="([^"]+)"', text)
        path = next((link["href"] for link in read_page(text).all("a") if link.get("rel") == "next"), None)
    told = client.get("/recherche.json?q=langre&limit=1000").json
    assert [hit["url"] for hit in told["results"]] == seen and told["total"] == len(seen) == len(set(seen)) > 100
    beyond = read_page(ask(client, q="langre", page=500).text)
    last = -(-len(seen) // PAGE)
    assert any(f"page={last}" in link for link in beyond.links)


@pytest.mark.parametrize("form", OFFERED, ids=lambda form: form.name)
def test_formats(client: FlaskClient, read_graph: Callable[..., rdflib.Graph], form: Any) -> None:
    """Each format can be had by suffix, by ?format= and by Accept, and holds the same hits."""
    by_suffix = client.get(f"/recherche.{form.name}?q=bresle+yeres&limit=7")
    by_parameter = client.get(f"/recherche?q=bresle+yeres&limit=7&format={form.name}")
    by_accept = client.get("/recherche?q=bresle+yeres&limit=7", headers={"Accept": form.media_type})
    assert {answer.content_type for answer in (by_suffix, by_parameter, by_accept)} == {form.content_type}
    if form.name != "html":
        assert by_suffix.data == by_parameter.data == by_accept.data
    wanted = [hit["iri"] for hit in client.get("/recherche.json?q=bresle+yeres&limit=7").json["results"]]
    assert len(wanted) == 7
    assert 'rel="next"' in by_suffix.headers["Link"]
    if form.name == "csv":
        header, *read = csv.reader(io.StringIO(by_suffix.text, newline=""))
        assert header == ["name", "kind", "places", "iri"] and [row[-1] for row in read] == wanted
    elif form.rdf:
        graph = read_graph(by_suffix.data, form.name)
        assert {str(subject) for subject in graph.subjects()} == set(wanted)
        assert set(graph.subjects(rdflib.RDF.type)) == set(graph.subjects(rdflib.SKOS.prefLabel))


def test_no_other_format(client: FlaskClient) -> None:
    """What isn't offered is 406 with what is, an unknown suffix 404."""
    refused = client.get("/recherche?q=a", headers={"Accept": "image/png"})
    assert refused.status_code == 406 and "text/csv" in refused.json["available"]
    assert client.get("/recherche?q=a&format=bogus").status_code == 406
    assert client.get("/recherche.bogus?q=a").status_code == 404


def test_english_address(client: FlaskClient) -> None:
    """/search leads to /recherche for good, with its query string as it is."""
    response = client.get("/search?q=a%20b&lang=en")
    assert (response.status_code, response.headers["Location"]) == (308, "/recherche?q=a%20b&lang=en")


def test_suggestions(client: FlaskClient) -> None:
    """They may be kept, come in the reader's language, and say what each thing is; none for nothing."""
    response = client.get("/recherche/suggestions?q=feader&lang=en")
    assert response.headers["Cache-Control"] == "public, max-age=300" and response.headers["ETag"]
    first = response.json["suggestions"][0]
    assert (first["name"], first["kind"], first["url"]) == ("FEADER", "Fund", "/id/fonds/feader")
    assert "".join(piece for piece, _ in first["pieces"]) == first["name"]
    assert client.get("/recherche/suggestions?q=feader&lang=fr").json["suggestions"][0]["kind"] == "Fonds"
    assert client.get("/recherche/suggestions").json["suggestions"] == []
    assert len(client.get("/recherche/suggestions?q=pays&limit=3").json["suggestions"]) == 3
    again = client.get("/recherche/suggestions?q=feader&lang=en", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(client: FlaskClient, read_page: Callable[[str], Any], text: str) -> None:
    """What is sent stands on the page as text, whatever it is."""
    for name in ("q", "type", "lieu", "page", "limit"):
        response = ask(client, **{"q": "langres", name: text})
        page = read_page(response.text)
        assert response.status_code == 200
        assert not any("onerror" in attributes for _, attributes in page.elements)
        assert all(not link.startswith("javascript:") for link in page.links)
        assert len(page.all("script")) <= 1


@limits(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.binary(max_size=60), st.text(max_size=20), st.text(max_size=8))
def test_any_query_string(app: Flask, raw: bytes, place: str, page: str) -> None:
    """No query string is a fault of the server's, in bytes that are no UTF-8 either."""
    client = app.test_client(use_cookies=False)
    rest = urlencode({"lieu": place, "page": page, "limit": page}, errors="replace")
    for path in ("/recherche", "/recherche.json", "/recherche.ttl", "/recherche/suggestions"):
        assert client.get(f"{path}?q={quote(raw)}&{rest}").status_code == 200


def test_long_text(client: FlaskClient) -> None:
    """10 kB are read as their beginning."""
    response = ask(client, q="langres " * 1300)
    assert response.status_code == 200 and len(response.data) < 100_000


@pytest.mark.parametrize(
    ("path", "language"), [("/recherche?q=langre&lang=en", "en"), ("/recherche?q=xyzzyq&lang=fr", "fr"), ("/recherche?lang=en", "en")]
)
def test_whole_page(client: FlaskClient, read_page: Callable[[str], Any], path: str, language: str) -> None:
    """Results, no results and no question each make a page in either language."""
    page = read_page(client.get(path, headers={"Accept": "text/html"}).text)
    assert page.all("html")[0]["lang"] == language
    assert page.text_of("h1") and not any("style" in attributes for _, attributes in page.elements)


def test_no_result(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Nonsense finds nothing, in any format; what is far off stands under a heading of its own, and is no result."""
    for text, offered in (("zzxqw", ""), ("chomont", "Pays de Chaumont")):
        assert ask(client, "/recherche.json", q=text).json["total"] == 0
        assert ask(client, "/recherche.csv", q=text).text.split() == ["name,kind,places,iri"]
        page = read_page(ask(client, q=text).text)
        assert any(f"Aucun résultat pour « {text} »" in told for told in page.text_of("p"))
        assert ("Vouliez-vous dire" in page.text_of("h2")) == bool(offered)
        assert page.text_of("h3")[:1] == ([offered] if offered else [])


def test_nearest(app: Flask, client: FlaskClient) -> None:
    """The page of an unknown address can name what it may have meant."""
    client.get("/recherche?q=a")
    with app.test_request_context("/id/territoire/pays-de-langre", headers={"Accept-Language": "fr"}):
        app.preprocess_request()
        found = nearest("/id/territoire/pays-de-langre", 3)
        assert (found[0].value.text, found[0].href, found[0].kind.text) == ("Pays de Langres", "/id/territoire/pays-de-langres", "Pays")
        assert len(found) <= 3 and nearest("", 3) == []


def test_data_without_an_index(hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """What is served without an index gets one at the first search; dangerous names stay inert."""
    assert hard.get("/recherche.json?q=successeur").json["total"] == 1
    page = read_page(hard.get("/recherche?q=alert", headers={"Accept": "text/html"}).text)
    assert any("<script>" in text for text in page.text_of("h3")) or "alert" in page.text_of("mark")
    assert len(page.all("article")) == 1 and len(page.all("script")) <= 1
    assert "'=1+1" in hard.get("/recherche.csv?q=1").text


def test_no_search(hard: FlaskClient, monkeypatch: pytest.MonkeyPatch, read_page: Callable[[str], Any]) -> None:
    """Where there is no search, 501 says why, the suggestions are empty, and the other pages stay as they are."""

    def refuse(*_: object, **__: object) -> object:
        raise SearchUnavailable("This graph says too much.")

    monkeypatch.setattr(hard.application.extensions[KEY], "of", refuse)
    response = hard.get("/recherche?q=a", headers={"Accept": "text/html"})
    assert response.status_code == 501 and any("says too much" in text for _, text in read_page(response.text).texts)
    assert hard.get("/recherche/suggestions?q=a").json["suggestions"] == []
    assert hard.get("/liste").status_code == 200
