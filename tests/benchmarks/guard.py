"""How long the guard takes for a one-entity write: python tests/benchmarks/guard.py RELEASE… (folders of revisions, or of releases).

Each release is copied aside (hard links, where the file system allows), and judged are writes of one entity each that its data hold: a new
enterprise with its source, one more name of a thing that is there, the same thing without its type, and a body with three wrong values.
"""

import argparse
import itertools
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from territoires.knowledge.guarding import Guard
from territoires.store.releases import Release, current_release
from territoires.vocabulary import PREFIXES
from territoires.writing.commits import Change
from territoires.writing.live import LiveStore

HOME = Path(__file__).parents[2]
TYPE, LABEL, SOURCE = NamedNode(PREFIXES["rdf"] + "type"), NamedNode(PREFIXES["skos"] + "prefLabel"), NamedNode(PREFIXES["dct"] + "source")
LIMIT = 50.0
"""Milliseconds that the median may take."""


def edits(store: Store, base: str, rounds: int) -> dict[str, list[Change]]:
    """Kind of write -> so many changes."""
    graph, term = NamedNode(base + "graph/contributions/bench"), base + "def#"
    communes = itertools.islice(store.quads_for_pattern(None, TYPE, NamedNode(term + "Commune"), DefaultGraph()), rounds)
    places = [quad.subject for quad in communes]
    types = {place: [quad for quad in store.quads_for_pattern(place, TYPE, None) if quad.graph_name != DefaultGraph()] for place in places}
    made = [NamedNode(f"{base}id/organisation/banc-{number}") for number in range(rounds)]
    whole = [
        (
            Quad(body, TYPE, NamedNode(term + "Enterprise"), graph),
            Quad(body, LABEL, Literal("Entreprise du banc", language="fr"), graph),
            Quad(body, SOURCE, NamedNode(base + "source/memento/F001"), graph),
        )
        for body in made
    ]
    wrong = [
        (Quad(body, TYPE, NamedNode(term + "Enterprise"), graph), Quad(body, NamedNode(term + "validDuring"), place, graph))
        for body, place in zip(made, places, strict=False)
    ]
    return {
        "a new body": [Change((), quads) for quads in whole],
        "a name more of a commune": [Change((), (Quad(place, LABEL, Literal("Autre", language="fr"), graph),)) for place in places],
        "a commune without its type": [Change(tuple(types[place]), ()) for place in places],
        "a body with wrong values": [Change((), quads) for quads in wrong],
    }


def measured(release: Release, folder: Path, rounds: int) -> bool:
    """Prints a row for each kind of write; whether each median keeps the limit."""
    began = time.perf_counter()
    guard = Guard(HOME, release.base)
    print(f"\n{release.revision}: {release.quads} statements; the guard is ready after {time.perf_counter() - began:.1f} s (once)")
    print(f"{'write':30}{'median ms':>12}{'p95 ms':>10}{'refused':>10}")
    live, kept = LiveStore(folder / "work" / release.revision, release), True
    for name, changes in edits(live.store, release.base, rounds).items():
        took, refused = [], 0
        for change in changes:
            live.apply(change)
            began = time.perf_counter()
            report = guard.check(live.store, change)
            took.append((time.perf_counter() - began) * 1000)
            refused += not report.conforms
            live.apply(change.inverse())
        median = statistics.median(took)
        kept &= median < LIMIT
        print(f"{name:30}{median:12.1f}{sorted(took)[int(len(took) * 0.95) - 1]:10.1f}{refused:7}/{len(took)}")
    live.close()
    return kept


def main() -> int:
    """Measures each release; 1 where a median is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=40, help="writes of each kind (40)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guard-"))
    try:
        releases = [current_release(path) for path in arguments.releases]
        return 0 if all([measured(release, folder, arguments.rounds) for release in releases]) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
