"""The queries of the benchmark: `queries/*.rq`, each with its title, its class and the format of its answer in comments."""

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROWS = "application/sparql-results+json"


@dataclass(frozen=True)
class Question:
    """A query: its file's name, title and class; the media type that is asked for."""

    name: str
    title: str
    kind: str
    accept: str
    text: str


def read_questions(folder: str = "queries") -> list[Question]:
    """The queries of a folder. Raises FileNotFoundError when there are none."""
    found = [read_question(path) for path in sorted((HERE / folder).glob("*.rq"))]
    if not found:
        raise FileNotFoundError(f"no query in {HERE / folder}")
    return found


def read_question(path: Path) -> Question:
    """One query."""
    text = path.read_text(encoding="utf-8")
    notes = dict(re.findall(r"^# (\w+): (.+)$", text, re.MULTILINE))
    return Question(path.stem, notes["title"], notes.get("class", notes["title"]), notes.get("format", ROWS), text)
