"""The releases that are kept: /versions, /versions/{revision}, and what changed as feeds (Atom, RFC 4287; JSON Feed 1.1)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

from flask import Blueprint, Response, render_template, request
from flask_babel import format_datetime, format_decimal, gettext
from werkzeug.exceptions import NotFound

from territoires.formats import HTML, table
from territoires.knowledge.changes import PATCH, Changes, read_changes
from territoires.knowledge.dumps import Dump, read_index
from territoires.knowledge.holdings import WHOLE
from territoires.store.releases import Release, kept_release, kept_releases
from territoires.web.exports import JSON
from territoires.web.headers import cached
from territoires.web.language import current_language
from territoires.web.naming import namer
from territoires.web.requests import by_parameter, wanted_format
from territoires.web.service import service, today

blueprint = Blueprint("releases", __name__)
OFFERED = (HTML, JSON)
ATOM = table.FEED.media_type
FEED = "application/feed+json"
NAMESPACE = "http://www.w3.org/2005/Atom"
MOST_ENTRIES = 30
MOST_NAMED = 200


@dataclass(frozen=True)
class Version:
    """A release that is kept: when it was built, what it changed, its files of the whole, the patch."""

    revision: str
    built: datetime
    quads: int
    changes: Changes | None
    files: Sequence[Dump]
    patch: Dump | None

    @property
    def address(self) -> str:
        """Its page on this host."""
        return f"{request.url_root}versions/{self.revision}"

    @property
    def day(self) -> str:
        """When it was built, in the reader's form."""
        return str(format_datetime(self.built, "long"))

    @property
    def stamp(self) -> str:
        """When it was built (RFC 3339)."""
        return f"{self.built:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def summary(self) -> str:
        """What changed, in a sentence."""
        if self.changes is None or not self.changes.previous:
            return str(gettext("%(quads)s statements. Nothing is known of what changed before.", quads=format_decimal(self.quads)))
        if not self.changes.graphs:
            return str(gettext("No statement changed since the release before."))
        told = gettext(
            "%(added)s statements came, %(removed)s went, in %(graphs)s graphs; they touch %(entities)s resources.",
            added=format_decimal(self.changes.added),
            removed=format_decimal(self.changes.removed),
            graphs=len(self.changes.graphs),
            entities=format_decimal(self.changes.entities),
        )
        return str(told)


def version(release: Release) -> Version:
    """A release as it is shown."""
    index = read_index(release.path)
    files = [dump for dump in index if dump.part == WHOLE and dump.name != PATCH]
    patch = next((dump for dump in index if dump.name == PATCH), None)
    return Version(release.revision, moment_of(release.revision), release.quads, read_changes(release.path), files, patch)


def versions() -> list[Version]:
    """The releases at this base that are kept, up to the one that is served, the newest first."""
    store = today().store
    kept = kept_releases(service().settings.releases)
    return [version(each) for each in kept if each.base == store.base and each.revision <= store.revision]


def release_before(revision: str) -> str | None:
    """The release before, as the one of that revision tells, where it is still kept."""
    folder = service().settings.releases
    release = kept_release(folder, revision)
    changes = read_changes(release.path) if release else None
    return changes.previous if changes and changes.previous and kept_release(folder, changes.previous) else None


def moment_of(revision: str) -> datetime:
    """When a revision was built; the beginning of time as computers count it where its name doesn't tell."""
    try:
        return datetime.strptime(revision[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def publisher() -> str:
    """Who publishes."""
    return service().settings.publisher


@blueprint.get("/versions")
def show_versions() -> Response:
    """The releases that are kept, as a page or as JSON."""
    form = wanted_format(OFFERED, by_parameter(OFFERED))
    found = versions()
    if form is JSON:
        return cached(Response(written({"versions": list(map(told, found))}), content_type=JSON.content_type), "json", *marks(found))
    body = render_template("releases/versions.html", versions=found, canonical="/versions")
    return cached(Response(body, content_type=HTML.content_type), "html", *marks(found))


@blueprint.get("/versions/<revision>")
def show_version(revision: str) -> Response:
    """One release: what changed, and its files at addresses that stay."""
    form = wanted_format(OFFERED, by_parameter(OFFERED))
    found = next((each for each in versions() if each.revision == revision), None)
    if found is None:
        raise NotFound(gettext("No such release is kept; /versions lists those that are."))
    if form is JSON:
        return cached(Response(written(told(found, whole=True)), content_type=JSON.content_type), "json", revision)
    touched = list(found.changes.touched[:MOST_NAMED]) if found.changes else []
    names = namer(touched)
    body = render_template(
        "releases/version.html",
        release=found,
        touched=[names.named(each) for each in touched],
        base=service().store.base,
        canonical=f"/versions/{revision}",
    )
    return cached(Response(body, content_type=HTML.content_type), "html", revision)


def marks(found: Sequence[Version]) -> list[str]:
    """What tells one list of releases from another: some may be taken away while the same one is served."""
    return [each.revision for each in found]


def told(found: Version, whole: bool = False) -> dict[str, object]:
    """A release as JSON; its changes with all that is known of them where it is the whole."""
    said: dict[str, object] = {"revision": found.revision, "built": found.stamp, "statements": found.quads, "page": found.address}
    if found.changes and found.changes.previous:
        changes = found.changes
        said |= {"previous": changes.previous, "added": changes.added, "removed": changes.removed, "entities": changes.entities}
        if whole:
            said |= {"graphs": [asdict(each) for each in changes.graphs], "touched": list(changes.touched)}
    place = f"{request.url_root}dumps/{found.revision}"
    if found.patch:
        said["patch"] = f"{place}/{found.patch.name}"
    said["files"] = [
        {
            "address": f"{request.url_root}dumps/{found.revision}/{dump.name}",
            "bytes": dump.bytes,
            "sha256": dump.sha256,
            "type": dump.media_type,
        }
        for dump in found.files
    ]
    return said


def written(value: object) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


@blueprint.get("/feed.atom")
def show_atom() -> Response:
    """What changed with each release, as Atom (RFC 4287)."""
    found = versions()[:MOST_ENTRIES]
    return cached(Response(atom(found), content_type=f"{ATOM}; charset=utf-8"), "atom", *marks(found))


@blueprint.get("/feed.json")
def show_feed() -> Response:
    """What changed with each release, as JSON Feed 1.1."""
    found = versions()[:MOST_ENTRIES]
    items = []
    for each in found:
        item: dict[str, object] = {
            "id": permanent(each.revision),
            "url": each.address,
            "title": title(each),
            "content_text": each.summary,
            "date_published": each.stamp,
        }
        if each.patch:
            address = f"{request.url_root}dumps/{each.revision}/{each.patch.name}"
            item["attachments"] = [{"url": address, "mime_type": each.patch.kind, "size_in_bytes": each.patch.bytes}]
        items.append(item)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": gettext("Territoires: releases"),
        "home_page_url": f"{request.url_root}versions",
        "feed_url": f"{request.url_root}feed.json",
        "description": gettext("What changed in the data with each release."),
        "language": current_language(),
        "authors": [{"name": publisher(), "url": service().settings.publisher_url or request.url_root}],
        "items": items,
    }
    return cached(Response(written(feed), content_type=FEED), "feed", *marks(found))


def permanent(revision: str) -> str:
    """The identifier of a release, which is the same wherever it is served."""
    return f"{service().store.base}versions/{revision}"


def title(found: Version) -> str:
    """What a release is called."""
    return str(gettext("Release of %(day)s", day=found.day))


def atom(found: Sequence[Version]) -> bytes:
    """The feed; an entry for each release, its patch as an enclosure."""
    root = request.url_root
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE, "xml:lang": current_language()})
    add(feed, "id", f"{service().store.base}versions")
    add(feed, "title", gettext("Territoires: releases"))
    add(feed, "subtitle", gettext("What changed in the data with each release."))
    add(feed, "updated", found[0].stamp if found else f"{moment_of(service().store.revision):%Y-%m-%dT%H:%M:%SZ}")
    author = add(feed, "author")
    add(author, "name", publisher())
    add(author, "uri", service().settings.publisher_url or root)
    add(feed, "link", rel="self", type=ATOM, href=f"{root}feed.atom")
    add(feed, "link", rel="alternate", type="text/html", href=f"{root}versions")
    add(feed, "rights", "Licence Ouverte 2.0")
    add(feed, "icon", f"{root}static/icon.svg")
    for each in found:
        entry = add(feed, "entry")
        add(entry, "id", permanent(each.revision))
        add(entry, "title", title(each))
        add(entry, "updated", each.stamp)
        add(entry, "published", each.stamp)
        add(entry, "link", rel="alternate", type="text/html", href=each.address)
        if each.patch:
            address = f"{root}dumps/{each.revision}/{each.patch.name}"
            add(entry, "link", rel="enclosure", type=each.patch.kind, length=str(each.patch.bytes), href=address)
        add(entry, "summary", each.summary)
    return bytes(ElementTree.tostring(feed, "utf-8", xml_declaration=True))


def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    """An element below another."""
    found = ElementTree.SubElement(parent, name, attributes)
    found.text = text or None
    return found
