"""Links to what others say of the same thing: INSEE, the register of enterprises, Wikidata, EuroVoc…"""

from collections.abc import Callable, Sequence
from urllib.parse import quote, urlsplit

from territoires.knowledge.gathering import Said
from territoires.results import Literal, NamedNode
from territoires.web.naming import Value

SAME = ("owl:sameAs", "skos:exactMatch")
LINKING = (
    *SAME,
    "skos:closeMatch",
    "skos:broadMatch",
    "skos:narrowMatch",
    "skos:relatedMatch",
    "foaf:page",
    "foaf:homepage",
    "rdfs:seeAlso",
)
LEVELS = {"commune": "COM", "departement": "DEP", "region": "REG"}
HOSTS = {
    "wikidata.org": "Wikidata",
    "eurovoc.europa.eu": "EuroVoc",
    "data.europa.eu": "data.europa.eu",
    "publications.europa.eu": "EU Vocabularies",
    "insee.fr": "INSEE",
    "legifrance.gouv.fr": "Légifrance",
    "nuts.geovocab.org": "NUTS",
}
"""Host -> what its service is called."""


def links(said: Said, named: Callable[[str], Value]) -> tuple[Value, ...]:
    """The links out, each with the name of the service; a link that is no web address stays a text."""
    found: dict[str, Value] = {}
    for value in codes(said):
        found[value.href] = value
    for name in LINKING:
        for term in said.get(name, ()):
            shown = named(term.value) if isinstance(term, NamedNode) else address(term.value) if isinstance(term, Literal) else Value("")
            if shown.text:
                found.setdefault(shown.href or shown.text, Value(called(shown), "", shown.href, shown.iri))
    return tuple(sorted(found.values(), key=lambda value: value.text.casefold()))


def address(text: str) -> Value:
    """A literal that may be a web address."""
    return Value(text, "", text if text.startswith(("http://", "https://")) else "", text)


def called(value: Value) -> str:
    """The name of an external link: the service and the last part of the address; an own resource by its name."""
    if not value.href.startswith(("http://", "https://")):
        return value.text
    parts = urlsplit(value.href)
    host = parts.netloc.removeprefix("www.")
    service = next((name for end, name in HOSTS.items() if host == end or host.endswith(f".{end}")), host)
    last = parts.path.rstrip("/").rpartition("/")[2]
    return f"{service}{chr(0xA0)}: {last}" if last and service != host else f"{host}{parts.path.rstrip('/')}"


def codes(said: Said) -> Sequence[Value]:
    """Links made from codes: the INSEE code of a place, the SIREN number of a body."""
    kinds = [t.value.rpartition("#")[2].lower() for t in said.get("rdf:type", ()) if isinstance(t, NamedNode)]
    level = next((LEVELS[kind] for kind in kinds if kind in LEVELS), "")
    insee = [t.value for t in said.get("igeo:codeINSEE", ()) if isinstance(t, Literal)]
    siren = [t.value for t in said.get("tdp:siren", ()) if isinstance(t, Literal)]
    made = [
        Value(f"INSEE{chr(0xA0)}: {code}", "", f"https://www.insee.fr/fr/statistiques/2011101?geo={level}-{quote(code)}")
        for code in insee
        if level
    ]
    return [
        *made,
        *(Value(f"SIREN{chr(0xA0)}: {code}", "", f"https://annuaire-entreprises.data.gouv.fr/entreprise/{quote(code)}") for code in siren),
    ]
