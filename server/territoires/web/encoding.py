"""Content coding: gzip and zstd for what compresses (RFC 9110 §8.4, RFC 8878), also while an answer streams."""

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard
from flask import Flask, Response, request

from territoires.web.negotiation import choose_coding

SHORTEST = 1_000  # bytes: what is shorter doesn't gain
_COMPRESSED = ("text/", "application/", "image/svg+xml")
_PACKED = ("application/gzip", "application/zip")


class Compressor(Protocol):
    """What zlib and zstandard have in common."""

    def compress(self, data: bytes, /) -> bytes:
        """Takes a part of the body; what comes back may be empty."""

    def flush(self) -> bytes:
        """The end of the body."""


def compressor(coding: str) -> Compressor:
    """A compressor for gzip or zstd."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return zlib.compressobj(5, zlib.DEFLATED, 31)


def install(app: Flask) -> None:
    """Compresses the answers of `app`."""
    app.after_request(encode)


def encode(response: Response) -> Response:
    """The answer in the coding that the client prefers."""
    response.vary.add("Accept-Encoding")
    coding = choose_coding(request.headers.get("Accept-Encoding"))
    if coding is None or response.status_code < 200 or response.headers.get("Content-Encoding"):
        return response
    if response.status_code in (204, 206, 304) or not worth_it(response.mimetype or ""):
        return response
    if not response.is_streamed and (response.content_length or 0) < SHORTEST:
        return response
    response.headers["Content-Encoding"] = coding
    tag, _ = response.get_etag()
    if tag and not tag.endswith(coding):  # of a file: the same for each coding, so it says no more than "equivalent"
        response.set_etag(tag, weak=True)
    response.direct_passthrough = False
    if response.is_streamed:
        response.response = compressed(response.response, coding)  # type: ignore[arg-type]
        response.headers.pop("Content-Length", None)
    else:
        one = compressor(coding)
        response.set_data(one.compress(response.get_data()) + one.flush())
    return response


def compressed(chunks: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """The chunks, compressed as they come; when they break off, so does this."""
    one = compressor(coding)
    try:
        for chunk in chunks:
            if part := one.compress(chunk):
                yield part
        yield one.flush()
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def worth_it(media_type: str) -> bool:
    """Whether what is of that type gets shorter."""
    return media_type.startswith(_COMPRESSED) and media_type not in _PACKED
