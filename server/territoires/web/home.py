"""The home page: what this is, the nine territories, and where to go on."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from pyoxigraph import Literal, NamedNode

from territoires.formats import HTML
from territoires.results import rows
from territoires.web.addresses import address
from territoires.web.headers import cached
from territoires.web.language import show_literal
from territoires.web.lists import counted_classes
from territoires.web.openapi import ADDRESS, LINK
from territoires.web.service import service

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class Territory:
    """A territory of the fact sheets, as the home page lists it."""

    name: str
    href: str
    inhabitants: str


@blueprint.get("/")
def show_home() -> Response:
    """The home page."""
    store, views = service().store, service().views
    territories = []
    for row in rows(store.query(views.text("figures", store.base))):
        resource, label, inhabitants = row["territory"], row["label"], row["inhabitants"]
        assert isinstance(resource, NamedNode) and isinstance(label, Literal) and isinstance(inhabitants, Literal)
        territories.append(Territory(label.value, address(resource.value, store.base, request.root_path), show_literal(inhabitants)))
    body = render_template(
        "home/home.html", territories=territories, classes=[item for item in counted_classes() if item[0].iri.startswith(store.base)]
    )
    response = Response(body, content_type=HTML.content_type)
    response.headers["Link"] = f"<{request.root_path}{ADDRESS}>; {LINK}"
    return cached(response)
