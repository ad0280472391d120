"""Words and their spellings in the search index: what is asked of SQLite, and how far a name is from what was meant."""

import sqlite3
from collections.abc import Iterable, Sequence

from territoires.knowledge import folding

_MOST_COMPARED, _MOST_NEAR = 400, 60  # spellings of one word that are compared with it letter by letter, that are tried


def numbers_of(db: sqlite3.Connection, statement: str, *values: object) -> list[int]:
    """The first column of what a statement selects."""
    return [row[0] for row in db.execute(statement, values)]


def is_known(db: sqlite3.Connection, word: str) -> bool:
    """Whether a name has a word that begins so."""
    return db.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (f"names : {quoted(word)}",)).fetchone() is not None


def all_known(db: sqlite3.Connection, words: Iterable[str]) -> bool:
    """Whether each word is known, so that none need be a misprint."""
    return all(is_known(db, word) for word in words)


def spellings_of(db: sqlite3.Connection, words: Sequence[str]) -> list[dict[str, int]]:
    """For each word its spellings -> how many letters differ. Where some of the words are known, these are meant as they are."""
    known = [is_known(db, word) for word in words]
    if any(known) and not all(known):
        return [{word: 0} if there else near_words(db, word) for word, there in zip(words, known, strict=True)]
    return [({word: 0} if there else {}) | near_words(db, word) for word, there in zip(words, known, strict=True)]


def near_words(db: sqlite3.Connection, word: str) -> dict[str, int]:
    """Words of names that begin nearly like `word` -> how many letters differ."""
    most = folding.edits_allowed(word)
    if not most:
        return {}
    pieces = sorted(folding.grams(word))
    statement = f"""SELECT word FROM gram WHERE gram IN ({", ".join("?" * len(pieces))}) AND length(word) >= ?
        GROUP BY word HAVING COUNT(*) >= ? ORDER BY COUNT(*) DESC, abs(length(word) - ?), word LIMIT {_MOST_COMPARED}"""
    values = (*pieces, len(word) - most, max(1, len(pieces) - 3 * most), len(word))
    apart = {row[0]: folding.distance(word, row[0], most) for row in db.execute(statement, values)}
    near = sorted((cost, abs(len(candidate) - len(word)), candidate) for candidate, cost in apart.items() if 0 < cost <= most)
    return {candidate: cost for cost, _, candidate in near[:_MOST_NEAR]}


def quoted(word: str) -> str:
    """What begins with a folded word, in the query language of FTS5: letters and digits between quotes."""
    return f'"{folding.stem(word)}"*'


def all_of(words: Iterable[str]) -> str:
    """What has words that begin with each of these."""
    return " AND ".join(quoted(word) for word in words)


def cost_of(name: str, near: Sequence[Sequence[tuple[str, int]]]) -> int:
    """How many letters differ between what was asked and a name; further words of the name count as a little.

    The name is folded, a blank before each word and two before its compounds; `near` has for each word its spellings, a blank before
    them, with how many letters differ.
    """
    total = sum(4 * min((cost for spelling, cost in spellings if spelling in name), default=9) for spellings in near)
    return total + min(3, abs(name.partition("  ")[0].count(" ") - len(near)))


def letters_of(cost: int) -> int:
    """How many letters differ, by what `cost_of` gives."""
    return cost // 4
