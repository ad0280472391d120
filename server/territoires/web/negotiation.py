"""Content negotiation (RFC 9110 §12.5), as small pure functions."""

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from territoires.formats import FORMATS, TABLES, Format
from territoires.formats.table import HISTORY, LINKSETS

_RANGE = re.compile(r"^\s*([\w!#$&^.+*-]+)/([\w!#$&^.+*-]+)\s*((?:;.*)?)$", re.ASCII)
_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d*)?|\.\d+)\s*(?=;|$)", re.IGNORECASE | re.ASCII)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_REGISTERED = set(mimetypes.MimeTypes(filenames=()).types_map[True].values())
_OURS = {kind for form in (*FORMATS, *TABLES, *LINKSETS, *HISTORY) for kind in (form.media_type, *form.aliases)}
_LANGUAGE = re.compile(r"^\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9]{1,8})*\s*((?:;.*)?)$")
_CODING = re.compile(r"^\s*([\w!#$&^.+*-]+)\s*((?:;.*)?)$", re.ASCII)
LANGUAGES = ("fr", "en")
CODINGS = ("zstd", "gzip")


@dataclass(frozen=True)
class MediaRange:
    """One range of an Accept header: parameters other than q are read and let pass."""

    kind: str
    subtype: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """How closely it names `media_type`: 2 exactly, 1 by type/*, 0 by */*, -1 not at all."""
        kind, _, subtype = media_type.partition("/")
        if (self.kind, self.subtype) == (kind, subtype):
            return 2
        if (self.kind, self.subtype) == (kind, "*"):
            return 1
        return 0 if (self.kind, self.subtype) == ("*", "*") else -1


def read_accept(header: str | None) -> list[MediaRange]:
    """The ranges that can be understood. One that doesn't parse, or that names a type no registry knows, is passed over."""
    ranges = []
    for part in _QUOTED.sub("", header or "").split(","):
        found = _RANGE.match(part)
        if not found:
            continue
        kind, subtype, parameters = found[1].lower(), found[2].lower(), found[3]
        if kind == "*" != subtype:
            continue
        if "*" not in (kind, subtype) and f"{kind}/{subtype}" not in _REGISTERED | _OURS:
            continue
        quality = _QUALITY.search(parameters)
        if quality is None and re.search(r";\s*q\s*=", parameters, re.IGNORECASE):
            continue
        ranges.append(MediaRange(kind, subtype, min(float(quality[1]), 1.0) if quality else 1.0))
    return ranges


def choose_format(accept: str | None, offered: Sequence[Format]) -> Format | None:
    """The offered format that `accept` likes best, the first one when it asks for nothing, None when it accepts none.

    A format is wanted by its media type or by an alias; an alias counts a little less, so that a browser's
    application/xml never outweighs its text/html.
    """
    ranges = read_accept(accept)
    if not ranges:
        return offered[0]
    best: tuple[float, int, int] | None = None
    chosen = None
    for index, form in enumerate(offered):
        for rank, media_type in enumerate((form.media_type, *form.aliases)):
            score, exact = _quality(ranges, media_type)
            if rank and exact < 2:
                continue
            order = (score, exact * 2 - min(rank, 1), -index)
            if score > 0 and (best is None or order > best):
                best, chosen = order, form
    return chosen


def _quality(ranges: Sequence[MediaRange], media_type: str) -> tuple[float, int]:
    """The quality that the most specific matching range gives, and that specificity (RFC 9110 §12.5.1)."""
    matching = [(r.specificity(media_type), r.quality) for r in ranges if r.specificity(media_type) >= 0]
    if not matching:
        return 0.0, -1
    specificity = max(s for s, _ in matching)
    return max(q for s, q in matching if s == specificity), specificity


def choose_language(asked: str | None, accept_language: str | None) -> str:
    """The interface language: `asked` where it is one of ours, else by Accept-Language, else French."""
    if asked in LANGUAGES:
        return asked
    scored: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        found = _LANGUAGE.match(part)
        if not found:
            continue
        quality = _QUALITY.search(found[2])
        score = float(quality[1]) if quality else 1.0
        primary = LANGUAGES[0] if found[1] == "*" else found[1].lower()
        if primary in LANGUAGES and score > 0:
            scored.append((score, -position, primary))
    return max(scored)[2] if scored else LANGUAGES[0]


@lru_cache(256)  # each request asks twice, and few headers are sent
def choose_coding(accept_encoding: str | None) -> str | None:
    """The content coding that the client likes best among ours, or None for none (RFC 9110 §12.5.3)."""
    qualities: dict[str, float] = {}
    for part in (accept_encoding or "").split(","):
        if found := _CODING.match(part):
            quality = _QUALITY.search(found[2])
            qualities[found[1].lower().removeprefix("x-")] = float(quality[1]) if quality else 1.0
    score, _, coding = max((qualities.get(coding, qualities.get("*", 0.0)), -index, coding) for index, coding in enumerate(CODINGS))
    return coding if score > 0 and score >= qualities.get("identity", 0.0) else None
