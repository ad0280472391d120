"""Every answer of the reconciliation is valid by the JSON Schemas of the Reconciliation Service API, in both of its versions.

TERRITOIRES_RECONCILIATION_SPECS names a checkout of https://github.com/reconciliation-api/specs; without it nothing is collected.
The requests that are sent are valid by the schemas too. What the schemas don't tell is in tests/web/test_reconcile.py.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from territoires.vocabulary import CANONICAL_BASE

from ..reconciliation import ID, Service, serving

CHECKOUT = Path(os.environ.get("TERRITOIRES_RECONCILIATION_SPECS", ""))
OLD, NEW = "0.2", "1.0-draft"
LANGRES, CHAUMONT = ID + "commune/langres", ID + "commune/chaumont"
IDS = [LANGRES, CHAUMONT, "52269", ID + "intercommunalite/200072999", ID + "territoire/pays-de-langres", ID + "departement/haute-marne"]
IDS += [ID + "organisation/petr-du-pays-de-langres", CANONICAL_BASE + "scheme/type/rural", "unknown"]
QUERIES: dict[str, dict[str, Any]] = {
    "q0": {"query": "Langres"},
    "q1": {"query": "Chaumont", "type": "Commune", "type_strict": "should", "limit": 3},
    "q2": {
        "query": "Chaumont",
        "type": ["Commune", "Region"],
        "properties": [{"pid": "departement", "v": ["Haute-Marne", {"id": ID + "x"}]}],
    },
    "q3": {"properties": [{"pid": "insee", "v": 52269}]},
    "q4": {"query": "Zzyzx"},
    "q5": {"query": "Langrs", "type": "Commune", "properties": [{"pid": "population", "v": 7536.0}, {"pid": "nobody", "v": True}]},
}
CONDITIONS = {
    "queries": [
        {"conditions": [{"matchType": "name", "propertyValue": "Langres"}]},
        {
            "type": "Commune",
            "limit": 3,
            "conditions": [
                {"matchType": "name", "propertyValue": "Chaumont"},
                {
                    "matchType": "property",
                    "propertyId": "departement",
                    "propertyValue": ["52", "18"],
                    "required": True,
                    "matchQuantifier": "any",
                },
            ],
        },
        {"conditions": [{"matchType": "id", "propertyValue": {"id": LANGRES}}]},
        {"conditions": [{"matchType": "name", "propertyValue": "Zzyzx"}]},
    ]
}
Check = Callable[[str, object], None]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service over the small graph."""
    with serving(tmp_path_factory.mktemp("reconciliation")) as found:
        yield found


@pytest.fixture(params=[OLD, NEW])
def version(request: pytest.FixtureRequest) -> str:
    """A version of the interface."""
    return str(request.param)


@pytest.fixture
def check(version: str) -> Check:
    """Validates an instance by the schema of that name."""
    folder = CHECKOUT / version / "schemas"
    read = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    if not read:
        raise pytest.UsageError("TERRITOIRES_RECONCILIATION_SPECS must name a checkout of reconciliation-api/specs.")
    by_address = {schema["$id"].rstrip("#"): schema for schema in read.values() if "$id" in schema}

    def retrieve(address: str) -> object:
        found = by_address.get(address) or read[address.rpartition("/")[2]]
        return plain(found)

    def checked(name: str, instance: object) -> None:
        validator = jsonschema_rs.Draft7Validator(plain(read[f"{name}.json"]), retriever=retrieve)
        assert [f"{error.message} at {list(error.instance_path)}" for error in validator.iter_errors(instance)] == []

    return checked


def plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without the name of its dialect, which says no version."""
    return {name: value for name, value in schema.items() if name != "$schema"}


def root(version: str) -> str:
    """The address of the service in that version."""
    return "/reconcile" if version == OLD else f"/reconcile/{version}"


def test_the_schemas_refuse(version: str, check: Check) -> None:
    """The validator is one: each invalid example of the specification is refused, each valid one passes."""
    kinds = {path.stem for path in (CHECKOUT / version / "schemas").glob("*.json")}
    seen = 0
    for folder in sorted((CHECKOUT / version / "examples").iterdir()):
        for path in sorted(folder.glob("*/*.json")) if folder.name in kinds else ():
            instance = json.loads(path.read_text(encoding="utf-8"))
            seen += 1
            if path.parent.name == "valid":
                check(folder.name, instance)
            else:
                with pytest.raises(AssertionError):
                    check(folder.name, instance)
    assert seen > 25


@pytest.mark.parametrize("language", ["fr", "en"])
def test_manifest(service: Service, version: str, check: Check, language: str) -> None:
    """The manifest."""
    check("manifest", service.client.get(root(version), headers={"Accept-Language": language}).json)


def test_manifest_without_a_gazetteer(version: str, check: Check, tmp_path: Path) -> None:
    """The manifest of a service that can't reconcile now."""
    with serving(tmp_path, gazetteer=False) as older:
        check("manifest", older.client.get(root(version)).json)


def test_batches(service: Service, version: str, check: Check) -> None:
    """Queries and results."""
    sent: object = QUERIES if version == OLD else CONDITIONS
    check("reconciliation-query-batch", sent)
    client = service.client
    reply = client.post("/reconcile", data={"queries": json.dumps(sent)}) if version == OLD else client.post("/reconcile/match", json=sent)
    check("reconciliation-result-batch", reply.json)
    assert any(found[kind] for found in (reply.json.values() if version == OLD else reply.json["results"]) for kind in found)


@pytest.mark.parametrize("kind", ["entity", "type", "property"])
@pytest.mark.parametrize("prefix", ["", "c", "com", "52269", "zzyzx"])
def test_suggestions(service: Service, version: str, check: Check, kind: str, prefix: str) -> None:
    """Suggestions of entities, types and properties."""
    reply = service.client.get(f"{root(version)}/suggest/{kind}", query_string={"prefix": prefix})
    check(
        {"entity": "suggest-entities-response", "type": "suggest-types-response", "property": "suggest-properties-response"}[kind],
        reply.json,
    )


@pytest.mark.parametrize("settings", [{}, {"content": "name"}, {"content": "code", "limit": "1"}, {"content": "iri", "date": "2016"}])
def test_extension(service: Service, version: str, check: Check, settings: dict[str, str]) -> None:
    """All properties of things of every kind: the proposal, the query and the response."""
    proposal = service.client.get(f"{root(version)}/extend/propose?type=&limit=100").json
    check("data-extension-property-proposal", proposal)
    sent = {"ids": IDS, "properties": [{"id": each["id"], "settings": settings} for each in proposal["properties"]]}
    check("data-extension-query", sent)
    client = service.client
    reply = client.post("/reconcile", data={"extend": json.dumps(sent)}) if version == OLD else client.post("/reconcile/extend", json=sent)
    assert reply.status_code == 200, reply.text
    check("data-extension-response", reply.json)
