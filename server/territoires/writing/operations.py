"""The operations of a SPARQL 1.1 Update request (§3), and the graphs that each of them may write to.

The engine only ever gets the tokens that were read here, each on a line of its own: so no piece holds an operation that wasn't seen,
however the engine's own reading of a line may differ. What isn't understood for certain isn't run.
"""

import re
from collections.abc import Iterable

from pyoxigraph import Store

from territoires.errors import QueryRefused, QuerySyntaxError
from territoires.store.guard import refuse_depth, syntax_error
from territoires.store.tokens import Token, read_tokens
from territoires.writing.cutting import Operation, Reader, Unread, folded, rendered

_CALLS = ("SERVICE", "LOAD")
_ESCAPE = re.compile(r"\\\\|\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_IN_TEXTS = {"\n": "\\n", "\r": "\\r", '"': '\\"', "'": "\\'", "\\": "\\\\"}
_HERE = "error at 1:1: -"  # what the engine would say of the first token
_RENDERED = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def operations(text: str, base: str = "") -> tuple[Operation, ...]:
    """The operations of a request, in their order. `base` is what relative IRIs stand below where the request tells no other.

    Raises QuerySyntaxError with the place, and QueryRefused for what calls another host (SERVICE, LOAD without SILENT), nests too
    deeply, or holds what is not understood (RDF 1.2).
    """
    refuse_depth(text.replace("^^", ""))  # of a typed literal, which nests nothing
    text = decoded(text)
    tokens = read_tokens(text)
    if not tokens and text.strip() and re.search(r"^\s*[^#\s]", text, re.MULTILINE):
        raise unread(text, tokens, base, 0)
    if calls(tokens):
        raise QueryRefused("This service doesn't call other endpoints: leave out SERVICE and join the answers on your side.")
    reader = Reader(tokens, base)
    try:
        found = tuple(reader.operations())
    except (Unread, IndexError):
        raise unread(text, tokens, base, reader.index) from None
    if any(each.kind == "LOAD" and not each.silent for each in found):
        raise QueryRefused("This service fetches nothing (LOAD): send the triples by POST to /graph-store.")
    run = tuple(each for each in found if each.kind != "LOAD")
    for each in run:
        if fault := fault_of(text, [*each.prologue, *each.whole], base):
            raise fault
    if again := shared_blank(run):
        place = at_place(_HERE, text, [again])
        raise QuerySyntaxError("The blank node %(label)s stands in two operations", place.line, place.column, label=again.text)
    return run


def decoded(text: str) -> str:
    """The text with its escapes of code points replaced (SPARQL 1.1 Query §19.2); what would end a string stays escaped."""

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "\\\\" or int(found[1] or found[2], 16) > 0x10FFFF:
            return found[0]
        letter = chr(int(found[1] or found[2], 16))
        return _IN_TEXTS.get(letter, letter)

    return _ESCAPE.sub(replaced, text)


def calls(tokens: list[Token]) -> bool:
    """Whether there is a keyword SERVICE, also one that is written together with what follows, as the engine lets it be."""
    for index, token in enumerate(tokens):
        if token.kind == "word" and token.key.startswith("SERVICE"):
            return True
        if token.kind == "name" and token.text.upper().startswith("SERVICE") and index + 1 < len(tokens):
            if tokens[index + 1].text == "{" and (index == 0 or tokens[index - 1].key != "GRAPH"):
                return True
    return False


def shared_blank(found: Iterable[Operation]) -> Token | None:
    """A label of a blank node that stands in the data of two operations (note 10 of the grammar)."""
    seen = set[str]()
    for each in found:
        mine = [token for token in each.tokens if token.kind == "blank"] if each.kind == "INSERT DATA" else []
        if again := next((token for token in mine if token.text in seen), None):
            return again
        seen |= {token.text for token in mine}
    return None


def unread(text: str, tokens: list[Token], base: str, index: int) -> QuerySyntaxError:
    """What is wrong with a request that was read up to a token: the engine's own word, where asking it calls nobody."""
    named = [token.text.upper() for token in tokens if token.kind in ("word", "name")] or re.findall(r"\w+", text.upper())
    if not any(call in word for word in named for call in _CALLS):
        if fault := fault_of(text, tokens, base):
            return fault
    place = at_place(_HERE, text, tokens[index:] or tokens[-1:])
    return QuerySyntaxError(
        "This isn't understood: write it in SPARQL 1.1, with blanks between keywords and names",
        place.line,
        place.column,
    )


def fault_of(text: str, tokens: list[Token], base: str) -> QuerySyntaxError | None:
    """The engine's syntax error in the request, with its place in the text; it is asked of an empty store."""
    try:
        Store().update(rendered(tokens) if tokens else text, base_iri=base or None)
    except SyntaxError as error:
        return at_place(str(error), text, tokens)
    except (RuntimeError, OSError):  # it parses; what it says of an empty store is of no interest
        pass
    return None


def at_place(message: str, text: str, tokens: list[Token]) -> QuerySyntaxError:
    """A message on the rendered text, told of the text that was sent."""
    found = _RENDERED.match(message)
    if not (found and tokens):
        return syntax_error(message)
    line, column, detail = int(found[1]), int(found[2]), found[3]
    reached, place = 1, len(text)
    for token in folded(tokens):
        height = token.text.count("\n") + 1
        if line < reached + height:
            place = token.start + (column - 1 if line == reached else 0)
            break
        reached += height
    before = text[: min(place, len(text))]
    return syntax_error(f"error at {before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: {detail}")
