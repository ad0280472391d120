"""Reads the records of the gazetteer from a graph, by queries/views/gazetteer.rq."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from pyoxigraph import Literal, NamedNode, Triple

from territoires.errors import QueryRefused
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.records import KINDS, Code, Name, NameSort, Record, parted
from territoires.store import Store
from territoires.vocabulary import prefixes_at

_NAMING: Mapping[str, NameSort] = {
    "skos:prefLabel": "preferred",
    "rdfs:label": "preferred",
    "foaf:name": "preferred",
    "skos:altLabel": "variant",
    "tdp:expansion": "variant",
    "skos:hiddenLabel": "hidden",
}
_CODES = {"igeo:codeINSEE": "insee", "tdp:siren": "siren"}
_SAME = ("skos:exactMatch", "owl:sameAs")
_IDENTIFIERS = (
    (re.compile(r"^https?://www\.wikidata\.org/entity/(Q\d+)$"), "wikidata"),
    (re.compile(r"^https?://data\.europa\.eu/nuts/code/(\w+)$"), "nuts"),
    (re.compile(r"^\S*iso:?3166\S*?(FR-\w+)$"), "iso"),
)
_AFTER = ("dct:isReplacedBy", "tdp:partOfTerritory")
_ACRONYM = re.compile(r"[A-ZÀ-Ý][A-Za-zÀ-ÿ'’.]{0,8}[A-ZÀ-Ý]\d?")

Said = Mapping[str, list[NamedNode | Literal]]
"""Prefixed property -> values."""


def records(store: Store, views: QueryLibrary) -> Iterator[Record]:
    """The records of what a store holds. Raises QueryRefused when it holds too much, and what the store raises."""
    view = views.find("gazetteer")
    answer = store.query(views.text("gazetteer", store.base))
    assert isinstance(answer, list)
    if len(answer) > int(view.about["most"]):
        raise QueryRefused(
            "This graph says too much for a gazetteer (more than %(most)s names, codes and classes).", most=view.about["most"]
        )
    yield from understood(answer, store.base)


def understood(triples: Iterable[Triple], base: str) -> Iterator[Record]:
    """The records that the triples of the view tell, with IRIs at `base`."""
    names = {namespace: prefix for prefix, namespace in prefixes_at(base).items()}
    shorter: dict[str, str] = {}
    told: dict[str, dict[str, list[NamedNode | Literal]]] = defaultdict(lambda: defaultdict(list))
    for triple in triples:
        predicate = triple.predicate.value
        if predicate not in shorter:
            namespace = next((each for each in names if predicate.startswith(each)), "")
            shorter[predicate] = f"{names.get(namespace, '')}:{predicate.removeprefix(namespace)}"
        if isinstance(triple.subject, NamedNode) and isinstance(triple.object, NamedNode | Literal):
            told[triple.subject.value][shorter[predicate]].append(triple.object)
    roots = classes_of_kinds(told, base)
    bodies = (said for said in told.values() if not roots["intercommunalite"].isdisjoint(values(said, "rdf:type")))
    latest = max((int(day[:4]) for said in bodies for day in values(said, "tdp:onDate")), default=0)
    for iri, said in told.items():
        classes = values(said, "rdf:type")
        kind = next((kind for kind, members in roots.items() if not members.isdisjoint(classes)), None)
        if kind and (found := names_of(said)):
            yield record(iri, kind, found, said, told, latest)


def classes_of_kinds(told: Mapping[str, Said], base: str) -> dict[str, set[str]]:
    """Kind -> its classes and those below them."""
    below: dict[str, set[str]] = defaultdict(set)
    for cls, said in told.items():
        for above in values(said, "rdfs:subClassOf"):
            below[above].add(cls)
    namespaces, found = prefixes_at(base), {}
    for kind, roots in KINDS.items():
        members: set[str] = set()
        level = {namespaces[root.partition(":")[0]] + root.partition(":")[2] for root in roots}
        while level:
            members |= level
            level = {each for cls in level for each in below.get(cls, ())} - members
        found[kind] = members
    return found


def record(iri: str, kind: str, names: tuple[Name, ...], said: Said, told: Mapping[str, Said], latest: int) -> Record:
    """One record; `latest` is the year of the latest perimeters."""
    departements = sorted(set(values(said, "tdp:inDepartement")))
    regions = {*values(said, "tdp:inRegion"), *values(said, "tdp:departementOfRegion")}
    regions |= {region for each in departements for region in values(told.get(each, {}), "tdp:departementOfRegion")}
    codes = [Code(scheme, value) for name, scheme in _CODES.items() for value in sorted(set(values(said, name)))]
    for other in sorted({value for name in _SAME for value in values(said, name)}):
        codes.append(Code("iri", other))
        codes += [Code(scheme, found[1]) for form, scheme in _IDENTIFIERS if (found := form.match(other))]
    ended = end_of(kind, said, told, latest)
    return Record(
        iri,
        kind,
        tuple(Name(name.text, name.sort, name.language, ended) for name in names) if ended else names,
        tuple(sorted(values(said, "rdf:type"))),
        tuple(codes),
        tuple(sorted({code for each in departements for code in values(told.get(each, {}), "igeo:codeINSEE")})),
        tuple(sorted({code for each in regions for code in values(told.get(each, {}), "igeo:codeINSEE")})),
        tuple(dict.fromkeys(value for name in _AFTER for value in values(said, name))),
        max((int(count) for count in values(said, "tdp:inhabitants")), default=0),
    )


def end_of(kind: str, said: Said, told: Mapping[str, Said], latest: int) -> int:
    """The year in which a former commune ended, or in which an inter-municipality without a perimeter of today was last seen; or 0."""
    if kind == "ancienne-commune":
        return max((int(day[:4]) for day in values(said, "tdp:effectiveOn")), default=0)
    places = (said, *(told.get(place, {}) for place in values(said, "tdp:hasTerritory")))
    seen = max((int(day[:4]) for place in places for day in values(place, "tdp:onDate")), default=0)
    return seen if kind in ("intercommunalite", "collectivite") and seen < latest - 1 else 0  # lists of two years may be side by side


def names_of(said: Said) -> tuple[Name, ...]:
    """The names: the French preferred one first; those in parentheses apart as well; a name in capitals is an acronym."""
    found: list[Name] = []
    for property_, sort in _NAMING.items():
        for literal in said.get(property_, ()):
            if isinstance(literal, Literal):
                acronym = sort == "variant" and _ACRONYM.fullmatch(literal.value)
                found.append(Name(literal.value, "acronym" if acronym else sort, literal.language or ""))
                found += parted(literal.value)
    found.sort(key=lambda name: (name.sort != "preferred", name.language not in ("fr", "")))
    return tuple(dict.fromkeys(found))


def values(said: Said, name: str) -> list[str]:
    """The values of a property."""
    return [value.value for value in said.get(name, ())]
