"""What an update changes: its operations and their graphs, its equality with the engine's own work, and that nothing half done is left."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from territoires.errors import (
    InvalidParameter,
    NotInGraphStore,
    PreconditionFailed,
    QueryRefused,
    QuerySyntaxError,
    TerritoiresError,
    WriteRefused,
)
from territoires.results import Dataset
from territoires.vocabulary import iri
from territoires.writing.commits import Change
from territoires.writing.etags import etag_of
from territoires.writing.operations import operations
from territoires.writing.process import is_long
from territoires.writing.submissions import Submission
from territoires.writing.updates import apply, change
from territoires.writing.writable import check_persons

BASE = "http://example.org/"
OURS = f"{BASE}graph/contributions/"
A, B, RELEASED = f"{OURS}a", f"{OURS}b", f"{BASE}graph/data"
EX = "PREFIX : <http://example.org/>\n"


def node(name: str) -> NamedNode:
    """An IRI below the base."""
    return NamedNode(BASE + name)


def quad(subject: str, value: object, graph: str = "") -> Quad:
    """A quad."""
    term = value if isinstance(value, BlankNode) else Literal(value)  # type: ignore[arg-type]
    return Quad(node(subject), node("p"), term, NamedNode(graph) if graph else DefaultGraph())


def holding(quads: Iterable[Quad], merged: bool = False) -> Store:
    """A store that holds the quads, and their merge."""
    store = Store()
    store.extend(quads)
    if merged:
        store.extend([Quad(each.subject, each.predicate, each.object) for each in store])
    return store


def submission(text: str = "", kind: str = "update", graphs: tuple[str, ...] = ("*",), **more: object) -> Submission:
    """A submission by a key for these graphs."""
    return Submission(kind, "anna", "", graphs, text, base=BASE, **more)  # type: ignore[arg-type]


def state(store: Store) -> tuple[frozenset[Quad], frozenset[str]]:
    """All that a store holds."""
    return frozenset(store), frozenset(map(str, store.named_graphs()))


def worked(store: Store, asked: Submission, merged: bool = False) -> Change:
    """What the submission changes; the store is as it was."""
    before = state(store)
    found = change(store, asked, merged)
    assert state(store) == before
    assert not any(each in store for each in found.added) and all(each in store for each in found.removed)
    return found


def refused(store: Store, asked: Submission, kind: type[TerritoiresError], merged: bool = False) -> str:
    """Why the submission is refused; the store is as it was."""
    before = state(store)
    with pytest.raises(kind) as caught:
        change(store, asked, merged)
    assert type(caught.value) is kind
    assert state(store) == before
    return str(caught.value)


# What the operations are


@pytest.mark.parametrize(
    ("text", "kinds", "graphs"),
    [
        ("", [], []),
        ("# nothing", [], []),
        ("INSERT DATA { :a :p 1 ; :q 2 } ; DELETE DATA { :a :p 1 } ;", ["INSERT DATA", "DELETE DATA"], [(), ()]),
        ("DELETE WHERE { ?s ?p ?o . GRAPH :g { ?s ?p ?o } }", ["MODIFY"], [("", f"{BASE}g")]),
        ("WITH <g> DELETE { ?s ?p 1 } INSERT { GRAPH ?g { ?s ?p 2 } } USING :h WHERE { ?s ?p 1 }", ["MODIFY"], [(f"{BASE}g",)]),
        ("WITH <g> INSERT { GRAPH :h { ?s ?p 2 } } WHERE { ?s ?p 1 }", ["MODIFY"], [(f"{BASE}h",)]),
        (
            "MOVE SILENT :a TO DEFAULT ; COPY DEFAULT TO GRAPH :a ; ADD :a TO :b",
            ["MOVE", "COPY", "ADD"],
            [("", f"{BASE}a"), (f"{BASE}a",), (f"{BASE}b",)],
        ),
        ("CREATE GRAPH :a ; CLEAR GRAPH :a ; DROP DEFAULT", ["CREATE", "CLEAR", "DROP"], [(f"{BASE}a",), (f"{BASE}a",), ("",)]),
        ("LOAD SILENT <http://127.0.0.1:1/x> INTO GRAPH :a ; DROP DEFAULT", ["DROP"], [("",)]),
        ("INSERT DATA { :a :p 'a ; LOAD b } SERVICE' }", ["INSERT DATA"], [()]),
        ("INSERT DATA { :a :p 1 } ; PREFIX : <http://b/> DROP GRAPH :g", ["INSERT DATA", "DROP"], [(), ("http://b/g",)]),
        ("BASE <http://c/> CLEAR GRAPH <g> ; BASE <d/> CLEAR GRAPH <g>", ["CLEAR", "CLEAR"], [("http://c/g",), ("http://c/d/g",)]),
        ("INSERT DATA { <\\u0061> :p '\\u000A\\\\u0041\\U0001F600' }", ["INSERT DATA"], [()]),
    ],
)
def test_operations(text: str, kinds: list[str], graphs: list[tuple[str, ...]]) -> None:
    """A request is cut at its semicolons, each operation with the prefixes and the base that hold for it."""
    found = operations(EX + text, BASE)
    assert [each.kind for each in found] == kinds
    assert [tuple(sorted(each.graphs)) for each in found] == graphs


def test_targets_of_kinds_and_variables() -> None:
    """All graphs of a kind, and variables for graphs in templates, are told apart from graphs."""
    every, some = operations("DROP ALL ; DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert (every.every, some.variables, some.graphs) == ("ALL", ("?g",), frozenset())


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("INSERT DATA {\n  <a> <b> }", 2, 11),
        ("INSERT DATA { x:a <b> 1 }", 1, None),
        ("CLEAR\nXYZ", 2, None),
        ("DELETE { ?s ?p ?o }", 1, None),
        ("DELETE DATA { <a> <b> _:x }", 1, None),
        ("INSERT DATA { <a> <b> _:x } ;\nINSERT DATA { <a> <b> _:x }", 2, 23),
        ("INSERT DATA { <a> <b> ?x }", 1, None),
        ("SELECT * {}", 1, None),
        ("DROPALL", 1, 1),
        ("CREATE GRAPH <g>\nLOAD <r> INTO GRAPH <g>", 2, 1),
        ("LOAD ;", 1, 6),
        ("INSERT DATA { <a> <b> <<( <a> <b> 1 )>> }", 1, 1),
        ("INSERT { GRAPHx:y { <a> <b> 1 } } WHERE {}", 1, None),
        ("CLEAR ALL }", 1, None),
    ],
)
def test_syntax_errors(text: str, line: int, column: int | None) -> None:
    """What breaks the grammar, or isn't understood for certain, is told with its place."""
    with pytest.raises(QuerySyntaxError) as caught:
        operations(text, BASE)
    assert caught.value.line == line and column in (None, caught.value.column)


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://127.0.0.1:1/>",
        "CLEAR ALL ; LOAD <http://127.0.0.1:1/> INTO GRAPH :g",
        "INSERT { :a :p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "INSERT { :a :p ?o } WHERE { FILTER EXISTS { { SELECT * { SERVICE SILENT ?x { ?s ?p ?o } } } } }",
        "PREFIX service: <http://s/> INSERT { :a :p 1 } WHERE { service:a { ?s ?p ?o } }",
        f"INSERT DATA {{ :a :p {'(' * 200}{')' * 200} }}",
    ],
)
def test_refused_requests(text: str) -> None:
    """What calls another host, or is too deep for the parser, is refused before anything is run."""
    refused(Store(), submission(EX + text), QueryRefused)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { GRAPH <%s> { :a :p ?x } } WHERE { BIND((3 <4#>'''\n) AS ?x) } ; DROP ALL #''') }",
        "INSERT { GRAPH <%s> { :a :p ?x } } WHERE { BIND((3 <'''>\n) AS ?x) } ; DROP ALL #''') }",
        'INSERT { GRAPH <%s> { :a :p ?x } } WHERE { BIND((3 <4#>"""\n) AS ?x) } ; DROP ALL #""") }',
        "INSERT { GRAPH <%s> { :a :p 1 } } WHERE { FILTER(?x <?b#>'''\n) } ; DROP ALL #''') }",
        "INSERT { GRAPH <%s> { :a :p 1 } GRAPH:x { :a :p 1 } } WHERE {}",
    ],
)
def test_hidden_operations(text: str) -> None:
    """An operation that the engine would see, and the reader not, is not run: neither reads further than the line."""
    store = holding([quad("a", 1, RELEASED)])
    try:
        found = worked(store, submission(EX + text % A, graphs=(A,)))
    except (QuerySyntaxError, QueryRefused, WriteRefused):
        return
    assert found.graphs <= {A}


@pytest.mark.parametrize(
    "expression",
    """STR(?s) LANGMATCHES(LANG(?o),"fr") BOUND(?s) IRI("http://x") BNODE() BNODE("x") RAND() CONCAT() CONCAT("a","b") NOW() TZ(NOW())
    UUID() STRUUID() COALESCE(?x,1) IF(true,1,2) STRLANG("a","fr") sameTerm(1,1) isNUMERIC(1) REGEX("a","b","i") SUBSTR("a",1) (1+-2) (1-2)
    (!true) (?s=?o||?o!=1&&true) (?o<=2) (1<?o) (?o>-1.5e3) <http://www.w3.org/2001/XMLSchema#integer>("1")""".split(),
)
def test_blanks_in_expressions(expression: str) -> None:
    """Expressions are read by the engine as they are written, though each token stands on a line of its own."""
    text = f"INSERT {{ GRAPH <{A}> {{ ?s :q ?x }} }} WHERE {{ ?s :p ?o BIND({expression} AS ?x) }}"
    assert worked(holding([quad("a", 1)]), submission(EX + text)).graphs <= {A}


@pytest.mark.parametrize(
    "pattern",
    [
        "?s !(:a|^:b) ?o",
        "?s :a/:b*|^:c+ ?o",
        "?s (:a/:b)? ?o",
        "?s a [] ; :b (1 2 [ :c 3 ]) , 'x'@fr . [] :b 1.5, -2, +3, .5, 1e3, true, 'a'^^<x>",
        "VALUES (?s ?b) { (1 UNDEF) (<a> 'x') }",
        "{ SELECT ?s (COUNT(*) AS ?n) (GROUP_CONCAT(?o;SEPARATOR=',') AS ?c) { ?s ?p ?o } GROUP BY ?s HAVING(COUNT(*)>1) LIMIT 3 }",
        "?s ?p ?o OPTIONAL { ?s :b ?c } MINUS { ?s :b 3 } FILTER(?o < 3 && ?o>-1.5 || ! bound(?c)) FILTER NOT EXISTS { ?s :x ?o }",
        "{ ?s ?p ?o } UNION { GRAPH ?g { ?s ?p 1.} }",
    ],
)
def test_blanks_in_patterns(pattern: str) -> None:
    """So are patterns."""
    worked(holding([quad("a", 1)]), submission(f"{EX}INSERT {{ GRAPH <{A}> {{ :x :q ?s }} }} WHERE {{ {pattern} }}"))


# What they change


NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.integers(0, 2)
PLACES = st.sampled_from(["", A, B])
QUADS = st.builds(quad, NAMES, VALUES, PLACES)


def within(place: str, body: str) -> str:
    """A pattern in a graph."""
    return f"GRAPH <{place}> {{ {body} }}" if place else body


TRIPLES = st.builds(lambda name, value, place: within(place, f":{name} :p {value}") + ("" if place else " . "), NAMES, VALUES, PLACES)
PATTERNS = st.builds(
    lambda subject, value, place: within(place, f"{subject} :p {value}"),
    st.sampled_from(["?s", ":a", ":b"]),
    st.sampled_from(["?o", "0", "1"]),
    st.sampled_from(["", A, B]),
)
GRAPHS = st.sampled_from(["DEFAULT", f"GRAPH <{A}>", f"GRAPH <{B}>", "NAMED", "ALL"])
PAIRS = st.sampled_from([f"<{A}> TO <{B}>", f"DEFAULT TO <{A}>", f"<{B}> TO DEFAULT", f"<{A}> TO <{A}>", "DEFAULT TO DEFAULT"])
MODIFIED = st.sampled_from([("?s :p ?o", "?s :p ?o"), ("?s :p ?o", "?o2 :q ?s . ?s :p 7"), (":a :p ?o", "?s :r [ :p ?o ]")])
UPDATES = st.one_of(
    st.builds("{} DATA {{ {} }}".format, st.sampled_from(["INSERT", "DELETE"]), st.lists(TRIPLES, min_size=1, max_size=3).map(" ".join)),
    st.builds("DELETE WHERE {{ {} }}".format, PATTERNS),
    st.builds(
        lambda pair, place, pattern: f"DELETE {{ {within(place, pair[0])} }} INSERT {{ {within(place, pair[1])} }} WHERE {{ {pattern} }}",
        MODIFIED,
        PLACES,
        PATTERNS,
    ),
    st.builds("WITH <{}> INSERT {{ ?s :q ?o }} USING <{}> WHERE {{ ?s :p ?o }}".format, st.sampled_from([A, B]), st.sampled_from([A, B])),
    st.builds("INSERT {{ GRAPH ?g {{ ?s :q {} }} }} WHERE {{ GRAPH ?g {{ ?s :p {} }} }}".format, VALUES, VALUES),
    st.builds("{} SILENT {}".format, st.sampled_from(["CLEAR", "DROP"]), GRAPHS),
    st.builds("{} SILENT {}".format, st.sampled_from(["COPY", "MOVE", "ADD"]), PAIRS),
)


def shape(quads: Iterable[Quad]) -> frozenset[str]:
    """The quads, blank nodes as such (each is new, and none is linked to another here)."""

    def told(term: object) -> str:
        return "_:" if isinstance(term, BlankNode) else str(term)

    return frozenset(" ".join(map(told, (q.subject, q.predicate, q.object, q.graph_name))) for q in quads)


@limits(max_examples=250, deadline=None)
@given(st.lists(QUADS, max_size=8), st.lists(UPDATES, min_size=1, max_size=4))
def test_as_the_engine_does(quads: list[Quad], updates: list[str]) -> None:
    """The change of a request, applied, gives what the engine makes of the request, and its inverse brings back what was."""
    text = EX + " ;\n".join(updates)
    store, engine = holding(quads), holding(quads)
    before = frozenset(store)
    found = worked(store, submission(text))
    engine.update(text)
    apply(store, found, merged=False)
    assert shape(store) == shape(engine)
    apply(store, found.inverse(), merged=False)
    assert frozenset(store) == before


@limits(max_examples=150, deadline=None)
@given(
    st.lists(QUADS.map(lambda each: Quad(each.subject, each.predicate, each.object, NamedNode(A))), max_size=6),
    st.lists(QUADS, max_size=6),
    UPDATES,
)
def test_merge_is_kept(mine: list[Quad], others: list[Quad], text: str) -> None:
    """In a merged release the default graph stays the merge of the named ones, whatever is written, and what it refuses leaves no trace."""
    named = [Quad(each.subject, each.predicate, each.object, NamedNode(B)) for each in others]
    store = holding([*mine, *named], merged=True)
    try:
        found = worked(store, submission(EX + text), merged=True)
    except WriteRefused:
        return
    apply(store, found, merged=True)
    merge = {each.triple for each in store if each.graph_name != DefaultGraph()}
    assert {each.triple for each in store.quads_for_pattern(None, None, None, DefaultGraph())} == merge


def test_reading_the_merge() -> None:
    """A WHERE without a graph sees the merge, and what an earlier operation of the request wrote."""
    store = holding([quad("a", 1, RELEASED)], merged=True)
    text = f"INSERT {{ GRAPH <{A}> {{ :b :p ?o }} }} WHERE {{ :a :p ?o }} ; INSERT {{ GRAPH <{A}> {{ :c :p ?o }} }} WHERE {{ :b :p ?o }}"
    assert set(worked(store, submission(EX + text), merged=True).added) == {quad("b", 1, A), quad("c", 1, A)}


def test_failing_in_the_middle() -> None:
    """The third of five operations fails: nothing is done, also where the default graph is the merge."""
    begun = f"INSERT DATA {{ GRAPH <{A}> {{ :a :p 1 }} }} ; DELETE WHERE {{ GRAPH <{B}> {{ ?s ?p ?o }} }}"
    text = f"{EX}{begun} ; CLEAR GRAPH <{OURS}none> ; INSERT DATA {{ GRAPH <{A}> {{ :a :p 2 }} }} ; DROP GRAPH <{B}>"
    for merged in (False, True):
        told = refused(holding([quad("b", 1, B)], merged), submission(text), QueryRefused, merged)
        assert "Operation 3: " in told and "SILENT" in told


def test_dataset_of_the_request() -> None:
    """using-graph-uri and using-named-graph-uri are the dataset of WHERE; an update that names one itself is refused."""
    store = holding([quad("a", 1, A), quad("b", 2, B), quad("c", 3)])
    text = f"{EX}INSERT {{ GRAPH <{OURS}c> {{ ?s :q ?o }} }} WHERE {{ {{ ?s :p ?o }} UNION {{ GRAPH ?g {{ ?s :p ?o }} }} }}"
    chosen = worked(store, submission(text, using=Dataset((A,), (B,))))
    assert {each.subject for each in chosen.added} == {node("a"), node("b")}
    whole = f"{EX}DELETE WHERE {{ ?s :p ?o }}"
    assert not worked(store, submission(whole, using=Dataset((A,)))).added
    for form in (f"WITH <{A}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}", f"INSERT {{ ?s ?p 1 }} USING <{A}> WHERE {{ ?s ?p ?o }}"):
        refused(store, submission(form, using=Dataset((A,))), InvalidParameter)
    refused(store, submission(text, using=Dataset(("a> } ; DROP ALL",))), InvalidParameter)


# Who may write where


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { GRAPH <{0}> { :a :p 1 } }",
        "DELETE DATA { GRAPH <{0}> { :a :p 1 } }",
        "DELETE WHERE { GRAPH <{0}> { ?s ?p ?o } }",
        "WITH <{0}> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
        "INSERT { GRAPH ?g { ?s ?p 2 } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }",
        "CLEAR GRAPH <{0}>",
        "DROP GRAPH <{0}>",
        "MOVE <{0}> TO <{1}>",
        "COPY <{1}> TO <{0}>",
        "ADD <{1}> TO <{0}>",
        "CREATE GRAPH <{0}>",
        "CLEAR NAMED",
        "DROP ALL",
        "INSERT DATA { GRAPH <{1}> { :a :p 1 } } ; CLEAR GRAPH <{0}>",
    ],
)
@pytest.mark.parametrize("merged", [False, True])
def test_graphs_of_others(text: str, merged: bool) -> None:
    """A key writes to its own graphs only, whichever operation it is; a released graph is read-only for every key."""
    store = holding([quad("a", 1, B if not merged else RELEASED), quad("a", 3, A)], merged)
    asked = EX + text.replace("{0}", RELEASED if merged else B).replace("{1}", A)
    told = refused(store, submission(asked, graphs=("*",) if merged else (A,)), WriteRefused, merged)
    assert ("read-only" in told) == merged


@pytest.mark.parametrize("text", ["INSERT DATA { :a :p 1 }", "CLEAR DEFAULT", "DELETE WHERE { ?s ?p ?o }", f"MOVE DEFAULT TO <{A}>"])
def test_default_graph_of_a_release(text: str) -> None:
    """The default graph of a merged release isn't written to: the answer says to name a graph."""
    assert "name a graph" in refused(holding([quad("a", 1, A)], True), submission(EX + text), WriteRefused, True)


def test_graphs_by_variable() -> None:
    """A variable that stands for graphs is bound to writable ones only, also where it is bound by chance."""
    store = holding([quad("a", 1, A), quad("b", 1, B)])
    own = f"{EX}INSERT {{ GRAPH ?g {{ ?s :q 1 }} }} WHERE {{ GRAPH ?g {{ ?s :p 1 }} FILTER(?g = <{A}>) }}"
    assert worked(store, submission(own, graphs=(A,))).graphs == {A}
    chance = f"{EX}INSERT {{ GRAPH ?g {{ :x :q 1 }} }} WHERE {{ BIND(IF(RAND() < 0.5, <{A}>, <{B}>) AS ?g) }}"
    for _ in range(40):
        try:
            assert worked(store, submission(chance, graphs=(A,))).graphs <= {A}
        except WriteRefused:
            pass
    blank = f"{EX}INSERT {{ GRAPH ?g {{ :x :q 1 }} }} WHERE {{ BIND(BNODE() AS ?g) }}"
    refused(store, submission(blank, graphs=(A,)), WriteRefused)
    literal = f"{EX}INSERT {{ GRAPH ?g {{ :x :q 1 }} GRAPH <{A}> {{ :y :q 1 }} }} WHERE {{ VALUES ?g {{ 'x' UNDEF }} }}"
    assert worked(store, submission(literal, graphs=(A,))).added == (Quad(node("y"), node("q"), Literal(1), NamedNode(A)),)


# The Graph Store Protocol


def line(each: Quad) -> str:
    """A triple as a line of N-Triples."""
    return f"{each.triple} .\n"


def test_put_post_delete() -> None:
    """PUT replaces, POST adds, DELETE takes away; what is so already isn't a change, whatever the labels of blank nodes."""
    store = holding([quad("a", 1, A), quad("a", BlankNode("x"), A)])
    again = line(quad("a", 1)) + line(quad("a", BlankNode("y")))
    assert worked(store, submission(kind="put", graph=A, content=again)).empty
    other = worked(store, submission(kind="put", graph=A, content=line(quad("a", 1)) + line(quad("b", 2))))
    assert (other.removed, other.added) == ((quad("a", BlankNode("x"), A),), (quad("b", 2, A),))
    assert worked(store, submission(kind="post", graph=A, content=line(quad("a", 1)) + line(quad("b", 2)))).added == (quad("b", 2, A),)
    assert len(worked(store, submission(kind="delete", graph=A)).removed) == 2
    refused(store, submission(kind="delete", graph=B), NotInGraphStore)
    assert worked(store, submission(kind="delete", graph="")).empty
    refused(store, submission(kind="put", graph=A, graphs=(B, f"{OURS}ab*")), WriteRefused)
    refused(store, submission(kind="put", graph=""), WriteRefused, True)
    refused(store, submission(kind="post", graph=A, content="no triple"), QuerySyntaxError)


def test_numbers_by_value() -> None:
    """What is put is compared as the store keeps it: 01 is 1."""
    content = f'<{BASE}a> <{BASE}p> "01"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    assert worked(holding([quad("a", 1, A)]), submission(kind="put", graph=A, content=content)).empty


def test_patch_of_a_graph() -> None:
    """An update of one graph takes it for its default graph, and writes to no other."""
    store = holding([quad("a", 1, A), quad("a", 2)])
    asked = {"graph": A, "graphs": (A,)}
    assert worked(store, submission(f"{EX}INSERT DATA {{ :b :p 3 }}", **asked)).added == (quad("b", 3, A),)
    assert worked(store, submission(f"{EX}DELETE WHERE {{ ?s ?p ?o }}", **asked)).removed == (quad("a", 1, A),)
    refused(store, submission(f"{EX}CLEAR DEFAULT", **asked), WriteRefused)
    refused(store, submission(f"{EX}INSERT DATA {{ GRAPH <{B}> {{ :b :p 3 }} }}", **asked), WriteRefused)


@pytest.mark.parametrize("kind", ["put", "post", "delete", "update"])
def test_preconditions(kind: str) -> None:
    """If-Match wants the graph as it was read, If-None-Match wants none, or another one; the format of what was read doesn't count."""
    store = holding([quad("a", 1, A)])
    tag = f'"{etag_of([str(quad("a", 1).triple)])}.ttl-gzip"'
    asked = {"kind": kind, "graph": A, "content": ""}
    for held in ((tag,), ("*",), ('"other"', tag)):
        worked(store, submission(**asked, if_match=held))
        refused(store, submission(**asked, if_none_match=held), PreconditionFailed)
    for other in (('"other"',), (f"W/{tag}",)):
        refused(store, submission(**asked, if_match=other), PreconditionFailed)
    worked(store, submission(**{**asked, "kind": "put", "graph": B}, if_none_match=("*",)))
    refused(store, submission(**{**asked, "graph": B}, if_match=("*",)), PreconditionFailed)


# What is done before readers see what was written before


@pytest.mark.parametrize(
    ("asked", "long"),
    [
        (submission(f"{EX}INSERT DATA {{ GRAPH <{A}> {{ :a a :where ; :p 'COPY <a>', true }} }} ; DELETE DATA {{ :a :p 1 }}"), False),
        (submission(f"{EX}DELETE WHERE {{ ?s ?p ?o }}"), True),
        (submission(f"COPY <{A}> TO <{B}>"), True),
        (submission(f"MOVE <{A}> TO <{B}>"), True),
        (submission(f"add <{A}> TO <{B}>"), True),
        (submission(f"DROP GRAPH <{A}>"), True),
        (submission(f"{EX}INSERT DATA {{ :a :p '{'x' * 70_000}' }}"), True),
        (submission("\\u0043OPY <a> TO <b>"), True),
        (submission(kind="put", graph=A, content="<urn:a> <urn:b> <urn:c> .\n"), False),
        (submission(kind="put", graph=B, content="<urn:a> <urn:b> <urn:c> .\n"), True),
        (submission(kind="post", graph=A, content="<urn:a> <urn:b> <urn:c> .\n" * 3000), True),
        (submission(kind="delete", graph=A), False),
        (submission(kind="delete", graph=B), True),
        (submission(kind="undo", number=1), True),
    ],
)
def test_what_may_take_long(asked: Submission, long: bool) -> None:
    """All but a little data for a small graph may take longer than readers may wait for what was written before."""
    assert is_long(asked, holding([quad("a", 1, A), *(quad("a", number, B) for number in range(1500))])) == long


@pytest.mark.parametrize("graph", ["graph/contributions/anna", "graph/contributions/anna-persons", "graph/data/persons/est"])
def test_persons_stand_apart(graph: str) -> None:
    """What makes something a person goes to a graph of persons, from where it doesn't go into the open files."""
    kind, person = NamedNode(iri("rdf:type")), NamedNode(iri("foaf:Person"))
    with pytest.raises(WriteRefused, match=f"{OURS}persons"):
        check_persons([quad("a", 1, A), Quad(node("ada"), kind, person, NamedNode(BASE + graph))], BASE)
    for name in ("persons", "persons/anna", "persons-anna"):
        check_persons([Quad(node("ada"), kind, person, NamedNode(OURS + name))], BASE)
    check_persons([Quad(node("ada"), node("p"), person, NamedNode(A)), Quad(node("ada"), kind, node("Person"), NamedNode(A))], BASE)
