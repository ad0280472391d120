"""Links to what others say of the same thing: INSEE, the register of enterprises, Wikidata, EuroVoc…"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from flask_babel import lazy_gettext

from territoires.knowledge.gathering import Said
from territoires.knowledge.linksets import Evidence, read_evidence
from territoires.results import Literal, NamedNode, Term
from territoires.web.language import current_language
from territoires.web.memory import remembered
from territoires.web.naming import Value
from territoires.web.service import service

SAME = ("owl:sameAs", "skos:exactMatch")
MEANINGS: Mapping[str, object] = {
    "owl:sameAs": lazy_gettext("the same thing"),
    "skos:exactMatch": lazy_gettext("the same thing"),
    "skos:closeMatch": lazy_gettext("nearly the same thing"),
    "skos:broadMatch": lazy_gettext("something wider"),
    "skos:narrowMatch": lazy_gettext("something narrower"),
    "skos:relatedMatch": lazy_gettext("something related"),
    "foaf:page": lazy_gettext("a page on it"),
    "foaf:homepage": lazy_gettext("a page on it"),
}
"""Property that leads to others -> what its values are."""
LINKING = tuple(MEANINGS)
IDENTIFYING = "dct:identifier"
"""What bears an identifier of others that is no address."""
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
SPACE = chr(0xA0)


@dataclass(frozen=True)
class Link(Value):
    """A link out: what stands at its end, whether that is the very thing, and, where our own tables tell, how sure that is, by which
    source and why not more."""

    meaning: str = ""
    same: bool = False
    confidence: float | None = None
    source: str = ""
    remark: str = ""


def evidence_on(resource: str) -> Mapping[tuple[str, str], Evidence]:
    """What our tables tell of the links of a resource: prefixed name of the property and value -> row."""
    if not resource:
        return {}
    home, base = service().settings.home, service().store.base
    return remembered(lambda: read_evidence(home, base), "outward", "evidence").get(resource, {})


def identified(resource: str) -> set[str]:
    """The properties of a resource that are told as links though their values are texts."""
    return {name for name, _ in evidence_on(resource) if name == IDENTIFYING}


def links(said: Said, named: Callable[[str], Value], resource: str = "") -> tuple[Link, ...]:
    """The links out, each with the name of the service; a link that is no web address stays a text."""
    evidence, language = evidence_on(resource), current_language() if resource else ""
    found = {link.href: link for link in codes(said)}
    for name, term in stated(said, evidence):
        shown = named(term.value) if isinstance(term, NamedNode) else address(term.value)
        if not shown.text:
            continue
        told = evidence.get((name, term.value))
        found.setdefault(
            shown.href or shown.text,
            Link(
                f"{told.title(language)}{SPACE}: {told.short}" if told else called(shown),
                "",
                shown.href,
                shown.iri if isinstance(term, NamedNode) else "",
                str(MEANINGS.get(name, "")),
                name in SAME,
                told.confidence if told else None,
                told.source if told else "",
                told.remark if told else "",
            ),
        )
    return tuple(sorted(found.values(), key=lambda link: link.text.casefold()))


def stated(said: Said, evidence: Mapping[tuple[str, str], Evidence]) -> Iterator[tuple[str, NamedNode | Literal]]:
    """What leads to others, by property; an identifier only where our tables tell whose it is."""

    def usable(name: str, term: Term) -> bool:
        return isinstance(term, NamedNode | Literal) and (name != IDENTIFYING or (name, term.value) in evidence)

    for name in (*LINKING, IDENTIFYING):
        yield from ((name, term) for term in said.get(name, ()) if usable(name, term))  # type: ignore[misc]


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
    return f"{service}{SPACE}: {last}" if last and service != host else f"{host}{parts.path.rstrip('/')}"


def codes(said: Said) -> Sequence[Link]:
    """Links made from codes: the INSEE code of a place, the SIREN number of a body."""
    kinds = [t.value.rpartition("#")[2].lower() for t in said.get("rdf:type", ()) if isinstance(t, NamedNode)]
    level = next((LEVELS[kind] for kind in kinds if kind in LEVELS), "")
    insee = [t.value for t in said.get("igeo:codeINSEE", ()) if isinstance(t, Literal)]
    siren = [t.value for t in said.get("tdp:siren", ()) if isinstance(t, Literal)]
    page = str(MEANINGS["foaf:page"]) if level or siren else ""
    made = [
        Link(f"INSEE{SPACE}: {code}", "", f"https://www.insee.fr/fr/statistiques/2011101?geo={level}-{quote(code)}", "", page)
        for code in insee
        if level
    ]
    return [
        *made,
        *(
            Link(f"SIREN{SPACE}: {code}", "", f"https://annuaire-entreprises.data.gouv.fr/entreprise/{quote(code)}", "", page)
            for code in siren
        ),
    ]
