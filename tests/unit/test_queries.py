"""Stored queries: headers, parameters bound by terms, and the refusal of federation."""

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Store

from territoires.errors import InvalidParameter, QueryRefused, SourceError, UnknownQuery
from territoires.knowledge.queries import QueryLibrary, bind
from territoires.store.guard import refuse_federation

TEXT = """# title@fr: Les choses
# title@en: Things
# parameters: thing
SELECT ?label { VALUES ?thing { <urn:example> } ?thing <urn:label> ?label }
"""


@pytest.fixture
def library(tmp_path: Path) -> QueryLibrary:
    """A library of one query."""
    (tmp_path / "queries" / "views").mkdir(parents=True)
    (tmp_path / "queries" / "views" / "things.rq").write_text(TEXT, encoding="utf-8")
    return QueryLibrary(tmp_path, "views")


def test_header(library: QueryLibrary) -> None:
    """Title and parameters are read from the comments."""
    query = library.find("things")
    assert (query.title("fr"), query.title("en"), query.parameters) == ("Les choses", "Things", ("thing",))


def test_unknown_name_lists_the_known(library: QueryLibrary) -> None:
    """An unknown name is answered with the names that exist."""
    with pytest.raises(UnknownQuery, match="things"):
        library.find("nothing")


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without any query fails at once: an empty list would hide a wrong path."""
    with pytest.raises(SourceError, match=r"No \.rq file"):
        QueryLibrary(tmp_path, "views")


def test_terms_are_serialised(library: QueryLibrary) -> None:
    """A bound literal stays a literal, whatever quotes and braces it holds."""
    hostile = Literal('"} } ; DROP ALL # \\ \n é', language="fr")
    text = library.text("things", "https://w3id.org/territoires-de-projet/", thing=[NamedNode("urn:a"), hostile])
    answer = Store().query(text.replace("?thing <urn:label> ?label", "").replace("SELECT ?label", "SELECT ?thing"))
    assert [solution["thing"] for solution in answer] == [NamedNode("urn:a"), hostile]  # type: ignore[union-attr]


def test_undeclared_parameter() -> None:
    """A parameter that the query lacks is refused, not passed over."""
    with pytest.raises(InvalidParameter, match="colour"):
        bind(TEXT, {"colour": [Literal("red")]})


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "select * { service silent ?x { ?s ?p ?o } }",
        "SELECT * { { SELECT * { FILTER EXISTS { SERVICE<http://127.0.0.1/>{ ?s ?p ?o } } } } }",
        "SELECT * { \\u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
        "SELECT * { \\U00000053ERVICE ?x { ?s ?p ?o } }",
        "SELECT * { FILTER(?a<?b)SERVICE<http://127.0.0.1/>{ ?s ?p ?o } }",
        "SELECT * { ?s ?p 'it\\'s' . SERVICE ?x { ?s ?p ?o } }",
        "SELECT * # comment\nWHERE { SERVICE# comment\n?x { ?s ?p ?o } }",
    ],
)
def test_federation_is_refused(text: str) -> None:
    """SERVICE is found wherever it hides."""
    with pytest.raises(QueryRefused, match="SERVICE"):
        refuse_federation(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?service { ?service a <http://example.org/SERVICE> }",
        'SELECT * { ?s ?p \'SERVICE\' . ?s ?q """a SERVICE "quoted" """ } # SERVICE',
        "PREFIX service: <urn:x#> SELECT * { ?s service:SERVICE $SERVICE }",
    ],
)
def test_the_word_elsewhere_is_let_pass(text: str) -> None:
    """In an IRI, a string, a comment, a variable or a prefixed name it is no keyword."""
    refuse_federation(text)
