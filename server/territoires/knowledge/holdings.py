"""Which data set each named graph of a release belongs to, and under which licence it stands.

A graph names its own licence (`<graph/data/reference/x> dct:license …` in the file); without that it is the Licence Ouverte.
A graph under another licence belongs to a data set of its own, so that no file mixes the two. Contributions are those of the journal
(contributions/x) and those that were reviewed and stand in the sources (data/contributions/x); both under the Licence Ouverte too, save
where they state another for themselves; those about persons (contributions/persons) stand with the persons.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import NamedNode, Quad, Store

from territoires.vocabulary import iri
from territoires.writing.writable import CONTRIBUTIONS

OPEN_LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"
WHOLE, PERSONS, SHARED_ALIKE = "territoires", "personnes", "faits-odbl"
"""The data set of all that stands under the Licence Ouverte; the persons, who stand apart; what is under the ODbL."""
DERIVED, DERIVED_SHARED = "derived", "derived-odbl"
"""The graphs of names that a build makes for n-ary nodes: of those under the Licence Ouverte, and of those under the ODbL."""
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
    PERSONS: ("data/persons/", "contributions/persons", "data/contributions/persons"),
    "contributions": ("contributions/", "data/contributions/"),
}
"""Data set -> how the names of its graphs begin; the first that fits holds."""
PERIODS: Mapping[str, tuple[str, str]] = {"memento": ("2015-01-01", "2017-12-31"), "territoires": ("2014-01-01", "")}
"""Data set -> first and last day that it tells of: the figures of the mémento are of 2015, its text is of 2017."""
EVERYWHERE = ("cog", "contours", "contributions", "references", "territoires")
"""Data sets whose places lie in all of France; the others tell of the nine territories."""
USES: Mapping[str, Mapping[str, str]] = {
    "application/n-quads": {
        "fr": "Pour tout charger dans un entrepôt de triplets, graphe par graphe.",
        "en": "To load all of it into a triple store, graph by graph.",
    },
    "text/turtle": {
        "fr": "Pour lire, et pour la plupart des outils RDF ; un seul graphe.",
        "en": "To read, and for most tools of RDF; one graph.",
    },
    "application/ld+json": {
        "fr": "Pour les programmes qui lisent du JSON ; les graphes restent séparés.",
        "en": "For programs that read JSON; the graphs stay apart.",
    },
    "text/csv": {"fr": "Pour les tableurs, R et pandas.", "en": "For spreadsheets, R and pandas."},
    "application/csvm+json": {
        "fr": "Dit ce que signifie chaque colonne : types, langues, clés (CSVW).",
        "en": "Tells what each column means: datatypes, languages, keys (CSVW).",
    },
    "application/zip": {
        "fr": "Toutes les tables et le sens de leurs colonnes, en une fois.",
        "en": "All tables and what their columns mean, at once.",
    },
    "application/geo+json": {
        "fr": "Pour les cartes sur le web, et pour QGIS par son adresse.",
        "en": "For maps on the web, and for QGIS by its address.",
    },
    "application/geopackage+sqlite3": {
        "fr": "Pour QGIS et les autres SIG : une couche par sorte de lieu.",
        "en": "For QGIS and other GIS: a layer for each kind of place.",
    },
}
"""Media type -> what a file of it is good for, by language."""
FACTS = ("memento", "references", "cog", "liens", "contributions")
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


def of_persons(graph: str, base: str) -> bool:
    """Whether a graph is about persons, by its name."""
    return holding(graph, base, OPEN_LICENCE).part == PERSONS


def stated_licences(quads: Iterable[Quad], base: str) -> dict[str, str]:
    """Graph -> licence, where a source says so of a graph; a contribution only of its own, also from the file that it has become."""
    found: dict[str, str] = {}
    own, filed = f"{base}{CONTRIBUTIONS}", f"{base}graph/data/contributions/"
    for quad in quads:
        if quad.predicate.value != iri("dct:license") or not (isinstance(quad.subject, NamedNode) and isinstance(quad.object, NamedNode)):
            continue
        graph, here = quad.subject.value, quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
        if here.startswith((own, filed)):
            if graph not in (here, here.replace(filed, own, 1)):
                continue
            graph = here
        if graph.startswith(f"{base}graph/"):
            found[graph] = quad.object.value
    return found
