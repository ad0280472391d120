"""`territoires import cog`: from the archive, or INSEE's files, to a finished import, in steps that can each be made again."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from territoires.errors import ImportFailed
from territoires.files import knowledge_files
from territoires.knowledge.importing import checking, cog, differences, history, imports, insee_csv, naming, package
from territoires.knowledge.importing.imports import Import
from territoires.knowledge.importing.ntriples import term
from territoires.knowledge.sources import read_quads
from territoires.vocabulary import CANONICAL_BASE

Say = Callable[[str], None]
Advance = Callable[[int], None]
Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Shows how far a piece of work is: its name and its size give what is told each time that some of it is done."""
_TYPED = f" {term('rdf:type')} <"
MODULES = ("cog", "history", "insee_csv", "naming", "ntriples")
"""The modules whose change changes what is written."""


@contextmanager
def unseen(label: str, length: int) -> Iterator[Advance]:
    """Progress that nobody sees."""
    yield lambda done: None


@dataclass(frozen=True)
class Order:
    """What is to be imported: the year; the archive of the package, or INSEE's folder, where they are given; the archive of the history.

    `downloads` keeps the archives that are fetched.
    """

    year: int
    downloads: Path
    archive: Path | None = None
    csv: Path | None = None
    history: Path | None = None


@dataclass
class Found:
    """The files of an order, checked, and what they are called in the manifest."""

    files: dict[str, Path] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        """Takes a file in, with its checksum."""
        self.files[name], self.inputs[name] = path, package.digest(path)


def run(home: Path, folder: Path, order: Order, say: Say = print, progress: Progress = unseen) -> Import:
    """Imports the code of a year into `folder`, unless it is there, made of the same. Raises ImportFailed, and changes nothing then."""
    name = f"cog-{order.year}"
    with imports.alone(folder):
        found, known = find(order, say), naming.read_known(home)
        inputs = {**found.inputs, "data": known.checksum(), "importer": recipe()}
        earlier = imports.find(folder, name)
        if earlier and earlier.inputs == inputs:
            earlier.check()
            say(f"{name} is there already, made of the same: nothing to do")
            return earlier
        code = read(order, found, known)
        checking.check_records(code.records)
        against = before(folder, order.year)
        made = imports.publish(folder, name, lambda draft: write(draft, home, code, inputs, against, say, progress))
    say(f"{name}: {made.triples} triples in {made.graph}")
    return made


def find(order: Order, say: Say) -> Found:
    """The files, downloaded where need be and checked. Raises ImportFailed."""
    found = Found()
    if order.csv is not None:
        for name, path in insee_csv.paths(order.csv, order.year).items():
            found.add(name, path)
        return found
    version = package.VERSIONS.get(order.year)
    if version is None:
        years = ", ".join(map(str, sorted(package.VERSIONS)))
        raise ImportFailed(f"The package tells no code of {order.year}, only of {years}: give INSEE's files with --csv FOLDER.")
    for name, number, given in (("package", version.number, order.archive), ("history", package.HISTORY, order.history)):
        path = given or package.fetch(number, order.downloads, say)
        package.check(path, number)
        found.add(name, path)
    return found


def read(order: Order, found: Found, known: naming.Known) -> cog.Code:
    """The code as the files tell it. Raises ImportFailed."""
    if order.csv is not None:
        records = insee_csv.read(order.csv, order.year)
        current = frozenset(each["code"] for each in records["communes"] if each["type"] == "commune-actuelle")
        told = history.from_insee(records.pop("events"), current)
        return cog.Code(order.year, records, told, naming.INSEE, naming.INSEE, known=known)
    version = package.VERSIONS[order.year]
    records = package.read(found.files["package"])
    (past,) = package.read(found.files["history"], ["historique-communes"]).values()
    told = history.from_package(past, (each for each in records["communes"] if each["type"] == "commune-actuelle"))
    source, told_by = naming.packaged(version.number, order.year), naming.packaged(package.HISTORY, 2019)
    return cog.Code(order.year, records, told, source, told_by, version.counted, version.listed, known)


def before(folder: Path, year: int) -> Import | None:
    """The import that this one is compared with: the one of that year, else the one of the nearest year, rather an earlier one."""
    ranked = sorted(imports.finished(folder), key=lambda each: (abs(each.year - year), each.year))
    return next(iter(ranked), None)


def write(draft: Path, home: Path, code: cog.Code, inputs: dict[str, str], against: Import | None, say: Say, progress: Progress) -> Import:
    """Writes the import into a draft folder, checks it and tells what it changes. Raises ImportFailed."""
    graph = draft / imports.GRAPH
    with progress(f"Writing the code of {code.year}", code.size()) as advance:
        count, members = write_graph(graph, code, advance)
    with progress("Checking what was written", 3) as advance:
        store = checking.load(graph, read_quads(knowledge_files(home), CANONICAL_BASE))
        advance(1)
        checking.check_statements(store)
        advance(1)
        sample = checking.check_shapes(home, store, members)
        advance(1)
    say(f"Checked {count} triples, and {sample} things against the shapes")
    summary = code.summary()
    summary.write(draft)
    if against is not None:
        changed = differences.differences(differences.read_summary(against.folder), summary)
        differences.write_report(draft, changed)
        for line in differences.short(changed, against.name if against.year != code.year else f"{against.name} as it was"):
            say(line)
    with graph.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    sources = tuple(dict.fromkeys((code.source.path, code.told_by.path)))
    return Import(draft, draft.name, code.year, inputs, sources, count, digest)


def write_graph(path: Path, code: cog.Code, advance: Advance) -> tuple[int, dict[str, list[str]]]:
    """Writes the statements; returns how many, and the IRIs of the members of each class."""
    count = 0
    members: dict[str, list[str]] = {}
    with path.open("w", encoding="utf-8") as file:
        for done, lines in code.parts():
            for line in lines:
                file.write(line)
                count += 1
                if _TYPED in line:
                    subject, _, rest = line.partition(_TYPED)
                    members.setdefault(rest.partition(">")[0], []).append(subject[1:-1])
            advance(done)
    return count, members


def recipe() -> str:
    """The checksum of how an import is written: one made in another way is made again."""
    digest = hashlib.sha256()
    for name in MODULES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()
