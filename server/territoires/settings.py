"""The settings, and the only reader of the environment."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_network
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
    imports: Path = Path("imports")
    """Folder of what was imported; each release takes it with it."""
    contributions: Path | None = None
    """Folder of what is written over HTTP: journal, keys; without one the service is read-only."""
    downloads: Path = field(default_factory=lambda: default_downloads())
    """Folder of what was fetched from elsewhere, kept under its version."""
    base_url: str = CANONICAL_BASE
    """Base of every own IRI in the releases that are built."""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    """Server processes."""
    proxy_hops: int = 0
    """Trusted reverse proxies in front: how many X-Forwarded-* entries to believe."""
    engine: str = "auto"
    """Where the embedded store keeps the graph: memory, disk, or auto (by size)."""
    query_seconds: float = 10.0
    """Deadline of a query that asks for none."""
    query_seconds_most: float = 60.0
    """The longest deadline that the parameter timeout can ask for."""
    query_memory: int = 1024
    """Megabytes that one query may use."""
    query_workers: int = 4
    """Queries that run at once, in each server process."""
    query_queue: int = 32
    """Queries that may wait for a worker; more are turned away."""
    client_seconds: float = 60.0
    """Seconds of work that one client may ask for in a minute; 0 for no limit."""
    services: tuple[str, ...] = ()
    """SPARQL endpoints that a query may call by SERVICE, separated by blanks."""
    store: str = ""
    """Query endpoint of the store that is asked instead of the embedded one."""
    store_graphs: str = ""
    """Its Graph Store address, for `territoires load`."""
    store_default_graph: str = ""
    """Graph that stands for the default graph in a store that has none."""
    store_user: str = ""
    store_password: str = field(default="", repr=False)
    """Shown to the store when it asks for them (Basic, Digest)."""
    cache: int = 64
    """Megabytes of answers that each server process keeps; 0 for none."""
    contact: str = ""
    """Address of who runs the service, mailto: or https:, shown on the pages and in security.txt."""
    publisher: str = "Territoires"
    """Who publishes the data, as catalogues and feeds name them."""
    publisher_url: str = ""
    """Their home page, http: or https:."""
    log: str = "text"
    """A line on standard error for each request: json, text, or none."""
    metrics: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    """Networks whose clients may read /metrics, separated by blanks; empty for nobody."""
    stop_seconds: int = 15
    """Seconds that requests have to end when the server is stopped."""


def default_home() -> Path:
    """The folder of the sources: inside an installed package, or the root of a checkout."""
    packaged = PACKAGE / "content"
    return packaged if packaged.is_dir() else PACKAGE.parent.parent


def default_downloads() -> Path:
    """Where a user's programs keep what they can fetch again (XDG Base Directory Specification)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "territoires"


READERS: Mapping[type, Callable[[str], object]] = {
    Path: Path,
    Path | None: lambda text: Path(text) if text else None,  # type: ignore[dict-item]
    str: str,
    int: int,
    float: float,
    tuple[str, ...]: lambda text: tuple(text.split()),
}


def settings_from(environment: Mapping[str, str] = os.environ, **options: object) -> Settings:
    """Settings from `environment`; an option that isn't None stands above it. Raises InvalidSetting."""
    read: dict[str, object] = {}
    for each in fields(Settings):
        variable = f"TERRITOIRES_{each.name.upper()}"
        if variable in environment:
            try:
                read[each.name] = READERS[each.type](environment[variable])  # type: ignore[index]
            except ValueError as error:
                raise InvalidSetting(f"{variable}={environment[variable]!r} is not a number: give one, or unset it.") from error
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
    if settings.engine not in ("auto", "memory", "disk"):
        raise InvalidSetting(f"TERRITOIRES_ENGINE={settings.engine!r} must be memory, disk or auto.")
    if settings.query_workers < 1 or settings.query_memory < 64:
        raise InvalidSetting("TERRITOIRES_QUERY_WORKERS must be 1 or more, TERRITOIRES_QUERY_MEMORY 64 (megabytes) or more.")
    if not 0 < settings.query_seconds <= settings.query_seconds_most:
        raise InvalidSetting("TERRITOIRES_QUERY_SECONDS must lie above 0 and not above TERRITOIRES_QUERY_SECONDS_MOST.")
    if min(settings.query_queue, settings.client_seconds, settings.cache) < 0:
        raise InvalidSetting("TERRITOIRES_QUERY_QUEUE, TERRITOIRES_CLIENT_SECONDS and TERRITOIRES_CACHE must be 0 or more.")
    for service in settings.services:
        if urlsplit(service).scheme not in ("http", "https"):
            raise InvalidSetting(f"TERRITOIRES_SERVICES holds {service!r}, which is no http or https address.")
    for name, address in (("STORE", settings.store), ("STORE_GRAPHS", settings.store_graphs)):
        place = urlsplit(address)
        if address and (place.scheme not in ("http", "https") or not place.hostname or place.username or place.fragment):
            raise InvalidSetting(f"TERRITOIRES_{name} must be an http or https address without user and fragment, or empty.")
    if settings.store_default_graph and not urlsplit(settings.store_default_graph).scheme:
        raise InvalidSetting(f"TERRITOIRES_STORE_DEFAULT_GRAPH={settings.store_default_graph!r} must be an absolute IRI.")
    if settings.store_password and not settings.store_user:
        raise InvalidSetting("TERRITOIRES_STORE_PASSWORD needs TERRITOIRES_STORE_USER.")
    if settings.contact and urlsplit(settings.contact).scheme not in ("https", "mailto", "tel"):
        raise InvalidSetting(f"TERRITOIRES_CONTACT={settings.contact!r} must begin with mailto:, https: or tel:, or be empty.")
    if settings.publisher_url and urlsplit(settings.publisher_url).scheme not in ("http", "https"):
        raise InvalidSetting(f"TERRITOIRES_PUBLISHER_URL={settings.publisher_url!r} must begin with http: or https:, or be empty.")
    if not settings.publisher:
        raise InvalidSetting("TERRITOIRES_PUBLISHER must name who publishes the data.")
    if settings.log not in ("json", "text", "none"):
        raise InvalidSetting(f"TERRITOIRES_LOG={settings.log!r} must be json, text or none.")
    for network in settings.metrics:
        try:
            ip_network(network)
        except ValueError as error:
            raise InvalidSetting(f"TERRITOIRES_METRICS holds {network!r}, which is no network such as 10.0.0.0/8 ({error}).") from error
    if not 1 <= settings.stop_seconds <= 1800:
        raise InvalidSetting("TERRITOIRES_STOP_SECONDS must lie between 1 and 1800.")
    base = settings.base_url
    return settings if base.endswith("/") else replace(settings, base_url=base + "/")
