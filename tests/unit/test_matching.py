"""The matching: how names are read, what is found for them, when one is taken, and the floor of precision and recall."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from territoires.errors import GazetteerUnavailable, InvalidParameter
from territoires.knowledge import homonyms, toponyms
from territoires.knowledge.gazetteer import Gazetteer, write_gazetteer
from territoires.knowledge.matching import Candidate, Matcher
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.records import Code, Name, Record, kind_of
from territoires.settings import Settings
from territoires.store.releases import current_release
from territoires.vocabulary import CANONICAL_BASE

from ..benchmarks.archives import read_names
from ..benchmarks.match import TABLES, Row, by_matcher, read_table, tallies

PRECISION, RECALL = 0.97, 0.92

Match = Callable[..., str]


@pytest.fixture(scope="module")
def france() -> Matcher:
    """The matcher over the names of all France."""
    return Matcher(Gazetteer.of(read_names()))


@pytest.fixture(scope="module")
def release(settings: Settings) -> Matcher:
    """The matcher over the release of the tests."""
    return Matcher(Gazetteer.open(current_release(settings.releases).path / "gazetteer.db"))


def match(found: list[Candidate]) -> str:
    """The code, or the end of the IRI, of the match; or ''."""
    taken = [each for each in found if each.match]
    assert len(taken) < 2
    return (taken[0].record.code("insee") or taken[0].record.code("siren") or taken[0].iri.rpartition("/")[2]) if taken else ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("St-Dizier", "Saint-Dizier"),
        ("Ste Menehould", "Sainte-Menehould"),
        ("Blangy s/ Bresle", "Blangy-sur-Bresle"),
        ("Blangy s/Bresle", "BLANGY SUR BRESLE"),
        ("St Gervais s/s Meymont", "Saint-Gervais-sous-Meymont"),
        ("Villeneuve lez Avignon", "Villeneuve-lès-Avignon"),
        ("L Isle d’Abeau", "L'Isle-d'Abeau"),
        ("Paris 15e", "Paris 15e Arrondissement"),
        ("Marseille 08", "Marseille 8e Arrondissement"),
        ("CC du Grand Langres", "Communauté de communes du Grand Langres"),
        ("ComCom du Grand Langres", "C.C. du Grand Langres"),
        ("PETR du Pays de Langres", "Pôle d'équilibre territorial et rural du Pays de Langres"),
        ("Coeur & Cœur", "Cœur et cœur"),
    ],
)
def test_spellings_of_one_name(one: str, other: str) -> None:
    """Abbreviations, signs, accents and hyphens make no difference."""
    assert toponyms.keys(one).full == toponyms.keys(other).full


@pytest.mark.parametrize(
    ("text", "name", "beside", "postal"),
    [
        ("Chaumont (52)", "Chaumont", "52", ""),
        ("Chaumont, Haute-Marne", "Chaumont", "Haute-Marne", ""),
        ("Chaumont - 52", "Chaumont", "52", ""),
        ("52000 Chaumont", "Chaumont", "", "52000"),
        ("Langres 52200", "Langres", "", "52200"),
        ("20000 AJACCIO CEDEX 9", "AJACCIO CEDEX 9", "", "20000"),
        ("Abergement-Clémenciat (L')", "L' Abergement-Clémenciat", "", ""),
        ("Ville de Langres", "Langres", "", ""),
        ("Mairie d'Ambert", "Ambert", "", ""),
    ],
)
def test_readings(text: str, name: str, beside: str, postal: str) -> None:
    """What stands beside a name is told from it."""
    assert toponyms.Reading(name, beside, postal) in toponyms.readings(text)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_floor(france: Matcher, path: Path) -> None:
    """Precision and recall on the hand-made table, and on the one drawn by lot that nothing is tuned on."""
    faults: list[str] = []

    def fault(row: Row, got: str) -> None:
        faults.append(f"{row['text']} {row['departement']}: {got or 'none'}, expected {row['expected'] or 'none'}")

    rows = read_table(path)
    assert len(rows) >= (100 if "handmade" in path.stem else 60)
    tally = tallies(rows, by_matcher(france), fault)["all"]
    assert tally.precision >= PRECISION and tally.recall >= RECALL, faults


@pytest.mark.parametrize(
    ("text", "kind", "where", "code"),
    [
        ("Chaumont", "commune", "", ""),
        ("Chaumont", "commune", "52", "52121"),
        ("Chaumont", "commune", "HAUTE MARNE", "52121"),
        ("Chaumont", "commune", "75", ""),
        ("Langres", "commune", "70", ""),
        ("Thou", "commune", "45", "45323"),
        ("Le Thou", "commune", "", "17447"),
        ("Marseille 13e", "commune", "", "13055"),
        ("Marseille 13e", "arrondissement-municipal", "", "13213"),
        ("Brottes", "commune", "", "52121"),
        ("Brottes", "commune-deleguee", "", "52078"),
        ("http://id.insee.fr/geo/commune/52269", "commune", "", "52269"),
        ("200 072 999", "intercommunalite", "", "200072999"),
        ("52", "departement", "", "52"),
        ("2b", "departement", "", "2B"),
        ("CC des Quatre Rivières", "intercommunalite", "", ""),
        ("CC des Quatre Rivières", "intercommunalite", "Haute-Savoie", "247400666"),
    ],
)
def test_taken_only_when_clear(france: Matcher, text: str, kind: str, where: str, code: str) -> None:
    """Homonyms, a wrong département and unknown places stay open; context decides."""
    found = france.candidates(text, kind, {"departement": where})
    assert match(found) == code, [(each.name, each.score, each.reasons) for each in found]


def test_homonyms_come_with_what_tells_them_apart(france: Matcher) -> None:
    """The five communes called Chaumont, each with its département and code, none taken, the largest first."""
    found = [each for each in france.candidates("Chaumont", "tdp:Commune", limit=20) if each.record.name == "Chaumont"]
    assert {each.record.code("insee") for each in found} == {"18060", "52121", "61103", "74065", "89093"}
    assert not any(each.match for each in found) and found[0].record.code("insee") == "52121"
    assert found[0].description == "commune, Haute-Marne (52), 52121"


def test_reasons_are_told_in_both_languages(france: Matcher) -> None:
    """A former commune answers with its successor, and why; what of the context isn't understood is named."""
    french = france.candidates("Annecy le Vieux", "commune", {"departement": "Atlantide"})[0]
    assert french.reasons == (
        "même nom que « Annecy-le-Vieux », aux accents, tirets, majuscules et abréviations près",
        "Annecy-le-Vieux (74011) est une commune déléguée de Annecy (74010)",
        "contexte non compris : « Atlantide »",
    )
    english = france.candidates("Annecy le Vieux", "commune", {"departement": "Atlantide"}, language="en")[0]
    assert "delegated commune of Annecy (74010)" in english.reasons[1] and "not understood" in english.reasons[2]


def test_kinds(france: Matcher) -> None:
    """A kind is a word, a prefixed class or its IRI at any base; another is named."""
    assert kind_of("commune") == kind_of("tdp:Commune") == kind_of(CANONICAL_BASE + "def#Commune") == "commune"
    assert kind_of("https://ex.org/t/def#Commune") == "commune" and kind_of("") is None
    with pytest.raises(InvalidParameter, match="There is no kind town"):
        france.candidates("Langres", "town")


@limits(max_examples=150, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_has_an_answer(france: Matcher, text: str) -> None:
    """No text breaks the matching; at most one candidate is taken."""
    for kind in ("commune", None):
        assert sum(each.match for each in france.candidates(text, kind, {"departement": text})) < 2


@pytest.mark.parametrize("text", ["", " ", "'", "(", "((((", "-" * 300, "x" * 5000, "%", "\x00", "(52)", ", 52", "s/s", "St"])
def test_hostile_texts(france: Matcher, text: str) -> None:
    """What is no name finds nothing that is taken."""
    assert not any(each.match for each in france.candidates(text, "commune"))


def test_suggestions(france: Matcher) -> None:
    """What begins so, the whole name first, then by inhabitants; by codes too."""
    names = [each.name for each in france.gazetteer.beginning("chaumont", "commune")]
    assert names[0] == "Chaumont" and "Chaumontel" in names
    assert france.gazetteer.beginning("5226", "commune")[0].code("insee").startswith("5226")
    assert france.gazetteer.beginning("") == []


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Pays de Langres", None, "pays-de-langres"),
        ("PETR du Pays de Langres", None, "petr-du-pays-de-langres"),
        ("clus ter jura", None, "clus-ter-jura"),
        ("sitcob", "cluster", "sitcob"),
        ("Thierache", "territoire", "pays-de-thierache"),
        ("BMP", "territoire", "pays-bruche-mossig-piemont"),
        ("Bresle Yeres", "territoire", "pays-interregional-bresle-yeres"),
        ("leader", "dispositif", "leader"),
        ("ademe", "organisation", "ademe"),
        ("Haute Marne", None, "52"),
        ("Carhaix-Plouguer", "commune", "29024"),
        ("Carhaix", "commune", "29024"),
        ("CC du Pays de Chalindrey", "intercommunalite", "245200381"),
        ("CC du Grand Langres", "intercommunalite", "200072999"),
        ("CC du Grand Langres", None, "200072999"),
        ("Montsaugeon", "commune", "52405"),
    ],
)
def test_things_of_the_release(release: Matcher, text: str, kind: str | None, found: str) -> None:
    """Names of every sort: printed, official, former, acronyms, in another spelling."""
    candidates = release.candidates(text, kind)
    assert match(candidates) == found, [(each.name, each.kind, each.score, each.reasons) for each in candidates]


def test_communes_that_are_not_imported_are_thought_of(core: Settings) -> None:
    """Where only some communes are known, a name that others bear, or a misprint, needs its département."""
    known = Matcher(Gazetteer.open(current_release(core.releases).path / "gazetteer.db"))
    found = known.candidates("Chaumont", "commune")
    assert [each.iri.rpartition("/")[2] for each in found] == ["chaumont"] and not found[0].match
    assert "61103" in found[0].reasons[1]
    assert match(known.candidates("Chaumont", "commune", {"departement": "52"})) == "52121"
    assert (
        match(known.candidates("Langre", "commune")) == ""
        and match(known.candidates("Langre", "commune", {"departement": "52"})) == "52269"
    )


def test_former_and_current_communes_in_context() -> None:
    """A name given up long ago is no rival of one of today; one given up since 2010 is."""

    def commune(code: str, *names: Name) -> Record:
        return Record(f"x:{code}", "commune", names, codes=(Code("insee", code),), departements=(code[:2],))

    old = commune("04001", Name("Vire-les-Bois"), Name("Vire", "former", until=1956))
    new = commune("14001", Name("Vire-Neuve"), Name("Vire", "former", until=2016))
    now = commune("71001", Name("Vire"))
    assert match(Matcher(Gazetteer.of([old, now])).candidates("Vire", "commune")) == "71001"
    assert match(Matcher(Gazetteer.of([new, now])).candidates("Vire", "commune")) == ""
    assert match(Matcher(Gazetteer.of([new, now])).candidates("Vire", "commune", {"departement": "14"})) == "14001"
    assert match(Matcher(Gazetteer.of([old])).candidates("Vire", "commune")) == "04001"
    moved = Record("x:75", "ancienne-commune", (Name("Vire"),), codes=(Code("insee", "75001"),), successors=("x:93",))
    place = Record("x:93", "commune", (Name("Vire"),), codes=(Code("insee", "93001"),), departements=("93",))
    assert match(Matcher(Gazetteer.of([now, moved, place])).candidates("Vire (71)", "commune")) == "71001"


def test_homonyms_are_those_of_the_package(root: Path) -> None:
    """The file of homonyms says what the names of all France say: communes of today and delegated ones, by the commune they lie in."""
    bearers: dict[str, set[str]] = {}
    for record in read_names():
        if record.kind in ("commune", "commune-deleguee"):
            code = record.successors[0].rpartition("/")[2] if record.successors else record.code("insee")
            bearers.setdefault(toponyms.keys(record.name).bare, set()).add(code)
    assert homonyms.read(root) == {key: tuple(sorted(codes)) for key, codes in bearers.items() if len(codes) > 1}


def test_file_of_a_release(settings: Settings, tmp_path: Path) -> None:
    """It opens; another version, no file and no SQLite are told; one in memory is the same."""
    release = current_release(settings.releases)
    Gazetteer.open(release.path / "gazetteer.db").close()
    for name, data in (("none", None), ("text", b"no database at all"), ("empty", b"")):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(GazetteerUnavailable, match="territoires build"):
            Gazetteer.open(path)
    made = Gazetteer.read(release.open(), QueryLibrary(settings.home, "views"))
    assert made.kinds() == Gazetteer.open(release.path / "gazetteer.db").kinds()


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    """What is written is read: names, codes, context, successors."""
    record = Record(
        "x:1", "intercommunalite", (Name("CC du Kreiz-Breizh (CCKB)"), Name("Kreiz", "variant", "br", 3)), ("x:C",),
        (Code("siren", "242200715"), Code("iri", "x:2")), ("22",), ("53",), ("x:3",), 18000,
    )  # fmt: skip
    write_gazetteer(tmp_path / "g.db", [record])
    gazetteer = Gazetteer.open(tmp_path / "g.db")
    assert gazetteer.get("x:1") == record and gazetteer.coded("242 200 715") == [record] and gazetteer.coded("x:2") == [record]
    gazetteer.close()
