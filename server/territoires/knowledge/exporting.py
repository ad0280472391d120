"""Writes all files of a release for those who load it elsewhere: RDF, tables, outlines, and their list."""

from datetime import datetime
from pathlib import Path

from pyoxigraph import Store

from territoires.errors import QueryRefused
from territoires.knowledge.changes import write_changes
from territoires.knowledge.charting import write_outlines
from territoires.knowledge.dumps import FOLDER, Dump, write_index, write_rdf
from territoires.knowledge.holdings import holdings
from territoires.knowledge.queries import QueryLibrary
from territoires.knowledge.tabling import write_tables
from territoires.store.embedded import EmbeddedStore
from territoires.store.releases import Release


def write_dumps(
    release: Path, revision: str, base: str, home: Path, started: datetime, previous: Release | None, facts: Store
) -> list[Dump]:
    """Writes the files of the release in that folder, as its store has the statements, what changed since `previous`, and their list.

    `facts` is what that store holds: in memory it is read several times faster than on disk.
    """
    folder = release / FOLDER
    folder.mkdir()
    held = holdings(facts, base)
    dumps = write_rdf(folder, facts, held, base)
    dumps += write_tables(folder, facts, held, base)
    asked = EmbeddedStore(release / "store", revision, base, facts)
    when = f"{started:%Y-%m-%dT%H:%M:%S.000Z}"
    try:
        dumps += write_outlines(folder, asked, QueryLibrary(home, "views"), held, home, when)
    except QueryRefused:  # sources without the view: no outlines with figures
        pass
    write_index(folder, dumps)
    _, patch = write_changes(release, revision, base, previous)
    if patch:
        dumps.append(patch)
        write_index(folder, dumps)
    return dumps
