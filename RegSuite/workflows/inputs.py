"""Inputs in whatever form they come (file, Image, SimpleITK image) as checked engine objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image, PointSet
from RegSuite.report.provenance import input_record, sha256_of_values
from RegSuite.report.result import InputRecord

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.workflows.run import Run


@dataclass(frozen=True)
class Pair:
    """Fixed and moving image with what came with them."""

    fixed: Image
    moving: Image
    fixed_labels: Image | None = None
    moving_labels: Image | None = None
    fixed_points: PointSet | None = None
    moving_points: PointSet | None = None
    label_names: Mapping[int, str] = field(default_factory=dict)


def read_pair(inputs: Mapping[str, Any], run: Run, fixed: str = "fixed", moving: str = "moving") -> Pair:
    """The inputs of `register` by role, each read once and checked alone.

    fixed, moving: how the workflow calls the two roles (their masks, labels and points are called after
    them). run.inputs is filled with file, sha256, size and spacing. Raises InputError or GeometryError
    with the file and the mend.
    """
    doubts: list[str] = []
    reader = Reader(run.inputs, doubts)
    fixed_image = reader.registrable(inputs[fixed], fixed, inputs.get(f"{fixed}_mask"))
    moving_image = reader.registrable(inputs[moving], moving, inputs.get(f"{moving}_mask"))
    names = inputs.get("label_names")
    initial = inputs.get("initial")
    if is_file_name(initial) and Path(str(initial)).is_file():
        run.inputs["initial"] = input_record(str(initial))
    labels = {
        side: reader.labels(inputs.get(f"{side}_labels"), f"{side}_labels", image.grid, names)
        for side, image in ((fixed, fixed_image), (moving, moving_image))
    }
    for sentence in doubts:
        run.warn(sentence)
    return Pair(
        fixed_image,
        moving_image,
        labels[fixed][0],
        labels[moving][0],
        reader.points(inputs.get(f"{fixed}_points"), f"{fixed}_points"),
        reader.points(inputs.get(f"{moving}_points"), f"{moving}_points"),
        {**labels[moving][1], **labels[fixed][1]},
    )


def check_partners(pair: Pair, run: Run) -> None:
    """Refuse landmarks that are no pairs before anything is computed; warn of what has no partner."""
    import numpy as np

    from RegSuite.quality import tre_mm
    from RegSuite.transforms import AffineTransform

    if pair.fixed_points is not None and pair.moving_points is not None:
        d = pair.fixed.ndim
        tre_mm(AffineTransform(np.eye(d), np.zeros(d)), pair.fixed_points, pair.moving_points)
    for what in ("labels", "points"):
        sides = [side for side in ("fixed", "moving") if getattr(pair, f"{side}_{what}") is not None]
        if len(sides) == 1:
            run.warn(f"{what} were given of the {sides[0]} image only: nothing is measured from them")


class Reader:
    """Turns what was given into engine objects.

    records is filled with what each was; warnings with what a file's reader mended or doubts.
    """

    def __init__(self, records: dict[str, InputRecord], warnings: list[str]) -> None:
        self.records = records
        self.warnings = warnings

    def image(self, given: Any, role: str) -> Image:
        """An image of one volume or slice. Raises InputError for what is none."""
        from RegSuite.io.images import read_image

        return self._gridded(given, role, lambda path: read_image(path, warnings=self.warnings))

    def registrable(self, given: Any, role: str, mask: Any = None) -> Image:
        """An image that can be registered, with its mask. Raises InputError for one that cannot."""
        from RegSuite.io.checks import check_image_for_registration

        image = self.image(given, role)
        if mask is not None:
            image = image.with_mask(self.mask(mask, f"{role}_mask", image.grid))
        check_image_for_registration(image, role)
        return image

    def mask(self, given: Any, role: str, grid: Grid) -> Tensor:
        """A mask on `grid`: boolean [*shape]."""
        from RegSuite.io.checks import check_same_grid
        from RegSuite.io.labels import read_mask

        if is_file_name(given):
            mask = read_mask(given, grid, warnings=self.warnings)
            self.records[role] = input_record(given, grid)
            return mask
        image = self._gridded(given, role)
        check_same_grid(image, grid, role)
        return image.data[0] >= 0.5

    def labels(
        self, given: Any, role: str, grid: Grid | None, names: Any = None
    ) -> tuple[Image | None, Mapping[int, str]]:
        """Labels on `grid` (anywhere if None) with their names; None where none were given.

        names: a CSV of label,name, or the names by label; NAME.csv beside a file if None.
        """
        from RegSuite.io.checks import check_same_grid
        from RegSuite.io.labels import read_label_names, read_labels

        if given is None:
            return None, {}
        labels = self._gridded(given, role, lambda path: read_labels(path, warnings=self.warnings))
        if grid is not None:
            check_same_grid(labels, grid, role.replace("_", " "))
        if isinstance(names, Mapping):
            return labels, names
        beside = given if is_file_name(given) else labels.name
        return labels, read_label_names(beside, names) if names is not None or is_file_name(given) else {}

    def series(self, given: Any, role: str, grid: Grid) -> Image:
        """Images over time on `grid`: one channel a time, float32. Raises InputError, GeometryError."""
        from RegSuite.io.checks import check_same_grid
        from RegSuite.io.series import read_series, series_of_sitk

        if is_simpleitk(given):
            given = series_of_sitk(given, grid.ndim, role)
        image = self._gridded(given, role, lambda path: read_series(path, grid.ndim))
        check_same_grid(image, grid, role)
        return image.with_data(image.data.float())

    def points(self, given: Any, role: str) -> PointSet | None:
        """Points in LPS mm; None where none were given."""
        if given is None or isinstance(given, PointSet):
            return given
        from RegSuite.io.points import read_points

        path = _path(given, role)
        points = read_points(path)
        self.records[role] = input_record(path)
        return points

    def _gridded(self, given: Any, role: str, read: Callable[[Path], Image] | None = None) -> Image:
        """What has a grid: an Image as it is, a SimpleITK image converted, a file read."""
        if isinstance(given, Image):
            grid = given.grid
            self.records[role] = InputRecord(
                file=given.name, sha256=sha256_of_values(given.data), size=grid.size, spacing=grid.spacing
            )
            return given
        if is_simpleitk(given):
            return self._gridded(from_simpleitk(given, role), role)
        path = _path(given, role)
        if read is None:
            raise InputError(f"{path} cannot be read as {role}", where=role)
        image = read(path)
        self.records[role] = input_record(path, image.grid)
        return image


def from_simpleitk(given: Any, role: str) -> Image:
    """A SimpleITK image; one to be registered in float32, as files are read, labels and masks as they are."""
    from RegSuite.io.simpleitk_bridge import image_from_sitk

    image = image_from_sitk(given, role)
    registrable = role in ("fixed", "moving", "template", "target", "image", "source", "like")
    return image.with_data(image.data.float()) if registrable else image


def is_simpleitk(given: Any) -> bool:
    """Whether an input was given as a SimpleITK image."""
    return type(given).__module__.startswith("SimpleITK")


def is_file_name(given: Any) -> bool:
    """Whether an input was given as the name of a file or folder."""
    return isinstance(given, str | PathLike)


def _path(given: Any, role: str) -> Path:
    if not is_file_name(given):
        raise InputError(
            f"{type(given).__name__} is no input that can be read",
            where=role,
            mend="give a file name, a RegSuite.Image (points: RegSuite.PointSet) or a SimpleITK image",
        )
    return Path(given)
