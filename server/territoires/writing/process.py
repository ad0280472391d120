"""The process that writes: one submission at a time, each applied in full or not at all, and kept before it is acknowledged.

A submission is worked out on the work store, done there, judged by the guard, appended to the journal, acknowledged; readers get a new
revision shortly after. The kernel ends the process at the deadline of a submission (SIGALRM, left at its default), at a time when nothing
of it is in the journal; whoever started the process starts it again, and it begins with the journal.
"""

import fcntl
import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from pyoxigraph import NamedNode, Store

from territoires.errors import JournalDamaged, NoSpace, ShapesViolated, StoreUnavailable, TerritoiresError, UndoConflict
from territoires.store.releases import CURRENT, Release, base_release, current_release
from territoires.store.tokens import read_tokens
from territoires.store.worker import limit_memory
from territoires.writing import updates
from territoires.writing.commits import Change, Check
from territoires.writing.desk import Desk, Left, Visit
from territoires.writing.journal import FULL, Journal, make_folder
from territoires.writing.live import LiveStore, canonical
from territoires.writing.revisions import Revisions
from territoires.writing.submissions import PATIENCE, Accepted, Submission
from territoires.writing.writable import check_persons, check_writable, named

logger = logging.getLogger(__name__)
JOURNAL, WORK, LOCK = "journal", "work", "writer.lock"
_LOOK_EVERY = 0.25  # seconds between two looks at which release is current
_ENDING = 2.0  # seconds that a process before this one has to end
_GATHER = 0.1  # seconds from a commit until it is published, with those that come meanwhile
_LITTLE = 1 << 16  # characters of a write that takes no time to speak of
_SMALL = 1000  # statements of a graph that is replaced or taken away in no time
_DATA = frozenset(("INSERT", "DELETE", "DATA", "GRAPH", "PREFIX", "BASE", "A", "TRUE", "FALSE"))  # the words of INSERT DATA, DELETE DATA
_TRY_AGAIN = 1.0  # seconds before a revision that couldn't be published is tried again
Guards = Callable[[Release], Check | None]
"""The guard of a release; None where nothing is required of what is written."""


@dataclass(frozen=True)
class Plan:
    """What a writer is started with."""

    releases: str
    contributions: str
    home: str = ""
    log: str = "text"
    memory: int = 1 << 30
    """Bytes that one submission may use."""
    waiting: int = 32
    """Submissions that may wait for their turn."""
    patience: float = PATIENCE
    """Seconds that each may wait."""
    parent: int = 0
    """The process that started it: it ends when that one has; 0 for none."""

    def written(self) -> bytes:
        """As it is sent to the process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, written: bytes) -> "Plan":
        """From what was written."""
        return cls(**json.loads(written))


class Writing:
    """What the process does. Raises JournalDamaged, NoRelease, StoreUnavailable or OSError where it can't begin."""

    def __init__(self, plan: Plan, guards: Guards) -> None:
        self._plan, self._guards = plan, guards
        self._releases, self._folder = Path(plan.releases), Path(plan.contributions)
        make_folder(self._folder)
        self._lock = lock(self._folder)
        self._journal = Journal(self._folder / JOURNAL)
        if said := self._journal.repair():
            logger.warning("%s", said)
        check_held(self._journal, self._releases)
        shutil.rmtree(self._folder / WORK, ignore_errors=True)
        self._revisions = Revisions(self._releases)
        self._seen = ""
        self._live, self._check = self._begin()
        self._unpublished = self._due = 0.0
        self._revisions.publish(self._live)
        self._desk = Desk(self._folder, plan.waiting, plan.patience)

    def run(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Takes submissions until it is stopped; publishes what is left then. Raises what makes going on impossible."""
        try:
            while not stopped():
                visit = self._desk.next(max(0.0, min(_LOOK_EVERY, self._due - time.monotonic())) if self._unpublished else _LOOK_EVERY)
                self._follow()
                if visit:
                    self._serve(visit)
                if self._unpublished and time.monotonic() >= self._due:
                    self._publish()
        finally:
            self._desk.close()
        if self._unpublished:
            self._publish()

    # -- which release

    def _begin(self) -> tuple[LiveStore, Check | None]:
        """A work store of the release that is current, with all commits, and the guard for it."""
        self._seen = os.readlink(self._releases / CURRENT)
        release = base_release(self._releases)
        check_held(self._journal, self._releases)
        live = LiveStore(self._folder / WORK / f"{release.revision}-{time.time_ns()}", release)
        live.replay(self._journal.commits(release.journal))
        return live, self._guards(release)

    def _follow(self) -> None:
        """Begins anew where another release has become current."""
        try:
            if os.readlink(self._releases / CURRENT) == self._seen:
                return
            self._seen = os.readlink(self._releases / CURRENT)
            if base_release(self._releases).path.samefile(self._live.release.path):
                return
        except (OSError, TerritoiresError):  # the link is being replaced by hand, or was removed
            return
        old = self._live
        self._live, self._check = self._begin()
        old.close()
        logger.info("Writes go to release %s from now on", self._live.release.revision)
        self._note()

    # -- what is written

    def _serve(self, visit: Visit) -> None:
        """Does what a submission asks for, or refuses it. Raises what leaves the work store in doubt."""
        if self._unpublished and is_long(visit.submission, self._live.store):  # what was written before doesn't wait for this one
            self._publish()
        if not visit.begin():
            return
        if self._plan.memory:
            limit_memory(self._plan.memory)
        signal.setitimer(signal.ITIMER_REAL, max(0.001, visit.submission.seconds))
        try:
            accepted = self._write(visit)
        except JournalDamaged:
            raise
        except TerritoiresError as error:
            visit.refuse(error)
        except Left:
            logger.info("A write was given up: whoever sent it has left")
        except Exception as error:
            visit.refuse(in_doubt(error))
            raise
        else:
            visit.accept(accepted)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _write(self, visit: Visit) -> Accepted:
        """Applies a submission, judges it, keeps it. Raises why not, and the work store is as before then."""
        live, submission = self._live, visit.submission
        known = holds(live.store, submission.graph)
        change = self._change(submission)
        if change.empty:
            return Accepted(live.revision, 0)
        if live.release.merged:
            check_persons(change.added, live.release.base)
        live.apply(change)
        try:
            warnings = self._judge(change)
            visit.keep()
            signal.setitimer(signal.ITIMER_REAL, 0)
            commit = self._journal.append(submission.agent, submission.reason, live.release.revision, change)
        except BaseException:
            live.apply(change.inverse())
            raise
        live.commit(commit)
        self._note()
        created = submission.kind in ("put", "post") and not known and submission.graph in change.graphs
        return Accepted(live.revision, commit.number, len(change.added), len(change.removed), created, warnings)

    def _change(self, submission: Submission) -> Change:
        """What a submission changes. Raises why it can't be worked out."""
        if submission.kind != "undo":
            try:
                return canonical(updates.change(self._live.store, submission, self._live.release.merged))
            except StoreUnavailable as error:  # the work store is in doubt then
                raise (error.__cause__ or error) from error
        commit = self._journal.commit(submission.number)
        if commit is None:
            raise UndoConflict(
                "There is no commit %(number)s: the last one is %(last)s.",
                number=submission.number,
                last=self._journal.last,
            )
        check_writable(commit.change.graphs, submission, self._live.release.merged)
        change = commit.change.inverse()
        gone = sum(quad not in self._live.store for quad in change.removed)
        back = sum(quad in self._live.store for quad in change.added)
        if gone or back:
            raise UndoConflict(
                "Commit %(number)s can't be undone alone, since later ones changed the same: %(gone)s statements that it added are gone, "
                "%(back)s that it removed are there again. Undo those first.",
                number=commit.number,
                gone=gone,
                back=back,
            )
        return change

    def _judge(self, change: Change) -> str:
        """The report of the guard where it warns. Raises ShapesViolated."""
        report = self._check(self._live.store, change) if self._check else None
        if report is None:
            return ""
        if not report.conforms:
            raise ShapesViolated(
                "The write would break the shapes in %(count)s places, and nothing was kept.",
                report.text,
                count=report.violations,
            )
        return report.text if report.warnings else ""

    # -- what readers see

    def _note(self) -> None:
        """Notes that there is something that readers don't see yet."""
        if not self._unpublished:
            self._unpublished = time.monotonic()
            self._due = self._unpublished + _GATHER

    def _publish(self) -> None:
        """Publishes what was written; where that fails, readers go on as before, and it is tried again."""
        try:
            self._revisions.publish(self._live)
        except (OSError, TerritoiresError) as error:
            logger.error("Revision %s can't be published, and is tried again: %s", self._live.revision, error)
            self._due = time.monotonic() + _TRY_AGAIN
        else:
            self._unpublished = 0.0


def lock(folder: Path, seconds: float = _ENDING) -> int:
    """Makes this process the one that writes there (flock(2)), when the one before it has ended. Raises StoreUnavailable."""
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError as error:
            if time.monotonic() >= until:
                os.close(handle)
                raise StoreUnavailable(f"Another process writes to {folder}: only one may (is another server running?).") from error
            time.sleep(0.02)


def check_held(journal: Journal, releases: Path) -> None:
    """Raises JournalDamaged where what is current holds a commit that this journal doesn't."""
    if not (releases / CURRENT).exists():
        return
    release = current_release(releases)
    number = release.commit or release.journal
    held = journal.commit(number)
    if number and (held is None or (release.checksum and held.checksum != release.checksum)):
        found = f"has {journal.last} commits" if held is None else "has another one of that number"
        raise JournalDamaged(
            f"{release.path} holds commit {number}, and the journal {journal.folder} {found}. Restore the journal from a backup "
            "(`territoires restore`); where what it held is to be given up, build a release (`territoires build`)."
        )


def holds(store: Store, graph: str) -> bool:
    """Whether the store holds that graph."""
    return bool(graph) and next(store.quads_for_pattern(None, None, None, NamedNode(graph)), None) is not None


def is_long(submission: Submission, store: Store) -> bool:
    """Whether the work on it may take longer than readers may wait for what was written before: all but a little data for a small graph."""
    if submission.kind == "undo" or len(submission.text) + len(submission.content) > _LITTLE:
        return True
    if submission.kind == "update":
        words = {token.key for token in read_tokens(submission.text) if token.kind == "word"}
        return not words or not words <= _DATA
    return next(islice(store.quads_for_pattern(None, None, None, named(submission.graph)), _SMALL, None), None) is not None


def in_doubt(error: Exception) -> StoreUnavailable:
    """What is told of a fault that nobody foresaw: the process begins anew after it."""
    if isinstance(error, OSError) and any(os.strerror(number) in str(error) for number in FULL):
        return NoSpace("There is no space left for the store: nothing was kept. Make room, then try again.")
    return StoreUnavailable(f"The write failed, and nothing was kept: {type(error).__name__}: {error}")
