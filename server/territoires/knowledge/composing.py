"""What differs between two states that readers saw: commits of one release, the patches from release to release, commits of the other.

All of it is read as a stream, and what it comes to is bounded: who asks for more is told so.
"""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from territoires.errors import RevisionGone, TooMuch
from territoires.knowledge.changes import PATCH, read_changes
from territoires.knowledge.dumps import FOLDER, read_index
from territoires.store.releases import Release, kept_release
from territoires.writing.commits import Change, change_of, read_patch
from territoires.writing.journal import Journal
from territoires.writing.past import State

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
            raise TooMuch(f"More than {MOST} statements differ.")

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

    Raises TooMuch where that is too much, or where the patch between two releases was; RevisionGone where one between isn't kept.
    """
    if end.release.revision < start.release.revision:
        return between(end, start, folder, journal, resource).inverse()
    if start.release.revision == end.release.revision:
        low, high = sorted((start.journal, end.journal))
        change = net(written(journal, low, high), resource)
        return change if start.journal <= end.journal else change.inverse()
    path = chain(start.release, end.release, folder)
    if lines(path) > (MOST_READ if resource else MOST):
        raise TooMuch(f"More than {MOST} statements differ.")
    found = Net(resource)
    found.take(net(written(journal, start.release.journal, start.journal), resource).inverse())
    for release in path:
        for change in patch(release, resource):
            found.take(change)
    for change in written(journal, end.release.journal, end.journal):
        found.take(change)
    return found.change()


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
            raise TooMuch(f"Release {here.revision} doesn't tell what changed before it.")
        if not changes.patch:
            raise TooMuch(f"So much changed with release {here.revision} that it has no patch.")
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
