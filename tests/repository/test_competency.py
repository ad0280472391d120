"""The stored queries answer the public questions from the data alone, and the checks find nothing wrong in it."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, QueryBoolean, RdfFormat, Store, parse

from territoires.files import knowledge_files
from territoires.knowledge.inference import materialise
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.sources import read_quads
from territoires.results import rows
from territoires.vocabulary import CANONICAL_BASE

HOME = Path(__file__).parents[2]
COMPETENCY = QueryLibrary(HOME, "competency")
CHECKS = QueryLibrary(HOME, "checks")
FIXTURES = sorted((HOME / "tests" / "fixtures").glob("competency*.jsonl"))
LINES = [json.loads(line) for fixture in FIXTURES for line in fixture.read_text(encoding="utf-8").splitlines()]
HEADER = ("title@fr", "title@en", "description@fr", "description@en")
TURTLE = f"""
@base <{CANONICAL_BASE}> .
@prefix tdp: <{CANONICAL_BASE}def#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix qb: <http://purl.org/linked-data/cube#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix igeo: <http://rdf.insee.fr/def/geo#> .
@prefix sdmx-dimension: <http://purl.org/linked-data/sdmx/2009/dimension#> .
@prefix time: <http://www.w3.org/2006/time#> .
"""
DENIAL = """
<denial> a tdp:AbsenceStatement ;
    tdp:absenceSubject <cluster> ; tdp:absentObject <territory> ; tdp:absentRelation <scheme/relation-cluster/relation-directe> .
<relation> tdp:relatedCluster <cluster> ; tdp:relatedTerritory <territory> ; tdp:relationKind <scheme/relation-cluster/%s> .
"""
SECTOR_DENIAL = """
<denial> a tdp:AbsenceStatement ;
    tdp:absenceSubject <territory> ; tdp:absentKind <wood> ; tdp:absentRelation <scheme/relation-cluster/presence> .
<cluster> tdp:hasSector %s .
<relation> tdp:relatedCluster <cluster> ; tdp:relatedTerritory <territory> ; tdp:relationKind <scheme/relation-cluster/presence> .
"""
REFUSAL = """
<award> tdp:awardHolder <body> . <body> tdp:manages <cluster> .
<first> tdp:applicant <cluster> ; tdp:outcome <scheme/issue/refusee> .
<second> tdp:coApplicant <body> ; tdp:outcome <scheme/issue/%s> .
"""
CELLS = """
<sheet> a tdp:FactSheet ; tdp:describes <described> .
<first> a tdp:ActionTypeAssignment ; tdp:assignedTerritory <described> ; tdp:assignedActionType <gtec> .
<second> a tdp:ActionTypeAssignment ; tdp:assignedTerritory <%s> ; tdp:assignedActionType <%s> .
"""
FORMS = """
<one> tdp:formPeriodOf <body> ; tdp:validDuring <early> . <other> tdp:formPeriodOf <body> ; tdp:validDuring <late> .
<early> tdp:lastDay "%s"^^xsd:date . <late> tdp:firstDay "2016-01-01"^^xsd:date .
"""
MEMBERSHIP = """
<membership> org:organization <body> ; org:memberDuring <period> . <period> tdp:%s "%s"^^xsd:date .
<event> a tdp:Merger ; org:%sOrganization <body> ; tdp:occurredDuring <year> .
<year> tdp:firstDay "2016-01-01"^^xsd:date ; tdp:lastDay "2016-12-31"^^xsd:date .
"""
GROUP = """
<group> tdp:composedOf <a>, <b> .
<figure> tdp:refEntity <group> ; tdp:memberCount %s ; tdp:valueQualifier <scheme/qualificatif/%s> .
"""
SURVEY = """
<all> qb:dataSet <set> ; tdp:surveyAnswer <scheme/base-de-part/territoires-interroges> ; tdp:respondentCount 23 .
<clusters> qb:dataSet <set> ; tdp:sampleBase %s .
"""
EUROPE = """
<sheet> a tdp:FactSheet ; tdp:describes <territory> . <territory> tdp:reachedByFund <id/fonds/%s> .
<figure> tdp:hasTheme <scheme/theme/soutiens-europeens> ; tdp:exampleCount 1 .
"""
PRESENCE = """
<sheet> a tdp:FactSheet ; tdp:describes <territory> .
<relation> tdp:relatedTerritory <territory> ; tdp:relationKind <scheme/relation-cluster/presence> .
"""
PERIMETERS = """
<sheet> a tdp:FactSheet ; tdp:describes <territory> .
<territory-2014> tdp:perimeterOf <territory> ; tdp:onDate "2014-01-01"^^xsd:date ; tdp:hasMemberTerritory <epci> .
<epci-2014> tdp:perimeterOf <epci> ; tdp:onDate "2014-01-01"^^xsd:date ; tdp:hasMemberTerritory <here>, <there> .
<a> qb:dataSet <id/jeu/populations-municipales> ; sdmx-dimension:refArea <here> ;
    sdmx-dimension:refPeriod <id/periode/2012> ; tdp:inhabitants 40 .
<b> qb:dataSet <id/jeu/populations-municipales> ; sdmx-dimension:refArea <there> ;
    sdmx-dimension:refPeriod <id/periode/2012> ; tdp:inhabitants 2 .
<figure> qb:measureType tdp:inhabitants ; sdmx-dimension:refArea <territory> ;
    sdmx-dimension:refPeriod <id/periode/2015> ; tdp:inhabitants %s .
"""
TWO_WHOLES = """
<one> tdp:perimeterOf <epci> ; tdp:onDate "2014-01-01"^^xsd:date ; tdp:hasMemberTerritory <commune> .
<two> tdp:perimeterOf <other> ; tdp:onDate "%s"^^xsd:date ; tdp:hasMemberTerritory <commune> .
"""
POPULATION = """
<commune> igeo:codeINSEE "52269"^^xsd:token . <year> a time:ProperInterval .
<population> qb:dataSet <id/jeu/populations-municipales> ; sdmx-dimension:refArea <commune> ; sdmx-dimension:refPeriod <year> %s .
"""
DISCREPANCY = (
    "<discrepancy> a tdp:Discrepancy ; tdp:betweenStatements <%s> ; tdp:discrepancyType <scheme/type-de-divergence/table-et-texte> ."
)
BROKEN = [
    ("action-table-cell-violation", CELLS % ("described", "gtec")),
    ("action-table-cell-violation", CELLS % ("elsewhere", "gtec")),
    ("cluster-outside-table-violation", PRESENCE),
    ("denied-cluster-relation-violation", DENIAL % "cooperation"),
    ("denied-cluster-relation-violation", SECTOR_DENIAL % "<wood>"),
    ("european-support-violation", EUROPE % "leader"),
    ("fact-sheet-figures-violation", "<sheet> a tdp:FactSheet ; tdp:describes <territory> ."),
    ("fact-sheet-numbering-violation", "<sheet> a tdp:FactSheet ; tdp:sheetNumber 1 ."),
    ("label-after-refusal-violation", REFUSAL % "refusee"),
    ("member-count-violation", GROUP % (3, "exact")),
    ("membership-outside-life-violation", MEMBERSHIP % ("lastDay", "2015-12-31", "resulting")),
    ("membership-outside-life-violation", MEMBERSHIP % ("firstDay", "2017-01-01", "original")),
    ("overlapping-legal-forms-violation", FORMS % "2016-06-30"),
    ("overlapping-perimeters-violation", TWO_WHOLES % "2014-01-01"),
    ("population-violation", POPULATION % ""),
    ("population-violation", POPULATION % "; tdp:inhabitants 1, 2"),
    ("population-violation", POPULATION % "; tdp:inhabitants 1 ; sdmx-dimension:refArea <elsewhere> . <elsewhere> igeo:codeINSEE 1"),
    ("printed-figure-violation", PERIMETERS % 43),
    ("sample-base-violation", SURVEY % 22),
    ("sample-base-violation", "<figure> tdp:shareOf <scheme/base-de-part/exemples-decrits> ; tdp:sampleBase 9 ."),
    ("unsourced-thing-violation", "<id/territoire/x> a tdp:Pays ."),
]
SOUND = [
    ("cluster-outside-table-violation", PRESENCE + DISCREPANCY % "territory"),
    ("european-support-violation", EUROPE % "fonds-europeens"),
    ("member-count-violation", GROUP % (2, "exact")),
    ("member-count-violation", GROUP % (3, "environ")),
    ("member-count-violation", GROUP % (3, "exact") + DISCREPANCY % "figure"),
    ("membership-outside-life-violation", MEMBERSHIP % ("lastDay", "2016-06-30", "resulting")),
    ("membership-outside-life-violation", MEMBERSHIP % ("firstDay", "2016-06-30", "original")),
    ("overlapping-legal-forms-violation", FORMS % "2015-12-31"),
    ("overlapping-perimeters-violation", TWO_WHOLES % "2016-01-01"),
    ("population-violation", POPULATION % "; tdp:inhabitants 1"),
    ("printed-figure-violation", PERIMETERS % 42),
    ("printed-figure-violation", PERIMETERS % 43 + DISCREPANCY % "figure"),
    ("sample-base-violation", SURVEY % 23),
    ("unsourced-thing-violation", "<id/territoire/x> a tdp:Pays ; dct:source <source/memento> ."),
    ("action-table-cell-violation", CELLS % ("described", "tepcv")),
    ("denied-cluster-relation-violation", DENIAL % "presence"),
    ("denied-cluster-relation-violation", SECTOR_DENIAL % "<leather>"),
    ("label-after-refusal-violation", REFUSAL % "retenue"),
]


def filled(quads: Iterable[Quad]) -> Store:
    """A store in memory that holds these triples in its default graph."""
    store = Store()
    store.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    return store


def changed(store: Store, remove: list[str], add: list[str] | None = None) -> Store:
    """A copy of the store without the values of one property of a subject, and with one statement more."""
    subject, predicate = map(NamedNode, remove)
    lost = set(store.quads_for_pattern(subject, predicate, None, None))
    assert lost, f"nothing to remove: {remove}"
    gained = [Quad(*map(NamedNode, add))] if add else []
    return filled([*(quad for quad in store if quad not in lost), *gained])


def answer(store: Store, line: dict) -> bool | list:
    """What the query of a line answers, in the form that `expected` gives to the public answer."""
    parameters = {name: [NamedNode(iri) for iri in iris] for name, iris in line.get("parameters", {}).items()}
    result = store.query(COMPETENCY.text(line["query"], CANONICAL_BASE, **parameters))
    if isinstance(result, QueryBoolean):
        return bool(result)
    values = [row[line["column"]].value for row in rows(result)]
    return in_form(values, line["answer_type"])


def expected(line: dict) -> bool | list:
    """The public answer, a list except for a yes or a no."""
    if line["answer_type"] == "boolean":
        return line["answer"]
    values = line["answer"] if isinstance(line["answer"], list) else [line["answer"]]
    return in_form(values, line["answer_type"])


def in_form(values: list, kind: str) -> list:
    """Numbers by their value, the members of a set sorted (a repeated one is a fault), a ranking in its order."""
    if kind == "number":
        return [Decimal(str(value)) for value in values]
    return sorted(values) if kind == "set" else values


def found_by(check: str, store: Store) -> list:
    """The violations that a check finds."""
    return list(rows(store.query(CHECKS.text(check, CANONICAL_BASE))))


@pytest.fixture(scope="module")
def knowledge() -> Store:
    """Ontology and data, merged as the default graph of a release is."""
    return filled(read_quads(knowledge_files(HOME), CANONICAL_BASE))


@pytest.fixture(scope="module")
def inferred() -> Store:
    """The same with what the rules conclude."""
    asserted = list(read_quads(knowledge_files(HOME), CANONICAL_BASE))
    return filled([*asserted, *materialise(asserted, HOME, CANONICAL_BASE)])


def test_collection_is_large_enough():
    assert len(COMPETENCY.names()) >= 20
    assert len(LINES) == len({line["id"] for line in LINES}) >= 30


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_query_gives_the_public_answer(knowledge, line):
    assert answer(knowledge, line) == expected(line)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_inferences_leave_the_public_answer(inferred, line):
    assert answer(inferred, line) == expected(line)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_answer_follows_the_fact_it_rests_on(knowledge, line):
    assert answer(changed(knowledge, **line["breaks"]), line) != expected(line)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])
def test_query_does_not_contain_its_answer(line):
    text = COMPETENCY.find(line["query"]).text
    answers = line["answer"] if isinstance(line["answer"], list) else [line["answer"]]
    assert [value for value in answers if isinstance(value, str) and value in re.findall(r'"([^"]*)"', text)] == []
    assert [value for value in answers if isinstance(value, int) and re.search(rf"(?<![\w/-]){value}(?![\w/-])", text)] == []


@pytest.mark.parametrize("name", COMPETENCY.names())
def test_query_is_asked_and_well_described(name):
    query = COMPETENCY.find(name)
    assert [key for key in (*HEADER, "theme") if not query.about.get(key)] == []
    assert re.fullmatch(r"[a-z]+", query.about["theme"])
    assert name in {line["query"] for line in LINES}


@pytest.mark.parametrize("name", COMPETENCY.names())
def test_every_parameter_is_declared_and_has_an_example(name):
    query = COMPETENCY.find(name)
    assert re.findall(r"VALUES\s+\?(\w+)\s*\{[^{}]+\}", query.text) == list(query.parameters)


@pytest.mark.parametrize(("library", "name"), [(library, name) for library in (COMPETENCY, CHECKS) for name in library.names()])
def test_no_query_cites_a_passage(library, name):
    assert re.search(r"F\d{3}", library.find(name).text) is None


@pytest.mark.parametrize("name", CHECKS.names())
def test_check_finds_nothing(inferred, name):
    assert name.endswith("-violation")
    assert [key for key in HEADER if not CHECKS.find(name).about.get(key)] == []
    assert found_by(name, inferred) == []


def test_every_check_has_a_broken_graph():
    assert {name for name, _ in BROKEN} == set(CHECKS.names())


@pytest.mark.parametrize(("name", "turtle"), BROKEN)
def test_check_finds_what_is_broken(name, turtle):
    assert found_by(name, filled(parse(TURTLE + turtle, format=RdfFormat.TURTLE))) != []


@pytest.mark.parametrize(("name", "turtle"), SOUND)
def test_check_lets_pass_what_is_sound(name, turtle):
    assert found_by(name, filled(parse(TURTLE + turtle, format=RdfFormat.TURTLE))) == []
