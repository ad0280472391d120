"""/relations/{path}: what lies around a thing, as a list, as a drawing, and as JSON, GEXF or GraphML."""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from territoires.errors import InvalidParameter
from territoires.formats import HTML
from territoires.formats.network import NETWORKS, WRITERS
from territoires.knowledge.description import first_known
from territoires.web.addresses import document_path, iri_candidates, split_extension, thing_path
from territoires.web.headers import cached
from territoires.web.neighbourhood import MOST_FIRST, MOST_NODES, Neighbourhood
from territoires.web.requests import wanted_format
from territoires.web.service import service

blueprint = Blueprint("relations", __name__)


@blueprint.get("/relations/<path:name>")
def show_relations(name: str) -> BaseResponse:
    """The relations of a thing; the suffix names the format, without one it is negotiated."""
    store, views = service().store, service().views
    bare, suffix = split_extension(name.removeprefix("id/"), NETWORKS)
    parts = (bare, name.removeprefix("id/")) if suffix else (bare,)
    thing = first_known(store, views, [each for part in parts for each in iri_candidates(store.base, thing_path(part))])
    path = request.root_path + document_path(thing, store.base).replace("/doc/", "/relations/", 1)
    if name.startswith("id/"):
        query = request.query_string.decode("latin-1")
        return redirect(path + (f".{suffix.name}" if suffix else "") + (f"?{query}" if query else ""), 308)
    depth = chosen_depth()
    form = wanted_format(NETWORKS, {each.media_type: f"{path}.{each.name}" for each in NETWORKS}, suffix)
    around = Neighbourhood(thing, depth)
    body = page(around, path, depth) if form is HTML else WRITERS[form.name](around.network())
    response = Response(body, content_type=form.content_type)
    response.headers["Content-Location"] = f"{path}.{form.name}" + (f"?{urlencode({'depth': depth})}" if depth > 1 else "")
    response.headers["X-Robots-Tag"] = "noindex"  # the page of the thing says all this
    return cached(response, form.name)


def chosen_depth() -> int:
    """How many steps wide: ?depth=1 (the default) or 2. Raises InvalidParameter."""
    asked = request.args.get("depth", "1")
    if asked not in ("1", "2"):
        raise InvalidParameter(gettext("depth is 1 or 2."))
    return int(asked)


def page(around: Neighbourhood, path: str, depth: int) -> str:
    """The relations as a page: the list says all that the drawing shows."""
    network, groups = around.network(), around.groups()
    nodes = {node.id: (node.label.casefold(), Markup('<a href="{}">{}</a>').format(node.href, node.label)) for node in network.nodes}
    further = sorted(
        (nodes[edge.source], edge.label, nodes[edge.target]) for edge in network.edges if around.thing not in (edge.source, edge.target)
    )
    return render_template(
        "relations/relations.html",
        thing=around.names.named(around.thing),
        path=path,
        depth=depth,
        network=network,
        groups=groups,
        shortened=not around.whole or any(group.total > len(group.members) for group in groups),
        count=around.count(),
        further=[(source, label, target) for (_, source), label, (_, target) in further],
        kinds=around.kinds(),
        formats=[form for form in NETWORKS if form is not HTML],
        most=MOST_FIRST if depth == 1 else MOST_NODES,
    )
