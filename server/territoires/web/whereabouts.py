"""Which places the map of a page shows."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from territoires.knowledge.gathering import Gathered
from territoires.knowledge.geography import Geography
from territoires.knowledge.geometries import wkt
from territoires.web.kinds import KINDS
from territoires.web.maps import geography
from territoires.web.selection import Selection

PLACES = frozenset(next(kind for kind in KINDS if kind.name == "territory").classes)
SMALL = frozenset(
    {
        "tdp:Commune",
        "tdp:FormerCommune",
        "tdp:DelegatedCommune",
        "tdp:AssociatedCommune",
        "tdp:MunicipalArrondissement",
        "tdp:InterMunicipality",
    }
)
"""The classes of places without an outline: the département stands for them."""
PLACING = (
    "tdp:takesPlaceIn",
    "tdp:practiceIn",
    "tdp:locatedIn",
    "tdp:localProgrammeOf",
    "tdp:planOf",
    "tdp:hasCarried",
    "tdp:relatedTerritory",
    "tdp:awardHolder",
    "tdp:applicant",
    "tdp:brandOwner",
    "tdp:bodyOf",
    "tdp:aboutTerritory",
    "tdp:describes",
)
"""The properties that lead from a thing, or from a node about it, to a place on a map."""


def whereabouts(found: Gathered, selection: Selection) -> set[str]:
    """The places that a map of the page shows: the resource itself, else where it lies, else the territories that it has to do with."""
    if found.types(found.resource) & PLACES:
        return {found.resource} if not found.types(found.resource) & SMALL else set(found.iris(found.resource, "tdp:inDepartement"))
    if "geo:Geometry" in found.types(found.resource):
        return {place for link in ("geo:hasGeometry", "geo:hasCentroid") for place in found.incoming.get(link, ())}
    nodes = [node for cls in ("tdp:ClusterRelation", "tdp:LabelAward", "tdp:Application") for node in selection.of(cls)]
    return {place for subject in (found.resource, *nodes) for place in found.iris(subject, *PLACING)}


def outlined(shapes: Iterable[str]) -> list[str]:
    """The places whose outlines these are, in WKT as the graph has it."""
    known = by_outline(geography())
    return [known[text] for text in shapes if text in known]


@lru_cache(maxsize=8)
def by_outline(known: Geography) -> Mapping[str, str]:
    """Outline in WKT -> IRI of the place."""
    return {wkt(place.geometry): place.iri or place.coded for place in known.places}
