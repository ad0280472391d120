"""The journal: what was acknowledged is never lost nor changed unseen; what was never whole is moved aside."""

import os
import resource
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from territoires.errors import JournalDamaged, NoSpace, SourceError, StoreUnavailable
from territoires.writing.commits import Change, change_of, read_patch
from territoires.writing.journal import Journal, segments

GRAPH = NamedNode("https://example.org/graph/contributions/a")
IS = NamedNode("urn:is")


def quad(number: int) -> Quad:
    """A statement that is like no other."""
    return Quad(NamedNode(f"urn:{number}"), IS, Literal(f"Étoile\r\n{number}", language="fr"), GRAPH)


def filled(folder: Path, commits: int = 3, segment: int = 1 << 20) -> Journal:
    """A journal of so many commits."""
    journal = Journal(folder, segment)
    for number in range(1, commits + 1):
        journal.append("somebody", f"Because of {number}", "r1", change_of([quad(number - 1)], [quad(number)]))
    return journal


def test_change() -> None:
    """What would go and come doesn't change; the order is that of the N-Quads; the inverse undoes it."""
    change = change_of([quad(2), quad(1), quad(3)], [quad(3), quad(4)])
    assert change == Change((quad(1), quad(2)), (quad(4),))
    assert change.inverse().inverse() == change and change.inverse().added == change.removed
    assert change.graphs == {GRAPH.value} and not change.empty and change_of([quad(1)], [quad(1)]).empty


@pytest.mark.parametrize(
    "value",
    [
        Literal('a\r\nb\tc\\"\0\x0b\x7f\x85\u2028😀'),
        Literal("x", language="fr-FR"),
        Literal("01", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
        BlankNode("b0123n1"),
        BlankNode("000000000000000000000000000000aa"),
        Triple(BlankNode("x"), IS, Literal("y")),
        NamedNode("https://example.org/é"),
    ],
)
def test_patches_are_read_as_they_were_written(value: object) -> None:
    """Every term comes back, blank nodes under their labels, from one line each."""
    change = change_of([Quad(BlankNode("s"), IS, value)], [Quad(BlankNode("s"), IS, value, GRAPH)])  # type: ignore[arg-type]
    assert read_patch(change.patch()) == change
    assert change.patch().count("\n") == 2


@pytest.mark.parametrize(
    "text", ["A <urn:a> <urn:b> .\n", "X <urn:a> <urn:b> <urn:c> .\n", "A\n", "\n", "D <urn:a> <urn:b> <urn:c> .\nTC .\n"]
)
def test_what_is_no_patch(text: str) -> None:
    """Neither another kind of line nor a line that is no quad is taken."""
    with pytest.raises(SourceError):
        read_patch(text)


def test_commits_come_back(tmp_path: Path) -> None:
    """In order and whole, to this process, to another one that opened it before, and after a new start; in several segments."""
    folder = tmp_path / "new" / "journal"
    reader = Journal(folder)
    assert (reader.last, reader.checksum, list(reader.commits()), reader.verify()) == (0, "", [], [])
    journal = filled(folder, 3, segment=1)
    assert len(segments(folder)) == 3
    fresh = Journal(folder, segment=1)
    assert fresh.repair() is None
    for each in (journal, reader, fresh):
        commits = list(each.commits())
        assert [commit.number for commit in commits] == [1, 2, 3]
        assert [commit.change for commit in commits] == [change_of([quad(n - 1)], [quad(n)]) for n in (1, 2, 3)]
        assert (commits[1].agent, commits[1].reason, commits[1].release, commits[1].revision) == ("somebody", "Because of 2", "r1", "r1-c2")
        assert each.commit(2) == commits[1] and each.commit(0) is None and each.commit(4) is None
        assert [commit.number for commit in each.commits(after=2)] == [3]
        assert each.checksum == commits[2].checksum and each.verify() == []
    assert fresh.append("other", "", "r1", change_of([], [quad(9)])).number == 4
    assert (reader.last, reader.commit(4).moment[-1]) == (4, "Z")  # type: ignore[union-attr]


def test_a_torn_tail_at_every_byte(tmp_path: Path) -> None:
    """A last record that ends early, wherever it does, is passed over by readers, moved aside by the writer, and its number given anew."""
    folder = tmp_path / "journal"
    filled(folder, 2)
    (path,) = segments(folder)
    two = path.read_bytes()
    filled_third = Journal(folder)
    filled_third.append("somebody", "Because of 3", "r1", change_of([], [quad(3)]))
    three = path.read_bytes()
    for length in range(len(two) + 1, len(three)):
        path.write_bytes(three[:length])
        journal = Journal(folder)
        assert journal.last == 2
        (fault,) = journal.verify()
        assert f"byte {len(two)}: {length - len(two)} bytes" in fault
        with pytest.raises(StoreUnavailable, match="another process"):
            journal.append("somebody", "", "r1", change_of([], [quad(4)]))
        said = journal.repair()
        assert said is not None and "never acknowledged" in said and "torn-" in said
        assert path.read_bytes() == two
        (torn,) = folder.glob("torn-*")
        assert torn.read_bytes() == three[len(two) : length]
        torn.unlink()
        assert journal.append("somebody", "", "r1", change_of([], [quad(5)])).number == 3
        assert journal.verify() == []


@pytest.mark.parametrize("longer", ["", "of more words"])
def test_a_record_that_was_taken_back(tmp_path: Path, longer: str) -> None:
    """Who has read a last record that was taken back after it forgets it, and reads the one that comes instead, however long it is."""
    folder = tmp_path / "journal"
    filled(folder, 2)
    (path,) = segments(folder)
    two = path.read_bytes()
    Journal(folder).append("somebody", "a reason", "r1", change_of([], [quad(3)]))
    reader = Journal(folder)
    assert reader.last == 3
    path.write_bytes(two)
    assert reader.last == 2 and reader.commit(3) is None
    path.write_bytes(two)
    assert Journal(folder).append("somebody", "", "r1", change_of([], [quad(4)])).number == 3
    reader = Journal(folder)
    assert reader.last == 3
    path.write_bytes(two)
    writer = Journal(folder)
    third = writer.append("somebody", longer, "r1", change_of([], [quad(5)]))
    fourth = writer.append("somebody", "", "r1", change_of([], [quad(6)]))
    assert list(reader.commits(after=2)) == [third, fourth] and reader.checksum == fourth.checksum


def test_an_empty_segment_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first try failed and left an empty file, the next one waits for the folder too."""
    journal, synced, really = Journal(tmp_path / "journal"), list[str](), os.fsync

    def sync(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        if len(synced) == failing and synced[-1].endswith(".rdfp"):
            raise OSError(5, "broken")
        really(handle)

    monkeypatch.setattr(os, "fsync", sync)
    failing = 2  # after the folder
    with pytest.raises(StoreUnavailable):
        journal.append("somebody", "", "r1", change_of([], [quad(1)]))
    (path,) = segments(journal.folder)
    assert path.stat().st_size == 0
    failing = 0
    synced.clear()
    assert journal.append("somebody", "", "r1", change_of([], [quad(1)])).number == 1
    assert synced == [str(path), str(journal.folder)]


def test_any_changed_byte_is_found(tmp_path: Path) -> None:
    """One byte changed, anywhere: it is told where, and a start refuses to go on and cuts nothing."""
    folder = tmp_path / "journal"
    journal = filled(folder, 3)
    (path,) = segments(folder)
    sound = path.read_bytes()
    starts = [entry.start for entry in journal._entries]
    for position in range(len(sound)):
        for other in {0x30, 0x0A, sound[position] ^ 1} - {sound[position]}:
            damaged = sound[:position] + bytes([other]) + sound[position + 1 :]
            path.write_bytes(damaged)
            number = sum(start <= position for start in starts)
            assert f"commit {number}" in Journal(folder).verify()[0], position
            with pytest.raises(JournalDamaged, match=f"commit {number}.*backup"):
                Journal(folder).repair()
            assert path.read_bytes() == damaged and not list(folder.glob("torn-*"))


def test_missing_swapped_and_foreign_records(tmp_path: Path) -> None:
    """Each record is sound, but they aren't those that were written one after another."""
    folder = tmp_path / "journal"
    filled(folder, 4, segment=1)
    paths = segments(folder)
    held = [path.read_bytes() for path in paths]
    paths[1].unlink()
    assert "commit 2 is due" in Journal(folder).verify()[0]
    for broken in (lambda: Journal(folder).last, lambda: Journal(folder).repair()):
        with pytest.raises(JournalDamaged, match="commit 2 is due"):
            broken()
    paths[1].write_bytes(held[2])
    assert "it says that it is commit 3" in Journal(folder).verify()[0]
    other = tmp_path / "other"
    filled(other, 2, segment=1)
    paths[1].write_bytes(segments(other)[1].read_bytes())
    assert "it doesn't follow" in Journal(folder).verify()[0]
    paths[1].write_bytes(held[1][:-1])
    with pytest.raises(JournalDamaged, match="isn't whole, with others behind it"):
        Journal(folder).repair()
    paths[1].write_bytes(held[1])
    assert Journal(folder).verify() == []


def test_a_full_disk(tmp_path: Path) -> None:
    """A record that doesn't fit, wherever it breaks off, is refused and leaves no trace; when there is room again all goes on."""
    folder = tmp_path / "journal"
    journal = filled(folder, 2)
    (path,) = segments(folder)
    sound = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (0, 1, 200, 300, 420):
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(sound) + room, hard))  # as on a full disk: write(2) is short, then fails
        try:
            with pytest.raises(NoSpace, match="no space"):
                journal.append("somebody", "", "r1", change_of([], [quad(n) for n in range(10)]))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_bytes() == sound and journal.last == 2
    assert journal.append("somebody", "", "r1", change_of([], [quad(3)])).number == 3
    assert Journal(folder).verify() == []


def test_what_cannot_be_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a part of a record stays on a disk that fails, nothing more is appended until the next start has moved it aside."""

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    journal = filled(tmp_path / "journal", 1)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", fails)
        patched.setattr("os.ftruncate", fails)
        with pytest.raises(JournalDamaged, match="next start"):
            journal.append("somebody", "", "r1", change_of([], [quad(2)]))
    with pytest.raises(JournalDamaged, match="next start"):
        journal.append("somebody", "", "r1", change_of([], [quad(2)]))
