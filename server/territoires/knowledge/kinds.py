"""The types that a table can ask for: kinds of the gazetteer, and narrower classes within some of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from territoires.knowledge.folding import words
from territoires.knowledge.gazetteer import Record
from territoires.vocabulary import PREFIXES, iri


@dataclass(frozen=True)
class Type:
    """A type: its identifier (the local name of its class), the class, the kind that holds it, its names.

    `classes` are those whose members it has, where these are but a part of the kind. `with_kind` counts as of its kind too. `broader` is
    another type's identifier.
    """

    name: str
    cls: str
    kind: str
    titles: Mapping[str, str]
    classes: tuple[str, ...] = ()
    broader: str = ""
    also: str = ""
    with_kind: str = ""

    def title(self, language: str) -> str:
        """Its name for a reader."""
        return self.titles.get(language) or self.titles["fr"]


def _type(cls: str, kind: str, fr: str, en: str, classes: str = "", broader: str = "", also: str = "", with_kind: str = "") -> Type:
    return Type(cls.partition(":")[2], cls, kind, {"fr": fr, "en": en}, tuple(map(iri, classes.split())), broader, also, with_kind)


TYPES: Mapping[str, Type] = {
    each.name: each
    for each in (
        _type("tdp:Commune", "commune", "Commune", "Municipality (commune)"),
        _type("tdp:InterMunicipality", "intercommunalite", "Intercommunalité (EPCI)", "Inter-municipality (EPCI)", also="epci cc"),
        _type("tdp:Departement", "departement", "Département", "Département"),
        _type("tdp:Region", "region", "Région", "Région"),
        _type(
            "tdp:ProjectTerritory",
            "territoire",
            "Territoire de projet (Pays)",
            "Project territory (Pays)",
            "tdp:ProjectTerritory tdp:Pays",
            "Territory",
            "pays petr",
        ),
        _type("tdp:Territory", "territoire", "Autre territoire", "Other territory"),
        _type("tdp:Cluster", "cluster", "Cluster", "Cluster"),
        _type(
            "tdp:CarrierOrganisation",
            "organisation",
            "Organisme porteur (PETR, syndicat, association)",
            "Carrier (PETR, joint authority, association)",
            "tdp:CarrierOrganisation tdp:PETR",
            "Organization",
            "structure-porteuse",
            "collectivite",
        ),
        _type("org:Organization", "organisation", "Organisation", "Organisation", with_kind="collectivite"),
        _type("tdp:PublicAuthority", "collectivite", "Collectivité", "Local authority", broader="Organization"),
        _type("tdp:LabelScheme", "dispositif", "Label", "Label", "tdp:LabelScheme", "Instrument"),
        _type(
            "tdp:FundingProgramme",
            "dispositif",
            "Programme",
            "Programme",
            "tdp:FundingProgramme tdp:LocalProgramme tdp:ProgrammeGeneration",
            "Instrument",
        ),
        _type("tdp:Instrument", "dispositif", "Dispositif (programme, fonds, appel, label)", "Instrument (programme, fund, call, label)"),
        _type("skos:Concept", "notion", "Notion", "Notion"),
        _type("tdp:FormerCommune", "ancienne-commune", "Ancienne commune", "Former municipality"),
        _type("tdp:DelegatedCommune", "commune-deleguee", "Commune déléguée", "Delegated commune"),
        _type("tdp:AssociatedCommune", "commune-associee", "Commune associée", "Associated commune"),
        _type("tdp:MunicipalArrondissement", "arrondissement-municipal", "Arrondissement municipal", "Municipal arrondissement"),
        _type("tdp:Arrondissement", "arrondissement", "Arrondissement", "Arrondissement"),
    )
}
"""Identifier -> type, the likeliest ones first."""
DEFAULT = ("Commune", "InterMunicipality", "Departement", "Region", "ProjectTerritory", "CarrierOrganisation", "Cluster", "Organization")
"""What a client is offered without asking."""


def find_type(asked: str) -> Type | None:
    """The type of that identifier, prefixed name, class (IRI), kind, or name in either language ("commune", "EPCI")."""
    if asked in TYPES:
        return TYPES[asked]
    local = asked.rpartition("#")[2].rpartition(":")[2]
    if local in TYPES:
        return TYPES[local]
    folded = "".join(words(asked))
    for each in TYPES.values():
        if folded and folded in {"".join(words(text)) for text in (each.name, each.kind, *each.titles.values(), *each.also.split())}:
            return each
    return None


def suits(record: Record, wanted: Type) -> bool:
    """Whether a record is of that type."""
    of_kind = record.kind in (wanted.kind, wanted.with_kind)
    return of_kind and (not wanted.classes or not {*wanted.classes}.isdisjoint(canonical(record)))


def types_of(record: Record) -> tuple[Type, ...]:
    """The type of a record, the narrowest one that suits: a client that guesses the type of a column counts each that it is told."""
    fitting = [each for each in TYPES.values() if suits(record, each)]
    return tuple(sorted(fitting, key=lambda each: (not each.classes, each.kind != record.kind))[:1])


def canonical(record: Record) -> frozenset[str]:
    """The classes of a record as the canonical base has them."""
    return frozenset(PREFIXES["tdp"] + cls.rpartition("/def#")[2] if "/def#" in cls else cls for cls in record.classes)
