"""The application factory. Nothing is configured when this module is imported."""

import os
from collections import Counter
from functools import partial
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import Figures, Observable, QueryService
from territoires.store.current import CurrentStore
from territoires.store.pool import Limits
from territoires.store.releases import Engine
from territoires.store.remote import Remote, RemoteStore
from territoires.web import (
    assets,
    atlas,
    breaches,
    catalogue,
    comparison,
    crawling,
    differences,
    dumps,
    editor,
    encoding,
    errors,
    gallery,
    graph_store,
    headers,
    history,
    home,
    language,
    linksets,
    lists,
    matrices,
    observation,
    ontology,
    openapi,
    operations,
    pages,
    reconcile,
    relations,
    releases,
    resources,
    search,
    service,
    shapes,
    signposting,
    sparql,
    templating,
    update,
    verification,
)
from territoires.web.contributions import Contributions
from territoires.web.direct import Direct
from territoires.web.fairness import Budgets
from territoires.web.gateway import Gateway
from territoires.web.observation import Observation, Snapshot
from territoires.web.requests import TolerantRequest
from territoires.web.service import KEY, Service
from territoires.writing.journal import Journal
from territoires.writing.keys import Keys
from territoires.writing.past import Past
from territoires.writing.process import JOURNAL
from territoires.writing.submissions import Writer

BLUEPRINTS = (
    home.blueprint,
    resources.blueprint,
    ontology.blueprint,
    shapes.blueprint,
    lists.blueprint,
    atlas.blueprint,
    matrices.blueprint,
    comparison.blueprint,
    search.blueprint,
    gallery.blueprint,
    sparql.blueprint,
    update.blueprint,
    graph_store.blueprint,
    editor.blueprint,
    relations.blueprint,
    reconcile.blueprint,
    pages.blueprint,
    crawling.blueprint,
    catalogue.blueprint,
    dumps.blueprint,
    releases.blueprint,
    history.blueprint,
    differences.blueprint,
    signposting.blueprint,
    linksets.blueprint,
    verification.blueprint,
    operations.blueprint,
    openapi.blueprint,
)
PAGE_THREADS = 16
"""Requests that are answered at once while all queries that may run or wait do so."""
MAX_BODY = 1 << 20  # bytes: a longer query is answered with 413


def create_app(settings: Settings, store: QueryService, notes: Observation | None = None) -> Flask:
    """The WSGI application over `store`; `notes` is what its server process notes of its requests."""
    app = Flask(__name__)
    app.request_class = TolerantRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    views, questions = QueryLibrary(settings.home, "views"), QueryLibrary(settings.home, "competency")
    budgets, held = Budgets(settings.client_seconds), journal(settings)
    past = None if settings.store else Past(settings.releases, engine(settings), held)
    app.extensions[KEY] = Service(settings, store, views, questions, budgets, contributions(settings), held, past)
    app.extensions[operations.KEY] = notes or Observation()
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, hops)  # type: ignore[method-assign]
    for room in (service, observation, language, encoding, headers, errors, breaches, templating, assets):
        room.install(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def contributions(settings: Settings) -> Contributions | None:
    """What there is for writes, where the settings name a folder for them and the store is the embedded one."""
    folder = settings.contributions
    return Contributions(Keys(folder), Writer(folder)) if folder and not settings.store else None


def journal(settings: Settings) -> Journal | None:
    """What was written, where anything is."""
    folder = settings.contributions
    return Journal(folder / JOURNAL) if folder and not settings.store else None


def load_gateway(settings: Settings, folder: Path | None = None) -> Gateway:
    """The gateway over the current release: what each server process loads. `folder` is where all of them share their figures."""
    store = open_store(settings)
    notes = Observation(settings.log, settings.proxy_hops, folder)
    app = create_app(settings, store, notes)
    threads = settings.query_workers + settings.query_queue + PAGE_THREADS
    direct = Direct(app, app.extensions[KEY])
    close = partial(close_all, app.extensions[KEY].past, store)
    gateway = Gateway(direct, lambda: store.revision, settings.cache << 20, threads, MAX_BODY, notes, close, way=direct.way)
    notes.state = partial(snapshot, gateway, store)
    return gateway


def close_all(past: Past | None, store: QueryService) -> None:
    """Ends what serves the current state and past ones."""
    if past:
        past.close()
    store.close()


def snapshot(gateway: Gateway, store: QueryService) -> Snapshot:
    """What this server process has counted until now."""
    notes, cache = gateway.observation, gateway.cache
    requests, latencies = notes.counted()
    figures = store.figures() if isinstance(store, Observable) else Figures({}, 0, 0, 0, {})
    dropped = notes.journal.dropped if notes.journal else 0
    counts = Counter(figures.counts) + Counter(hits=cache.hits, misses=cache.misses, dropped=dropped)
    levels = {"running": figures.running, "waiting": figures.waiting, "idle": figures.idle, "cache": cache.bytes}
    processes = {"server": [os.getpid()], **{role: list(found) for role, found in figures.processes.items()}}
    return Snapshot(os.getpid(), requests, latencies, dict(counts), levels, processes, store.revision, store.ready() is None)


def open_store(settings: Settings) -> CurrentStore | RemoteStore:
    """The store that the settings choose: the current release in this process's care, or one on another host."""
    if not settings.store:
        return CurrentStore(settings.releases, engine(settings))
    remote = Remote(settings.store, settings.store_user, settings.store_password, settings.store_default_graph)
    views = QueryLibrary(settings.home, "views")
    texts = views.find("release").text, views.find("graphs").text
    return RemoteStore(remote, *texts, settings.base_url, settings.services, limits(settings))


def engine(settings: Settings) -> Engine:
    """How the settings want a release to be served."""
    return Engine(settings.engine, settings.query_memory << 20, settings.services, limits(settings))


def limits(settings: Settings) -> Limits:
    """How many queries the settings let run at once."""
    return Limits(settings.query_workers, waiting=settings.query_queue)
