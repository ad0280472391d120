"""The description of the interface: it is valid, it is complete, and what it says is so (schemathesis)."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as limits
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from territoires.settings import Settings
from territoires.store.pool import Pool
from territoires.web.app import create_app
from territoires.web.components import EXAMPLES
from territoires.web.interface import OPERATIONS


def no_bug(_: object, response: Any, case: Any) -> None:
    """503 and 504 say what they are; 500 is a bug."""
    assert response.status_code != 500, case


CHECKS = (no_bug, status_code_conformance, content_type_conformance, response_schema_conformance)
PLAIN = {"Accept-Encoding": "identity"}
"""Schemathesis reads what a WSGI application answers without decoding it."""
EXAMPLE_COUNT = {"/sparql": 40}
"""Requests for each operation and kind of data: more where there is more to say, few elsewhere."""


@schemathesis.serializer("application/sparql-update", "text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")
def as_text(_: object, value: Any) -> bytes:
    """What is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@pytest.fixture(scope="module")
def described(app: Flask) -> dict[str, Any]:
    """The description."""
    found = app.test_client().get("/openapi.json", headers={"Accept-Language": "en"}).json
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def operations(app: Flask) -> list[Any]:
    """Each operation, as schemathesis reads it; whoever may not read the metrics isn't asked for them here."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    return [result.ok() for result in schema.get_all_operations()]


def test_valid(described: dict[str, Any]) -> None:
    """It is OpenAPI 3.1."""
    assert described["openapi"].startswith("3.1.")
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(described)] == []
    names = [operation["operationId"] for methods in described["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names)) > 20


def test_every_route_is_described(app: Flask, described: dict[str, Any]) -> None:
    """Every route and method stands in it, and nothing that isn't a route."""
    said = {(path, method.upper()) for path, methods in described["paths"].items() for method in methods}
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    served = {(re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule), method) for rule in rules for method in (rule.methods or ())}
    assert said == {(path, method) for path, method in served if method not in ("HEAD", "OPTIONS")}
    assert set(OPERATIONS) == {rule.endpoint for rule in rules}
    assert set(EXAMPLES) <= set(described["paths"])


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    """Every reference names a component, and every component is referred to."""
    told = str(described)
    references = set(re.findall(r"'#/components/(\w+)/([\w-]+)'", told))
    components = {(kind, name) for kind, members in described["components"].items() for name in members}
    unused = components - references
    assert references <= components
    assert {kind for kind, _ in unused} <= {"responses"}


def test_languages(client: FlaskClient) -> None:
    """It is told in the reader's language."""
    texts = {lang: client.get(f"/openapi.json?lang={lang}").json["paths"]["/sparql"]["get"]["summary"] for lang in ("fr", "en")}
    assert texts == {"fr": "Répond à une requête SPARQL", "en": "Answers a SPARQL query"}


def test_server_address(settings: Settings, pool: Pool, client: FlaskClient) -> None:
    """The server is named by its public address, behind a trusted proxy too; nobody else can say another."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "data.example.org", "X-Forwarded-Prefix": "/terr"}
    assert client.get("/openapi.json", headers=forwarded).json["servers"] == [{"url": "http://localhost"}]
    behind = create_app(replace(settings, proxy_hops=1), pool).test_client()
    assert behind.get("/openapi.json", headers=forwarded).json["servers"] == [{"url": "https://data.example.org/terr"}]


def test_home_links_to_it(client: FlaskClient) -> None:
    """The home page names it (RFC 8631)."""
    link = client.get("/").headers["Link"]
    found = re.fullmatch(r'<([^>]+)>; rel="service-desc"; type="([^"]+)"', link)
    assert found
    response = client.get(found[1])
    assert (response.status_code, response.mimetype) == (200, found[2])


def test_examples_are_answered(operations: list[Any]) -> None:
    """The example of each route is there, and answers as described."""
    for operation in operations:
        if operation.path in EXAMPLES:
            case = operation.Case(path_parameters={"name": EXAMPLES[operation.path]})
            response = case.call_and_validate(checks=CHECKS, headers=PLAIN)
            assert response.status_code in (200, 303), operation.path


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
def test_any_request(operations: list[Any], mode: GenerationMode) -> None:
    """Whatever is asked, as described or not, the status, the media type and the members are those that are described; never 500."""
    for operation in operations:
        if mode == GenerationMode.NEGATIVE and not (operation.query or operation.body):
            continue
        run(operation, mode)


def run(operation: Any, mode: GenerationMode) -> None:
    """Sends requests to one operation."""
    count = EXAMPLE_COUNT.get(operation.path, 4)

    @limits(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, headers=PLAIN)

    checked: Callable[[], None] = send
    checked()
