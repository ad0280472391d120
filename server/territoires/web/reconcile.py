"""/reconcile: the Reconciliation Service API 0.2 and 1.0-draft, by which OpenRefine and like tools match tables with our things.

Both stand side by side: a manifest of 0.2 at /reconcile, one of 1.0-draft at /reconcile/1.0-draft (the two differ in members of one name).
/fr/reconcile and /en/reconcile are the same in one language, for clients that don't send Accept-Language. JSONP, which 0.2 leaves to the
service, isn't spoken: every origin may read the answers (CORS).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, redirect, request
from flask_babel import gettext
from werkzeug.exceptions import RequestURITooLarge, UnsupportedMediaType
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import InvalidParameter, UnknownResource
from territoires.formats import HTML, Format
from territoires.knowledge.reconciliation import Condition, Found, Question
from territoires.web import extending, suggesting
from territoires.web.addresses import THINGS, document_path
from territoires.web.answering import LONGEST_ADDRESS
from territoires.web.batches import read_batch, read_json, read_match, read_single, readable
from territoires.web.headers import EMBEDDABLE, cached
from territoires.web.manifest import FEATURES, draft, manifest, shown_type
from territoires.web.reconciling import answered, charged_work, choose_language, counted, identified, reconciler, root
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service
from territoires.web.trying import page

blueprint = Blueprint("reconcile", __name__)

FORM = "application/x-www-form-urlencoded"
OFFERED = (Format("json", "JSON", "application/json"), HTML)
HERE = ("/reconcile", "/<any('fr', 'en'):tongue>/reconcile")
ALL = (*HERE, "/reconcile/<any('1.0-draft'):version>")
"""The addresses below which the routes of 0.2, and those of both versions, stand."""
CONTEXT = ("departement", "region")
"""Parameters of the form that say more of the thing."""
Members = dict[str, Any]
View = TypeVar("View", bound=Callable[..., object])


@blueprint.url_value_preprocessor
def take_root(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Reads language and version from the address."""
    found = values or {}
    choose_language(found.pop("tongue", None), found.pop("version", None))


def route(roots: Sequence[str], path: str = "", method: str = "GET") -> Callable[[View], View]:
    """Puts a view at that path below each of the roots."""

    def put(view: View) -> View:
        for start in roots:
            blueprint.add_url_rule(start + path, view_func=view, methods=[method])  # type: ignore[arg-type]
        return view

    return put


@route(HERE)
def show() -> Response:
    """The manifest; the answer to queries in the address; the page for people."""
    if len(request.query_string) > LONGEST_ADDRESS:
        raise RequestURITooLarge(gettext("Send the query by POST: an address holds at most %(bytes)s bytes.", bytes=LONGEST_ADDRESS))
    form = wanted_format(OFFERED, by_parameter(OFFERED))
    asked = [name for name in ("queries", "extend", "query") if request.args.get(name)]
    if form is HTML and asked in ([], ["query"]):
        return page(form_question() if asked else None)
    return answer(asked, request.args.get) if asked else with_draft(answered(manifest()))


@route(HERE, method="POST")
def receive() -> Response:
    """Answers `queries`, `extend` or `query` of a form (0.2 §4.3)."""
    if request.mimetype != FORM:
        raise UnsupportedMediaType(gettext("Send a form (%(form)s); JSON goes to %(match)s.", form=FORM, match=f"{root()}/match"))
    return answer([name for name in ("queries", "extend", "query") if request.form.get(name)], request.form.get)


def answer(asked: Sequence[str], get: Callable[[str, str], str | None]) -> Response:
    """The answer to the one of `queries`, `extend` and `query` that was sent."""
    if len(asked) != 1:
        raise InvalidParameter(gettext("Send exactly one of queries, extend and query."))
    text = get(asked[0], "") or ""
    if asked[0] == "extend":
        return answered(extended(read_json(text, "extend")))
    if asked[0] == "query":
        arguments = {name: get(name, "") or "" for name in ("type", "limit")}
        return answered(results({"query": read_single(text, arguments)})["query"])
    return answered(results(read_batch(text)))


def results(questions: dict[str, Question]) -> Members:
    """The result of each question by its key (0.2 §4.2)."""
    with charged_work() as work:
        known, found = reconciler(), {}
        for key, question in questions.items():
            work.go_on()
            found[key] = {"result": [candidate(each) for each in known.answer(question)]}
    return found


@route(ALL, "/match", "POST")
def match() -> Response:
    """Answers a batch of 1.0-draft (§4.3)."""
    with charged_work() as work:
        known, found = reconciler(), []
        for question in read_match(json_body()):
            work.go_on()
            found.append({"candidates": [candidate(each, named=True) for each in known.answer(question)]})
    return answered({"results": found})


def candidate(found: Found, *, named: bool = False) -> Members:
    """A candidate as JSON; `named`: each feature with its name, as 1.0-draft has it."""
    told = found.candidate
    features: list[Members] = [{"id": name, "value": value} for name, value in found.features.items()]
    if named:
        features = [{**each, "name": feature_name(each["id"])} for each in features]
    description = " · ".join(filter(None, (told.description, *told.reasons)))
    return {
        "id": told.iri,
        "name": told.name,
        "description": description,
        "type": [shown_type(each) for each in found.types],
        "score": told.score,
        "match": told.match,
        "features": features,
    }


def feature_name(identifier: str) -> str:
    """The name of a part of a score: one of ours, or a property of the query."""
    if identifier in FEATURES:
        return str(FEATURES[identifier][0])
    return next((each["name"] for each in extending.proposed("", 0) if each["id"] == identifier), identifier)


def json_body() -> bytes:
    """The body, which must be JSON (1.0-draft §4.3)."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(gettext("Send JSON (application/json)."))
    return request.get_data()


def extended(found: object) -> Members:
    """The answer to a data extension query (0.2 §7.4)."""
    asked = extending.read_extension(found)
    with charged_work() as work:
        rows = extending.extend(asked, work)
        names = [wanted.asked for wanted in asked.wanted]
        return {"meta": extending.meta(asked), "rows": {key: dict(zip(names, values, strict=True)) for key, values in rows.items()}}


@route(ALL, "/extend", "POST")
def extend() -> Response:
    """Answers a data extension query of 1.0-draft (§7.3, §7.4)."""
    said = extended(read_json(json_body(), gettext("The body")))
    rows = [
        {"id": key, "properties": [{"id": name, "values": values} for name, values in row.items()]} for key, row in said["rows"].items()
    ]
    return answered({"meta": said["meta"], "rows": rows})


@route(ALL, "/extend/propose")
def propose() -> Response:
    """The properties of a type (0.2 §7.2, 1.0-draft §7.2)."""
    kind, count = request.args.get("type", ""), counted("limit", 0, 1000)
    members: Members = {"properties": extending.proposed(kind, count), "type": readable(kind)}
    return answered(members | ({"limit": count} if count else {}))


@route(ALL, "/suggest/<any('entity', 'type', 'property'):kind>")
def suggest(kind: str) -> Response:
    """What somebody who types may mean."""
    with charged_work():
        return answered(suggesting.suggestions(kind))


@route(HERE, "/flyout/<any('entity', 'type', 'property'):kind>")
def flyout(kind: str) -> Response:
    """A small preview of a suggestion (0.2 §6.4)."""
    with charged_work():
        return answered(suggesting.flyout(kind, request.args.get("id", "")))


@route(ALL, "/preview")
def preview() -> Response:
    """A page on an entity, small enough for a frame in another page, and free to stand in one."""
    with charged_work():
        body, status = suggesting.preview_page(request.args.get("id", ""))
    response = Response(body, status, content_type=HTML.content_type)
    response.headers["Content-Security-Policy"] = EMBEDDABLE
    response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, "html") if status == 200 else response


@route(ALL, "/view")
def view() -> BaseResponse:
    """Sends on to the page of an entity."""
    asked = request.args.get("id", "")
    found, base = identified(asked), service().store.base
    if found.removeprefix(base).partition("/")[0] not in THINGS:
        raise UnknownResource(readable(asked))
    return redirect(request.root_path + document_path(found, base), 303)


@blueprint.get("/reconcile/<any('1.0-draft'):version>")
def show_draft() -> Response:
    """The manifest of 1.0-draft."""
    return answered(draft())


def with_draft(response: Response) -> Response:
    """The manifest of 0.2 with a link to that of the version to come."""
    response.headers["Link"] = f'<{request.root_path}/reconcile/1.0-draft>; rel="successor-version"; type="application/json"'
    return response


def form_question() -> Question:
    """What the form of the page asks."""
    asked = read_single(request.args.get("query", ""), request.args)
    told = tuple(Condition(name, (readable(value),)) for name in CONTEXT if (value := request.args.get(name, "").strip()))
    return Question(asked.texts, asked.types, asked.strict, asked.limit, asked.identifiers, asked.conditions + told)
