"""RDF files served as they are: what comes from where, what is refused, and that nothing is left behind."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from click.testing import CliRunner
from pyoxigraph import QuerySolutions

from territoires.cli import main
from territoires.errors import SourceError
from territoires.settings import Settings
from territoires.store.datasets import DatasetFile, publish_files, read_graph_option
from territoires.web.app import create_app

BASE = "http://example.org/"
EVERYTHING = "SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } } ORDER BY ?g ?s ?o"
XML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="{0}"><e:p>{1}</e:p></rdf:Description></rdf:RDF>'
)
SAME = {
    "ttl": '@prefix e: <http://example.org/> . e:a e:p "x" .',
    "nt": '<http://example.org/a> <http://example.org/p> "x" .',
    "rdf": XML.format("http://example.org/a", "x"),
    "owl": XML.format("http://example.org/a", "x"),
    "nq": '<http://example.org/a> <http://example.org/p> "x" .',
    "trig": '@prefix e: <http://example.org/> . e:a e:p "x" .',
    "jsonld": '{"@id": "http://example.org/a", "http://example.org/p": "x"}',
}
BOMB = '<?xml version="1.0"?>\n<!DOCTYPE rdf:RDF [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n' + XML.format(
    "http://example.org/a", "&b;"
)


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file: put(name, content) -> its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., list[tuple[str, ...]]]:
    """What a release of these files holds, as rows of graph, subject, predicate and object."""

    def rows(*files: DatasetFile) -> list[tuple[str, ...]]:
        found = publish_files(tmp_path / "releases", files, BASE).open().query(EVERYTHING)
        assert isinstance(found, QuerySolutions)
        return [tuple("" if term is None else str(getattr(term, "value", term)) for term in row) for row in found]

    return rows


@pytest.mark.parametrize("suffix", SAME)
def test_every_format(put: Callable[..., Path], told: Callable[..., list[tuple[str, ...]]], suffix: str) -> None:
    """The same triple in each format lands in the default graph, and nowhere else."""
    assert told(DatasetFile(put(f"a.{suffix}", SAME[suffix]))) == [("", f"{BASE}a", f"{BASE}p", "x")]


def test_graphs_stay_apart(put: Callable[..., Path], told: Callable[..., list[tuple[str, ...]]]) -> None:
    """The default graph holds what the files put there: named graphs aren't merged into it."""
    found = told(
        DatasetFile(put("a.ttl", SAME["ttl"])),
        DatasetFile(put("b.ttl", "<http://example.org/b> <http://example.org/p> <#c> ."), f"{BASE}g"),
        DatasetFile(put("c.trig", "<http://example.org/h> { <http://example.org/d> <http://example.org/p> 1 }")),
    )
    assert found == [
        ("", f"{BASE}a", f"{BASE}p", "x"),
        (f"{BASE}g", f"{BASE}b", f"{BASE}p", f"{BASE}g#c"),
        (f"{BASE}h", f"{BASE}d", f"{BASE}p", "1"),
    ]


def test_blank_nodes_stay_apart(put: Callable[..., Path], told: Callable[..., list[tuple[str, ...]]]) -> None:
    """The label of a blank node means another node in another file (RDF 1.1 Concepts §3.4)."""
    text = "_:x <http://example.org/p> 1 ."
    assert len(told(DatasetFile(put("a.ttl", text)), DatasetFile(put("b.ttl", text)))) == 2


def test_relative_iris(put: Callable[..., Path], told: Callable[..., list[tuple[str, ...]]]) -> None:
    """Relative IRIs stand below the address of the file."""
    path = put("a.ttl", "<> <#p> <b> .")
    here = path.as_uri()
    assert told(DatasetFile(path)) == [("", here, f"{here}#p", here.replace("a.ttl", "b"))]


@pytest.mark.parametrize(
    ("name", "content", "graph", "why"),
    [
        ("a.ttl", "<http://example.org/a> <http://example.org/p>\n<http://example.org/b", None, "a.ttl: Parser error at line 2"),
        ("a.nt", "nonsense", None, "a.nt: Parser error at line 1"),
        ("a.jsonld", '{"@context": "http://127.0.0.1:1/context", "p": "x"}', None, "names a context elsewhere"),
        ("a.rdf", BOMB, None, "document type declaration"),
        ("a.rdf", BOMB.replace("1.0", '1.0" encoding="UTF-16').encode("utf-16"), None, "document type declaration"),
        ("a.rdf", "\n" + BOMB, None, "Mend the XML"),
        ("a.ttl", b'<http://example.org/a> <http://example.org/p> "\xff" .', None, "a.ttl: Parser error at line 1"),
        ("a.docx", "", None, "none of the known suffixes"),
        ("a.nq", SAME["nq"], f"{BASE}g", "names its graphs itself"),
    ],
    ids=["turtle", "n-triples", "context", "entities", "entities in UTF-16", "entities below a line", "not UTF-8", "suffix", "quads"],
)
def test_refused(put: Callable[..., Path], tmp_path: Path, name: str, content: str | bytes, graph: str | None, why: str) -> None:
    """A file that can't be served is named, with the line where there is one, and no release is left."""
    with pytest.raises(SourceError, match=re.escape(why)):
        publish_files(tmp_path / "releases", [DatasetFile(put(name, content), graph)], BASE)
    assert not [path for path in (tmp_path / "releases").glob("*")]


def test_missing_file(tmp_path: Path) -> None:
    """A missing file is named."""
    with pytest.raises(SourceError, match=r"none\.ttl can't be read: No such file"):
        publish_files(tmp_path / "releases", [DatasetFile(tmp_path / "none.ttl")], BASE)


def test_graph_option() -> None:
    """The last equals sign parts the graph from the file; the graph is an absolute IRI."""
    assert read_graph_option("http://example.org/?a=b=c/d.ttl") == DatasetFile(Path("c/d.ttl"), "http://example.org/?a=b")
    for text in ("a.ttl", "=a.ttl", "http://example.org/=", "relative=a.ttl", "http://example.org/ x=a.ttl"):
        with pytest.raises(SourceError, match="IRI=FILE"):
            read_graph_option(text)


def test_command_refuses(put: Callable[..., Path]) -> None:
    """The command line tells a fault in a sentence; a file without --dataset is a wrong use."""
    broken = CliRunner().invoke(main, ["serve", "--dataset", str(put("a.ttl", "<a"))])
    assert (broken.exit_code, "Mend the Turtle" in broken.output, "Traceback" in broken.output) == (1, True, False)
    unsaid = CliRunner().invoke(main, ["serve", str(put("b.ttl", SAME["ttl"]))])
    assert (unsaid.exit_code, "--dataset" in unsaid.output) == (2, True)


def answers(port: int) -> bool:
    """Whether a server listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def served(put: Callable[..., Path], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server over two files, and the folder that holds its temporary files; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = tmp_path / "temporary"
    kept.mkdir()
    files = ["--dataset", str(put("a.ttl", SAME["ttl"])), str(put("b.ttl", "<http://example.org/b> <http://example.org/p> 2 ."))]
    graph = ["--graph", f"{BASE}g={put('c.ttl', '<#c> <#p> 3 .')}"]
    command = [sys.executable, "-m", "territoires.cli", "serve", "--port", str(port), *files, *graph]
    environment = {"TMPDIR": str(kept), "TERRITOIRES_RELEASES": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", kept
    finally:
        process.terminate()
        process.wait(timeout=20)
    assert not list(kept.iterdir()), "the temporary store is taken away"


def test_served(served: tuple[str, Path]) -> None:
    """The server holds the files and nothing of ours, needs no release, and takes its store away when it stops."""
    address, kept = served
    assert list(kept.iterdir())
    request = urllib.request.Request(f"{address}/sparql?{urlencode({'query': EVERYTHING})}", headers={"Accept": "text/csv"})
    with urllib.request.urlopen(request, timeout=20) as response:
        rows = response.read().decode().splitlines()
    assert rows == [
        "g,s,p,o",
        ",http://example.org/a,http://example.org/p,x",
        ",http://example.org/b,http://example.org/p,2",
        "http://example.org/g,http://example.org/g#c,http://example.org/g#p,3",
    ]


def test_description_claims_no_merge(put: Callable[..., Path], tmp_path: Path, root: Path) -> None:
    """The service description of such a dataset doesn't say that the default graph is the union of the named ones."""
    release = publish_files(tmp_path / "releases", [DatasetFile(put("a.ttl", SAME["ttl"]))], BASE)
    pool = release.serve()
    try:
        client = create_app(Settings(home=root), pool).test_client()
        described = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    finally:
        pool.close()
    assert "sparql-service-description#Service>" in described and "UnionDefaultGraph" not in described
