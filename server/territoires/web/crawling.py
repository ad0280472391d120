"""What crawlers read: robots.txt, the map of the entities, and where to report a fault of security."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, render_template, request

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
    """The documents on the entities; no person, no search, no list."""
    store, views = service().store, service().views

    def ask() -> list[str]:
        found = [row["thing"] for row in rows(store.query(views.text("sitemap", store.base)))]
        return [f"{document_path(thing.value, store.base)}.{HTML.name}" for thing in found if isinstance(thing, NamedNode)]

    paths = remembered(ask, "crawling", "sitemap")[:LARGEST]
    body = render_template("pages/sitemap.xml", root=request.url_root.rstrip("/"), paths=paths)
    return cached(Response(body, content_type="application/xml; charset=utf-8"))


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
