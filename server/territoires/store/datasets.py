"""Serves RDF files as they are: each is loaded into a store of its own making, which stands as a release does.

Triples of a file of triples go to the default graph, or to the graph that it is given; quads keep their graphs. Nothing is merged,
added, derived or validated. Blank nodes of two files stay apart.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from pyoxigraph import DefaultGraph, NamedNode, RdfFormat, Store

from territoires.errors import SourceError
from territoires.store.releases import Release, publish_store

TRIPLES: dict[str, RdfFormat] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
}
QUADS: dict[str, RdfFormat] = {
    ".trig": RdfFormat.TRIG,
    ".nq": RdfFormat.N_QUADS,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
FORMATS = {**TRIPLES, **QUADS}
"""The format that each suffix of a file name stands for."""
_ONLY_QUADS = (RdfFormat.TRIG, RdfFormat.N_QUADS)


@dataclass(frozen=True)
class DatasetFile:
    """A file to serve, and the graph that its triples go to; None is the default graph."""

    path: Path
    graph: str | None = None

    @property
    def form(self) -> RdfFormat:
        """Its format. Raises SourceError."""
        found = FORMATS.get(self.path.suffix.lower())
        if found is None:
            raise SourceError(f"{self.path} has none of the known suffixes: {', '.join(FORMATS)}.")
        return found

    @property
    def base(self) -> str:
        """What its relative IRIs stand below: the graph that it is put into, else its own file: address."""
        return self.graph or self.path.absolute().as_uri()


def read_graph_option(text: str) -> DatasetFile:
    """IRI=FILE, as the command line gives it; the last equals sign parts them. Raises SourceError."""
    iri, equals, path = text.rpartition("=")
    try:
        NamedNode(iri)
    except ValueError:
        iri = ""
    if not (iri and equals and path):
        raise SourceError(f"{text!r} is no IRI=FILE: write http://example.org/graph=file.ttl, say.")
    return DatasetFile(Path(path), iri)


def publish_files(folder: Path, files: Sequence[DatasetFile], base: str) -> Release:
    """A release below `folder` that holds the files and nothing else. Raises SourceError with file and line."""
    return publish_store(folder, f"dataset-{checksum(files)[:16]}", base, writer(files))


def writer(files: Sequence[DatasetFile]) -> Callable[[Path], dict[str, int | str]]:
    """What writes the files to a new store at a path, and counts."""

    def write(path: Path) -> dict[str, int | str]:
        store = Store(str(path))
        for each in files:
            load(store, each)
        store.optimize()
        store.flush()
        return {"quads": len(store), "files": len(files), "merged": False}

    return write


def load(store: Store, file: DatasetFile) -> None:
    """Adds the file to the store. Raises SourceError."""
    form = file.form
    if file.graph and form in _ONLY_QUADS:
        raise SourceError(f"{file.path} names its graphs itself: give it without --graph.")
    try:
        if form == RdfFormat.RDF_XML:
            refuse_dtd(file.path)
        graph = NamedNode(file.graph) if file.graph else DefaultGraph()
        store.bulk_load(path=str(file.path), format=form, base_iri=file.base, to_graph=graph)
    except SyntaxError as error:
        if "remote contexts" in error.msg:
            raise SourceError(f"{file.path} names a context elsewhere, and none is fetched: write the context into the file.") from error
        raise SourceError(f"{file.path}: {error.msg}. Mend the {form.name} there.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"{file.path} can't be read: {error}.") from error


def refuse_dtd(path: Path) -> None:
    """Raises SourceError when an XML document declares a type: its entities could grow without bound (XML 1.0 §4.4)."""

    class Begun(Exception):
        pass

    def declared(*_: object) -> None:
        raise SourceError(f"{path} has a document type declaration (<!DOCTYPE …>): take it out and write its entities out.")

    def begun(*_: object) -> None:
        raise Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = begun
    try:
        with path.open("rb") as stream:
            parser.ParseFile(stream)
    except Begun:
        pass
    except expat.ExpatError as error:
        raise SourceError(f"{path}: {error}. Mend the XML there.") from error


def checksum(files: Sequence[DatasetFile]) -> str:
    """SHA-256 over graphs, names and contents: the same files, the same sum. Raises SourceError."""
    digest = hashlib.sha256()
    for each in files:
        digest.update(f"{each.graph}\0{each.base}\0".encode())
        try:
            with each.path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise SourceError(f"{each.path} can't be read: {error.strerror}.") from error
    return digest.hexdigest()
