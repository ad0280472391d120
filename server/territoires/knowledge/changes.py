"""What changed from one release to the next, worked out at the build and kept with the release: counts, the things touched, a patch.

The patch is an RDF Patch (https://afs.github.io/rdf-patch/): first what goes, then what comes. It leaves out what a build tells of
itself (provenance, statistics), persons, and graphs under another licence than the whole. Blank nodes bear names that stay, so
that what didn't change isn't in it.
"""

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import NamedNode, Quad

from territoires.knowledge.dumps import FOLDER, GZIP, Dump, measured, read_index
from territoires.knowledge.holdings import OPEN_LICENCE, PERSONS, WHOLE, Holding, holdings
from territoires.knowledge.labelling import holds_blank, labelled
from territoires.store.embedded import open_on_disk
from territoires.store.releases import Release
from territoires.writing.commits import patch_line

FILE, PATCH, SPOKEN = "changes.json", "changes.rdfp.gz", "changed.txt"
PATCH_TYPE = "application/rdf-patch"
PASSING = ("provenance", "statistics")
"""Graphs that differ in every release."""
MOST_LINES = 4_000_000
"""Lines of a patch; where there are more, none is kept: the files of the release are shorter."""
MOST_TOUCHED = 2_000
"""Things that are named; their number is told whatever it is."""


@dataclass(frozen=True)
class Difference:
    """How many statements a graph gained and lost."""

    graph: str
    added: int
    removed: int


@dataclass(frozen=True)
class Changes:
    """What changed since the release before; nothing is told of the first one."""

    revision: str
    previous: str = ""
    graphs: tuple[Difference, ...] = ()
    entities: int = 0
    """Things of ours that a statement came to, or went from."""
    touched: tuple[str, ...] = ()
    """The first of them by IRI."""
    patch: str = ""
    """The name of the patch below dumps/; nothing where it would be too long."""

    @property
    def added(self) -> int:
        """Statements that came."""
        return sum(each.added for each in self.graphs)

    @property
    def removed(self) -> int:
        """Statements that went."""
        return sum(each.removed for each in self.graphs)


class Side:
    """A release that is compared: its store, and its statements with blank nodes, by graph, under the names that stay."""

    def __init__(self, path: Path, base: str) -> None:
        self.store = open_on_disk(path / "store")
        self.held = {each.iri: each for each in holdings(self.store, base) if compares(each)}
        self.blank: dict[str, set[Quad]] = {}
        of_graphs = (quad for graph in self.held for quad in self.store.quads_for_pattern(None, None, None, NamedNode(graph)))
        for quad in labelled(quad for quad in of_graphs if holds_blank(quad)):
            self.blank.setdefault(quad.graph_name.value, set()).add(quad)  # type: ignore[union-attr]

    def beyond(self, other: "Side", graph: str) -> Iterator[Quad]:
        """What a graph says here and not there."""
        for quad in self.store.quads_for_pattern(None, None, None, NamedNode(graph)):
            if not holds_blank(quad) and quad not in other.store:
                yield quad
        yield from sorted(self.blank.get(graph, set()) - other.blank.get(graph, set()), key=str)


@dataclass
class Comparison:
    """Two releases being compared, graph by graph."""

    old: Side
    new: Side
    base: str
    counts: dict[str, list[int]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    spoken: set[str] = field(default_factory=set)
    """Things of ours that a statement which came or went speaks of, as its subject or object."""
    lines: int = 0

    def patch(self, graphs: Iterable[str]) -> Iterator[str]:
        """The lines of the patch, what goes and then what comes; counts them by graph."""
        chosen = list(graphs)
        for sign, position, here, there in (("D", 1, self.old, self.new), ("A", 0, self.new, self.old)):
            for graph in chosen:
                told = all(graph not in side.held or side.held[graph].open for side in (here, there))
                for quad in here.beyond(there, graph) if graph in here.held else ():
                    self.note(quad, position)
                    if told:
                        self.lines += 1
                        yield patch_line(sign, quad)

    def note(self, quad: Quad, position: int) -> None:
        """Counts a statement that came (0) or went (1)."""
        self.counts.setdefault(quad.graph_name.value, [0, 0])[position] += 1  # type: ignore[union-attr]
        if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(self.base):
            self.touched.add(quad.subject.value)
            self.spoken.add(quad.subject.value)
        if isinstance(quad.object, NamedNode) and quad.object.value.startswith(self.base):
            self.spoken.add(quad.object.value)


def write_changes(release: Path, revision: str, base: str, previous: Release | None) -> tuple[Changes, Dump | None]:
    """Compares the release in that folder with the one before, and keeps what it finds with it."""
    changes, dump = Changes(revision), None
    if previous and previous.base == base:
        changes, dump = compared(release, revision, base, previous)
    (release / FILE).write_text(json.dumps(asdict(changes), indent=1) + "\n", encoding="utf-8")
    return changes, dump


def compared(release: Path, revision: str, base: str, previous: Release) -> tuple[Changes, Dump | None]:
    """What changed, and its patch where it isn't too long."""
    comparison = Comparison(Side(previous.path, base), Side(release, base), base)
    unchanged = {graph for graph, _ in sums(previous.path).items() & sums(release).items()}
    graphs = sorted({*comparison.old.held, *comparison.new.held} - unchanged)
    path = release / FOLDER / PATCH
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        packed.write(f"H id <{base}versions/{revision}> .\nH prev <{base}versions/{previous.revision}> .\nTX .\n".encode())
        for line in comparison.patch(graphs):
            if comparison.lines <= MOST_LINES:
                packed.write(line.encode())
        packed.write(b"TC .\n")
    differences = tuple(Difference(graph, *counts) for graph, counts in sorted(comparison.counts.items()))
    touched = sorted(comparison.touched)
    (release / SPOKEN).write_text("".join(f"{each}\n" for each in sorted(comparison.spoken)), encoding="utf-8")
    kept = comparison.lines <= MOST_LINES
    if not kept:
        path.unlink()
    changes = Changes(revision, previous.revision, differences, len(touched), tuple(touched[:MOST_TOUCHED]), PATCH if kept else "")
    if not kept:
        return changes, None
    return changes, measured(path.parent, PATCH, WHOLE, PATCH_TYPE, comparison.lines, packing=GZIP, licence=OPEN_LICENCE)


def compares(held: Holding) -> bool:
    """Whether changes of a graph are told."""
    return held.part != PERSONS and held.name not in PASSING


def sums(release: Path) -> dict[str, str]:
    """Graph -> checksum of its file."""
    return {each.graph: each.sha256 for each in read_index(release) if each.graph and each.media_type == "application/n-quads"}


@lru_cache(maxsize=64)
def read_changes(release: Path) -> Changes | None:
    """What is kept of the changes of the release at that path; None where nothing is."""
    try:
        said = json.loads((release / FILE).read_text(encoding="utf-8"))
        return Changes(**{**said, "graphs": tuple(Difference(**each) for each in said["graphs"]), "touched": tuple(said["touched"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def speaks_of(release: Path, changes: Changes, thing: str) -> bool:
    """Whether a statement that came with the release at that path, or went with it, speaks of a thing of ours."""
    try:
        with (release / SPOKEN).open("rb") as file:
            return stands_in(file, thing.encode() + b"\n")
    except OSError:  # of a release that was built before there was such a file
        return thing in changes.touched


def stands_in(file: BinaryIO, line: bytes) -> bool:
    """Whether a file of sorted lines holds that line, found by halving."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:  # the line begins in low..high, if anywhere
        middle = (low + high) // 2
        file.seek(max(middle - 1, 0))
        if middle:
            file.readline()
        start = file.tell()
        found = file.readline()
        if start >= high or found > line:
            high = middle
        elif found == line:
            return True
        else:
            low = start + len(found)
    return False
