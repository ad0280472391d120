"""The reconciliation service, both versions: what it answers, what it says of itself, how it refuses.

The JSON Schemas of the specification are put to the same answers by tests/conformance/test_reconciliation.py.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask.testing import FlaskClient

from territoires.vocabulary import CANONICAL_BASE
from territoires.web.batches import BATCH, MOST_IDS

from ..reconciliation import ID, Service, serving

LANGRES, CHAUMONT = ID + "commune/langres", ID + "commune/chaumont"
JSON = {"Accept": "application/json"}
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service over the small graph."""
    with serving(tmp_path_factory.mktemp("reconciliation")) as found:
        yield found


@pytest.fixture
def client(service: Service) -> FlaskClient:
    """A client of it."""
    return service.client


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., list[dict[str, Any]]]:
    """Asks one query as 0.2 has it: the candidates."""

    def asked(text: str | None, **members: object) -> list[dict[str, Any]]:
        query = {**({"query": text} if text is not None else {}), **members}
        reply = client.post("/reconcile", data={"queries": json.dumps({"q0": query})})
        assert reply.status_code == 200, reply.text
        found: list[dict[str, Any]] = reply.json["q0"]["result"]
        return found

    return asked


def matched(found: list[dict[str, Any]]) -> list[str]:
    """The identifiers of the matches; the scores run down, and one match at most is the first."""
    scores = [each["score"] for each in found]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 100 for score in scores)
    matches = [each["id"] for each in found if each["match"]]
    assert len(matches) <= 1 and (not matches or matches[0] == found[0]["id"])
    return matches


def told(pid: str, value: object) -> list[dict[str, object]]:
    """The properties of a query: one of them."""
    return [{"pid": pid, "v": value}]


CASES: list[tuple[str, str | None, dict[str, Any], str | None]] = [
    ("name", "Langres", {"type": "Commune"}, LANGRES),
    ("name-without-case", "LANGRES", {"type": "Commune", "type_strict": "should"}, LANGRES),
    ("name-with-typo", "Langrs", {"type": "Commune", "properties": told("departement", "52")}, LANGRES),
    ("accents", "amberieu en bugey", {}, ID + "commune/01004"),
    ("former", "Balesmes sur Marne", {"type": "Commune"}, ID + "commune/52449"),
    ("code-as-text", "52269", {}, LANGRES),
    ("code-as-number", "1004", {"type": "Commune"}, ID + "commune/01004"),
    ("code-beside", "Langres", {"properties": told("insee", "52269")}, LANGRES),
    ("code-by-another-name", "Chaumont", {"properties": told("Code INSEE", "52121")}, CHAUMONT),
    ("code-number-beside", "Amberieu", {"type": "Commune", "properties": told("code", 1004)}, ID + "commune/01004"),
    ("code-alone", None, {"properties": told("insee", "52269")}, LANGRES),
    ("contradicting-code", "Langres", {"properties": told("insee", "52121")}, None),
    ("unknown-code", None, {"properties": told("insee", "99999")}, None),
    ("iri", LANGRES, {}, LANGRES),
    ("wikidata", "Q203293", {}, LANGRES),
    ("wikidata-beside", "Langres", {"properties": told("wikidata", "Q203293")}, LANGRES),
    ("nuts", "FRF24", {}, ID + "departement/haute-marne"),
    ("siren", "200 072 999", {"type": "InterMunicipality"}, ID + "intercommunalite/200072999"),
    ("epci", "Grand Langres", {"type": "EPCI"}, ID + "intercommunalite/200072999"),
    ("homonyms", "Chaumont", {"type": "Commune"}, None),
    ("homonyms-departement", "Chaumont", {"type": "Commune", "properties": told("departement", "Haute-Marne")}, CHAUMONT),
    ("homonyms-code-of-departement", "Chaumont", {"type": "Commune", "properties": told("dep", "89")}, ID + "commune/89093"),
    ("homonyms-number", "Chaumont", {"type": "Commune", "properties": told("département", 18)}, ID + "commune/18060"),
    ("homonyms-region", "Chaumont", {"type": "Commune", "properties": told("region", "Normandie")}, ID + "commune/61103"),
    (
        "homonyms-reconciled",
        "Chaumont",
        {"properties": told("departement", {"id": ID + "departement/74", "name": "x"})},
        ID + "commune/74065",
    ),
    ("homonyms-elsewhere", "Chaumont", {"type": "Commune", "properties": told("departement", "Ain")}, None),
    ("type-by-class", "Langres", {"type": CANONICAL_BASE + "def#Commune"}, LANGRES),
    ("type-as-list", "Langres", {"type": ["Commune", "Departement"], "type_strict": "any"}, LANGRES),
    ("type-narrow", "Pays de Langres", {"type": "ProjectTerritory"}, ID + "territoire/pays-de-langres"),
    ("type-carrier", "PETR du Pays de Langres", {"type": "CarrierOrganisation"}, ID + "organisation/petr-du-pays-de-langres"),
    ("type-programme", "leader", {"type": "FundingProgramme"}, ID + "programme/leader"),
    ("type-concept", "rural", {"type": "Concept"}, CANONICAL_BASE + "scheme/type/rural"),
    ("type-unknown", "Langres", {"type": "Comet"}, None),
    ("type-all", "Langres", {"type": ["Commune", "Departement"], "type_strict": "all"}, None),
    ("graph-property", "Chaumont", {"type": "Commune", "properties": told("insee", ["52121"])}, CHAUMONT),
    ("graph-population", "Langres", {"type": "Commune", "properties": told("population", 7536)}, LANGRES),
    ("graph-contradicts", "Langres", {"type": "Commune", "properties": told("population", 12)}, None),
    ("property-unknown", "Langres", {"type": "Commune", "properties": told("colour", "blue")}, LANGRES),
    ("nothing", "Zzyzx", {}, None),
    ("empty", "", {"properties": told("departement", "52")}, None),
]


@pytest.mark.parametrize(("text", "members", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_queries(ask: Callable[..., list[dict[str, Any]]], text: str | None, members: dict[str, Any], expected: str | None) -> None:
    """What a text with its type and its properties means; what isn't clear has no match."""
    assert matched(ask(text, **members)) == ([expected] if expected else [])


def test_homonyms_are_offered(ask: Callable[..., list[dict[str, Any]]]) -> None:
    """Five communes called Chaumont come back, none matched, each told apart by its département and code."""
    found = ask("Chaumont", type="Commune")
    assert len(found) == 5 and matched(found) == []
    assert len({each["description"] for each in found}) == 5 and any("52121" in each["description"] for each in found)


def test_candidate(ask: Callable[..., list[dict[str, Any]]]) -> None:
    """A candidate has all that 0.2 §4.2 names, with the parts of its score."""
    first = ask("Chaumont", type="Commune", properties=[*told("departement", "52"), *told("insee", "52121")])[0]
    assert {name: type(value) for name, value in first.items()} == {
        "id": str,
        "name": str,
        "description": str,
        "type": list,
        "score": float,
        "match": bool,
        "features": list,
    }
    assert first["type"] == [{"id": "Commune", "name": "Commune"}]
    assert {each["id"]: each["value"] for each in first["features"]} == {
        "name": 100.0,
        "exact": True,
        "identifier": True,
        "departement": True,
    }


def test_limits(ask: Callable[..., list[dict[str, Any]]]) -> None:
    """As many candidates as asked for; none or 0 for the usual number."""
    assert [len(ask("Chaumont", type="Commune", limit=count)) for count in (1, 3, 0)] == [1, 3, 5]


def test_should_and_any(ask: Callable[..., list[dict[str, Any]]]) -> None:
    """Where nothing suits the type, "should" offers others unmatched, "any" doesn't."""
    soft, hard = (ask("Haute-Marne", type="Commune", type_strict=strict) for strict in ("should", "any"))
    assert ID + "departement/haute-marne" in {each["id"] for each in soft} and matched(soft) == []
    assert ID + "departement/haute-marne" not in {each["id"] for each in hard}


def test_keys(client: FlaskClient) -> None:
    """Results stand under the keys as asked, in their order, whatever they are; by GET, POST and single query alike."""
    queries = {name: {"query": "Langres", "type": "Commune"} for name in ("q1", "", "é", "q0", "\ud800", "__proto__")}
    posted = client.post("/reconcile", data={"queries": json.dumps(queries)}).json
    assert list(posted) == list(queries) and all(matched(found["result"]) == [LANGRES] for found in posted.values())
    assert client.get("/reconcile", query_string={"queries": json.dumps(queries)}).json == posted
    for text in ("Langres", json.dumps({"query": "Langres", "type": "Commune"})):
        for reply in (
            client.get("/reconcile", query_string={"query": text, "type": "Commune"}),
            client.post("/reconcile", data={"query": text, "type": "Commune"}),
        ):
            assert reply.json == posted["q1"]
    assert client.post("/reconcile", data={"queries": "{}"}).json == {}


def draft(
    client: FlaskClient, *conditions: Mapping[str, object], path: str = "/reconcile/match", **members: object
) -> list[dict[str, Any]]:
    """The candidates of one query of 1.0-draft."""
    reply = client.post(path, json={"queries": [{**members, "conditions": list(conditions)}]})
    assert reply.status_code == 200, reply.text
    (found,) = reply.json["results"]
    return list(found["candidates"])


def named(text: object) -> dict[str, object]:
    """A condition on the name."""
    return {"matchType": "name", "propertyValue": text}


def condition(name: str, value: object, **members: object) -> dict[str, object]:
    """A condition on a property."""
    return {"matchType": "property", "propertyId": name, "propertyValue": value, **members}


@pytest.mark.parametrize(
    ("conditions", "expected", "count"),
    [
        ([named("Langres")], LANGRES, None),
        ([named(["Ville inconnue", "Langres"])], LANGRES, None),
        ([{"matchType": "id", "propertyValue": LANGRES}], LANGRES, 1),
        ([{"matchType": "id", "propertyValue": "52269"}], LANGRES, 1),
        ([{"matchType": "id", "propertyValue": "99999"}], None, 0),
        ([named("Chaumont")], None, 5),
        ([named("Chaumont"), condition("departement", "52")], CHAUMONT, 5),
        ([named("Chaumont"), condition("departement", "52", required=True)], CHAUMONT, 1),
        ([named("Chaumont"), condition("departement", ["52", "18"], required=True)], None, 2),
        ([named("Chaumont"), condition("departement", ["52", "18", "61", "74"], matchQuantifier="none")], ID + "commune/89093", 1),
        ([named("Langres"), condition("wikidata", ["Q203293", "Q1"], required=True, matchQuantifier="all")], None, 0),
        ([named("Langres"), condition("colour", "blue")], LANGRES, None),
        ([named("Langres"), condition("colour", "blue", required=True)], None, 0),
    ],
)
@pytest.mark.parametrize("path", ["/reconcile/match", "/reconcile/1.0-draft/match", "/en/reconcile/match"])
def test_draft(client: FlaskClient, path: str, conditions: list[dict[str, object]], expected: str | None, count: int | None) -> None:
    """1.0-draft §4: names, identifiers and properties as conditions, required or not, any, all or none of the values."""
    found = draft(client, *conditions, path=path, type="Commune")
    assert matched(found) == ([expected] if expected else [])
    assert count is None or len(found) == count
    assert all(each["name"] for candidate in found for each in candidate["features"])


FAULTS: list[tuple[str, dict[str, Any], int, str]] = [
    ("no-parameter", {"data": {"callback": "x"}}, 400, "exactly one"),
    ("two-parameters", {"data": {"queries": "{}", "extend": "{}"}}, 400, "exactly one"),
    ("no-json", {"data": {"queries": "{'q0'"}}, 400, "character 1"),
    ("deep-json", {"data": {"queries": "[" * 100_000}}, 400, "JSON"),
    ("list", {"data": {"queries": "[]"}}, 400, "object"),
    ("text", {"data": {"queries": '{"q0": "Langres"}'}}, 400, "“q0”"),
    ("empty-query", {"data": {"queries": '{"q0": {}}'}}, 400, "neither"),
    ("query-as-list", {"data": {"queries": '{"q0": {"query": ["x"]}}'}}, 400, "text"),
    ("limit", {"data": {"queries": '{"q0": {"query": "x", "limit": -1}}'}}, 400, "limit"),
    ("limit-infinite", {"data": {"queries": '{"q0": {"query": "x", "limit": 1e999}}'}}, 400, "limit"),
    ("limit-nan", {"data": {"queries": '{"q0": {"query": "x", "limit": NaN}}'}}, 400, "limit"),
    ("type", {"data": {"queries": '{"q0": {"query": "x", "type": 3}}'}}, 400, "type"),
    ("strict", {"data": {"queries": '{"q0": {"query": "x", "type_strict": "must"}}'}}, 400, "type_strict"),
    ("property", {"data": {"queries": '{"q0": {"query": "x", "properties": [{"p": 1}]}}'}}, 400, "pid"),
    ("value", {"data": {"queries": '{"q0": {"query": "x", "properties": [{"pid": "insee", "v": {"x": 1}}]}}'}}, 400, "value"),
    ("too-many", {"data": {"queries": json.dumps({str(n): {"query": "x"} for n in range(BATCH + 1)})}}, 413, f"{BATCH}"),
    ("extend-no-ids", {"data": {"extend": '{"properties": []}'}}, 400, "ids"),
    ("extend-no-properties", {"data": {"extend": '{"ids": []}'}}, 400, "properties"),
    ("extend-too-many", {"data": {"extend": json.dumps({"ids": ["x"] * (MOST_IDS + 1), "properties": []})}}, 413, f"{MOST_IDS}"),
    ("extend-limit", {"data": {"extend": '{"ids": [], "properties": [{"id": "nom", "settings": {"limit": "many"}}]}'}}, 400, "limit"),
    ("extend-date", {"data": {"extend": '{"ids": [], "properties": [{"id": "nom", "settings": {"date": "1er mai"}}]}'}}, 400, "date"),
    ("extend-content", {"data": {"extend": '{"ids": [], "properties": [{"id": "nom", "settings": {"content": "x"}}]}'}}, 400, "content"),
    ("json-to-the-form", {"json": {"queries": {}}}, 415, "/reconcile/match"),
    ("match-no-json", {"path": "/reconcile/match", "data": b"{", "content_type": "application/json"}, 400, "JSON"),
    ("match-form", {"path": "/reconcile/match", "data": {"queries": "[]"}}, 415, "application/json"),
    ("match-object", {"path": "/reconcile/match", "json": {"queries": {}}}, 400, "list"),
    ("match-no-condition", {"path": "/reconcile/match", "json": {"queries": [{"conditions": []}]}}, 400, "conditions"),
    ("match-types", {"path": "/reconcile/match", "json": {"queries": [{"type": ["A"], "conditions": [named("x")]}]}}, 400, "type"),
    ("match-kind", {"path": "/reconcile/match", "json": {"queries": [{"conditions": [{"propertyValue": "x"}]}]}}, 400, "matchType"),
    (
        "match-property",
        {"path": "/reconcile/match", "json": {"queries": [{"conditions": [{**named("x"), "matchType": "property"}]}]}},
        400,
        "propertyId",
    ),
    (
        "match-quantifier",
        {"path": "/reconcile/match", "json": {"queries": [{"conditions": [condition("nom", "x", matchQuantifier="some")]}]}},
        400,
        "any",
    ),
    ("match-too-many", {"path": "/reconcile/match", "json": {"queries": [{"conditions": [named("x")]}] * (BATCH + 1)}}, 413, f"{BATCH}"),
    ("extend-json", {"path": "/reconcile/extend", "data": {"ids": "x"}}, 415, "application/json"),
]


@pytest.mark.parametrize(("sent", "status", "says"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_faults(client: FlaskClient, sent: dict[str, Any], status: int, says: str) -> None:
    """Whatever can't be answered is refused in JSON with a sentence, readable from every origin; never 500, never a short answer."""
    reply = client.post(sent.pop("path", "/reconcile"), headers={"Origin": "http://127.0.0.1:3333", "Accept-Language": "en"}, **sent)
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert says in reply.json["detail"], reply.json


def test_long_texts(ask: Callable[..., list[dict[str, Any]]], client: FlaskClient) -> None:
    """One long cell doesn't spoil the batch: its beginning is read. An address that is too long is refused, with advice."""
    assert ask("Langres " * 10_000) is not None
    assert ask("\x00\ud800Langres\n", type="Commune")[0]["id"] == LANGRES
    reply = client.get(
        "/reconcile", query_string={"queries": json.dumps({"q0": {"query": "x" * 20_000}})}, headers={"Accept-Language": "en"}
    )
    assert reply.status_code == 414 and "POST" in reply.json["detail"]


@pytest.mark.parametrize("text", ['"} ; DROP ALL #', "x> } ; DROP ALL #", "' OR 1=1 --", "\\", "<script>alert(1)</script>", "%", "*", "_"])
def test_injection(client: FlaskClient, ask: Callable[..., list[dict[str, Any]]], text: str) -> None:
    """No text becomes a part of a query or of a page, wherever it stands."""
    assert matched(ask(text, properties=[*told("departement", text), *told("iri", text), *told("population", text)])) == []
    body = {"ids": [text, CANONICAL_BASE + text, "id/" + text], "properties": [{"id": text}, {"id": "nom"}]}
    reply = client.post("/reconcile", data={"extend": json.dumps(body)})
    assert reply.status_code == 200 and all(row == {text: [], "nom": []} for row in reply.json["rows"].values())
    for path in ("preview", "view", "flyout/entity", "flyout/type", "flyout/property"):
        answer = client.get(f"/reconcile/{path}", query_string={"id": text}, headers=PAGE)
        assert answer.status_code == 404 and answer.mimetype == "text/html" and "<script>alert" not in answer.text
    assert client.get("/reconcile/suggest/entity", query_string={"prefix": text}).status_code == 200
    page = client.get("/reconcile", query_string={"query": text}, headers=PAGE)
    assert page.status_code == 200 and "<script>alert" not in page.text


def test_manifest(client: FlaskClient) -> None:
    """0.2 §3.1: all of it, by addresses on this host."""
    found = client.get("/reconcile").json
    assert found["versions"] == ["0.2"] and found["batchSize"] == BATCH
    assert found["identifierSpace"] == CANONICAL_BASE and found["schemaSpace"] == CANONICAL_BASE + "def#"
    assert {"id": "Commune", "name": "Commune"} in found["defaultTypes"]
    assert found["view"]["url"] == "http://localhost/reconcile/view?id={{id}}"
    assert found["preview"]["url"] == "http://localhost/reconcile/preview?id={{id}}" and found["preview"]["width"] > 300
    assert set(found["suggest"]) == {"entity", "type", "property"}
    assert [each["name"] for each in found["extend"]["property_settings"]] == ["limit", "date", "content"]
    with client.get(urlsplit(found["logo"]).path) as logo:
        assert (logo.status_code, logo.mimetype) == (200, "image/svg+xml")
    page = client.get(urlsplit(found["documentation"]).path, headers=PAGE)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    anchor = found["feature_view"]["url"].replace("{{id}}", "name").partition("#")[2]
    assert f'id="{anchor}"' in page.text


def test_manifest_of_the_draft(client: FlaskClient) -> None:
    """1.0-draft §3.1: URI templates of RFC 6570, what is supported as booleans, scores from 0 to 100."""
    link = client.get("/reconcile").headers["Link"]
    assert link == '</reconcile/1.0-draft>; rel="successor-version"; type="application/json"'
    found = client.get("/reconcile/1.0-draft", headers={"Accept-Language": "en"}).json
    assert found["versions"] == ["1.0-draft"] and found["standardizedScore"] is True and found["lang"] == "en"
    assert found["view"] == {"url": "http://localhost/reconcile/1.0-draft/view?id={id}"}
    assert found["suggest"] == {"entity": True, "type": True, "property": True} and set(found["preview"]) == {"width", "height"}
    assert found["extend"]["proposeProperties"] is True and found["extend"]["propertySettings"][0]["id"] == "limit"
    assert not {"identifierSpace", "schemaSpace"} & set(found)
    for path in ("suggest/entity?prefix=lang", "suggest/type?prefix=", "suggest/property?prefix=", "extend/propose?type=Commune"):
        assert client.get(f"/reconcile/1.0-draft/{path}").status_code == 200
    assert client.get("/reconcile/1.0-draft/preview", query_string={"id": LANGRES}).mimetype == "text/html"


@pytest.mark.parametrize(
    ("path", "sent", "name"),
    [
        ("/reconcile", "fr", "Commune"),
        ("/reconcile", "en", "Municipality (commune)"),
        ("/fr/reconcile", "en", "Commune"),
        ("/en/reconcile", "fr", "Municipality (commune)"),
        ("/en/reconcile?lang=fr", "en", "Commune"),
    ],
)
def test_languages(client: FlaskClient, path: str, sent: str, name: str) -> None:
    """By Accept-Language, by the address, and by ?lang= above both; the addresses of the manifest stay in the same language."""
    reply = client.get(path, headers={"Accept-Language": sent})
    assert reply.json["defaultTypes"][0]["name"] == name
    assert reply.headers["Content-Language"] == ("en" if "Muni" in name else "fr") and {"Accept-Language", "Cookie"} <= {
        *reply.headers["Vary"].split(", ")
    }
    assert reply.json["suggest"]["type"]["service_url"] == "http://localhost" + path.partition("?")[0]
    bare = path.partition("?")[0]
    if bare != "/reconcile":
        language = bare[1:3]
        assert (
            client.get(f"{bare}/extend/propose?type=Commune").json["properties"][0]["name"]
            == {"fr": "Année de la population", "en": "Year of the population"}[language]
        )
        query = {"queries": json.dumps({"q0": {"query": "Langres", "type": "Commune"}})}
        assert ({"fr": "même nom", "en": "same name"}[language]) in client.post(bare, data=query).json["q0"]["result"][0]["description"]


def test_behind_a_proxy(service: Service) -> None:
    """B17: the addresses of the manifest are the public ones, and they work."""
    from dataclasses import replace

    from territoires.web.app import create_app, open_store

    settings = replace(service.settings, proxy_hops=1)
    store = open_store(settings)
    try:
        behind = create_app(settings, store).test_client()
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "data.example.org", "X-Forwarded-Prefix": "/terr"}
        found = behind.get("/fr/reconcile", headers=forwarded).json
        assert found["view"]["url"] == "https://data.example.org/terr/fr/reconcile/view?id={{id}}"
        assert found["extend"]["propose_properties"]["service_url"] == "https://data.example.org/terr/fr/reconcile"
        assert behind.get("/reconcile/view", query_string={"id": LANGRES}, headers=forwarded).location == "/terr/doc/commune/langres"
    finally:
        store.close()


def test_cross_origin(client: FlaskClient) -> None:
    """CORS everywhere in the same way (0.2 §3.2.1): a preflight for JSON, every origin, no credentials; JSONP isn't spoken."""
    for path in ("/reconcile", "/fr/reconcile", "/reconcile/match", "/reconcile/extend", "/reconcile/suggest/entity"):
        preflight = client.options(path, headers={"Origin": "http://127.0.0.1:3333", "Access-Control-Request-Method": "POST"})
        assert preflight.status_code == 204 and "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
        assert preflight.headers["Access-Control-Allow-Origin"] == "*" and "Access-Control-Allow-Credentials" not in preflight.headers
    for path in (
        "/reconcile",
        "/reconcile/preview?id=52269",
        "/reconcile/view?id=52269",
        "/reconcile/view?id=x",
        "/reconcile/suggest/type?prefix=",
    ):
        assert client.get(path).headers["Access-Control-Allow-Origin"] == "*"
    reply = client.get("/reconcile?callback=jQuery1&_=1")
    assert reply.mimetype == "application/json" and reply.json["versions"] == ["0.2"]


def test_trailing_slash(client: FlaskClient) -> None:
    """B42: an address with a slash at its end works: by 308, which keeps method and form (OpenRefine follows it)."""
    assert client.get("/reconcile/", follow_redirects=True).json["versions"] == ["0.2"]
    form = {"queries": json.dumps({"q0": {"query": "52269"}})}
    assert client.post("/reconcile/", data=form).status_code == 308
    assert client.post("/reconcile/", data=form, follow_redirects=True).json["q0"]["result"][0]["id"] == LANGRES


def test_preview(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A small page with its own sheet, which may stand in any frame, and no other page may."""
    reply = client.get("/reconcile/preview", query_string={"id": LANGRES}, headers={"Accept-Language": "fr"})
    page = read_page(reply.text)
    assert "frame-ancestors *" in reply.headers["Content-Security-Policy"] and "X-Frame-Options" not in reply.headers
    assert [link["href"] for link in page.all("link")] == ["/static/css/preview.css"] and not page.all("script")
    assert page.text_of("h1") == ["Langres"] and {"52269", "Haute-Marne", "Grand Est", "7536", "CC du Grand Langres"} <= set(
        page.text_of("dd")
    )
    assert all(link["target"] == "_blank" and link["rel"] == "noopener" for link in page.all("a"))
    missing = client.get("/reconcile/preview?id=99999")
    assert missing.status_code == 404 and "frame-ancestors *" in missing.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in client.get("/reconcile", headers=PAGE).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "asked",
    [
        LANGRES,
        quote(LANGRES, safe=""),
        "id/commune/langres",
        "52269",
        "http://localhost/id/commune/langres",
        "http://localhost/doc/commune/langres.html",
    ],
)
def test_identifiers(client: FlaskClient, asked: str) -> None:
    """An entity is named by its IRI, written out or encoded, by its path, its address here, or its code."""
    reply = client.get(f"/reconcile/view?id={asked}")
    assert (reply.status_code, reply.location) == (303, "/doc/commune/langres")
    assert client.get(f"/reconcile/preview?id={asked}").status_code == 200


@pytest.mark.parametrize(
    "asked", ["", "99999", "https://elsewhere.example/x", CANONICAL_BASE + "id/x y", CANONICAL_BASE + "def#Commune", "javascript:alert(1)"]
)
def test_unknown_identifiers(client: FlaskClient, asked: str) -> None:
    """What isn't ours leads nowhere: the redirect is never an open one."""
    assert client.get("/reconcile/view", query_string={"id": asked}).status_code == 404


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        ("entity", {"prefix": "langr"}, LANGRES),
        ("entity", {"prefix": "522"}, LANGRES),
        ("entity", {"prefix": "52269"}, LANGRES),
        ("entity", {"prefix": LANGRES}, LANGRES),
        ("entity", {"prefix": "amberieu"}, ID + "commune/01004"),
        ("entity", {"prefix": "Langrs"}, LANGRES),
        ("entity", {"prefix": "pays de l", "type": "ProjectTerritory"}, ID + "territoire/pays-de-langres"),
        ("type", {"prefix": "comm"}, "Commune"),
        ("type", {"prefix": "epci"}, "InterMunicipality"),
        ("type", {"prefix": "Commune"}, "Commune"),
        ("type", {"prefix": ""}, "Concept"),
        ("property", {"prefix": "dépar"}, "departement"),
        ("property", {"prefix": "siren"}, "siren"),
        ("property", {"prefix": "pop", "type": "Commune"}, "population"),
        ("property", {"prefix": ""}, "wikidata"),
    ],
)
def test_suggestions(client: FlaskClient, kind: str, arguments: dict[str, str], expected: str) -> None:
    """Entities, types and properties whose name, code or identifier begins so (0.2 §6.3)."""
    reply = client.get(f"/reconcile/suggest/{kind}", query_string={"limit": 50, **arguments})
    assert expected in [each["id"] for each in reply.json["result"]]
    assert all(each["id"] and each["name"] for each in reply.json["result"])


@pytest.mark.parametrize("parameter", ["cursor", "offset"])
def test_suggestions_go_on(client: FlaskClient, parameter: str) -> None:
    """`cursor` (0.2) and `offset` (1.0-draft) pass over what was seen; the answer says where to go on, while there is more."""
    whole = client.get("/reconcile/suggest/entity?prefix=chaumont&limit=50").json
    assert len(whole["result"]) == 5 and "cursor" not in whole
    seen, at = [], 0
    while at is not None:
        part = client.get("/reconcile/suggest/entity", query_string={"prefix": "chaumont", "limit": 2, parameter: at}).json
        seen += part["result"]
        at = part.get("cursor")
    assert seen == whole["result"]
    for odd in ("-1", "x", "99999999999", ""):
        assert client.get("/reconcile/suggest/entity", query_string={"prefix": "chaumont", parameter: odd}).status_code == 200


def test_flyouts(client: FlaskClient) -> None:
    """A small preview of each kind of suggestion (0.2 §6.5), under the identifier as it was asked."""
    manifest = client.get("/fr/reconcile").json
    for kind, asked, holds in (
        ("entity", LANGRES, "Haute-Marne"),
        ("type", "Commune", "Commune"),
        ("property", "epci", "Intercommunalité"),
    ):
        metadata = manifest["suggest"][kind]
        url = metadata["flyout_service_url"] + metadata["flyout_service_path"].replace("${id}", quote(asked, safe=""))
        reply = client.get(url.removeprefix("http://localhost"))
        assert reply.json["id"] == asked and holds in reply.json["html"]


def extended(client: FlaskClient, ids: list[str], *properties: dict[str, Any]) -> dict[str, Any]:
    """The answer to a data extension query in French."""
    reply = client.post("/fr/reconcile", data={"extend": json.dumps({"ids": ids, "properties": list(properties)})})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json
    return found


@pytest.mark.parametrize(
    ("entity", "name", "settings", "expected"),
    [
        (LANGRES, "insee", {}, [{"str": "52269"}]),
        (LANGRES, "nom", {}, [{"str": "Langres"}]),
        (LANGRES, "iri", {}, [{"str": LANGRES}]),
        (LANGRES, "description", {}, [{"str": "Ville de la Haute-Marne."}]),
        (LANGRES, "departement", {}, [{"id": ID + "departement/haute-marne", "name": "Haute-Marne"}]),
        (LANGRES, "departement", {"content": "code"}, [{"str": "52"}]),
        (LANGRES, "departement", {"content": "name"}, [{"str": "Haute-Marne"}]),
        (LANGRES, "departement", {"content": "iri"}, [{"str": ID + "departement/haute-marne"}]),
        (LANGRES, "region", {}, [{"id": ID + "region/grand-est", "name": "Grand Est"}]),
        (LANGRES, "epci", {}, [{"id": ID + "intercommunalite/200072999", "name": "CC du Grand Langres"}]),
        (LANGRES, "epci", {"date": "2016"}, [{"id": ID + "intercommunalite/200035954", "name": "CC du Grand Langres"}]),
        (LANGRES, "epci", {"date": "2010-06-30"}, []),
        (LANGRES, "epci", {"content": "code"}, [{"str": "200072999"}]),
        (LANGRES, "territoire-de-projet", {}, [{"id": ID + "territoire/pays-de-langres", "name": "Pays de Langres"}]),
        (LANGRES, "population", {}, [{"int": 7536}]),
        (LANGRES, "population", {"date": "2016-01-01"}, [{"int": 7877}]),
        (LANGRES, "annee-population", {"date": 2016.0}, [{"int": 2012}]),
        (LANGRES, "population", {"date": "2000"}, []),
        (LANGRES, "wikidata", {"content": "name"}, [{"str": "Q203293"}]),
        (LANGRES, "wikidata", {}, [{"id": "Q203293", "name": "Langres"}]),
        ("52269", "insee", {}, [{"str": "52269"}]),
        ("id/commune/langres", "insee", {}, [{"str": "52269"}]),
        (ID + "commune/52036", "successeur", {}, [{"id": ID + "commune/52449", "name": "Saints-Geosmes"}]),
        (ID + "departement/haute-marne", "nuts", {}, [{"str": "FRF24"}]),
        (ID + "intercommunalite/200072999", "siren", {}, [{"str": "200072999"}]),
        (ID + "intercommunalite/200072999", "membres", {"limit": "1"}, [{"id": ID + "commune/52449", "name": "Saints-Geosmes"}]),
        (ID + "intercommunalite/200072999", "departement", {"content": "name"}, [{"str": "Haute-Marne"}]),
        (ID + "territoire/pays-de-langres", "porteur", {"content": "name"}, [{"str": "PETR du Pays de Langres"}]),
        (ID + "organisation/petr-du-pays-de-langres", "territoire-organisme", {"content": "name"}, [{"str": "Pays de Langres"}]),
        (ID + "programme/leader", "definition", {}, [{"str": "Programme européen."}]),
        (CANONICAL_BASE + "scheme/type/rural", "schema", {"content": "name"}, [{"str": "Types de territoire"}]),
        (LANGRES, "definition", {}, []),
        (LANGRES, "no-such-property", {}, []),
        ("no-such-entity", "insee", {}, []),
    ],
)
def test_extension(client: FlaskClient, entity: str, name: str, settings: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    """The values of each property, under the identifiers as they were asked; in both versions."""
    wanted = {"id": name, "settings": settings}
    assert extended(client, [entity], wanted)["rows"] == {entity: {name: expected}}
    reply = client.post("/fr/reconcile/extend", json={"ids": [entity], "properties": [wanted]})
    assert reply.json["rows"] == [{"id": entity, "properties": [{"id": name, "values": expected}]}]


def test_extension_says_what_the_columns_are(client: FlaskClient) -> None:
    """`meta` has the columns in the order of the query, with the type of entities and the service of those of others."""
    names = ("population", "departement", "wikidata", "nothing")
    found = extended(client, [LANGRES, CHAUMONT], *({"id": name} for name in names))
    assert found["meta"] == [
        {"id": "population", "name": "Population municipale"},
        {"id": "departement", "name": "Département", "type": {"id": "Departement", "name": "Département"}},
        {"id": "wikidata", "name": "Identifiant Wikidata", "service": "https://wikidata.reconci.link/fr/api"},
        {"id": "nothing", "name": "nothing"},
    ]
    assert [list(row) for row in found["rows"].values()] == [list(names)] * 2
    assert extended(client, [LANGRES], {"id": "departement", "settings": {"content": "code"}})["meta"][0].keys() == {"id", "name"}


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [("Commune", "epci", "porteur"), ("ProjectTerritory", "porteur", "epci"), ("", "porteur", "-"), ("Comet", "epci", "-")],
)
def test_proposals(client: FlaskClient, kind: str, has: str, lacks: str) -> None:
    """The properties of a type, all of them for none (0.2 §7.2); `limit` is obeyed and repeated."""
    found = client.get("/reconcile/extend/propose", query_string={"type": kind}).json
    names = [each["id"] for each in found["properties"]]
    assert has in names and lacks not in names and found["type"] == kind and "limit" not in found
    assert len(client.get(f"/reconcile/extend/propose?type={kind}&limit=2").json["properties"]) == 2
    everything = {each["id"] for each in client.get("/reconcile/suggest/property?prefix=&limit=50").json["result"]}
    assert set(names) <= everything


@pytest.mark.parametrize("language", ["fr", "en"])
def test_page(client: FlaskClient, read_page: Callable[[str], Any], language: str) -> None:
    """A page for people: the address to add, a form that works without a script, its answer in words."""
    headers = {**PAGE, "Accept-Language": language}
    page = read_page(client.get("/reconcile", headers=headers).text)
    assert "http://localhost/reconcile" in page.text_of("code")
    assert {field["name"] for field in page.all("input") + page.all("select")} >= {"query", "type", "departement"}
    asked = client.get("/reconcile?query=Chaumont&type=Commune&departement=Haute-Marne", headers=headers)
    found = read_page(asked.text)
    assert "/id/commune/chaumont" in found.links and asked.headers["X-Robots-Tag"] == "noindex"
    assert {"fr": "retenu", "en": "match"}[language] in found.text_of("span")
    homonyms = read_page(client.get("/reconcile?query=Chaumont&type=Commune", headers=headers).text)
    assert len([link for link in homonyms.links if link.startswith("/id/commune/")]) == 5
    assert {"fr": "Rien dans", "en": "Nothing in"}[language] in client.get("/reconcile?query=Zzyzx", headers=headers).text


def test_kept_answers(client: FlaskClient) -> None:
    """What is asked by GET has a validator by language; what is sent by POST isn't kept."""
    tags = [client.get("/reconcile", headers={"Accept-Language": language}).headers["ETag"] for language in ("fr", "en")]
    assert tags[0] != tags[1]
    assert client.get("/reconcile", headers={"Accept-Language": "fr", "If-None-Match": tags[0]}).status_code == 304
    assert client.post("/reconcile", data={"queries": "{}"}).headers["Cache-Control"] == "no-store"


def test_without_a_gazetteer(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A release of an older version: the manifest says so, queries get 503 with a sentence, columns can still be added."""
    with serving(tmp_path_factory.mktemp("older"), gazetteer=False) as older:
        client = older.client
        manifest = client.get("/reconcile", headers={"Accept-Language": "en"}).json
        assert "territoires build" in manifest["unavailable"] and "can’t" in manifest["name"]
        for reply in (
            client.post("/reconcile", data={"queries": '{"q0": {"query": "Langres"}}'}),
            client.post("/reconcile/match", json={"queries": [{"conditions": [named("Langres")]}]}),
            client.get("/reconcile/suggest/entity?prefix=lang"),
        ):
            assert reply.status_code == 503 and "territoires build" in reply.json["detail"]
            assert "Retry-After" not in reply.headers  # another try brings nothing: OpenRefine would wait
        assert client.get("/reconcile?query=Langres", headers=PAGE).status_code == 200
        found = client.post("/reconcile", data={"extend": json.dumps({"ids": [LANGRES], "properties": [{"id": "insee"}]})})
        assert found.json["rows"] == {LANGRES: {"insee": [{"str": "52269"}]}}


def test_share(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The work is counted in the client's share; who has used it up is told when to go on (specs#66, specs#80)."""
    with serving(tmp_path_factory.mktemp("share"), client_seconds=0.001) as small:
        client, form = small.client, {"queries": json.dumps({str(n): {"query": "Chaumont"} for n in range(BATCH)})}
        assert client.post("/reconcile", data=form).status_code == 200
        reply = client.post("/reconcile", data=form)
        assert reply.status_code == 429 and 0 < int(reply.headers["Retry-After"]) <= 60
        assert reply.mimetype == "application/problem+json" and reply.headers["Access-Control-Allow-Origin"] == "*"
        assert client.get("/reconcile").status_code == 200


def test_deadline(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A batch that takes too long is ended, and says so: no part of it looks like all."""
    with serving(tmp_path_factory.mktemp("deadline"), query_seconds=1e-9) as slow:
        reply = slow.client.post("/reconcile", data={"queries": '{"q0": {"query": "Langres"}}'}, headers={"Accept-Language": "en"})
        assert reply.status_code == 504 and "smaller" in reply.json["detail"]
