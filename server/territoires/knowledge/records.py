"""What can be named: things with their names in every form, their codes and where they lie."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

from territoires.errors import InvalidParameter
from territoires.vocabulary import iri as expand

KINDS: Mapping[str, tuple[str, ...]] = {
    "commune": ("tdp:Commune",),
    "commune-deleguee": ("tdp:DelegatedCommune",),
    "commune-associee": ("tdp:AssociatedCommune",),
    "arrondissement-municipal": ("tdp:MunicipalArrondissement",),
    "ancienne-commune": ("tdp:FormerCommune",),
    "intercommunalite": ("tdp:InterMunicipality",),
    "departement": ("tdp:Departement",),
    "region": ("tdp:Region",),
    "arrondissement": ("tdp:Arrondissement",),
    "territoire": ("tdp:Territory",),
    "cluster": ("tdp:Cluster",),
    "collectivite": ("tdp:InterMunicipalBody", "tdp:LocalAuthority"),
    "organisation": ("org:Organization",),
    "dispositif": ("tdp:Instrument", "tdp:LabelScheme"),
    "notion": ("skos:Concept",),
}
"""Kind -> the classes whose members it holds; the first that suits counts. A kind is also known by its class (prefixed name or IRI)."""
PARTS = ("commune-deleguee", "commune-associee", "arrondissement-municipal", "ancienne-commune")
"""Kinds of what was, or is, a part of a commune: a commune that is looked for by their names is the one they belong to now."""

NameSort = OneOf["preferred", "variant", "hidden", "acronym", "former"]
"""skos:prefLabel and the like; skos:altLabel and expansions; skos:hiddenLabel; a name in capitals; a name borne in the past."""


_BEHIND = re.compile(r"^(.*\S)\s*\(([^()]{2,})\)$")
IN_ADDRESS = re.compile(r"^https?://\S*?([^/#?\s]+)/?$")
"""An address, and its last part."""


@dataclass(frozen=True)
class Name:
    """A name as it is written, what sort of name it is, its language ('' for none), the year in which it was given up (0: not known)."""

    text: str
    sort: NameSort = "preferred"
    language: str = "fr"
    until: int = 0


@dataclass(frozen=True)
class Code:
    """A code and its scheme: insee, siren, nuts, iso, wikidata, postal (many communes share one), or iri for the IRI that others give."""

    scheme: str
    value: str


@dataclass(frozen=True)
class Record:
    """One thing: its IRI, kind (of KINDS), names (the preferred one first), classes (IRIs), codes, context.

    `departements` and `regions` are INSEE codes. `successors` are the IRIs of what replaced it or what it is now a part of (a delegated
    commune: its commune). `population` orders homonyms and never chooses one.
    """

    iri: str
    kind: str
    names: tuple[Name, ...]
    classes: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()
    departements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    population: int = 0

    @property
    def name(self) -> str:
        """The preferred name."""
        return self.names[0].text

    def code(self, scheme: str) -> str:
        """Its code in a scheme, or ''."""
        return next((code.value for code in self.codes if code.scheme == scheme), "")


def parted(name: str) -> list[Name]:
    """The name without the acronym, or the name in full, in parentheses behind it; and that one: "CC du Kreiz-Breizh (CCKB)"."""
    found = _BEHIND.match(name)
    if not found:
        return []
    acronym = found[2].isupper() and " " not in found[2]
    return [Name(found[1], "variant"), Name(found[2], "acronym" if acronym else "variant")]


def written(code: str) -> str:
    """A code as codes are compared: in upper case, without blanks and full stops."""
    return re.sub(r"[\s.\u00a0\u202f]+", "", code).upper()


def kind_of(asked: str | None) -> str | None:
    """The kind that a word of KINDS, a prefixed class ("tdp:Commune") or its IRI names; None for none. Raises InvalidParameter."""
    if not asked or asked in KINDS:
        return asked or None
    for kind, classes in KINDS.items():
        if any(asked in (name, expand(name)) or asked.endswith("/def#" + name.removeprefix("tdp:")) for name in classes):
            return kind
    raise InvalidParameter("There is no kind %(kind)s: known are %(known)s.", kind=asked, known=", ".join(KINDS))
