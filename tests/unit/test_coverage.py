"""Coverage of the source: what is cited by data, by part, as the outside measure counts it."""

from pathlib import Path

import rdflib
from click.testing import CliRunner
from rdflib.namespace import DCTERMS

from territoires.cli import main
from territoires.knowledge.coverage import coverage, lines
from territoires.knowledge.queries import QueryLibrary
from territoires.settings import Settings
from territoires.store.releases import current_release

PASSAGE = "https://w3id.org/territoires-de-projet/source/memento/F"


def test_counts_equal_the_files(settings: Settings, root: Path) -> None:
    """A passage is covered when a file of data/ cites it, and only then."""
    cited: set[str] = set()
    for path in (root / "data").rglob("*.ttl"):
        cited |= {str(o) for o in rdflib.Graph().parse(path, format="turtle").objects(predicate=DCTERMS.source)}
    parts = coverage(current_release(settings.releases).open(), QueryLibrary(root, "views"))
    assert sum(len(part.passages) for part in parts) == 795
    assert sum(part.covered for part in parts) == len({iri for iri in cited if iri.startswith(PASSAGE)})


def test_uncovered_passages_are_named(settings: Settings) -> None:
    """The line of a part names what no data cite."""
    parts = coverage(current_release(settings.releases).open(), QueryLibrary(settings.home, "views"))
    printed = list(lines(parts))
    assert len(printed) == len(parts) + 1 and len(parts) == 19
    assert all(all(passage in line for passage in part.uncovered) for part, line in zip(parts, printed, strict=False))


def test_every_passage_is_cited(settings: Settings) -> None:
    """Nothing that the source states is left out."""
    parts = coverage(current_release(settings.releases).open(), QueryLibrary(settings.home, "views"))
    assert {part.name: part.uncovered for part in parts if part.uncovered} == {}


def test_command(settings: Settings) -> None:
    """`territoires coverage` prints the table and the sum."""
    environment = {"TERRITOIRES_HOME": str(settings.home), "TERRITOIRES_RELEASES": str(settings.releases)}
    result = CliRunner(env=environment).invoke(main, ["coverage"])
    assert result.exit_code == 0 and result.output.rstrip().endswith("passages are cited by data.")
