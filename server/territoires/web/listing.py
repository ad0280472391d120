"""Reads the list of a class: once for each release what the graph says, once for each language how it looks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import gettext
from pyoxigraph import Triple

from territoires.results import Literal, NamedNode, Term, rows
from territoires.vocabulary import iri
from territoires.web.dimensions import Dimension, Told, areas_of, expand, gathered, spans, superclasses, value, viewed, widening
from territoires.web.facets import NONE, Cell, Entry, Listing, Option
from territoires.web.language import best_literal, current_language
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.registry import FIGURES, ROWS, USUAL
from territoires.web.registry import Row as ListRow
from territoires.web.service import service

TONES: Mapping[str, tuple[str, ...]] = {
    "done": ("realisee", "en-cours", "terminee", "recurrente", "presente", "experimentee", "retenue"),
    "plan": ("pas-encore-realise", "prevue", "en-projet", "a-l-etude", "envisagee", "potentielle", "souhaitee", "preselectionnee",
             "candidature-deposee", "attendue", "inscrite-dans-un-plan", "possible", "orientation"),
    "refused": ("refusee", "abandonnee", "declaree-absente"),
}  # fmt: skip
"""What tells a status apart for the eye: local names of concepts."""
MEMBER_NAMES = (iri("skos:prefLabel"), iri("foaf:name"))
"""By these the members of a class are named where they are asked for."""
STATES = ("/scheme/statut-d-action/", "/scheme/issue/")


@dataclass(frozen=True)
class Source:
    """What the graph says of the instances of a class, in no language yet."""

    items: tuple[str, ...]
    triples: tuple[Triple, ...]
    row: ListRow
    dimensions: Mapping[str, Dimension]


def source(cls: str) -> Source:
    """What the graph says of a class; read once for each release."""
    return remembered(lambda: read_source(cls), "list", cls)


def listing(cls: str) -> Listing:
    """The list of a class in the reader's language; made once for each release and language."""
    return remembered(lambda: make_listing(source(cls), names_in(cls)), "listing", cls, current_language(), request.root_path)


def read_source(cls: str) -> Source:
    """Asks for the instances of a class, their dimensions, and the names of all that is shown."""
    store, views = service().store, service().views
    answer = store.query(views.text("members", store.base, **{"class": [NamedNode(cls)]}))
    assert isinstance(answer, list)
    triples = list(dict.fromkeys(answer))
    items = {triple.subject.value for triple in triples if isinstance(triple.subject, NamedNode)}
    line = row_of(cls)
    properties = [NamedNode(name) for name in {expand(name) for names in line.properties.values() for name in names} | {iri("rdf:type")}]
    asked = rows(store.query(views.text("list-facts", store.base, **{"class": [NamedNode(cls)], "property": properties}))) if items else []
    facts = [(row["item"], row["property"], row["value"]) for row in asked]
    said = [Triple(s, p, o) for s, p, o in facts if isinstance(s, NamedNode) and isinstance(p, NamedNode) and p.value != iri("rdf:type")]
    dimensions = read_dimensions(cls, items, line, facts)
    return Source(tuple(sorted(items)), tuple(dict.fromkeys([*triples, *said])), line, dimensions)


def names_in(cls: str) -> Mapping[str, list[Literal]]:
    """The names of all that the list of a class shows; read once for each release."""
    return remembered(lambda: read_names(cls, source(cls)), "names", cls)


def read_names(cls: str, said: Source) -> Mapping[str, list[Literal]]:
    """Asks for the names of a class, its items, their values and what these count as too."""
    told = [each for pairs in said.dimensions.values() for found in pairs.values() for each in found]
    shown = {name for each in told for name in (each.period, each.qualifier)}
    shown |= {each.term.value for each in told if isinstance(each.term, NamedNode)}
    wide = widening()
    wider = {name for thing in shown for name in wide.get(thing, ())}
    known: dict[str, list[Literal]] = {}
    for triple in said.triples:
        if isinstance(triple.object, Literal) and triple.predicate.value in MEMBER_NAMES:
            known.setdefault(value(triple.subject), []).append(triple.object)
    return {**namer(({cls, *said.items} | shown | wider) - {"", *known}).names, **known}


def read_dimensions(cls: str, items: set[str], line: ListRow, facts: list[tuple[Term, Term, Term]]) -> dict[str, Dimension]:
    """Dimension -> item -> what is told, from the properties, the row's view, the monographs and the areas."""
    found: dict[str, Dimension] = {}
    for name, properties in line.properties.items():
        wanted = {expand(word) for word in properties}
        found[name] = gathered((s, Told(o)) for s, p, o in facts if isinstance(p, NamedNode) and p.value in wanted)
    if line.view and items:
        found |= {name: pairs for name, pairs in viewed(line.view).items() if name in line.viewed}
    if "nature" in (*line.columns, *line.facets) and "nature" not in found:
        kinds = kinds_below(cls)
        found["nature"] = gathered((s, Told(o)) for s, p, o in facts if value(p) == iri("rdf:type") and value(o) in kinds)
    if "territoire" not in found:
        known = viewed("list-monographs").get("territoire", {})
        further = found.get(line.beyond, {})
        found["territoire"] = {
            item: known.get(item)
            or list(dict.fromkeys(told for thing in further.get(item, ()) for told in known.get(value(thing.term), ())))
            for item in items
        }
    places = found["territoire"] if line.properties.get("territoire") != () else {item: [Told(NamedNode(item))] for item in items}
    for name, areas in areas_of({value(told.term) for placed in places.values() for told in placed}).items():
        reached = {item: [told for place in placed for told in areas.get(value(place.term), ())] for item, placed in places.items()}
        found.setdefault(name, {item: list(dict.fromkeys(told)) for item, told in reached.items() if told})
    return {name: {item: told for item, told in pairs.items() if item in items} for name, pairs in found.items()}


def row_of(cls: str) -> ListRow:
    """The row of the registry for a class: its own, or the first one of a wider class."""
    lineage = {cls, *superclasses().get(cls, ())}
    return next((row for name, row in ROWS.items() if expand(name) in lineage), USUAL)


def kinds_below(cls: str) -> set[str]:
    """The classes below a class: what tells its instances apart."""
    return {name for name, wider in superclasses().items() if cls in wider}


def make_listing(said: Source, known: Mapping[str, list[Literal]]) -> Listing:
    """The list in the reader's language: entries by name, facets with the entries of each value."""
    names = Namer(known, service().store.base, current_language(), request.root_path)
    shown = {item: names.named(item) for item in said.items}
    order = sorted(said.items, key=lambda item: (shown[item].text.casefold(), item))
    columns = tuple(name for name in said.row.columns if any(said.dimensions.get(name, {}).values()))

    def entry(item: str) -> Entry:
        return Entry(shown[item], lambda: {name: cells(names, name, said.dimensions[name].get(item, [])) for name in columns})

    facets = {name: options(names, said, name, order) for name in said.row.facets if name in said.dimensions}
    return Listing(tuple(map(entry, order)), said.row, facets, columns)


def cells(names: Namer, dimension: str, told: list[Told]) -> tuple[Cell, ...]:
    """What is told of an item in one dimension, as shown: of texts that differ by language only the best one."""
    texts = [each.term for each in told if isinstance(each.term, Literal) and each.term.language]
    best = best_literal(texts, names.language)
    kept = [each for each in told if not (isinstance(each.term, Literal) and each.term.language and each.term != best)]
    kept.sort(key=lambda each: spans().get(each.period, ("", ""))[0])
    found = [cell(names, dimension, each) for each in kept]
    return tuple(found if dimension in FIGURES else sorted(found, key=lambda shown: str(shown.order)))


def cell(names: Namer, dimension: str, told: Told) -> Cell:
    """One value as shown, with what sorts it: a number, the first day of a period, else its text."""
    shown = names.value(told.term)
    notes = [period_note(names, told.period)] if told.period else []
    if told.qualifier and not told.qualifier.endswith("/exact"):
        notes.append(names.named(told.qualifier).text)
    order: float | str = spans().get(value(told.term), ("", ""))[0] or shown.text.casefold()
    if dimension in FIGURES and isinstance(told.term, Literal):
        try:
            order = float(told.term.value)
        except ValueError:
            order = shown.text
    return Cell(shown, ", ".join(notes), tone(value(told.term)), order)


def period_note(names: Namer, period: str) -> str:
    """A period beside a figure: the year alone where it is one, "n.d." where the source tells none, else its name."""
    first, last = spans().get(period, ("", ""))
    if first[4:] == "-01-01" and last == f"{first[:4]}-12-31":
        return first[:4]
    return gettext("n.d.") if period.endswith("/non-indiquee") else names.named(period).text


def tone(term: str) -> str:
    """How a status is told apart: done, plan, refused; nothing for what is no status."""
    if not any(scheme in term for scheme in STATES):
        return ""
    return next((name for name, concepts in TONES.items() if term.rpartition("/")[2] in concepts), "")


def options(names: Namer, said: Source, dimension: str, order: list[str]) -> tuple[Option, ...]:
    """The values of a facet, the most frequent first; last, that nothing is told."""
    having: dict[str, set[int]] = {}
    silent = set()
    wider = widening()
    for number, item in enumerate(order):
        told = [each.term.value for each in said.dimensions[dimension].get(item, ()) if isinstance(each.term, NamedNode)]
        for thing in {*told, *(wide for one in told for wide in wider.get(one, ()))}:
            having.setdefault(thing, set()).add(number)
        if not told:
            silent.add(number)
    keys = short_keys(having)
    found = [Option(keys[thing], names.named(thing), frozenset(numbers), tone(thing)) for thing, numbers in having.items()]
    found.sort(key=lambda option: (-len(option.entries), option.name.text.casefold(), option.key))
    return (*found, *([Option(NONE, Value(""), frozenset(silent))] if silent and found else []))


def short_keys(things: Iterable[str]) -> dict[str, str]:
    """IRI -> how an address writes it: its last name, or its path where two values share that."""
    base = service().store.base
    last = {thing: thing.rstrip("/#").replace("#", "/").rpartition("/")[2] for thing in things}
    often = Counter(last.values())
    return {thing: name if often[name] == 1 and name != NONE else thing.removeprefix(base) for thing, name in last.items()}


def last_name(resource: str) -> str:
    """How an address mostly names a resource: by what stands last in its IRI."""
    return resource.rpartition("/")[2]
