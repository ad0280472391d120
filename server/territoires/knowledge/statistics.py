"""VoID statistics of a release, counted once at the build (VoID §4.6)."""

from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Store

from territoires.knowledge.provenance import node


def statistics(quads: Iterable[Quad], base: str) -> Iterator[Quad]:
    """VoID statistics of the dataset (VoID §4.6): triples, entities, classes, properties, and their partitions."""
    here = NamedNode(base + "graph/statistics")
    dataset = NamedNode(base + "id/jeu/territoires")
    stored = Store()  # it writes numbers in one way, as the release's store does: 0.5 and 0.50 are one object there
    stored.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    triples = {(q.subject, q.predicate, q.object) for q in stored}
    classes: dict[NamedNode, set[object]] = {}
    uses: dict[NamedNode, int] = {}
    for subject, predicate, value in triples:
        uses[predicate] = uses.get(predicate, 0) + 1
        if predicate == node("rdf:type") and isinstance(value, NamedNode):
            classes.setdefault(value, set()).add(subject)

    def say(subject: NamedNode | BlankNode, predicate: str, value: NamedNode | BlankNode | int) -> Quad:
        shown = Literal(str(value), datatype=node("xsd:integer")) if isinstance(value, int) else value
        return Quad(subject, node(predicate), shown, here)

    own = {s for s, _, _ in triples if isinstance(s, NamedNode) and s.value.startswith(base)}
    yield say(dataset, "void:triples", len(triples))
    yield say(dataset, "void:entities", len(own))
    yield say(dataset, "void:distinctSubjects", len({s for s, _, _ in triples}))
    yield say(dataset, "void:distinctObjects", len({o for _, _, o in triples}))
    yield say(dataset, "void:classes", len(classes))
    yield say(dataset, "void:properties", len(uses))
    for cls, members in sorted(classes.items(), key=lambda item: item[0].value):
        part = BlankNode()
        yield say(dataset, "void:classPartition", part)
        yield say(part, "void:class", cls)
        yield say(part, "void:entities", len(members))
    for predicate, count in sorted(uses.items(), key=lambda item: item[0].value):
        part = BlankNode()
        yield say(dataset, "void:propertyPartition", part)
        yield say(part, "void:property", predicate)
        yield say(part, "void:triples", count)
