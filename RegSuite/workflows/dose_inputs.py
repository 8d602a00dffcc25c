"""Doses and structures in whatever form they come (file, object, Image) as checked engine objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import DoseError, InputError
from RegSuite.geometry import DoseImage, Image
from RegSuite.geometry.structure import ContourStructure, Structure, SurfaceStructure, VoxelStructure
from RegSuite.report.provenance import input_record, sha256_of_values
from RegSuite.report.result import InputRecord
from RegSuite.workflows.inputs import is_file_name

if TYPE_CHECKING:
    from RegSuite.workflows.run import Run

Values = NDArray[np.float32]


def read_the_dose(given: Any, role: str, unit: str | None, run: Run) -> DoseImage:
    """A dose in Gy of a file, a DoseImage, or an Image in `unit` (Gy if None); run.inputs gets its record.

    NaN where a dose of RegSuite's own is not known (-1 in files). Raises InputError for what is no dose,
    DoseError for one that is not 3D or not finite.
    """
    if is_file_name(given):
        from RegSuite.io.rtdose import read_dose

        found: list[str] = []
        dose = read_dose(Path(given), unit=unit, warnings=found)
        for sentence in found:
            run.warn(sentence)
        run.inputs[role] = input_record(str(given), dose.image.grid)
    else:
        dose = _without_unknown(_dose_object(given, role, unit), role, run)
        grid = dose.image.grid
        run.inputs[role] = InputRecord(
            file=dose.image.name,
            sha256=sha256_of_values(dose.image.data),
            size=grid.size,
            spacing=grid.spacing,
        )
    if dose.image.grid.ndim != 3 or dose.image.channels != 1:
        raise DoseError(
            f"{dose.image.channels} values a voxel in {dose.image.grid.ndim}D where one dose in 3D is wanted",
            where=role,
            mend="give a dose volume",
        )
    return dose


def values_of(dose: DoseImage) -> Values:
    """[z, y, x] float32 in Gy, sharing memory where it can."""
    return np.ascontiguousarray(dose.image.data[0].detach().cpu().numpy(), dtype=np.float32)


def _without_unknown(dose: DoseImage, role: str, run: Run) -> DoseImage:
    """NaN for the -1 of RegSuite's own dose files, which may come by way of a node or of SimpleITK."""
    from RegSuite.io.unknown_dose import without_unknown

    found: list[str] = []
    image = without_unknown(dose.image, dose.image.name or role, found)
    for sentence in found:
        run.warn(sentence)
    return replace(dose, image=image)


def _dose_object(given: Any, role: str, unit: str | None) -> DoseImage:
    from RegSuite.io.rtdose import GY_OF

    if isinstance(given, Image) and unit not in (None, *GY_OF):
        raise DoseError(f"the unit {unit!r} is no unit of dose", where=role, mend="use Gy, cGy or mGy")
    if isinstance(given, Image):
        given = DoseImage(given if unit in (None, "Gy") else given.with_data(given.data * GY_OF[str(unit)]))
    elif isinstance(given, DoseImage) and unit not in (None, "Gy"):
        raise DoseError("a DoseImage is in Gy", where=role, mend="leave the unit out")
    if not isinstance(given, DoseImage):
        raise InputError(
            f"{type(given).__name__} is no dose",
            where=role,
            mend="give a file, a RegSuite.Image in Gy or a DoseImage",
        )
    values = values_of(given)
    if not np.isfinite(values).all():
        raise DoseError(f"{int((~np.isfinite(values)).sum())} voxels are not finite", where=role)
    return given


def read_the_structures(
    given: Any, names: Any, space: str, dose: DoseImage, run: Run
) -> tuple[Structure, ...]:
    """Structures of a file or folder, or structure objects; run.inputs gets a record where there is a file.

    names: a table of names (of a label map or of surface files). Raises InputError for names that stand
    twice and for what holds no structure, DoseError where frames of reference differ.
    """
    return structures_in_frame(given, names, space, ("dose", dose.frame_of_reference), run)


def structures_in_frame(
    given: Any, names: Any, space: str, beside: tuple[str, str | None], run: Run
) -> tuple[Structure, ...]:
    """As `read_the_structures`. beside: what they must share a frame of reference with, and its UID."""
    if is_file_name(given):
        structures = _from_file(Path(given), names, space, beside, run)
        run.inputs["structures"] = input_record(str(given))
        if names is not None:
            run.inputs["structure_names"] = input_record(str(names))
    else:
        structures = _objects(given, names)
    twice = [name for name, count in Counter(s.name for s in structures).items() if count > 1]
    if twice:
        raise InputError(
            f"{len(twice)} names stand more than once: {', '.join(map(repr, twice[:5]))}",
            where="structures",
            mend="give each structure a name of its own",
        )
    if not structures:
        raise InputError("there is no structure", where="structures", mend="give one with contours")
    return structures


def _from_file(
    path: Path, names: Any, space: Any, beside: tuple[str, str | None], run: Run
) -> tuple[Structure, ...]:
    from RegSuite.io.dicom_file import is_dicom
    from RegSuite.io.rtstruct import read_rtstruct
    from RegSuite.io.structures import read_structures

    found: list[str] = []
    if path.is_file() and names is None and space == "LPS" and is_dicom(path):
        drawn = read_rtstruct(path, warnings=found)
        _check_frame(drawn.frame_of_reference, *beside, path)
        structures: tuple[Structure, ...] = drawn.structures
    else:
        structures = read_structures(path, names=names, space=space, warnings=found)
    for sentence in found:
        run.warn(sentence)
    return structures


def _check_frame(frame: str | None, what: str, other: str | None, path: Path) -> None:
    """Refuse structures that are known to lie in another frame of reference than what they go with."""
    if frame and other and frame != other:
        raise DoseError(
            f"the {what} lies in another frame of reference ({other}) than the structures ({frame})",
            where=str(path),
            mend=f"give {what} and structures of one plan, or bring them together with a registration",
        )


def _objects(given: Any, names: Any) -> tuple[Structure, ...]:
    """Structures as they are; of a label image one for each label, named by the mapping `names`."""
    if isinstance(given, Image):
        return _of_labels(given, names if isinstance(names, Mapping) else {})
    kinds = (ContourStructure, SurfaceStructure, VoxelStructure)
    items = [given] if isinstance(given, kinds) else given
    if not isinstance(items, Iterable) or isinstance(items, Mapping):
        raise InputError(
            f"{type(given).__name__} is no structure",
            where="structures",
            mend="give a file, a folder, a label Image or a list of structures",
        )
    listed = list(items)
    wrong = [type(item).__name__ for item in listed if not isinstance(item, kinds)]
    if wrong:
        raise InputError(f"{wrong[0]} is no structure", where="structures")
    return tuple(listed)


def _of_labels(labels: Image, names: Mapping[int, str]) -> tuple[Structure, ...]:
    import torch

    numbers = [int(v) for v in torch.unique(labels.data) if int(v) != 0]
    return tuple(
        VoxelStructure(
            names.get(number, f"label {number}"), labels.with_data((labels.data == number).float()), number
        )
        for number in numbers
    )
