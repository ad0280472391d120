"""What a list offers to choose by, and what a choice leaves: set arithmetic over the numbers of its entries."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from territoires.web.naming import Value
from territoires.web.registry import Row

NONE = "aucun"
"""Chooses the entries for which nothing is told."""
IN_SIGHT = 8
"""Values of a facet that are seen at once."""


@dataclass(frozen=True)
class Cell:
    """A value as a reader sees it: `note` is the year and the qualifier of a figure, `tone` the state of a status."""

    value: Value
    note: str = ""
    tone: str = ""
    order: float | str = ""


@dataclass(frozen=True)
class Entry:
    """An instance with its cells, by dimension."""

    name: Value
    made: Callable[[], Mapping[str, tuple[Cell, ...]]] = field(default=dict, repr=False, compare=False)

    @cached_property
    def cells(self) -> Mapping[str, tuple[Cell, ...]]:
        """Its cells, made where they are shown."""
        return self.made()


@dataclass(frozen=True)
class Option:
    """A value that a facet offers: `key` is what stands in the address, `entries` the numbers of those that have it."""

    key: str
    name: Value
    entries: frozenset[int]
    tone: str = ""


@dataclass(frozen=True)
class Listing:
    """A class as a list in one language."""

    entries: tuple[Entry, ...]
    row: Row
    facets: Mapping[str, tuple[Option, ...]]
    columns: tuple[str, ...]
    """The columns that have any value; the others are not shown."""

    @cached_property
    def whole(self) -> frozenset[int]:
        """The numbers of all entries."""
        return frozenset(range(len(self.entries)))


@dataclass(frozen=True)
class Choice:
    """What a reader chose of a listing: facet -> keys."""

    listing: Listing
    chosen: Mapping[str, tuple[str, ...]]
    matches: Mapping[str, frozenset[int]] = field(init=False)

    def __post_init__(self) -> None:
        """Finds the entries of each facet's chosen values: one of them is enough."""
        found = {}
        for name, keys in self.chosen.items():
            having = [option.entries for option in self.listing.facets[name] if option.key in keys]
            found[name] = frozenset().union(*having)
        object.__setattr__(self, "matches", found)

    def entries(self, but: str = "") -> frozenset[int]:
        """The entries that all facets let through, the facet `but` left aside."""
        return self.listing.whole.intersection(*(found for name, found in self.matches.items() if name != but))

    def options(self, name: str) -> list[tuple[Option, int, bool]]:
        """The values of a facet that are chosen or would still give entries: how many, and whether it is chosen."""
        others, keys = self.entries(name), self.chosen.get(name, ())
        all_stay = len(others) == len(self.listing.entries)
        counted = [
            (option, len(option.entries) if all_stay else len(option.entries & others), option.key in keys)
            for option in self.listing.facets[name]
        ]
        return [item for item in counted if item[1] or item[2]]

    def offered(self, name: str) -> tuple[list[tuple[Option, int, bool]], list[tuple[Option, int, bool]]]:
        """The values of a facet in two parts: those in sight, chosen ones among them, and the rest."""
        counted = self.options(name)
        first = [item for number, item in enumerate(counted) if number < IN_SIGHT or item[2]]
        return first, [item for item in counted if item not in first]

    def chips(self) -> list[tuple[str, str, Option | None]]:
        """What is chosen: facet, key, and the value that bears it, if any does."""
        known = {(name, option.key): option for name, options in self.listing.facets.items() for option in options}
        return [(name, key, known.get((name, key))) for name, keys in self.chosen.items() for key in keys]


def chosen_in(listing: Listing, arguments: Iterable[tuple[str, str]]) -> Choice:
    """The choice that the parameters of an address make; other parameters are left alone, unknown values match nothing."""
    chosen: dict[str, tuple[str, ...]] = {}
    for name, value in arguments:
        if name in listing.facets and value and value not in chosen.get(name, ()):
            chosen[name] = (*chosen.get(name, ()), value)
    return Choice(listing, chosen)
