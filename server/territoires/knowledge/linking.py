"""Joins a table with the things that a column of it names: candidates, decisions, the table with IRIs beside its own columns."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode

from territoires.errors import TableError
from territoires.knowledge import decisions as deciding
from territoires.knowledge.decisions import Decision, Key, Proposal
from territoires.knowledge.gazetteer import Gazetteer
from territoires.knowledge.matching import Candidate, Matcher
from territoires.knowledge.records import Record
from territoires.knowledge.tables import Table, written

ADDED = ("iri", "code", "name", "score")
"""The columns that are added, each with the name of the column that was looked up before it: commune_iri."""
CONTEXTS = ("departement", "region", "postal")
_MOST = 8  # candidates that a decisions file shows
_PLACES = ("commune", "intercommunalite", "departement", "region", "arrondissement", "territoire")

_TOLD = {"accept": "accepted", "unsure": "unsure", "reject": "rejected", "none": "without a candidate"}

Propose = Callable[[str, Mapping[str, str]], tuple[list[Proposal], bool]]
"""A value and its context -> candidates, and whether the first is clear."""


@dataclass(frozen=True)
class Linked:
    """A table and what was decided for the values of a column: `keys` has the value and context of each row."""

    table: Table
    column: int
    kind: str
    keys: tuple[Key, ...]
    decisions: Mapping[Key, Decision]
    counts: Mapping[str, int] = field(default_factory=dict)
    """Decision (and none: no candidate) -> how many rows."""


def link(table: Table, column: str, kind: str, contexts: Mapping[str, str], propose: Propose, known: Mapping[Key, Decision]) -> Linked:
    """Decides for each row: as is `known`, else as is proposed. `contexts`: departement, region or postal -> column. Raises TableError."""
    at = table.column(column)
    around = {name: table.column(each) for name, each in contexts.items()}
    keys, found = [], dict(known)
    for cells in table.rows:
        value = cells[at].strip()
        within = {name: cells[place].strip() for name, place in around.items()}
        key = value, " ".join(filter(None, within.values()))
        keys.append(key)
        if key not in found:
            candidates, match = propose(value, within) if value else ([], False)
            found[key] = deciding.proposed(candidates, match)
    counts: Counter[str] = Counter()
    for key in keys:
        counts[found[key].verdict if found[key].chosen or found[key].verdict == "reject" else "none"] += 1
    return Linked(table, at, kind, tuple(keys), found, counts)


def by_matcher(matcher: Matcher, kind: str, language: str) -> Propose:
    """Proposals of the gazetteer."""

    def propose(value: str, within: Mapping[str, str]) -> tuple[list[Proposal], bool]:
        found = matcher.candidates(value, kind, within, _MOST, language)
        return [of_candidate(each) for each in found], bool(found) and found[0].match

    return propose


def of_candidate(candidate: Candidate) -> Proposal:
    """A candidate as the decisions file shows it."""
    return Proposal(candidate.iri, candidate.name, code_of(candidate.record), candidate.score, candidate.description, candidate.reasons)


def code_of(record: Record) -> str:
    """The code by which tables name a thing: INSEE's, else the SIREN."""
    return record.code("insee") or record.code("siren")


def read_known(path: Path, gazetteer: Gazetteer | None) -> dict[Key, Decision]:
    """The decisions of a file; with a gazetteer, each accepted thing is looked up in it. Raises TableError."""
    found = {}
    for key, (decision, line) in deciding.read_decisions(path).items():
        if gazetteer and (chosen := decision.accepted):
            records = [record] if (record := gazetteer.get(chosen.iri)) else gazetteer.coded(chosen.iri)
            records = [each for each in records if each.kind != "collectivite"] or list(records)
            if len(records) != 1:
                what = "nothing has" if not records else f"{len(records)} things have"
                raise TableError(f"{path}, line {line}: {what} the IRI or code {chosen.iri!r} in this release.")
            known = Proposal(records[0].iri, records[0].name, code_of(records[0]), chosen.score, chosen.description, chosen.reasons)
            decision = replace(decision, chosen=known)
        found[key] = decision
    return found


def joined(linked: Linked) -> tuple[list[str], Iterator[list[str]]]:
    """Header and rows of the table with the columns ADDED; they are empty where nothing was accepted."""
    table = linked.table
    header = list(table.header)
    for name in ADDED:
        plain = f"{table.header[linked.column]}_{name}"
        header.append(next(each for each in (plain, *(f"{plain}_{n}" for n in range(2, len(header) + 3))) if each not in header))

    def rows() -> Iterator[list[str]]:
        for cells, key in zip(table.rows, linked.keys, strict=True):
            chosen = linked.decisions[key].accepted
            yield [*cells, *((chosen.iri, chosen.code, chosen.name, f"{chosen.score:g}") if chosen else ("",) * len(ADDED))]

    return header, rows()


def as_csv(linked: Linked, separator: str) -> str:
    """The joined table as CSV."""
    header, rows = joined(linked)
    return written(header, rows, separator)


def as_turtle(linked: Linked) -> str:
    """The joined table as Turtle in the shape of CSVW (Generating RDF from Tabular Data on the Web, standard mode).

    The table is addressed by its file name, relative to where the Turtle lies; a row has csvw:rownum, csvw:url and csvw:describes; what
    it describes has a property for each cell that isn't empty, and dct:spatial (of a place) or dct:relation: the thing accepted.
    """
    table = linked.table
    url = quote(table.path.name)
    properties = [f"<{url}#{quote(name, safe='')}>" for name in table.header]
    linking = "dct:spatial" if linked.kind in _PLACES else "dct:relation"
    lines = [
        "@prefix csvw: <http://www.w3.org/ns/csvw#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n",
        f"[] a csvw:Table ; csvw:url <{url}> ; csvw:row {', '.join(f'<{url}#row={n}>' for n in table.lines) or '[]'} .\n",
    ]
    for number, (cells, key, line) in enumerate(zip(table.rows, linked.keys, table.lines, strict=True), 1):
        said = [f"{name} {Literal(cell)}" for name, cell in zip(properties, cells, strict=True) if cell]
        if chosen := linked.decisions[key].accepted:
            said.append(f"{linking} {NamedNode(chosen.iri)}")
        row = f"<{url}#row={line}> a csvw:Row ; csvw:rownum {number} ; csvw:url <{url}#row={line}>"
        lines.append(f"{row} ; csvw:describes [ {' ; '.join(said)} ] .")
    return "\n".join(lines) + "\n"


def write(linked: Linked, path: Path) -> None:
    """Writes the joined table in the format that the name's ending says: .csv, .tsv or .ttl. Raises TableError."""
    suffix = checked_name(path)
    separator = "\t" if suffix == ".tsv" else "," if linked.table.separator == "\t" else linked.table.separator
    deciding.save(path, as_turtle(linked) if suffix == ".ttl" else as_csv(linked, separator))


def checked_name(path: Path) -> str:
    """The ending of a file's name, which says in what it is written. Raises TableError for another."""
    if path.suffix.lower() not in (".csv", ".tsv", ".ttl"):
        raise TableError(f"{path}: the name must end in .csv, .tsv or .ttl, which says in what to write.")
    return path.suffix.lower()


def summary(linked: Linked) -> str:
    """What was decided, in a sentence."""
    shown = [f"{linked.counts.get(each, 0)} {name}" for each, name in _TOLD.items()]
    return f"{len(linked.keys)} rows: {', '.join(shown)}."


def rows_of(linked: Linked) -> Counter[Key]:
    """Value and context -> how many rows have them; none for an empty value."""
    return Counter(key for key in linked.keys if key[0])
