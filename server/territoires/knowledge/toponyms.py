"""Names of places and bodies as a table writes them: abbreviations spelt out, articles, kinds of bodies, codes and départements beside.

`folding` tells which letters are the same; this tells which words are: "St" is saint, "s/" sur, "lez" lès, "CC" a communauté de communes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from territoires.knowledge import folding

_SIGNS = (
    (re.compile(r"\bs\s*/\s*s\b\.?(?=[\s/.-]|$)[\s/.-]*", re.I), " sous "),
    (re.compile(r"\bs\s*/\s*(?=\w)", re.I), " sur "),
    (re.compile(r"(?<=\w)\s*/\s*(?=\w)"), " sur "),
    (re.compile(r"\s*&\s*"), " et "),
    (re.compile(r"\bc\.?\s*c\.\s?", re.I), "cc "),
    (re.compile(r"\bcedex\b\s*\d*\s*$", re.I), ""),
)
_SPELT = {
    "st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "s": "sur", "ss": "sous", "lez": "les", "gd": "grand",
    "gde": "grande", "mt": "mont", "mts": "monts", "vx": "vieux",
    "comcom": "communaute de communes", "codecom": "communaute de communes",
    "cc": "communaute de communes", "cdc": "communaute de communes",
    "ca": "communaute d agglomeration", "agglo": "agglomeration", "cu": "communaute urbaine",
    "petr": "pole d equilibre territorial et rural", "dept": "departement", "dpt": "departement", "dep": "departement",
}  # fmt: skip
_ARTICLES = frozenset(("l", "la", "le", "les"))
_ORDINAL = re.compile(r"0*(\d+)(?:er|ere|e|eme|nd|nde)?")
_GENRES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cc", ("communaute", "commune")),
    ("ca", ("communaute", "agglomeration")),
    ("cu", ("communaute", "urbaine")),
    ("petr", ("pole", "equilibre", "territorial", "rural")),
    ("syndicat", ("syndicat", "mixte")),
    ("metropole", ("metropole",)),
    ("metropole", ("eurometropole",)),
    ("ca", ("agglomeration",)),
    ("cc", ("com", "com")),
    ("", ("communaute",)),
    ("", ("intercommunalite",)),
)
"""What kind of body a name says -> the words that say it, plurals without s; the longer ones first."""
_SAYING = frozenset(word for _, said in _GENRES for word in said)
_CALLED = re.compile(r"^\s*(?:la\s+)?(?:ville|commune|mairie|municipalité|municipalite)\s+(?:de\s+|du\s+|des\s+|d['’])", re.I)
_ARTICLE_BEHIND = re.compile(r"^(.*\w)\s*(?:\(\s*(l['’]|la|le|les)\s*\)|,\s*(l['’]|la|le|les))\s*$", re.I)
_PARENTHESIS = re.compile(r"^(.*\S)\s*[(\[]\s*([^()\[\]]*\w[.'’]?)\s*[)\]]\s*$")
_BEHIND = re.compile(r"^(.*\w[.)]?)(?:\s*[,;]\s*|\s+[-–—/|]\s+)(\w[^,;]*)$")
_NUMBER_BEHIND = re.compile(r"^(.*[^\W\d])\s+(\d{2,3}|2[ab])$", re.I)
_POSTAL = re.compile(r"^(?:F-?)?(\d{5}|2[AB]\d{3})\b[\s,;:–—-]*(\S.*)$|^(.*\S)[\s,;:(–—-]+(\d{5}|2[AB]\d{3})\)?$", re.I)


class Keys(NamedTuple):
    """A name as it is compared: all words joined; without its first article; without articles and small words; moreover without the
    words that say the kind of body, and that kind; and the telling words."""

    full: str
    bare: str
    loose: str
    core: str
    genre: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """One way to read what is in a table's cell: the name, and the code or area written beside it ('' for none)."""

    text: str
    beside: str = ""
    postal: str = ""


def spelt(text: str) -> list[str]:
    """The folded words, abbreviations and signs spelt out, numbers without ordinal endings: saint, sur, 15."""
    for sign, meaning in _SIGNS:
        text = sign.sub(meaning, text)
    found: list[str] = []
    for word in folding.words(text):
        if number := _ORDINAL.fullmatch(word):
            found.append(number[1])
        elif word not in ("arrondissement", "arr", "ardt") or not (found and found[-1].isdecimal()):
            found += _SPELT.get(word, word).split()
    return found


def keys(text: str) -> Keys:
    """What a name is found by."""
    every = spelt(text)
    bare = every[1:] if len(every) > 1 and every[0] in _ARTICLES else every
    telling = folding.telling(bare)
    genre, rest = without_genre(telling)
    rest = rest[1:] if len(rest) > 1 and rest[0] == "pays" else rest
    return Keys("".join(every), "".join(bare), "".join(telling), "".join(rest), genre, tuple(telling))


def without_genre(words: Sequence[str]) -> tuple[str, list[str]]:
    """The kind of body that the words say, and the other words; all of them where nothing else is left."""
    rest, genre = list(words), ""
    if _SAYING.isdisjoint(map(folding.stem, rest)):
        return genre, rest
    for name, said in _GENRES:
        for at in range(len(rest) - len(said) + 1):
            if tuple(folding.stem(word) for word in rest[at : at + len(said)]) == said:
                del rest[at : at + len(said)]
                genre = genre or name
                break
    return genre, rest or list(words)


def readings(text: str) -> list[Reading]:
    """The ways to read a cell, the plainest first: as it is; without what stands beside the name."""
    text = " ".join(text[: folding.LONGEST].split())
    found = [Reading(text)]
    postal = ""
    if beside := _POSTAL.match(text):
        postal, text = beside[1] or beside[4], beside[2] or beside[3]
        found.append(Reading(text, postal=postal.upper()))
    if behind := _ARTICLE_BEHIND.match(text):
        found.insert(0, Reading(f"{behind[2] or behind[3]} {behind[1]}", postal=postal))
    for form in (_PARENTHESIS, _BEHIND, _NUMBER_BEHIND):
        if beside := form.match(text):
            found.append(Reading(beside[1], beside[2], postal))
            text = beside[1]
            break
    if _CALLED.match(text):
        last = found[-1]
        found.append(Reading(_CALLED.sub("", text), last.beside, postal))
    return found
