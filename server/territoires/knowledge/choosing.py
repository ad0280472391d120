"""Which of several hits is meant, if one is clear."""

from collections.abc import Sequence
from dataclasses import dataclass

from territoires.knowledge import folding
from territoires.knowledge.grounds import Ground
from territoires.knowledge.records import PARTS, Record

CODE, FULL, BARE, LOOSE, CORE, MISPRINT, PART = range(7)
"""How a name agrees with the text, the closest first (toponyms.Keys); the lower of two is never a rival of the higher."""
_TAKEN = 84.0  # the least score of a match


@dataclass(frozen=True)
class Hit:
    """A record that agrees with a text in some way; `grounds` say in which."""

    record: Record
    closeness: int
    score: float
    grounds: tuple[Ground, ...]
    through: Record | None = None
    """The part or former commune whose name it was, where the record is what it belongs to now."""
    letters: int = 0
    """How many letters are wrong."""
    sure: bool = True
    """Whether it may be taken without asking."""
    past: bool = False
    """Whether the name was given up so long ago that who has it in a table of today doesn't mean it."""
    others: tuple[str, ...] = ()
    """INSEE codes of communes of that name which aren't in the gazetteer."""
    near: bool | None = None
    """Whether it lies where the context says; None where one of the two isn't known."""


def order(hit: Hit) -> tuple[bool, float, int, int, str]:
    """What comes first: where the context says, then by score, closeness, inhabitants."""
    return hit.near is False, -hit.score, hit.closeness, -hit.record.population, hit.record.iri


def choice(hits: Sequence[Hit]) -> Hit | None:
    """The hit that is clear, of hits in their order; None where another could be meant, or the best isn't good enough."""
    if not hits or hits[0].near is False or not hits[0].sure or hits[0].score < _TAKEN:
        return None
    first, *others = hits
    return None if any(rivals(first, other) for other in others) else first


def rivals(first: Hit, other: Hit) -> bool:
    """Whether `other` could be meant as well as `first`."""
    if one_place(first.record, other.record):
        return False
    if other.near is False and first.near:
        return first.closeness > CORE and other.closeness <= CORE  # the very name elsewhere: which is wrong?
    if first.closeness <= CORE:
        if other.closeness > first.closeness:
            return first.past and not other.past and other.closeness <= CORE
        return other.score >= first.score - 8 and (first.past or not other.past)
    if first.closeness == MISPRINT == other.closeness:
        return other.letters <= first.letters + (len(folding.key(first.record.name)) < 8)
    return other.score > first.score - 4


def one_place(one: Record, other: Record) -> bool:
    """Whether two records are of the same municipality at different times, of it and the part that kept its name and code, or of a place
    and its body."""
    if one.code("siren") == other.code("siren") != "":
        return True
    return {one.kind, other.kind} <= {"commune", *PARTS} and one.code("insee") == other.code("insee") != ""
