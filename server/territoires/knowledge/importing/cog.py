"""The official geographic code of a year as lines of N-Triples, in the shape of the ontology: places, bodies, perimeters, figures, changes.

Places are named by their code, but for those that the data of the repository already name: these keep their IRI and name, and the
name of the code is another name of theirs. What a place is and where it lies is said as of the year; what a territory is made of and
how many live there bears its day or year.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from territoires.knowledge.holdings import OPEN_LICENCE
from territoires.knowledge.importing.differences import Summary
from territoires.knowledge.importing.history import Change, History
from territoires.knowledge.importing.naming import OVERSEAS, Known, Source
from territoires.knowledge.importing.ntriples import literal, own, term, triple
from territoires.knowledge.importing.package import Record, Records

KINDS = {
    "commune-actuelle": ("commune", "tdp:Commune"),
    "commune-deleguee": ("commune-deleguee", "tdp:DelegatedCommune"),
    "commune-associee": ("commune-associee", "tdp:AssociatedCommune"),
    "arrondissement-municipal": ("arrondissement-municipal", "tdp:MunicipalArrondissement"),
}
"""The kinds of communes in the package -> first part of the path, and class."""
MAYOTTE, COUNTED_THERE = "976", 2017
"""The département whose population is of another census than the others', and its year."""


@dataclass(frozen=True)
class Code:
    """The code of a year as a source tells it. `counted`: the year of its populations; `listed`: that of its list of EPCI."""

    year: int
    records: Records
    history: History
    source: Source
    told_by: Source
    """The source of the history."""
    counted: int | None = None
    listed: int | None = None
    known: Known = field(default_factory=Known)

    def size(self) -> int:
        """How many records it has, as a measure of the work."""
        return sum(len(records) for records in self.records.values()) + len(self.history.changes) + len(self.history.successors)

    def parts(self) -> Iterator[tuple[int, Iterator[str]]]:
        """Its lines in parts, each with the records that it is made of."""
        for source in dict.fromkeys((self.source, self.told_by)):
            yield 0, self.document(source)
        for year in sorted(year for year in {self.counted, COUNTED_THERE if self.counted else None} if year):
            yield 0, self.period(year)
        for record in self.records["regions"]:
            yield 1, iter(()) if overseas(record) else self.place("region", record, "tdp:Region")
        for record in self.records["departements"]:
            yield 1, self.departement(record)
        for record in self.records["arrondissements"]:
            yield 1, self.arrondissement(record)
        for record in self.records["communes"]:
            yield 1, self.commune(record)
        for record in self.records["epci"]:
            yield 1, self.grouping(record)
        for code, after in sorted(self.history.successors.items()):
            yield 1, self.former(code, after)
        for change in self.history.changes:
            yield 1, self.change(change)

    def summary(self) -> Summary:
        """Its places and populations, as imports are compared by."""
        places: dict[str, str] = {}
        populations: dict[str, tuple[int, int]] = {}
        for name, kind in (("regions", "region"), ("departements", "departement"), ("arrondissements", "arrondissement")):
            for record in self.records[name]:
                places[self.path(OVERSEAS if overseas(record) else kind, record["code"])] = record["nom"]
        for record in self.records["communes"]:
            path = self.path(KINDS[record["type"]][0], record["code"])
            places[path] = record["nom"]
            if self.counted and "population" in record and not overseas(record):
                populations[path] = COUNTED_THERE if record["departement"] == MAYOTTE else self.counted, record["population"]
        places |= {f"id/intercommunalite/{record['code']}": record["nom"] for record in self.records["epci"]}
        return Summary(places, populations)

    def lines(self) -> Iterator[str]:
        """All of its lines."""
        for _, part in self.parts():
            yield from part

    def path(self, kind: str, code: str) -> str:
        """The path of a place: the one that it has already, else by its code."""
        return self.known.paths.get((kind, code), f"id/{kind}/{code}")

    def iri(self, kind: str, code: str) -> str:
        """A place as N-Triples write it."""
        return own(self.path(kind, code))

    def named(self, path: str, name: str, subject: str) -> Iterator[str]:
        """The name of a thing; another name of theirs, for those that have one already."""
        known = self.known.names.get(path, frozenset())
        if not known:
            yield triple(subject, "skos:prefLabel", literal(name, language="fr"))
        elif name not in known:
            yield triple(subject, "skos:altLabel", literal(name, language="fr"))

    def place(self, kind: str, record: Record, cls: str) -> Iterator[str]:
        """What is said of each place: class, name, code, source."""
        path = self.path(kind, record["code"])
        subject = own(path)
        yield triple(subject, "rdf:type", term(cls))
        yield from self.named(path, record["nom"], subject)
        yield triple(subject, "igeo:codeINSEE", literal(record["code"], "xsd:token"))
        yield triple(subject, "dct:source", own(self.source.path))

    def departement(self, record: Record) -> Iterator[str]:
        """A département and its région; an overseas collectivity, which the package lists with them, is neither."""
        if overseas(record):
            yield from self.place(OVERSEAS, record, "tdp:AdministrativeTerritory")
            return
        yield from self.place("departement", record, "tdp:Departement")
        yield triple(self.iri("departement", record["code"]), "tdp:departementOfRegion", self.iri("region", record["region"]))

    def arrondissement(self, record: Record) -> Iterator[str]:
        """An arrondissement and its département."""
        yield from self.place("arrondissement", record, "tdp:Arrondissement")
        yield triple(self.iri("arrondissement", record["code"]), "tdp:inDepartement", self.iri("departement", record["departement"]))

    def commune(self, record: Record) -> Iterator[str]:
        """A commune, or a part of one: where it lies, its body, its inhabitants."""
        code = record["code"]
        kind, cls = KINDS[record["type"]]
        subject = self.iri(kind, code)
        yield from self.place(kind, record, cls)
        if overseas(record):
            yield triple(subject, "tdp:inArea", self.iri(OVERSEAS, overseas(record)))
        else:
            yield triple(subject, "tdp:inDepartement", self.iri("departement", record["departement"]))
        if record.get("arrondissement"):
            yield triple(subject, "tdp:inArea", self.iri("arrondissement", record["arrondissement"]))
        if kind != "commune":
            yield triple(subject, "tdp:partOfTerritory", self.iri("commune", record.get("chefLieu") or record["commune"]))
        if "siren" in record:
            yield from self.body(f"id/organisation/commune-{code}", record["nom"], "tdp:LocalAuthority", record["siren"], subject)
        if self.counted and "population" in record and not overseas(record):
            year = COUNTED_THERE if record["departement"] == MAYOTTE else self.counted
            yield from self.figure(f"{kind}-{code}", subject, record["population"], year)

    def body(self, path: str, name: str, cls: str, siren: str, place: str) -> Iterator[str]:
        """A public body and its extent."""
        subject = own(path)
        yield triple(subject, "rdf:type", term(cls))
        yield from self.named(path, name, subject)
        yield triple(subject, "tdp:siren", literal(siren))
        yield triple(subject, "tdp:hasTerritory", place)
        yield triple(subject, "dct:source", own(self.source.path))

    def grouping(self, record: Record) -> Iterator[str]:
        """An EPCI as a place and as a body, and what it is made of on 1 January of the year."""
        code, day = record["code"], f"{self.year}-01-01"
        path = f"id/intercommunalite/{code}"
        place, perimeter = own(path), own(f"id/perimetre/{code}-{day}")
        yield triple(place, "rdf:type", term("tdp:InterMunicipality"))
        yield from self.named(path, record["nom"], place)
        yield triple(place, "dct:source", own(self.source.path))
        yield from self.body(f"id/organisation/{code}", record["nom"], "tdp:InterMunicipalBody", code, place)
        yield triple(perimeter, "rdf:type", term("tdp:Perimeter"))
        yield triple(perimeter, "tdp:perimeterOf", place)
        yield triple(perimeter, "tdp:onDate", literal(day, "xsd:date"))
        yield triple(perimeter, "dct:source", own(self.source.path))
        if self.listed != self.year:  # the list that the package has for the year is that of another one
            yield triple(perimeter, "tdp:precision", own("scheme/precision/deduite"))
        for member in sorted(record["membres"], key=lambda member: member["code"]):
            yield triple(perimeter, "tdp:hasMemberTerritory", self.iri("commune", member["code"]))

    def figure(self, name: str, area: str, inhabitants: int, year: int) -> Iterator[str]:
        """A number of inhabitants, abbreviated as data/reference/populations.ttl tells (Data Cube §10): the rest is said of the set."""
        subject = own(f"id/observation/{name}-population-{year}")
        yield triple(subject, "qb:dataSet", own("id/jeu/populations-municipales"))
        yield triple(subject, "sdmx-dimension:refArea", area)
        yield triple(subject, "sdmx-dimension:refPeriod", own(f"id/periode/{year}"))
        yield triple(subject, "tdp:inhabitants", literal(str(inhabitants), "xsd:integer"))

    def period(self, year: int) -> Iterator[str]:
        """A year, where the repository doesn't describe it."""
        path = f"id/periode/{year}"
        if path in self.known.names:
            return
        subject = own(path)
        yield triple(subject, "rdf:type", term("time:ProperInterval"))
        yield triple(subject, "skos:prefLabel", literal(f"Année {year}", language="fr"))
        yield triple(subject, "skos:prefLabel", literal(f"Year {year}", language="en"))
        yield triple(subject, "tdp:firstDay", literal(f"{year}-01-01", "xsd:date"))
        yield triple(subject, "tdp:lastDay", literal(f"{year}-12-31", "xsd:date"))
        yield triple(subject, "tdp:precision", own("scheme/precision/annee"))
        yield triple(subject, "dct:source", own(self.source.path))

    def document(self, source: Source) -> Iterator[str]:
        """A source, where the repository doesn't describe it."""
        if source.path in self.known.names:
            return
        subject = own(source.path)
        yield triple(subject, "rdf:type", term("tdp:SourceDocument"))
        for name, language in zip(source.names, ("fr", "en"), strict=True):
            yield triple(subject, "skos:prefLabel", literal(name, language=language))
        yield triple(subject, "dct:publisher", literal(source.publisher))
        yield triple(subject, "dct:license", term(OPEN_LICENCE))
        yield triple(subject, "foaf:page", term(source.page))

    def former(self, code: str, after: Iterable[str]) -> Iterator[str]:
        """A commune that is no more, and those that have its land."""
        subject = self.iri("commune", code)
        record = {"code": code, "nom": self.history.names[code]}
        yield from self.place("commune", record, "tdp:FormerCommune")
        departement = code[:3] if code.startswith("97") else code[:2]
        if code not in self.history.moved and any(each["code"] == departement for each in self.records["departements"]):
            yield triple(subject, "tdp:inDepartement", self.iri("departement", departement))
        for successor in after:
            yield triple(subject, "dct:isReplacedBy", self.iri("commune", successor))

    def change(self, change: Change) -> Iterator[str]:
        """A change of communes."""
        subject = own(f"id/evenement-cog/{change.name}")
        yield triple(subject, "rdf:type", term("tdp:TerritorialChange"))
        for code in change.before:
            yield triple(subject, "tdp:originalTerritory", self.iri("commune", code))
        for code in change.after:
            yield triple(subject, "tdp:resultingTerritory", self.iri("commune", code))
        yield triple(subject, "tdp:effectiveOn", literal(change.day, "xsd:date"))
        yield triple(subject, "tdp:changeKind", own(f"scheme/type-de-modification/{change.kind}"))
        yield triple(subject, "dct:source", own(self.told_by.path))


def overseas(record: Record) -> str:
    """The code of the overseas collectivity that a record is of; empty for those of a région. Older versions name it apart."""
    if isinstance(named := record.get("collectiviteOutremer"), Mapping):
        return str(named["code"])
    return str(record.get("departement", record["code"])) if record.get("zone") == "com" else ""
