"""?revision= on what describes a resource: the state that readers saw then, at an address that stays.

Memento-Datetime and rel="original" are those of RFC 7089, rel="latest-version" and "version-history" those of RFC 5829.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime as http_date
from urllib.parse import urlencode

from flask import Response, g, request
from flask_babel import format_datetime, gettext

from territoires.errors import InvalidParameter, StoreUnavailable, UnknownRevision
from territoires.knowledge.changes import read_changes
from territoires.store.releases import kept_releases
from territoires.web.answering import charging
from territoires.web.assets import FOREVER
from territoires.web.headers import ascii_path
from territoires.web.memory import remembered
from territoires.web.releases import moment_of
from territoires.web.service import look_back, today
from territoires.writing.commits import parts_of
from territoires.writing.past import NAME, State

PARAMETER = "revision"
_SEEN = "territoires.seen"


@dataclass(frozen=True)
class Seen:
    """The revision that a request asks for: its name, the release that it is of, when it came (None: nobody knows)."""

    revision: str
    release: str
    number: int
    moment: datetime | None

    @property
    def day(self) -> str:
        """When it came, in the reader's form."""
        return str(format_datetime(self.moment, "long")) if self.moment else ""


def seen() -> Seen | None:
    """The revision that this request asks for; None where it asks for none."""
    found: Seen | None = g.get(_SEEN)
    return found


def enter() -> None:
    """Lets the request read the revision that it asks for.

    Raises InvalidParameter, UnknownRevision, RevisionGone, BudgetSpent, Overloaded, StoreUnavailable or JournalDamaged.
    """
    name = request.args.get(PARAMETER)
    if name is None:
        return
    current = today().store.revision
    state = None if name == current and not today().past else found(name)
    revision = state.revision if state else current
    if state and revision != current:
        past = today().past
        assert past is not None
        with charging():
            look_back(past.hold(state))
    setattr(g, _SEEN, told(state) if state else Seen(current, current, 0, when(current, 0)))


def found(name: str) -> State:
    """The state of that name, as readers saw it.

    Raises InvalidParameter, UnknownRevision, RevisionGone, JournalDamaged, or StoreUnavailable where the journal can't be read.
    """
    if not NAME.fullmatch(name):
        raise InvalidParameter(gettext("A revision is named by letters, digits and hyphens, or by the number of a commit."))
    store, past = today().store, today().past
    if past is None:
        raise UnknownRevision(name)
    try:
        return past.find(name, store.base, last(), store.revision, remembered(releases_before, "past", "releases"))
    except OSError as error:
        raise StoreUnavailable("The journal can't be read: %(why)s", why=error) from error


def releases_before() -> frozenset[str]:
    """The releases that those that are kept followed upon."""
    changes = (read_changes(each.path) for each in kept_releases(today().settings.releases))
    return frozenset(each.previous for each in changes if each and each.previous)


def last() -> int:
    """The last commit that readers see; 0 where there is none."""
    held = today().journal
    if held is None:
        return 0
    shown = commit_number(today().store.revision)
    return min(held.last, shown) if shown else held.last


def commit_number(revision: str) -> int:
    """The commit that a revision is named after; 0 for a release, whose commits are those before it."""
    return parts_of(revision)[1]


def told(state: State) -> Seen:
    """A state as it is shown."""
    release = state.release.revision
    return Seen(state.revision, release, state.number, when(release, state.number))


def when(release: str, number: int) -> datetime | None:
    """When readers first saw the release, or what a commit made of it."""
    held = today().journal
    moments = [moment_of(release)] + ([datetime.fromisoformat(held.moment(number))] if number and held else [])
    newest = max(moments)
    return newest if newest.timestamp() else None


def permalink(address: str, revision: str = "") -> str:
    """The address of that document at a revision, that of today where none is named; "" where it wouldn't last."""
    if today().past is None:
        return ""
    if not revision:
        revision = today().store.revision
        if commit_number(revision) and today().journal is None:
            return ""
    return at(address, revision)


def at(address: str, revision: str) -> str:
    """An address with the parameter."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({PARAMETER: revision})}"


def lasting(address: str) -> str:
    """The same address at the revision that is asked for; as it is where none is."""
    here = seen()
    return at(address, here.revision) if here else address


def without() -> str:
    """The address of the request without the revision."""
    rest = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
    path = request.root_path + ascii_path(request.path)
    return path + (f"?{urlencode(rest)}" if rest else "")


def tell(response: Response) -> Response:
    """Says in the headers of which moment an answer is, and where that of today is; it never changes, and is for no search engine."""
    here = seen()
    if here is None or response.status_code not in (200, 303, 304, 410):
        return response
    if response.status_code != 410:
        response.headers["Cache-Control"] = FOREVER
    if response.status_code == 303:
        return response
    if here.moment:
        response.headers["Memento-Datetime"] = http_date(here.moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
    original = request.host_url.rstrip("/") + without()
    links = [response.headers["Link"]] if "Link" in response.headers else []
    response.headers["Link"] = ", ".join([*links, f'<{original}>; rel="original latest-version"'])
    response.headers["X-Robots-Tag"] = "noindex"
    return response
