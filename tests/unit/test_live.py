"""The work store and its revisions: the default graph stays the merge, the counts those of a fresh count, folders as of a release."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from territoires.store import embedded
from territoires.store.counting import Census
from territoires.store.datasets import DatasetFile, publish_files
from territoires.store.embedded import open_on_disk, take_census
from territoires.store.releases import Release, base_release, current_release, kept_releases, publish, switch
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import Change, change_of
from territoires.writing.journal import Journal
from territoires.writing.live import LiveStore, canonical
from territoires.writing.revisions import Revisions
from territoires.writing.tallying import MOST_GROUPS, Tally

TYPE = NamedNode(iri("rdf:type"))
MINE = NamedNode(CANONICAL_BASE + "graph/contributions/mine")
YOURS = NamedNode(CANONICAL_BASE + "graph/contributions/yours")
SOURCE = NamedNode(CANONICAL_BASE + "graph/source")
TERMS = [NamedNode(f"urn:{name}") for name in "abcd"]
VALUES = [*TERMS, BlankNode("b1"), Literal("é", language="fr"), Literal(5)]


def any_quad(chance: random.Random, graphs: list[NamedNode | DefaultGraph]) -> Quad:
    """A quad of a small world, so that the same triple stands in several graphs."""
    predicate = chance.choice([TYPE, *TERMS])
    return Quad(chance.choice([*TERMS, BlankNode("b1")]), predicate, chance.choice(VALUES), chance.choice(graphs))


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A small release, in which a triple makes a hub."""
    monkeypatch.setattr(embedded, "_HUB", 1)
    quads = [Quad(NamedNode("urn:a"), TYPE, NamedNode("urn:c"), SOURCE), Quad(NamedNode("urn:a"), NamedNode("urn:b"), Literal(5), SOURCE)]
    found = publish(tmp_path / "releases", "r1", CANONICAL_BASE, quads, {"quads": 2, "graphs": 1, "warnings": 4})
    (found.path / "search.db").write_text("an index")
    return found


def merge(store: object) -> set[str]:
    """What the default graph should hold."""
    return {str(quad.triple) for quad in store if not isinstance(quad.graph_name, DefaultGraph)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", range(3))
def test_the_default_graph_stays_the_merge(release: Release, tmp_path: Path, seed: int) -> None:
    """Whatever comes and goes: the default graph is the merge, the counts are those of a fresh count, the inverse takes it back."""
    chance = random.Random(seed)
    live = LiveStore(tmp_path / "work" / "a", release)
    for step in range(40):
        before = set(live.store)
        removed = [quad for quad in before if quad.graph_name in (MINE, YOURS) and chance.random() < 0.2]
        change = change_of(removed, {any_quad(chance, [MINE, YOURS]) for _ in range(chance.randint(0, 3))} - before)
        live.apply(change)
        assert {str(quad.triple) for quad in live.store.quads_for_pattern(None, None, None, DefaultGraph())} == merge(live.store)
        after, told = set(live.store), live.manifest()
        if step % 7 == 0:
            live.apply(change.inverse())
            assert set(live.store) == before
            live.apply(change)
            assert (set(live.store), live.manifest()) == (after, told)
    live.store.backup(str(tmp_path / "copy"))
    census = take_census(tmp_path / "copy")
    told = live.manifest()
    assert (told["triples"], told["classes"], told["properties"]) == (census.triples, census.classes, census.properties)
    assert set(told["hubs"]) == {"urn:c"} and told["hubs"]["urn:c"] == census.hubs.get("urn:c", {})
    named = [quad for quad in live.store if not isinstance(quad.graph_name, DefaultGraph)]
    assert (told["quads"], told["graphs"], told["warnings"]) == (len(named), len({quad.graph_name for quad in named}), 4)
    live.close()
    assert not (tmp_path / "work" / "a").exists()


def test_counts_of_too_many_groups() -> None:
    """As at a build, no counts are kept where there are too many groups, or one that is no IRI."""
    tally = Tally(Census(0, {}, {}))
    for number in range(MOST_GROUPS + 1):
        assert tally.census().properties is not None
        tally.note(Quad(NamedNode("urn:a"), NamedNode(f"urn:{number}"), Literal(1)), 1)
    assert (tally.census().properties, tally.census().triples) == (None, MOST_GROUPS + 1)
    assert tally.census().classes == {}
    tally.note(Quad(NamedNode("urn:a"), TYPE, BlankNode()), 1)
    assert tally.census().classes is None


def test_a_graph_of_its_own(tmp_path: Path) -> None:
    """Where files are served as they are, the default graph is one graph among others."""
    (tmp_path / "file.nq").write_text("<urn:a> <urn:b> <urn:c> .\n<urn:a> <urn:b> <urn:c> <urn:g> .\n")
    found = publish_files(tmp_path / "releases", [DatasetFile(tmp_path / "file.nq")], CANONICAL_BASE)
    release = base_release(tmp_path / "releases")
    assert found.revision == release.revision and not release.merged
    live = LiveStore(tmp_path / "work", release)
    triple = Quad(NamedNode("urn:a"), NamedNode("urn:b"), NamedNode("urn:c"))
    live.apply(
        change_of([Quad(triple.subject, triple.predicate, triple.object, NamedNode("urn:g"))], [Quad(triple.subject, TYPE, triple.object)])
    )
    assert set(live.store) == {triple, Quad(triple.subject, TYPE, triple.object)} and not list(live.store.named_graphs())
    told = live.manifest()
    assert (told["quads"], told["triples"], told["classes"], told["merged"]) == (2, 2, {"urn:c": 1}, False)


def test_replay_is_the_row_of_commits(release: Release, tmp_path: Path) -> None:
    """All at once, from the journal, leaves the same as one after another; in the terms in which a store gives values back."""
    chance = random.Random(7)
    journal = Journal(tmp_path / "journal")
    live = LiveStore(tmp_path / "a", release)
    for _ in range(40):
        change = canonical(
            change_of(
                (q for q in live.store if q.graph_name == MINE and chance.random() < 0.3), [any_quad(chance, [MINE]) for _ in range(2)]
            )
        )
        live.apply(change)
        live.commit(journal.append("somebody", "", "r1", change))
    again = LiveStore(tmp_path / "b", release)
    again.replay(journal.commits(again.number))
    assert set(again.store) == set(live.store) and again.manifest() == live.manifest()
    assert again.revision == "r1-c40"


def test_canonical() -> None:
    """What a store takes for the same isn't both taken away and added."""
    number = NamedNode(iri("xsd:integer"))
    one, other = (Quad(NamedNode("urn:a"), NamedNode("urn:b"), Literal(text, datatype=number), MINE) for text in ("1", "01"))
    assert canonical(Change((one,), (other,))).empty
    assert canonical(Change((), (one, other))) == Change((), (one,))


def test_revisions(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit's folder is served as a release's, isn't listed as one, and goes when others came and nobody reads it any more."""
    folder = tmp_path / "releases"
    (folder / ".r1-c9.commit").mkdir()
    (folder / ".r9.draft").mkdir()
    shelf, live = Revisions(folder), LiveStore(tmp_path / "work", release)
    assert not (folder / ".r1-c9.commit").exists() and (folder / ".r9.draft").exists(), "a build that runs isn't ours"
    assert shelf.publish(live) and current_release(folder).revision == "r1", "nothing was written"
    seen = []
    for number in range(1, 7):
        live.apply(change_of([], [Quad(NamedNode("urn:a"), NamedNode("urn:n"), Literal(number), MINE)]))
        live.number = number
        assert shelf.publish(live)
        current = current_release(folder)
        seen.append(len(list(open_on_disk(current.path / "store").quads_for_pattern(None, None, None, MINE))))
        assert (current.revision, current.release, current.commit, current.census) == (
            f"r1-c{number}",
            "r1",
            number,
            take_census(current.path / "store"),
        )
        assert (current.path / "search.db").read_text() == "an index" and not (current.path / "search.db").readlink().is_absolute()
        if number == 4:
            assert len(list(folder.glob("r1-c*"))) == 4, "who reads an old one may go on"
            monkeypatch.setattr("territoires.writing.revisions._LINGER", 0.0)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert sorted(path.name for path in folder.glob("r1*")) == ["r1", "r1-c4", "r1-c5", "r1-c6"]
    assert [each.revision for each in kept_releases(folder)] == ["r1"] and base_release(folder).revision == "r1"
    assert json.loads((folder / "r1" / "manifest.json").read_text())["triples"] == 2, "the release is as it was"


def test_a_revision_of_before_a_power_failure_is_made_anew(release: Release, tmp_path: Path) -> None:
    """A folder under the same name stays when the process was started again; after another start of the machine it counts for nothing."""
    folder = tmp_path / "releases"
    live = LiveStore(tmp_path / "work", release)
    live.apply(change_of([], [Quad(NamedNode("urn:a"), NamedNode("urn:n"), Literal(1), MINE)]))
    live.number = 1
    Revisions(folder).publish(live)
    made = (folder / "r1-c1").stat().st_ino
    Revisions(folder).publish(live)
    assert (folder / "r1-c1").stat().st_ino == made and not list(folder.glob(".*stale"))
    (folder / "r1-c1" / "store" / "CURRENT").write_text("rubbish")
    manifest = folder / "r1-c1" / "manifest.json"
    manifest.write_text(re.sub('"boot": "[^"]*"', '"boot": "another"', manifest.read_text()))
    Revisions(folder).publish(live)
    assert len(open_on_disk(folder / "r1-c1" / "store")) == 6
    assert list(folder.glob(".*stale")) and current_release(folder).revision == "r1-c1"


def test_another_release_is_not_overridden(release: Release, tmp_path: Path) -> None:
    """A build that publishes while a commit does so stays current."""
    folder = tmp_path / "releases"
    live = LiveStore(tmp_path / "work", release)
    live.number = 1
    publish(folder, "r2", CANONICAL_BASE, [], {})
    assert not Revisions(folder).publish(live)
    assert current_release(folder).revision == "r2"
    switch(folder, "r1")
    assert Revisions(folder).publish(live) and current_release(folder).revision == "r1-c1"


def test_commit_revisions_are_served_from_disk(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers don't wait until a copy in memory is made."""
    made = []
    monkeypatch.setattr("territoires.store.releases.Pool", lambda specification, limits: made.append(specification.in_memory))
    release.serve()
    replace(release, commit=1).serve()
    assert made == [True, False]
