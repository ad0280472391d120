"""Candidates at a SPARQL endpoint somewhere else, by their labels: proposals only, since what is there isn't known here."""

from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from pyoxigraph import Literal
from rapidfuzz import fuzz
from SPARQLWrapper import JSON, POST, SPARQLWrapper
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from territoires import __version__
from territoires.errors import InvalidSetting, StoreUnavailable
from territoires.knowledge import toponyms
from territoires.knowledge.decisions import Proposal
from territoires.knowledge.linking import Propose
from territoires.knowledge.queries import QueryLibrary
from territoires.results import Term
from territoires.vocabulary import CANONICAL_BASE

_SECONDS = 20
_LANGUAGES = ("fr", "en")
_BEST = 90.0  # no proposal has a higher score: nothing is accepted by itself
_LEAST = 60.0


def by_endpoint(address: str, views: QueryLibrary) -> Propose:
    """Proposals of an endpoint. Raises InvalidSetting for what is no address; what it returns raises StoreUnavailable."""
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise InvalidSetting(f"{address!r} is no address of a SPARQL endpoint: it must begin with http:// or https://.")

    def propose(value: str, within: Mapping[str, str]) -> tuple[list[Proposal], bool]:
        found = asked(address, views, "lookup-label", label=spellings(value))
        found = found or asked(address, views, "lookup-words", words=[Literal(value.casefold())])
        proposals: dict[str, Proposal] = {}
        for iri, label, told in found:
            if (score := likeness(value, label)) >= _LEAST and (iri not in proposals or proposals[iri].score < score):
                reason = f"{address} : « {label} »"
                proposals[iri] = Proposal(iri, label, "", score, told, (reason,))
        return sorted(proposals.values(), key=lambda each: (-each.score, each.iri)), False

    return propose


def spellings(value: str) -> list[Term]:
    """The literals that a label may be: as written and with capitals as in names, without a language and in each."""
    forms = dict.fromkeys((value, value.title() if value.isupper() or value.islower() else value))
    return [term for form in forms for term in (Literal(form), *(Literal(form, language=language) for language in _LANGUAGES))]


def likeness(value: str, label: str) -> float:
    """How near a label is to a value, up to what is never taken without asking."""
    return round(min(_BEST, fuzz.ratio(toponyms.keys(value).bare, toponyms.keys(label).bare)), 1)


def asked(address: str, views: QueryLibrary, name: str, **parameters: list[Term]) -> list[tuple[str, str, str]]:
    """IRI, label and class of what a query finds at an endpoint. Raises StoreUnavailable."""
    wrapper = SPARQLWrapper(address, returnFormat=JSON, agent=f"territoires/{__version__}")
    wrapper.setMethod(POST)
    wrapper.setTimeout(_SECONDS)
    wrapper.setQuery(views.text(name, CANONICAL_BASE, **parameters))
    try:
        answer: Any = wrapper.queryAndConvert()
        rows = answer["results"]["bindings"]
        found = [(row["thing"], row["label"]["value"], row.get("class", {}).get("value", "")) for row in rows]
    except (SPARQLWrapperException, URLError, OSError, ValueError, KeyError, TypeError) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise StoreUnavailable(f"The endpoint {address} gave no answer that can be used: {told}") from error
    return [(thing["value"], label, told) for thing, label, told in found if thing.get("type") == "uri"]
