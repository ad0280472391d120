"""/dumps/{name}: the files of a release for those who load it elsewhere; /dumps/{revision}/{name}: of one that is kept, for good."""

from flask import Blueprint, Response, send_file
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.knowledge.dumps import FOLDER, Dump, read_index
from territoires.store.releases import Release, current_release, kept_release
from territoires.web.headers import cached
from territoires.web.service import service

blueprint = Blueprint("dumps", __name__)


@blueprint.get("/dumps/<path:name>")
def send_dump(name: str) -> Response:
    """A file as it lies, of the release that is served or of the one that the name begins with."""
    settings, store = service().settings, service().store
    revision, _, rest = name.partition("/")
    kept = kept_release(settings.releases, revision)
    release = kept or kept_release(settings.releases, store.revision) or current_release(settings.releases)
    found = find_dump(release, rest if kept else name)
    if found is None or (found.personal and release.revision != store.revision):  # what was taken out stays out
        raise NotFound(gettext("There is no such file in the release; /catalog lists those that there are."))
    response = send_file((release.path / FOLDER / found.name).absolute(), mimetype=found.kind, as_attachment=True, etag=False)
    if found.personal:
        response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return cached(response, found.sha256)


def find_dump(release: Release, name: str) -> Dump | None:
    """The file of that name which the release lists; nothing else in its folder is given out."""
    return next((each for each in read_index(release.path) if each.name == name), None)
