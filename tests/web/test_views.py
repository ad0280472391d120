"""The queries behind the pages: each runs as it stands, and answers alike in the store that --store names."""

from pathlib import Path

import pytest

from territoires.results import Answer
from territoires.store import QueryService
from territoires.store.pool import Pool

VIEWS = sorted((Path(__file__).parents[2] / "queries/views").glob("*.rq"))


def size(answer: Answer) -> int:
    """How much it says: solutions, distinct triples, or 0 and 1."""
    return len(set(answer)) if isinstance(answer, list) else sum(1 for _ in answer) if hasattr(answer, "variables") else int(bool(answer))


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_view(pool: Pool, store: QueryService, path: Path) -> None:
    """Its example is a query that is answered, with as much as the embedded store says."""
    text = path.read_text(encoding="utf-8")
    assert size(store.query(text)) == size(pool.query(text))
