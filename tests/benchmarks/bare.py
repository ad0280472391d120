"""The HTTP server that ours runs in, without ours: one answer, the same for every request."""

from typing import Any

HEADERS = [("content-type", "application/sparql-results+json"), ("cache-control", "public, max-age=300"), ("etag", '"bare"')]
BODY = b'{"head":{"vars":["property","value"]},"results":{"bindings":[]}}' + b" " * 900  # as long as an answer to the point query


class Bare:
    """An RSGI application."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answers."""
        protocol.response_bytes(200, HEADERS, BODY)


app = Bare()
