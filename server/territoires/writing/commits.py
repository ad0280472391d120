"""What a write changes, and what is kept of it: statements that go and come, as an RDF Patch, with who, when and why.

RDF Patch: https://afs.github.io/rdf-patch/ (`D` deletes, `A` adds; here one quad in N-Quads on each line, blank nodes under their labels).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

from territoires.errors import SourceError

_BUILT = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}", re.ASCII)
_WRITTEN = re.compile(r"(?P<release>.+)-c(?P<number>[1-9]\d{0,8})", re.ASCII)


@dataclass(frozen=True)
class Change:
    """What one write takes away and adds: both sorted, and no quad in both; `change_of` makes one."""

    removed: tuple[Quad, ...] = ()
    """Each was there."""
    added: tuple[Quad, ...] = ()
    """None was there."""

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.removed or self.added)

    @property
    def graphs(self) -> frozenset[str]:
        """The graphs that change, by IRI; "" is the default graph."""
        return frozenset(graph_of(quad) for quad in (*self.removed, *self.added))

    def inverse(self) -> "Change":
        """What undoes it."""
        return Change(self.added, self.removed)

    def patch(self) -> str:
        """The lines of the RDF Patch: first what goes, then what comes."""
        return "".join([*(patch_line("D", quad) for quad in self.removed), *(patch_line("A", quad) for quad in self.added)])


@dataclass(frozen=True)
class Commit:
    """An accepted write, as the journal keeps it."""

    number: int
    """From 1, without a gap."""
    moment: str
    """When it was accepted: xsd:dateTime in UTC, ending in Z."""
    agent: str
    """The name of the key that it was made with."""
    reason: str
    release: str
    """The release that it was made on."""
    change: Change
    checksum: str
    """SHA-256 over all of it and the checksum of the commit before."""

    @property
    def revision(self) -> str:
        """The revision that readers see after it."""
        return revision_of(self.release, self.number)


@dataclass(frozen=True)
class Report:
    """What the shapes say of a change."""

    violations: int = 0
    warnings: int = 0
    """Results of severity Warning or Info."""
    text: str = ""
    """The SHACL validation report, in N-Triples, with the messages of the shapes in all their languages."""

    @property
    def conforms(self) -> bool:
        """Whether nothing is a violation."""
        return self.violations == 0


Check = Callable[[Store, Change], Report]
"""A guard: looks at the store as it is after the change."""


def change_of(removed: Iterable[Quad], added: Iterable[Quad]) -> Change:
    """A change without what would be both taken away and added, in the order of the N-Quads."""
    gone, come = set(removed), set(added)
    return Change(tuple(sorted(gone - come, key=str)), tuple(sorted(come - gone, key=str)))


def revision_of(release: str, number: int) -> str:
    """The revision that a commit makes of a release; the release's own where it holds all commits (0)."""
    return f"{release}-c{number}" if number else release


def parts_of(revision: str) -> tuple[str, int]:
    """The release and the commit that `revision_of` made a name of. That of a release may end like one, as its hash comes."""
    found = None if _BUILT.fullmatch(revision) else _WRITTEN.fullmatch(revision)
    return (found["release"], int(found["number"])) if found else (revision, 0)


def graph_of(quad: Quad) -> str:
    """The graph of a quad, by IRI or as _:label; "" is the default graph."""
    graph = quad.graph_name
    return graph.value if isinstance(graph, NamedNode) else "" if isinstance(graph, DefaultGraph) else str(graph)


def patch_line(sign: str, quad: Quad) -> str:
    """One line of an RDF Patch: D or A, and the quad."""
    return f"{sign} {quad} .\n"


def read_patch(text: str) -> Change:
    """The change that an RDF Patch of `D` and `A` lines tells. Raises SourceError with the line."""
    sides: dict[str, list[str]] = {"D ": [], "A ": []}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), 1):
        if line[:2] not in sides:
            raise SourceError(f"Line {number} of the patch begins neither with D nor with A: {line[:80]!r}.")
        sides[line[:2]].append(line[2:])
    try:
        removed, added = (tuple(parse("\n".join(lines), format=RdfFormat.N_QUADS, rename_blank_nodes=False)) for lines in sides.values())
    except SyntaxError as error:
        raise SourceError(f"The patch holds a line that is no quad: {error.msg}.") from error
    return Change(removed, added)
