"""A page as a bibliographic record: BibTeX, CSL-JSON, RIS, and the sentence that a reader copies."""

import json
import re
from dataclasses import dataclass

from flask_babel import gettext

from territoires.formats import Format

CITATIONS = (
    Format("bibtex", "BibTeX", "application/x-bibtex"),
    Format("csl", "CSL-JSON", "application/vnd.citationstyles.csl+json"),
    Format("ris", "RIS", "application/x-research-info-systems"),
)
PUBLISHER = "Territoires"
SUFFIXES = {"bibtex": "bib", "csl": "csl.json", "ris": "ris"}
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
"""What BibTeX would read as markup."""


@dataclass(frozen=True)
class Citation:
    """What is cited: a resource by its persistent address, in a release of the repository."""

    title: str
    address: str
    revision: str
    language: str
    lasting: str = ""
    """The address at that release, which will say the same, where there is one."""

    @property
    def link(self) -> str:
        """What is to be cited."""
        return self.lasting or self.address

    @property
    def date(self) -> tuple[int, int, int] | None:
        """The day of the release, which its name begins with."""
        found = re.match(r"(\d{4})(\d{2})(\d{2})T", self.revision)
        return (int(found[1]), int(found[2]), int(found[3])) if found else None

    @property
    def name(self) -> str:
        """A short name for the record."""
        return short_name(self.address)

    @property
    def note(self) -> str:
        """Which release was read."""
        return str(gettext("Linked data of the territoires de projet, release %(revision)s", revision=self.revision))


def short_name(address: str) -> str:
    """The letters, digits and hyphens of the last part of an address."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", address.rstrip("/#").rpartition("/")[2]).strip("-") or "territoires"


def file_name(address: str, form: Format) -> str:
    """What a file with the record is called."""
    return f"{short_name(address)}.{SUFFIXES[form.name]}"


def sentence(cited: Citation) -> str:
    """The citation in words."""
    year = f" ({cited.date[0]})" if cited.date else ""
    return f"{PUBLISHER}{year}. {cited.title}. {cited.note}. {cited.link}"


def write(cited: Citation, name: str) -> str:
    """The record in the format of that name."""
    return {"bibtex": bibtex, "csl": csl, "ris": ris}[name](cited)


def bibtex(cited: Citation) -> str:
    """The record as BibTeX."""
    fields = {
        "title": cited.title,
        "author": "{" + PUBLISHER + "}",
        "note": cited.note,
        "langid": {"fr": "french"}.get(cited.language, "english"),
    }
    if cited.date:
        fields["year"] = str(cited.date[0])
    lines = [f"  {name} = {{{value if name == 'author' else plain(value)}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{territoires-{cited.name},", *lines, f"  url = {{{cited.link}}}", "}", ""])


def plain(text: str) -> str:
    """`text` with what BibTeX reads as markup escaped, on one line."""
    return "".join(_SPECIAL.get(sign, sign) for sign in " ".join(text.split()))


def csl(cited: Citation) -> str:
    """The record as CSL-JSON."""
    record: dict[str, object] = {
        "id": cited.address,
        "type": "webpage",
        "title": cited.title,
        "author": [{"literal": PUBLISHER}],
        "publisher": PUBLISHER,
        "URL": cited.link,
        "version": cited.revision,
        "note": cited.note,
        "language": cited.language,
    }
    if cited.date:
        record["issued"] = {"date-parts": [list(cited.date)]}
    return json.dumps([record], ensure_ascii=False, indent=2) + "\n"


def ris(cited: Citation) -> str:
    """The record as RIS; a line break in a value would begin another field."""
    lines = [
        ("TY", "DATA"),
        ("TI", cited.title),
        ("AU", PUBLISHER),
        ("PB", PUBLISHER),
        ("UR", cited.link),
        ("N1", cited.note),
        ("LA", cited.language),
    ]
    if cited.date:
        lines.insert(3, ("PY", str(cited.date[0])))
        lines.insert(4, ("DA", "{:04}/{:02}/{:02}".format(*cited.date)))
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in [*lines, ("ER", "")])
