"""The kinds of things that have a page of their own making.

All is literal: another kind is one row here. Classes and properties are prefixed names; `tdp:x` is the
project's own ontology. Headings and phrases are interface texts.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from territoires.web.matters import MATTERS, Matter, terms


@dataclass(frozen=True)
class Clause:
    """A part of a summary: the phrase, with %(value)s for the values of a property (`<` before it: who points here by it)."""

    property: str
    phrase: object
    most: int = 3
    """With more values than that, the clause says nothing."""


@dataclass(frozen=True)
class Kind:
    """A kind of page: the classes that it is for, its matters in order (the others follow), how its summary is worded."""

    name: str
    classes: tuple[str, ...]
    matters: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    cards: bool = True
    """Whether nodes about it are shown whole; else they are listed by the property that leads here."""
    figures: tuple[str, ...] = ()
    """The measures that are shown first."""


KINDS = (
    Kind(
        "cluster",
        terms("tdp:Cluster tdp:CompetitivenessCluster tdp:PTCE tdp:BusinessClusterGrappe tdp:BusinessNetwork"),
        ("clusters", "figures", "labels", "carrier", "actions", "funding", "place"),
        (
            Clause("tdp:hasSector", _("in the field of %(value)s")),
            Clause("tdp:locatedIn", _("located in %(value)s")),
            Clause("tdp:managedBy", _("managed by %(value)s")),
            Clause("tdp:holdsLabel", _("which holds the label %(value)s")),
        ),
        figures=terms("tdp:firmCount tdp:memberCount tdp:jobCount tdp:personCount tdp:worldRank"),
    ),
    Kind(
        "territory",
        terms(
            """
            tdp:Pays tdp:TerritorialPole tdp:ProjectTerritory tdp:Commune tdp:Departement tdp:Region tdp:FormerRegion tdp:Country
            tdp:InterMunicipality tdp:FormerCommune tdp:DelegatedCommune tdp:AssociatedCommune tdp:MunicipalArrondissement
            tdp:Arrondissement
            tdp:AdministrativeTerritory tdp:BusinessZone tdp:EmploymentArea tdp:LivingArea tdp:NaturalArea tdp:NaturalParkTerritory
            tdp:SubArea tdp:TouristDestination tdp:TerritoryWithRSETPractice tdp:Territory
            """
        ),
        ("place", "carrier", "clusters", "labels", "funding", "actions", "rset"),
        (
            Clause("tdp:inDepartement", _("département %(value)s")),
            Clause("tdp:inRegion", _("région %(value)s")),
            Clause("tdp:departementOfRegion", _("région %(value)s")),
            Clause("tdp:createdDuring", _("created: %(value)s")),
            Clause("tdp:hasHadCarrier", _("carried by %(value)s")),
        ),
        figures=terms("tdp:inhabitants tdp:communeCount tdp:epciCount tdp:areaInSquareKilometres"),
    ),
    Kind(
        "organisation",
        terms(
            """
            tdp:PETR tdp:CarrierOrganisation tdp:Association tdp:Bank tdp:ClusterManagementBody tdp:ConsularChamber tdp:Enterprise
            tdp:EuropeanBody tdp:ResearchInstitute tdp:University tdp:StateBody tdp:LocalAuthority tdp:InterMunicipalBody
            tdp:PublicAuthority tdp:LocalActionGroup tdp:GovernanceBody tdp:Facility tdp:ActorGroup org:FormalOrganization
            org:OrganizationalUnit org:Organization
            """
        ),
        ("carrier", "remits", "place", "clusters", "labels", "funding", "actions"),
        (
            Clause("tdp:hasCarried", _("which carries %(value)s")),
            Clause("tdp:hasHadLegalForm", _("legal form: %(value)s")),
            Clause("tdp:bodyOf", _("of %(value)s")),
            Clause("tdp:locatedIn", _("located in %(value)s")),
            Clause("tdp:hasSector", _("in the field of %(value)s")),
            Clause("tdp:createdDuring", _("created: %(value)s")),
        ),
        figures=terms("tdp:memberCount tdp:firmCount tdp:jobCount tdp:personCount"),
    ),
    Kind(
        "programme",
        terms(
            """
            tdp:LocalProgramme tdp:ProgrammeGeneration tdp:FundingProgramme tdp:Fund tdp:Plan tdp:TerritoryProject tdp:ActionSheet
            tdp:Instrument
            """
        ),
        ("funding", "labels", "actions"),
        (
            Clause("tdp:localProgrammeOf", _("for %(value)s")),
            Clause("tdp:planOf", _("for %(value)s")),
            Clause("tdp:generation", _("generation %(value)s")),
            Clause("tdp:subProgrammeOf", _("under %(value)s")),
            Clause("tdp:financedByFund", _("financed by %(value)s")),
            Clause("tdp:managedByGroup", _("run by %(value)s")),
        ),
    ),
    Kind(
        "call",
        ("tdp:CallForProjects", "tdp:Application"),
        ("labels", "funding", "actions"),
        (
            Clause("tdp:launchedBy", _("launched by %(value)s")),
            Clause("tdp:publishedDuring", _("published: %(value)s")),
            Clause("tdp:offeredLabel", _("which offers the label %(value)s")),
            Clause("tdp:applicant", _("made by %(value)s")),
            Clause("tdp:respondsTo", _("in answer to %(value)s")),
            Clause("tdp:outcome", _("outcome: %(value)s")),
        ),
    ),
    Kind(
        "label",
        ("tdp:LabelScheme", "tdp:LabelAward", "tdp:TerritorialBrand"),
        ("labels", "clusters", "funding", "concept"),
        (
            Clause("tdp:brandOwner", _("owned by %(value)s")),
            Clause("tdp:awardedLabel", _("of the label %(value)s")),
            Clause("tdp:awardHolder", _("held by %(value)s")),
            Clause("tdp:labelHeldBy", _("held by %(value)s"), 6),
        ),
    ),
    Kind(
        "action",
        terms(
            """
            tdp:RSETPractice tdp:Project tdp:Study tdp:Survey tdp:Event tdp:Training tdp:Service tdp:Measure tdp:Agreement tdp:Action
            """
        ),
        ("actions", "rset", "place", "funding", "figures"),
        (
            Clause("tdp:takesPlaceIn", _("in %(value)s")),
            Clause("tdp:ledBy", _("led by %(value)s")),
            Clause("tdp:projectOwner", _("under the responsibility of %(value)s")),
            Clause("tdp:actionStatus", _("state: %(value)s")),
            Clause("tdp:occurredDuring", _("time: %(value)s")),
        ),
    ),
    Kind(
        "statement",
        terms(
            """
            tdp:Recommendation tdp:Obstacle tdp:CommonPoint tdp:SharedOpinion tdp:FutureTrack tdp:Remark tdp:Illustration
            tdp:SurveyFinding tdp:Finding tdp:Claim tdp:ReformImpact tdp:LegalEffect tdp:SheetItem tdp:AbsenceStatement tdp:RubricSilence
            tdp:RSETStatement tdp:Discrepancy
            """
        ),
        ("discrepancies", "absences", "rset", "findings", "lessons", "themes"),
        (
            Clause("tdp:statedBy", _("stated by %(value)s")),
            Clause("tdp:aboutTerritory", _("about %(value)s")),
            Clause("tdp:addressedTo", _("addressed to: %(value)s")),
            Clause("tdp:hasTheme", _("about: %(value)s")),
        ),
    ),
    Kind(
        "person",
        ("foaf:Person",),
        ("carrier", "lessons", "findings", "source"),
    ),
    Kind(
        "passage",
        terms(
            """
            tdp:Passage tdp:SourceTable tdp:ExpertView tdp:FactSheet tdp:SourceSection tdp:SourceDocument tdp:Law tdp:LegalArticle
            tdp:Document
            """
        ),
        ("source", "names", "findings"),
        (
            Clause("dct:isPartOf", _("of %(value)s")),
            Clause("tdp:describes", _("on %(value)s")),
            Clause("tdp:promulgatedOn", _("of %(value)s")),
        ),
        cards=False,
    ),
    Kind(
        "perimeter",
        ("tdp:Perimeter", "tdp:TerritorialChange"),
        ("place",),
        (
            Clause("tdp:perimeterOf", _("of %(value)s")),
            Clause("tdp:originalTerritory", _("from %(value)s")),
            Clause("tdp:resultingTerritory", _("to %(value)s")),
        ),
        cards=False,
    ),
    Kind("geometry", ("geo:Geometry",), ("place",), cards=False),
    Kind(
        "concept",
        ("skos:Concept", "skos:ConceptScheme", "skos:Collection"),
        ("concept", "names"),
        (Clause("skos:inScheme", _("of the list %(value)s")), Clause("skos:broader", _("a kind of %(value)s"))),
        cards=False,
    ),
    Kind("period", ("time:ProperInterval",), ("names",), cards=False),
    Kind("dataset", terms("void:Dataset dcat:Dataset qb:DataSet sd:NamedGraph prov:Entity"), (), cards=False),
)
DEFAULT = Kind("thing", ())


def kind_of(classes: Iterable[str]) -> Kind:
    """The kind of a thing of these classes: the first that knows one of them."""
    held = set(classes)
    return next((kind for kind in KINDS if held.intersection(kind.classes)), DEFAULT)


def main_class(kind: Kind, classes: Iterable[str]) -> str:
    """The class by which a thing of that kind is called: the kind's first one that it has; nothing for the default."""
    held = set(classes)
    return next((cls for cls in kind.classes if cls in held), "")


def matters_of(kind: Kind) -> tuple[Matter, ...]:
    """All matters, the kind's own ones first."""
    by_name = {matter.name: matter for matter in MATTERS}
    first = [by_name[name] for name in kind.matters]
    return (*first, *(matter for matter in MATTERS if matter.name not in kind.matters))
