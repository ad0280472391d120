"""The graph of the benchmark: the administrative division of France, in the shape of our own data.

Source: the npm package @etalab/decoupage-administratif (Licence Ouverte), fetched once by `npm pack` into the cache and checked.
Régions, départements, arrondissements, communes (also delegated, associated and municipal ones), their bodies, inter-municipal bodies
with their members, and populations as observations: about a million triples. A larger scale repeats them under other bases.
"""

import argparse
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from territoires.knowledge.importing.ntriples import literal, term, triple
from territoires.knowledge.importing.package import PACKAGE, Record, Records, fetch
from territoires.knowledge.importing.package import read as read_package
from territoires.settings import default_downloads
from territoires.vocabulary import CANONICAL_BASE

__all__ = ["PACKAGE", "VERSION", "build", "fetch_package", "lines", "read_package", "subjects"]

VERSION, EDITION = "6.0.0", 2026
VCARD = "http://www.w3.org/2006/vcard/ns#"
COMMUNES = {
    "commune-actuelle": "tdp:Commune",
    "commune-deleguee": "igeo:CommuneDeleguee",
    "commune-associee": "igeo:CommuneAssociee",
    "arrondissement-municipal": "igeo:ArrondissementMunicipal",
}
"""The class of each kind of commune."""
MAYOTTE, COUNTED = "976", 2017
"""The département whose populations are of another year than the edition's, and that year."""
Package = Records


def fetch_package(folder: Path) -> Path:
    """The archive of the package. Raises ImportFailed without npm or network, or when it isn't the pinned one."""
    return fetch(VERSION, folder)


def build(scale: int, folder: Path | None = None) -> Path:
    """The graph as a file of N-Triples in the cache, made where it isn't there; `scale` is about its size in millions of triples."""
    folder = folder or default_downloads()
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    path = folder / "benchmark" / f"france-{VERSION}-{scale}-{recipe}.nt"
    if not path.exists():
        package = read_package(fetch_package(folder))
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            file.writelines(lines(package, scale))
        draft.replace(path)
    return path


def subjects(package: Package) -> Iterator[str]:
    """The IRIs of today's communes and of their figures under the canonical base: constants for point queries."""
    for record in package["communes"]:
        if record["type"] == "commune-actuelle":
            yield f"{CANONICAL_BASE}id/commune/{record['code']}"
            if "population" in record:
                yield f"{CANONICAL_BASE}id/observation/commune-{record['code']}-habitants"


def lines(package: Package, scale: int) -> Iterator[str]:
    """The graph in N-Triples, once for each edition; only the first stands below the canonical base."""
    for age in range(scale):
        year = EDITION - age
        yield from Edition(CANONICAL_BASE if age == 0 else f"{CANONICAL_BASE}millesime/{year}/", year, package).lines()


class Edition:
    """One edition of the graph, its own IRIs below `base`."""

    def __init__(self, base: str, year: int, package: Package) -> None:
        self.base, self.year, self.package = base, year, package

    def lines(self) -> Iterator[str]:
        """All of its triples."""
        for year in (self.year, COUNTED):
            yield from self.period(year)
        for kind in sorted({record["type"] for record in self.package["epci"]}):
            yield from self.concept(kind)
        for record in self.package["regions"]:
            yield from self.area("region", record, "tdp:Region")
        for record in self.package["departements"]:
            yield from self.departement(record)
        for record in self.package["arrondissements"]:
            yield from self.arrondissement(record)
        for record in self.package["communes"]:
            yield from self.commune(record)
        for record in self.package["epci"]:
            yield from self.grouping(record)

    def own(self, path: str) -> str:
        """An IRI of this edition, as N-Triples writes it."""
        return f"<{self.base}{path}>"

    def area(self, kind: str, record: Record, name: str) -> Iterator[str]:
        """What is said of each administrative area: class, name, code, source."""
        subject = self.own(f"id/{kind}/{record['code']}")
        yield triple(subject, "rdf:type", term(name))
        yield triple(subject, "skos:prefLabel", literal(record["nom"], language="fr"))
        yield triple(subject, "igeo:codeINSEE", literal(record["code"], "xsd:token"))
        yield triple(subject, "dct:source", self.own("source/insee-cog"))

    def departement(self, record: Record) -> Iterator[str]:
        """A département and its région."""
        yield from self.area("departement", record, "tdp:Departement")
        subject, region = self.own(f"id/departement/{record['code']}"), self.own(f"id/region/{record['region']}")
        yield triple(subject, "tdp:departementOfRegion", region)
        yield triple(subject, "igeo:subdivisionDe", region)

    def arrondissement(self, record: Record) -> Iterator[str]:
        """An arrondissement and its département."""
        yield from self.area("arrondissement", record, "igeo:Arrondissement")
        subject, departement = self.own(f"id/arrondissement/{record['code']}"), self.own(f"id/departement/{record['departement']}")
        yield triple(subject, "tdp:inDepartement", departement)
        yield triple(subject, "igeo:subdivisionDe", departement)

    def commune(self, record: Record) -> Iterator[str]:
        """A commune, today's or one that has become part of another; its place, its post codes, its body, its inhabitants."""
        code = record["code"]
        # A delegated commune may bear the code of the commune that it is now part of.
        kind = "commune" if record["type"] == "commune-actuelle" else record["type"]
        subject = self.own(f"id/{kind}/{code}")
        yield from self.area(kind, record, COMMUNES[record["type"]])
        yield triple(subject, "tdp:inDepartement", self.own(f"id/departement/{record['departement']}"))
        yield triple(subject, "tdp:inRegionByDepartement", self.own(f"id/region/{record['region']}"))
        if record.get("arrondissement"):
            yield triple(subject, "igeo:subdivisionDe", self.own(f"id/arrondissement/{record['arrondissement']}"))
        if whole := record.get("chefLieu") or record.get("commune"):
            yield triple(subject, "tdp:partOfTerritory", self.own(f"id/commune/{whole}"))
        for post_code in record.get("codesPostaux", ()):
            yield triple(subject, f"{VCARD}postal-code", literal(post_code))
        for former in record.get("anciensCodes", ()):
            yield triple(subject, "skos:hiddenLabel", literal(former))
        if "siren" in record:
            yield from self.body(f"commune-{code}", record, "tdp:LocalAuthority", record["siren"])
            yield triple(self.own(f"id/organisation/commune-{code}"), "dct:spatial", subject)
        if "population" in record:
            year = COUNTED if record["departement"] == MAYOTTE else self.year
            yield from self.figure(f"{kind}-{code}", subject, record["nom"], record["population"], year)

    def body(self, name: str, record: Record, kind: str, siren: str) -> Iterator[str]:
        """A public body."""
        subject = self.own(f"id/organisation/{name}")
        yield triple(subject, "rdf:type", term(kind))
        yield triple(subject, "skos:prefLabel", literal(record["nom"], language="fr"))
        yield triple(subject, "tdp:siren", literal(siren))

    def grouping(self, record: Record) -> Iterator[str]:
        """An inter-municipal body, its members and its inhabitants."""
        code = record["code"]
        subject = self.own(f"id/organisation/{code}")
        yield from self.body(code, record, "tdp:InterMunicipalBody", code)
        yield triple(subject, "org:classification", self.own(f"scheme/type-d-epci/{record['type']}"))
        yield triple(subject, "dct:source", self.own("source/epci"))
        yield from self.figure(code, subject, record["nom"], record["populationTotale"], self.year)
        for member in record["membres"]:
            body, node = self.own(f"id/organisation/commune-{member['code']}"), self.own(f"id/adhesion/{code}-{member['code']}")
            yield triple(subject, "tdp:hasHadMember", body)
            yield triple(node, "rdf:type", term("org:Membership"))
            yield triple(node, "org:organization", subject)
            yield triple(node, "org:member", body)
            yield triple(node, "dct:source", self.own("source/epci"))

    def figure(self, name: str, area: str, label: str, inhabitants: int, year: int) -> Iterator[str]:
        """A number of inhabitants."""
        subject = self.own(f"id/observation/{name}-habitants")
        yield triple(subject, "rdf:type", term("qb:Observation"))
        yield triple(subject, "skos:prefLabel", literal(f"{label} · nombre d’habitants · Année {year}", language="fr"))
        yield triple(subject, "skos:prefLabel", literal(f"{label} · inhabitants · Year {year}", language="en"))
        yield triple(subject, "qb:dataSet", self.own("id/jeu/statistiques-territoire"))
        yield triple(subject, "qb:measureType", term("tdp:inhabitants"))
        yield triple(subject, "sdmx-dimension:refArea", area)
        yield triple(subject, "sdmx-dimension:refPeriod", self.own(f"id/periode/{year}"))
        yield triple(subject, "sdmx-attribute:unitMeasure", self.own("scheme/unite/habitant"))
        yield triple(subject, "tdp:valueQualifier", self.own("scheme/qualificatif/exact"))
        yield triple(subject, "tdp:inhabitants", literal(str(inhabitants), "xsd:integer"))
        yield triple(subject, "dct:source", self.own("source/insee-populations"))

    def period(self, year: int) -> Iterator[str]:
        """A year."""
        subject = self.own(f"id/periode/{year}")
        yield triple(subject, "rdf:type", term("time:ProperInterval"))
        yield triple(subject, "skos:prefLabel", literal(f"Année {year}", language="fr"))
        yield triple(subject, "skos:prefLabel", literal(f"Year {year}", language="en"))
        yield triple(subject, "tdp:firstDay", literal(f"{year}-01-01", "xsd:date"))
        yield triple(subject, "tdp:lastDay", literal(f"{year}-12-31", "xsd:date"))

    def concept(self, kind: str) -> Iterator[str]:
        """A kind of inter-municipal body."""
        subject = self.own(f"scheme/type-d-epci/{kind}")
        yield triple(subject, "rdf:type", term("skos:Concept"))
        yield triple(subject, "skos:inScheme", self.own("scheme/type-d-epci"))
        yield triple(subject, "skos:notation", literal(kind))


def main() -> None:
    """`python -m tests.benchmarks.france [--scale N]` tells where the graph is and how large."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--scale", type=int, default=1)
    path = build(parser.parse_args().scale)
    with path.open("rb") as file:
        print(f"{path}: {sum(1 for _ in file)} triples")


if __name__ == "__main__":
    main()
