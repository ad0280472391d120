"""What imports say around contributions. The shapes are put to sources and contributions without the imports, which would take an hour;
what contributions speak of must be known all the same: a commune of an import is a commune.
"""

from collections.abc import Callable, Iterable, Sequence

from pyoxigraph import NamedNode, Store

from territoires.knowledge.importing.bulk import Bulk
from territoires.vocabulary import at_canonical, rebase

Described = Callable[[set[str]], list[str]]
"""The triples about some things, in N-Triples, these by IRI; all at the canonical base."""
IMPORTED = "graph/reference/"
"""How the names of the graphs of imports begin, below the base."""


def surroundings(triples: str, described: Described) -> str:
    """What is told of the things in triples (N-Triples), and of those that their subjects refer to; in N-Triples, at the canonical base."""
    subjects, objects = ends(triples.splitlines())
    near = described(subjects | objects)
    _, further = ends(line for line in near if line.partition(" ")[0][1:-1] in subjects)
    return "".join(dict.fromkeys([*near, *described(further - subjects - objects)]))


def ends(lines: Iterable[str]) -> tuple[set[str], set[str]]:
    """The things that are subjects and objects of lines of N-Triples, by IRI."""
    subjects, objects = set[str](), set[str]()
    for line in lines:
        subject, _, rest = line.partition(" ")
        value = rest.partition(" ")[2].rstrip(" .\n")
        for term, found in ((subject, subjects), (value, objects)):
            if term.startswith("<") and term.endswith(">"):
                found.add(term[1:-1])
    return subjects, objects


def in_imports(bulks: Sequence[Bulk], base: str) -> Described:
    """As imports tell it, on their way into a release at that base."""

    def described(things: set[str]) -> list[str]:
        wanted = {f"<{rebase(thing, base)}>".encode() for thing in things}
        lines = (line for bulk in bulks for line in bulk.text.splitlines(keepends=True) if line.partition(b" ")[0] in wanted)
        return [at_canonical(line.decode(), base) for line in lines] if wanted else []

    return described


def in_release(store: Store, base: str) -> Described:
    """As a release at that base tells it that took imports with it."""

    def described(things: set[str]) -> list[str]:
        found = []
        for thing in sorted(things):
            for quad in store.quads_for_pattern(NamedNode(rebase(thing, base)), None, None, None):
                if isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.startswith(base + IMPORTED):
                    found.append(at_canonical(f"{quad.triple} .\n", base))
        return found

    return described
