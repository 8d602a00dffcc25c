"""Volume nodes read without torch: their own voxels where they lie, checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import ArrayImage, Grid
from RegSuite.mrml.label_values import label_names, label_voxels, labels_in_steps
from RegSuite.mrml.modality import modality_of
from RegSuite.mrml.nodes import check_node, words_of
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.space import in_plane, marked_flat
from RegSuite.mrml.voxels import channels_of

SCALAR = "vtkMRMLScalarVolumeNode"
VECTOR = "vtkMRMLVectorVolumeNode"
LABELS = "vtkMRMLLabelMapVolumeNode"


def scan_of_volume(
    node: Any, role: str = "image", *, inside: Any = None, ndim: int | None = None, vector: bool = False
) -> ArrayImage:
    """`image_from_volume` before torch: the node's own voxels, meant as float32. No voxel is looked at."""
    check_scan(node, role, vector=vector)
    grid = placed_grid(node, role, inside)
    image = _borrowed(node, channels_of(node.GetImageData()), grid, "float32", modality_of(node))
    return _in_its_plane(image, node, role, ndim)


def check_scan(node: Any, role: str = "image", *, vector: bool = False) -> None:
    """Raise InputError for what `image_from_volume` does not take: no voxel is looked at."""
    check_node(node, role, SCALAR, VECTOR)
    if node.IsA(LABELS):
        raise InputError(
            f"'{node.GetName()}' is a label map where a scan is wanted",
            where=f"{role} '{node.GetName()}'",
            mend="choose a volume with intensities, or convert it (module Volumes, Convert)",
        )
    _check_voxels(node, role, vector)


def labels_of_volume(
    node: Any, role: str = "labels", *, inside: Any = None, ndim: int | None = None
) -> Steps[tuple[ArrayImage, dict[int, str], list[int]]]:
    """`labels_from_volume` before torch, in steps: the node's voxels, names, and the labels there are."""
    check_node(node, role, LABELS, SCALAR)
    _check_voxels(node, role, vector=False)
    grid = placed_grid(node, role, inside)
    values = yield from label_voxels(node, role)
    present = yield from labels_in_steps(values)
    image = _in_its_plane(_borrowed(node, values, grid, "int32"), node, role, ndim)
    return image, label_names(node, present), present


def _borrowed(
    node: Any, values: NDArray[Any], grid: Grid, type_name: str, modality: str | None = None
) -> ArrayImage:
    """The voxels of a node, where they lie."""
    return ArrayImage(values, grid, node.GetName(), modality=modality, type_name=type_name, borrowed=True)


def _in_its_plane(image: ArrayImage, node: Any, role: str, ndim: int | None) -> ArrayImage:
    """The image in the dimension that is wanted. Raises GeometryError for a volume where 2D is."""
    plane = in_plane(image.grid) if ndim == 2 or (ndim is None and marked_flat(node)) else None
    if plane is None and ndim == 2:
        raise GeometryError(
            f"'{node.GetName()}' is no single slice in the plane z = 0",
            where=f"{role} '{node.GetName()}': {image.grid}",
            mend="give one slice, or volumes for all inputs",
        )
    return image if plane is None else replace(image, values=image.values[:, 0], grid=plane)


def _check_voxels(node: Any, role: str, vector: bool) -> None:
    """Raise InputError for a volume without voxels or with more than one value (or volume) in it."""
    where = f"{role} '{node.GetName()}'"
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0 or image.GetPointData().GetScalars() is None:
        raise InputError(
            f"'{node.GetName()}' has no voxels",
            where=where,
            mend="load or compute it first, or choose another",
        )
    count = image.GetNumberOfScalarComponents()
    if node.IsA("vtkMRMLMultiVolumeNode") or node.IsA("vtkMRMLDiffusionWeightedVolumeNode"):
        raise InputError(
            f"'{node.GetName()}' is a {words_of(node)} of {count} frames where one volume is wanted",
            where=where,
            mend="choose one frame: copy it to a volume of its own",
        )
    if count > 1 and not vector:
        raise InputError(
            f"'{node.GetName()}' has {count} values a voxel (colours or vectors) where one is wanted",
            where=where,
            mend="turn it into a scalar volume (module Vector to Scalar Volume)",
        )
