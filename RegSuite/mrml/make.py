"""One node of one engine object, by the kind of its role."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from RegSuite.mrml.markups import markups_from_points
from RegSuite.mrml.nodes import is_node
from RegSuite.mrml.segmentations import segmentation_from_labels
from RegSuite.mrml.tables import table_from_columns
from RegSuite.mrml.transforms import node_from_transform
from RegSuite.mrml.volumes import label_volume_from_image, volume_from_image

_TRANSFORMS = ("displacement", "linear", "transform")


def make_node(
    kind: str, item: Any, name: str | None, label_names: Mapping[int, str], target: Any = None
) -> Any:
    """The node that holds `item` (see SceneContent), a node itself as it is.

    target: an output node to fill instead of making one; of labels it decides between label map
    and segmentation. None for what makes no node: nothing, words instead of a transform, a report.
    """
    if item is None or is_node(item):
        return item
    if kind in ("image", "jacobian"):
        return volume_from_image(item, name=name, node=target)
    if kind in ("labels", "mask"):
        return _labels(item, name, {} if kind == "mask" else label_names, target)
    if kind == "points":
        return markups_from_points(item, name=name, node=target)
    if kind in _TRANSFORMS and hasattr(item, "displacement"):
        return node_from_transform(item, name=name, node=target)
    if kind == "table" and isinstance(item, Path):
        return table_from_columns(_columns(item), name=name or target.GetName(), node=target)
    if kind == "surface" and isinstance(item, Path):
        from RegSuite.mrml.models import model_from_surface
        from RegSuite.workflows.surfaces import read_surface

        return model_from_surface(read_surface(item), name=name or target.GetName(), node=target)
    return None


def _labels(item: Any, name: str | None, label_names: Mapping[int, str], target: Any) -> Any:
    if target is not None and target.IsA("vtkMRMLLabelMapVolumeNode"):
        return label_volume_from_image(item, label_names, name=name, node=target)
    return segmentation_from_labels(item, label_names, name=name, node=target)


def _columns(path: Path) -> dict[str, list[Any]]:
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
