"""The process that writes is killed at any moment, its disk is full, its journal torn: nothing acknowledged is lost, no write is halved.

`TERRITOIRES_KILLS=200` kills it so often; `TERRITOIRES_SEED` repeats the moments of a run that failed.
"""

import contextlib
import os
import random
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
import rdflib
from pyoxigraph import DefaultGraph, NamedNode, Store

from territoires.errors import FateUnknown, NoSpace, Overloaded, ShapesViolated, StoreUnavailable, WriteRefused
from territoires.knowledge.judging import judge_of
from territoires.store.embedded import take_census
from territoires.store.releases import current_release
from territoires.vocabulary import CANONICAL_BASE, PREFIXES
from territoires.writing.desk import Desk
from territoires.writing.journal import Journal, segments
from territoires.writing.submissions import Progress, Writer
from territoires.writing.tending import WritingProcess

from ..waiting import wait_until
from .conftest import CONTRIBUTIONS, LEFT, RIGHT, Place, pair, swap

KILLS = int(os.environ.get("TERRITOIRES_KILLS", "20"))
SEED = int(os.environ.get("TERRITOIRES_SEED", "8"))
WRITERS = 4


@dataclass
class Noted:
    """What one of the writers was told of each of its writes."""

    accepted: dict[str, int] = field(default_factory=dict)
    """Name -> commit."""
    refused: list[str] = field(default_factory=list)
    """Those of which it was told that nothing was kept."""
    unknown: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Pairs that an accepted write has taken away."""
    doubtful: list[str] = field(default_factory=list)
    """Pairs that a write of unknown fate may have taken away."""
    errors: list[Exception] = field(default_factory=list)


def write(place: Place, number: int, noted: Noted, over: threading.Event) -> None:
    """Writes pair after pair, and takes every third away again with the next one."""
    client, graph, count, last = Writer(place.contributions, 60), f"{CONTRIBUTIONS}pairs-{number % 2}", 0, ""
    while not over.is_set():
        count += 1
        name = f"w{number}-{count}"
        old = last if count % 3 == 0 else ""
        try:
            noted.accepted[name] = client.submit(swap(old, name, graph) if old else pair(name, graph)).number
            noted.gone += [old] if old else []
            last = name
        except StoreUnavailable as error:
            certain = not isinstance(error, FateUnknown)
            (noted.refused if certain else noted.unknown).append(name)
            noted.doubtful += [old] if old and not certain else []
            last = ""
        except Exception as error:
            noted.errors.append(error)
            return


def names_in(store: Store, graph: NamedNode | DefaultGraph | None = None) -> set[str]:
    """The pairs in the store, each of which must be whole there, in its graph and in the merge."""
    sides = []
    for predicate in (LEFT, RIGHT):
        found = store.quads_for_pattern(None, predicate, None, graph)
        sides.append(sorted(str(quad.subject) + str(quad.graph_name) for quad in found if quad.subject.value.startswith("urn:w")))
    assert sides[0] == sides[1], "half of a write"
    left = store.quads_for_pattern(None, LEFT, None, None)
    by_graph = [(quad.subject.value, isinstance(quad.graph_name, DefaultGraph)) for quad in left if quad.subject.value.startswith("urn:w")]
    merged, named = ({name for name, default in by_graph if default is wanted} for wanted in (True, False))
    assert merged == named, "the default graph isn't the merge"
    return {name.removeprefix("urn:") for name in named}


def spoil(place: Place, over: threading.Event, refused: list[str], errors: list[Exception]) -> None:
    """Writes again and again what breaks a shape, beside what doesn't: all of it is refused, each time."""
    client, graph, count = Writer(place.contributions, 60), f"{CONTRIBUTIONS}pairs-0", 0
    while not over.is_set():
        count += 1
        bad = f"<urn:spoiled-{count}> <{CANONICAL_BASE}def#createdDuring> <urn:no-period>"
        sound = pair(f"s{count}", graph)
        try:
            client.submit(replace(sound, text=sound.text.replace(" }", f" . {bad} }}", 1)))
            errors.append(AssertionError(f"spoiled-{count} was accepted"))
        except ShapesViolated as error:
            refused.append(error.report)
        except StoreUnavailable:
            pass
        except Exception as error:
            errors.append(error)
            return


def violations(store: Store) -> int:
    """What full validation finds in all that the store states."""
    stated = rdflib.Graph()
    for graph in store.named_graphs():
        text = "".join(f"{quad.triple} .\n" for quad in store.quads_for_pattern(None, None, None, graph))
        stated.parse(data=text, format="nt")
    report = judge_of(Path(__file__).parents[2]).report(stated)
    return len(list(report.subjects(rdflib.SH.resultSeverity, rdflib.SH.Violation)))


def read(place: Place, over: threading.Event, errors: list[Exception]) -> None:
    """Looks at what readers see: each revision holds whole writes, and no commit is taken back."""
    seen = 0
    while not over.is_set():
        try:
            release = current_release(place.releases)
            store = Store.read_only(str(release.path / "store"))
        except (OSError, RuntimeError):  # it was taken away in between
            continue
        try:
            names_in(store)
            assert release.commit >= seen, "a commit was taken back"
            seen = release.commit
        except AssertionError as error:
            errors.append(error)
            return
        del store
        time.sleep(0.02)


def kill(process: WritingProcess, chance: random.Random, kills: int, accepted: Callable[[], int]) -> None:
    """Kills the process so often: at some moment after its start, or shortly after it has accepted something, of which it may do more."""
    killed = 0
    last = 0
    while killed < kills:
        children: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            holder = psutil.Process(process.process.pid if process.process else 0)
            children = [each for each in holder.children() if each.name() == "tdp-writes"]
        if not children or children[0].pid == last:
            time.sleep(0.001)
            continue
        last, before = children[0].pid, accepted()
        if chance.random() < 0.7:
            wait_until(lambda before=before: accepted() > before, 30)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.3))
        else:
            time.sleep(chance.uniform(0.0, 0.8))
        victim = holder if chance.random() < 0.1 else children[0]
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
            killed += 1


def test_kills(place: Place) -> None:
    """Four write while the process is killed again and again: what was accepted is there, what was refused isn't, each whole, in order."""
    print(f"seed {SEED}, {KILLS} kills")
    over, noted, seen, spoiled = threading.Event(), [Noted() for _ in range(WRITERS)], list[Exception](), list[str]()
    with place.process() as process:
        threads = [threading.Thread(target=write, args=(place, number, each, over)) for number, each in enumerate(noted)]
        threads.append(threading.Thread(target=read, args=(place, over, seen)))
        threads.append(threading.Thread(target=spoil, args=(place, over, spoiled, seen)))
        for thread in threads:
            thread.start()
        try:
            kill(process, random.Random(SEED), KILLS, lambda: sum(len(each.accepted) for each in noted))
            before = sum(len(each.accepted) for each in noted)
            wait_until(lambda: sum(len(each.accepted) for each in noted) > before + 5, 30)
        finally:
            over.set()
            for thread in threads:
                thread.join(60)
        assert not seen and not [error for each in noted for error in each.errors]
        wait_until(lambda: current_release(place.releases).commit == place.journal.last, 10)
        check(place, noted)
    with place.process():
        check(place, noted)
    assert spoiled and all("Dated-createdDuring" in report for report in spoiled)
    assert violations(store := Store.read_only(str(current_release(place.releases).path / "store"))) == 0
    assert not [quad for quad in store if "spoiled" in str(quad) or "urn:s" in quad.subject.value]
    print(f"{len(spoiled)} writes that break a shape, all refused; 0 violations in the store")
    accepted, refused, unknown = (sum(len(getattr(each, name)) for each in noted) for name in ("accepted", "refused", "unknown"))
    torn = len(list(place.journal.folder.glob("torn-*")))
    print(f"{accepted} accepted, 0 lost; {refused} ended, none kept; {unknown} of unknown fate, each whole or absent; {torn} torn records")
    assert accepted > KILLS


def check(place: Place, noted: list[Noted]) -> None:
    """What the journal and the current revision hold is what the writers were told."""
    journal = place.journal
    assert journal.verify() == []
    commits = {commit.number: commit for commit in journal.commits()}
    kept = {commit.reason: commit.number for commit in commits.values()}
    assert len(kept) == len(commits), "a write was kept twice"
    release = current_release(place.releases)
    assert release.commit == journal.last
    store = Store.read_only(str(release.path / "store"))
    there = names_in(store)
    for each in noted:
        assert each.accepted.items() <= kept.items(), "an acknowledged write is lost"
        assert not set(each.refused) & set(kept), "a write that was refused is there"
        assert set(each.accepted) - set(each.gone) - set(each.doubtful) <= there, "an acknowledged write isn't seen"
        assert not set(each.gone) & there and not set(each.refused) & there
    told = {name for each in noted for name in (*each.accepted, *each.unknown)}
    assert set(kept) <= told and there <= told
    assert all(len(commit.change.added) == 2 and len(commit.change.removed) in (0, 2) for commit in commits.values())
    del store
    assert release.census == take_census(release.path / "store")


def limit(process: WritingProcess, size: int) -> None:
    """Lets the files of the process grow to so many bytes."""
    assert process.process is not None
    found = psutil.Process(process.process.pid)
    for each in (found, *found.children()):
        resource.prlimit(each.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk(place: Place) -> None:
    """Where there is no room nothing is acknowledged, and it is said why; when there is room again, all that was acknowledged is there."""
    accepted: dict[str, int] = {}
    refusals: list[StoreUnavailable] = []
    with place.process() as process:
        for count in range(30):
            if count % 10 == 5:  # no file can grow any more, as where the disk is full
                limit(process, segments(place.journal.folder)[-1].stat().st_size + (700 if count == 5 else 5000))
            if count % 10 == 9:
                limit(process, resource.RLIM_INFINITY)
            full = 5 <= count % 10 < 9
            name = f"w{count}"
            try:
                accepted[name] = Writer(place.contributions, 0.5 if full else 20).submit(pair(name)).number
            except StoreUnavailable as error:
                refusals.append(error)
                assert full and not isinstance(error, FateUnknown)
        assert any(isinstance(error, NoSpace) and "Make room" in str(error) for error in refusals)
        wait_until(lambda: current_release(place.releases).commit == place.journal.last, 20)
    with place.process():
        check(place, [Noted(accepted)])


def test_a_torn_tail(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """What a crash has left of a record is moved aside, and it is said so; all that was acknowledged is there."""
    with place.process():
        accepted = {f"w{count}": place.writer.submit(pair(f"w{count}")).number for count in range(3)}
    (path,) = segments(place.journal.folder)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[-300:-5].rpartition(b"\n")[2] + b'{"number":4,"mom')
    with place.process():
        accepted["w3"] = place.writer.submit(pair("w3")).number
        wait_until(lambda: current_release(place.releases).commit == 4, 10)
        check(place, [Noted(accepted)])
    assert "was never acknowledged" in capfd.readouterr().err


@pytest.mark.parametrize("damage", ["changed", "cut"])
def test_a_damaged_journal(place: Place, capfd: pytest.CaptureFixture[str], damage: str) -> None:
    """Where what was acknowledged isn't there any more nothing is written: it is said where and what to do; readers read on."""
    with place.process():
        accepted = {f"w{count}": place.writer.submit(pair(f"w{count}")).number for count in range(3)}
        wait_until(lambda: current_release(place.releases).commit == 3, 10)
    (path,) = segments(place.journal.folder)
    whole = path.read_bytes()
    start = whole.rindex(b'{"number":3')
    path.write_bytes(whole[:-10] + b"x" + whole[-9:] if damage == "changed" else whole[:start])
    broken = path.read_bytes()
    with place.process():
        assert place.writer.ready() == "the process that writes isn't there"
        with pytest.raises(StoreUnavailable) as caught:
            Writer(place.contributions, 0.2).submit(pair("w9"))
        assert not isinstance(caught.value, FateUnknown)
        assert path.read_bytes() == broken and current_release(place.releases).commit == 3
        said = capfd.readouterr().err
        assert "commit 3" in said and "territoires restore" in said and str(place.contributions) in said
        path.write_bytes(whole)
        wait_until(lambda: place.writer.ready() is None, 20)
        accepted["w3"] = place.writer.submit(pair("w3")).number
        wait_until(lambda: current_release(place.releases).commit == 4, 10)
        check(place, [Noted(accepted)])


def test_another_journal(place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A journal that isn't the one that the revision was made of is not taken for it."""
    with place.process():
        place.writer.submit(pair("w1"))
        wait_until(lambda: current_release(place.releases).commit == 1, 10)
    other = Journal(tmp_path / "other")
    commit = place.journal.commit(1)
    assert commit is not None
    other.append("somebody else", "", "r1", commit.change)
    segments(place.journal.folder)[0].write_bytes(segments(other.folder)[0].read_bytes())
    with place.process():
        assert place.writer.ready() is not None
    assert "has another one of that number" in capfd.readouterr().err


def test_only_one_writes(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    """A second process leaves the first one alone."""
    with place.process(), place.process():
        assert place.writer.submit(pair("w1")).number == 1
        assert "Another process writes" in capfd.readouterr().err


def test_what_waits_is_begun_by_the_next_process(place: Place) -> None:
    """A write whose turn hadn't come when the process ended at the deadline of another isn't lost, and is kept once."""
    long = pair("w0").text.replace("INSERT DATA", "INSERT") + " WHERE { " + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(5)) + " }"
    told: dict[str, object] = {}

    def submit(name: str, seconds: float, text: str) -> None:
        try:
            told[name] = place.writer.submit(replace(pair(name), text=text or pair(name).text, seconds=seconds))
        except Exception as error:
            told[name] = error

    with place.process():
        threads = [threading.Thread(target=submit, args=("long", 1.0, long))]
        threads += [threading.Thread(target=submit, args=(f"w{n}", 10.0, "")) for n in range(1, 4)]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join(30)
        wait_until(lambda: current_release(place.releases).commit == 3, 10)
    assert "deadline of 1 seconds, and nothing was kept" in str(told.pop("long"))
    check(place, [Noted({name: accepted.number for name, accepted in told.items()})])  # type: ignore[attr-defined]


def test_too_many_wait(tmp_path: Path) -> None:
    """Where the queue is full the next one is told to come again at once; who was waiting goes on to wait."""
    desk, told = Desk(tmp_path, waiting=2, patience=60), list[Exception]()

    def submit(number: int) -> None:
        try:
            Writer(tmp_path, 60).submit(pair(f"w{number}"))
        except Exception as error:
            told.append(error)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(desk._queue) == 2, 30)
    with pytest.raises(Overloaded, match="Too many writes"):
        Writer(tmp_path, 60).submit(pair("w2"))
    assert not told
    for _ in threads:
        visit = desk.next(0)
        assert visit is not None
        visit.refuse(WriteRefused("It was its turn."))
    for thread in threads:
        thread.join(30)
    assert [type(error) for error in told] == [WriteRefused, WriteRefused]
    desk.close()


def test_who_waits_too_long(tmp_path: Path) -> None:
    """Who can't have a turn in time is told to come again, and isn't in the queue any more."""
    desk = Desk(tmp_path, waiting=2, patience=0.1)
    with pytest.raises(Overloaded, match="was not begun"):
        Writer(tmp_path, 60).submit(pair("w0"))
    assert desk.next(0) is None
    desk.close()


def test_persons(place: Place) -> None:
    """Nobody is made a person outside the graphs of persons; who sends it is told where to write."""
    ada = f'<{CANONICAL_BASE}id/personne/ada> a foaf:Person ; foaf:name "Ada" ; dct:source <https://example.org/annuaire>'
    told = f"PREFIX foaf: <{PREFIXES['foaf']}> PREFIX dct: <{PREFIXES['dct']}> INSERT DATA {{ GRAPH <{CONTRIBUTIONS}%s> {{ {ada} }} }}"
    with place.process():
        with pytest.raises(WriteRefused, match=f"{CONTRIBUTIONS}persons"):
            place.writer.submit(replace(pair("w1"), text=told % "ada"))
        assert place.writer.submit(replace(pair("w2"), text=told % "persons")).added == 3


def test_readiness(place: Place) -> None:
    """Whether it takes writes is known at once: while there is none, while it is there, and while it is stopped."""
    place.contributions.mkdir()
    assert place.writer.ready() == "the process that writes isn't there"
    with place.process() as process:
        wait_until(lambda: place.writer.ready() is None, 30)
        assert process.process is not None
        (child,) = (each for each in psutil.Process(process.process.pid).children() if each.name() == "tdp-writes")
        child.suspend()
        try:
            assert place.writer.ready() == "the process that writes doesn't answer"
        finally:
            child.resume()


def test_copies_don_t_hold_up_what_was_written(place: Place) -> None:
    """What was written is published before a COPY is begun, which takes its time."""
    with place.process():
        first = place.writer.submit(pair("w1"))
        copied = replace(pair("w2"), text=f"COPY <{CONTRIBUTIONS}pairs> TO <{CONTRIBUTIONS}copied>")
        progress = Progress()
        thread = threading.Thread(target=lambda: place.writer.submit(copied, progress))
        thread.start()
        wait_until(lambda: progress.begun, 30)
        assert current_release(place.releases).commit >= first.number
        thread.join(30)
