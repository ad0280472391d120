"""What was decided for each value of a table: a CSV file that the program proposes and a person edits.

A line for each value in its context: `value`, `context`, `rows` (how many), `decision` (accept, reject, unsure), `iri`, `name`, `code`,
`score`, `reasons`, `candidates` ("IRI score name (description)", a line each). Only `decision` and `iri` are read back with the value and
its context; `iri` may be given as a code.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal as OneOf
from typing import get_args

from territoires.errors import TableError
from territoires.knowledge.tables import Table, read_table, written

Verdict = OneOf["accept", "reject", "unsure"]
COLUMNS = ("value", "context", "rows", "decision", "iri", "name", "code", "score", "reasons", "candidates")
_VERDICTS = get_args(Verdict)
_CANDIDATE = re.compile(r"^(\S+) ([\d.]+) (.*)$")

Key = tuple[str, str]
"""A value, and its context as text."""


@dataclass(frozen=True)
class Proposal:
    """A candidate as the decisions file shows it."""

    iri: str
    name: str
    code: str
    score: float
    description: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What a value is: the thing that was chosen, with name, code and score as far as they are known; and the candidates."""

    verdict: Verdict
    chosen: Proposal | None = None
    candidates: tuple[Proposal, ...] = ()

    @property
    def accepted(self) -> Proposal | None:
        """The thing that rows are joined with."""
        return self.chosen if self.verdict == "accept" else None


def proposed(candidates: Iterable[Proposal], match: bool) -> Decision:
    """The first decision on a value: accepted where the match is clear, else unsure, with the best candidate to look at."""
    found = tuple(candidates)
    return Decision("accept" if match else "unsure", found[0] if found else None, found)


def write_decisions(path: Path, decisions: Mapping[Key, Decision], counts: Mapping[Key, int]) -> None:
    """Writes the file, those that need a look first. Raises TableError."""
    lines = []
    for (value, context), each in sorted(decisions.items(), key=lambda item: (_VERDICTS[::-1].index(item[1].verdict), item[0])):
        chosen = each.chosen or Proposal("", "", "", 0.0, "")
        shown = "\n".join(f"{other.iri} {other.score:g} {other.name} ({other.description})" for other in each.candidates)
        score = f"{chosen.score:g}" if each.chosen else ""
        told = " ; ".join(chosen.reasons)
        found = (chosen.iri, chosen.name, chosen.code, score, told, shown)
        lines.append((value, context, str(counts.get((value, context), 0)), each.verdict, *found))
    save(path, written(COLUMNS, lines))


def read_decisions(path: Path) -> dict[Key, tuple[Decision, int]]:
    """The decisions in a file, each with its line. Raises TableError, which names line and column."""
    table = read_table(path)
    at = {name: table.column(name) for name in ("value", "context", "decision", "iri")}
    more: dict[str, int] = {name: table.column(name) for name in ("name", "code", "score", "reasons", "candidates") if name in table.header}
    found: dict[Key, tuple[Decision, int]] = {}
    for cells, line in zip(table.rows, table.lines, strict=True):
        if any(cell.strip() for cell in cells):
            key = cells[at["value"]], cells[at["context"]]
            if key in found:
                raise TableError(f"{path}, line {line}: {key[0]!r} was decided on line {found[key][1]} already; keep one of the two.")
            found[key] = read_decision(table, cells, line, at, more), line
    return found


def read_decision(table: Table, cells: tuple[str, ...], line: int, at: Mapping[str, int], more: Mapping[str, int]) -> Decision:
    """The decision on one line."""
    verdict, iri = cells[at["decision"]].strip().lower() or "unsure", cells[at["iri"]].strip()
    if verdict not in _VERDICTS:
        where = f"{table.path}, line {line}, column {at['decision'] + 1}"
        raise TableError(f"{where}: {verdict!r} is no decision; write accept, reject or unsure.")
    if verdict == "accept" and not iri:
        raise TableError(f"{table.path}, line {line}, column {at['iri'] + 1}: what is accepted needs an IRI or a code; or write unsure.")
    said = {name: cells[place] for name, place in more.items()}
    candidates = tuple(
        Proposal(shown[1], shown[3].rpartition(" (")[0], "", float(shown[2]), shown[3].rpartition(" (")[2].rstrip(")"))
        for text in said.get("candidates", "").splitlines()
        if (shown := _CANDIDATE.match(text))
    )
    other = next((each for each in candidates if each.iri == iri), None)
    score = said.get("score", "").replace(",", ".")
    first = bool(candidates) and candidates[0].iri == iri
    if other and not first:  # a person chose another: what the line says of name, code and score is of the first
        chosen = Proposal(iri, other.name, "", other.score, other.description)
    else:
        number = float(score) if re.fullmatch(r"\d+(\.\d+)?", score) else 0.0
        reasons = tuple(filter(None, said.get("reasons", "").split(" ; ")))
        chosen = Proposal(iri, said.get("name", ""), said.get("code", ""), number, "", reasons)
    return Decision(verdict, chosen if iri else None, candidates)  # type: ignore[arg-type]


def save(path: Path, text: str) -> None:
    """Writes a file in UTF-8, with the mark by which spreadsheets know it where it is CSV. Raises TableError."""
    marked = path.suffix.lower() in (".csv", ".tsv")
    try:
        path.write_text(text, encoding="utf-8-sig" if marked else "utf-8", newline="")
    except OSError as error:
        raise TableError(f"{path} can't be written: {error.strerror}.") from error
