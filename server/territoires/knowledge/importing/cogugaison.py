"""What COGugaison tells: which EPCI each commune was in on 1 January of a year, and its municipal population.

COGugaison (github.com/antuki/COGugaison) keeps INSEE's tables as R data, under the Open Database License 1.0: whatever is written from
them goes into files whose name ends with -odbl. Reading them takes five minutes and 4 GB of memory; needs the dependency group
`perimeters`.
"""

import subprocess
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from territoires.errors import SourceError

COMMIT = "37a6d4c9ca0d608bb4f2b64aaf1c56c097a7f813"
"""The version that is read, whatever else the copy of the repository holds."""
COMPOSITIONS, POPULATIONS = "data/DATA_SUPRACOM.RData", "data/COG.RData"
LAG = {2014: 2012, 2015: 2013, 2016: 2014, 2017: 2015, 2018: 2016}
"""Year of a geography -> year of the population that COGugaison gives of its communes."""


@dataclass(frozen=True)
class Tables:
    """Year -> SIREN -> codes of its communes; SIREN -> name, the latest one; year of population -> code -> inhabitants."""

    compositions: Mapping[int, Mapping[str, frozenset[str]]]
    names: Mapping[str, str]
    populations: Mapping[int, Mapping[str, int]]


def read(repository: Path, years: Iterable[int]) -> Tables:
    """The tables of some years, from a copy of the repository. Raises SourceError when that version isn't in it."""
    years = sorted(years)
    grouped = frames(repository, COMPOSITIONS)
    counted = frames(repository, POPULATIONS)
    compositions, names = {}, {}
    for year in years:
        compositions[year] = composition(zip(*columns(grouped, f"table_supracom_{year}", "EPCI", "CODGEO"), strict=True))
        levels = zip(*columns(grouped, f"libelles_supracom_{year}", "NIVGEO", "CODGEO", "LIBGEO"), strict=True)
        names.update({siren: name for level, siren, name in levels if level == "EPCI"})
    populations = {}
    for year, counted_in in LAG.items():
        codes, inhabitants = columns(counted, f"COG{year}", "CODGEO", "POP")
        told = [(code, number.removesuffix(".0")) for code, number in zip(codes, inhabitants, strict=True)]
        populations[counted_in] = {code: int(number) for code, number in told if number.isdecimal()}
    return Tables(compositions, names, populations)


def composition(rows: Iterable[tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """SIREN -> codes of its communes, from pairs of both."""
    found: dict[str, set[str]] = {}
    for siren, code in rows:
        found.setdefault(siren, set()).add(code)
    return {siren: frozenset(codes) for siren, codes in found.items()}


def frames(repository: Path, path: str) -> Mapping[str, Any]:
    """The tables of one file of the repository, by name."""
    import rdata  # type: ignore[import-not-found, unused-ignore]  # only here, and not of the server

    packed = shown(repository, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # R classes that stand for nothing here: how a column was read, a date
        found: Mapping[str, Any] = rdata.conversion.convert(rdata.parser.parse_data(packed), default_encoding="utf8")
    return found


def shown(repository: Path, path: str) -> bytes:
    """A file of the repository in that version. Raises SourceError when it isn't there."""
    done = subprocess.run(["git", "-C", str(repository), "show", f"{COMMIT}:{path}"], capture_output=True, check=False)
    if done.returncode:
        raise SourceError(f"{repository} doesn't hold {path} at {COMMIT}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def columns(tables: Mapping[str, Any], table: str, *names: str) -> list[list[str]]:
    """Some columns of a table, as texts."""
    return [[str(value) for value in tables[table][name]] for name in names]
