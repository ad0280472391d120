"""Cuts a SPARQL 1.1 Update request into its operations, by tokens, and tells which graphs each may write to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pyoxigraph import NamedNode, Store

from territoires.results import WHOLE, Dataset
from territoires.store.tokens import Token, variables_in

DEFAULT = ""
"""The default graph among graph IRIs."""
NAMED, ALL = "NAMED", "ALL"
_MANAGED = ("CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "LOAD")
_TERMS = ("iri", "name")
_GLUED = ("BNODE", "CONCAT", "COALESCE")  # functions whose bracket the engine wants beside them
Tokens = tuple[Token, ...]


class Unread(Exception):
    """A token that doesn't stand where this reader knows it to stand."""


@dataclass(frozen=True)
class Operation:
    """One operation, ready to be run by itself."""

    kind: str
    """INSERT DATA, DELETE DATA, MODIFY (DELETE and INSERT with WHERE, DELETE WHERE), or a keyword of graph management (§3.2)."""
    base: str
    prologue: Tokens
    tokens: Tokens
    """Of a MODIFY those of its WHERE, with the braces."""
    graphs: frozenset[str] = frozenset()
    """The graphs that it names where it writes, by absolute IRI; DEFAULT."""
    every: str = ""
    """NAMED or ALL, where it is on all such graphs."""
    silent: bool = False
    standing: str = ""
    """The graph of WITH, by absolute IRI."""
    deleted: Tokens = ()
    inserted: Tokens = ()
    """The templates, with their braces."""
    using: Tokens = ()
    """The clauses USING."""
    variables: tuple[str, ...] = ()
    """The variables that stand for graphs in the templates."""
    whole: Tokens = ()
    """All its tokens, as they were sent."""

    def text(self, dataset: Dataset = WHOLE, choices: Iterable[str] = ()) -> str:
        """The text that the engine is given. `dataset` is that of the request; ?g in GRAPH of a template takes only the `choices`."""
        if self.kind != "MODIFY":
            return rendered((*self.prologue, *self.tokens))
        where = rendered(self.tokens)
        if self.variables:
            among = f"IN ({', '.join(f'<{iri}>' for iri in choices)})"
            tests = (f"(!BOUND({name}) || isLITERAL({name}) || {name} {among})" for name in self.variables)
            where = f"{{\n{where}\nFILTER({' && '.join(tests)})\n}}"
        parts = [rendered(self.prologue)]
        parts += [f"WITH <{self.standing}>"] if self.standing else []
        parts += [f"{word}\n{rendered(block)}" for word, block in (("DELETE", self.deleted), ("INSERT", self.inserted)) if block]
        clauses = [f"USING <{iri}>" for iri in dataset.default] + [f"USING NAMED <{iri}>" for iri in dataset.named]
        return "\n".join([*parts, rendered(self.using), *clauses, "WHERE", where])

    def question(self, dataset: Dataset) -> str:
        """The query for the graphs that its WHERE gives its templates."""
        clauses = rendered(self.using).replace("USING", "FROM")
        more = [f"FROM <{iri}>" for iri in dataset.default] + [f"FROM NAMED <{iri}>" for iri in dataset.named]
        names = " ".join(self.variables)
        return "\n".join([rendered(self.prologue), f"SELECT DISTINCT {names}", clauses, *more, "WHERE", rendered(self.tokens)])

    def within(self, graph: str) -> "Operation":
        """The operation with that graph as its default graph, where it names none itself."""
        if self.kind != "MODIFY" or self.standing:
            return self
        return replace(self, standing=graph, graphs=frozenset(each or graph for each in self.graphs))

    @property
    def sets_dataset(self) -> bool:
        """Whether it names its dataset itself, by WITH or USING."""
        return bool(self.standing or self.using)


def rendered(tokens: Iterable[Token]) -> str:
    """The tokens, each on a line of its own."""
    return "\n".join(token.text for token in folded(tokens))


def folded(tokens: Iterable[Token]) -> list[Token]:
    """The tokens; a function and its bracket as one where the engine takes no blank between them."""
    found = list[Token]()
    for token in tokens:
        if token.text == "(" and found and found[-1].key in _GLUED:
            found[-1] = replace(found[-1], text=f"{found[-1].text}(", end=token.end)
        else:
            found.append(token)
    return found


@dataclass
class Reader:
    """Reads a request token by token (SPARQL 1.1 Update, grammar from [29] on). Raises Unread or IndexError at what it doesn't know."""

    tokens: list[Token]
    base: str
    index: int = 0
    prologue: list[Token] = field(default_factory=list)

    def operations(self) -> Iterator[Operation]:
        """The operations, each with all that was declared before it."""
        self.declarations()
        while self.index < len(self.tokens):
            start = self.index
            found = self.operation()
            yield replace(found, whole=tuple(self.tokens[start : self.index]))
            if self.index < len(self.tokens):
                self.take(";")
            self.declarations()

    def declarations(self) -> None:
        """PREFIX and BASE."""
        while self.index < len(self.tokens) and self.tokens[self.index].key in ("PREFIX", "BASE"):
            shape = ("word", "name", "iri") if self.tokens[self.index].key == "PREFIX" else ("word", "iri")
            declared = self.tokens[self.index : self.index + len(shape)]
            if tuple(token.kind for token in declared) != shape:
                raise Unread
            self.prologue += declared
            self.index += len(shape)

    def operation(self) -> Operation:
        """The operation that begins here."""
        start = self.index
        first, second = self.tokens[start].key, self.tokens[start + 1].key if start + 1 < len(self.tokens) else ""
        if first in ("INSERT", "DELETE") and second == "DATA":
            self.index += 2
            self.block()
            return self.made(f"{first} DATA", self.tokens[start : self.index])
        if first == "DELETE" and second == "WHERE":
            self.index += 2
            pattern = self.block()
            return self.modify(pattern, (), (), pattern, "")
        if first in ("INSERT", "DELETE", "WITH"):
            return self.modification()
        if first in _MANAGED:
            return self.management(first)
        raise Unread

    def modification(self) -> Operation:
        """DELETE and INSERT with WHERE (§3.1.3)."""
        standing = self.resolved(self.term()) if self.accept("WITH") else ""
        deleted = self.block() if self.accept("DELETE") else ()
        inserted = self.block() if self.accept("INSERT") else ()
        if not (deleted or inserted):
            raise Unread
        start = self.index
        while self.accept("USING"):
            self.accept("NAMED")
            self.term()
        using = tuple(self.tokens[start : self.index])
        self.take("WHERE")
        return self.modify(deleted, inserted, using, self.block(), standing)

    def modify(self, deleted: Tokens, inserted: Tokens, using: Tokens, where: Tokens, standing: str) -> Operation:
        """What its templates write to."""
        graphs, variables = set[str](), dict[str, None]()
        for template in (deleted, inserted):
            alone, named = graphs_of(template)
            graphs |= {standing} if alone else set()
            graphs |= {self.resolved(token) for token in named if token.kind in _TERMS}
            variables |= dict.fromkeys(sorted(variables_in(named)))
        made = self.made("MODIFY", where, frozenset(graphs))
        return replace(made, standing=standing, deleted=deleted, inserted=inserted, using=using, variables=tuple(variables))

    def management(self, kind: str) -> Operation:
        """An operation on whole graphs (§3.2), or LOAD (§3.1.4)."""
        start = self.index
        self.index += 1
        silent, every, graphs = self.accept("SILENT"), "", list[str]()
        if kind == "LOAD":
            self.term()
            if self.accept("INTO"):
                self.take("GRAPH")
                self.term()
        elif kind in ("CLEAR", "DROP") and self.tokens[self.index].key in (NAMED, ALL):
            every = self.tokens[self.index].key
            self.index += 1
        elif kind in ("CLEAR", "DROP", "CREATE"):
            graphs.append(self.graph(must=True, default=kind != "CREATE"))
        else:
            source = self.graph()
            self.take("TO")
            graphs += [self.graph(), *([source] if kind == "MOVE" else [])]
        return self.made(kind, self.tokens[start : self.index], frozenset(graphs), every, silent)

    def graph(self, must: bool = False, default: bool = True) -> str:
        """A graph: DEFAULT, or an IRI after the word GRAPH, which may be left out unless it `must` stand."""
        if default and self.accept("DEFAULT"):
            return DEFAULT
        if must:
            self.take("GRAPH")
        else:
            self.accept("GRAPH")
        return self.resolved(self.term())

    def made(
        self, kind: str, tokens: Iterable[Token], graphs: frozenset[str] = frozenset(), every: str = "", silent: bool = False
    ) -> Operation:
        """An operation with what was declared until here."""
        return Operation(kind, self.base, tuple(self.prologue), tuple(tokens), graphs, every, silent)

    def resolved(self, token: Token) -> str:
        """The absolute IRI that a token stands for here, as the engine reads it. Raises Unread."""
        store = Store()
        try:
            store.update(f"{rendered(self.prologue)}\nINSERT DATA {{ <urn:s> <urn:p>\n{token.text}\n}}", base_iri=self.base or None)
        except SyntaxError:
            raise Unread from None
        found = [quad.object for quad in store]
        if len(found) != 1 or not isinstance(found[0], NamedNode):
            raise Unread
        return found[0].value

    def block(self) -> Tokens:
        """What stands in braces, with them."""
        start = self.index
        if self.tokens[start].text != "{":
            raise Unread
        self.index = self.tokens[start].pair + 1
        return tuple(self.tokens[start : self.index])

    def term(self) -> Token:
        """An IRI, however it is written."""
        token = self.tokens[self.index]
        if token.kind not in _TERMS:
            raise Unread
        self.index += 1
        return token

    def accept(self, key: str) -> bool:
        """Whether that keyword stands here; it is passed over."""
        found = self.index < len(self.tokens) and self.tokens[self.index].key == key
        self.index += found
        return found

    def take(self, key: str) -> None:
        """Passes over what must stand here."""
        if not self.accept(key):
            raise Unread


def graphs_of(template: Tokens) -> tuple[bool, list[Token]]:
    """Whether triples stand outside GRAPH in a template (quads, [50]), and what GRAPH names in it. Raises Unread."""
    alone, named, inside = False, list[Token](), False
    body = template[1:-1]
    for index, token in enumerate(body):
        if token.text == "{":
            if inside or index < 2 or body[index - 2].key != "GRAPH" or body[index - 1].kind not in (*_TERMS, "variable"):
                raise Unread
            named.append(body[index - 1])
            inside = True
        elif token.text == "}":
            inside = False
        elif not inside and token.text != "." and not opens_graph(body, index):
            alone = True
    return alone, named


def opens_graph(body: Tokens, index: int) -> bool:
    """Whether the token is GRAPH, or what it names, before a brace."""
    return any(body[at].key == "GRAPH" and at + 2 < len(body) and body[at + 2].text == "{" for at in (index, index - 1) if at >= 0)
