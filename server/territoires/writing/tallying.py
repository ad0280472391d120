"""The counts of a graph that is written to, kept up to date by what changes: the same as if all were counted anew."""

from collections import Counter

from pyoxigraph import NamedNode, Quad

from territoires.store.counting import Census
from territoires.store.embedded import MOST_GROUPS
from territoires.vocabulary import iri

_TYPE = NamedNode(iri("rdf:type"))


class Tally:
    """The census of a default graph that changes. Counts that weren't kept at its beginning aren't known later."""

    def __init__(self, census: Census) -> None:
        self._triples = census.triples
        self._classes = None if census.classes is None else Counter({NamedNode(name): count for name, count in census.classes.items()})
        self._properties = None if census.properties is None else Counter({NamedNode(name): n for name, n in census.properties.items()})
        self._hubs = {NamedNode(hub): Counter({NamedNode(name): n for name, n in known.items()}) for hub, known in census.hubs.items()}

    def note(self, quad: Quad, step: int) -> None:
        """Counts a triple that has come to the default graph (1) or gone from it (-1)."""
        self._triples += step
        if self._properties is not None:
            self._properties[quad.predicate] += step
        if self._classes is not None and quad.predicate == _TYPE:
            self._classes[quad.object] += step  # type: ignore[index]
        if (known := self._hubs.get(quad.object)) is not None:  # type: ignore[arg-type]
            known[quad.predicate] += step

    def census(self) -> Census:
        """The counts as they are now."""
        hubs = {hub.value: known for hub, counts in self._hubs.items() if (known := named(counts)) is not None}
        return Census(self._triples, named(self._classes), named(self._properties), hubs)


def named(groups: Counter[NamedNode] | None) -> dict[str, int] | None:
    """The counts by IRI; None where they can't all be named, or are too many."""
    found = {group: count for group, count in groups.items() if count} if groups is not None else None
    if found is None or len(found) > MOST_GROUPS or not all(isinstance(group, NamedNode) for group in found):
        return None
    return {group.value: count for group, count in found.items()}
