"""Tables of a point cloud's organs in CSV files: elasticity, coherence of motions, confusion of labels."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs import Organ, OrganModel
from RegSuite.pointcloud.organs_transition import transition_from_confusion

FloatArray = NDArray[np.float64]

NUMBERS = ("magnitude_mm", "bandwidth_mm", "outliers", "translation_mm")
COLUMNS = ("label", "name", *NUMBERS, "source")


@dataclass(frozen=True)
class Table:
    """A CSV file as stripped text: header, and rows of the header's length with their line numbers."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def read_organs(path: Path, defaults: dict[int, Organ] | None = None) -> dict[int, Organ]:
    """Organs by label from a CSV file with the columns label, name, magnitude_mm, bandwidth_mm, outliers.

    `label` is needed; translation_mm and source are known too. An empty cell or absent column keeps the
    value of `defaults` for that label, else that of Organ. Raises InputError with file, line and column.
    """
    table = _read(path)
    unknown = [name for name in table.header if name not in COLUMNS]
    if unknown or "label" not in table.header:
        raise InputError(
            f"unknown column {unknown[0]!r}" if unknown else "there is no column 'label'",
            where=str(path),
            mend=f"columns: {', '.join(COLUMNS)}; label is needed",
        )
    organs: dict[int, Organ] = {}
    for row, line in zip(table.rows, table.lines, strict=True):
        cells = dict(zip(table.header, row, strict=True))
        label = _integer(cells["label"], f"{path}, line {line}, column label")
        if label in organs:
            raise InputError(
                f"label {label} stands twice", where=f"{path}, line {line}", mend="list each label once"
            )
        start = (defaults or {}).get(label, Organ(label, f"label {label}"))
        given: dict[str, str | float] = {k: cells[k] for k in ("name", "source") if cells.get(k)}
        for key in NUMBERS:
            if cells.get(key):
                given[key] = _number(cells[key], f"{path}, line {line}, column {key}")
        try:
            organs[label] = replace(start, **given)  # type: ignore[arg-type]  # keys and types are the table's
        except InputError as error:
            raise InputError(
                error.what, where=f"{path}, line {line}, {error.where}", mend=error.mend
            ) from error
    return organs


def read_coherence(path: Path, model: OrganModel) -> FloatArray:
    """S [L, L] in the model's order from a square CSV file; checked when an OrganModel is made with it.

    Header and first column: labels or names of organs; the first cell may be anything. Organs of the file
    that the model does not have are left out. Raises InputError in words.
    """
    matrix, _ = _square(path, model)
    return matrix


def read_confusion(path: Path, model: OrganModel) -> tuple[FloatArray, tuple[str, ...]]:
    """U [target, source] in the model's order, and notes, from a confusion matrix in a square CSV file.

    Rows: true organ, columns: what the segmentation tool said; counts of voxels or points. Header and first
    column as of `read_coherence`. Rows and columns of other organs (and of the background) are left out and
    named in the notes: U is among the points that bear one of the model's labels. Raises InputError.
    """
    counts, left_out = _square(path, model)
    try:
        transition = transition_from_confusion(counts, model.names)
    except InputError as error:
        raise InputError(error.what, where=f"{path}, {error.where}", mend=error.mend) from error
    notes = (
        (f"{path.name}: left out, for no point bears their label: {', '.join(left_out)}",) if left_out else ()
    )
    return transition, notes


def _square(path: Path, model: OrganModel) -> tuple[FloatArray, tuple[str, ...]]:
    """The file's numbers in the model's order, and the entries that the model does not have."""
    table = _read(path)
    columns = table.header[1:]
    rows = tuple(row[0] for row in table.rows)
    if len(columns) != len(rows):
        raise InputError(
            f"{len(rows)} rows but {len(columns)} columns",
            where=str(path),
            mend="one row and one column for each organ, with its label or name in front",
        )
    place = {"columns": _places(path, columns, model), "rows": _places(path, rows, model)}
    matrix = np.empty((len(model.organs),) * 2)
    for k in range(len(model.organs)):
        row = place["rows"][k]
        for m in range(len(model.organs)):
            column = place["columns"][m]
            where = f"{path}, line {table.lines[row]}, column {columns[column]!r}"
            matrix[k, m] = _number(table.rows[row][column + 1], where)
    return matrix, tuple(columns[i] for i in range(len(columns)) if i not in place["columns"])


def _places(path: Path, entries: tuple[str, ...], model: OrganModel) -> list[int]:
    """Where each organ of the model stands among a file's entries, by its label or its name."""
    places = []
    for organ in model.organs:
        known = (str(organ.label), organ.name.lower())
        found = [i for i, entry in enumerate(entries) if entry.lower() in known]
        if len(found) != 1:
            raise InputError(
                f"{organ.name!r} (label {organ.label}) {'stands twice' if found else 'is missing'}",
                where=f"{path}; it has {', '.join(entries[:12])}",
                mend="name each organ once in the header and once in the first column, by label or name",
            )
        places.append(found[0])
    return places


def _read(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            found = [([cell.strip() for cell in row], reader.line_num) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"not a readable CSV file: {error}", where=str(path), mend="give a text file in UTF-8"
        ) from error
    found = [(cells, line) for cells, line in found if any(cells)]
    if len(found) < 2:
        raise InputError("no rows below the header", where=str(path), mend="write a header and its rows")
    header = found[0][0]
    for cells, line in found[1:]:
        if len(cells) != len(header):
            raise InputError(
                f"{len(cells)} cells, where the header has {len(header)}",
                where=f"{path}, line {line}",
                mend="separate cells by commas and decimals by a point",
            )
    return Table(path, tuple(header), tuple(tuple(c) for c, _ in found[1:]), tuple(n for _, n in found[1:]))


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a number", where=where, mend="write a number with a decimal point"
        ) from error


def _integer(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a label", where=where, mend="write a whole number") from error
