"""Which columns and facets the list of each class has. A new list is one row here.

A dimension is named as it stands in the address. Its values come from the properties that the row names, or from the
row's view (queries/views/list-….rq), whose rows are item, dimension, value and, for a figure, period and qualifier.
Some dimensions follow for every class: `nature` from the classes of the item, `territoire` from the monograph in which
it is cited, where the row says nothing else, and `region`, `type` and `departement` from its territories.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_babel import lazy_gettext

TITLES: Mapping[str, object] = {
    "nom": lazy_gettext("Name"),
    "nature": lazy_gettext("Nature"),
    "territoire": lazy_gettext("Territory"),
    "region": lazy_gettext("Région"),
    "type": lazy_gettext("Type of territory"),
    "departement": lazy_gettext("Département"),
    "habitants": lazy_gettext("Inhabitants"),
    "communes": lazy_gettext("Communes"),
    "epci": lazy_gettext("EPCI"),
    "forme": lazy_gettext("Legal form"),
    "programme": lazy_gettext("Programme"),
    "fonds": lazy_gettext("Fund"),
    "label": lazy_gettext("Label"),
    "action": lazy_gettext("Type of action"),
    "rset": lazy_gettext("RSET practice"),
    "cluster": lazy_gettext("Cluster"),
    "secteur": lazy_gettext("Sector"),
    "relation": lazy_gettext("Relation"),
    "financeur": lazy_gettext("Funder"),
    "beneficiaire": lazy_gettext("Recipient"),
    "objet": lazy_gettext("What it is about"),
    "moyen": lazy_gettext("Kind of support"),
    "montant": lazy_gettext("Amount (€)"),
    "statut": lazy_gettext("Status"),
    "theme": lazy_gettext("Theme"),
    "porteur": lazy_gettext("Carried by"),
    "public": lazy_gettext("Audience"),
    "date": lazy_gettext("Date"),
    "candidat": lazy_gettext("Applicant"),
    "appel": lazy_gettext("Call for projects"),
    "auteur": lazy_gettext("Author"),
    "titulaire": lazy_gettext("Holder"),
    "preuve": lazy_gettext("Evidence"),
    "acteur": lazy_gettext("Actor"),
    "terme": lazy_gettext("Word of the source"),
    "role": lazy_gettext("Role"),
    "fonction": lazy_gettext("Post"),
    "aupres": lazy_gettext("For"),
    "mesure": lazy_gettext("Measure"),
    "valeur": lazy_gettext("Value"),
    "precision": lazy_gettext("Precision"),
    "schema": lazy_gettext("Scheme"),
    "plus-large": lazy_gettext("Broader"),
    "partie-de": lazy_gettext("Part of"),
    "code": lazy_gettext("Code"),
    "equipement": lazy_gettext("Kind of facility"),
    "ville": lazy_gettext("Central town"),
    "mesures": lazy_gettext("Actions"),
    "conseils": lazy_gettext("Advice"),
    "obstacles": lazy_gettext("Obstacles"),
    "rubrique": lazy_gettext("Missing heading"),
}
"""What each dimension is called on the page."""

FIGURES = frozenset({"habitants", "communes", "epci", "montant", "valeur"})
"""Dimensions whose values are numbers."""

Words = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """The list of a class: its columns, its facets, and whence each dimension is read."""

    columns: Words
    facets: Words
    properties: Mapping[str, Words] = field(default_factory=dict)
    view: str = ""
    viewed: Words = ()
    """The dimensions that the view gives."""
    beyond: str = ""
    """The dimension whose values are looked up in the monographs where the item itself is in none."""


def row(columns: str, facets: str, view: str = "", viewed: str = "", beyond: str = "", **properties: str) -> Row:
    """A row of the registry, written in words that spaces part; a property is a prefixed name."""
    said = {name.replace("_", "-"): tuple(names.split()) for name, names in properties.items()}
    return Row(tuple(columns.split()), tuple(facets.split()), said, view, tuple(viewed.split()), beyond)


PLACE = "region type"
STATED = row("nature auteur theme public territoire", f"nature theme territoire {PLACE} auteur public", "", "", auteur="tdp:statedBy",
             theme="tdp:hasTheme", public="tdp:addressedTo")  # fmt: skip
ROWS: Mapping[str, Row] = {
    "tdp:ProjectTerritory": row(
        "type region departement habitants communes forme cluster",
        f"{PLACE} departement action programme label rset forme secteur",
        "list-territory", "habitants communes forme programme label action rset cluster secteur", territoire="",
    ),
    "tdp:Territory": row(
        "nature departement region habitants communes code",
        f"nature {PLACE} departement action programme label rset",
        "list-territory", "habitants communes programme label action rset", territoire="", code="igeo:codeINSEE",
    ),
    "tdp:Cluster": row(
        "territoire relation secteur financeur label forme", f"secteur territoire {PLACE} relation label forme financeur nature",
        "list-cluster", "territoire relation forme financeur", secteur="tdp:hasSector", label="tdp:holdsLabel",
    ),
    "tdp:ClusterRelation": row(
        "cluster relation territoire role date", f"relation territoire {PLACE} cluster role", territoire="tdp:relatedTerritory",
        cluster="tdp:relatedCluster", relation="tdp:relationKind", role="tdp:territoryRole", date="tdp:validDuring",
    ),
    "tdp:Action": row(
        "nature territoire statut action programme porteur date",
        f"territoire {PLACE} statut action programme rset secteur theme nature public",
        territoire="tdp:takesPlaceIn", statut="tdp:actionStatus", action="tdp:actionType", programme="tdp:underScheme", rset="tdp:rsetKind",
        secteur="tdp:hasSector", theme="tdp:hasTheme", porteur="tdp:ledBy", public="tdp:targets", date="tdp:validDuring tdp:occurredDuring",
    ),
    "tdp:FundingFlow": row(
        "territoire financeur programme fonds beneficiaire objet moyen montant statut date",
        f"territoire {PLACE} secteur financeur programme fonds moyen statut", "list-funding", "secteur montant",
        financeur="tdp:funder", programme="tdp:underProgramme", fonds="tdp:throughFund", beneficiaire="tdp:recipient",
        objet="tdp:fundedItem", beyond="objet",
        moyen="tdp:fundingKind", statut="tdp:flowStatus", date="tdp:validDuring",
    ),
    "tdp:Involvement": row(
        "acteur role objet date", "role acteur territoire", acteur="tdp:involvedParty", role="tdp:involvementKind", objet="tdp:involvedIn",
        date="tdp:validDuring",
    ),
    "tdp:Application": row(
        "candidat appel auteur label statut date", f"statut territoire {PLACE} label auteur candidat appel", "list-application",
        "label auteur",
        candidat="tdp:applicant tdp:coApplicant", appel="tdp:respondsTo", statut="tdp:outcome", date="tdp:submittedDuring",
    ),
    "tdp:CallForProjects": row(
        "auteur theme label territoire date", f"theme label auteur territoire {PLACE}", auteur="tdp:launchedBy", theme="tdp:hasTheme",
        label="tdp:offeredLabel", date="tdp:publishedDuring tdp:validDuring",
    ),
    "tdp:LabelAward": row(
        "label titulaire territoire date", f"label territoire {PLACE} titulaire", label="tdp:awardedLabel", titulaire="tdp:awardHolder",
        date="tdp:validDuring",
    ),
    "tdp:LabelScheme": row(
        "titulaire financeur plus-large", "financeur plus-large territoire", titulaire="tdp:labelHeldBy", financeur="tdp:labelFunder",
        plus_large="skos:broader",
    ),
    "tdp:FundingProgramme": row(
        "nature plus-large fonds territoire theme", f"nature plus-large fonds theme territoire {PLACE}", plus_large="tdp:subProgrammeOf",
        fonds="tdp:financedByFund", territoire="tdp:localProgrammeOf", theme="tdp:hasTheme",
    ),
    "tdp:RSETStatement": row(
        "rset territoire statut acteur preuve terme", f"rset territoire {PLACE} statut preuve acteur", territoire="tdp:aboutTerritory",
        rset="tdp:rsetKind", statut="tdp:rsetPolarity", preuve="tdp:evidenceLevel", acteur="tdp:actor", terme="tdp:termInSource",
    ),
    "tdp:AbsenceStatement": row(
        "acteur objet auteur territoire", f"objet territoire {PLACE} acteur", acteur="tdp:absenceSubject",
        objet="tdp:absentKind tdp:absentRelation tdp:absentObject", auteur="tdp:statedBy",
    ),
    "tdp:RubricSilence": row("rubrique territoire", f"rubrique territoire {PLACE}", rubrique="tdp:missingRubric"),
    "tdp:Discrepancy": row("nature theme territoire code", f"nature territoire {PLACE}", nature="tdp:discrepancyType", theme="tdp:hasTheme",
                           code="skos:notation"),
    "tdp:Statement": STATED,
    "tdp:ActionTypeAssignment": row(
        "territoire action", f"action territoire {PLACE}", territoire="tdp:assignedTerritory", action="tdp:assignedActionType",
    ),
    "tdp:Remit": row(
        "porteur role objet territoire", f"role objet porteur territoire {PLACE}", porteur="tdp:remitOf", role="tdp:remitKind",
        objet="tdp:inField",
    ),
    "tdp:Facility": row(
        "equipement porteur territoire", f"equipement territoire {PLACE} porteur", equipement="tdp:facilityKind", porteur="tdp:operatedBy",
    ),
    "tdp:LegalFormPeriod": row("titulaire forme date", "forme territoire", titulaire="tdp:formPeriodOf", forme="tdp:formDuring",
                               date="tdp:validDuring"),
    "tdp:CarrierPeriod": row("porteur territoire date", f"territoire {PLACE}", porteur="tdp:carrier", territoire="tdp:carriedTerritory",
                             date="tdp:validDuring"),
    "tdp:FactSheet": row("territoire region type", f"{PLACE}", territoire="tdp:describes"),
    "org:Organization": row(
        "nature forme territoire secteur", f"nature forme territoire {PLACE} secteur", forme="tdp:hasHadLegalForm", secteur="tdp:hasSector",
    ),
    "foaf:Person": row("fonction aupres territoire", f"fonction territoire {PLACE}", "list-person", "fonction aupres"),
    "org:Post": row("fonction titulaire aupres", f"fonction territoire {PLACE} titulaire", fonction="org:role", titulaire="org:heldBy",
                    aupres="tdp:postFor org:postIn"),
    "qb:Observation": row(
        "mesure valeur precision aupres date", f"mesure territoire {PLACE} precision date", "list-observation", "valeur",
        mesure="qb:measureType",
        precision="tdp:valueQualifier", aupres="sdmx-dimension:refArea tdp:refEntity", date="sdmx-dimension:refPeriod",
    ),
    "skos:Concept": row("schema plus-large code", "schema nature", schema="skos:inScheme", plus_large="skos:broader", code="skos:notation"),
    "tdp:Passage": row("partie-de code", "partie-de territoire", partie_de="dct:isPartOf", code="skos:notation"),
    "tdp:SourceSection": row("nature partie-de territoire", "nature territoire", partie_de="dct:isPartOf"),
}  # fmt: skip
"""The lists by class, the narrower class before the wider one: the first row whose class is that of the list, or wider, counts."""

USUAL = row("nature theme territoire", f"nature theme territoire {PLACE}", theme="tdp:hasTheme")
"""The list of any other class."""
