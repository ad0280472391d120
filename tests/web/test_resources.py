"""Things and their documents over HTTP, point by point (B1–B22 of the HTTP contract)."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin

import pytest
import rdflib
from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import Literal, NamedNode, Quad
from rdflib.compare import isomorphic

from territoires import __version__
from territoires.errors import StoreUnavailable
from territoires.formats import DOCUMENT
from territoires.results import WHOLE, Answer, Dataset, Reply, Request
from territoires.settings import Settings
from territoires.store import Store
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.answering import LONGEST_ADDRESS
from territoires.web.app import MAX_BODY, create_app

THING = "/id/territoire/pays-de-langres"
DOC = "/doc/territoire/pays-de-langres"
LANGRES = CANONICAL_BASE + THING[1:]
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8"
SAFARI = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TYPES = {form.name: form.content_type for form in DOCUMENT}
RDF = tuple(form.name for form in DOCUMENT[1:])


@dataclass(frozen=True)
class Case:
    """A request, and what must come back: status, headers by exact value, texts that the body holds."""

    point: str
    path: str = THING
    accept: str | None = None
    status: int = 303
    sends: dict[str, str] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    method: str = "GET"


def thing(point: str, accept: str | None, suffix: str, path: str = THING) -> Case:
    """A request for a thing that must lead to its document of that suffix."""
    query = f"?{path.partition('?')[2]}" if "?" in path else ""
    return Case(point, path, accept, sends={"Location": f"{DOC}.{suffix}{query}", "Cache-Control": "public, max-age=300"})


def document(point: str, accept: str | None, suffix: str, path: str = DOC) -> Case:
    """A request for a document that must come in the format of that suffix."""
    return Case(point, path, accept, 200, {"Content-Type": TYPES[suffix], "Content-Location": f"{DOC}.{suffix}"}, ())


CASES = [
    *[thing(f"B1-{name}", accept, "html") for name, accept in (("chrome", CHROME), ("firefox", FIREFOX), ("safari", SAFARI))],
    *[document(f"B1-document-{name}", accept, "html") for name, accept in (("chrome", CHROME), ("safari", SAFARI))],
    *[
        thing(f"B2-{name}", accept, "html")
        for name, accept in (
            ("absent", None),
            ("empty", ""),
            ("anything", "*/*"),
            ("unknown", "text/anot+turtle"),
            ("unparsable", ";;q=x"),
        )
    ],
    document("B2-document-unparsable", ";;q=x", "html"),
    thing("B3-profile", 'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
    thing("B3-charset", "text/turtle; charset=utf-8", "ttl"),
    thing("B3-case", "Text/Turtle", "ttl"),
    thing("B4-quality", "text/turtle;q=0.3, application/rdf+xml;q=0.9", "rdf"),
    thing("B4-no-html", "text/html;q=0, */*", "ttl"),
    thing("B4-application", "application/*", "nt"),
    thing("B5-x-turtle", "application/x-turtle", "ttl"),
    thing("B5-n3", "text/n3", "ttl"),
    thing("B5-rdf-n3", "text/rdf+n3", "ttl"),
    thing("B5-xml", "application/xml", "rdf"),
    thing("B5-json", "application/json", "jsonld"),
    thing("B5-plain", "text/plain", "nt"),
    document("B5-document-xml", "application/xml", "rdf"),
    document("B5-document-plain", "text/plain", "nt"),
    document("B5-document-n3", "text/n3", "ttl"),
    Case("B6-image", THING, "image/png", 406, {"Content-Type": "application/problem+json"}, (f"{DOC}.ttl", "application/rdf+xml")),
    Case("B6-document-image", DOC, "image/png", 406, {"Content-Type": "application/problem+json"}, (f"{DOC}.ttl",)),
    Case("B6-bogus-format", f"{THING}?format=bogus", None, 406, {}, (f"{DOC}.jsonld",)),
    Case("B6-bogus-format-document", f"{DOC}?format=bogus", CHROME, 406, {"Content-Type": "text/html; charset=utf-8"}, (f"{DOC}.ttl",)),
    Case("B6-empty-format", f"{DOC}?format=", "text/turtle", 406),
    thing("B7-format", CHROME, "ttl", f"{THING}?format=ttl"),
    thing("B7-suffix", CHROME, "ttl", f"{THING}.ttl"),
    thing("B7-suffix-beats-format", CHROME, "nt", f"{THING}.nt?format=ttl"),
    document("B7-document-format", CHROME, "jsonld", f"{DOC}?format=jsonld"),
    *[document(f"B7-document-{suffix}", CHROME if suffix != "html" else "text/turtle", suffix, f"{DOC}.{suffix}") for suffix in TYPES],
    Case("B7-unknown-suffix", f"{DOC}.xlsx", None, 404),
    thing("B10-query-kept", CHROME, "html", f"{THING}?lang=en"),
    Case("B14-slash", f"{THING}/?lang=en", None, 308, {"Location": f"{THING}?lang=en"}),
    Case("B14-slashes", "/id//territoire///pays-de-langres", None, 308, {"Location": THING}),
    Case("B14-case-of-a-name", "/id/territoire/Pays-de-Langres", None, 404),
    Case("B14-case-of-a-kind", "/ID/territoire/pays-de-langres", None, 404),
    Case("B14-post", "/sparql/?x=1", None, 308, {"Location": "/sparql?x=1"}, (), "POST"),
    Case("B16-html", "/id/territoire/atlantide", CHROME, 404, {"Content-Type": "text/html; charset=utf-8"}, ("territoire/atlantide",)),
    Case("B16-turtle", "/id/territoire/atlantide", "text/turtle", 404, {"Content-Type": "application/problem+json"}, ('"status": 404',)),
    Case("B16-text", "/id/territoire/atlantide", "text/plain", 404, {"Content-Type": "text/plain; charset=utf-8"}, ("404 ",)),
    Case("B16-document", "/doc/territoire/atlantide.ttl", None, 404, {"Content-Type": "application/problem+json"}),
    Case("B16-no-route", "/nulle/part", None, 404),
    Case("B16-kind-alone", "/id", None, 404),
    Case("B20-unsupported", THING, None, 405, {"Allow": "OPTIONS, HEAD, GET"}, (), "DELETE"),
    Case("B20-unsupported-sparql", "/sparql", None, 405, {}, (), "PUT"),
    Case("B20-unknown", "/nulle/part", None, 404, {}, (), "OPTIONS"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.point)
def test_contract(client: FlaskClient, case: Case) -> None:
    """B1–B7, B10, B14, B16, B20: the table above; every answer varies by Accept and is open to scripts of any origin."""
    response = client.open(case.path, method=case.method, headers={"Accept": case.accept} if case.accept is not None else {})
    assert response.status_code == case.status
    for name, value in case.sends.items():
        assert sorted(response.headers[name].split(", ")) == sorted(value.split(", ")), name
    for text in case.holds:
        assert text in response.text
    assert {"Accept", "Accept-Language"} <= set(response.headers["Vary"].split(", "))
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("path", [THING, f"{THING}?format=bogus", DOC, "/.well-known/void", "/def", "/liste/Pays"])
def test_406_lists_what_works(client: FlaskClient, path: str) -> None:
    """B6: each address that a 406 lists answers 200 in the type that it is listed for."""
    response = client.get(path, headers={"Accept": "image/png"})
    assert response.status_code == 406
    available = response.json["available"]
    assert "text/turtle" in available
    for media_type, address in available.items():
        found = client.get(address, headers={"Accept": "image/png"}, follow_redirects=True)
        assert (found.status_code, found.mimetype) == (200, media_type), address


def test_two_accept_lines(server: str, wire: Callable[..., Any]) -> None:
    """B4: two Accept header lines are one list."""
    lines = ("Accept: text/html;q=0.2, text/turtle;q=0.4", "Accept: application/rdf+xml;q=0.9")
    answer = wire(server, THING, headers=lines)
    assert (answer.status, answer.headers["Location"]) == (303, f"{DOC}.rdf")
    answer = wire(server, THING, headers=tuple(reversed(lines)))
    assert answer.headers["Location"] == f"{DOC}.rdf"


def test_names_with_dots(hard: FlaskClient) -> None:
    """B7: a suffix doesn't eat a name that holds a dot, and a name may end like a suffix."""
    assert hard.get("/id/v1.2", headers={"Accept": "text/turtle"}).headers["Location"] == "/doc/v1.2.ttl"
    assert hard.get("/id/v1.2.ttl").headers["Location"] == "/doc/v1.2.ttl"
    assert hard.get("/doc/v1.2.ttl").mimetype == "text/turtle"
    assert hard.get("/doc/v1.2").mimetype == "text/html"
    assert hard.get("/id/v1").status_code == 404
    assert hard.get("/id/v1.ttl").status_code == 404
    assert hard.get("/id/x.ttl", headers={"Accept": "text/html"}).headers["Location"] == "/doc/x.ttl.html"
    assert f"<{CANONICAL_BASE}id/x.ttl>" in hard.get("/doc/x.ttl.ttl").text


def test_etags(client: FlaskClient) -> None:
    """B9: each format and language has an ETag of its own; a page varies by the language cookie too."""
    tags: dict[str, str] = {}
    for language in ("fr", "en"):
        for form in DOCUMENT:
            for path in (DOC, f"{DOC}.{form.name}"):
                response = client.get(path, headers={"Accept": form.media_type, "Accept-Language": language})
                tags[response.headers["ETag"]] = f"{path} {form.name} {language}"
                assert response.headers["Content-Location"] == f"{DOC}.{form.name}"
                assert ("Cookie" in response.headers["Vary"]) == (form.name == "html")
    assert len(tags) == 2 * 2 * len(DOCUMENT)


@pytest.mark.parametrize("status", [200, 303, 304, 308, 404, 406])
def test_vary(client: FlaskClient, status: int) -> None:
    """B9: every negotiated answer says what it varies by."""
    tag = client.get(f"{DOC}.ttl").headers["ETag"]
    requests = {
        200: (DOC, {}),
        303: (THING, {}),
        304: (f"{DOC}.ttl", {"If-None-Match": tag}),
        308: (f"{THING}/", {}),
        404: ("/id/x/y", {}),
        406: (DOC, {"Accept": "image/png"}),
    }
    path, headers = requests[status]
    response = client.get(path, headers=headers)
    assert response.status_code == status
    assert {"Accept", "Accept-Language"} <= set(response.headers["Vary"].split(", "))


@pytest.mark.parametrize("form", DOCUMENT, ids=lambda form: form.name)
def test_no_chain(client: FlaskClient, form: Any) -> None:
    """B10: a thing's 303 leads straight to a 200, whose links lead to the other formats and back to the thing."""
    location = client.get(THING, headers={"Accept": form.media_type}).headers["Location"]
    response = client.get(location)
    assert response.status_code == 200
    assert response.headers["Content-Location"] == location
    link = response.headers["Link"]
    assert f'<{LANGRES}>; rel="describes"' in link
    for other in DOCUMENT:
        assert (f'<{DOC}.{other.name}>; rel="alternate"; type="{other.media_type}"' in link) == (other is not form)


def test_formats_agree(client: FlaskClient, read_graph: Callable[..., rdflib.Graph]) -> None:
    """The four RDF documents on a resource hold the same graph, topic and dataset included."""
    graphs = {name: read_graph(client.get(f"{DOC}.{name}").data, name) for name in RDF}
    first = graphs.pop("ttl")
    assert len(first) > 100
    for name, graph in graphs.items():
        assert isomorphic(first, graph), name
    own = rdflib.URIRef(CANONICAL_BASE.rstrip("/") + DOC)
    assert first.value(own, rdflib.URIRef("http://xmlns.com/foaf/0.1/primaryTopic")) == rdflib.URIRef(LANGRES)
    assert first.value(own, rdflib.URIRef("http://rdfs.org/ns/void#inDataset")) == rdflib.URIRef(CANONICAL_BASE + "id/jeu/territoires")


# IRIs


@pytest.mark.parametrize(
    "target",
    ["/id/pays/saint-étienne", "/id/pays/saint-%C3%A9tienne", "/id/pays/saint-%c3%a9tienne", "/id/pays/saint-e%CC%81tienne"],
    ids=["raw", "percent", "lower-case-percent", "NFD-percent"],
)
def test_one_resource_for_all_spellings(hard_server: str, wire: Callable[..., Any], target: str) -> None:
    """B11: raw UTF-8, percent-encoded and decomposed spellings are one resource; Location is ASCII."""
    for spelling in (target, unicodedata.normalize("NFD", target)):
        answer = wire(hard_server, spelling, headers=("Accept: text/turtle",))
        assert answer.status == 303
        assert answer.headers["Location"] == "/doc/pays/saint-%C3%A9tienne.ttl"
        assert answer.raw.partition(b"\r\n\r\n")[0].isascii()
    found = wire(hard_server, "/doc/pays/saint-%C3%A9tienne.ttl")
    assert found.status == 200
    assert f"<{CANONICAL_BASE}id/pays/saint-étienne>" in found.body.decode()
    assert wire(hard_server, "/doc/pays/saint-étienne.ttl").status == 200


def test_percent_encoded_in_the_graph(hard: FlaskClient) -> None:
    """B11: an IRI that the graph writes with percent-encoded letters is found too."""
    assert hard.get("/id/pays/%C3%A9crit-ainsi", headers={"Accept": "text/turtle"}).headers["Location"] == "/doc/pays/%C3%A9crit-ainsi.ttl"
    assert f"<{CANONICAL_BASE}id/pays/%C3%A9crit-ainsi>" in hard.get("/doc/pays/%C3%A9crit-ainsi.ttl").text


ROUND_TRIPS = [
    ("a%2Fb", "a%2Fb"),
    ("a%2fb", "a%2Fb"),
    ("a(b)", "a(b)"),
    ("a%28b%29", "a(b)"),
    ("l'ain", "l'ain"),
    ("l%27ain", "l'ain"),
    ("a,b", "a,b"),
    ("a+b", "a+b"),
    ("a%2Bb", "a+b"),
    ("a:b", "a:b"),
    ("a%3Ab", "a:b"),
    ("a&b", "a&b"),
    ("a;b", "a;b"),
    ("a%3Bb", "a;b"),
    ("a~b", "a~b"),
    ("a%7Eb", "a~b"),
    ("a%20b", "a%20b"),
    ("a%252Fb", "a%252Fb"),
]


@pytest.mark.parametrize(("target", "name"), ROUND_TRIPS, ids=[row[0] for row in ROUND_TRIPS])
def test_names_round_trip(hard_server: str, wire: Callable[..., Any], target: str, name: str) -> None:
    """B12: a name with reserved characters leads to its document, which is about that very IRI; + is never a space."""
    answer = wire(hard_server, f"/id/pays/{target}", headers=("Accept: application/n-triples",))
    assert answer.status == 303
    assert answer.headers["Location"] == f"/doc/pays/{name}.nt"
    found = wire(hard_server, answer.headers["Location"])
    assert found.status == 200
    about = {line.split(b" ")[2] for line in found.body.splitlines() if b"primaryTopic" in line}
    assert about == {f"<{CANONICAL_BASE}id/pays/{name}>".encode()}


def test_percent_is_decoded_once(hard_server: str, wire: Callable[..., Any]) -> None:
    """B12: %252F isn't decoded twice, and a space in a path isn't a plus."""
    assert wire(hard_server, "/id/pays/a%25252Fb").status == 404
    assert wire(hard_server, "/id/a%2Fb").headers["Location"] == "/doc/a%2Fb.html"
    assert wire(hard_server, "/id/pays/a%20%2Bb").status == 404


INJECTIONS = [
    "x> } ; DROP ALL #",
    'x"',
    "x\\",
    "x\n",
    "x{",
    "x}",
    "x|y",
    "x^y",
    "x`y",
    "x[",
    "x]",
    "x%",
    "x%zz",
    "x\x00",
    "x\x7f",
    "x\x85",
    "x\ufffd",
    "\ue000",
    "\ufffe",
    "..",
    "x'); SELECT",
    "> <http://evil.example/> <http://evil.example/",
    "?resource",
    "\U0001f600",
]


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
@pytest.mark.parametrize("place", ["/id/pays/", "/doc/pays/", "/source/", "/liste/", "/def/"])
def test_injections(client: FlaskClient, place: str, text: str) -> None:
    """B13: a name that is no IRI, or that would end one in a query, is unknown: no 500, no other answer."""
    for target in (place + quote(text, safe=""), place + quote(text, safe="") + ".ttl"):
        assert client.get(target, follow_redirects=True).status_code == 404, target


@pytest.mark.parametrize("raw", [b'/id/pays/x"', b"/id/pays/\xff", b"/id/pays/%FF", b"/id/pays/<x>", b"/id/%00", b"/id/{x}"], ids=ascii)
def test_injections_over_the_wire(hard_server: str, wire: Callable[..., Any], raw: bytes) -> None:
    """B13: bytes that may not stand in an address get 400 or 404."""
    assert wire(hard_server, raw).status in (400, 404)


def test_canonical_addresses(server: str, wire: Callable[..., Any]) -> None:
    """B14: 308 to the one address, on this host, with the query string; a POST stays a POST."""
    answer = wire(server, "//id//territoire//pays-de-langres//?format=ttl&x=%20+")
    assert (answer.status, answer.headers["Location"]) == (308, f"{THING}?format=ttl&x=%20+")
    assert wire(server, "//sparql?x=1").headers["Location"] == "/sparql?x=1"
    for target in ("//evil.example/", "///evil.example", "/%5Cevil.example/", "/%2F/evil.example", "//evil.example/%2e%2e"):
        moved = wire(server, target)
        assert moved.status == 308
        assert urljoin(server, moved.headers["Location"]).startswith(f"{server}/"), target
    form = ("Content-Type: application/sparql-query", "Accept: application/sparql-results+json")
    moved = wire(server, "/sparql/", "POST", form, b"ASK {}")
    assert (moved.status, moved.headers["Location"]) == (308, "/sparql")
    assert json.loads(wire(server, moved.headers["Location"], "POST", form, b"ASK {}").body) == {"head": {}, "boolean": True}


def test_hash_and_slash(client: FlaskClient) -> None:
    """B15: the document of hash terms answers 200 itself and holds their anchors; things with a slash answer 303."""
    response = client.get("/def", headers={"Accept": CHROME})
    assert response.status_code == 200
    assert 'id="Pays"' in response.text
    for path in (THING, "/scheme/type-d-action", "/source/memento/F170", "/graph/ontology/core"):
        assert client.get(path).status_code == 303, path


class DownStore:
    """A store that can't answer; `lost` when even its revision is out of reach."""

    base = CANONICAL_BASE

    def __init__(self, lost: bool) -> None:
        self.lost = lost

    @property
    def revision(self) -> str:
        """The revision, as long as that is known."""
        if self.lost:
            raise StoreUnavailable("The store at /srv/secret can't be read")
        return "down"

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Never answers."""
        raise StoreUnavailable("The store at /srv/secret can't be read")

    def run(self, request: Request) -> Reply:
        """Never answers."""
        raise StoreUnavailable("The store at /srv/secret can't be read")

    def ready(self) -> str | None:
        """It isn't."""
        return "it is down"

    def close(self) -> None:
        """There is nothing to end."""


@pytest.mark.parametrize("lost", [False, True], ids=["no-answers", "no-revision"])
@pytest.mark.parametrize("accept", [CHROME, "text/turtle", "text/plain", None])
@pytest.mark.parametrize(
    "path", [THING, f"{DOC}.ttl", "/", "/liste", "/liste/Pays", "/def", "/.well-known/void?format=ttl", "/sparql?query=ASK%7B%7D"]
)
def test_store_down(settings: Settings, path: str, accept: str | None, lost: bool) -> None:
    """B16: a store that is down is 503 with Retry-After, never 404, an empty page, or a look inside the host."""
    client = create_app(settings, DownStore(lost)).test_client()
    response = client.get(path, headers={"Accept": accept} if accept else {})
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "/srv/secret" not in response.text
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert (response.mimetype == "text/html") == (accept == CHROME)


@pytest.mark.parametrize("suffix", list(TYPES))
def test_retired(hard: FlaskClient, suffix: str, read_graph: Callable[..., rdflib.Graph]) -> None:
    """B16: a retired resource is 410 and says what replaces it, as a page and in RDF."""
    response = hard.get("/id/pays/ancien", headers={"Accept": TYPES[suffix]}, follow_redirects=True)
    assert response.status_code == 410
    assert response.content_type == TYPES[suffix]
    if suffix == "html":
        assert "Ancien pays" in response.text
        assert 'href="/id/pays/successeur"' in response.text
    else:
        graph = read_graph(response.data, suffix)
        replaced = graph.value(rdflib.URIRef(CANONICAL_BASE + "id/pays/ancien"), rdflib.DCTERMS.isReplacedBy)
        assert replaced == rdflib.URIRef(CANONICAL_BASE + "id/pays/successeur")
    assert hard.get("/doc/pays/ancien.ttl", headers={"If-None-Match": "*"}).status_code == 410


@pytest.mark.parametrize("name", ["successeur", "deconseille"])
def test_not_retired(hard: FlaskClient, name: str) -> None:
    """B16: neither the successor nor a resource without one is gone."""
    assert hard.get(f"/doc/pays/{name}.ttl").status_code == 200


# Proxy

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "data.example.org",
    "X-Forwarded-Prefix": "/terr",
    "X-Forwarded-For": "192.0.2.1",
}


@pytest.fixture(params=[0, 1], ids=["no-proxy", "one-proxy"])
def hops(request: pytest.FixtureRequest) -> int:
    """How many reverse proxies are trusted."""
    return int(request.param)


@pytest.fixture
def behind(settings: Settings, app: Flask, hops: int) -> FlaskClient:
    """A client of an application behind that many proxies."""
    store: Store = app.extensions["territoires"].store
    return create_app(Settings(home=settings.home, proxy_hops=hops), store).test_client(use_cookies=False)


def test_forwarded(behind: FlaskClient, hops: int) -> None:
    """B17: addresses are the public ones behind a trusted proxy; without one, its headers are ignored."""
    prefix = "/terr" if hops else ""
    public = "https://data.example.org/terr" if hops else "http://localhost"
    assert behind.get(THING, headers=FORWARDED).headers["Location"] == f"{prefix}{DOC}.html"
    assert behind.get(f"{THING}/", headers=FORWARDED).headers["Location"] == f"{prefix}{THING}"
    document = behind.get(f"{DOC}.ttl", headers=FORWARDED)
    assert document.headers["Content-Location"] == f"{prefix}{DOC}.ttl"
    assert f'<{prefix}{DOC}.nt>; rel="alternate"' in document.headers["Link"]
    described = rdflib.Graph().parse(data=behind.get("/sparql", headers=FORWARDED).data, format="turtle")
    endpoint = rdflib.URIRef("http://www.w3.org/ns/sparql-service-description#endpoint")
    assert {str(value) for value in described.objects(None, endpoint)} == {f"{public}/sparql"}
    void = rdflib.Graph().parse(data=behind.get("/.well-known/void", headers=FORWARDED).data, format="turtle")
    assert {str(value) for value in void.objects(None, rdflib.VOID.sparqlEndpoint)} == {f"{public}/sparql"}
    void_page = behind.get("/.well-known/void", headers={**FORWARDED, "Accept": CHROME})
    assert void_page.headers["Location"] == f"{prefix}/doc/jeu/territoires.html"
    listed = behind.get(f"{DOC}?format=bogus", headers=FORWARDED).json["available"]
    assert listed["text/turtle"] == f"{prefix}{DOC}.ttl"


@pytest.mark.parametrize("path", ["/", "/liste", "/liste/Pays", "/def", f"{DOC}.html", "/sparql?format=html", "/nulle/part"])
def test_links_behind_a_proxy(behind: FlaskClient, hops: int, path: str, read_page: Callable[[str], Any]) -> None:
    """B17: every link of a page stays below the prefix of the proxy, and names no internal host."""
    page = read_page(behind.get(path, headers={**FORWARDED, "Accept": CHROME}).text)
    local = [link for link in page.links if link.startswith("/")]
    actions = [form["action"] for form in page.all("form")]
    assert len(local) > 8
    for link in [*local, *actions]:
        assert link.startswith("/terr/") == bool(hops), link
    assert not [link for link in page.links if "localhost" in link]


def test_only_the_trusted_hop_counts(settings: Settings, app: Flask) -> None:
    """B17: with one trusted proxy, what a client forged before it is not believed."""
    store: Store = app.extensions["territoires"].store
    client = create_app(Settings(home=settings.home, proxy_hops=1), store).test_client()
    response = client.get("/sparql", headers={"X-Forwarded-Host": "evil.example, data.example.org", "X-Forwarded-Proto": "ftp, https"})
    assert "https://data.example.org/sparql" in response.text
    assert "evil" not in response.text


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "data.example.org"])
def test_canonical_iris_on_any_host(client: FlaskClient, host: str) -> None:
    """B18: a server on any host describes the canonical IRIs, and links to its own addresses."""
    document = client.get(f"{DOC}.ttl", headers={"Host": host}).text
    assert f"<{LANGRES}>" in document
    assert host not in document
    page = client.get(f"{DOC}.html", headers={"Host": host}).text
    assert f"<code>{LANGRES}</code>" in page
    cited = f'<link rel="cite-as" href="{LANGRES}">'  # which is the IRI, wherever it is served
    assert cited in page and f'href="{CANONICAL_BASE}' not in page.replace(cited, "")


def test_rebased_release(settings: Settings, hard_settings: Settings) -> None:
    """B18: a release of another base is served under that base."""
    base = "https://data.example.org/terr/"
    label, graph = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"), NamedNode(f"{base}graph/test")
    quad = Quad(NamedNode(f"{base}id/pays/x"), label, Literal("X"), graph)
    release = publish(hard_settings.releases / "rebased", "r", base, [quad], {})
    pool = release.serve()
    client = create_app(settings, pool).test_client()
    assert client.get("/id/pays/x", headers={"Accept": "text/turtle"}).headers["Location"] == "/doc/pays/x.ttl"
    assert f"<{base}id/pays/x>" in client.get("/doc/pays/x.ttl").text
    pool.close()


# Methods

GETS = [
    "/",
    THING,
    f"{DOC}.html",
    f"{DOC}.ttl",
    f"{THING}?date=2016-01-01",
    f"{DOC}.html?date=2016-01-01",
    "/id/commune/52269",
    "/scheme/type-d-action",
    "/source/memento/F170",
    "/graph/ontology/core",
    "/def",
    "/def.ttl",
    "/def/territory",
    "/def/territory.nt",
    f"/def/territory/{__version__}",
    "/def/examples/Pays.ttl",
    "/def/changes",
    "/queries",
    "/queries/territories-by-inhabitants",
    "/context.jsonld",
    "/shapes",
    "/shapes.ttl",
    "/liens",
    "/liens/positive.tsv",
    "/liste",
    "/liste/Pays",
    "/liste/Pays.csv",
    "/liste/Action?statut=prevue&tri=-statut",
    "/tableaux",
    "/tableaux/types-d-action",
    "/tableaux/rset.json",
    "/verification",
    "/verification.csv",
    "/comparer",
    "/comparer.csv?t=pays-de-langres&t=pays-de-chaumont",
    "/carte",
    "/carte?layer=regions&figure=clusters",
    "/carte.geojson?layer=territoires&figure=inhabitants",
    "/carte.csv",
    "/recherche",
    "/recherche?q=langres",
    "/recherche.json?q=langres",
    "/recherche/suggestions?q=lan",
    "/search?q=langres",
    f"/graph-store?graph={CANONICAL_BASE}graph/ontology/territory",
    "/graph-store/nothing",
    "/sparql",
    "/sparql?format=html",
    "/sparql?query=SELECT%20*%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%205",
    "/sparql?query=ASK%7B%7D",
    "/sparql?query=nonsense",
    "/sparql/editor.json",
    "/reconcile",
    "/fr/reconcile",
    "/reconcile?query=langres",
    "/reconcile/1.0-draft",
    "/reconcile/extend/propose?type=Commune",
    "/reconcile/suggest/entity?prefix=lan",
    "/reconcile/flyout/type?id=Commune",
    "/reconcile/preview?id=id/commune/langres",
    "/reconcile/view?id=id/commune/langres",
    "/relations/territoire/pays-de-langres",
    "/relations/territoire/pays-de-langres.gexf",
    "/a-propos",
    "/sources-et-licences",
    "/qualite",
    "/aide",
    "/accessibilite",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap-1.xml",
    "/.well-known/security.txt",
    "/.well-known/void",
    "/void",
    "/catalog",
    "/catalog.ttl",
    "/versions",
    "/versions/revision",
    "/history",
    "/history/1",
    "/history/diff",
    "/feed.atom",
    "/feed.json",
    "/linkset/territoire/pays-de-langres.json",
    "/health",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/dumps/territoires.nq.gz",
    "/static/css/base.css",
    "/nulle/part",
    f"{DOC}?format=bogus",
    f"{THING}/",
]


def test_every_route_is_covered(app: Flask) -> None:
    """B19: the list above holds an address of every route."""
    adapter = app.url_map.bind("localhost")
    covered = {adapter.match(path.partition("?")[0])[0] for path in GETS if path not in ("/nulle/part", f"{THING}/")}
    assert covered == {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}


@pytest.mark.parametrize("path", GETS)
def test_head(server: str, wire: Callable[..., Any], path: str) -> None:
    """B19: HEAD answers with the headers of GET and no body, on every route, over the wire."""
    for accept in (CHROME, "*/*"):
        got = wire(server, path, headers=(f"Accept: {accept}",))
        head = wire(server, path, "HEAD", (f"Accept: {accept}",))
        passing = {"date", "server", "server-timing", "ratelimit", "x-request-id"}
        timed = path.startswith(("/sparql?", "/reconcile?")) and accept == CHROME  # the page says how long the answer took
        if path == "/metrics" or timed:
            passing.add("content-length")

        def kept(answer: Any, passing: set[str] = passing) -> dict[str, str]:
            return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in passing}

        assert head.status == got.status
        assert kept(head) == kept(got)
        assert head.raw.endswith(b"\r\n\r\n") and head.raw.count(b"\r\n\r\n") == 1
        assert int(got.headers["Content-Length"]) == len(got.body)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/sparql", "GET, HEAD, OPTIONS, POST"), (THING, "GET, HEAD, OPTIONS"), ("/", "GET, HEAD, OPTIONS")]
)
def test_preflight(server: str, wire: Callable[..., Any], path: str, allowed: str) -> None:
    """B20: OPTIONS answers a browser's preflight."""
    lines = ("Origin: https://yasgui.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
    answer = wire(server, path, "OPTIONS", lines)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Allow"] == allowed
    assert answer.headers["Access-Control-Allow-Methods"] == allowed
    assert {"Authorization", "Content-Type", "Accept"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", [THING, f"{DOC}.ttl", "/sparql", "/", "/def"])
def test_unsupported_method(client: FlaskClient, path: str, method: str) -> None:
    """B20: 405 says which methods there are."""
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= set(response.headers["Allow"].split(", "))


ANSWERS: list[tuple[int, str, str, dict[str, str], bytes]] = [
    (200, "GET", "/", {}, b""),
    (204, "OPTIONS", "/sparql", {}, b""),
    (303, "GET", THING, {}, b""),
    (304, "GET", DOC, {"If-None-Match": "*"}, b""),
    (308, "GET", f"{THING}/", {}, b""),
    (400, "GET", "/sparql?query=nonsense", {}, b""),
    (404, "GET", "/nulle/part", {}, b""),
    (405, "DELETE", "/", {}, b""),
    (406, "GET", DOC, {"Accept": "image/png"}, b""),
    (412, "GET", DOC, {"If-Match": '"x"'}, b""),
    (413, "POST", "/sparql", {"Content-Type": "application/sparql-query"}, b"#" * (MAX_BODY + 1)),
    (414, "GET", f"/sparql?query={'x' * LONGEST_ADDRESS}", {}, b""),
    (415, "POST", "/sparql", {"Content-Type": "application/json"}, b"{}"),
]


@pytest.mark.parametrize(("status", "method", "path", "headers", "body"), ANSWERS, ids=[str(row[0]) for row in ANSWERS])
def test_cors(client: FlaskClient, status: int, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    """B21: scripts of any origin may read every answer, errors too, and never with credentials."""
    response = client.open(path, method=method, headers={"Origin": "https://example.org", **headers}, data=body)
    assert response.status_code == status
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert {"Link", "ETag", "Location", "Retry-After"} <= set(response.headers["Access-Control-Expose-Headers"].split(", "))


def test_cors_of_a_bug(settings: Settings) -> None:
    """B21: an unforeseen fault is 500 with the same headers, in the negotiated format, without its trace."""

    class Broken(DownStore):
        def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
            """Fails in a way that nobody foresaw."""
            raise KeyError("secret")

    client = create_app(settings, Broken(lost=False)).test_client()
    for accept, kind in ((CHROME, "text/html"), ("text/turtle", "application/problem+json")):
        response = client.get(THING, headers={"Accept": accept})
        assert (response.status_code, response.mimetype) == (500, kind)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "secret" not in response.text


@pytest.mark.parametrize(
    "path",
    [f"{DOC}.ttl", f"{DOC}.html", "/", "/def", "/liste", "/liste/Pays.csv", "/sparql", "/sparql?query=ASK%7B%7D", "/.well-known/void"],
)
def test_conditional(client: FlaskClient, path: str) -> None:
    """B22: If-None-Match (strong, weak, in a list, *) gives 304 without a body; another tag gives 200; no date overrides it."""
    first = client.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for sent in (tag, f"W/{tag}", f'"x", W/{tag}, "y"', "*"):
        response = client.get(path, headers={"If-None-Match": sent})
        assert (response.status_code, response.data) == (304, b""), sent
        assert (response.headers["ETag"], response.headers["Cache-Control"]) == (tag, first.headers["Cache-Control"])
        assert response.headers["Vary"] and "Content-Length" not in response.headers
        assert client.head(path, headers={"If-None-Match": sent}).status_code == 304
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    assert client.get(path, headers={"If-None-Match": '"x"', "If-Modified-Since": later}).status_code == 200
    assert client.get(path, headers={"If-Modified-Since": later}).status_code == 200
    assert client.get(path, headers={"If-Match": '"x"'}).status_code == 412


def test_etag_follows_the_revision(settings: Settings, app: Flask) -> None:
    """B22: another release, another ETag."""
    store: Store = app.extensions["territoires"].store

    class Later(DownStore):
        revision = "later"

        def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
            """Answers as the real store does."""
            return store.query(text, dataset)

    tags = {create_app(settings, chosen).test_client().get(f"{DOC}.ttl").headers["ETag"] for chosen in (store, Later(lost=False))}
    assert len(tags) == 2


# Pages


def test_page(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """The page of a territory: its name, its facts and sources, its nodes as cards, and who points to it."""
    page = read_page(client.get(f"{DOC}.html").text)
    assert page.text_of("h1") == ["Pays de Langres"]
    assert page.text_of("h2")[:2] == ["Chronologie", "Situation"]
    shown = " ".join(text for _, text in page.texts)
    assert "46 462" in shown.replace("\u202f", " ").replace("\xa0", " ")
    assert any(link.startswith("/source/memento/") for link in page.links)
    alternates = {link["type"]: link["href"] for link in page.all("link") if link.get("rel") == "alternate" and "type" in link}
    assert alternates == {form.media_type: f"{DOC}.{form.name}" for form in DOCUMENT[1:]}
    assert [link["href"] for link in page.all("link") if link.get("rel") == "canonical"] == [f"{DOC}.html"]


def test_dangerous_values_are_inert(hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """Markup in a literal is shown as text, a javascript: IRI is no link, and the policy allows no inline script."""
    response = hard.get("/doc/pays/danger.html")
    page = read_page(response.text)
    assert page.text_of("h1") == ['<script>alert(1)</script>"onmouseover="x']
    assert all(script.get("type") == "application/ld+json" or script["src"].startswith("/static/") for script in page.all("script"))
    assert not [link for link in page.links if link.lower().startswith("javascript:")]
    assert "javascript:alert(1)" in [text for _, text in page.texts]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy


def test_every_own_resource_is_served(app: Flask, client: FlaskClient) -> None:
    """Every thing that the graph describes answers 303, at the address of its IRI, to a document about itself."""
    store: Store = app.extensions["territoires"].store
    text = f"SELECT DISTINCT ?s {{ ?s ?p ?o FILTER(STRSTARTS(STR(?s), '{CANONICAL_BASE}')) }}"
    things = [row["s"].value for row in store.query(text)]  # type: ignore[union-attr]
    kinds = tuple(f"{CANONICAL_BASE}{kind}/" for kind in ("id", "scheme", "source", "graph"))
    checked = [iri for iri in things if iri.startswith(kinds)]
    assert len(checked) > 500
    assert {iri.removeprefix(CANONICAL_BASE).partition("#")[0].partition("/")[0] for iri in things if iri not in checked} <= {
        "def",
        "shapes",
    }
    figures = [iri for iri in checked if iri.startswith(f"{CANONICAL_BASE}id/observation/commune-")]  # all alike, by the thousand
    gone = {row["s"].value for row in store.query(f"SELECT ?s {{ ?s a <{CANONICAL_BASE}def#FormerCommune> }}")}  # type: ignore[union-attr]
    others = sorted({*checked} - {*figures})
    checked = [*others[:: 1 if len(others) < 20_000 else 20], *figures[::100]]  # with an import there are many alike of each kind
    for iri in checked:
        response = client.head(quote(iri.removeprefix(CANONICAL_BASE.rstrip("/"))), headers={"Accept": "text/turtle"})
        assert response.status_code == (410 if iri in gone else 303), iri
    checked = [iri for iri in checked if iri not in gone]
    documents = {}
    for iri in checked[::25]:
        location = client.head(quote(iri.removeprefix(CANONICAL_BASE.rstrip("/"))), headers={"Accept": "text/turtle"}).headers["Location"]
        response = client.get(location)
        assert response.status_code == 200
        assert f'<{iri}>; rel="describes"' in response.headers["Link"]
        documents[location] = iri
    assert len(documents) == len(checked[::25])
