"""docs/deployment.md and the Containerfile speak of what exists: settings, figures, files, commands."""

import dataclasses
import re
from pathlib import Path

import click
import pytest

from territoires.cli import main
from territoires.settings import Settings
from territoires.web.metrics import exposition
from territoires.web.observation import BOUNDS, Snapshot


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    """The text of the deployment guide."""
    return (root / "docs" / "deployment.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def steps(root: Path) -> list[tuple[str, str]]:
    """The instructions of the Containerfile: word and argument, continued lines joined."""
    text = (root / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, argument.strip()) for word, _, argument in (line.partition(" ") for line in lines)]


def test_settings(guide: str, steps: list[tuple[str, str]]) -> None:
    """Every setting that guide and Containerfile name exists."""
    known = {f"TERRITOIRES_{each.name.upper()}" for each in dataclasses.fields(Settings)}
    told = set(re.findall(r"TERRITOIRES_[A-Z_]+", guide + " ".join(argument for _, argument in steps)))
    assert len(told) >= 10 and told <= known


def test_figures(guide: str) -> None:
    """The table of the guide names every metric, and none that doesn't exist."""
    empty = Snapshot(1, [("/", "GET", 200, "html", 1)], [("/", "html", 0.0, [0] * (len(BOUNDS) + 1))], {}, {}, {"server": [1]}, "r", True)
    served = {
        name.removesuffix("_total") + ("_total" if kind == "counter" else "")
        for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", exposition([empty], writing=True).decode(), re.MULTILINE)
    }
    table = [line for line in guide.splitlines() if line.startswith("| `territoires_")]
    assert {name for line in table for name in re.findall(r"`(territoires_\w+)`", line)} == served


def test_stopping_fits(guide: str) -> None:
    """systemd and the container wait longer than the requests may take, the proxies longer than the longest query."""
    stop = max(Settings().stop_seconds, 1)
    found = re.search(r"TimeoutStopSec=(\d+)", guide), re.search(r"--stop-timeout (\d+)", guide)
    assert all(each and int(each[1]) > stop for each in found)
    waits = [int(seconds) for seconds in re.findall(r"(?:proxy_read_timeout |timeout=)(\d+)", guide)]
    assert len(waits) == 2 and min(waits) > Settings().query_seconds_most
    assert "KillMode=mixed" in guide and "OOMPolicy=continue" in guide


def test_proxies_replace_what_clients_send(guide: str) -> None:
    """Each example settles every header that a trusted proxy is believed for, and gathers no answer."""
    blocks = {kind: re.findall(rf"```{kind}\n(.*?)```", guide, re.DOTALL) for kind in ("nginx", "apache", "caddy")}
    assert [len(found) for found in blocks.values()] == [2, 1, 1]
    for block in blocks["nginx"]:
        told = set(re.findall(r"proxy_set_header (\S+)", block))
        assert told >= {"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Request-ID"}
        assert "proxy_buffering off;" in block
    assert all(
        word in blocks["apache"][0] for word in ("X-Forwarded-Prefix", "X-Request-ID", "X-Forwarded-Proto", "flushpackets=on", "nocanon")
    )
    assert all(word in blocks["caddy"][0] for word in ("X-Forwarded-Prefix", "X-Request-ID", "flush_interval -1"))


def test_containerfile(root: Path, steps: list[tuple[str, str]]) -> None:
    """What is copied exists and reaches the builder, packages come by their hashes, and it runs the README's commands without rights."""
    copied = [argument.split()[:-1] for word, argument in steps if word == "COPY" and not argument.startswith("--from")]
    paths = [path for sources in copied for path in sources]
    assert len(paths) >= 8 and all((root / path).exists() for path in paths)
    sent = {line.removeprefix("!") for line in (root / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")}
    assert sent == set(paths)
    runs = [argument for word, argument in steps if word == "RUN"]
    assert any("--require-hashes -r requirements.lock" in run for run in runs)
    commands = {run.split()[1] for run in runs if run.startswith("territoires ")}
    start = dict(steps)
    assert start["ENTRYPOINT"] == '["tini", "--", "territoires"]' and start["CMD"] == '["serve"]'
    assert isinstance(main, click.Group) and commands | {"serve"} == {"build", "serve"} <= set(main.commands)
    assert start["USER"].split(":")[0] not in ("root", "0")
    assert "/health/ready" in start["HEALTHCHECK"] and f":{Settings().port}/" in start["HEALTHCHECK"]
    assert start["EXPOSE"] == str(Settings().port)


def test_wheel_holds_what_the_container_builds_from(root: Path, steps: list[tuple[str, str]]) -> None:
    """Every folder that the package takes along is copied before it is installed."""
    taken = re.findall(r'^"(\w+)" = "territoires/content/', (root / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    installed = steps.index(("RUN", "pip install --no-cache-dir --no-deps ."))
    before = {path for word, argument in steps[:installed] if word == "COPY" for path in argument.split()[:-1]}
    assert len(taken) >= 4 and set(taken) | {"server", "pyproject.toml", "README.md", "LICENSE"} <= before
