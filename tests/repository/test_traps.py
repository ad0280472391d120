"""Nuances that a naive model loses, first half: bodies, clusters, labels, actions, statements, the survey.

Each test gives what the knowledge must say, what it mustn't, and a naive graph in which all of this goes wrong.
"""


def test_trap_01(trap):
    """A Pays isn't a PETR for ever: a body has a legal form for a time, and changes it on a day."""
    trap(
        [
            """?gip tdp:formPeriodOf body:gip-du-pays-centre-ouest-bretagne ; tdp:formDuring <scheme/forme-juridique/gip> ;
            tdp:validDuring/tdp:lastDay "2016-12-31"^^xsd:date . ?petr tdp:formPeriodOf body:petr-du-pays-centre-ouest-bretagne ;
            tdp:formDuring <scheme/forme-juridique/petr> ; tdp:validDuring/tdp:firstDay "2017-01-01"^^xsd:date""",
        ],
        ["?pays a tdp:Pays ; a/rdfs:subClassOf* org:Organization", "?pays a tdp:Pays ; tdp:hasHadLegalForm ?form"],
        "tdp:PETR rdfs:subClassOf org:Organization . <pays> a tdp:Pays, tdp:PETR ; tdp:hasHadLegalForm <petr> .",
    )


def test_trap_02(trap):
    """A count of EPCI belongs to a year: the count of 2017 stands beside that of 2016 and doesn't overwrite it."""
    trap(
        [
            """?old dim:refArea place:pays-centre-ouest-bretagne ; dim:refPeriod <id/periode/2016> ; tdp:epciCount 8 .
            ?new dim:refArea place:pays-centre-ouest-bretagne ; dim:refPeriod <id/periode/2017> ; tdp:epciCount 5""",
        ],
        [
            "?place a tdp:Pays ; tdp:epciCount|tdp:communeCount|tdp:inhabitants ?number",
            "?figure tdp:epciCount ?number FILTER NOT EXISTS { ?figure dim:refPeriod ?when }",
            "?figure tdp:epciCount ?number, ?other FILTER(?number < ?other)",
        ],
        "place:pays-centre-ouest-bretagne a tdp:Pays ; tdp:epciCount 8, 5 .",
    )


def test_trap_03(trap):
    """SITCOB asked for the label and was refused: the refusal is a fact, and nobody holds the label."""
    trap(
        [
            """?asked tdp:applicant cluster:sitcob ; tdp:respondsTo/tdp:offeredLabel <scheme/label/grappe-d-entreprises> ;
            tdp:outcome <scheme/issue/refusee> ; tdp:decidedBy body:datar ; tdp:decidedDuring <id/periode/2010-10>""",
        ],
        [
            "?award tdp:awardHolder cluster:sitcob",
            "?award tdp:followsApplication/tdp:outcome <scheme/issue/refusee>",
            "cluster:sitcob tdp:holdsLabel|^tdp:labelHeldBy ?label",
        ],
        """<award> tdp:awardHolder cluster:sitcob ; tdp:followsApplication <asked> . <asked> tdp:outcome <scheme/issue/refusee> .
        cluster:sitcob tdp:holdsLabel <scheme/label/grappe-d-entreprises> .""",
    )


def test_trap_04(trap):
    """To have a cluster isn't one relation: presence, partnership, cooperation and no tie at all are kept apart."""
    among = "?tie tdp:relatedTerritory place:%s ; tdp:relatedCluster cluster:%s ; tdp:relationKind "
    langres, jura = among % ("pays-de-langres", "nogentech"), among % ("pays-ledonien", "vitagora")
    dore, aria = among % ("pnr-livradois-forez", "meca"), among % ("pays-bruche-mossig-piemont", "aria-alsace")
    kinds = [
        (langres, "<scheme/relation-cluster/partenariat>"),
        (jura, "<scheme/relation-cluster/cooperation>"),
        (dore, "<scheme/relation-cluster/presence>"),
    ]
    trap(
        [
            *(pattern + kind for pattern, kind in kinds),
            """?denial tdp:absenceSubject cluster:aria-alsace ; tdp:absentRelation <scheme/relation-cluster/relation-directe> ;
            tdp:absentObject place:pays-bruche-mossig-piemont""",
        ],
        [
            *(f"{pattern} ?kind FILTER(?kind != {kind})" for pattern, kind in kinds),
            aria + "?kind",
            "?pays a tdp:Pays ; ?has ?c . ?c a tdp:Cluster",
        ],
        "\n".join(pattern.replace("?tie", f"<tie{i}>") + "<has> ." for i, pattern in enumerate((langres, jura, dore, aria)))
        + "<pays> a tdp:Pays ; tdp:hasCluster <cluster> . <cluster> a tdp:Cluster .",
    )


def test_trap_05(trap):
    """A cell of the action table tells neither that a cluster lies on the territory, nor that the Pays itself acts."""
    cell = "?cell a tdp:ActionTypeAssignment ; tdp:assignedActionType <scheme/type-d-action/%s> ; tdp:assignedTerritory "
    dore = "place:vallee-de-la-dore-livradois-forez"
    trap(
        [
            f"""{dore} tdp:candidateReferent/^tdp:relatedTerritory ?tie . ?tie tdp:relationKind <scheme/relation-cluster/presence>
            FILTER NOT EXISTS {{ {cell % "cluster"} {dore} }}""",
            f"""{cell % "cluster"} place:pays-ledonien FILTER NOT EXISTS {{ ?tie tdp:relatedTerritory place:pays-ledonien ;
            tdp:relationKind <scheme/relation-cluster/presence> }}""",
            cell % "reunions-entre-entrepreneurs" + "place:pays-de-thierache",
        ],
        [
            "?cell a tdp:ActionTypeAssignment, ?kind FILTER(?kind != tdp:ActionTypeAssignment)",
            "?cell a tdp:ActionTypeAssignment ; tdp:ledBy|tdp:relatedCluster|tdp:relationKind ?other",
            "?action tdp:ledBy place:pays-de-thierache ; tdp:actionType ?kind",
        ],
        f"""<cell> a tdp:ActionTypeAssignment, tdp:Action ; tdp:assignedActionType <scheme/type-d-action/cluster> ;
        tdp:assignedTerritory {dore} ;
        tdp:ledBy place:pays-de-thierache ; tdp:actionType <scheme/type-d-action/cluster> .""",
    )


def test_trap_06(trap):
    """Funded by LEADER says too little: the generation, the group, the share, co-funding and its source each have a node."""
    trap(
        [
            "?flow tdp:underProgramme/tdp:ordinal 1 ; tdp:fundedItem <id/equipement/cob-premiere-maison-des-entreprises>",
            "?flow tdp:funder ?group ; tdp:underProgramme/tdp:managedByGroup ?group . ?group a tdp:LocalActionGroup",
            "?local tdp:generation ?years ; tdp:localProgrammeOf place:pays-de-chaumont ; tdp:subProgrammeOf/tdp:subProgrammeOf ?leader",
            "?figure tdp:share ?share ; tdp:shareOf <scheme/base-de-part/gal> FILTER(?share = 0.9)",
            """?conflict a tdp:Discrepancy ; tdp:betweenStatements ?part, ?whole, ?claim . ?claim a tdp:Claim ; tdp:concerns ?part .
            ?part tdp:fundingKind <scheme/nature-de-financement/cofinancement> ; tdp:fundedItem ?study ; dct:source ?one .
            ?whole tdp:fundingKind <scheme/nature-de-financement/financement> ; tdp:fundedItem ?study ;
            dct:source ?other
            FILTER(?one != ?other)""",
        ],
        [
            "?action a/rdfs:subClassOf* tdp:Action ; tdp:funder|tdp:underProgramme|tdp:throughFund ?money",
            "?flow a tdp:FundingFlow ; tdp:fundingKind ?one, ?other FILTER(?one != ?other)",
        ],
        """<study> a tdp:Action ; tdp:underProgramme <id/programme/leader> .
        <flow> a tdp:FundingFlow ; tdp:fundingKind <scheme/nature-de-financement/cofinancement>,
        <scheme/nature-de-financement/financement> .""",
    )


def test_trap_07(trap):
    """The FEDER that is told of in Midi-Quercy went to a camping site, and not to the Pays."""
    trap(
        ["?flow tdp:throughFund <id/fonds/feder> ; tdp:recipient body:midi-quercy-camping"],
        ["?flow tdp:throughFund <id/fonds/feder> ; tdp:recipient|tdp:fundedItem place:pays-midi-quercy"],
        "<flow> tdp:throughFund <id/fonds/feder> ; tdp:recipient place:pays-midi-quercy .",
    )


def test_trap_08(trap):
    """A thousand euros of shares is a thousand, not one, and makes the Pays a shareholder, not a funder."""
    body = "body:clus-ter-jura-societe"
    trap(
        [
            f"""?share a tdp:Shareholding ; tdp:shareholder place:pays-ledonien ; tdp:shareIn {body} ; tdp:amount ?amount ;
            tdp:currency <scheme/unite/euro> FILTER(?amount = 1000)""",
        ],
        [
            "?share a tdp:Shareholding ; tdp:amount ?amount FILTER(?amount != 1000)",
            "?share a tdp:Shareholding, tdp:FundingFlow",
            f"?flow tdp:funder place:pays-ledonien ; tdp:recipient|tdp:fundedItem ?body VALUES ?body {{ cluster:clus-ter-jura {body} }}",
        ],
        f"""<share> a tdp:Shareholding, tdp:FundingFlow ; tdp:amount 1.000 ; tdp:funder place:pays-ledonien ; tdp:recipient {body} .""",
    )


def test_trap_09(trap):
    """TEPCV is a call, a label, a programme and an envelope: four nodes, none of which is another."""
    roles = "tdp:CallForProjects, tdp:LabelScheme, tdp:FundingProgramme, tdp:FundingFlow"
    trap(
        [
            """?call a tdp:CallForProjects ; tdp:publishedDuring <id/periode/2014-11> ; tdp:offeredLabel ?label .
            ?label a tdp:LabelScheme .
            ?flow a tdp:FundingFlow ; tdp:fundingKind <scheme/nature-de-financement/enveloppe> ; tdp:underProgramme <id/programme/tepcv> .
            <id/programme/tepcv> a tdp:FundingProgramme FILTER(?label = <scheme/label/tepcv>)""",
        ],
        [f"?one a ?role, ?other FILTER(?role != ?other && ?role IN ({roles}) && ?other IN ({roles}))"],
        f"<id/tepcv> a {roles} .",
    )


def test_trap_10(trap):
    """Brand, network and committee: "Made in" is one brand with an owner, members and a committee."""
    trap(
        [
            """?brand a tdp:TerritorialBrand ; tdp:brandOwner place:pays-de-langres ; tdp:memberKind ?one, ?two, ?three ;
            ^tdp:bodyOf ?committee ; tdp:hasFigure/tdp:memberCount 110 . ?committee a tdp:GovernanceBody ; ^tdp:remitOf ?remit
            FILTER(?one != ?two && ?two != ?three && ?one != ?three)""",
        ],
        [
            "?brand tdp:brandOwner ?owner . ?other tdp:brandOwner ?owner FILTER(?brand != ?other)",
            "?brand a tdp:TerritorialBrand, ?kind FILTER(?kind != tdp:TerritorialBrand)",
        ],
        "<a> tdp:brandOwner place:pays-de-langres . <b> a tdp:TerritorialBrand, tdp:LabelScheme ; tdp:brandOwner place:pays-de-langres .",
    )


def test_trap_11(trap):
    """Alizée names a service in Langres and a cluster in Livradois-Forez: two things, said to differ."""
    service, cluster = "<id/action/langres-dispositif-alizee>", "cluster:alizee-plasturgie"
    trap(
        [
            f"{service} owl:differentFrom {cluster} ; a tdp:Service ; tdp:takesPlaceIn place:pays-de-langres",
            f"?tie tdp:relatedCluster {cluster} ; tdp:relatedTerritory place:pnr-livradois-forez",
        ],
        [f"{service} owl:sameAs|^owl:sameAs {cluster}", f"?tie tdp:relatedCluster {cluster} ; tdp:relatedTerritory place:pays-de-langres"],
        f"{service} owl:sameAs {cluster} . <tie> tdp:relatedCluster {cluster} ; tdp:relatedTerritory place:pays-de-langres .",
    )


def test_trap_12(trap):
    """The word pôle has about ten senses: each has its own node, of its own class, and no two are one."""
    sense = '?word skos:notation "D12" ; tdp:betweenStatements '
    trap(
        [
            f"{{ SELECT (COUNT(DISTINCT ?s) AS ?n) {{ {sense} ?s }} }} FILTER(?n >= 10)",
            f"{{ SELECT (COUNT(DISTINCT ?class) AS ?n) {{ {sense} ?s . ?s a ?class }} }} FILTER(?n >= 7)",
            f"{sense} <scheme/forme-juridique/petr>, <scheme/label/pole-de-competitivite>, cluster:pole-amenagement-de-la-maison",
        ],
        [
            f"{sense} <source/memento>",
            f"{sense} ?one, ?other . ?one owl:sameAs|skos:exactMatch|skos:broader|skos:narrower ?other",
            "<scheme/forme-juridique/petr> a tdp:LabelScheme",
        ],
        """<d12> skos:notation "D12" ; tdp:betweenStatements <source/memento>, <petr>, <pole> . <petr> owl:sameAs <pole> .
        <scheme/forme-juridique/petr> a tdp:LabelScheme .""",
    )


def test_trap_13(trap):
    """What is planned, awaited or wished for isn't done: every action has one status."""
    status = {
        "langres-covoiturage": "inscrite-dans-un-plan",
        "langres-service-rh-territorialise": "souhaitee",
        "cob-presentation-du-plan-bois": "prevue",
        "dore-velos-electriques": "prevue",
        "bresle-yeres-ecole-du-verre": "envisagee",
    }
    told = [f"<id/action/{name}> tdp:actionStatus <scheme/statut-d-action/{value}>" for name, value in status.items()]
    trap(
        [*told, "?flow tdp:fundedItem <id/plan/cob-plan-bois> ; tdp:flowStatus <scheme/statut-d-action/attendue>"],
        [
            "?action a/rdfs:subClassOf* tdp:Action FILTER NOT EXISTS { ?action tdp:actionStatus ?status }",
            "?action tdp:actionStatus ?one, ?other FILTER(?one != ?other)",
            "?flow tdp:fundedItem <id/plan/cob-plan-bois> FILTER NOT EXISTS { ?flow tdp:flowStatus <scheme/statut-d-action/attendue> }",
        ],
        "<a> a tdp:Action . <b> tdp:actionStatus <done>, <planned> . <flow> tdp:fundedItem <id/plan/cob-plan-bois> .",
    )


def test_trap_14(trap):
    """An absence that is told is neither silence nor presence: Langres lacks what the Pays Lédonien wishes for."""
    kind = "tdp:rsetKind <scheme/type-rset/equipements-interentreprises>"
    trap(
        [
            f"?said tdp:aboutTerritory place:pays-de-langres ; {kind} ; tdp:rsetPolarity <scheme/statut-d-action/declaree-absente>",
            f"?said tdp:aboutTerritory place:pays-ledonien ; {kind} ; tdp:rsetPolarity <scheme/statut-d-action/souhaitee>",
            "?denial a tdp:AbsenceStatement ; tdp:absenceSubject place:pays-de-langres ; tdp:absentKind <scheme/type-rset/creche>",
        ],
        [
            "?said tdp:rsetPolarity <scheme/statut-d-action/declaree-absente> ; tdp:describesPractice ?practice",
            "?said a tdp:RSETStatement FILTER NOT EXISTS { ?said tdp:rsetPolarity ?polarity }",
            "?denial tdp:absenceSubject ?pays ; tdp:absentKind ?kind . ?practice tdp:practiceIn ?pays ; tdp:rsetKind ?kind",
        ],
        f"""<said> tdp:rsetPolarity <scheme/statut-d-action/declaree-absente> ; tdp:describesPractice <practice> .
        <mute> a tdp:RSETStatement .
        <denial> tdp:absenceSubject <pays> ; tdp:absentKind <scheme/type-rset/equipements-interentreprises> .
        <practice> tdp:practiceIn <pays> ; {kind} .""",
    )


def test_trap_15(trap):
    """What an expert says is a claim of that expert, and not a fact of the world."""
    house = "<id/equipement/cob-premiere-maison-des-entreprises>"
    trap(
        [
            "{ SELECT (COUNT(DISTINCT ?claim) AS ?n) { ?claim a tdp:Claim ; tdp:statedBy/a foaf:Person } } FILTER(?n >= 40)",
            f"?claim a tdp:Claim ; tdp:concerns {house} ; tdp:appliesTo place:france ; tdp:statedBy <id/personne/benedicte-feuger>",
        ],
        [
            "?claim a tdp:Claim FILTER NOT EXISTS { ?claim tdp:statedBy ?person }",
            f"?fact tdp:concerns {house} ; tdp:appliesTo place:france FILTER NOT EXISTS {{ ?fact a tdp:Claim }}",
            "?claim a tdp:Claim, ?kind FILTER(?kind NOT IN (tdp:Claim, tdp:Illustration))",
        ],
        f"<a> a tdp:Claim, tdp:Finding . <b> tdp:concerns {house} ; tdp:appliesTo place:france .",
    )


def test_trap_16(trap):
    """Survey counts have a base of 23 that several answers exceed, and territories that nobody named."""
    survey = "?figure qb:dataSet <id/jeu/enquete-2015> ; "
    trap(
        [
            f"""{{ SELECT (SUM(?n) AS ?sum) {{ {survey} tdp:surveyAnswer ?answer ; tdp:respondentCount ?n ; tdp:sampleBase 23
            FILTER(CONTAINS(STR(?answer), "/scheme/forme-de-groupement/")) }} }} FILTER(?sum = 28)""",
            f"""{survey} tdp:surveyAnswer <scheme/forme-de-groupement/cluster> ; tdp:respondentCount 6 . ?apart a tdp:Discrepancy ;
            tdp:betweenStatements ?figure, <scheme/type-d-action/cluster>""",
        ],
        [
            "?figure tdp:respondentCount ?n FILTER NOT EXISTS { ?figure tdp:sampleBase ?base }",
            f"{survey} dim:refArea ?place",
            "?found a tdp:SurveyFinding ; tdp:appliesTo|tdp:concerns ?pays . ?pays a tdp:Pays",
        ],
        """<figure> qb:dataSet <id/jeu/enquete-2015> ; dim:refArea <pays> ; tdp:respondentCount 6 .
        <found> a tdp:SurveyFinding ; tdp:appliesTo <pays> . <pays> a tdp:Pays .""",
    )
