"""`make bench`: this server side by side with others, over the administrative division of France.

`python -m tests.benchmarks.bench [full|small] [--document FILE]`. Each server runs alone while it is measured, on loopback, and is ended.
"""

import argparse
import datetime
import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from territoires.settings import default_downloads

from . import floor, hostile, latency, load, report
from .contenders import ALLOWED, OURS, THEIRS, Contender, Unavailable, answers, machine, oxigraph_location, running
from .equality import Print, fingerprint
from .france import PACKAGE, VERSION, build, fetch_package, read_package, subjects
from .questions import Question, read_questions
from .report import Measured

PATIENCE = {"rdflib-endpoint": 15.0}
"""Seconds until an answer is given up, where it isn't ALLOWED."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: which servers, which of them also over ten times the graph, seconds for each query and each load."""

    servers: tuple[str, ...]
    grown: tuple[str, ...]
    endured: tuple[str, ...]
    query_seconds: float
    load_seconds: float
    clients: tuple[int, ...] = (1, 8, 32)


PAIRS = ("territoires, memory", "territoires, disk", "oxigraph, disk", "oxigraph, memory")
PLANS = {
    "full": Plan((*PAIRS, "virtuoso", "fuseki", "rdflib-endpoint"), ("territoires, disk", THEIRS), (OURS, THEIRS), 2.0, 6.0),
    "small": Plan((OURS, THEIRS), (), (OURS,), 0.5, 2.0),
}


def say(text: str) -> None:
    """A line on what is being done, beside the tables."""
    print(text, file=sys.stderr, flush=True)


def survey(name: str, graph: Path, questions: Sequence[Question], constants: Sequence[str], plan: Plan, whole: bool = True) -> Measured:
    """Measures one server: many clients, then each query; one that a query keeps busy is started anew. Raises Unavailable.

    Without `whole` only how long the queries take.
    """
    found = Measured("")
    left = list(questions)
    while left:
        with running(name, graph) as contender:
            if not found.version:
                found.version, found.ready = contender.version, contender.seconds
                say(f"{name} {contender.version}: ready after {contender.seconds:.1f} s")
                if whole:
                    measure_loads(contender, constants, plan, found)
            while left:
                question = left.pop(0)
                sample = latency.measure(contender, question, plan.query_seconds, PATIENCE.get(name, ALLOWED))
                found.samples[question.name] = sample
                if whole and sample.seconds:
                    found.prints[question.name] = fingerprinted(sample)
                say(f"{name}: {question.name} {report.cell(sample)}")
                if not sample.seconds and not recovered(contender):
                    break
            found.memory = max(found.memory, contender.memory())
    return found


def measure_loads(contender: Contender, constants: Sequence[str], plan: Plan, found: Measured) -> None:
    """Repeated reads and new point queries by each number of clients."""
    load.measure(contender, constants, "uncached", 8, 1)  # warms up
    for mode, clients in itertools.product(load.MODES, plan.clients):
        found.loads[mode, clients] = load.measure(contender, constants, mode, clients, plan.load_seconds)
        say(f"{contender.name}: {mode}, {clients} clients {report.loaded(found.loads[mode, clients])}")
        if contender.name == "rdflib-endpoint":  # which goes on with what nobody waits for any more
            recovered(contender)


def fingerprinted(sample: latency.Sample) -> Print | None:
    """What stands for the answer, None where it can't be read."""
    try:
        return fingerprint(sample.body, sample.media_type)
    except (ValueError, SyntaxError):
        return None


def recovered(contender: Contender) -> bool:
    """Whether the server is fit for more after a query that failed: ours always is; rdflib-endpoint is given a new process."""
    if contender.name == "rdflib-endpoint":
        for process in contender.tree()[1:]:
            process.kill()
        return answers(contender)
    return contender.name.startswith("territoires")


def endure(name: str, graph: Path, hostiles: Sequence[Question], constants: Sequence[str]) -> dict[str, hostile.Fate]:
    """What queries without end do to a server; one that goes on with them is started anew."""
    found: dict[str, hostile.Fate] = {}
    left = list(hostiles)
    while left:
        with running(name, graph) as contender:
            while left:
                question = left.pop(0)
                fate = found[question.name] = hostile.endure(contender, question, constants, hostile.DEADLINE - 2)
                say(f"{name}: {question.name} {' · '.join(report.fate_cells(fate, hostile.DEADLINE))}")
                if fate.gone is None:
                    break
    return found


def run(plan: Plan, generator: str) -> list[str]:
    """All of a plan, as the lines of its tables."""
    graph = build(1)
    constants = list(subjects(read_package(fetch_package(default_downloads()))))
    questions, hostiles = read_questions(), read_questions("runaways")
    say(f"{graph.name}; {generator}")
    small: dict[str, Measured] = {}
    absent: list[str] = []
    for name in plan.servers:
        try:
            small[name] = survey(name, graph, questions, constants, plan)
        except Unavailable as error:
            absent.append(f"{name} was not measured: {error}")
            say(absent[-1])
    lowest = floor.measure(oxigraph_location(graph, default_downloads() / "benchmark"), constants, plan.clients, plan.load_seconds)
    fates = {name: endure(name, graph, hostiles, constants) for name in plan.endured}
    large = {name: survey(name, build(10), questions, constants, plan, whole=False) for name in plan.grown}
    return [*heading(generator), *absent, *tables(small, fates, large, lowest)]


def tables(small: report.Run, fates: Mapping[str, Mapping[str, hostile.Fate]], large: report.Run, lowest: floor.Floor) -> list[str]:
    """The tables of what was measured: over one million triples, with queries without end, over ten millions."""
    questions, hostiles = read_questions(), read_questions("runaways")
    return [
        "## What is to hold\n",
        *report.verdicts(small, questions, ALLOWED, fates, hostile.DEADLINE),
        "## One client: milliseconds, median (p95)\n",
        *report.latencies(small, questions, ALLOWED),
        "## Many clients: answers a second (p95 in milliseconds)\n",
        *report.throughput(small),
        "## What bounds this on the machine\n",
        *report.floor(lowest, small),
        "## Start and memory\n",
        *report.upkeep(small),
        "## Queries without end\n",
        *report.fates(fates, hostiles, hostile.DEADLINE),
        *(grown(small, large, questions) if large else ()),
    ]


def grown(small: report.Run, large: report.Run, questions: Sequence[Question]) -> list[str]:
    """The part on ten times the graph."""
    title = "## Growth from one to ten million triples: milliseconds, median (p95)\n"
    return [title, *report.growth(small, large, questions, ALLOWED), *report.upkeep(large)]


def heading(generator: str) -> list[str]:
    """When, where and with what."""
    today = datetime.date.today().isoformat()
    return [f"{today}; {machine()}; Python {sys.version.split()[0]}; {PACKAGE} {VERSION}; load by {generator}.", ""]


def main() -> None:
    """Runs a plan and prints its tables; with --document also puts them into a file, after the line that says so."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", nargs="?", choices=PLANS, default="full")
    parser.add_argument("--document", type=Path)
    chosen = parser.parse_args()
    text = "\n".join(run(PLANS[chosen.plan], load.install_wrk()))
    print(text)
    if chosen.document:
        kept, line, _ = chosen.document.read_text(encoding="utf-8").partition(MARK)
        chosen.document.write_text(f"{kept}{line or MARK}\n\n{text.rstrip()}\n", encoding="utf-8")


MARK = "<!-- What follows is written by `python -m tests.benchmarks.bench --document docs/benchmarks.md`. -->"

if __name__ == "__main__":
    main()
