"""Nuances that a naive model loses, second half: persons, places, figures, time, funding, law, sources.

Each test gives what the knowledge must say, what it mustn't, and a naive graph in which all of this goes wrong.
"""


def test_trap_17(trap):
    """A printed title tells nothing of the person, and a sheet without a director doesn't say that there is none."""
    role = "org:role <scheme/fonction/directeur>"
    trap(
        [
            f"""?post tdp:postFor place:pays-ledonien ; {role} ; tdp:printedTitle "Directrice" ;
            org:heldBy <id/personne/pierre-emmanuel-credoz>""",
            """<id/fiche/pays-de-chaumont> ^tdp:silentDocument/tdp:missingRubric <scheme/rubrique/direction> .
            <id/fiche/pays-interregional-bresle-yeres> ^tdp:silentDocument/tdp:missingRubric <scheme/rubrique/direction>""",
        ],
        [
            "?person a foaf:Person ; foaf:gender|schema:gender|foaf:title|schema:honorificPrefix ?told",
            "?denial a tdp:AbsenceStatement ; tdp:absentKind <scheme/fonction/directeur>",
            f"?post {role} ; tdp:postFor ?pays VALUES ?pays {{ place:pays-de-chaumont place:pays-interregional-bresle-yeres }}",
        ],
        f"""<id/personne/pierre-emmanuel-credoz> a foaf:Person ; foaf:gender "female" . <post> {role} ;
        tdp:postFor place:pays-de-chaumont .
        <denial> a tdp:AbsenceStatement ; tdp:absenceSubject place:pays-de-chaumont ; tdp:absentKind <scheme/fonction/directeur> .""",
    )


def test_trap_18(trap):
    """The région of a Pays is the printed one: those of its départements are derived under another property."""
    pays = "place:pays-interregional-bresle-yeres"
    trap(
        [
            f"{pays} tdp:inRegion <id/region/hauts-de-france> ; tdp:inDepartement/tdp:departementOfRegion <id/region/normandie>",
            f"?conflict a tdp:Discrepancy ; tdp:betweenStatements {pays}, <id/region/hauts-de-france>, <id/departement/seine-maritime>",
            "tdp:inRegionByDepartement owl:propertyChainAxiom ?chain",
        ],
        [
            f"{pays} tdp:inRegion <id/region/normandie>",
            "tdp:inRegion owl:propertyChainAxiom ?chain",
            "tdp:inRegionByDepartement rdfs:subPropertyOf+ tdp:inRegion",
        ],
        f"""{pays} tdp:inRegion <id/region/normandie> . tdp:inRegionByDepartement rdfs:subPropertyOf tdp:inRegion .
        tdp:inRegion owl:propertyChainAxiom (tdp:inDepartement tdp:departementOfRegion) .""",
    )


def test_trap_19(trap):
    """One heading may mean a Pays or a park: its figures and posts are given to neither."""
    head, pays, park = (f"place:{name}" for name in ("vallee-de-la-dore-livradois-forez", "pays-vallee-de-la-dore", "pnr-livradois-forez"))
    either = f"VALUES ?referent {{ {pays} {park} }}"
    trap(
        [
            f"{head} tdp:candidateReferent {pays}, {park} ; ^tdp:describes ?sheet",
            f"""?a dim:refArea {head} ; tdp:inhabitants 82569 . ?b dim:refArea {head} ; tdp:communeCount 92 .
            ?c dim:refArea {head} ; tdp:epciCount 11""",
        ],
        [
            f"?figure dim:refArea ?referent ; tdp:inhabitants|tdp:communeCount|tdp:epciCount ?number {either}",
            f"?post tdp:postFor ?referent ; org:role ?role {either}",
            f"{head} owl:sameAs|^owl:sameAs ?referent {either}",
            f"{head} a ?class VALUES ?class {{ tdp:Pays tdp:NaturalParkTerritory }}",
        ],
        f"""<figure> dim:refArea {park} ; tdp:inhabitants 82569 . <post> tdp:postFor {pays} ; org:role <scheme/fonction/president> .
        {head} a tdp:Pays ; owl:sameAs {pays} .""",
    )


def test_trap_20(trap):
    """About, almost, some twenty, rounded: no figure and no amount without its qualifier."""
    told = [
        ("?x tdp:memberCount 110", "environ"),
        ("?x tdp:inhabitants 105000", "arrondi"),
        ("?x tdp:firmCount 20 ; tdp:refEntity <id/action/cob-portes-ouvertes-eco-construction>", "une-vingtaine"),
        ("?x tdp:amount ?m FILTER(?m = 3000000) . ?x a tdp:FundingFlow", "presque"),
    ]
    trap(
        [f"{pattern} . ?x tdp:valueQualifier <scheme/qualificatif/{qualifier}>" for pattern, qualifier in told],
        [
            *(f"{pattern} FILTER NOT EXISTS {{ ?x tdp:valueQualifier <scheme/qualificatif/{qualifier}> }}" for pattern, qualifier in told),
            "?x a qb:Observation FILTER NOT EXISTS { ?x tdp:valueQualifier ?qualifier }",
        ],
        """<a> a qb:Observation ; tdp:memberCount 110 . <b> a qb:Observation ; tdp:inhabitants 105000 .
        <c> tdp:firmCount 20 ; tdp:refEntity <id/action/cob-portes-ouvertes-eco-construction> . <d> a tdp:FundingFlow ;
        tdp:amount 3000000 .""",
    )


def test_trap_21(trap):
    """A relative date stays relative: it keeps its printed words and gets no calendar day."""
    trap(
        [
            *(
                f"<id/periode/{name}> tdp:precision <scheme/precision/relative> ; tdp:printedTime ?words"
                for name in ("demain", "depuis-un-an")
            ),
            "?figure tdp:epciCount 2 ; dim:refPeriod <id/periode/demain>",
        ],
        [
            "?when tdp:precision <scheme/precision/relative> ; tdp:firstDay|tdp:lastDay ?day",
            "?figure tdp:epciCount 2 ; dim:refPeriod/tdp:firstDay ?day",
        ],
        """<figure> tdp:epciCount 2 ; dim:refPeriod <id/periode/2017> .
        <id/periode/2017> tdp:precision <scheme/precision/relative> ; tdp:firstDay "2017-01-01"^^xsd:date .""",
    )


def test_trap_22(trap):
    """To support, to collaborate and to contribute aren't to fund: the paying agency is no funder of the mémento's project."""
    kinds = {"asp": "collaboration", "institut-cdc-recherche": "contribution", "cget": "soutien"}
    party = "?tie tdp:involvedIn <id/action/projet-du-memento> ; tdp:involvedParty body:%s ; tdp:involvementKind "
    trap(
        [party % name + f"<scheme/nature-d-implication/{kind}>" for name, kind in kinds.items()],
        [
            *(f"?flow tdp:funder body:{name}" for name in ("asp", "institut-cdc-recherche")),
            party % "asp" + "?kind FILTER(?kind != <scheme/nature-d-implication/collaboration>)",
        ],
        """<flow> tdp:funder body:asp, body:institut-cdc-recherche .
        <tie> tdp:involvedIn <id/action/projet-du-memento> ; tdp:involvedParty body:asp ; tdp:involvementKind <funding> .""",
    )


def test_trap_23(trap):
    """The park and its network have the economic mission; that the Pays has none is said, and not just left out."""
    field = "<scheme/domaine/developpement-economique>"
    trap(
        [
            f"?remit tdp:remitOf place:pnr-livradois-forez ; tdp:remitKind <scheme/nature-d-attribution/mission> ; tdp:inField {field}",
            "?remit tdp:remitOf body:cap-actif ; tdp:inField <scheme/domaine/creation-et-reprise>",
            f"?denial a tdp:AbsenceStatement ; tdp:absenceSubject place:pays-vallee-de-la-dore ; tdp:absentKind {field}",
            f"?denial a tdp:AbsenceStatement ; tdp:absenceSubject place:pays-de-thierache ; tdp:absentKind {field}",
        ],
        [
            f"?remit tdp:remitOf place:pays-vallee-de-la-dore ; tdp:inField {field}",
            "?denial tdp:absenceSubject ?who ; tdp:absentKind ?what . ?remit tdp:remitOf ?who ; tdp:inField ?what",
        ],
        f"""<remit> tdp:remitOf place:pays-vallee-de-la-dore ; tdp:inField {field} .
        <denial> tdp:absenceSubject place:pays-vallee-de-la-dore ; tdp:absentKind {field} .""",
    )


def test_trap_24(trap):
    """Three bodies merged in Langres: a single predecessor would lose the two syndicats."""
    petr = "body:petr-du-pays-de-langres"
    trap(
        [
            f"""?merger a tdp:Merger ; org:resultingOrganization {petr} ; tdp:occurredDuring <id/periode/2016> ;
            org:originalOrganization body:association-pays-de-langres, body:syndicat-economique-langres,
            body:syndicat-touristique-langres""",
        ],
        [
            "?merger a tdp:Merger FILTER NOT EXISTS { ?merger org:originalOrganization ?one, ?other FILTER(?one != ?other) }",
            f"{petr} dct:replaces|^dct:isReplacedBy ?before",
        ],
        f"<m> a tdp:Merger ; org:originalOrganization <association> . {petr} dct:replaces <association> .",
    )


def test_trap_25(trap):
    """The call came from the région Champagne-Ardenne as it then was: Grand Est didn't issue it."""
    call = "<id/appel/champagne-ardenne-circuits-courts>"
    trap(
        [f"{call} tdp:launchedBy/tdp:locatedIn ?old . ?old a tdp:FormerRegion ; dct:isReplacedBy <id/region/grand-est>"],
        [f"{call} tdp:launchedBy body:region-grand-est", "<id/region/champagne-ardenne> owl:sameAs|^owl:sameAs <id/region/grand-est>"],
        f"{call} tdp:launchedBy body:region-grand-est . <id/region/champagne-ardenne> owl:sameAs <id/region/grand-est> .",
    )


def test_trap_26(trap):
    """A contribution has a rate per inhabitant and one per member, and a purpose; whether a new rate replaces the old is open."""
    trap(
        [
            """?old tdp:perInhabitant ?a ; tdp:perMember ?b ; tdp:rulePurpose ?one ; tdp:budgetShare ?share .
            ?new tdp:perInhabitant ?c ; tdp:perMember ?d ; tdp:rulePurpose ?two ; tdp:budgetShare ?share .
            ?doubt a tdp:Discrepancy ; tdp:betweenStatements ?old, ?new
            FILTER(?a = 0.7 && ?b = 5000 && ?c = 1.1 && ?d = 2500 && ?share = 0.17 && ?one != ?two)""",
        ],
        [
            *(
                f"?rule a tdp:ContributionRule FILTER NOT EXISTS {{ ?rule tdp:{part} ?x }}"
                for part in ("perInhabitant", "perMember", "rulePurpose")
            ),
            "?rule tdp:perInhabitant ?one, ?other FILTER(?one < ?other)",
        ],
        "<rule> a tdp:ContributionRule . <other> tdp:perInhabitant 0.70, 1.10 .",
    )


def test_trap_27(trap):
    """Staff time lent to a cluster is support without an amount: full time at first, then half time."""
    lent = "a tdp:FundingFlow ; tdp:recipient cluster:sitcob ; tdp:fundingKind <scheme/nature-de-financement/mise-a-disposition>"
    trap(
        [
            f"""?first {lent} ; tdp:fullTimeEquivalent ?whole . ?then {lent} ; tdp:fullTimeEquivalent ?half
            FILTER(?whole = 1 && ?half = 0.5)""",
            "{ SELECT (COUNT(?flow) AS ?n) { ?flow a tdp:FundingFlow FILTER NOT EXISTS { ?flow tdp:amount ?amount } } } FILTER(?n >= 20)",
        ],
        ["?flow tdp:fullTimeEquivalent ?n ; tdp:amount ?amount", f"?flow {lent} FILTER NOT EXISTS {{ ?flow tdp:fullTimeEquivalent ?n }}"],
        f"<flow> {lent} . <priced> tdp:fullTimeEquivalent 0.5 ; tdp:amount 0 .",
    )


def test_trap_28(trap):
    """The law of 2010 didn't abolish the Pays: an effect that is denied has its own node."""
    effect = "a tdp:LegalEffect ; tdp:effectOf <id/loi/rct> ; tdp:effectKind <scheme/effet-juridique/%s> ; "
    effect += "tdp:effectOn <scheme/objet-juridique/%s>"
    ended, base = effect % ("suppression", "pays"), effect % ("abrogation", "support-juridique-des-pays")
    trap(
        [f"?no {ended} ; tdp:polarity <scheme/polarite/niee> . ?yes {base} ; tdp:polarity <scheme/polarite/affirmee>"],
        [
            f"?wrong {ended} ; tdp:polarity <scheme/polarite/affirmee>",
            "?effect a tdp:LegalEffect FILTER NOT EXISTS { ?effect tdp:polarity ?polarity }",
        ],
        f"<wrong> {ended} ; tdp:polarity <scheme/polarite/affirmee> . <mute> {base} .",
    )


def test_trap_29(trap):
    """An action sheet has an aim, objectives, effects and examples, each at its rank: it isn't a bag of themes."""
    kinds = {"finalite": 1, "objectif-operationnel": 3, "effet-attendu": 5}
    item = "?item tdp:itemOf <id/fiche-action/chaumont-1> ; tdp:rank %s ; tdp:itemKind <scheme/element-de-fiche/%s>"
    trap(
        [
            *(item % (rank, kind) for kind, rank in kinds.items()),
            "?item tdp:itemOf <id/fiche-action/chaumont-2> ; tdp:itemKind <scheme/element-de-fiche/exemple-d-action>",
        ],
        [
            *(f"?item a tdp:SheetItem FILTER NOT EXISTS {{ ?item tdp:{part} ?x }}" for part in ("itemOf", "itemKind", "rank")),
            "?item tdp:itemKind ?one, ?other FILTER(?one != ?other)",
        ],
        "<item> a tdp:SheetItem ; tdp:hasTheme <theme> . <mixed> tdp:itemKind <effect>, <aim> .",
    )


def test_trap_30(trap):
    """A piece of advice has a theme, and says for whom or about whom it is: only so do the Pays compare."""
    advice = "a tdp:Recommendation ; tdp:statedBy place:%s"
    iby, cob = advice % "pays-interregional-bresle-yeres", advice % "pays-centre-ouest-bretagne"
    theme = "tdp:hasTheme <scheme/theme/implication-des-elus>"
    trap(
        [
            f"?a {iby} ; tdp:addressedTo <scheme/public/techniciens> ; tdp:concerns <scheme/public/elus> ; tdp:hasTheme ?any",
            f"?a {iby} ; {theme} . ?b {cob} ; {theme}",
        ],
        [
            "?advice a tdp:Recommendation FILTER NOT EXISTS { ?advice tdp:hasTheme ?theme }",
            "?advice a tdp:Recommendation FILTER NOT EXISTS { ?advice tdp:addressedTo|tdp:appliesTo|tdp:concerns ?whom }",
            "?advice a tdp:Recommendation FILTER NOT EXISTS { ?advice tdp:statedBy ?who }",
        ],
        "<advice> a tdp:Recommendation .",
    )


def test_trap_31(trap):
    """Of a person we keep the name and the public role: an e-mail address is a body's, and makes nobody."""
    kept = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>, foaf:name, dct:source"
    trap(
        ["?body schema:email ?address FILTER(?body = body:inra)", "?post org:heldBy ?person . ?person a foaf:Person ; foaf:name ?name"],
        [
            f"?person a foaf:Person ; ?told ?value FILTER(?told NOT IN ({kept}))",
            "?person a foaf:Person FILTER NOT EXISTS { ?role org:heldBy|tdp:interviewee|tdp:statedBy|dct:creator ?person }",
            '?who a foaf:Person . ?any schema:email ?mail FILTER(CONTAINS(LCASE(STR(?who)), STRBEFORE(STR(?mail), "@")))',
        ],
        '<id/personne/wallet> a foaf:Person ; schema:email "wallet@agroparistech.fr" .',
    )


def test_trap_32(trap):
    """A variant of a name is a label of the one node: it never makes a second node."""
    variants = {
        "cluster:glass-valley": "Glass Vallée",
        "<id/programme/gtec>": "GTECT",
        "<scheme/label/tepcv>": "TECPV",
        "place:pays-interregional-bresle-yeres": "Pays Bresles-Yère",
        "<id/commune/lons-le-saunier>": "Lons-le-Saulnier",
    }
    trap(
        [f'{node} skos:altLabel|skos:hiddenLabel "{name}"@fr' for node, name in variants.items()],
        [f'?other skos:prefLabel|skos:altLabel|skos:hiddenLabel "{name}"@fr FILTER(?other != {node})' for node, name in variants.items()],
        " ".join(f'<id/other/{place}> skos:prefLabel "{name}"@fr .' for place, name in enumerate(variants.values())),
    )
