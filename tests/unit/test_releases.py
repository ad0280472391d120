"""Releases: a build publishes all or nothing, the switch is atomic, a base URL rebases every own IRI."""

import json
import shutil
from pathlib import Path

import pytest

from territoires.errors import NoRelease, SourceError, StoreUnavailable, ValidationFailed
from territoires.knowledge.building import build
from territoires.results import rows
from territoires.settings import Settings
from territoires.store.current import CurrentStore
from territoires.store.embedded import EmbeddedStore
from territoires.store.releases import current_release, switch

from ..waiting import wait_until

BASE = "https://w3id.org/territoires-de-projet/"


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Settings:
    """Settings over a copy of the sources that a test may break."""
    for folder in ("ontology", "shapes", "data", "queries"):
        shutil.copytree(root / folder, tmp_path / folder)
    return Settings(home=tmp_path, releases=tmp_path / "releases", imports=tmp_path / "imports")


def test_no_release(tmp_path: Path) -> None:
    """Without a release the message says what to run."""
    with pytest.raises(NoRelease, match="territoires build"):
        current_release(tmp_path)


def test_default_graph_is_the_merge(settings: Settings) -> None:
    """The default graph holds each triple of the named graphs once."""
    store = current_release(settings.releases).open()
    merge = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }"
    counts = [next(rows(store.query(text)))["n"] for text in ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", merge)]
    assert counts[0] == counts[1]


def test_each_graph_has_provenance(settings: Settings) -> None:
    """Every named graph says which file it comes from and under which licence."""
    store = current_release(settings.releases).open()
    bare = f"""PREFIX dct: <http://purl.org/dc/terms/>
    SELECT DISTINCT ?g {{ GRAPH ?g {{ ?s ?p ?o }}
      FILTER NOT EXISTS {{ GRAPH <{BASE}graph/provenance> {{ ?g dct:identifier ?file ; dct:license ?licence }} }} }}"""
    left = {str(row["g"]) for row in rows(store.query(bare))}
    assert left == {f"<{BASE}graph/provenance>", f"<{BASE}graph/statistics>"}


def test_broken_turtle_names_file_and_leaves_release(copy: Settings) -> None:
    """A syntax error stops the build with the file's name; nothing is published."""
    (copy.home / "data" / "source" / "broken.ttl").write_text("<a> <b> ", encoding="utf-8")
    with pytest.raises(SourceError, match=r"broken\.ttl"):
        build(copy, lambda text: None)
    assert not copy.releases.exists()


def stumbling(*arguments: object) -> None:
    """As the part of a build that data which break a rule may trip up."""
    raise AssertionError("not a literal")


def test_failing_build_leaves_running_release(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A violation stops the build, and is told even where it trips another part up; the release that was current stays so and answers."""
    first = build(copy, lambda text: None)
    sheet = copy.home / "data" / "source" / "monographs" / "pays-de-langres.ttl"
    sheet.write_text(sheet.read_text(encoding="utf-8").replace("tdp:inhabitants 46462 ;", ""), encoding="utf-8")
    with pytest.raises(ValidationFailed, match="nothing was published"):
        build(copy, lambda text: None)
    monkeypatch.setattr("territoires.knowledge.building.derived", stumbling)
    with pytest.raises(ValidationFailed, match="nothing was published"):
        build(copy, lambda text: None)
    assert current_release(copy.releases).revision == first.revision
    assert [path.name for path in copy.releases.iterdir() if path.is_dir() and not path.is_symlink()] == [first.revision]


def test_base_url_rebases_the_whole_release(copy: Settings) -> None:
    """A release built for another host holds no canonical IRI, in no position."""
    base = "https://data.example.org/territoires/"
    release = build(Settings(home=copy.home, releases=copy.releases, imports=copy.imports, base_url=base), lambda text: None)
    store = release.open()
    left = f'SELECT ?s {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(CONTAINS(CONCAT(STR(?s), STR(?p), STR(?o), STR(?g)), "{BASE}")) }}'
    assert list(rows(store.query(left))) == []
    asked = f"ASK {{ <{base}id/territoire/pays-de-langres> a <{base}def#Pays> }}"
    assert bool(store.query(asked))


def test_current_store_follows_the_link(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server sees the release that the link names now, without a restart."""
    for name in ("one", "two"):
        shutil.copytree(current_release(settings.releases).path, tmp_path / name)
        manifest = tmp_path / name / "manifest.json"
        manifest.write_text(manifest.read_text().replace(current_release(settings.releases).revision, name))
    switch(tmp_path, "one")
    monkeypatch.setattr("territoires.store.current._LOOK_EVERY", 0.02)
    store = CurrentStore(tmp_path)
    try:
        assert store.revision == "one"
        held = store.hold()
        switch(tmp_path, "two")
        wait_until(lambda: store.revision == "two")
        assert (held.revision, bool(held.query("ASK {}")), held.ready()) == ("one", True, None)
        held.release()
        wait_until(lambda: held.ready() == "it is closed")
        assert (store.figures().counts["queries"], bool(store.query("ASK {}"))) == (2, True)
    finally:
        store.close()


def test_a_release_that_cannot_be_served(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A release whose store is broken doesn't take over: the log says so, and the one before answers on."""
    shutil.copytree(current_release(settings.releases).path, tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "manifest.json").write_text(json.dumps({"revision": "bad", "base": BASE}))
    switch(tmp_path, "good")
    told: list[str] = []
    monkeypatch.setattr("territoires.store.current.logger.error", lambda text, *values: told.append(text % values))
    monkeypatch.setattr("territoires.store.current._LOOK_EVERY", 0.02)
    store = CurrentStore(tmp_path)
    try:
        switch(tmp_path, "bad")
        wait_until(lambda: bool(told))
        assert "Release bad can't be served" in told[0]
        assert store.revision == current_release(settings.releases).revision and bool(store.query("ASK {}"))
    finally:
        store.close()


def test_missing_store_is_unavailable(tmp_path: Path) -> None:
    """A store that can't be opened is said to be unavailable, with what to run."""
    with pytest.raises(StoreUnavailable, match="territoires build"):
        EmbeddedStore(tmp_path / "nothing", "r", BASE)
