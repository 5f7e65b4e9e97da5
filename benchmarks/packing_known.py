"""What is known of instances: a `best_known.csv` beside them, matched to files, and never shown to a solver."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inventory.errors import InputError


@dataclass(frozen=True, slots=True)
class Known:
    """The optimum where it is proven, and the best value published (of heuristics where the table says so)."""

    optimum: int | None
    published: int | None

    @property
    def best(self) -> int | None:
        """The optimum, else the best published."""
        return self.published if self.optimum is None else self.optimum


def read_known(table: Path, folder: Path, files: Sequence[Path]) -> dict[Path, Known]:
    """What a table knows of these files of `folder`; its `file` may be relative to the folder, or to the table's.

    Raises `InputError` for a table that is missing, has no column `file`, or holds a value that is no number.
    """
    path = table if table.is_absolute() or table.exists() else folder / table
    try:
        with path.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the best known values can't be read: {error}", where=str(table)) from error
    if rows and "file" not in rows[0]:
        raise InputError("the best known values have no column file", where=str(path))
    by_path = {file.resolve(): file for file in files}
    by_tail: dict[tuple[str, ...], list[Path]] = {}
    for file in files:
        by_tail.setdefault(file.parts[-2:], []).append(file)
    known: dict[Path, Known] = {}
    guessed: dict[Path, list[Known]] = {}
    for number, row in enumerate(rows, 2):
        named = Path(row["file"] or "")
        places = (path.parent / named, folder / named, path.parent.parent / named)
        found = next((by_path[place.resolve()] for place in places if place.resolve() in by_path), None)
        if found is not None:
            known[found] = _known(path, number, row)
        elif not any(place.exists() for place in places):  # else the row is of a file that isn't asked for
            for file in by_tail.get(named.parts[-2:], []):
                guessed.setdefault(file, []).append(_known(path, number, row))
    # Sets have files of the same name: a row found by its last two parts counts only where no other is.
    return {file: rows[0] for file, rows in guessed.items() if len(rows) == 1} | known


def _known(path: Path, number: int, row: dict[str, str]) -> Known:
    def value(column: str) -> int | None:
        text = (row.get(column) or "").strip()
        try:
            return int(text) if text else None
        except ValueError as error:
            where = f"{path}, line {number}, column {column}"
            raise InputError(f"{text} is no whole number", where=where) from error

    best = value("best_known")
    optimum = value("opt")
    if optimum is None and value("proven_optimal"):
        optimum = best
    published = value("published_best_heuristic")
    return Known(optimum, best if published is None else published)
