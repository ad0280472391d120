"""Search: /recherche as a page, as JSON, CSV and RDF, and the suggestions of the form on every page.

Persons are found by whole words of their names only, and never suggested (`knowledge.search`); no search engine keeps these pages.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.blueprints import BlueprintSetupState
from pyoxigraph import Literal, NamedNode, Triple
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import SearchUnavailable, TerritoiresError, UnknownResource
from territoires.formats import DOCUMENT, HTML, SOLUTIONS, Format, by_name, write_triples
from territoires.knowledge import folding, search
from territoires.knowledge.indexes import Indexes
from territoires.vocabulary import iri, prefixes_at
from territoires.web.exports import neutral
from territoires.web.headers import cached
from territoires.web.hits import CATEGORIES, ShownHit, namer, shown
from territoires.web.naming import Value
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import KEY as SERVICE
from territoires.web.service import Service, service

blueprint = Blueprint("search", __name__)

KEY = "territoires-search"
JSON = Format("json", "JSON", "application/json")
CSV = by_name("csv", SOLUTIONS)
assert CSV is not None
OFFERED = (HTML, JSON, CSV, *DOCUMENT[1:])
PAGE, MOST, MOST_SUGGESTED = 20, 1000, 20
"""Hits on a page, in one answer at most, and suggestions at most."""
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Choice:
    """A value of a facet: its count, the address that chooses it or takes the choice back."""

    value: Value
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Query:
    """What is asked: the text, a category, a place (IRI), the page from 1, the hits on it."""

    text: str
    category: str
    place: str
    page: int
    limit: int


@blueprint.record_once
def install(state: BlueprintSetupState) -> None:
    """Gives the application its indexes."""
    shared = state.app.extensions[SERVICE]
    assert isinstance(shared, Service)
    state.app.extensions[KEY] = Indexes(None if shared.settings.store else shared.settings.releases)


def indexes() -> Indexes:
    """The indexes of the application that answers this request."""
    found = current_app.extensions[KEY]
    assert isinstance(found, Indexes)
    return found


def index() -> search.SearchIndex:
    """The index of the state that this request sees."""
    return indexes().of(service().store, service().views)


def nearest(text: str, count: int = 5) -> list[ShownHit]:
    """What a mistyped name or address may have meant, the likeliest first, to be linked by `value`; nothing where there is no index yet."""
    try:
        ready = indexes().ready(service().store)
        return shown(ready, ready.nearest(readable(text), count), ()) if ready else []
    except TerritoiresError:
        return []


@blueprint.get("/search")
def show_english_address() -> BaseResponse:
    """308 to the French address, with the query string."""
    asked = request.query_string.decode("latin-1")
    return redirect(f"{request.root_path}/recherche" + (f"?{asked}" if asked else ""), 308)


@blueprint.get("/recherche")
def show_results() -> Response:
    """The results in the negotiated format."""
    return answer(wanted_format(OFFERED, by_parameter(OFFERED)))


@blueprint.get("/recherche.<name>")
def show_results_as(name: str) -> Response:
    """The results in the format of that suffix."""
    form = next((form for form in OFFERED if form.name == name), None)
    if form is None:
        raise UnknownResource(f"recherche.{name}")
    return answer(form)


@blueprint.get("/recherche/suggestions")
def suggest() -> Response:
    """What somebody who types may mean, as JSON; nothing where there is no index, or none yet."""
    text = readable(request.args.get("q", ""))
    try:
        known = indexes().of(service().store, service().views, wait=False)
        hits = shown(known, known.suggest(text, number("limit", 8, MOST_SUGGESTED)), folding.words(text))
    except SearchUnavailable:
        hits = []
    found = [
        {"name": hit.value.text, "language": hit.value.language, "kind": hit.kind.text, "places": [place.text for place in hit.places]}
        | {"url": hit.href, "iri": hit.value.iri, "pieces": hit.name, "also": hit.also.text if hit.also else ""}
        for hit in hits
    ]
    body = json.dumps({"query": text, "suggestions": found}, ensure_ascii=False)
    response = Response(body + "\n", content_type=JSON.content_type)
    response.vary.add("Cookie")
    response.headers["X-Robots-Tag"] = "noindex"
    return cached(response, JSON.name)


def readable(text: str) -> str:
    """A text that somebody sent, without what can't be shown or compared; the beginning of a long one."""
    return "".join(letter if letter.isprintable() else " " for letter in text[: 4 * folding.LONGEST]).strip()[: folding.LONGEST]


def number(name: str, default: int, most: int) -> int:
    """A number from 1 to `most` among the parameters."""
    asked = request.args.get(name, "")
    return max(1, min(most, int(asked))) if asked.isascii() and asked.isdigit() and len(asked) < 9 else default


def read_query(form: Format) -> Query:
    """What this request asks for; a category or place that isn't known is no restriction."""
    category, place = request.args.get("type", ""), readable(request.args.get("lieu", ""))
    full = place if place.startswith(("http://", "https://")) or not place else f"{service().store.base}id/{place}"
    limit = PAGE if form is HTML else number("limit", 100 if form is JSON else MOST, MOST)
    return Query(
        readable(request.args.get("q", "")), category if category in CATEGORIES else "", full, number("page", 1, MOST_PAGES), limit
    )


def answer(form: Format) -> Response:
    """The results of this request in one format."""
    query, found_in = read_query(form), index()
    found = found_in.search(query.text, query.category, query.place, (query.page - 1) * query.limit, query.limit)
    if form is HTML:
        body: str | bytes = page(found_in, query, found)
    elif form is JSON:
        body = json.dumps(members(found_in, query, found), ensure_ascii=False, indent=1) + "\n"
    elif form is CSV:
        body = table(shown(found_in, found.hits, found.words))
    else:
        body = write_triples(triples(found), form, prefixes_at(service().store.base))
    response = Response(body, content_type=form.content_type)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Location"] = address(form.name, page=query.page if query.page > 1 else None)
    links = [(query.page - 1, "prev")] if query.page > 1 else []
    links += [(query.page + 1, "next")] if query.page * query.limit < found.total else []
    if links:
        suffix = "" if form is HTML else form.name
        response.headers["Link"] = ", ".join(f'<{address(suffix, page=there)}>; rel="{relation}"' for there, relation in links)
    return cached(response, form.name)


def address(suffix: str = "", **changed: object) -> str:
    """The address of these results with some parameters changed, or left out where they are None or empty."""
    kept = {name: readable(value) for name in ("q", "type", "lieu", "limit") if (value := request.args.get(name))}
    arguments = {name: value for name, value in (kept | changed).items() if value}
    path = f"{request.root_path}/recherche" + (f".{suffix}" if suffix else "")
    return path + (f"?{urlencode(arguments)}" if arguments else "")


def page(found_in: search.SearchIndex, query: Query, found: search.Found) -> str:
    """The results as a page."""
    pages = max(1, -(-found.total // query.limit))
    places, territories = place_choices(found_in, query, found), set(found_in.territories)
    return render_template(
        "search/search.html",
        query=query,
        found=found,
        hits=shown(found_in, found.hits, found.words),
        categories=category_choices(query, found),
        territories=[choice for choice in places if choice.value.iri in territories],
        regions=[choice for choice in places if choice.value.iri not in territories],
        near=[] if found.total or not query.text else shown(found_in, found_in.nearest(query.text), ()),
        pages=pages,
        previous=address(page=min(query.page - 1, pages)) if query.page > 1 else "",
        following=address(page=query.page + 1) if query.page < pages else "",
        downloads=[(form, address(form.name)) for form in OFFERED if form is not HTML],
        everything=address(type=None, lieu=None),
        first=(query.page - 1) * query.limit + 1,
        canonical="/recherche",
    )


def category_choices(query: Query, found: search.Found) -> list[Choice]:
    """The categories that have hits, in the order of the table."""
    chosen = {**dict.fromkeys((query.category,) if query.category else (), 0), **found.categories}
    return [
        Choice(Value(str(called)), chosen[name], address(type=None if name == query.category else name), name == query.category)
        for name, called in CATEGORIES.items()
        if name in chosen
    ]


def place_choices(found_in: search.SearchIndex, query: Query, found: search.Found) -> list[Choice]:
    """The places that have hits, by count."""
    counts = {**dict.fromkeys((query.place,) if query.place else (), 0), **found.areas}
    names = namer(found_in, counts)
    inside = service().store.base + "id/"
    return [
        Choice(names.named(place), count, address(lieu=None if place == query.place else place.removeprefix(inside)), place == query.place)
        for place, count in sorted(counts.items(), key=lambda item: (-item[1], names.named(item[0]).text.casefold()))
    ]


def members(found_in: search.SearchIndex, query: Query, found: search.Found) -> dict[str, object]:
    """The results as JSON."""
    return {
        "query": query.text,
        "manner": found.manner,
        "total": found.total,
        "page": query.page,
        "limit": query.limit,
        "facets": {
            "type": [{"value": name, "count": count} for name, count in found.categories.items()],
            "lieu": [
                {"iri": choice.value.iri, "name": choice.value.text, "count": choice.count}
                for choice in place_choices(found_in, query, found)
            ],
        },
        "results": [
            {"iri": hit.value.iri, "name": hit.value.text, "language": hit.value.language, "url": hit.href, "category": raw.category}
            | {"type": {"iri": raw.cls, "name": hit.kind.text}, "places": [{"iri": p.iri, "name": p.text} for p in hit.places]}
            | {"text": hit.text.text if hit.text else "", "also": hit.also.text if hit.also else ""}
            for raw, hit in zip(found.hits, shown(found_in, found.hits, found.words), strict=True)
        ],
    }


def table(hits: Sequence[ShownHit]) -> str:
    """The results as CSV (RFC 4180): name, kind, places, IRI."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(["name", "kind", "places", "iri"])
    for hit in hits:
        cells = (hit.value.text, hit.kind.text, " | ".join(place.text for place in hit.places))
        writer.writerow([*(neutral(cell) for cell in cells), hit.value.iri])
    return written.getvalue()


def triples(found: search.Found) -> list[Triple]:
    """The hits as resources with their classes and names."""
    said = []
    for hit in found.hits:
        resource = NamedNode(hit.iri)
        if hit.cls:
            said.append(Triple(resource, NamedNode(iri("rdf:type")), NamedNode(hit.cls)))
        for name in hit.names:
            if name.property != "tdp:expansion":
                text = Literal(name.text, language=name.language) if name.language else Literal(name.text)
                said.append(Triple(resource, NamedNode(iri(name.property)), text))
    return said
