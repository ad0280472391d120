"""The application factory. Nothing is configured when this module is imported."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import Store
from territoires.store.releases import CurrentStore
from territoires.web import catalogue, errors, gallery, headers, home, language, lists, ontology, resources, shapes, sparql, templating
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
MAX_BODY = 1 << 20  # bytes: a longer query is answered with 413


def create_app(settings: Settings, store: Store) -> Flask:
    """The WSGI application over `store`."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    app.extensions[KEY] = Service(settings, store, QueryLibrary(settings.home, "views"), QueryLibrary(settings.home, "competency"))
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, hops)  # type: ignore[method-assign]
    for install in (language.install, headers.install, errors.install, templating.install):
        install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def load_app(settings: Settings) -> Flask:
    """The application over the current release: what each server process loads."""
    return create_app(settings, CurrentStore(settings.releases))
