"""The check of links over the network, against a server on this machine: never against the hosts of others."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from territoires.cli import main
from territoires.files import LINKS
from territoires.knowledge import following

COLUMNS = ("subject_id", "predicate_id", "object_id", "object_type", "object_label", "object_source")


class Host(BaseHTTPRequestHandler):
    """Answers each path in its own way, and notes who asked what."""

    seen: list[tuple[str, str, str]]

    def answer(self) -> None:
        """One answer."""
        type(self).seen.append((self.command, self.path, self.headers["User-Agent"]))
        status, where = 200, ""
        if self.path.startswith("/status/"):
            status = int(self.path.removeprefix("/status/"))
        elif self.path == "/no-head":
            status = 405 if self.command == "HEAD" else 200
        elif self.path in ("/moved", "/loop"):
            status, where = 303, {"/moved": "/here", "/loop": "/loop"}[self.path]
        elif self.path == "/slow":
            time.sleep(1.5)
        self.send_response(status)
        if where:
            self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = answer

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    """The address of that server."""
    Host.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "status", "fault"),
    [
        ("/here", 200, ""),
        ("/moved", 200, ""),
        ("/no-head", 200, ""),
        ("/a#fragment", 200, ""),
        ("/Communauté", 200, ""),
        ("/status/404", 404, "status 404"),
        ("/status/410", 410, "status 410"),
        ("/status/500", 500, "status 500"),
        ("/loop", 0, "too many redirections"),
        ("/slow", 0, "no answer in time"),
    ],
)
def test_an_address(host: str, path: str, status: int, fault: str) -> None:
    """What stands there, by HEAD, or by GET where a host doesn't take HEAD."""
    (found,) = following.follow([("x", host + path)], seconds=0.5, pause=0)
    assert (found.status, found.fault, found.answers) == (status, fault, status == 200)
    methods = [method for method, _, _ in Host.seen]
    assert methods[0] == "HEAD" and (len(methods) == 1 or path in ("/no-head", "/moved", "/loop"))
    assert all(agent == following.AGENT for _, _, agent in Host.seen)


def test_nobody_there() -> None:
    """A port that nobody listens at, and a name that leads nowhere."""
    found = list(following.follow([("x", "http://127.0.0.1:1/"), ("x", "http://nowhere.invalid/")], seconds=0.5, pause=0))
    assert [(each.status, each.answers) for each in found] == [(0, False)] * 2
    assert found[0].fault == "no connection" and found[1].fault in ("no such host", "no connection", "no answer in time")


def test_a_pause_between_requests_to_one_host(host: str) -> None:
    """A host is asked at most once in the pause; another host needn't wait."""
    waited: list[float] = []
    other = host.replace("127.0.0.1", "localhost")
    chosen = [("x", f"{host}/a"), ("x", f"{other}/b"), ("x", f"{host}/c")]
    list(following.follow(chosen, pause=30, wait=waited.append))
    assert len(waited) == 1 and 25 < waited[0] <= 30


@pytest.mark.parametrize(("sample", "kept"), [(0, "abcdefg"), (3, "ace"), (7, "abcdefg"), (9, "abcdefg"), (1, "a")])
def test_sample(sample: int, kept: str) -> None:
    """A sample is spread over the rows."""
    assert "".join(following.spread("abcdefg", sample)) == kept


@pytest.fixture
def home(tmp_path: Path, host: str) -> Path:
    """A home whose links lead to that server."""
    prefixes = f"#curie_map:\n#  id: https://w3id.org/territoires-de-projet/id/\n#  x: {host}/\n"
    lines = [("id:a", "skos:exactMatch", f"x:{path}", "", "", "id:jeu/one") for path in ("here", "status/404", "moved")]
    lines += [
        ("id:b", "dct:identifier", "", "rdfs literal", "FR-52", "id:jeu/two"),
        ("id:b", "skos:exactMatch", "x:b", "", "", "id:jeu/two"),
    ]
    (tmp_path / LINKS).mkdir(parents=True)
    (tmp_path / LINKS / "positive.tsv").write_text(prefixes + "\n".join("\t".join(line) for line in (COLUMNS, *lines)) + "\n")
    return tmp_path


def test_command(home: Path, host: str) -> None:
    """`territoires links check` tells which links don't answer, counts by target, and ends well whatever it finds."""
    result = CliRunner(env={"TERRITOIRES_HOME": str(home)}).invoke(main, ["links", "check", "--sample", "0", "--pause", "0"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"{host}/status/404  status 404", "one: 2 of 3 answer", "two: 1 of 1 answer"]
    Host.seen.clear()
    CliRunner(env={"TERRITOIRES_HOME": str(home)}).invoke(main, ["links", "check", "--sample", "1", "--pause", "0"])
    assert {path for _, path, _ in Host.seen} == {"/here", "/b"}
