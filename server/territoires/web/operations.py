"""For those who run the service: whether it lives, whether it can answer, and its figures (never kept by anybody)."""

import json
from ipaddress import ip_address, ip_network

from flask import Blueprint, Response, current_app, request
from flask_babel import gettext
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import Forbidden

from territoires.web.answering import client
from territoires.web.metrics import exposition
from territoires.web.observation import Observation
from territoires.web.service import service

KEY = "territoires.observation"
RETRY_AFTER = 5  # seconds until a store that is being loaded may be ready

blueprint = Blueprint("operations", __name__)


@blueprint.get("/health")
def show_life() -> Response:
    """The server process answers."""
    return told(200, {"status": "live"})


@blueprint.get("/health/ready")
def show_readiness() -> Response:
    """The graph can be asked, and which state of it; 503 with the reason where it can't. Whether it can be written to changes no status."""
    store = service().store
    if reason := store.ready():
        response = told(503, {"status": "unavailable", "reason": reason})
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response
    taken = service().contributions
    writing = {"writing": taken.writer.ready() or "ready"} if taken else {}
    return told(200, {"status": "ready", "revision": store.revision, **writing})


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """The figures of all server processes, for clients in the networks of the setting `metrics`."""
    if not may_read_metrics():
        raise Forbidden(gettext("The figures are for those who run this service: TERRITOIRES_METRICS names their networks."))
    observation = current_app.extensions[KEY]
    assert isinstance(observation, Observation)
    own = [observation.state()] if observation.state else []
    taken = service().contributions
    writing = taken.writer.ready() is None if taken else None
    response = Response(exposition([*own, *observation.others()], writing), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def may_read_metrics() -> bool:
    """Whether the client's address is in one of the networks; not where a proxy that isn't trusted speaks for it."""
    settings = service().settings
    if not settings.proxy_hops and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    try:
        address = ip_address(client().partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ip_network(network) for network in settings.metrics)


def told(status: int, members: dict[str, str]) -> Response:
    """A JSON answer, whatever the request accepts, that nobody keeps."""
    response = Response(json.dumps(members) + "\n", status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
