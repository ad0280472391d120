"""The notes on requests: truncated addresses, request ids, lines that nobody can forge, sums of several processes."""

import json
import logging
import threading
import time
from typing import Any

import pytest
from prometheus_client import parser

from territoires.web.journal import Journal, Lines, blocks, truncated
from territoires.web.metrics import exposition
from territoires.web.observation import BOUNDS, Observation, Snapshot, form_of


class Headers:
    """Request headers, as the server hands them over."""

    def __init__(self, **fields: str) -> None:
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}

    def get(self, name: str) -> str | None:
        """The first of that name."""
        return self.fields.get(name)

    def get_all(self, name: str) -> list[str]:
        """All of that name."""
        return [self.fields[name]] if name in self.fields else []


class Scope:
    """A request."""

    def __init__(self, path: str = "/sparql", method: str = "GET", client: str = "203.0.113.77:5000", **headers: str) -> None:
        self.path, self.method, self.client, self.headers = path, method, client, Headers(**headers)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("[2001:db8:1:2:3::4]", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        ("", "unknown"),
        ('"},{"x":"', "unknown"),
        ("203.0.113.77:80", "unknown"),
    ],
)
def test_truncated(address: str, kept: str) -> None:
    """IPv4 keeps 24 bits, IPv6 48, and what is no address is told as unknown."""
    assert truncated(address) == kept


@pytest.mark.parametrize(
    ("hops", "forwarded", "client"),
    [
        (0, "198.51.100.9", "203.0.113.77"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "192.0.2.1, 198.51.100.9", "198.51.100.9"),
        (2, "192.0.2.1, 198.51.100.9", "192.0.2.1"),
        (2, "198.51.100.9", "203.0.113.77"),
    ],
)
def test_client_by_trusted_hops(hops: int, forwarded: str, client: str) -> None:
    """So many entries are believed as there are trusted proxies, as Werkzeug's ProxyFix does."""
    assert Observation(hops=hops).client(Scope(x_forwarded_for=forwarded)) == client


@pytest.mark.parametrize(
    ("hops", "given", "taken"),
    [
        (1, "0f3c9d1e-77", True),
        (0, "0f3c9d1e-77", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, 'a"b":1,"c":"de', False),
        (1, "line\nbreak-12", False),
        (1, "abcdefgh\n", False),
        (1, "éééééééééé", False),
    ],
)
def test_identity(hops: int, given: str, taken: bool) -> None:
    """An id is taken from a trusted proxy only, and only where it is well formed; made ones differ."""
    notes = Observation(hops=hops)
    found = notes.identify(Headers(x_request_id=given))
    assert (found == given) is taken
    assert notes.identify(Headers()) != notes.identify(Headers())


@pytest.mark.parametrize("path", ['/"},{"status":200', "/a\nb", "/\x1b[31m", "/é\u2028", "/" + "x" * 5000])
def test_lines_cannot_be_forged(path: str) -> None:
    """Whatever the path holds, a request is one line of ASCII; in JSON it reads back as it was, cut where it is long."""
    for mode in ("json", "text"):
        written: list[bytes] = []
        notes = Observation(mode)
        assert notes.journal
        notes.journal = Journal(mode, written.append)
        notes.record(Scope(path), "the-id-00", time.perf_counter() - 0.25, "other", 404, "problem", 12, 'r"1', work=0.1, broken=True)
        notes.journal.close()
        text = b"".join(written).decode("ascii")
        assert text.endswith("\n") and text.count("\n") == 1 and "\x1b" not in text
        if mode == "json":
            line = json.loads(text)
            assert (line["path"], line["client"], line["revision"]) == (path[:500], "203.0.113.0", 'r"1')
            assert (line["status"], line["bytes"], line["work_ms"], line["broken"]) == (404, 12, 100.0, True)
            assert 250 <= line["ms"] < 2000


def test_blocks() -> None:
    """Lines are written whole, as many at once as a pipe takes; a longer line alone."""
    lines = [b"x" * length + b"\n" for length in (10, 4000, 90, 3000, 5000, 1)]
    found = list(blocks(b"".join(lines)))
    assert b"".join(found) == b"".join(lines)
    assert all(block.endswith(b"\n") and (len(block) <= 4096 or block.count(b"\n") == 1) for block in found)
    assert len(found) == 4


def test_a_reader_that_stalls() -> None:
    """Where nobody takes the lines, they are dropped and counted, and the requests go on."""
    free = threading.Event()
    notes = Observation("json")
    notes.journal = journal = Journal("json", lambda block: free.wait(10))
    journal._taken = 9 << 20
    notes.record(Scope(), "the-id-00", time.perf_counter(), "/sparql", 200, "json", 1, "r")
    assert journal.dropped == 1
    free.set()
    journal.close()


def test_form_of() -> None:
    """A Content-Type gives one of few names."""
    assert [form_of(kind) for kind in ("text/html; charset=utf-8", "Text/Turtle", "application/problem+json", None, "a/b")] == [
        "html",
        "ttl",
        "problem",
        "none",
        "other",
    ]


def snapshot(process: int, **changes: Any) -> Snapshot:
    """What a process with one request of 20 ms has counted."""
    buckets = [0] * (len(BOUNDS) + 1)
    buckets[4] = 1
    fields = {
        "process": process,
        "requests": [("/sparql", "GET", 200, "json", 1)],
        "latencies": [("/sparql", "json", 0.02, buckets)],
        "counts": {"queries": 2, "timeouts": 1},
        "levels": {"running": 1},
        "processes": {"server": [process], "zygote": [], "worker": []},
        "revision": "r",
        "ready": True,
    }
    return Snapshot(**(fields | changes))


def test_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts of all processes are added up, levels of those that live; buckets are cumulative."""
    monkeypatch.setattr("territoires.web.metrics.os.getpid", lambda: 1)
    text = exposition([snapshot(1), snapshot(999_999_999, ready=False, revision="old")]).decode()
    found = {(s.name, *s.labels.values()): s.value for family in parser.text_string_to_metric_families(text) for s in family.samples}
    assert found["territoires_requests_total", "json", "GET", "/sparql", "200"] == 2
    assert found["territoires_queries_total",] == 4 and found["territoires_query_kills_total", "timeouts"] == 2
    assert found["territoires_queries_running",] == found["territoires_ready",] == 1
    bucket = {bound: found["territoires_request_seconds_bucket", "json", bound, "/sparql"] for bound in ("0.01", "0.025", "60.0", "+Inf")}
    assert bucket == {"0.01": 0, "0.025": 2, "60.0": 2, "+Inf": 2}
    assert found["territoires_request_seconds_sum", "json", "/sparql"] == pytest.approx(0.04)
    assert [key[1] for key in found if key[0] == "territoires_release_info"] == ["r"]


def test_records_of_logging() -> None:
    """What the code logs is one JSON object with the trace inside; in text, one line before the trace."""
    try:
        raise ValueError("why")
    except ValueError as error:
        record = logging.LogRecord("territoires.web", logging.ERROR, "", 0, "Wrong\nat %s", ("/x",), (type(error), error, None))
    record.request = "the-id-00"
    line = json.loads(Lines("json").format(record))
    assert (line["level"], line["message"], line["request"]) == ("error", "Wrong\nat /x", "the-id-00")
    assert line["trace"] == "ValueError: why"
    first, _, rest = Lines("text").format(record).partition("\n")
    assert first.endswith("error territoires.web Wrong\\nat /x the-id-00") and rest == "ValueError: why"
