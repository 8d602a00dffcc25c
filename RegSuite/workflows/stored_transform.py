"""A transform as it lies on disk: a file, or a result folder with its two fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import InputError
from RegSuite.io.transforms import load_transform

if TYPE_CHECKING:
    from RegSuite.geometry import Grid
    from RegSuite.transforms.base import Transform

FORWARD_FILE = "displacement.nii.gz"
INVERSE_FILE = "inverse_displacement.nii.gz"


@dataclass(frozen=True)
class StoredTransform:
    """A map and the grid on which an image pulled through it is expected (None where none is known)."""

    transform: Transform
    grid: Grid | None


def stored_transform(path: Path | str, *, inverse: bool = False) -> StoredTransform:
    """The transform of a result folder or a file: fixed to moving points, or with `inverse` the other way.

    Of a folder the field that was written for that direction is read; a file's map is inverted.
    Raises InputError for a folder without a result, a missing or an unreadable file.
    """
    path = Path(path)
    if path.is_dir():
        return _of_folder(path, INVERSE_FILE if inverse else FORWARD_FILE)
    found = load_transform(path)
    return _with_grid(found.inverse() if inverse else found)


def _of_folder(folder: Path, name: str) -> StoredTransform:
    file = folder / name
    if not file.is_file():
        raise InputError(
            f"the folder holds no {name}",
            where=str(folder),
            mend="give a result folder of `regsuite register`, or a transform file",
        )
    return _with_grid(load_transform(file))


def _with_grid(transform: Transform) -> StoredTransform:
    from RegSuite.transforms import CompositeTransform, DenseTransform, PartialTransform

    own = transform.inner if isinstance(transform, PartialTransform) else transform
    first = own.members[0] if isinstance(own, CompositeTransform) and own is not transform else own
    return StoredTransform(transform, first.grid if isinstance(first, DenseTransform) else None)
