"""A resource for search engines: schema.org in JSON-LD, as a block of data in the head of its page."""

import json
from collections.abc import Iterable

from markupsafe import Markup

from territoires.knowledge.holdings import OPEN_LICENCE

TYPES = (
    ("tdp:Country", "Country"),
    ("tdp:AdministrativeTerritory", "AdministrativeArea"),
    ("tdp:Commune", "AdministrativeArea"),
    ("tdp:Departement", "AdministrativeArea"),
    ("tdp:Region", "AdministrativeArea"),
    ("tdp:TerritorialBrand", "Brand"),
    ("tdp:Law", "Legislation"),
    ("tdp:LegalArticle", "Legislation"),
    ("tdp:LocalAuthority", "GovernmentOrganization"),
    ("tdp:StateBody", "GovernmentOrganization"),
    ("tdp:InterMunicipalBody", "GovernmentOrganization"),
    ("tdp:PublicAuthority", "GovernmentOrganization"),
    ("skos:ConceptScheme", "DefinedTermSet"),
    ("skos:Concept", "DefinedTerm"),
    ("void:Dataset", "Dataset"),
    ("dcat:Dataset", "Dataset"),
    ("qb:DataSet", "Dataset"),
)
"""Class -> type in schema.org, where it says more than the kind of the page; the first that holds."""
OF_KIND = {
    "territory": "Place",
    "organisation": "Organization",
    "cluster": "Organization",
    "person": "Person",
    "source": "CreativeWork",
    "passage": "CreativeWork",
}


def schema_type(kind: str, classes: Iterable[str]) -> str:
    """The schema.org type of a resource of that kind and those classes."""
    held = set(classes)
    return next((name for cls, name in TYPES if cls in held), OF_KIND.get(kind, "Thing"))


def statement(
    resource: str, kind: str, name: str, description: str, url: str, language: str, alternates: Iterable[str], same: Iterable[str]
) -> dict[str, object]:
    """The page and what it is about, as JSON."""
    thing: dict[str, object] = {"@type": kind, "@id": resource, "name": name}
    if description:
        thing["description"] = description
    if names := sorted(set(alternates)):
        thing["alternateName"] = names
    if links := sorted(set(same)):
        thing["sameAs"] = links
    page = {
        "@type": "WebPage",
        "@id": url,
        "url": url,
        "name": name,
        "inLanguage": language,
        "license": OPEN_LICENCE,
        "isAccessibleForFree": True,
    }
    return {"@context": "https://schema.org", **page, "mainEntity": thing}


def block(said: dict[str, object]) -> Markup:
    """The JSON for a `<script type="application/ld+json">`: nothing in it can end the element or open a comment."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
