"""/liens: what the data link to, how often and by what, with the tables that say so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import Blueprint, Response
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from territoires.files import LINKS, link_files
from territoires.knowledge.linksets import NEGATIVE, POSITIVE, SURE, UNSURE, VERDICTS, Target, read_links, read_targets
from territoires.knowledge.sssom import NOT_FOUND, Row
from territoires.results import Literal, NamedNode
from territoires.results import Row as Solution
from territoires.vocabulary import rebase, shorten
from territoires.web.headers import cached
from territoires.web.language import best_literal, current_language
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.outward import IDENTIFYING, MEANINGS
from territoires.web.pages import asked, number, page, text
from territoires.web.service import service

blueprint = Blueprint("linksets", __name__)
TABLE = "text/tab-separated-values"


@dataclass(frozen=True)
class Linkset:
    """A set of links: the target, its home page, what it is, how many links from how many things, and how many by each meaning."""

    target: Value
    page: str
    description: str
    triples: int
    things: int
    meanings: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Refusal:
    """A link that is not made: our thing, the target, what was looked at there, and why not."""

    thing: Value
    target: str
    found: str
    reason: str


@blueprint.get("/liens")
def show_linksets() -> Response:
    """The sets of links, as the graph counts them, and what is left out of them."""
    sets = linksets()
    tables = remembered(lambda: read_links(service().settings.home), "linksets", "tables")
    counts = {name: len(tables[name].rows) for name in VERDICTS if name in tables}
    refused = {name: refusals(tables[name].rows) for name in (UNSURE, NEGATIVE) if name in tables}
    total = sum(each.triples for each in sets)
    return page("linksets", sets=sets, total=total, counts=counts, refused=refused, sure=SURE, names=(POSITIVE, UNSURE, NEGATIVE))


@blueprint.get("/liens/<name>.tsv")
def send_table(name: str) -> Response:
    """A mapping set as it is kept (SSSOM/TSV 1.1), own IRIs as in the release."""
    path = next((source.path for source in link_files(service().settings.home) if source.path.stem == name and name in VERDICTS), None)
    if path is None:
        raise NotFound(gettext("The tables of links are: %(names)s.", names=", ".join(f"{each}.tsv" for each in VERDICTS)))
    body = rebase(path.read_text(encoding="utf-8"), service().store.base)
    response = Response(body, content_type=f"{TABLE}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.tsv"'
    return cached(response, LINKS, name)


def linksets() -> list[Linkset]:
    """The sets of links, the largest first."""
    found = asked("linksets")
    names = namer(term.value for row in found for term in (row["target"], row["property"]) if isinstance(term, NamedNode))
    return [linkset(list(group), names) for _, group in groupby(found, key=lambda row: row["links"])]


def linkset(listed: Sequence[Solution], names: Namer) -> Linkset:
    """The set that these rows tell of: one row for each property and language of the description."""
    first = listed[0]
    said = best_literal([term for row in listed if isinstance(term := row.get("description"), Literal)], names.language)
    counts = {text(row["property"]): number(row["count"]) for row in listed}
    known = {**MEANINGS, IDENTIFYING: gettext("its identifier")}
    meanings = {iri: str(known.get(shorten(iri), names.named(iri).text)) for iri in counts}
    return Linkset(
        names.value(first["target"]),
        text(first.get("page")),
        said.value if said else "",
        number(first["triples"]),
        number(first["things"]),
        tuple((meanings[iri], counts[iri]) for iri in sorted(counts, key=lambda iri: -counts[iri])),
    )


def refusals(listed: Iterable[Row]) -> list[Refusal]:
    """The rows that are no links."""
    base, language = service().store.base, current_language()
    targets = read_targets(service().settings.home)
    kept = list(listed)
    names = namer(rebase(row.subject, base) for row in kept)
    return [
        Refusal(
            names.named(rebase(row.subject, base)),
            called(targets.get(row.iri("object_source")), language),
            "" if row.object == NOT_FOUND else row["object_label"],
            row["comment"],
        )
        for row in kept
    ]


def called(target: Target | None, language: str) -> str:
    """The name of a target; our own data set is none."""
    return target.title(language) if target else "Territoires"
