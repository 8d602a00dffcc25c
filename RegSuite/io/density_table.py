"""Density tables as CSV: columns hu and density (g/cm3)."""

from __future__ import annotations

import csv
from pathlib import Path

from RegSuite.dose.mapping.density import DensityTable
from RegSuite.errors import InputError


def read_density_table(path: Path | str) -> DensityTable:
    """The table of a CSV with a header: hu,density (HU, g/cm3); other columns are passed over.

    Raises InputError, with the line, for a missing file or column, a value that is no number, or
    rows that are no table (DensityTable says which).
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("the density table does not exist", where=str(path), mend="check name and folder")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            columns = [c.strip().lower() for c in reader.fieldnames or []]
            reader.fieldnames = columns
            rows = list(enumerate(reader, start=2))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"not a CSV file in UTF-8: {error}", where=str(path), mend="save it as CSV"
        ) from error
    if not {"hu", "density"} <= set(columns):
        raise InputError(
            f"no columns hu,density; there are {', '.join(columns) or 'none'}",
            where=str(path),
            mend="give a CSV with the header hu,density (HU, g/cm3), separated by commas",
        )
    pairs = [tuple(_number(row, name, line, path) for name in ("hu", "density")) for line, row in rows]
    try:
        return DensityTable(tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), source=path.name)
    except InputError as error:
        raise InputError(error.what, where=str(path), mend=error.mend) from error


def _number(row: dict[str, str], column: str, line: int, path: Path) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{column} is '{row[column]}', not a number", where=f"{path}, line {line}", mend="correct the row"
        ) from error
