"""Rewrites the query patterns on which the engine is slow into equal ones on which it is fast.

The engine answers EXISTS row by row, and each time runs through those triple patterns of it that hold no variable of the
row. Such a pattern is answered once for all rows by MINUS (equal under the conditions below: SPARQL 1.1 Query §8.3) or by a
join. Only the order of the solutions may change, and with it what LIMIT keeps where nothing is sorted.

What isn't known to be safe stays as it is, and so does what isn't a query. A syntax error stays one, at another position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from territoires.store.counting import Census, count_of_everything, table_of_counts
from territoires.store.tokens import Token, read_tokens, variables_in

AS_MINUS, AS_JOIN, COUNT_KNOWN, GROUPS_KNOWN = "not-exists-as-minus", "exists-as-join", "count-of-everything", "count-by-group"
_LONGEST_TEXT = 100_000  # characters that are still read
_LONGEST = 50  # triple patterns in a condition that is still looked at
_BLOCKS = ("OPTIONAL", "MINUS", "UNION", "LATERAL", "GRAPH", "SERVICE", "VALUES", "BIND")


@dataclass(frozen=True)
class Rewritten:
    """A query text, and the names of the rules that were applied to it: none, and it is as it was, byte for byte."""

    text: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Triple:
    """A triple pattern: subject, predicate or path, object."""

    subject: Token
    path: tuple[Token, ...]
    object: Token

    @property
    def variables(self) -> set[str]:
        """The variables in it."""
        return variables_in((self.subject, *self.path, self.object))


@dataclass(frozen=True)
class Condition:
    """A FILTER [NOT] EXISTS: token indexes of FILTER, of the braces and of the last token."""

    negated: bool
    start: int
    opening: int
    closing: int
    end: int


@dataclass
class Group:
    """A group graph pattern: what it surely binds, what it may bind, its existence conditions, the token index of its end."""

    end: int
    certain: set[str] = field(default_factory=set)
    visible: set[str] = field(default_factory=set)
    conditions: list[Condition] = field(default_factory=list)


@dataclass(frozen=True)
class Edit:
    """A replacement of text[start:end]."""

    start: int
    end: int
    text: str
    rule: str


def rewrite(text: str, census: Census | None = None) -> Rewritten:
    """A query with the same solutions, in whatever order.

    `census` tells of the default graph, to be given only where the request names no dataset. Never raises.
    """
    capitals = text.upper() if len(text) <= _LONGEST_TEXT else ""
    if "EXISTS" not in capitals and (census is None or "COUNT" not in capitals):
        return Rewritten(text)
    tokens = read_tokens(text)
    form = after_prologue(tokens)
    if form < 0:
        return Rewritten(text)
    if census and (name := count_of_everything(tokens[form:])):
        return Rewritten(f"{text[: tokens[form].start]}SELECT ({census.triples} AS {name}) {{}}", (COUNT_KNOWN,))
    if census and (table := table_of_counts(tokens[form:], census)):
        return Rewritten(text[: tokens[form].start] + table, (GROUPS_KNOWN,))
    edits = [edit for opening in pattern_groups(tokens) for edit in edits_of(text, tokens, read_group(tokens, opening))]
    parts, position = list[str](), 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    return Rewritten("".join((*parts, text[position:])), tuple(sorted({edit.rule for edit in edits})))


def after_prologue(tokens: list[Token]) -> int:
    """Where the query form stands, -1 when this is not a query."""
    index = 0
    while index < len(tokens) and tokens[index].key in ("PREFIX", "BASE"):
        index += 3 if tokens[index].key == "PREFIX" else 2
    return index if index < len(tokens) and tokens[index].key in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") else -1


def pattern_groups(tokens: list[Token]) -> Iterator[int]:
    """Token indexes of the opening braces of the groups that are answered on their own, over one graph, and here."""
    standing: list[bool] = []
    for index, token in enumerate(tokens):
        if token.opens:
            standing.append(all(standing[-1:]) and token.text == "{" and stands_alone(tokens, index))
            if standing[-1] and tokens[index + 1].key != "SELECT":
                yield index
        elif token.pair >= 0:
            standing.pop()


def stands_alone(tokens: list[Token], opening: int) -> bool:
    """Whether what stands before a brace lets it open a group whose filters see that group alone.

    Not so in OPTIONAL (its filter is the condition of a left join, §18.2.2.6), in EXISTS (the outer row is substituted), in
    GRAPH with a variable, in SERVICE; VALUES and templates hold no filters.
    """
    before = tokens[opening - 1]
    if before.kind == "word":
        return before.key in ("WHERE", "UNION", "MINUS", "ASK")
    head = tokens[(before.pair if before.text == ")" else opening - 1) - 1].key
    if head in ("VALUES", "SERVICE", "SILENT") or (head == "GRAPH" and before.kind == "variable"):
        return False
    return before.kind != "sign" or before.text in ("{", "}", ".", ")", "]", "*")


def read_group(tokens: list[Token], opening: int) -> Group:
    """The group whose brace opens at that index; without conditions when it holds an unknown element."""
    index, group = opening + 1, Group(tokens[opening].pair)
    while index < group.end:
        token, last = tokens[index], index
        if token.key == "FILTER":
            last = read_filter(tokens, index, group)
        elif token.text == "{" or token.key in _BLOCKS:
            last = end_of_block(tokens, index, "(" if token.key == "BIND" else "{")
        elif token.kind == "variable":
            group.certain.add(token.key)
        elif not may_be_term(token):
            last = -1
        if last < 0:
            return Group(group.end)
        if token.key != "FILTER":
            group.visible |= variables_in(tokens[index : last + 1])
        index = last + 1
    return group


def read_filter(tokens: list[Token], start: int, group: Group) -> int:
    """Where the filter ends that starts there, -1 when that isn't known; an existence condition is added to the group."""
    wrapped = tokens[start + 1].text == "("
    negated = tokens[start + 1 + wrapped].key in (("NOT", "!") if wrapped else ("NOT",))
    opening = start + 2 + wrapped + negated
    if tokens[opening - 1].key != "EXISTS" or tokens[opening].text != "{":
        return end_of_block(tokens, start, "(")
    end = tokens[start + 1].pair if wrapped else tokens[opening].pair
    if end == tokens[opening].pair + wrapped:
        group.conditions.append(Condition(negated, start, opening, tokens[opening].pair, end))
    return end


def end_of_block(tokens: list[Token], start: int, bracket: str) -> int:
    """Where the first bracket of that kind from `start` on closes; -1 when another brace comes before it."""
    index = start
    while tokens[index].text not in (bracket, "{", "}"):
        index += 1
    return tokens[index].pair if tokens[index].text == bracket else -1


def may_be_term(token: Token) -> bool:
    """Whether it may stand in a triple pattern: no keyword."""
    return token.kind != "word" or token.text == "a" or token.key in ("TRUE", "FALSE")


def edits_of(text: str, tokens: list[Token], group: Group) -> Iterator[Edit]:
    """What is replaced in the text: a condition by a filter that is always true, and the group's end by what stands for it."""
    end = tokens[group.end].start
    for condition in group.conditions:
        triples = read_triples(tokens[condition.opening + 1 : condition.closing])
        shared = set[str]().union(*(triple.variables for triple in triples)) & group.visible
        if not is_slow(triples, group.certain) or not (condition.negated or shared <= group.certain):
            continue
        pattern = text[tokens[condition.opening].start : tokens[condition.closing].end]
        rule = AS_MINUS if condition.negated else AS_JOIN
        instead = f"MINUS {pattern}" if condition.negated else f"{{ SELECT DISTINCT {' '.join(sorted(shared))} WHERE {pattern} }}"
        yield Edit(tokens[condition.start].start, tokens[condition.end].end, "FILTER(true)", rule)
        yield Edit(end, end, f" {instead} ", rule)


def read_triples(tokens: list[Token]) -> list[Triple]:
    """The triple patterns of a basic graph pattern without blank nodes or paths of free length; none for anything else."""
    found, subject, path = list[Triple](), None, list[Token]()
    for index, token in enumerate(tokens):
        if token.text in (".", ";"):
            subject, path = (subject if token.text == ";" else None), []
        elif token.text in ("/", "|") and path:
            path.append(token)
        elif token.text == ",":
            continue
        elif token.kind in ("sign", "blank") or not may_be_term(token):
            return []
        elif subject is None:
            subject = token
        elif not path or tokens[index - 1].text in ("/", "|"):
            path.append(token)
        else:
            found.append(Triple(subject, tuple(path), token))
    return found


def is_slow(triples: list[Triple], bound: set[str]) -> bool:
    """Whether the engine repeats a long search for each row, and does it quickly once for all rows.

    Long: a triple pattern, or a step of a path, holds no variable of the row, while another does. Quickly: no product of parts
    that have no variable in common, and no join of many with many, where two subjects meet in an object.
    """
    near = [triple for triple in triples if triple.variables & bound]
    far = any(triple not in near or any(token.text == "/" for token in triple.path) for triple in triples)
    links = {(triple.subject.key, triple.object.key) for triple in triples if triple.subject.kind == triple.object.kind == "variable"}
    return bool(near) and far and len({end for _, end in links}) == len(links) and connected(triples)


def connected(triples: list[Triple]) -> bool:
    """Whether variables link all the triple patterns, which are not too many."""
    reached, left = triples[0].variables, triples[1:_LONGEST]
    while near := [triple for triple in left if triple.variables & reached]:
        reached = reached.union(*(triple.variables for triple in near))
        left = [triple for triple in left if triple not in near]
    return not left and len(triples) <= _LONGEST


def in_reading_order(text: str, names: Sequence[str]) -> str:
    """The query with the `*` of its own SELECT written out, in the order in which the variables are first read.

    `names` are the variables that `*` stands for; the engine gives them in an order of its own, another one each time.
    """
    tokens = read_tokens(text) if "*" in text and len(text) <= _LONGEST_TEXT else []
    start = next((index for index, token in enumerate(tokens) if token.kind == "word" and token.key == "SELECT"), None)
    if start is None or not names:
        return text
    start += 2 if tokens[start + 1].key in ("DISTINCT", "REDUCED") else 1
    if tokens[start].text != "*":
        return text
    read = list(dict.fromkeys(token.key[1:] for token in tokens if token.kind == "variable"))
    ordered = sorted(names, key=lambda name: read.index(name) if name in read else len(read))
    columns = " ".join(f"?{name}" for name in ordered)
    return f"{text[: tokens[start].start]} {columns} {text[tokens[start].end :]}"
