"""The reader's language: which interface texts, which literal of several, how numbers and dates look."""

from collections.abc import Iterable
from datetime import date
from io import BytesIO
from pathlib import Path

import babel.dates
import babel.numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, request
from flask_babel import Babel, Domain, get_locale, gettext

from territoires.results import Literal
from territoires.vocabulary import iri
from territoires.web.negotiation import LANGUAGES, choose_language

COOKIE = "lang"
CATALOGUES = Path(__file__).parent / "translations"


class PoDomain(Domain):
    """Reads the .po catalogues themselves, so that no compiled file has to be kept beside them."""

    def get_translations(self) -> NullTranslations:
        """The translations of this request's language, compiled once."""
        language = current_language()
        if language not in self.cache:
            self.cache[language] = compile_catalogue(CATALOGUES / language / "LC_MESSAGES" / "messages.po")
        found = self.cache[language]
        assert isinstance(found, NullTranslations)
        return found


def compile_catalogue(path: Path) -> Translations:
    """A .po file as translations."""
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)


def current_language() -> str:
    """The language of this request: ?lang=, else the one chosen before (cookie), else Accept-Language, else French."""
    if "language" not in g:
        chosen = request.args.get("lang") or request.cookies.get(COOKIE)
        g.language = choose_language(chosen, request.headers.get("Accept-Language"))
    language: str = g.language
    return language


def install(app: Flask) -> None:
    """Gives `app` its catalogues, and remembers a language that the reader chose by hand."""
    Babel(app, locale_selector=current_language)
    app.before_request(PoDomain().as_default)
    app.after_request(remember)


def remember(response: Response) -> Response:
    """A language asked for by ?lang= on a page stays until another one is asked for."""
    if request.args.get("lang") in LANGUAGES and response.mimetype == "text/html":
        response.set_cookie(COOKIE, current_language(), max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def preference(language: str) -> tuple[str, ...]:
    """The order in which a literal's language is wanted: the reader's, French, English, none."""
    return tuple(dict.fromkeys((language, *LANGUAGES, "")))


def best_literal(literals: Iterable[Literal], language: str) -> Literal | None:
    """The literal to show: by preference of language, then alphabetically, so never by chance."""
    order = preference(language)

    def rank(literal: Literal) -> tuple[int, str]:
        tag = (literal.language or "").partition("-")[0]
        return (order.index(tag) if tag in order else len(order), literal.value)

    return min(literals, key=rank, default=None)


def show_literal(literal: Literal) -> str:
    """A number or a date in the reader's form, of an outline how many points it has; any other literal as it is written."""
    locale = get_locale()
    kind = literal.datatype.value
    try:
        if kind == iri("xsd:integer"):
            return str(babel.numbers.format_decimal(int(literal.value), locale=locale))
        if kind in (iri("xsd:decimal"), iri("xsd:double")):
            return str(babel.numbers.format_decimal(literal.value, format="#,##0.######", locale=locale))
        if kind == iri("xsd:date"):
            return str(babel.dates.format_date(date.fromisoformat(literal.value), format="long", locale=locale))
        if kind == iri("geo:wktLiteral"):
            return brief_geometry(literal.value)
    except (ValueError, ArithmeticError):
        return literal.value
    return literal.value


def show_day(day: date) -> str:
    """A day in the reader's form: 1er janvier 2016, January 1, 2016."""
    text = str(babel.dates.format_date(day, format="long", locale=get_locale()))
    return text.replace("1 ", "1er ", 1) if day.day == 1 and current_language() == "fr" else text


def brief_geometry(text: str) -> str:
    """A geometry in WKT: a point as it is, an outline by its kind and the number of its points."""
    kind, bracket, points = text.partition("(")
    if not bracket or "," not in points:
        return text
    told = gettext("%(count)s points", count=points.count(",") + 1)
    return f"{kind.strip()} ({told})"
