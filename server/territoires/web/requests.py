"""What views read from a request: the format that it asks for."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import request

from territoires.formats import Format, by_name
from territoires.web.errors import NotAcceptable
from territoires.web.negotiation import choose_format


def asked_format(offered: Sequence[Format]) -> Format | None:
    """The format by ?format=, else Accept; None when none of the offered suits."""
    asked = request.args.get("format")
    return by_name(asked, tuple(offered)) if asked is not None else choose_format(request.headers.get("Accept"), offered)


def wanted_format(offered: Sequence[Format], addresses: Mapping[str, str], suffix: Format | None = None) -> Format:
    """The format by suffix, else ?format=, else Accept. Raises NotAcceptable with `addresses` (media type -> URL)."""
    if suffix is not None:
        return suffix
    form = asked_format(offered)
    if form is None:
        raise NotAcceptable(addresses)
    return form


def by_parameter(offered: Sequence[Format]) -> dict[str, str]:
    """Media type -> this same address with ?format=, where no suffix names the format."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "format"]
    return {form.media_type: f"{request.base_url}?{urlencode([*arguments, ('format', form.name)])}" for form in offered}
