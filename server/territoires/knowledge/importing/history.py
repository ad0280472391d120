"""What became of the communes: changes since 2014, and communes that are no more.

Two sources tell it, each in its own shape: the file historique-communes.json of an older version of the package, up to 2019, and
INSEE's v_mvt_commune. Only changes from commune to commune are taken: those of delegated and associated communes leave no trace
in what a commune is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from territoires.knowledge.importing.package import Record

SINCE = "2014-01-01"
REASONS = {
    "commune nouvelle": "commune-nouvelle",
    "changement de nom": "changement-de-nom",
    "dé-fusion": "retablissement",
    "rétablissement": "retablissement",
    "fusion simple": "fusion-simple",
    "fusion-association": "fusion-association",
    "fusion totale": "passage-en-fusion-simple",
    "fusion partielle": "passage-en-fusion-simple",
    "changement de département": "changement-de-departement",
    "changement de chef lieu": "transfert-de-chef-lieu",
    "création": "creation",
}
"""How the package calls the reason for which a commune begins -> concept of the scheme type-de-modification."""
MODES = {
    "10": "changement-de-nom", "20": "creation", "21": "retablissement", "30": "suppression", "31": "fusion-simple",
    "32": "commune-nouvelle", "33": "fusion-association", "34": "passage-en-fusion-simple", "41": "changement-de-departement",
    "50": "transfert-de-chef-lieu",
}  # fmt: skip
"""INSEE's codes of events (column MOD) -> concept of that scheme, as far as they concern communes."""
Step = tuple[str, str, str, str]
"""A commune before, a commune after, the day, the kind of the change."""


@dataclass(frozen=True)
class Change:
    """A change on a day (ISO 8601): its kind, codes of the communes before and after; `number` tells several of one name apart."""

    day: str
    kind: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    number: int = 1

    @property
    def name(self) -> str:
        """The end of its IRI: the code of what it makes, else of what it divides, and the day."""
        code = self.after[0] if len(self.after) == 1 else self.before[0]
        return f"{code}-{self.day}" + (f"-{self.number}" if self.number > 1 else "")


@dataclass
class History:
    """The changes in the order of their days; and of each commune that is no more its last name and those that have its land today."""

    changes: list[Change] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    """Codes given up because the commune went to another département: they tell nothing of where it lies."""
    successors: dict[str, tuple[str, ...]] = field(default_factory=dict)


def from_package(records: Iterable[Record], communes: Iterable[Record]) -> History:
    """The history as the package tells it; `communes` are those of the year, which name the codes that they have taken over."""
    entries = {record["id"]: record for record in records}
    told = History(list(changes(steps(entries))))
    last: dict[str, str] = {}
    for entry in entries.values():
        if entry["type"] == "COM" and entry.get("dateDebut", "") >= last.get(entry["code"], ""):
            last[entry["code"]], told.names[entry["code"]] = entry.get("dateDebut", ""), entry["nom"]
        if "changement de département" in entry.get("raisonFin", ""):
            told.moved.add(entry["code"])
    for commune in communes:
        for former in commune.get("anciensCodes", ()):
            if former in told.names:  # a code of a delegated commune only was never a commune's
                told.successors[former] = (*told.successors.get(former, ()), commune["code"])
    return told


def steps(entries: Mapping[str, Record]) -> Iterator[Step]:
    """Each commune since 2014 that became another, or another version of itself, and why."""
    for entry in entries.values():
        if entry["type"] == "COM" and entry.get("dateFin", "") >= SINCE:
            ends = (
                [entry["successeur"]] if "successeur" in entry else [entries[part].get("successeur") for part in entry.get("membres", ())]
            )
            for after in filter(None, (commune_of(entries, end) for end in ends if end)):
                if kind := REASONS.get(after.get("raisonDebut", "")):
                    yield entry["code"], after["code"], entry["dateFin"], kind
        elif entry["type"] == "COM" and entry.get("dateDebut", "") >= SINCE and "predecesseur" in entry:
            part = entries[entry["predecesseur"]]
            kind = REASONS.get(entry.get("raisonDebut", ""))
            if kind and part["type"] != "COM" and (parent := commune_of(entries, part["id"])):  # it was a part of another, and is one again
                yield parent["code"], entry["code"], entry["dateDebut"], kind


def commune_of(entries: Mapping[str, Record], identifier: str) -> Record | None:
    """The commune itself, or that of which it is a part, directly or not."""
    found = entries.get(identifier)
    while found and found["type"] != "COM":
        found = entries.get(found.get("pole", ""))
    return found


def from_insee(rows: Iterable[Mapping[str, str]], current: frozenset[str]) -> History:
    """The history as INSEE's file of events tells it; `current` are the codes of the communes of the year."""
    told = History()
    found: list[Step] = []
    latest: dict[str, tuple[str, set[str]]] = {}
    for row in sorted(rows, key=lambda row: row["DATE_EFF"]):
        before, after, day, mode = row["COM_AV"], row["COM_AP"], row["DATE_EFF"], row["MOD"]
        if row["TYPECOM_AV"] != "COM" or row["TYPECOM_AP"] != "COM" or mode not in MODES:
            continue
        told.names[before] = row["LIBELLE_AV"]
        if mode == "41":
            told.moved.add(before)
        if day >= SINCE:
            found.append((before, after, day, MODES[mode]))
        if before != after and before not in current:
            if latest.get(before, ("", set()))[0] != day:
                latest[before] = (day, set())
            latest[before][1].add(after)
    told.changes = list(changes(found))
    for code in latest:
        told.successors[code] = tuple(sorted(today(code, latest, current)))
    return told


def today(code: str, latest: Mapping[str, tuple[str, set[str]]], current: frozenset[str]) -> set[str]:
    """The communes of the year that a code leads to, from change to change."""
    found, waiting, seen = set(), [code], {code}
    while waiting:
        for after in latest.get(waiting.pop(), ("", set()))[1]:
            if after in current:
                found.add(after)
            elif after not in seen:
                seen.add(after)
                waiting.append(after)
    return found


def changes(found: Iterable[Step]) -> Iterator[Change]:
    """The steps of a day and a kind that share a commune are one change."""
    by_day: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for before, after, day, kind in found:
        by_day.setdefault((day, kind), set()).add((before, after))
    names: Counter[str] = Counter()
    for (day, kind), pairs in sorted(by_day.items()):
        for group in joined(pairs):
            change = Change(day, kind, tuple(sorted({before for before, _ in group})), tuple(sorted({after for _, after in group})))
            names[change.name] += 1
            yield replace(change, number=names[change.name])


def joined(pairs: set[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Pairs in groups that have no commune in common, in the order of their codes."""
    leader: dict[str, str] = {}

    def find(code: str) -> str:
        while leader.setdefault(code, code) != code:
            code = leader[code]
        return code

    for before, after in sorted(pairs):
        leader[find(before)] = find(after)
    groups: dict[str, list[tuple[str, str]]] = {}
    for pair in sorted(pairs):
        groups.setdefault(find(pair[1]), []).append(pair)
    return list(groups.values())
