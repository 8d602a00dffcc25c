"""The organs of one side in whatever form they come: label map, structures or points, with their scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.geometry.structure import ContourStructure, Structure, SurfaceStructure, VoxelStructure
from RegSuite.report.provenance import input_record, sha256_of_values
from RegSuite.report.result import InputRecord
from RegSuite.workflows.inputs import Reader, is_file_name, is_simpleitk

if TYPE_CHECKING:
    from RegSuite.workflows.run import Run

Role = Literal["source", "target"]
SURFACE_SUFFIXES = (".vtp", ".stl")
_KINDS = (ContourStructure, SurfaceStructure, VoxelStructure)


@dataclass(frozen=True, eq=False)
class Side:
    """One side as it was given, in LPS mm.

    Its organs are labels (a map, int32 [1, *shape]), structures, or points that carry labels: one of the
    three. names: of its own labels, None where it has none for a label that is there. image: the scan, on
    whose grid a label map lies. landmarks: points that the registration does not see.
    """

    role: Role
    name: str
    labels: Image | None = None
    structures: tuple[Structure, ...] = ()
    points: PointSet | None = None
    names: Mapping[int, str | None] | None = None
    image: Image | None = None
    landmarks: PointSet | None = None

    @property
    def ndim(self) -> int:
        """2 or 3."""
        if self.points is not None:
            return self.points.ndim
        return 3 if self.labels is None else self.labels.ndim

    @property
    def grid(self) -> Grid | None:
        """The scan's grid, else the label map's; None where neither was given."""
        if self.image is not None:
            return self.image.grid
        return None if self.labels is None else self.labels.grid


def read_side(inputs: Mapping[str, Any], role: Role, space: str, run: Run) -> Side:
    """The inputs ROLE_labels, ROLE_image and ROLE_points. Raises InputError, GeometryError with the file.

    space: of the coordinates of .vtp and .stl files. label_names: of label maps and surfaces.
    """
    doubts: list[str] = []
    reader = Reader(run.inputs, doubts)
    image = inputs.get(f"{role}_image")
    scan = None if image is None else _float(reader.image(image, f"{role}_image"))
    names = inputs.get(f"{role}_names") or inputs.get("label_names")
    side = _organs(inputs[f"{role}_labels"], role, names, space, scan, reader, doubts)
    landmarks = reader.points(inputs.get(f"{role}_points"), f"{role}_points")
    for sentence in doubts:
        run.warn(sentence)
    side = replace(side, image=scan, landmarks=landmarks)
    _check_dimensions(side)
    _check_any(side)
    return side


def _float(image: Image) -> Image:
    return image.with_data(image.data.float())


def _organs(
    given: Any, role: Role, names: Any, space: str, scan: Image | None, reader: Reader, doubts: list[str]
) -> Side:
    key = f"{role}_labels"
    if isinstance(given, PointSet) or (is_file_name(given) and Path(given).suffix.lower() == ".csv"):
        return _of_points(reader.points(given, key), role)
    if isinstance(given, _KINDS) or _is_list(given):
        return _of_structures(_checked(given, key), role, "structures")
    if is_file_name(given) and _holds_structures(Path(given)):
        from RegSuite.io.structures import read_structures

        table = names if is_file_name(names) and not Path(given).is_file() else None
        found = read_structures(Path(given), names=table, space=space, warnings=doubts)  # type: ignore[arg-type]  # it is checked there
        reader.records[key] = input_record(str(given))
        return _of_structures(found, role, Path(given).name)
    labels, called = reader.labels(given, key, None if scan is None else scan.grid, names)
    assert labels is not None  # only None gives None
    return _of_labels(labels, called, role)


def _holds_structures(path: Path) -> bool:
    """Whether a file or folder is an RT Structure Set, a surface, or holds such; label maps are not."""
    if not path.exists():
        raise InputError("the file does not exist", where=str(path), mend="check the name and the folder")
    if path.is_dir():
        return any(p.suffix.lower() in SURFACE_SUFFIXES for p in path.iterdir())
    if path.suffix.lower() in SURFACE_SUFFIXES:
        return True
    from RegSuite.io.dicom_file import is_dicom

    return is_dicom(path)


def _is_list(given: Any) -> bool:
    plain = not isinstance(given, str | Mapping | Image | PointSet) and not is_simpleitk(given)
    return plain and not is_file_name(given) and isinstance(given, Iterable)


def _checked(given: Any, key: str) -> tuple[Structure, ...]:
    items = (given,) if isinstance(given, _KINDS) else tuple(given)
    wrong = [type(item).__name__ for item in items if not isinstance(item, _KINDS)]
    if wrong or not items:
        raise InputError(
            f"{wrong[0]} is no structure" if wrong else "there is no structure",
            where=key,
            mend="give a label map, an RT Structure Set, a folder of surfaces, or structures",
        )
    return items


def _of_points(points: PointSet | None, role: Role) -> Side:
    assert points is not None  # only None gives None
    labels = [0] if points.labels is None else np.unique(points.labels).tolist()
    names: dict[int, str | None] = dict.fromkeys(labels)
    if points.labels is not None and points.names is not None:
        for label in labels:
            said = {n for n, v in zip(points.names, points.labels, strict=True) if v == label and n}
            names[label] = said.pop() if len(said) == 1 else None
    return Side(role, points.name, points=points, names=names)


def _of_structures(structures: tuple[Structure, ...], role: Role, name: str) -> Side:
    """Numbered as they are where each has a number of its own, else 1, 2, ... in their order."""
    drawn = [s for s in structures if not (isinstance(s, ContourStructure) and not s.contours)]
    own = [s.number for s in drawn]
    unique = all(n is not None and n > 0 for n in own) and len(set(own)) == len(own)
    numbered = tuple(s if unique else replace(s, number=i) for i, s in enumerate(drawn, start=1))
    names = {int(s.number or 0): s.name for s in numbered}
    return Side(role, name, structures=numbered, names=names)


def _of_labels(labels: Image, called: Mapping[int, str], role: Role) -> Side:
    values = labels.data.detach().cpu()
    whole = values.int()
    if values.is_floating_point() and bool((values != whole).any()):
        raise InputError(
            "the label map holds values that are no whole numbers",
            where=f"{role}_labels '{labels.name}'",
            mend="give a label map; resample one with nearest neighbour",
        )
    present = [int(v) for v in np.unique(whole.numpy()) if v > 0]
    names = {label: called.get(label) or None for label in present}
    return Side(role, labels.name, labels=labels.with_data(whole), names=names)


def _check_any(side: Side) -> None:
    if not side.names:
        raise InputError(
            "there is no organ: every voxel is 0" if side.labels is not None else "there is no organ",
            where=f"{side.role}_labels '{side.name}'",
            mend="give a segmentation with labels above 0",
        )


def _check_dimensions(side: Side) -> None:
    for what, found in (("image", side.image), ("landmarks", side.landmarks)):
        if found is not None and found.ndim != side.ndim:
            raise GeometryError(
                f"the organs are {side.ndim}D and the {what} {found.ndim}D",
                where=f"{side.role} '{side.name}', '{found.name}'",
                mend="give both of one dimension",
            )


def record_of_points(points: PointSet, role: str, run: Run) -> None:
    """The record of points that came without a file."""
    if role not in run.inputs:
        import torch

        values = torch.from_numpy(np.array(points.points))
        run.inputs[role] = InputRecord(file=points.name, sha256=sha256_of_values(values))
