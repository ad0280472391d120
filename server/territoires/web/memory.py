"""What pages keep between requests: results that change with the release only."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

from flask import current_app

from territoires.web.service import service, today
from territoires.writing import past

KEY, PAST = "territoires.memory", "territoires.memories"
KEPT = 400
"""Results; the one that was used least lately goes first."""

T = TypeVar("T")


class Memory:
    """Results by key, of one revision of the graph."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.revision = ""
        self.kept: OrderedDict[Hashable, object] = OrderedDict()

    def find(self, revision: str, key: Hashable) -> object | None:
        """What is kept under `key`; what is of another revision is forgotten."""
        with self.lock:
            if revision != self.revision:
                self.revision = revision
                self.kept.clear()
            if key in self.kept:
                self.kept.move_to_end(key)
            return self.kept.get(key)

    def keep(self, revision: str, key: Hashable, value: object) -> None:
        """Keeps a result, unless the graph has changed meanwhile."""
        with self.lock:
            if revision == self.revision:
                self.kept[key] = value
                while len(self.kept) > KEPT:
                    self.kept.popitem(last=False)


class Memories:
    """A memory for each past revision that was asked for lately, so that none disturbs that of the current one."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.kept: OrderedDict[str, Memory] = OrderedDict()

    def of(self, revision: str) -> Memory:
        """That of a revision."""
        with self.lock:
            found = self.kept.pop(revision, None) or Memory()
            self.kept[revision] = found
            while len(self.kept) > past.KEPT:
                self.kept.popitem(last=False)
            return found


def remembered(make: Callable[[], T], *key: Hashable) -> T:
    """What `make` gives, made once for each revision and `key`; never None."""
    revision = service().store.revision
    if revision == today().store.revision:
        memory = cast(Memory, current_app.extensions.setdefault(KEY, Memory()))
    else:
        memory = cast(Memories, current_app.extensions.setdefault(PAST, Memories())).of(revision)
    found = memory.find(revision, key)
    if found is None:
        found = make()
        memory.keep(revision, key, found)
    return cast(T, found)
