"""Points as CSV: columns x, y, z in LPS mm, optional label and name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.io.atomic import replacing


def read_points(path: Path | str) -> PointSet:
    """The points of a CSV with a header: x,y,z (2D: x,y) in LPS mm, optional `label` and `name`.

    Other columns are passed over. Raises InputError, with the line, for a missing file or column,
    no points, or a value that is no number.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            "the points file does not exist", where=str(path), mend="check the name and the folder"
        )
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            columns = [c.strip() for c in reader.fieldnames or []]
            reader.fieldnames = columns
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"not a CSV file in UTF-8: {error}", where=str(path), mend="save it as CSV"
        ) from error
    axes = [axis for axis in ("x", "y", "z") if axis in columns]
    if axes[:2] != ["x", "y"]:
        raise InputError(
            f"no columns x,y,z; there are {', '.join(columns) or 'none'}",
            where=str(path),
            mend="give a CSV with the header x,y,z in LPS mm, separated by commas",
        )
    if not rows:
        raise InputError("the file has no points", where=str(path), mend="give at least one row")
    lines = list(enumerate(rows, start=2))
    points = [[_number(row, axis, line, path) for axis in axes] for line, row in lines]
    labels = None
    if "label" in columns:
        labels = np.array([_whole(row, line, path) for line, row in lines], dtype=np.int64)
    names = tuple((row["name"] or "").strip() for row in rows) if "name" in columns else None
    try:
        return PointSet(np.array(points), labels, names, name=path.name)
    except InputError as error:
        raise type(error)(error.what, where=str(path), mend=error.mend) from error


def write_points(points: PointSet, path: Path | str) -> None:
    """Write x,y,z[,label][,name] in LPS mm with all digits; whole or not at all."""
    header: Sequence[str] = ("x", "y", "z")[: points.ndim]
    header = [*header, *(["label"] if points.labels is not None else []), *(["name"] if points.names else [])]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for i, place in enumerate(points.points.tolist()):
            label = [int(points.labels[i])] if points.labels is not None else []
            name = [points.names[i]] if points.names else []
            writer.writerow([*(repr(v) for v in place), *label, *name])


def _number(row: dict[str, str], column: str, line: int, path: Path) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{column} is '{row[column]}', not a number", where=f"{path}, line {line}", mend="correct the row"
        ) from error


def _whole(row: dict[str, str], line: int, path: Path) -> int:
    value = _number(row, "label", line, path)
    if not value.is_integer():
        raise InputError(
            f"label {value:g} is no whole number", where=f"{path}, line {line}", mend="correct the row"
        )
    return int(value)
