"""The journal as a patch: Turtle that says the same, in git's format, deterministic, and no work of a review undone."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import rdflib.compare
from click.testing import CliRunner
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from territoires.cli import main
from territoires.errors import JournalDamaged, SourceError
from territoires.knowledge.patching import export
from territoires.knowledge.turtle import turtle
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import Commit, change_of
from territoires.writing.journal import Journal

LABEL, RELATED, KIND = (NamedNode(iri(name)) for name in ("skos:altLabel", "dct:relation", "rdf:type"))
BASE = "https://data.example.org/territoires/"
HOSTILE = 'a "quote" \\ and\nlines\r\n\ttab \N{LINE SEPARATOR} \x85 \x0b \x07 \N{NO-BREAK SPACE}« é » \N{GRINNING FACE} .'


def own(path: str, base: str = CANONICAL_BASE) -> NamedNode:
    """One of our IRIs."""
    return NamedNode(base + path)


def said(name: str, *texts: str, graph: str = "mine", base: str = CANONICAL_BASE) -> list[Quad]:
    """Names of a thing, in a graph of contributions."""
    return [Quad(own(f"id/territoire/{name}", base), LABEL, Literal(each, language="fr"), place(graph, base)) for each in texts]


def noted(name: str, text: str, label: str, graph: str = "mine") -> list[Quad]:
    """A note without an address on a thing."""
    return [
        Quad(own(f"id/territoire/{name}"), RELATED, BlankNode(label), place(graph)),
        Quad(BlankNode(label), LABEL, Literal(text), place(graph)),
    ]


def place(graph: str, base: str = CANONICAL_BASE) -> NamedNode:
    """A graph of contributions."""
    return own(f"graph/contributions/{graph}", base)


def isomorphic(text: str, quads: Iterable[Quad]) -> bool:
    """Whether two engines read the Turtle as these triples, but for the labels of blank nodes."""
    wanted = rdflib.Graph().parse(data="".join(f"{quad.triple} .\n" for quad in quads), format="nt")
    other = "".join(f"{quad.triple} .\n" for quad in parse(text, RdfFormat.TURTLE))
    read = (rdflib.Graph().parse(data=text, format="turtle"), rdflib.Graph().parse(data=other, format="nt"))
    return all(rdflib.compare.isomorphic(each, wanted) for each in read)


@dataclass
class Bench:
    """A journal, and a checkout in git that its patches are applied to."""

    settings: Settings
    journal: Journal

    def write(self, added: Iterable[Quad] = (), removed: Iterable[Quad] = (), reason: str = "why") -> Commit:
        """A commit."""
        return self.journal.append("Ada", reason, "r1", change_of(removed, added))

    def export(self, after: int = 0, withdrawn: bool = False) -> str:
        """The patch."""
        return export(self.settings, self.journal, after, withdrawn).text

    def apply(self, text: str) -> None:
        """Applies a patch with git, which must not find a fault."""
        self.git("apply", "--index", "--whitespace=error-all", "-", given=text)

    def git(self, *arguments: str, given: str = "") -> str:
        """Has git do something."""
        command = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", *arguments]
        done = subprocess.run(command, cwd=self.settings.home, input=given.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def file(self, name: str = "mine") -> Path:
        """The file of a graph."""
        return self.settings.home / "data" / "contributions" / f"{name}.ttl"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An empty journal, and a checkout with a file of another folder."""
    home, contributions = tmp_path / "home", tmp_path / "contributions"
    (home / "data").mkdir(parents=True)
    (home / "data" / "dataset.ttl").write_text("")
    found = Bench(Settings(home=home, contributions=contributions), Journal(contributions / "journal"))
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        found.git(*arguments)
    return found


def test_new_files_say_what_the_journal_leaves(bench: Bench) -> None:
    """One file for each graph that holds something, whatever it holds, told where it comes from; the same patch each time."""
    odd = Quad(NamedNode("http://a/b/../c"), RELATED, own("id//x/../y?z#"), place("mine"))
    values = [
        Literal(HOSTILE),
        Literal("007", datatype=NamedNode(iri("xsd:integer"))),
        Literal("1.50", datatype=NamedNode(iri("xsd:decimal"))),
    ]
    mine = [*said("a", "é", "b"), odd, *(Quad(own("id/x"), LABEL, value, place("mine")) for value in values)]
    mine += [*noted("a", "the same", "n1"), *noted("a", "the same", "n2"), Quad(own("id/x"), KIND, own("def#Pays"), place("mine"))]
    first = bench.write([*mine, *said("gone", "x")], reason="pour\n  voir \x00")
    second = bench.write(said("c", "c", graph="sub/other.v1"), said("gone", "x"), reason="")
    patch = bench.export()
    assert patch == bench.export() and patch.count("new file mode 100644") == 2
    bench.apply(patch)
    text = bench.file().read_text()
    assert isomorphic(text, mine) and isomorphic(bench.file("sub/other.v1").read_text(), said("c", "c"))
    assert f"# 1 · {first.moment} · Ada: pour voir\n# 2 · {second.moment} · Ada\n" in text
    assert f"# Up to commit 2 of the journal, checksum {second.checksum}.\n" in text
    assert "tdp:Pays" in text and "007" in text and "<id/territoire/a>" in text
    assert bench.export() == "", "the files say all of it"


def test_the_same_text_for_the_same_statements() -> None:
    """Neither the order nor the labels of blank nodes matter, in cycles and lists neither; what is shared or deep bears a name."""
    nodes = [BlankNode(f"n{number}") for number in range(12)]
    triples = [Triple(nodes[0], RELATED, nodes[1]), Triple(nodes[1], RELATED, nodes[0])]  # a cycle
    triples += [Triple(own("id/x"), RELATED, nodes[2]), Triple(own("id/y"), RELATED, nodes[2]), Triple(nodes[2], LABEL, Literal("shared"))]
    triples += [Triple(here, RELATED, there) for here, there in zip([own("id/z"), *nodes[3:-1]], nodes[3:], strict=True)]  # deep
    triples += [Triple(nodes[-1], LABEL, Literal("deepest")), Triple(BlankNode("free"), LABEL, Literal("free"))]
    triples += [Triple(own("id/w"), LABEL, Literal(each, language=spoken)) for each in "ba" for spoken in ("en", "fr")]
    text = turtle(triples)
    assert 'skos:altLabel "a"@fr, "b"@fr, "a"@en, "b"@en .' in text and "dct:relation [" in text
    assert isomorphic(text, (Quad(*each) for each in triples))
    renamed = "".join(f"{each} .\n" for each in reversed(triples)).replace("_:", "_:z")
    assert turtle([quad.triple for quad in parse(renamed, RdfFormat.N_TRIPLES)]) == text
    assert text.startswith(f"@base <{CANONICAL_BASE}> .\n@prefix skos:") and "[]\n    skos:altLabel" in text
    with pytest.raises(SourceError, match="value of another"):
        turtle([Triple(own("id/x"), RELATED, triples[0])])


def test_what_came_later_changes_the_file_as_the_review_left_it(bench: Bench) -> None:
    """A later patch has only what the journal did since: corrections that a reviewer made to the file stay."""
    bench.write([*said("a", "one", "two", "three"), *noted("a", "kept", "k1")])
    bench.apply(bench.export())
    bench.file().write_text(bench.file().read_text().replace('"two"@fr', '"Two, mended"@fr'))
    bench.git("commit", "-qam", "reviewed")
    assert bench.export() == ""
    bench.write(said("a", "four"), said("a", "one", "two"))
    patch = bench.export()
    assert "deleted" not in patch and "new file" not in patch
    bench.apply(patch)
    assert isomorphic(bench.file().read_text(), [*said("a", "three", "four", "Two, mended"), *noted("a", "kept", "k1")])


def test_a_graph_that_was_handed_over(bench: Bench) -> None:
    """Once the file has taken its place a graph is emptied: the file stays, and takes what comes afterwards; withdrawn, it goes."""
    one = said("a", "one")
    bench.write(one)
    bench.apply(bench.export())
    bench.git("commit", "-qam", "reviewed")
    bench.write(removed=one, reason="handed over")
    assert bench.export() == ""
    deleted = bench.export(withdrawn=True)
    assert "deleted file mode 100644" in deleted
    bench.git("apply", "--check", "-", given=deleted)
    bench.write(said("a", "two"))
    bench.apply(bench.export(withdrawn=True))
    assert isomorphic(bench.file().read_text(), said("a", "one", "two"))
    bench.write(removed=said("a", "two"))
    bench.write(said("a", "three"))
    bench.apply(bench.export())
    assert isomorphic(bench.file().read_text(), said("a", "one", "two", "three")), "emptied in between: the file stands for what it held"


def test_files_that_no_journal_of_ours_wrote(bench: Bench, tmp_path: Path) -> None:
    """A file without its mark, or with that of another journal, is added to; one whose last line has no end, too."""
    bench.file().parent.mkdir()
    bench.file().write_bytes(f"<{CANONICAL_BASE}id/territoire/a> <{LABEL.value}> 'by hand'@fr .\r\n# the end".encode())
    bench.git("add", "-A")
    bench.write(said("a", "one"))
    patch = bench.export()
    assert "\\ No newline at end of file" in patch
    bench.apply(patch)
    assert isomorphic(bench.file().read_text(), said("a", "by hand", "one"))
    other = Journal(tmp_path / "other" / "journal")
    other.append("Bob", "", "r1", change_of([], said("a", "elsewhere")))
    bench.apply(export(bench.settings, other).text)
    assert isomorphic(bench.file().read_text(), said("a", "by hand", "one", "elsewhere"))
    bench.file().write_text("no Turtle")
    with pytest.raises(SourceError, match=r"mine\.ttl"):
        bench.export()


def test_only_later_commits(bench: Bench) -> None:
    """With `after`, only the graphs that later commits touched, as they are now."""
    bench.write([*said("a", "one"), *said("a", "x", graph="other")])
    bench.write(said("a", "two"))
    assert bench.export(after=2) == ""
    patch = bench.export(after=1)
    assert "contributions/other.ttl" not in patch
    bench.apply(patch)
    assert isomorphic(bench.file().read_text(), said("a", "one", "two"))


@pytest.mark.parametrize(
    "name", ["../../../x", "a//b", ".git/config", "écrit", "a%20b", "x?y", "a.ttl/b", "-x", "x" * 300, "a b"[:1] + ":b"]
)
def test_names_that_make_no_path(bench: Bench, name: str) -> None:
    """A graph whose name could lead elsewhere has a file of another name, which tells the graph's."""
    quads = said("a", "one", graph=name)
    bench.write(quads)
    bench.apply(bench.export())
    (path,) = (bench.settings.home / "data").rglob("contributions/**/*.ttl")
    assert path.name.startswith("graph-") and isomorphic(path.read_text(), quads) and name in path.read_text()


def test_another_base(bench: Bench) -> None:
    """The files hold own IRIs at the canonical base, whichever the service has."""
    bench.settings = replace(bench.settings, base_url=BASE)
    bench.write(said("a", "one", base=BASE))
    bench.write(said("a", "two"))
    bench.apply(bench.export())
    assert isomorphic(bench.file().read_text(), said("a", "one", "two"))
    bench.settings = replace(bench.settings, base_url=CANONICAL_BASE)
    with pytest.raises(SourceError, match="another release"):
        bench.export()


def test_the_command(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The patch goes to standard output or to a file, sentences elsewhere; faults are told, exit 1."""
    runner = CliRunner()
    monkeypatch.delenv("TERRITOIRES_CONTRIBUTIONS", raising=False)
    assert "TERRITOIRES_CONTRIBUTIONS" in runner.invoke(main, ["journal", "export"]).stderr
    monkeypatch.setenv("TERRITOIRES_CONTRIBUTIONS", str(bench.settings.contributions))
    monkeypatch.setenv("TERRITOIRES_HOME", str(bench.settings.home))
    empty = runner.invoke(main, ["journal", "export"])
    assert (empty.exit_code, empty.stdout_bytes) == (0, b"") and "Nothing to export" in empty.stderr
    bench.write(said("a", HOSTILE))
    out = runner.invoke(main, ["journal", "export"])
    assert out.exit_code == 0 and out.stdout_bytes.decode() == bench.export() and "data/contributions/mine.ttl" in out.stderr
    filed = runner.invoke(main, ["journal", "export", "--output", str(tmp_path / "patch"), "--after", "0"])
    assert (filed.exit_code, filed.stdout) == (0, "") and (tmp_path / "patch").read_bytes() == out.stdout_bytes
    bench.write([Quad(own("id/x"), LABEL, Literal("x"), own("graph/data/source/memento"))])
    foreign = runner.invoke(main, ["journal", "export"])
    assert foreign.exit_code == 1 and "another release" in foreign.stderr and foreign.stdout == ""
    (segment,) = (bench.settings.contributions / "journal").iterdir()  # type: ignore[operator]
    segment.write_bytes(segment.read_bytes().replace(b"quote", b"QUOTE", 1))
    with pytest.raises(JournalDamaged):
        bench.export()
    assert runner.invoke(main, ["journal", "export"]).exit_code == 1
