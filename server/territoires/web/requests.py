"""What views read from a request: its parameters, the format that it asks for."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

from territoires.formats import Format, by_name
from territoires.web.errors import NotAcceptable
from territoires.web.negotiation import choose_format


class TolerantRequest(Request):
    """A request whose query string may hold any bytes: what is not UTF-8 is replaced, where Werkzeug would raise."""

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The parameters of the address."""
        return ImmutableMultiDict(
            parse_qsl(self.query_string.decode("utf-8", "replace"), keep_blank_values=True, errors="werkzeug.url_quote")
        )


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
