"""What differs between two states that readers saw: commits of one release, the patches from release to release, commits of the other.

All of it is read as a stream, and what it comes to is bounded: who asks for more is told so.
"""

import gzip
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pyoxigraph import BlankNode, NamedNode, Quad

from territoires.errors import RevisionGone, TooMuch
from territoires.knowledge.changes import PATCH, read_changes
from territoires.knowledge.dumps import FOLDER, read_index
from territoires.knowledge.holdings import OPEN_LICENCE, SHARED_ALIKE, holding, stated_licences
from territoires.knowledge.labelling import holds_blank
from territoires.store.releases import Release, kept_release
from territoires.writing.commits import Change, change_of, graph_of, read_patch
from territoires.writing.journal import Journal
from territoires.writing.past import State
from territoires.writing.writable import CONTRIBUTIONS

MOST = 100_000
"""Statements that a difference may come to, and that are read for one of everything."""
MOST_READ = 10_000_000
"""Statements that are looked through for those that speak of one thing."""
_AT_ONCE = 10_000  # lines of a patch that are parsed together


@dataclass
class Net:
    """What changes come to, one after the other; of those that speak of `resource`, where one is named."""

    resource: str = ""
    removed: set[Quad] = field(default_factory=set)
    added: set[Quad] = field(default_factory=set)

    def take(self, change: Change) -> None:
        """Does a further change. Raises TooMuch."""
        for here, there, quads in ((self.removed, self.added, change.removed), (self.added, self.removed, change.added)):
            for quad in quads:
                if not self.resource or speaks_of(quad, self.resource):
                    if quad in there:
                        there.discard(quad)
                    else:
                        here.add(quad)
        if len(self.removed) + len(self.added) > MOST:
            raise TooMuch("More than %(most)s statements differ.", most=MOST)

    def change(self) -> Change:
        """What it has come to."""
        return change_of(self.removed, self.added)


def speaks_of(quad: Quad, resource: str) -> bool:
    """Whether a thing is the subject or object."""
    return resource in (term.value for term in (quad.subject, quad.object) if isinstance(term, NamedNode))


def net(changes: Iterable[Change], resource: str = "") -> Change:
    """What several changes come to, in their order. Raises TooMuch."""
    found = Net(resource)
    for change in changes:
        found.take(change)
    return found.change()


def between(start: State, end: State, folder: Path, journal: Journal | None, resource: str = "") -> Change:
    """What differs from one state to another, by the releases that `folder` keeps and the journal.

    Where releases lie between, it leaves out what their patches do: persons, and graphs under another licence than the whole.
    Raises TooMuch where that is too much, or where the patch between two releases was; RevisionGone where one between isn't kept.
    """
    if end.release.revision < start.release.revision:
        return between(end, start, folder, journal, resource).inverse()
    if start.release.revision == end.release.revision:
        low, high = sorted((start.journal, end.journal))
        change = net(written(journal, low, high), resource)
        return change if start.journal <= end.journal else change.inverse()
    return across(start, end, chain(start.release, end.release, folder), journal, resource)


def across(start: State, end: State, path: Sequence[Release], journal: Journal | None, resource: str) -> Change:
    """As `between`, over these releases, the last of which is that of `end`; without what their patches leave out. Raises TooMuch."""
    if lines(path) > (MOST_READ if resource else MOST):
        raise TooMuch("More than %(most)s statements differ.", most=MOST)
    met, found = Met(start.release.base), Net(resource)
    found.take(net(met.noted(written(journal, start.release.journal, start.journal)), resource).inverse())
    for release in path:
        for change in patch(release, resource):
            found.take(change)
    for change in met.noted(written(journal, end.release.journal, end.journal)):
        found.take(change)
    closed = {dump.graph for release in (start.release, *path) for dump in read_index(release.path) if dump.part == SHARED_ALIKE}
    whole = found.change()
    change = Change(*(tuple(quad for quad in side if met.opens(graph_of(quad), closed)) for side in (whole.removed, whole.added)))
    return settled(change, start.release.base + CONTRIBUTIONS) if met.blank else change


@dataclass
class Met:
    """What commits say that decides on how they are put together with the patches between releases at `base`."""

    base: str
    licences: dict[str, str] = field(default_factory=dict)
    """Of graphs that state their own."""
    blank: bool = False
    """Whether they hold blank nodes, which bear the names that they have in the store, and others in the patches."""

    def noted(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes, as they come."""
        for change in changes:
            quads = (*change.removed, *change.added)
            self.licences |= stated_licences(quads, self.base)
            self.blank = self.blank or any(map(holds_blank, quads))
            yield change

    def opens(self, graph: str, closed: Collection[str]) -> bool:
        """Whether a graph that is none of `closed` is told of: not about persons, and under the licence of the whole."""
        return graph not in closed and holding(graph, self.base, self.licences.get(graph, OPEN_LICENCE)).open


def settled(change: Change, place: str) -> Change:
    """Without what went and came again under another name of its blank nodes, in the graphs whose names begin with `place`."""
    sides: list[dict[str, list[Quad]]] = [{}, {}]
    for side, quads in zip(sides, (change.removed, change.added), strict=True):
        for quad in quads:
            if holds_blank(quad) and graph_of(quad).startswith(place):
                side.setdefault(nameless(quad), []).append(quad)
    again = {quad for text, gone in sides[0].items() for pair in zip(gone, sides[1].get(text, ()), strict=False) for quad in pair}
    return Change(*(tuple(quad for quad in quads if quad not in again) for quads in (change.removed, change.added)))


def nameless(quad: Quad) -> str:
    """A quad as text, whatever its blank nodes are called."""
    subject, value = (BlankNode("_") if isinstance(term, BlankNode) else term for term in (quad.subject, quad.object))
    return f"{subject} {quad.predicate} {value} {quad.graph_name}"


def written(journal: Journal | None, after: int, until: int) -> Iterator[Change]:
    """What the commits behind `after` did, until that one."""
    if journal and until > after:
        yield from (commit.change for commit in islice(journal.commits(after), until - after))


def chain(start: Release, end: Release, folder: Path) -> list[Release]:
    """The releases that came after one, up to another, the oldest first. Raises RevisionGone or TooMuch."""
    found: list[Release] = []
    here = end
    while here.revision != start.revision:
        changes = read_changes(here.path)
        if changes is None or not changes.previous:
            raise TooMuch("Release %(release)s doesn't tell what changed before it.", release=here.revision)
        if not changes.patch:
            raise TooMuch("So much changed with release %(release)s that it has no patch.", release=here.revision)
        found.append(here)
        before = kept_release(folder, changes.previous)
        if before is None or before.revision >= here.revision:
            raise RevisionGone(changes.previous)
        here = before
    return found[::-1]


def lines(releases: Iterable[Release]) -> int:
    """How many statements the patches of these releases hold."""
    return sum(dump.count for each in releases for dump in read_index(each.path) if dump.name == PATCH)


def patch(release: Release, resource: str = "") -> Iterator[Change]:
    """What came and went with a release, in parts; of what speaks of `resource`, where one is named."""
    needle = f"<{resource}>" if resource else ""
    held: list[str] = []
    with gzip.open(release.path / FOLDER / PATCH, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            if line.startswith(("D ", "A ")) and needle in line:
                held.append(line)
                if len(held) == _AT_ONCE:
                    yield read_patch("".join(held))
                    held.clear()
    if held:
        yield read_patch("".join(held))
