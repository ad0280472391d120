"""/openapi.json: the HTTP interface in OpenAPI 3.1, made from the routes and from what is written on each of them here."""

import json
import re
from dataclasses import dataclass, field

from flask import Blueprint, Response, current_app, request
from flask_babel import gettext
from werkzeug.routing import Rule

from territoires import __version__
from territoires.formats import HTML
from territoires.knowledge.holdings import OPEN_LICENCE
from territoires.web.answering import LONGEST_ADDRESS
from territoires.web.components import BODIES, EXAMPLES, HEADERS, PARAMETERS, SCHEMAS, Members
from territoires.web.errors import PROBLEM, TEXT, TITLES
from territoires.web.headers import cached
from territoires.web.interface import OPERATIONS, QUERY
from territoires.web.operation import Operation, types
from territoires.web.service import service
from territoires.web.sparql import DIRECT, FORM

ADDRESS = "/openapi.json"
LINK = 'rel="service-desc"; type="application/json"'
"""What a Link header says of the description (RFC 8631 §4)."""

blueprint = Blueprint("openapi", __name__)


_ALWAYS = (308, 500, 503)
_METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
_RETRIED = (429, 503)


@dataclass
class Described:
    """A route with its path in the syntax of OpenAPI."""

    path: str
    rule: Rule
    operation: Operation
    names: dict[str, Members] = field(default_factory=dict)


@blueprint.get(ADDRESS)
def show_interface() -> Response:
    """The description, for this host and in the reader's language."""
    return cached(Response(json.dumps(description(), ensure_ascii=False, indent=1), content_type="application/json"), "openapi")


def description() -> Members:
    """The whole description."""
    paths: dict[str, Members] = {}
    for found in described():
        for method in sorted(_METHODS & (found.rule.methods or set())):
            paths.setdefault(found.path, {})[method.lower()] = written(found, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Territoires",
            "version": __version__,
            "summary": gettext("Linked data of the French territoires de projet"),
            "description": gettext(
                "Every address also answers HEAD and OPTIONS, allows every origin, compresses by Accept-Encoding, and tells its faults as "
                "problem details, page or text by Accept."
            ),
            "license": {"name": "Licence Ouverte 2.0", "url": OPEN_LICENCE},
        },
        "servers": [{"url": request.url_root.rstrip("/")}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": SCHEMAS,
            "headers": {name: {"description": str(text), "schema": {"type": "string"}} for name, text in HEADERS.items()},
            "responses": {str(status): fault(status) for status in sorted({*TITLES, 403})},
        },
    }


def described() -> list[Described]:
    """The routes of the application but for its static files, each with what is written on it."""
    rules = [rule for rule in current_app.url_map.iter_rules() if rule.endpoint != "static"]
    return [read_rule(rule) for rule in rules]


def read_rule(rule: Rule) -> Described:
    """A route in the syntax of OpenAPI: /doc/<path:name> is /doc/{name}."""
    names: dict[str, Members] = {}
    for converter, name in re.findall(r"<(?:(\w+(?:\([^)]*\))?):)?(\w+)>", rule.rule):
        choices = re.findall(r"'([^']*)'", converter)
        names[name] = {"type": "string", "enum": choices} if choices else {"type": "string", "minLength": 1}
    path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
    return Described(path, rule, OPERATIONS[rule.endpoint], names)


def written(found: Described, method: str) -> Members:
    """One operation."""
    operation = found.operation
    parameters: list[Members] = []
    for name, schema in found.names.items():
        example = EXAMPLES.get(found.path)
        parameters.append({"name": name, "in": "path", "required": True, "schema": schema} | ({"example": example} if example else {}))
    parameters += [parameter(name, operation) for name in (*operation.parameters, *(("format",) if operation.offered else ()), "lang")]
    answers = {}
    if operation.kinds:
        answers["200"] = {
            "description": str(operation.summary),
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in operation.headers},
            "content": {kind: {"schema": schema_of(kind)} for kind in operation.kinds},
        }
    further = {304} if "ETag" in operation.headers else set()
    further |= {404} if found.names else set()
    for status in sorted({*operation.statuses, *_ALWAYS, *further}):
        answers[str(status)] = passing(status) if status < 400 else {"$ref": f"#/components/responses/{status}"}
    if found.rule.endpoint == "operations.show_readiness":
        answers["503"] = {"description": str(TITLES[503]), "content": {kind: {"schema": {"type": "object"}} for kind in operation.kinds}}
    if 410 in operation.statuses:
        kinds = dict.fromkeys((*(operation.kinds or types(operation.offered)), PROBLEM.media_type))
        content = {kind: {"schema": schema_of(kind)} for kind in kinds}
        answers["410"] = {"description": gettext("Retired: the document tells what replaces it."), "content": content}
    called = f"{found.rule.endpoint.partition('.')[2]}_{'_'.join(found.names)}_{method.lower() if method not in ('GET', 'POST') else ''}"
    name = re.sub(r"\W+", "_", called).strip("_")
    members: Members = {"operationId": name, "tags": [operation.tag], "summary": str(operation.summary)}
    if text := str(operation.description):
        members["description"] = text
    members |= {"parameters": parameters, "responses": answers}
    kind = {"DELETE": "", "PATCH": "patch"}.get(method, operation.body)
    return members | ({"requestBody": body(kind)} if kind else {})


def parameter(name: str, operation: Operation) -> Members:
    """A parameter of the query string."""
    text, schema = PARAMETERS[name]
    if name == "format":
        schema = schema | {"enum": [form.name for form in operation.offered]}
    if name == "timeout":
        schema = schema | {"maximum": service().settings.query_seconds_most, "default": service().settings.query_seconds}
    shown: Members = {"name": name.partition("@")[0], "in": "query", "description": str(text), "schema": schema}
    return shown | ({"explode": True} if schema["type"] == "array" else {})


def body(kind: str) -> Members:
    """The body of a request by POST: a SPARQL query in a form or as such, or what the reconciliation takes."""
    if kind != "query":
        return {"required": kind != "graph", "content": {form: {"schema": members} for form, members in BODIES[kind].items()}}
    properties = {name: PARAMETERS[name][1] | {"description": str(PARAMETERS[name][0])} for name in QUERY.parameters}
    asked = {"type": "object", "required": ["query"], "properties": properties}
    return {"required": True, "content": {FORM: {"schema": asked}, DIRECT: {"schema": {"type": "string"}}}}


def schema_of(kind: str) -> Members:
    """What an answer of that media type looks like."""
    if kind == "application/sparql-results+json":
        return {"$ref": "#/components/schemas/Results"}
    if kind in ("application/gzip", "application/zip", "application/geopackage+sqlite3"):
        return {}
    if kind == PROBLEM.media_type:
        return {"$ref": "#/components/schemas/Problem"}
    if kind == "application/ld+json":
        return {"type": ["object", "array"]}
    if kind == "application/vnd.citationstyles.csl+json":
        return {"type": "array", "items": {"type": "object"}}
    return (
        {"type": "object"}
        if kind
        in ("application/json", "application/geo+json", "application/csvm+json", "application/feed+json", "application/linkset+json")
        else {"type": "string"}
    )


def passing(status: int) -> Members:
    """An answer without a fault and without what was asked for."""
    texts = {
        201: gettext("There is a new graph."),
        204: gettext("It is done."),
        303: gettext("The answer stands elsewhere."),
        304: gettext("What the client has is what there is."),
        308: gettext("The address is written otherwise."),
    }
    header = {} if status in (204, 304) else {"headers": {"Location": {"$ref": "#/components/headers/Location"}}}
    content = {"content": {"application/json": {"schema": {"type": "object"}}, TEXT.media_type: {"schema": {"type": "string"}}}}
    return {"description": texts[status], **header, **(content if status == 201 else {})}


def fault(status: int) -> Members:
    """An answer that tells a fault."""
    title = str(TITLES.get(status, TITLES[400]))
    told = {414: f"{title} ({LONGEST_ADDRESS})"}.get(status, title)
    retry = {"headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}} if status in _RETRIED else {}
    kinds = {
        PROBLEM.media_type: {"$ref": "#/components/schemas/Problem"},
        HTML.media_type: {"type": "string"},
        TEXT.media_type: {"type": "string"},
    }
    return {"description": told, **retry, "content": {kind: {"schema": schema} for kind, schema in kinds.items()}}
