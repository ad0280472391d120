"""The W3C's SPARQL query evaluation tests: rewritten queries have the same solutions as the originals on their data.

TERRITOIRES_RDF_TESTS names a checkout of https://github.com/w3c/rdf-tests; without it nothing is collected.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import rdflib
from pyoxigraph import DefaultGraph, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, RdfFormat, Store
from rdflib.namespace import RDF

from territoires.store.rewriting import rewrite

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".rdf": RdfFormat.RDF_XML,
    ".nt": RdfFormat.N_TRIPLES,
    ".trig": RdfFormat.TRIG,
    ".nq": RdfFormat.N_QUADS,
}
FEWEST = 400  # evaluation tests in the folders sparql10 and sparql11


@dataclass(frozen=True)
class Case:
    """A query and the files of its default and named graphs."""

    query: Path
    data: tuple[Path, ...]
    named: tuple[Path, ...]

    def store(self) -> Store:
        """A store with the data of the test."""
        store = Store()
        for path in (*self.data, *self.named):
            name = DefaultGraph() if path in self.data else NamedNode(path.as_uri())
            store.load(path=str(path), format=FORMATS[path.suffix], base_iri=path.as_uri(), to_graph=name)
        return store

    def answer(self, store: Store, text: str) -> Counter[Any] | str:
        """What is answered, without order; or what is wrong with the query."""
        try:
            found = store.query(text, base_iri=self.query.as_uri())
            if isinstance(found, QueryBoolean):
                return Counter([bool(found)])
            if isinstance(found, QueryTriples):
                return Counter(str(triple) for triple in found)
            assert isinstance(found, QuerySolutions)
            names = sorted(variable.value for variable in found.variables)
            return Counter(tuple((name, str(row[name])) for name in names) for row in found)
        except (SyntaxError, RuntimeError, OSError) as error:
            return type(error).__name__


def cases(folder: Path) -> Iterator[Case]:
    """The evaluation tests that the manifests below a folder list."""
    for manifest in sorted((*folder.glob("sparql/sparql10/*/manifest.ttl"), *folder.glob("sparql/sparql11/*/manifest.ttl"))):
        graph = rdflib.Graph().parse(manifest, format="turtle", publicID=manifest.as_uri())
        for test in sorted(graph.subjects(RDF.type, MF.QueryEvaluationTest)):
            action = graph.value(test, MF.action)
            query, data, named = (tuple(map(path_of, graph.objects(action, kind))) for kind in (QT.query, QT.data, QT.graphData))
            yield Case(query[0], data, named)


def path_of(node: Any) -> Path:
    """The file that an IRI of a manifest names."""
    return Path(unquote(urlparse(str(node)).path))


if CHECKOUT := os.environ.get("TERRITOIRES_RDF_TESTS"):

    def test_same_answers() -> None:
        """Every query that is rewritten answers as before; some are, or the test would test nothing."""
        rules: Counter[str] = Counter()
        found = list(cases(Path(CHECKOUT).resolve()))
        for case in found:
            text = case.query.read_text(encoding="utf-8")
            store = case.store()
            rewritten = rewrite(text, len(list(store.quads_for_pattern(None, None, None, DefaultGraph()))))
            rules.update(rewritten.rules)
            same = rewritten.text == text or case.answer(store, rewritten.text) == case.answer(store, text)
            assert same, (case.query, rewritten.text)
        assert len(found) >= FEWEST and rules, (len(found), rules)
