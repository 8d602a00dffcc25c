"""Reading label maps with their names, and masks."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.io.checks import check_same_grid
from RegSuite.io.images import check_finite, read_raw

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid

LABEL_COLUMNS = ("label", "value")
NAME_COLUMNS = ("name", "freesurfer_name")
IMAGE_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".png", ".tif", ".tiff")


def read_labels(path: Path | str, *, warnings: list[str] | None = None) -> Image:
    """A label map: int32 [1, *shape], 0 = background. Its names: `read_label_names`.

    Raises InputError for values that are no whole numbers, negative or beyond int32, a voxel of
    several values, and whatever `read_image` refuses.
    """
    import torch

    raw = read_raw(path, warnings)
    data = raw.data
    if raw.channels != 1:
        raise InputError(
            f"{raw.channels} values a voxel where one label is wanted (colours?)",
            where=str(path),
            mend="write the labels as whole numbers, one a voxel",
        )
    if data.is_floating_point():
        check_finite(data, str(path))
        broken = data != data.round()
        if bool(broken.any()):
            raise InputError(
                f"{int(broken.sum())} voxels are no whole numbers, the first is {float(data[broken][0]):g}",
                where=str(path),
                mend="give a label map; resample one with nearest neighbour",
            )
    if data.numel() and (int(data.min()) < 0 or int(data.max()) >= 2**31):
        raise InputError(
            f"labels from {int(data.min())} to {int(data.max())}",
            where=str(path),
            mend="number the labels from 1, with 0 as background",
        )
    return Image(data.to(torch.int32), raw.grid, name=raw.name, path=Path(path))


MASK_LABELS = 32
"""A mask of so many whole numbers at most, and of two at least, may have been meant as a label map."""


def read_mask(path: Path | str, grid: Grid, *, warnings: list[str] | None = None) -> Tensor:
    """A boolean mask [*grid.shape]: voxels of at least 0.5 (so a mask of 0 and 255 will do).

    Raises GeometryError when it is not on `grid`, InputError when it is empty or has several values a voxel.
    """
    raw = read_raw(path, warnings)
    check_same_grid(raw, grid, what="mask")
    if raw.channels != 1:
        raise InputError(
            f"the mask has {raw.channels} values a voxel", where=str(path), mend="give one a voxel"
        )
    if raw.data.is_floating_point():
        check_finite(raw.data, str(path))
    mask = raw.data[0] >= 0.5
    if not bool(mask.any()):
        raise InputError(
            f"the mask is empty: none of its {grid.voxels} voxels is 0.5 or more",
            where=str(path),
            mend="draw the mask anew, or leave it out",
        )
    if warnings is not None:
        warnings.extend(_several_values(raw.data[0][mask], Path(path).name))
    return mask


def _several_values(inside: Tensor, name: str) -> list[str]:
    """A sentence where a mask looks like a label map, none where it does not."""
    import torch

    found = torch.unique(inside)
    if not 2 <= len(found) <= MASK_LABELS or bool((found != found.round()).any()):
        return []
    values = ", ".join(f"{float(v):g}" for v in found)
    return [f"{name} holds the values {values}: all count; write those meant into a file of 0 and 1"]


def read_label_names(labels: Path | str, table: Path | str | None = None) -> dict[int, str]:
    """Label number -> name from `table`, or from NAME.csv beside the label map NAME.*; empty without one.

    Columns `label` (or `value`) and `name` (or `freesurfer_name`); of a table with a column
    `file`, the rows of this label map. Raises InputError for a table that is missing, lacks a
    column, or gives a label two names.
    """
    labels = Path(labels)
    path = Path(table) if table is not None else _beside(labels)
    if not path.is_file():
        if table is None:
            return {}
        raise InputError("the table of label names does not exist", where=str(path), mend="check the name")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"not a CSV file in UTF-8: {error}", where=str(path), mend="save the table as CSV (UTF-8)"
        ) from error
    return _names(rows, labels.name, path)


def _beside(labels: Path) -> Path:
    name = labels.name
    for suffix in IMAGE_SUFFIXES:
        if name.lower().endswith(suffix):
            return labels.with_name(name[: -len(suffix)] + ".csv")
    return labels.with_name(name + ".csv")


def _names(rows: list[dict[str, str]], labels_name: str, path: Path) -> dict[int, str]:
    names: dict[int, str] = {}
    for number, row in enumerate(rows, start=2):
        if row.get("file") not in (None, "", labels_name):
            continue
        label, name = _column(row, LABEL_COLUMNS, path), _column(row, NAME_COLUMNS, path)
        try:
            key = int(label)
        except ValueError as error:
            raise InputError(
                f"label '{label}' is no whole number", where=f"{path}, line {number}", mend="correct the row"
            ) from error
        if names.setdefault(key, name) != name:
            raise InputError(
                f"label {key} has two names, '{names[key]}' and '{name}'",
                where=f"{path}, line {number}",
                mend="keep one of the rows",
            )
    return names


def _column(row: Mapping[str, str], known: tuple[str, ...], path: Path) -> str:
    for column in known:
        if row.get(column) is not None:
            return row[column].strip()
    raise InputError(
        f"no column '{known[0]}' (or '{known[1]}'); there are {', '.join(str(c) for c in row)}",
        where=str(path),
        mend="give a CSV with the columns label,name",
    )
