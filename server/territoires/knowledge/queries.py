"""The stored queries: .rq files with a header of comments, and parameters that are bound by terms, never by text.

A header line is `# key@lang: text` (title, description) or `# key: text`. A parameter is `VALUES ?name { <example> }`
inside the pattern, so that the file runs as it is in any SPARQL tool.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from territoires.errors import InvalidParameter, UnknownQuery
from territoires.files import query_files
from territoires.results import Term
from territoires.vocabulary import rebase

_HEADER = re.compile(r"^# (?P<key>[a-z]+)(?:@(?P<lang>[a-z]{2}))?: (?P<text>.+)$", re.MULTILINE)
_VALUES = re.compile(r"VALUES\s+\?(\w+)\s*\{[^{}]*\}")


@dataclass(frozen=True)
class StoredQuery:
    """A query of the library: `about` maps 'title@fr', 'description@en', … to text."""

    name: str
    text: str
    about: Mapping[str, str]

    def title(self, language: str) -> str:
        """The title in that language, else in French, else the name."""
        return self.about.get(f"title@{language}") or self.about.get("title@fr") or self.name

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the variables that a caller can bind."""
        declared = self.about.get("parameters", "")
        return tuple(declared.replace(",", " ").split())


class QueryLibrary:
    """The queries of one folder, rebased to the base of a release."""

    def __init__(self, home: Path, folder: str) -> None:
        self._queries = {path.stem: read_query(path) for path in query_files(home, folder)}

    def names(self) -> tuple[str, ...]:
        """The names, sorted."""
        return tuple(sorted(self._queries))

    def find(self, name: str) -> StoredQuery:
        """The query of that name. Raises UnknownQuery."""
        try:
            return self._queries[name]
        except KeyError:
            raise UnknownQuery("There is no query named %(name)s: known are %(known)s.", name=name, known=", ".join(self.names())) from None

    def text(self, name: str, base: str, **parameters: Sequence[Term]) -> str:
        """The query's text at `base`, each parameter bound to its terms."""
        return bind(rebase(self.find(name).text, base), parameters)

    def example(self, name: str, parameter: str, base: str) -> str:
        """A query for the example terms of a parameter."""
        text = rebase(self.find(name).text, base)
        block = next((found[0] for found in _VALUES.finditer(text) if found[1] == parameter), None)
        if block is None:
            raise InvalidParameter("The query has no parameter %(parameter)s.", parameter=parameter)
        prologue = "\n".join(line for line in text.splitlines() if line.upper().startswith(("PREFIX", "BASE")))
        return f"{prologue}\nSELECT ?{parameter} {{ {block} }}"


def read_query(path: Path) -> StoredQuery:
    """A query file with its header."""
    text = path.read_text(encoding="utf-8")
    about = {f"{m['key']}@{m['lang']}" if m["lang"] else m["key"]: m["text"].strip() for m in _HEADER.finditer(text)}
    return StoredQuery(path.stem, text, about)


def without_header(text: str) -> str:
    """A query's text without the lines of its header."""
    return _HEADER.sub("", text).lstrip("\n")


def bind(text: str, parameters: Mapping[str, Sequence[Term]]) -> str:
    """`text` with each VALUES block of a parameter filled with its terms, serialised. Raises InvalidParameter."""
    declared = set(_VALUES.findall(text))
    if unknown := set(parameters) - declared:
        raise InvalidParameter("The query has no parameter %(parameter)s.", parameter=", ".join(sorted(unknown)))

    def filled(match: re.Match[str]) -> str:
        name = match[1]
        if name not in parameters:
            return match[0]
        return f"VALUES ?{name} {{ {' '.join(str(term) for term in parameters[name])} }}"

    return _VALUES.sub(filled, text)
