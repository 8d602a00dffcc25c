"""Linear registration from coarse to fine: prepare, search, refine, judge."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import Image
from RegSuite.methods.base import Progress
from RegSuite.methods.linear.judge import Alignment, check_pair, judge
from RegSuite.methods.linear.levels import describe, steps_mm
from RegSuite.methods.linear.parameters import LinearParameters
from RegSuite.methods.linear.poses import Model
from RegSuite.methods.linear.pyramid import pyramid
from RegSuite.methods.linear.refine import descended
from RegSuite.methods.linear.run import prepared, shows_less, without_constant_background
from RegSuite.methods.linear.start import find_start

FloatArray = NDArray[np.float64]


def align(
    fixed: Image,
    moving: Image,
    model: Model,
    parameters: LinearParameters,
    progress: Progress,
    initial: FloatArray | None = None,
) -> Alignment:
    """The linear map of `model` that aligns two images of one dimension.

    The points are taken in the image that shows less (a stripped brain against a whole head, a
    slice against a volume); where that is the moving one, the map found is inverted.
    initial: homogeneous [d+1, d+1], fixed to moving LPS mm. Raises InputError for inputs that
    cannot work, MethodFailed where the images share too little.
    """
    check_pair(fixed, moving)
    begun = time.perf_counter()
    progress(0.0, "prepare", {})
    steps = steps_mm(fixed, moving, parameters.finest_mm)
    levels = [pyramid(image, steps) for image in (fixed, moving)]
    swap = shows_less(fixed, moving, levels)
    if swap:
        fixed, moving, levels = moving, fixed, levels[::-1]
        initial = None if initial is None else np.asarray(np.linalg.inv(initial), dtype=np.float64)
    stripped = without_constant_background(fixed, levels)
    if stripped is not fixed:
        levels[0] = pyramid(stripped, steps)
    run = prepared(fixed, moving, levels, model, parameters, progress)
    run.out.notes.append(f"levels {describe(steps)}")
    if stripped is not fixed:
        run.out.notes.append(f"{fixed.name} shows only a part, cut out: its constant background was left out")
    if swap:
        run.out.notes.append("the moving image shows less: points were taken there, and the map was inverted")
    run.out.seconds["prepare"] = time.perf_counter() - begun
    pose = find_start(run, fixed, moving, None if initial is None else _in_space(initial))
    pose = descended(run, pose)
    keep = [*range(fixed.ndim), 3]
    run.out.matrix = pose.matrix(run.frame)[0][np.ix_(keep, keep)]
    judge(run.out, run.least_overlap)
    if swap:
        run.out.matrix = np.asarray(np.linalg.inv(run.out.matrix))
    progress(1.0, "done", {run.out.measure: run.out.value})
    return run.out


def _in_space(matrix: FloatArray) -> FloatArray:
    """[4, 4] of a [d+1, d+1] homogeneous matrix."""
    d = len(matrix) - 1
    out = np.eye(4)
    out[:d, :d], out[:d, 3] = matrix[:d, :d], matrix[:d, d]
    return out
