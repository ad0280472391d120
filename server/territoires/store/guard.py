"""Refuses a query before execution: what would call another host (SPARQL 1.1 Federated Query), and what would break the parser.

The engine's own parser says whether SERVICE is a keyword: a query that only mentions the word, in a text or a name, still
parses when the word is another one.
"""

import re
from collections.abc import Sequence

from pyoxigraph import Store

from territoires.errors import QueryRefused, QuerySyntaxError

DEEPEST = 100  # nested brackets; the engine's parser ends the process at some thousand, and needs seconds for 100 collections
MOST_OPERATORS = 5_000  # UNIONs and arithmetic signs, each of which nests the parser's tree by one
_WORD = "".join(rf"(?:{c}|\\u(?:0000)?00(?:{ord(c):x}|{ord(c.upper()):x}))" for c in "service")
_SERVICE = re.compile(_WORD, re.IGNORECASE)
_CALL = re.compile(rf"{_WORD}(?:\s*SILENT)?", re.IGNORECASE)
_POSITION = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_BARE = re.compile(r"(?<![:@\w])[^\W\d]\w*")
_ABSOLUTE = re.compile(r"<[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>"{}|^`\\\s]*>|#[^\n]*'
    r"|[?$]\w+|[^\W\d][\w.-]*:[\w.:~%-]*"
    r"|(?P<open>[{(\[])|(?P<close>[})\]])|(?P<operator>\bUNION\b|\|\||&&|[+*/|^!-])",
    re.IGNORECASE | re.DOTALL,
)


def check(text: str, services: Sequence[str] = ()) -> None:
    """Raises QueryRefused for a query that is too deep or calls an endpoint that isn't among `services`."""
    refuse_depth(text)
    refuse_federation(text, services)


def refuse_depth(text: str) -> None:
    """Raises QueryRefused when brackets nest too deeply or operators are too many for the engine's recursive parser."""
    depth = operators = 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            depth += 1
            if depth > DEEPEST:
                raise QueryRefused(
                    "The brackets of this query nest more than %(most)s deep: write it flatter, or as several queries.", most=DEEPEST
                )
        elif token["close"]:
            depth -= 1
        elif token["operator"]:
            operators += 1
    if operators > MOST_OPERATORS:
        raise QueryRefused("This query holds more than %(most)s operators: put a list of values into VALUES.", most=MOST_OPERATORS)


def refuse_federation(text: str, services: Sequence[str] = ()) -> None:
    """Raises QueryRefused when `text` holds the keyword SERVICE, QuerySyntaxError when it holds the word and doesn't parse."""
    if not _SERVICE.search(text):
        return
    text = without_calls(text, services)
    fault = parse_fault(_SERVICE.sub("servicx", text))
    if fault is None:
        return
    if parse_fault(_CALL.sub("GRAPH", text)) is None:
        if services:
            raise QueryRefused("This service calls no other endpoints than %(services)s.", services=", ".join(services))
        raise QueryRefused("This service doesn't call other endpoints: leave out SERVICE and join the answers on your side.")
    raise syntax_error(fault)


def without_calls(text: str, services: Sequence[str]) -> str:
    """The query with each call of an allowed endpoint turned into a pattern of the same shape that calls nobody."""
    for allowed in services:
        text = re.sub(rf"\bSERVICE\s+(?:SILENT\s+)?<{re.escape(allowed)}>", "GRAPH <urn:allowed>", text, flags=re.IGNORECASE)
    return text


def words(text: str) -> set[str]:
    """The words of a query that are no text, name, variable or comment, upper case: its keywords and the names of its functions."""
    return set(_BARE.findall(_TOKEN.sub(" ", text).upper()))


def has_relative_iri(text: str) -> bool:
    """Whether a query seems to hold an IRI that stands below a base; a comparison may look like one."""
    return any(token[0].startswith("<") and not _ABSOLUTE.match(token[0]) for token in _TOKEN.finditer(text))


def parse_fault(text: str) -> str | None:
    """What the parser finds wrong with a query that is free of SERVICE; it is asked of an empty store."""
    try:
        Store().query(text, base_iri="http://localhost/")
    except SyntaxError as error:
        return str(error)
    except RuntimeError:  # it parses, and asks for a function that nobody knows
        pass
    return None


def syntax_error(message: str) -> QuerySyntaxError:
    """The engine's message with its position taken out: 'error at 2:9: expected …'."""
    found = _POSITION.match(message)
    if not found:
        return QuerySyntaxError(message)
    line, column, detail = found.groups()
    if "Prefix not found" in detail:
        return QuerySyntaxError("Prefix not found: declare it with PREFIX", int(line), int(column))
    detail = " ".join(detail.split())
    return QuerySyntaxError(detail, int(line), int(column))
