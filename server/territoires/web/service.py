"""What the views are handed: the store, the stored queries and the settings of this application."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Flask, current_app, g

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import HeldStore, Holdable, QueryService
from territoires.web.fairness import Budgets
from territoires.writing.journal import Journal
from territoires.writing.past import Past

if TYPE_CHECKING:
    from territoires.web.contributions import Contributions

KEY = "territoires"
_PAST = "territoires.past"


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
    journal: Journal | None = None
    """What was written; None where the service is read-only."""
    past: Past | None = None
    """The past revisions; None where a store elsewhere is asked."""


def service() -> Service:
    """The service of the application that answers this request; its store stays the same state until the request ends."""
    found = g.get(_PAST) or today()
    assert isinstance(found, Service)
    return found


def today() -> Service:
    """As `service`, with the state that is current, where the request asks for a past one too."""
    found = g.get(KEY) or current_app.extensions[KEY]
    assert isinstance(found, Service)
    return found


def look_back(store: HeldStore) -> None:
    """Lets this request read another state than the current one; it is released when the request ends."""
    g.held_past = store
    setattr(g, _PAST, replace(today(), store=store))


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
    for name in (_PAST, KEY):
        g.pop(name, None)
    for name in ("held_past", "held"):
        if held := g.pop(name, None):
            held.release()
