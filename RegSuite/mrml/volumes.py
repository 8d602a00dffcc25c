"""Images and label maps as volume nodes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Image
from RegSuite.mrml.colours import colour_labels
from RegSuite.mrml.label_values import label_names, label_voxels, labels_in
from RegSuite.mrml.modality import modality_of, set_modality
from RegSuite.mrml.nodes import check_node, node_for, words_of
from RegSuite.mrml.placed import placed_grid
from RegSuite.mrml.space import in_plane, marked_flat, place_volume
from RegSuite.mrml.voxels import image_of, tensor_of

SCALAR = "vtkMRMLScalarVolumeNode"
VECTOR = "vtkMRMLVectorVolumeNode"
LABELS = "vtkMRMLLabelMapVolumeNode"

PROBES = 200_000
"""Voxels that are looked at to choose the brightness of a new volume."""


def image_from_volume(
    node: Any, role: str = "image", *, inside: Any = None, ndim: int | None = None, vector: bool = False
) -> Image:
    """The image of a volume node where it is seen in the world: float32 [C, *shape], a copy of its own.

    Rigid parent transforms are taken into the grid; inside: a transform node that is not (nor what
    is above it). ndim: 3, or 2 for a slice in the plane z = 0; None takes 2 where the node was made
    from a 2D image and has stayed in its plane. vector: several values a voxel are allowed. The
    node may change or vanish afterwards, its voxels are never written to.
    Raises InputError for None, a label map, a volume without voxels, a series, several values a
    voxel; GeometryError for sheared axes and parents that are not rigid.
    """
    check_scan(node, role, vector=vector)
    grid = placed_grid(node, role, inside)
    image = Image(tensor_of(node.GetImageData()), grid, name=node.GetName(), modality=modality_of(node))
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


def labels_from_volume(
    node: Any, role: str = "labels", *, inside: Any = None, ndim: int | None = None
) -> tuple[Image, dict[int, str]]:
    """A label map (int32 [1, *shape], 0 = background) of a label or scalar volume, with its names.

    The names are those of the volume's colour table, without the entries that name nothing.
    Raises InputError for values that are no labels (fractions, negative), otherwise as
    `image_from_volume`.
    """
    check_node(node, role, LABELS, SCALAR)
    _check_voxels(node, role, vector=False)
    grid = placed_grid(node, role, inside)
    data = label_voxels(node, role)
    image = _in_its_plane(Image(data, grid, name=node.GetName()), node, role, ndim)
    return image, label_names(node, data)


def volume_from_image(image: Image, *, name: str | None = None, node: Any = None) -> Any:
    """A volume node with a copy of the image: scalar for one value a voxel, vector for more.

    node: an output node that is filled instead (its parent transform is removed: the image stands
    in the world). Types that Slicer does not show become the next one that it does (bool: uint8,
    int64: int32, float16: float32). Raises InputError for a `node` of another class.
    """
    out = node_for(SCALAR if image.channels == 1 else VECTOR, name, node, image.name)
    if image.channels == 1 and (out.IsA(VECTOR) or out.IsA(LABELS)):
        raise InputError(
            f"'{out.GetName()}' is a {words_of(out)} and cannot hold an image of one value a voxel",
            where=f"output '{out.GetName()}'",
            mend="choose a scalar volume, or let a new one be made",
        )
    _fill(out, image, None)
    set_modality(out, image.modality)
    return out


def label_volume_from_image(
    image: Image, names: Mapping[int, str] | None = None, *, name: str | None = None, node: Any = None
) -> Any:
    """A label map node with names and stable colours; int16 where the labels fit, else int32.

    names: by label; a label without a name is called by its number. node: as `volume_from_image`.
    Raises InputError for an image of several values a voxel.
    """
    if image.channels != 1:
        raise InputError(f"{image.channels} values a voxel where one label is wanted", where=image.name)
    present = labels_in(image.data)
    out = node_for(LABELS, name, node, image.name)
    _fill(out, image, "int16" if max(present, default=0) < 2**15 else "int32")
    colour_labels(out, present, names or {})
    return out


def _fill(node: Any, image: Image, type_name: str | None) -> None:
    """Voxels and geometry of `image` into a volume node, in one change."""
    voxels = image_of(image.data, type_name)
    was = node.StartModify()
    try:
        node.SetAndObserveTransformNodeID(None)
        place_volume(node, image.grid)
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
            _brighten(node.GetDisplayNode(), image)
        node.SetAndObserveImageData(voxels)
    finally:
        node.EndModify(was)


def _brighten(display: Any, image: Image) -> None:
    """Window and level of a new display over all but the rarest values.

    Slicer's own choice counts every voxel, which takes longer than the copy of a large volume.
    """
    if not display.IsA("vtkMRMLScalarVolumeDisplayNode") or image.channels != 1:
        return
    import numpy as np

    values = image.data.detach().reshape(-1)
    some = values[:: max(1, len(values) // PROBES)].cpu().float().numpy()
    some = some[np.isfinite(some)]
    if some.size == 0:
        return
    low, high = np.quantile(some, (0.001, 0.999))
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(float(low), float(max(high, low + 1e-6)))


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


def _in_its_plane(image: Image, node: Any, role: str, ndim: int | None) -> Image:
    """The image in the dimension that is wanted. Raises GeometryError for a volume where 2D is."""
    plane = in_plane(image.grid) if ndim == 2 or (ndim is None and marked_flat(node)) else None
    if plane is None and ndim == 2:
        raise GeometryError(
            f"'{node.GetName()}' is no single slice in the plane z = 0",
            where=f"{role} '{node.GetName()}': {image.grid}",
            mend="give one slice, or volumes for all inputs",
        )
    return image if plane is None else replace(image, data=image.data[:, 0], grid=plane)
