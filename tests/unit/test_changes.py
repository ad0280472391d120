"""What changed between releases: blank nodes keep their names, the patch makes the new release of the old one, counts are true."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Literal, NamedNode, Quad, RdfFormat, parse

from territoires.knowledge import changes
from territoires.knowledge.changes import PATCH, read_changes
from territoires.knowledge.exporting import write_dumps
from territoires.knowledge.labelling import labelled
from territoires.store.embedded import named_quads, open_on_disk, write_store
from territoires.store.releases import Release, last_release, publish_store
from territoires.vocabulary import CANONICAL_BASE, iri

ROOT = Path(__file__).parents[2]
GRAPHS = [NamedNode(f"{CANONICAL_BASE}graph/data/source/{name}") for name in "ab"]
THINGS = [NamedNode(f"{CANONICAL_BASE}id/chose/{name}") for name in "xyz"]
SAYS = [NamedNode(iri("skos:related")), NamedNode(iri("skos:note"))]
NODES = [BlankNode(name) for name in "pqrs"]
QUADS = st.builds(
    Quad,
    st.sampled_from([*THINGS, *NODES]),
    st.sampled_from(SAYS),
    st.sampled_from([*THINGS, *NODES, Literal("1"), Literal("été", language="fr")]),
    st.sampled_from(GRAPHS),
)


def canonical(quads: list[Quad]) -> Dataset:
    """Independent of the names of blank nodes."""
    found = Dataset(quads)
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


@given(st.lists(QUADS, max_size=12))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_names_of_blank_nodes(quads: list[Quad]) -> None:
    """The same statements, whatever their blank nodes were called, bear the same names, and say the same as before."""
    found = labelled(quads)
    assert canonical(found) == canonical(quads)
    other = {node: BlankNode() for node in NODES}
    called = [Quad(other.get(q.subject, q.subject), q.predicate, other.get(q.object, q.object), q.graph_name) for q in reversed(quads)]  # type: ignore[call-overload, arg-type]
    assert set(labelled(called)) == set(found) == set(labelled(found))


def test_equal_nodes_stay_two() -> None:
    """Two blank nodes of which the same is said don't become one."""
    quads = [Quad(THINGS[0], SAYS[0], node, GRAPHS[0]) for node in NODES[:2]]
    quads += [Quad(node, SAYS[1], Literal("1"), GRAPHS[0]) for node in NODES[:2]]
    assert len(set(labelled(quads))) == 4
    apart = [Quad(node, SAYS[1], Literal("1"), GRAPHS[0]) for node in NODES[:2]]
    assert len(set(labelled(apart))) == 2


def publish(folder: Path, revision: str, quads: list[Quad]) -> Release:
    """A release with its files."""
    previous = last_release(folder)

    def write(store: Path) -> dict[str, int]:
        write_store(store, labelled(quads))
        write_dumps(store.parent, revision, CANONICAL_BASE, ROOT, datetime(2026, 1, 1, tzinfo=UTC), previous, open_on_disk(store))
        return {"quads": len(quads)}

    return publish_store(folder, revision, CANONICAL_BASE, write)


def patched(release: Release, before: Release) -> set[Quad]:
    """The release before with the patch of this one."""
    found = set(named_quads(before.path / "store"))
    text = gzip.decompress((release.path / "dumps" / PATCH).read_bytes()).decode()
    assert text.splitlines()[:3] == [
        f"H id <{CANONICAL_BASE}versions/{release.revision}> .",
        f"H prev <{CANONICAL_BASE}versions/{before.revision}> .",
        "TX .",
    ]
    assert text.endswith("TC .\n")
    for line in text.splitlines()[3:-1]:
        (quad,) = parse(line[2:].encode(), RdfFormat.N_QUADS)
        if line.startswith("D "):
            found.remove(quad)
        else:
            assert line.startswith("A ") and quad not in found
            found.add(quad)
    return found


def first_quads() -> list[Quad]:
    """A small release."""
    node = BlankNode()
    return [
        Quad(THINGS[0], SAYS[0], THINGS[1], GRAPHS[0]),
        Quad(THINGS[0], SAYS[0], node, GRAPHS[0]),
        Quad(node, SAYS[1], Literal("reste"), GRAPHS[0]),
        Quad(THINGS[1], SAYS[1], Literal("part"), GRAPHS[1]),
    ]


def test_patch(tmp_path: Path) -> None:
    """The patch holds what came and went and nothing else, and makes the new release of the old one."""
    first = publish(tmp_path, "20260101T000000-a", first_quads())
    told = read_changes(first.path)
    assert told and told.previous == "" and not (first.path / "dumps" / PATCH).exists()
    node = BlankNode()
    quads = [*first_quads()[:3], Quad(THINGS[2], SAYS[0], node, GRAPHS[0]), Quad(node, SAYS[1], Literal("neuf"), GRAPHS[0])]
    second = publish(tmp_path, "20260102T000000-b", quads)
    changed = read_changes(second.path)
    assert changed and (changed.previous, changed.added, changed.removed) == (first.revision, 2, 1)
    assert [(each.graph, each.added, each.removed) for each in changed.graphs] == [(GRAPHS[0].value, 2, 0), (GRAPHS[1].value, 0, 1)]
    assert changed.touched == (THINGS[1].value, THINGS[2].value) and changed.entities == 2
    assert patched(second, first) == set(named_quads(second.path / "store"))
    third = publish(tmp_path, "20260103T000000-c", quads)
    assert (same := read_changes(third.path)) and same.graphs == () and patched(third, second) == set(named_quads(second.path / "store"))


def test_what_the_patch_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Persons aren't told of at all; a graph under the ODbL is counted, and stands in no patch; one that is too long isn't kept."""
    odbl, persons, provenance = (
        NamedNode(f"{CANONICAL_BASE}graph/{name}") for name in ("data/reference/x", "data/persons/persons", "provenance")
    )
    licence = Quad(odbl, NamedNode(iri("dct:license")), NamedNode("https://opendatacommons.org/licenses/odbl/1-0/"), provenance)
    first = publish(tmp_path, "20260101T000000-a", [*first_quads(), licence])
    quads = [*first_quads(), licence, *(Quad(THINGS[2], SAYS[1], Literal("secret"), graph) for graph in (odbl, persons))]
    second = publish(tmp_path, "20260102T000000-b", quads)
    changed = read_changes(second.path)
    assert changed and [each.graph for each in changed.graphs] == [odbl.value]
    assert patched(second, first) == set(named_quads(first.path / "store"))
    monkeypatch.setattr(changes, "MOST_LINES", 2)
    third = publish(tmp_path, "20260103T000000-c", [licence])
    changed = read_changes(third.path)
    assert changed and changed.patch == "" and changed.removed == 5 and not (third.path / "dumps" / PATCH).exists()
