"""What the views are handed: the store, the stored queries and the settings of this application."""

from dataclasses import dataclass

from flask import current_app

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.web.fairness import Budgets

KEY = "territoires"


@dataclass(frozen=True)
class Service:
    """The parts that every blueprint shares."""

    settings: Settings
    store: QueryService
    views: QueryLibrary
    questions: QueryLibrary
    budgets: Budgets


def service() -> Service:
    """The service of the application that answers this request."""
    found = current_app.extensions[KEY]
    assert isinstance(found, Service)
    return found
