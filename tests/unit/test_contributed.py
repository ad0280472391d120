"""Builds take what was written with them: the rest of the journal, in its graphs, validated, reasoned about, under the same blank nodes."""

import gzip
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, parse

from territoires.errors import SourceError, ValidationFailed
from territoires.knowledge.building import build
from territoires.knowledge.catalogue import parts
from territoires.knowledge.contributed import contributed
from territoires.knowledge.dumps import read_index
from territoires.knowledge.holdings import ODBL, OPEN_LICENCE, PERSONS, SHARED_ALIKE, holding, holdings, stated_licences
from territoires.knowledge.patching import export
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


def test_what_was_exported_and_is_still_in_the_journal(place: Settings, tmp_path: Path) -> None:
    """A release with both: its files, counts, tables, catalogue and provenance tell them as contributions; then the journal lets go."""
    for folder in ("data", "ontology", "queries", "shapes"):
        shutil.copytree(place.home / folder, tmp_path / "home" / folder)
    place = replace(place, home=tmp_path / "home")
    journal = Journal(place.contributions / "journal")  # type: ignore[operator]
    subprocess.run(["git", "apply", "-"], cwd=place.home, input=export(place, journal).text.encode(), check=True)
    release = build(place, lambda text: None)
    store = open_on_disk(release.path / "store")
    ours, filed = (NamedNode(f"{CANONICAL_BASE}graph/{name}contributions/mine") for name in ("", "data/"))
    held = {each.iri: each for each in holdings(store, CANONICAL_BASE)}
    assert {(held[graph.value].part, held[graph.value].licence) for graph in (ours, filed)} == {("contributions", OPEN_LICENCE)}
    named = Quad(*quads()[0].triple, DefaultGraph())
    assert named in store and {quad.graph_name for quad in store.quads_for_pattern(*named.triple, None)} == {ours, filed, DefaultGraph()}
    commit, provenance = NamedNode(f"{CANONICAL_BASE}history/3"), NamedNode(f"{CANONICAL_BASE}graph/provenance")
    assert {q.subject for q in store.quads_for_pattern(None, NamedNode(iri("prov:wasDerivedFrom")), commit, provenance)} == {ours}
    part = NamedNode(f"{CANONICAL_BASE}id/jeu/contributions")
    subsets = {quad.object for quad in store.quads_for_pattern(part, NamedNode(iri("void:subset")), None, DefaultGraph())}
    assert subsets == {ours, filed} and any(store.quads_for_pattern(part, NamedNode(iri("dct:title")), None, DefaultGraph()))
    dumps = {each.name: each for each in read_index(release.path)}
    assert dumps["graph/contributions/mine.ttl.gz"].part == "contributions" == dumps["graph/data/contributions/mine.nq.gz"].part
    assert dumps["contributions.nq.gz"].count == 6 and "contributions" in parts(dumps.values())
    whole = gzip.decompress((release.path / "dumps" / "territoires.nq.gz").read_bytes()).decode()
    assert f"{quads()[0]} .\n" in whole
    assert re.search(r"[,|]Le pays[,|]", (release.path / "dumps" / "csv" / "Pays.csv").read_text())
    del store
    journal.append("somebody", "handed over", release.revision, change_of(quads(), []))
    live = LiveStore(tmp_path / "work", release)
    live.replay(journal.commits(release.journal))
    assert named in live.store and not any(live.store.quads_for_pattern(None, None, None, ours)), "the file says it now"
    assert export(place, journal).files == ()


def test_what_the_files_say_too_is_validated_once(place: Settings, tmp_path: Path) -> None:
    """A blank node that stands in the reviewed file and in the journal would be two for the shapes; all else is told."""
    home = tmp_path / "home"
    (home / "ontology").mkdir(parents=True)
    (home / "ontology" / "x.ttl").write_text("")
    (home / "data" / "contributions").mkdir(parents=True)
    (home / "data" / "contributions" / "empty.ttl").write_text("")
    found = contributed(place)
    assert set(parse(found.beyond(home), RdfFormat.N_TRIPLES, rename_blank_nodes=False)) == {Quad(*quad.triple) for quad in quads()}
    journal = Journal(place.contributions / "journal")  # type: ignore[operator]
    subprocess.run(["git", "apply", "-"], cwd=home, input=export(replace(place, home=home), journal).text.encode(), check=True)
    assert found.beyond(home) == ""
    more = [Quad(BlankNode("other"), quads()[0].predicate, Literal("une note", language="fr"), quads()[0].graph_name)]
    journal.append("somebody", "", "r1", change_of([], more))
    assert contributed(place).beyond(home).count("\n") == 1


def test_a_contribution_states_its_own_licence_and_no_other() -> None:
    """What it says of another graph changes nothing there; the file that it becomes keeps what it said of itself."""
    graphs = [
        NamedNode(f"{CANONICAL_BASE}graph/{name}")
        for name in ("contributions/a", "data/contributions/a", "data/source/x", "contributions/b")
    ]
    ours, filed, source, _ = graphs
    licence, odbl = NamedNode(iri("dct:license")), NamedNode(ODBL)
    said = [Quad(graph, licence, odbl, ours) for graph in graphs]
    assert stated_licences(said, CANONICAL_BASE) == {ours.value: ODBL}
    assert stated_licences([Quad(ours, licence, odbl, filed), Quad(source, licence, odbl, filed)], CANONICAL_BASE) == {filed.value: ODBL}
    assert stated_licences([Quad(source, licence, odbl, source)], CANONICAL_BASE) == {source.value: ODBL}
    assert holding(f"{CANONICAL_BASE}graph/contributions/persons/x", CANONICAL_BASE, OPEN_LICENCE).part == PERSONS
    assert holding(ours.value, CANONICAL_BASE, ODBL).part == SHARED_ALIKE


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
