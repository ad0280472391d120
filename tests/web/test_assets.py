"""The built scripts and style sheets: what there is, how it is addressed and kept, and that pages do without."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from territoires.web import assets

WEB = Path(assets.__file__).parent
FRONTEND = WEB / "frontend"
PAGES = ("/sparql", "/relations/territoire/pays-de-langres")
BROWSER = {"Accept": "text/html", "Accept-Language": "fr"}


@pytest.fixture
def unbuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A checkout where nothing was built."""
    monkeypatch.setattr(assets, "BUILT", tmp_path / "built")
    assets.digests.cache_clear()
    yield
    assets.digests.cache_clear()


def test_everything_is_built() -> None:
    """Each script has its bundle, and each package in a bundle its licence."""
    sources = {path.name for path in (FRONTEND / "src").glob("*.js")}
    assert {"sparql.js", "graph.js"} <= sources <= {path.name for path in assets.BUILT.iterdir()}
    licences = (assets.BUILT / "LICENSES.txt").read_text(encoding="utf-8")
    for package in ("@codemirror/view", "@codemirror/state", "cytoscape"):
        assert re.search(rf"^{package} \d+\.\d+\.\d+ \(MIT\)$", licences, re.MULTILINE), package
    assert "Marijn Haverbeke" in licences


def test_bundles_are_light() -> None:
    """No bundle is heavier than an editor may be."""
    bundles = list(assets.BUILT.glob("*.js"))
    assert bundles
    for path in bundles:
        assert path.stat().st_size < 600_000, path.name


def test_packages_are_pinned() -> None:
    """Each package stands at one version, and the lock holds its hash; no script of a package runs when it is installed."""
    wanted = json.loads((FRONTEND / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert wanted and all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    locked = json.loads((FRONTEND / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    assert all(each["integrity"].startswith("sha512-") for path, each in locked.items() if path)
    assert "ignore-scripts=true" in (FRONTEND / ".npmrc").read_text(encoding="utf-8")


def test_wheel_carries_them(root: Path) -> None:
    """The wheel takes what was built, although git doesn't, and leaves the sources of it."""
    wheel = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert [str(assets.BUILT.relative_to(root))] == wheel["artifacts"]
    assert str(FRONTEND.relative_to(root)) in wheel["exclude"]


def test_address(app: Flask) -> None:
    """The address holds the hash of the content, below the prefix of a proxy; what isn't there has none."""
    with app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/t"}):
        assert re.fullmatch(r"/t/static/built/sparql\.js\?v=[0-9a-f]{12}", assets.asset("sparql.js"))
        assert assets.asset("nothing.js") == ""
        assert assets.asset("../static/icon.svg") == ""


def test_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    """Only what is asked for by its own hash is kept, so that a new build is seen at once."""
    with app.test_request_context("/"):
        address = assets.asset("sparql.js")

    def kept(path: str) -> str:
        with client.get(path) as answer:
            return str(answer.headers.get("Cache-Control", ""))

    with client.get(address) as answer:
        assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert kept(address) == assets.FOREVER
    for other in ("/static/built/sparql.js", "/static/built/sparql.js?v=000000000000", "/static/built/none.js?v=0"):
        assert "immutable" not in kept(other)


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_scripts(client: FlaskClient, path: str) -> None:
    """Each script on a page is one of ours, from a file: none stands in the page."""
    page = client.get(path, headers=BROWSER).text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert scripts
    for attributes, content in scripts:
        assert 'type="module"' in attributes and 'src="/static/built/' in attributes and not content
    assert " style=" not in page and " onclick=" not in page


@pytest.mark.usefixtures("unbuilt")
@pytest.mark.parametrize("path", PAGES)
def test_pages_without_scripts(client: FlaskClient, path: str) -> None:
    """Where the front end isn't built, pages come without scripts."""
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200 and "<script" not in answer.text
