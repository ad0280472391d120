"""What was written over HTTP, as a build takes it with it: the statements that the journal leaves in the graphs of contributions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, parse

from territoires.errors import SourceError
from territoires.files import SourceFile
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE, rebase
from territoires.writing.commits import graph_of
from territoires.writing.journal import Journal
from territoires.writing.process import JOURNAL
from territoires.writing.writable import CONTRIBUTIONS


@dataclass(frozen=True)
class Contributed:
    """The statements, own IRIs at the base of the build; the last commit that they come from, and its checksum."""

    quads: tuple[Quad, ...] = ()
    last: int = 0
    checksum: str = ""
    base: str = CANONICAL_BASE

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The graphs, as the provenance names them."""
        return tuple(
            SourceFile(Path(JOURNAL), graph.removeprefix(self.base + "graph/")) for graph in sorted(set(map(graph_of, self.quads)))
        )

    @property
    def triples(self) -> str:
        """In N-Triples at the canonical base, as the shapes know it."""
        text = "".join(f"{quad.triple} .\n" for quad in self.quads)
        return text.replace(self.base, CANONICAL_BASE)


def contributed(settings: Settings) -> Contributed:
    """What the journal of these settings leaves. Raises JournalDamaged, and SourceError for what isn't in a graph of contributions."""
    if settings.contributions is None:
        return Contributed(base=settings.base_url)
    journal = Journal(settings.contributions / JOURNAL)
    there: dict[Quad, None] = {}
    last, checksum = 0, ""
    for commit in journal.commits():
        for quad in commit.change.removed:
            there.pop(quad, None)
        there |= dict.fromkeys(commit.change.added)
        last, checksum = commit.number, commit.checksum
    quads = tuple(rebased(there, settings.base_url))
    for quad in quads:
        if not graph_of(quad).startswith(settings.base_url + CONTRIBUTIONS):
            raise SourceError(
                f"The journal {journal.folder} holds statements of the graph <{graph_of(quad)}>, which isn't below "
                f"<{settings.base_url}{CONTRIBUTIONS}>: it belongs to another release (TERRITOIRES_BASE_URL, TERRITOIRES_CONTRIBUTIONS)."
            )
    return Contributed(quads, last, checksum, settings.base_url)


def rebased(quads: Iterable[Quad], base: str) -> Iterator[Quad]:
    """The quads with own IRIs at `base`; blank nodes keep their labels."""
    if base == CANONICAL_BASE:
        yield from quads
        return
    text = "".join(f"{quad} .\n" for quad in quads)
    yield from parse(rebase(text, base), format=RdfFormat.N_QUADS, rename_blank_nodes=False)
