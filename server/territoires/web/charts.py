"""A bar chart of an answer that names things and counts them, as SVG."""

from dataclasses import dataclass

from markupsafe import Markup
from pyoxigraph import Literal

from territoires.results import Row
from territoires.vocabulary import iri
from territoires.web.naming import Value

NUMBERS = tuple(iri(name) for name in ("xsd:integer", "xsd:decimal", "xsd:double"))
LABEL, WIDTH, ROW = 280, 760, 26  # pixels: room for names, whole width, height of a bar


@dataclass(frozen=True)
class Bar:
    """One bar: its name, its number, and how the reader's language writes it."""

    name: str
    number: float
    shown: str


def bars(columns: list[str], found: list[Row], table: list[list[Value | None]]) -> Markup | None:
    """The chart, where the answer has one column of numbers, one of names, and two rows or more; else None."""
    numeric = [i for i, name in enumerate(columns) if found and all(is_number(row.get(name)) for row in found)]
    naming = [i for i in range(len(columns)) if i not in numeric]
    if len(numeric) != 1 or not naming or not 2 <= len(found) <= 40:
        return None
    name, number = naming[-1] if len(naming) == 1 else naming[0], numeric[0]
    return draw([bar(cells[name], cells[number], row[columns[number]]) for cells, row in zip(table, found, strict=True)])


def bar(name: Value | None, shown: Value | None, number: object) -> Bar:
    """One row as a bar."""
    assert isinstance(number, Literal)
    return Bar(name.text if name else "", float(number.value), shown.text if shown else "")


def is_number(term: object) -> bool:
    """Whether a term is a number that is not negative."""
    return isinstance(term, Literal) and term.datatype.value in NUMBERS and float(term.value) >= 0


def draw(drawn: list[Bar]) -> Markup:
    """The bars, longest number full width; the table beside it says the same in words."""
    longest = max(each.number for each in drawn) or 1
    room = WIDTH - LABEL - 90
    parts = [Markup('<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true">').format(WIDTH, ROW * len(drawn) + 4)]
    for place, each in enumerate(drawn):
        top, length = place * ROW + 4, round(room * each.number / longest, 1)
        short = each.name if len(each.name) <= 38 else each.name[:37] + "…"
        parts.append(Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(LABEL - 8, top + 14, short))
        parts.append(Markup('<rect x="{}" y="{}" width="{}" height="18" rx="3"/>').format(LABEL, top, length))
        parts.append(Markup('<text x="{}" y="{}">{}</text>').format(LABEL + length + 8, top + 14, each.shown))
    return Markup("").join([*parts, Markup("</svg>")])
