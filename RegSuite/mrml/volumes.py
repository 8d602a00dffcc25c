"""Images and label maps as volume nodes, and back: the engine's side of it, in torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from RegSuite.geometry import ArrayImage, Image
from RegSuite.mrml.slabs import finish
from RegSuite.mrml.volume_making import label_volume_in_steps, volume_in_steps
from RegSuite.mrml.volume_reading import LABELS, SCALAR, VECTOR, check_scan, labels_of_volume, scan_of_volume

__all__ = [
    "LABELS",
    "SCALAR",
    "VECTOR",
    "check_scan",
    "image_from_volume",
    "label_volume_from_image",
    "labels_from_volume",
    "volume_from_image",
]


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
    return scan_of_volume(node, role, inside=inside, ndim=ndim, vector=vector).image()


def labels_from_volume(
    node: Any, role: str = "labels", *, inside: Any = None, ndim: int | None = None
) -> tuple[Image, dict[int, str]]:
    """A label map (int32 [1, *shape], 0 = background) of a label or scalar volume, with its names.

    The names are those of the volume's colour table, without the entries that name nothing.
    Raises InputError for values that are no labels (fractions, negative), otherwise as
    `image_from_volume`.
    """
    image, names, _ = finish(labels_of_volume(node, role, inside=inside, ndim=ndim))
    return image.image(), names


def volume_from_image(image: Image | ArrayImage, *, name: str | None = None, node: Any = None) -> Any:
    """A volume node with a copy of the image: scalar for one value a voxel, vector for more.

    node: an output node that is filled instead (its parent transform is removed: the image stands
    in the world). Types that Slicer does not show become the next one that it does (bool: uint8,
    int64: int32, float16: float32). Raises InputError for a `node` of another class.
    """
    return finish(volume_in_steps(image, name=name, node=node))


def label_volume_from_image(
    image: Image | ArrayImage,
    names: Mapping[int, str] | None = None,
    *,
    name: str | None = None,
    node: Any = None,
) -> Any:
    """A label map node with names and stable colours; int16 where the labels fit, else int32.

    names: by label; a label without a name is called by its number. node: as `volume_from_image`.
    Raises InputError for an image of several values a voxel.
    """
    return finish(label_volume_in_steps(image, names, name=name, node=node))
