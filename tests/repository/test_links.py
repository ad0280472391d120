"""data/links/: every link has a thing, a source and a confidence; each fault of a table is told with its file and line."""

import csv
import re
import shutil
from pathlib import Path

import pytest
import rdflib
from rdflib import FOAF, OWL, RDFS, SKOS

from territoires.errors import SourceError
from territoires.files import LINKS, knowledge_files
from territoires.knowledge.linksets import NEGATIVE, POSITIVE, SURE, UNSURE, VERDICTS, link_quads, read_links, read_targets, target_name
from territoires.knowledge.sssom import NOT_FOUND, read_mappings
from territoires.knowledge.verdicts import check_links
from territoires.vocabulary import CANONICAL_BASE, iri

ROOT = Path(__file__).parents[2]
HEAD = "#curie_map:\n#  id: https://w3id.org/territoires-de-projet/id/\n#  wd: http://www.wikidata.org/entity/\n"
HEAD += "#  geonames: https://sws.geonames.org/\n#  dct: http://purl.org/dc/terms/\n#mapping_set_id: https://example.org/x.tsv\n"
HEAD += "#mapping_set_description: x\n#license: https://example.org/\n"
COLUMNS = "subject_id subject_label predicate_id predicate_modifier object_id object_label object_type mapping_justification confidence"
COLUMNS += " subject_source object_source object_source_version mapping_date author_label see_also comment cited_source"
GOOD = {
    "subject_id": "id:commune/langres",
    "subject_label": "Langres",
    "predicate_id": "skos:exactMatch",
    "object_id": "wd:Q203293",
    "object_label": "Langres",
    "mapping_justification": "semapv:ManualMappingCuration",
    "confidence": "0.85",
    "subject_source": "id:jeu/territoires",
    "object_source": "id:jeu/wikidata",
    "mapping_date": "2026-11-23",
    "cited_source": "a file",
}
ISO = {"object_source": "id:jeu/iso-3166-2", "predicate_id": "dct:identifier"}
KNOWN = {f"{CANONICAL_BASE}id/commune/{name}" for name in ("langres", "chaumont")}
SLOTS = set(COLUMNS.split()) - {"cited_source"}
"""The slots of SSSOM 1.1 that we use; cited_source is an extension, defined in the header."""


def table(*rows: dict[str, str]) -> str:
    """A mapping set of rows that differ from the good one; its first row stands on line 10."""
    cells = ["\t".join({**GOOD, **row}.get(column, "") for column in COLUMNS.split()) for row in rows]
    return HEAD + "\n".join(["\t".join(COLUMNS.split()), *cells]) + "\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the targets of the repository, and no table yet."""
    (tmp_path / LINKS).mkdir(parents=True)
    shutil.copy(ROOT / LINKS / "targets.ttl", tmp_path / LINKS)
    return tmp_path


def faults(home: Path, **tables: str) -> list[tuple[str, str]]:
    """The rule and the place of each fault in these tables."""
    for name, text in tables.items():
        (home / LINKS / f"{name}.tsv").write_text(text, encoding="utf-8")
    return [(finding.rule.removeprefix("links#"), finding.file.removeprefix(f"{LINKS}/")) for finding in check_links(home, KNOWN)]


# The tables of the repository


@pytest.fixture(scope="module")
def described() -> set[str]:
    """What the data describe."""
    graph = rdflib.Graph()
    for source in knowledge_files(ROOT):
        graph.parse(source.path, format="turtle", publicID=CANONICAL_BASE)
    return {str(subject) for subject in graph.subjects()}


def test_tables_are_sound(described: set[str]) -> None:
    """No check finds a fault: subjects exist, targets look right, nothing stands twice or against itself."""
    assert [(found.file, found.messages["en"]) for found in check_links(ROOT, described)] == []


def test_positive_rows(described: set[str]) -> None:
    """Each positive row has a thing of ours, a cited source that was read, and a confidence that deserves it."""
    rows = read_links(ROOT)[POSITIVE].rows
    assert len(rows) > 2000
    for row in rows:
        assert row.subject in described, row.line
        assert row["cited_source"] and "UNVERIFIED" not in row["cited_source"], row.line
        assert SURE <= (row.confidence or 0) <= 1, row.line
        assert not row.negated and row.object and row.object != NOT_FOUND, row.line


def test_refused_rows_say_why() -> None:
    """What is not linked has its reason; what memory alone tells is among the doubtful."""
    tables = read_links(ROOT)
    for name in (NEGATIVE, UNSURE):
        assert tables[name].rows and all(row["comment"] for row in tables[name].rows)
    assert all(row.negated or row.object == NOT_FOUND for row in tables[NEGATIVE].rows)
    assert any("memory" in row["comment"] for row in tables[UNSURE].rows)
    assert all(row.confidence is not None for row in tables[UNSURE].rows)


@pytest.mark.parametrize("name", VERDICTS)
def test_sssom(name: str) -> None:
    """The columns are slots of SSSOM, or defined in the header; no column is empty; the metadata name the set."""
    mappings = read_mappings(ROOT / LINKS / f"{name}.tsv")
    assert set(mappings.columns) - SLOTS == {"cited_source"}
    assert "#  - slot_name: cited_source" in mappings.path.read_text(encoding="utf-8").splitlines()
    for column in mappings.columns:
        assert any(row[column] for row in mappings.rows), column
    assert mappings.metadata["mapping_set_id"] == f"{CANONICAL_BASE}liens/{name}.tsv"


def test_every_predicate_and_set_is_used() -> None:
    """What a set of links declares is what its rows use, except where there are no rows yet."""
    used: dict[str, set[str]] = {}
    for row in read_links(ROOT)[POSITIVE].rows:
        used.setdefault(row.iri("object_source"), set()).add(row.predicate)
    targets = read_targets(ROOT)
    for name, predicates in used.items():
        assert targets[name].predicates == predicates, name
    assert {targets[name].name for name in set(targets) - set(used)} == {"igeo", "nor", "ror", "siren"}


def test_dated_versions_of_insee() -> None:
    """T19: a UUID names a territory between two events, so it is close to ours, never the same, and says of which day."""
    rows = [row for row in read_links(ROOT)[POSITIVE].rows if target_name(row) == "insee-cog-versions"]
    assert rows and all(row.predicate == str(SKOS.closeMatch) and row["object_source_version"] == "2023-12-19" for row in rows)
    versions = {row.object for table in read_links(ROOT).values() for row in table.rows if re.search(r"[0-9a-f]{8}-", row.object)}
    exact = {row.object for row in read_links(ROOT)[POSITIVE].rows if row.predicate == str(SKOS.exactMatch)}
    assert versions and not versions & exact


def test_traps() -> None:
    """The swapped labels of 02 and 03, the provisional names of régions, the homonyms: on the right side each."""
    rows = {name: {(row["subject_id"], row.predicate, row.object) for row in table.rows} for name, table in read_links(ROOT).items()}
    version = "http://id.insee.fr/geo/departement/"
    assert ("id:departement/aisne", str(SKOS.closeMatch), f"{version}8b195d1f-8676-4c06-873c-ee5b6d66a23f") in rows[POSITIVE]
    assert ("id:departement/aisne", str(SKOS.closeMatch), f"{version}2cac54dd-bfc6-42f2-a14e-9848aca615f8") in rows[NEGATIVE]
    assert ("id:commune/chaumont", str(SKOS.exactMatch), "http://id.insee.fr/geo/commune/18060") in rows[NEGATIVE]
    assert ("id:commune/chaumont", str(SKOS.exactMatch), "http://id.insee.fr/geo/commune/52121") in rows[POSITIVE]
    alizee = ("id:action/langres-dispositif-alizee", str(SKOS.exactMatch), f"{CANONICAL_BASE}id/cluster/alizee-plasturgie")
    assert alizee in rows[NEGATIVE]
    provisional = {(predicate, value[-4:]) for _, predicate, value in rows[POSITIVE] if value.endswith(("ACAL", "PNPC", "LRMP"))}
    assert provisional == {(str(SKOS.closeMatch), name) for name in ("ACAL", "PNPC", "LRMP")}
    carhaix = "http://www.wikidata.org/entity/Q208226"
    assert {name for name in VERDICTS for _, _, value in rows[name] if value == carhaix} == {UNSURE}


def test_links_stand_in_one_place() -> None:
    """No Turtle file links to a target by hand: the tables are the one place."""
    patterns = [target.pattern for target in read_targets(ROOT).values() if target.pattern.pattern.startswith("^http")]
    linking = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch, OWL.sameAs, RDFS.seeAlso, FOAF.page}
    for source in knowledge_files(ROOT):
        graph = rdflib.Graph().parse(source.path, format="turtle", publicID=CANONICAL_BASE)
        for subject, predicate, value in graph:
            thing = str(subject).startswith((f"{CANONICAL_BASE}id/", f"{CANONICAL_BASE}scheme/"))
            if thing and predicate in linking and isinstance(value, rdflib.URIRef):
                assert not any(pattern.search(value) for pattern in patterns), (source.name, value)


def test_no_share_alike_source() -> None:
    """The tables stand under the Licence Ouverte: nothing of them comes from a source under the ODbL."""
    for name in VERDICTS:
        assert "cogugaison" not in (ROOT / LINKS / f"{name}.tsv").read_text(encoding="utf-8").lower()


def test_quads_at_another_base() -> None:
    """A release of another host has its own things as subjects, in graphs of its own; the others stay."""
    quads = list(link_quads(ROOT, "https://data.example.org/t/"))
    assert all(quad.subject.value.startswith("https://data.example.org/t/") for quad in quads)  # type: ignore[union-attr]
    assert all(quad.graph_name.value.startswith("https://data.example.org/t/graph/links/") for quad in quads)  # type: ignore[union-attr]
    assert not [quad for quad in quads if CANONICAL_BASE in str(quad)]


# Faults


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, None),
        ({"subject_id": "id:commune/langre"}, "subject"),
        ({"subject_id": "ids:commune/langres"}, "prefix"),
        ({"subject_label": ""}, "empty"),
        ({"object_id": "wd:203293"}, "object"),
        ({"object_id": "wd:Q203293#x"}, "object"),
        ({"object_id": ""}, "empty"),
        ({"object_source": "id:jeu/wikipedia"}, "target"),
        ({"predicate_id": "owl:sameAs"}, "predicate"),
        ({"object_source": "id:jeu/geonames", "object_id": "geonames:3007680/", "predicate_id": "owl:sameAs"}, "predicate"),
        ({"object_source": "id:jeu/geonames", "object_id": "geonames:3007680/", "predicate_id": "skos:closeMatch"}, None),
        ({"object_source": "id:jeu/geonames", "object_id": "geonames:3007680", "predicate_id": "skos:closeMatch"}, "object"),
        ({"cited_source": ""}, "source"),
        ({"cited_source": "UNVERIFIED-MEMORY"}, "memory"),
        ({"confidence": ""}, "confidence"),
        ({"confidence": "high"}, "confidence"),
        ({"confidence": "1.2"}, "confidence"),
        ({"confidence": "0.6"}, "confidence"),
        ({"mapping_justification": "semapv:manual"}, "justification"),
        ({"mapping_date": "23/11/2026"}, "date"),
        ({"predicate_modifier": "Not"}, "negation"),
        ({"predicate_modifier": "not"}, "modifier"),
        ({"object_id": "sssom:NoTermFound"}, "negation"),
        ({"object_type": "rdfs literal", "object_id": "", "object_label": "FR-52", **ISO}, "object"),
    ],
)
def test_a_fault_of_a_positive_row(home: Path, change: dict[str, str], rule: str | None) -> None:
    """Each fault is found, at its line, and nothing else is."""
    found = faults(home, positive=table({"subject_id": "id:commune/chaumont", "object_id": "wd:Q1"}, change))
    assert {name for name, _ in found} == ({rule} - {None})
    assert {place for _, place in found} <= {"positive.tsv:11"}


def test_a_fault_says_what_to_do_in_both_languages(home: Path) -> None:
    """The message names what stands there, in French and in English."""
    faults(home, positive=table({"object_id": "wd:Q12x"}))
    (found,) = check_links(home, KNOWN)
    assert "Wikidata" in found.messages["fr"] and "forme" in found.messages["fr"]
    assert "http://www.wikidata.org/entity/Q12x" in found.messages["en"] and "identifier of Wikidata" in found.messages["en"]


def test_a_pair_stands_once(home: Path) -> None:
    """The same pair twice, by whatever predicate."""
    assert faults(home, positive=table({}, {})) == [("repeated", "positive.tsv:11")]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("negative", {"predicate_modifier": "Not", "comment": "x"}),
        ("negative", {"object_id": "sssom:NoTermFound", "confidence": "", "comment": "x"}),
        ("unsure", {"comment": "x", "confidence": "0.6"}),
    ],
)
def test_tables_do_not_contradict_each_other(home: Path, name: str, row: dict[str, str]) -> None:
    """A pair that holds is neither refused nor doubted; what was found is not said not to be."""
    assert faults(home, positive=table({}), **{name: table(row)}) == [("contradicted", f"{name}.tsv:10")]


def test_two_things_are_not_the_same_as_one(home: Path) -> None:
    """skos:exactMatch is transitive: it would make one thing of two of ours."""
    assert faults(home, positive=table({}, {"subject_id": "id:commune/chaumont"})) == [("shared", "positive.tsv:11")]


@pytest.mark.parametrize(
    ("name", "row", "rule"),
    [
        ("negative", {"predicate_modifier": "Not"}, "reason"),
        ("negative", {"comment": "x"}, "negation"),
        ("negative", {"predicate_modifier": "Not", "comment": "x", "cited_source": ""}, "source"),
        ("unsure", {"confidence": "0.6"}, "reason"),
        ("negative", {"predicate_modifier": "Not", "comment": "x", "object_source": "id:jeu/territoires", "object_id": "id:a"}, "object"),
    ],
)
def test_a_fault_of_a_refused_row(home: Path, name: str, row: dict[str, str], rule: str) -> None:
    """What is not linked has its source and reason too."""
    assert faults(home, **{name: table(row)}) == [(rule, f"{name}.tsv:10")]


def test_faults_of_a_file(home: Path) -> None:
    """Another name, a header that lacks something, a line that is too short."""
    lines = table({}).replace("#license: https://example.org/\n", "").splitlines()
    short = "\n".join([*lines[:-1], "\t".join(lines[-1].split("\t")[:-1])]) + "\n"
    assert sorted(faults(home, positive=short, other=table({}))) == [
        ("cells", "positive.tsv:9"),
        ("file", "other.tsv:1"),
        ("metadata", "positive.tsv:1"),
    ]


@pytest.mark.parametrize("text", ["a\tb\n1\t2\n", table({"comment": '"open'}).replace("\n", "\n", 1), ""])
def test_a_file_that_is_no_table(home: Path, text: str) -> None:
    """A file without the columns, or whose quotes don't close, is named with its line."""
    with pytest.raises(SourceError, match=r"positive\.tsv:\d+"):
        faults(home, positive=text)


def test_a_cell_with_tabs_and_quotes(home: Path) -> None:
    """A quoted cell may hold a tab, a quote and a line break (SSSOM/TSV, Quoting); the next row keeps its line."""
    text = table({"comment": '"a\tb ""c""\nd"'}, {"subject_id": "id:commune/chaumont", "object_id": "wd:x"})
    assert faults(home, positive=text) == [("object", "positive.tsv:12")]
    assert read_mappings(home / LINKS / "positive.tsv").rows[0]["comment"] == 'a\tb "c"\nd'


def test_no_tables_no_faults(tmp_path: Path) -> None:
    """A home without links has none."""
    assert check_links(tmp_path, KNOWN) == [] and list(link_quads(tmp_path, CANONICAL_BASE)) == []


def test_tables_read_by_a_plain_reader() -> None:
    """Who reads the file as tab-separated values, without the lines of #, gets the same rows."""
    mappings = read_mappings(ROOT / LINKS / "positive.tsv")
    with mappings.path.open(encoding="utf-8", newline="") as file:
        plain = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))
    assert [row["subject_id"] for row in plain] == [row["subject_id"] for row in mappings.rows]
    assert iri("skos:exactMatch") in {row.predicate for row in mappings.rows}
