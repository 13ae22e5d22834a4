"""Tables as people send them: CSV of any separator and encoding, or a workbook. Runs no formula.

A table never loses a row silently: what does not fit is told with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zipfile import BadZipFile, ZipFile

from rolecall.kit.errors import Refused

_SEPARATORS = (",", ";", "\t", "|")
_LARGEST_WORKBOOK = 512 * 1024 * 1024  # bytes, unpacked
_LONGEST_CELL = 16 * 1024 * 1024
SPREADSHEET_CELL = 32_767  # what a spreadsheet program keeps of one cell


@dataclass(frozen=True, slots=True)
class Row:
    """One row with the line it starts at (the header is line 1)."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header and rows; `cut` tells that the file ends in the middle of its last row.

    `open_end` tells that nothing ends the last row, as some programs write and as a cut may look.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    separator: str
    cut: bool = False
    open_end: bool = False


def read_table(data: bytes) -> Table:
    """Header and rows of a CSV file or workbook; Refused when it is neither or empty."""
    if data.startswith(b"PK\x03\x04"):
        return _workbook(data)
    text, encoding = decoded(data)
    lines, separator = _without_hint(text)
    if not lines.strip():
        raise Refused("the file is empty", hint="send a CSV file or a workbook with a header")
    separator = separator or _separator(lines)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        rows = [Row(at, tuple(cells)) for at, cells in _numbered(lines, separator) if any(cells)]
    except csv.Error as error:
        raise Refused(f"the file is not a table: {error}", hint="send a CSV file") from error
    header = tuple(_plain_cell(cell) for cell in rows[0].cells)
    body = tuple(Row(one.line, tuple(_plain_cell(c) for c in one.cells)) for one in rows[1:])
    open_end = "\n" in lines and not lines.endswith("\n")
    short = open_end and bool(body) and len(body[-1].cells) != len(header)
    cut = short or lines.count('"') % 2 == 1
    return Table(header, body, encoding, separator, cut, open_end)


def decoded(data: bytes) -> tuple[str, str]:
    """The file's text and encoding; a character cut at the very end is dropped."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _whole(data, encoding), encoding
    if data[:4000].count(0) > len(data[:4000]) // 4:
        big = data[0] == 0
        encoding = "utf-16-be" if big else "utf-16-le"
        return _whole(data, encoding), encoding
    try:
        return _whole(data, "utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _whole(data: bytes, encoding: str) -> str:
    """Strict decoding, but for up to three bytes of a character the end of the file cut off."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    return decoder.decode(data, final=False)


def _without_hint(text: str) -> tuple[str, str]:
    """The text without a spreadsheet program's `sep=` line, and the separator that line names."""
    first, _, rest = text.partition("\n")
    found = re.fullmatch(r'"?sep=(.)"?[;,\t|]*\r?', first, flags=re.IGNORECASE)
    return (rest, found.group(1)) if found else (text, "")


def _separator(text: str) -> str:
    counted = {one: len(next(csv.reader(io.StringIO(text, newline=""), delimiter=one), []))
               for one in _SEPARATORS}  # fmt: skip
    return max(_SEPARATORS, key=lambda one: counted[one])


def _numbered(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    start = 1
    for cells in reader:
        yield start, cells
        start = reader.line_num + 1


def _plain_cell(cell: str) -> str:
    """The text of a cell, without the dress spreadsheet programs put on it (="0123", '0123)."""
    text = cell.replace("\r\n", "\n").strip(" \t\ufeff\u00a0")
    dressed = re.fullmatch(r'="(.*)"', text, flags=re.DOTALL)
    if dressed:
        return dressed.group(1)
    return text.removeprefix("'")


def _workbook(data: bytes) -> Table:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _not_too_large(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        rows = [tuple(_shown(cell) for cell in row) for row in book.worksheets[0].values]
    except (InvalidFileException, BadZipFile, OSError, KeyError, ValueError, IndexError) as error:
        raise Refused("the workbook cannot be read", hint="save it as CSV") from error
    return _as_table(rows)


def _not_too_large(data: bytes) -> None:
    """A small archive may unpack to more than memory holds."""
    with ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > _LARGEST_WORKBOOK:
        raise Refused("the workbook is too large", hint="save it as CSV")


def _shown(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _as_table(rows: Iterable[tuple[str, ...]]) -> Table:
    numbered = [Row(at, cells) for at, cells in enumerate(rows, 1) if any(cells)]
    if not numbered:
        raise Refused("the workbook is empty")
    return Table(numbered[0].cells, tuple(numbered[1:]), "xlsx", "")
