"""What was written over HTTP, as a build takes it with it: the statements that the journal leaves in the graphs of contributions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, parse

from territoires.errors import SourceError
from territoires.files import CONTRIBUTIONS as FOLDER
from territoires.files import SourceFile, knowledge_files
from territoires.knowledge.labelling import labelled
from territoires.knowledge.sources import read_quads
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE, at_canonical, iri, rebase
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
        return at_canonical(text, self.base)

    def beyond(self, home: Path) -> str:
        """As `triples`, without the blank nodes that the reviewed files say the same of: the shapes would count them twice."""
        files = [each for each in knowledge_files(home) if each.name.startswith(f"{FOLDER}/")]
        known = set(labelled(Quad(*quad.triple) for quad in read_quads(files, CANONICAL_BASE)))
        found = labelled(parse(self.triples, format=RdfFormat.N_TRIPLES)) if known else []
        return "".join(f"{quad.triple} .\n" for quad in found if quad not in known) if known else self.triples

    def provenance(self) -> Iterator[Quad]:
        """Where the graphs come from, as the graph of provenance tells it: from the journal, up to its last commit."""
        here, commit = NamedNode(f"{self.base}graph/provenance"), NamedNode(f"{self.base}history/{self.last}")
        if not self.quads:
            return
        for source in self.sources:
            yield Quad(NamedNode(f"{self.base}graph/{source.name}"), NamedNode(iri("prov:wasDerivedFrom")), commit, here)
        yield Quad(commit, NamedNode(iri("rdf:type")), NamedNode(iri("prov:Entity")), here)
        yield Quad(commit, NamedNode(iri("dct:identifier")), Literal(str(self.last)), here)
        for language, text in (("fr", "Journal des contributions, jusqu’au commit"), ("en", "Journal of the contributions, up to commit")):
            yield Quad(commit, NamedNode(iri("skos:prefLabel")), Literal(f"{text} {self.last}", language=language), here)


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
    for graph in set(map(graph_of, quads)):
        check_contributed(journal, graph, settings.base_url)
    return Contributed(quads, last, checksum, settings.base_url)


def check_contributed(journal: Journal, graph: str, base: str) -> None:
    """Raises SourceError for a graph of a journal that isn't one of contributions to a release at that base."""
    if not graph.startswith(base + CONTRIBUTIONS):
        raise SourceError(
            f"The journal {journal.folder} holds statements of the graph <{graph}>, which isn't below <{base}{CONTRIBUTIONS}>: it belongs "
            "to another release (TERRITOIRES_BASE_URL, TERRITOIRES_CONTRIBUTIONS)."
        )


def rebased(quads: Iterable[Quad], base: str) -> Iterator[Quad]:
    """The quads with own IRIs at `base`; blank nodes keep their labels."""
    if base == CANONICAL_BASE:
        yield from quads
        return
    text = "".join(f"{quad} .\n" for quad in quads)
    yield from parse(rebase(text, base), format=RdfFormat.N_QUADS, rename_blank_nodes=False)
