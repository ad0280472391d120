"""What an import checks of its own work: codes before it writes, statements after, and a sample of each class against the shapes.

A million triples through pySHACL would take an hour. What can be checked of all of them is checked here; the shapes then see some of
each class, evenly spread, with what these refer to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import rdflib
from pyoxigraph import NamedNode, Quad, QuerySolutions, RdfFormat, Store, Triple, serialize
from rdflib.namespace import SH

from territoires.errors import ImportFailed
from territoires.knowledge.importing.package import Records
from territoires.knowledge.judging import judge_of
from territoires.vocabulary import CANONICAL_BASE, shorten

SAMPLE = 6  # of each class
CODES = {
    "regions": re.compile(r"\d{2}|9[78]\d"),
    "departements": re.compile(r"\d{2}|2[AB]|9[78]\d"),
    "arrondissements": re.compile(r"(\d{2}|2[AB]|97\d)\d"),
    "communes": re.compile(r"(\d{2}|2[AB])\d{3}"),
    "epci": re.compile(r"\d{9}"),
}
"""File -> the form of its codes."""
_IMPORT = NamedNode("urn:territoires:import")
_PREFIXES = f"""
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX tdp: <{CANONICAL_BASE}def#>
"""
_DANGLING = f"""{_PREFIXES}
SELECT ?object {{
  {{ SELECT DISTINCT ?object {{ GRAPH {_IMPORT} {{ ?subject ?property ?object }} FILTER(STRSTARTS(STR(?object), "{CANONICAL_BASE}")) }} }}
  FILTER NOT EXISTS {{ ?object a ?class }}
  FILTER NOT EXISTS {{ GRAPH {_IMPORT} {{ ?object a ?class }} }}
}} ORDER BY ?object LIMIT 4
"""
_INCOMPLETE = f"""{_PREFIXES}
SELECT ?subject {{
  GRAPH {_IMPORT} {{
    ?subject a ?class
    FILTER(?class NOT IN (tdp:Perimeter, tdp:TerritorialChange, tdp:SourceDocument))
  }}
  FILTER(NOT EXISTS {{ GRAPH {_IMPORT} {{ ?subject dct:source ?source }} }} ||
    NOT EXISTS {{ {{ ?subject skos:prefLabel ?name }} UNION {{ GRAPH {_IMPORT} {{ ?subject skos:prefLabel ?name }} }} }})
}} ORDER BY ?subject LIMIT 4
"""


def check_records(records: Records) -> None:
    """Codes are well formed, each told once, with a name; what a record refers to is there. Raises ImportFailed with the first fault."""
    for fault in islice(faults(records), 1):
        raise ImportFailed(f"The source tells what it can't mean: {fault}. Nothing was imported.")


def faults(records: Records) -> Iterator[str]:
    """What is wrong with the records."""
    known: dict[str, set[str]] = {}
    for name, form in CODES.items():
        seen: set[tuple[str, str]] = set()
        for record in records[name]:
            code, kind = record["code"], record.get("type", "") if name == "communes" else ""
            if not form.fullmatch(code):
                yield f"{name} has the code {code!r}"
            if not record.get("nom", "").strip():
                yield f"{name} has no name for {code}"
            if (kind, code) in seen:
                yield f"{name} tells {code} twice"
            seen.add((kind, code))
        known[name] = {code for kind, code in seen if kind in ("", "commune-actuelle")}
    for name, to in (("region", "regions"), ("departement", "departements"), ("arrondissement", "arrondissements")):
        yield from unresolved(records, name, known[to])
    for record in records["communes"]:
        whole = record.get("chefLieu") or record.get("commune")
        if record["type"] != "commune-actuelle" and whole not in known["communes"]:
            yield f"the commune {whole} of {record['code']} is unknown"
        if "siren" in record and not is_siren(record["siren"]):
            yield f"{record['code']} has the SIREN number {record['siren']!r}"
    for record in records["epci"]:
        if not is_siren(record["code"]) or not record["membres"]:
            yield f"the EPCI {record['code']} has a wrong number or no members"
        if strangers := {member["code"] for member in record["membres"]} - known["communes"]:
            yield f"the EPCI {record['code']} has the unknown members {', '.join(sorted(strangers))}"


def unresolved(records: Records, name: str, known: set[str]) -> Iterator[str]:
    """References by a key of the records to a code that isn't listed."""
    for holder in ("departements", "arrondissements", "communes"):
        for record in records[holder]:
            if record.get(name) and record[name] not in known:
                yield f"the {name} {record[name]} of {record['code']} is unknown"


def is_siren(number: str) -> bool:
    """Nine digits whose last one is right (ISO/IEC 7812-1, Luhn)."""
    if not re.fullmatch(r"\d{9}", number):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(number))
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0


def load(graph: Path, context: Iterable[Quad]) -> Store:
    """What an import says, in a graph of its own beside what the repository says. Raises ImportFailed where a line is no N-Triples."""
    store = Store()
    store.bulk_extend(Quad(quad.subject, quad.predicate, quad.object) for quad in context)
    try:
        store.bulk_load(path=str(graph), format=RdfFormat.N_TRIPLES, to_graph=_IMPORT)
    except SyntaxError as error:
        raise ImportFailed(f"The import wrote what is no N-Triples ({error.msg}): tell the maintainers.") from error
    return store


def check_statements(store: Store) -> None:
    """Each thing is described where it is referred to, and is named and sourced. Raises ImportFailed with the first that isn't."""
    for query, fault in ((_DANGLING, "refers to what nothing describes"), (_INCOMPLETE, "gives no name or no source to")):
        found = store.query(query)
        assert isinstance(found, QuerySolutions)
        if names := [shorten(str(row[0].value)) for row in found]:
            raise ImportFailed(f"The import {fault}: {', '.join(names)}. Nothing was imported.")


def check_shapes(home: Path, store: Store, members: Mapping[str, Sequence[str]]) -> int:
    """Some of each class against the shapes; returns how many. Raises ImportFailed with the first violation."""
    chosen = [NamedNode(subject) for subjects in members.values() for subject in spread(sorted(subjects))]
    graph = rdflib.Graph().parse(data=serialize(about(store, chosen), format=RdfFormat.N_TRIPLES), format="nt")
    report = judge_of(home).report(graph, {rdflib.URIRef(node.value) for node in chosen})
    for result in report.objects(None, SH.result):
        if report.value(result, SH.resultSeverity) == SH.Violation:
            node, rule = report.value(result, SH.focusNode), str(report.value(result, SH.sourceShape))
            raise ImportFailed(f"{shorten(str(node))} breaks the shape {rule.rpartition('#')[2]}: nothing was imported.")
    return len(chosen)


def spread(subjects: Sequence[str]) -> list[str]:
    """Some of them, the first and the last and those at even distances between."""
    if len(subjects) <= SAMPLE:
        return list(subjects)
    return [subjects[place * (len(subjects) - 1) // (SAMPLE - 1)] for place in range(SAMPLE)]


def about(store: Store, nodes: Iterable[NamedNode]) -> list[Triple]:
    """What is said of the nodes, and of what they refer to, which isn't followed further."""
    own = [quad.triple for node in nodes for quad in store.quads_for_pattern(node, None, None, None)]
    others = {triple.object for triple in own if isinstance(triple.object, NamedNode)}
    return own + [quad.triple for node in others for quad in store.quads_for_pattern(node, None, None, None)]
