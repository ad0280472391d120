"""What can be written on a route of the HTTP interface."""

from collections.abc import Iterable
from dataclasses import dataclass

from territoires.formats import HTML, Format


@dataclass(frozen=True)
class Operation:
    """What is written on a route: a summary, the media types of its answer, further statuses, its parameters by name.

    404, where the address holds a name, and what any address can answer go without saying.
    """

    tag: str
    summary: object
    kinds: tuple[str, ...] = ()
    """Nothing for an address that only redirects."""
    offered: tuple[Format, ...] = ()
    """What ?format= chooses among."""
    statuses: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    description: object = ""
    body: str = ""
    """What is sent by POST: a query, or one of components.BODIES."""
    headers: tuple[str, ...] = ("Cache-Control", "ETag")


def types(offered: Iterable[Format]) -> tuple[str, ...]:
    """The media types of formats."""
    return tuple(form.media_type for form in offered)


PAGE = types((HTML,))
