"""The dumps of a release: all of it in one file, for those who want to load it elsewhere. Persons stand apart, to be asked for."""

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad, RdfFormat, Triple, serialize

from territoires.vocabulary import prefixes_at

FOLDER = "dumps"


@dataclass(frozen=True)
class Dump:
    """A dump file: its name, media type inside the gzip, and whether it holds the persons' graphs (and only them)."""

    name: str
    form: RdfFormat
    persons: bool

    @property
    def media_type(self) -> str:
        """The media type of what is compressed."""
        return self.form.media_type


DUMPS = (
    Dump("territoires.nq.gz", RdfFormat.N_QUADS, False),
    Dump("territoires.ttl.gz", RdfFormat.TURTLE, False),
    Dump("persons.nq.gz", RdfFormat.N_QUADS, True),
)


def write_dumps(release: Path, quads: Iterable[Quad], base: str) -> None:
    """Writes the dumps of `quads` below the folder of a release."""
    folder = release / FOLDER
    folder.mkdir()
    found = list(quads)
    for dump in DUMPS:
        chosen = [quad for quad in found if is_personal(quad, base) == dump.persons]
        if dump.form.supports_datasets:
            body = serialize(chosen, format=dump.form)
        else:
            triples = sorted({Triple(q.subject, q.predicate, q.object) for q in chosen}, key=str)
            body = serialize(triples, format=dump.form, prefixes=prefixes_at(base))
        assert body is not None  # no output was given, so the bytes come back
        (folder / dump.name).write_bytes(gzip.compress(body, mtime=0))


def is_personal(quad: Quad, base: str) -> bool:
    """Whether the statement stands in a graph about persons."""
    return isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.startswith(f"{base}graph/data/persons/")
