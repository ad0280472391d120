"""Builds take what was written with them: the rest of the journal, in its graphs, validated, reasoned about, under the same blank nodes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad

from territoires.errors import SourceError, ValidationFailed
from territoires.knowledge.building import build
from territoires.knowledge.contributed import contributed
from territoires.settings import Settings
from territoires.store.embedded import open_on_disk
from territoires.store.releases import base_release, current_release
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import change_of
from territoires.writing.journal import Journal
from territoires.writing.live import LiveStore

BASE = "https://data.example.org/territoires/"


def quads(base: str = CANONICAL_BASE) -> list[Quad]:
    """A contribution: a fact that a rule reads, and a blank node."""
    graph, pays = NamedNode(base + "graph/contributions/mine"), NamedNode(base + "id/territoire/pays-de-langres")
    note = BlankNode("note1")
    return [
        Quad(pays, NamedNode(iri("skos:altLabel")), Literal("Le pays", language="fr"), graph),
        Quad(pays, NamedNode(iri("dct:relation")), note, graph),
        Quad(note, NamedNode(iri("skos:prefLabel")), Literal("une note", language="fr"), graph),
    ]


@pytest.fixture
def place(tmp_path: Path, root: Path) -> Settings:
    """Settings with a journal of three commits, of which two statements and a removal are left."""
    settings = Settings(home=root, releases=tmp_path / "releases", imports=tmp_path / "imports", contributions=tmp_path / "contributions")
    journal = Journal(tmp_path / "contributions" / "journal")
    first, *others = quads()
    journal.append("somebody", "one", "r1", change_of([], [first, *others]))
    journal.append("somebody", "two", "r1", change_of([first], []))
    journal.append("somebody", "three", "r1", change_of([], [first]))
    return settings


def test_a_build_takes_the_journal_with_it(place: Settings) -> None:
    """What the journal leaves stands in its graph and in the merge, has a provenance, and the next commit goes on from there."""
    said: list[str] = []
    release = build(place, said.append)
    journal = Journal(place.contributions / "journal")  # type: ignore[operator]
    assert any("3 statements of the journal with it, up to commit 3" in line for line in said)
    assert (release.journal, release.checksum, release.commit) == (3, journal.checksum, 0)
    assert release == current_release(place.releases) == base_release(place.releases)
    store = open_on_disk(release.path / "store")
    graph = NamedNode(CANONICAL_BASE + "graph/contributions/mine")
    assert set(store.quads_for_pattern(None, None, None, graph)) == set(quads())
    assert all(Quad(*quad.triple, DefaultGraph()) in store for quad in quads())
    provenance = NamedNode(CANONICAL_BASE + "graph/provenance")
    (named,) = store.quads_for_pattern(graph, NamedNode(iri("dct:identifier")), None, provenance)
    assert named.object.value == "contributions/mine"  # type: ignore[union-attr]
    assert json.loads((release.path / "manifest.json").read_text())["graphs"] == len(list(store.named_graphs()))
    del store
    journal.append("somebody", "four", release.revision, change_of(quads()[1:], []))
    live = LiveStore(place.releases.parent / "work", release)
    live.replay(journal.commits(release.journal))
    assert live.revision == f"{release.revision}-c4"
    assert list(live.store.quads_for_pattern(None, None, None, graph)) == quads()[:1], (
        "the blank node bore the label that the journal knows"
    )


def test_a_violation_stops_the_build(place: Settings) -> None:
    """What was written is validated with the rest."""
    graph, kind = NamedNode(CANONICAL_BASE + "graph/contributions/mine"), NamedNode(CANONICAL_BASE + "def#Pays")
    bare = Quad(NamedNode(CANONICAL_BASE + "id/territoire/sans-nom"), NamedNode(iri("rdf:type")), kind, graph)
    Journal(place.contributions / "journal").append("somebody", "", "r1", change_of([], [bare]))  # type: ignore[operator]
    with pytest.raises(ValidationFailed):
        build(place, lambda text: None)
    assert not list(place.releases.iterdir())


def test_another_base(place: Settings, tmp_path: Path) -> None:
    """The journal of a service at the canonical base, or at that of the build, speaks in the IRIs of the build."""
    elsewhere = replace(place, base_url=BASE)
    found = contributed(elsewhere)
    assert set(found.quads) == set(quads(BASE)) and found.last == 3
    assert BASE not in found.triples and CANONICAL_BASE in found.triples
    Journal(tmp_path / "own" / "journal").append("somebody", "", "r1", change_of([], quads(BASE)))
    assert set(contributed(replace(elsewhere, contributions=tmp_path / "own")).quads) == set(quads(BASE))
    with pytest.raises(SourceError, match="another release"):
        contributed(replace(place, contributions=tmp_path / "own"))
    assert contributed(replace(place, contributions=None)).quads == ()
