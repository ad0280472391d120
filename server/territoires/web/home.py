"""The home page: what this is, where the territories lie, three questions with their answers, and where to go on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from flask import Blueprint, Response, render_template
from flask_babel import gettext
from pyoxigraph import Literal, NamedNode

from territoires.formats import HTML
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Row, rows
from territoires.web.headers import cached
from territoires.web.language import show_literal
from territoires.web.maps import locate
from territoires.web.memory import remembered
from territoires.web.naming import Namer, Value, namer
from territoires.web.openapi import ADDRESS, LINK
from territoires.web.service import service
from territoires.web.templating import local

blueprint = Blueprint("home", __name__)

WOOD = "scheme/secteur/bois"
"""The sector that the first question asks about, below the base."""
QUESTIONS = ("territories-with-clusters-of-sector-and-funders", "territories-by-programme", "action-types-by-number-of-territories")
"""The stored queries that answer the three questions."""
BADGES = {
    "plan": ("attendue", "prevue", "envisagee", "a-l-etude", "souhaitee", "en-projet", "inscrite-dans-un-plan", "possible", "potentielle"),
    "refused": ("refusee", "abandonnee", "declaree-absente"),
}
"""Look of a badge -> the states, by local name, that wear it; all others are done."""


@dataclass(frozen=True)
class Territory:
    """A territory of the fact sheets, as the home page lists it."""

    name: Value
    inhabitants: str


@dataclass(frozen=True)
class Funding:
    """A funding: its page, its state, and how the badge of that state looks."""

    flow: Value
    state: Value
    look: str


@dataclass(frozen=True)
class Support:
    """A payer or a territory, and the fundings that name it."""

    who: Value
    fundings: tuple[Funding, ...]

    @property
    def planned(self) -> bool:
        """Whether nothing was paid yet."""
        return all(each.look != "done" for each in self.fundings)


@dataclass(frozen=True)
class Tie:
    """A territory and a cluster: the kind of their tie, whether the source states the sector, and who paid."""

    territory: Value
    cluster: Value
    kind: Value
    stated: bool
    payers: tuple[Support, ...]


@dataclass(frozen=True)
class Answers:
    """The answers to the three questions: ties, programme -> where it pays, action type -> number of territories."""

    ties: tuple[Tie, ...] = ()
    programmes: tuple[tuple[Value, tuple[Support, ...]], ...] = ()
    types: tuple[tuple[Value, int], ...] = ()


@dataclass(frozen=True)
class Found:
    """What the store answered for this page, row by row."""

    sheets: list[Row] = field(default_factory=list)
    figures: Row = field(default_factory=dict)
    questions: tuple[list[Row], ...] = ([], [], [])

    def iris(self) -> set[str]:
        """All resources that the rows mention."""
        every = [*self.sheets, *(row for found in self.questions for row in found)]
        return {term.value for row in every for term in row.values() if isinstance(term, NamedNode)}


@blueprint.get("/")
def show_home() -> Response:
    """The home page."""
    found = remembered(ask, "home")
    names = namer(found.iris())
    territories = [Territory(names.value(row["territory"]), show(row["inhabitants"])) for row in found.sheets]
    body = render_template(
        "home/home.html",
        territories=territories,
        figures={name: show(term) for name, term in found.figures.items()},
        answers=answers(found, names),
        questions=[address(name) for name in QUESTIONS],
        map=locate((territory.name.iri for territory in territories), gettext("The territories on the map of France")),
        canonical="/",
    )
    response = Response(body, content_type=HTML.content_type)
    response.headers["Link"] = f"<{local(ADDRESS)}>; {LINK}"
    return cached(response)


def ask() -> Found:
    """The rows of the five stored queries behind the page."""
    store, views = service().store, service().views

    def answer(library: QueryLibrary, name: str) -> list[Row]:
        bound = {"sector": [NamedNode(store.base + WOOD)]} if "sector" in library.find(name).parameters else {}
        return list(rows(store.query(library.text(name, store.base, **bound))))

    figures = answer(views, "key-figures")
    return Found(answer(views, "figures"), figures[0] if figures else {}, tuple(answer(service().questions, name) for name in QUESTIONS))


def answers(found: Found, names: Namer) -> Answers:
    """The three answers as they are shown."""
    clusters, programmes, types = found.questions
    ties = (tie(list(group), names) for _, group in groupby(clusters, key=lambda row: (row["territory"], row["cluster"], row["kind"])))
    paying = (
        (names.value(who), supports(group, "territory", names)) for who, group in groupby(programmes, key=lambda row: row["programme"])
    )
    counted = ((names.value(row["type"]), int(row["territories"].value)) for row in types if isinstance(row["territories"], Literal))
    return Answers(tuple(ties), tuple(paying), tuple(counted))


def tie(group: list[Row], names: Namer) -> Tie:
    """The rows on one territory and one cluster."""
    first = group[0]
    territory, cluster, kind = (names.value(first[name]) for name in ("territory", "cluster", "kind"))
    return Tie(territory, cluster, kind, "sectorStated" in first, supports((row for row in group if "funder" in row), "funder", names))


def supports(group: Iterable[Row], who: str, names: Namer) -> tuple[Support, ...]:
    """Each payer or territory with its fundings, those that were paid first."""
    found: dict[Value, dict[Value, Funding]] = {}
    for row in group:
        flow = names.value(row["flow"])
        found.setdefault(names.value(row[who]), {})[flow] = Funding(flow, names.value(row["status"]), look(row["status"]))
    shown = (Support(payer, tuple(fundings.values())) for payer, fundings in found.items())
    return tuple(sorted(shown, key=lambda each: (each.planned, each.who.text.casefold())))


def look(status: object) -> str:
    """How the badge of a state looks: done, plan or refused."""
    state = status.value.rpartition("/")[2] if isinstance(status, NamedNode) else ""
    return next((kind for kind, states in BADGES.items() if state in states), "done")


def address(name: str) -> str:
    """Where the stored question stands."""
    return local(f"/queries/{name}")


def show(term: object) -> str:
    """A number in the reader's form; a dash where there is none."""
    return show_literal(term) if isinstance(term, Literal) else "–"
