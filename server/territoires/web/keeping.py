"""Whole answers, kept by revision and request, and given again without waking Flask."""

import sys
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from territoires.web.negotiation import choose_coding
from territoires.web.observation import OTHER, form_of
from territoires.web.wsgi import LARGEST, ROUTE, Answer, Headers, Scope

Key = tuple[str, ...] | None
"""What an answer is kept under; None where it isn't."""
_STRING, _PAIR, _ENTRY = 49, 64, 600  # bytes that a str, a header and an entry of the cache take beside their text
_SELECTING = ("accept", "accept-language", "cookie", "host", "forwarded", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-prefix")
"""The request headers that an answer can depend on, beside Accept-Encoding."""
_FLEETING = ("date", "ratelimit", "ratelimit-policy", "server-timing", "x-request-id")
"""The answer headers that hold for one request only."""


@dataclass(frozen=True)
class Kept:
    """An answer that can be given again."""

    status: int
    headers: Headers
    body: bytes
    etag: str
    route: str = OTHER
    form: str = OTHER


class AnswerCache:
    """Whole answers by key, the least lately used going first when there are too many bytes. Used from one thread."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.bytes = self.hits = self.misses = 0
        self._revision = ""
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()

    def find(self, revision: str, key: tuple[str, ...]) -> Kept | None:
        """The answer kept for that key under that revision."""
        if revision != self._revision:
            self._kept.clear()
            self._revision, self.bytes = revision, 0
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found

    def keep(self, revision: str, key: tuple[str, ...], answer: Kept) -> None:
        """Keeps an answer that was made under `revision`."""
        size = weight(key, answer)
        if size > min(self.size, LARGEST) or revision != self._revision or key in self._kept:
            return
        self._kept[key] = answer
        self.bytes += size
        while self.bytes > self.size:
            gone, old = self._kept.popitem(last=False)
            self.bytes -= weight(gone, old)


def weight(key: tuple[str, ...], answer: Kept) -> int:
    """The bytes of memory that a kept answer takes: CPython's objects weigh more than their text."""
    texts = [*key, answer.etag, *(value for field in answer.headers for value in field)]
    return len(answer.body) + sum(map(len, texts)) + _STRING * len(texts) + _PAIR * len(answer.headers) + _ENTRY


def cache_key(scope: Scope) -> tuple[str, ...]:
    """All of the request that an answer can depend on."""
    headers = scope.headers
    fields = [",".join(headers.get_all(name)) for name in _SELECTING]
    coding = choose_coding(",".join(headers.get_all("accept-encoding"))) or ""
    return (scope.path, scope.query_string, scope.scheme, scope.authority or "", coding, *fields)


def give(protocol: Any, kept: Kept, if_none_match: str | None, identity: str) -> tuple[int, int]:
    """Gives a kept answer, or 304 to a client that has it (RFC 9110 §13.1.2); returns the status and the bytes of the body."""
    named = ("x-request-id", identity)
    if if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        if "*" in tags or kept.etag.removeprefix("W/") in tags:
            protocol.response_empty(304, [*(field for field in kept.headers if not field[0].startswith("content-")), named])
            return 304, 0
    protocol.response_bytes(kept.status, [*kept.headers, named], kept.body)
    return kept.status, len(kept.body)


def kept(answer: Answer, environ: dict[str, Any]) -> Kept | None:
    """The answer, where it may be given again: complete, public and with a validator."""
    fields = dict(answer.headers)
    if answer.status != 200 or answer.whole is None or "etag" not in fields or "set-cookie" in fields:
        return None
    if not fields.get("cache-control", "").startswith("public"):
        return None
    lasting = [(sys.intern(name), sys.intern(value)) for name, value in answer.headers if name not in _FLEETING]  # most are the same
    return Kept(answer.status, lasting, answer.whole, fields["etag"], environ.get(ROUTE, OTHER), form_of(fields.get("content-type")))
