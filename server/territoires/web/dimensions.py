"""What the views of the lists tell: by dimension and item, by class, by period; read once for each release."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import Triple

from territoires.results import NamedNode, Row, Term, rows
from territoires.vocabulary import prefixes_at
from territoires.web.memory import remembered
from territoires.web.service import service

MANY = 2000
"""Places that are named in one question."""


@dataclass(frozen=True)
class Told:
    """A value that a dimension has for an item; a figure with its period and its qualifier."""

    term: Term
    period: str = ""
    qualifier: str = ""


Dimension = dict[str, list[Told]]
"""Item -> what is told of it."""


def areas_of(places: set[str]) -> dict[str, Dimension]:
    """The région, type and départements of places: asked for all places there are where these are many."""
    if len(places) > MANY:
        return viewed("list-areas")
    return read_view("list-areas-of", item=[NamedNode(place) for place in sorted(places)]) if places else {}


def viewed(view: str) -> dict[str, Dimension]:
    """What a view of the lists gives, by dimension; read once for each release."""
    return remembered(lambda: read_view(view), "view", view)


def read_view(view: str, **terms: Sequence[Term]) -> dict[str, Dimension]:
    """Asks a view whose rows are item, dimension, value, and for a figure period and qualifier."""
    store, views = service().store, service().views
    found: dict[str, list[tuple[Term, Told]]] = {}
    for row in rows(store.query(views.text(view, store.base, **terms))):
        told = Told(row["value"], named_in(row, "period"), named_in(row, "qualifier"))
        found.setdefault(value(row["dimension"]), []).append((row["item"], told))
    return {name: gathered(pairs) for name, pairs in found.items()}


def value(term: Term) -> str:
    """What stands in a term; nothing for a quoted triple, which the data do not hold."""
    return "" if isinstance(term, Triple) else term.value


def named_in(row: Row, variable: str) -> str:
    """The IRI that a row has for a variable, or nothing."""
    term = row.get(variable)
    return term.value if isinstance(term, NamedNode) else ""


def gathered(pairs: Iterable[tuple[Term, Told]]) -> Dimension:
    """Pairs by item, each told once."""
    found: Dimension = {}
    for item, told in pairs:
        if isinstance(item, NamedNode) and told not in found.setdefault(item.value, []):
            found[item.value].append(told)
    return found


def expand(name: str) -> str:
    """A prefixed name at the base of this release."""
    prefix, _, local = name.partition(":")
    return prefixes_at(service().store.base)[prefix] + local


def superclasses() -> dict[str, frozenset[str]]:
    """Class -> its wider classes, itself left out."""
    return remembered(lambda: read_pairs("superclasses", "class", "wider"), "superclasses")


def hierarchy() -> frozenset[str]:
    """The classes that are wider or narrower than another one."""
    return remembered(lambda: frozenset(superclasses()).union(*superclasses().values()), "hierarchy")


def described() -> tuple[str, ...]:
    """The territories of the fact sheets, in their order."""
    return remembered(read_described, "described")


def read_described() -> tuple[str, ...]:
    """Asks for them."""
    store, views = service().store, service().views
    return tuple(value(row["column"]) for row in rows(store.query(views.text("territories", store.base))))


def widening() -> dict[str, frozenset[str]]:
    """Value -> what it counts as too: broader concepts, the territory of a part, the wider programme."""
    return remembered(lambda: read_pairs("list-wider", "item", "wider"), "widening")


def spans() -> dict[str, tuple[str, str]]:
    """Period -> its first and its last known day; the last one is empty where none is told."""
    return remembered(read_spans, "periods")


def read_spans() -> dict[str, tuple[str, str]]:
    """Asks for the days of all periods."""
    store, views = service().store, service().views
    found = rows(store.query(views.text("list-periods", store.base)))
    return {value(row["period"]): (value(row["first"]), value(row["last"]) if "last" in row else "") for row in found}


def read_pairs(view: str, one: str, other: str) -> dict[str, frozenset[str]]:
    """A view with two columns as a mapping to sets."""
    store, views = service().store, service().views
    found: dict[str, set[str]] = {}
    for row in rows(store.query(views.text(view, store.base))):
        if one in row and other in row:
            found.setdefault(value(row[one]), set()).add(value(row[other]))
    return {key: frozenset(values) for key, values in found.items()}
