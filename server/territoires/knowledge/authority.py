"""The codes of others that the catalogue uses: media types of IANA, and concepts of the authority tables of the European Union.

A harvester that knows nothing of a code finds its class, its name and its table beside it. The names are those of the tables, in French.
"""

from collections.abc import Mapping

from territoires.knowledge.holdings import ODBL, OPEN_LICENCE

EU = "http://publications.europa.eu/resource/authority/"
IANA = "https://www.iana.org/assignments/media-types/"
FRANCE = f"{EU}country/FRA"
PUBLIC = f"{EU}access-right/PUBLIC"
FILE_TYPES: Mapping[str, str] = {
    "application/n-quads": "RDF_N_QUADS",
    "text/turtle": "RDF_TURTLE",
    "application/ld+json": "JSON_LD",
    "text/csv": "CSV",
    "application/csvm+json": "JSON",
    "application/zip": "ZIP",
    "application/geo+json": "GEOJSON",
    "application/geopackage+sqlite3": "GPKG",
}
"""Media type -> code of the table of file types."""
CLASSES: Mapping[str, str] = {
    "country": "dct:Location",
    "access-right": "dct:RightsStatement",
    "file-type": "dct:MediaTypeOrExtent",
    "frequency": "dct:Frequency",
    "language": "dct:LinguisticSystem",
}
"""Table -> what its concepts are, besides concepts."""
NAMES: Mapping[str, str] = {
    "access-right/PUBLIC": "public",
    "country/FRA": "France",
    "data-theme/ECON": "Économie et finances",
    "data-theme/GOVE": "Gouvernement et secteur public",
    "data-theme/REGI": "Régions et villes",
    "data-theme/TECH": "Science et technologie",
    "dataset-type/CODE_LIST": "Liste de codes",
    "dataset-type/GEOSPATIAL": "Données géospatiales",
    "dataset-type/MAPPING": "Table de correspondance",
    "dataset-type/ONTOLOGY": "Ontologie",
    "frequency/ANNUAL": "annuel",
    "frequency/IRREG": "irrégulier",
    "frequency/NEVER": "jamais",
    "language/ENG": "anglais",
    "language/FRA": "français",
    "planned-availability/STABLE": "stable",
    **{f"file-type/{code}": code for code in FILE_TYPES.values()},
}
"""Concept -> what it is called."""
LICENCES: Mapping[str, tuple[str, str]] = {
    OPEN_LICENCE: (
        "Licence Ouverte / Open Licence version 2.0",
        "http://spdx.org/licenses/etalab-2.0",
    ),
    ODBL: (
        "ODC Open Database License (ODbL) version 1.0",
        "http://spdx.org/licenses/ODbL-1.0",
    ),
}
"""Licence -> its name, and what else it is known by."""
STANDARDS = ("https://www.w3.org/TR/", "https://spec.openapis.org/", "https://www.w3.org/community/reports/")
"""How the addresses of standards begin."""


def media_type(name: str) -> str:
    """The IRI of a media type in the registry of IANA."""
    return IANA + name


def file_type(name: str) -> str:
    """The IRI of the file type of a media type; text where the table has none."""
    return f"{EU}file-type/{FILE_TYPES.get(name, 'TXT')}"
