"""Tables that people bring: CSV, TSV and XLSX as rows of text, with every cell as it stands; and CSV written back."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from territoires.errors import TableError

SEPARATORS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "|": "|"}
"""What a person writes -> the separator."""
_EXCEL = (".xlsx", ".xlsm")
_LARGEST = 1 << 24  # characters of one cell


@dataclass(frozen=True)
class Table:
    """A table: its columns, its rows (each as long as the header), the line on which each row begins, counted from 1."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    encoding: str = "utf-8"
    separator: str = ","

    def column(self, name: str) -> int:
        """The place of a column: its very name, else but for case and blanks. Raises TableError."""
        places = [at for at, each in enumerate(self.header) if each == name]
        places = places or [at for at, each in enumerate(self.header) if each.strip().casefold() == name.strip().casefold()]
        if len(places) == 1:
            return places[0]
        known = ", ".join(repr(each) for each in self.header)
        fault = f"{len(places)} columns are called" if places else "there is no column"
        raise TableError(f"{self.path}, line 1: {fault} {name!r}; the columns are {known}.")


def read_table(path: Path, encoding: str | None = None, separator: str | None = None) -> Table:
    """A table in a file; encoding (UTF-8, UTF-16, else Windows-1252) and separator are found out unless they are given.

    Raises TableError, which names the line, and the column where there is one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(f"{path} can't be read: {error.strerror}.") from error
    if path.suffix.lower() in _EXCEL:
        return of_sheet(path, data)
    text, encoding = decoded(path, data, encoding)
    if separator and separator not in SEPARATORS:
        raise TableError(f"The separator {separator!r} isn't one of: {', '.join(each for each in SEPARATORS if each.isprintable())}.")
    mark = SEPARATORS[separator] if separator else guessed(text)
    csv.field_size_limit(_LARGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for cells in reader:
            found.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise TableError(f"{path}, line {begin}: {error} (separator {mark!r}).") from error
    return checked(path, found, encoding, mark)


def decoded(path: Path, data: bytes, encoding: str | None) -> tuple[str, str]:
    """The text of a file, and its encoding."""
    known = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else None
    for each in (encoding,) if encoding else (known or "utf-8", "cp1252"):
        try:
            return data.decode(each), each
        except LookupError as error:
            raise TableError(f"There is no encoding called {each!r}: try utf-8 or cp1252.") from error
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            fault = TableError(f"{path}, line {line}, byte {column}: this is no text in {each}; say which it is by --encoding.")
    raise fault


def guessed(text: str) -> str:
    """The separator: the one that parts the header most often, outside of quotes."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    plain = "".join(header.split('"')[::2])
    return max((";", "\t", ",", "|"), key=lambda mark: plain.count(mark)) if any(mark in plain for mark in ";\t,|") else ","


def of_sheet(path: Path, data: bytes) -> Table:
    """The first sheet of a workbook: what its cells show, numbers without a decimal point where they are whole."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, OSError, ValueError, KeyError, EOFError) as error:
        raise TableError(f"{path} is no XLSX workbook: {error}.") from error
    except Exception as error:  # zipfile.BadZipFile and what broken XML raises
        raise TableError(f"{path} is no XLSX workbook ({type(error).__name__}).") from error
    rows = book.worksheets[0].iter_rows(values_only=True) if book.worksheets else iter(())
    found = [(line, [shown(cell) for cell in cells]) for line, cells in enumerate(rows, 1)]
    book.close()
    while found and not any(found[-1][1]):
        found.pop()
    width = max((at for _, cells in found for at, cell in enumerate(cells, 1) if cell), default=0)
    return checked(path, [(line, (cells + [""] * width)[:width]) for line, cells in found], "utf-8", ",")


def shown(cell: object) -> str:
    """A cell of a workbook as text."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(sep=" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell)


def checked(path: Path, found: Sequence[tuple[int, list[str]]], encoding: str, separator: str) -> Table:
    """The table of these lines: a header, and rows of its length; an empty line is an empty row. Raises TableError."""
    if not found or not any(cell.strip() for cell in found[0][1]):
        raise TableError(f"{path}, line 1: there is no header; the first line must name the columns.")
    header = found[0][1]
    rows = []
    for line, cells in found[1:]:
        if cells and len(cells) != len(header):
            where = f"line {line}, column {min(len(cells), len(header)) + 1}"
            raise TableError(f"{path}, {where}: {len(cells)} cells where the header has {len(header)} (separator {separator!r}).")
        rows.append(tuple(cells or [""] * len(header)))
    return Table(path, tuple(header), tuple(rows), tuple(line for line, _ in found[1:]), encoding, separator)


def written(header: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",") -> str:
    """A table as CSV (RFC 4180), with that separator."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
