"""SPARQL 1.1 Update over HTTP (SPARQL 1.1 Protocol §2.2), for those who have a key."""

from flask import Blueprint, Response, request
from flask_babel import gettext
from werkzeug.exceptions import UnsupportedMediaType

from territoires.errors import InvalidParameter
from territoires.results import Dataset
from territoires.web.answering import deadline
from territoires.web.contributions import answered, authorised, contributions, stated_reason, submit
from territoires.web.service import service
from territoires.web.sparql import FORM, Parameters, decoded, utf8
from territoires.writing.submissions import Submission

DIRECT = "application/sparql-update"
blueprint = Blueprint("update", __name__)


@blueprint.post("/update")
def take_update() -> Response:
    """Update by POST, URL-encoded (§2.2.1) or direct (§2.2.2)."""
    contributions()
    key = authorised()
    text, using, asked = read_update(sent_parameters())
    base, reason = service().store.base, stated_reason()
    accepted = submit(key, Submission("update", key.name, reason, key.graphs, text, using=using, base=base, seconds=deadline(asked)))
    return answered(accepted)


def sent_parameters() -> Parameters:
    """The parameters of the address and of the body. Raises UnsupportedMediaType or InvalidParameter."""
    check_charset()
    if request.mimetype == FORM:
        return decoded(request.get_data()) + decoded(request.query_string)
    if request.mimetype == DIRECT:
        return [*decoded(request.query_string), ("update", utf8(request.get_data()))]
    raise UnsupportedMediaType(gettext("Send %(kinds)s.", kinds=f"{FORM} (update=…), {DIRECT}"))


def check_charset() -> None:
    """Raises UnsupportedMediaType for a body that is said not to be in UTF-8."""
    if request.mimetype_params.get("charset", "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(gettext("Send the body in UTF-8."))


def read_update(parameters: Parameters) -> tuple[str, Dataset, str | None]:
    """The one update, the dataset of its WHERE, the deadline that is asked for. Raises InvalidParameter (§2.2.3)."""
    if any(name in ("query", "default-graph-uri", "named-graph-uri") for name, _ in parameters):
        raise InvalidParameter(gettext("This address takes updates; queries go to /sparql."))
    updates = [value for name, value in parameters if name == "update"]
    if len(updates) != 1:
        raise InvalidParameter(gettext("Give the parameter “update” exactly once (it came %(count)s times).", count=len(updates)))
    default = tuple(value for name, value in parameters if name == "using-graph-uri")
    named = tuple(value for name, value in parameters if name == "using-named-graph-uri")
    return updates[0], Dataset(default, named), next((value for name, value in parameters if name == "timeout"), None)
