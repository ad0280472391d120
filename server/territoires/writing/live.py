"""The work store: a release with all commits that it doesn't hold, which the next write is tried on and new revisions are made of.

It is a copy of the release's store (of hard links, where both lie on one file system) in a folder of its own, made anew at each start:
whatever a crash has left there counts for nothing.
"""

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from territoires.store.embedded import open_on_disk, take_census
from territoires.store.releases import Release
from territoires.writing.commits import Change, Commit, change_of, revision_of
from territoires.writing.tallying import Tally


class LiveStore:
    """A release in a store that can be written to, in the terms of one that is merged or of one whose default graph is its own."""

    def __init__(self, place: Path, release: Release) -> None:
        """Copies the release to `place`, which doesn't exist yet. Raises OSError or StoreUnavailable."""
        place.parent.mkdir(parents=True, exist_ok=True)
        open_on_disk(release.path / "store").backup(str(place))
        self.place = place
        self.release = release
        self.store = Store(str(place))
        self.number = release.journal
        """The last commit that it holds."""
        self._tally = Tally(release.census or take_census(release.path / "store"))
        self._checksum = release.checksum
        self._quads = release.quads

    @property
    def revision(self) -> str:
        """The revision that readers see of it, once it is published."""
        return revision_of(self.release.revision, self.number if self.number > self.release.journal else 0)

    def replay(self, commits: Iterable[Commit]) -> None:
        """Adds what the commits did, all at once. Raises OSError."""
        there: dict[Quad, bool] = {}
        for commit in commits:
            there |= dict.fromkeys(commit.change.removed, False) | dict.fromkeys(commit.change.added, True)
            self.commit(commit)
        self.apply(change_of((quad for quad in there if not there[quad]), (quad for quad in there if there[quad])))

    def commit(self, commit: Commit) -> None:
        """Notes that what it holds is what is there after the commit."""
        self.number, self._checksum = commit.number, commit.checksum

    def apply(self, change: Change) -> None:
        """Does what the change says, in the default graph too where that is the merge; what is so already stays so. Raises OSError."""
        removed = [quad for quad in change.removed if quad in self.store]
        added = [quad for quad in change.added if quad not in self.store]
        for quad in change.removed:
            self.store.remove(quad)
        if self.release.merged:
            removed += self._unmerged(change.removed)
            added += [quad for quad in dict.fromkeys(map(merge_of, change.added)) if quad not in self.store]
        self.store.extend([*change.added, *added])
        for step, quads in ((-1, removed), (1, added)):
            for quad in quads:
                self._count(quad, step)
        self._forget(change)

    def manifest(self) -> dict[str, object]:
        """The manifest of the revision: that of the release, with what holds now."""
        told = json.loads((self.release.path / "manifest.json").read_text(encoding="utf-8"))
        told |= {"revision": self.revision, "release": self.release.revision, "commit": self.number}
        told |= {"checksum": self._checksum, "quads": self._quads}
        if "graphs" in told:
            told["graphs"] = sum(1 for _ in self.store.named_graphs())
        return {**told, **asdict(self._tally.census())}

    def close(self) -> None:
        """Takes its folder away."""
        del self.store
        shutil.rmtree(self.place, ignore_errors=True)

    def _unmerged(self, quads: Iterable[Quad]) -> list[Quad]:
        """Takes the triples of removed quads out of the default graph where no named graph holds them any more; which those were."""
        gone = []
        for quad in quads:
            held = list(self.store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None))
            if [each.graph_name for each in held] == [DefaultGraph()]:
                self.store.remove(held[0])
                gone += held
        return gone

    def _count(self, quad: Quad, step: int) -> None:
        """Counts a quad that has come or gone; those of a merge are no statements of their own."""
        default = isinstance(quad.graph_name, DefaultGraph)
        if default:
            self._tally.note(quad, step)
        if not (default and self.release.merged):
            self._quads += step

    def _forget(self, change: Change) -> None:
        """Takes away the names of graphs that hold nothing any more: a store that was made anew wouldn't know them."""
        for graph in change.graphs:
            node = NamedNode(graph) if graph and not graph.startswith("_:") else None
            if node and next(self.store.quads_for_pattern(None, None, None, node), None) is None:
                self.store.remove_graph(node)


def merge_of(quad: Quad) -> Quad:
    """The triple of a quad in the default graph."""
    return Quad(quad.subject, quad.predicate, quad.object, DefaultGraph())


def canonical(change: Change) -> Change:
    """The change in the terms that a store gives back: it keeps numbers and dates by value ("01"^^xsd:integer as 1)."""
    removed, added = Store(), Store()
    removed.extend(change.removed)
    added.extend(change.added)
    return change_of(removed, added)
