"""What the tests of the traps share: the knowledge in one store, and a check that a naive model fails."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, Store, parse

from territoires.files import knowledge_files
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE

NAMESPACES = {
    "place": f"{CANONICAL_BASE}id/territoire/",
    "body": f"{CANONICAL_BASE}id/organisation/",
    "cluster": f"{CANONICAL_BASE}id/cluster/",
    "tdp": f"{CANONICAL_BASE}def#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "org": "http://www.w3.org/ns/org#",
    "qb": "http://purl.org/linked-data/cube#",
    "dim": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "schema": "https://schema.org/",
}
HEADER = "\n".join([f"BASE <{CANONICAL_BASE}>", *(f"PREFIX {name}: <{iri}>" for name, iri in NAMESPACES.items())])

TrapCheck = Callable[[Iterable[str], Iterable[str], str], None]


def filled(quads: Iterable[Quad]) -> Store:
    """A store in memory that holds these triples in its default graph."""
    store = Store()
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    return store


def problems(store: Store, nuances: Iterable[str], naive: Iterable[str]) -> list[str]:
    """The graph patterns that should hold and don't, and those that shouldn't hold and do."""

    def holds(pattern: str) -> bool:
        return bool(store.query(f"{HEADER}\nASK {{ {pattern} }}"))

    missing = [f"missing: {pattern}" for pattern in nuances if not holds(pattern)]
    return missing + [f"naive: {pattern}" for pattern in naive if holds(pattern)]


@pytest.fixture(scope="session")
def trap(root: Path) -> TrapCheck:
    """Asserts that the knowledge keeps the nuances and isn't naive, and that the naive graph is caught by every pattern."""
    knowledge = filled(read_quads(knowledge_files(root), CANONICAL_BASE))

    def check(nuances: Iterable[str], naive: Iterable[str], naive_graph: str) -> None:
        nuances, naive = list(nuances), list(naive)
        assert problems(knowledge, nuances, naive) == []
        caught = problems(filled(parse(f"{HEADER}\n{naive_graph}", RdfFormat.TURTLE)), nuances, naive)
        assert caught == [f"missing: {pattern}" for pattern in nuances] + [f"naive: {pattern}" for pattern in naive]

    return check
