"""The pages of things: by kind, with figures, sources, states, timelines, acronyms, citations; safe, short and quick."""

import json
import re
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup
from pyoxigraph import Quad

from territoires.knowledge import gathering
from territoires.knowledge.gathering import Turned, gather
from territoires.results import Answer, BlankNode, Dataset, Literal, NamedNode, rows
from territoires.settings import Settings
from territoires.store import QueryService
from territoires.store.embedded import EmbeddedStore, write_store
from territoires.vocabulary import CANONICAL_BASE, iri, shorten
from territoires.web import citing, schemaorg
from territoires.web.acronyms import Entry, explain
from territoires.web.app import create_app
from territoires.web.citing import CITATIONS, Citation
from territoires.web.kinds import KINDS, kind_of, main_class
from territoires.web.matters import INVERSES, MATTERS
from territoires.web.outward import links
from territoires.web.parts import anchor
from territoires.web.selection import LISTED, Asked
from territoires.web.summary import lower
from territoires.web.timeline import Event, draw, ordered
from territoires.web.wording import POINTERS

PAGES = {
    "territory": "territoire/pays-de-langres",
    "organisation": "organisation/petr-du-pays-de-langres",
    "cluster": "cluster/glass-valley",
    "programme": "programme/bmp-leader-2014-2020",
    "call": "appel/tepcv-2014",
    "label": "scheme/label/grappe-d-entreprises",
    "action": "action/cob-portes-ouvertes-eco-construction",
    "statement": "recommandation/bmp-pedagogie",
    "person": "personne/patrick-elvezi",
    "passage": "source/memento/F177",
    "concept": "scheme/theme/rset",
    "period": "periode/2009",
    "dataset": "jeu/territoires",
}
"""A page of each kind."""
HUBS = (
    "territoire/pays-bruche-mossig-piemont",
    "territoire/pays-midi-quercy",
    "source/memento",
    "scheme/public",
    "scheme/statut-d-action/en-cours",
    "jeu/territoires",
)
"""Those to which most points, of several kinds."""


def sentence(page: Any) -> str:
    """The summary of a page, as search engines get it."""
    (told,) = [a["content"] for a in page.all("meta") if a.get("name") == "description"]
    return re.sub(r"\s+", " ", told)


def text_of(page: Any) -> str:
    """All that a page says, with plain spaces."""
    return re.sub(r"\s+", " ", " ".join(text for _, text in page.texts))


@pytest.fixture
def show(client: FlaskClient, read_page: Callable[[str], Any]) -> Callable[..., Any]:
    """Reads the page of a thing: show(path below /doc/, language)."""

    def read(path: str, language: str = "fr") -> Any:
        response = client.get(f"/doc/{path}.html?lang={language}")
        assert response.status_code == 200
        return read_page(response.text)

    return read


# Kinds


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", PAGES)
def test_kind(app: Flask, show: Callable[..., Any], kind: str, language: str) -> None:
    """The page of each kind has one name, headings in order, ids once, and no text that is left in the other language."""
    store = app.extensions["territoires"].store
    resource = CANONICAL_BASE + (PAGES[kind] if PAGES[kind].startswith(("scheme", "source")) else f"id/{PAGES[kind]}")
    assert kind_of(gather(store, app.extensions["territoires"].views, resource, Asked().turned).types(resource)).name == kind
    page = show(PAGES[kind], language)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)
    referred = {name for _, a in page.elements for key in ("aria-labelledby", "aria-describedby") for name in a.get(key, "").split()}
    assert referred <= set(ids)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(ids)
    assert ("Citer cette page" in text_of(page)) == (language == "fr")


def test_every_class_has_a_kind(app: Flask) -> None:
    """A class of the project whose things have pages of their own belongs to a kind or to a matter that shows it as a node."""
    store = app.extensions["territoires"].store
    text = (
        f"SELECT DISTINCT ?c {{ ?s a ?c FILTER(STRSTARTS(STR(?s), '{CANONICAL_BASE}id/') && STRSTARTS(STR(?c), '{CANONICAL_BASE}def#')) }}"
    )
    used = {shorten(row["c"].value) for row in rows(store.query(text))}  # type: ignore[union-attr]
    known = {cls for kind in KINDS for cls in kind.classes} | {cls for matter in MATTERS for cls in matter.nodes}
    assert used <= known


def test_terms_of_the_registry_exist(app: Flask) -> None:
    """Every class and property that the registry names is one of the ontology: a misspelt one would never show."""
    store = app.extensions["territoires"].store
    text = "SELECT DISTINCT ?t { { ?t a owl:Class } UNION { ?t a owl:ObjectProperty } UNION { ?t a owl:DatatypeProperty } }"
    known = {shorten(row["t"].value) for row in rows(store.query(f"PREFIX owl: <{iri('owl:')}> {text}"))}  # type: ignore[union-attr]
    named = {cls for kind in KINDS for cls in kind.classes} | {clause.property for kind in KINDS for clause in kind.clauses}
    named |= {name for matter in MATTERS for name in (*matter.properties, *matter.nodes, *matter.incoming)}
    named |= {*INVERSES, *INVERSES.values(), *POINTERS, *(name for kind in KINDS for name in kind.figures)}
    assert {name for name in named if name.startswith("tdp:")} <= known
    assert not {name for kind in KINDS for name in kind.matters} - {matter.name for matter in MATTERS}


def test_main_class() -> None:
    """A thing is called by the most telling of its classes."""
    held = {"tdp:TerritoryWithRSETPractice", "tdp:Pays"}
    assert main_class(kind_of(held), held) == "tdp:Pays"
    assert kind_of({"tdp:LabelScheme", "skos:Concept"}).name == "label"
    assert (kind_of(set()).name, main_class(kind_of(set()), set())) == ("thing", "")


# What it says


def test_summary(show: Callable[..., Any]) -> None:
    """The sentence on top says what is known, in either language, with who carried it in turn."""
    french, english = sentence(show(PAGES["territory"])), sentence(show(PAGES["territory"], "en"))
    assert "Pays de Langres est un Pays (territoire de projet), département Haute-Marne, région Grand Est, porté par " in french
    assert "Association du Pays de Langres (avant 2016), puis PETR du Pays de Langres (depuis 2016), 46 462 habitants (2015)" in french
    assert "Pays de Langres is a Pays (project territory)" in english and "46,462 inhabitants (2015)" in english


def test_figures(show: Callable[..., Any]) -> None:
    """A figure is shown with year, qualifier and source; a rounded one isn't shown as exact, and a share is one of a hundred."""
    page = show("territoire/pays-bruche-mossig-piemont")
    assert "environ 105 000" in text_of(page)
    assert [a for tag, a in page.elements if tag == "span" and a.get("class") == "badge badge-approximate"]
    assert "75 %" in text_of(show(PAGES["cluster"]))
    assert "/source/memento/F285" in page.links


def test_states(show: Callable[..., Any], app: Flask) -> None:
    """A refusal, a plan and an absence are worded as such, with a badge of their own."""
    store = app.extensions["territoires"].store

    def first(pattern: str) -> str:
        text = f"PREFIX tdp: <{iri('tdp:')}> SELECT ?t {{ {pattern} }} ORDER BY ?t LIMIT 1"
        (row,) = rows(store.query(text))
        return str(row["t"].value).removeprefix(f"{CANONICAL_BASE}id/")  # type: ignore[union-attr]

    scheme = f"{CANONICAL_BASE}scheme/"
    for pattern, tone in (
        (f"?t tdp:outcome <{scheme}issue/refusee>", "refused"),
        (f"?t tdp:actionStatus <{scheme}statut-d-action/prevue>", "plan"),
        ("?t a tdp:AbsenceStatement", "refused"),
    ):
        page = show(first(pattern))
        assert f"badge badge-{tone}" in [a.get("class") for tag, a in page.elements if tag == "span"], pattern


def test_provenance(show: Callable[..., Any]) -> None:
    """Each fact says where it stands in the source, in words and with a link to the passage."""
    page = show(PAGES["territory"])
    assert "mémento, monographie 1, § Présentation" in text_of(page)
    assert {"/source/memento/F170", "/source/memento/F173", "/source/memento/F178"} <= set(page.links)
    assert "memento, monograph" not in text_of(page)


def test_discrepancy(show: Callable[..., Any]) -> None:
    """A discrepancy is shown with both readings, on its own page and where it applies."""
    own, territory = text_of(show("divergence/d06")), text_of(show(PAGES["territory"]))
    for reading in ("La monographie écrit", "un seul dispositif"):
        assert reading in own and reading in territory


def test_outward_links(show: Callable[..., Any]) -> None:
    """Links to INSEE by code, to EuroVoc by concept."""
    assert "https://www.insee.fr/fr/statistiques/2011101?geo=COM-52269" in show("commune/langres").links
    assert [link for link in show("scheme/secteur/bois").links if link.startswith("http://eurovoc.europa.eu/")]


def test_outward_links_of_all_sorts() -> None:
    """A link is called by its service; what is no web address gets no link."""
    said = {
        "owl:sameAs": [NamedNode("http://www.wikidata.org/entity/Q1"), NamedNode("javascript:alert(1)")],
        "rdf:type": [NamedNode(iri("tdp:Departement"))],
        "igeo:codeINSEE": [Literal("2A"), Literal('"><script>')],
        "tdp:siren": [Literal("123456789")],
    }
    from territoires.web.naming import Value

    found = {value.text: value.href for value in links(said, lambda name: Value(name, "", name if name.startswith("http") else "", name))}
    assert found["Wikidata\xa0: Q1"] == "http://www.wikidata.org/entity/Q1"
    assert found["javascript:alert(1)"] == ""
    assert found["INSEE\xa0: 2A"].endswith("geo=DEP-2A")
    assert found["SIREN\xa0: 123456789"].endswith("/entreprise/123456789")
    assert not [href for href in found.values() if "<" in href]


def test_no_fact_is_told_from_both_sides(show: Callable[..., Any]) -> None:
    """What holds both ways is shown once: a practice of a territory, a neighbour."""
    page = show(PAGES["territory"])
    assert page.links.count("/id/action/langres-covoiturage") <= 3
    assert text_of(page).count("voisin de") == 1 and "Voisins" not in text_of(page)


# Long lists


def counting(app: Flask, settings: Settings) -> tuple[FlaskClient, list[str]]:
    """A client of an application that notes its queries."""
    store: QueryService = app.extensions["territoires"].store
    asked: list[str] = []

    class Noting:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def query(self, text: str, dataset: Dataset | None = None) -> Answer:
            """Notes the query."""
            asked.append(text)
            return store.query(text) if dataset is None else store.query(text, dataset)

    return create_app(settings, Noting()).test_client(use_cookies=False), asked  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [*HUBS, *PAGES.values()])
def test_size_and_queries(app: Flask, settings: Settings, path: str) -> None:
    """B36: a page takes at most 10 queries, and at most 200 kB."""
    client, asked = counting(app, settings)
    client.get(f"/doc/{path}.html")  # the acronyms of the release are read once
    asked.clear()
    response = client.get(f"/doc/{path}.html")
    assert response.status_code == 200
    assert len(asked) <= 10
    assert len(response.data) <= 200_000


def test_paging(client: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """A long list says how many there are, and its pages show each of them once."""
    check_pages(client, read_page, "/doc/scheme/public.html")


@pytest.mark.parametrize("most", [0, 3000])
def test_paging_of_hub(client: FlaskClient, read_page: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """So too where the pages are asked one by one, sorted or not."""
    asked: list[str] = []
    known = gathering.pointing_by

    def noted(*arguments: Any) -> list[str]:
        asked.append(arguments[3])
        return known(*arguments)

    monkeypatch.setattr(gathering, "pointing_by", noted)
    monkeypatch.setattr(gathering, "MANY", 20)
    monkeypatch.setattr(gathering, "SORTED", most)
    check_pages(client, read_page, "/doc/scheme/public.html")
    assert iri("skos:inScheme") in asked


def test_page_of_hub_lists_others_only(tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a blank node that points to a thing nor the thing itself takes a line from the page of those that are listed."""
    hub, by, graph = NamedNode("urn:hub"), NamedNode(iri("skos:related")), NamedNode(f"{CANONICAL_BASE}graph/data/source/x")
    others = [NamedNode(f"urn:other:{number:02}") for number in range(30)]
    write_store(tmp_path / "store", [Quad(subject, by, hub, graph) for subject in (hub, *others, *(BlankNode() for _ in range(30)))])
    monkeypatch.setattr(gathering, "MANY", 20)
    held = EmbeddedStore(tmp_path / "store", "revision", CANONICAL_BASE)
    for most in (0, 3000):
        monkeypatch.setattr(gathering, "SORTED", most)
        found = gather(held, app.extensions["territoires"].views, "urn:hub", Turned("skos:related", 1, 30))
        assert sorted(found.incoming["skos:related"]) == [other.value for other in others]
        assert found.parts["skos:related"].total == 61


def check_pages(client: FlaskClient, read_page: Callable[[str], Any], path: str) -> None:
    """Turns all pages of the one long list of a document."""
    seen: list[str] = []
    pages: list[list[str]] = []
    first = read_page(client.get(path).text)
    (total,) = {int(n) for n in re.findall(r"1 à \d+ sur (\d+)", text_of(first))}
    assert total > LISTED
    (key,) = {match for link in first.links for match in re.findall(r"\?list=([^&]+)&page=2", link)}
    for number in range(1, -(-total // LISTED) + 1):
        page = read_page(client.get(f"{path}?list={key}&page={number}").text)
        assert page.text_of("h1") == first.text_of("h1")
        pages.append(
            [a["href"] for tag, a in page.elements if tag == "a" and a.get("href", "").startswith(("/id/", "/source/", "/scheme/"))]
        )
        seen += [link for link in dict.fromkeys(pages[-1]) if link not in seen]
    whole = client.get(path.replace(".html", ".nt")).text
    pointing = {line.split(">")[0][1:] for line in whole.splitlines() if line.endswith(f"<{CANONICAL_BASE}{path[5:-5]}> .")}
    assert {thing.removeprefix(CANONICAL_BASE.rstrip("/")) for thing in pointing if "/doc/" not in thing} <= set(seen)
    assert pages[0] != pages[1]


@pytest.mark.parametrize(
    "query", ["list=x&page=2", "page=-1", "page=0&list=dct:source", "page=999999999999999999999&list=dct:source", "page=²"]
)
def test_paging_of_nothing(client: FlaskClient, query: str) -> None:
    """A page of a list that isn't there, or a number that is none, shows the page all the same."""
    assert client.get(f"/doc/{PAGES['passage']}.html?{query}").status_code == 200


def test_cut() -> None:
    """Only the list that is paged through moves; the last page holds the rest."""
    items = [str(number) for number in range(95)]
    assert Asked("a", 3).cut("a", items, 40).shown == tuple(items[80:])
    assert Asked("a", 3).cut("a", items, 40).before == 80
    assert Asked("a", 9).cut("a", items, 40).page == 3
    assert Asked("a", 3).cut("b", items, 40).shown == tuple(items[:40])
    assert Asked("a", 1).cut("a", [], 40).pages == 1


# Hard cases


@pytest.fixture
def danger(hard: FlaskClient, read_page: Callable[[str], Any]) -> Any:
    """The page of hostile values."""
    return read_page(hard.get("/doc/pays/danger.html").text)


def test_embedded_data_is_inert(hard: FlaskClient, read_page: Callable[[str], Any]) -> None:
    """B35: a hostile name ends no script element, and the JSON-LD still reads as JSON with that name."""
    text = hard.get("/doc/pays/danger.html").text
    page = read_page(text)
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert "<" not in block and ">" not in block and "&" not in block
    assert json.loads(block)["mainEntity"]["name"] == '<script>alert(1)</script>"onmouseover="x'
    assert all(a.get("type") == "application/ld+json" or a.get("src", "").startswith("/static/") for a in page.all("script"))
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("name", ["successeur", "deconseille", "formule", "danger"])
def test_bare_things(hard: FlaskClient, read_page: Callable[[str], Any], name: str) -> None:
    """B38: a thing without type, without name or with strange values has a page."""
    response = hard.get(f"/doc/pays/{name}.html")
    assert response.status_code == 200
    assert read_page(response.text).text_of("h1")


def test_anchor() -> None:
    """A value is escaped; an external link says so; a language is given where it is another one."""
    from territoires.web.naming import Value

    assert anchor(Value("<b>", "fr", '/x"'), "en") == '<a href="/x&#34;" lang="fr">&lt;b&gt;</a>'
    assert anchor(Value("x", "fr"), "fr") == "<span>x</span>"
    assert 'rel="external noopener"' in anchor(Value("x", "", "https://example.org/"), "fr")


# Timeline


def test_timeline(show: Callable[..., Any]) -> None:
    """A territory has its dated facts as a drawing, and the same as a list."""
    page = show(PAGES["territory"])
    (drawing,) = [a for tag, a in page.elements if tag == "svg" and "timeline" in a.get("class", "")]
    assert drawing["role"] == "img" and drawing["aria-label"] == "Chronologie\xa0: Pays de Langres"
    listed = [text for where, text in page.texts if where.endswith("li/span") and "Depuis 2016" in text]
    assert listed


def test_drawing() -> None:
    """Marks lie by time; open ends are arrows; a planned fact is marked; names are escaped and cut; nothing gives nothing."""
    events = [
        Event(date(2010, 1, 1), date(2011, 1, 1), "<b>", "2010"),
        Event(date(2012, 1, 1), None, "since", "2012", "", True),
        Event(None, date(2009, 1, 1), "until", "2009"),
        Event(date(2010, 5, 1), date(2010, 5, 2), "x" * 400, "May 2010"),
        Event(None, None, "never", ""),
    ]
    assert [event.label[:5] for event in ordered(events)] == ["until", "<b>", "xxxxx", "since"]
    drawn = draw(events, 'Title "1"')
    assert "<b>" not in drawn and "&lt;b&gt;" in drawn and "never" not in drawn and "…" in drawn
    assert drawn.count("<rect") == 1 and drawn.count("<circle") == 1 and drawn.count('class="planned"') == 1
    assert 'aria-label="Title &#34;1&#34;"' in drawn
    numbers = [float(x) for x in re.findall(r'(?:cx|x)="(-?[\d.]+)"', drawn)]
    assert min(numbers) >= 0 and max(numbers) <= 760
    assert draw([], "x") == "" == draw([Event(None, None, "never", "")], "x")


def test_drawing_of_centuries() -> None:
    """Long and short spans have a readable axis."""
    for first, last in ((date(1, 1, 1), date(9998, 1, 1)), (date(2016, 1, 1), date(2016, 12, 31))):
        years = re.findall(r'class="year"[^>]*>(\d+)<', draw([Event(first, last, "x", "")], "x"))
        assert 2 <= len(years) <= 110 and years == sorted(years, key=int)


# Acronyms


KNOWN = {
    "PETR": Entry(("Pôle <d’équilibre>",), (Literal("un pôle", language="fr"), Literal("a pole", language="en"))),
    "GAL": Entry((), (Literal("a group", language="en"),)),
}


def test_acronyms() -> None:
    """The first of each acronym is explained, in the reader's language; what stands around and within is escaped."""
    shown: set[str] = set()
    written = explain('<i> PETR, PETR & GALERIE "GAL"', KNOWN, "en", shown)
    assert isinstance(written, Markup) and shown == {"PETR", "GAL"}
    assert written.count("<abbr") == 2 and "<i>" not in written and "<d’" not in written
    assert '<strong lang="fr">Pôle &lt;d’équilibre&gt;</strong> <span>a pole</span>' in written
    assert written.startswith("&lt;i&gt; <span") and "&amp; GALERIE &#34;" in written
    assert explain("PETR", KNOWN, "en", shown) == "PETR"
    assert 'aria-describedby="acronym-GAL"' in explain("GAL", KNOWN, "fr", set()) and 'lang="en"' in explain("GAL", KNOWN, "fr", set())


def test_acronyms_on_a_page(show: Callable[..., Any]) -> None:
    """A page explains an acronym once, on an element that takes the focus and names its explanation."""
    page = show(PAGES["territory"])
    explained = [a for tag, a in page.elements if tag == "abbr"]
    assert "acronym-PETR" in [a["aria-describedby"] for a in explained]
    assert all(a["tabindex"] == "0" for a in explained)
    assert "Pôle d’Equilibre Territorial et Rural Pôle d’équilibre territorial et rural : syndicat mixte fermé" in text_of(page)


# Citing and data


@pytest.mark.parametrize("form", CITATIONS, ids=lambda form: form.name)
def test_citation(client: FlaskClient, form: Any) -> None:
    """Each format comes as a file, with the persistent address, the name and the release."""
    response = client.get(f"/doc/{PAGES['territory']}?citation={form.name}")
    assert response.status_code == 200 and response.mimetype == form.media_type
    assert response.headers["Content-Disposition"].startswith('attachment; filename="pays-de-langres.')
    assert response.headers["ETag"] != client.get(f"/doc/{PAGES['territory']}.html").headers["ETag"]
    for told in (f"{CANONICAL_BASE}id/{PAGES['territory']}", "Pays de Langres"):
        assert told in response.text


def test_citation_of_another_format(client: FlaskClient) -> None:
    """An unknown format is 406 with those that there are; an unknown thing is 404."""
    refused = client.get(f"/doc/{PAGES['territory']}?citation=docx", headers={"Accept": "application/json"})
    assert refused.status_code == 406 and "citation=bibtex" in refused.text
    assert client.get("/doc/territoire/atlantide?citation=ris").status_code == 404


def test_records() -> None:
    """Hostile and unusual names stay one value of the record; the day of the release is the date."""
    cited = Citation("A {b} & 100 %\nUR  - http://evil", "https://example.org/id/x/é y", "20261123T114052-a9f4a4b4", "fr")
    assert cited.date == (2026, 11, 23)
    with create_context():
        assert [line[:6] for line in citing.ris(cited).split("\r\n")].count("UR  - ") == 1
        assert citing.ris(cited).startswith("TY  - ") and citing.ris(cited).endswith("ER  - \r\n")
        (record,) = json.loads(citing.csl(cited))
        assert record["title"] == cited.title and record["issued"] == {"date-parts": [[2026, 11, 23]]}
        written = citing.bibtex(cited)
        assert r"A \{b\} \& 100 \%" in written and written.count("\n  url = ") == 1 and "\nUR" not in written
    assert Citation("x", "https://example.org/", "test", "fr").date is None
    assert re.fullmatch(r"[A-Za-z0-9-]+", cited.name)


def create_context() -> Any:
    """A request in which interface texts can be had."""
    app = Flask(__name__)
    from territoires.web import language

    language.install(app)
    return app.test_request_context("/?lang=en")


@pytest.mark.parametrize(("kind", "expected"), [("territory", "Place"), ("organisation", "Organization"), ("concept", "DefinedTerm")])
def test_schema_org(client: FlaskClient, kind: str, expected: str) -> None:
    """The head says in schema.org what the page is about, by its persistent address."""
    text = client.get(f"/doc/{PAGES[kind]}.html").text
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text)
    said = json.loads(block)
    assert said["@context"] == "https://schema.org" and said["mainEntity"]["@type"] == expected
    assert said["mainEntity"]["@id"].startswith(CANONICAL_BASE)
    assert said["url"].endswith(f"/doc/{PAGES[kind]}.html")


def test_persons_are_not_for_search_engines(client: FlaskClient) -> None:
    """The page of a person has no data for search engines, and asks them to leave it."""
    response = client.get(f"/doc/{PAGES['person']}.html")
    assert "application/ld+json" not in response.text.partition("</head>")[0].replace('type="application/ld+json" href', "")
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_block() -> None:
    """No sign of the block can be read as HTML."""
    told = schemaorg.block({"name": "</script><!-- & \u2028"})
    assert not set("<>&\u2028") & set(told) and json.loads(told) == {"name": "</script><!-- & \u2028"}


def test_documents_stay_whole(client: FlaskClient) -> None:
    """What a page leaves for its next page stands in the data all the same."""
    assert client.get("/doc/scheme/public.nt").text.count(f"inScheme> <{CANONICAL_BASE}scheme/public> .") > LISTED


def test_lower() -> None:
    """Inside a sentence a name begins small, an acronym doesn't."""
    assert (lower("Depuis 2016"), lower("PETR du Pays"), lower("")) == ("depuis 2016", "PETR du Pays", "")
