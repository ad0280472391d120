"""The search index: what is found first for each spelling, persons, facets, releases and what comes without an index."""

import gc
import json
import shutil
import sqlite3
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Triple

from territoires.errors import SearchUnavailable
from territoires.knowledge import folding
from territoires.knowledge.indexes import Indexes
from territoires.knowledge.indexing import CATEGORIES, FILE, write_index
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.search import SearchIndex
from territoires.settings import Settings
from territoires.store.embedded import EmbeddedStore
from territoires.store.releases import current_release, publish
from territoires.vocabulary import CANONICAL_BASE, iri

SPELLINGS = [
    ("Pays de Langres", "id/territoire/pays-de-langres"),
    ("langre", "id/territoire/pays-de-langres"),
    ("LANGRES", "id/territoire/pays-de-langres"),
    ("pays langres", "id/territoire/pays-de-langres"),
    ("PETR langres", "id/organisation/petr-du-pays-de-langres"),
    ("petr lang", "id/organisation/petr-du-pays-de-langres"),
    ("petr de langre", "id/organisation/petr-du-pays-de-langres"),
    ("P.E.T.R.", "scheme/forme-juridique/petr"),
    ("pole d'equilibre territorial et rural", "scheme/forme-juridique/petr"),
    ("glass vallee", "id/cluster/glass-valley"),
    ("GLASS-VALLÉE", "id/cluster/glass-valley"),
    ("glas valey", "id/cluster/glass-valley"),
    ("galss valley", "id/cluster/glass-valley"),
    ("lons le saulnier", "id/commune/lons-le-saunier"),
    ("Lons-le-Saunier", "id/commune/lons-le-saunier"),
    ("lons sonier", "id/commune/lons-le-saunier"),
    ("lonslesaunier", "id/commune/lons-le-saunier"),
    ("clus'ter jura", "id/cluster/clus-ter-jura"),
    ("clus’ter jura", "id/cluster/clus-ter-jura"),
    ("cluster jura", "id/cluster/clus-ter-jura"),
    ("clusterjura", "id/cluster/clus-ter-jura"),
    ("clustr jurra", "id/cluster/clus-ter-jura"),
    ("bresle yeres", "id/territoire/pays-interregional-bresle-yeres"),
    ("Bresle‑Yères", "id/territoire/pays-interregional-bresle-yeres"),
    ("bresleyeres", "id/territoire/pays-interregional-bresle-yeres"),
    ("bresles yère", "id/territoire/pays-interregional-bresle-yeres"),
    ("ledonien", "id/territoire/pays-ledonien"),
    ("pays lédonnien", "id/territoire/pays-ledonien"),
    ("thierache", "id/territoire/pays-de-thierache"),
    ("tierache", "id/territoire/pays-de-thierache"),
    ("midi quercy", "id/territoire/pays-midi-quercy"),
    ("midi kercy", "id/territoire/pays-midi-quercy"),
    ("bruche mosig", "id/territoire/pays-bruche-mossig-piemont"),
    ("centre ouest bretgne", "id/territoire/pays-centre-ouest-bretagne"),
    ("feader", "id/fonds/feader"),
    ("leader", "id/programme/leader"),
    ("sitcob", "id/cluster/sitcob"),
    ("wood cluster", "id/cluster/sitcob"),
    ("cluster bois", "id/cluster/sitcob"),
    ("F174", "source/memento/F174"),
]


@pytest.fixture(scope="module")
def index(settings: Settings) -> SearchIndex:
    """The index of the release."""
    return SearchIndex(current_release(settings.releases).path / FILE)


def paths(hits: object) -> list[str]:
    """The IRIs of hits below the base."""
    return [hit.iri.removeprefix(CANONICAL_BASE) for hit in hits]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "first"), SPELLINGS)
def test_spellings(index: SearchIndex, text: str, first: str) -> None:
    """Whatever the spelling, what is meant comes first, among results and suggestions alike."""
    assert paths(index.search(text).hits)[:1] == [first]
    assert paths(index.suggest(text))[:1] == [first]


def test_ranks(index: SearchIndex) -> None:
    """Names as asked for come before names that begin so, these before names with the words; facts and passages come last."""
    found = index.search("langres", count=1000)
    asked = ["langres" in [folding.key(name.text) for name in hit.names] for hit in found.hits]
    assert asked == sorted(asked, reverse=True) and 2 <= sum(asked) < 10
    low = [hit.category in ("fait", "passage") for hit in found.hits]
    assert low == sorted(low)
    assert found.total == len(found.hits) > 100


def test_variants_are_told(index: SearchIndex) -> None:
    """What isn't spelt so, and what has some of the words only, are called so; a word that is known isn't bent."""
    assert index.search("glass vallee").manner == "words"
    assert index.search("glas valey").manner == "variants"
    assert index.search("bois xyzzy").manner == "some"
    assert index.search("xyzzy").total == 0
    assert "saunier" in index.search("lons sonier").words
    assert index.search("wood cluster").words == ("wood", "cluster")


def test_far_off(index: SearchIndex) -> None:
    """With more than one letter in four wrong nothing is found, with one in three something may still be suggested, beyond that nothing."""
    for text in ("zzxqw", "hjklm", "blorf", "zorglub"):
        assert index.search(text).total == 0 and index.nearest(text) == [], text
    for text, meant in (("chomont", "id/territoire/pays-de-chaumont"), ("feodor", "id/fonds/feader")):
        assert index.search(text).total == 0 and paths(index.nearest(text))[0] == meant, text
    assert index.search("chaumotn").total > 0, "two letters swapped are one"
    assert index.search("bois zorglub").total == index.search("bois zzxqw").total, "nothing is found for a word that is none"


def test_facets_add_up(index: SearchIndex) -> None:
    """The counts of the categories make the total, and each count is what choosing it gives."""
    found = index.search("langres")
    assert sum(found.categories.values()) == found.total
    for category, count in found.categories.items():
        chosen = index.search("langres", category=category)
        assert chosen.total == count and {hit.category for hit in chosen.hits} == {category}
        assert chosen.categories == found.categories
    for area, count in found.areas.items():
        chosen = index.search("langres", area=area, count=1000)
        assert chosen.total == count == sum(chosen.categories.values())
        assert all(area in hit.areas for hit in chosen.hits)
    assert found.areas[f"{CANONICAL_BASE}id/region/grand-est"] >= found.areas[f"{CANONICAL_BASE}id/territoire/pays-de-langres"] > 50
    assert index.search("langres", "cluster", CANONICAL_BASE + "id/territoire/pays-de-langres").total > 0


def test_pages(index: SearchIndex) -> None:
    """Pages follow each other without gap or repetition."""
    whole = paths(index.search("pays", count=1000).hits)
    parts = [path for first in range(0, 1000, 100) for path in paths(index.search("pays", first=first, count=100).hits)]
    assert parts == whole and len(set(whole)) == len(whole) == 1000


def test_persons(index: SearchIndex) -> None:
    """A person is found by whole words of the name only, is never suggested, and no misprint leads to one."""
    person = "id/personne/amelie-goossens"
    assert paths(index.search("goossens").hits) == paths(index.search("Amélie Goossens").hits) == [person]
    for text in ("goosse", "goosens", "amelie goosse"):
        assert person not in paths(index.search(text, count=1000).hits)
    for text in ("goossens", "amelie goossens", "goosse", "goosens"):
        assert not any("personne" in path for path in paths([*index.suggest(text, 20), *index.nearest(text, 20)]))


def test_nearest(index: SearchIndex) -> None:
    """A mistyped path finds what it meant, and nothing that nobody looks for."""
    assert paths(index.nearest("id/territoire/pays-de-langre", 3))[0] == "id/territoire/pays-de-langres"
    assert paths(index.nearest("glas-valey"))[0] == "id/cluster/glass-valley"
    assert len(index.nearest("langres", 3)) == 3
    assert all(hit.category not in ("fait", "passage", "personne") for hit in index.nearest("langres", 20))


def test_categories(index: SearchIndex) -> None:
    """Everything stands in a known category, and few things in none of their own."""
    found = index.search("pays", count=2000)
    assert set(found.categories) <= set(CATEGORIES)
    assert found.categories.get("autre", 0) == 0


def test_little_work_while_typing(index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every beginning of what is in the table above takes few steps of the database (sqlite3_progress_handler) for each word it knows."""
    beginnings = sorted({text[:end] for text, _ in SPELLINGS for end in range(1, len(text) + 1)})
    steps: list[int] = []
    connect = sqlite3.connect

    def counted(*place: str, **options: bool) -> sqlite3.Connection:
        db = connect(*place, **options)
        db.set_progress_handler(lambda: steps.append(1), 100)
        return db

    index.suggest("a")
    monkeypatch.setattr(sqlite3, "connect", counted)
    spent = []
    for text in beginnings:
        steps.clear()
        index.suggest(text)
        spent.append(100 * len(steps))
    assert len(spent) > 200 and max(spent) > 0
    with connect(index.place) as db:
        known = db.execute("SELECT COUNT(DISTINCT word) FROM gram").fetchone()[0]
    assert known > 4000
    assert statistics.quantiles(spent, n=20)[18] < 6 * known, "p95; 3.0 in the core release, 4.2 with all of France"
    assert max(spent) < 12 * known


@limits(max_examples=150, deadline=None, database=None, derandomize=True)
@given(st.text(st.characters(exclude_categories=()), max_size=60) | st.text("\"*^():-+{}[]AND ORNEAR\x00'`%_\\", max_size=40))
def test_any_text(index: SearchIndex, text: str) -> None:
    """No text is a fault, not even one in the query language of the index."""
    assert index.search(text).total >= 0
    index.suggest(text)
    index.nearest(text)


def test_long_text(index: SearchIndex) -> None:
    """The beginning of a long text counts."""
    assert paths(index.search("langres " + "x" * 10_000, count=1).hits) == paths(index.search("langres " + "x" * 192, count=1).hits)
    assert index.search("langres " * 5000).total > 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Clus'Ter JURA", "cluster jura"),
        ("l’Œuvre d’Alsace", "oeuvre alsace"),
        ("Saint‑Étienne", "SAINT ETIENNE"),
        ("Pays de la Dore", "pays dore"),
        ("Thie\u0301rache", "Thiérache"),
    ],
)
def test_same_key(one: str, other: str) -> None:
    """Accents, apostrophes, hyphens, case, ligatures, articles and the form of Unicode make no difference."""
    assert folding.key(one) == folding.key(other)


@pytest.mark.parametrize(
    ("word", "other", "edits"),
    [("saunier", "saunier", 0), ("sonier", "saunier", 2), ("galss", "glass", 1), ("langr", "langres", 0), ("abc", "xyz", 3)],
)
def test_distance(word: str, other: str, edits: int) -> None:
    """Letters added, left out, replaced or swapped each count once; a beginning is enough."""
    assert folding.distance(word, other, 2) == edits


@given(st.text(max_size=80), st.lists(st.text("abcélœ'", min_size=1, max_size=4), max_size=3))
def test_marks_keep_the_text(text: str, wanted: list[str]) -> None:
    """Marking a text changes nothing of it."""
    import unicodedata

    folded = [word for each in wanted for word in folding.words(each)]
    assert "".join(piece for piece, _ in folding.marked(text, folded)) == unicodedata.normalize("NFC", text)


def test_marks() -> None:
    """What begins with a word is marked, whatever its spelling."""
    assert folding.marked("Clus'Ter JURA", ["cluster"]) == [("Clus'Ter", True), (" JURA", False)]
    assert folding.marked("L'Œuvre du Pays", ["oeuvre"]) == [("L'", False), ("Œuvre", True), (" du Pays", False)]
    long = "mot " * 100 + "Langres " + "mot " * 100
    short = folding.extract(long, ["langre"])
    assert "Langres" in short and len(short) < 230 and short.startswith("… ") and short.endswith(" …")


def test_index_comes_with_the_release(settings: Settings) -> None:
    """The release holds its index, of its own revision; the index names no person's file and no machinery."""
    release = current_release(settings.releases)
    index = SearchIndex(release.path / FILE)
    assert index.usable() and index.about["revision"] == release.revision and index.about["base"] == release.base
    assert Indexes(settings.releases).of(release.open(), QueryLibrary(settings.home, "views")).place == index.place
    assert index.search("shapes", count=1000).categories.keys() <= {"document", "terme", "notion", "enonce"}


def named(name: str, label: str) -> Quad:
    """A resource with a name."""
    return Quad(NamedNode(CANONICAL_BASE + name), NamedNode(iri("skos:prefLabel")), Literal(label), NamedNode("urn:g"))


def test_index_follows_the_state(root: Path, tmp_path: Path) -> None:
    """A release without an index, or with one of another version, gets one at first use; another revision, another index."""
    views, indexes = QueryLibrary(root, "views"), Indexes(tmp_path)
    first = publish(tmp_path, "one", CANONICAL_BASE, [named("id/a", "Alpha")], {})
    assert indexes.ready(first.open()) is None
    (first.path / FILE).write_bytes(b"no index")
    made = indexes.of(first.open(), views)
    assert isinstance(made.place, str) and indexes.ready(first.open()) is made is indexes.of(first.open(), views)
    assert paths(made.search("alpa").hits) == ["id/a"]
    second = publish(tmp_path, "two", CANONICAL_BASE, [named("id/b", "Beta")], {})
    write_index(second.path / FILE, [Triple(*list(named("id/b", "Beta"))[:3])], CANONICAL_BASE, "two")
    assert paths(indexes.of(second.open(), views).search("beta").hits) == ["id/b"]
    assert indexes.of(second.open(), views).place == second.path / FILE
    place = made.place
    assert SearchIndex(place).usable()
    del made, indexes
    gc.collect()
    assert not SearchIndex(place).usable()


def test_too_much_for_an_index(root: Path, tmp_path: Path) -> None:
    """A graph that says more than the view's limit has no search, and says why, each time without looking again."""
    shutil.copytree(root / "queries" / "views", tmp_path / "queries" / "views")
    path = tmp_path / "queries" / "views" / "search.rq"
    text = path.read_text(encoding="utf-8")
    assert "\nLIMIT 200001\n" in text and "\n# most: 200000\n" in text
    path.write_text(text.replace("200001", "3").replace("200000", "2"), encoding="utf-8")
    release = publish(tmp_path, "one", CANONICAL_BASE, [named(f"id/{n}", "Alpha") for n in range(5)], {})
    views, indexes, asked = QueryLibrary(tmp_path, "views"), Indexes(tmp_path), []

    class Counting(EmbeddedStore):
        def query(self, *arguments: object) -> object:  # type: ignore[override]
            asked.append(1)
            return super().query(*arguments)  # type: ignore[arg-type]

    store = Counting(release.path / "store", "one", CANONICAL_BASE)
    for _ in range(2):
        with pytest.raises(SearchUnavailable, match="more than 2"):
            indexes.of(store, views)
    assert len(asked) == 1 and indexes.ready(store) is None


def test_names_of_others(tmp_path: Path) -> None:
    """In data served as they are, the things of others are found, their terms are not."""
    thing, term, kind = (NamedNode(f"http://example.org/{name}") for name in ("thing", "term", "Kind"))
    label, type_ = NamedNode(iri("rdfs:label")), NamedNode(iri("rdf:type"))
    triples = [
        Triple(thing, label, Literal("Exemple", language="fr")),
        Triple(thing, type_, kind),
        Triple(term, label, Literal("Exemple de terme")),
        Triple(term, type_, NamedNode(iri("owl:Class"))),
    ]
    assert write_index(tmp_path / FILE, triples, CANONICAL_BASE, "") == 1
    (hit,) = SearchIndex(tmp_path / FILE).search("exemple").hits
    assert (hit.iri, hit.cls, hit.category) == (thing.value, kind.value, "autre")
    assert json.loads(json.dumps(hit.names[0].text)) == "Exemple"
