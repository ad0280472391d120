"""How much of the source the data cover: each passage is cited by a node, or it isn't."""

from collections.abc import Iterator
from dataclasses import dataclass

from territoires.knowledge.queries import QueryLibrary
from territoires.results import Literal, rows
from territoires.store import Store


@dataclass(frozen=True)
class Part:
    """One part of the source: its passages, and those that no node cites."""

    name: str
    passages: tuple[str, ...]
    uncovered: tuple[str, ...]

    @property
    def covered(self) -> int:
        """How many of its passages are cited."""
        return len(self.passages) - len(self.uncovered)


def coverage(store: Store, views: QueryLibrary) -> list[Part]:
    """The parts of the source in its order."""
    parts: dict[str, list[tuple[str, int]]] = {}
    for row in rows(store.query(views.text("coverage", store.base))):
        notation, part, nodes = row["notation"], row["part"], row["nodes"]
        assert isinstance(notation, Literal) and isinstance(part, Literal) and isinstance(nodes, Literal)
        parts.setdefault(part.value, []).append((notation.value, int(nodes.value)))
    return [
        Part(name, tuple(passage for passage, _ in found), tuple(passage for passage, nodes in found if not nodes))
        for name, found in parts.items()
    ]


def lines(parts: list[Part]) -> Iterator[str]:
    """A line for each part, with what is uncovered, and the sum."""
    for part in parts:
        missing = f"  uncovered: {' '.join(part.uncovered)}" if part.uncovered else ""
        yield f"{part.covered:4d}/{len(part.passages):<4d} {part.name}{missing}"
    yield f"{sum(part.covered for part in parts):4d}/{sum(len(part.passages) for part in parts):<4d} passages are cited by data."
