"""Names that several communes of France bear: so that one of them is not taken for the only one where the others aren't imported.

data/reference/homonyms.tsv has a name and the INSEE codes of those that bear it today or as delegated communes; `write` makes it of the
npm package that `importing.package` reads (INSEE, Licence Ouverte 2.0).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from territoires.errors import SourceError
from territoires.knowledge import toponyms

FILE = ("data", "reference", "homonyms.tsv")
_KINDS = ("commune-actuelle", "commune-deleguee")
_HEADER = "# Source: @etalab/decoupage-administratif {version} (INSEE, code officiel géographique), Licence Ouverte 2.0.\nname\tcodes\n"

Homonyms = Mapping[str, tuple[str, ...]]
"""The key of a name (toponyms.Keys.bare) -> INSEE codes."""


def read(home: Path) -> Homonyms:
    """The names of the file. Raises SourceError."""
    path = home.joinpath(*FILE)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(f"{path} can't be read: {error.strerror}.") from error
    rows = (line.split("\t") for line in lines if line and not line.startswith(("#", "name\t")))
    return {toponyms.keys(name).bare: tuple(codes.split()) for name, codes in rows}


def write(home: Path, communes: Iterable[Mapping[str, Any]], version: str) -> int:
    """Writes the file of the communes of a package: how many names."""
    bearers: dict[str, dict[str, str]] = defaultdict(dict)
    for commune in communes:
        if commune["type"] in _KINDS:
            bearers[toponyms.keys(commune["nom"]).bare].setdefault(commune.get("chefLieu", commune["code"]), commune["nom"])
    several = sorted((next(iter(names.values())), sorted(names)) for names in bearers.values() if len(names) > 1)
    text = "".join(f"{name}\t{' '.join(codes)}\n" for name, codes in several)
    home.joinpath(*FILE).write_text(_HEADER.format(version=version) + text, encoding="utf-8")
    return len(several)
