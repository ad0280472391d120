"""The files of a release for those who load it elsewhere, written once at the build and listed in dumps/index.json.

RDF comes by named graph, by data set and whole, in N-Quads, Turtle and JSON-LD, packed by gzip. The files of the whole hold what
stands under the Licence Ouverte; persons, and what stands under another licence, have files of their own. Statements are sorted:
files are the same for the same statements. N-Quads of several graphs are the files of the graphs one after the
other (RFC 1952 §2.2: a gzip file is a series of members), Turtle of the whole has each triple once.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from pyoxigraph import NamedNode, RdfFormat, Store, parse, serialize

from territoires.formats import Format, named
from territoires.knowledge.holdings import PERSONS, WHOLE, Holding
from territoires.vocabulary import prefixes_at

FOLDER, INDEX, SUMS = "dumps", "index.json", "SHA256SUMS"
GZIP = "application/gzip"
FORMS = tuple(named(name) for name in ("nq", "ttl", "jsonld"))
TRIPLE = attrgetter("triple")


@dataclass(frozen=True)
class Dump:
    """A file: its name below dumps/, what it is of (a data set, one of its graphs), its media type within any packing, and its sums."""

    name: str
    part: str
    media_type: str
    bytes: int
    sha256: str
    graph: str = ""
    """The IRI of the one named graph that it holds."""
    packing: str = ""
    """The media type of the packing."""
    count: int = 0
    """Statements, rows or features."""
    licence: str = ""

    @property
    def personal(self) -> bool:
        """Whether it is about persons: it is told to nobody who doesn't ask, and search engines are sent away."""
        return self.part == PERSONS

    @property
    def kind(self) -> str:
        """The media type that it is sent with."""
        return self.packing or self.media_type


def write_rdf(folder: Path, store: Store, held: Sequence[Holding], base: str) -> list[Dump]:
    """Writes the RDF files of a release below `folder`; returns them, the whole first."""
    public = [each for each in held if each.part != PERSONS]
    by_graph = {(each.iri, form.name): dump for each in public for form, dump in write_graph(folder, store, each, base)}
    found = [write_several(folder, store, WHOLE, [each for each in held if each.open], by_graph, form, base) for form in FORMS]
    for part in sorted({each.part for each in public}):
        chosen = [each for each in held if each.part == part]
        if len(chosen) == 1:  # its own file is that of the data set
            continue
        found += [write_several(folder, store, part, chosen, by_graph, form, base) for form in FORMS]
    persons = [each for each in held if each.part == PERSONS]
    if persons:
        sort = FORMS[0]
        count = write_packed(folder / "persons.nq.gz", b"".join(quads_text(store, each) for each in persons), sort, base)
        found.append(measured(folder, "persons.nq.gz", PERSONS, sort.media_type, count, packing=GZIP, licence=persons[0].licence))
    return found + list(by_graph.values())


def write_graph(folder: Path, store: Store, held: Holding, base: str) -> Iterator[tuple[Format, Dump]]:
    """One named graph in each format; in those of triples without its name."""
    text = triples_text(store, held)
    for form in FORMS:
        name = f"graph/{held.name}.{form.name}.gz"
        count = write_packed(folder / name, quads_of(text, held) if form.name == "nq" else text, form, base)
        yield form, measured(folder, name, held.part, form.media_type, count, graph=held.iri, packing=GZIP, licence=held.licence)


def write_several(
    folder: Path, store: Store, part: str, held: Sequence[Holding], by_graph: dict[tuple[str, str], Dump], form: Format, base: str
) -> Dump:
    """Several named graphs in one file; in Turtle each triple once."""
    name = f"{part}.{form.name}.gz"
    if form.name == "nq":
        join([folder / by_graph[each.iri, "nq"].name for each in held], folder / name)
        count = sum(by_graph[each.iri, "nq"].count for each in held)
    elif form.name == "jsonld":
        count = write_packed(folder / name, b"".join(quads_text(store, each) for each in held), form, base)
    else:
        triples = {line for each in held for line in triples_text(store, each).splitlines(keepends=True)}
        count = write_packed(folder / name, b"".join(sorted(triples)), form, base)
    return measured(folder, name, part, form.media_type, count, packing=GZIP, licence=held[0].licence)


def triples_text(store: Store, held: Holding) -> bytes:
    """A graph in N-Triples, its lines sorted, so that the same statements make the same file."""
    text = store.dump(format=RdfFormat.N_TRIPLES, from_graph=NamedNode(held.iri))
    assert text is not None  # no output was given, so the bytes come back
    return b"".join(sorted(text.splitlines(keepends=True)))


def quads_text(store: Store, held: Holding) -> bytes:
    """A graph in N-Quads, in the same order."""
    return quads_of(triples_text(store, held), held)


def quads_of(text: bytes, held: Holding) -> bytes:
    """N-Triples with the name of their graph: a line ends nowhere else than behind its full stop (N-Quads §2)."""
    return text.replace(b" .\n", f" {NamedNode(held.iri)} .\n".encode())


def write_packed(path: Path, text: bytes, form: Format, base: str) -> int:
    """Writes what N-Quads or N-Triples say in a format, to a gzip file that is the same for the same text; returns how many statements."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        if form.rdf == RdfFormat.N_QUADS:
            packed.write(text)
        else:
            quads = parse(text, RdfFormat.N_QUADS)
            serialize(quads if form.name == "jsonld" else map(TRIPLE, quads), packed, form.rdf, prefixes=prefixes_at(base))  # type: ignore[arg-type]
    return text.count(b"\n")


def join(paths: Iterable[Path], target: Path) -> None:
    """Writes files one after the other into another."""
    with target.open("wb") as whole:
        for path in paths:
            with path.open("rb") as part:
                shutil.copyfileobj(part, whole)


def measured(
    folder: Path, name: str, part: str, media_type: str, count: int, *, graph: str = "", packing: str = "", licence: str = ""
) -> Dump:
    """A written file with its size and checksum."""
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Dump(name, part, media_type, (folder / name).stat().st_size, digest, graph, packing, count, licence)


def write_index(folder: Path, dumps: list[Dump]) -> None:
    """Lists the files of a release, and their checksums as `sha256sum --check` reads them; no file about persons among those."""
    lines = [f"{each.sha256}  {each.name}\n" for each in dumps if not each.personal and each.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    dumps[:] = [each for each in dumps if each.name != SUMS]
    dumps.append(measured(folder, SUMS, "description", "text/plain", len(lines)))
    (folder / INDEX).write_text(json.dumps([asdict(each) for each in dumps], indent=1) + "\n", encoding="utf-8")


@lru_cache(maxsize=8)
def read_index(release: Path) -> tuple[Dump, ...]:
    """The files of the release at that path; none where it lists none."""
    try:
        return tuple(Dump(**each) for each in json.loads((release / FOLDER / INDEX).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()
