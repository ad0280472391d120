"""The quality bar of docs/decisions names tests and queries that exist, for each of its fifty points."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Row(NamedTuple):
    """A line of the table."""

    point: str
    subject: str
    tests: str
    remark: str


def rows(text: str) -> list[Row]:
    """The lines of the table."""
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in text.splitlines() if line.startswith("| Q")]


@cache
def functions(path: Path) -> dict[str, int]:
    """The functions that a file defines, each with how often the file names it otherwise."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {node.name: named.count(node.name) for node in tree.body if isinstance(node, ast.FunctionDef)}


def faults(row: Row) -> list[str]:
    """What a line names that isn't there: a test, a check that something runs, a query."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row.tests)
    found = [] if named and "::" not in re.sub(r"`[^`]*`", "", row.tests) else ["no test"]
    for file, name in named:
        path = ROOT / "tests" / file
        known = functions(path) if path.is_file() else {}
        if not (name in known and (name.startswith("test_") or known[name] > 1)):
            found.append(f"{file}::{name}")
    return found + [name for name in re.findall(r"`(queries/\S+)`", row.tests + row.remark) if not (ROOT / name).exists()]


TABLE = rows((ROOT / "docs" / "decisions" / "0007-quality-bar.md").read_text(encoding="utf-8"))


def test_the_table_has_fifty_points() -> None:
    """Q1 to Q50, in order, each with a subject."""
    assert [row.point for row in TABLE] == [f"Q{number}" for number in range(1, 51)]
    assert all(row.subject for row in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.point)
def test_what_a_point_names_is_there(row: Row) -> None:
    """Its tests and queries exist."""
    assert faults(row) == []


@pytest.mark.parametrize(
    "line",
    [
        "| Q1 | x | | |",
        "| Q1 | x | by hand | |",
        "| Q1 | x | `repository/test_nothing.py::test_files` | |",
        "| Q1 | x | `repository/test_ontology.py::test_nothing` | |",
        "| Q1 | x | `repository/test_quality_bar.py::test_the_table_has_fifty_points` (`queries/checks/nothing.rq`) | |",
    ],
)
def test_a_wrong_line_is_seen(line: str) -> None:
    """A line without a test, or with one that isn't there."""
    assert faults(*rows(line))
