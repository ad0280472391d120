"""Reads the Turtle sources into quads: one named graph per file, named after the file."""

import hashlib
from collections.abc import Iterable, Iterator

from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from territoires.errors import SourceError
from territoires.files import SourceFile
from territoires.vocabulary import rebase


def graph_iri(source: SourceFile, base: str) -> NamedNode:
    """The graph of a file: base + graph/ + its path without suffix."""
    return NamedNode(f"{base}graph/{source.name}")


def read_quads(sources: Iterable[SourceFile], base: str) -> Iterator[Quad]:
    """Every triple of every file, in the file's graph, own IRIs at `base`. Raises SourceError with file and position."""
    for source in sources:
        graph = graph_iri(source, base)
        try:
            text = rebase(source.path.read_text(encoding="utf-8"), base)
            for quad in parse(text, format=RdfFormat.TURTLE, rename_blank_nodes=True):
                yield Quad(quad.subject, quad.predicate, quad.object, graph)
        except SyntaxError as error:
            raise SourceError(f"{source.path}: {error}. Mend the Turtle there.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"{source.path} can't be read: {error}.") from error


def checksum(sources: Iterable[SourceFile]) -> str:
    """SHA-256 over names and contents: the same sources, the same sum."""
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.name.encode() + b"\0" + source.path.read_bytes() + b"\0")
    return digest.hexdigest()
