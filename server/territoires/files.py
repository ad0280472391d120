"""Where the sources are: ontology/, shapes/, data/ and queries/ below one home. An empty list is an error."""

from dataclasses import dataclass
from pathlib import Path

from territoires.errors import SourceError

LINKS = "data/links"
"""The folder of the links to what others say of the same things."""
CONTRIBUTIONS = "data/contributions"
"""The folder of what was written over HTTP, and reviewed."""


@dataclass(frozen=True)
class SourceFile:
    """A Turtle file: `name` is its path below the home without suffix, and so the end of its graph's IRI."""

    path: Path
    name: str

    @property
    def layer(self) -> str:
        """Who speaks: ontology, source, reference, interpretation, persons, contributions, dataset."""
        first, _, rest = self.name.partition("/")
        return rest.partition("/")[0] if first == "data" else first


def turtle_files(home: Path, *folders: str) -> tuple[SourceFile, ...]:
    """Every .ttl file below home/folder, sorted. Raises SourceError when a folder holds none."""
    found: list[SourceFile] = []
    for folder in folders:
        paths = sorted((home / folder).rglob("*.ttl"))
        if not paths:
            raise SourceError(f"No Turtle file below {home / folder}: set TERRITOIRES_HOME to the folder that holds {folder}/.")
        found += [SourceFile(path, path.relative_to(home).with_suffix("").as_posix()) for path in paths]
    return tuple(found)


def knowledge_files(home: Path) -> tuple[SourceFile, ...]:
    """The ontology and the data; the ontology's examples are not data."""
    return tuple(source for source in turtle_files(home, "ontology", "data") if not source.name.startswith("ontology/examples/"))


def shape_files(home: Path) -> tuple[SourceFile, ...]:
    """The SHACL shapes."""
    return turtle_files(home, "shapes")


def release_files(home: Path) -> tuple[SourceFile, ...]:
    """What a release holds: ontology, data and shapes."""
    return (*knowledge_files(home), *shape_files(home))


def link_files(home: Path) -> tuple[SourceFile, ...]:
    """The mapping sets of links to others, those that are there: data/links/{positive,negative,unsure}.tsv."""
    paths = sorted((home / LINKS).glob("*.tsv"))
    return tuple(SourceFile(path, path.relative_to(home).with_suffix("").as_posix()) for path in paths)


def example_text(home: Path, name: str) -> str | None:
    """The Turtle example of the class of that local name, where there is one."""
    path = home / "ontology" / "examples" / f"{name}.ttl"
    return path.read_text(encoding="utf-8") if name.isalnum() and path.is_file() else None


def changes_text(home: Path) -> str:
    """The change log of the ontology. Raises SourceError where it is missing."""
    path = home / "ontology" / "CHANGELOG.md"
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error}.") from error


def query_files(home: Path, folder: str) -> tuple[Path, ...]:
    """Every .rq file below home/queries/folder, sorted. Raises SourceError when there is none."""
    paths = sorted((home / "queries" / folder).rglob("*.rq"))
    if not paths:
        raise SourceError(f"No .rq file below {home / 'queries' / folder}: set TERRITOIRES_HOME to the folder that holds queries/.")
    return tuple(paths)
