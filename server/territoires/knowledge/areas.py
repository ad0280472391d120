"""Départements and régions as context: what a table says of where a thing lies, as code, name or IRI."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from territoires.knowledge import toponyms
from territoires.knowledge.gazetteer import Gazetteer, Record
from territoires.knowledge.records import written

_CODE = re.compile(r"0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-5]|97[1-8]|98[6-8]")
"""The code of a département, or of what has a code like one overseas."""


@dataclass(frozen=True)
class Area:
    """Where something lies: INSEE codes of the départements or régions it may lie in, a postal code; `told` is what the table said."""

    departements: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    postal: str = ""
    told: str = ""

    def narrowed(self, other: "Area") -> "Area":
        """This area; what it doesn't say is taken from another."""
        if self.departements or self.regions or not (other.departements or other.regions or other.postal):
            return self
        return other

    def holds(self, record: Record) -> bool | None:
        """Whether a record lies there; None where one of the two isn't known."""
        if self.postal and (codes := {code.value for code in record.codes if code.scheme == "postal"}):
            return self.postal in codes or self.postal == record.code("insee")
        if self.departements and record.departements:
            return not self.departements.isdisjoint(record.departements)
        if self.regions and record.regions:
            return not self.regions.isdisjoint(record.regions)
        return None


def departement_of(code: str) -> str:
    """The code of the département in the INSEE code of a commune."""
    return code[:3] if code[:2] in ("97", "98") else code[:2]


class Areas:
    """The départements and régions of a gazetteer, by code and name."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self.names: dict[str, str] = {}
        self._found: dict[str, Area] = {}
        for kind in ("region", "departement"):  # of a name or code that both have, the département counts
            for record in gazetteer.of_kind(kind):
                code = record.code("insee")
                if kind == "departement":
                    self.names[code] = record.name
                    area = Area(departements=frozenset((code,)))
                else:
                    area = Area(regions=frozenset((code,)))
                self._found |= dict.fromkeys((record.iri, *(toponyms.keys(name.text).loose for name in record.names)), area)
                if kind == "departement":
                    self._found[code] = area

    def understood(self, within: Mapping[str, str]) -> tuple[Area, tuple[str, ...]]:
        """The area that a context names, and the values that weren't understood."""
        found, unknown = Area(), []
        for key, value in within.items():
            if not value.strip():
                continue
            area = self.postal(value) if key == "postal" else self.region(value) if key == "region" else self.find(value)
            if area is None:
                unknown.append(value.strip())
            else:
                found = found.narrowed(Area(area.departements, area.regions, area.postal, value.strip()))
        return found, tuple(unknown)

    def beside(self, reading: toponyms.Reading) -> Area | None:
        """The area that stands beside a name; None where what stands there is none."""
        if reading.beside:
            area = self.find(reading.beside)
            return area and Area(area.departements, area.regions, "", reading.beside)
        return self.postal(reading.postal) or Area()

    def find(self, value: str) -> Area | None:
        """The département or région that a code, name or IRI means."""
        value = value.strip()
        code = written(value).removeprefix("FR-").zfill(2)
        if code.startswith("0") and len(code) == 3 and code.isdecimal():
            code = code[1:]
        named = toponyms.keys(value).loose.removeprefix("departement")
        found = self._found.get(value) or self._found.get(code) or self._found.get(named)
        return found or (Area(departements=frozenset((code,))) if _CODE.fullmatch(code) else None)  # one that isn't imported

    def region(self, value: str) -> Area | None:
        """The région that a code, name or IRI means."""
        for record in self._gazetteer.coded(value, "insee"):
            if record.kind == "region":
                return Area(regions=frozenset((record.code("insee"),)))
        area = self.find(value)
        return area if area and area.regions else None

    def postal(self, code: str) -> Area | None:
        """Where a postal code, or the INSEE code of a commune, lies: both begin with the département (Corsica: 20)."""
        code = written(code)
        if len(code) == 4 and code.isdecimal():
            code = "0" + code
        if len(code) != 5:
            return None
        begin = departement_of(code)
        within = frozenset(("2A", "2B") if begin == "20" else (begin,))
        return Area(within, frozenset(), code, code)

    def departement(self, code: str) -> str:
        """The name of the département that the INSEE code of a commune begins with, or ''."""
        return self.names.get(departement_of(code), "")

    def of(self, record: Record) -> str:
        """The départements of a record in words: "Haute-Marne (52), Haute-Saône (70)"."""
        return ", ".join(f"{self.names[code]} ({code})" if code in self.names else code for code in record.departements)
