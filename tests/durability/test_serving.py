"""Readers and releases beside the writing: who reads never fails, a new release takes the writes over, nothing outlives the server."""

import contextlib
import json
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import psutil
from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from territoires.errors import FateUnknown
from territoires.knowledge.revalidating import outcome_in
from territoires.store.embedded import open_on_disk
from territoires.store.releases import current_release, publish, publish_store, switch
from territoires.vocabulary import CANONICAL_BASE, iri
from territoires.writing.commits import change_of
from territoires.writing.submissions import Writer

from ..web.test_operations import Load, Running, alive, serving, wait_until
from .conftest import CONTRIBUTIONS, LEFT, Place, pair


def asked(client: int, number: int) -> str:
    """A query that no other asks, over the graph of the pairs."""
    return "/sparql?query=" + quote(f"SELECT ?s ?p {{ GRAPH <{CONTRIBUTIONS}pairs> {{ ?s ?p ?o }} BIND('{client}-{number}' AS ?x) }}")


def names_at(server: Running) -> set[str]:
    """The pairs that the server shows."""
    status, _, body = server.get(asked(0, time.monotonic_ns()))
    assert status == 200
    return {row["s"]["value"].removeprefix("urn:") for row in json.loads(body)["results"]["bindings"]}


def test_readers_beside_writers(place: Place, tmp_path: Path) -> None:
    """Eight read while thirty commits come: every answer is 200, of one revision, and without half a write; all are seen in the end."""
    with serving(place.releases, tmp_path, contributions=str(place.contributions), query_workers="8", query_queue="100") as server:
        with Load(server, asked) as load:
            for number in range(30):
                accepted = place.writer.submit(pair(f"w{number}"))
                if number % 10 == 0:
                    wait_until(lambda accepted=accepted: load.answers and load.answers[-1][2] == accepted.revision, 20)  # type: ignore[misc]
            wait_until(lambda: load.answers[-1][2] == accepted.revision, 20)
            time.sleep(0.2)
        assert not load.errors
        assert Counter(status for _, status, _, _ in load.answers) == {200: len(load.answers)}
        for _, _, revision, body in load.answers:
            sides = Counter(row["s"]["value"] for row in json.loads(body)["results"]["bindings"])
            assert set(sides.values()) <= {2} and len(sides) == int((revision or "").rpartition("-c")[2] if "-c" in (revision or "") else 0)
        assert names_at(server) == {f"w{number}" for number in range(30)}


def test_all_is_there_after_the_server_was_killed(place: Place, tmp_path: Path) -> None:
    """With its main process all of it ends, at once; the next one shows from its first answer what was acknowledged."""
    accepted = []
    for number in range(2):
        with serving(place.releases, tmp_path, contributions=str(place.contributions)) as server:
            assert names_at(server) == {f"w{each}" for each in range(number * 3)}
            accepted += [place.writer.submit(pair(f"w{number * 3 + each}")).number for each in range(3)]
            family = server.family()
            assert sum("territoires.web.writing" in " ".join(each.cmdline()) for each in family) in (3, 4)  # one may be validating
            server.process.kill()
            wait_until(lambda family=family: not alive(family), 8)  # type: ignore[misc]
    with serving(place.releases, tmp_path, contributions=str(place.contributions)) as server:
        assert names_at(server) == {f"w{each}" for each in range(6)}
    assert accepted == [1, 2, 3, 4, 5, 6]


def test_the_whole_is_validated_after_a_commit(place: Place, tmp_path: Path) -> None:
    """Beside the one that writes, which isn't held up: what the guard doesn't know of is found, kept, told in the log and on the page."""
    graph, kind = CONTRIBUTIONS + "hole", NamedNode(CANONICAL_BASE + "def#Pays")
    bare = Quad(NamedNode(CANONICAL_BASE + "id/territoire/sans-nom"), NamedNode(iri("rdf:type")), kind, NamedNode(graph))
    place.journal.append("nobody", "past the guard", "r1", change_of([], [bare]))
    with serving(place.releases, tmp_path, contributions=str(place.contributions)) as server:
        accepted = [place.writer.submit(pair(f"w{number}")).number for number in range(3)]
        wait_until(lambda: (found := outcome_in(place.contributions)) and found.commit == accepted[-1], 300)
        found = outcome_in(place.contributions)
        assert found and found.violations == found.concerning > 0 and bare.subject.value in {each.node for each in found.findings}
        wait_until(lambda: any("let pass" in line.get("message", "") for line in server.lines()))
        wait_until(lambda: server.get("/health/ready")[2].decode().count(f"-c{accepted[-1]}"), 20)
        status, _, page = server.get("/qualite?lang=en", {"Accept": "text/html"})
        assert status == 200 and f"/history/{accepted[-1]}" in page.decode() and "is under way" not in page.decode()
        place.writer.submit(pair("w3"))
        wait_until(lambda: len(validating(server)) == 4, 60)
        family = server.family()
        assert {each.nice() for each in validating(server)} == {psutil.Process(server.process.pid).nice(), 19}
    assert not alive(family), "a run that goes on ends with the server"
    assert outcome_in(place.contributions) == found


def validating(server: Running) -> list[psutil.Process]:
    """The process that holds the guard, its children that write and watch, and a run where there is one."""
    found = list[psutil.Process]()
    for each in server.family():
        with contextlib.suppress(psutil.NoSuchProcess):  # a zombie too: it has ended
            if "territoires.web.writing" in " ".join(each.cmdline()):
                found.append(each)
    return found


def test_a_stop_keeps_what_was_begun(place: Place, tmp_path: Path) -> None:
    """Those who write when the server is stopped are told the truth: accepted and there, or not begun."""
    told: dict[str, object] = {}
    over = threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            try:
                told[f"w{number}"] = Writer(place.contributions, 0.1).submit(pair(f"w{number}")).number
            except Exception as error:
                told[f"w{number}"] = error
            number += 1

    with serving(place.releases, tmp_path, contributions=str(place.contributions)) as server:
        thread = threading.Thread(target=write)
        thread.start()
        wait_until(lambda: sum(isinstance(said, int) for said in told.values()) > 5)
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0
        over.set()
        thread.join()
    kept = {commit.reason for commit in place.journal.commits()}
    assert kept == {name for name, said in told.items() if isinstance(said, int)}
    assert not any(isinstance(said, FateUnknown) for said in told.values())


def test_a_new_release_takes_the_writes_over(place: Place) -> None:
    """Writes go to the release that was built meanwhile, with the commits that it doesn't hold; and to the one before, again."""
    with place.process():
        for number in range(3):
            place.writer.submit(pair(f"w{number}"))
        second = place.journal.commit(2)
        assert second is not None
        held = [quad for number in (1, 2) for quad in place.journal.commit(number).change.added]  # type: ignore[union-attr]
        source = Quad(NamedNode("urn:new"), LEFT, Literal("new"), NamedNode(CANONICAL_BASE + "graph/source"))
        publish(place.releases, "r2", CANONICAL_BASE, [*held, source], {"quads": 5, "journal": 2, "checksum": second.checksum})
        wait_until(lambda: current_release(place.releases).revision == "r2-c3", 20)
        accepted = place.writer.submit(pair("w3"))
        assert accepted.revision == "r2-c4"
        wait_until(lambda: current_release(place.releases).revision == "r2-c4", 20)
        store = open_on_disk(current_release(place.releases).path / "store")
        assert {quad.subject.value for quad in store.quads_for_pattern(None, LEFT, None, DefaultGraph())} == {  # type: ignore[union-attr]
            "urn:new",
            *(f"urn:w{number}" for number in range(4)),
        }
        assert current_release(place.releases).quads == len(held) + 1 + 4
        switch(place.releases, "r1")
        wait_until(lambda: current_release(place.releases).revision == "r1-c4", 20)


def test_files_served_as_they_are(place: Place) -> None:
    """Where the default graph is one graph among others it is written to as they are, by a key for all."""
    from dataclasses import replace

    from territoires.store.datasets import DatasetFile, writer

    path = place.folder / "file.ttl"
    path.write_text("<urn:a> <urn:b> <urn:c> .")
    publish_store(place.releases, "d1", CANONICAL_BASE, writer([DatasetFile(path)]))
    everything = replace(
        pair("w1"), graphs=("*",), text="INSERT DATA { <urn:a> <urn:b> <urn:d> } ; DELETE DATA { <urn:a> <urn:b> <urn:c> }"
    )
    with place.process():
        accepted = place.writer.submit(everything)
        assert (accepted.added, accepted.removed, accepted.revision) == (1, 1, "d1-c1")
        wait_until(lambda: current_release(place.releases).revision == "d1-c1", 20)
        store = open_on_disk(current_release(place.releases).path / "store")
        assert list(store) == [Quad(NamedNode("urn:a"), NamedNode("urn:b"), NamedNode("urn:d"))]
