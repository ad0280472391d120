"""data/reference/perimeters/: communes and EPCI of the nine territories in time, what each was made of, and how many lived there.

Run by hand (`territoires import perimeters`). Which EPCI a territory had is written by hand in pays.ttl and pays-odbl.ttl of that folder;
everything else follows from them and from two sources: the npm package @etalab/decoupage-administratif (Licence Ouverte) and COGugaison
(ODbL). Where both tell the same, the former is the source.
"""

from collections.abc import Mapping
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from territoires.files import turtle_files
from territoires.knowledge.importing import cogugaison, decoupage, statements
from territoires.knowledge.importing.compositions import COUNTED, DAYS, PACKAGED, gather
from territoires.knowledge.importing.package import HISTORY
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE, iri

FOLDER = Path("data/reference/perimeters")
HAND_WRITTEN = ("pays", "pays-odbl")
KINDS = {iri(f"tdp:{name}"): name.lower() for name in ("Commune", "Departement", "Region")}
"""Class -> what the paths of its places are called."""


def run(home: Path, downloads: Path, repository: Path) -> Mapping[str, int]:
    """Reads the sources and writes the files; file name -> bytes written. Raises SourceError."""
    sirens = members_of_territories(home)
    packages = {version: decoupage.read(version, downloads) for version in sorted({HISTORY, *PACKAGED.values(), *COUNTED.values()})}
    known = gather(sirens, cogugaison.read(repository, DAYS), packages)
    folder = home / FOLDER
    written = statements.write(known, named_places(home), FOLDER.as_posix())
    for name, text in written.items():
        (folder / f"{name}.ttl").write_text(text, encoding="utf-8")
    return {f"{name}.ttl": len(text.encode()) for name, text in written.items()}


def members_of_territories(home: Path) -> frozenset[str]:
    """The SIREN of every EPCI that a hand-written perimeter names."""
    member, found = iri("tdp:hasMemberTerritory"), set()
    sources = [source for source in turtle_files(home, str(FOLDER)) if source.path.stem in HAND_WRITTEN]
    for quad in read_quads(sources, CANONICAL_BASE):
        if quad.predicate.value == member and isinstance(quad.object, NamedNode):
            found.add(quad.object.value.rpartition("/")[2])
    return frozenset(found)


def named_places(home: Path) -> statements.Places:
    """The places with a code that other files describe."""
    code, kind = iri("igeo:codeINSEE"), iri("rdf:type")
    kinds: dict[str, str] = {}
    codes: dict[str, str] = {}
    sources = [source for source in turtle_files(home, "data") if not source.path.is_relative_to(home / FOLDER)]
    for quad in read_quads(sources, CANONICAL_BASE):
        if not isinstance(quad.subject, NamedNode):
            continue
        if quad.predicate.value == kind and isinstance(quad.object, NamedNode) and quad.object.value in KINDS:
            kinds[quad.subject.value] = KINDS[quad.object.value]
        elif quad.predicate.value == code and isinstance(quad.object, Literal):
            codes[quad.subject.value] = quad.object.value
    return {(kinds[place], codes[place]): place.removeprefix(CANONICAL_BASE) for place in sorted(codes) if place in kinds}
