"""Keeps long pages short: of the cards that follow the first ones of a page, each group is folded below its heading and its number."""

from collections.abc import Iterable
from dataclasses import replace

from territoires.web.parts import Section

OPEN = 20
"""Cards that stand open on a page."""
SLACK = 8
"""A page that has no more than these beside is not folded at all."""
SMALL = 2
"""Cards that aren't worth a fold."""


def fold(sections: Iterable[Section], asked: str) -> tuple[Section, ...]:
    """The sections of a page, their cards folded from where enough is open; never those that the reader pages through (`asked`)."""
    sections = tuple(sections)
    if sum(len(group.cards) for section in sections for group in section.groups) <= OPEN + SLACK:
        return sections
    left, made = OPEN, []
    for section in sections:
        groups = []
        for group in section.groups:
            folded = len(group.cards) > max(left, SMALL) and group.key != asked
            groups.append(replace(group, folded=folded))
            left -= 0 if folded else len(group.cards)
        made.append(replace(section, groups=tuple(groups)))
    return tuple(made)
