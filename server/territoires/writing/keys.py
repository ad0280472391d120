"""The keys of those who may write: `keys.json` in the folder of the contributions, which holds no secret, only its hash.

A key is `tdp_<id>_<secret>`: the secret is 256 random bits, so that one round of SHA-256 is hash enough. The file is looked at for each
use, so that a key that is revoked opens nothing more, in whichever process.
"""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

from pyoxigraph import NamedNode

from territoires.errors import InvalidSetting, StoreUnavailable
from territoires.writing.journal import make_folder, sync_folder

FILE = "keys.json"
SCOPES = ("write", "undo")
"""What a key may be for: to write to graphs, to undo the commits of others there."""
_PREFIX = "tdp"


@dataclass(frozen=True)
class Key:
    """Who may write where."""

    id: str
    name: str
    graphs: tuple[str, ...]
    """Graph IRIs, and beginnings of them that end in *."""
    scopes: tuple[str, ...]
    created: str
    """xsd:dateTime in UTC."""
    hash: str
    """SHA-256 of the secret, in hexadecimal digits."""
    revoked: str = ""
    """When it was revoked; "" while it holds."""


class Keys:
    """The keys in a folder, which needn't be there yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[Key, ...] = ()

    def find(self, token: str) -> Key | None:
        """The key that the token is, unless it is revoked. Takes as long for an unknown id. Raises StoreUnavailable."""
        prefix, _, rest = token.partition("_")
        name, _, secret = rest.partition("_")
        found = next((key for key in self.all() if hmac.compare_digest(key.id.encode(), name.encode())), None)
        known = hmac.compare_digest(hashed(secret), found.hash if found else hashed(""))
        return found if found and known and prefix == _PREFIX and not found.revoked else None

    def all(self) -> tuple[Key, ...]:
        """Every key, the revoked ones too, as the file tells now. Raises StoreUnavailable."""
        with self._lock:
            try:
                state = self._path.stat()
                now = (state.st_mtime_ns, state.st_size, state.st_ino)
                if now != self._seen:
                    self._keys = read(self._path)
                    self._seen = now
            except FileNotFoundError:
                self._keys, self._seen = (), None
            except (OSError, ValueError, TypeError, KeyError) as error:
                self._seen = None
                raise StoreUnavailable(f"{self._path} can't be read ({error}): mend it, or make new keys.") from error
            return self._keys

    def create(self, name: str, graphs: tuple[str, ...], scopes: tuple[str, ...] = ("write",)) -> tuple[Key, str]:
        """Makes a key, and gives its token, which is told this once. Raises InvalidSetting or StoreUnavailable."""
        check(name, graphs, scopes)
        secret = secrets.token_urlsafe(32)
        key = Key(secrets.token_hex(6), name.strip(), graphs, scopes, moment(), hashed(secret))

        def add(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            if any(each.name == key.name and not each.revoked for each in keys):
                raise InvalidSetting(f"There is a key of the name {key.name!r} already: revoke it first, or choose another name.")
            return (*keys, key)

        self._change(add)
        return key, f"{_PREFIX}_{key.id}_{secret}"

    def revoke(self, known: str) -> Key:
        """Ends a key, which is told by its id or its name. Raises InvalidSetting or StoreUnavailable."""
        ended: list[Key] = []

        def end(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            ended.extend(replace(key, revoked=moment()) for key in keys if known in (key.id, key.name) and not key.revoked)
            if len(ended) != 1:
                raise InvalidSetting(f"No key that holds has the id or name {known!r}: `territoires keys list` shows them.")
            return tuple(ended[0] if key.id == ended[0].id else key for key in keys)

        self._change(end)
        return ended[0]

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        """Writes the file anew, while nobody else does."""
        try:
            make_folder(self._path.parent)
            with locked(self._path.with_suffix(".lock")):
                keys = change(self.all())
                draft = self._path.with_suffix(".draft")
                with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                    json.dump({"keys": [asdict(key) for key in keys]}, file, ensure_ascii=False, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                draft.replace(self._path)
                sync_folder(self._path.parent)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} can't be written: {error}.") from error


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a lock (flock(2))."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read(path: Path) -> tuple[Key, ...]:
    """The keys in a file. Raises OSError, ValueError, TypeError or KeyError."""
    told = json.loads(path.read_text(encoding="utf-8"))["keys"]
    return tuple(Key(**{**each, "graphs": tuple(each["graphs"]), "scopes": tuple(each["scopes"])}) for each in told)


def check(name: str, graphs: tuple[str, ...], scopes: tuple[str, ...]) -> None:
    """Raises InvalidSetting for what can be no key."""
    if not name.strip() or not name.isprintable():
        raise InvalidSetting("Say whose key it is: --name NAME, on one line.")
    if not graphs:
        raise InvalidSetting("Say what the key may write: --graph IRI, or the beginning of one and *.")
    for pattern in graphs:
        start = pattern.removesuffix("*")
        try:
            NamedNode(start or "urn:any")
        except ValueError:
            raise InvalidSetting(f"--graph {pattern!r} is no absolute IRI, nor the beginning of one with * at its end.") from None
    if not scopes or not set(scopes) <= set(SCOPES):
        raise InvalidSetting(f"--scope is one of {', '.join(SCOPES)}.")


def hashed(secret: str) -> str:
    """The hash of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def moment() -> str:
    """Now, as xsd:dateTime in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
