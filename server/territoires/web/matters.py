"""The matters under which the facts on a page are grouped, and which property says the same as another one.

All is literal: another matter is one row here. Classes and properties are prefixed names; `tdp:x` is the project's own ontology.
"""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _


def terms(names: str) -> tuple[str, ...]:
    """The names of a list that is written as one text."""
    return tuple(names.split())


@dataclass(frozen=True)
class Matter:
    """A part of a page: its heading, which facts of the resource it shows, which nodes about it, and who points to it by what."""

    name: str
    heading: object
    properties: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    incoming: tuple[str, ...] = ()


MATTERS = (
    Matter(
        "figures",
        _("Figures"),
        ("tdp:siren", "tdp:sheetNumber", "tdp:hasFigure"),
        ("qb:Observation",),
        ("qb:dataSet", "tdp:sampleBase", "tdp:shareOf"),
    ),
    Matter(
        "place",
        _("Where it lies"),
        terms(
            """
            tdp:inDepartement tdp:inRegion tdp:inRegionByDepartement tdp:departementOfRegion tdp:inArea tdp:partOfTerritory
            tdp:hasPartTerritory tdp:between tdp:centralTown tdp:centralTownOf tdp:mainTown tdp:printedCentralTown tdp:neighbourOf
            tdp:smallerThan tdp:territoryType tdp:candidateReferent tdp:locatedIn tdp:formerlyLocatedIn tdp:takesPlaceIn tdp:practiceIn
            tdp:spatialScope igeo:codeINSEE tdp:hasTerritory tdp:perimeterOf tdp:onDate tdp:hasMemberTerritory tdp:originalTerritory
            tdp:resultingTerritory tdp:effectiveOn tdp:changeKind geo:hasGeometry geo:hasCentroid
            """
        ),
        (),
        terms(
            """
            tdp:inDepartement tdp:inRegion tdp:inRegionByDepartement tdp:departementOfRegion tdp:inArea tdp:partOfTerritory
            tdp:centralTown tdp:mainTown tdp:neighbourOf tdp:smallerThan tdp:between tdp:territoryType tdp:candidateReferent tdp:locatedIn
            tdp:formerlyLocatedIn tdp:spatialScope tdp:eligibilityThrough tdp:hasTerritory tdp:changeKind
            """
        ),
    ),
    Matter(
        "carrier",
        _("Who carries it, and how it is governed"),
        terms(
            """
            tdp:hasHadCarrier tdp:hasCarried tdp:managedBy tdp:manages tdp:hasHadLegalForm tdp:createdDuring tdp:foundedBy
            tdp:foundingMemberKind tdp:memberKind tdp:hasHadMember tdp:hasBeenMemberOf tdp:composedOf tdp:bodyOf tdp:bodyKind
            tdp:facilityKind tdp:operatedBy tdp:operates tdp:carriedBy tdp:managedByGroup org:subOrganizationOf org:unitOf org:linkedTo
            tdp:hasPost tdp:brandOwner
            """
        ),
        terms(
            """
            tdp:CarrierPeriod tdp:LegalFormPeriod tdp:Creation tdp:Conversion tdp:Merger tdp:Dissolution tdp:ActivityTransfer org:Post
            org:Membership tdp:Shareholding tdp:ContributionRule
            """
        ),
        terms(
            """
            tdp:managedBy tdp:foundedBy tdp:bodyOf tdp:bodyKind tdp:facilityKind tdp:operatedBy tdp:carriedBy tdp:managedByGroup
            tdp:composedOf tdp:memberKind org:subOrganizationOf org:unitOf org:linkedTo
            """
        ),
    ),
    Matter("remits", _("Competences and missions"), ("tdp:inField", "tdp:beneficiary"), ("tdp:Remit",), ("tdp:inField", "tdp:beneficiary")),
    Matter(
        "clusters",
        _("Clusters and sectors"),
        ("tdp:hasSector", "tdp:coversTrade"),
        ("tdp:ClusterRelation",),
        ("tdp:hasSector", "tdp:coversTrade"),
    ),
    Matter(
        "labels",
        _("Labels, calls and applications"),
        terms(
            """
            tdp:holdsLabel tdp:labelHeldBy tdp:labelFunder tdp:hasCriterion tdp:offeredLabel tdp:launchedBy tdp:publishedDuring
            tdp:responseTime tdp:applicant tdp:coApplicant tdp:respondsTo tdp:submittedDuring tdp:outcome tdp:decidedBy tdp:decidedDuring
            tdp:supportedBy tdp:motivation tdp:nextStage tdp:awardHolder tdp:awardedLabel tdp:awardedBy tdp:eligibilityThrough
            tdp:followsApplication
            """
        ),
        ("tdp:LabelAward", "tdp:Application", "tdp:BrandMembership"),
        terms("tdp:offeredLabel tdp:launchedBy tdp:brandOwner tdp:labelFunder tdp:hasCriterion"),
    ),
    Matter(
        "funding",
        _("Programmes and funding"),
        terms(
            """
            tdp:underProgramme tdp:throughFund tdp:financedByFund tdp:memberOfFamily tdp:subProgrammeOf tdp:localProgrammeOf tdp:planOf
            tdp:generation tdp:ordinal tdp:requires tdp:benefitsFromFund tdp:reachedByFund tdp:funder tdp:recipient tdp:fundedItem
            tdp:fundingKind tdp:flowStatus tdp:amount tdp:fullTimeEquivalent tdp:budgetShare
            """
        ),
        ("tdp:FundingFlow", "tdp:Involvement"),
        terms(
            """
            tdp:localProgrammeOf tdp:planOf tdp:subProgrammeOf tdp:underProgramme tdp:throughFund tdp:financedByFund tdp:memberOfFamily
            tdp:benefitsFromFund tdp:reachedByFund tdp:sheetOfProgramme
            """
        ),
    ),
    Matter(
        "actions",
        _("Actions"),
        terms(
            """
            tdp:actionStatus tdp:actionType tdp:ledBy tdp:projectOwner tdp:pilotedBy tdp:initiatedBy tdp:partner tdp:participant tdp:host
            tdp:signatory tdp:signatoryKind tdp:targets tdp:occurredDuring tdp:validDuring tdp:frequency tdp:durationInMonths
            tdp:partOfAction tdp:follows tdp:underScheme tdp:implementsPlan tdp:plannedFacilityKind tdp:reason tdp:leads
            """
        ),
        ("tdp:Effect", "tdp:ActionTypeAssignment"),
        terms(
            """
            tdp:ledBy tdp:projectOwner tdp:pilotedBy tdp:initiatedBy tdp:takesPlaceIn tdp:partner tdp:participant tdp:host tdp:signatory
            tdp:partOfAction tdp:follows tdp:underScheme tdp:implementsPlan tdp:actionType tdp:targets tdp:plannedFacilityKind
            tdp:actionStatus
            """
        ),
    ),
    Matter(
        "rset",
        _("Social responsibility of enterprises in the territory (RSET)"),
        ("tdp:rsetKind", "tdp:hasPractice"),
        ("tdp:RSETStatement",),
        ("tdp:practiceIn", "tdp:rsetKind"),
    ),
    Matter(
        "lessons",
        _("Advice, obstacles and lessons"),
        terms("tdp:remedies tdp:generalises tdp:illustratedBy tdp:illustrates tdp:addressedTo"),
        terms("tdp:Recommendation tdp:Obstacle tdp:CommonPoint tdp:SharedOpinion tdp:FutureTrack tdp:Remark tdp:Illustration"),
        terms("tdp:remedies tdp:generalises tdp:addressedTo tdp:illustrates"),
    ),
    Matter(
        "findings",
        _("What the source and the experts say"),
        terms(
            """
            tdp:statedBy tdp:appliesTo tdp:concerns tdp:cites tdp:quotes tdp:confirms tdp:contradicts tdp:specifies tdp:reinterprets
            """
        ),
        terms("tdp:Finding tdp:SurveyFinding tdp:Claim tdp:ReformImpact tdp:LegalEffect tdp:SheetItem"),
        terms("tdp:statedBy tdp:appliesTo tdp:concerns tdp:cites tdp:contradicts tdp:confirms tdp:specifies tdp:reinterprets"),
    ),
    Matter(
        "absences",
        _("What is not there, or not told"),
        terms("tdp:absentKind tdp:absentObject tdp:absentRelation tdp:absenceSubject tdp:missingRubric tdp:silentDocument"),
        ("tdp:AbsenceStatement", "tdp:RubricSilence"),
        (),
    ),
    Matter(
        "discrepancies",
        _("Where the source disagrees with itself"),
        terms("tdp:discrepancyType tdp:firstReading tdp:secondReading tdp:resolution tdp:betweenStatements"),
        ("tdp:Discrepancy",),
    ),
    Matter(
        "concept",
        _("Place in the vocabulary"),
        terms(
            """
            skos:inScheme skos:broader skos:narrower skos:related skos:topConceptOf skos:hasTopConcept skos:member skos:scopeNote
            skos:example skos:note
            """
        ),
        (),
        terms("skos:narrower skos:broader skos:related skos:inScheme skos:topConceptOf skos:hasTopConcept skos:member"),
    ),
    Matter(
        "themes",
        _("Subjects"),
        ("tdp:hasTheme",),
        (),
        ("tdp:hasTheme",),
    ),
    Matter(
        "source",
        _("In the source"),
        terms(
            """
            dct:isPartOf tdp:describes tdp:describedBy tdp:interviewee tdp:sectionNumber tdp:rubricKind dct:creator tdp:attestedIn
            tdp:attestedDuring
            """
        ),
        (),
        terms("dct:source dct:isPartOf dct:creator tdp:describes tdp:describedBy tdp:interviewee tdp:inTable tdp:attestedIn"),
    ),
    Matter(
        "names",
        _("Names and identifiers"),
        terms("skos:altLabel skos:notation tdp:expansion tdp:printedForm tdp:printedTitle tdp:printedTime dct:identifier"),
    ),
)
INVERSES = {
    "tdp:neighbourOf": "tdp:neighbourOf",
    "skos:related": "skos:related",
    "tdp:leads": "tdp:ledBy",
    "tdp:hasPractice": "tdp:practiceIn",
    "tdp:hasPost": "tdp:postFor",
    "tdp:centralTownOf": "tdp:centralTown",
    "tdp:describedBy": "tdp:describes",
    "tdp:operates": "tdp:operatedBy",
    "tdp:manages": "tdp:managedBy",
    "tdp:hasPartTerritory": "tdp:partOfTerritory",
    "tdp:illustratedBy": "tdp:illustrates",
    "tdp:hasHadMember": "tdp:hasBeenMemberOf",
    "tdp:labelHeldBy": "tdp:holdsLabel",
    "tdp:hasHadCarrier": "tdp:hasCarried",
    "skos:narrower": "skos:broader",
    "skos:hasTopConcept": "skos:inScheme",
}
"""Property -> the one that says the same the other way round: where both hold, the page shows the second."""
IMPLIED = {"skos:topConceptOf": "skos:inScheme"}
"""Property -> the one that says no less, in either direction: where both hold, the page shows the second."""
NARROWER = {"tdp:inRegionByDepartement": "tdp:inRegion", "tdp:reachedByFund": "tdp:benefitsFromFund"}
"""Property -> the one that a page shows alone, where all the values of the first are among its own."""
SHOWN_BY = {
    "tdp:hasHadCarrier": "tdp:CarrierPeriod",
    "tdp:hasCarried": "tdp:CarrierPeriod",
    "tdp:hasHadLegalForm": "tdp:LegalFormPeriod",
    "tdp:holdsLabel": "tdp:LabelAward",
    "tdp:hasFigure": "qb:Observation",
    "tdp:hasHadMember": "org:Membership",
    "tdp:hasBeenMemberOf": "org:Membership",
    "tdp:hasPost": "org:Post",
}
"""Property -> the class of nodes that say the same with time and source."""
