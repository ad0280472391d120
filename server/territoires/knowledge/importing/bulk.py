"""Finished imports on their way into a release: text that the engine loads as it is, since a million objects would take too long.

Where several years were imported, the newest says what a place is: of an older one only that stays which no newer one speaks of, such
as what a territory was made of on a day of that year.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store

from territoires.files import SourceFile
from territoires.knowledge.importing.imports import Import, finished
from territoires.vocabulary import CANONICAL_BASE, iri


@dataclass(frozen=True)
class Bulk:
    """The statements of an import, as N-Triples at the base of the release, and the graph that they stand in."""

    made: Import
    graph: NamedNode
    text: bytes
    triples: int

    @property
    def source(self) -> SourceFile:
        """The import as one of the files that a release is made of."""
        return SourceFile(self.made.graph, self.made.path)

    def load(self, store: Store, *, named: bool, merged: bool) -> None:
        """Adds the statements to the store, in their own graph, in the default graph or in both."""
        graphs = ([self.graph] if named else []) + ([DefaultGraph()] if merged else [])
        for graph in graphs:
            store.bulk_load(self.text, RdfFormat.N_TRIPLES, to_graph=graph, lenient=True)  # its checksum is that of what was checked


def taken(folder: Path, base: str) -> list[Bulk]:
    """Every finished import below `folder`, the newest first. Raises ImportFailed where one isn't as it was written."""
    found: list[Bulk] = []
    known: set[bytes] = set()
    imports = finished(folder)
    for made in imports:
        made.check()
        text, triples = made.graph.read_bytes(), made.triples
        if len(imports) > 1:
            lines = [line for line in text.splitlines(keepends=True) if line.partition(b" ")[0] not in known]
            known |= {line.partition(b" ")[0] for line in lines}
            text, triples = b"".join(lines), len(lines)
        if base != CANONICAL_BASE:
            text = text.replace(CANONICAL_BASE.encode(), base.encode())
        found.append(Bulk(made, NamedNode(f"{base}graph/{made.path}"), text, triples))
    return found


def load_all(bulks: Sequence[Bulk], store: Store, *, named: bool, merged: bool) -> None:
    """Adds the statements of every import."""
    for each in bulks:
        each.load(store, named=named, merged=merged)


def cited(bulk: Bulk, base: str) -> Iterator[Quad]:
    """The sources of an import, as the graph of provenance tells them."""
    for path in bulk.made.sources:
        yield Quad(bulk.graph, NamedNode(iri("prov:hadPrimarySource")), NamedNode(base + path), NamedNode(f"{base}graph/provenance"))
