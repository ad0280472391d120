"""What differs across releases: commits and the patches between, put together by one rule on persons, licences and blank nodes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from territoires.knowledge.composing import between
from territoires.knowledge.exporting import write_dumps
from territoires.knowledge.holdings import ODBL
from territoires.knowledge.labelling import labelled
from territoires.store.embedded import open_on_disk, write_store
from territoires.store.releases import Release, last_release, publish_store
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import Change, change_of, parts_of, revision_of
from territoires.writing.journal import Journal
from territoires.writing.past import State

ONE, TWO = "20260101T080000-aaaaaaaa", "20260103T080000-bbbbbbbb"
ESSAI, PERSONS, SHARED = (NamedNode(f"{CANONICAL_BASE}graph/contributions/{name}") for name in ("essai", "persons", "partage"))
A, ANNE = NamedNode(f"{CANONICAL_BASE}id/chose/a"), NamedNode(f"{CANONICAL_BASE}id/personne/anne")
LABEL, NOTE, VALUE, LICENCE = (NamedNode(iri(name)) for name in ("skos:prefLabel", "skos:note", "rdf:value", "dct:license"))
SOURCE = Quad(A, LABEL, Literal("A"), NamedNode(f"{CANONICAL_BASE}graph/data/source/x"))
PERSON = Quad(ANNE, LABEL, Literal("Anne"), PERSONS)
STATED = [Quad(SHARED, LICENCE, NamedNode(ODBL), SHARED), Quad(A, NOTE, Literal("partagé"), SHARED)]
NODE = BlankNode("held")
HELD = [Quad(A, VALUE, NODE, ESSAI), Quad(NODE, NOTE, Literal("un"), ESSAI)]


def note(text: str) -> Quad:
    """A contributed note."""
    return Quad(A, NOTE, Literal(text), ESSAI)


class World:
    """A release, commits to it, and one that was built with them."""

    def __init__(self, folder: Path, root: Path, *commits: list[Quad]) -> None:
        self.folder, self.root = folder / "releases", root
        self.journal = Journal(folder / "journal")
        self.one = self.publish(ONE, [SOURCE], 0)
        there = [SOURCE]
        for added in commits:
            self.journal.append("Berta", "", ONE, change_of([], added))
            there += added
        self.two = self.publish(TWO, there, len(commits))

    def publish(self, revision: str, quads: list[Quad], journal: int) -> Release:
        """A release with its files; a graph that states its licence has it from its provenance too, as a build tells it."""
        previous, at = last_release(self.folder), datetime(2026, 1, 1, tzinfo=UTC)
        told = [Quad(q.subject, LICENCE, q.object, NamedNode(f"{CANONICAL_BASE}graph/provenance")) for q in quads if q.predicate == LICENCE]

        def write(store: Path) -> dict[str, int | str]:
            write_store(store, [*quads, *told])
            write_dumps(store.parent, revision, CANONICAL_BASE, self.root, at, previous, open_on_disk(store))
            return {"quads": len(quads), "journal": journal}

        return publish_store(self.folder, revision, CANONICAL_BASE, write)

    def difference(self, start: int, end: int = 0, resource: str = "") -> Change:
        """From the first release with so many commits to the second one; back it is the inverse."""
        states = State(self.one, start), State(self.two, end)
        found = between(*states, self.folder, self.journal, resource)
        assert between(*reversed(states), self.folder, self.journal, resource) == found.inverse()
        return found


@pytest.mark.parametrize("release", [TWO, "20260103T080000-c1234567", "20260103T080000-cafecafe", "test"])
def test_names(release: str) -> None:
    """The name of a revision is taken apart as it was put together, whatever the hash of its release."""
    for number in (0, 1, 120, 999_999_999):
        assert parts_of(revision_of(release, number)) == (release, number)
    assert parts_of(f"{release}-c01")[1] == parts_of(f"{release}-c0")[1] == 0


def test_persons_between_releases(root: Path, tmp_path: Path) -> None:
    """What was contributed about persons is in no difference between releases, on whichever side it came."""
    world = World(tmp_path, root, [PERSON], [note("deux")])
    assert world.difference(1) == Change((), (note("deux"),))
    assert world.difference(2).empty
    world.journal.append("Berta", "", TWO, Change((PERSON,), (note("trois"),)))
    assert world.difference(2, 3) == Change((), (note("trois"),))


@pytest.mark.parametrize("resource", ["", A.value])
def test_licences_between_releases(root: Path, tmp_path: Path, resource: str) -> None:
    """Nor is what a contribution states to be under another licence, also where one side isn't a release yet."""
    world = World(tmp_path, root, STATED, [note("deux")])
    assert world.difference(1, 0, resource) == Change((), (note("deux"),))
    other = NamedNode(f"{SHARED.value}-2")
    added = (Quad(other, LICENCE, NamedNode(ODBL), other), Quad(A, NOTE, Literal("autre"), other), note("trois"))
    world.journal.append("Berta", "", TWO, change_of([], added))
    assert world.difference(2, 3, resource) == Change((), (note("trois"),))


@pytest.mark.parametrize("resource", ["", A.value])
def test_blank_nodes_between_releases(root: Path, tmp_path: Path, resource: str) -> None:
    """A contributed blank node that stays doesn't differ, whatever it is called; what was said of it meanwhile does."""
    more = Quad(NODE, NOTE, Literal("deux"), ESSAI)
    world = World(tmp_path, root, HELD, [more])
    assert world.difference(2, 0, resource).empty
    found = world.difference(1, 0, resource)
    assert not found.removed and [str(quad.object) for quad in found.added] == ([] if resource else ['"deux"'])
    world.journal.append("Berta", "", TWO, Change((more,), ()))
    assert world.difference(1, 3, resource).empty
    found = world.difference(0, 3)
    assert not found.removed and len(found.added) == 2 and labelled(found.added) == labelled(HELD)
