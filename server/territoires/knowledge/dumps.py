"""The files of a release for those who load it elsewhere, written once at the build and listed in dumps/index.json.

RDF comes by named graph, by data set and whole, in N-Quads, Turtle and JSON-LD, packed by gzip. What a file holds is read from
the store as it goes, so that memory doesn't grow with the graph. The files of the whole hold what stands under the Licence
Ouverte; persons, and what stands under another licence, have files of their own. N-Quads of several graphs are the files of the
graphs one after the other (RFC 1952 §2.2: a gzip file is a series of members), Turtle of the whole has each triple once.
"""

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, Triple, serialize

from territoires.formats import Format, named
from territoires.knowledge.holdings import PERSONS, WHOLE, Holding
from territoires.vocabulary import prefixes_at

FOLDER, INDEX, SUMS = "dumps", "index.json", "SHA256SUMS"
GZIP = "application/gzip"
FORMS = tuple(named(name) for name in ("nq", "ttl", "jsonld"))


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
    by_graph = {(each.iri, form.name): write_graph(folder, store, each, form, base) for each in public for form in FORMS}
    found = [write_several(folder, store, WHOLE, [each for each in held if each.open], by_graph, form, base) for form in FORMS]
    for part in sorted({each.part for each in public}):
        chosen = [each for each in held if each.part == part]
        if len(chosen) == 1:  # its own file is that of the data set
            continue
        found += [write_several(folder, store, part, chosen, by_graph, form, base) for form in FORMS]
    persons = [each for each in held if each.part == PERSONS]
    if persons:
        sort = FORMS[0]
        count = write_packed(folder / "persons.nq.gz", of_graphs(store, persons), sort, base)
        found.append(measured(folder, "persons.nq.gz", PERSONS, sort.media_type, count, packing=GZIP, licence=persons[0].licence))
    return found + list(by_graph.values())


def write_graph(folder: Path, store: Store, held: Holding, form: Format, base: str) -> Dump:
    """One named graph; in the formats of triples without its name."""
    name = f"graph/{held.name}.{form.name}.gz"
    quads = store.quads_for_pattern(None, None, None, NamedNode(held.iri))
    count = write_packed(folder / name, quads if form.name == "nq" else map(triple, quads), form, base)
    return measured(folder, name, held.part, form.media_type, count, graph=held.iri, packing=GZIP, licence=held.licence)


def write_several(
    folder: Path, store: Store, part: str, held: Sequence[Holding], by_graph: dict[tuple[str, str], Dump], form: Format, base: str
) -> Dump:
    """Several named graphs in one file."""
    name = f"{part}.{form.name}.gz"
    if form.name == "nq":
        join([folder / by_graph[each.iri, "nq"].name for each in held], folder / name)
        count = sum(by_graph[each.iri, "nq"].count for each in held)
    else:
        said = of_graphs(store, held) if form.name == "jsonld" else merged(store, held)
        count = write_packed(folder / name, said, form, base)
    return measured(folder, name, part, form.media_type, count, packing=GZIP, licence=held[0].licence)


def of_graphs(store: Store, held: Iterable[Holding]) -> Iterator[Quad]:
    """The quads of named graphs, one graph after the other."""
    for each in held:
        yield from store.quads_for_pattern(None, None, None, NamedNode(each.iri))


def merged(store: Store, held: Sequence[Holding]) -> Iterator[Triple]:
    """The triples of named graphs, each once, in the order of their subjects.

    Where there are few graphs beside them, they are those of the default graph but for what only the others say; else they are sorted.
    """
    graphs = {each.iri for each in held}
    others = [graph.value for graph in store.named_graphs() if isinstance(graph, NamedNode) and graph.value not in graphs]
    if len(held) == 1:
        yield from map(triple, of_graphs(store, held))
    elif len(others) > len(graphs):
        yield from sorted(set(map(triple, of_graphs(store, held))), key=str)
    else:
        elsewhere = {triple(quad) for graph in others for quad in store.quads_for_pattern(None, None, None, NamedNode(graph))}
        for quad in store.quads_for_pattern(None, None, None, DefaultGraph()):
            found = triple(quad)
            if found not in elsewhere or not graphs.isdisjoint(graphs_of(store, quad)):
                yield found


def graphs_of(store: Store, quad: Quad) -> Iterator[str]:
    """The named graphs that say the same."""
    for same in store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None):
        if isinstance(same.graph_name, NamedNode):
            yield same.graph_name.value


def triple(quad: Quad) -> Triple:
    """A quad without its graph."""
    return quad.triple


def write_packed(path: Path, said: Iterable[Quad] | Iterable[Triple], form: Format, base: str) -> int:
    """Writes statements to a gzip file that is the same for the same statements; returns how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0

    def counted() -> Iterator[Quad | Triple]:
        nonlocal count
        for each in said:
            count += 1
            yield each

    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        prefixes = None if form.rdf in (RdfFormat.N_QUADS, None) else prefixes_at(base)
        serialize(counted(), packed, form.rdf, prefixes=prefixes)  # type: ignore[arg-type]
    return count


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
