"""Counts that a release knows of itself (VoID), and the queries that ask for nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from territoires.store.tokens import Token

_VARIABLE = r"\?\w+"
_SORTED = rf"(?P<tail>(?: ORDER BY(?: {_VARIABLE}| (?:ASC|DESC) \( {_VARIABLE} \))+)?(?: (?:LIMIT|OFFSET) \d+)*)"
_COUNTED = (
    rf"SELECT (?P<group>{_VARIABLE}) \( COUNT \( (?P<counted>(?:DISTINCT )?{_VARIABLE}|\*) \) AS (?P<count>{_VARIABLE}) \) (?:WHERE )?"
)
_TYPE = "A|<http://www\\.w3\\.org/1999/02/22-rdf-syntax-ns#type>"
_BY_CLASS = re.compile(rf"{_COUNTED}\{{ (?P<thing>{_VARIABLE}) (?:{_TYPE}) (?P=group) (?:\. )?\}} GROUP BY (?P=group){_SORTED}")
_BY_PROPERTY = re.compile(
    rf"{_COUNTED}\{{ (?P<thing>{_VARIABLE}) (?P=group) (?P<other>{_VARIABLE}) (?:\. )?\}} GROUP BY (?P=group){_SORTED}"
)
_BY_PROPERTY_TO = re.compile(
    rf"{_COUNTED}\{{ VALUES (?P<other>{_VARIABLE}) \{{ <(?P<hub>[^>]*)> \}} (?P<thing>{_VARIABLE}) (?P=group) (?P=other) (?:\. )?\}}"
    rf" GROUP BY (?P=group){_SORTED}"
)


@dataclass(frozen=True)
class Census:
    """What is known of the default graph (VoID): triples; instances by class, triples by property, or None where they aren't kept.

    `hubs` are the things that very many triples lead to: how many by each property.
    """

    triples: int
    classes: Mapping[str, int] | None = None
    properties: Mapping[str, int] | None = None
    hubs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def count_of_everything(tokens: list[Token]) -> str | None:
    """The variable that takes the count, when the query is `SELECT (COUNT(*) AS ?n) { ?s ?p ?o }` and nothing else."""
    shape = " ".join("$" if token.kind == "variable" else token.key for token in tokens)
    if not re.fullmatch(r"SELECT \( COUNT \( \* \) AS \$ \) (?:WHERE )?\{ \$ \$ \$ (?:\. )?\}", shape):
        return None
    names = [token.key for token in tokens if token.kind == "variable"]
    return names[0] if len(set(names)) == len(names) else None


def table_of_counts(tokens: list[Token], census: Census) -> str | None:
    """The table that a query asks for, where it is known.

    It is `SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c } GROUP BY ?c`, or so by property, of all triples or of those that lead to one thing.
    """
    shape = " ".join(token.key for token in tokens)
    counted: tuple[str, ...]
    if found := _BY_CLASS.fullmatch(shape):
        counted, known = ("*", found["thing"], f"DISTINCT {found['thing']}"), census.classes
    elif found := _BY_PROPERTY.fullmatch(shape):
        counted, known = ("*", found["thing"], found["other"]), census.properties
    elif found := _BY_PROPERTY_TO.fullmatch(shape):
        counted, known = ("*", found["thing"]), census.hubs.get(found["hub"])
    else:
        return None
    names = [found[name] for name in ("group", "count", "thing", "other") if name in found.re.groupindex]
    told = set(re.findall(_VARIABLE, found["tail"]))
    if known is None or found["counted"] not in counted or len(set(names)) < len(names) or not told <= set(names[:2]):
        return None
    rows = " ".join(f"(<{iri}> {count})" for iri, count in known.items())
    columns = " ".join(names[:2])
    return f"SELECT {columns} {{ VALUES ({columns}) {{ {rows} }} }}{found['tail']}"
