"""The command line: what each command prints, and its exit status."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from territoires.cli import main
from territoires.settings import Settings


@pytest.fixture
def runner(settings: Settings) -> CliRunner:
    """Runs commands over the release of the tests."""
    return CliRunner(env={"TERRITOIRES_HOME": str(settings.home), "TERRITOIRES_RELEASES": str(settings.releases)})


@pytest.mark.parametrize("command", [[], *([name] for name in sorted(main.commands))])
def test_every_command_answers_help(command: list[str]) -> None:
    """--help works for the program and for each command."""
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0 and result.output.startswith("Usage:")


def test_program_is_installed() -> None:
    """The console script runs."""
    script = Path(sys.executable).with_name("territoires")
    assert subprocess.run([script, "--version"], capture_output=True, text=True, check=True).stdout.startswith("territoires")


def test_query_lists_and_answers(runner: CliRunner) -> None:
    """Without a name the queries are listed; with one its answer is CSV."""
    listed = runner.invoke(main, ["query"])
    assert listed.exit_code == 0 and len(listed.output.splitlines()) >= 20
    answer = runner.invoke(main, ["query", listed.output.split()[0], "--format", "json"])
    assert answer.exit_code == 0 and '"head"' in answer.output


def test_unknown_query_is_a_sentence(runner: CliRunner) -> None:
    """An unknown name gives a sentence on standard error and status 1, no trace."""
    result = runner.invoke(main, ["query", "no-such-query"])
    assert result.exit_code == 1 and "There is no query named" in result.output and "Traceback" not in result.output


def test_wrong_environment_is_a_sentence(settings: Settings) -> None:
    """A wrong variable is named."""
    result = CliRunner(env={"TERRITOIRES_PORT": "x"}).invoke(main, ["serve"])
    assert result.exit_code == 1 and "TERRITOIRES_PORT" in result.output


def test_serve_without_release(tmp_path: Path) -> None:
    """Serving before building says what to run."""
    result = CliRunner(env={"TERRITOIRES_RELEASES": str(tmp_path)}).invoke(main, ["serve"])
    assert result.exit_code == 1 and "territoires build" in result.output


def test_wrong_home(tmp_path: Path) -> None:
    """A home without sources is an error, not an empty success."""
    result = CliRunner(env={"TERRITOIRES_HOME": str(tmp_path)}).invoke(main, ["validate"])
    assert result.exit_code == 1 and "No Turtle file" in result.output
