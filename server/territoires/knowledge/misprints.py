"""Names in which some letters are wrong: found by rapidfuzz among the names of about the same length."""

from collections.abc import Iterator, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from territoires.knowledge import folding, toponyms
from territoires.knowledge.gazetteer import Gazetteer, Spelling

_MOST = 40  # names that are looked at word by word


def allowed(name: str) -> int:
    """How many letters of a whole name may be wrong."""
    return 0 if len(name) < 5 else 1 if len(name) < 9 else 2 if len(name) < 14 else 3


def near(gazetteer: Gazetteer, asked: toponyms.Keys, kinds: Sequence[str]) -> Iterator[tuple[Spelling, int, bool]]:
    """The names of these kinds that nearly are the one that was asked for; how many letters differ (added, left out, replaced, two
    swapped); and whether each of its words is near enough to be meant."""
    most = allowed(asked.bare)
    if not most:
        return
    found: list[tuple[int, int]] = []
    for kind in kinds:
        for length in range(len(asked.bare) - most, len(asked.bare) + most + 1):
            texts, numbers = gazetteer.lengths.get((kind, length), ((), ()))
            if texts:
                hits = process.extract(asked.bare, texts, scorer=OSA.distance, score_cutoff=most, limit=None)
                found += [(int(letters), numbers[at]) for _, letters, at in hits]
    found.sort()
    apart = dict((number, letters) for letters, number in found[:_MOST])
    for spelling, letters in zip(gazetteer.spellings(apart), apart.values(), strict=True):
        if digits(spelling.keys.full) == digits(asked.full):
            yield spelling, letters, by_words(asked.words, spelling.keys.words, letters)


def digits(key: str) -> str:
    """The digits of a key: a number is never a misprint of another."""
    return "".join(filter(str.isdecimal, key))


def by_words(asked: Sequence[str], named: Sequence[str], letters: int) -> bool:
    """Whether the words of a name may be misprints of those that were asked for, each by itself; words may be joined or parted."""
    if len(asked) != len(named):
        return letters < 3
    return all(OSA.distance(one, other) <= folding.edits_allowed(max(one, other, key=len)) for one, other in zip(asked, named, strict=True))
