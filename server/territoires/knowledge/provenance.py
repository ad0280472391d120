"""Says of each named graph where it comes from (PROV-O on graphs only: PROV's disjointness forbids it on domain nodes)."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from pyoxigraph import Literal, NamedNode, Quad

from territoires import __version__
from territoires.files import LINKS, SourceFile
from territoires.knowledge.holdings import DERIVED, DERIVED_SHARED, OPEN_LICENCE
from territoires.knowledge.sources import graph_iri
from territoires.vocabulary import iri


def provenance(
    sources: tuple[SourceFile, ...], base: str, when: datetime, revision: str, licences: Mapping[str, str] | None = None
) -> Iterator[Quad]:
    """Each graph as a prov:Entity with its file, layer and licence; the build as the activity that generated it.

    `licences` are those that graphs state of themselves; the others stand under the Licence Ouverte.
    """
    licences = licences or {}
    here = NamedNode(base + "graph/provenance")
    activity = NamedNode(f"{base}id/jeu/construction-{revision}".lower())
    stamp = Literal(when.isoformat(timespec="seconds"), datatype=node("xsd:dateTime"))

    def say(subject: NamedNode, predicate: str, value: NamedNode | Literal) -> Quad:
        return Quad(subject, node(predicate), value, here)

    yield say(activity, "rdf:type", node("prov:Activity"))
    yield say(activity, "skos:prefLabel", Literal(f"Construction de la version {revision}", language="fr"))
    yield say(activity, "skos:prefLabel", Literal(f"Build of release {revision}", language="en"))
    yield say(activity, "dct:identifier", Literal(revision))
    yield say(activity, "prov:startedAtTime", stamp)
    dataset = NamedNode(base + "id/jeu/territoires")
    yield say(dataset, "dcat:version", Literal(__version__))
    yield say(dataset, "dct:modified", stamp)
    derived = [SourceFile(sources[0].path, name) for name in (DERIVED, DERIVED_SHARED)]
    derived = [each for each in derived if each.name == DERIVED or graph_iri(each, base).value in licences]
    for source in (*sources, *derived):
        graph = graph_iri(source, base)
        yield say(graph, "rdf:type", node("prov:Entity"))
        yield say(graph, "rdf:type", node("sd:NamedGraph"))
        yield say(graph, "skos:prefLabel", Literal(f"Graphe {source.name}", language="fr"))
        yield say(graph, "skos:prefLabel", Literal(f"Graph {source.name}", language="en"))
        yield say(graph, "prov:wasGeneratedBy", activity)
        yield say(graph, "prov:generatedAtTime", stamp)
        yield say(graph, "dct:license", NamedNode(licences.get(graph.value, OPEN_LICENCE)))
        yield say(graph, "dct:isPartOf", dataset)
        yield say(graph, "dct:identifier", Literal("queries/derive/*.rq" if source in derived else written(source)))
        if source.layer == "source":
            yield say(graph, "prov:hadPrimarySource", NamedNode(base + "source/memento"))


def written(source: SourceFile) -> str:
    """The path of the file below the home: that of links has a graph for each of its targets, an import lies elsewhere."""
    if source.path.suffix == ".nt":
        return f"imports/{source.path.parent.name}/{source.path.name}"
    return f"{LINKS}/{source.path.name}" if source.path.suffix == ".tsv" else f"{source.name}{source.path.suffix}"


def node(name: str) -> NamedNode:
    """A term of a reused vocabulary by its prefixed name."""
    return NamedNode(iri(name))
