"""`manage.py make_program`: write a made-up program in the import layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from schedules.domain.synthetic import Options, program_files


class Command(BaseCommand):
    help = "Write a made-up program (files of the import layout) into a new or empty folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--residents", type=int, default=17)
        parser.add_argument("--faculty", type=int, default=12)
        parser.add_argument("--copies", type=int, default=1, help="Multiplies both numbers of people.")
        parser.add_argument("--academic-year", type=int, default=2025)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"])
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CommandError(f"{folder} is not an empty folder; nothing is overwritten.")
        names = ("seed", "residents", "faculty", "copies", "academic_year")
        try:
            files = program_files(Options(**{name: options[name] for name in names}))
        except ValueError as error:
            raise CommandError(str(error)) from None
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.stdout.write(f"Wrote {len(files)} files to {folder}.")
