"""Inputs in whatever form they come (file, Image, SimpleITK image) as checked engine objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from RegSuite.geometry import Image, PointSet
from RegSuite.report.result import InputRecord

if TYPE_CHECKING:
    from RegSuite.geometry import Grid


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


def read_pair(inputs: Mapping[str, Any], records: dict[str, InputRecord]) -> Pair:
    """The inputs of `register` by role, read once, checked alone and against each other.

    records is filled with {role: file, sha256, size, spacing}. Raises InputError or GeometryError
    with the file and the mend.
    """
    fixed, moving = (_image(inputs[role], role, records) for role in ("fixed", "moving"))
    fixed = _with_mask(fixed, inputs.get("fixed_mask"), "fixed_mask", records)
    moving = _with_mask(moving, inputs.get("moving_mask"), "moving_mask", records)
    labels = {
        side: read_labels_on(inputs.get(f"{side}_labels"), image.grid, f"{side}_labels", records)
        for side, image in (("fixed", fixed), ("moving", moving))
    }
    points = {
        side: read_points_of(inputs.get(f"{side}_points"), image.ndim, f"{side}_points", records)
        for side, image in (("fixed", fixed), ("moving", moving))
    }
    return Pair(fixed, moving, labels["fixed"], labels["moving"], points["fixed"], points["moving"])


def read_labels_on(source: Any, grid: Grid, role: str, records: dict[str, InputRecord]) -> Image | None:
    """Labels that must lie on `grid`; None where none are given."""
    if source is None:
        return None
    from RegSuite.io import check_same_grid, read_labels

    labels = read_labels(source) if is_file(source) else as_image(source, role)
    check_same_grid(labels, grid)
    _remember(source, labels.grid, role, records)
    return labels
