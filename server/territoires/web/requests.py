"""What views read from a request: the format that it asks for."""

from collections.abc import Mapping, Sequence

from flask import request

from territoires.formats import Format, by_name
from territoires.web.errors import NotAcceptable
from territoires.web.negotiation import choose_format


def wanted_format(offered: Sequence[Format], addresses: Mapping[str, str], suffix: Format | None = None) -> Format:
    """The format by suffix, else ?format=, else Accept. Raises NotAcceptable with `addresses` (media type -> URL)."""
    if suffix is not None:
        return suffix
    asked = request.args.get("format")
    form = by_name(asked, tuple(offered)) if asked is not None else choose_format(request.headers.get("Accept"), offered)
    if form is None:
        raise NotAcceptable(addresses)
    return form
