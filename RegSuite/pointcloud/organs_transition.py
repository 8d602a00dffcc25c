"""U, the transition of labels: what label a point's counterpart bears where segmentations err."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs_coherence import as_matrix

FloatArray = NDArray[np.float64]

_SUM_TOLERANCE = 1e-3  # tables are written with three digits


def checked_transition(values: ArrayLike, names: Sequence[str]) -> FloatArray:
    """U[target, source] [L, L] as float64, columns exactly of sum one, not to be written to.

    Raises InputError that names the organ, the numbers and the mend, for another shape, values that are not
    finite or negative, and for columns that do not sum to one; one that is transposed is told so.
    """
    matrix = as_matrix(values, names, "transition U")
    if (matrix < 0).any():
        k, m = (int(i) for i in np.argwhere(matrix < 0)[0])
        raise InputError(
            f"a probability of {matrix[k, m]:g}",
            where=f"transition U, target {names[k]!r}, source {names[m]!r}",
            mend="give probabilities from 0 to 1",
        )
    sums = matrix.sum(axis=0)
    wrong = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
    if wrong.size:
        m = int(wrong[np.abs(sums[wrong] - 1).argmax()])
        turned = bool((np.abs(matrix.sum(axis=1) - 1) <= _SUM_TOLERANCE).all())
        raise InputError(
            f"the column of U sums to {sums[m]:g}, not 1",
            where=f"transition U, source {names[m]!r}",
            mend="its rows sum to 1: give its transpose, U[target, source]"
            if turned
            else "each column is a distribution over target labels; counts go in as a confusion matrix",
        )
    matrix /= sums
    matrix.setflags(write=False)
    return matrix


def transition_from_confusion(counts: ArrayLike, names: Sequence[str]) -> FloatArray:
    """U[target, source] [L, L] from counts[true, predicted] [L, L] of the tool that segmented both scans.

    U[t, s] = sum over true organs k of p(tool says t | k) p(k | tool said s), both shares of the counts
    (paper 13, section "Hyper-parameter setting"). names [L]: for messages.
    Raises InputError for another shape, negative counts, and an organ that was never true or never predicted.
    """
    table = as_matrix(counts, names, "confusion matrix")
    if (table < 0).any():
        k, m = (int(i) for i in np.argwhere(table < 0)[0])
        raise InputError(
            f"a count of {table[k, m]:g}",
            where=f"confusion matrix, true {names[k]!r}, predicted {names[m]!r}",
            mend="give counts of points or voxels, 0 or above",
        )
    for axis, word in ((1, "true"), (0, "predicted")):
        never = np.flatnonzero(table.sum(axis=axis) == 0)
        if never.size:
            raise InputError(
                f"{names[int(never[0])]!r} is never {word}: nothing is known of its mistakes",
                where="confusion matrix",
                mend="count it too, or write 1 where it meets itself: taken as never mistaken",
            )
    said_of_true = table / table.sum(axis=1, keepdims=True)
    true_of_said = table / table.sum(axis=0, keepdims=True)
    transition: FloatArray = said_of_true.T @ true_of_said
    return transition
