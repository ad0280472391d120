"""A table for each class of the data: CSV, and what its columns mean in CSVW (Tabular Data Model, Metadata Vocabulary for Tabular Data).

A row is a resource with an IRI, a column a property, or a property in one language. A property with several values on some row has a
separator that none of its values holds. A column whose every value is a row of one table refers to it by a foreign key. Values
without an IRI or a text (blank nodes) are left out.
"""

import csv
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from territoires.knowledge.dumps import Dump, measured
from territoires.knowledge.holdings import DERIVED, FACTS, OPEN_LICENCE, TABLES, Holding
from territoires.vocabulary import PREFIXES, iri, shorten

PLACE = "csv"
METADATA = f"{PLACE}/csv-metadata.json"
"""Where a client looks for the metadata of a table in that folder (Tabular Data Model §5.3)."""
BUNDLE = "territoires-csv.zip"
SEPARATORS = ("|", ";", "¦", "␟", "\n")
RESERVED = ("rdf", "rdfs", "owl", "sh", "void", "sd", "prov", "dcat")
"""Namespaces whose classes describe the graph, not the world."""
LISTS = "ontology/schemes/"
"""How the names of the graphs begin that hold the lists of codes."""
Cells = dict[tuple[str, str], list[tuple[str, str]]]
"""(property, language) -> values, each with its datatype."""
MOST_KEYS = 100_000  # distinct values up to which a column may become a foreign key
TYPE = NamedNode(iri("rdf:type"))
XSD = PREFIXES["xsd"]
DATATYPES = ("integer", "decimal", "double", "boolean", "date", "dateTime", "gYear", "gYearMonth", "anyURI", "string")


@dataclass
class Column:
    """A property of a class, in one language: how it is called, what its values are, how many a row holds at most."""

    predicate: str
    language: str
    name: str = ""
    datatypes: set[str] = field(default_factory=set)
    resources: bool = False
    most: int = 0
    separators: list[str] = field(default_factory=lambda: list(SEPARATORS))
    values: set[str] | None = field(default_factory=set)

    def note(self, texts: list[tuple[str, str]]) -> None:
        """Takes account of the values of a row, each with its datatype; an IRI has none."""
        self.most = max(self.most, len(texts))
        for text, datatype in texts:
            if datatype:
                self.datatypes.add(datatype)
            else:
                self.resources = True
                if self.values is not None:
                    self.values.add(text)
                    self.values = self.values if len(self.values) <= MOST_KEYS else None
        self.separators = [sign for sign in self.separators if not any(sign in text for text, _ in texts)]

    @property
    def separator(self) -> str:
        """What parts several values of a row; nothing where there is one at most."""
        return self.separators[0] if self.most > 1 else ""

    @property
    def datatype(self) -> str:
        """The name of the datatype in CSVW; text where the values are of several."""
        if self.resources:
            return "string" if self.datatypes else "anyURI"
        found = {each.removeprefix(XSD) for each in self.datatypes}
        if found <= {"integer", "decimal"} and len(found) > 1:
            return "decimal"
        only = next(iter(found)) if len(found) == 1 else "string"
        return only if only in DATATYPES else "string"

    @property
    def linking(self) -> bool:
        """Whether its values are resources, one on a row."""
        return self.resources and not self.datatypes and not self.separator

    def described(self) -> dict[str, Any]:
        """The column in CSVW."""
        said: dict[str, Any] = {"name": self.name, "titles": self.name, "propertyUrl": self.predicate, "datatype": self.datatype}
        if self.language:
            said |= {"lang": self.language}
        if self.separator:
            said |= {"separator": self.separator}
        if self.linking:
            said |= {"valueUrl": f"{{+{self.name}}}"}
        return said


@dataclass
class Table:
    """A class with its members, sorted by IRI, and its columns."""

    cls: str
    name: str
    members: list[str]
    columns: list[Column]

    @property
    def file(self) -> str:
        """Its file below dumps/."""
        return f"{PLACE}/{self.name}.csv"


def write_tables(folder: Path, store: Store, held: Iterable[Holding], base: str) -> list[Dump]:
    """Writes a CSV file for each class of the open data, their metadata, and all of it in one archive."""
    graphs = {each.iri for each in held if each.part in FACTS or each.name == DERIVED or each.name.startswith(LISTS)}
    (folder / PLACE).mkdir(parents=True)
    tables, found = [], []
    for cls, members in sorted(classes(store, graphs, base).items()):
        said = {member: cells(store, member, graphs) for member in members}
        tables.append(table := surveyed(cls, said, base))
        with (folder / table.file).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)  # RFC 4180: CRLF
            writer.writerow(["iri", *(column.name for column in table.columns)])
            writer.writerows(rows(table, said))
        found.append(measured(folder, table.file, TABLES, "text/csv", len(table.members), graph=table.cls, licence=OPEN_LICENCE))
    (folder / METADATA).write_text(json.dumps(metadata(tables), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    found.append(measured(folder, METADATA, TABLES, "application/csvm+json", len(tables), licence=OPEN_LICENCE))
    names = [each.name for each in found]
    with zipfile.ZipFile(folder / BUNDLE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name.removeprefix(f"{PLACE}/"))  # without the time: the same tables, the same file
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as target, (folder / name).open("rb") as source:
                while block := source.read(1 << 20):
                    target.write(block)
    return [measured(folder, BUNDLE, TABLES, "application/zip", len(tables), licence=OPEN_LICENCE), *found]


def classes(store: Store, graphs: set[str], base: str) -> dict[str, list[str]]:
    """Class -> its members with an IRI of ours, as the graphs state them."""
    found: dict[str, set[str]] = {}
    for graph in graphs:
        for quad in store.quads_for_pattern(None, TYPE, None, NamedNode(graph)):
            if isinstance(quad.subject, NamedNode) and quad.subject.value.startswith(base) and isinstance(quad.object, NamedNode):
                if shorten(quad.object.value, base).partition(":")[0] not in RESERVED:
                    found.setdefault(quad.object.value, set()).add(quad.subject.value)
    return {cls: sorted(members) for cls, members in found.items()}


def surveyed(cls: str, said: Mapping[str, Cells], base: str) -> Table:
    """A class with the columns that its members need, of each of which it is told what is said."""
    columns: dict[tuple[str, str], Column] = {}
    for found in said.values():
        for key, texts in found.items():
            columns.setdefault(key, Column(*key)).note(texts)
    taken: dict[str, int] = {"iri": 1}
    for _, column in sorted(columns.items()):
        bare = re.sub(r"\W+", "_", shorten(column.predicate, base).rpartition("/")[2] + (f"_{column.language}" if column.language else ""))
        taken[bare] = taken.get(bare, 0) + 1
        column.name = bare if taken[bare] == 1 else f"{bare}_{taken[bare]}"
    prefix, _, local = shorten(cls, base).rpartition("/")[2].partition(":")
    name = local if prefix == "tdp" else f"{prefix}-{local}" if local else re.sub(r"\W+", "-", prefix)
    return Table(cls, name, list(said), [column for _, column in sorted(columns.items())])


def cells(store: Store, member: str, graphs: set[str]) -> Cells:
    """(property, language) -> the values of a resource, sorted, each with its datatype, as the graphs state them; not its classes."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for quad in store.quads_for_pattern(NamedNode(member), None, None, None):
        if isinstance(quad.graph_name, DefaultGraph) or quad.graph_name.value not in graphs or quad.predicate == TYPE:
            continue
        key, text = cell(quad)
        if text:
            found.setdefault(key, set()).add(text)
    return {key: sorted(texts) for key, texts in found.items()}


def cell(quad: Quad) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Where a statement goes, and its text with its datatype."""
    value = quad.object
    if isinstance(value, Literal):
        return (quad.predicate.value, value.language or ""), (value.value, value.datatype.value)
    return (quad.predicate.value, ""), (value.value, "") if isinstance(value, NamedNode) else None


def rows(table: Table, said: Mapping[str, Cells]) -> Iterator[list[str]]:
    """The rows of a table, of whose members it is told what is said."""
    for member in table.members:
        texts = ((column.separator, said[member].get((column.predicate, column.language), [])) for column in table.columns)
        yield [member, *(separator.join(text for text, _ in found) for separator, found in texts)]


def metadata(tables: list[Table]) -> dict[str, Any]:
    """The tables in CSVW: a group whose schemas name columns, datatypes and keys."""
    smallest = sorted(tables, key=lambda table: len(table.members))
    members = {table.name: set(table.members) for table in tables}
    described = []
    for table in tables:
        keys = []
        for column in table.columns:
            target = referred(column, smallest, members)
            if target:
                keys.append({"columnReference": column.name, "reference": {"resource": target, "columnReference": "iri"}})
        first = {"name": "iri", "titles": "iri", "datatype": "anyURI", "required": True, "suppressOutput": True}
        kind = {"virtual": True, "name": "class", "propertyUrl": "rdf:type", "valueUrl": table.cls}
        schema: dict[str, Any] = {
            "aboutUrl": "{+iri}",
            "primaryKey": "iri",
            "columns": [first, *(column.described() for column in table.columns), kind],
        }
        described.append({"url": f"{table.name}.csv", "tableSchema": schema | ({"foreignKeys": keys} if keys else {})})
    return {"@context": "http://www.w3.org/ns/csvw", "dc:license": {"@id": OPEN_LICENCE}, "tables": described}


def referred(column: Column, tables: list[Table], members: Mapping[str, set[str]]) -> str:
    """The file of the smallest table that holds every value of a column; nothing where none does."""
    if not column.linking or not column.values:
        return ""
    return next((f"{table.name}.csv" for table in tables if column.values <= members[table.name]), "")
