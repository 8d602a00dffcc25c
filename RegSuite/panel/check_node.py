"""One input alone: whether it can be used, from its geometry and a sample of its voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.geometry import Grid
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.placed import parent_matrix, placed_grid
from RegSuite.mrml.series import frame_words
from RegSuite.mrml.volumes import LABELS, SCALAR, check_scan
from RegSuite.mrml.voxels import values_of
from RegSuite.panel.finding import Finding, Tell, refusals
from RegSuite.workflows.model import InputRole

SAMPLES_AN_AXIS = 40
SEGMENTATION = "vtkMRMLSegmentationNode"
MARKUPS = "vtkMRMLMarkupsNode"
TRANSFORM = "vtkMRMLTransformNode"


def check_image(node: Any, role: InputRole, inside: Any, tell: Tell) -> Grid | None:
    """Tell what is wrong with a scan; its grid in the world, None where it cannot be used.

    inside: a parent transform that is left out (the initial transform, for the moving image).
    """
    words = role.name.replace("_", " ")
    grid = None
    with refusals(tell, role.title, role.name):
        check_scan(node, words)
        _check_values(node, words)
        grid = placed_grid(node, words, inside)
    for sentence in [] if grid is None else frame_words(node, words):
        tell(Finding("warning", sentence, role.title, "", (role.name,)))
    return grid


def check_regions(node: Any, role: InputRole, image: Grid | None, inside: Any, tell: Tell) -> None:
    """Tell what is wrong with a mask or labels. image: the grid on which they must lie.

    A segmentation is drawn on the image's grid by the run, wherever it was made.
    """
    from RegSuite.io.checks import check_same_grid

    words = role.name.replace("_", " ")
    with refusals(tell, role.title, role.name):
        check_node(node, words, LABELS, SEGMENTATION, SCALAR)
        if node.IsA(SEGMENTATION):
            _check_segments(node, words)
            return
        if node.GetImageData() is None:
            raise InputError(f"'{node.GetName()}' has no voxels", mend="draw or load it, or choose none")
        if _is_constant(node) and float(sample(node).flat[0]) <= 0:
            raise InputError(
                f"'{node.GetName()}' is empty: no voxel is above 0", mend="draw it anew, or choose none"
            )
        if image is not None:
            placed: Any = Placed(node.GetName(), placed_grid(node, words, inside))
            check_same_grid(placed, image, words)


def check_points(node: Any, role: InputRole, inside: Any, tell: Tell) -> int | None:
    """Tell what is wrong with landmarks; how many there are, None where they cannot be used."""
    words = role.name.replace("_", " ")
    usable = False
    with refusals(tell, role.title, role.name):
        check_node(node, words, MARKUPS)
        parent_matrix(node, words, inside)
        if not node.GetNumberOfControlPoints():
            raise InputError(f"'{node.GetName()}' has no points", mend="place points, or choose none")
        usable = True
    return int(node.GetNumberOfControlPoints()) if usable else None


def check_models(given: Any, role: InputRole, tell: Tell) -> None:
    """Tell what is wrong with a model, or several, that stand for organs."""
    from RegSuite.mrml.taken import structures_of_models

    with refusals(tell, role.title, role.name):
        structures_of_models(given, role.name.replace("_", " "))


def check_transform(node: Any, role: InputRole, tell: Tell) -> None:
    """Tell where what was given is no transform."""
    with refusals(tell, role.title, role.name):
        check_node(node, role.name, TRANSFORM)


class Placed:
    """A name and a grid, for checks that look at no voxel of an image."""

    def __init__(self, name: str, grid: Grid, channels: int = 1) -> None:
        self.name, self.grid, self.channels = name, grid, channels
        self.ndim = grid.ndim


def sample(node: Any) -> NDArray[np.generic]:
    """About 40 voxels an axis, evenly spaced: a view into the volume, first channel."""
    values = values_of(node.GetImageData())[..., 0]
    return values[tuple(slice(None, None, max(1, -(-n // SAMPLES_AN_AXIS))) for n in values.shape)]


def _check_values(node: Any, words: str) -> None:
    """Raise InputError for one value everywhere, and for values that are not finite among the sampled."""
    some = sample(node)
    if some.dtype.kind == "f" and not np.isfinite(some).all():
        raise InputError(
            f"{words} '{node.GetName()}' holds values that are not finite (NaN or infinity)",
            mend="write the image anew without them, or mask them (module Simple Filters)",
        )
    if not _is_constant(node):
        return
    raise InputError(
        f"the image is constant: every voxel of '{node.GetName()}' is {some.flat[0]:g}",
        mend="check that the right file was exported (window, rescale, mask)",
    )


def _is_constant(node: Any) -> bool:
    """Whether all voxels have one value: where the sampled ones do, slice by slice until one differs."""
    some = sample(node)
    if some.min() != some.max():
        return False
    values = values_of(node.GetImageData())[..., 0]
    return all(bool((one == some.flat[0]).all()) for one in values)


def _check_segments(node: Any, words: str) -> None:
    parent_matrix(node, words)
    segmentation = node.GetSegmentation()
    if segmentation is None or segmentation.GetNumberOfSegments() == 0:
        raise InputError(
            f"'{node.GetName()}' has no segments", mend="draw one (module Segment Editor), or choose none"
        )
