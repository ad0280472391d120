"""The documentation names what exists: every command, setting, route, folder and module."""

import dataclasses
import re
from pathlib import Path

from flask import Flask

from territoires.cli import main
from territoires.settings import Settings


def readme(root: Path) -> str:
    """The README's text."""
    return (root / "README.md").read_text(encoding="utf-8")


def test_commands(root: Path) -> None:
    """Every command is in the README, and none that doesn't exist."""
    assert set(re.findall(r"`territoires (\w+)", readme(root))) == set(main.commands)


def test_settings(root: Path) -> None:
    """Every setting is in the README by its variable, and none that doesn't exist."""
    expected = {f"TERRITOIRES_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert set(re.findall(r"TERRITOIRES_[A-Z_]+", readme(root))) == expected


def test_routes(root: Path, app: Flask) -> None:
    """The first part of every route is in the README."""
    parts = {re.split(r"[/<]", rule.rule.removeprefix("/"))[0] for rule in app.url_map.iter_rules()} - {"", "static"}
    assert parts and all(f"`/{part}" in readme(root) for part in parts)


def test_make_targets(root: Path) -> None:
    """The README's make commands exist."""
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"serve", "test"} == set(re.findall(r"^make (\w+)", readme(root), re.MULTILINE)) <= targets
    assert "bench" in (mentioned := set(re.findall(r"`make (\w+)", readme(root)))) and mentioned <= targets


def test_folders_and_modules(root: Path) -> None:
    """Every folder that the README maps exists, and docs/ontology.md names every module."""
    folders = re.findall(r"^\| `([\w/]+)/` \|", readme(root), re.MULTILINE)
    assert len(folders) >= 7 and all((root / folder).is_dir() for folder in folders)
    modules = {path.stem for path in (root / "ontology").glob("*.ttl")} - {"tdp", "external-stubs"}
    documented = set(re.findall(r"^\| ([\w-]+) \|", (root / "docs" / "ontology.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert modules <= documented


def test_local_links(root: Path) -> None:
    """Every relative link between documents leads to a file."""
    documents = [root / "README.md", root / "CONTRIBUTING.md", *(root / "docs").rglob("*.md")]
    links = [(path, link) for path in documents for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8"))]
    assert links and all((path.parent / link).exists() for path, link in links)
