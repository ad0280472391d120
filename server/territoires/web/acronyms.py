"""Acronyms (PETR, GAL, LEADER…) explained where a page first says them, by what the graph says of them.

An explained acronym is an `<abbr>` that takes the focus; its explanation stands in the page, and the style sheet shows it on
hover and focus. Nothing but letters matched in the text and escaped literals goes out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import g
from markupsafe import Markup, escape

from territoires.results import Literal, rows
from territoires.web.language import best_literal, current_language
from territoires.web.service import service

_WORD = re.compile(r"\b[A-Z][A-Za-z]*[A-Z][A-Za-z]*\b")
_SHOWN = "acronyms"
LANGUAGE_OF_EXPANSIONS = "fr"


@dataclass(frozen=True)
class Entry:
    """What the graph says of an acronym: words that it stands for, then definitions in several languages."""

    expansions: tuple[str, ...]
    meanings: tuple[Literal, ...]


Glossary = Mapping[str, Entry]
_glossaries: dict[str, Glossary] = {}  # revision -> its glossary; one is kept


def glossary() -> Glossary:
    """The acronyms of the release that is served, read once."""
    store = service().store
    revision = store.revision
    if revision not in _glossaries:
        found = read_glossary()
        _glossaries.clear()
        _glossaries[revision] = found
    return _glossaries.get(revision, {})


def read_glossary() -> Glossary:
    """Asks the graph for its acronyms; of several things of one name, the one that is spelled out comes first."""
    store, views = service().store, service().views
    said: dict[str, tuple[dict[str, None], dict[Literal, None], dict[Literal, None]]] = {}
    for row in rows(store.query(views.text("acronyms", store.base))):
        acronym = row["acronym"].value  # type: ignore[union-attr]
        words, spelled_out, others = said.setdefault(acronym, ({}, {}, {}))
        for name in ("expansion", "name"):
            spelled = row.get(name)
            if isinstance(spelled, Literal) and stands_for(acronym, spelled):
                words.setdefault(spelled.value)
        if isinstance(meaning := row.get("meaning"), Literal):
            (spelled_out if "expansion" in row else others).setdefault(meaning)
    return {acronym: Entry(tuple(w), tuple(own or others)) for acronym, (w, own, others) in said.items() if w or own or others}


def stands_for(acronym: str, spelled: Literal) -> bool:
    """Whether words can be what the letters stand for: several words, in the language of the acronyms."""
    return " " in spelled.value and acronym not in spelled.value and (spelled.language or LANGUAGE_OF_EXPANSIONS) == LANGUAGE_OF_EXPANSIONS


def explanation(entry: Entry, language: str) -> Markup:
    """The explanation: the words in their language, then the definition in the reader's."""
    parts = []
    if entry.expansions:
        foreign = Markup(' lang="{}"').format(LANGUAGE_OF_EXPANSIONS) if language != LANGUAGE_OF_EXPANSIONS else ""
        parts.append(Markup("<strong{}>{}</strong>").format(foreign, entry.expansions[0]))
    if meaning := best_literal(entry.meanings, language):
        other = Markup(' lang="{}"').format(meaning.language) if meaning.language and meaning.language != language else ""
        parts.append(Markup("<span{}>{}</span>").format(other, meaning.value))
    return Markup(" ").join(parts)


def explain(text: str, known: Glossary, language: str, shown: set[str]) -> Markup:
    """`text`, escaped, with the acronyms that `shown` doesn't hold yet explained; they are added to it."""
    written, end = Markup(), 0
    for match in _WORD.finditer(text):
        acronym = match[0]
        if acronym not in known or acronym in shown:
            continue
        shown.add(acronym)
        written += escape(text[end : match.start()])
        written += Markup(
            '<span class="acronym"><abbr tabindex="0" aria-describedby="acronym-{0}">{0}</abbr>'
            '<span role="tooltip" id="acronym-{0}">{1}</span></span>'
        ).format(acronym, explanation(known[acronym], language))
        end = match.end()
    return written + escape(text[end:])


def acronyms(text: object) -> Markup:
    """The filter of templates: the first time that a page says an acronym, it is explained."""
    shown: set[str] = g.setdefault(_SHOWN, set())
    return explain(str(text), glossary(), current_language(), shown)
