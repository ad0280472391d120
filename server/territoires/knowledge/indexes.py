"""Which search index answers for which state of the graph: the one that came with its release, else one made at first use.

Files served as they are and stores on other hosts come without an index. Theirs is made of the same view in memory, once for each
state and server process; a graph that says too much for that has no search.
"""

import sqlite3
import threading
import time
import weakref
from pathlib import Path
from uuid import uuid4

from territoires.errors import QueryRefused, SearchUnavailable
from territoires.knowledge.indexing import FILE, build_index
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.search import SearchIndex
from territoires.store import Store

_KEPT = 2  # states: the one that is served, and the one before it while its last requests end
_UNNAMED_SECONDS = 600.0  # how long the index of a store without a revision is taken for current
State = tuple[str, str, int]


class Indexes:
    """The indexes of one server process; `releases` is the folder of the releases, None for a store on another host."""

    def __init__(self, releases: Path | None) -> None:
        self._releases = releases
        self._found: dict[State, SearchIndex | SearchUnavailable] = {}
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def of(self, store: Store, views: QueryLibrary, *, wait: bool = True) -> SearchIndex:
        """The index of what `store` holds now, made if need be. Raises SearchUnavailable, and what the store raises.

        Who doesn't `wait` for one that another request is making gets SearchUnavailable.
        """
        state = state_of(store)
        found = self._found.get(state) or self._stored(state)
        if found is None:
            if not self._making.acquire(blocking=wait):
                raise SearchUnavailable("The search index is being made: try again in a moment.")
            try:
                found = self._found.get(state) or self._keep(state, made(store, views))
            finally:
                self._making.release()
        if isinstance(found, SearchUnavailable):
            raise found
        return found

    def ready(self, store: Store) -> SearchIndex | None:
        """As `of`, where nothing has to be made first."""
        state = state_of(store)
        found = self._found.get(state) or self._stored(state)
        return found if isinstance(found, SearchIndex) else None

    def _stored(self, state: State) -> SearchIndex | None:
        """The index that came with the release."""
        if self._releases is None:
            return None
        found = SearchIndex(self._releases / state[0] / FILE)
        if found.usable():
            self._keep(state, found)
            return found
        return None

    def _keep(self, state: State, found: SearchIndex | SearchUnavailable) -> SearchIndex | SearchUnavailable:
        with self._lock:
            self._found[state] = found
            for old in list(self._found)[:-_KEPT]:
                del self._found[old]
        return found


def state_of(store: Store) -> State:
    """What tells one state of a graph from another."""
    return store.revision, store.base, 0 if store.revision else int(time.monotonic() / _UNNAMED_SECONDS)


def made(store: Store, views: QueryLibrary) -> SearchIndex | SearchUnavailable:
    """An index in memory, which goes when nobody holds it any more."""
    place = f"file:territoires-{uuid4().hex}?mode=memory&cache=shared"
    holder = sqlite3.connect(place, uri=True, check_same_thread=False)  # a database in memory lasts as long as a connection to it
    try:
        build_index(place, store, views)
    except QueryRefused as error:
        holder.close()
        return SearchUnavailable(error.text, **error.values)
    except BaseException:
        holder.close()
        raise
    index = SearchIndex(place)
    weakref.finalize(index, holder.close)
    return index
