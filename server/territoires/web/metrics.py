"""The figures of all server processes in the Prometheus text format (exposition format 0.0.4)."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from territoires import __version__
from territoires.web.observation import BOUNDS, Snapshot

NAMESPACE = "territoires_"
_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_COUNTERS = (
    ("queries", "Queries that were run, our own included.", "queries"),
    ("refused", "Queries that were turned away because too many were waiting.", "queries_refused"),
    ("forks", "Workers that were started.", "worker_forks"),
    ("restarts", "Processes that hold the store and were started again after a crash.", "zygote_restarts"),
    ("hits", "Answers that were given from the cache.", "answer_cache_hits"),
    ("misses", "Answers that were looked for in the cache and not found.", "answer_cache_misses"),
    ("dropped", "Lines of the journal that could not be written.", "journal_lines_dropped"),
)
_LEVELS = (
    ("running", "Queries that run.", "queries_running"),
    ("waiting", "Queries that wait for a worker.", "queries_waiting"),
    ("idle", "Workers that wait for a query.", "workers_idle"),
    ("cache", "Bytes of the answers that are kept.", "answer_cache_bytes"),
)
_KILLS = ("timeouts", "cancelled", "stopped")
"""Why a worker was killed: at its deadline, because the client had gone, for its memory or by a crash."""


def exposition(snapshots: Iterable[Snapshot], writing: bool | None = None) -> bytes:
    """What all these processes have counted, added up; and whether the process that writes is there, where the service takes writes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Sum(list(snapshots), writing))
    return generate_latest(registry)


class Sum(Collector):
    """The snapshots of several processes as one set of metrics. A process that has ended keeps its counts, and has no levels."""

    def __init__(self, snapshots: list[Snapshot], writing: bool | None = None) -> None:
        self._all, self._writing = snapshots, writing
        self._alive = [each for each in snapshots if each.process == os.getpid() or Path(f"/proc/{each.process}").exists()]

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        yield from self._requests()
        counts = sum((Counter(each.counts) for each in self._all), Counter())
        for key, text, name in _COUNTERS:
            yield CounterMetricFamily(NAMESPACE + name, text, value=counts[key])
        kills = CounterMetricFamily(NAMESPACE + "query_kills", "Queries whose worker was ended before the answer.", labels=["reason"])
        for reason in _KILLS:
            kills.add_metric([reason], counts[reason])
        yield kills
        levels = sum((Counter(each.levels) for each in self._alive), Counter())
        for key, text, name in _LEVELS:
            yield GaugeMetricFamily(NAMESPACE + name, text, value=levels[key])
        yield from self._processes()
        yield GaugeMetricFamily(
            NAMESPACE + "ready", "Whether every server process can answer.", value=float(all(each.ready for each in self._alive))
        )
        if self._writing is not None:
            yield GaugeMetricFamily(NAMESPACE + "writing_ready", "Whether writes are taken.", value=float(self._writing))
        release = GaugeMetricFamily(NAMESPACE + "release_info", "The revision that is served.", labels=["revision"])
        for revision, count in sorted(Counter(each.revision for each in self._alive).items()):
            release.add_metric([revision], count)
        yield release
        build = GaugeMetricFamily(NAMESPACE + "build_info", "The version of the software.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build

    def _requests(self) -> Iterator[Metric]:
        requests: Counter[tuple[str, str, int, str]] = Counter()
        seconds: Counter[tuple[str, str]] = Counter()
        buckets: dict[tuple[str, str], list[int]] = {}
        for each in self._all:
            for route, method, status, form, number in each.requests:
                requests[route, method, status, form] += number
            for route, form, spent, counted in each.latencies:
                seconds[route, form] += spent  # type: ignore[assignment]
                before = buckets.get((route, form), [0] * (len(BOUNDS) + 1))
                buckets[route, form] = [a + b for a, b in zip(before, counted, strict=True)]
        total = CounterMetricFamily(NAMESPACE + "requests", "Requests.", labels=["route", "method", "status", "format"])
        for (route, method, status, form), number in sorted(requests.items()):
            total.add_metric([route, method, str(status), form], number)
        yield total
        latency = HistogramMetricFamily(
            NAMESPACE + "request_seconds", "Seconds from the request's head to the answer's end.", labels=["route", "format"]
        )
        for (route, form), counted in sorted(buckets.items()):
            upto = [sum(counted[: index + 1]) for index in range(len(counted))]
            bounds = [*map(str, BOUNDS), "+Inf"]
            latency.add_metric([route, form], list(zip(bounds, upto, strict=True)), seconds[route, form])
        yield latency

    def _processes(self) -> Iterator[Metric]:
        number = GaugeMetricFamily(
            NAMESPACE + "processes", "Processes: servers, zygotes that hold the store, query workers.", labels=["role"]
        )
        memory = GaugeMetricFamily(
            NAMESPACE + "process_memory_bytes", "Their memory; what several share counts in proportion.", labels=["role"]
        )
        for role in ("server", "zygote", "worker"):
            sizes = [size for each in self._alive for process in each.processes.get(role, ()) if (size := memory_of(process)) is not None]
            number.add_metric([role], len(sizes))
            memory.add_metric([role], sum(sizes))
        yield number
        yield memory


def memory_of(process: int) -> int | None:
    """The proportional set size of a process in bytes, its resident size where the kernel doesn't tell; None when it has ended."""
    folder = Path("/proc") / str(process)
    try:
        if found := _SHARE.search((folder / "smaps_rollup").read_text()):
            return int(found[1]) * 1024
    except OSError:
        pass
    try:
        return int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
