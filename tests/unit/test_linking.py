"""`territoires link`: tables are read and given back whole, decisions are followed, faults are sentences, endpoints only propose."""

import csv
import http.server
import io
import json
import re
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import rdflib
from click.testing import CliRunner, Result
from openpyxl import Workbook
from pyoxigraph import QueryResultsFormat, RdfFormat, Store

from territoires.cli import main
from territoires.errors import TableError
from territoires.knowledge.decisions import read_decisions
from territoires.knowledge.tables import read_table
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE

LANGRES = CANONICAL_BASE + "id/commune/langres"
ROWS = [
    ["id", "commune", "dép.", "note"],
    ["1", "Langres", "52", 'il dit "oui"; puis, non'],
    ["2", "Négrepelise", "82", "deux\nlignes"],
    ["3", "Chaumont", "", "=1+1"],
    ["4", "Atlantis", "52", ""],
    ["5", "", "", "vide"],
    ["6", "Langres", "52", "encore"],
]


def text_of(rows: list[list[str]], separator: str = ",") -> str:
    """Rows as CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table of the tests."""
    path = tmp_path / "table.csv"
    path.write_text(text_of(ROWS), encoding="utf-8", newline="")
    return path


@pytest.fixture
def run(core: Settings, table: Path) -> object:
    """Links the table with more options."""
    runner = CliRunner(env={"TERRITOIRES_HOME": str(core.home), "TERRITOIRES_RELEASES": str(core.releases)})

    def run(*options: str, source: Path = table) -> Result:
        return runner.invoke(main, ["link", str(source), "--column", "commune", "--type", "commune", *options])

    return run


def cells(text: str, separator: str = ",") -> list[list[str]]:
    """CSV as rows."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator, strict=True))


def test_nothing_is_lost(run, table: Path) -> None:
    """Each row in its place with each of its cells; four columns more, empty where nothing is clear."""
    result = run("--context", "dép.")
    assert result.exit_code == 0, result.output
    found = cells(result.stdout)
    assert [row[:4] for row in found] == ROWS
    assert found[0][4:] == ["commune_iri", "commune_code", "commune_name", "commune_score"]
    assert found[1][4:] == found[6][4:] == [LANGRES, "52269", "Langres", "100"]
    assert found[2][5:7] == ["82134", "Nègrepelisse"]
    assert [row[4:] for row in found[3:6]] == [[""] * 4] * 3
    assert "6 rows: 3 accepted, 1 unsure, 0 rejected, 2 without a candidate." in result.stderr


@pytest.mark.parametrize(
    ("encoding", "separator"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t"), ("cp1252", "|"), ("utf-8", "\t")]
)
def test_encodings_and_separators(tmp_path: Path, encoding: str, separator: str) -> None:
    """Found out from the file."""
    path = tmp_path / "t.csv"
    path.write_text(text_of(ROWS, separator), encoding=encoding, newline="")
    table = read_table(path)
    assert [list(table.header), *map(list, table.rows)] == ROWS and table.separator == separator
    assert table.lines[:3] == (2, 3, 5)


def test_workbook(tmp_path: Path, run) -> None:
    """The first sheet of an XLSX file; whole numbers stay whole."""
    book = Workbook()
    sheet = book.active
    for row in (["id", "commune", "n"], [1, "Langres", 3.5], [2, None, None], [3, "Mutzig", 7.0]):
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    result = run(source=tmp_path / "t.xlsx")
    assert result.exit_code == 0, result.output
    assert [row[:4] for row in cells(result.stdout)[1:]] == [
        ["1", "Langres", "3.5", LANGRES],
        ["2", "", "", ""],
        ["3", "Mutzig", "7", CANONICAL_BASE + "id/commune/mutzig"],
    ]


def test_decisions_are_followed(run, tmp_path: Path) -> None:
    """Proposed, edited by a person in a spreadsheet, followed; new values are added; what was decided stays."""
    decided, out = tmp_path / "decisions.csv", tmp_path / "out.csv"
    first = run("--context", "dép.", "--decisions", str(decided))
    assert first.exit_code == 0 and first.stdout == "" and "5 values" not in first.stderr and "4 values to look at" in first.stderr
    lines = cells(decided.read_text(encoding="utf-8"))
    assert lines[0][:5] == ["value", "context", "rows", "decision", "iri"]
    by_value = {line[0]: line for line in lines[1:]}
    assert by_value["Langres"][2:5] == ["2", "accept", LANGRES] and "Langres (commune, Haute-Marne (52), 52269)" in by_value["Langres"][9]
    assert by_value["Chaumont"][3] == "unsure" and "d’autres communes" in by_value["Chaumont"][8]
    by_value["Chaumont"][3] = "accept"
    by_value["Atlantis"][3:5] = ["Accept", "52353"]  # a code instead of an IRI
    by_value["Langres"][3] = "reject"
    decided.write_text(text_of(lines, ";"), encoding="cp1252", newline="")
    before = decided.read_bytes()
    again = run("--context", "dép.", "--decisions", str(decided), "--out", str(out))
    assert again.exit_code == 0 and decided.read_bytes() == before, again.output
    found = cells(out.read_text(encoding="utf-8"))
    assert [row[:4] for row in found] == ROWS
    assert [row[5] for row in found[1:]] == ["", "82134", "52121", "52353", "", ""]
    assert found[4][6] == "Nogent"
    more = tmp_path / "more.csv"
    more.write_text(text_of([*ROWS, ["7", "Mutzig", "67", ""]]), encoding="utf-8", newline="")
    third = run("--context", "dép.", "--decisions", str(decided), source=more)
    assert third.exit_code == 0 and "1 values to look at" in third.stderr
    kept = {key[0]: decision.verdict for key, (decision, _) in read_decisions(decided).items()}
    assert kept == {"Langres": "reject", "Négrepelise": "accept", "Chaumont": "accept", "Atlantis": "accept", "Mutzig": "accept"}


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (("Langres", 3, "yes"), "column 4: 'yes' is no decision; write accept, reject or unsure"),
        (("Atlantis", 3, "accept"), "column 5: what is accepted needs an IRI or a code"),
        (("Langres", 4, "https://example.org/x"), "nothing has the IRI or code 'https://example.org/x'"),
    ],
)
def test_faults_of_decisions_are_sentences(run, tmp_path: Path, edit: tuple[str, int, str], fault: str) -> None:
    """File, line and column; nothing is written."""
    decided, out = tmp_path / "decisions.csv", tmp_path / "out.csv"
    run("--context", "dép.", "--decisions", str(decided))
    lines = cells(decided.read_text(encoding="utf-8"))
    for line in lines:
        if line[0] == edit[0]:
            line[edit[1]] = edit[2]
    decided.write_text(text_of(lines), encoding="utf-8", newline="")
    result = run("--context", "dép.", "--decisions", str(decided), "--out", str(out))
    assert result.exit_code == 1 and fault in result.output and f"{decided}, line " in result.output
    assert not out.exists() and "Traceback" not in result.output


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "line 1: there is no header"),
        (b"id,commune\n1,Langres,52\n", "line 2, column 3: 3 cells where the header has 2"),
        (b"id,commune\n1,Langres\n2\n", "line 3, column 2: 1 cells where the header has 2"),
        (b'id,commune\n1,"Langres\n', "line 2: unexpected end of data"),
        (b"id,ville\n1,Langres\n", "line 1: there is no column 'commune'; the columns are 'id', 'ville'."),
        (b"commune,commune\nLangres,x\n", "line 1: 2 columns are called 'commune'"),
    ],
)
def test_faults_of_tables_are_sentences(run, table: Path, data: bytes, fault: str) -> None:
    """File, line and column."""
    table.write_bytes(data)
    result = run()
    assert result.exit_code == 1 and f"{table}, {fault}" in result.output and "Traceback" not in result.output


def test_faults_of_options_are_sentences(run, table: Path, tmp_path: Path) -> None:
    """An encoding, a separator, a kind, an ending, a file, an endpoint that can't be."""
    assert "no encoding called 'klingon'" in run("--encoding", "klingon").output
    assert "isn't one of" in run("--separator", "x").output
    assert "There is no kind town" in run("--type", "town").output
    assert ".csv, .tsv or .ttl" in run("--out", str(tmp_path / "x.doc")).output
    assert "can't be written" in run("--out", str(tmp_path / "none" / "x.csv")).output
    assert "can't be read" in run(source=tmp_path / "none.csv").output
    assert "no address of a SPARQL endpoint" in run("--against", "file:///etc/passwd").output
    assert "gave no answer that can be used" in run("--against", "http://127.0.0.1:9/sparql").output
    (tmp_path / "b.xlsx").write_bytes(b"no workbook")
    assert "is no XLSX workbook" in run(source=tmp_path / "b.xlsx").output
    table.write_bytes(b"commune\n\xff\xfe\x81\n")
    with pytest.raises(TableError, match="line 2, byte 1: this is no text in utf-8"):
        read_table(table, "utf-8")


def test_turtle(run, tmp_path: Path) -> None:
    """Rows in the shape of CSVW: their number, their line, each cell that isn't empty, the thing accepted."""
    out = tmp_path / "out.ttl"
    result = run("--context", "dép.", "--out", str(out))
    assert result.exit_code == 0, result.output
    graph = rdflib.Graph().parse(data=out.read_text(encoding="utf-8"), format="turtle", publicID="https://example.org/data/")
    csvw = rdflib.Namespace("http://www.w3.org/ns/csvw#")
    here = rdflib.Namespace("https://example.org/data/table.csv#")
    rows = sorted(graph.subjects(rdflib.RDF.type, csvw.Row), key=lambda row: int(graph.value(row, csvw.rownum)))
    assert [row.rpartition("=")[2] for row in rows] == ["2", "3", "5", "6", "7", "8"]
    described = graph.value(rows[0], csvw.describes)
    assert str(graph.value(described, rdflib.DCTERMS.spatial)) == LANGRES
    assert str(graph.value(described, here.note)) == 'il dit "oui"; puis, non' and str(graph.value(described, here["d%C3%A9p."])) == "52"
    assert graph.value(graph.value(rows[2], csvw.describes), rdflib.DCTERMS.spatial) is None
    assert len(list(graph.objects(graph.value(None, rdflib.RDF.type, csvw.Table), csvw.row))) == len(ROWS) - 1


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The address of a SPARQL endpoint with three things."""
    store = Store()
    store.load(
        b"""@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix e: <https://elsewhere.example/> .
        e:1 a e:City ; rdfs:label "Langres"@fr . e:2 rdfs:label "Langres"@en . e:3 rdfs:label "N\xc3\xa8grepelisse, France" .""",
        format=RdfFormat.TURTLE,
    )

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            answer = store.query(parse_qs(body)["query"][0]).serialize(format=QueryResultsFormat.JSON)
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *parts: object) -> None:
            """Silence."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sparql"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_endpoint_only_proposes(run, tmp_path: Path, endpoint: str) -> None:
    """Labels of another endpoint: candidates in the decisions file, none accepted; what a person accepts is joined."""
    decided, out = tmp_path / "decisions.csv", tmp_path / "out.csv"
    first = run("--against", endpoint, "--decisions", str(decided), "--out", str(out))
    assert first.exit_code == 0, first.output
    assert all(row[4:] == [""] * 4 for row in cells(out.read_text(encoding="utf-8"))[1:])
    lines = cells(decided.read_text(encoding="utf-8"))
    langres = next(line for line in lines if line[0] == "Langres")
    assert langres[3] == "unsure" and langres[4] == "https://elsewhere.example/1" and "https://elsewhere.example/2" in langres[9]
    assert float(langres[7]) <= 90
    langres[3:5] = ["accept", "https://elsewhere.example/2"]
    decided.write_text(text_of(lines), encoding="utf-8", newline="")
    assert run("--against", endpoint, "--decisions", str(decided), "--out", str(out)).exit_code == 0
    found = cells(out.read_text(encoding="utf-8"))
    assert found[1][4:7] == ["https://elsewhere.example/2", "", "Langres"] and found[3][4] == ""


def test_values_are_no_part_of_the_query(run, tmp_path: Path, endpoint: str) -> None:
    """Quotes, braces and backslashes in a cell stay text."""
    path = tmp_path / "hostile.csv"
    path.write_text(text_of([["commune"], ['"} DROP ALL { "'], ["\\"], ["'''\""], ["?x"]]), encoding="utf-8", newline="")
    result = run("--against", endpoint, source=path)
    assert result.exit_code == 0 and json.dumps("4 rows: 0 accepted")[1:-1] in result.stderr


def test_the_worked_example_of_the_documentation(core: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of docs/linking.md, run on its table, give what it shows."""
    text = (core.home / "docs" / "linking.md").read_text(encoding="utf-8").partition("## Matching a table")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL)
    (table, expected), commands = [body for kind, body in blocks if kind == "csv"], [body for kind, body in blocks if kind == "sh"]
    monkeypatch.chdir(tmp_path)
    Path("grants.csv").write_text(table, encoding="utf-8")
    runner = CliRunner(env={"TERRITOIRES_HOME": str(core.home), "TERRITOIRES_RELEASES": str(core.releases)})
    for command in commands:
        result = runner.invoke(main, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
    assert cells(Path("joined.csv").read_text(encoding="utf-8")) == cells(expected)
    assert "four other communes" in text and "18060, 61103, 74065, 89093" in Path("decisions.csv").read_text(encoding="utf-8")
