"""The files and modules of the ontology: headers, versions, imports, and every term used is declared where it belongs.

Each check is a function that returns what it finds wrong: nothing in the repository, something in a broken graph.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SH, Graph, Literal, Namespace, URIRef

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = BASE + "def#"
OWN_TERM = re.compile(re.escape(TDP) + r"[^/]+")
VANN = Namespace("http://purl.org/vocab/vann/")
BIBO = Namespace("http://purl.org/ontology/bibo/")

MODULES = sorted((ROOT / "ontology").glob("*.ttl"))
SCHEMES = sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))
FILES = sorted(path for room in ("ontology", "data", "shapes") for path in (ROOT / room).rglob("*.ttl"))
NAMES = {
    "tdp", "core", "territory", "organisation", "cluster", "funding", "action", "lesson", "statistics", "provenance",
    "external-stubs", "axioms-dl",
}  # fmt: skip
APART = {URIRef(BASE + "def/axioms-dl")}  # imports the ontology, which does not import it
NEW_IN_THIS_VERSION = {"lesson", "axioms-dl"}
PREVIOUS = "0.1.0"
BUILT_IN = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/2001/XMLSchema#",
)
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
LISTS = [
    ROOT / "ontology" / "alignments" / "mappings.sssom.tsv",
    *(ROOT / "tests" / "fixtures" / f"{name}.txt" for name in ("known-terms", "no-inverse", "terms-0.1.0")),
]
STUBS = ROOT / "ontology" / "external-stubs.ttl"


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


def version_of(graph: Graph) -> str:
    (version,) = {str(v) for v in graph.objects(None, OWL.versionInfo)}
    return version


# Files


def unused_prefixes(text: str) -> list[str]:
    """Q1: prefixes that a Turtle text declares and doesn't use."""
    body = re.sub(r"(?m)^@prefix.*$", "", text)
    body = re.sub(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|<[^<>\s]*>', " ", body)
    body = re.sub(r"(?m)#.*$", "", body)
    return [p for p in re.findall(r"(?m)^@prefix\s+([\w-]*):", text) if not re.search(rf"(?<![\w-]){re.escape(p)}:", body)]


def untidy_lines(text: str) -> list[str]:
    """Q2: lines of a Turtle text with a tab or a stray space, and an end that is not one line feed."""
    lines = text.split("\n")
    faults = [line for line in lines if "\t" in line or "\r" in line or line != line.rstrip()]
    return faults + ["the end"] * (lines[-1] != "" or not lines[-2:-1] or lines[-2] == "")


def declared_prefixes(text: str) -> list[str]:
    """The prefixes that a Turtle text declares, in their order, each with its namespace."""
    return re.findall(r"(?m)^@prefix\s+(\S*:\s+<[^>]*>)", text)


def unordered_prefixes(texts: Iterable[str]) -> list[str]:
    """Q2: prefixes that two texts declare in opposite orders, or for two namespaces."""
    orders = {pair for text in texts for pair in combinations(declared_prefixes(text), 2)}
    spaces = {prefix for pair in orders for prefix in pair}
    several = {name for name, n in Counter(space.split(":")[0] for space in spaces).items() if n > 1}
    return sorted(f"{a} {b}" for a, b in orders if a < b and (b, a) in orders) + sorted(several)


def scattered_subjects(text: str) -> list[str]:
    """Q2: subjects that a Turtle text describes in two places."""
    body = re.sub(r'"""(?:.|\n)*?"""', '""', text)
    counts = Counter(re.findall(r"(?m)^(<[^>]*>|[\w-]*:[\w.-]+)\s", body))
    return sorted(subject for subject, n in counts.items() if n > 1)


def unsorted_lines(text: str) -> list[str]:
    """Q2: lines of a list that do not follow the one before; a comment, or the names of the columns, begins a new part."""
    parts = ("#", "subject_id\t")
    return [
        line
        for before, line in pairwise(filter(None, text.splitlines()))
        if not line.startswith(parts) and line <= before and not before.startswith(parts)
    ]


def ill_typed(graph: Graph) -> list[str]:
    """Q1: literals that are not of the type they claim."""
    return [term.n3() for triple in graph for term in triple if isinstance(term, Literal) and term.ill_typed]


def insecure_schema(graph: Graph) -> list[str]:
    """Q28: schema.org is written with https."""
    return [str(term) for triple in graph for term in triple if isinstance(term, URIRef) and term.startswith("http://schema.org/")]


# Headers


def header_faults(graph: Graph) -> list[str]:
    """Q3, Q4: the graph has one ontology, whose header is complete."""
    modules = list(graph.subjects(RDF.type, OWL.Ontology))
    if len(modules) != 1:
        return [f"{len(modules)} ontologies"]
    (module,) = modules
    faults = [
        f"{p} not in both languages"
        for p in (DCTERMS.title, DCTERMS.description, DCTERMS.abstract)
        if sorted(o.language for o in graph.objects(module, p)) != ["en", "fr"]
    ]
    single = (
        DCTERMS.license, DCTERMS.creator, DCTERMS.publisher, DCTERMS.created, DCTERMS.modified, DCTERMS.issued, DCTERMS.source,
        DCTERMS.bibliographicCitation, BIBO.status, OWL.versionIRI, OWL.versionInfo, RDFS.seeAlso,
        VANN.preferredNamespacePrefix, VANN.preferredNamespaceUri,
    )  # fmt: skip
    faults += [f"{p}: {n}" for p in single if (n := len(list(graph.objects(module, p)))) != 1]
    if faults:
        return faults
    value = {p: graph.value(module, p) for p in single}
    faults += [f"{p} is no IRI" for p in (DCTERMS.license, DCTERMS.source, BIBO.status, RDFS.seeAlso) if not isinstance(value[p], URIRef)]
    dates = [str(value[p]) for p in (DCTERMS.created, DCTERMS.issued, DCTERMS.modified)]
    if dates != sorted(dates) or not all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", d) for d in dates):
        faults.append(f"dates {dates}")
    version, iri = str(value[OWL.versionInfo]), str(value[OWL.versionIRI])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or iri != f"{module}/{version}":
        faults.append(f"version {version}, version IRI {iri}")
    if version not in str(value[DCTERMS.bibliographicCitation]) or str(module) not in str(value[DCTERMS.bibliographicCitation]):
        faults.append("citation without version or IRI")
    if (str(value[VANN.preferredNamespacePrefix]), str(value[VANN.preferredNamespaceUri])) != ("tdp", TDP):
        faults.append("namespace")
    name = module.removeprefix(BASE + "def").strip("/")
    prior = [] if name in NEW_IN_THIS_VERSION else [URIRef(f"{module}/{PREVIOUS}")]
    if list(graph.objects(module, OWL.priorVersion)) != prior:
        faults.append("prior version")
    return faults


# Imports, declarations, strangers


def unreached_modules(graph: Graph) -> list[str]:
    """Modules that the ontology does not import, directly or not."""
    reached, waiting = set(), [URIRef(BASE + "def")]
    while waiting:
        module = waiting.pop()
        reached.add(module)
        waiting += [m for m in graph.objects(module, OWL.imports) if m not in reached]
    return sorted(set(graph.subjects(RDF.type, OWL.Ontology)) ^ (reached | APART))


def undeclared_own_terms(graph: Graph) -> list[str]:
    """Q23: terms of our namespace that no module declares."""
    used = {term for triple in graph for term in triple if isinstance(term, URIRef) and OWN_TERM.fullmatch(term)}
    return sorted(term for term in used if (term, RDFS.isDefinedBy, None) not in ontology())


def undeclared_foreign_terms(graph: Graph) -> list[str]:
    """Q23: classes and properties of other vocabularies that neither the stubs nor the graph itself declare."""
    used = set(graph.predicates()) | set(graph.objects(None, RDF.type))
    for predicate in (RDFS.subClassOf, RDFS.domain, RDFS.range, RDFS.subPropertyOf):
        used |= {o for o in graph.objects(None, predicate) if isinstance(o, URIRef)}
    foreign = {term for term in used if isinstance(term, URIRef) and not str(term).startswith((BASE, *BUILT_IN))}
    return sorted(term for term in foreign if (term, RDF.type, None) not in ontology() and (term, RDF.type, None) not in graph)


def hijacked_terms(graph: Graph) -> list[str]:
    """Q24: things said of a foreign term, beyond what the stubs say of it."""
    stubs = read(STUBS)
    return sorted(f"{s} {p}" for s, p, o in graph if isinstance(s, URIRef) and not s.startswith(BASE) and (s, p, o) not in stubs)


def overloaded_stubs(graph: Graph) -> list[str]:
    """Q26: stubs that say more than a kind, a superclass of the same vocabulary or a neighbour, and what that vocabulary declares."""
    said = {p for s, p, _ in graph if isinstance(s, URIRef) and not s.startswith(BASE)}
    return sorted(said - {RDF.type, RDFS.subClassOf})


def equated_terms(graph: Graph) -> list[str]:
    """Q27: in the modules no foreign term is the same as one of ours."""
    objects = (o for p in (OWL.sameAs, OWL.equivalentClass, OWL.equivalentProperty) for o in graph.objects(None, p))
    return sorted(o for o in objects if isinstance(o, URIRef))


# Shapes


def shape_contradictions(shapes: Graph) -> list[str]:
    """Q35: constraints of the shapes that the ontology makes impossible, or that ask for what it forbids."""
    graph, faults = ontology(), []
    disjoint = {
        frozenset(pair)
        for axiom in graph.subjects(RDF.type, OWL.AllDisjointClasses)
        for pair in combinations(graph.items(graph.value(axiom, OWL.members)), 2)
    }
    for shape, path in shapes.subject_objects(SH.path):
        if not isinstance(path, URIRef):
            continue
        kinds, target = set(graph.objects(path, RDF.type)), graph.value(path, RDFS.range)
        for datatype in shapes.objects(shape, SH.datatype):
            if OWL.ObjectProperty in kinds or target not in (None, datatype):
                faults.append(f"{shape}: {datatype}")
        for cls in shapes.objects(shape, SH["class"]):
            above = [set(graph.transitive_objects(each, RDFS.subClassOf)) for each in (cls, target) if each is not None]
            clash = len(above) == 2 and any(frozenset((a, b)) in disjoint for a in above[0] for b in above[1])
            if OWL.DatatypeProperty in kinds or clash:
                faults.append(f"{shape}: {cls}")
        for kind in shapes.objects(shape, SH.nodeKind):
            if (kind == SH.Literal) != (OWL.DatatypeProperty in kinds) and kinds & {OWL.ObjectProperty, OWL.DatatypeProperty}:
                faults.append(f"{shape}: {kind}")
    return faults


def mentioned(*folders: str) -> set[str]:
    """The own terms that the Turtle and the queries of these folders name, beyond their comments."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.*"):
            text = re.sub(r"(?m)^\s*#.*$", "", path.read_text(encoding="utf-8"))
            found |= set(re.findall(r"\btdp:(\w+)", text))
    return found


# Versions


def semver_faults(before: Iterable[str], after: Iterable[str], old: str, new: str) -> list[str]:
    """Q31: a term removed asks for a major version, a term added for a minor one."""
    was, now = (tuple(map(int, v.split("."))) for v in (old, new))
    removed, added = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    faults = [f"removed in {new}: {name}" for name in removed if now[0] == was[0]]
    faults += [f"added in {new}: {name}" for name in added if now[:2] <= was[:2]]
    return faults


def own_names(graph: Graph) -> set[str]:
    """The terms, schemes, concepts and collections, relative to the base."""
    kept = {str(s).removeprefix(BASE) for s in graph.subjects(RDF.type) if isinstance(s, URIRef) and s.startswith(BASE)}
    return {name for name in kept if name.startswith(("def#", "scheme/"))}


def previous_names() -> list[str]:
    lines = (ROOT / "tests" / "fixtures" / f"terms-{PREVIOUS}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


# The repository


def in_each(check: Callable[[Graph], list[str]], paths: Iterable[Path]) -> dict[str, list[str]]:
    return {path.relative_to(ROOT).as_posix(): found for path in paths if (found := check(read(path)))}


def test_there_are_files_to_check():
    assert {path.stem for path in MODULES} == NAMES and len(SCHEMES) > 40 and len(FILES) > 60


def test_every_declared_prefix_is_used():
    assert {path.name: p for path in FILES if (p := unused_prefixes(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("check", [ill_typed, insecure_schema, undeclared_own_terms], ids=lambda c: c.__name__)
def test_files(check):
    assert in_each(check, FILES) == {}


def test_every_foreign_class_and_property_used_is_declared():
    assert in_each(undeclared_foreign_terms, [path for path in FILES if "shapes" not in path.parts]) == {}


def test_module_headers_are_complete():
    assert in_each(header_faults, MODULES) == {}
    for path in MODULES:
        (module,) = read(path).subjects(RDF.type, OWL.Ontology)
        assert str(module) == BASE + ("def" if path.stem == "tdp" else f"def/{path.stem}")


def test_the_ontology_the_change_log_and_the_package_have_one_version():
    version = version_of(ontology())
    changes = (ROOT / "ontology" / "CHANGELOG.md").read_text(encoding="utf-8")
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.findall(r"(?m)^## (\d+\.\d+\.\d+)", changes)[0] == version == package


@pytest.mark.parametrize("check", [unreached_modules, hijacked_terms, equated_terms], ids=lambda c: c.__name__)
def test_modules(check):
    assert check(ontology()) == []


def test_stubs_say_nothing_more():
    assert overloaded_stubs(read(STUBS)) == []


def test_files_are_written_in_one_way():
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
    assert {name: found for name, text in texts.items() if (found := untidy_lines(text))} == {}
    scattered = {f"{name}: {subject}" for name, text in texts.items() for subject in scattered_subjects(text)}
    assert {each for each in scattered if not re.match(r"data/.*: <scheme/", each)} == set()  # the place of a concept is its scheme
    assert unordered_prefixes(texts.values()) == []


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_lists_are_sorted(path):
    assert unsorted_lines(path.read_text(encoding="utf-8")) == []


def test_every_class_and_property_is_in_a_shape_or_a_question():
    terms = {str(t).removeprefix(TDP) for kind in KINDS for t in ontology().subjects(RDF.type, kind) if str(t).startswith(TDP)}
    assert len(terms) > 300 and terms - mentioned("shapes", "queries/competency") == set()


def test_every_class_is_the_target_of_a_shape():
    """Q32: by itself, or by a class above it: what has nothing of its own to require is bound by what it is a kind of."""
    targets = {target for path in FILES if "shapes" in path.parts for target in read(path).objects(None, SH.targetClass)}
    classes = {cls for cls in ontology().subjects(RDF.type, OWL.Class) if str(cls).startswith(TDP)}
    assert {cls for cls in classes if not targets & set(ontology().transitive_objects(cls, RDFS.subClassOf))} == set()


def test_shapes_agree_with_the_ontology():
    assert in_each(shape_contradictions, [path for path in FILES if "shapes" in path.parts]) == {}


def test_every_property_is_in_a_shape():
    shapes = {str(term) for path in FILES if "shapes" in path.parts for triple in read(path) for term in triple}
    queried = " ".join(shapes)
    terms = {t for kind in (OWL.ObjectProperty, OWL.DatatypeProperty) for t in ontology().subjects(RDF.type, kind) if t.startswith(TDP)}
    assert [t for t in sorted(terms) if str(t) not in shapes and not re.search(rf"tdp:{t.removeprefix(TDP)}\b", queried)] == []


def test_nothing_of_the_previous_release_is_lost():
    before, after = previous_names(), own_names(union((*MODULES, *SCHEMES)))
    assert len(before) > 200 and set(before) <= after
    assert semver_faults(before, after, PREVIOUS, version_of(ontology())) == []


# Seen to fail

PREFIXES = f"""
@base <{BASE}> . @prefix tdp: <{TDP}> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . @prefix org: <http://www.w3.org/ns/org#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix dct: <{DCTERMS}> . @prefix schema: <http://schema.org/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix sh: <{SH}> .
"""
BROKEN = [
    (ill_typed, "<id/x> tdp:inhabitants 'quarante'^^xsd:integer ."),
    (insecure_schema, "<id/x> a schema:Organization ."),
    (undeclared_own_terms, "<id/x> a tdp:Payss ."),
    (undeclared_own_terms, "<id/x> tdp:inhabitant 5 ."),
    (undeclared_foreign_terms, "<id/x> org:siteAddress <id/y> ."),
    (undeclared_foreign_terms, "tdp:Pays rdfs:subClassOf org:Site ."),
    (header_faults, "<def> a owl:Ontology . <def/core> a owl:Ontology ."),
    (header_faults, "<def> a owl:Ontology ; dct:title 'Titre'@fr ."),
    (unreached_modules, "<def> a owl:Ontology ; owl:imports <def/core> . <def/core> a owl:Ontology . <def/lost> a owl:Ontology ."),
    (hijacked_terms, "org:Organization rdfs:subClassOf tdp:Territory ."),
    (overloaded_stubs, "org:member rdfs:domain org:Membership ."),
    (shape_contradictions, "[] sh:path tdp:inhabitants ; sh:datatype xsd:string ."),
    (shape_contradictions, "[] sh:path tdp:carrier ; sh:datatype xsd:string ."),
    (shape_contradictions, "[] sh:path tdp:carrier ; sh:class tdp:Pays ."),
    (shape_contradictions, "[] sh:path tdp:inhabitants ; sh:class tdp:Pays ."),
    (shape_contradictions, "[] sh:path tdp:inhabitants ; sh:nodeKind sh:IRI ."),
    (equated_terms, "tdp:Cluster owl:equivalentClass org:OrganizationalCollaboration ."),
]


@pytest.mark.parametrize("check, turtle", BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_check_is_seen_to_fail(check, turtle):
    assert check(Graph().parse(data=PREFIXES + turtle, format="turtle"))


@pytest.mark.parametrize(
    "predicate", [DCTERMS.abstract, DCTERMS.license, DCTERMS.modified, OWL.versionIRI, OWL.priorVersion, BIBO.status, RDFS.seeAlso]
)
def test_a_header_without_it_is_seen(predicate):
    graph = Graph() + read(ROOT / "ontology" / "core.ttl")
    assert header_faults(graph) == []
    graph.remove((URIRef(BASE + "def/core"), predicate, None))
    assert header_faults(graph)


def test_an_unused_prefix_is_seen():
    assert unused_prefixes('@prefix a: <urn:a> .\n@prefix b: <urn:b> .\n# b:comment\n<urn:x> a:y "b:z" .') == ["b"]


@pytest.mark.parametrize("text", ["a\tb .\n", "a b . \n", "a b .", "a b .\n\n", "a b .\r\n"])
def test_untidy_lines_are_seen(text):
    assert untidy_lines("a b .\n") == []
    assert untidy_lines(text)


def test_prefixes_in_another_order_are_seen():
    one, other = "@prefix a: <urn:a> .\n@prefix b: <urn:b> .\n", "@prefix b: <urn:b> .\n@prefix a: <urn:a> .\n"
    assert unordered_prefixes([one, one]) == [] and unordered_prefixes([one, other])
    assert unordered_prefixes([one, one.replace("urn:b", "urn:c")]) == ["b"]


def test_a_scattered_subject_is_seen():
    assert scattered_subjects("<a> <p> <b> .\n<b> <p> <a> ;\n    <q> <a> .\n") == []
    assert scattered_subjects("<a> <p> <b> .\n<b> <p> <a> .\n<a> <q> <b> .\n") == ["<a>"]


def test_an_unsorted_line_is_seen():
    assert unsorted_lines("# one\nb\nc\n# two\na\n") == []
    assert unsorted_lines("b\na\n") == ["a"] and unsorted_lines("a\na\n") == ["a"]


@pytest.mark.parametrize("after, new", [({"a"}, "0.2.0"), ({"a", "b", "c"}, "0.1.1")])
def test_a_version_too_small_is_seen(after, new):
    assert semver_faults({"a", "b"}, after, "0.1.0", new)
    assert semver_faults({"a", "b"}, after, "0.1.0", "1.0.0") == []
