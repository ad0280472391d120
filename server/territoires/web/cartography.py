"""Draws places on a sheet: SVG paths in whole units, labels that stay off each other, a scale."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from math import dist

from territoires.knowledge.geography import Box, Place, Point, Ring

INSET, INSET_GAP = 84, 12
"""Side of the square that an overseas place is drawn in, and the room between two, in units."""
CHARACTER = 0.64
"""Width of a character by its height, on average."""


Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom, in units."""


@dataclass(frozen=True)
class Label:
    """A name on the map: where it stands, and which of its ends stands there (start, middle, end)."""

    text: str
    x: int
    y: int
    anchor: str = "start"


@dataclass(frozen=True)
class Canvas:
    """A sheet of `width` units over a rectangle of land; `coarse` takes the outlines that are made for all of France."""

    box: Box
    width: int = 1000
    coarse: bool = False

    @cached_property
    def unit(self) -> float:
        """Kilometres in a unit."""
        return self.box.width / self.width

    @property
    def height(self) -> int:
        """The height in units."""
        return round(self.box.height / self.unit)

    def point(self, point: Point) -> tuple[int, int]:
        """Where a point of Lambert-93 stands on the sheet, from its top left corner."""
        return round((point[0] - self.box.west) / self.unit), round((self.box.north - point[1]) / self.unit)

    def path(self, place: Place) -> str:
        """The outline as the `d` of an SVG path. Neighbours share their points, so that no gap opens between them."""
        return path([self.point(point) for point in ring] for ring in self.rings(place))

    def rings(self, place: Place) -> tuple[Ring, ...]:
        """The rings at this sheet's level of detail."""
        return place.coarse if self.coarse else place.rings

    def middle(self, place: Place) -> tuple[int, int]:
        """The middle of the rectangle around a place."""
        return self.point(place.box.centre)

    def rectangle(self, place: Place) -> tuple[int, int, int, int]:
        """The rectangle around a place: left, top, right, bottom."""
        return *self.point((place.box.west, place.box.north)), *self.point((place.box.east, place.box.south))

    def inset(self, place: Place, number: int) -> str:
        """The outline of an overseas place in the square of that number, in the bottom left corner."""
        left, top = self.corner(number)
        room = INSET - 8
        unit = max(place.box.width, place.box.height) / room
        x, y = left + INSET / 2, top + INSET / 2
        return path([(round(x + east / unit), round(y - north / unit)) for east, north in ring] for ring in place.coarse)

    def corner(self, number: int) -> tuple[int, int]:
        """Top left corner of the square of that number: three in a row, then two above the first ones."""
        row, column = divmod(number, 3)
        return 4 + column * (INSET + INSET_GAP), self.height - 4 - (row + 1) * INSET - row * INSET_GAP


def path(rings: Iterable[list[tuple[int, int]]]) -> str:
    """Rings of whole points as SVG path data: one absolute move each, then relative lines; what has no area is left out."""
    return "".join(written for ring in rings if (written := write_ring(ring)))


def write_ring(ring: list[tuple[int, int]]) -> str:
    """One closed ring; consecutive steps in one direction become one."""
    steps: list[tuple[int, int]] = []
    for (x, y), (to_x, to_y) in pairwise(ring):
        step = (to_x - x, to_y - y)
        if step == (0, 0):
            continue
        last = steps[-1] if steps else (0, 0)
        if last[0] * step[1] == last[1] * step[0] and last[0] * step[0] + last[1] * step[1] > 0:
            step = (last[0] + step[0], last[1] + step[1])
            steps.pop()
        steps.append(step)
    if len(steps) < 3:
        return ""
    lines = " ".join(f"{x} {y}" for x, y in steps[:-1]).replace(" -", "-")
    return f"M{ring[0][0]} {ring[0][1]}l{lines}z"


def inside(point: Point, rings: Iterable[Ring]) -> bool:
    """Whether a point lies within some rings (even-odd rule)."""
    x, y = point
    crossed = False
    for ring in rings:
        for (ax, ay), (bx, by) in pairwise(ring):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                crossed = not crossed
    return crossed


def beside(places: Iterable[Place], canvas: Canvas, size: int, kept: Iterable[Rectangle] = ()) -> Iterator[Label]:
    """Names beside their places, where they cover neither another name nor another place nor what is `kept` free.

    Who has the nearest neighbours chooses first.
    """
    known = list(places)

    def room(place: Place) -> float:
        return min((dist(place.box.centre, other.box.centre) for other in known if other is not place), default=0)

    listed = sorted(known, key=lambda place: (room(place), -place.box.centre[1]))
    taken: dict[str, Rectangle] = {place.key: canvas.rectangle(place) for place in listed}
    taken |= {f"kept {number}": rectangle for number, rectangle in enumerate(kept)}
    for place in listed:
        label = next(free(place, canvas, size, [rectangle for key, rectangle in taken.items() if key != place.key]))
        taken[f"{place.key} name"] = extent(label, size)
        yield label


def free(place: Place, canvas: Canvas, size: int, taken: list[Rectangle]) -> Iterator[Label]:
    """Where the name of a place can stand: beside it (on the left in the east), below or above it, then ever farther up or down."""
    left, top, right, bottom = canvas.rectangle(place)
    (x, y), name = canvas.middle(place), brief(place.name) if canvas.coarse else short(place.name)
    sides = [(right + 8, y + size // 3, "start"), (left - 8, y + size // 3, "end")]
    sides = sides[::-1] if x > canvas.width * 0.6 else sides
    for down in sorted(range(-300, 400, size // 4), key=abs):
        for at_x, at_y, anchor in [*sides, (x, bottom + size, "middle"), (left, bottom + size, "start"), (x, top - 8, "middle")]:
            label = Label(name, at_x, at_y + down, anchor)
            room = extent(label, size)
            if 6 < room[0] and room[2] < canvas.width - 6 and not any(overlap(room, other) for other in taken):
                yield label
    yield Label(name, x, y, "middle")


def extent(label: Label, size: int) -> Rectangle:
    """The rectangle that a text takes, about."""
    wide = CHARACTER * size * len(label.text)
    left = label.x - wide * {"start": 0, "middle": 0.5, "end": 1}[label.anchor]
    return left, label.y - size, left + wide, label.y + 0.3 * size


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles have something in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def short(name: str) -> str:
    """A name for a map: what stands before a slash."""
    return name.partition(" / ")[0]


def brief(name: str) -> str:
    """A name for a map of all of France, on which every territory is a Pays."""
    return re.sub(r"^Pays (?:de la |de l['’]|de |du |d['’])?", "", short(name))


def within(places: Iterable[Place], canvas: Canvas, covered: Iterable[Place], taken: Sequence[Rectangle], size: int) -> Iterator[Label]:
    """Names within their places, on a part that the sheet shows and that nothing covers; none where there is no room."""
    covering, kept = list(covered), list(taken)
    for place in places:
        best = max(spots(place, canvas, covering, kept, size), default=None, key=lambda found: found[0])
        if best:
            kept.append(extent(best[1], size))
            yield best[1]


def spots(place: Place, canvas: Canvas, covering: list[Place], taken: list[Rectangle], size: int) -> Iterator[tuple[float, Label]]:
    """Where on a grid a name fits in, the best being far from the borders: (distance, label)."""
    box, wide = canvas.box, CHARACTER * size * len(place.name)
    west, east = max(box.west, place.box.west), min(box.east, place.box.east)
    south, north = max(box.south, place.box.south), min(box.north, place.box.north)
    borders = [point for each in (place, *covering) for ring in each.coarse for point in ring]
    margin = wide * canvas.unit / 2
    for column, row in product(range(1, 12), repeat=2):
        x, y = west + (east - west) * column / 12, south + (north - south) * row / 12
        at_x, at_y = canvas.point((x, y))
        label = Label(place.name, at_x, at_y + size // 3, "middle")
        room = extent(label, size)
        if room[0] < 8 or room[2] > canvas.width - 8 or room[1] < 8 or room[3] > canvas.height - 8:
            continue
        if any(overlap(room, other) for other in taken):
            continue
        ends = [(x + shift, y) for shift in (-margin, 0, margin)]
        if all(inside(end, place.coarse) for end in ends) and not any(inside(end, each.coarse) for end in ends for each in covering):
            edges = min(x - box.west, box.east - x, y - box.south, box.north - y)
            yield min(edges, *(dist((x, y), border) for border in borders)), label


def scale_length(canvas: Canvas) -> int:
    """A round number of kilometres for a scale of a fifth of the sheet at most."""
    return max((km for km in (1, 2, 5, 10, 20, 50, 100, 200) if km / canvas.unit <= canvas.width / 5), default=1)
