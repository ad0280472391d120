"""The whole of the shapes over sources and contributions, in the background after commits; what was found last stands in a file.

The guard judges what a write concerns (knowledge/guarding.py) before it is kept; this looks at everything afterwards, so that a hole of
the guard would be seen. One run at a time, at the lowest priority, in a process of its own; commits that come meanwhile share the next.
"""

import ctypes
import json
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import BlankNode

from territoires.errors import NoRelease, TerritoiresError
from territoires.knowledge.contributed import contributed
from territoires.knowledge.findings import Finding
from territoires.knowledge.surroundings import in_release, surroundings
from territoires.knowledge.validation import Report, validate
from territoires.settings import Settings
from territoires.store.embedded import open_on_disk
from territoires.store.releases import Release, base_release
from territoires.vocabulary import CANONICAL_BASE
from territoires.writing.commits import revision_of
from territoires.writing.journal import Journal
from territoires.writing.process import JOURNAL

logger = logging.getLogger("territoires.validation")
FILE = "validation.json"
"""Below the folder of the contributions."""
MOST = 100
"""Findings that are kept."""
_PR_SET_PDEATHSIG = 1
_LOOK_EVERY = 1.0  # seconds between two looks at the journal
_SETTLE = 2.0  # seconds from a commit that was seen until a run begins, with those that come meanwhile
_AGAIN = 300.0  # seconds until a run that ended without a word is tried again
_WATCH = 0.1  # seconds between two looks at a run


@dataclass(frozen=True)
class Outcome:
    """What a run found, own IRIs as the release has them."""

    revision: str
    commit: int
    """The last commit that it took in."""
    checksum: str
    """That commit's."""
    begun: str
    ended: str
    """Both xsd:dateTime in UTC."""
    violations: int = 0
    warnings: int = 0
    """Of sources and contributions together."""
    concerning: int = 0
    """Findings that concern contributions, or are violations."""
    findings: tuple[Finding, ...] = ()
    """The first of these."""
    fault: str = ""
    """Why nothing could be found out; "" where all is well."""


def outcome_in(folder: Path) -> Outcome | None:
    """What the last run found; None where there was none, or the file isn't what was written."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Outcome(**{**said, "findings": tuple(Finding(**each) for each in said["findings"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def keep(folder: Path, outcome: Outcome) -> None:
    """Writes the file, whole or not at all. Raises OSError."""
    draft = folder / f".{FILE}.{os.getpid()}"
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome), ensure_ascii=False, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / FILE)
    finally:
        draft.unlink(missing_ok=True)


def look(settings: Settings, release: Release) -> Outcome:
    """A run: all shapes over sources and contributions, as they are now. Raises JournalDamaged where not even the headers can be read."""
    assert settings.contributions is not None
    begun = moment()
    last, checksum, _ = Journal(settings.contributions / JOURNAL).state()
    told = Outcome(revision_at(release, last), last, checksum, begun, begun)
    try:
        written = contributed(replace(settings, base_url=release.base))
        around = surroundings(written.triples, in_release(open_on_disk(release.path / "store"), release.base))
        report = validate(settings.home, contributed=written.beyond(settings.home), around=around)
    except TerritoiresError as error:
        return replace(told, ended=moment(), fault=str(error))
    told = replace(told, revision=revision_at(release, written.last), commit=written.last, checksum=written.checksum)
    subjects = {str(quad.subject if isinstance(quad.subject, BlankNode) else quad.subject.value) for quad in written.quads}  # type: ignore[union-attr]
    return replace(found(told, report, subjects, release.base), ended=moment())


def revision_at(release: Release, commit: int) -> str:
    """The revision that holds the release and all commits up to that one."""
    return revision_of(release.revision, commit if commit > release.journal else 0)


def found(told: Outcome, report: Report, subjects: set[str], base: str) -> Outcome:
    """The outcome with what a report tells; `subjects` are those of the contributions."""
    at_base = [
        replace(each, node=here(each.node, base), rule=here(each.rule, base), value=here(each.value, base)) for each in report.findings
    ]
    chosen = [each for each in at_base if each.severity == "violation" or each.node in subjects or each.file == "contributions"]
    counts = {"violations": report.count("violation"), "warnings": report.count("warning"), "concerning": len(chosen)}
    return replace(told, **counts, findings=tuple(chosen[:MOST]))  # type: ignore[arg-type]


def here(text: str, base: str) -> str:
    """A text with own IRIs at that base."""
    return text.replace(CANONICAL_BASE, base)


class Watch:
    """Has the whole validated whenever the journal has gone on; `look` is what a run does, in a process of its own."""

    def __init__(self, settings: Settings, look: Callable[[Settings, Release], Outcome] = look, settle: float = _SETTLE) -> None:
        assert settings.contributions is not None
        self._settings, self._folder = settings, settings.contributions
        self._look, self._settle = look, settle
        self._journal = Journal(self._folder / JOURNAL)
        self._tried: tuple[str, float] = ("", 0.0)
        self._said = ""

    def run(self, ended: Callable[[], bool]) -> None:
        """Goes on until it is ended."""
        while not ended():
            if release := self.due():
                wait(self._settle, ended)
                self._tried = (self._journal.checksum, time.monotonic())
                self._validate(release, ended)
            else:
                wait(_LOOK_EVERY, ended)

    def due(self) -> Release | None:
        """The release that contributions came to which no run has seen; None where there is nothing to do."""
        try:
            if not self._journal.last:
                return None
            mark, known = self._journal.checksum, outcome_in(self._folder)
            if known and known.checksum == mark:
                return None
            if self._tried[0] == mark and time.monotonic() - self._tried[1] < _AGAIN:
                return None
            release = base_release(self._settings.releases)
        except NoRelease:
            return None
        except (TerritoiresError, OSError) as error:
            if str(error) != self._said:
                logger.error("The contributions can't be validated: %s", error)
            self._said = str(error)
            return None
        return release if release.merged else None

    def _validate(self, release: Release, ended: Callable[[], bool]) -> None:
        """One run, in a process that doesn't outlive this one."""
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            os._exit(self._do(release, parent))
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if ended():
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return
            time.sleep(_WATCH)

    def _do(self, release: Release, parent: int) -> int:
        """What the process of a run does; its exit status."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
        os.nice(19)
        try:
            outcome = self._look(self._settings, release)
            keep(self._folder, outcome)
        except BaseException:
            logger.exception("The validation after a commit has failed")
            return 1
        tell(outcome)
        return 0


def tell(outcome: Outcome) -> None:
    """Notes in the log what was found."""
    if outcome.fault:
        logger.error("The validation after commit %s couldn't be done: %s", outcome.commit, outcome.fault)
    elif outcome.violations:
        first = outcome.findings[0]
        logger.error(
            "After commit %s, %s violations that the guard let pass (%s has them), such as %s of %s",
            outcome.commit,
            outcome.violations,
            FILE,
            first.rule,
            first.node,
        )
    else:
        logger.info("After commit %s, all conforms to the shapes (%s warnings)", outcome.commit, outcome.warnings)


def wait(seconds: float, ended: Callable[[], bool]) -> None:
    """Waits so long, or until it is ended."""
    until = time.monotonic() + seconds
    while not ended() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.25))


def moment() -> str:
    """Now, as xsd:dateTime in UTC."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
