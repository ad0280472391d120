"""Writes the search index of a release: one SQLite file made of what queries/views/search.rq finds in its graph.

Rows are numbered in the order of their weight: territories that have a fact sheet, then territories, clusters and organisations,
then programmes, actions and notions, then texts and terms, then facts and passages, then persons. So the lowest number of several is
the one to show first, and the engine gives matches in that order without sorting them.

Persons come last and apart: data/persons/ holds them apart too, and their pages ask search engines to stay out. Their names are in
no list of spellings, they are never suggested, and `search` finds one only by whole words of the name.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Triple

from territoires.errors import QueryRefused
from territoires.knowledge import folding
from territoires.knowledge.queries import QueryLibrary
from territoires.store import Store
from territoires.vocabulary import iri, prefixes_at

FILE = "search.db"
VERSION = 1
NAMES = ("skos:prefLabel", "rdfs:label", "foaf:name", "dct:title", "skos:altLabel", "skos:hiddenLabel", "tdp:expansion")
TEXTS = ("skos:definition", "dct:description")
PERSON = "personne"
CATEGORIES: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "territoire": (1, ("tdp:Territory",)),
    "cluster": (1, ("tdp:Cluster",)),
    PERSON: (6, ("foaf:Person",)),
    "organisation": (1, ("org:Organization",)),
    "dispositif": (2, ("tdp:Instrument", "tdp:LabelScheme")),
    "action": (2, ("tdp:Action",)),
    "passage": (5, ("tdp:Passage",)),
    "document": (3, ("tdp:Document", "tdp:SourceSection", "foaf:Document", "dcat:Dataset", "void:Dataset", "void:Linkset")),
    "enonce": (3, ("tdp:Statement",)),
    "fait": (4, ("tdp:Relation", "qb:Observation", "org:Post", "org:Membership", "org:ChangeEvent", "time:Interval", "qb:DataSet")),
    "notion": (2, ("skos:Concept", "skos:ConceptScheme", "skos:Collection")),
    "terme": (3, ("owl:Class", "owl:ObjectProperty", "owl:DatatypeProperty", "owl:AnnotationProperty", "owl:Ontology", "rdf:Property")),
    "autre": (3, ()),
}
"""What facets tell apart -> weight (the lowest first) and the classes it covers; the first that suits counts."""
BOUNDS = {"leading": 0, "entities": 2, "principal": 3, "impersonal": 5}
"""The last weight of territories with a fact sheet; of what has a name of its own; of what is neither fact, passage nor person; of what
is no person. The index keeps the last number of each."""
_CODED = (
    "tdp:Commune", "tdp:Arrondissement", "tdp:InterMunicipality", "tdp:DelegatedCommune", "tdp:AssociatedCommune",
    "tdp:MunicipalArrondissement", "tdp:FormerCommune",
)  # fmt: skip
"""Places of the official geographic code: tens of thousands, which stand behind what is told of, unless a passage names them."""
_BEHIND = 3
_QUALITIES = ("tdp:TerritoryWithRSETPractice", "tdp:RSETPractice", "owl:NamedIndividual")
_MACHINERY = ("sh", "sd")  # shapes and graphs: described at /shapes and by VoID
_LINKS = {iri("rdf:type"): "classes", iri("dct:spatial"): "areas", iri("skos:inScheme"): "schemes", iri("dct:subject"): "subjects"}
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE resource (
  id INTEGER PRIMARY KEY, iri TEXT NOT NULL, class TEXT NOT NULL, category TEXT NOT NULL, scheme TEXT NOT NULL,
  names TEXT NOT NULL, texts TEXT NOT NULL, subjects TEXT NOT NULL,
  folded TEXT NOT NULL
);
CREATE TABLE name (key TEXT NOT NULL, resource INTEGER NOT NULL, PRIMARY KEY (key, resource)) WITHOUT ROWID;
CREATE TABLE area (resource INTEGER NOT NULL, iri TEXT NOT NULL, PRIMARY KEY (resource, iri)) WITHOUT ROWID;
CREATE TABLE label (iri TEXT PRIMARY KEY, names TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE gram (gram TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (gram, word)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(
  names, texts, context, content='', columnsize=0, detail=column, prefix='1 2 3', tokenize='unicode61 remove_diacritics 0'
);
"""


@dataclass
class Entry:
    """What is known of a resource: names as [text, language, property], texts as [text, language], classes, areas, schemes,
    notions that it is linked with, references to it."""

    names: list[tuple[str, str, str]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    areas: list[str] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    references: int = 0
    cited: bool = False
    category: str = "autre"
    weight: int = 3


def address_of(place: Path | str, options: str = "") -> str:
    """The address by which SQLite opens an index: a file, or a database in memory that has one already."""
    return place if isinstance(place, str) else place.absolute().as_uri() + options


def build_index(place: Path | str, store: Store, views: QueryLibrary, times: int = 1) -> int:
    """Writes the index of what `store` holds: how many resources. Raises QueryRefused when it holds too much.

    A build, which nobody waits for, allows several `times` of what the view allows.
    """
    most = int(views.find("search").about["most"])
    answer = store.query(views.text("search", store.base).replace(f"LIMIT {most + 1}", f"LIMIT {most * times + 1}"))
    assert isinstance(answer, list)
    if len(answer) > most * times:
        raise QueryRefused("This graph says too much for a search index (more than %(most)s names, texts and classes).", most=most * times)
    return write_index(place, answer, store.base, store.revision)


def write_index(place: Path | str, triples: Iterable[Triple], base: str, revision: str) -> int:
    """Writes the index of these triples, as the view gives them, to a new file, or a database in memory: how many resources."""
    entries, parents = gather(triples, base)
    for entry in entries.values():  # what belongs to a territory lies in its régions
        entry.areas = list(dict.fromkeys([*entry.areas, *(far for near in entry.areas for far in entries.get(near, Entry()).areas)]))
    kept = sorted(chosen(entries, parents, base), key=lambda item: (item[1].weight, -item[1].references, item[0]))
    with closing(sqlite3.connect(address_of(place), uri=True)) as db:
        db.executescript(_TABLES)
        shown_as = cache(lambda classes: primary(classes, parents, base))
        for number, (resource, entry) in enumerate(kept, 1):
            write_entry(db, number, resource, entry, entries, shown_as(tuple(entry.classes)))
        bounds = {name: sum(entry.weight <= last for _, entry in kept) for name, last in BOUNDS.items()}
        about = {"version": VERSION, "revision": revision, "base": base, "resources": len(kept), **bounds}
        db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        write_labels(db, kept, entries)
        write_grams(db, kept)
        db.execute("INSERT INTO words(words) VALUES ('optimize')")
        db.commit()
    return len(kept)


def gather(triples: Iterable[Triple], base: str) -> tuple[dict[str, Entry], dict[str, set[str]]]:
    """IRI -> entry, and class -> its superclasses."""
    namespaces = prefixes_at(base)
    naming = {expanded(name, namespaces): name for name in (*NAMES, *TEXTS)}
    entries: dict[str, Entry] = defaultdict(Entry)
    parents: dict[str, set[str]] = defaultdict(set)
    for triple in sorted(set(triples), key=str):
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if not isinstance(subject, NamedNode):
            continue
        entry = entries[subject.value]
        if isinstance(value, Literal):
            if (name := naming.get(predicate)) in TEXTS:
                entry.texts.append((value.value, value.language or ""))
            elif name:
                entry.names.append((value.value, value.language or "", name))
            elif predicate == iri("void:triples"):
                entry.references = int(value.value)
        elif isinstance(value, NamedNode):
            if predicate == iri("rdfs:subClassOf"):
                parents[subject.value].add(value.value)
            elif predicate == iri("dct:source"):
                entry.cited = True
            elif (kept := _LINKS.get(predicate)) is not None:
                getattr(entry, kept).append(value.value)
    return dict(entries), dict(parents)


def expanded(name: str, namespaces: Mapping[str, str]) -> str:
    """A prefixed name in full."""
    prefix, _, local = name.partition(":")
    return namespaces[prefix] + local


def chosen(entries: Mapping[str, Entry], parents: Mapping[str, set[str]], base: str) -> Iterator[tuple[str, Entry]]:
    """The resources that can be found: named, with a page here or elsewhere; neither machinery nor the terms of others."""
    namespaces = prefixes_at(base)
    machinery = tuple(namespaces[prefix] for prefix in _MACHINERY)
    coded = {expanded(name, namespaces) for name in _CODED}
    roots_of = {category: {expanded(root, namespaces) for root in roots} for category, (_, roots) in CATEGORIES.items()}
    over = cache(lambda cls: lineage(cls, parents).keys())
    for resource, entry in entries.items():
        if not entry.names or any(cls.startswith(machinery) for cls in entry.classes):
            continue
        above = set().union(*map(over, entry.classes))
        for category, (weight, _) in CATEGORIES.items():
            if not roots_of[category] or roots_of[category] & above:
                entry.category, entry.weight = category, 0 if resource in entry.areas else weight
                break
        if entry.weight == 1 and not entry.cited and not coded.isdisjoint(entry.classes):
            entry.weight = _BEHIND
        if resource.startswith(base) or (entry.category != "terme" and set(entry.classes) - {iri("owl:NamedIndividual")}):
            yield resource, entry


def lineage(cls: str, parents: Mapping[str, set[str]]) -> dict[str, int]:
    """A class and those above it, each with the steps to it."""
    found, level, depth = {cls: 0}, {cls}, 0
    while level:
        depth += 1
        level = {parent for each in level for parent in parents.get(each, ()) if parent not in found}
        found.update(dict.fromkeys(level, depth))
    return found


def primary(classes: Iterable[str], parents: Mapping[str, set[str]], base: str) -> str:
    """The class that a resource is shown as: the one deepest in the hierarchy; a quality that it has only where it is nothing else."""
    qualities = qualities_at(base)
    ranked = sorted(classes, key=lambda cls: (cls in qualities, -len(lineage(cls, parents)), cls))
    return ranked[0] if ranked else ""


@lru_cache(8)
def qualities_at(base: str) -> frozenset[str]:
    """The classes that say how a thing is, not what it is."""
    return frozenset(expanded(name, prefixes_at(base)) for name in _QUALITIES)


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text: the names of classes and areas stand around thousands of things."""
    return tuple(folding.words(text))


@lru_cache(4096)
def compounds(text: str) -> tuple[str, ...]:
    """What is joined in a text, as one word."""
    return tuple(folding.compounds(text))


def write_entry(db: sqlite3.Connection, number: int, resource: str, entry: Entry, entries: Mapping[str, Entry], cls: str) -> None:
    """One resource: its row, the keys of its names, its areas, its words."""
    texts = [text for text, _, _ in entry.names]
    told = (json.dumps(entry.names), json.dumps(entry.texts), json.dumps(entry.subjects))
    row = (number, resource, cls, entry.category, next(iter(entry.schemes), ""), *told)
    folded = "\n".join(" ".join(["", *folding.telling([*words(text)]), "", *compounds(text)]) for text in texts)
    db.execute("INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, folded))
    keys = {found for text in texts for found in ("".join(folding.telling([*words(text)])), "".join(words(text))) if found}
    db.executemany("INSERT INTO name VALUES (?, ?)", ((found, number) for found in keys))
    db.executemany("INSERT INTO area VALUES (?, ?)", ((number, area) for area in entry.areas))
    around = [
        text for about in (cls, *entry.areas, *entry.schemes[:1], *entry.subjects) for text, _, _ in entries.get(about, Entry()).names
    ]
    named = " ".join(dict.fromkeys(word for text in texts for word in (*words(text), *compounds(text))))
    said = " ".join(dict.fromkeys(word for text, _ in entry.texts for word in words(text)))
    context = " ".join(dict.fromkeys(word for text in around for word in words(text)))
    person = entry.category == PERSON
    db.execute(
        "INSERT INTO words(rowid, names, texts, context) VALUES (?, ?, ?, ?)", (number, named, *(("", "") if person else (said, context)))
    )


def write_labels(db: sqlite3.Connection, kept: Iterable[tuple[str, Entry]], entries: Mapping[str, Entry]) -> None:
    """The names of classes, areas, schemes and notions."""
    named = {about for _, entry in kept for about in (*entry.classes, *entry.areas, *entry.schemes, *entry.subjects) if about in entries}
    db.executemany("INSERT INTO label VALUES (?, ?)", ((about, json.dumps(entries[about].names)) for about in named))


def write_grams(db: sqlite3.Connection, kept: Iterable[tuple[str, Entry]]) -> None:
    """The words of the names that spellings are compared with, by their triples of letters."""
    texts = {text for _, entry in kept if entry.category != PERSON and entry.weight <= BOUNDS["principal"] for text, _, _ in entry.names}
    known = {word for text in texts for word in (*folding.words(text), *folding.compounds(text)) if len(word) > 2}
    db.executemany("INSERT INTO gram VALUES (?, ?)", ((gram, word) for word in known for gram in folding.grams(word)))
