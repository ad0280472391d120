"""The catalogue in DCAT-AP 3: what the graph says of its data sets, with the files of a release and the services of a host.

What is said of data sets stands in data/dataset.ttl; here come the distributions (one for each file of a data set), the services,
publisher and contact, the place and time that are covered, and the names of the codes used, so that each value has its class.
A harvester reads it whole (data.gouv.fr: keywords as texts, geometry in `locn:geometry` as GeoJSON, period without an IRI).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from territoires.knowledge.authority import CLASSES, EU, FRANCE, LICENCES, NAMES, PUBLIC, STANDARDS, file_type, media_type
from territoires.knowledge.dumps import GZIP, Dump
from territoires.knowledge.holdings import EVERYWHERE, OPEN_LICENCE, OUTLINES, PARTS, PERIODS, SHARED_ALIKE, TABLES, USES, WHOLE
from territoires.vocabulary import iri

Node = NamedNode | BlankNode
ORDER = (WHOLE, *PARTS, TABLES, OUTLINES, SHARED_ALIKE)
"""The data sets as they are listed."""
GEOJSON = "https://www.iana.org/assignments/media-types/application/vnd.geo+json"
WKT = iri("geo:wktLiteral")
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Service:
    """A service: its name below the catalogue, titles and descriptions by language, its address, and where it describes itself."""

    name: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    address: str
    description: str
    standard: str = ""
    """What it conforms to."""


@dataclass(frozen=True)
class Site:
    """The host that serves the catalogue: its root address, who publishes, whom to write to, the release and the one before."""

    root: str
    base: str
    revision: str
    modified: str
    """An xsd:dateTime."""
    publisher: str
    homepage: str = ""
    contact: str = ""
    previous: str = ""

    @property
    def address(self) -> str:
        """The address of the catalogue."""
        return f"{self.root}catalog"

    def local(self, name: str) -> NamedNode:
        """A part of the catalogue's document."""
        return NamedNode(f"{self.address}#{name}")

    def dataset(self, name: str) -> NamedNode:
        """A data set."""
        return NamedNode(f"{self.base}id/jeu/{name}")


def catalogue(
    said: Iterable[Triple], dumps: Sequence[Dump], services: Sequence[Service], site: Site, boxes: Mapping[str, Box]
) -> list[Triple]:
    """The whole catalogue; `said` is what the graph tells of it, `boxes` (west, south, east, north) what data sets cover."""
    files = {part: held for part in parts(dumps) if (held := files_of(part, dumps))}
    known = [each for each in said if each.subject == site.dataset("catalogue") or name_of(each.subject, site) in files]
    told = [related(each) for each in known if each.predicate.value != iri("dct:modified")]
    found = [*told, *about_catalogue(site, files, services), *agents(site)]
    for part, held in files.items():
        found += about_dataset(part, held, site, boxes)
    for service in services:
        found += about_service(service, site, files)
    used = {triple.object.value for triple in found if isinstance(triple.object, NamedNode)}
    return list(dict.fromkeys([*found, *codes(used)]))


def related(said: Triple) -> Triple:
    """A statement of the graph as the catalogue has it: there, only a data set is the source of another (`dct:source`)."""
    return say(said.subject, "dct:relation", said.object) if said.predicate.value == iri("dct:source") else said  # type: ignore[arg-type]


def parts(dumps: Iterable[Dump]) -> list[str]:
    """The data sets that have files, the whole first; that of persons is in no catalogue, that of the description in the whole."""
    found = {dump.part for dump in dumps if not dump.personal and dump.part != "description"}
    return [part for part in ORDER if part in found]


def files_of(part: str, dumps: Iterable[Dump]) -> list[Dump]:
    """The files of a data set: those of all its graphs together, or of the only graph that it has; its tables and outlines."""
    held = [dump for dump in dumps if dump.part == part and dump.media_type in USES]
    return [dump for dump in held if not dump.graph or part == TABLES] or held


def name_of(node: object, site: Site) -> str:
    """The name of a data set, as the end of its IRI."""
    return node.value.removeprefix(f"{site.base}id/jeu/") if isinstance(node, NamedNode) else ""


def about_catalogue(site: Site, files: Iterable[str], services: Iterable[Service]) -> Iterator[Triple]:
    """What the catalogue holds, who publishes it, since when it is so."""
    this = site.dataset("catalogue")
    yield say(this, "rdf:type", NamedNode(iri("dcat:Catalog")))
    yield say(this, "dct:publisher", site.local("publisher"))
    yield say(this, "dct:modified", moment(site.modified))
    yield say(this, "dct:spatial", NamedNode(FRANCE))
    yield say(this, "dcat:themeTaxonomy", NamedNode(f"{EU}data-theme"))
    yield say(this, "foaf:homepage", NamedNode(site.root))
    yield from (say(this, "dcat:dataset", site.dataset(part)) for part in files)
    yield from (say(this, "dcat:service", site.local(service.name)) for service in services)
    yield say(NamedNode(site.root), "rdf:type", NamedNode(iri("foaf:Document")))


def agents(site: Site) -> Iterator[Triple]:
    """The publisher, and whom to write to."""
    publisher, contact = site.local("publisher"), site.local("contact")
    yield say(publisher, "rdf:type", NamedNode(iri("foaf:Agent")))
    yield say(publisher, "foaf:name", Literal(site.publisher, language="fr"))
    if site.homepage:
        yield say(publisher, "foaf:homepage", NamedNode(site.homepage))
        yield say(NamedNode(site.homepage), "rdf:type", NamedNode(iri("foaf:Document")))
    yield say(contact, "rdf:type", NamedNode(iri("vcard:Kind")))
    yield say(contact, "vcard:fn", Literal(site.publisher, language="fr"))
    if site.contact.startswith("mailto:"):
        yield say(contact, "vcard:hasEmail", NamedNode(site.contact))
    else:
        yield say(contact, "vcard:hasURL", NamedNode(site.contact or f"{site.root}a-propos#contact"))


def about_dataset(part: str, held: Iterable[Dump], site: Site, boxes: Mapping[str, Box]) -> Iterator[Triple]:
    """A data set: version, publisher, contact, what it covers, and its files."""
    this = site.dataset(part)
    yield say(this, "rdf:type", NamedNode(iri("dcat:Dataset")))
    yield say(this, "dct:identifier", Literal(this.value))
    yield say(this, "dct:modified", moment(site.modified))
    yield say(this, "dct:publisher", site.local("publisher"))
    yield say(this, "dct:accessRights", NamedNode(PUBLIC))
    yield say(this, "dcat:contactPoint", site.local("contact"))
    yield say(this, "dcat:landingPage", site.local(part))
    yield say(site.local(part), "rdf:type", NamedNode(iri("foaf:Document")))
    if part == WHOLE:
        yield say(this, "adms:versionNotes", Literal(f"{site.root}versions/{site.revision}"))
        if site.previous:
            yield say(this, "dcat:previousVersion", NamedNode(f"{site.root}versions/{site.previous}#jeu"))
    yield say(this, "dct:spatial", NamedNode(FRANCE))
    box = boxes.get("regions" if part in EVERYWHERE else "territoires")
    if box:
        yield from about_place(this, box)
    yield from about_time(this, *PERIODS.get(part, PERIODS[WHOLE]))
    for dump in held:
        yield from about_file(this, dump, site)


def part_of(whole: NamedNode, role: str) -> BlankNode:
    """A node without a name that is called the same in each answer, so that equal catalogues are equal bytes."""
    return BlankNode("n" + hashlib.sha256(f"{role} {whole.value}".encode()).hexdigest()[:16])  # RDF/XML takes no digit first


def about_place(this: NamedNode, box: Box) -> Iterator[Triple]:
    """The rectangle that is covered, in WGS 84, longitude before latitude."""
    west, south, east, north = (round(each, 4) for each in box)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    place = part_of(this, "spatial")
    yield say(this, "dct:spatial", place)
    yield say(place, "rdf:type", NamedNode(iri("dct:Location")))
    yield say(place, "locn:geometry", Literal(json.dumps({"type": "Polygon", "coordinates": [ring]}), datatype=NamedNode(GEOJSON)))
    text = f"POLYGON(({', '.join(f'{x} {y}' for x, y in ring)}))"
    middle = f"POINT({round((west + east) / 2, 4)} {round((south + north) / 2, 4)})"
    yield say(place, "dcat:centroid", Literal(middle, datatype=NamedNode(WKT)))
    yield say(place, "dcat:bbox", Literal(text, datatype=NamedNode(WKT)))


def about_time(this: NamedNode, first: str, last: str) -> Iterator[Triple]:
    """The days that are told of."""
    period = part_of(this, "temporal")
    yield say(this, "dct:temporal", period)
    yield say(period, "rdf:type", NamedNode(iri("dct:PeriodOfTime")))
    for name, day in (("dcat:startDate", first), ("dcat:endDate", last)):
        if day:
            yield say(period, name, Literal(day, datatype=NamedNode(iri("xsd:date"))))


def about_file(dataset: NamedNode, dump: Dump, site: Site) -> Iterator[Triple]:
    """A file as a distribution of a data set."""
    this, licence = site.local(dump.name), dump.licence or OPEN_LICENCE
    checksum = part_of(this, "checksum")
    yield say(dataset, "dcat:distribution", this)
    yield say(this, "rdf:type", NamedNode(iri("dcat:Distribution")))
    yield say(this, "dct:title", Literal(dump.name))
    yield from (say(this, "dct:description", Literal(text, language=language)) for language, text in USES[dump.media_type].items())
    yield say(this, "dcatap:availability", NamedNode(f"{EU}planned-availability/STABLE"))
    yield say(this, "dct:identifier", Literal(this.value))
    yield say(this, "dcat:accessURL", NamedNode(f"{site.root}dumps/{dump.name}"))
    yield say(this, "dcat:downloadURL", NamedNode(f"{site.root}dumps/{dump.name}"))
    yield say(this, "dct:license", NamedNode(licence))
    yield say(this, "dct:modified", moment(site.modified))
    yield say(this, "dct:format", NamedNode(file_type(dump.media_type)))
    yield say(this, "dcat:mediaType", NamedNode(media_type(dump.media_type)))
    if dump.packing == GZIP:
        yield say(this, "dcat:compressFormat", NamedNode(media_type(GZIP)))
    yield say(this, "dcat:byteSize", Literal(str(dump.bytes), datatype=NamedNode(iri("xsd:nonNegativeInteger"))))
    yield say(this, "spdx:checksum", checksum)
    yield say(checksum, "rdf:type", NamedNode(iri("spdx:Checksum")))
    yield say(checksum, "spdx:algorithm", NamedNode(iri("spdx:checksumAlgorithm_sha256")))
    yield say(checksum, "spdx:checksumValue", Literal(dump.sha256, datatype=NamedNode(iri("xsd:hexBinary"))))
    yield say(NamedNode(iri("spdx:checksumAlgorithm_sha256")), "rdf:type", NamedNode(iri("spdx:ChecksumAlgorithm")))


def about_service(service: Service, site: Site, files: Iterable[str]) -> Iterator[Triple]:
    """A service, and the data sets that it serves."""
    this = site.local(service.name)
    yield say(this, "rdf:type", NamedNode(iri("dcat:DataService")))
    yield from (say(this, "dct:title", Literal(text, language=language)) for language, text in service.titles.items())
    yield from (say(this, "dct:description", Literal(text, language=language)) for language, text in service.descriptions.items())
    if service.standard:
        yield say(this, "dct:conformsTo", NamedNode(service.standard))
    yield say(this, "dcat:theme", NamedNode(f"{EU}data-theme/REGI"))
    yield say(this, "dcat:endpointURL", NamedNode(service.address))
    yield say(this, "dcat:endpointDescription", NamedNode(service.description))
    yield say(this, "dct:license", NamedNode(OPEN_LICENCE))
    yield say(this, "dct:publisher", site.local("publisher"))
    yield say(this, "dct:accessRights", NamedNode(PUBLIC))
    yield say(this, "dcat:contactPoint", site.local("contact"))
    yield from (say(this, "dcat:servesDataset", site.dataset(part)) for part in files if part not in (TABLES, OUTLINES))


def codes(used: Iterable[str]) -> Iterator[Triple]:
    """Class, name and table of each code that is used, and what each licence is called."""
    tables = set()
    for value in sorted(used):
        this = NamedNode(value)
        if value.startswith(f"{EU}") and (name := value.removeprefix(EU)) in NAMES:
            table = name.partition("/")[0]
            tables.add(table)
            yield say(this, "rdf:type", NamedNode(iri("skos:Concept")))
            if table in CLASSES:
                yield say(this, "rdf:type", NamedNode(iri(CLASSES[table])))
            yield say(this, "skos:prefLabel", Literal(NAMES[name], language="fr"))
            yield say(this, "skos:inScheme", NamedNode(EU + table))
        elif value in LICENCES:
            title, other = LICENCES[value]
            yield say(this, "rdf:type", NamedNode(iri("dct:LicenseDocument")))
            yield say(this, "dct:title", Literal(title))
            yield say(this, "skos:exactMatch", NamedNode(other))
        elif value.startswith(STANDARDS):
            yield say(this, "rdf:type", NamedNode(iri("dct:Standard")))
        elif value.startswith(media_type("")):
            yield say(this, "rdf:type", NamedNode(iri("dct:MediaType")))
    for table in sorted({*tables, "data-theme"}):
        yield say(NamedNode(EU + table), "rdf:type", NamedNode(iri("skos:ConceptScheme")))
        yield say(NamedNode(EU + table), "dct:title", Literal(f"EU authority table {table}", language="en"))


def moment(text: str) -> Literal:
    """A moment."""
    return Literal(text, datatype=NamedNode(iri("xsd:dateTime")))


def say(subject: Node, predicate: str, value: Node | Literal) -> Triple:
    """A statement, its property by prefixed name."""
    return Triple(subject, NamedNode(iri(predicate)), value)
