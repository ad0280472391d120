"""Rules, what they conclude, and how a conclusion or its lack is told, over graphs of a few triples."""

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph
import pytest
from click.testing import CliRunner
from pyoxigraph import Literal, NamedNode, Quad

from territoires.cli import main
from territoires.errors import InvalidSetting, SourceError
from territoires.knowledge.asking import read_triple
from territoires.knowledge.explanation import Explainer, explain
from territoires.knowledge.inference import materialise, rule_provenance
from territoires.knowledge.queries import StoredQuery
from territoires.knowledge.rules import read_rule, read_rules
from territoires.knowledge.wording import tell
from territoires.results import WHOLE, Answer, Dataset
from territoires.settings import Settings
from territoires.vocabulary import CANONICAL_BASE

BASE = "https://data.example.org/"
HEAD = f"@base <{BASE}> . @prefix tdp: <{BASE}def#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
RULES = {
    "larger": "?small tdp:smallerThan ?large . => ?large tdp:largerThan ?small",
    "carries-over": "?a tdp:smallerThan ?b . ?b tdp:smallerThan ?c . => ?a tdp:smallerThan ?c",
    "back": "?large tdp:largerThan ?small . => ?small tdp:smallerThan ?large",
    "shown": "VALUES ?how { <https://w3id.org/territoires-de-projet/printed> 'said'@fr } ?a tdp:shown ?how . => ?a a tdp:Shown",
}
QUADS = "SELECT ?graph ?subject ?property ?value { GRAPH ?graph { ?subject ?property ?value } }"
AGAINST = "# title@fr: Démentis\n# columns@fr: qui\n# parameters: a\nSELECT ?who { VALUES ?a { <urn:x> } ?who tdp:denies ?a }"


class Memory:
    """A store in memory with the interface of a release."""

    revision, base = "test", BASE

    def __init__(self, quads: Sequence[Quad]) -> None:
        self._store = pyoxigraph.Store()
        self._store.extend(quads)

    def query(self, text: str, dataset: Dataset = WHOLE) -> Answer:
        """Answers a query over the union of the graphs."""
        return self._store.query(text, use_default_graph_as_union=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a few rules that need each other."""
    prefix = "PREFIX tdp: <https://w3id.org/territoires-de-projet/def#>\n"
    for folder in ("infer", "explain"):
        (tmp_path / "queries" / folder).mkdir(parents=True)
    for name, rule in RULES.items():
        premises, conclusion = rule.split(" => ")
        head = f"# title@fr: Règle {name}\n# title@en: Rule {name}\n# description@fr: Oui.\n# description@en: Yes.\n"
        extra = "# against: denials\n" if name == "shown" else ""
        text = f"{head}{extra}{prefix}CONSTRUCT {{ {conclusion} }} WHERE {{ {premises} }}"
        (tmp_path / "queries" / "infer" / f"{name}.rq").write_text(text, encoding="utf-8")
    (tmp_path / "queries" / "explain" / "quads.rq").write_text(QUADS, encoding="utf-8")
    (tmp_path / "queries" / "explain" / "denials.rq").write_text(AGAINST.replace("SELECT", prefix + "SELECT"), encoding="utf-8")
    return tmp_path


def quads(turtle: str) -> list[Quad]:
    """Turtle as quads of a graph named after a file."""
    graph = NamedNode(BASE + "graph/data/test")
    parsed = pyoxigraph.parse(HEAD + turtle, format=pyoxigraph.RdfFormat.TURTLE)
    return [Quad(q.subject, q.predicate, q.object, graph) for q in parsed]


def written(found: Sequence[Quad]) -> set[str]:
    """Inferred triples as `rule: subject property object`, in local names."""
    return {
        f"{quad.graph_name.value.rpartition('/')[2]}: "
        + " ".join(str(term).rstrip(">").replace("#", "/").rpartition("/")[2] for term in (quad.subject, quad.predicate, quad.object))
        for quad in found
        if isinstance(quad.graph_name, NamedNode)
    }


def asked(home: Path, turtle: str, triple: str, language: str = "fr") -> list[str]:
    """The explanation of a triple, line by line, over the graph with its inferences."""
    data = quads(turtle)
    explainer = Explainer(Memory([*data, *materialise(data, home, BASE)]), home)
    return tell(explainer, explainer.explain(read_triple(triple, BASE)), language).splitlines()


def test_rules_feed_each_other_until_nothing_is_new(home: Path) -> None:
    """A conclusion is a premise of the next round; what is asserted or already found isn't concluded again."""
    found = materialise(quads("<id/a> tdp:smallerThan <id/b> . <id/c> tdp:largerThan <id/b> ."), home, BASE)
    assert written(found) == {
        "larger: b largerThan a",
        "back: b smallerThan c",
        "carries-over: a smallerThan c",
        "larger: c largerThan a",
    }


def test_values_narrow_a_rule(home: Path) -> None:
    """Only the listed values lead to the conclusion, IRIs at the base of the release; the explanation agrees with the engine."""
    turtle = '<id/a> tdp:shown <printed> . <id/b> tdp:shown <hidden> . <id/c> tdp:shown "said"@fr .'
    assert written(materialise(quads(turtle), home, BASE)) == {"shown: a type Shown", "shown: c type Shown"}
    assert any("Règle shown" in line for line in asked(home, turtle, "id/c a tdp:Shown"))
    assert "?" in asked(home, turtle, "id/b a tdp:Shown")[2]


def test_nothing_is_its_own_reason(home: Path) -> None:
    """`larger` and `back` conclude each other's premise: the explanation ends at what is asserted."""
    lines = asked(home, "<id/a> tdp:smallerThan <id/b> . <id/b> tdp:smallerThan <id/c> .", "id/a tdp:smallerThan id/c")
    assert sum("affirmé" in line for line in lines) == 2 and not any("back" in line for line in lines)


def test_a_wrong_premise_is_followed_to_where_it_fails(home: Path) -> None:
    """A rule that stops short names the first premise that nothing meets."""
    lines = asked(home, "<id/a> tdp:smallerThan <id/b> .", "id/a tdp:smallerThan id/c", "en")
    assert "id/a — tdp:smallerThan — id/c: no statement says so" in lines[0]
    assert "  Nothing is said of id/c: check its IRI." in lines
    assert "     1. id/a — tdp:smallerThan — id/b: yes" in lines
    assert any(line.startswith("     2. id/b — tdp:smallerThan — id/c: nothing") for line in lines)


def test_what_speaks_against(home: Path) -> None:
    """The rule's query against is asked of what the triple names, and only where it names it."""
    turtle = "<id/who> tdp:denies <id/a> ."
    assert "     - qui : id/who" in asked(home, turtle, "id/a a tdp:Shown")
    assert not any("id/who" in line for line in asked(home, turtle, "? a tdp:Shown"))


def test_a_property_without_rule(home: Path) -> None:
    """Where no rule could conclude the triple, the explanation says so."""
    assert asked(home, "<id/a> tdp:denies <id/b> .", "id/b tdp:denies *")[1] == "  Aucune règle n’a une telle conclusion."


def test_asserted_triples_name_their_file(home: Path) -> None:
    """A triple that is asserted is told by the graph that holds it."""
    assert "graph/data/test" in asked(home, "<id/a> tdp:denies <id/b> .", "? tdp:denies id/b")[1]
    assert explain(Memory(quads("<id/a> tdp:denies <id/b> .")), home, read_triple("? tdp:denies ?", BASE)).proofs


def test_provenance_of_rule_graphs(home: Path) -> None:
    """A rule graph is described by its rule and the graphs of its premises; a rule that found nothing isn't described."""
    data = quads("<id/a> tdp:smallerThan <id/b> .")
    said = list(rule_provenance(data, materialise(data, home, BASE), [], home, BASE))
    graph = NamedNode(BASE + "graph/inferred/larger")
    assert {q.subject for q in said} == {graph} and {q.graph_name.value for q in said} == {BASE + "graph/provenance"}  # type: ignore[union-attr]
    told = {(q.predicate.value.rpartition("/")[2], q.object) for q in said}
    assert ("identifier", Literal("queries/infer/larger.rq")) in told
    assert ("prov#wasDerivedFrom", NamedNode(BASE + "graph/data/test")) in told


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a ?b ?c }",
        "CONSTRUCT { ?a <urn:p> ?b . ?b <urn:p> ?a } WHERE { ?a <urn:q> ?b }",
        "CONSTRUCT { ?a <urn:p> ?b } WHERE { ?a <urn:q> ?b OPTIONAL { ?a <urn:r> ?b } }",
        "CONSTRUCT { ?a <urn:p> ?b } WHERE { ?a <urn:q> ?b FILTER NOT EXISTS { ?a <urn:r> ?b } }",
        "CONSTRUCT { ?a <urn:p> ?b } WHERE { ?a <urn:q>/<urn:r> ?b }",
        "CONSTRUCT { ?a <urn:p> ?b } WHERE { ?a <urn:q> [ <urn:r> ?b ] }",
        "CONSTRUCT { ?a <urn:p> ?b } WHERE { VALUES (?a ?b) { (1 2) } ?a <urn:q> ?b }",
        "CONSTRUCT { ?a <urn:p> ",
    ],
)
def test_what_is_no_rule(text: str) -> None:
    """A rule has one conclusion and triple patterns: what could be taken back by more data, or not told, is refused by file."""
    with pytest.raises(SourceError, match=r"queries/infer/wrong\.rq is no"):
        read_rule(StoredQuery("wrong", text, {}), CANONICAL_BASE)


@pytest.mark.parametrize("rule", read_rules(Path(__file__).parents[2], CANONICAL_BASE), ids=lambda rule: rule.query.name)
def test_each_rule_says_what_it_does(root: Path, rule) -> None:
    """Title and sentence in both languages, and a query against that exists with parameters the rule knows."""
    about = rule.query.about
    assert {"title@fr", "title@en", "description@fr", "description@en"} <= set(about)
    assert all(about[f"description@{language}"].endswith(".") for language in ("fr", "en"))
    if rule.against:
        query = read_query(root, rule.against)
        variables = {part.value for part in rule.conclusion if isinstance(part, pyoxigraph.Variable)}
        assert set(query.parameters) <= variables and {"title@fr", "title@en", "columns@fr", "columns@en"} <= set(query.about)


def read_query(root: Path, name: str) -> StoredQuery:
    """A query of the folder that the explanations read."""
    from territoires.knowledge.queries import QueryLibrary

    return QueryLibrary(root, "explain").find(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id/cluster/sitcob tdp:holdsLabel ?", (f"{BASE}id/cluster/sitcob", f"{BASE}def#holdsLabel", None)),
        ("* a tdp:PETR .", (None, "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", f"{BASE}def#PETR")),
        (f"<id/a> <{CANONICAL_BASE}def#inArea> <urn:b>", (f"{BASE}id/a", f"{BASE}def#inArea", "urn:b")),
        ('? skos:prefLabel "Pays de Langres"@fr', (None, "http://www.w3.org/2004/02/skos/core#prefLabel", "Pays de Langres")),
        ('? tdp:inhabitants "46462"^^xsd:integer', (None, f"{BASE}def#inhabitants", "46462")),
    ],
)
def test_triples_as_people_write_them(text: str, expected: tuple[str | None, ...]) -> None:
    """Own IRIs without the base, prefixed names, IRIs in brackets, literals, open ends."""
    assert tuple(term and term.value for term in read_triple(text, BASE)) == expected  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id/a tdp:x",
        "id/a tdp:x id/b id/c",
        "id/a ? id/b",
        "id/a nope:x id/b",
        "sitcob tdp:x ?",
        '"a" tdp:x ?',
        "id/a <a b> ?",
        '? tdp:x "a"@',
        "? tdp:x <urn:{}>",
    ],
)
def test_what_is_no_triple(text: str) -> None:
    """Anything else is refused with a sentence."""
    with pytest.raises(InvalidSetting, match=r"is no |leaves its property open|has a text for subject"):
        read_triple(text, BASE)


def reasoned(settings: Settings, *arguments: str) -> tuple[int, str]:
    """Exit status and output of `territoires reason` over the release of the tests."""
    environment = {"TERRITOIRES_HOME": str(settings.home), "TERRITOIRES_RELEASES": str(settings.releases)}
    result = CliRunner(env=environment).invoke(main, ["reason", *arguments])
    return result.exit_code, result.output


def test_why_bresle_yeres_lies_in_normandie(settings: Settings) -> None:
    """The rule, its premises, their files and passages, in French and in English."""
    triple = "id/territoire/pays-interregional-bresle-yeres tdp:inRegionByDepartement id/region/normandie"
    status, output = reasoned(settings, "--explain", triple)
    assert status == 0 and "déduit par la règle « Région par le département » (queries/infer/region-by-departement.rq)" in output
    assert "Seine-Maritime — département de la région — Normandie" in output
    assert "data/source/monographs/pays-interregional-bresle-yeres.ttl" in output and "data/reference/administrative.ttl" in output
    assert "F510" in output
    assert "concluded by the rule “Region through the département”" in reasoned(settings, "--lang", "en", "--explain", triple)[1]


def test_another_property_ties_them(settings: Settings) -> None:
    """Who asks by a property that doesn't hold is told which one does, and why."""
    _, told = reasoned(settings, "--explain", "id/territoire/pays-interregional-bresle-yeres tdp:inRegion id/region/normandie")
    assert "Mais le graphe dit autrement" in told and "dans la région par le département — Normandie" in told and "Seine-Maritime" in told
    assert "autrement" not in reasoned(settings, "--explain", "id/territoire/pays-de-langres tdp:inRegion id/region/normandie")[1]


def test_why_sitcob_holds_no_label(settings: Settings) -> None:
    """The missing award, and the refusal: by whom, when, where it is told."""
    status, output = reasoned(settings, "--explain", "id/cluster/sitcob tdp:holdsLabel ?")
    assert status == 0 and "?award — titulaire — SITCOB : rien de tel" in output
    assert all(part in output for part in ("issue : refusée", "décidée par : DATAR", "moment : Octobre 2010", "F384", "F390"))


def test_why_european_money_reaches_a_territory(settings: Settings) -> None:
    """From the east of Midi-Quercy to a campsite there, to FEDER, to European funds, with the passages that tell of them."""
    triple = "id/territoire/midi-quercy-partie-est tdp:reachedByFund id/fonds/fonds-europeens"
    status, output = reasoned(settings, "--explain", triple)
    steps = ("reached-where-located", "benefits-as-recipient", "flow-through-family")
    assert status == 0 and all(f"(queries/infer/{name}.rq)" in output for name in steps)
    assert all(part in output for part in ("FEDER — membre de la famille — FESI", "réalisée", "F469", "F771"))


def test_why_a_facility_benefits_from_european_funds(settings: Settings) -> None:
    """From the facility to the flow, to the first LEADER, to LEADER."""
    triple = "id/equipement/cob-premiere-maison-des-entreprises tdp:benefitsFromFund id/fonds/fonds-europeens"
    status, output = reasoned(settings, "--lang", "en", "--explain", triple)
    steps = ("benefits-as-recipient", "benefits-as-funded-item", "flow-through-fund", "programme-financed")
    assert status == 0 and all(f"(queries/infer/{name}.rq)" in output for name in steps)
    assert all(part in output for part in ("LEADER — financed by fund — ", "F424", "data/source/experts-feuger.ttl"))


def test_why_european_money_does_not_reach_a_pays(settings: Settings) -> None:
    """A Pays whose monograph names no European money: no statement says so, and no rule gets there."""
    status, output = reasoned(settings, "--explain", "id/territoire/pays-de-thierache tdp:reachedByFund id/fonds/fonds-europeens")
    assert status == 0 and "aucun" in output.splitlines()[0] and "benefits-through-local-programme" in output


def test_planned_money_speaks_against_a_benefit() -> None:
    """The flow that names a recipient but is only planned is shown, with its passage; one that is paid is not."""
    root = Path(__file__).parents[2]
    turtle = """<id/flow> tdp:recipient <id/who> ; tdp:throughFund <id/fonds/fonds-europeens> ;
    tdp:flowStatus <scheme/statut-d-action/%s> ; <http://purl.org/dc/terms/source> <source/memento/F640> .
<source/memento/F640> <http://www.w3.org/2004/02/skos/core#notation> "F640" ."""
    asked_for = read_triple("id/who tdp:benefitsFromFund id/fonds/fonds-europeens", BASE)

    def told(state: str) -> list[str]:
        explainer = Explainer(Memory(quads(turtle % state)), root)
        return tell(explainer, explainer.explain(asked_for), "fr").splitlines()

    assert any("id/flow" in line and "F640" in line for line in told("prevue"))
    assert not any("F640" in line for line in told("realisee"))


def test_stated_absences_are_told(settings: Settings) -> None:
    """What a source denies of an end of the triple is told with its passage."""
    assert "F334" in reasoned(settings, "--explain", "id/cluster/aria-alsace tdp:holdsLabel *")[1]


def test_an_unparsable_triple_is_a_sentence(settings: Settings) -> None:
    """Status 1, one sentence, no trace."""
    status, output = reasoned(settings, "--explain", "SITCOB label")
    assert status == 1 and "is no triple" in output and "Traceback" not in output
