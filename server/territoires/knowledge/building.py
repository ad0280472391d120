"""Builds a release: parse, validate, derive, describe, write, switch. Nothing is switched unless all of it succeeds."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, Store

from territoires.errors import QueryRefused, ValidationFailed
from territoires.files import link_files, query_files, release_files
from territoires.knowledge import homonyms
from territoires.knowledge.contributed import contributed, labelled_beside
from territoires.knowledge.exporting import write_dumps
from territoires.knowledge.gazetteer import build_gazetteer
from territoires.knowledge.geometries import geometry_files, geometry_quads
from territoires.knowledge.holdings import stated_licences
from territoires.knowledge.importing.bulk import cited, load_all, taken
from territoires.knowledge.indexing import FILE, build_index
from territoires.knowledge.inference import closure, describe_rules
from territoires.knowledge.linksets import graph_files, link_quads
from territoires.knowledge.provenance import provenance
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.rules import read_rules
from territoires.knowledge.sources import checksum, read_quads
from territoires.knowledge.statistics import write_statistics
from territoires.knowledge.validation import validate
from territoires.settings import Settings
from territoires.store.embedded import EmbeddedStore, write_store
from territoires.store.releases import Release, last_release, publish_store
from territoires.vocabulary import rebase

Say = Callable[[str], None]


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
    report = validate(settings.home, contributed=written.triples)
    if not report.conforms:
        raise ValidationFailed(
            f"{report.count('violation')} violations: nothing was published. `territoires validate` names each node and rule."
        )
    quads += link_quads(settings.home, settings.base_url)
    quads += geometry_quads(settings.home, settings.base_url, quads)
    facts = Store()
    add(facts, [*quads, *written.quads])
    load_all(bulks, facts, named=True, merged=True)
    names = derived(facts, settings)
    add(facts, names)
    inferred = closure(facts, read_rules(settings.home, settings.base_url), settings.base_url)
    facts.bulk_extend(inferred)
    quads += names
    say(f"Inferred {len(inferred)} triples, each in the graph of its rule")
    imported = tuple(bulk.source for bulk in bulks)
    made_of = (*sources, *link_files(settings.home), *geometry_files(settings.home), *imported)
    revision = f"{started:%Y%m%dT%H%M%S}-{checksum(made_of)[:8]}"
    licences = stated_licences(quads, settings.base_url)
    graphs = (*sources, *graph_files(settings.home), *geometry_files(settings.home), *imported, *written.sources)
    described = list(provenance(graphs, settings.base_url, started, revision, licences))
    described += describe_rules(facts, described, settings.home, settings.base_url, licences)
    described += (quad for bulk in bulks for quad in cited(bulk, settings.base_url))
    del facts
    quads += inferred + described
    quads = labelled_beside(quads, written.quads)
    count = len(quads) + sum(bulk.triples for bulk in bulks)
    say(f"Writing {count} quads to {settings.releases / revision}")
    counts: dict[str, int | str] = {"quads": count, "graphs": len({quad.graph_name for quad in quads}) + len(bulks) + 1}
    counts |= {"warnings": report.count("warning"), "journal": written.last, "checksum": written.checksum}
    base = settings.base_url
    previous = last_release(settings.releases)

    def write(store: Path) -> dict[str, int | str]:
        write_store(store, quads, lambda opened: load_all(bulks, opened, named=True, merged=True))
        counts["quads"] = count + write_statistics(store, settings.home, base)
        found_files = write_dumps(store.parent, revision, base, settings.home, started, previous)
        say(f"Wrote {len(found_files)} files to download")
        try:
            views = QueryLibrary(settings.home, "views")
            found = build_index(store.parent / FILE, EmbeddedStore(store, revision, base), views, times=10 if bulks else 1)
            say(f"Indexed {found} resources for the search")
        except QueryRefused as error:
            say(f"No search in this release: {error}")
        try:
            listed = build_gazetteer(
                store.parent, EmbeddedStore(store, revision, base), QueryLibrary(settings.home, "views"), homonyms.read(settings.home)
            )
            say(f"Listed {listed} things in the gazetteer")
        except QueryRefused as error:
            say(f"No gazetteer in this release: {error}")
        return counts

    return publish_store(settings.releases, revision, base, write)


def add(store: Store, quads: list[Quad]) -> None:
    """Adds the quads and their merge."""
    store.bulk_extend(quads)
    store.bulk_extend(Quad(q.subject, q.predicate, q.object) for q in quads)


def derived(store: Store, settings: Settings) -> list[Quad]:
    """The names that queries/derive/*.rq construct for n-ary nodes, in a graph of their own: one in each language."""
    graph = NamedNode(settings.base_url + "graph/derived")
    found: dict[tuple[object, str | None], Quad] = {}
    for path in query_files(settings.home, "derive"):
        answer = store.query(rebase(path.read_text(encoding="utf-8"), settings.base_url))
        assert isinstance(answer, QueryTriples), path.name
        for triple in sorted(answer, key=str):  # a node with several objects has several names: the first is kept
            assert isinstance(triple.object, Literal), path.name
            found.setdefault((triple.subject, triple.object.language), Quad(triple.subject, triple.predicate, triple.object, graph))
    return list(found.values())
