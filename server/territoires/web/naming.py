"""Shows terms: a resource by its name in the reader's language, linked on this host; a literal in the reader's form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from territoires.knowledge.description import labels
from territoires.results import BlankNode, Literal, NamedNode, Term
from territoires.vocabulary import iri, shorten
from territoires.web.addresses import address
from territoires.web.language import best_literal, current_language, show_literal
from territoires.web.service import service

NAMING = tuple(iri(name) for name in ("skos:prefLabel", "rdfs:label", "foaf:name", "dct:title"))


@dataclass(frozen=True)
class Value:
    """What is shown of a term: text with its language, and a link where it is a resource."""

    text: str
    language: str = ""
    href: str = ""
    iri: str = ""


@dataclass(frozen=True)
class Namer:
    """Shows terms for one reader: names of resources, base of the own IRIs, language, prefix of this host's addresses."""

    names: Mapping[str, list[Literal]]
    base: str
    language: str
    root: str

    def value(self, term: Term) -> Value:
        """A term as it is shown; a blank node has no name of its own."""
        if isinstance(term, Literal):
            return Value(show_literal(term), term.language or "")
        return self.named(term.value) if isinstance(term, NamedNode) else Value("" if isinstance(term, BlankNode) else str(term))

    def named(self, resource: str) -> Value:
        """A resource by its name, else by what the interface calls it, else by its prefixed name."""
        href = address(resource, self.base, self.root)
        label = best_literal(self.names.get(resource, ()), self.language)
        if label is not None:
            return Value(label.value, label.language or "", href, resource)
        short = shorten(resource, self.base)
        called = gettext(short)
        return Value(called, self.language if called != short else "", href, resource)

    def values(self, terms: Iterable[Term]) -> tuple[Value, ...]:
        """Several terms, sorted by what is shown; of texts that differ by language only those in the best one."""
        terms = list(terms)
        best = best_literal([t for t in terms if isinstance(t, Literal) and t.language], self.language)
        kept = [t for t in terms if not (isinstance(t, Literal) and t.language and best and t.language != best.language)]
        return tuple(sorted((self.value(t) for t in kept), key=lambda value: value.text.casefold()))


def namer(iris: Iterable[str]) -> Namer:
    """A namer for this request that knows the names of `iris`."""
    store = service().store
    return Namer(labels(store, service().views, iris), store.base, current_language(), request.root_path)
