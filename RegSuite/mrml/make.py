"""One node of one engine object, by the kind of its role."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from RegSuite.geometry import ArrayImage, Image, PointSet
from RegSuite.mrml.clouds import MOST_CONTROL_POINTS, model_from_points
from RegSuite.mrml.markups import markups_from_points
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.segmentations import segmentation_in_steps
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.tables import table_from_columns
from RegSuite.mrml.transforms import transform_in_steps
from RegSuite.mrml.volume_making import label_volume_in_steps, volume_in_steps
from RegSuite.transforms.arrays import ArrayField

_TRANSFORMS = ("displacement", "linear", "transform")


def make_node(
    kind: str, item: Any, name: str | None, label_names: Mapping[int, str], target: Any = None
) -> Steps[Any]:
    """The node that holds `item` (see SceneContent; arrays alike), a node itself as it is. In steps.

    target: an output node to fill instead of making one; of labels it decides between label map
    and segmentation. None for what makes no node: nothing, words instead of a transform, a report.
    """
    if item is None or is_node(item):
        return item
    if kind in ("image", "jacobian"):
        return (yield from volume_in_steps(item, name=name, node=target))
    if isinstance(item, PointSet) and len(item) > MOST_CONTROL_POINTS and target is None:
        return model_from_points(item, name=name)
    if kind in ("labels", "mask") and not isinstance(item, Image | ArrayImage):
        return (yield from _other_organs(item, name))
    if kind in ("labels", "mask"):
        return (yield from _labels(item, name, {} if kind == "mask" else label_names, target))
    if kind == "points":
        return markups_from_points(item, name=name, node=target)
    if kind in _TRANSFORMS and not isinstance(item, str | PathLike):
        return (yield from transform_in_steps(_as_field(item), name=name, node=target))
    if kind == "table" and isinstance(item, Path):
        return table_from_columns(columns_of(item), name=name or target.GetName(), node=target)
    if kind == "surface":
        from RegSuite.io.surface_file import read_surface
        from RegSuite.mrml.models import model_from_surface

        surface = read_surface(item) if isinstance(item, Path) else item
        return model_from_surface(surface, name=name or target.GetName(), node=target)
    return None


def _other_organs(item: Any, name: str | None) -> Steps[Any]:
    """Organs that are no label map: points, or structures as a segmentation; None for what is neither."""
    if isinstance(item, PointSet):
        return markups_from_points(item, name=name)
    if isinstance(item, tuple):
        from RegSuite.mrml.structure_making import segmentation_of_structures

        return (yield from segmentation_of_structures(item, name=name or "structures"))
    return None


def _as_field(item: Any) -> Any:
    """An image of displacements (LPS mm, d values a voxel) as the transform that it is."""
    if isinstance(item, Image):
        item = ArrayImage.of(item)
    return ArrayField(item.values, item.grid) if isinstance(item, ArrayImage) else item


def _labels(item: Any, name: str | None, label_names: Mapping[int, str], target: Any) -> Steps[Any]:
    to_volume = target is not None and target.IsA("vtkMRMLLabelMapVolumeNode")
    in_steps = label_volume_in_steps if to_volume else segmentation_in_steps
    return in_steps(item, label_names, name=name, node=target)


def columns_of(path: Path) -> dict[str, list[Any]]:
    """The columns of a CSV file, as numbers where all of a column are."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    header, lines = (rows[0], rows[1:]) if rows else ([], [])
    texts = {name: [row[at] if at < len(row) else "" for row in lines] for at, name in enumerate(header)}
    return {name: _numbers(column) for name, column in texts.items()}


def _numbers(column: list[str]) -> list[Any]:
    try:
        return [float(text) for text in column]
    except ValueError:
        return list(column)
