"""Keys: told once, kept as hashes, for some graphs, revoked at once, also where another process looks."""

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from territoires.cli import main
from territoires.errors import InvalidSetting, StoreUnavailable
from territoires.writing.keys import FILE, Keys

GRAPH = "http://example.org/graph/contributions/*"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """The keys of a folder that isn't there yet."""
    return Keys(tmp_path / "contributions")


def test_found_by_its_token(keys: Keys) -> None:
    """A key is found by the token that it was given with, and by nothing near to it."""
    assert keys.all() == () and keys.find("tdp_x_y") is None
    key, token = keys.create("Anna", (GRAPH,), ("write", "undo"))
    assert keys.find(token) == key and (key.name, key.graphs, key.scopes) == ("Anna", (GRAPH,), ("write", "undo"))
    _, other = keys.create("Berta", ("*",))
    mixed = f"{token.rpartition(key.id)[0]}{key.id}_{other.split('_', 2)[2]}"
    for wrong in (
        "",
        "tdp",
        token[:-1],
        token + "x",
        token.replace("tdp_", "TDP_", 1),
        token.upper(),
        mixed,
        f"tdp_{key.id}_",
        "tdp__",
        "é_ü_\ud800",
    ):
        assert keys.find(wrong) is None


def test_no_secret_is_kept(keys: Keys, tmp_path: Path) -> None:
    """The file holds the hash only, and is its owner's alone."""
    _, token = keys.create("Anna", (GRAPH,))
    path = tmp_path / "contributions" / FILE
    assert token.split("_", 2)[2] not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_on_disk(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is changed is on disk, the name of the file too; the folder is its owner's alone."""
    _, _ = keys.create("Anna", (GRAPH,))
    assert stat.S_IMODE((tmp_path / "contributions").stat().st_mode) == 0o700
    synced: list[str] = []
    really = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), really(handle))[1])
    keys.revoke("Anna")
    assert synced[-1] == str(tmp_path / "contributions")


def test_revoked_at_once(keys: Keys, tmp_path: Path) -> None:
    """A key that somebody else revokes opens nothing from then on; it stays in the list."""
    key, token = keys.create("Anna", (GRAPH,))
    assert keys.find(token)
    ended = Keys(tmp_path / "contributions").revoke("Anna")
    assert keys.find(token) is None
    assert ended.revoked and [each.id for each in keys.all()] == [key.id]
    with pytest.raises(InvalidSetting, match="keys list"):
        keys.revoke(key.id)
    again, _ = keys.create("Anna", (GRAPH,))
    assert again.id != key.id


@pytest.mark.parametrize(
    ("name", "graphs", "scopes"),
    [
        ("", (GRAPH,), ("write",)),
        ("a\nb", (GRAPH,), ("write",)),
        ("Anna", (), ("write",)),
        ("Anna", ("graph",), ("write",)),
        ("Anna", ("http://a> } ; DROP",), ("write",)),
        ("Anna", (GRAPH,), ()),
        ("Anna", (GRAPH,), ("all",)),
        ("Berta", (GRAPH,), ("write",)),
    ],
)
def test_no_key(keys: Keys, name: str, graphs: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    """What can be no key isn't made, nor a second one of a name."""
    keys.create("Berta", ("*",))
    with pytest.raises(InvalidSetting):
        keys.create(name, graphs, scopes)
    assert len(keys.all()) == 1


def test_damaged_file(keys: Keys, tmp_path: Path) -> None:
    """A file that can't be read opens for nobody, and says so; when it is mended, the keys hold again."""
    _, token = keys.create("Anna", (GRAPH,))
    path = tmp_path / "contributions" / FILE
    whole = path.read_text(encoding="utf-8")
    for broken in (whole[:-9], "[]", json.dumps({"keys": [{"id": "x"}]})):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(StoreUnavailable):
            keys.find(token)
    path.write_text(whole, encoding="utf-8")
    assert keys.find(token)


def test_commands(tmp_path: Path) -> None:
    """A key is made, listed and revoked on the command line; its token stands alone on standard output, and in no list."""
    runner = CliRunner(env={"TERRITOIRES_CONTRIBUTIONS": str(tmp_path)})
    made = runner.invoke(main, ["keys", "create", "--name", "Anna", "--graph", GRAPH])
    token = made.stdout.strip()
    assert made.exit_code == 0 and (key := Keys(tmp_path).find(token)) and key.id in made.stderr and token not in made.stderr
    listed = runner.invoke(main, ["keys", "list"])
    assert (
        key.id in listed.output
        and "Anna" in listed.output
        and token.split("_", 2)[2] not in listed.output
        and key.hash not in listed.output
    )
    assert runner.invoke(main, ["keys", "revoke", "Anna"]).exit_code == 0
    assert Keys(tmp_path).find(token) is None and "revoked" in runner.invoke(main, ["keys", "list"]).output
    assert runner.invoke(main, ["keys", "create", "--name", "B", "--graph", "nothing"]).exit_code == 1
    assert runner.invoke(main, ["keys", "list"], env={"TERRITOIRES_CONTRIBUTIONS": ""}).exit_code == 2
