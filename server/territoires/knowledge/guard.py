"""Refuses, before execution, what would make the service call another host (SPARQL 1.1 Federated Query).

The engine's own parser says whether SERVICE is a keyword: a query that only mentions the word, in a text or a name, still
parses when the word is another one.
"""

import re

from pyoxigraph import Store

from territoires.errors import QueryRefused
from territoires.store.embedded import syntax_error

_WORD = "".join(rf"(?:{c}|\\u(?:0000)?00(?:{ord(c):x}|{ord(c.upper()):x}))" for c in "service")
_SERVICE = re.compile(_WORD, re.IGNORECASE)
_CALL = re.compile(rf"{_WORD}(?:\s*SILENT)?", re.IGNORECASE)


def refuse_federation(text: str) -> None:
    """Raises QueryRefused when `text` holds the keyword SERVICE, QuerySyntaxError when it holds the word and doesn't parse."""
    if not _SERVICE.search(text):
        return
    fault = parse_fault(_SERVICE.sub("servicx", text))
    if fault is None:
        return
    if parse_fault(_CALL.sub("GRAPH", text)) is None:
        raise QueryRefused("This service doesn't call other endpoints: leave out SERVICE and join the answers on your side.")
    raise syntax_error(fault)


def parse_fault(text: str) -> str | None:
    """What the parser finds wrong with a query that is free of SERVICE; it is asked of an empty store."""
    try:
        Store().query(text, base_iri="http://localhost/")
    except SyntaxError as error:
        return str(error)
    except RuntimeError:  # it parses, and asks for a function that nobody knows
        pass
    return None
