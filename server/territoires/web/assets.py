"""The built scripts and style sheets of the pages, which `make assets` puts into static/built; the pages work without them."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, request

BUILT = Path(__file__).parent / "static" / "built"
PREFIX = "/static/built/"
FOREVER = "public, max-age=31536000, immutable"


def install(app: Flask) -> None:
    """Gives the templates `asset`, and lets clients keep what is asked for by its hash."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(keep)


def asset(name: str) -> str:
    """The address of a built file, with the hash of its content; nothing where the front end isn't built."""
    digest = digests().get(name)
    return f"{request.root_path}{PREFIX}{name}?v={digest}" if digest else ""


@cache
def digests() -> dict[str, str]:
    """Name of each built file -> the hash of its content, read once in a process."""
    files = sorted(BUILT.iterdir()) if BUILT.is_dir() else []
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in files if file.is_file()}


def keep(response: Response) -> Response:
    """A built file that is asked for by the hash that it has may be kept for a year: so may a chunk, whose name holds its hash."""
    if request.path.startswith(PREFIX) and response.status_code in (200, 304):
        name = request.path.removeprefix(PREFIX)
        if name.startswith("chunk-") or request.args.get("v") == digests().get(name):
            response.headers["Cache-Control"] = FOREVER
    return response
