"""What the repository names already, which an import says anew of nothing, and the sources that an import names."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from territoires.files import turtle_files
from territoires.knowledge.importing.package import PACKAGE
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE, iri

OVERSEAS = "collectivite-d-outre-mer"
NAMED = (
    "id/region/", "id/departement/", "id/arrondissement", "id/commune", "id/intercommunalite/", f"id/{OVERSEAS}/", "id/organisation/",
    "id/periode/", "source/",
)  # fmt: skip
"""How the paths begin of what an import gives a name."""


@dataclass(frozen=True)
class Known:
    """What the repository already names: the path of a place by (kind, code), and the names of places, bodies, years and sources."""

    paths: Mapping[tuple[str, str], str] = field(default_factory=dict)
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Path -> its French names, the preferred one and others."""

    def checksum(self) -> str:
        """SHA-256 of it: what it changes of an import, it changes of the sum."""
        said = [*sorted(self.paths.items()), *((path, sorted(names)) for path, names in sorted(self.names.items()))]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def read_known(home: Path) -> Known:
    """What the Turtle files of data/ say. Raises SourceError."""
    code, labels = iri("igeo:codeINSEE"), {iri("skos:prefLabel"), iri("skos:altLabel")}
    paths: dict[tuple[str, str], str] = {}
    names: dict[str, set[str]] = {}
    for quad in read_quads(turtle_files(home, "data"), CANONICAL_BASE):
        if not isinstance(quad.subject, NamedNode) or not isinstance(quad.object, Literal):
            continue
        path = quad.subject.value.removeprefix(CANONICAL_BASE)
        if quad.predicate.value == code:
            paths[path.split("/")[1], quad.object.value] = path
        elif quad.predicate.value in labels and quad.object.language == "fr" and path.startswith(NAMED):
            names.setdefault(path, set()).add(quad.object.value)
    return Known(paths, {path: frozenset(found) for path, found in names.items()})


@dataclass(frozen=True)
class Source:
    """A source: its path, its French and English names, who publishes it, its page."""

    path: str
    names: tuple[str, str]
    publisher: str
    page: str


INSEE = Source(
    "source/insee-cog",
    ("Code officiel géographique (Insee)", "Official geographic code of France (Insee)"),
    "Insee",
    "https://www.insee.fr/",
)


def packaged(number: str, year: int) -> Source:
    """A version of the package as a source."""
    names = (
        f"Découpage administratif au format JSON, version {number} ({year})",
        f"Administrative division in JSON, version {number} ({year})",
    )
    return Source(
        f"source/etalab-decoupage-administratif-{number.replace('.', '-')}",
        names,
        "Etalab",
        f"https://www.npmjs.com/package/{PACKAGE}/v/{number}",
    )
