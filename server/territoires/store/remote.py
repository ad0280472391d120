"""A store on another host, asked by SPARQL 1.1 Protocol: Fuseki, Virtuoso, GraphDB, Oxigraph and the like.

A query is read here first, by the engine's own parser in a process that can be killed: what is wrong with it, what it is refused
for, and what kind of answer it has, are known before it goes out. What comes back goes on as it is where the client wants what
the store writes; it is converted otherwise, while it arrives.
"""

import contextlib
import logging
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from pyoxigraph import Triple

from territoires.errors import Overloaded, QueryStopped, QueryTimeout, StoreUnavailable, TerritoiresError
from territoires.results import PAGE, WHOLE, Answer, Dataset, Kind, Reply, Request, Row, Term, rows
from territoires.store import Figures
from territoires.store.conversion import converted, first_of, respelled
from territoires.store.dialect import CONVERTIBLE, Dialect, check_whole, refusal
from territoires.store.errand import AWAITED
from territoires.store.lane import Lane
from territoires.store.pool import OWN_SECONDS, Limits, Pool
from territoires.store.reading import READABLE, read_answer
from territoires.store.upstream import BrokenOff, Exchange, Host, following, pieces
from territoires.store.worker import Specification
from territoires.vocabulary import prefixes_at, rebase

logger = logging.getLogger(__name__)

_LOOK_EVERY = 2.0  # seconds between two looks at the revision
_LOOK_SECONDS = 5.0  # the deadline of a look


@dataclass(frozen=True)
class Remote:
    """Where the store is, and who we are to it."""

    address: str
    """Of its query endpoint."""
    user: str = ""
    password: str = field(default="", repr=False)
    default_graph: str = ""
    """The graph that stands for the default graph in a store that has none; a query is then given its dataset in full."""


@dataclass(frozen=True)
class State:
    """What the store says of the release that it holds; `graphs` only where a query is given its dataset in full."""

    revision: str
    base: str
    graphs: tuple[str, ...] = ()


class RemoteStore:
    """A `QueryService` over a store on another host.

    `release` is the query that finds ?revision and ?base in the store, `graphs` the one that finds each ?graph of its release,
    as the sources write them; `base` stands while the store can't be asked.
    """

    def __init__(
        self, remote: Remote, release: str, graphs: str, base: str, services: tuple[str, ...] = (), limits: Limits | None = None
    ) -> None:
        self.limits = limits or Limits()
        self.counts: Counter[str] = Counter()
        """What has happened: queries, timeouts, cancelled, stopped, refused, unavailable."""
        self._remote, self._release, self._graphs = remote, release, graphs
        lanes = self.limits.workers + self.limits.own_workers
        self._host = Host(remote.address, remote.user, remote.password, lanes + 1)
        self._parser = Pool(
            Specification("", "", base, True, 256 << 20, services),
            replace(self.limits, workers=lanes),
        )
        self._lanes = {
            "public": Lane(self.limits.workers, self.limits.waiting, self.limits.patience),
            "own": Lane(self.limits.own_workers, self.limits.waiting, self.limits.patience),
        }
        self._under_way: set[Exchange] = set()
        self._lock = threading.Lock()
        self._dialect = Dialect()
        self._closed = threading.Event()
        self._state = State("", base)
        self._fault: str | None = None
        self._look()
        threading.Thread(target=self._watch, name="remote-watch", daemon=True).start()
        threading.Thread(target=self._follow, name="remote-follow", daemon=True).start()

    # -- what is asked of it

    @property
    def revision(self) -> str:
        """The revision that the store said it holds when it was last asked, a few seconds ago; empty before it has said one."""
        return self._state.revision

    @property
    def base(self) -> str:
        """The base of the own IRIs in what it holds."""
        return self._state.base

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query of our own."""
        try:
            return read_answer(self._reply(Request(text, dataset, READABLE, OWN_SECONDS), "own"))
        except SyntaxError as error:
            raise QueryStopped("The store's answer isn't readable: %(why)s", why=str(error)) from error

    def run(self, request: Request) -> Reply:
        """Answers somebody's query."""
        return self._reply(request, "public")

    def ready(self) -> str | None:
        """What keeps it from answering now, or None."""
        if self._closed.is_set():
            return "it is closed"
        return self._fault or self._parser.ready()

    def figures(self) -> Figures:
        """How many queries run and wait, and what has happened."""
        lanes = self._lanes.values()
        running, waiting = sum(lane.running for lane in lanes), sum(lane.waiting for lane in lanes)
        return Figures(dict(self.counts), running, waiting, 0, self._parser.figures().processes)

    def close(self) -> None:
        """Ends it; queries that run are cut off."""
        self._closed.set()
        with self._lock:
            under_way = list(self._under_way)
        for exchange in under_way:
            exchange.cut()
        self._parser.close()
        self._host.close()

    # -- what the store holds

    def _look(self) -> None:
        """Reads what the store says of its release."""
        try:
            held = {text_of(row["base"]): text_of(row["revision"]) for row in self._ask(self._release)}
            base = self._state.base if self._state.base in held or len(held) != 1 else next(iter(held))
            if base not in held:
                raise StoreUnavailable(
                    f"{self._remote.address} holds {'several releases, none' if held else 'no whole release'} at {base}: "
                    "run `territoires load`."
                )
            if held[base] != self._state.revision:
                graphs: tuple[str, ...] = ()
                if self._remote.default_graph:
                    graphs = tuple(sorted(text_of(row["graph"]) for row in self._ask(rebase(self._graphs, base))))
                self._state = State(held[base], base, graphs)
        except TerritoiresError as error:
            if str(error) != self._fault:
                logger.error("%s", error)
            self._fault = str(error)
        else:
            self._fault = None

    def _ask(self, text: str) -> list[Row]:
        """The rows of a query about the store itself, asked of all its graphs."""
        with contextlib.ExitStack() as end:
            request = Request(text, WHOLE, READABLE, _LOOK_SECONDS)
            return list(rows(read_answer(self._open(request, "solutions", [("query", text)], end.pop_all()))))

    def _follow(self) -> None:
        """Looks at the revision from time to time."""
        while not self._closed.wait(_LOOK_EVERY):
            self._look()

    def _watch(self) -> None:
        """Cuts off what has reached its deadline."""
        while not self._closed.wait(0.1):
            now = time.monotonic()
            with self._lock:
                late = [exchange for exchange in self._under_way if now >= exchange.deadline]
            for exchange in late:
                exchange.cut()

    # -- how a query is answered

    def _reply(self, request: Request, lane: str) -> Reply:
        """Reads the query, sends it, and begins the reply."""
        began, waited = time.monotonic(), 0.0
        self.counts["queries"] += 1
        try:
            kind = self._parser.run(replace(request, accept={}, rewriting=False)).kind
            if kind not in request.accept:
                return Reply(kind, None, iter((b"",)), b"", work=time.monotonic() - began)
            with contextlib.ExitStack() as end:
                asked = time.monotonic()
                try:
                    self._lanes[lane].enter()
                finally:
                    waited = time.monotonic() - asked
                end.callback(self._lanes[lane].leave)
                sent = self._dialect.parameters(request.text, request.dataset, self.base, self._remote.default_graph, self._state.graphs)
                reply = self._open(request, kind, sent, end.pop_all(), began)
            reply.work = time.monotonic() - began - waited
            return reply
        except TerritoiresError as error:
            error.work = time.monotonic() - began - waited
            self.counts["refused"] += isinstance(error, Overloaded)
            self.counts["unavailable"] += isinstance(error, StoreUnavailable)
            raise

    def _open(
        self, request: Request, kind: Kind, parameters: list[tuple[str, str]], end: contextlib.ExitStack, began: float | None = None
    ) -> Reply:
        """Sends a query and begins the reply; what is short is awaited, so that a fault comes as an exception. Then `end` is closed."""
        began = time.monotonic() if began is None else began
        exchange = Exchange(began + request.seconds)
        with self._lock:
            self._under_way.add(exchange)
        end.callback(self._forget, exchange)
        request.cancellation.watch(exchange.cut)
        end.callback(request.cancellation.watch, None)
        wanted = request.accept[kind]
        reply = Reply(kind, wanted, iter(()))
        chunks = self._chunks(reply, request, exchange, parameters, end)
        gathered: list[bytes] = []
        size = 0
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size > AWAITED:
                reply.chunks = following(gathered, chunks)
                return reply
        reply.whole = b"".join(gathered)
        reply.chunks = iter((reply.whole,))
        return reply

    def _forget(self, exchange: Exchange) -> None:
        with self._lock:
            self._under_way.discard(exchange)

    def _chunks(
        self, reply: Reply, request: Request, exchange: Exchange, parameters: list[tuple[str, str]], end: contextlib.ExitStack
    ) -> Generator[bytes]:
        """The answer in the media type that is wanted, as it arrives; the exchange is cut off where the reader leaves before its end."""
        whole = False
        try:
            yield from self._written(reply, request, exchange, parameters)
            whole = True
        except BrokenOff as error:
            raise self._broken(request, exchange, error) from error
        finally:
            if not whole:
                exchange.cut()
            end.close()

    def _written(self, reply: Reply, request: Request, exchange: Exchange, parameters: list[tuple[str, str]]) -> Iterator[bytes]:
        """As `_chunks`. Raises BrokenOff."""
        kind, wanted = reply.kind, request.accept[reply.kind]
        headers = {"Accept": self._dialect.accept(kind, wanted), "Content-Type": "application/x-www-form-urlencoded"}
        response = self._host.send(exchange, "POST", headers, urlencode(parameters).encode())
        self._dialect = Dialect(response.headers.get("Server", ""))
        if response.status != 200:
            error = refusal(response, self._remote.address, request.seconds)
            self.counts["timeouts"] += isinstance(error, QueryTimeout)
            raise error
        check_whole(response)
        arrives = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        body = respelled(pieces(response), self._dialect.spellings(arrives))
        if arrives == wanted and wanted in self._dialect.passed(kind):
            yield from body
            return
        if arrives not in CONVERTIBLE:
            response.close()
            raise StoreUnavailable(f"{self._remote.address} answers in {arrives or 'a format that it does not name'}: no SPARQL endpoint?")
        if wanted == PAGE:
            with contextlib.closing(body):
                shown, reply.more = first_of(body, kind, arrives, request.first)
            yield shown
        else:
            yield from converted(body, kind, arrives, wanted, prefixes_at(self.base))

    def _broken(self, request: Request, exchange: Exchange, error: BrokenOff) -> TerritoiresError:
        """Why an exchange has ended before its answer was whole."""
        if request.cancellation.cancelled:
            self.counts["cancelled"] += 1
            return QueryStopped("Nobody waits for the answer any more.")
        if self._closed.is_set():
            return StoreUnavailable("The store is being closed.")
        if exchange.left <= 0:
            self.counts["timeouts"] += 1
            return QueryTimeout(
                "The query was ended at its deadline of %(seconds)s seconds: ask for less, or add the parameter timeout.", request.seconds
            )
        self.counts["stopped"] += 1
        return QueryStopped("The store broke off its answer. %(said)s", said=error.args[0] if error.args else "")


def text_of(term: Term) -> str:
    """The IRI, or the text of a literal."""
    return "" if isinstance(term, Triple) else term.value
