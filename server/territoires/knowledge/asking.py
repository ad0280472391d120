"""What a person writes as a triple: own IRIs without the base, prefixed names, `?` for an open end."""

import re

from pyoxigraph import Literal, NamedNode

from territoires.errors import InvalidSetting
from territoires.knowledge.provenance import node
from territoires.knowledge.rules import Asked
from territoires.vocabulary import prefixes_at, rebase

_TOKEN = re.compile(r'<[^<>\s]*>|"(?:[^"\\]|\\.)*"(?:@[A-Za-z-]+|\^\^\S+)?|\S+')
_LITERAL = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"(?:@(?P<language>[A-Za-z]+(?:-[A-Za-z0-9]+)*)|\^\^(?P<datatype>\S+))?')
_OWN = re.compile(r"(?:id|scheme|source|graph|def|shapes)[/#].")
_OPEN = ("?", "*")


def read_triple(text: str, base: str) -> Asked:
    """The triple that a person wrote; `?` or `*` leaves an end open. Raises InvalidSetting."""
    tokens = _TOKEN.findall(text.strip().removesuffix(" ."))
    if len(tokens) != 3:
        raise InvalidSetting(f"{text!r} is no triple: write subject, property and object, like id/cluster/sitcob tdp:holdsLabel ?")
    subject, predicate, value = (None if token in _OPEN else read_term(token, base) for token in tokens)
    if not isinstance(predicate, NamedNode):
        raise InvalidSetting(f"{text!r} leaves its property open: only subject and object can be `?`, the property is an IRI.")
    if isinstance(subject, Literal):
        raise InvalidSetting(f"{text!r} has a text for subject: only the object can be one.")
    return subject, predicate, value


def read_term(token: str, base: str) -> NamedNode | Literal:
    """A term as a person writes it. Raises InvalidSetting."""
    prefix, colon, local = token.partition(":")
    if token == "a":
        return node("rdf:type")
    if token.startswith('"'):
        return read_literal(token, base)
    if token.startswith("<"):
        written = token.strip("<>")
        return read_iri(rebase(written, base) if ":" in written else base + written)
    if colon and prefix in prefixes_at(base):
        return read_iri(prefixes_at(base)[prefix] + local)
    if _OWN.match(token):
        return read_iri(base + token)
    raise InvalidSetting(f"{token!r} is no term: write tdp:name, id/type/slug, an IRI in angle brackets, or a text in quotes.")


def read_literal(token: str, base: str) -> Literal:
    """A literal as Turtle writes it in double quotes. Raises InvalidSetting."""
    found = _LITERAL.fullmatch(token)
    if not found:
        raise InvalidSetting(f'{token!r} is no text: write "Langres", "Langres"@fr or "46462"^^xsd:integer.')
    text = re.sub(r"\\(.)", r"\1", found["text"])
    if found["datatype"]:
        datatype = read_term(found["datatype"], base)
        return Literal(text, datatype=datatype if isinstance(datatype, NamedNode) else None)
    return Literal(text, language=found["language"])


def read_iri(iri: str) -> NamedNode:
    """An IRI. Raises InvalidSetting where it is none."""
    try:
        return NamedNode(iri)
    except ValueError as error:
        raise InvalidSetting(f"{iri!r} is no IRI: {error}.") from error
