"""Names blank nodes by what is said of them, so that the same statements bear the same names in every release.

A component is what blank nodes hold together; its name is the checksum of its canonical form (RDF Dataset Canonicalization,
RDFC-1.0). One that changes gets another name, and no other does: so two releases can be compared statement by statement.
"""

import hashlib
from collections.abc import Iterable, Iterator

from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad

ALGORITHM = CanonicalizationAlgorithm.RDFC_1_0


def holds_blank(quad: Quad) -> bool:
    """Whether a blank node is its subject or object."""
    return isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode)


def labelled(quads: Iterable[Quad]) -> list[Quad]:
    """The quads with stable names for their blank nodes; those without any come first, as they were."""
    plain: list[Quad] = []
    blank: list[Quad] = []
    for quad in quads:
        (blank if holds_blank(quad) else plain).append(quad)
    taken: dict[str, int] = {}
    for component in components(blank):
        canonical = Dataset(component)
        canonical.canonicalize(ALGORITHM)
        found = sorted(canonical, key=str)
        name = hashlib.sha256("\n".join(map(str, found)).encode()).hexdigest()[:20]
        taken[name] = taken.get(name, 0) + 1  # two that say the very same stay two
        plain += renamed(found, f"b{name}" + (f"x{taken[name]}" if taken[name] > 1 else ""))
    return plain


def renamed(quads: Iterable[Quad], name: str) -> Iterator[Quad]:
    """Canonical quads, c14n0 called after the component."""
    for quad in quads:
        subject = called(quad.subject, name) if isinstance(quad.subject, BlankNode) else quad.subject
        value = called(quad.object, name) if isinstance(quad.object, BlankNode) else quad.object
        yield Quad(subject, quad.predicate, value, quad.graph_name)


def called(node: BlankNode, name: str) -> BlankNode:
    """A canonical blank node called after its component."""
    return BlankNode(f"{name}n{node.value.removeprefix('c14n')}")


def components(quads: Iterable[Quad]) -> list[list[Quad]]:
    """The quads in groups that share a blank node with one another, and none with another group's."""
    leader: dict[BlankNode, BlankNode] = {}

    def find(node: BlankNode) -> BlankNode:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    held = list(quads)
    ends = [[term for term in (quad.subject, quad.object) if isinstance(term, BlankNode)] for quad in held]
    for nodes in ends:
        leader[find(nodes[0])] = find(nodes[-1])
    groups: dict[BlankNode, list[Quad]] = {}
    for quad, nodes in zip(held, ends, strict=True):
        groups.setdefault(find(nodes[0]), []).append(quad)
    return list(groups.values())
