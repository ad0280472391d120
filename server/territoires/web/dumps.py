"""/dumps/{name}: the files of the current release for those who load it elsewhere."""

from flask import Blueprint, Response, send_file
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.knowledge.dumps import DUMPS, FOLDER
from territoires.store.releases import current_release
from territoires.web.headers import cached
from territoires.web.service import service

blueprint = Blueprint("dumps", __name__)


@blueprint.get("/dumps/<name>")
def send_dump(name: str) -> Response:
    """A dump, compressed as it lies; robots are asked not to list the persons' one."""
    dump = next((each for each in DUMPS if each.name == name), None)
    if dump is None:
        raise NotFound(gettext("The dumps are: %(names)s.", names=", ".join(each.name for each in DUMPS)))
    path = current_release(service().settings.releases).path / FOLDER / name
    if not path.is_file():
        raise NotFound(gettext("This release has no dumps: build it anew."))
    response = send_file(path.absolute(), mimetype="application/gzip", as_attachment=True, download_name=name, etag=False)
    if dump.persons:
        response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return cached(response, name)
