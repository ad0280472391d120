"""The parts that the page of a resource is put together from: what its template reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from markupsafe import Markup

from territoires.web.naming import Value
from territoires.web.outward import Link


@dataclass(frozen=True)
class Badge:
    """The state of a fact in a word; `tone` is done, plan, refused, approximate or nothing."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Fact:
    """A property and its values."""

    property: Value
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Passage:
    """A place in a source: the part, in words, and the passage within it."""

    part: str
    link: Value


@dataclass(frozen=True)
class Part:
    """A part of a source and the passages of it that a fact rests on."""

    name: str
    passages: tuple[Value, ...]


@dataclass(frozen=True)
class Figure:
    """An observation: what is counted, the number as it is to be read, when, how exact, where it stands."""

    node: str
    measure: Value
    text: str
    period: Value | None
    badges: tuple[Badge, ...]
    note: Value | None
    sources: tuple[Part, ...]


@dataclass(frozen=True)
class Card:
    """A node about the resource: its name, its roles here, what it says, its states, its facts and sources."""

    title: Value
    roles: tuple[str, ...]
    text: Value | None
    badges: tuple[Badge, ...]
    facts: tuple[Fact, ...]
    readings: tuple[Fact, ...]
    sources: tuple[Part, ...]
    discrepancies: tuple[Value, ...]


@dataclass(frozen=True)
class Group:
    """Cards of one class, a page at a time."""

    key: str
    heading: str
    talk: bool
    """Whether they are statements, told one below the other, and no cards."""
    cards: tuple[Card, ...]
    total: int
    page: int
    pages: int
    before: int
    folded: bool = False
    """Whether it is shown when the reader opens it only."""


@dataclass(frozen=True)
class Line:
    """One that points to the resource: its name, what it is where the list is mixed, its states, its time."""

    value: Value
    kind: str
    badges: tuple[Badge, ...]
    time: str


@dataclass(frozen=True)
class Listing:
    """Those that point to the resource by one property, a page at a time."""

    key: str
    heading: str
    lines: tuple[Line, ...]
    total: int
    page: int
    pages: int
    before: int


@dataclass(frozen=True)
class Section:
    """A matter: the facts, figures, cards and lists that belong to it."""

    name: str
    heading: str
    facts: tuple[Fact, ...]
    figures: tuple[Figure, ...]
    figures_key: tuple[str, int, int, int, int]
    """The list of figures for a pager: key, total, page, pages, how many come before."""
    groups: tuple[Group, ...]
    listings: tuple[Listing, ...]

    @property
    def count(self) -> int:
        """How many nodes and things it counts; plain facts are not counted."""
        return sum(group.total for group in self.groups) + sum(listing.total for listing in self.listings) + self.figures_key[1]

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.facts or self.figures or self.groups or self.listings)


@dataclass(frozen=True)
class Page:
    """All that the page of a resource shows."""

    iri: str
    title: Value
    kind: str
    list_name: str
    """The class that it is called by, as the address of its list has it."""
    types: tuple[Value, ...]
    summary: str
    definition: Value | None
    badges: tuple[Badge, ...]
    stats: tuple[Figure, ...]
    readings: tuple[Fact, ...]
    """Of a discrepancy: the two readings, and what was made of them."""
    sections: tuple[Section, ...]
    timeline: Markup
    events: tuple[tuple[str, str, str], ...]
    """The timeline in words: period, name, address."""
    sources: tuple[Part, ...]
    links: tuple[Link, ...]
    alternates: tuple[str, ...]


@lru_cache(8192)
def anchor(value: Value, language: str) -> Markup:
    """A value as a link, or as text where it leads nowhere, with its language where it isn't the page's."""
    other = Markup(' lang="{}"').format(value.language) if value.language and value.language != language else Markup()
    if not value.href:
        return Markup("<span{}>{}</span>").format(other, value.text)
    outside = Markup(' rel="external noopener"') if value.href.startswith(("http://", "https://")) else Markup()
    return Markup('<a href="{}"{}{}>{}</a>').format(value.href, other, outside, value.text)


def parts(passages: Iterable[Passage]) -> tuple[Part, ...]:
    """Passages grouped by the part of the source, in the order of their names."""
    listed = sorted(passages, key=lambda passage: (passage.part, passage.link.text))
    return tuple(Part(name, tuple(p.link for p in group)) for name, group in groupby(listed, key=lambda passage: passage.part))
