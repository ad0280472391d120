"""The settings, and the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from territoires.errors import InvalidSetting
from territoires.vocabulary import CANONICAL_BASE

PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """What an installation can choose. Each field is read from TERRITOIRES_<FIELD>, upper case."""

    home: Path = field(default_factory=lambda: default_home())
    """Folder that holds ontology/, shapes/, data/ and queries/."""
    releases: Path = Path("releases")
    """Folder of the built releases."""
    base_url: str = CANONICAL_BASE
    """Base of every own IRI in the releases that are built."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    """Server processes."""
    proxy_hops: int = 0
    """Trusted reverse proxies in front: how many X-Forwarded-* entries to believe."""


def default_home() -> Path:
    """The folder of the sources: inside an installed package, or the root of a checkout."""
    packaged = PACKAGE / "content"
    return packaged if packaged.is_dir() else PACKAGE.parent.parent


def settings_from(environment: Mapping[str, str] = os.environ, **options: object) -> Settings:
    """Settings from `environment`; an option that isn't None stands above it. Raises InvalidSetting."""
    read: dict[str, object] = {}
    for name, kind in (("home", Path), ("releases", Path), ("host", str), ("port", int), ("workers", int), ("proxy_hops", int)):
        variable = f"TERRITOIRES_{name.upper()}"
        if variable in environment:
            try:
                read[name] = kind(environment[variable])
            except ValueError as error:
                raise InvalidSetting(f"{variable}={environment[variable]!r} is not a number: give one, or unset it.") from error
    if "TERRITOIRES_BASE_URL" in environment:
        read["base_url"] = environment["TERRITOIRES_BASE_URL"]
    read.update({name: value for name, value in options.items() if value is not None})
    return checked(Settings(**read))  # type: ignore[arg-type]


def checked(settings: Settings) -> Settings:
    """`settings`, its base URL ending in a slash. Raises InvalidSetting where a value can't be used."""
    url = urlsplit(settings.base_url)
    if url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment or "\\" in url.geturl():
        raise InvalidSetting(f"The base URL {settings.base_url!r} must look like https://data.example.org/territoires/.")
    if not 0 < settings.port < 65536:
        raise InvalidSetting(f"The port {settings.port} must lie between 1 and 65535.")
    if settings.workers < 1 or settings.proxy_hops < 0:
        raise InvalidSetting("TERRITOIRES_WORKERS must be 1 or more, TERRITOIRES_PROXY_HOPS 0 or more.")
    if not settings.base_url.endswith("/"):
        return Settings(**{**settings.__dict__, "base_url": settings.base_url + "/"})
    return settings
