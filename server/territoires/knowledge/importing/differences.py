"""What an import changes against the one before: places new, gone and renamed, populations that are others.

Each import keeps two tables of what is compared: places.tsv (path, name) and populations.tsv (path of the area, year, inhabitants).
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PLACES, POPULATIONS, REPORT = "places.tsv", "populations.tsv", "report.tsv"
_SHOWN = 3  # examples of each kind, in short
WORDS = {"new": "new", "gone": "gone", "renamed": "renamed", "population": "of another population"}


@dataclass(frozen=True, order=True)
class Difference:
    """What changed: kind, path of the place, before and after, as texts."""

    kind: str
    path: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Summary:
    """What an import says, as far as two are compared."""

    places: dict[str, str]
    populations: dict[str, tuple[int, int]]
    """Path of the area -> year, inhabitants."""

    def write(self, folder: Path) -> None:
        """Writes the two tables."""
        write_table(folder / PLACES, ("path", "name"), sorted(self.places.items()))
        write_table(
            folder / POPULATIONS, ("area", "year", "inhabitants"), ((area, *told) for area, told in sorted(self.populations.items()))
        )


def read_summary(folder: Path) -> Summary:
    """The tables of an import. Raises OSError or ValueError."""
    places = dict(row for row in read_table(folder / PLACES))
    return Summary(places, {area: (int(year), int(number)) for area, year, number in read_table(folder / POPULATIONS)})


def differences(before: Summary, after: Summary) -> list[Difference]:
    """What changed from one to the other, sorted."""
    found = [Difference("gone", path, name) for path, name in before.places.items() if path not in after.places]
    for path, name in after.places.items():
        if path not in before.places:
            found.append(Difference("new", path, "", name))
        elif before.places[path] != name:
            found.append(Difference("renamed", path, before.places[path], name))
    for area, (year, number) in after.populations.items():
        if area in before.populations and before.populations[area][1] != number:
            earlier, was = before.populations[area]
            found.append(Difference("population", area, f"{was} ({earlier})", f"{number} ({year})"))
    return sorted(found)


def write_report(folder: Path, found: Iterable[Difference]) -> None:
    """Writes the report beside the import."""
    write_table(
        folder / REPORT, ("change", "path", "before", "after"), ((WORDS[each.kind], each.path, each.before, each.after) for each in found)
    )


def short(found: list[Difference], against: str) -> Iterator[str]:
    """The report in a few lines."""
    if not found:
        yield f"Nothing changed against {against}"
    for kind, word in WORDS.items():
        chosen = [each for each in found if each.kind == kind]
        if chosen:
            shown = ", ".join(telling(each) for each in chosen[:_SHOWN]) + (" …" if len(chosen) > _SHOWN else "")
            yield f"{len(chosen)} {word} against {against}: {shown}"


def telling(each: Difference) -> str:
    """A difference in a few words."""
    name = each.path.removeprefix("id/")
    return {"new": f"{name} {each.after}", "gone": f"{name} {each.before}"}.get(each.kind, f"{name} {each.before} → {each.after}")


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """A table of tab-separated values."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, "excel-tab", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_table(path: Path) -> Iterator[list[str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, "excel-tab")
        next(reader)
        yield from reader
