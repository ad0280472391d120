"""Concept schemes are complete and sound, concepts stand where properties want them, and everything citable has a lawful IRI.

Each check is a function that returns what it finds wrong: nothing in the repository, something in a broken graph.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef

from territoires.files import knowledge_files

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = Namespace(BASE + "def#")
ORG = Namespace("http://www.w3.org/ns/org#")
QB = Namespace("http://purl.org/linked-data/cube#")
SDMX = Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")
INSEE_CODE = URIRef("http://rdf.insee.fr/def/geo#codeINSEE")
LANGUAGES = ["en", "fr"]
SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
POLICY = re.compile(
    re.escape(BASE)
    + r"(def/examples/[A-Z][A-Za-z]+\.ttl"
    + rf"|def#[A-Za-z][A-Za-z0-9]+|def(/{SLUG}(/{SLUG})*)?(/\d+\.\d+\.\d+)?|scheme/{SLUG}(/{SLUG})?|id/{SLUG}/{SLUG}"
    + rf"|source/{SLUG}(/({SLUG}|F\d{{3}}))?|shapes(#[A-Za-z][\w.-]*)?|graph/.+)?"
)
# The scheme or schemes from which a property takes its concepts (property: scheme …).
SCHEMES_OF = {
    TDP.territoryType: "type-de-territoire", TDP.actionStatus: "statut-d-action", TDP.flowStatus: "statut-d-action",
    TDP.effectStatus: "statut-d-action", TDP.rsetPolarity: "statut-d-action", TDP.rsetKind: "type-rset", TDP.outcome: "issue",
    TDP.assignedActionType: "type-d-action", TDP.actionType: "type-d-action", TDP.relationKind: "relation-cluster",
    TDP.absentRelation: "relation-cluster", TDP.clusterRole: "role-dans-un-cluster", TDP.territoryRole: "role-dans-un-cluster",
    TDP.formDuring: "forme-juridique", TDP.effectKind: "effet-juridique", TDP.polarity: "polarite", TDP.precision: "precision",
    TDP.valueQualifier: "qualificatif", TDP.aggregation: "agregation", TDP.currency: "unite", SDMX.unitMeasure: "unite",
    TDP.awardedLabel: "label", TDP.offeredLabel: "label", ORG.role: "fonction", TDP.hasTheme: "theme", TDP.inField: "domaine",
    TDP.hasSector: "secteur", TDP.coversTrade: "secteur", TDP.facilityKind: "equipement", TDP.bodyKind: "instance-de-gouvernance",
    TDP.plannedFacilityKind: "equipement",
    TDP.remitKind: "nature-d-attribution", TDP.affectedAspect: "aspect-de-reforme", TDP.fundingKind: "nature-de-financement",
    TDP.involvementKind: "nature-d-implication", TDP.itemKind: "element-de-fiche", TDP.evidenceLevel: "niveau-de-preuve",
    TDP.claimKind: "nature-d-affirmation", TDP.findingKind: "nature-de-constat", TDP.rubricKind: "rubrique",
    TDP.missingRubric: "rubrique", TDP.discrepancyType: "type-de-divergence", TDP.shareOf: "base-de-part", TDP.frequency: "frequence",
    TDP.changeKind: "type-de-modification",
    TDP.targets: "public", TDP.addressedTo: "public", TDP.signatoryKind: "public",
}  # fmt: skip
WANTED = {
    "theme", "public", "domaine", "secteur", "forme-de-groupement", "taille-d-entreprise", "principe", "statut-d-action",
    "instance-de-gouvernance", "fonction", "role-dans-un-cluster", "mode-d-animation", "ancrage", "degre-d-appui", "nature-d-implication",
    "dimension-rset", "type-rset", "niveau-de-preuve", "nature-de-financement", "nature-d-attribution", "nature-d-affirmation",
    "nature-de-constat", "element-de-fiche", "equipement", "frequence", "rubrique", "type-de-divergence", "aspect-de-reforme", "proximite",
    "moyen", "maturite", "base-de-part", "critere-de-coherence", "critere-de-cluster", "iso26000", "label", "forme-juridique",
    "type-de-modification",
}  # fmt: skip
# These take their members from the data.
FILLED_BY_DATA = {f"{BASE}scheme/secteur/{name}" for name in ("filiere-d-excellence", "secteur-innovant", "thematique-de-cluster")}
# What may be a blank node: parts of OWL and SHACL constructs, never a thing.
CONSTRUCTS = {OWL.AllDisjointClasses, OWL.Restriction, OWL.Class, RDF.List}


@cache
def repository(*folders: str) -> Graph:
    graph = Graph()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.ttl")):
            graph.parse(path)
    return graph


def schemes() -> Graph:
    return repository("ontology/schemes")


@cache
def everything() -> Graph:
    """Ontology and data; the ontology's examples speak of the same things in their own names."""
    graph = Graph()
    for source in knowledge_files(ROOT):
        graph.parse(source.path)
    return graph


def languages(graph: Graph, subject: URIRef, predicate: URIRef) -> list[str | None]:
    return sorted(o.language for o in graph.objects(subject, predicate))


def concepts(graph: Graph) -> list[URIRef]:
    return sorted(set(graph.subjects(RDF.type, SKOS.Concept)))


def name(term: object) -> str:
    return str(term).removeprefix(BASE)


# Schemes and concepts (Q39)


def scheme_faults(graph: Graph) -> Iterator[str]:
    """A scheme is titled, defined, says where it comes from, and lists its top concepts both ways."""
    for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme):
        if any(languages(graph, scheme, p) != LANGUAGES for p in (SKOS.prefLabel, DCTERMS.title, SKOS.definition)):
            yield f"{name(scheme)}: labels"
        tops = set(graph.objects(scheme, SKOS.hasTopConcept))
        if not tops or tops != set(graph.subjects(SKOS.topConceptOf, scheme)):
            yield f"{name(scheme)}: top concepts"
        if (scheme, DCTERMS.source, None) not in graph and (scheme, SKOS.editorialNote, None) not in graph:
            yield f"{name(scheme)}: origin"


def concept_faults(graph: Graph) -> Iterator[str]:
    """A concept is named and defined in both languages, noted, in one scheme that its IRI names, with a path to the top."""
    for concept in concepts(graph):
        held = list(graph.objects(concept, SKOS.inScheme))
        if len(held) != 1 or not re.fullmatch(re.escape(str(held[0])) + f"/{SLUG}", concept):
            yield f"{name(concept)}: scheme"
            continue
        if languages(graph, concept, SKOS.prefLabel) != LANGUAGES or languages(graph, concept, SKOS.definition) != LANGUAGES:
            yield f"{name(concept)}: languages"
        for text in graph.objects(concept, SKOS.definition):
            if len(text) < 40 or str(text) != str(text).strip() or "  " in text or not text[:1].isupper() or not str(text).endswith("."):
                yield f"{name(concept)}: {text}"
        if len(list(graph.objects(concept, SKOS.notation))) != 1:
            yield f"{name(concept)}: notation"
        names = [set(graph.objects(concept, p)) for p in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)]
        if len(set().union(*names)) < sum(map(len, names)):
            yield f"{name(concept)}: one label twice"
        above = list(graph.transitive_objects(concept, SKOS.broader))
        if concept in above[1:] or any(concept in graph.transitive_objects(x, SKOS.broader) for x in above[1:]):
            yield f"{name(concept)}: cycle"
        elif (above[-1], SKOS.topConceptOf, held[0]) not in graph:
            yield f"{name(concept)}: no path to the top"
        if ((concept, SKOS.topConceptOf, None) in graph) == ((concept, SKOS.broader, None) in graph):
            yield f"{name(concept)}: both top and below, or neither"
        if any((wider, SKOS.inScheme, held[0]) not in graph for wider in graph.objects(concept, SKOS.broader)):
            yield f"{name(concept)}: broader in another scheme"


def shared_values(graph: Graph) -> Iterator[str]:
    """No two concepts of a scheme share a label or a notation."""
    for scheme in graph.subjects(RDF.type, SKOS.ConceptScheme):
        for predicate in (SKOS.prefLabel, SKOS.notation):
            values = [value for concept in graph.subjects(SKOS.inScheme, scheme) for value in graph.objects(concept, predicate)]
            yield from sorted(f"{name(scheme)}: {value}" for value in {v for v in values if values.count(v) > 1})


def apostrophes(graph: Graph) -> Iterator[str]:
    """Names have straight apostrophes, definitions typographic ones in French."""
    for predicate in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel):
        yield from (str(o) for o in graph.objects(None, predicate) if "’" in o)
    yield from (str(o) for o in graph.objects(None, SKOS.definition) if "'" in o and o.language == "fr")


def relation_faults(graph: Graph) -> Iterator[str]:
    """Related concepts are not hierarchical; matches lead out of the scheme, to a concept that exists."""
    for a, b in graph.subject_objects(SKOS.related):
        if b in graph.transitive_objects(a, SKOS.broader) or a in graph.transitive_objects(b, SKOS.broader):
            yield f"{name(a)} {name(b)}"
    for predicate in (SKOS.closeMatch, SKOS.relatedMatch):
        for a, b in graph.subject_objects(predicate):
            if graph.value(a, SKOS.inScheme) == graph.value(b, SKOS.inScheme) or (
                str(b).startswith(BASE) and b not in set(concepts(graph))
            ):
                yield f"{name(a)} {name(b)}"


def collection_faults(graph: Graph) -> Iterator[str]:
    """A collection is named and defined in both languages and gathers concepts of its scheme; three are filled by the data."""
    for collection in graph.subjects(RDF.type, SKOS.Collection):
        scheme = URIRef(str(collection).rpartition("/")[0])
        members = set(graph.objects(collection, SKOS.member))
        if languages(graph, collection, SKOS.prefLabel) != LANGUAGES or languages(graph, collection, SKOS.definition) != LANGUAGES:
            yield f"{name(collection)}: languages"
        if not members and str(collection) not in FILLED_BY_DATA:
            yield f"{name(collection)}: empty"
        yield from (f"{name(collection)}: {name(m)}" for m in members if (m, SKOS.inScheme, scheme) not in graph)


def misplaced_concepts(graph: Graph) -> Iterator[str]:
    """A property takes its concepts from its scheme."""
    for predicate, scheme in SCHEMES_OF.items():
        for subject, concept in graph.subject_objects(predicate):
            if (concept, SKOS.inScheme, URIRef(f"{BASE}scheme/{scheme}")) not in graph:
                yield f"{name(subject)} {name(predicate)} {name(concept)}"


def unknown_concepts(graph: Graph) -> Iterator[str]:
    """Whatever stands below scheme/ is a scheme, a concept or a collection that a scheme file describes."""
    used = {term for triple in graph for term in triple if isinstance(term, URIRef) and term.startswith(BASE + "scheme/")}
    yield from sorted(name(term) for term in used if (term, RDF.type, None) not in graph)


def label_scheme_faults(graph: Graph) -> Iterator[str]:
    """The concepts of the scheme of labels, and only they, are label schemes."""
    typed = set(graph.subjects(RDF.type, TDP.LabelScheme))
    yield from sorted(map(name, typed ^ set(graph.subjects(SKOS.inScheme, URIRef(BASE + "scheme/label")))))


# Identity (Q46)


def blank_things(graph: Graph) -> Iterator[str]:
    """No blank node but inside an OWL construct or the structure of a data cube."""
    components = set(graph.objects(None, QB.component))
    for node in {term for triple in graph for term in triple if isinstance(term, BNode)} - components:
        if not set(graph.objects(node, RDF.type)) <= CONSTRUCTS or not set(graph.predicates(node)) <= {
            RDF.first, RDF.rest, RDF.type, RDFS.subClassOf, OWL.members, OWL.unionOf, OWL.intersectionOf, OWL.onProperty, OWL.hasValue,
            OWL.someValuesFrom, OWL.inverseOf, OWL.complementOf, OWL.oneOf,
        }:  # fmt: skip
            yield str(sorted(graph.predicates(node)))


def lawless_iris(graph: Graph) -> Iterator[str]:
    """Our IRIs have the form that the policy gives them."""
    terms = {term for triple in graph for term in triple if isinstance(term, URIRef) and term.startswith(BASE.rstrip("/"))}
    yield from sorted(term for term in terms if not POLICY.fullmatch(term))


def official(graph: Graph, thing: URIRef) -> set:
    """The code of a place in the official geographic code, or the SIREN number of a body, or of the body of a place."""
    bodies = [thing, *graph.subjects(TDP.hasTerritory, thing)]
    return {*graph.objects(thing, INSEE_CODE), *(number for body in bodies for number in graph.objects(body, TDP.siren))}


def namesakes(graph: Graph) -> Iterator[str]:
    """No two things of one type and one name, unless they are said to be different, or have official numbers that differ."""
    seen: dict[tuple[object, str, str | None], URIRef] = {}
    for thing, label in sorted(graph.subject_objects(SKOS.prefLabel)):
        if not str(thing).startswith(BASE + "id/"):
            continue
        for kind in graph.objects(thing, RDF.type):
            other = seen.setdefault((kind, re.sub(r"[\W_]+", " ", str(label).casefold()).strip(), label.language), thing)
            if other != thing and official(graph, thing) and official(graph, other) and official(graph, thing) != official(graph, other):
                continue
            if other != thing and (thing, OWL.differentFrom, other) not in graph and (other, OWL.differentFrom, thing) not in graph:
                yield f"{name(thing)} and {name(other)}: {label}"


SCHEME_CHECKS = [scheme_faults, concept_faults, shared_values, apostrophes, relation_faults, collection_faults, label_scheme_faults]
REPOSITORY_CHECKS = [misplaced_concepts, unknown_concepts, blank_things, lawless_iris, namesakes]


@pytest.mark.parametrize("check", SCHEME_CHECKS, ids=lambda check: check.__name__)
def test_schemes(check):
    assert list(check(schemes())) == []


@pytest.mark.parametrize("check", REPOSITORY_CHECKS, ids=lambda check: check.__name__)
def test_repository(check):
    assert list(check(everything())) == []


def test_the_wanted_schemes_stand_in_a_file_each():
    files = {path.stem for path in (ROOT / "ontology" / "schemes").glob("*.ttl")}
    assert {str(s) for s in schemes().subjects(RDF.type, SKOS.ConceptScheme)} == {f"{BASE}scheme/{stem}" for stem in files}
    assert files >= WANTED and len(concepts(schemes())) > 600


def test_things_named_by_axioms_exist():
    named = {o for o in repository("ontology").objects(None, OWL.hasValue) if isinstance(o, URIRef)}
    known = set(everything().subjects(SKOS.prefLabel))
    assert named & set(concepts(schemes())) and named <= known


def test_the_core_subjects_of_iso_26000_have_their_clause_numbers():
    inside = schemes().subjects(SKOS.inScheme, URIRef(BASE + "scheme/iso26000"))
    assert sorted(str(schemes().value(c, SKOS.notation)) for c in inside) == [f"6.{n}" for n in range(2, 9)]


# Seen to fail

PREFIXES = f"@base <{BASE}> . @prefix tdp: <{TDP}> . @prefix skos: <{SKOS}> . @prefix owl: <{OWL}> . @prefix dct: <{DCTERMS}> .\n"
TITLES = "skos:prefLabel 's'@fr, 's'@en ; dct:title 's'@fr, 's'@en"
D = "'Une définition assez longue pour être retenue ici.'@fr, 'A definition long enough to be kept as it stands.'@en"
C = f"a skos:Concept ; skos:prefLabel 'un'@fr, 'one'@en ; skos:definition {D} ; skos:notation 'un' ; skos:inScheme <scheme/s>"
TOP = "skos:topConceptOf <scheme/s>"
BROKEN = [
    (scheme_faults, "<scheme/s> a skos:ConceptScheme ; skos:prefLabel 's'@fr, 's'@en ."),
    (
        scheme_faults,
        f"<scheme/s> a skos:ConceptScheme ; {TITLES} ; skos:definition {D} ; skos:hasTopConcept <scheme/s/a> .",
    ),
    (concept_faults, f"<scheme/t/un> {C} ; {TOP} ."),
    (concept_faults, f"<scheme/s/un> {C} ."),
    (concept_faults, f"<scheme/s/un> {C} ; {TOP} ; skos:notation 'deux' ."),
    (concept_faults, f"<scheme/s/un> {C} ; {TOP} ; skos:altLabel 'un'@fr ."),
    (concept_faults, f"<scheme/s/un> {C} ; {TOP} ; skos:prefLabel 'eins'@de ."),
    (concept_faults, f"<scheme/s/un> {C} ; skos:broader <scheme/s/un> ."),
    (concept_faults, f"<scheme/s/un> {C} ; skos:broader <scheme/t/deux> ."),
    (concept_faults, f"<scheme/s/un> {C} ; {TOP} . <scheme/s/deux> {C.replace('Une définition', 'une définition')} ; {TOP} ."),
    (shared_values, f"<scheme/s> a skos:ConceptScheme . <scheme/s/un> {C} . <scheme/s/deux> {C} ."),
    (apostrophes, "<scheme/s/un> skos:prefLabel 'l’un'@fr ."),
    (apostrophes, '<scheme/s/un> skos:definition "L\'un des deux."@fr .'),
    (relation_faults, "<scheme/s/a> skos:broader <scheme/s/b> ; skos:related <scheme/s/b> ."),
    (relation_faults, "<scheme/s/a> skos:closeMatch <scheme/t/nowhere> ."),
    (collection_faults, "<scheme/s/c> a skos:Collection ; skos:member <scheme/t/a> ."),
    (collection_faults, f"<scheme/s/c> a skos:Collection ; skos:prefLabel 'c'@fr, 'c'@en ; skos:definition {D} ."),
    (label_scheme_faults, "<scheme/label/x> skos:inScheme <scheme/label> ."),
    (misplaced_concepts, "<id/a/b> tdp:outcome <scheme/s/un> . <scheme/s/un> skos:inScheme <scheme/s> ."),
    (unknown_concepts, "<id/a/b> tdp:outcome <scheme/issue/perdue> ."),
    (blank_things, "[] a tdp:Pays ."),
    (blank_things, "<id/a/b> tdp:inArea [ skos:prefLabel 'x'@fr ] ."),
    (lawless_iris, "<id/territoire/Pays_de_Langres> a tdp:Pays ."),
    (lawless_iris, "<data/x> a tdp:Pays ."),
    (namesakes, "<id/t/a> a tdp:Pays ; skos:prefLabel 'Pays-A'@fr . <id/t/b> a tdp:Pays ; skos:prefLabel 'pays a'@fr ."),
]


@pytest.mark.parametrize("check, turtle", BROKEN, ids=lambda x: getattr(x, "__name__", ""))
def test_check_is_seen_to_fail(check, turtle):
    assert list(check(Graph().parse(data=PREFIXES + turtle, format="turtle")))


def test_namesakes_that_are_said_to_be_different_pass():
    turtle = "<id/t/a> a tdp:Pays ; skos:prefLabel 'A'@fr ; owl:differentFrom <id/t/b> . <id/t/b> a tdp:Pays ; skos:prefLabel 'A'@fr ."
    assert list(namesakes(Graph().parse(data=PREFIXES + turtle, format="turtle"))) == []
    assert Literal("A", lang="fr") in set(Graph().parse(data=PREFIXES + turtle, format="turtle").objects())
