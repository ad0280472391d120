"""Settings: what the environment may say, and how a wrong value is told."""

import re
from pathlib import Path

import pytest

from territoires.errors import InvalidSetting
from territoires.settings import settings_from


def test_environment_and_options() -> None:
    """An option stands above the environment, which stands above the default."""
    found = settings_from(
        {"TERRITOIRES_PORT": "9000", "TERRITOIRES_HOST": "0.0.0.0", "TERRITOIRES_RELEASES": "/srv/r"}, port=9001, host=None
    )
    assert (found.port, found.host, found.releases, found.workers) == (9001, "0.0.0.0", Path("/srv/r"), 1)


def test_base_url_ends_in_a_slash() -> None:
    """A base without its slash gets one, so that IRIs can be joined to it."""
    assert settings_from({}, base_url="https://data.example.org/terr").base_url == "https://data.example.org/terr/"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"TERRITOIRES_PORT": "many"}, "TERRITOIRES_PORT='many'"),
        ({"TERRITOIRES_PORT": "70000"}, "between 1 and 65535"),
        ({"TERRITOIRES_WORKERS": "0"}, "TERRITOIRES_WORKERS"),
        ({"TERRITOIRES_PROXY_HOPS": "-1"}, "TERRITOIRES_PROXY_HOPS"),
        ({"TERRITOIRES_LOG": "xml"}, "TERRITOIRES_LOG='xml' must be json, text or none"),
        ({"TERRITOIRES_METRICS": "10.0.0.0/8 intranet"}, "TERRITOIRES_METRICS holds 'intranet'"),
        ({"TERRITOIRES_METRICS": "10.0.0.1/8"}, "TERRITOIRES_METRICS holds '10.0.0.1/8'"),
        ({"TERRITOIRES_STOP_SECONDS": "0"}, "TERRITOIRES_STOP_SECONDS must lie between"),
        ({"TERRITOIRES_STOP_SECONDS": "soon"}, "TERRITOIRES_STOP_SECONDS='soon' is not a number"),
        ({"TERRITOIRES_BASE_URL": "data.example.org"}, "must look like"),
        ({"TERRITOIRES_BASE_URL": "https://example.org/?a=b"}, "must look like"),
    ],
)
def test_wrong_values_are_named(environment: dict[str, str], told: str) -> None:
    """A value that can't be used is refused in a sentence that names it."""
    with pytest.raises(InvalidSetting, match=re.escape(told)):
        settings_from(environment)
