"""Reads mapping sets in SSSOM/TSV 1.1: a metadata block of YAML behind #, then one mapping on each line.

Of the metadata only the scalars and `curie_map` are read. Every identifier is a CURIE (SSSOM/TSV, Identifiers).
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from territoires.errors import SourceError

NOT_FOUND = "https://w3id.org/sssom/NoTermFound"
"""What stands for the object where the target has nothing of the kind."""
BUILT_IN = {
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "sssom": "https://w3id.org/sssom/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes that a file need not declare."""


@dataclass(frozen=True)
class Row:
    """A mapping: the line where it begins, and its cells by the name of the column; a cell that is missing is empty."""

    line: int
    cells: Mapping[str, str]
    width: int
    """How many cells stand on the line."""
    prefixes: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def iri(self, column: str) -> str:
        """The identifier in a column, in full; nothing where the cell is empty or its prefix isn't declared."""
        prefix, colon, local = self[column].partition(":")
        return self.prefixes[prefix] + local if colon and prefix in self.prefixes else ""

    @property
    def subject(self) -> str:
        """The IRI of our thing."""
        return self.iri("subject_id")

    @property
    def predicate(self) -> str:
        """The IRI of the relation."""
        return self.iri("predicate_id")

    @property
    def literal(self) -> bool:
        """Whether the object is a text and no resource (SSSOM, Literal mappings)."""
        return self["object_type"] == "rdfs literal"

    @property
    def object(self) -> str:
        """The IRI of their thing, or the text."""
        return self["object_label"] if self.literal else self.iri("object_id")

    @property
    def negated(self) -> bool:
        """Whether the row says that the two are not so related."""
        return self["predicate_modifier"] == "Not"

    @property
    def confidence(self) -> float | None:
        """Between 0 and 1; None where the cell holds no such number."""
        try:
            found = float(self["confidence"])
        except ValueError:
            return None
        return found if 0 <= found <= 1 else None


@dataclass(frozen=True)
class MappingSet:
    """A file: its scalars of metadata, its columns, its mappings."""

    path: Path
    metadata: Mapping[str, str]
    columns: Sequence[str]
    rows: Sequence[Row]


def read_mappings(path: Path) -> MappingSet:
    """The mapping set of a file. Raises SourceError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} can't be read: {error}.") from error
    lines = text.splitlines(keepends=True)
    block = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    metadata, declared = read_metadata(lines[:block])
    reader = csv.reader(io.StringIO("".join(lines[block:])), delimiter="\t", strict=True)
    prefixes = {**BUILT_IN, **declared}
    rows, begun = [], block
    try:
        columns = next(reader, [])
        begun += reader.line_num
        while (cells := next(reader, None)) is not None:
            rows.append(Row(begun + 1, dict(zip(columns, (cell.strip() for cell in cells), strict=False)), len(cells), prefixes))
            begun = block + reader.line_num
    except csv.Error as error:
        raise SourceError(f"{path}:{block + reader.line_num}: {error}. Mend the quotes there.") from error
    if "subject_id" not in columns:
        raise SourceError(f"{path}:{block + 1}: this is not the header of SSSOM columns, which begins with subject_id.")
    return MappingSet(path, metadata, columns, rows)


def read_metadata(lines: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The scalars of a metadata block, and its prefixes."""
    scalars: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    inside = ""
    for line in (line.removeprefix("#").rstrip() for line in lines):
        name, colon, value = line.strip().partition(":")
        value = value.strip().strip('"')
        if not line.startswith(" "):
            inside = name
            if value:
                scalars[name] = value
        elif inside == "curie_map" and colon:
            prefixes[name] = value
    return scalars, prefixes
