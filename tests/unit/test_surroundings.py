"""What contributions say of things that came with an import is validated with what the import says of these, and the import isn't."""

from pathlib import Path
from typing import Any, cast

import pytest
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from territoires.knowledge.importing.bulk import Bulk
from territoires.knowledge.surroundings import Described, in_imports, in_release, surroundings
from territoires.knowledge.validation import validate
from territoires.vocabulary import CANONICAL_BASE, iri

BASE = "https://data.example.org/territoires/"
KIND, LABEL = iri("rdf:type"), iri("skos:prefLabel")


def told(base: str) -> list[str]:
    """An import of a commune that lies in a département, which has a region of its own, and of a commune that nobody asks for."""
    commune, place, region = (f"{base}id/{name}" for name in ("commune/01001", "departement/01", "region/84"))
    return [
        f"<{commune}> <{KIND}> <{base}def#Commune> .\n",
        f"<{commune}> <{base}def#inDepartement> <{place}> .\n",
        f'<{commune}> <{LABEL}> "L’Abergement <urn:x> ." .\n',
        f"<{place}> <{KIND}> <{base}def#Departement> .\n",
        f"<{place}> <{base}def#inRegion> <{region}> .\n",
        f"<{region}> <{KIND}> <{base}def#Region> .\n",
        f"<{base}id/commune/01002> <{KIND}> <{base}def#Commune> .\n",
    ]


def describing(kind: str, base: str) -> Described:
    """The import, on its way into a release or in one."""
    text = "".join(told(base))
    if kind == "imports":
        return in_imports([Bulk(cast(Any, None), NamedNode(f"{base}graph/reference/cog-2026"), text.encode(), 7)], base)
    store = Store()
    store.extend(Quad(*quad.triple, NamedNode(f"{base}graph/reference/cog-2026")) for quad in parse(text, RdfFormat.N_TRIPLES))
    store.add(
        Quad(NamedNode(f"{base}id/commune/01001"), NamedNode(LABEL), Literal("of a source"), NamedNode(f"{base}graph/data/reference/x"))
    )
    return in_release(store, base)


@pytest.mark.parametrize("base", [CANONICAL_BASE, BASE])
@pytest.mark.parametrize("kind", ["imports", "release"])
def test_what_is_told_of_the_things_that_are_spoken_of(kind: str, base: str) -> None:
    """All of them, and what the subjects among them refer to; at the canonical base; no more."""
    described, lines = describing(kind, base), told(CANONICAL_BASE)
    about = f'<{CANONICAL_BASE}id/commune/01001> <{LABEL}> "a name" .\n'
    assert sorted(surroundings(about, described).splitlines(keepends=True)) == sorted(lines[:5])
    leading = f"<{CANONICAL_BASE}id/territoire/x> <{CANONICAL_BASE}def#mainTown> <{CANONICAL_BASE}id/commune/01001> .\n"
    assert sorted(surroundings(leading, described).splitlines(keepends=True)) == sorted(lines[:3])
    assert surroundings("", described) == surroundings(f'_:b <{LABEL}> "x" .\n', described) == ""


def test_the_shapes_know_it_and_leave_it_alone(root: Path) -> None:
    """A contribution that refers to an imported commune conforms, though all that is known of that one wouldn't stand by itself."""
    leading = f"<{CANONICAL_BASE}id/territoire/pays-de-langres> <{CANONICAL_BASE}def#mainTown> <{CANONICAL_BASE}id/commune/01001> .\n"
    around = surroundings(leading, describing("imports", CANONICAL_BASE))
    findings = validate(root, contributed=leading, around=around).findings
    assert [each for each in findings if each.node.endswith(("/pays-de-langres", "/01001"))] == []
