"""The journal as a patch of the Turtle files, for review in git: what contributions came to, in data/contributions/<name of the graph>.ttl.

A file tells in its comment up to which commit it goes. What the journal did to the graph after that is done to the file, so that what a
review has changed there stays. A graph that was emptied since then was handed over: the file stands for what it held, and only what came
afterwards is added to it.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse

from territoires.errors import SourceError
from territoires.files import CONTRIBUTIONS as FOLDER
from territoires.knowledge.contributed import check_contributed
from territoires.knowledge.labelling import labelled
from territoires.knowledge.turtle import turtle
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE, at_canonical
from territoires.writing.commits import Commit, graph_of
from territoires.writing.journal import Journal
from territoires.writing.writable import CONTRIBUTIONS

MOST_TOLD = 100
"""Commits that a file tells of; the journal holds all."""
_SEGMENT = r"[A-Za-z0-9_][\w-]{0,99}"
_PLAIN = re.compile(rf"(?:{_SEGMENT}/){{0,8}}{_SEGMENT}(?:\.[\w-]{{1,40}}){{0,4}}", re.ASCII)
_TOLD = re.compile(r"^# Up to commit (?P<number>\d+) of the journal, checksum (?P<checksum>[0-9a-f]{64})\.$", re.MULTILINE)
_NOTHING = "0" * 40
Triples = frozenset[Quad]
"""Triples in the default graph, blank nodes called after what is said of them."""


@dataclass(frozen=True)
class Patch:
    """A patch of files below the home, in git's format, and what it is made of."""

    text: str
    files: tuple[str, ...]
    """Those that it makes, changes or takes away."""
    last: int
    """The last commit that it knows of."""


@dataclass
class Contribution:
    """A graph as the commits leave it, beside its file."""

    graph: str
    """Its IRI at the canonical base."""
    path: Path
    text: str | None
    """The file; None where there is none."""
    now: set[str] = field(default_factory=set)
    """What the graph holds, in N-Triples."""
    before: frozenset[str] = frozenset()
    """What it held when the file was written, unless it was emptied since then."""
    commits: list[Commit] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The path of the file in the repository."""
        return f"{FOLDER}/{path_of(self.graph)}.ttl"

    def follow(self, commit: Commit, base: str) -> None:
        """Does what a commit did."""
        self.now -= self._texts(commit.change.removed, base)
        self.now |= self._texts(commit.change.added, base)
        if not self.now:
            self.before = frozenset()
        elif self.knows(commit):
            self.before = frozenset(self.now)
        self.commits.append(commit)

    def _texts(self, quads: Iterable[Quad], base: str) -> set[str]:
        """The triples of those quads that are of this graph, in N-Triples."""
        own = (quad for quad in quads if at_canonical(graph_of(quad), base) == self.graph)
        return {at_canonical(f"{quad.triple} .\n", base) for quad in own}

    def knows(self, commit: Commit) -> bool:
        """Whether that is the commit up to which the file goes."""
        told = _TOLD.search(self.text or "")
        return told is not None and (int(told["number"]), told["checksum"]) == (commit.number, commit.checksum)

    def triples(self, withdrawn: bool) -> Triples:
        """What the file shall say; nothing where the graph was emptied and that is to be done to the file too."""
        if withdrawn and not self.now:
            return frozenset()
        here = held_in(self.path, self.text) if self.text is not None else frozenset[Quad]()
        then, now = named(self.before), named(self.now)
        return (here - (then - now)) | (now - then)

    def written(self, triples: Triples) -> str:
        """The file that says so. Raises SourceError where it can't be written."""
        told, last = self.commits[-MOST_TOLD:], self.commits[-1]
        more = [f"({len(self.commits) - MOST_TOLD} earlier ones)"] if len(self.commits) > MOST_TOLD else []
        comment = [
            f"Contributions to <{self.graph.removeprefix(CANONICAL_BASE)}>, by `territoires journal export`.",
            f"Up to commit {last.number} of the journal, checksum {last.checksum}.",
            "",
            *more,
            *(f"{each.number} · {each.moment} · {each.agent}{f': {each.reason}' if each.reason else ''}" for each in told),
        ]
        text = turtle([quad.triple for quad in triples], comment)
        if held_in(self.path, text) != triples:  # an IRI that Turtle doesn't take as it is, say
            raise SourceError(f"What <{self.graph}> holds can't be written as Turtle without changing it: correct it over HTTP first.")
        return text


def export(settings: Settings, journal: Journal, after: int = 0, withdrawn: bool = False) -> Patch:
    """The patch for the graphs that commits after `after` touched; the files of those that are empty now go where they are `withdrawn`.

    Raises JournalDamaged; SourceError for a graph that isn't one of contributions, or a file that can't be read.
    """
    found: dict[str, Contribution] = {}
    last = 0
    for commit in journal.commits():
        for graph in sorted({at_canonical(graph, settings.base_url) for graph in commit.change.graphs}):
            if graph not in found:
                path = settings.home / FOLDER / f"{path_of(graph)}.ttl"
                found[graph] = Contribution(graph, path, read(path))
            found[graph].follow(commit, settings.base_url)
        last = commit.number
    parts: dict[str, str] = {}
    for _, each in sorted(found.items()):
        if each.now:
            check_contributed(journal, each.graph, CANONICAL_BASE)
        if each.commits[-1].number > after and (part := difference(each, withdrawn)):
            parts[each.name] = part
    return Patch("".join(parts.values()), tuple(parts), last)


def difference(each: Contribution, withdrawn: bool) -> str:
    """What changes of a file; nothing where it says all that it should."""
    triples = each.triples(withdrawn)
    if triples == (held_in(each.path, each.text) if each.text is not None else frozenset()):
        return ""
    return "".join(file_patch(each.name, each.text, each.written(triples) if triples else None))


def file_patch(name: str, old: str | None, new: str | None) -> Iterator[str]:
    """A file in a patch as git writes it, None where it isn't there."""
    yield f"diff --git a/{name} b/{name}\n"
    if old is None or new is None:
        yield f"{'new' if old is None else 'deleted'} file mode 100644\n"
    yield f"index {blob(old)}..{blob(new)}{' 100644' if old is not None and new is not None else ''}\n"
    before, after = ("/dev/null" if old is None else f"a/{name}", "/dev/null" if new is None else f"b/{name}")
    for line in difflib.unified_diff(lines_of(old or ""), lines_of(new or ""), before, after):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def lines_of(text: str) -> list[str]:
    """The lines of a text as git parts them, by line feeds alone; one that has none at its end lacks it here too."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def blob(text: str | None) -> str:
    """The name that git gives a file's content (SHA-1 of a blob)."""
    if text is None:
        return _NOTHING
    content = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def path_of(graph: str) -> str:
    """The name of a graph's file below the folder, without suffix: its own where that makes a path, else one made of it."""
    name = graph.removeprefix(CANONICAL_BASE + CONTRIBUTIONS)
    return name if _PLAIN.fullmatch(name) else f"graph-{hashlib.sha256(graph.encode()).hexdigest()[:16]}"


def read(path: Path) -> str | None:
    """The text of a file as it is, where it is there. Raises SourceError."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} can't be read: {error}.") from error


def held_in(path: Path, text: str) -> Triples:
    """What a Turtle file says. Raises SourceError."""
    try:
        return frozenset(labelled(Quad(*quad.triple) for quad in parse(text, format=RdfFormat.TURTLE)))
    except SyntaxError as error:
        raise SourceError(f"{path}: {error}. Mend the Turtle there.") from error


def named(texts: Iterable[str]) -> Triples:
    """Triples from their texts."""
    return frozenset(labelled(parse("".join(sorted(texts)), format=RdfFormat.N_TRIPLES, rename_blank_nodes=False)))
