"""Imports: imports/<name>/{graph.nt, manifest.json, …}, each whole or not there; `territoires build` takes every one with it.

An import is written to a draft beside it and put in its place when it is whole, so that one that is killed leaves nothing: the next
run begins with what was already downloaded. The manifest names what the import was made of; the same makes the same bytes.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from territoires.errors import ImportFailed

GRAPH, MANIFEST = "graph.nt", "manifest.json"


@dataclass(frozen=True)
class Import:
    """A finished import: its folder, its name, the year it tells, what it was made of, how much it says."""

    folder: Path
    name: str
    year: int
    inputs: dict[str, str] = field(default_factory=dict)
    """What it was made of -> its checksum."""
    sources: tuple[str, ...] = ()
    """The paths of the sources that it cites."""
    triples: int = 0
    sha256: str = ""
    """Of its graph."""

    @property
    def graph(self) -> Path:
        """The file of its statements, N-Triples, own IRIs at the canonical base."""
        return self.folder / GRAPH

    @property
    def path(self) -> str:
        """The end of the IRI of its named graph."""
        return f"reference/{self.name}"

    def check(self) -> None:
        """Raises ImportFailed where the file isn't the one that was written."""
        try:
            with self.graph.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ImportFailed(f"{self.graph} can't be read: {error.strerror}.") from error
        if found != self.sha256:
            raise ImportFailed(f"{self.graph} is not as it was written: remove {self.folder} and import it again.")


def finished(folder: Path) -> list[Import]:
    """The imports below `folder`, the newest year first. Raises ImportFailed where a manifest can't be read."""
    return sorted((read_import(path.parent) for path in folder.glob(f"[!.]*/{MANIFEST}")), key=lambda each: -each.year)


def read_import(folder: Path) -> Import:
    """The import in that folder. Raises ImportFailed."""
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return Import(folder, folder.name, **{**said, "sources": tuple(said.get("sources", ()))})
    except (OSError, ValueError, TypeError) as error:
        raise ImportFailed(f"{folder / MANIFEST} can't be read ({error}): remove {folder} and import it again.") from error


def find(folder: Path, name: str) -> Import | None:
    """The finished import of that name."""
    return read_import(folder / name) if (folder / name / MANIFEST).is_file() else None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other imports out of `folder` meanwhile. Raises ImportFailed when one is running, or nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise ImportFailed(f"{folder.absolute()} can't be written to ({error.strerror}): set TERRITOIRES_IMPORTS.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ImportFailed(f"Another import into {folder.absolute()} is running: wait for it.") from error
        for left in folder.glob(".*.old"):  # one that was killed between two renames
            if not (target := folder / left.name[1:-4]).exists():
                left.rename(target)
        yield


def publish(folder: Path, name: str, write: Callable[[Path], Import]) -> Import:
    """Makes an import of what `write` puts into a draft folder, in place of the one of that name; a failure leaves that one as it was."""
    draft, old = folder / f".{name}.draft", folder / f".{name}.old"
    for left in (draft, old):
        shutil.rmtree(left, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        made = write(draft)
        told = {key: value for key, value in asdict(made).items() if key not in ("folder", "name")}
        (draft / MANIFEST).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        if (folder / name).exists():
            (folder / name).rename(old)
        draft.rename(folder / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return read_import(folder / name)
