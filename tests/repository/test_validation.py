"""`territoires validate` over the repository: it conforms, and breaking any one fact names the node and the rule."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from territoires.cli import main

SHEET = "data/source/monographs/pays-de-langres.ttl"
PERIODS = "data/source/periods.ttl"

BREAKS = [
    (SHEET, r"\n<id/observation/pays-de-langres-habitants-2015>.*?\.\n", "\n", "id/territoire/pays-de-langres", "inhabitants"),
    (SHEET, r"(tdp:centralTown) <", r"\1 <id/commune/chaumont>, <", "id/territoire/pays-de-langres", "centralTown"),
    (PERIODS, r'(<id/periode/2015>.*?tdp:firstDay )"2015-01-01"', r'\1"2016-02-01"', "id/periode/2015", "Period"),
    (SHEET, r"tdp:inRegion <id/region/grand-est> ;", "", "id/territoire/pays-de-langres", "inRegion"),
    (SHEET, r"tdp:inhabitants 46462", "tdp:inhabitants -1", "id/observation/pays-de-langres-habitants-2015", "Observation"),
    (SHEET, r'tdp:printedTitle "Président" ;', "", "id/poste/pays-de-langres-president", "Post-printedTitle"),
]  # fmt: skip


def run(path: Path, language: str = "fr") -> tuple[int, str]:
    """Exit status and report of `territoires validate FILE`."""
    result = CliRunner(env={"TERRITOIRES_HOME": str(Path(__file__).parents[2])}).invoke(main, ["validate", str(path), "--lang", language])
    return result.exit_code, result.output


def test_repository_conforms(root: Path) -> None:
    """The sources hold no violation, and no warning either: that is what new ones are measured by."""
    result = CliRunner(env={"TERRITOIRES_HOME": str(root)}).invoke(main, ["validate"])
    assert result.exit_code == 0, result.output
    assert ": 0 violation, 0 warning, " in result.output


@pytest.mark.parametrize(("name", "pattern", "replacement", "node", "rule"), BREAKS, ids=[b[4] for b in BREAKS])
def test_breaking_a_fact(root: Path, tmp_path: Path, name: str, pattern: str, replacement: str, node: str, rule: str) -> None:
    """Each broken fact is reported with its node and rule, and nothing else is a violation there."""
    text = (root / name).read_text(encoding="utf-8")
    broken, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert count == 1, "the pattern must break the file"
    copies = broken_home(root, tmp_path)
    (copies / name).write_text(broken, encoding="utf-8")
    result = CliRunner(env={"TERRITOIRES_HOME": str(copies)}).invoke(main, ["validate"])
    assert result.exit_code == 1
    found = [block for block in result.output.split("VIOLATION ")[1:] if block.startswith(node)]
    assert any(rule in block.splitlines()[1] for block in found), result.output[:2000]


def broken_home(root: Path, folder: Path) -> Path:
    """The fact sheets below `folder`, without the texts of the monographs: enough to break, and quick to validate."""
    for name in ("ontology", "shapes", "queries"):
        shutil.copytree(root / name, folder / name)
    sheets = [path for path in (root / "data" / "source").glob("*.ttl") if not path.stem.startswith(("experts", "lessons", "survey"))]
    for path in (*sheets, *(root / "data" / "source" / "monographs").glob("*.ttl")):
        (folder / path.relative_to(root)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.relative_to(root))
    return folder


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """A new file is read in the context of the repository, and only its own nodes are reported, in English on demand."""
    mine = tmp_path / "mine.ttl"
    mine.write_text(
        "@base <https://w3id.org/territoires-de-projet/> . @prefix tdp: <https://w3id.org/territoires-de-projet/def#> .\n"
        "<id/portage/mine> a tdp:CarrierPeriod ; tdp:carriedTerritory <id/territoire/pays-de-langres> .\n",
        encoding="utf-8",
    )
    status, report = run(mine, "en")
    assert status == 1
    assert "VIOLATION id/portage/mine" in report and "CarrierPeriod-carrier" in report
    assert "pays-de-chaumont" not in report


@pytest.mark.parametrize(("text", "told"), [("<a> <b>", "not valid Turtle"), (None, "is no file")])
def test_files_that_cannot_be_read(tmp_path: Path, text: str | None, told: str) -> None:
    """A missing or broken file is told in a sentence."""
    path = tmp_path / "mine.ttl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    status, report = run(path)
    assert status == 1 and told in report and "Traceback" not in report
