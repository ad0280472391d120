"""The same kind of fact is described in the same way in all nine monographs, so that one query reaches all of them.

Each rule gives what must not be found in the knowledge, and a graph in which it is found.
"""

import pytest

ACTION = "?action a/rdfs:subClassOf* tdp:Action"
POST = "org:role <scheme/fonction/%s>"
UNDONE = "<scheme/statut-d-action/pas-encore-realise>"
RULES = {
    "a statement says who states it": (
        """?said a ?kind FILTER(?kind IN (tdp:Finding, tdp:ReformImpact, tdp:RSETStatement, tdp:AbsenceStatement, tdp:Illustration,
        tdp:Recommendation, tdp:Obstacle, tdp:Claim)) FILTER NOT EXISTS { ?said tdp:statedBy ?who }""",
        "<said> a tdp:Finding .",
    ),
    "an action has a theme or a sector": (
        f"{ACTION} FILTER NOT EXISTS {{ ?action tdp:hasTheme|tdp:hasSector ?what }}",
        "<action> a tdp:Action .",
    ),
    "the advice of a territory has a rank": (
        "?advice a tdp:Recommendation FILTER NOT EXISTS { ?advice tdp:rank ?rank }",
        "<advice> a tdp:Recommendation .",
    ),
    "a call has a time, be it untold": (
        "?call a tdp:CallForProjects FILTER NOT EXISTS { ?call tdp:publishedDuring|tdp:validDuring ?when }",
        "<call> a tdp:CallForProjects .",
    ),
    "an application has a time, be it untold": (
        "?application a tdp:Application FILTER NOT EXISTS { ?application tdp:submittedDuring ?when }",
        "<application> a tdp:Application .",
    ),
    "money goes to a body or a territory": (
        """?flow a tdp:FundingFlow FILTER NOT EXISTS { ?flow tdp:recipient/a/rdfs:subClassOf* ?kind
        FILTER(?kind IN (org:Organization, org:FormalOrganization, tdp:Territory)) }""",
        "<flow> a tdp:FundingFlow ; tdp:recipient <action> . <action> a tdp:Action .",
    ),
    "a seat on a committee has a time": (
        "?seat a org:Membership FILTER NOT EXISTS { ?seat org:memberDuring ?when }",
        "<seat> a org:Membership .",
    ),
    "what the source itself attaches to RSE or RSET keeps its word": (
        "?said tdp:evidenceLevel <scheme/niveau-de-preuve/explicite> FILTER NOT EXISTS { ?said tdp:termInSource ?word }",
        "<said> tdp:evidenceLevel <scheme/niveau-de-preuve/explicite> .",
    ),
    "a sheet names the persons interviewed or is said to be silent": (
        """?sheet a tdp:FactSheet FILTER NOT EXISTS { ?sheet tdp:interviewee ?person } FILTER NOT EXISTS { ?sheet ^tdp:silentDocument
        /tdp:missingRubric <scheme/rubrique/personnes-interrogees> }""",
        "<sheet> a tdp:FactSheet .",
    ),
    "a sheet names a director or is said to be silent": (
        f"""?sheet a tdp:FactSheet ; tdp:describes ?territory FILTER NOT EXISTS {{ ?post tdp:postFor ?territory ; {POST % "directeur"} }}
        FILTER NOT EXISTS {{ ?sheet ^tdp:silentDocument/tdp:missingRubric <scheme/rubrique/direction> }}""",
        "<sheet> a tdp:FactSheet ; tdp:describes <territory> .",
    ),
    "what the territory project lists has the status of what is written in a plan": (
        f"""{ACTION} ; tdp:implementsPlan/a tdp:TerritoryProject ; tdp:actionStatus ?status
        FILTER(?status IN (<scheme/statut-d-action/prevue>, <scheme/statut-d-action/envisagee>))""",
        """<action> a tdp:Action ; tdp:implementsPlan <plan> ; tdp:actionStatus <scheme/statut-d-action/prevue> .
        <plan> a tdp:TerritoryProject .""",
    ),
    "the Pays itself acts, and its carrier only as the legal person": (
        f"""{ACTION} ; tdp:ledBy|tdp:projectOwner ?body . ?period tdp:carrier ?body ; tdp:carriedTerritory ?pays
        FILTER(?body != body:petr-du-pays-de-langres)""",
        "<action> a tdp:Action ; tdp:ledBy <body> . <period> tdp:carrier <body> ; tdp:carriedTerritory <pays> .",
    ),
    "who takes part by a post that is told is that post": (
        """?action a tdp:Event ; dct:source ?passage . ?post a org:Post ; dct:source ?passage
        FILTER NOT EXISTS { ?action tdp:participant ?post }""",
        "<visit> a tdp:Event ; dct:source <passage> ; tdp:participant <body> . <post> a org:Post ; dct:source <passage> .",
    ),
    "a president presides over a territory": (
        f"?post {POST % 'president'} FILTER NOT EXISTS {{ ?post tdp:postFor ?territory }}",
        f"<post> {POST % 'president'} ; org:postIn <body> .",
    ),
    "what begins or happens does so between two days, or on none": (
        """?thing tdp:createdDuring|tdp:occurredDuring|tdp:submittedDuring|tdp:decidedDuring ?when .
        ?when tdp:firstDay|tdp:lastDay ?day FILTER NOT EXISTS { ?when tdp:firstDay ?first ; tdp:lastDay ?last }""",
        "<pays> tdp:createdDuring <after> . <after> tdp:firstDay '1998-01-01'^^xsd:date .",
    ),
    "a time told relatively has no days": (
        """?when tdp:precision <scheme/precision/relative> ; tdp:firstDay|tdp:lastDay ?day""",
        "<when> tdp:precision <scheme/precision/relative> ; tdp:firstDay '1998-01-01'^^xsd:date .",
    ),
    "part of a decade has both ends": (
        """?when tdp:precision <scheme/precision/decennie> FILTER NOT EXISTS { ?when tdp:firstDay ?first ; tdp:lastDay ?last }""",
        "<early> tdp:precision <scheme/precision/decennie> ; tdp:firstDay '1990-01-01'^^xsd:date .",
    ),
    "a statement is attested when the mémento was written, and what it tells has a time of its own": (
        "?said tdp:attestedDuring/tdp:firstDay ?day",
        "<said> tdp:attestedDuring <year> . <year> tdp:firstDay '2014-01-01'^^xsd:date .",
    ),
    "a facility is there: one that is only planned is its action alone": (
        f"""?facility a tdp:Facility ; dct:source ?passage . ?action tdp:actionStatus ?status ; dct:source ?passage .
        {UNDONE} skos:member ?status FILTER NOT EXISTS {{ ?action tdp:host ?facility }}""",
        f"""<branch> a tdp:Facility ; dct:source <passage> . <opening> tdp:actionStatus <planned> ; dct:source <passage> .
        {UNDONE} skos:member <planned> .""",
    ),
    "a planned facility is that of an action not yet done": (
        f"""?action tdp:plannedFacilityKind ?kind ; tdp:actionStatus ?status FILTER NOT EXISTS {{ {UNDONE} skos:member ?status }}""",
        "<action> tdp:plannedFacilityKind <kind> ; tdp:actionStatus <scheme/statut-d-action/realisee> .",
    ),
    "the status of an action says whether it is done": (
        f"""{ACTION} ; tdp:actionStatus ?status FILTER NOT EXISTS {{ {UNDONE} skos:member ?status }}
        FILTER(?status NOT IN (<scheme/statut-d-action/realisee>, <scheme/statut-d-action/en-cours>, <scheme/statut-d-action/recurrente>,
        <scheme/statut-d-action/experimentee>, <scheme/statut-d-action/terminee>, <scheme/statut-d-action/abandonnee>))""",
        "<action> a tdp:Action ; tdp:actionStatus <scheme/statut-d-action/attendue> .",
    ),
    "an example that an expert gives illustrates a statement, as those of the territories do": (
        """?said tdp:claimKind <scheme/nature-d-affirmation/illustration>
        FILTER NOT EXISTS { ?said a tdp:Illustration ; tdp:illustrates ?other }""",
        "<said> a tdp:Claim ; tdp:claimKind <scheme/nature-d-affirmation/illustration> ; tdp:specifies <other> .",
    ),
    "the answers to the survey are in its data set": (
        """?figure tdp:surveyAnswer|tdp:respondentCount ?value FILTER NOT EXISTS { ?figure qb:dataSet <id/jeu/enquete-2015> }""",
        "<figure> qb:dataSet <examples> ; tdp:respondentCount 6 .",
    ),
    "a call has the themes of its applications": (
        "?application tdp:respondsTo ?call ; tdp:hasTheme ?theme FILTER NOT EXISTS { ?call tdp:hasTheme ?theme }",
        "<application> tdp:respondsTo <call> ; tdp:hasTheme <theme> .",
    ),
    "the themes of advice and of obstacles are gathered": (
        """{ ?said tdp:hasTheme ?theme { ?said a tdp:Recommendation } UNION { ?said tdp:claimKind <scheme/nature-d-affirmation/conseil> }
        FILTER NOT EXISTS { <scheme/theme/themes-de-conseil> skos:member ?theme } }
        UNION { ?said a tdp:Obstacle ; tdp:hasTheme ?theme FILTER NOT EXISTS { <scheme/theme/themes-d-obstacle> skos:member ?theme } }""",
        "<said> a tdp:Recommendation ; tdp:hasTheme <theme> .",
    ),
    "no theme is gathered that no advice and no obstacle has": (
        """{ <scheme/theme/themes-de-conseil> skos:member ?theme FILTER NOT EXISTS { ?said a ?kind ; tdp:hasTheme ?theme
        FILTER(?kind IN (tdp:Recommendation, tdp:Remark, tdp:Claim)) } }
        UNION { <scheme/theme/themes-d-obstacle> skos:member ?theme FILTER NOT EXISTS { ?said a tdp:Obstacle ; tdp:hasTheme ?theme } }""",
        "<scheme/theme/themes-d-obstacle> skos:member <theme> .",
    ),
    "a body that the law names and the body of that kind are one notion": (
        """?legal skos:inScheme <scheme/objet-juridique> ; skos:notation ?name . ?kind skos:inScheme <scheme/instance-de-gouvernance> ;
        skos:notation ?name FILTER NOT EXISTS { ?legal skos:exactMatch ?kind . ?kind skos:exactMatch ?legal }""",
        """<legal> skos:inScheme <scheme/objet-juridique> ; skos:notation "council" .
        <kind> skos:inScheme <scheme/instance-de-gouvernance> ; skos:notation "council" .""",
    ),
    "a cluster housed in a territory is present there": (
        """?tie tdp:relationKind <scheme/relation-cluster/hebergement>
        FILTER NOT EXISTS { ?tie tdp:relationKind/skos:broader* <scheme/relation-cluster/presence> }""",
        "<tie> tdp:relationKind <scheme/relation-cluster/hebergement> .",
    ),
    "Thiérache et Serre, whose extent isn't told, is no part of the Pays in which its momentum took place": (
        """{ place:thierache-et-serre tdp:inArea|tdp:partOfTerritory|tdp:overlaps ?area } UNION { ?action a tdp:Project ;
        tdp:takesPlaceIn place:thierache-et-serre FILTER NOT EXISTS { ?action tdp:takesPlaceIn place:pays-de-thierache } }""",
        "<action> a tdp:Project ; tdp:takesPlaceIn place:thierache-et-serre .",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(trap, rule):
    """The knowledge keeps the rule, and a graph that breaks it is caught."""
    pattern, broken = RULES[rule]
    trap([], [pattern], broken)
