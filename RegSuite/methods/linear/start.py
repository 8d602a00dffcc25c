"""Where the refinement starts: the best pose of the multi-start."""

from __future__ import annotations

import time
from typing import cast

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import MethodFailed
from RegSuite.geometry import Image
from RegSuite.methods.linear.measures import Measure, MeasureName
from RegSuite.methods.linear.moments import Moments, moments
from RegSuite.methods.linear.poses import Poses
from RegSuite.methods.linear.run import FEW_POINTS, SEARCH_SHARE, Run
from RegSuite.methods.linear.search import Extent, Found, search, starts

FloatArray = NDArray[np.float64]

AMBIGUOUS = 0.97
"""Score of another pose, relative to the best, from which the result is called ambiguous."""


def find_start(run: Run, fixed: Image, moving: Image, given: FloatArray | None) -> Poses:
    """The start of the refinement: the best pose of the multi-start."""
    begun = time.perf_counter()
    extent = run.parameters.search
    if extent == "auto":
        extent = "full" if given is None else "none"
    if extent == "none":
        place = "the header's geometry" if given is None else "the initial transform"
        run.out.notes.append(f"started from {place}")
        return Poses.of_matrix(np.eye(4) if given is None else given, run.frame)
    found = _search(run, fixed, moving, cast("Extent", extent), given)
    run.out.seconds["search"] = time.perf_counter() - begun
    if found.overlap[0] < run.least_overlap or found.scores[0] <= 0:
        raise MethodFailed(
            f"no pose was found with shared structure (best overlap {100 * found.overlap[0]:.0f} %)",
            where="search",
            mend="give an initial transform, a mask, or a smaller least_overlap_fraction",
        )
    _told(run, found)
    return found.poses[[0]]


def _search(run: Run, fixed: Image, moving: Image, extent: Extent, given: FloatArray | None) -> Found:
    """The multi-start on the coarsest level and the one below it."""
    asked = run.parameters.measure
    name: MeasureName = "ncc" if asked == "ncc" else "mi"
    last = len(run.fixed) - 1
    finer = max(0, last - 1)
    coarse = tuple(
        Measure(name, run.points(last, count), run.moving[last], run.device) for count in (FEW_POINTS, 4000)
    )
    fine = Measure(name, run.points(finer, 8000), run.moving[finer], run.device)
    middles = tuple(_in3(i.grid.centre) for i in (fixed, moving))
    masses: list[Moments] = [moments(run.fixed[last]), moments(run.moving[last])]
    begin = starts(extent, given, masses[0], masses[1], (middles[0], middles[1]), run.frame)

    def tick(fraction: float, value: float) -> None:
        run.progress(SEARCH_SHARE * fraction, "search", {name: value})

    tick(0.0, 0.0)
    step = run.fixed[last].step_mm
    return search(begin, (coarse[0], coarse[1]), fine, run.frame, run.least_overlap, step, tick)


def _in3(point: FloatArray) -> FloatArray:
    """A 2D or 3D point as [3]."""
    return np.concatenate([point, np.zeros(3 - len(point))])


def _told(run: Run, found: Found) -> None:
    """Say which start won, and warn where another pose is nearly as good."""
    run.out.notes.append(f"{found.names[0]} gave the best start (score {found.scores[0]:.4g})")
    if len(found.scores) > 1:
        run.out.notes.append(
            f"the next different pose came from {found.names[1]} (score {found.scores[1]:.4g})"
        )
        if found.scores[1] > AMBIGUOUS * found.scores[0]:
            run.out.warnings.append(
                f"another, different pose matches nearly as well ({found.scores[1]:.4g} against "
                f"{found.scores[0]:.4g}): look at the result, the object may be symmetric"
            )
