"""Fixed and moving image against each other: overlap, size, memory; in milliseconds, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from slicer.i18n import tr as _

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.geometry.grid import DIRECTION_TOLERANCE
from RegSuite.io.checks import check_pair
from RegSuite.machine import available_memory_mb
from RegSuite.mrml.space import array_of_matrix, matrix_to_lps
from RegSuite.panel.check_node import Placed
from RegSuite.panel.finding import Finding, Tell

PAIR = ("fixed", "moving")
WORDS_THAT_MOVE = ("center", "center-of-mass")
"""Starts that bring the images together before their overlap matters."""

PROBES_AN_AXIS = 20
"""Of the overlap: a fraction is right to 5 %, in 3 ms; the run looks more closely."""

SIZE_RATIO = 5.0
SMALL_DIFFERENCE = 1.5
"""Ratio of sizes from which a spacing of 1 mm at the origin 0 looks like a missing one."""

VOXEL_RATIO = 10.0
UNITS = ((1000.0, "metres"), (10.0, "centimetres"))
UNIT_SPREAD = 1.6
"""A ratio of sizes within this factor of a unit's suggests the unit."""


def check_overlap(fixed: Placed, moving: Placed, initial: Any, tell: Tell) -> None:
    """Tell whether the images lie on each other, through the initial transform where that is rigid.

    initial: a transform node, a word, or None. A transform of another kind is left to the run.
    """
    if initial in WORDS_THAT_MOVE:
        return
    where = _("Fixed image, Moving image")
    grid = fixed.grid if initial is None or isinstance(initial, str) else _moved(fixed.grid, initial)
    if grid is None:
        return
    a, b = Placed(fixed.name, grid), moving
    mend = _("choose 'centers of mass' under Start, or check the frames of reference")
    try:
        pair: tuple[Any, Any] = (a, b)
        sentences = check_pair(*pair, probes=PROBES_AN_AXIS)
    except GeometryError as error:
        first, *places = (line.strip() for line in error.what.splitlines())
        tell(Finding("error", f"{first}: {'; '.join(places)}", where, mend, PAIR))
        return
    for sentence in sentences:
        tell(Finding("warning", sentence, where, mend, PAIR))


def check_sizes(fixed: Placed, moving: Placed, tell: Tell) -> None:
    """Tell where one image is many times as large as the other, or has many times larger voxels."""
    where = _("Fixed image, Moving image")
    small, large = sorted((fixed, moving), key=lambda image: float(max(image.grid.extent_mm)))
    ratio = float(max(large.grid.extent_mm)) / float(max(small.grid.extent_mm))
    sizes = (
        f"'{small.name}' {_edges(small.grid.extent_mm)} mm, '{large.name}' {_edges(large.grid.extent_mm)} mm"
    )
    unit = next((u for factor, u in UNITS if factor / UNIT_SPREAD < ratio < factor * UNIT_SPREAD), None)
    uncounted = next((image for image in (fixed, moving) if _counts_voxels(image.grid)), None)
    if unit is not None:
        what = _("the images differ in size by a factor of {ratio:.0f}: {sizes}").format(
            ratio=ratio, sizes=sizes
        )
        mend = _("'{name}' may be in {unit}: mend its spacing in module Volumes").format(
            name=small.name, unit=unit
        )
    elif ratio > SIZE_RATIO:
        what = _("the images differ in size by a factor of {ratio:.1f}: {sizes}").format(
            ratio=ratio, sizes=sizes
        )
        mend = _(
            "check the spacing in module Volumes; where the size is right, give masks or an initial transform"
        )
    elif uncounted is not None and ratio > SMALL_DIFFERENCE:
        what = _("'{name}' has a spacing of 1 x 1 x 1 mm and its origin at 0: {sizes}").format(
            name=uncounted.name, sizes=sizes
        )
        mend = _("its file may lack the spacing: mend it in module Volumes, or load the file with its header")
    else:
        _check_voxels(fixed, moving, tell)
        return
    tell(Finding("warning", what, where, mend, PAIR))


def check_memory(fixed: Placed, moving: Placed, tell: Tell) -> None:
    """Tell where the result's fields alone need more memory than the machine has."""
    from RegSuite.workflows.estimate import outputs_memory_mb

    pair: tuple[Any, Any] = (fixed, moving)
    needed, there = outputs_memory_mb(*pair), available_memory_mb()
    if there is None or needed <= there:
        return
    tell(
        Finding(
            "error",
            _("the run needs about {needed:.0f} MB and {there:.0f} MB are available").format(
                needed=needed, there=there
            ),
            _("Fixed image, Moving image"),
            _("close other programs, crop the images or resample them to larger voxels"),
            PAIR,
        )
    )


def _check_voxels(fixed: Placed, moving: Placed, tell: Tell) -> None:
    fine, coarse = sorted((fixed, moving), key=lambda image: min(image.grid.spacing))
    ratio = min(coarse.grid.spacing) / min(fine.grid.spacing)
    if ratio > VOXEL_RATIO:
        what = _("the voxels differ by a factor of {ratio:.0f}: '{a}' {x} mm, '{b}' {y} mm").format(
            ratio=ratio,
            a=fine.name,
            x=_edges(fine.grid.spacing),
            b=coarse.name,
            y=_edges(coarse.grid.spacing),
        )
        mend = _("details of the finer image cannot be matched; crop it or resample it to save time")
        tell(Finding("warning", what, _("Fixed image, Moving image"), mend, PAIR))


def _moved(grid: Grid, initial: Any) -> Grid | None:
    """The fixed grid where the initial transform (fixed to moving) puts it; None where that is not rigid."""
    import vtk

    if not initial.IsTransformToWorldLinear():
        return None
    matrix = vtk.vtkMatrix4x4()
    initial.GetMatrixTransformFromWorld(matrix)
    m = matrix_to_lps(array_of_matrix(matrix))
    if np.abs(m[:3, :3].T @ m[:3, :3] - np.eye(3)).max() > DIRECTION_TOLERANCE:
        return None
    origin = m[:3, :3] @ np.asarray(grid.origin) + m[:3, 3]
    return Grid.make(grid.size, grid.spacing, origin.tolist(), m[:3, :3] @ np.asarray(grid.direction))


def _counts_voxels(grid: Grid) -> bool:
    return bool(np.allclose(grid.spacing, 1.0) and np.allclose(grid.origin, 0.0))


def _edges(values: Any) -> str:
    return " x ".join(f"{value:.3g}" for value in values)
