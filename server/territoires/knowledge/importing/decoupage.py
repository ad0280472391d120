"""The npm package @etalab/decoupage-administratif: INSEE's official geographic code, INSEE's populations and DGCL's list of EPCI.

Data under the Licence Ouverte; each version tells one year, and 0.5.1 the history of the communes as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from territoires.errors import SourceError
from territoires.knowledge.importing.package import HISTORY, PACKAGE, fetch
from territoires.knowledge.importing.package import read as read_archive

DATA = ("communes", "departements", "epci")
"""The files of the package that are read of every version."""


@dataclass(frozen=True)
class Commune:
    """A commune of that year: name, code of its département."""

    name: str
    departement: str


@dataclass(frozen=True)
class Package:
    """What one version tells."""

    version: str
    communes: Mapping[str, Commune]
    populations: Mapping[str, int]
    holders: Mapping[str, str]
    """Code that is no commune's -> that of the commune whose land holds it."""
    epci: Mapping[str, frozenset[str]]
    names: Mapping[str, str]
    departements: Mapping[str, tuple[str, str]]
    """Code -> name, code of its région."""
    history: tuple[Mapping[str, Any], ...]


def source(version: str) -> str:
    """The name of a version among the sources."""
    return f"etalab-decoupage-administratif-{version.replace('.', '-')}"


def read(version: str, folder: Path) -> Package:
    """Fetches a version into `folder` and reads it. Raises ImportFailed when it can't be had or isn't the known one."""
    names = (*DATA, "historique-communes") if version == HISTORY else DATA
    return understand(version, read_archive(fetch(version, folder), names))


def understand(version: str, data: Mapping[str, Any]) -> Package:
    """What the files of a version tell."""
    current = [entry for entry in data["communes"] if entry["type"] == "commune-actuelle"]
    holders = {entry["code"]: entry["chefLieu"] for entry in data["communes"] if "chefLieu" in entry}
    holders |= {code: entry["code"] for entry in current for code in entry.get("anciensCodes", ())}
    return Package(
        version,
        {entry["code"]: Commune(entry["nom"], entry["departement"]) for entry in current if "departement" in entry},
        {entry["code"]: entry["population"] for entry in current if "population" in entry},
        holders,
        {entry["code"]: frozenset(each["code"] for each in entry["membres"]) for entry in data["epci"]},
        {entry["code"]: entry["nom"] for entry in data["epci"]},
        {entry["code"]: (entry["nom"], entry["region"]) for entry in data["departements"]},
        tuple(data.get("historique-communes", ())),
    )


def last_name(code: str, package: Package) -> str:
    """The last name under which a code was a commune's. Raises SourceError when the history has none."""
    named = [entry for entry in package.history if entry["code"] == code and entry["type"] == "COM"]
    if code in package.communes:
        return package.communes[code].name
    if not named:
        raise SourceError(f"{PACKAGE} {package.version} doesn't know the commune {code}.")
    return str(max(named, key=lambda entry: entry.get("dateDebut", ""))["nom"])
