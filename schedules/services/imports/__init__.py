"""Importing a program: read a source, see what it would do, do it."""

from schedules.services.imports.files import Source
from schedules.services.imports.parsing import read_source
from schedules.services.imports.report import (
    Change,
    Counts,
    ImportRefused,
    ImportReport,
    Notice,
    ParsedProgram,
    Rejection,
)
from schedules.services.imports.running import ImportClashed, import_program, preview

__all__ = [
    "Change",
    "Counts",
    "ImportClashed",
    "ImportRefused",
    "ImportReport",
    "Notice",
    "ParsedProgram",
    "Rejection",
    "Source",
    "import_program",
    "preview",
    "read_source",
]
