"""RDF that somebody sends: read with nothing fetched, nothing expanded, within bounds, and its blank nodes made new."""

import re
from io import BytesIO
from itertools import islice
from xml.parsers import expat

from flask import request
from flask_babel import gettext
from pyoxigraph import Quad, RdfFormat, Triple, parse, serialize
from werkzeug.exceptions import UnsupportedMediaType

from territoires.errors import InvalidParameter, QuerySyntaxError, TooMuch
from territoires.formats import GRAPH
from territoires.web.update import check_charset

TAKEN = GRAPH[:4]
"""The formats of a graph that are taken."""
MULTIPART = "multipart/form-data"
MOST = 100_000
"""Triples in one request."""
_DEEPEST = 100  # nested triple terms, on which the parser recurs, and nested elements of XML, for which it takes time by the square
_TERMS = re.compile(rb"<<|>>")


def uploaded(base: str) -> str:
    """The triples of the request's body, or of the files of a form, in N-Triples. Relative IRIs stand below `base`.

    Raises UnsupportedMediaType, InvalidParameter, TooMuch, and QuerySyntaxError with the place.
    """
    if request.mimetype == MULTIPART:
        parts = [part for _, part in request.files.items(multi=True)] if not request.form else []
        if not parts:
            raise InvalidParameter(gettext("Each part of the form must be a file with its media type."))
        return "".join(written(part.read(), part.mimetype, base) for part in parts)
    body = request.get_data()
    if not body and not request.mimetype:
        return ""
    check_charset()
    return written(body, request.mimetype, base)


def written(body: bytes, kind: str, base: str) -> str:
    """An RDF document as N-Triples."""
    form = next((each.rdf for each in TAKEN if kind == each.media_type or kind in each.aliases), None)
    if form is None or kind in ("text/plain", "application/json"):
        raise UnsupportedMediaType(gettext("Send %(kinds)s.", kinds=", ".join(each.media_type for each in TAKEN)))
    if form == RdfFormat.RDF_XML:
        check_xml(body)
    elif deepest_term(body) > _DEEPEST:
        raise InvalidParameter(gettext("Triples nest in triples more than %(most)s deep.", most=_DEEPEST))
    try:
        found = parse(body, form, base_iri=base, without_named_graphs=True, rename_blank_nodes=True)
        triples = [triple_of(each) for each in islice(found, MOST + 1)]
    except SyntaxError as error:
        if "LoadDocumentCallback" in error.msg:
            raise InvalidParameter(
                gettext("The JSON-LD names a context elsewhere, and none is fetched: write the context into it.")
            ) from error
        raise QuerySyntaxError(error.msg, error.lineno, error.offset) from error
    except ValueError as error:
        raise InvalidParameter(str(error)) from error
    if len(triples) > MOST:
        raise TooMuch(gettext("At most %(most)s triples are taken at once: send them in parts, by POST.", most=MOST))
    return (serialize(triples, format=RdfFormat.N_TRIPLES) or b"").decode()


def triple_of(quad: Quad) -> Triple:
    """A quad without its graph."""
    return Triple(quad.subject, quad.predicate, quad.object)


def deepest_term(body: bytes) -> int:
    """How deeply triple terms may nest in a document, whatever its strings hold."""
    depth = most = 0
    for sign in _TERMS.findall(body):
        depth = depth + 1 if sign == b"<<" else max(0, depth - 1)
        most = max(most, depth)
    return most


def check_xml(body: bytes) -> None:
    """Raises InvalidParameter for XML that declares a type, whose entities could grow without bound (XML 1.0 §4.4), or nests too deeply."""
    depth = 0

    def declared(*_: object) -> None:
        raise InvalidParameter(gettext("The XML has a document type declaration (<!DOCTYPE …>): take it out."))

    def begun(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise InvalidParameter(gettext("Elements of the XML nest more than %(most)s deep.", most=_DEEPEST))

    def ended(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = declared, begun, ended
    try:
        parser.ParseFile(BytesIO(body))
    except expat.ExpatError as error:
        raise QuerySyntaxError(expat.ErrorString(error.code), error.lineno, error.offset + 1) from error
