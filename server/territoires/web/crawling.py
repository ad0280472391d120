"""What crawlers read: robots.txt, the map of the entities, and where to report a fault of security."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.formats import HTML
from territoires.results import NamedNode, rows
from territoires.web.addresses import document_path
from territoires.web.headers import cached
from territoires.web.memory import remembered
from territoires.web.service import service
from territoires.web.templating import local

blueprint = Blueprint("crawling", __name__)

CLOSED = ("/recherche", "/sparql", "/comparer", "/relations/", "/dumps/", "/*?")
"""Paths that crawlers needn't walk: searches, facets and whatever else is computed by query string."""
VALID_DAYS = 180
"""How long what security.txt says is to be believed (RFC 9116 §2.5.5: less than a year)."""
TEXT = "text/plain; charset=utf-8"
LARGEST = 50_000
"""Addresses in one map of the site (sitemaps.org)."""


@blueprint.get("/robots.txt")
def show_robots() -> Response:
    """Which addresses crawlers are asked to leave alone (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {local(path)}" for path in CLOSED), f"Allow: {local('/*?lang=')}"]
    return cached(Response("\n".join([*lines, "", f"Sitemap: {request.url_root}sitemap.xml", ""]), content_type=TEXT))


@blueprint.get("/sitemap.xml")
def show_sitemap() -> Response:
    """The documents on the entities; where these are too many for one map, the maps that hold them."""
    paths = entities()
    count = -(-len(paths) // LARGEST)
    if count <= 1:
        return site_map("pages/sitemap.xml", paths)
    return site_map("pages/sitemaps.xml", [local(f"/sitemap-{number}.xml") for number in range(1, count + 1)])


@blueprint.get("/sitemap-<int:number>.xml")
def show_part_of_sitemap(number: int) -> Response:
    """A part of the documents on the entities, LARGEST of them. Raises NotFound behind the last."""
    paths = entities()[max(0, number - 1) * LARGEST : number * LARGEST]
    if not paths:
        raise NotFound(gettext("There is no page %(number)s.", number=number))
    return site_map("pages/sitemap.xml", paths)


def entities() -> list[str]:
    """The paths of the documents on the entities; no person, no search, no list."""
    store, views = service().store, service().views

    def ask() -> list[str]:
        found = [row["thing"] for row in rows(store.query(views.text("sitemap", store.base)))]
        return [f"{document_path(thing.value, store.base)}.{HTML.name}" for thing in found if isinstance(thing, NamedNode)]

    return remembered(ask, "crawling", "sitemap")


def site_map(template: str, paths: list[str]) -> Response:
    """A file of sitemaps.org, of these paths."""
    body = render_template(template, root=request.url_root.rstrip("/"), paths=paths)
    return cached(Response(body, content_type="application/xml; charset=utf-8"), request.path)


@blueprint.get("/.well-known/security.txt")
def show_security() -> Response:
    """Whom to tell of a weakness (RFC 9116)."""
    root = request.url_root
    expires = (datetime.now(UTC) + timedelta(days=VALID_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {service().settings.contact or f'{root}a-propos#contact'}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {root}.well-known/security.txt",
    ]
    response = Response("\n".join([*lines, ""]), content_type=TEXT)
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
