"""The parts of the benchmark work together on a handful of communes; nothing is timed against anything."""

import json
import re
import shutil
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyoxigraph import QueryBoolean, QueryResultsFormat, RdfFormat, Store

from territoires.vocabulary import CANONICAL_BASE

from . import bench, floor, hostile, latency, load, report
from .contenders import ALLOWED, OURS, START, THEIRS, Contender, running
from .equality import fingerprint
from .france import Package, lines, subjects
from .questions import Question, read_questions


def commune(code: str, name: str, region: str, inhabitants: int, **more: object) -> dict[str, object]:
    """A commune of today as the package has it."""
    place = {"departement": code[:3] if code.startswith("97") else code[:2], "region": region, "arrondissement": f"{code[:2]}1"}
    return {"type": "commune-actuelle", "code": code, "nom": name, "population": inhabitants, "siren": f"2{code}000", **place, **more}


def epci(code: str, name: str, kind: str, *members: str) -> dict[str, object]:
    """An inter-municipal body as the package has it."""
    return {"code": code, "nom": name, "type": kind, "populationTotale": 100, "membres": [{"code": member} for member in members]}


PACKAGE: Package = {
    "regions": [{"code": "44", "nom": "Grand Est"}, {"code": "28", "nom": "Normandie"}, {"code": "06", "nom": "Mayotte"}],
    "departements": [{"code": "52", "region": "44", "nom": "Haute-Marne"}, {"code": "76", "region": "28", "nom": "Seine-Maritime"}],
    "arrondissements": [{"code": "521", "departement": "52", "nom": "Langres"}, {"code": "761", "departement": "76", "nom": "Rouen"}],
    "communes": [
        commune("52269", "Langres", "44", 7421, codesPostaux=["52200"], anciensCodes=["52144"]),
        commune("52121", "Chaumont", "44", 21_000, codesPostaux=["52000"]),
        commune("76540", "Saint-Pierre-sur-Seine", "28", 300, codesPostaux=["76000"], anciensCodes=["76001"]),
        commune("97601", "Acoua", "06", 5192, arrondissement=""),
        *(commune(f"7600{n}", "Saint-Martin", "28", 100 * n) for n in range(6)),
        {"type": "commune-deleguee", "code": "52270", "nom": "Corlée", "chefLieu": "52269", "departement": "52", "region": "44"},
    ],
    "epci": [epci("200000001", "CC du Grand Langres", "CC", "52269", "52121"), epci("200000002", "Métropole", "METRO", "76540")],
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of that package."""
    path = tmp_path_factory.mktemp("graph") / "handful.nt"
    path.write_text("".join(lines(PACKAGE, 1)), encoding="utf-8")
    return path


@pytest.fixture(scope="module", params=[OURS, THEIRS])
def contender(request: pytest.FixtureRequest, graph: Path) -> Iterator[Contender]:
    """A server over it."""
    with running(request.param, graph, graph.parent) as found:
        yield found


def answers(graph: Path) -> dict[str, int]:
    """How many rows, triples or truths each query finds in a graph, by this process's own engine."""
    store = Store()
    store.bulk_load(path=str(graph), format=RdfFormat.N_TRIPLES)
    found = {question.name: store.query(question.text) for question in read_questions()}
    return {name: int(bool(each)) if isinstance(each, QueryBoolean) else sum(1 for _ in each) for name, each in found.items()}  # type: ignore[union-attr]


def test_every_query_has_an_answer(graph: Path) -> None:
    """At least twenty queries, each of them of another class, and none asks for what the graph doesn't say."""
    found = answers(graph)
    assert len(found) >= 20 and len({question.kind for question in read_questions()}) == len(found)
    assert {name for name, count in found.items() if not count} == set()
    assert found["values"] == 1 and found["not-exists"] == found["minus"] == 7 and found["exists"] == 1 and found["dates"] == 1
    assert {name: found[name] for name in ("having", "regex", "region-through-epci")} == {"having": 1, "regex": 2, "region-through-epci": 2}


def test_ten_editions_are_ten_times_the_graph(graph: Path) -> None:
    """Another edition says the same of other things; its own IRIs stand below another base."""
    once, twice = list(lines(PACKAGE, 1)), list(lines(PACKAGE, 2))
    assert len(twice) == 2 * len(once) and len(set(twice)) == len(twice) and twice[: len(once)] == once
    assert all(line.startswith(f"<{CANONICAL_BASE}millesime/2025/") for line in twice[len(once) :])


def test_constants_are_in_the_graph(graph: Path) -> None:
    """Each constant of the point queries is the subject of something."""
    said = {line.partition(" ")[0] for line in lines(PACKAGE, 1)}
    constants = list(subjects(PACKAGE))
    assert len(constants) == 20 and {f"<{subject}>" for subject in constants} <= said


def test_every_query_is_answered_over_http(contender: Contender, graph: Path) -> None:
    """Each server answers each query, and its answer has as many rows as the engine finds."""
    expected = answers(graph)
    for question in read_questions():
        sample = latency.measure(contender, question, 0.0, 10.0)
        assert sample.fault == "" and len(sample.seconds) == latency.FEWEST and sample.median <= sample.p95
        found = fingerprint(sample.body, sample.media_type)
        # Engines are free in what they tell by DESCRIBE; a CONSTRUCTed graph holds each triple once.
        assert found.count == expected[question.name] or question.name in ("describe", "page")


def test_a_query_that_fails_is_told(contender: Contender) -> None:
    """A status that isn't 200 is a fault, and no time is counted."""
    sample = latency.measure(contender, Question("wrong", "", "", "text/csv", "SELECT {"), 0.0, 10.0)
    assert sample.seconds == () and sample.fault.startswith("400")


@pytest.mark.parametrize("mode", load.MODES)
@pytest.mark.parametrize("wrk", [False, True])
def test_load(contender: Contender, mode: str, wrk: bool) -> None:
    """Both generators get good answers from several clients; Debian's wrk may be missing, ours is always there."""
    found = load.measure(contender, list(subjects(PACKAGE)), mode, 2, 1, wrk and bool(shutil.which("wrk")))
    assert found.requests > 10 and found.failed == 0 and 0 < found.p50 <= found.p95 and found.rate > 0


def test_load_that_fails_is_told(contender: Contender) -> None:
    """Constants that make the query wrong: every answer is a failure."""
    found = load.measure(contender, ["not an iri"], "uncached", 1, 1, False)
    assert found.requests > 0 and found.failed == found.requests and found.rate == 0


def test_only_repeated_requests_are_answered_from_the_cache(graph: Path) -> None:
    """What is measured as uncached was never answered before, by either generator and one by one; what is repeated was, but for once."""
    constants = list(subjects(PACKAGE))
    (point,) = [question for question in read_questions() if question.name == "point"]
    with running(OURS, graph, graph.parent) as contender:
        before = cache_hits(contender)
        latency.measure(contender, point, 0.2, 10.0)
        for wrk in (False, bool(shutil.which("wrk"))):
            load.measure(contender, constants, "uncached", 2, 1, wrk)
        assert cache_hits(contender) == before
        found = load.measure(contender, constants, "repeated", 1, 1, False)
        assert cache_hits(contender) - before == found.requests - 1


def cache_hits(contender: Contender) -> float:
    """How many answers of our server came from its cache, as /metrics tells."""
    with urllib.request.urlopen(contender.address.replace("/sparql", "/metrics"), timeout=10) as response:
        return float(re.findall(r"^\w*answer_cache_hits_total(?:{.*})? (\S+)$", response.read().decode(), re.MULTILINE)[0])


def test_a_long_query_is_noticed(contender: Contender) -> None:
    """While a query works the meter shows it, and it is over when nothing works any more."""
    product = Question("product", "", "", "", "SELECT (COUNT(*) AS ?count) { ?a ?b ?c . ?d ?e ?f . ?g a ?h }")
    meter = hostile.Meter(contender)
    sender = hostile.Sender(contender, product)
    time.sleep(0.2)
    assert meter.read() > 0.05
    gone, busy = hostile.until_idle(contender, sender.began, sender)
    assert sender.status == 200 and sender.seconds and gone is not None and gone > 0.2 and busy < hostile.IDLE


def body(rows: list[dict[str, dict[str, str]]]) -> bytes:
    """SPARQL results in JSON."""
    return json.dumps({"head": {"vars": sorted({name for row in rows for name in row})}, "results": {"bindings": rows}}).encode()


def number(text: str, kind: str) -> dict[str, str]:
    """A number in such results."""
    return {"type": "literal", "value": text, "datatype": f"http://www.w3.org/2001/XMLSchema#{kind}"}


def test_answers_are_compared_by_value() -> None:
    """The order of rows and the writing of a number don't matter; a value, a name and how often a row comes do."""
    media_type = QueryResultsFormat.JSON.media_type
    one, two = {"n": number("1.50", "decimal")}, {"n": number("2", "integer")}
    same = fingerprint(body([one, two]), media_type)
    assert same == fingerprint(body([{"n": number("2.0", "double")}, {"n": number("1.5", "decimal")}]), media_type)
    untyped = {"n": {**two["n"], "datatype": "x:y"}}
    others = ([one], [one, two, two], [one, {"n": number("3", "integer")}], [one, {"m": number("2", "integer")}], [one, untyped])
    assert all(fingerprint(body(other), media_type) != same for other in others)


def measured(seconds: float, rate: int) -> report.Measured:
    """Figures of a server that takes so long for each query."""
    found = report.Measured("1.0")
    for question in read_questions():
        found.samples[question.name] = latency.Sample((seconds, seconds))
        found.prints[question.name] = fingerprint(b'{"head": {}, "boolean": true}', QueryResultsFormat.JSON.media_type)
    found.loads = {(mode, clients): load.Load(rate, 1.0, 0.1, 0.2, 0) for mode in load.MODES for clients in (1, 32)}
    return found


def test_the_report_tells_what_holds() -> None:
    """A faster server passes, a slower one doesn't; one that differs in an answer is named."""
    questions = read_questions()
    fates = {OURS: {"cross-product": hostile.Fate(5.1, 504, 5.0, 0.0, 0.01, 0.015, 0)}}
    fast = {OURS: measured(0.1, 400), THEIRS: measured(0.2, 100)}
    assert "does not hold" not in "\n".join(report.verdicts(fast, questions, ALLOWED, fates, hostile.DEADLINE))
    slow = {OURS: measured(0.5, 70), THEIRS: measured(0.2, 100)}
    late = {OURS: {"cross-product": hostile.Fate(6.2, 504, 6.0, 0.0, 0.01, 0.025, 0)}}
    told = report.verdicts(slow, questions, ALLOWED, late, hostile.DEADLINE)
    assert [line.startswith("- **does not hold**") for line in told[:-1]] == [True] * 8
    slow[OURS].loads.clear()
    assert report.verdicts(slow, questions, ALLOWED, late, hostile.DEADLINE)[0].startswith("- **does not hold**")
    slow[THEIRS].prints["ask"] = None
    assert "| = (1) |" in report.latencies(slow, questions, ALLOWED)[4] and "unreadable" in report.latencies(slow, questions, ALLOWED)[2]


def test_what_is_left_for_python() -> None:
    """Two cores at 1,000 requests a second of theirs allow 2,500 µs at 0.8 ×; the server alone and the engine are taken off."""
    alone = floor.Floor(0.0, 0.0, 0.0003, {32: load.Load(4000, 1.0, 0.1, 0.2, 0)})
    assert "2500 µs" in (told := report.left_over(alone, {THEIRS: measured(0.1, 1000)}, cores=2)[0])
    assert "take 500 of it, the engine 300, which leaves 1700" in told
    assert report.left_over(alone, {}) == []


def test_floor_is_measured(graph: Path) -> None:
    """The way to another process, the engine and the bare server have figures above nothing."""
    store = graph.parent / "floor"
    made = Store(str(store))
    made.bulk_load(path=str(graph), format=RdfFormat.N_TRIPLES)
    made.flush()
    del made
    found = floor.measure(store, ["http://example.org/1"], (1,), 1)
    assert 0 < found.way < 1 and 0 < found.way_after_pause < 1 and 0 < found.engine < 1
    assert found.bare[1].rate > 0 and found.bare[1].failed == 0
    assert len(report.floor(found, {})) > 5


def test_what_took_too_long_counts_as_the_limit() -> None:
    """A ratio is at least the limit divided by the other's time; none where the other failed."""
    ours = latency.Sample((0.1,))
    assert report.ratio(latency.Sample(fault="over 60 s"), ours, 60.0) == pytest.approx(600)
    assert report.ratio(latency.Sample(fault="500 no"), ours, 60.0) is None and report.cell(latency.Sample(fault="500 no")) == "– (500)"


def test_plans_name_servers_that_can_be_started() -> None:
    """Every plan measures ours and the one that the ratios compare it with."""
    assert all({OURS, THEIRS} <= set(plan.servers) and set(plan.servers) <= set(START) for plan in bench.PLANS.values())
