"""Writes tests/data/matching-heldout.tsv: names drawn by lot from public files and put in the forms in which such files print them.

Nothing of it is tuned on. The truth is the code of the row that a name was drawn from; where the form also names another commune of
today (or a delegated one) in no context, the truth is that there is no match. Names abroad are written by hand.

    python -m tests.benchmarks.heldout ARCHIVE_6.0.0 ARCHIVE_0.5.1
"""

import random
import re
import string
import sys
import unicodedata
from collections import Counter
from pathlib import Path

from .archives import ended, members

ABROAD = (
    "Charleroi",
    "Lausanne",
    "Saarbrücken",
    "Monthey",
    "Namur",
    "Kehl",
    "La Chaux-de-Fonds",
    "Arlon",
    "Vintimille",
    "Andorre-la-Vieille",
)
LONG = {"CC": "COMMUNAUTE DE COMMUNES", "CA": "COMMUNAUTE D'AGGLOMERATION", "CU": "COMMUNAUTE URBAINE"}


def plain(name: str) -> str:
    """As BANATIC and La Poste print: capitals, no accents."""
    text = name.replace("œ", "oe").replace("Œ", "OE")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).upper()


def postal(name: str) -> str:
    """A locality as La Poste writes it: no hyphens or apostrophes, ST and STE."""
    text = re.sub(r"[-'’]", " ", plain(name))
    return re.sub(r"\bSAINT(E?)\b", r"ST\1", text)


def misprint(name: str, lot: random.Random) -> str:
    """One letter, not the first, left out, doubled, replaced or swapped with the next."""
    at = lot.choice([i for i in range(1, len(name) - 1) if name[i].isalpha() and name[i + 1].isalpha()])
    left, letter, right = name[:at], name[at], name[at + 1 :]
    return lot.choice(
        (left + right, left + 2 * letter + right, left + lot.choice(string.ascii_lowercase) + right, left + right[0] + letter + right[1:])
    )


def rows(archive: Path, history: Path) -> list[tuple[str, ...]]:
    """Type, text, département, expected code, trouble."""
    communes, epci, departements = members(archive, "communes", "epci", "departements")
    (past,) = members(history, "historique-communes")
    former_epci = members(history, "epci")[0]
    lot = random.Random(20261123)
    current = [c for c in communes if c["type"] == "commune-actuelle"]
    codes = {c["code"] for c in current}
    known = Counter(plain(c["nom"]).replace("-", " ") for c in communes)
    once = [c for c in current if known[plain(c["nom"]).replace("-", " ")] == 1]
    dep = {d["code"]: d["nom"] for d in departements}
    found: list[tuple[str, ...]] = []

    def add(kind: str, text: str, where: str, code: str, trouble: str) -> None:
        found.append((kind, text, where, code, trouble))

    for c in lot.sample(once, 14):
        add("commune", plain(c["nom"]), "", c["code"], "capitals")
    for c in lot.sample([c for c in once if re.search(r"[-' ]", c["nom"])], 16):
        add("commune", postal(c["nom"]), "", c["code"], "postal form")
    merged = [c for c in once if "anciensCodes" in c and c.get("siren", "").startswith("2000")]
    for c in lot.sample(merged, 12):
        add("commune", c["nom"].replace("-", " "), "", c["code"], "commune nouvelle")
    by_id = {each["id"]: each for each in past}
    gone = [h for h in past if h["type"] == "COM" and h.get("dateFin", "") >= "2012" and "successeur" in h]
    ends = [(h["nom"], ended(h, by_id)) for h in gone]
    bearing: dict[str, set[str]] = {}
    for h in past:
        if h["type"] == "COM":
            bearing.setdefault(plain(h["nom"]).replace("-", " "), set()).add(ended(h, by_id))
    clear = [
        (n, end)
        for n, end in ends
        if end in codes and bearing[plain(n).replace("-", " ")] == {end} and not any(n == c["nom"] for c in current)
    ]
    for name, end in lot.sample(sorted(set(clear)), 18):
        add("commune", lot.choice((name, plain(name))), "", end, "former commune")
    for c in lot.sample([c for c in once if len(c["nom"]) >= 8], 16):
        add("commune", misprint(c["nom"], lot), "", c["code"], "misprint")
    for c in lot.sample([c for c in once if len(c["nom"]) >= 5], 12):
        add("commune", misprint(c["nom"], lot), lot.choice((c["departement"], dep[c["departement"]])), c["code"], "misprint, département")
    names = Counter(c["nom"] for c in current)
    pairs = Counter((c["nom"], c["departement"]) for c in current)
    many = [c for c in current if names[c["nom"]] > 2 and pairs[c["nom"], c["departement"]] == 1]
    for n, c in enumerate(lot.sample(many, 18)):
        where = dep[c["departement"]]
        if n % 3 == 0:
            add("commune", f"{c['nom']} ({where})", "", c["code"], "homonym, département")
        else:
            add("commune", plain(c["nom"]), plain(where) if n % 3 == 1 else c["departement"], c["code"], "homonym, département")
    for c in lot.sample(many, 10):
        add("commune", c["nom"], "", "", "homonym")
    for name in ABROAD:
        add("commune", name, "", "", "abroad")
    titles = Counter(e["nom"] for e in epci)
    single = [e for e in epci if titles[e["nom"]] == 1]
    for e in lot.sample(single, 16):
        add("intercommunalite", plain(e["nom"]), "", e["code"], "EPCI, capitals")
    for e in lot.sample([e for e in single if e["type"] in LONG and e["nom"].startswith(e["type"])], 16):
        add("intercommunalite", LONG[e["type"]] + plain(e["nom"])[2:], "", e["code"], "EPCI in full")
    sirens, today = {e["code"] for e in epci}, " ".join(plain(e["nom"]) for e in epci)
    lost = [e for e in former_epci if e["code"] not in sirens and plain(e["nom"].split(" ", 1)[-1]) not in today]
    for e in lot.sample(lost, min(6, len(lost))):
        add("intercommunalite", e["nom"], "", f"({e['code']})", "EPCI that is no more")
    return found


if __name__ == "__main__":
    table = [("type", "text", "departement", "expected", "trouble"), *rows(Path(sys.argv[1]), Path(sys.argv[2]))]
    target = Path(__file__).parents[1] / "data" / "matching-heldout.tsv"
    target.write_text("".join("\t".join(row) + "\n" for row in table), encoding="utf-8")
    print(len(table) - 1, "rows")
