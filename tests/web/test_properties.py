"""Laws of negotiation and of the endpoint's parameters, tried on what nobody would think of (hypothesis)."""

import string
from collections.abc import Sequence
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from territoires.formats import DOCUMENT, GRAPH, HTML, SOLUTIONS, Format
from territoires.web.negotiation import CODINGS, LANGUAGES, choose_coding, choose_format, choose_language, read_accept
from territoires.web.sparql import DIRECT, FORM

OFFERS: tuple[tuple[Format, ...], ...] = (DOCUMENT, GRAPH, SOLUTIONS, (*SOLUTIONS, HTML), (HTML,))
few = settings(max_examples=150, derandomize=True, database=None, deadline=None)
requests = settings(few, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])

SIGNS = '*/;,=. "\\q01+-xé\t'
"""What headers are made of, and what they aren't."""
kinds = st.sampled_from([kind for form in (*GRAPH, *SOLUTIONS, HTML) for kind in (form.media_type, *form.aliases)])
ranges = st.one_of(kinds, st.sampled_from(["*/*", "text/*", "application/*", "image/png", "nonsense"]))
qualities = st.integers(0, 1000).map(lambda thousandths: f"{thousandths / 1000:g}")
weighted = st.builds("{};q={}".format, ranges, qualities)
headers = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.text(alphabet=SIGNS + string.ascii_letters, max_size=60),
    st.lists(st.one_of(ranges, weighted, st.text(alphabet=SIGNS, max_size=8)), max_size=6).map(",".join),
)


@few
@given(headers, st.sampled_from(OFFERS))
def test_any_accept(accept: str | None, offered: Sequence[Format]) -> None:
    """Whatever Accept says, one of the offered formats comes out; none only where something was asked for."""
    chosen = choose_format(accept, offered)
    assert chosen in offered or (chosen is None and read_accept(accept))


@few
@given(headers)
def test_any_language_and_coding(header: str | None) -> None:
    """Whatever the other headers say, a language of ours and a coding of ours, or none, come out."""
    assert choose_language(header, header) in LANGUAGES
    assert choose_coding(header) in (*CODINGS, None)


def weights(offered: Sequence[Format]) -> st.SearchStrategy[dict[str, int]]:
    """Different weights, in thousandths, for some of the offered media types, in some order."""
    names = st.lists(st.sampled_from([form.media_type for form in offered]), min_size=1, unique=True)
    return names.flatmap(
        lambda chosen: st.lists(st.integers(1, 1000), min_size=len(chosen), max_size=len(chosen), unique=True).map(
            lambda found: dict(zip(chosen, found, strict=True))
        )
    )


def accept_of(asked: dict[str, int]) -> str:
    """The header that says these weights."""
    return ", ".join(f"{kind};q={weight / 1000:.3f}" for kind, weight in asked.items())


@few
@given(st.data(), st.sampled_from(OFFERS))
def test_the_heaviest_wins(data: st.DataObject, offered: Sequence[Format]) -> None:
    """Among media types by name the highest quality wins, in whatever order and letters they stand (RFC 9110 §12.5.1)."""
    asked = data.draw(weights(offered))
    best = max(asked, key=lambda kind: asked[kind])
    shuffled = dict(data.draw(st.permutations(list(asked.items()))))
    for header in (accept_of(asked), accept_of(shuffled), accept_of(asked).upper(), accept_of(asked) + ", image/png"):
        chosen = choose_format(header, offered)
        assert chosen is not None and chosen.media_type == best


@few
@given(st.data(), st.sampled_from([offered for offered in OFFERS if len(offered) > 1]))
def test_zero_excludes(data: st.DataObject, offered: Sequence[Format]) -> None:
    """A media type of quality 0 is never given, though everything else is welcome; where all are, there is nothing."""
    refused = data.draw(st.lists(st.sampled_from(offered), min_size=1, unique=True))
    header = ", ".join([*(f"{form.media_type};q=0" for form in refused), *data.draw(st.sampled_from([["*/*"], ["*/*;q=0.1"]]))])
    left = [form for form in offered if form not in refused]
    chosen = choose_format(header, offered)
    assert chosen is None or chosen.media_type not in {form.media_type for form in refused}
    assert chosen in left if left else True


@few
@given(st.data(), st.sampled_from(OFFERS), st.sampled_from(["*/*", "text/*", "application/*"]))
def test_a_name_stands_above_a_range(data: st.DataObject, offered: Sequence[Format], wide: str) -> None:
    """At equal quality a media type by name stands above a range that matches others too."""
    form = data.draw(st.sampled_from(offered))
    for header in (f"{form.media_type}, {wide}", f"{wide}, {form.media_type}"):
        assert choose_format(header, offered) is form


# The endpoint


NAMES = ("query", "default-graph-uri", "named-graph-uri", "timeout", "format", "lang", "update", "using-graph-uri", "explain", "x")
VALUES = ("ASK {}", "SELECT * { ?s ?p ?o } LIMIT 1", "ASK {", "http://example.org/", "1", "-1", "nan", "1e400", "json", "html", "fr", "")
values = st.one_of(st.sampled_from(VALUES), st.text(max_size=20), st.integers().map(str), st.floats().map(str))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), values), max_size=5)
encoded = pairs.map(lambda found: "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in found).encode())
raw = st.one_of(encoded, st.binary(max_size=60), st.binary(max_size=20).map(lambda found: b"query=" + found))
media_types = st.one_of(st.none(), st.sampled_from([FORM, DIRECT, f"{FORM}; charset=latin-1", f"{DIRECT};q=", "text/plain", ";", "é"]))
KNOWN = {200, 400, 406, 414, 415, 504}


@requests
@given(query_string=raw, accept=headers)
def test_any_query_string(client: FlaskClient, query_string: bytes, accept: str | None) -> None:
    """Whatever bytes stand in the query string, the answer is one that is documented: never 500."""
    environment = {"QUERY_STRING": query_string.decode("latin-1"), **spoken(accept)}
    assert client.get("/sparql", environ_overrides=environment).status_code in KNOWN


@requests
@given(query_string=raw, body=raw, media_type=media_types, accept=headers)
def test_any_body(client: FlaskClient, query_string: bytes, body: bytes, media_type: str | None, accept: str | None) -> None:
    """Whatever is posted, of whatever type."""
    environment = {"QUERY_STRING": query_string.decode("latin-1"), **spoken(accept)}
    if media_type is not None:
        environment["CONTENT_TYPE"] = media_type
    assert client.post("/sparql", data=body, environ_overrides=environment).status_code in KNOWN


def spoken(accept: str | None) -> dict[str, str]:
    """The header as a server hands it on: bytes as Latin-1 (PEP 3333), no line breaks."""
    if accept is None:
        return {}
    return {"HTTP_ACCEPT": accept.encode("utf-8", "replace").decode("latin-1").translate(dict.fromkeys(map(ord, "\r\n\0")))}


@pytest.mark.parametrize("form", [*SOLUTIONS, HTML], ids=lambda form: form.name)
def test_every_format_by_any_of_its_names(form: Format) -> None:
    """Each media type and alias asks for its own format, where nothing else is asked for."""
    for kind in (form.media_type, *form.aliases):
        assert choose_format(kind, (*SOLUTIONS, HTML)) is form
