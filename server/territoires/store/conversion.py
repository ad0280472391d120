"""Writes a store's answer in another format while it arrives: parsed and serialised in Rust, in bounded memory."""

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import BinaryIO

from pyoxigraph import (
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)

from territoires.results import Kind
from territoires.store.upstream import BrokenOff
from territoires.xmltext import XmlWriter

_PIECE = 1 << 16  # bytes: what is gathered before it is handed on
_AHEAD = 8  # pieces that may wait for their reader


class Arriving(io.RawIOBase):
    """A file over pieces that arrive, for the engine's parsers."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes of what has arrived; empty at the end."""
        if size < 0:
            found = bytes(self._rest) + b"".join(self._pieces)
            self._rest = memoryview(b"")
            return found
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        found, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return found


class _Outlet(io.RawIOBase):
    """A file that the engine writes to: what is written waits in a queue, as long as somebody wants it."""

    def __init__(self, waiting: queue.Queue[bytes | BaseException | None]) -> None:
        self._waiting = waiting
        self.unwanted = False

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Hands a piece on. Raises BrokenPipeError when nobody wants more."""
        body = bytes(data)
        while body:
            if self.unwanted:
                raise BrokenPipeError
            try:
                self._waiting.put(body, timeout=0.2)
                break
            except queue.Full:
                continue
        return len(body)


def converted(pieces: Generator[bytes], kind: Kind, arrives: str, wanted: str, prefixes: dict[str, str]) -> Iterator[bytes]:
    """An answer that arrives in one media type, written in another.

    Raises BrokenOff when what arrives can't be read to its end, FormatRefused when it holds what the format can't.
    """

    def produce(output: BinaryIO) -> None:
        with contextlib.closing(pieces):
            if kind == "graph":
                form = RdfFormat.from_media_type(wanted)
                assert form is not None
                declared = form in (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML, RdfFormat.JSON_LD)
                target = XmlWriter(output) if form == RdfFormat.RDF_XML else output
                serialize(read_triples(pieces, arrives), target, form, prefixes=prefixes if declared else None)  # type: ignore[arg-type]
            else:
                table = QueryResultsFormat.from_media_type(wanted)
                target = XmlWriter(output) if table == QueryResultsFormat.XML else output
                read_results(pieces, arrives).serialize(target, table)  # type: ignore[arg-type]

    return piped(produce)


def first_of(pieces: Generator[bytes], kind: Kind, arrives: str, count: int) -> tuple[bytes, bool]:
    """What a page shows of an answer (see results.PAGE), and whether there is more. Raises BrokenOff."""
    if kind == "graph":
        triples = read_triples(pieces, arrives)
        shown = serialize(list(islice(triples, count)), format=RdfFormat.N_TRIPLES)
        assert shown is not None
        return shown, next(triples, None) is not None
    found = read_results(pieces, arrives)
    if isinstance(found, QueryBoolean):
        written: bytes | None = found.serialize(format=QueryResultsFormat.JSON)
        assert written is not None
        return written, False
    lines = ["\t".join(str(variable) for variable in found.variables)]
    try:
        lines += ["\t".join("" if term is None else str(term) for term in solution) for solution in islice(found, count)]
        more = next(found, None) is not None
    except (SyntaxError, ValueError) as error:
        raise BrokenOff(f"It isn't readable: {error}") from error
    return "".join(f"{line}\n" for line in lines).encode(), more


def read_results(pieces: Iterator[bytes], arrives: str) -> QuerySolutions | QueryBoolean:
    """Solutions or a boolean, read as they arrive. Raises BrokenOff."""
    form = QueryResultsFormat.from_media_type(arrives)
    try:
        return parse_query_results(Arriving(pieces), form)  # type: ignore[arg-type]
    except (SyntaxError, ValueError) as error:
        raise BrokenOff(f"It isn't readable: {error}") from error


def read_triples(pieces: Iterator[bytes], arrives: str) -> Iterator[Triple]:
    """Triples, read as they arrive. Raises BrokenOff."""
    form = RdfFormat.from_media_type(arrives)
    try:
        for quad in parse(Arriving(pieces), form, base_iri="http://localhost/"):  # type: ignore[arg-type]
            yield Triple(quad.subject, quad.predicate, quad.object)
    except (SyntaxError, ValueError) as error:
        raise BrokenOff(f"It isn't readable: {error}") from error


def piped(produce: Callable[[BinaryIO], None]) -> Iterator[bytes]:
    """What `produce` writes to its file, piece by piece, from a thread of its own; it waits when the reader does."""
    waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
    outlet = _Outlet(waiting)

    def work() -> None:
        ended: BaseException | None = None
        try:
            output = io.BufferedWriter(outlet, _PIECE)  # type: ignore[type-var]
            produce(output)
            output.flush()
        except (SyntaxError, ValueError) as error:
            ended = BrokenOff(f"It isn't readable: {error}")
            ended.__cause__ = error
        except BaseException as error:
            ended = error
        while not outlet.unwanted:
            try:
                waiting.put(ended, timeout=0.2)
                break
            except queue.Full:
                continue
        ended = None  # its traceback holds this frame

    worker = threading.Thread(target=work, name="conversion", daemon=True)
    worker.start()
    try:
        while isinstance(piece := waiting.get(), bytes):
            yield piece
        if piece is not None:
            raise piece
    finally:
        outlet.unwanted = True


def respelled(pieces: Generator[bytes], spellings: tuple[tuple[bytes, bytes], ...]) -> Generator[bytes]:
    """What arrives with some words changed: (wrong, right), each wrong one with a single "<", at its beginning."""
    longest = max((len(wrong) for wrong, _ in spellings), default=0)
    kept = b""
    with contextlib.closing(pieces):
        for piece in pieces:
            body = kept + piece
            for wrong, right in spellings:
                body = body.replace(wrong, right)
            cut = body.rfind(b"<", max(0, len(body) - longest)) if longest else -1
            cut = len(body) if cut < 0 else cut
            kept = body[cut:]
            if cut:
                yield body[:cut]
        if kept:
            yield kept
