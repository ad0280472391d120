"""What the EPCI of the nine territories were made of in time, who lived in their communes, and what became of these."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from territoires.errors import SourceError
from territoires.knowledge.importing import cogugaison, decoupage
from territoires.knowledge.importing.package import HISTORY, PACKAGE

DAYS = (2014, 2015, 2016, 2017, 2018, 2020)
"""Years of which COGugaison tells what the EPCI were made of on the first day."""
PACKAGED = {2024: "4.0.0", 2025: "6.0.0"}
"""Year -> version of the package that tells it; the list of EPCI of 6.0.0, whose communes are those of 2026, is DGCL's of 2025."""
COUNTED = {2016: HISTORY, 2021: "4.0.0", 2023: "6.0.0"}
"""Year of a population -> version of the package that tells it; that of the history tells 2016, in the geography of 2018."""
KEPT = (2014, 2016, 2017, 2025)
"""Years whose perimeters are always written; those of the others only where they differ from the one before."""
KINDS = {"commune nouvelle": "commune-nouvelle", "fusion simple": "fusion-simple"}
"""How the package calls a change -> concept of the scheme type-de-modification."""


@dataclass(frozen=True)
class Change:
    """A merger: code of the commune that results, day, those that were there before (its own code among them), and its kind."""

    result: str
    day: str
    before: tuple[str, ...]
    kind: str


@dataclass
class Knowledge:
    """What the sources tell of the EPCI that the territories had."""

    sirens: frozenset[str]
    compositions: dict[int, dict[str, frozenset[str]]] = field(default_factory=dict)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """SIREN -> name, source."""
    communes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Code -> name, code of the département, source."""
    former_names: dict[str, str] = field(default_factory=dict)
    successors: dict[str, str] = field(default_factory=dict)
    """Code of a commune that is no more -> that of the commune of today that holds its land."""
    changes: list[Change] = field(default_factory=list)
    populations: dict[int, dict[str, tuple[int, str]]] = field(default_factory=dict)
    """Year -> code -> inhabitants, source."""
    departements: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Code -> name, code of its région."""


def gather(sirens: frozenset[str], tables: cogugaison.Tables, packages: Mapping[str, decoupage.Package]) -> Knowledge:
    """What the sources tell together. Raises SourceError where they leave something open."""
    known = Knowledge(sirens)
    known.compositions = dict(sorted(compositions(sirens, tables, packages).items()))
    for siren in sirens:
        known.names[siren] = name_of(siren, tables, packages)
    codes = {code for members in known.compositions.values() for each in members.values() for code in each}
    history, today = packages[HISTORY], packages[max(PACKAGED.values())]
    known.departements = today.departements
    for code in codes:
        known.communes[code] = commune(code, history, today)
        if code in today.communes and history.communes.get(code, today.communes[code]).name != today.communes[code].name:
            known.former_names[code] = history.communes[code].name
    known.successors = {code: successor(code, today) for code in codes if code not in today.communes}
    known.changes = [change for change in mergers(history.history) if codes & {change.result, *change.before}]
    known.populations = populations(codes, tables, packages)
    return known


def compositions(
    sirens: frozenset[str], tables: cogugaison.Tables, packages: Mapping[str, decoupage.Package]
) -> dict[int, dict[str, frozenset[str]]]:
    """Year -> SIREN -> codes of its communes on the first day of that year, unless the EPCI was not there."""
    told = {year: tables.compositions[year] for year in DAYS} | {year: packages[version].epci for year, version in PACKAGED.items()}
    return {year: {siren: members[siren] for siren in sorted(sirens) if siren in members} for year, members in told.items()}


def name_of(siren: str, tables: cogugaison.Tables, packages: Mapping[str, decoupage.Package]) -> tuple[str, str]:
    """The latest name of an EPCI, and the source of it."""
    for version in sorted(packages, reverse=True):
        if siren in packages[version].names:
            return packages[version].names[siren], decoupage.source(version)
    if siren not in tables.names:
        raise SourceError(f"No source names the EPCI {siren}.")
    return tables.names[siren], "cogugaison"


def commune(code: str, history: decoupage.Package, today: decoupage.Package) -> tuple[str, str, str]:
    """Name, département and source of a commune: as it is, else as it was last called."""
    if code in today.communes:
        return today.communes[code].name, today.communes[code].departement, decoupage.source(today.version)
    departement = code[:3] if code.startswith("97") else code[:2]
    return decoupage.last_name(code, history), departement, decoupage.source(history.version)


def successor(code: str, today: decoupage.Package) -> str:
    """The commune of today that holds the land of one that is no more. Raises SourceError when the package names none."""
    found = today.holders.get(code)
    if found is None:
        raise SourceError(f"{PACKAGE} {today.version} doesn't tell what became of the commune {code}.")
    return found


def mergers(history: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """The mergers since 2014 that the package's history tells, by code and day."""
    entries = {entry["id"]: entry for entry in history}
    grouped: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries.values():
        if entry["type"] == "COM" and entry.get("dateFin", "") >= "2014-01-01" and "successeur" in entry:
            after = entries[entry["successeur"]]
            while after["type"] != "COM":
                after = entries[after["pole"]]
            grouped.setdefault((after["code"], entry["dateFin"], after.get("raisonDebut", "")), set()).add(entry["code"])
    for (result, day, reason), before in sorted(grouped.items()):
        if reason in KINDS:
            yield Change(result, day, tuple(sorted(before)), KINDS[reason])


def populations(
    codes: Iterable[str], tables: cogugaison.Tables, packages: Mapping[str, decoupage.Package]
) -> dict[int, dict[str, tuple[int, str]]]:
    """Year -> code -> inhabitants and source: the package's where it tells the same as COGugaison or alone."""
    found: dict[int, dict[str, tuple[int, str]]] = {}
    for year in sorted({*tables.populations, *COUNTED}):
        version = COUNTED.get(year, "")
        free = packages[version].populations if version else {}
        other = tables.populations.get(year, {})
        told = {}
        for code in codes:
            if code in free and other.get(code, free[code]) == free[code]:
                told[code] = (free[code], decoupage.source(version))
            elif code in other:
                told[code] = (other[code], "cogugaison")
        found[year] = told
    return found


def told_by(year: int) -> str:
    """The source of what the EPCI were made of in a year."""
    return decoupage.source(PACKAGED[year]) if year in PACKAGED else "cogugaison"
