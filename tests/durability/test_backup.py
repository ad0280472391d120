"""Backup and restore: a copy made while others write is whole, and brings back all of it when everything else is gone."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyoxigraph import NamedNode, Quad

from territoires.cli import main
from territoires.errors import BackupFailed, JournalDamaged
from territoires.store.embedded import open_on_disk
from territoires.store.releases import base_release, current_release
from territoires.writing import backups
from territoires.writing.backups import back_up, check, restore
from territoires.writing.commits import change_of
from territoires.writing.journal import Journal, segments

from .conftest import CONTRIBUTIONS, LEFT, Place, pair
from .test_kill import Noted, wait_until
from .test_kill import check as check_all


class Busy(Journal):
    """A journal to which another commit has come whenever somebody looks."""

    def _refresh(self, *, bodies: bool = False) -> None:
        kept = Journal(self.folder)
        quad = Quad(NamedNode(f"urn:{kept.last}"), LEFT, LEFT, NamedNode(CONTRIBUTIONS + "busy"))
        kept.append("somebody", "", "r1", change_of([], [quad]))
        super()._refresh(bodies=bodies)


@pytest.fixture
def filled(place: Place) -> Place:
    """A place with three commits and a file of keys."""
    with place.process():
        for number in range(3):
            place.writer.submit(pair(f"w{number}"))
        wait_until(lambda: current_release(place.releases).commit == 3, 10)
    (place.contributions / "keys.json").write_text("{}")
    (place.contributions / "keys.json").chmod(0o600)
    (place.releases / "r1" / "dumps").mkdir()
    (place.releases / "r1" / "dumps" / "all.nq.gz").write_bytes(b"packed")
    return place


def command(place: Place, *words: str) -> tuple[int, str]:
    """Exit status and output of a command with the settings of that place."""
    environment = {"TERRITOIRES_RELEASES": str(place.releases), "TERRITOIRES_CONTRIBUTIONS": str(place.contributions)}
    found = CliRunner().invoke(main, words, env=environment)
    return found.exit_code, found.output


def test_backup_while_others_write_and_restore_of_nothing_left(place: Place, tmp_path: Path) -> None:
    """Three backups under writing; the store is destroyed; what each of them said that it holds is there again, and writing goes on."""
    accepted: dict[str, int] = {}
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            name = f"w{len(accepted)}"
            accepted[name] = place.writer.submit(pair(name)).number

    with place.process():
        thread = threading.Thread(target=write)
        thread.start()
        made = []
        for number in range(3):
            before = len(accepted)
            wait_until(lambda before=before: len(accepted) > before + 3, 20)  # type: ignore[misc]
            acknowledged = max(accepted.values())
            made.append(back_up(place.releases, place.contributions, tmp_path / f"backup-{number}"))
            assert made[-1].commit >= acknowledged, "what was acknowledged before the backup is in it"
        over.set()
        thread.join()
    assert [each.commit for each in made] == sorted({each.commit for each in made})
    shutil.rmtree(place.releases)
    shutil.rmtree(place.contributions)
    brought, aside = restore(tmp_path / "backup-1", place.releases, place.contributions)
    assert (brought, aside) == (made[1], []) and base_release(place.releases).revision == "r1"
    with place.process():
        kept = {name: number for name, number in accepted.items() if number <= brought.commit}
        wait_until(lambda: current_release(place.releases).commit == brought.commit, 10)
        check_all(place, [Noted(kept)])
        assert place.writer.submit(pair("w-later")).number == brought.commit + 1


def test_commands(filled: Place, tmp_path: Path) -> None:
    """As a person does it: verify, list, back up, lose everything, restore; what is there is only replaced when that is said."""
    target = tmp_path / "backups" / "monday"
    code, said = command(filled, "journal", "verify")
    assert code == 0 and "Sound: 3 commits" in said and Journal(filled.contributions / "journal").checksum in said
    code, said = command(filled, "journal", "list", "--after", "1")
    assert code == 0 and [line.split()[0] for line in said.splitlines()] == ["2", "3"]
    assert "somebody  +2 -0" in said and CONTRIBUTIONS + "pairs" in said
    code, said = command(filled, "backup", str(target))
    assert code == 0 and "release r1, journal up to commit 3" in said
    assert {path.name for path in target.iterdir()} == {"backup.json", "release", "contributions"}
    code, said = command(filled, "backup", str(target))
    assert code == 1 and "holds something already" in said
    code, said = command(filled, "restore", str(target))
    assert code == 1 and "--replace" in said and current_release(filled.releases).commit == 3
    code, said = command(filled, "restore", str(target), "--replace")
    assert code == 0 and said.count("Moved aside") >= 4 and "up to commit 3" in said
    assert (current_release(filled.releases).revision, oct((filled.contributions / "keys.json").stat().st_mode)[-3:]) == ("r1", "600")
    assert (filled.releases / "r1" / "dumps" / "all.nq.gz").read_bytes() == b"packed"
    shutil.rmtree(filled.releases)
    shutil.rmtree(filled.contributions)
    assert command(filled, "restore", str(target))[0] == 0
    with filled.process():
        wait_until(lambda: current_release(filled.releases).commit == 3, 10)
        store = open_on_disk(current_release(filled.releases).path / "store")
        assert len(list(store.quads_for_pattern(None, LEFT, None, NamedNode(CONTRIBUTIONS + "pairs")))) == 3
        code, said = command(filled, "restore", str(target), "--replace")
        assert code == 1 and "stop it first" in said


def test_any_changed_file_is_found(filled: Place, tmp_path: Path) -> None:
    """One byte of any file, a file that is gone, a list that isn't whole: nothing is brought back."""
    back_up(filled.releases, filled.contributions, tmp_path / "backup")
    empty = elsewhere(filled, tmp_path / "elsewhere")
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file() and path.stat().st_size]
    assert {"all.nq.gz", "keys.json", "manifest.json", "CURRENT", "backup.json"} < {path.name for path in files}
    for path in files:
        sound = path.read_bytes()
        for broken in (bytes([sound[0] ^ 1]) + sound[1:], sound[:-1] + bytes([sound[-1] ^ 1]), None):
            if broken is None:
                path.unlink()
            elif path.name == "backup.json" and broken[:1] == sound[:1]:
                continue  # the line feed at its end
            else:
                path.write_bytes(broken)
            with pytest.raises(BackupFailed):
                restore(tmp_path / "backup", *empty)
            assert not empty[0].exists()
        path.write_bytes(sound)
    check(tmp_path / "backup")


def elsewhere(place: Place, folder: Path) -> tuple[Path, Path]:
    """The folders of another place."""
    return folder / place.releases.name, folder / place.contributions.name


def test_what_fails_leaves_nothing(filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that a full disk stops, or one of a damaged journal, isn't there afterwards."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched, pytest.raises(BackupFailed, match="No space left"):
        patched.setattr("territoires.writing.backups.os.fsync", full)
        back_up(filled.releases, filled.contributions, tmp_path / "backup")
    assert not list(tmp_path.glob("*backup*"))
    (path,) = segments(filled.contributions / "journal")
    path.write_bytes(path.read_bytes().replace(b"w1", b"wx", 1))
    with pytest.raises(JournalDamaged):
        back_up(filled.releases, filled.contributions, tmp_path / "backup")
    assert not list(tmp_path.glob("*backup*"))
    code, said = command(filled, "journal", "verify")
    assert code == 1 and "commit 2" in said
    os.truncate(path, 0)
    code, said = command(filled, "journal", "verify")
    assert code == 1 and "holds commit 3" in said, "a journal that lost all is sound by itself, but not beside what readers see"


def test_a_backup_without_contributions(place: Place, tmp_path: Path) -> None:
    """A service that is read-only is backed up too; a backup with a journal isn't brought back without it."""
    made = back_up(place.releases, None, tmp_path / "backup")
    assert (made.revision, made.commit) == ("r1", 0)
    shutil.rmtree(place.releases)
    restore(tmp_path / "backup", place.releases, None)
    assert current_release(place.releases).revision == "r1"
    with place.process():
        place.writer.submit(pair("w1"))
    back_up(place.releases, place.contributions, tmp_path / "with")
    with pytest.raises(BackupFailed, match="TERRITOIRES_CONTRIBUTIONS"):
        restore(tmp_path / "with", place.releases, None, replace=True)


def test_backup_between_two_commits(filled: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast commits come: number, checksum and bytes of the journal are those of one moment."""
    kept = Journal(filled.contributions / "journal")
    monkeypatch.setattr(backups, "Journal", lambda folder: Busy(folder) if folder == kept.folder else Journal(folder))
    made = back_up(filled.releases, filled.contributions, tmp_path / "backup")
    assert made.commit == kept.last == 4 and made.checksum == kept.checksum
