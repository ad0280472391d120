"""What OpenRefine does, in its order and its form: the service is added, a column reconciled, candidates looked at, columns added.

Written after OpenRefine's own code (3.9: recon-manager.js, GuessTypesOfColumnCommand, StandardReconConfig, suggest-4_3a.js,
recon-renderer.js, add-column-by-reconciliation.js, ReconciledDataExtensionJob); docs/linking.md shows the same exchange.
tests/conformance/test_openrefine.py runs that code itself, where its archives are at hand.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ..reconciliation import ID, serving

HERE = "http://localhost"
BROWSER = {"Accept": "application/json, text/javascript, */*; q=0.01", "Origin": "http://127.0.0.1:3333", "Accept-Language": "fr,en;q=0.8"}
PROGRAM = {"User-Agent": "OpenRefine/3.9.3", "Accept-Encoding": "gzip, x-gzip, deflate"}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
ROWS = [
    ("Langres", "52"),
    ("CHAUMONT", "Haute-Marne"),
    ("Chaumont", "18"),
    ("St Geosmes", "52"),
    ("Balesmes-sur-Marne", "52"),
    ("amberieu en bugey", 1),
    ("Chaumont", None),
    ("Nowhere", "52"),
]
EXPECTED = ["commune/langres", "commune/chaumont", "commune/18060", "commune/52449", "commune/52449", "commune/01004", None, None]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the service over the small graph."""
    with serving(tmp_path_factory.mktemp("openrefine")) as found:
        yield found.client


@pytest.fixture(scope="module")
def manifest(client: FlaskClient) -> dict[str, Any]:
    """The manifest, as the browser gets it when the service is added (recon-manager.js)."""
    reply = client.get("/reconcile", headers=BROWSER)
    assert reply.status_code == 200 and reply.headers["Access-Control-Allow-Origin"] == "*"
    return dict(reply.json)


def posted(client: FlaskClient, name: str, value: object) -> TestResponse:
    """HttpClient.postNameValue: one field of a form, in UTF-8; Apache's client takes gzip."""
    reply = client.post("/reconcile", data=urlencode({name: json.dumps(value, ensure_ascii=False)}), content_type=FORM, headers=PROGRAM)
    assert reply.status_code == 200, reply.text
    return reply


def read(reply: TestResponse) -> Any:
    """The JSON of an answer, unpacked."""
    data = reply.get_data()
    return json.loads(gzip.decompress(data) if reply.headers.get("Content-Encoding") == "gzip" else data)


def queries(kind: str | None) -> dict[str, dict[str, Any]]:
    """StandardReconConfig.createJob: name, type, the other column as a property, `limit` only where it was chosen."""
    found = {}
    for number, (name, departement) in enumerate(ROWS):
        query: dict[str, Any] = {"query": name}
        if kind:
            query |= {"type": kind, "type_strict": "should"}
        if departement is not None:
            query["properties"] = [{"pid": "departement", "v": departement}]
        found[f"q{number}"] = query
    return found


def test_the_manifest_has_what_the_dialog_reads(manifest: dict[str, Any]) -> None:
    """datasette-reconcile#13: lists are lists and addresses whole; each member that OpenRefine reads is there."""
    assert isinstance(manifest["defaultTypes"], list) and all(each["id"] and each["name"] for each in manifest["defaultTypes"])
    urls = [
        manifest["view"]["url"],
        manifest["preview"]["url"],
        manifest["documentation"],
        *(each["service_url"] for each in manifest["suggest"].values()),
    ]
    assert all(urlsplit(url).scheme and urlsplit(url).netloc for url in urls)
    assert isinstance(manifest["batchSize"], int) and manifest["identifierSpace"] and manifest["schemaSpace"]


def test_types_are_guessed(client: FlaskClient) -> None:
    """GuessTypesOfColumnCommand: ten values without type, three candidates each; most of their types is the right one."""
    sample = {f"q{number}": {"query": name, "limit": 3} for number, name in enumerate(dict.fromkeys(str(name) for name, _ in ROWS))}
    found = read(posted(client, "queries", sample))
    counts = Counter(each["id"] for result in found.values() for candidate in result["result"] for each in candidate["type"])
    assert counts.most_common(1)[0][0] == "Commune"
    assert all(set(each) >= {"id", "name"} for result in found.values() for candidate in result["result"] for each in candidate["type"])


def test_a_column_is_reconciled(client: FlaskClient) -> None:
    """StandardReconConfig.batchRecon: every key has a list of candidates, and the first is taken where it is a match."""
    found = read(posted(client, "queries", queries("Commune")))
    best = [next(iter(found[f"q{number}"]["result"]), None) for number in range(len(ROWS))]
    assert [each["id"].removeprefix(ID) if each and each["match"] else None for each in best] == EXPECTED
    for result in found.values():
        for each in result["result"]:
            assert isinstance(each["id"], str) and isinstance(each["name"], str)
            assert isinstance(each["score"], float) and isinstance(each["match"], bool)


def test_candidates_are_looked_at(client: FlaskClient, manifest: dict[str, Any]) -> None:
    """recon-renderer.js: the preview in a frame without any right, the page in a new window; the id isn't encoded but by encodeURI."""
    for template, status in ((manifest["preview"]["url"], 200), (manifest["view"]["url"], 303)):
        for written in (ID + "commune/langres", quote(ID + "commune/langres", safe="")):
            reply = client.get(template.replace("{{id}}", written).removeprefix(HERE), headers={"Accept": "text/html"})
            assert reply.status_code == status
            if status == 200:
                assert "frame-ancestors *" in reply.headers["Content-Security-Policy"] and "Langres" in reply.text


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [("entity", "Chaum", "commune/chaumont"), ("type", "inter", "InterMunicipality"), ("property", "dép", "departement")],
)
def test_suggestions_are_chosen(client: FlaskClient, manifest: dict[str, Any], kind: str, typed: str, expected: str) -> None:
    """suggest-4_3a.js: `prefix` beside the widget's own parameters; the answer has a list `result`."""
    metadata = manifest["suggest"][kind]
    reply = client.get(
        (metadata["service_url"] + metadata["service_path"]).removeprefix(HERE), query_string={"prefix": typed, "_": "1"}, headers=BROWSER
    )
    found = [each["id"].removeprefix(ID) for each in reply.json["result"]]
    assert expected in found and reply.headers["Access-Control-Allow-Origin"] == "*"


def test_columns_are_added(client: FlaskClient, manifest: dict[str, Any]) -> None:
    """OpenRefine#3107: properties are proposed to the browser; then ten rows at a time are asked for, the settings as texts."""
    place = manifest["extend"]["propose_properties"]
    for kind in ("Commune", ""):
        reply = client.get((place["service_url"] + place["service_path"] + "?type=" + kind).removeprefix(HERE), headers=BROWSER)
        assert {"insee", "population", "epci", "departement"} <= {each["id"] for each in reply.json["properties"]}
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    ids = [ID + each for each in dict.fromkeys(filter(None, EXPECTED))]
    settings = {"limit": "1", "date": "2016", "content": "name"}
    asked = [{"id": "insee"}, {"id": "departement"}, {"id": "epci", "settings": settings}, {"id": "population", "settings": {}}]
    found = read(posted(client, "extend", {"ids": ids, "properties": asked}))
    assert [column["id"] for column in found["meta"]] == ["insee", "departement", "epci", "population"]
    assert found["meta"][1]["type"]["id"] == "Departement"  # the new column can be extended in its turn
    for row in found["rows"].values():  # a property that is missing would shift the columns after it
        assert list(row) == ["insee", "departement", "epci", "population"] and all(isinstance(values, list) for values in row.values())
    assert found["rows"][ID + "commune/langres"] == {
        "insee": [{"str": "52269"}],
        "departement": [{"id": ID + "departement/haute-marne", "name": "Haute-Marne"}],
        "epci": [{"str": "CC du Grand Langres"}],
        "population": [{"int": 7536}],
    }


def test_a_reconciled_column_is_extended_in_its_turn(client: FlaskClient) -> None:
    """As with Wikidata: the département of each row, then the région and the NUTS code of each département."""
    first = read(posted(client, "extend", {"ids": [ID + "commune/langres"], "properties": [{"id": "departement"}]}))
    (departement,) = [value["id"] for row in first["rows"].values() for value in row["departement"]]
    second = read(posted(client, "extend", {"ids": [departement], "properties": [{"id": "region"}, {"id": "nuts"}, {"id": "wikidata"}]}))
    (row,) = second["rows"].values()
    assert row["region"] == [{"id": ID + "region/grand-est", "name": "Grand Est"}] and row["nuts"] == [{"str": "FRF24"}]
    told = {"q0": {"query": "Chaumont", "type": "Commune", "properties": [{"pid": "departement", "v": {"id": departement, "name": "x"}}]}}
    assert read(posted(client, "queries", told))["q0"]["result"][0]["id"] == ID + "commune/chaumont"


def test_values_are_taken_as_identifiers(client: FlaskClient) -> None:
    """ReconUseValuesAsIdentifiers: codes or addresses in the column, asked for columns without any query before."""
    ids = ["52269", "52121", ID + "commune/01004", "99999", ""]
    found = read(posted(client, "extend", {"ids": ids, "properties": [{"id": "nom"}]}))["rows"]
    assert [[value["str"] for value in found[each]["nom"]] for each in ids] == [["Langres"], ["Chaumont"], ["Ambérieu-en-Bugey"], [], []]
