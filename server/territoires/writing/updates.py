"""What a submission changes: worked out on the work store, which is left as it was.

INSERT DATA and DELETE DATA, and what the Graph Store Protocol does, are compared with the store; every other operation is run on it by
the engine, and the graphs that it may write to are compared before and after. All operations of a request count, or none does.
"""

from collections.abc import Iterable, Iterator

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QuerySolutions,
    RdfFormat,
    Store,
    Variable,
    parse,
)

from territoires.errors import (
    InvalidParameter,
    NotInGraphStore,
    QueryFailed,
    QueryRefused,
    QuerySyntaxError,
    StoreUnavailable,
)
from territoires.results import WHOLE
from territoires.store.embedded import execution_error
from territoires.store.guard import syntax_error
from territoires.writing.commits import Change, change_of
from territoires.writing.cutting import ALL, Operation
from territoires.writing.live import merge_of
from territoires.writing.operations import operations
from territoires.writing.submissions import Submission
from territoires.writing.writable import GraphName, check_preconditions, check_writable, name_of, named


def change(store: Store, submission: Submission, merged: bool) -> Change:
    """What an update, put, post or delete changes in `store`; the store is as before when this returns, and when it raises.

    `merged` says that the default graph is the merge of the named ones. An update of one `graph` (PATCH) takes it for its default graph.
    Raises WriteRefused, PreconditionFailed, NotInGraphStore, InvalidParameter, QuerySyntaxError, QueryRefused, QueryFailed or
    StoreUnavailable.
    """
    try:
        if submission.kind == "update":
            return updated(store, submission, merged)
        return replaced(store, submission, merged)
    except OSError as error:
        raise StoreUnavailable(f"The store can't be written to: {error}") from error


def replaced(store: Store, submission: Submission, merged: bool) -> Change:
    """What PUT, POST or DELETE of a graph changes (SPARQL 1.1 Graph Store HTTP Protocol §5.3–§5.5)."""
    check_writable([submission.graph], submission, merged)
    graph = named(submission.graph)
    if submission.kind == "post" and not (submission.if_match or submission.if_none_match):  # a large graph needn't be read for it
        return change_of((), (quad for quad in contents(submission.content, graph) if quad not in store))
    before = set(store.quads_for_pattern(None, None, None, graph))
    check_preconditions(submission, before)
    if submission.kind == "delete":
        if not before and submission.graph:
            raise NotInGraphStore("There is no graph %(graph)s.", graph=submission.graph)
        return change_of(before, ())
    after = set(contents(submission.content, graph))
    if submission.kind == "post":
        return change_of((), after - before)
    return Change() if same(before, after) else change_of(before - after, after - before)


def contents(text: str, graph: NamedNode | DefaultGraph) -> Iterator[Quad]:
    """The quads of N-Triples put into a graph, in the terms that a store gives back (numbers by value)."""
    store = Store()
    try:
        triples = parse(text, format=RdfFormat.N_QUADS, rename_blank_nodes=False, without_named_graphs=True)
        store.extend(moved(each, graph) for each in triples)
    except SyntaxError as error:
        raise QuerySyntaxError(error.msg, error.lineno, error.offset) from error
    yield from store


def same(before: set[Quad], after: set[Quad]) -> bool:
    """Whether two contents of a graph differ in the labels of blank nodes only."""
    if len(before) != len(after):
        return False
    if before == after:
        return True
    blank = [sorted(str(quad.predicate) for quad in side if holds_blank(quad)) for side in (before, after)]
    if blank[0] != blank[1] or {quad for quad in before if not holds_blank(quad)} != {quad for quad in after if not holds_blank(quad)}:
        return False
    left, right = Dataset(before), Dataset(after)
    left.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    right.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return left == right


def holds_blank(quad: Quad) -> bool:
    """Whether a blank node stands in the quad; of a triple term that isn't looked at."""
    return isinstance(quad.subject, BlankNode) or not isinstance(quad.object, NamedNode | Literal)


def updated(store: Store, submission: Submission, merged: bool) -> Change:
    """What the operations of an update change together."""
    found = operations(submission.text, submission.base)
    if submission.graph:
        check_preconditions(submission, store.quads_for_pattern(None, None, None, named(submission.graph)))
        found = tuple(each.within(submission.graph) for each in found)
    if submission.using != WHOLE and any(each.sets_dataset for each in found):
        raise InvalidParameter("The dataset stands in the parameters (using-graph-uri) and in the update (USING, WITH): say it once.")
    for graph in (*submission.using.default, *submission.using.named):
        named(graph)
    work = Work(store, submission, merged)
    try:
        for number, each in enumerate(found, 1):
            try:
                work.run(each, last=number == len(found))
            except SyntaxError as error:
                raise syntax_error(str(error)) from error
            except (RuntimeError, ValueError) as error:
                raise failure(str(error), number) from error
        return work.change()
    finally:
        work.undo()


def failure(message: str, number: int) -> QueryRefused | QueryFailed:
    """What the engine says of an operation that it can't do, told with its number."""
    if "already exists" in message or "does not exist" in message:
        return QueryRefused("Operation %(number)s: %(why)s. SILENT lets that pass.", number=number, why=message.rstrip("."))
    if isinstance(execution_error(message), QueryRefused):
        return QueryRefused("Operation %(number)s: %(why)s", number=number, why=message)
    return QueryFailed("Operation %(number)s: %(why)s", number=number, why=message)


class Work:
    """An update that is being run: what each operation did to the store, so that it can be undone."""

    def __init__(self, store: Store, submission: Submission, merged: bool) -> None:
        self._store, self._submission, self._merged = store, submission, merged
        self._steps: list[Change] = []
        self._gone, self._come = set[Quad](), set[Quad]()
        self._known: dict[NamedNode | BlankNode, bool] = {}

    def run(self, operation: Operation, last: bool = False) -> None:
        """Does one operation; what is `last` needn't be seen in the store. Raises what `change` raises, and RuntimeError, ValueError."""
        if operation.kind in ("INSERT DATA", "DELETE DATA"):
            step = self._data(operation)
            self._note(step)
            if not last:
                self._steps.append(step)
                apply(self._store, step, self._merged)
            return
        graphs, choices = self._graphs(operation)
        before = self._read(graphs)
        text = operation.text(self._submission.using if operation.kind == "MODIFY" else WHOLE, choices)
        self._store.update(text, base_iri=operation.base or None)
        after = self._read(graphs)
        step = change_of(before - after, after - before)
        self._steps.append(step)
        self._note(step)
        if self._merged:
            follow(self._store, step)

    def change(self) -> Change:
        """What all operations did together."""
        return change_of(self._gone, self._come)

    def undo(self) -> None:
        """Brings the store back to where it was."""
        for step in reversed(self._steps):
            apply(self._store, step.inverse(), self._merged)
        for graph, known in self._known.items():
            if known:
                self._store.add_graph(graph)
            elif self._store.contains_named_graph(graph):
                self._store.remove_graph(graph)
        self._steps.clear()

    def _data(self, operation: Operation) -> Change:
        """What INSERT DATA or DELETE DATA changes (§3.1.1, §3.1.2): the engine reads its quads into an empty store."""
        aside, graph = Store(), named(self._submission.graph)
        aside.update(operation.text().replace("DELETE\nDATA", "INSERT\nDATA", 1), base_iri=operation.base or None)
        quads = [moved(quad, graph) if isinstance(quad.graph_name, DefaultGraph) else quad for quad in aside]
        check_writable(dict.fromkeys(name_of(quad.graph_name) for quad in quads), self._submission, self._merged)
        if operation.kind == "DELETE DATA":
            return change_of((quad for quad in quads if quad in self._store), ())
        for quad in quads:
            self._remember(quad.graph_name)
        return change_of((), (quad for quad in quads if quad not in self._store))

    def _graphs(self, operation: Operation) -> tuple[list[GraphName], list[str]]:
        """The graphs that an operation may write to, and among them those that its variables stand for. Raises WriteRefused."""
        found: list[GraphName] = [named(graph) for graph in sorted(operation.graphs)]
        if operation.every:
            found += self._store.named_graphs()
            found += [DefaultGraph()] if operation.every == ALL else []
        check_writable(map(name_of, found), self._submission, self._merged)
        chosen: dict[str, None] = {}
        for term in self._values(operation) if operation.variables else ():
            name = term.value if isinstance(term, NamedNode) else f"_:{term}"
            if name not in chosen:
                check_writable([name], self._submission, self._merged)
                chosen[name] = None
        found += [NamedNode(name) for name in chosen]
        for graph in found:
            self._remember(graph)
        return list(dict.fromkeys(found)), list(chosen)

    def _values(self, operation: Operation) -> Iterator[NamedNode | BlankNode]:
        """What the variables that stand for graphs are bound to by the WHERE; a literal is no graph (§3.1.3, note on illegal triples)."""
        solutions = self._store.query(
            operation.question(self._submission.using),
            base_iri=operation.base or None,
            default_graph=NamedNode(operation.standing) if operation.standing and not operation.using else None,
        )
        assert isinstance(solutions, QuerySolutions)
        for solution in solutions:
            for name in operation.variables:
                term = solution[Variable(name[1:])]
                if isinstance(term, NamedNode | BlankNode):
                    yield term

    def _remember(self, graph: GraphName) -> None:
        if not isinstance(graph, DefaultGraph):
            self._known.setdefault(graph, self._store.contains_named_graph(graph))

    def _read(self, graphs: Iterable[GraphName]) -> set[Quad]:
        return {quad for graph in graphs for quad in self._store.quads_for_pattern(None, None, None, graph)}

    def _note(self, step: Change) -> None:
        """Adds what an operation did to what was done."""
        for quads, here, there in ((step.removed, self._come, self._gone), (step.added, self._gone, self._come)):
            for quad in quads:
                if quad in here:
                    here.discard(quad)
                else:
                    there.add(quad)


def moved(quad: Quad, graph: NamedNode | DefaultGraph) -> Quad:
    """The quad's triple in another graph."""
    return Quad(quad.subject, quad.predicate, quad.object, graph)


def apply(store: Store, step: Change, merged: bool) -> None:
    """Does what a change says."""
    for quad in step.removed:
        store.remove(quad)
    store.extend(step.added)
    if merged:
        follow(store, step)


def follow(store: Store, step: Change) -> None:
    """Keeps the default graph the merge of the named ones, which have changed so."""
    for triple in map(merge_of, step.removed):
        held = store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        if all(isinstance(quad.graph_name, DefaultGraph) for quad in held):
            store.remove(triple)
    store.extend(map(merge_of, step.added))
