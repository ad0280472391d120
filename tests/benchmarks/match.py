"""Precision and recall of the matching, by kind of trouble, on tables whose right answers are known; and its speed.

    python -m tests.benchmarks.match                                               the names of tests/data/names-of-france.tsv.xz
    python -m tests.benchmarks.match --gazetteer releases/current/gazetteer.db     those of a release
    python -m tests.benchmarks.match --url http://127.0.0.1:8000/reconcile         by the Reconciliation API 0.2

A table (TSV) has type, text, departement, expected (INSEE code or SIREN; empty where there is no right answer) and trouble. Precision:
matches that are right, of all matches. Recall: rows with a right answer that is matched, of the rows that have one. A code in parentheses
is right as well as no match: what only a graph with history knows.
"""

import argparse
import csv
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from territoires.knowledge.gazetteer import KINDS, Gazetteer
from territoires.knowledge.matching import Matcher
from territoires.vocabulary import iri

from .archives import read_names

DATA = Path(__file__).resolve().parents[1] / "data"
TABLES = (DATA / "matching-handmade.tsv", DATA / "matching-heldout.tsv")
SPEED_ROWS = 10_000

Row = Mapping[str, str]
Answer = Callable[[Sequence[Row]], Iterable[str]]
"""Rows -> for each the code of its match, or ''."""


@dataclass
class Tally:
    """Rows, those with a right answer, those that were matched, those matched rightly."""

    rows: int = 0
    expected: int = 0
    matched: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Right of matched; 1 where nothing was matched."""
        return self.right / self.matched if self.matched else 1.0

    @property
    def recall(self) -> float:
        """Right of expected; 1 where nothing was expected."""
        return self.right / self.expected if self.expected else 1.0


def read_table(path: Path) -> list[Row]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def by_matcher(matcher: Matcher) -> Answer:
    """Answers of the program itself."""

    def answer(rows: Sequence[Row]) -> Iterator[str]:
        for row in rows:
            first = next(iter(matcher.candidates(row["text"], row["type"], {"departement": row["departement"]}, limit=1)), None)
            yield (first.record.code("insee") or first.record.code("siren")) if first and first.match else ""

    return answer


def by_service(address: str) -> Answer:
    """Answers of a Reconciliation service 0.2, which names the matches by IRIs that end in the code, or by its property of codes."""

    def answer(rows: Sequence[Row]) -> Iterator[str]:
        for begin in range(0, len(rows), 20):
            some = rows[begin : begin + 20]
            queries: dict[str, Any] = {}
            for at, row in enumerate(some):
                context = [{"pid": "departement", "v": row["departement"]}] if row["departement"] else []
                queries[f"q{at}"] = {"query": row["text"], "type": iri(KINDS[row["type"]][0]), "properties": context, "limit": 5}
            found = asked(address, {"queries": json.dumps(queries)})
            matches = [next((c for c in found[f"q{at}"]["result"] if c["match"]), None) for at in range(len(some))]
            codes = coded(address, [match["id"] for match in matches if match])
            yield from (codes[match["id"]] if match else "" for match in matches)

    return answer


def coded(address: str, identifiers: Sequence[str]) -> dict[str, str]:
    """Identifier -> INSEE code or SIREN, by the service's data extension."""
    if not identifiers:
        return {}
    found = asked(address, {"extend": json.dumps({"ids": list(identifiers), "properties": [{"id": "insee"}, {"id": "siren"}]})})["rows"]

    def first(cells: Mapping[str, Any]) -> str:
        return next((str(cell["str"]) for name in ("insee", "siren") for cell in cells.get(name, []) if "str" in cell), "")

    return {identifier: first(found[identifier]) for identifier in identifiers}


def asked(address: str, form: Mapping[str, str]) -> Any:
    """The JSON that a service answers to a form."""
    with urlopen(address, urlencode(form).encode(), timeout=60) as reply:
        return json.load(reply)


def tallies(rows: Sequence[Row], answer: Answer, fault: Callable[[Row, str], None] = lambda row, got: None) -> dict[str, Tally]:
    """Trouble -> tally, and 'all'; `fault` is told of each row that went wrong."""
    found: dict[str, Tally] = defaultdict(Tally)
    for row, got in zip(rows, answer(rows), strict=True):
        for tally in (found[row["trouble"]], found["all"]):
            tally.rows += 1
            tally.expected += bool(row["expected"]) and not row["expected"].startswith("(")
            tally.matched += bool(got)
            tally.right += bool(got) and got == row["expected"].strip("()")
        if got != row["expected"] and (got or not row["expected"].startswith("(")) and got != row["expected"].strip("()"):
            fault(row, got)
    return found


def main() -> int:
    """Prints the figures; 1 when a table stays below the goals of `--precision` and `--recall`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", type=Path, default=TABLES)
    parser.add_argument("--gazetteer", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--faults", action="store_true", help="print each row that went wrong")
    parser.add_argument("--precision", type=float, default=0.97)
    parser.add_argument("--recall", type=float, default=0.92)
    options = parser.parse_args()
    if options.url:
        answer = by_service(options.url)
    elif options.gazetteer:
        answer = by_matcher(Matcher(Gazetteer.open(options.gazetteer)))
    else:
        answer = by_matcher(Matcher(Gazetteer.of(read_names())))

    def fault(row: Row, got: str) -> None:
        if options.faults:
            print(f"    {row['trouble']}: {row['text']!r} {row['departement']!r} -> {got or 'none'}, expected {row['expected'] or 'none'}")

    low, every = False, []
    for path in options.tables:
        rows = read_table(path)
        every += rows
        print(path.name)
        found = tallies(rows, answer, fault)
        for trouble, tally in sorted(found.items(), key=lambda item: (item[0] == "all", item[0])):
            wrong = tally.matched - tally.right
            print(f"  {trouble:22} {tally.rows:4} rows {wrong:3} wrong  precision {tally.precision:7.1%}  recall {tally.recall:7.1%}")
        low |= found["all"].precision < options.precision or found["all"].recall < options.recall
    started, worked = time.perf_counter(), time.process_time()
    count = sum(1 for _ in answer(list(islice(cycle(every), SPEED_ROWS if not options.url else len(every)))))
    elapsed, work = time.perf_counter() - started, time.process_time() - worked
    print(f"{count / elapsed:,.0f} rows/s over {count:,} rows; {1000 * work / count:.2f} ms of processor time in this program for each")
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
