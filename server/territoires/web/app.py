"""The application factory. Nothing is configured when this module is imported."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.pool import Limits
from territoires.store.releases import CurrentStore, Engine
from territoires.web import (
    catalogue,
    encoding,
    errors,
    gallery,
    headers,
    home,
    language,
    lists,
    ontology,
    resources,
    shapes,
    sparql,
    templating,
)
from territoires.web.fairness import Budgets
from territoires.web.gateway import Gateway
from territoires.web.service import KEY, Service

BLUEPRINTS = (
    home.blueprint,
    resources.blueprint,
    ontology.blueprint,
    shapes.blueprint,
    lists.blueprint,
    gallery.blueprint,
    sparql.blueprint,
    catalogue.blueprint,
)
PAGE_THREADS = 16
"""Requests that are answered at once while all queries that may run or wait do so."""
MAX_BODY = 1 << 20  # bytes: a longer query is answered with 413


def create_app(settings: Settings, store: QueryService) -> Flask:
    """The WSGI application over `store`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.extensions[KEY] = Service(
        settings, store, QueryLibrary(settings.home, "views"), QueryLibrary(settings.home, "competency"), Budgets(settings.client_seconds)
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, hops)  # type: ignore[method-assign]
    for install in (language.install, encoding.install, headers.install, errors.install, templating.install):
        install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def load_gateway(settings: Settings) -> Gateway:
    """The gateway over the current release: what each server process loads."""
    store = CurrentStore(settings.releases, engine(settings))
    app = create_app(settings, store)
    threads = settings.query_workers + settings.query_queue + PAGE_THREADS
    return Gateway(app, lambda: store.revision, settings.cache << 20, threads, MAX_BODY)


def engine(settings: Settings) -> Engine:
    """How the settings want a release to be served."""
    limits = Limits(settings.query_workers, waiting=settings.query_queue)
    return Engine(settings.engine, settings.query_memory << 20, settings.services, limits)
