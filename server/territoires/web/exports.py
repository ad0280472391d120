"""Tables to take away: CSV (RFC 4180), XLSX, JSON and GeoJSON (RFC 7946)."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from territoires.formats import HTML, SOLUTIONS, Format, by_name
from territoires.formats.table import XLSX

found = by_name("csv", SOLUTIONS)
assert found is not None
CSV = found
JSON = Format("json", "JSON", "application/json")
MATRIX = (HTML, CSV, XLSX, JSON)
"""What a table that is no list comes in."""
WIDEST = 60  # characters of a spreadsheet's column

Record = Sequence[str | float | int]


def write_csv(header: Sequence[str], records: Iterable[Record]) -> bytes:
    """The table as CSV, with CRLF; no cell begins a formula."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([neutral(cell) for cell in record] for record in records)
    return written.getvalue().encode()


def write_xlsx(header: Sequence[str], records: Iterable[Record], title: str) -> bytes:
    """The table as a workbook of one sheet: numbers stay numbers, texts stay texts, the header stays in sight."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Territoires"
    sheet.append(list(header))
    for record in records:
        sheet.append([legible(neutral(cell)) for cell in record])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    for number, column in enumerate(sheet.iter_cols(values_only=True), 1):
        widest = max((len(str(cell)) for cell in column if cell is not None), default=8)
        sheet.column_dimensions[get_column_letter(number)].width = min(max(widest, 8) + 2, WIDEST)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def neutral(cell: str | float | int) -> str | float | int:
    """A cell that no spreadsheet takes for a formula; numbers as they are."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def legible(cell: str | float | int) -> str | float | int:
    """A cell without the control characters that XML forbids."""
    return "".join(c for c in cell if c >= " " or c in "\n\t") if isinstance(cell, str) else cell


def write_json(value: object) -> bytes:
    """A value as JSON, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def write_geojson(
    features: Iterable[tuple[str, Mapping[str, Any], Mapping[str, object] | None]], source: str = "", licence: str = ""
) -> bytes:
    """Features (IRI, properties, geometry or None) as a FeatureCollection in WGS 84, with the source and licence of the outlines."""
    collected = [{"type": "Feature", "id": name, "properties": said, "geometry": geometry} for name, said, geometry in features]
    return write_json({"type": "FeatureCollection", "source": source, "licence": licence, "features": collected})


def alternatives(path: str, formats: Iterable[Format], arguments: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Media type -> the same address with that format's suffix and the same choice; ?format= is left out."""
    query = urlencode([(name, value) for name, value in arguments if name != "format"])
    return {form.media_type: f"{path}.{form.name}" + (f"?{query}" if query else "") for form in formats}
