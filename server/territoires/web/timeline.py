"""A timeline of dated facts as SVG, with the same facts as a list: no script, and colours from the style sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

WIDTH, ROW, TOP, MARGIN = 760, 28, 30, 14  # user units
LETTER = 7.2  # width of a letter of the labels
CLOSE_DAYS = 45  # a shorter interval is drawn as a point
MOST_ROWS = 30


@dataclass(frozen=True)
class Event:
    """A dated fact: first and last day, one of which may be open; its name, its period in words, its page."""

    first: date | None
    last: date | None
    label: str
    period: str
    href: str = ""
    planned: bool = False

    @property
    def start(self) -> date:
        """The day by which it is ordered."""
        day = self.first or self.last
        assert day is not None
        return day


def ordered(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that have a day, by time, each once."""
    dated = {event for event in events if event.first or event.last}
    return tuple(sorted(dated, key=lambda event: (event.start, event.last or date.max, event.label, event.href)))[:MOST_ROWS]


def years(events: Sequence[Event]) -> tuple[int, int]:
    """The first year of the axis, and the year after the last one."""
    days = [day for event in events for day in (event.first, event.last) if day]
    lead = any(event.first is None and event.last == min(days) for event in events)
    return min(days).year - lead, max(day.year for day in days) + 1


def draw(events: Sequence[Event], title: str) -> Markup:
    """The SVG of `events`, one row each; empty where no event has a day."""
    rows = ordered(events)
    if not rows:
        return Markup()
    begin, end = years(rows)
    scale = Scale(date(begin, 1, 1), date(end, 1, 1))
    height = TOP + ROW * len(rows) + MARGIN
    drawn = Markup().join([*(tick(year, height, scale) for year in ticks(begin, end)), *(row(e, i, scale) for i, e in enumerate(rows))])
    return Markup(
        '<svg class="timeline" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}"><title>{}</title>{}</svg>'
    ).format(WIDTH, height, WIDTH, height, title, title, drawn)


@dataclass(frozen=True)
class Scale:
    """Days to horizontal positions."""

    begin: date
    end: date

    def at(self, day: date) -> float:
        """The position of a day, in user units."""
        share = (day - self.begin).days / max((self.end - self.begin).days, 1)
        return round(MARGIN + min(max(share, 0), 1) * (WIDTH - 2 * MARGIN), 1)


def ticks(begin: int, end: int) -> range:
    """The years that are written on the axis: ten or so."""
    step = next(step for step in (1, 2, 5, 10, 25, 50, 100) if (end - begin) / step <= 12 or step == 100)
    return range(begin + -begin % step, end + 1, step)


def tick(year: int, height: int, scale: Scale) -> Markup:
    """A year on the axis."""
    x = scale.at(date(year, 1, 1))
    return Markup('<path class="tick" d="M{0} {1}V{2}"></path><text class="year" x="{0}" y="16" text-anchor="middle">{3}</text>').format(
        x, TOP - 8, height - MARGIN, year
    )


def row(event: Event, index: int, scale: Scale) -> Markup:
    """One event: a bar or a point, and its name on the side that has room."""
    y = TOP + index * ROW + ROW // 2
    left, right = scale.at(event.first or scale.begin), scale.at(event.last or scale.end)
    kind = Markup(' class="planned"') if event.planned else ""
    if event.first and event.last and (event.last - event.first).days < CLOSE_DAYS:
        mark, right = Markup('<circle{} cx="{}" cy="{}" r="6"></circle>').format(kind, left, y), left + 6
    elif event.first is None:
        mark = Markup('<path{} d="M{} {}H{}l-8 7l8 7H{}Z"></path>').format(kind, right, y - 7, left + 8, right)
    elif event.last is None:
        mark = Markup('<path{} d="M{} {}H{}l8 7l-8 7H{}Z"></path>').format(kind, left, y - 7, right - 8, left)
    else:
        mark = Markup('<rect{} x="{}" y="{}" width="{}" height="14" rx="3"></rect>').format(kind, left, y - 7, max(right - left, 3))
    return Markup("<g>{}{}</g>").format(mark, name(event, left, right, y))


def name(event: Event, left: float, right: float, y: int) -> Markup:
    """The name of an event: right of its mark, else left of it, else upon it, cut to the room that there is."""
    rooms = {"right": WIDTH - right - 10, "left": left - 10, "upon": right - left - 12}
    wanted = len(event.label) * LETTER
    side = next((side for side, room in rooms.items() if room >= wanted), max(rooms, key=lambda side: rooms[side]))
    most = max(int(rooms[side] / LETTER), 4)
    text = event.label if len(event.label) <= most else event.label[: most - 1].rstrip() + "…"
    x, anchor = {"right": (right + 7, "start"), "left": (left - 9, "end"), "upon": (left + 6, "start")}[side]
    style = Markup(' class="upon"') if side == "upon" else ""
    return Markup('<text{} x="{}" y="{}" text-anchor="{}">{}</text>').format(style, round(x, 1), y + 4.5, anchor, text)
