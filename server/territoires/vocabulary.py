"""The namespaces of the project and of the vocabularies that it reuses, each written once."""

from functools import lru_cache

CANONICAL_BASE = "https://w3id.org/territoires-de-projet/"
"""The base of every own IRI as the sources write it; a release may be rebased to another host."""

PREFIXES: dict[str, str] = {
    "tdp": CANONICAL_BASE + "def#",
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "eli": "http://data.europa.eu/eli/ontology#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "igeo": "http://rdf.insee.fr/def/geo#",
    "locn": "http://www.w3.org/ns/locn#",
    "m8g": "http://data.europa.eu/m8g/",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "qb": "http://purl.org/linked-data/cube#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "sdmx-dimension": "http://purl.org/linked-data/sdmx/2009/dimension#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "time": "http://www.w3.org/2006/time#",
    "vann": "http://purl.org/vocab/vann/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "void": "http://rdfs.org/ns/void#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def iri(name: str) -> str:
    """The IRI of a prefixed name, as the canonical base has it."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def prefixes_at(base: str) -> dict[str, str]:
    """Prefix -> namespace for a release whose own IRIs start with `base`."""
    return {prefix: namespace.replace(CANONICAL_BASE, base) for prefix, namespace in PREFIXES.items()}


def rebase(text: str, base: str) -> str:
    """`text` (Turtle or SPARQL) with the canonical base replaced by `base` in every own IRI."""
    return text if base == CANONICAL_BASE else text.replace(CANONICAL_BASE, base)


def at_canonical(text: str, base: str) -> str:
    """`text` with own IRIs at `base` led back to the canonical base: the inverse of `rebase`."""
    return text if base == CANONICAL_BASE else text.replace(base, CANONICAL_BASE)


@lru_cache(8192)  # a page asks for each of its classes and properties many times
def shorten(iri: str, base: str = CANONICAL_BASE) -> str:
    """`iri` as a prefixed name where a known namespace begins it, else as it is."""
    for prefix, namespace in prefixes_at(base).items():
        local = iri.removeprefix(namespace)
        if local != iri and local and "/" not in local and "#" not in local:
            return f"{prefix}:{local}"
    return iri.removeprefix(base)
