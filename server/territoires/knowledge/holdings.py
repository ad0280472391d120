"""Which data set each named graph of a release belongs to, and under which licence it stands.

A graph names its own licence (`<graph/data/reference/x> dct:license …` in the file); without that it is the Licence Ouverte.
A graph under another licence belongs to a data set of its own, so that no file mixes the two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad, Store

from territoires.vocabulary import iri

OPEN_LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
WHOLE, PERSONS, SHARED_ALIKE = "territoires", "personnes", "faits-odbl"
"""The data set of all that stands under the Licence Ouverte; the persons, who stand apart; what is under the ODbL."""
TABLES, OUTLINES = "tables", "contours"
"""The data sets that have files of their own, made of what the others say."""
PARTS: Mapping[str, tuple[str, ...]] = {
    "memento": ("data/source/", "data/interpretation/"),
    "references": ("data/reference/",),
    "cog": ("reference/cog-",),
    "liens": ("links/", "data/links/"),
    "ontologie": ("ontology/", "shapes/"),
    "inferences": ("derived", "inferred/"),
    "description": ("data/dataset", "provenance", "statistics"),
    PERSONS: ("data/persons/",),
}
"""Data set -> how the names of its graphs begin."""
FACTS = ("memento", "references", "cog", "liens")
"""The data sets that state facts; the others tell what words mean, and how the release was made."""


@dataclass(frozen=True)
class Holding:
    """A named graph: its IRI, its name below graph/, its data set and licence."""

    iri: str
    name: str
    part: str
    licence: str

    @property
    def open(self) -> bool:
        """Whether it may stand in the files of the whole: under the Licence Ouverte, and not about persons."""
        return self.part not in (PERSONS, SHARED_ALIKE)


def holdings(store: Store, base: str) -> tuple[Holding, ...]:
    """The named graphs of a release, sorted by IRI, as its graph of provenance tells their licences."""
    said = store.quads_for_pattern(None, NamedNode(iri("dct:license")), None, NamedNode(base + "graph/provenance"))
    licences = {
        quad.subject.value: quad.object.value for quad in said if isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
    }
    graphs = sorted(graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode))
    return tuple(holding(graph, base, licences.get(graph, OPEN_LICENCE)) for graph in graphs)


def holding(graph: str, base: str, licence: str) -> Holding:
    """A named graph with its place."""
    name = graph.removeprefix(f"{base}graph/")
    part = next((part for part, begins in PARTS.items() if name.startswith(begins)), "references")
    return Holding(graph, name, part if part == PERSONS or licence == OPEN_LICENCE else SHARED_ALIKE, licence)


def stated_licences(quads: Iterable[Quad], base: str) -> dict[str, str]:
    """Graph -> licence, where a source says so of its own graph."""
    said = NamedNode(iri("dct:license"))
    return {
        quad.subject.value: quad.object.value
        for quad in quads
        if quad.predicate == said and isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)
        if quad.subject.value.startswith(f"{base}graph/")
    }
