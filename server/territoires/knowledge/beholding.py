"""A store as the rdflib graph that pySHACL reads: what is looked at is read from it then, and once."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyoxigraph as ox
import rdflib
import rdflib.store

from territoires.knowledge.validation import QueriesReadOnce

DERIVED = ("inferred/", "links/", "shapes/", "provenance")
"""Graphs below <base>graph/ that the shapes aren't for: what rules conclude, links to others, the shapes, who made which graph."""
Triple = tuple[rdflib.term.Node, rdflib.term.Node, rdflib.term.Node]
Term = ox.NamedNode | ox.BlankNode | ox.Literal


@lru_cache(1 << 16)
def known(term: Any) -> rdflib.term.Node:
    """A term of the store as rdflib has it."""
    if isinstance(term, ox.NamedNode):
        return rdflib.URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return rdflib.BNode(term.value)
    if term.language:
        return rdflib.Literal(term.value, lang=term.language)
    plain = term.datatype.value == str(rdflib.XSD.string)
    return rdflib.Literal(term.value, datatype=None if plain else rdflib.URIRef(term.datatype.value), normalize=False)


@lru_cache(1 << 16)
def stored(node: rdflib.term.Node) -> Term | None:
    """A term of rdflib as the store has it; None for what no store holds."""
    try:
        if isinstance(node, rdflib.URIRef):
            return ox.NamedNode(str(node))
        if isinstance(node, rdflib.BNode):
            return ox.BlankNode(str(node))
        if isinstance(node, rdflib.Literal):
            datatype = None if node.language or not node.datatype else ox.NamedNode(str(node.datatype))
            return ox.Literal(str(node), datatype=datatype, language=node.language)
    except ValueError:
        return None
    return None


class View(rdflib.store.Store):
    """What the named graphs of a store state, save the derived ones; it is for one look, since it remembers what it has read."""

    context_aware = graph_aware = True  # as pySHACL requires; there is one graph all the same

    def __init__(self, store: ox.Store, base: str) -> None:
        super().__init__()
        self._store = store
        self._derived = tuple(f"{base}graph/{name}" for name in DERIVED)
        self.graph: rdflib.Graph = QueriesReadOnce(store=self)
        """The graph that pySHACL reads."""
        self._read: dict[tuple[rdflib.term.Node | None, ...], list[Triple]] = {}

    def found(self, *pattern: rdflib.term.Node | None) -> list[Triple]:
        """The triples of a pattern of three terms, None for any."""
        if pattern not in self._read:
            self._read[pattern] = self._find(*pattern)
        return self._read[pattern]

    def _find(self, *pattern: rdflib.term.Node | None) -> list[Triple]:
        terms: list[Any] = [stored(node) if node is not None else None for node in pattern]
        if any(term is None and node is not None for term, node in zip(terms, pattern, strict=True)):
            return []
        if isinstance(terms[0], ox.Literal) or isinstance(terms[1], ox.Literal | ox.BlankNode):
            return []
        found = dict[Triple, None]()
        subject, predicate, value = terms
        for quad in self._store.quads_for_pattern(subject, predicate, value, None):
            graph = quad.graph_name
            if not isinstance(graph, ox.DefaultGraph) and not graph.value.startswith(self._derived):
                found[known(quad.subject), known(quad.predicate), known(quad.object)] = None
        return list(found)

    # -- what rdflib asks of a store

    def triples(self, triple_pattern: Any, context: Any = None) -> Iterator[tuple[Any, Iterator[Any]]]:
        """The triples of a pattern, each with the graph."""
        return ((triple, iter((self.graph,))) for triple in self.found(*triple_pattern))

    def __len__(self, context: Any = None) -> int:
        """Not how many there are, which takes long to count and which nobody needs: only that there are some."""
        return 1
