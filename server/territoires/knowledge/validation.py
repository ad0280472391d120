"""SHACL validation, and that of the links to others, with a report that a person can act on."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyshacl
import rdflib
from rdflib.namespace import SH
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from territoires.errors import SourceError
from territoires.files import SourceFile, knowledge_files, shape_files
from territoires.knowledge.findings import Finding
from territoires.knowledge.verdicts import check_links
from territoires.vocabulary import CANONICAL_BASE, shorten

_SEVERITIES = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}


@dataclass(frozen=True)
class Report:
    """All findings, the gravest first."""

    findings: tuple[Finding, ...]
    triples: int

    def count(self, severity: str) -> int:
        """How many findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def conforms(self) -> bool:
        """True when nothing is a violation."""
        return self.count("violation") == 0


def validate(home: Path, files: Sequence[Path] = (), contributed: str = "", around: str = "") -> Report:
    """Validates ontology, data and links; with `files`, those files read in the context of the rest, and only what they say.

    A file that stands below `home` replaces its stored text, one that doesn't is added; a mapping set (.tsv) replaces that of its name.
    `contributed` are further statements, in N-Triples; `around` what is known of the things there, which isn't validated itself.
    """
    stored = knowledge_files(home)
    tables = [path for path in files if path.suffix == ".tsv"]
    chosen = [file_at(path, home) for path in files if path not in tables]
    replaced = {source.path.resolve() for source in chosen}
    sources = [source for source in stored if source.path.resolve() not in replaced] + chosen
    graphs = {source.name: read_graph(source.path) for source in sources}
    if contributed:
        graphs["contributions"] = rdflib.Graph().parse(data=contributed, format="nt")
    known = rdflib.Graph().parse(data=around, format="nt")
    data = merged([*graphs.values(), known])
    described = {str(subject) for graph in graphs.values() for subject in graph.subjects()}
    findings = [] if chosen and not tables else check_links(home, described, tables)
    if chosen or not tables:
        found = run_shacl(data, merged(read_graph(source.path) for source in shape_files(home)), graphs)
        others = {str(subject) for subject in known.subjects()}
        found = [each for each in found if each.file or each.node not in others]
        subjects = {str(s) for source in chosen for s in graphs[source.name].subjects()}
        findings += [finding for finding in found if not chosen or finding.node in subjects]
    order = ("violation", "warning", "info")
    ranked = sorted(findings, key=lambda f: (order.index(f.severity), f.node, f.rule, f.file))
    return Report(tuple(ranked), len(data))


def file_at(path: Path, home: Path) -> SourceFile:
    """A file given by a person. Raises SourceError when it isn't there."""
    if not path.is_file():
        raise SourceError(f"{path} is no file: give the path of a Turtle file.")
    full = path.resolve()
    inside = full.is_relative_to(home.resolve())
    return SourceFile(path, full.relative_to(home.resolve()).with_suffix("").as_posix() if inside else str(path))


def read_graph(path: Path) -> rdflib.Graph:
    """A Turtle file as an rdflib graph. Raises SourceError."""
    graph = rdflib.Graph()
    try:
        return graph.parse(path, format="turtle", publicID=CANONICAL_BASE)
    except Exception as error:  # rdflib's parser raises whatever its tokenizer meets
        detail = re.sub(r"\s+", " ", str(error).replace("\\n", " "))[:300]
        raise SourceError(f"{path} is not valid Turtle: {detail}") from error


class QueriesReadOnce(rdflib.Graph):
    """A graph that parses the text of a query once: pySHACL asks the same one for each focus node."""

    def query(self, query_object: str | Query, *arguments: Any, **options: Any) -> rdflib.query.Result:
        """Answers like its base."""
        known = options.get("initNs") or {}
        text = query_object if isinstance(query_object, Query) else prepared(query_object, tuple(sorted(known.items())))
        return super().query(text, *arguments, **options)


@cache
def prepared(text: str, namespaces: tuple[tuple[str, str], ...]) -> Query:
    """The parsed query."""
    return prepareQuery(text, initNs=dict(namespaces))


def merged(graphs: Iterable[rdflib.Graph]) -> rdflib.Graph:
    """The merge of graphs."""
    whole = QueriesReadOnce()
    for graph in graphs:
        whole += graph
    return whole


def run_shacl(data: rdflib.Graph, shapes: rdflib.Graph, graphs: dict[str, rdflib.Graph]) -> list[Finding]:
    """The findings of pySHACL over `data`; `graphs` tells which file speaks of a node."""
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", allow_warnings=True, inplace=True)
    assert isinstance(report, rdflib.Graph)
    return [finding(report, shapes, result, graphs) for result in report.objects(None, SH.result)]


def finding(report: rdflib.Graph, shapes: rdflib.Graph, result: rdflib.term.Node, graphs: dict[str, rdflib.Graph]) -> Finding:
    """One sh:ValidationResult as a Finding."""
    node = report.value(result, SH.focusNode)
    shape = report.value(result, SH.sourceShape)
    path = report.value(result, SH.resultPath)
    value = report.value(result, SH.value)
    texts = [*shapes.objects(shape, SH.message), *report.objects(result, SH.resultMessage)]  # the shape's keep their language tags
    messages = {text.language or "": str(text) for text in reversed(texts) if isinstance(text, rdflib.Literal)}
    severity = report.value(result, SH.resultSeverity)
    return Finding(
        severity=_SEVERITIES[rdflib.URIRef(str(severity))],
        node=str(node),
        rule=str(shape),
        path=shorten(str(path)) if isinstance(path, rdflib.URIRef) else "",
        value=shorten(str(value)) if value is not None else "",
        messages=messages,
        file=next((name for name, graph in graphs.items() if node is not None and (node, None, None) in graph), ""),
    )


def explain(found: Finding, language: str) -> str:
    """A finding in three lines: which node, which rule, what to do."""
    where = f"  ({found.file})" if found.file else ""
    value = f"  value: {found.value}" if found.value else ""
    path = f"  path: {found.path}" if found.path else ""
    rule = found.rule.rpartition("#")[2]
    return f"{found.severity.upper()} {shorten(found.node)}{where}\n  rule: {rule}{path}{value}\n  {found.message(language)}"
