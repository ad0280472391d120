"""Which places the map of a page shows."""

from territoires.knowledge.gathering import Gathered
from territoires.web.kinds import KINDS
from territoires.web.selection import Selection

PLACES = frozenset(next(kind for kind in KINDS if kind.name == "territory").classes)
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
        return (
            {found.resource} if not found.types(found.resource) & {"tdp:Commune"} else set(found.iris(found.resource, "tdp:inDepartement"))
        )
    nodes = [node for cls in ("tdp:ClusterRelation", "tdp:LabelAward", "tdp:Application") for node in selection.of(cls)]
    return {place for subject in (found.resource, *nodes) for place in found.iris(subject, *PLACING)}
