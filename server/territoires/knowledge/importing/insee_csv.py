"""INSEE's own files of the official geographic code, given by path, read into the shape of the package.

They tell régions, départements, arrondissements, communes and their events since 1943; neither EPCI nor populations. Columns as
INSEE documents them (insee.fr/fr/information/7766585); their names may be written in either case.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from territoires.errors import ImportFailed
from territoires.knowledge.importing.package import Record, Records

FILES = {
    "regions": ("v_region", ("REG", "LIBELLE")),
    "departements": ("v_departement", ("DEP", "REG", "LIBELLE")),
    "arrondissements": ("v_arrondissement", ("ARR", "DEP", "LIBELLE")),
    "communes": ("v_commune", ("TYPECOM", "COM", "REG", "DEP", "ARR", "LIBELLE", "COMPARENT")),
    "events": ("v_mvt_commune", ("MOD", "DATE_EFF", "TYPECOM_AV", "COM_AV", "LIBELLE_AV", "TYPECOM_AP", "COM_AP", "LIBELLE_AP")),
}
"""What the files are for -> how their names begin, and the columns that are needed."""
TYPES = {"COM": "commune-actuelle", "COMD": "commune-deleguee", "COMA": "commune-associee", "ARM": "arrondissement-municipal"}


def paths(folder: Path, year: int) -> dict[str, Path]:
    """The files of that year, by what they are for. Raises ImportFailed where one is missing."""
    found = {name: folder / f"{begins}_{year}.csv" for name, (begins, _) in FILES.items()}
    missing = [path.name for path in found.values() if not path.is_file()]
    if missing:
        raise ImportFailed(f"{folder} holds no {', '.join(missing)}: download the CSV files of the code of {year} from insee.fr into it.")
    return found


def read(folder: Path, year: int) -> Records:
    """What the files say, in the shape of the package; and the rows of events as they are. Raises ImportFailed."""
    found = {name: list(rows(path, FILES[name][1])) for name, path in paths(folder, year).items()}
    communes = [commune(row) for row in found["communes"]]
    whole = {each["code"]: each for each in communes if each["type"] == "commune-actuelle"}
    for part in communes:  # INSEE leaves region, department and arrondissement of a part empty: they are those of the whole
        if part["type"] != "commune-actuelle" and (of := whole.get(part["chefLieu"])):
            part |= {name: of[name] for name in ("departement", "region", "arrondissement") if not part[name] and of[name]}
    return {
        "regions": [{"code": row["REG"], "nom": row["LIBELLE"]} for row in found["regions"]],
        "departements": [{"code": row["DEP"], "region": row["REG"], "nom": row["LIBELLE"]} for row in found["departements"]],
        "arrondissements": [{"code": row["ARR"], "departement": row["DEP"], "nom": row["LIBELLE"]} for row in found["arrondissements"]],
        "communes": communes,
        "epci": [],
        "events": found["events"],
    }


def commune(row: dict[str, str]) -> Record:
    """A row of v_commune as the package has it. Raises ImportFailed at an unknown type."""
    if row["TYPECOM"] not in TYPES:
        raise ImportFailed(f"v_commune has a commune {row['COM']} of the type {row['TYPECOM']!r}; known are {', '.join(TYPES)}.")
    return {
        "code": row["COM"], "nom": row["LIBELLE"], "type": TYPES[row["TYPECOM"]], "region": row["REG"], "departement": row["DEP"],
        "arrondissement": row["ARR"], "chefLieu": row["COMPARENT"],
    }  # fmt: skip


def rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """The rows of a file, column names in capitals. Raises ImportFailed where a column is missing or the file is no UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = [name.upper() for name in reader.fieldnames or ()]
            if missing := [name for name in needed if name not in columns]:
                raise ImportFailed(f"{path.name} has no column {', '.join(missing)}: it is not the file that INSEE documents.")
            reader.fieldnames = columns
            yield from reader
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ImportFailed(f"{path} can't be read: {error}.") from error
