"""The integrity constraints IC-1 to IC-21 of the RDF Data Cube vocabulary (W3C Recommendation, §11) on the figures of the repository.

Each constraint is a query that holds where something breaks it, over the normal form of the cube (§10). Each is seen to hold
over one small cube that differs from a sound one by a single change, and no other constraint holds there.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import Quad, RdfFormat, Store, Triple, parse

from territoires.files import knowledge_files
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "cube"
QUERIES = QueryLibrary(ROOT, "cube")
CONSTRAINTS = [name for name in QUERIES.names() if name.startswith("ic-")]
# Constraints that the figures can't meet, each with its reason.
NOT_APPLICABLE = {"ic-17-every-measure-at-each-point": "The source gives few figures of each thing, and none may be made up."}
# The constraint that breaks, the text of the sound cubes that is replaced, and what replaces it; without the former, what is added.
BROKEN = [
    ("ic-01-one-data-set", "", ":lost a qb:Observation ."),
    ("ic-01-one-data-set", "", ":twice a qb:DataSet ; qb:structure :survey-structure . :replies qb:dataSet :twice ."),
    ("ic-02-one-structure", "", ":bare a qb:DataSet ."),
    ("ic-02-one-structure", "", ":two a qb:DataSet ; qb:structure :structure, :survey-structure ."),
    ("ic-03-a-measure", "", ":empty a qb:DataStructureDefinition ; qb:component [ qb:dimension :year ] ."),
    ("ic-04-range-of-dimension", "", ":vague a qb:DimensionProperty ."),
    ("ic-04-range-of-dimension", "qb:measureType a qb:DimensionProperty ; rdfs:range qb:MeasureProperty .", ""),
    ("ic-05-code-list-of-dimension", "", ":coded a qb:DimensionProperty ; rdfs:range skos:Concept ."),
    ("ic-06-optional-attributes-only", "[ qb:dimension :answer ]", "[ qb:dimension :answer ; qb:componentRequired false ]"),
    ("ic-07-declared-slice-key", "", ":stray a qb:SliceKey ."),
    ("ic-08-slice-key-within-structure", "", ":key qb:componentProperty :trade . :slice :trade :pottery ."),
    ("ic-09-one-slice-structure", "qb:slice :slice", "qb:slice :slice, :piece"),
    ("ic-09-one-slice-structure", "", ":more a qb:SliceKey . :structure qb:sliceKey :more . :slice qb:sliceStructure :more ."),
    ("ic-10-slice-complete", "", ":second a qb:Slice ; qb:sliceStructure :key ."),
    ("ic-11-all-dimensions", " :trade :pottery ; :yes", " :yes"),
    ("ic-12-no-duplicate", "", ":again qb:dataSet :survey ; :answer :maybe ; :trade :pottery ; :yes 1 ; :no 1 ."),
    ("ic-13-required-attributes", " :unit :each ;", ""),
    ("ic-13-required-attributes", "    :status :final ;\n", ""),
    ("ic-14-all-measures", " ; :no 5", ""),
    ("ic-15-announced-measure", " ; :firms 20", ""),
    ("ic-16-one-measure", "", ":people-of-town :firms 9 ."),
    (
        "ic-17-every-measure-at-each-point",
        "",
        ":alone qb:dataSet :set ; :year :y2016 ; :place :town ; :status :final ; qb:measureType :people ; :people 4100 .",
    ),
    ("ic-18-slice-within-data-set", "", ":slice qb:observation :replies ."),
    ("ic-19-code-of-list", ":year :y2015", ":year :town"),
    ("ic-19-code-of-list", ":answer :maybe", ":answer :craft"),
    ("ic-20-code-of-hierarchy", ":country a skos:Concept ; skos:narrower :town .", ""),
    ("ic-20-code-of-hierarchy", "", ":more a qb:HierarchicalCodeList ; qb:parentChildProperty :above ."),
    ("ic-21-code-of-inverse-hierarchy", " ; skos:broader :craft", ""),
    ("ic-21-code-of-inverse-hierarchy", "", ":more a qb:HierarchicalCodeList ; qb:parentChildProperty [ owl:inverseOf :below ] ."),
]


def normal(triples: Iterable[Triple]) -> Store:
    """The normal form of a cube: what is said, and what its abbreviations imply, which may imply more."""
    store, size = Store(), -1
    store.extend(Quad(*triple) for triple in triples)
    while size < len(store):
        size = len(store)
        found = store.query(QUERIES.text("normal-form", CANONICAL_BASE))
        store.extend([Quad(*triple) for triple in found])  # type: ignore[misc, union-attr]
    return store


def broken_in(store: Store, constraints: Iterable[str] = CONSTRAINTS) -> set[str]:
    """The constraints that a cube breaks."""
    return {name for name in constraints if bool(store.query(QUERIES.text(name, CANONICAL_BASE)))}


@cache
def figures() -> Store:
    """The knowledge of the repository, with what the vocabularies of its dimensions say of them."""
    known = [quad.triple for quad in read_quads(knowledge_files(ROOT), CANONICAL_BASE)]
    return normal([*known, *(quad.triple for quad in parse(path=FIXTURES / "vocabularies.ttl"))])


def small(text: str) -> Store:
    """A cube written in Turtle."""
    return normal(quad.triple for quad in parse(text, format=RdfFormat.TURTLE))


def sound() -> str:
    """The sound cubes."""
    return (FIXTURES / "sound.ttl").read_text(encoding="utf-8")


def test_there_are_twenty_one_constraints_each_broken_once() -> None:
    """The queries are numbered 1 to 21, described in both languages, and broken by a case."""
    assert [int(name.split("-")[1]) for name in CONSTRAINTS] == list(range(1, 22))
    keys = ("title@fr", "title@en", "description@fr", "description@en")
    assert [name for name in QUERIES.names() if not all(QUERIES.find(name).about.get(key) for key in keys)] == []
    assert {name for name, _, _ in BROKEN} == set(CONSTRAINTS)


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_figures_break_no_constraint(name: str) -> None:
    """No constraint is broken by the figures of the repository, but for one that can't apply to them."""
    assert broken_in(figures(), [name]) == {name} & set(NOT_APPLICABLE)


def test_sound_cubes_break_no_constraint() -> None:
    """The sound cubes pass, and only through their normal form."""
    assert broken_in(small(sound())) == set()
    assert broken_in(small(sound()), CONSTRAINTS) < broken_in(plain(sound()), CONSTRAINTS)


def plain(text: str) -> Store:
    """A cube as it is written."""
    store = Store()
    store.extend(parse(text, format=RdfFormat.TURTLE))
    return store


@pytest.mark.parametrize(("name", "old", "new"), BROKEN)
def test_constraint_is_seen_to_break(name: str, old: str, new: str) -> None:
    """The change breaks that constraint and no other."""
    assert not old or sound().count(old) == 1
    assert broken_in(small(sound().replace(old, new) if old else f"{sound()}\n{new}")) == {name}
