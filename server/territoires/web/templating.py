"""What every template can use."""

from urllib.parse import urlencode

from flask import Flask, request

from territoires import __version__
from territoires.errors import TerritoiresError
from territoires.web import past
from territoires.web.language import current_language
from territoires.web.negotiation import LANGUAGES
from territoires.web.service import service


def install(app: Flask) -> None:
    """Gives the templates the language, the revision and the address of the same page in another language."""

    @app.context_processor
    def shared() -> dict[str, object]:
        return {
            "language": current_language(),
            "languages": LANGUAGES,
            "in_language": in_language,
            "here": local,
            "lasting": past.lasting,
            "seen": past.seen(),
            "original": past.without,
            "revision": revision(),
            "version": __version__,
        }


def revision() -> str:
    """The revision that is served; nothing when the store is down, since its error page is a page too."""
    try:
        return service().store.revision
    except TerritoiresError:
        return ""


def in_language(language: str) -> str:
    """This page in that language: same place, same query string."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{request.root_path}{request.path}?{urlencode([*arguments, ('lang', language)])}"


def local(path: str) -> str:
    """An address on this host, below the prefix of a reverse proxy."""
    return request.root_path + path
