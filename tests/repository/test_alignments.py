"""Terms of other vocabularies exist and are of the kind that we declare; the alignments are sound, and told twice alike.

Run as a script, this file prints the violations of OWL 2 DL of the ontology with its alignments (and the files given) as JSON:
the Java virtual machine lives in a child process.
"""

import csv
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = Namespace(BASE + "def#")
QB = Namespace("http://purl.org/linked-data/cube#")
SCHEMA = "https://schema.org/"
VOID = "http://rdfs.org/ns/void#"
SDMX = "http://purl.org/linked-data/sdmx/2009/"
PREFIXES = {"rdf": str(RDF), "rdfs": str(RDFS), "owl": str(OWL), "qb": str(QB)}

ALIGNMENTS = sorted((ROOT / "ontology" / "alignments").glob("*.ttl"))
STUBS = ROOT / "ontology" / "external-stubs.ttl"
MODULES = sorted((ROOT / "ontology").glob("*.ttl"))
SCHEMES = sorted((ROOT / "ontology" / "schemes").glob("*.ttl"))
FILES = sorted(path for room in ("ontology", "shapes", "data") for path in (ROOT / room).rglob("*.ttl"))
MAPPINGS = ROOT / "ontology" / "alignments" / "mappings.sssom.tsv"
KNOWN_TERMS = ROOT / "tests" / "fixtures" / "known-terms.txt"

CLASS_MAPPINGS = {RDFS.subClassOf, OWL.equivalentClass}
PROPERTY_MAPPINGS = {RDFS.subPropertyOf, OWL.equivalentProperty}
CONCEPT_MAPPINGS = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch}
MAPPING_PREDICATES = {*CLASS_MAPPINGS, *PROPERTY_MAPPINGS, *CONCEPT_MAPPINGS, RDFS.seeAlso}
PROPERTY_KINDS = {OWL.ObjectProperty, OWL.DatatypeProperty}

# The objects of these are classes or properties; those of the last line may be lists of them.
TERM_OBJECTS = {
    RDF.type, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.equivalentClass, OWL.equivalentProperty, OWL.disjointWith,
    OWL.inverseOf, OWL.onProperty, OWL.onClass, OWL.someValuesFrom, OWL.allValuesFrom, OWL.complementOf, QB.dimension, QB.measure,
    QB.attribute, QB.measureType, SH["class"], SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.equals, SH.disjoint, SH.lessThan,
    SH.lessThanOrEquals, SH.inversePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath,
    SH.path, SH.alternativePath, SH.ignoredProperties, OWL.members, OWL.unionOf, OWL.intersectionOf, OWL.propertyChainAxiom,
}  # fmt: skip
TERM_KINDS = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty}

# Where a vocabulary is written in RDFS, or leaves a term's kind open, OWL 2 DL wants a choice.
# (namespace or term, kind as read, kind as declared): why.
REINTERPRETATIONS = {
    (str(DCTERMS), "rdf:Property", "owl:AnnotationProperty"): "DCMI terms take IRIs and literals alike, as only annotations may.",
    (str(DCTERMS), "rdfs:Class", "owl:Class"): "An RDFS class is an OWL class.",
    (SDMX, "rdf:Property", "owl:ObjectProperty"): "SDMX leaves the kind open; the values of ours are IRIs.",
    (str(QB.measureType), "rdf:Property", "owl:ObjectProperty"): "The data cube leaves the kind open; a measure is an IRI.",
    (str(QB.componentAttachment), "rdf:Property", "owl:ObjectProperty"): "The data cube leaves the kind open; it names a class.",
    ("http://www.w3.org/ns/locn#location", "rdf:Property", "owl:ObjectProperty"): "LOCN is in RDFS; the range is a class.",
    ("http://www.w3.org/ns/org#purpose", "rdf:Property", "owl:ObjectProperty"): "ORG leaves the kind open and advises a concept.",
    (VOID, "owl:FunctionalProperty", "owl:ObjectProperty"): "VoID says that it is functional only; its values are IRIs.",
    (VOID, "rdf:DatatypeProperty", "owl:DatatypeProperty"): "A slip of the file: RDF has no such class.",
    (SCHEMA, "rdfs:Class", "owl:Class"): "An RDFS class is an OWL class.",
    (SCHEMA, "rdf:Property", "owl:ObjectProperty"): "schema.org admits IRIs and literals; the values of ours are IRIs.",
    (SCHEMA, "rdf:Property", "owl:DatatypeProperty"): "schema.org admits IRIs and literals; the values of ours are literals.",
}


class Term(NamedTuple):
    """A term of another vocabulary as read there: its kinds, whether it is deprecated, and the file, as repository@commit and path."""

    kinds: frozenset[str]
    deprecated: bool
    file: str


def known_terms(text: str) -> dict[str, Term]:
    """The list of foreign terms. Raises ValueError at a line that is not of its form."""
    terms: dict[str, Term] = {}
    file = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            file = line.removeprefix("#").strip()
        elif line:
            match = re.fullmatch(r"(https?://\S+)\t([a-z]+:\w+(?:,[a-z]+:\w+)*)(\tdeprecated)?", line)
            if not match or not re.search(r"\w+/[\w.-]+@[0-9a-f]{40}\b", file) or match[1] in terms:
                raise ValueError(f"line {number}: not a term, without its file, or given twice: {line}")
            terms[match[1]] = Term(frozenset(match[2].split(",")), bool(match[3]), file)
    return terms


@cache
def known() -> dict[str, Term]:
    return known_terms(KNOWN_TERMS.read_text(encoding="utf-8"))


@cache
def read(path: Path) -> Graph:
    return Graph().parse(path)


def union(paths: Iterable[Path]) -> Graph:
    graph = Graph()
    for path in paths:
        graph += read(path)
    return graph


@cache
def ontology() -> Graph:
    return union(MODULES)


@cache
def schemes() -> Graph:
    return union(SCHEMES)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_foreign(term: Node | None) -> bool:
    return isinstance(term, URIRef) and not str(term).startswith((BASE, str(XSD)))


def queried_terms(graph: Graph) -> Iterator[URIRef]:
    """The prefixed names of the SPARQL constraints, by the prefixes that the shapes declare."""
    declared = union(sorted((ROOT / "shapes").glob("*.ttl")))
    spaces = {str(declared.value(node, SH.prefix)): str(declared.value(node, SH.namespace)) for node in declared.objects(None, SH.declare)}
    for predicate in (SH.select, SH.ask, SH.construct):
        for query in graph.objects(None, predicate):
            bare = re.sub(r'"[^"]*"|<[^<>\s]*>', " ", str(query))
            for prefix, local in re.findall(r"(?<![\w?$:.-])([a-z][\w-]*):([A-Za-z]\w*)", bare):
                yield URIRef(spaces[prefix] + local)


def foreign_terms(graph: Graph) -> set[URIRef]:
    """The classes and properties of other vocabularies that the graph uses, declares or points to from a term of ours."""
    used: set[Node] = set(graph.predicates())
    for predicate in TERM_OBJECTS:
        for value in graph.objects(None, predicate):
            used |= {value} if isinstance(value, URIRef) else set(graph.items(value))
    used |= {term for kind in TERM_KINDS for term in graph.subjects(RDF.type, kind)}
    used |= {value for term, value in graph.subject_objects(RDFS.seeAlso) if str(term).startswith(TDP)}
    used |= set(queried_terms(graph))
    return {term for term in used if isinstance(term, URIRef) and is_foreign(term)}


def term_faults(graph: Graph, terms: dict[str, Term]) -> list[str]:
    """Foreign terms that no vocabulary file is known to hold, or that theirs deprecates."""
    used = sorted(str(term) for term in foreign_terms(graph))
    unknown = [f"{term} is unknown" for term in used if term not in terms]
    return unknown + [f"{term} is deprecated" for term in used if term in terms and terms[term].deprecated]


def declared_kinds(graph: Graph) -> Iterator[tuple[str, str]]:
    """Each foreign term that the graph declares, with each kind that it gives it, as a prefixed name."""
    for term in {s for kind in TERM_KINDS for s in graph.subjects(RDF.type, kind) if is_foreign(s)}:
        for kind in graph.objects(term, RDF.type):
            yield str(term), next(f"{p}:{str(kind).removeprefix(ns)}" for p, ns in PREFIXES.items() if str(kind).startswith(ns))


def reinterpretation(term: str, read_kinds: frozenset[str], declared: str) -> tuple[str, str, str] | None:
    """The documented exception that lets the term be declared of another kind than read."""
    return next((key for key in REINTERPRETATIONS if term.startswith(key[0]) and key[1] in read_kinds and key[2] == declared), None)


def kind_faults(graph: Graph, terms: dict[str, Term]) -> list[str]:
    """Foreign terms declared of a kind that their vocabulary does not give them, and that no exception allows."""
    return sorted(
        f"{term} is {declared}, read as {', '.join(sorted(terms[term].kinds))}"
        for term, declared in declared_kinds(graph)
        if term in terms and declared not in terms[term].kinds and not reinterpretation(term, terms[term].kinds, declared)
    )


def mapping_triples(graph: Graph) -> set[tuple[Node, Node, Node]]:
    return {(s, p, o) for s, p, o in graph if p in MAPPING_PREDICATES}


def alignment_faults(graph: Graph) -> list[str]:
    """Whatever an alignment says beyond its header, declarations of foreign terms, and mappings of ours to what it declares."""
    faults = []
    (header,) = graph.subjects(RDF.type, OWL.Ontology)
    own = ontology()
    for s, p, o in graph:
        if s == header:
            continue
        if is_foreign(s):
            if p != RDF.type:
                faults.append(f"something is said of {s}")
        elif p not in MAPPING_PREDICATES:
            faults.append(f"{p} maps nothing")
        elif not is_foreign(o) or (o, RDF.type, None) not in graph:
            faults.append(f"{o} is not declared")
        elif p in CONCEPT_MAPPINGS:
            if (s, RDF.type, SKOS.Concept) not in schemes() or set(graph.objects(o, RDF.type)) != {OWL.NamedIndividual}:
                faults.append(f"{s} and {o} are not both concepts")
        else:
            kinds, theirs = set(own.objects(s, RDF.type)), set(graph.objects(o, RDF.type))
            if not kinds & (PROPERTY_KINDS | {OWL.Class}):
                faults.append(f"{s} is no term of the ontology")
            elif p in CLASS_MAPPINGS and OWL.Class not in kinds & theirs:
                faults.append(f"{s} and {o} are not both classes")
            elif p in PROPERTY_MAPPINGS and not PROPERTY_KINDS & kinds & theirs:
                faults.append(f"{s} and {o} are not properties of one kind")
    return sorted(set(faults))


def header_faults(graph: Graph, name: str) -> list[str]:
    (header,) = graph.subjects(RDF.type, OWL.Ontology)
    version = str(graph.value(header, OWL.versionInfo))
    both = [sorted(o.language for o in graph.objects(header, p)) == ["en", "fr"] for p in (DCTERMS.title, DCTERMS.description)]
    checks = {
        "IRI": str(header) == f"{BASE}def/alignments/{name}",
        "title and description": all(both),
        "licence": isinstance(graph.value(header, DCTERMS.license), URIRef),
        "version": bool(re.fullmatch(r"\d+\.\d+\.\d+", version)) and graph.value(header, OWL.versionIRI) == URIRef(f"{header}/{version}"),
        "import": (header, OWL.imports, URIRef(BASE + "def")) in graph,
    }
    return [what for what, right in checks.items() if not right]


class MappingSet(NamedTuple):
    """A mapping set in SSSOM: its header, its prefixes, and its rows."""

    header: dict[str, str]
    curie_map: dict[str, str]
    rows: list[dict[str, str]]

    def iri(self, curie: str) -> URIRef:
        prefix, _, local = curie.partition(":")
        return URIRef(self.curie_map[prefix] + local)

    def triples(self) -> list[tuple[Node, Node, Node]]:
        return [(self.iri(row["subject_id"]), self.iri(row["predicate_id"]), self.iri(row["object_id"])) for row in self.rows]


def mapping_set(text: str) -> MappingSet:
    header: dict[str, str] = {}
    curie_map: dict[str, str] = {}
    lines = text.splitlines()
    comments = [line.removeprefix("#") for line in lines if line.startswith("#")]
    for line in comments:
        key, _, value = line.strip().partition(": ")
        (curie_map if line.startswith("  ") else header)[key.removesuffix(":")] = value
    return MappingSet(header, curie_map, list(csv.DictReader(lines[len(comments) :], delimiter="\t", quoting=csv.QUOTE_NONE)))


def mapping_set_faults(mappings: MappingSet, turtle: set[tuple[Node, Node, Node]]) -> list[str]:
    """Where the mapping set is incomplete in itself, or does not say what the Turtle files say."""
    faults = []
    wanted = ("mapping_set_id", "mapping_set_version", "license", "mapping_set_description", "curie_map")
    faults += [f"the header has no {key}" for key in wanted if key not in mappings.header]
    triples = mappings.triples()
    faults += ["a mapping stands twice"] * (len(triples) != len(set(triples)))
    faults += [f"only in SSSOM: {triple}" for triple in set(triples) - turtle]
    faults += [f"only in Turtle: {triple}" for triple in turtle - set(triples)]
    for row, (subject, _, target) in zip(mappings.rows, triples, strict=True):
        where = f"{row['subject_id']} {row['object_id']}: "
        labels = set(ontology().objects(subject, RDFS.label)) | set(schemes().objects(subject, SKOS.prefLabel))
        term = known().get(str(target))
        checks = {
            "subject_label": Literal(row["subject_label"], lang="en") in labels,
            "object_label": bool(row["object_label"]),
            "mapping_justification": row["mapping_justification"] == "semapv:ManualMappingCuration",
            "confidence": bool(re.fullmatch(r"0\.\d+|1", row["confidence"])) and 0 < float(row["confidence"]) <= 1,
            "object_source": str(target).startswith(row["object_source"] or " "),
            "object_source_version": row["object_source_version"] in term.file if term else bool(row["object_source_version"]),
            "comment": bool(row["comment"]) or row["predicate_id"].startswith("skos:"),
        }
        faults += [where + what for what, right in checks.items() if not right]
    return sorted(faults)


def alignment(body: str) -> Graph:
    """An alignment for tests: a header, and `body`."""
    names = {**PREFIXES, "tdp": str(TDP), "skos": str(SKOS), "schema": SCHEMA, "org": "http://www.w3.org/ns/org#"}
    head = f"@base <{BASE}> .\n" + "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in names.items())
    return Graph().parse(data=head + "<def/alignments/x> a owl:Ontology .\n" + body, format="turtle")


# Terms


def test_there_are_files_to_check():
    assert ALIGNMENTS and FILES and len(known()) > 100


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_foreign_term_is_known_and_current(path):
    assert term_faults(read(path), known()) == []


@pytest.mark.parametrize("path", [STUBS, *ALIGNMENTS], ids=name_of)
def test_every_declaration_is_of_the_kind_read(path):
    assert kind_faults(read(path), known()) == []


def test_every_reinterpretation_is_needed():
    graph = union([STUBS, *ALIGNMENTS])
    taken = {reinterpretation(t, known()[t].kinds, kind) for t, kind in declared_kinds(graph) if kind not in known()[t].kinds}
    assert taken == set(REINTERPRETATIONS)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("tdp:Territory rdfs:subClassOf schema:Plaice .", "https://schema.org/Plaice is unknown"),
        ("tdp:Territory schema:adress tdp:x .", "https://schema.org/adress is unknown"),
        ("tdp:Territory rdfs:seeAlso schema:Land .", "https://schema.org/Land is unknown"),
        ("tdp:x owl:unionOf ( tdp:Pays schema:Land ) .", "https://schema.org/Land is unknown"),
        ("schema:Land a owl:Class .", "https://schema.org/Land is unknown"),
        ("tdp:x a <http://www.w3.org/2006/time#Year> .", "http://www.w3.org/2006/time#Year is deprecated"),
    ],
)
def test_a_wrong_term_is_found(body, fault):
    assert term_faults(alignment(body), known()) == [fault]


def test_a_wrong_term_of_a_query_is_found():
    graph = Graph()
    graph.add((URIRef(BASE + "shapes#x"), SH.select, Literal("SELECT $this { $this skos:preferredLabel ?x }")))
    assert term_faults(graph, known()) == [f"{SKOS}preferredLabel is unknown"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("org:linkedTo a owl:DatatypeProperty .", "http://www.w3.org/ns/org#linkedTo is owl:DatatypeProperty"),
        ("org:Organization a owl:ObjectProperty .", "http://www.w3.org/ns/org#Organization is owl:ObjectProperty"),
        ("org:linkedTo a owl:ObjectProperty, owl:FunctionalProperty .", "http://www.w3.org/ns/org#linkedTo is owl:FunctionalProperty"),
        ("schema:funder a owl:AnnotationProperty .", "https://schema.org/funder is owl:AnnotationProperty"),
    ],
)
def test_a_wrong_kind_is_found(body, fault):
    (found,) = kind_faults(alignment(body), known())
    assert found.startswith(fault + ", read as ")


@pytest.mark.parametrize(
    "text",
    [
        f"{OWL.Class}\trdfs:Class",
        f"# a file without a commit\n{OWL.Class}\trdfs:Class",
        f"# a/b@{'0' * 40}, c.ttl\n{OWL.Class} rdfs:Class",
        f"# a/b@{'0' * 40}, c.ttl\n{OWL.Class}\trdfs:Class\n{OWL.Class}\towl:Class",
    ],
)
def test_a_malformed_list_of_terms_is_refused(text):
    with pytest.raises(ValueError, match="not a term"):
        known_terms(text)


# Alignments


@pytest.mark.parametrize("path", ALIGNMENTS, ids=name_of)
def test_alignment_has_a_header_and_mappings(path):
    assert header_faults(read(path), path.stem) == [] and mapping_triples(read(path))


@pytest.mark.parametrize("path", ALIGNMENTS, ids=name_of)
def test_alignment_only_maps(path):
    assert alignment_faults(read(path)) == []


def test_nothing_is_the_same_as_anything():
    assert [path for path in FILES if (None, OWL.sameAs, None) in read(path) and path.is_relative_to(ROOT / "ontology")] == []


def test_a_pays_is_no_country_and_an_instrument_no_organisation():
    """Two look-alikes of other vocabularies that no alignment may fall for."""
    graph = union(ALIGNMENTS)
    assert set(graph.subjects(None, URIRef("http://rdf.insee.fr/def/geo#Pays"))) == {TDP.Country}
    organisations = {URIRef(SCHEMA + name) for name in ("Project", "FundingScheme", "FundingAgency")}
    assert not [s for s, o in graph.subject_objects(RDFS.subClassOf) if o in organisations]


def shared_matches(graph: Graph) -> list[str]:
    """Foreign concepts that several of ours exactly match: skos:exactMatch is transitive, and would merge ours."""
    targets = [str(o) for o in graph.objects(None, SKOS.exactMatch)]
    return sorted({target for target in targets if targets.count(target) > 1})


def test_no_two_concepts_exactly_match_one():
    assert shared_matches(union(ALIGNMENTS)) == []


def test_a_shared_exact_match_is_found():
    graph = alignment(
        "<scheme/a/b> skos:exactMatch <http://eurovoc.europa.eu/1> . <scheme/c/d> skos:exactMatch <http://eurovoc.europa.eu/1> ."
    )
    assert shared_matches(graph) == ["http://eurovoc.europa.eu/1"]


def test_an_incomplete_header_is_found():
    assert header_faults(alignment(""), "y") == ["IRI", "title and description", "licence", "version", "import"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("schema:Place a owl:Class ; rdfs:subClassOf org:Site .", "something is said of https://schema.org/Place"),
        ("schema:Place a owl:Class . tdp:Territory owl:sameAs schema:Place .", f"{OWL.sameAs} maps nothing"),
        ("tdp:Territory rdfs:subClassOf schema:Place .", "https://schema.org/Place is not declared"),
        ("tdp:Territory rdfs:subClassOf tdp:Document .", f"{TDP.Document} is not declared"),
        ("schema:Place a owl:Class . tdp:Land rdfs:subClassOf schema:Place .", f"{TDP.Land} is no term of the ontology"),
        ("schema:about a owl:ObjectProperty . tdp:Territory rdfs:subClassOf schema:about .", "are not both classes"),
        ("schema:amount a owl:DatatypeProperty . tdp:funder rdfs:subPropertyOf schema:amount .", "are not properties of one kind"),
        ("schema:Place a owl:Class . tdp:Territory skos:closeMatch schema:Place .", "are not both concepts"),
        ("schema:Place a owl:Class . <scheme/secteur/bois> skos:closeMatch schema:Place .", "are not both concepts"),
    ],
)
def test_an_unsound_alignment_is_found(body, fault):
    (found,) = alignment_faults(alignment(body))
    assert found.endswith(fault)


# The mapping set


def test_the_mapping_set_says_what_the_alignments_say():
    assert mapping_set_faults(mapping_set(MAPPINGS.read_text(encoding="utf-8")), mapping_triples(union(ALIGNMENTS))) == []


def without_a_line(text: str) -> str:
    return text.rsplit("\n", 2)[0] + "\n"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without_a_line, "only in Turtle"),
        (lambda text: text + text.splitlines()[-1] + "\n", "a mapping stands twice"),
        (lambda text: text.replace("\tschema:Place\t", "\tschema:Country\t"), "only in SSSOM"),
        (lambda text: re.sub("(?m)^#mapping_set_version.*\n", "", text), "the header has no mapping_set_version"),
        (lambda text: text.replace("\tTerritory\t", "\tTerritories\t", 1), "subject_label"),
        (lambda text: text.replace("\t0.95\t", "\t9.5\t", 1), "confidence"),
        (lambda text: text.replace("ManualMappingCuration", "LexicalMatching", 1), "mapping_justification"),
        (lambda text: re.sub(r"(?m)^(tdp:.*@)[0-9a-f]{40}\t", r"\g<1>0000000\t", text, count=1), "object_source_version"),
    ],
)
def test_a_wrong_mapping_set_is_found(change, fault):
    text = MAPPINGS.read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    found = mapping_set_faults(mapping_set(changed), mapping_triples(union(ALIGNMENTS)))
    assert found and any(fault in line for line in found)


# Reasoning

UNSOUND = """
schema:FundingScheme a owl:Class ; rdfs:subClassOf org:Organization .
tdp:FundingProgramme rdfs:subClassOf schema:FundingScheme .
"""
PUNNED = """
schema:funder a owl:ObjectProperty, owl:DatatypeProperty .
tdp:funder rdfs:subPropertyOf schema:funder .
"""


def merged(*more: Graph) -> Graph:
    graph = union([*MODULES, *SCHEMES, *ALIGNMENTS])
    for other in more:
        graph += other
    graph.remove((None, OWL.imports, None))
    return graph


def test_ontology_and_alignments_are_consistent():
    from territoires.knowledge.reasoning import reason

    found = reason(merged())
    assert found.consistent and found.unsatisfiable == ()


def test_an_unsound_alignment_empties_a_class():
    """schema.org places funding schemes among organisations: an instrument can't be one."""
    from territoires.knowledge.reasoning import reason

    assert str(TDP.FundingProgramme) in reason(merged(alignment(UNSOUND))).unsatisfiable


def profile_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("owl_profile", ROOT / "tests" / "repository" / "test_owl_profile.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_profile(more: list[Path]) -> dict[str, object]:
    """The violations of the ontology, its schemes, its alignments and the files `more`, as one import closure."""
    module = profile_module()
    export = module.export

    def export_with_alignments(folder: Path) -> tuple[Path, dict[str, Path]]:
        start, modules = export(folder)
        root = Graph().parse(start, format="xml")
        (scheme,) = root.subjects(RDF.type, OWL.Ontology)
        for source in [*ALIGNMENTS, *more]:
            graph = Graph().parse(source)
            iri = graph.value(predicate=RDF.type, object=OWL.Ontology, any=False)
            modules[str(iri)] = folder / f"alignment-{source.stem}.rdf"
            graph.serialize(modules[str(iri)], format="xml")
            root.add((scheme, OWL.imports, iri))
        root.serialize(start, format="xml")
        return start, modules

    module.export = export_with_alignments
    return module.check()


def profile(*more: Path) -> dict[str, list[str]]:
    run = subprocess.run([sys.executable, __file__, *map(str, more)], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_ontology_and_alignments_are_in_owl_2_dl():
    found = profile()
    loaded = {name.strip("<>") for name in found["loaded"]}
    assert {f"{BASE}def/alignments/{path.stem}" for path in ALIGNMENTS} < loaded
    assert found["OWL2DLProfile"] == []


def test_a_term_of_two_kinds_is_not_in_owl_2_dl(tmp_path):
    path = tmp_path / "punned.ttl"
    alignment(PUNNED).serialize(path, format="turtle")
    assert any("https://schema.org/funder" in violation for violation in profile(path)["OWL2DLProfile"])


if __name__ == "__main__":
    print(json.dumps(check_profile([Path(argument) for argument in sys.argv[1:]])))
