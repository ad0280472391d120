"""The validation after commits: one run at a time, the next for all that came meanwhile, a file that is whole, nothing left behind."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
from pyoxigraph import Literal, NamedNode, Quad

from territoires.errors import SourceError
from territoires.knowledge import revalidating
from territoires.knowledge.findings import Finding
from territoires.knowledge.revalidating import FILE, MOST, Outcome, Watch, found, keep, look, outcome_in
from territoires.knowledge.validation import Report
from territoires.settings import Settings
from territoires.store.releases import Release, base_release, publish, publish_store
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import change_of
from territoires.writing.journal import Journal

from ..waiting import wait_until

BASE = "https://data.example.org/territoires/"
MINE = NamedNode(CANONICAL_BASE + "graph/contributions/mine")
Looking = Callable[[Settings, Release], Outcome]


def write(settings: Settings, name: str, *quads: Quad) -> str:
    """A commit; its checksum."""
    held = quads or (Quad(NamedNode(f"urn:{name}"), NamedNode("urn:is"), Literal(name), MINE),)
    return Journal(settings.contributions / "journal").append("Ada", name, "r1", change_of([], held)).checksum  # type: ignore[operator]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A release of one statement, and a folder for contributions."""
    releases, contributions = tmp_path / "releases", tmp_path / "contributions"
    publish(releases, "r1", CANONICAL_BASE, [Quad(NamedNode("urn:a"), NamedNode("urn:is"), Literal("a"), MINE)], {"quads": 1})
    contributions.mkdir()
    return Settings(home=Path(__file__).parents[2], releases=releases, contributions=contributions)


@dataclass
class Runs:
    """Runs that note that they began, and go on until they may end."""

    folder: Path

    def look(self, settings: Settings, release: Release) -> Outcome:
        """A run."""
        journal = Journal(settings.contributions / "journal")  # type: ignore[operator]
        told = Outcome(f"{release.revision}-c{journal.last}", journal.last, journal.checksum, "", "")
        (self.folder / f"begun-{told.commit}").write_text(f"{os.getpid()} {os.nice(0)}")
        wait_until(lambda: (self.folder / f"end-{told.commit}").exists())
        return told

    def begun(self) -> list[str]:
        """The commits that runs began with."""
        return sorted(path.name.removeprefix("begun-") for path in self.folder.glob("begun-*"))

    def end(self, commit: int) -> None:
        """Lets a run end."""
        (self.folder / f"end-{commit}").touch()


@contextmanager
def watching(settings: Settings, look: Looking) -> Iterator[threading.Event]:
    """A watch in a thread, until it is ended."""
    ended = threading.Event()
    thread = threading.Thread(target=Watch(settings, look, 0.0).run, args=(ended.is_set,))
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the journal more often."""
    monkeypatch.setattr(revalidating, "_LOOK_EVERY", 0.02)


def test_commits_that_come_meanwhile_share_the_next_run(settings: Settings, tmp_path: Path) -> None:
    """One run at a time, of the lowest priority; then one for all that came, and none where nothing did."""
    runs = Runs(tmp_path)
    write(settings, "one")
    with watching(settings, runs.look):
        wait_until(lambda: runs.begun() == ["1"])
        assert (tmp_path / "begun-1").read_text().split()[1] == "19"
        for name in ("two", "three", "four"):
            write(settings, name)
        time.sleep(0.3)
        assert runs.begun() == ["1"] and outcome_in(settings.contributions) is None  # type: ignore[arg-type]
        runs.end(1)
        wait_until(lambda: runs.begun() == ["1", "4"])
        assert outcome_in(settings.contributions).commit == 1  # type: ignore[arg-type,union-attr]
        runs.end(4)
        wait_until(lambda: outcome_in(settings.contributions).commit == 4)  # type: ignore[arg-type,union-attr]
        time.sleep(0.3)
        assert runs.begun() == ["1", "4"]
    with watching(settings, runs.look):
        time.sleep(0.3)
        assert runs.begun() == ["1", "4"], "the file tells of the last commit"


def test_nothing_is_left_behind(settings: Settings, tmp_path: Path) -> None:
    """A run ends with the watch, and leaves no file; the next watch validates what that run would have."""
    runs = Runs(tmp_path)
    write(settings, "one")
    with watching(settings, runs.look) as ended:
        wait_until(lambda: runs.begun() == ["1"])
        run = psutil.Process(int((tmp_path / "begun-1").read_text().split()[0]))
        ended.set()
        wait_until(lambda: not run.is_running())
    assert sorted(path.name for path in settings.contributions.iterdir()) == ["journal"]  # type: ignore[union-attr]
    runs.end(1)
    with watching(settings, runs.look):
        wait_until(lambda: outcome_in(settings.contributions))  # type: ignore[arg-type]


def test_a_run_that_breaks(settings: Settings, tmp_path: Path) -> None:
    """It isn't tried again at once, but with the next commit."""

    def broken(settings: Settings, release: Release) -> Outcome:
        with (tmp_path / "tries").open("a") as file:
            file.write("x")
        os._exit(9)

    write(settings, "one")
    with watching(settings, broken):
        wait_until((tmp_path / "tries").exists)
        time.sleep(0.3)
        assert (tmp_path / "tries").read_text() == "x"
        write(settings, "two")
        wait_until(lambda: (tmp_path / "tries").read_text() == "xx")


def test_when_there_is_something_to_do(settings: Settings) -> None:
    """Not without a commit, a release or a merge; again where the file tells of another journal or is damaged."""
    folder = settings.contributions
    assert folder is not None and Watch(settings).due() is None
    checksum = write(settings, "one")
    assert Watch(settings).due() == base_release(settings.releases)
    keep(folder, Outcome("r1-c1", 1, checksum, "", ""))
    assert Watch(settings).due() is None and oct((folder / FILE).stat().st_mode)[-1] != "7"
    keep(folder, Outcome("r1-c1", 1, "of another journal", "", ""))
    assert Watch(settings).due()
    (folder / FILE).write_text('{"revision": "r1')
    assert outcome_in(folder) is None and Watch(settings).due()
    assert Watch(replace(settings, releases=folder)).due() is None
    publish_store(settings.releases, "d1", CANONICAL_BASE, lambda path: unmerged(settings, path))
    assert Watch(settings).due() is None


def unmerged(settings: Settings, path: Path) -> dict[str, int | str]:
    """A store of which the default graph is its own."""
    from territoires.store.embedded import write_store

    write_store(path, [])
    return {"quads": 0, "merged": False}


def test_a_damaged_journal_is_told_once(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """The watch goes on, and doesn't fill the log."""
    write(settings, "one")
    (segment,) = (settings.contributions / "journal").iterdir()  # type: ignore[operator]
    segment.write_bytes(segment.read_bytes().replace(b"Ada", b"Bob"))
    watch = Watch(settings)
    assert watch.due() is None and watch.due() is None
    assert len(caplog.records) == 1 and "can't be validated" in caplog.text


def test_the_file_is_whole_or_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it can't be written the one before stays, and no other."""
    folder = settings.contributions
    assert folder is not None
    finding = Finding("violation", "urn:x", "urn:rule", "", "", {"fr": "À corriger"}, "contributions")
    outcome = Outcome("r1-c1", 1, "sum", "then", "now", 1, 2, 1, (finding,))
    keep(folder, outcome)
    assert outcome_in(folder) == outcome and json.loads((folder / FILE).read_text())["findings"][0]["messages"]["fr"] == "À corriger"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda path, target: (_ for _ in ()).throw(OSError(5, "broken")))
        with pytest.raises(OSError, match="broken"):
            keep(folder, replace(outcome, commit=3))
    assert outcome_in(folder) == outcome
    monkeypatch.setattr(revalidating.os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        keep(folder, replace(outcome, commit=2))
    assert outcome_in(folder) == outcome and [path.name for path in folder.iterdir()] == [FILE]


def test_what_a_run_tells(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All violations, and warnings of what contributions speak of, at the base of the release; the gravest first, not too many."""

    def each(severity: str, name: str, file: str = "") -> Finding:
        return Finding(severity, f"{CANONICAL_BASE}id/{name}", f"{CANONICAL_BASE}shapes#Rule", "", "", {}, file)

    findings = (each("violation", "a"), each("warning", "b", "data/source/x"), each("warning", "c", "data/source/x"))
    told = found(Outcome("r", 1, "", "", ""), Report(findings, 9), {f"{BASE}id/c"}, BASE)
    assert (told.violations, told.warnings, told.concerning) == (1, 2, 2)
    assert [(one.severity, one.node) for one in told.findings] == [("violation", f"{BASE}id/a"), ("warning", f"{BASE}id/c")]
    many = found(Outcome("r", 1, "", "", ""), Report((each("violation", "a"),) * (MOST + 5), 9), set(), BASE)
    assert (many.violations, many.concerning, len(many.findings)) == (MOST + 5, MOST + 5, MOST)
    write(settings, "one")
    monkeypatch.setattr(revalidating, "validate", lambda *a, **k: (_ for _ in ()).throw(SourceError("broken.ttl, line 3")))
    failed = look(settings, base_release(settings.releases))
    assert (failed.commit, failed.fault, failed.violations) == (1, "broken.ttl, line 3", 0)


def test_a_journal_of_another_base(settings: Settings) -> None:
    """That it can't be validated is an outcome, which is kept, so that the run isn't begun again and again."""
    elsewhere = NamedNode(BASE + "graph/contributions/mine")
    checksum = write(settings, "one", Quad(NamedNode("urn:a"), NamedNode("urn:is"), Literal("a"), elsewhere))
    outcome = look(settings, base_release(settings.releases))
    assert (outcome.commit, outcome.checksum, outcome.violations) == (1, checksum, 0) and "another release" in outcome.fault
    assert settings.contributions is not None
    keep(settings.contributions, outcome)
    assert Watch(settings).due() is None


def test_the_shapes_find_what_the_guard_would_have_let_pass(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """A violation that stands in the journal is found over all of the sources, kept and told in the log."""
    bare = Quad(
        NamedNode(CANONICAL_BASE + "id/territoire/sans-nom"), NamedNode(iri("rdf:type")), NamedNode(CANONICAL_BASE + "def#Pays"), MINE
    )
    checksum = write(settings, "bare", bare)
    outcome = look(settings, base_release(settings.releases))
    assert (outcome.commit, outcome.checksum, outcome.revision) == (1, checksum, "r1-c1") and outcome.begun <= outcome.ended
    assert outcome.violations == len(outcome.findings) > 0
    assert {each.node for each in outcome.findings} == {bare.subject.value} and all(each.messages["fr"] for each in outcome.findings)
    revalidating.tell(outcome)
    assert "violations that the guard let pass" in caplog.text and bare.subject.value in caplog.text
