"""What the views are handed: the store, the stored queries and the settings of this application."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Flask, current_app, g

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import Holdable, QueryService
from territoires.web.fairness import Budgets

if TYPE_CHECKING:
    from territoires.web.contributions import Contributions

KEY = "territoires"


@dataclass(frozen=True)
class Service:
    """The parts that every blueprint shares."""

    settings: Settings
    store: QueryService
    views: QueryLibrary
    questions: QueryLibrary
    budgets: Budgets
    contributions: "Contributions | None" = None
    """What there is for writes; None where the service is read-only."""


def service() -> Service:
    """The service of the application that answers this request; its store stays the same state until the request ends."""
    found = g.get(KEY) or current_app.extensions[KEY]
    assert isinstance(found, Service)
    return found


def install(app: Flask) -> None:
    """Lets each request see one state of the graph, whichever release comes meanwhile."""
    app.before_request(hold)
    app.teardown_request(release)


def hold() -> None:
    """Holds the state that is current when the request begins."""
    shared = current_app.extensions[KEY]
    if isinstance(shared.store, Holdable):
        g.held = shared.store.hold()
        setattr(g, KEY, replace(shared, store=g.held))


def release(error: BaseException | None) -> None:
    """Lets go of it."""
    g.pop(KEY, None)
    if held := g.pop("held", None):
        held.release()
