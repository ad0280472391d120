"""The ontology and its concept schemes are complete, well named, and declare every term that the repository uses."""

import re
from functools import cache
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = BASE + "def#"
OWN_TERM = re.compile(re.escape(TDP) + r"[^/]+")
VANN = Namespace("http://purl.org/vocab/vann/")

MODULES = sorted((ROOT / "ontology").glob("*.ttl"))
SCHEMES = sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))
FILES = sorted(path for room in ("ontology", "data", "shapes") for path in (ROOT / room).rglob("*.ttl"))
LANGUAGES = ["en", "fr"]
BUILT_IN = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2001/XMLSchema#",
)
ROOTS = 14


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def read(path: Path) -> Graph:
    return Graph().parse(path)


@cache
def union(paths: tuple[Path, ...]) -> Graph:
    graph = Graph()
    for path in paths:
        graph += read(path)
    return graph


def ontology() -> Graph:
    return union(tuple(MODULES))


def schemes() -> Graph:
    return union(tuple(SCHEMES))


def own_terms() -> list[URIRef]:
    return sorted({s for s in ontology().subjects() if isinstance(s, URIRef) and s.startswith(TDP)})


def languages(graph: Graph, subject, predicate) -> list[str | None]:
    return sorted(o.language for o in graph.objects(subject, predicate))


def prose_faults(text: str) -> list[str]:
    faults = []
    if len(text) < 40:
        faults.append("too short")
    if text != text.strip() or "  " in text:
        faults.append("stray spaces")
    if not text[:1].isupper():
        faults.append("no capital")
    if not text.endswith("."):
        faults.append("no final period")
    return faults


def test_there_are_files_to_check():
    assert {path.stem for path in MODULES} == {
        "tdp", "core", "territory", "organisation", "cluster", "funding", "action", "statistics", "provenance", "external-stubs",
    }  # fmt: skip
    assert SCHEMES and own_terms()


# Files


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_declared_prefix_is_used(path):
    text = path.read_text(encoding="utf-8")
    body = re.sub(r"(?m)^@prefix.*$", "", text)
    body = re.sub(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|<[^<>\s]*>', " ", body)
    body = re.sub(r"(?m)#.*$", "", body)
    unused = [p for p in re.findall(r"(?m)^@prefix\s+([\w-]*):", text) if not re.search(rf"(?<![\w-]){re.escape(p)}:", body)]
    assert unused == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_literal_is_well_typed(path):
    assert [term.n3() for triple in read(path) for term in triple if isinstance(term, Literal) and term.ill_typed] == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_schema_org_is_written_with_https(path):
    assert "http://schema.org/" not in path.read_text(encoding="utf-8")


# Modules


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_header_is_complete(path):
    graph = read(path)
    (module,) = graph.subjects(RDF.type, OWL.Ontology)
    assert str(module) == BASE + ("def" if path.stem == "tdp" else f"def/{path.stem}")
    assert languages(graph, module, DCTERMS.title) == LANGUAGES
    assert languages(graph, module, DCTERMS.description) == LANGUAGES
    assert all(graph.value(module, p) for p in (DCTERMS.license, DCTERMS.creator, DCTERMS.created))
    version = graph.value(module, OWL.versionInfo)
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(version))
    assert graph.value(module, OWL.versionIRI) == URIRef(f"{module}/{version}")
    assert str(graph.value(module, VANN.preferredNamespacePrefix)) == "tdp"
    assert str(graph.value(module, VANN.preferredNamespaceUri)) == TDP


def test_modules_have_one_version():
    assert len(set(ontology().objects(None, OWL.versionInfo))) == 1


def test_the_ontology_imports_every_module():
    graph, reached, waiting = ontology(), set(), [URIRef(BASE + "def")]
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting += [m for m in graph.objects(module, OWL.imports) if m not in reached]
    assert reached == set(graph.subjects(RDF.type, OWL.Ontology))


# Terms


@pytest.mark.parametrize("term", own_terms(), ids=lambda t: t.removeprefix(TDP))
def test_term_is_complete(term):
    graph = ontology()
    kinds = set(graph.objects(term, RDF.type))
    local = term.removeprefix(TDP)
    pattern = r"[A-Z][A-Za-z0-9]+" if OWL.Class in kinds else r"[a-z][A-Za-z0-9]+"
    assert len(kinds & {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty}) == 1
    assert re.fullmatch(pattern, local)
    assert languages(graph, term, RDFS.label) == LANGUAGES
    assert languages(graph, term, SKOS.definition) == LANGUAGES
    assert [fault for text in graph.objects(term, SKOS.definition) for fault in prose_faults(str(text))] == []
    (module,) = graph.objects(term, RDFS.isDefinedBy)
    assert (module, RDF.type, OWL.Ontology) in graph
    assert (term, RDF.type, None) in read(ROOT / "ontology" / f"{module.rsplit('/', 1)[1]}.ttl")
    assert len(list(graph.objects(term, RDFS.domain))) <= 1 and len(list(graph.objects(term, RDFS.range))) <= 1
    if OWL.Class in kinds:
        assert (term, DCTERMS.source, None) in graph or languages(graph, term, SKOS.editorialNote) == ["en"]


@pytest.mark.parametrize("predicate", [RDFS.label, SKOS.definition], ids=["label", "definition"])
def test_no_two_terms_of_a_kind_share_words(predicate):
    graph = ontology()
    seen: dict[tuple[str, str, bool], list[str]] = {}
    for term in own_terms():
        is_class = (term, RDF.type, OWL.Class) in graph
        for text in graph.objects(term, predicate):
            seen.setdefault((str(text).casefold(), str(text.language), is_class), []).append(term)
    assert {words: terms for words, terms in seen.items() if len(terms) > 1} == {}


def test_the_roots_are_disjoint_and_every_class_stands_below_one():
    graph = ontology()
    (axiom,) = graph.subjects(RDF.type, OWL.AllDisjointClasses)
    roots = set(graph.items(graph.value(axiom, OWL.members)))
    assert len(roots) == ROOTS
    for term in own_terms():
        if (term, RDF.type, OWL.Class) in graph:
            assert len(roots & set(graph.transitive_objects(term, RDFS.subClassOf))) == 1, term


def test_dates_have_no_range_in_owl():
    assert not [r for r in ontology().objects(None, RDFS.range) if str(r).endswith(("#date", "#gYear", "#langString"))]


def test_foreign_terms_are_only_declared():
    """Nothing is said about another vocabulary's term beyond its kind and its own superclass, and only in the stubs."""
    stubs = read(ROOT / "ontology" / "external-stubs.ttl")
    said = {(s, p) for s, p, _ in ontology() if isinstance(s, URIRef) and not s.startswith(BASE)}
    assert {p for _, p in said} <= {RDF.type, RDFS.subClassOf}
    assert all((s, p, None) in stubs for s, p in said)


# Concepts


def concepts() -> list[URIRef]:
    return sorted(set(schemes().subjects(RDF.type, SKOS.Concept)))


@pytest.mark.parametrize("path", SCHEMES, ids=name_of)
def test_scheme_is_complete(path):
    graph = read(path)
    (scheme,) = graph.subjects(RDF.type, SKOS.ConceptScheme)
    assert str(scheme) == f"{BASE}scheme/{path.stem}"
    for predicate in (SKOS.prefLabel, DCTERMS.title, SKOS.definition):
        assert languages(graph, scheme, predicate) == LANGUAGES
    tops = set(graph.objects(scheme, SKOS.hasTopConcept))
    assert tops and tops == set(graph.subjects(SKOS.topConceptOf, scheme))
    assert (scheme, DCTERMS.source, None) in graph or (scheme, SKOS.editorialNote, None) in graph


@pytest.mark.parametrize("concept", concepts(), ids=lambda c: c.removeprefix(BASE + "scheme/"))
def test_concept_is_complete(concept):
    graph = schemes()
    (scheme,) = graph.objects(concept, SKOS.inScheme)
    assert re.fullmatch(re.escape(str(scheme)) + r"/[a-z0-9]+(-[a-z0-9]+)*", concept)
    assert languages(graph, concept, SKOS.prefLabel) == LANGUAGES
    assert languages(graph, concept, SKOS.definition) == LANGUAGES
    assert [fault for text in graph.objects(concept, SKOS.definition) for fault in prose_faults(str(text))] == []
    assert len(list(graph.objects(concept, SKOS.notation))) == 1
    assert not set(graph.objects(concept, SKOS.prefLabel)) & set(graph.objects(concept, SKOS.altLabel))
    above = list(graph.transitive_objects(concept, SKOS.broader))
    assert concept not in above[1:]
    assert (above[-1], SKOS.topConceptOf, scheme) in graph
    assert ((concept, SKOS.topConceptOf, None) in graph) != ((concept, SKOS.broader, None) in graph)


def test_no_two_concepts_of_a_scheme_share_a_label_or_a_notation():
    graph = schemes()
    for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme):
        inside = list(graph.subjects(SKOS.inScheme, scheme))
        for predicate in (SKOS.prefLabel, SKOS.notation):
            values = [value for concept in inside for value in graph.objects(concept, predicate)]
            assert len(values) == len(set(values)), scheme


def test_related_concepts_are_not_hierarchical():
    graph = schemes()
    assert not [pair for pair in graph.subject_objects(SKOS.related) if pair[1] in set(graph.transitive_objects(pair[0], SKOS.broader))]


def test_concepts_named_by_axioms_exist():
    named = {o for o in ontology().objects(None, OWL.hasValue) if isinstance(o, URIRef)}
    assert named and named <= set(concepts())


def test_labels_are_label_schemes():
    graph = schemes()
    label_schemes = set(graph.subjects(RDF.type, URIRef(TDP + "LabelScheme")))
    assert label_schemes == set(graph.subjects(SKOS.inScheme, URIRef(BASE + "scheme/label")))


# Use


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_own_term_used_is_declared(path):
    used = {term for triple in read(path) for term in triple if isinstance(term, URIRef) and OWN_TERM.fullmatch(term)}
    assert sorted(used - set(own_terms())) == []


@pytest.mark.parametrize("path", [p for p in FILES if not name_of(p).startswith("shapes/")], ids=name_of)
def test_every_foreign_class_and_property_used_is_declared(path):
    graph = read(path)
    used = {p for p in graph.predicates()} | {o for o in graph.objects(None, RDF.type)}
    for predicate in (RDFS.subClassOf, RDFS.domain, RDFS.range):
        used |= {o for o in graph.objects(None, predicate) if isinstance(o, URIRef)}
    foreign = {term for term in used if not str(term).startswith((BASE, *BUILT_IN))}
    assert sorted(term for term in foreign if (term, RDF.type, None) not in ontology()) == []
