"""Texts as a search compares them: without accents, case, apostrophes, hyphens and ligatures; how far two words are apart."""

import re
import unicodedata
from collections.abc import Collection, Iterator

LONGEST = 200  # characters of a query that are read
_WORD = re.compile(r"[^\W_]+")
_JOINT = "'’‘ʼ′`\\-‐‑–"
_CHUNK = re.compile(rf"[^\W_]+(?:[{_JOINT}][^\W_]+)*")
_DOTTED = re.compile(r"\b(?:[^\W_]\.){2,}(?:[^\W_]\b)?")
_MARKS = re.compile("[\u0300-\u036f]+")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"})
_ELIDED = frozenset(("l", "d", "j", "m", "n", "s", "t", "c", "qu", "jusqu", "lorsqu", "puisqu"))
_STOPS = frozenset(
    "a au aux avec dans de des du en et la le les leur leurs ont ou par pour quel quelle quelles quels que qui sont sur un une "
    "an and are at by for has have in of on the to what where which who with".split()
).union(_ELIDED)


def fold(text: str) -> str:
    """`text` in lower case, without accents and ligatures; separators stay."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.translate(_LIGATURES).casefold()))


def words(text: str) -> list[str]:
    """The folded words; an apostrophe or a hyphen parts them, the full stops of an acronym don't."""
    return _WORD.findall(_DOTTED.sub(lambda found: found[0].replace(".", "") + " ", fold(text)))


def compounds(text: str) -> Iterator[str]:
    """What an apostrophe or a hyphen joins, in one word: cluster for Clus'Ter; an elided article is no part of it."""
    for chunk in _CHUNK.findall(fold(text)):
        parts = _WORD.findall(chunk)
        while len(parts) > 1 and parts[0] in _ELIDED:
            parts = parts[1:]
        if len(parts) > 1:
            yield "".join(parts)


def telling(found: list[str]) -> list[str]:
    """The words without articles and prepositions; all of them where nothing else is left."""
    return [word for word in found if word not in _STOPS] or found


def key(text: str) -> str:
    """The telling words in one string: two spellings of a name have the same."""
    return "".join(telling(words(text)))


def stem(word: str) -> str:
    """A word without the letter of a plural: what a longer word may begin with."""
    return word[:-1] if len(word) > 4 and word[-1] in "sx" else word


def grams(word: str) -> set[str]:
    """The triples of neighbouring letters, the beginning marked."""
    padded = "  " + word
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def edits_allowed(word: str) -> int:
    """How many letters of a word may be wrong."""
    if len(word) < 4 or word.isdecimal():
        return 0
    return 1 if len(word) < 5 else 2 if len(word) < 10 else 3


def distance(word: str, other: str, most: int) -> int:
    """The edits (letter added, left out, replaced, two swapped) from `word` to the nearest beginning of `other`; most + 1 beyond that."""
    width = min(len(other), len(word) + most)
    before: list[int] = []
    row = list(range(width + 1))
    for i, letter in enumerate(word, 1):
        new = [i]
        for j in range(1, width + 1):
            cost = min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (letter != other[j - 1]))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == other[j - 1]:
                cost = min(cost, before[j - 2] + 1)
            new.append(cost)
        if min(new) > most:
            return most + 1
        before, row = row, new
    return min(min(row), most + 1)


def marked(text: str, wanted: Collection[str]) -> list[tuple[str, bool]]:
    """`text` in pieces, each with whether it begins with one of the folded words `wanted`."""
    starts = tuple(stem(word) for word in wanted)
    pieces: list[tuple[str, bool]] = []
    end = 0
    text = unicodedata.normalize("NFC", text)
    for begin, stop in _spans(text, starts):
        if begin > end:
            pieces.append((text[end:begin], False))
        pieces.append((text[begin:stop], True))
        end = stop
    return [*pieces, (text[end:], False)] if end < len(text) or not pieces else pieces


def _spans(text: str, starts: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Where words of `text`, or what an apostrophe or a hyphen joins, begin with one of `starts`."""
    for chunk in _CHUNK.finditer(text):
        if starts and "".join(telling(words(chunk[0]))).startswith(starts) and len(_WORD.findall(chunk[0])) > 1:
            first = next((m for m in _WORD.finditer(chunk[0]) if fold(m[0]) not in _ELIDED), None)
            if not any(fold(m[0]).startswith(starts) for m in _WORD.finditer(chunk[0])):
                yield chunk.start() + (first.start() if first else 0), chunk.end()
                continue
        for word in _WORD.finditer(chunk[0]):
            if starts and fold(word[0]).startswith(starts):
                yield chunk.start() + word.start(), chunk.start() + word.end()


def extract(text: str, wanted: Collection[str], width: int = 220) -> str:
    """At most about `width` characters of `text` around the first word that is wanted, cut between words."""
    if len(text) <= width:
        return text
    spans = next(_spans(unicodedata.normalize("NFC", text), tuple(stem(word) for word in wanted)), (0, 0))
    begin = max(0, spans[0] - width // 3)
    begin = text.rfind(" ", 0, begin) + 1 if begin else 0
    end = text.rfind(" ", begin, begin + width) if begin + width < len(text) else len(text)
    end = end if end > begin else begin + width
    return ("… " if begin else "") + text[begin:end].rstrip(" ,;:") + (" …" if end < len(text) else "")
