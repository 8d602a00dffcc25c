"""One node as one engine object, by the kind of input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from RegSuite.mrml.markups import points_from_markups
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.series import frame_words
from RegSuite.mrml.tables import label_names_from_node
from RegSuite.mrml.transforms import transform_from_node
from RegSuite.mrml.volumes import LABELS, SCALAR, image_from_volume, labels_from_volume

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image, PointSet
    from RegSuite.transforms import Transform

SEGMENTATION = "vtkMRMLSegmentationNode"


def image(node: Any, role: str, warnings: list[str], **options: Any) -> Image:
    """A scan; a frame of a series with a warning that says which."""
    found = image_from_volume(node, role, **options)
    warnings.extend(frame_words(node, role))
    return found


def labels(
    node: Any,
    role: str,
    grid: Grid | None,
    warnings: list[str],
    *,
    numbers: dict[str, int] | None = None,
    **options: Any,
) -> tuple[Image, dict[int, str]]:
    """A label map (int32) with its names, of a label map, a segmentation or a volume of whole numbers.

    numbers: labels by name that are taken already; what bears the same name gets the same number.
    """
    check_node(node, role, LABELS, SEGMENTATION, SCALAR)
    if not node.IsA(SEGMENTATION):
        found, names = labels_from_volume(node, role, **options)
        return _renumbered(found, names, numbers or {})
    from RegSuite.mrml.segmentations import labels_from_segmentation

    inside = options.get("inside")
    return labels_from_segmentation(node, grid, role, inside=inside, numbers=numbers, warnings=warnings)


def mask(node: Any, role: str, grid: Grid | None, **options: Any) -> Image:
    """A mask (uint8, 0 or 1): every label of a label map, every segment, or values of at least 0.5."""
    import torch

    check_node(node, role, LABELS, SEGMENTATION, SCALAR)
    if node.IsA(SEGMENTATION):
        from RegSuite.mrml.segmentations import mask_from_segmentation

        return mask_from_segmentation(node, grid, role, inside=options.get("inside"))
    if node.IsA(LABELS):
        found, _ = labels_from_volume(node, role, **options)
        return found.with_data((found.data > 0).to(torch.uint8))
    found = image_from_volume(node, role, **options)
    return found.with_data((found.data >= 0.5).to(torch.uint8))


def points(node: Any, role: str, **options: Any) -> PointSet:
    """Landmarks."""
    return points_from_markups(node, role, **options)


def transform(node: Any, role: str, grid: Grid | None, ndim: int | None, warnings: list[str]) -> Transform:
    """A map of fixed to moving points."""
    return transform_from_node(node, role, grid=grid, ndim=ndim, warnings=warnings)


def names(node: Any, role: str) -> dict[int, str]:
    """Names by label."""
    return label_names_from_node(node, role)


def _renumbered(found: Image, names: dict[int, str], numbers: dict[str, int]) -> tuple[Image, dict[int, str]]:
    """Labels whose names have a number already under that number; the others keep theirs, or step aside."""
    from RegSuite.mrml.numbering import renumbering

    new = renumbering(found.data, names, numbers)
    if not new:
        return found, names
    import torch

    table = torch.arange(int(found.data.max()) + 1, dtype=torch.int32)
    for old, number in new.items():
        table[old] = number
    return found.with_data(table[found.data.long()]), {new.get(k, k): v for k, v in names.items()}
