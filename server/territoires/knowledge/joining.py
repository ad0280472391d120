"""`territoires link` from end to end: read the table, follow or propose decisions, write what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from territoires.errors import GazetteerUnavailable, InvalidSetting
from territoires.knowledge import homonyms, linking, lookup
from territoires.knowledge.decisions import write_decisions
from territoires.knowledge.gazetteer import FILE, Gazetteer, kind_of
from territoires.knowledge.matching import Matcher
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.tables import read_table
from territoires.settings import Settings
from territoires.store.releases import current_release


@dataclass(frozen=True)
class Job:
    """What somebody asked for, as on the command line."""

    table: Path
    column: str
    kind: str
    contexts: tuple[str, ...] = ()
    out: Path | None = None
    decided: Path | None = None
    against: str | None = None
    encoding: str | None = None
    separator: str | None = None
    language: str = "fr"


@dataclass(frozen=True)
class Told:
    """What is printed: the joined table where no file was named, and sentences on what was done."""

    text: str
    sentences: tuple[str, ...]


def run(job: Job, settings: Settings) -> Told:
    """Does it. Raises TableError, InvalidSetting, NoRelease, GazetteerUnavailable or StoreUnavailable; nothing is written then."""
    table = read_table(job.table, job.encoding, job.separator)
    kind = kind_of(job.kind)
    if kind is None:
        raise InvalidSetting("Say by --type what the column names.")
    if job.out:
        linking.checked_name(job.out)
    views = QueryLibrary(settings.home, "views")
    gazetteer = None if job.against else open_gazetteer(settings, views)
    propose = lookup.by_endpoint(job.against, views) if job.against else linking.by_matcher(Matcher(gazetteer), kind, job.language)  # type: ignore[arg-type]
    known = linking.read_known(job.decided, gazetteer) if job.decided and job.decided.is_file() else {}
    linked = linking.link(table, job.column, kind, read_contexts(job.contexts), propose, known)
    sentences = [linking.summary(linked)]
    if job.decided:
        counts = linking.rows_of(linked)
        if new := [key for key in counts if key not in known]:
            kept = {key: decision for key, decision in linked.decisions.items() if key[0]}
            write_decisions(job.decided, kept, counts)
            sentences.append(f"{job.decided}: {len(new)} values to look at; edit the column decision, and run this again.")
        else:
            sentences.append(f"{job.decided}: followed.")
    if job.out:
        linking.write(linked, job.out)
        sentences.append(f"{job.out}: the table, joined.")
    text = "" if job.out or job.decided else linking.as_csv(linked, table.separator)
    return Told(text, tuple(sentences))


def open_gazetteer(settings: Settings, views: QueryLibrary) -> Gazetteer:
    """The gazetteer of the current release; made of its graph where the release has none of this version."""
    release = current_release(settings.releases)
    try:
        return Gazetteer.open(release.path / FILE)
    except GazetteerUnavailable:
        return Gazetteer.read(release.open(), views, homonyms.read(settings.home))


def read_contexts(options: tuple[str, ...]) -> Mapping[str, str]:
    """departement, region or postal -> column; without a key, a column tells the département. Raises InvalidSetting."""
    found: dict[str, str] = {}
    for option in options:
        key, mark, column = option.partition("=")
        if not mark or key not in linking.CONTEXTS:
            key, column = ("departement", option) if option not in linking.CONTEXTS else (option, option)
        if key in found:
            raise InvalidSetting(f"Two columns for the context {key}: {found[key]!r}, {column!r}; write region=COLUMN or postal=COLUMN.")
        found[key] = column
    return found
