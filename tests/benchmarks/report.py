"""The tables of a run, in Markdown."""

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .contenders import OURS, THEIRS
from .equality import Print
from .floor import Floor
from .hostile import Fate
from .latency import Sample
from .load import Load
from .questions import Question

WANTED = {"repeated": 3.0, "page": 3.0, "uncached": 0.8}
"""Requests a second that are to be reached, by mode of load, as a multiple of theirs."""
WANTED_MILLISECONDS = 400.0
"""That the NOT EXISTS queries are to take less than."""
LOADS = {"repeated": "point query, repeated", "page": "page CONSTRUCT, repeated", "uncached": "point query, uncached"}
Lines = list[str]


@dataclass
class Measured:
    """What was measured of one server over one graph."""

    version: str
    ready: float = 0.0
    """Seconds until the first answer."""
    memory: int = 0
    """Bytes at the end."""
    samples: dict[str, Sample] = field(default_factory=dict)
    prints: dict[str, Print | None] = field(default_factory=dict)
    """By query; None where the answer can't be read."""
    loads: dict[tuple[str, int], Load] = field(default_factory=dict)
    """By mode and number of clients."""


Run = Mapping[str, Measured]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Lines:
    """A table; the first column to the left, the others to the right."""
    return [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


def milliseconds(seconds: float) -> str:
    """Three digits."""
    value = seconds * 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cell(sample: Sample | None) -> str:
    """Median and p95, or what was wrong."""
    if sample is None:
        return ""
    if not sample.seconds:
        return "> " + sample.fault[5:] if sample.fault.startswith("over ") else f"– ({sample.fault[:3]})"
    return f"{milliseconds(sample.median)} ({milliseconds(sample.p95)})"


def ratio(theirs: Sample | None, ours: Sample | None, limit: float) -> float | None:
    """How many times as long they take; at least so, where they took too long."""
    if ours is None or theirs is None or not ours.seconds:
        return None
    if not theirs.seconds:
        return limit / ours.median if theirs.fault.startswith("over ") else None
    return theirs.median / ours.median


def latencies(run: Run, questions: Sequence[Question], limit: float) -> Lines:
    """Milliseconds of each query on each server."""
    rows = []
    for question in questions:
        samples = {name: measured.samples.get(question.name) for name, measured in run.items()}
        like = [ratio(samples.get(f"oxigraph, {place}"), samples.get(f"territoires, {place}"), limit) for place in ("memory", "disk")]
        compared = [ratio(samples.get(THEIRS), samples.get(OURS), limit), *like]
        rows.append(
            [f"{question.kind} `{question.name}`", *map(cell, samples.values()), *map(times, compared), agreement(run, question.name)]
        )
    ratios = [f"{THEIRS} ÷ {OURS}", "oxigraph ÷ territoires, both in memory", "both on disk"]
    return table(["query", *run, *ratios, "answers"], rows)


def times(value: float | None) -> str:
    """A ratio."""
    return "" if value is None else f"{value:.2g}" if value < 100 else f"{value:,.0f}"


def agreement(run: Run, name: str) -> str:
    """Whether all that answered agree with our answer, else who doesn't and on how many rows."""
    ours = run[OURS].prints.get(name) if OURS in run else None
    found = {each: measured.prints[name] for each, measured in run.items() if name in measured.prints and each != OURS}
    if ours is None or not found:
        return "–"
    others = [f"{each}: {'unreadable' if told is None else f'{told.count} rows'}" for each, told in found.items() if told != ours]
    return f"≠ ({ours.count} rows; {'; '.join(others)})" if others else f"= ({ours.count:,})"


def throughput(run: Run) -> Lines:
    """Answers a second."""
    keys = [key for measured in run.values() for key in measured.loads]
    rows = []
    for mode, clients in dict.fromkeys(keys):
        loads = {name: measured.loads.get((mode, clients)) for name, measured in run.items()}
        cells = ["" if one is None else loaded(one) for one in loads.values()]
        title = f"{LOADS[mode]}, {clients} client{'s' * (clients > 1)}"
        rows.append([title, *cells, times(rate_ratio(run, mode, clients))])
    return table(["load", *run, f"{OURS} ÷ {THEIRS}"], rows)


def loaded(one: Load) -> str:
    """Rate and p95."""
    return f"{one.rate:,.0f} ({milliseconds(one.p95)})" + (f", {one.failed} failed" if one.failed else "")


def rate_ratio(run: Run, mode: str, clients: int) -> float | None:
    """Our requests a second divided by theirs."""
    ours, theirs = (run[name].loads.get((mode, clients)) if name in run else None for name in (OURS, THEIRS))
    return ours.rate / theirs.rate if ours and theirs and theirs.rate else None


def upkeep(run: Run) -> Lines:
    """Version, start and memory of each server."""
    rows = [[name, each.version, f"{each.ready:.1f}", f"{each.memory / 2**20:,.0f}"] for name, each in run.items()]
    return table(["server", "version", "ready after, s", "memory at the end, MiB"], rows)


def growth(small: Run, large: Run, questions: Sequence[Question], limit: float) -> Lines:
    """Medians of the servers of the larger graph at both sizes, and how often the one is contained in the other."""
    rows = []
    for question in questions:
        cells: list[str] = []
        for name, measured in large.items():
            one, ten = small[name].samples.get(question.name) if name in small else None, measured.samples.get(question.name)
            cells += [cell(one), cell(ten), times(ratio(ten, one, limit))]
        both = [large[name].samples.get(question.name) for name in large]
        rows.append([f"`{question.name}`", *cells, times(ratio(both[-1], both[0], limit) if len(both) > 1 else None)])
    heads = [text for name in large for text in (f"{name}: 1 M", "10 M", "×")]
    names = list(large)
    return table(["query", *heads, f"10 M: {names[-1]} ÷ {names[0]}"], rows)


def floor(found: Floor, run: Run) -> Lines:
    """What our figures can't pass under or over on this machine, beside those of the server that they are compared with."""
    rows = [
        ["to another process and back, one after the other", f"{milliseconds(found.way)} ms"],
        ["to another process and back, both idle between", f"{milliseconds(found.way_after_pause)} ms"],
        ["engine alone: a new point query as JSON, in one process, on disk", f"{milliseconds(found.engine)} ms"],
    ]
    for clients, one in found.bare.items():
        theirs = run[THEIRS].loads.get(("repeated", clients)) if THEIRS in run else None
        beside = f"; {one.rate / theirs.rate:.2g} × {THEIRS}" if theirs and theirs.rate else ""
        rows.append([f"HTTP server alone, a fixed answer, {clients} client{'s' * (clients > 1)}", f"{loaded(one)}{beside}"])
    return [*table(["bound", "measured"], rows), *left_over(found, run)]


def left_over(found: Floor, run: Run, cores: int = os.cpu_count() or 1) -> Lines:
    """What the uncached point query may cost for its ratio, and what is left of that for all that is ours."""
    theirs = run[THEIRS].loads if THEIRS in run else {}
    clients = max((number for mode, number in theirs if mode == "uncached"), default=0)
    if not clients or clients not in found.bare:
        return []
    allowed = cores / (theirs["uncached", clients].rate * WANTED["uncached"]) * 1e6
    around = cores / found.bare[clients].rate * 1e6
    left = allowed - around - found.engine * 1e6
    told = f"HTTP server and generator take {around:.0f} of it, the engine {found.engine * 1e6:.0f}, which leaves {left:.0f}"
    return [
        f"{WANTED['uncached']:g} × {THEIRS} at {clients} clients allows {allowed:.0f} µs of processor a request: {told} for Python.",
        "",
    ]


def fates(found: Mapping[str, Mapping[str, Fate]], questions: Sequence[Question], deadline: float) -> Lines:
    """What became of the queries without end."""
    rows = []
    for name, by_question in found.items():
        for question in questions:
            if fate := by_question.get(question.name):
                rows.append([f"{question.title}, {name}", *fate_cells(fate, deadline)])
    heads = ["gone after, s", "answer", "cores busy after", "p95 before, ms", "p95 during, ms", "×"]
    return table([f"query (deadline {deadline:g} s)", *heads], rows)


def fate_cells(fate: Fate, deadline: float) -> list[str]:
    """The cells of one query without end."""
    gone = "still runs" if fate.gone is None else f"{fate.gone:.1f}"
    told = "–" if fate.status is None or fate.answered is None else f"{fate.status} after {fate.answered:.1f} s"
    share = "" if math.isnan(fate.during) else f"{fate.during / fate.before:.1f}"
    during = "" if math.isnan(fate.during) else milliseconds(fate.during) + (f", {fate.failed} failed" if fate.failed else "")
    return [gone, told, f"{fate.busy:.2f}", milliseconds(fate.before), during, share]


def verdicts(run: Run, questions: Sequence[Question], limit: float, found: Mapping[str, Mapping[str, Fate]], deadline: float) -> Lines:
    """What is to hold, and whether it does."""
    lines: Lines = []
    for mode, wanted in WANTED.items():
        clients = sorted({number for kind, number in run[OURS].loads if kind == mode} if OURS in run else ())
        ratios = {number: rate_ratio(run, mode, number) for number in clients}
        told = ", ".join(f"{value:.2f} at {number}" for number, value in ratios.items() if value is not None)
        holds = bool(ratios) and all((value or 0) >= wanted for value in ratios.values())
        lines.append(verdict(f"{LOADS[mode]} ≥ {wanted:g} × {THEIRS}: {told or 'not measured'}", holds))
    slower = (
        [
            f"{question.name} {value:.2f}"
            for question in questions
            if (value := ratio(samples(run, THEIRS, question), samples(run, OURS, question), limit)) is None or value < 1
        ]
        if OURS in run and THEIRS in run
        else []
    )
    lines.append(verdict(f"no query slower than on {THEIRS}: {', '.join(slower) or 'none is'}", not slower))
    for name in ("not-exists", "not-exists-typed"):
        sample = run[OURS].samples.get(name) if OURS in run else None
        fast = sample is not None and bool(sample.seconds) and sample.median * 1000 < WANTED_MILLISECONDS
        lines.append(verdict(f"`{name}` below {WANTED_MILLISECONDS:g} ms: {cell(sample)}", fast))
    for name, fate in found.get(OURS, {}).items():
        gone = fate.gone is not None and fate.gone <= deadline + 1
        lines.append(verdict(f"`{name}` gone within 1 s of the deadline, the processor idle", gone))
        lines.append(verdict(f"`{name}`: p95 of cheap queries less than double", fate.during < 2 * fate.before))
    return [*lines, ""]


def samples(run: Run, name: str, question: Question) -> Sample | None:
    """A server's sample."""
    return run[name].samples.get(question.name)


def verdict(text: str, holds: bool) -> str:
    """A line of the list of what is to hold."""
    return f"- {'holds' if holds else '**does not hold**'}: {text}"
