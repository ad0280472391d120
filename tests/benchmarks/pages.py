"""What a page costs: `python -m tests.benchmarks.pages`, over the current release, in this process, with no answer kept.

Each kind of page, and of each kind of thing the one that most is said of. Wall time is what a reader waits for; CPU time is that of
this process and of its query workers, and says much the same on a busy machine.
"""

import argparse
import gzip
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from territoires.results import WHOLE, Answer, Dataset, Literal, NamedNode, rows
from territoires.settings import settings_from
from territoires.store.pool import Pool
from territoires.store.releases import current_release
from territoires.vocabulary import iri
from territoires.web.app import create_app
from territoires.web.kinds import KINDS
from territoires.web.memory import KEY as MEMORY

from .latency import percentile

MOST_MILLISECONDS, MOST_QUERIES, MOST_BYTES = 60.0, 10, 100_000
REFERENCE = ("module", "shapes")
"""Pages to look things up in, whose weight is what goes over the wire, as browsers ask for it."""
PAGES = {
    "home": "/",
    "lists": "/liste",
    "list of Pays": "/liste/Pays",
    "list of all territories": "/liste/Territory",
    "list of actions": "/liste/Action",
    "list of passages": "/liste/Passage",
    "list with a facet": "/liste/Cluster?secteur=bois",
    "search": "/recherche?q=langres",
    "search, many hits": "/recherche?q=pays",
    "suggestions": "/recherche.json?q=lang",
    "map": "/carte",
    "tables": "/tableaux",
    "comparison of four": "/comparer?t=pays-de-langres&t=pays-de-chaumont&t=pays-interregional-bresle-yeres&t=pays-midi-quercy",
    "questions": "/queries",
    "question": "/queries/territories-with-clusters-of-sector-and-funders",
    "SPARQL": "/sparql",
    "SPARQL, an answer": "/sparql?query=SELECT+*+%7B+%3Fs+%3Fp+%3Fo+%7D+LIMIT+50",
    "ontology": "/def",
    "module": "/def/organisation",
    "shapes": "/shapes",
    "about": "/a-propos",
    "sources": "/sources-et-licences",
    "quality": "/qualite",
    "help": "/aide",
    "accessibility": "/accessibilite",
    "not found": "/id/territoire/nulle-part",
}
"""Kind of page -> address; the pages of things are added."""
HUB = """
SELECT ?thing ?said {{
  {{ SELECT ?thing (COUNT(*) AS ?said) {{
    {{ SELECT DISTINCT ?thing {{ VALUES ?class {{ {classes} }} ?thing a ?class }} }}
    {{ ?thing ?p ?o }} UNION {{ ?s ?q ?thing }}
  }} GROUP BY ?thing }}
  FILTER(STRSTARTS(STR(?thing), "{base}id/") || STRSTARTS(STR(?thing), "{base}scheme/"))
}} ORDER BY DESC(?said) LIMIT 1
"""


class Counting:
    """A pool that counts the queries of the pages."""

    def __init__(self, pool: Pool) -> None:
        self.pool, self.revision, self.base = pool, pool.revision, pool.base
        self.run, self.ready, self.close = pool.run, pool.ready, pool.close
        self.queries = 0

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query, and counts it."""
        self.queries += 1
        return self.pool.query(text, dataset)

    def cpu(self) -> float:
        """Milliseconds of processor that this process and the pool's have used."""
        children = [pid for pids in self.pool.figures().processes.values() for pid in pids]
        return time.process_time() * 1e3 + sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in children) / 1e6


@dataclass(frozen=True)
class Cost:
    """What a page costs; times in milliseconds, each reading's sorted, without the first reading after a release."""

    status: int
    size: int
    wire: int
    """Bytes when they are compressed."""
    first: float
    first_queries: int
    queries: int
    wall: tuple[float, ...]
    cpu: float
    """The mean."""

    def excess(self, name: str) -> str:
        """What is more than the page of that name is held to; of wall and CPU the lesser, as the machine may have other work."""
        over = {
            "slow": min(statistics.median(self.wall), self.cpu) > MOST_MILLISECONDS,
            "queries": max(self.queries, self.first_queries) > MOST_QUERIES,
            "long": (self.wire if name in REFERENCE else self.size) > MOST_BYTES,
        }
        return ", ".join(what for what, holds in over.items() if holds)


def hubs(pool: Pool) -> Iterator[tuple[str, str]]:
    """Of each kind of thing the one that most is said of, with the address of its page."""
    for kind in KINDS:
        classes = " ".join(f"<{iri(name)}>" for name in kind.classes)
        for row in rows(pool.query(HUB.format(classes=classes, base=pool.base))):
            thing, said = row["thing"], row["said"]
            assert isinstance(thing, NamedNode) and isinstance(said, Literal)
            name = thing.value.removeprefix(pool.base).removeprefix("id/")
            yield f"{kind.name} ({said.value} triples)", f"/doc/{name}.html"


def measure(app: Flask, store: Counting, address: str, readings: int, language: str) -> Cost:
    """Reads a page once with an empty memory, then again and again."""
    app.extensions.pop(MEMORY, None)
    client, headers = app.test_client(use_cookies=False), {"Accept": "text/html", "Accept-Language": language}
    took, before = [], store.cpu()
    queries = []
    for reading in range(readings + 1):
        if reading == 1:
            before = store.cpu()
        asked, began = store.queries, time.perf_counter()
        answer = client.get(address, headers=headers)
        body = answer.data
        took.append((time.perf_counter() - began) * 1e3)
        queries.append(store.queries - asked)
    cpu = (store.cpu() - before) / readings
    return Cost(
        answer.status_code, len(body), len(gzip.compress(body)), took[0], queries[0], max(queries[1:]), tuple(sorted(took[1:])), cpu
    )


def line(name: str, cost: Cost) -> str:
    """A line of the table."""
    cells = (
        name,
        f"{cost.status}",
        f"{cost.size:,}",
        f"{cost.wire:,}",
        f"{cost.queries}",
        f"{statistics.median(cost.wall):.0f}",
        f"{percentile(cost.wall, 95):.0f}",
        f"{cost.cpu:.0f}",
        f"{cost.first:.0f}",
        f"{cost.first_queries}",
        cost.excess(name),
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Prints the table; 1 when a page costs more than pages may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=20, help="of each page, after the first")
    parser.add_argument("--language", choices=("fr", "en"), default="fr")
    parser.add_argument("--only", default="", help="kinds of page whose name contains this")
    options = parser.parse_args()
    settings = settings_from(client_seconds=0.0, log="none")
    pool = current_release(settings.releases).serve()
    try:
        store = Counting(pool)
        app = create_app(settings, store)
        found = dict(hubs(pool))
        around = [path.removeprefix("/doc/").removesuffix(".html") for path in found.values()]
        pages = {**PAGES, **found}
        pages |= {f"relations of {name}, two steps": f"/relations/{name}?depth=2" for name in around if "source/" not in name}
        print("| page | status | bytes | compressed | queries | median ms | p95 ms | CPU ms | first ms | first queries | over |")
        print(f"| --- |{' ---: |' * 9} --- |")
        over = False
        for name, address in pages.items():
            if options.only in name:
                cost = measure(app, store, address, options.readings, options.language)
                print(line(name, cost), flush=True)
                over = over or bool(cost.excess(name))
    finally:
        pool.close()
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())
