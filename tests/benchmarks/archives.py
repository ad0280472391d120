"""The names of all France for programs and tests that match names without a release: tests/data/names-of-france.tsv.xz.

It is made of two archives of @etalab/decoupage-administratif:

    python -m tests.benchmarks.archives ARCHIVE_6.0.0 ARCHIVE_0.5.1

The archive of a version is what `npm pack @etalab/decoupage-administratif@VERSION` writes (Licence Ouverte 2.0; INSEE, DGCL).
"""

import csv
import json
import lzma
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from territoires.knowledge.records import Code, Name, Record, parted
from territoires.vocabulary import CANONICAL_BASE

NAMES = Path(__file__).resolve().parents[1] / "data" / "names-of-france.tsv.xz"
PARTS = {"commune-deleguee": "chefLieu", "commune-associee": "chefLieu", "arrondissement-municipal": "commune"}


def members(archive: Path, *names: str) -> list[list[dict[str, Any]]]:
    """The JSON files of an archive."""
    with tarfile.open(archive) as tar:
        return [json.load(tar.extractfile(f"package/data/{name}.json")) for name in names]  # type: ignore[arg-type]


def iri(kind: str, code: str) -> str:
    """The IRI of a place."""
    return f"{CANONICAL_BASE}id/{kind.replace('ancienne-commune', 'commune')}/{code}"


def records(archive: Path, history: Path | None = None) -> Iterator[Record]:
    """The places of today; with an archive of version 0.5.1, the communes and names that are no more (1943 to 2019)."""
    communes, epci, departements, regions = members(archive, "communes", "epci", "departements", "regions")
    names, former = older(members(history, "historique-communes")[0]) if history else ({}, {})
    current = {c["code"] for c in communes if c["type"] == "commune-actuelle"}
    listed = {c["code"] for c in communes}
    for region in regions:
        yield Record(iri("region", region["code"]), "region", (Name(region["nom"]),), codes=(Code("insee", region["code"]),))
    for dep in departements:
        codes = (Code("insee", dep["code"]),)
        yield Record(iri("departement", dep["code"]), "departement", (Name(dep["nom"]),), codes=codes, regions=(dep["region"],))
    for c in communes:
        kind = "commune" if c["type"] == "commune-actuelle" else c["type"]
        codes = [Code("insee", c["code"]), *(Code("postal", each) for each in c.get("codesPostaux", ()))]
        codes += [Code("siren", c["siren"])] if "siren" in c else []
        old = names.get(c["code"], {}) if kind == "commune" else {}
        yield Record(
            iri(kind, c["code"]),
            kind,
            (Name(c["nom"]), *(Name(name, "former", until=year) for name, year in sorted(old.items()) if name != c["nom"])),
            codes=tuple(codes),
            departements=(c["departement"],),
            regions=(c["region"],),
            successors=(iri("commune", c[PARTS[kind]]),) if kind in PARTS else (),
            population=c.get("population", 0),
        )
    for code, (name, successor, year) in former.items():
        if code not in listed and successor in current:
            within = code[:3] if code[:2] == "97" else code[:2]
            codes, above = (Code("insee", code),), (iri("commune", successor),)
            yield Record(
                iri("commune", code), "ancienne-commune", (Name(name, until=year),), codes=codes, departements=(within,), successors=above
            )
    for body in epci:
        within = tuple(sorted({m["code"][:3] if m["code"][:2] == "97" else m["code"][:2] for m in body["membres"]}))
        where = iri("intercommunalite", body["code"])
        codes, size = (Code("siren", body["code"]),), body["populationMunicipale"]
        yield Record(
            where, "intercommunalite", (Name(body["nom"]), *parted(body["nom"])), codes=codes, departements=within, population=size
        )


def older(history: list[dict[str, Any]]) -> tuple[dict[str, dict[str, int]], dict[str, tuple[str, str, int]]]:
    """Code -> names that a commune bore and the year of their end; code of a commune that is no more -> its last name, the code of what it
    belongs to, and the year of its end."""
    by_id = {each["id"]: each for each in history}
    names: dict[str, dict[str, int]] = defaultdict(dict)
    former: dict[str, tuple[str, str, int]] = {}
    for each in history:
        if each["type"] == "COM" and "dateFin" in each:
            if "successeur" in each and (end := ended(each, by_id)) != each["code"]:
                former[each["code"]] = (each["nom"], end, int(each["dateFin"][:4]))
            else:
                names[each["code"]][each["nom"]] = int(each["dateFin"][:4])
    return names, former


def ended(place: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> str:
    """The code of the commune that a place belongs to at the end of the history."""
    for _ in range(30):
        after = by_id.get(place.get("successeur") or place.get("pole") or "")
        if after is None:
            return str(place["code"])
        place = after
    return str(place["code"])


def write_names(path: Path, found: Iterable[Record]) -> None:
    """Writes records, a line each; codes of communes and bodies, no postal codes."""
    with lzma.open(path, "wt", encoding="utf-8", newline="", preset=9) as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        for each in found:
            old = "|".join(f"{name.text}|{name.until}" for name in each.names[1:] if name.sort == "former")
            codes = each.code("insee"), each.code("siren")
            within, above = " ".join(each.departements), " ".join(iri.rpartition("/")[2] for iri in each.successors)
            line = (each.kind, *codes, each.name, each.names[0].until, old, within, " ".join(each.regions), above, each.population)
            writer.writerow(line)


def read_names(path: Path = NAMES) -> Iterator[Record]:
    """The records of such a file."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        for kind, insee, siren, name, until, old, within, regions, above, population in csv.reader(file, delimiter="\t"):
            past = old.split("|") if old else []
            former = (Name(past[at], "former", until=int(past[at + 1])) for at in range(0, len(past), 2))
            yield Record(
                iri(kind, insee or siren),
                kind,
                (Name(name, until=int(until)), *parted(name), *former),
                codes=tuple(Code(scheme, code) for scheme, code in (("insee", insee), ("siren", siren)) if code),
                departements=tuple(within.split()),
                regions=tuple(regions.split()),
                successors=tuple(iri("commune", code) for code in above.split()),
                population=int(population),
            )


if __name__ == "__main__":
    write_names(NAMES, records(*map(Path, sys.argv[1:3])))
    print(f"{NAMES}: {NAMES.stat().st_size:,} bytes")
