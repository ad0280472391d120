"""The description of one resource: what is said of it, the n-ary nodes about it, and the names of all it mentions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode, QueryBoolean, QueryTriples, Triple

from territoires.errors import UnknownResource
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, rows
from territoires.store import Store
from territoires.vocabulary import iri


@dataclass(frozen=True)
class Description:
    """The triples about `resource`; served as they are in RDF, arranged into a page in HTML."""

    resource: str
    triples: tuple[Triple, ...]

    @property
    def retired(self) -> bool:
        """Whether the resource is out of use and the graph names what replaces it."""
        said = {t.predicate.value: t.object for t in self.triples if t.subject == NamedNode(self.resource)}
        return iri("dct:isReplacedBy") in said and said.get(iri("owl:deprecated")) == Literal(True)


def is_known(store: Store, views: QueryLibrary, iri: str) -> bool:
    """Whether the graph says anything of `iri`."""
    try:
        resource = NamedNode(iri)
    except ValueError:  # no IRI, so nothing can be said of it
        return False
    answer = store.query(views.text("exists", store.base, resource=[resource]))
    return isinstance(answer, QueryBoolean) and bool(answer)


def first_known(store: Store, views: QueryLibrary, candidates: Sequence[str]) -> str:
    """The first of `candidates` that the graph knows. Raises UnknownResource with the first when none is."""
    for iri in candidates:
        if is_known(store, views, iri):
            return iri
    raise UnknownResource(candidates[0])


def describe(store: Store, views: QueryLibrary, iri: str) -> Description:
    """The description of `iri`. Raises UnknownResource when nothing is said of it."""
    answer = store.query(views.text("describe", store.base, resource=[NamedNode(iri)]))
    assert isinstance(answer, QueryTriples)
    triples = tuple(sorted(set(answer), key=lambda triple: reading_order(triple, iri)))
    if not any(isinstance(t.subject, NamedNode) and t.subject.value == iri for t in triples):
        raise UnknownResource(iri)
    return Description(iri, triples)


def reading_order(triple: Triple, resource: str) -> tuple[bool, str, str, str]:
    """The resource first, then every node's triples together."""
    return (str(triple.subject) != f"<{resource}>", str(triple.subject), str(triple.predicate), str(triple.object))


def labels(store: Store, views: QueryLibrary, iris: Iterable[str]) -> dict[str, list[Literal]]:
    """IRI -> its names in every language, in one query."""
    wanted = [NamedNode(iri) for iri in sorted(set(iris))]
    found: dict[str, list[Literal]] = {}
    if wanted:
        for row in rows(store.query(views.text("labels", store.base, thing=wanted))):
            thing, label = row["thing"], row["label"]
            assert isinstance(thing, NamedNode) and isinstance(label, Literal)
            found.setdefault(thing.value, []).append(label)
    return found
