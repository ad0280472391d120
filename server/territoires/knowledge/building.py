"""Builds a release: parse, derive and describe, beside it validate; write, switch. Nothing is switched unless all of it succeeds."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, QueryTriples, Store, Triple

from territoires.errors import QueryRefused, ValidationFailed
from territoires.files import SourceFile, link_files, query_files, release_files
from territoires.knowledge import homonyms
from territoires.knowledge.contributed import Contributed, contributed
from territoires.knowledge.exporting import write_dumps
from territoires.knowledge.gazetteer import build_gazetteer
from territoires.knowledge.geometries import geometry_files, geometry_quads
from territoires.knowledge.holdings import DERIVED, DERIVED_SHARED, ODBL, stated_licences
from territoires.knowledge.importing.bulk import Bulk, cited, load_all, taken
from territoires.knowledge.indexing import FILE, build_index
from territoires.knowledge.inference import closure, describe_rules
from territoires.knowledge.labelling import labelled
from territoires.knowledge.linksets import graph_files, link_quads
from territoires.knowledge.provenance import provenance
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.rules import read_rules
from territoires.knowledge.sources import checksum, read_quads
from territoires.knowledge.statistics import count
from territoires.knowledge.surroundings import in_imports, surroundings
from territoires.knowledge.validation import Report, validate
from territoires.settings import Settings
from territoires.store.embedded import EmbeddedStore, write_store
from territoires.store.releases import Release, last_release, publish_store
from territoires.vocabulary import rebase

Say = Callable[[str], None]


@dataclass(frozen=True)
class Content:
    """What a release says: its quads but those of imports; these; and all of it with its merge, in memory, where it is read fastest."""

    revision: str
    quads: list[Quad]
    bulks: list[Bulk]
    facts: Store
    written: Contributed


def build(settings: Settings, say: Say = print) -> Release:
    """Builds and publishes a release at settings.base_url. Raises SourceError or ValidationFailed, and changes nothing then."""
    started = datetime.now(UTC)
    sources = release_files(settings.home)
    say(f"Reading {len(sources)} Turtle files below {settings.home}")
    quads = list(read_quads(sources, settings.base_url))
    bulks = taken(settings.imports, settings.base_url)
    for bulk in bulks:
        say(f"Taking {bulk.made.name} with it: {bulk.triples} triples")
    written = contributed(settings)
    if written.last:
        say(f"Taking {len(written.quads)} statements of the journal with it, up to commit {written.last}")
    say(f"Validating {len(quads) + len(written.quads)} triples against the shapes")
    with ProcessPoolExecutor(2, get_context("spawn")) as aside:  # half of the work for another processor
        around = surroundings(written.triples, in_imports(bulks, settings.base_url))
        validated = aside.submit(validate, settings.home, contributed=written.beyond(settings.home), around=around)
        try:
            content = gather(settings, sources, quads, bulks, written, started, say)
        except Exception:
            conforming(validated.result())  # data that break a rule may have been what it stumbled over
            raise
        return publish(settings, content, aside, validated, started, say)


def gather(
    settings: Settings,
    sources: tuple[SourceFile, ...],
    quads: list[Quad],
    bulks: list[Bulk],
    written: Contributed,
    started: datetime,
    say: Say,
) -> Content:
    """What the sources, imports and contributions say, with what is derived, inferred, told of the build, and counted."""
    base = settings.base_url
    quads += link_quads(settings.home, base)
    quads += geometry_quads(settings.home, base, quads)
    quads = [*labelled(quads), *written.quads]
    facts = Store()
    add(facts, quads)
    load_all(bulks, facts, named=True, merged=True)
    licences = stated_licences(quads, base)
    names = derived(facts, settings, licences)
    shared = f"{base}graph/{DERIVED_SHARED}"
    if any(name.graph_name == NamedNode(shared) for name in names):
        licences[shared] = ODBL
    add(facts, names)
    inferred = closure(facts, read_rules(settings.home, base), base)
    facts.bulk_extend(inferred)  # their merge is there already
    say(f"Inferred {len(inferred)} triples, each in the graph of its rule")
    imported = tuple(bulk.source for bulk in bulks)
    made_of = (*sources, *link_files(settings.home), *geometry_files(settings.home), *imported)
    revision = f"{started:%Y%m%dT%H%M%S}-{checksum(made_of)[:8]}"
    graphs = (*sources, *graph_files(settings.home), *geometry_files(settings.home), *imported, *written.sources)
    described = list(provenance(graphs, base, started, revision, licences))
    described += describe_rules(facts, described, settings.home, base, licences)
    described += (quad for bulk in bulks for quad in cited(bulk, base))
    described += written.provenance()
    add(facts, described)
    counted = count(facts, settings.home, base)
    add(facts, counted)
    return Content(revision, [*quads, *names, *inferred, *described, *counted], bulks, facts, written)


def publish(
    settings: Settings, content: Content, aside: ProcessPoolExecutor, validated: Future[Report], started: datetime, say: Say
) -> Release:
    """Writes the release with its files, index and gazetteer, and switches to it. Raises ValidationFailed unless the data conform."""
    base, revision = settings.base_url, content.revision
    quads = len(content.quads) + sum(bulk.triples for bulk in content.bulks)
    graphs = len({quad.graph_name for quad in content.quads}) + len(content.bulks)
    previous = last_release(settings.releases)
    say(f"Writing {quads} quads to {settings.releases / revision}")

    def write(store: Path) -> dict[str, int | str]:
        write_store(store, content.quads, lambda opened: load_all(content.bulks, opened, named=True, merged=True))
        warnings = conforming(validated.result()).count("warning")
        indexes = [
            aside.submit(write_index, store, revision, base, settings.home, 10 if content.bulks else 1),
            aside.submit(write_gazetteer, store, revision, base, settings.home),
        ]
        found_files = write_dumps(store.parent, revision, base, settings.home, started, previous, content.facts)
        say(f"Wrote {len(found_files)} files to download")
        for index in indexes:
            say(index.result())
        written = content.written
        return {"quads": quads, "graphs": graphs, "warnings": warnings, "journal": written.last, "checksum": written.checksum}

    return publish_store(settings.releases, revision, base, write)


def write_index(store: Path, revision: str, base: str, home: Path, times: int) -> str:
    """Writes the search index, which may hold several `times` of what it usually may, beside a store; tells of it."""
    held, views = EmbeddedStore(store, revision, base), QueryLibrary(home, "views")
    try:
        return f"Indexed {build_index(store.parent / FILE, held, views, times=times)} resources for the search"
    except QueryRefused as error:
        return f"No search in this release: {error}"


def write_gazetteer(store: Path, revision: str, base: str, home: Path) -> str:
    """Writes the gazetteer beside a store; tells of it."""
    held, views = EmbeddedStore(store, revision, base), QueryLibrary(home, "views")
    try:
        return f"Listed {build_gazetteer(store.parent, held, views, homonyms.read(home))} things in the gazetteer"
    except QueryRefused as error:
        return f"No gazetteer in this release: {error}"


def conforming(report: Report) -> Report:
    """A report that tells of no violation. Raises ValidationFailed for any other."""
    if not report.conforms:
        raise ValidationFailed(
            f"{report.count('violation')} violations: nothing was published. `territoires validate` names each node and rule."
        )
    return report


def add(store: Store, quads: list[Quad]) -> None:
    """Adds the quads and their merge."""
    store.bulk_extend(quads)
    store.bulk_extend(Quad(q.subject, q.predicate, q.object) for q in quads)


def derived(store: Store, settings: Settings, licences: Mapping[str, str]) -> list[Quad]:
    """The names that queries/derive/*.rq construct for n-ary nodes, one in each language, in a graph of their own.

    Those of nodes that only graphs under the ODbL describe (`licences`) stand in another one, under the ODbL too.
    """
    usual, shared = (NamedNode(f"{settings.base_url}graph/{name}") for name in (DERIVED, DERIVED_SHARED))

    def graph_of(node: NamedNode | BlankNode) -> NamedNode:
        graphs = {quad.graph_name for quad in store.quads_for_pattern(node, None, None, None)} - {DefaultGraph()}
        return shared if graphs and all(isinstance(graph, NamedNode) and licences.get(graph.value) == ODBL for graph in graphs) else usual

    found: dict[tuple[object, str | None], Quad] = {}
    for path in query_files(settings.home, "derive"):
        answer = store.query(rebase(path.read_text(encoding="utf-8"), settings.base_url))
        assert isinstance(answer, QueryTriples), path.name
        for triple in sorted(answer, key=str):  # a node with several objects has several names: the first is kept
            assert isinstance(triple.object, Literal), path.name
            assert not isinstance(triple.subject, Triple), path.name
            key = (triple.subject, triple.object.language)
            if key not in found:
                found[key] = Quad(triple.subject, triple.predicate, triple.object, graph_of(triple.subject))
    return list(found.values())
