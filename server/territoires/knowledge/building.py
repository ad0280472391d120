"""Builds a release: parse, validate, derive, describe, write, switch. Nothing is switched unless all of it succeeds."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Literal, NamedNode, Quad, QueryTriples, Store

from territoires.errors import QueryRefused, ValidationFailed
from territoires.files import query_files, release_files
from territoires.knowledge.dumps import write_dumps
from territoires.knowledge.indexing import FILE, build_index
from territoires.knowledge.inference import materialise, rule_provenance
from territoires.knowledge.provenance import provenance
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.sources import checksum, read_quads
from territoires.knowledge.statistics import statistics
from territoires.knowledge.validation import validate
from territoires.settings import Settings
from territoires.store.embedded import EmbeddedStore, named_quads, write_store
from territoires.store.releases import Release, publish_store
from territoires.vocabulary import rebase

Say = Callable[[str], None]


def build(settings: Settings, say: Say = print) -> Release:
    """Builds and publishes a release at settings.base_url. Raises SourceError or ValidationFailed, and changes nothing then."""
    started = datetime.now(UTC)
    sources = release_files(settings.home)
    say(f"Reading {len(sources)} Turtle files below {settings.home}")
    quads = list(read_quads(sources, settings.base_url))
    say(f"Validating {len(quads)} triples against the shapes")
    report = validate(settings.home)
    if not report.conforms:
        raise ValidationFailed(
            f"{report.count('violation')} violations: nothing was published. `territoires validate` names each node and rule."
        )
    quads += derived(quads, settings)
    inferred = materialise(quads, settings.home, settings.base_url)
    say(f"Inferred {len(inferred)} triples, each in the graph of its rule")
    revision = f"{started:%Y%m%dT%H%M%S}-{checksum(sources)[:8]}"
    described = list(provenance(sources, settings.base_url, started, revision))
    described += rule_provenance(quads, inferred, described, settings.home, settings.base_url)
    quads += inferred + described
    quads += statistics(quads, settings.base_url)
    say(f"Writing {len(quads)} quads to {settings.releases / revision}")
    counts = {"quads": len(quads), "graphs": len({quad.graph_name for quad in quads}), "warnings": report.count("warning")}
    base = settings.base_url

    def write(store: Path) -> dict[str, int]:
        write_store(store, quads)
        write_dumps(store.parent, named_quads(store), base)  # as the engine keeps them: it writes some literals in their canonical form
        try:
            found = build_index(store.parent / FILE, EmbeddedStore(store, revision, base), QueryLibrary(settings.home, "views"))
            say(f"Indexed {found} resources for the search")
        except QueryRefused as error:
            say(f"No search in this release: {error}")
        return counts

    return publish_store(settings.releases, revision, base, write)


def derived(quads: list[Quad], settings: Settings) -> list[Quad]:
    """The names that queries/derive/*.rq construct for n-ary nodes, in a graph of their own: one in each language."""
    store = Store()
    store.extend(Quad(q.subject, q.predicate, q.object) for q in quads)
    graph = NamedNode(settings.base_url + "graph/derived")
    found: dict[tuple[object, str | None], Quad] = {}
    for path in query_files(settings.home, "derive"):
        answer = store.query(rebase(path.read_text(encoding="utf-8"), settings.base_url))
        assert isinstance(answer, QueryTriples), path.name
        for triple in sorted(answer, key=str):  # a node with several objects has several names: the first is kept
            assert isinstance(triple.object, Literal), path.name
            found.setdefault((triple.subject, triple.object.language), Quad(triple.subject, triple.predicate, triple.object, graph))
    return list(found.values())
