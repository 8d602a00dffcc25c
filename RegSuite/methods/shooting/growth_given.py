"""A user's own growth model: images over time, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.methods.shooting.growth import Growth

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image

TOLERANCE = 1e-3
"""Values that are outside of 0..1 by so little are rounding."""
SHRINKS = 0.5
"""A last weight of less than this share of the largest one is worth a note: does time run backwards?"""


def growth_from_series(series: Image, grid: Grid) -> Growth:
    """M_t from an image with one channel a time, from the healthy brain (first) to the patient's (last).

    Raises GeometryError for another grid than the target's, InputError for values that are no weights
    or for a series that ends with nothing.
    """
    where = f"growth '{series.name}'"
    if not series.grid.same_space(grid):
        raise GeometryError(
            f"the growth lies on {series.grid}, the target on {grid}",
            where=where,
            mend="resample the growth onto the target's grid (linearly, each time)",
        )
    weights = series.data.detach().float().cpu()
    if not bool(torch.isfinite(weights).all()):
        count = int((~torch.isfinite(weights)).sum())
        raise InputError(f"{count} values are not finite", where=where, mend="write 0 where nothing grows")
    low, high = float(weights.min()), float(weights.max())
    if low < -TOLERANCE or high > 1 + TOLERANCE:
        raise InputError(
            f"the growth's values go from {low:g} to {high:g}, a weight is 0 to 1",
            where=where,
            mend="divide by the largest value; 0: no intensity may be added here, 1: freely",
        )
    weights = weights.clamp(0, 1)
    volumes = weights.flatten(1).double().sum(dim=1)
    if float(volumes[-1]) == 0:
        raise InputError(
            f"the last of {len(weights)} times is 0 everywhere: the growth ends without a tumour",
            where=where,
            mend="time is the last axis of the file and goes from the healthy brain to the patient's",
        )
    notes = [f"growth of {len(weights)} times as given"]
    if float(volumes[-1]) < SHRINKS * float(volumes.max()):
        share = 100 * float(volumes[-1] / volumes.max())
        notes.append(
            f"the given growth ends with {share:.0f} % of its largest volume: does its time run backwards?"
        )
    return Growth(weights, grid, tuple(notes))
