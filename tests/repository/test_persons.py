"""Of a person, the repository holds a name and a public role, in files of their own that a release can do without.

Each check is a function that returns what it finds wrong: nothing in the repository, something in a broken graph.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from rdflib import DCTERMS, FOAF, ORG, RDF, Graph, Literal, Namespace
from rdflib.term import Node

from territoires.files import knowledge_files
from territoires.knowledge.validation import merged, read_graph

ROOT = Path(__file__).parents[2]
BASE = "https://w3id.org/territoires-de-projet/"
TDP = Namespace(BASE + "def#")
SAID = {RDF.type, FOAF.name, DCTERMS.source}
ROLES = {ORG.heldBy, TDP.interviewee, TDP.statedBy, DCTERMS.creator}
CONTACT = re.compile(r"@|(?:\d[\s.()-]*){8,}|https?://|www\.")


@cache
def persons() -> Graph:
    """The files about persons."""
    return merged(read_graph(source.path) for source in knowledge_files(ROOT) if source.layer == "persons")


@cache
def others() -> Graph:
    """All other files of ontology and data."""
    return merged(read_graph(source.path) for source in knowledge_files(ROOT) if source.layer != "persons")


def known(here: Graph) -> set[Node]:
    return set(here.subjects(RDF.type, FOAF.Person))


def superfluous(here: Graph, elsewhere: Graph) -> Iterator[str]:
    """Statements of the files about persons that are neither a name, a type or a source, nor a role or its source."""
    roles = {subject for role in ROLES for subject in here.subjects(role)}
    people = known(here)
    allowed = {p: people for p in SAID} | {DCTERMS.source: people | roles}
    for subject, predicate, value in here:
        if subject not in allowed.get(predicate, ()) and not (predicate in ROLES and value in people):
            yield f"{subject} {predicate} {value}"


def strays(here: Graph, elsewhere: Graph) -> Iterator[str]:
    """Statements about persons outside the files about persons."""
    people = {*known(here), FOAF.Person}
    for subject, predicate, value in elsewhere:
        if subject in known(here) or (value in people and predicate in {RDF.type, *ROLES}):
            yield f"{subject} {predicate} {value}"


def roleless(here: Graph, elsewhere: Graph) -> Iterator[str]:
    """Persons without a role, and roles without a source: a document is one itself."""
    for person in known(here):
        roles = {subject for role in ROLES for subject in here.subjects(role, person)}
        if not roles:
            yield str(person)
        sourced = set(here.subjects(DCTERMS.source)) | set(elsewhere.subjects(DCTERMS.source))
        yield from (str(role) for role in roles - sourced if not str(role).startswith(BASE + "source/"))


def contacts(here: Graph, elsewhere: Graph) -> Iterator[str]:
    """Texts in the files about persons that look like an e-mail address, a telephone number or a web address."""
    yield from (str(text) for text in here.objects() if isinstance(text, Literal) and CONTACT.search(text))


CHECKS = (superfluous, strays, roleless, contacts)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_persons(check: Callable[[Graph, Graph], Iterator[str]]) -> None:
    """A name, roles with their source, and nothing else, in files of their own."""
    assert len(known(persons())) > 20
    assert list(check(persons(), others())) == []


# Seen to fail

PREFIXES = f"@base <{BASE}> . @prefix tdp: <{TDP}> . @prefix org: <{ORG}> . @prefix foaf: <{FOAF}> . @prefix dct: <{DCTERMS}> .\n"
PERSON = "<id/personne/x> a foaf:Person ; foaf:name 'X' . <id/poste/p> org:heldBy <id/personne/x> ."
POST = "<id/poste/p> dct:source <source/memento> ."
BROKEN = [
    (superfluous, PERSON + "<id/personne/x> foaf:age 41 .", POST),
    (superfluous, PERSON + "<id/poste/p> tdp:printedTitle 'Président' .", POST),
    (strays, PERSON, POST + "<id/personne/y> a foaf:Person ."),
    (strays, PERSON, POST + "<id/poste/q> org:heldBy <id/personne/x> ."),
    (roleless, PERSON + "<id/personne/y> a foaf:Person .", POST),
    (roleless, PERSON, ""),
    (contacts, PERSON + "<id/personne/x> foaf:name 'x@example.org' .", POST),
    (contacts, PERSON + "<id/personne/x> foaf:name '+33 (0)1 40 41 84 13' .", POST),
]


@pytest.mark.parametrize(("check", "here", "elsewhere"), BROKEN)
def test_check_is_seen_to_fail(check: Callable[[Graph, Graph], Iterator[str]], here: str, elsewhere: str) -> None:
    """Each broken graph is found, and without the fault it passes."""
    graphs = [Graph().parse(data=PREFIXES + text, format="turtle") for text in (here, elsewhere)]
    assert list(check(*graphs))
    assert not list(check(Graph().parse(data=PREFIXES + PERSON, format="turtle"), Graph().parse(data=PREFIXES + POST, format="turtle")))
