"""A release to reconcile with: the small graph of fixtures/reconciliation.ttl with its gazetteer, and an application over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from territoires.knowledge.gazetteer import build_gazetteer
from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store.embedded import EmbeddedStore
from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE
from territoires.web.app import create_app, open_store

ROOT = Path(__file__).parents[1]
GRAPH = Path(__file__).with_name("fixtures") / "reconciliation.ttl"
ID = CANONICAL_BASE + "id/"


@dataclass
class Service:
    """The application over the small graph, and what it was made with."""

    app: Flask
    settings: Settings

    @property
    def client(self) -> FlaskClient:
        """A client that keeps no cookies."""
        return self.app.test_client(use_cookies=False)


@contextmanager
def serving(folder: Path, *, gazetteer: bool = True, **chosen: object) -> Iterator[Service]:
    """The service over a release in that folder; without a `gazetteer` it is as an older version of the software left it."""
    settings = Settings(home=ROOT, releases=folder, **{"client_seconds": 0.0, **chosen})  # type: ignore[arg-type]
    graph = NamedNode(CANONICAL_BASE + "graph/test")
    quads = [Quad(*triple, graph) for triple in ((q.subject, q.predicate, q.object) for q in parse(path=GRAPH, format=RdfFormat.TURTLE))]
    release = publish(folder, "test", CANONICAL_BASE, quads, {})
    if gazetteer:
        place = folder / "test"
        build_gazetteer(place, EmbeddedStore(place / "store", "test", CANONICAL_BASE), QueryLibrary(ROOT, "views"), {})
    assert release.revision == "test"
    store = open_store(settings)
    try:
        yield Service(create_app(settings, store), settings)
    finally:
        store.close()
