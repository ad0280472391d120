"""The links to what others say of the same things: data/links/*.tsv, one mapping set for each verdict, and their targets.

Only the rows of positive.tsv become triples: one graph for each target, and a void:Linkset that counts it (VoID §5). A target
is a node of data/links/targets.ttl; the column object_source of a row names it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, Store

from territoires.files import LINKS, SourceFile, link_files
from territoires.knowledge.provenance import node
from territoires.knowledge.sources import read_quads
from territoires.knowledge.sssom import MappingSet, Row, read_mappings
from territoires.results import Term
from territoires.vocabulary import CANONICAL_BASE, rebase, shorten

POSITIVE, NEGATIVE, UNSURE = VERDICTS = ("positive", "negative", "unsure")
"""Checked and held · looked for and not found, or not the same · told by a source, but doubtful."""
SURE = 0.8
"""The least confidence of a positive row."""
TARGETS = f"{LINKS}/targets"
_GRAPH = f"{CANONICAL_BASE}graph/links/"
_SETS = f"{CANONICAL_BASE}id/jeu/"
_POINTERS = ("void:objectsTarget", "dct:conformsTo")
"""How a set of our links names its target: identifiers conform to theirs."""
_NOTHING = re.compile(r"(?!)")


IDENTIFIERS = {
    "iso-3166-2": re.compile(r"ISO 3166-2:FR-[0-9A-Z]{2,3}"),
    "nor": re.compile(r"[A-Z]{4}[0-9]{7}[A-Z]"),
    "siren": re.compile(r"[0-9]{9}"),
}
"""What the identifiers look like that are texts: VoID has a pattern for IRIs only."""


@dataclass(frozen=True)
class Target:
    """A data set that we link to: its IRI, the last part of it, its names by language, its home page, what its identifiers look
    like, by which properties we may link to it, and the set of our links; nothing of the last two where there are none yet."""

    iri: str
    name: str
    titles: Mapping[str, str]
    page: str
    pattern: re.Pattern[str]
    predicates: frozenset[str]
    links: str

    def title(self, language: str) -> str:
        """What it is called."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.name)


def read_targets(home: Path) -> dict[str, Target]:
    """IRI of the data set -> target, in the order of the IRIs. Raises SourceError."""
    path = home / f"{TARGETS}.ttl"
    if not path.is_file():
        return {}
    store = Store()
    store.extend(read_quads([SourceFile(path, TARGETS)], CANONICAL_BASE))
    described = sorted(
        {q.subject.value for q in store.quads_for_pattern(None, node("foaf:page"), None) if isinstance(q.subject, NamedNode)}
    )
    return {target: read_target(store, NamedNode(target)) for target in described}


def read_target(store: Store, target: NamedNode) -> Target:
    """What data/links/targets.ttl says of a target."""

    def values(subject: NamedNode, name: str) -> list[Term]:
        return [quad.object for quad in store.quads_for_pattern(subject, node(name), None)]

    pointing = (quad for name in _POINTERS for quad in store.quads_for_pattern(None, node(name), target))
    links = next((quad.subject for quad in pointing if isinstance(quad.subject, NamedNode)), None)
    name = target.value.removeprefix(_SETS)
    patterns = [re.compile(term.value) for term in values(target, "void:uriRegexPattern") if isinstance(term, Literal)]
    predicates = [*values(links, "void:linkPredicate"), *values(links, "void:property")] if links else []
    return Target(
        target.value,
        name,
        {term.language or "": term.value for term in values(target, "dct:title") if isinstance(term, Literal)},
        next((term.value for term in values(target, "foaf:page") if isinstance(term, NamedNode)), ""),
        patterns[0] if patterns else IDENTIFIERS.get(name, _NOTHING),
        frozenset(term.value for term in predicates if isinstance(term, NamedNode)),
        links.value if links else "",
    )


def read_links(home: Path) -> dict[str, MappingSet]:
    """Verdict -> mapping set; a file that isn't there is left out. Raises SourceError."""
    return {source.path.stem: read_mappings(source.path) for source in link_files(home)}


def positive_rows(home: Path) -> Sequence[Row]:
    """The rows that hold. Raises SourceError."""
    found = read_links(home).get(POSITIVE)
    return found.rows if found else ()


def link_quads(home: Path, base: str) -> Iterator[Quad]:
    """A triple for each positive row, in the graph of its target, own IRIs at `base`. Raises SourceError."""
    for row in positive_rows(home):
        value = Literal(row.object) if row.literal else NamedNode(rebase(row.object, base))
        graph = NamedNode(rebase(_GRAPH, base) + target_name(row))
        yield Quad(NamedNode(rebase(row.subject, base)), NamedNode(rebase(row.predicate, base)), value, graph)


def target_name(row: Row) -> str:
    """The last part of the IRI of a row's target."""
    return row.iri("object_source").removeprefix(_SETS)


def graph_files(home: Path) -> tuple[SourceFile, ...]:
    """The file of each graph of links, under the graph's name."""
    path = home / LINKS / f"{POSITIVE}.tsv"
    return tuple(SourceFile(path, f"links/{name}") for name in sorted({target_name(row) for row in positive_rows(home)}))


@dataclass(frozen=True)
class Evidence:
    """What a positive row tells of its link: the target's names by language, the identifier there, how sure, by which source."""

    titles: Mapping[str, str]
    short: str
    confidence: float
    source: str
    remark: str

    def title(self, language: str) -> str:
        """What the target is called."""
        return self.titles.get(language) or next(iter(self.titles.values()), "")


def read_evidence(home: Path, base: str) -> dict[str, dict[tuple[str, str], Evidence]]:
    """Our thing -> prefixed name of the property and value -> what the tables tell, own IRIs at `base`. Raises SourceError."""
    targets = read_targets(home)
    found: dict[str, dict[tuple[str, str], Evidence]] = {}
    for row in positive_rows(home):
        target = targets.get(row.iri("object_source"))
        titles = target.titles if target else {}
        told = Evidence(titles, last_part(row.object), row.confidence or 0, row["cited_source"], row["comment"])
        about = found.setdefault(rebase(row.subject, base), {})
        about[shorten(row.predicate), rebase(row.object, base)] = told
    return found


def last_part(identifier: str) -> str:
    """The end of an identifier, that tells it from others of its target: of a UUID the first block, of an ELI the number."""
    name = re.sub(r"^.*[/#:](?=.)", "", identifier.removesuffix("/jo/texte").rstrip("/"))
    return f"{name[:8]}…" if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) else name
