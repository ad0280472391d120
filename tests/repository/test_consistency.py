"""The same kind of fact is described in the same way in all nine monographs, so that one query reaches all of them.

Each rule gives what must not be found in the knowledge, and a graph in which it is found.
"""

import pytest

ACTION = "?action a/rdfs:subClassOf* tdp:Action"
POST = "org:role <scheme/fonction/%s>"
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
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(trap, rule):
    """The knowledge keeps the rule, and a graph that breaks it is caught."""
    pattern, broken = RULES[rule]
    trap([], [pattern], broken)
