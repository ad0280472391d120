"""Lines of N-Triples, written as text: a million of them is too much to make objects of."""

from functools import lru_cache

from territoires.vocabulary import CANONICAL_BASE, iri

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


def own(path: str) -> str:
    """An IRI of ours, by its path below the canonical base."""
    return f"<{CANONICAL_BASE}{path}>"


@lru_cache(512)
def term(name: str) -> str:
    """A term of a known vocabulary by its prefixed name, or an IRI."""
    return f"<{name if '://' in name else iri(name)}>"


def literal(text: str, datatype: str = "", language: str = "") -> str:
    """A literal."""
    suffix = f"@{language}" if language else f"^^{term(datatype)}" if datatype else ""
    return f'"{text.translate(_ESCAPES)}"{suffix}'


def triple(subject: str, predicate: str, value: str) -> str:
    """A line; the predicate as a prefixed name or an IRI."""
    return f"{subject} {term(predicate)} {value} .\n"
