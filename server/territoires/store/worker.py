"""A process that answers queries and can be killed: `python -m territoires.store.worker`.

The process that the pool starts, the *zygote*, holds the dataset and answers nothing. Each socket that it is handed it gives to a fork of
itself, a *worker*. A worker asks the kernel for its own end before each query (setitimer, whose SIGALRM is left at its default), so that
it ends at the deadline even inside the engine; a limit on its memory ends it alone. It also ends when its socket closes.
"""

import contextlib
import io
import json
import os
import resource
import signal
import socket
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, QueryTriples, RdfFormat, Store, serialize

from territoires.errors import QueryFailed, QuerySyntaxError, TerritoiresError
from territoires.results import PAGE, WHOLE, Dataset
from territoires.store.counting import Census
from territoires.store.embedded import EmbeddedStore, load_into_memory
from territoires.store.frames import CHUNK, END, FAULT, HEAD, FrameReader, Outbox, send_frame, told
from territoires.store.guard import check, without_calls
from territoires.store.rewriting import Rewritten, in_reading_order, rewrite
from territoires.vocabulary import prefixes_at
from territoires.xmltext import XmlWriter

_RECYCLED = 256 << 20  # bytes: a worker that has grown by so much ends after its answer


@dataclass(frozen=True)
class Specification:
    """What a zygote serves: a store on disk, kept in memory or read from there; the memory that one query may use, in bytes.

    Without a store it only reads queries: it tells their kind and what is wrong with them, and calls nobody.
    """

    store: str
    revision: str
    base: str
    in_memory: bool
    query_memory: int
    services: tuple[str, ...] = ()
    census: Census | None = None
    """What the default graph holds, where that is known."""

    def written(self) -> bytes:
        """As the zygote reads it from its socket: a command line takes no more than 128 KiB of one argument (execve(2))."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def read(cls, written: bytes) -> "Specification":
        """From what was written."""
        fields = json.loads(written)
        return cls(**{**fields, "census": Census(**fields["census"]) if fields["census"] else None})


def main() -> None:
    """The zygote: forks a worker for each socket that comes over standard input, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends its pool itself, when the queries that run have ended
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which a service manager may send to every process
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the workers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    control = socket.socket(fileno=0)
    try:
        first = FrameReader(control).read()  # nothing else is sent before the answer to it
    except EOFError:
        return
    assert first is not None
    specification = Specification.read(first.body)
    held = None
    if not specification.store:
        held = Store()
    elif specification.in_memory:
        held = load_into_memory(Path(specification.store))
    with contextlib.suppress(ConnectionError):
        control.sendall(b"R")
    fork_for_each(control, specification, held)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # whatever a server that was killed had left running


def fork_for_each(control: socket.socket, specification: Specification, held: Store | None) -> None:
    """Gives each socket that arrives to a new worker; returns when the server has closed its end."""
    while True:
        try:
            _, handed, _, _ = socket.recv_fds(control, 1, 1)
        except ConnectionError:
            return
        if not handed:
            return
        if os.fork() == 0:
            control.close()
            serve(socket.socket(fileno=handed[0]), specification, held)
            os._exit(0)
        os.close(handed[0])


def serve(connection: socket.socket, specification: Specification, held: Store | None) -> None:
    """A worker: one query after another, each under its deadline."""
    store = EmbeddedStore(Path(specification.store), specification.revision, specification.base, held)
    send_frame(connection, HEAD, json.dumps({"pid": os.getpid()}).encode())
    limit_memory(specification.query_memory)
    held_before = memory_used()
    most = held_before + _RECYCLED
    frames = FrameReader(connection)
    leaving = False
    while not leaving:
        if memory_used() > held_before:  # what earlier queries left behind isn't the next one's
            limit_memory(specification.query_memory)
            held_before = memory_used()
        try:
            frame = frames.read()
        except EOFError:
            return
        assert frame is not None
        request = frame.fields()
        signal.setitimer(signal.ITIMER_REAL, float(str(request["seconds"])))
        try:
            leaving = answer(connection, store, request, specification, most)
        except TerritoiresError as error:
            send_frame(connection, FAULT, told(error))
        except MemoryError:
            os._exit(1)
        except BrokenPipeError:
            os._exit(0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def memory_used() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def limit_memory(allowed: int) -> None:
    """Lets this process use `allowed` bytes more than it does now (getrlimit(2), RLIMIT_DATA)."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])
    limit = pages * resource.getpagesize() + allowed
    resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def answer(connection: socket.socket, store: EmbeddedStore, request: dict[str, object], specification: Specification, most: int) -> bool:
    """Runs one query and sends its answer: what kind it is, its bytes, its end; whether it was this worker's last, with `most` memory."""
    text, accept = request["text"], request["accept"]
    assert isinstance(text, str) and isinstance(accept, dict)
    started = time.perf_counter()
    check(text, specification.services)
    if not specification.store:
        text = without_calls(text, specification.services)
    default, named = request["default"], request["named"]
    assert isinstance(default, list) and isinstance(named, list)
    dataset = Dataset(tuple(default), tuple(named))
    rewritten = rewrite(text, specification.census if dataset == WHOLE else None) if request["rewriting"] else Rewritten(text)
    found = evaluate(store, text, rewritten, dataset)
    kind = kind_of(found)
    media_type = accept.get(kind)
    outbox = Outbox(connection)
    outbox.put(HEAD, json.dumps({"kind": kind, "media_type": media_type, "text": rewritten.text, "rules": rewritten.rules}).encode())
    more = False
    if media_type is not None:
        sender = io.BufferedWriter(outbox, CHUNK)  # type: ignore[type-var]
        try:
            if media_type == PAGE:
                more = write_first(found, int(str(request["first"])), sender)
            else:
                write(found, media_type, sender, prefixes_at(store.base))
        except RuntimeError as error:
            raise QueryFailed(str(error)) from error
        sender.flush()
    leaving = memory_used() > most
    outbox.put(END, json.dumps({"more": more, "work": time.perf_counter() - started, "leaving": leaving}).encode())
    outbox.send()
    return leaving


def evaluate(store: EmbeddedStore, text: str, rewritten: Rewritten, dataset: Dataset) -> QuerySolutions | QueryBoolean | QueryTriples:
    """The answer to the query as it was rewritten; what doesn't parse is told as it was sent."""
    if rewritten.rules:
        try:
            found = store.evaluate(rewritten.text, dataset)
        except QuerySyntaxError:
            store.evaluate(text, dataset)
            raise
    else:
        found = store.evaluate(text, dataset)
    if isinstance(found, QuerySolutions):
        ordered = in_reading_order(rewritten.text, [variable.value for variable in found.variables])
        return found if ordered == rewritten.text else store.evaluate(ordered, dataset)
    return found


def kind_of(found: QuerySolutions | QueryBoolean | QueryTriples) -> str:
    """Which of the three kinds of answer that is."""
    return "solutions" if isinstance(found, QuerySolutions) else "boolean" if isinstance(found, QueryBoolean) else "graph"


def write(found: QuerySolutions | QueryBoolean | QueryTriples, media_type: str, sender: BinaryIO, prefixes: dict[str, str]) -> None:
    """Writes the whole answer in the engine's own serialiser."""
    if isinstance(found, QueryTriples):
        form = RdfFormat.from_media_type(media_type)
        assert form is not None
        declared = form in (RdfFormat.TURTLE, RdfFormat.TRIG, RdfFormat.RDF_XML, RdfFormat.JSON_LD)
        target = XmlWriter(sender) if form == RdfFormat.RDF_XML else sender
        serialize(found, target, form, prefixes=prefixes if declared else None)  # type: ignore[arg-type]
    else:
        table = QueryResultsFormat.from_media_type(media_type)
        found.serialize(XmlWriter(sender) if table == QueryResultsFormat.XML else sender, table)  # type: ignore[arg-type]


def write_first(found: QuerySolutions | QueryBoolean | QueryTriples, count: int, sender: BinaryIO) -> bool:
    """Writes the first rows as TSV, the first triples as N-Triples, or a boolean as JSON; tells whether there are more."""
    if isinstance(found, QueryBoolean):
        found.serialize(sender, QueryResultsFormat.JSON)
        return False
    if isinstance(found, QueryTriples):
        serialize(list(islice(found, count)), sender, RdfFormat.N_TRIPLES)
    else:
        sender.write(("\t".join(str(variable) for variable in found.variables) + "\n").encode())
        for solution in islice(found, count):
            sender.write(("\t".join("" if term is None else str(term) for term in solution) + "\n").encode())
    return next(iter(found), None) is not None


if __name__ == "__main__":
    main()
