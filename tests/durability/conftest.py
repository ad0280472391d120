"""What the fault tests share: a small release, and the process that writes to it, as `territoires serve` starts it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from territoires.store.releases import publish
from territoires.vocabulary import CANONICAL_BASE
from territoires.writing.journal import Journal
from territoires.writing.process import JOURNAL, Plan
from territoires.writing.submissions import Submission, Writer
from territoires.writing.tending import WritingProcess

CONTRIBUTIONS = CANONICAL_BASE + "graph/contributions/"
LEFT, RIGHT = NamedNode("urn:left"), NamedNode("urn:right")


@dataclass
class Place:
    """Where a test writes: releases and contributions of its own."""

    folder: Path
    plan: Plan = field(init=False)

    def __post_init__(self) -> None:
        self.releases, self.contributions = self.folder / "releases", self.folder / "contributions"
        self.plan = Plan(str(self.releases), str(self.contributions), str(Path(__file__).parents[2]))
        quads = [Quad(NamedNode(f"urn:{n}"), LEFT, Literal(n), NamedNode(CANONICAL_BASE + "graph/source")) for n in range(100)]
        publish(self.releases, "r1", CANONICAL_BASE, quads, {"quads": len(quads)})

    @property
    def journal(self) -> Journal:
        """The journal, as another process reads it."""
        return Journal(self.contributions / JOURNAL)

    @property
    def writer(self) -> Writer:
        """A client."""
        return Writer(self.contributions)

    @contextmanager
    def process(self) -> Iterator[WritingProcess]:
        """The process that writes, while the test needs it."""
        process = WritingProcess(self.plan)
        try:
            process.wait(30)
            yield process
        finally:
            process.close()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A release of a hundred statements."""
    return Place(tmp_path)


def pair(name: str, graph: str = CONTRIBUTIONS + "pairs") -> Submission:
    """A write of two statements that must stand together, and of nothing else."""
    text = f'INSERT DATA {{ GRAPH <{graph}> {{ <urn:{name}> <urn:left> "{name}" . <urn:{name}> <urn:right> "{name}" }} }}'
    return Submission("update", "somebody", name, (CONTRIBUTIONS + "*",), text, base=CANONICAL_BASE, seconds=10)


def swap(old: str, name: str, graph: str = CONTRIBUTIONS + "pairs") -> Submission:
    """A write that takes a pair away and brings another, by way of the engine."""
    text = (
        f"DELETE {{ GRAPH <{graph}> {{ <urn:{old}> ?p ?o }} }} "
        f'INSERT {{ GRAPH <{graph}> {{ <urn:{name}> <urn:left> "{name}" . <urn:{name}> <urn:right> "{name}" }} }} '
        f"WHERE {{ OPTIONAL {{ GRAPH <{graph}> {{ <urn:{old}> ?p ?o }} }} }}"
    )
    return Submission("update", "somebody", name, (CONTRIBUTIONS + "*",), text, base=CANONICAL_BASE, seconds=10)
