"""SPARQL text as tokens with matched brackets: enough to find a piece of a query, without a parser."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

DEEPEST = 100  # nested brackets in a text that is still read

_IRI = r'<[^<>"{}|^`\\\x00-\x20]*>'
_PREFIX = r"(?:[^\W\d_](?:[\w.-]*[\w-])?)?:"
_LOCAL = r"(?:[\w:]|%[0-9A-Fa-f]{2}|\\[^\w\s])(?:[\w:-]|%[0-9A-Fa-f]{2}|\\[^\w\s]|\.+(?=[\w:%\\-]))*"
_NAME = rf"{_PREFIX}(?:{_LOCAL})?"
_STRING = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|' r"'''(?:[^'\\]|\\.|'(?!''))*'''|" r'"(?:[^"\\\r\n]|\\.)*"|' r"'(?:[^'\\\r\n]|\\.)*'"
)  # the four forms of a string
_TOKEN = re.compile(
    rf"(?P<space>\s+|\#[^\r\n]*)|(?P<literal>(?:{_STRING})(?:@[A-Za-z]+(?:-[A-Za-z0-9]+)*|\^\^(?:{_IRI}|{_NAME}))?)"
    rf"|(?P<iri>{_IRI})|(?P<variable>[?$]\w+)|(?P<blank>_:\w(?:[\w.-]*[\w-])?)|(?P<name>{_NAME})|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<number>[+-]?(?:\d+\.?\d*[eE][+-]?\d+|\.\d+[eE][+-]?\d+|\d*\.\d+|\d+))"
    r"|(?P<sign>\^\^|&&|\|\||[!<>]=|\{(?!\|)|\|(?!\})|<(?!<)|>(?!>)|[}()\[\].;,/*+?!=^-])",
    re.DOTALL,
)
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\[uU]")  # a code point; not a backslash that is escaped, and a letter
_PAIRS = {"{": "}", "(": ")", "[": "]"}
_IN_COMPARISONS = frozenset("?$&()'")  # an IRI in parentheses that holds one of these may be what stands between `<` and `>`


@dataclass(frozen=True)
class Token:
    """A token, where it stands in the text, and the index of the token that closes or opens the bracket, or -1."""

    kind: str
    text: str
    start: int
    end: int
    pair: int = -1

    @property
    def key(self) -> str:
        """What it is compared by: a keyword in capitals, a variable as `?name`, everything else as it is written."""
        return self.text.upper() if self.kind == "word" else f"?{self.text[1:]}" if self.kind == "variable" else self.text

    @property
    def opens(self) -> bool:
        """Whether it is an opening bracket."""
        return self.text in _PAIRS


def read_tokens(text: str) -> list[Token]:
    """The tokens of a text, spaces and comments left out; none at all when part of it is not understood.

    Escapes of code points come before tokens (SPARQL 1.1 Query §19.2) and are not understood, nor is what only RDF 1.2 has.
    """
    found, position = list[Token](), 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match or not match.lastgroup or _ESCAPED.search(match[0]):
            return []
        position = match.end()
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], match.start(), position))
    return paired(found)


def paired(tokens: list[Token]) -> list[Token]:
    """The tokens with each bracket's counterpart; none when brackets don't match or nest too deeply."""
    found, opened, parentheses = list(tokens), list[int](), 0
    for index, token in enumerate(tokens):
        if token.opens and len(opened) < DEEPEST:
            opened.append(index)
            parentheses += token.text == "("
        elif token.opens or (token.kind == "iri" and parentheses and not _IN_COMPARISONS.isdisjoint(token.text)):
            return []
        elif token.text in _PAIRS.values():
            if not opened or _PAIRS[tokens[opened[-1]].text] != token.text:
                return []
            other = opened.pop()
            parentheses -= token.text == ")"
            found[index], found[other] = replace(token, pair=other), replace(tokens[other], pair=index)
    return [] if opened else found


def variables_in(tokens: Iterable[Token]) -> set[str]:
    """The variables among the tokens, as `?name`."""
    return {token.key for token in tokens if token.kind == "variable"}
