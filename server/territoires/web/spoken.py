"""Which commits speak of a resource: read from the journal once, and on from there when more have come."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import current_app
from pyoxigraph import NamedNode

from territoires.errors import JournalDamaged
from territoires.web.service import today
from territoires.writing.journal import Journal

KEY, FAULT = "territoires.spoken", "territoires.spoken.fault"
logger = logging.getLogger(__name__)


class Spoken:
    """The commits by what they speak of, as their subject or object."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._numbers: dict[str, list[int]] = {}
        self._last, self._checksum = 0, ""
        self._lock = threading.Lock()

    def of(self, resource: str) -> Sequence[int]:
        """The numbers of those that speak of it, the newest first. Raises JournalDamaged."""
        with self._lock:
            self._read()
            return self._numbers.get(resource, ())[::-1]

    def _read(self) -> None:
        """Reads what has come since the last time; all, where the journal is another one."""
        until = self._journal.last
        if until == self._last and self._journal.checksum == self._checksum:
            return
        known = self._journal.commit(self._last)
        if self._last and (known is None or known.checksum != self._checksum):
            self._numbers.clear()
            self._last = 0
        for commit in self._journal.commits(self._last):
            terms = {term for quad in (*commit.change.removed, *commit.change.added) for term in (quad.subject, quad.object)}
            for term in terms:
                if isinstance(term, NamedNode):
                    self._numbers.setdefault(term.value, []).append(commit.number)
            self._last, self._checksum = commit.number, commit.checksum


def spoken_of(resource: str) -> Sequence[int]:
    """The numbers of the commits that speak of it, the newest first. Raises JournalDamaged or OSError."""
    journal = today().journal
    if journal is None:
        return ()
    found = current_app.extensions.setdefault(KEY, Spoken(journal))
    assert isinstance(found, Spoken)
    return found.of(resource)


@contextmanager
def without_journal() -> Iterator[None]:
    """What needs the journal and can be left out, where it can't be read; that is logged once, until something else is wrong with it."""
    try:
        yield
    except (JournalDamaged, OSError) as error:
        if current_app.extensions.get(FAULT) != str(error):
            current_app.extensions[FAULT] = str(error)
            logger.error("Pages come without their history, as the journal can't be read: %s", error)
