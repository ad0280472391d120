"""What a page shows of those that point to its resource: nodes as cards, others as lists, each list a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

from territoires.knowledge.gathering import Gathered, Part, Turned
from territoires.web.kinds import Kind
from territoires.web.matters import IMPLIED, INVERSES, MATTERS, SHOWN_BY

CARDS, LISTED = 8, 40
"""How many cards of a class, or lines of a list, a page holds."""
NODE_CLASSES = tuple(cls for matter in MATTERS for cls in matter.nodes)
IN_TIME = frozenset({"tdp:perimeterOf", "tdp:hasMemberTerritory", "tdp:originalTerritory", "tdp:resultingTerritory"})
"""What the section on the perimeter over time tells instead."""
AREA = "sdmx-dimension:refArea"
"""Figures without a class are the inhabitants by year, which the same section tells."""
UNSHOWN = frozenset({"rdf:type", "void:exampleResource"})
"""Who points here by these isn't listed."""
ALWAYS = frozenset({"tdp:Discrepancy"})  # a card on every kind of page


@dataclass(frozen=True)
class Slice:
    """The part of a long list that a page shows."""

    key: str
    shown: tuple[str, ...]
    total: int
    page: int
    pages: int
    before: int = 0
    """How many come before those shown."""


@dataclass(frozen=True)
class Asked:
    """Which list the reader pages through, and which page of it."""

    key: str = ""
    page: int = 1

    def cut(self, key: str, items: Sequence[str], size: int) -> Slice:
        """The slice of a list: the first page of each, but for the one that is paged through."""
        pages = max(-(-len(items) // size), 1)
        page = min(max(self.page, 1), pages) if key == self.key else 1
        return Slice(key, tuple(items[(page - 1) * size : page * size]), len(items), page, pages, (page - 1) * size)

    def held(self, key: str, items: tuple[str, ...], part: Part) -> Slice:
        """The slice of a row of which only this part was asked for."""
        return Slice(key, items, part.total, part.before // LISTED + 1, -(-part.total // LISTED), part.before)

    @property
    def turned(self) -> Turned:
        """The page that is to be asked for."""
        return Turned(self.key, self.page, LISTED)


@dataclass(frozen=True)
class Selection:
    """What a page shows: class -> nodes as cards, property -> those that are listed."""

    cards: dict[str, Slice]
    lists: dict[str, Slice]
    asked: str = ""
    """Which of them the reader pages through."""

    def of(self, cls: str) -> tuple[str, ...]:
        """The nodes of a class that are shown."""
        return self.cards[cls].shown if cls in self.cards else ()

    @property
    def nodes(self) -> list[str]:
        """The nodes that are shown whole."""
        return [node for cut in self.cards.values() for node in cut.shown]

    @property
    def listed(self) -> list[str]:
        """Those that are listed."""
        return [thing for cut in self.lists.values() for thing in cut.shown]


def select(found: Gathered, kind: Kind, asked: Asked) -> Selection:
    """Chooses what the page of a resource shows."""
    cards: dict[str, dict[str, None]] = {}
    lists: dict[str, dict[str, None]] = {}
    for name, subjects in found.incoming.items():
        if name in UNSHOWN or name in IN_TIME or INVERSES.get(name) in found.said or IMPLIED.get(name) in found.incoming:
            continue
        for subject in subjects:
            if name == AREA and not found.classes.get(subject):
                continue
            cls = "" if name in found.parts else card_class(found, kind, name, subject)
            (cards.setdefault(cls, {}) if cls else lists.setdefault(name, {}))[subject] = None
    parted = {name: asked.held(name, tuple(lists.pop(name, ())), part) for name, part in found.parts.items() if name in lists}
    return Selection(
        {cls: asked.cut(cls, sorted(nodes), CARDS) for cls, nodes in cards.items()},
        {name: asked.cut(name, list(things), LISTED) for name, things in lists.items() if SHOWN_BY.get(name) not in cards} | parted,
        asked.key,
    )


def card_class(found: Gathered, kind: Kind, link: str, subject: str) -> str:
    """The class by which a node is shown as a card; nothing where it is listed."""
    held = found.classes.get(subject, set())
    cls = next((name for name in NODE_CLASSES if name in held), "")
    return cls if cls in ALWAYS or (kind.cards and link != "dct:source") else ""
