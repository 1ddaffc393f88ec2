"""Raw rows out of folders, uploads, zip archives, Airtable JSON, CSV and XLSX; whatever is wrong with a whole file."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

from openpyxl import load_workbook  # type: ignore[import-untyped]

from schedules.services.imports.layout import Table, table_of

MAX_FILES = 60
MAX_FILE_BYTES = 30_000_000
MAX_TOTAL_BYTES = 60_000_000
MAX_ROWS = 200_000
MAX_COLUMNS = 60

_SUFFIXES = frozenset({".json", ".csv", ".xlsx"})
_XLSX_PARTS = 2_000


class FileRefusedError(ValueError):
    """A file that cannot be read at all; the text is a sentence for the person who chose it."""


class Upload(Protocol):
    """A file from a browser: Django's `UploadedFile`, or anything with a name and a `read`."""

    name: str | None

    def read(self, size: int = -1, /) -> bytes: ...


Source = Path | str | Sequence[Upload]


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row before its cells are read. `headings` of flat files are all there, of JSON only those with a value."""

    row: str
    key: str
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one file or sheet; `headings` None where the format names them per row (JSON)."""

    table: Table
    file: str
    rows: tuple[RawRow, ...]
    headings: frozenset[str] | None


def contents(source: Source) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file of a folder, archive or upload.

    Raises FileRefusedError where the source is missing, too large, unsafe or not an archive.
    """
    files = _folder(Path(source)) if isinstance(source, str | Path) else _uploads(source)
    total = 0
    for number, (name, data) in enumerate(files, start=1):
        total += len(data)
        if number > MAX_FILES:
            raise FileRefusedError(f"There are more than {MAX_FILES} files.")
        if total > MAX_TOTAL_BYTES:
            raise FileRefusedError(f"The files hold more than {MAX_TOTAL_BYTES // 1_000_000} MB.")
        yield name, data


def tables(name: str, data: bytes) -> list[RawTable]:
    """The tables of one file; none where its name or sheets are not part of the layout.

    Raises FileRefusedError with a sentence where the content is not what the name says.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".xlsx":
        return _workbook(name, data)
    table = table_of(name)
    if table is None:
        return []
    return [_json(table, name, data) if suffix == ".json" else _csv(table, name, data)]


def heading(text: object) -> str:
    """The form in which headings are compared: small letters and digits only."""
    return "".join(c for c in str(text).lower() if c.isalnum())


def _folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    if folder.is_file():
        yield from _one(folder.name, folder.read_bytes())
        return
    if not folder.is_dir():
        raise FileRefusedError(f"{folder.name} is neither a folder nor a file.")
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            if path.stat().st_size > MAX_FILE_BYTES:
                raise FileRefusedError(f"{path.name} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
            yield path.name, path.read_bytes()


def _uploads(uploads: Iterable[Upload]) -> Iterator[tuple[str, bytes]]:
    for upload in uploads:
        name = PurePosixPath((upload.name or "").replace("\\", "/")).name
        yield from _one(name, _bounded(upload, name))


def _one(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".zip":
        yield from _archive(name, data)
    elif suffix in _SUFFIXES:
        yield name, data
    else:
        raise FileRefusedError(f"{name} is no JSON, CSV, XLSX or ZIP file.")


def _archive(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Files of a zip, by their bare names; sizes are measured while unpacking, not believed."""
    archive = _opened(name, data)
    members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) > MAX_FILES:
        raise FileRefusedError(f"{name} holds more than {MAX_FILES} files.")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise FileRefusedError(f"{name} holds a file that points outside the archive; nothing was unpacked.")
        if path.suffix.lower() in _SUFFIXES:
            yield path.name, _unpacked(archive, member, name)


def _opened(name: str, data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise FileRefusedError(f"{name} is damaged or not the kind of file its name says.") from None


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    try:
        with archive.open(member) as file:
            return _bounded(file, name)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        raise FileRefusedError(f"{name} is damaged or encrypted.") from None


def _bounded(file: Upload | IO[bytes], name: str) -> bytes:
    data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise FileRefusedError(f"{name} holds more than {MAX_FILE_BYTES // 1_000_000} MB.")
    return data


def _json(table: Table, name: str, data: bytes) -> RawTable:
    try:
        content = json.loads(data)
    except UnicodeDecodeError:
        raise FileRefusedError("is not UTF-8 text: save it as UTF-8.") from None
    except (ValueError, RecursionError):
        raise FileRefusedError("is not JSON: export it again from Airtable.") from None
    records = content.get("records") if isinstance(content, dict) else None
    if not isinstance(records, list):
        raise FileRefusedError('is no Airtable export: it must be {"records": [{"id", "fields"}, ...]}.')
    _limit_rows(len(records))
    return RawTable(table, name, tuple(_record(number, r) for number, r in enumerate(records, start=1)), None)


def _record(number: int, record: Any) -> RawRow:
    if not isinstance(record, dict) or not isinstance(record.get("fields"), dict):
        return RawRow(f"record {number}", "", {"": None})
    key = record.get("id")
    key = key if isinstance(key, str) else ""
    return RawRow(key or f"record {number}", key, {heading(k): v for k, v in record["fields"].items()})


def _csv(table: Table, name: str, data: bytes) -> RawTable:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileRefusedError("is not UTF-8 text: save it as 'CSV UTF-8'.") from None
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise FileRefusedError(f"is not a CSV file: {error}.") from None
    return _grid(table, name, lines)


def _workbook(name: str, data: bytes) -> list[RawTable]:
    archive = _opened(name, data)
    sizes = [member.file_size for member in archive.infolist()]
    if len(sizes) > _XLSX_PARTS or sum(sizes) > MAX_TOTAL_BYTES:
        raise FileRefusedError(f"unpacks to more than {MAX_TOTAL_BYTES // 1_000_000} MB.")
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = [
            (sheet.title, [list(line) for line in sheet.iter_rows(values_only=True)]) for sheet in _bounded_sheets(book)
        ]
    except FileRefusedError:
        raise
    except Exception:
        raise FileRefusedError("is not a readable XLSX workbook.") from None
    only = len(sheets) == 1
    found = ((table_of(title) or (table_of(name) if only else None), title, lines) for title, lines in sheets)
    return [_grid(table, f"{name} [{title}]", lines) for table, title, lines in found if table]


def _bounded_sheets(book: Any) -> Iterator[Any]:
    for sheet in book.worksheets:
        if (sheet.max_column or 0) > MAX_COLUMNS and table_of(sheet.title):
            raise FileRefusedError(f"has more than {MAX_COLUMNS} columns on sheet '{sheet.title}'.")
        _limit_rows(sheet.max_row or 0)
        yield sheet


def _grid(table: Table, name: str, lines: Sequence[Sequence[Any]]) -> RawTable:
    """Rows of a flat table: headings on the first line, empty lines left out."""
    if not lines:
        raise FileRefusedError("is empty: its first line must hold the column headings.")
    _limit_rows(len(lines))
    headings = [heading("" if cell is None else cell) for cell in lines[0]]
    twice = {h for h in headings if h and headings.count(h) > 1}
    if twice:
        raise FileRefusedError(f"has the column {min(twice)} twice.")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) > len(headings) and any(cell not in (None, "") for cell in line[len(headings) :]):
            rows.append(RawRow(f"line {number}", "", {"": None}))
            continue
        cells = {h: cell for h, cell in zip(headings, line, strict=False) if h and cell not in (None, "")}
        if cells:
            rows.append(RawRow(f"line {number}", str(cells.get("id", "")), cells))
    return RawTable(table, name, tuple(rows), frozenset(headings))


def _limit_rows(number: int) -> None:
    if number > MAX_ROWS:
        raise FileRefusedError(f"has more than {MAX_ROWS} rows.")
