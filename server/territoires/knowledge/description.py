"""The description of one resource: what is said of it, the n-ary nodes about it, and the names of all it mentions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode, QueryBoolean, Triple

from territoires.errors import UnknownResource
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, rows
from territoires.store import Store
from territoires.vocabulary import PREFIXES

REPLACED_BY, DEPRECATED = PREFIXES["dct"] + "isReplacedBy", PREFIXES["owl"] + "deprecated"


@dataclass(frozen=True)
class Description:
    """The triples about `resource`; served as they are in RDF, arranged into a page in HTML."""

    resource: str
    triples: tuple[Triple, ...]

    @property
    def personal(self) -> bool:
        """Whether the resource is a person: its page is not for search engines."""
        kind = Triple(NamedNode(self.resource), NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PREFIXES["foaf"] + "Person"))
        return kind in self.triples

    @property
    def retired(self) -> bool:
        """Whether the resource is out of use and the graph names what replaces it."""
        said = {t.predicate.value: t.object for t in self.triples if t.subject == NamedNode(self.resource)}
        return REPLACED_BY in said and said.get(DEPRECATED) == Literal(True)


def is_known(store: Store, views: QueryLibrary, iri: str) -> bool:
    """Whether the graph says anything of `iri`."""
    try:
        resource = NamedNode(iri)
    except ValueError:  # no IRI, so nothing can be said of it
        return False
    answer = store.query(views.text("exists", store.base, resource=[resource]))
    return isinstance(answer, QueryBoolean) and bool(answer)


def is_person(store: Store, iri: str) -> bool:
    """Whether it is a person."""
    return bool(store.query(f"ASK {{ {NamedNode(iri)} a {NamedNode(PREFIXES['foaf'] + 'Person')} }}"))


def first_known(store: Store, views: QueryLibrary, candidates: Sequence[str]) -> str:
    """The first of `candidates` that the graph knows. Raises UnknownResource with the first when none is."""
    for iri in candidates:
        if is_known(store, views, iri):
            return iri
    raise UnknownResource(candidates[0])


def describe(store: Store, views: QueryLibrary, iri: str) -> Description:
    """The description of `iri`. Raises UnknownResource when nothing is said of it."""
    said = construct(store, views.text("describe", store.base, resource=[NamedNode(iri)]))
    if not any(triple.subject == NamedNode(iri) for triple in said):
        raise UnknownResource(iri)
    things = {term for triple in said for term in (triple.subject, triple.object) if isinstance(term, NamedNode)}
    named = construct(store, views.text("names", store.base, thing=sorted(things, key=str)))
    return Description(iri, tuple(sorted(said | named, key=lambda triple: reading_order(triple, iri))))


def construct(store: Store, text: str) -> set[Triple]:
    """The triples of a CONSTRUCT query."""
    answer = store.query(text)
    assert isinstance(answer, list)
    return set(answer)


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
