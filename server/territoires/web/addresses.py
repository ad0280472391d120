"""Between IRIs of the graph and addresses on this host.

An own IRI is base + path. Things (`id/`, `scheme/`, `source/`, `graph/`) answer 303 and their documents stand below
/doc/ (Cool URIs for the Semantic Web §4.2); a term `def#X` is an anchor of the page /def.
"""

import unicodedata
from urllib.parse import quote

from territoires.formats import Format

_NOT_IN_IRI = set(' <>"{}|\\^`%') | {chr(code) for code in range(0x20)} | {chr(0x7F)}
THINGS = ("id", "scheme", "source", "graph")


def iri_candidates(base: str, path: str) -> list[str]:
    """The IRIs that a percent-decoded request path can mean, the likeliest first.

    A server has decoded the path once, so that %2F is a slash by now: the second guess takes it back inside the last name.
    """
    plain = "".join(quote(c) if c in _NOT_IN_IRI else c for c in unicodedata.normalize("NFC", path))
    parts = plain.split("/")
    guesses = [plain, quote(plain, safe="/:@!$&'()*+,;=%~")]
    guesses += ["/".join([*parts[:first], "%2F".join(parts[first:])]) for first in (2, 1) if len(parts) > first + 1]
    return [base + guess for guess in dict.fromkeys(guesses)]


def thing_path(document: str) -> str:
    """The path of the thing that /doc/`document` describes, below the base."""
    return document if document.partition("/")[0] in THINGS[1:] else f"id/{document}"


def document_path(iri: str, base: str) -> str:
    """The path of the document on an own IRI, without suffix, in ASCII."""
    local = iri.removeprefix(base)
    return "/doc/" + quote(local.removeprefix("id/"), safe="/:@!$&'()*+,;=~%")


def address(iri: str, base: str, root: str = "") -> str:
    """Where a reader on this host finds `iri`: a local path for an own IRI, else the IRI itself if it is a web address."""
    if iri.startswith(base):
        local = iri.removeprefix(base)
        first = local.partition("/")[0]
        if first in THINGS or local in ("def", "shapes") or local.startswith(("def#", "def/", "shapes#")):
            return f"{root}/{quote(local, safe='/#:@!$&()*+,;=~%')}"
    return iri if iri.startswith(("http://", "https://")) else ""


def split_extension(path: str, offered: tuple[Format, ...]) -> tuple[str, Format | None]:
    """`path` without its last suffix and the format that the suffix names; only known suffixes are taken off."""
    stem, dot, suffix = path.rpartition(".")
    form = next((f for f in offered if dot and f.name == suffix), None)
    return (stem, form) if form and stem else (path, None)
