"""How results are written: one table of formats, one writer."""

from territoires.formats.resultset import result_set
from territoires.formats.table import DOCUMENT, FORMATS, GRAPH, HTML, SOLUTIONS, TABLES, Format, by_name, named
from territoires.formats.write import write_answer, write_triples

__all__ = [
    "DOCUMENT",
    "FORMATS",
    "GRAPH",
    "HTML",
    "SOLUTIONS",
    "TABLES",
    "Format",
    "by_name",
    "named",
    "result_set",
    "write_answer",
    "write_triples",
]
