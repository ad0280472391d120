"""What the views are handed: the store, the stored queries and the settings of this application."""

from dataclasses import dataclass

from flask import current_app

from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store import Store

KEY = "territoires"


@dataclass(frozen=True)
class Service:
    """The parts that every blueprint shares."""

    settings: Settings
    store: Store
    views: QueryLibrary
    questions: QueryLibrary


def service() -> Service:
    """The service of the application that answers this request."""
    found = current_app.extensions[KEY]
    assert isinstance(found, Service)
    return found
