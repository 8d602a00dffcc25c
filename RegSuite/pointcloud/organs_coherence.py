"""S, the coherence of organs' motions: checks in words, and the nearest matrix that can be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-8


def checked_coherence(values: ArrayLike, names: Sequence[str]) -> FloatArray:
    """S [L, L] as float64, not to be written to.

    Raises InputError that names the organs, the numbers and the mend, for a matrix of another shape, not
    finite, with a diagonal that is not above 0, not symmetric, or with a negative eigenvalue: then no random
    motion has this covariance, whatever the organs' elasticity.
    """
    matrix = as_matrix(values, names, "coherence S")
    diagonal = np.diagonal(matrix)
    if (diagonal <= 0).any():
        k = int(np.flatnonzero(diagonal <= 0)[0])
        raise InputError(
            f"an organ's coherence with itself is {diagonal[k]:g}, not above 0",
            where=f"coherence S, {names[k]!r}",
            mend="write 1 on the diagonal; how far an organ moves is its magnitude in mm",
        )
    apart = np.abs(matrix - matrix.T)
    if apart.max() > _ROUNDING * np.abs(matrix).max():
        k, m = sorted(int(i) for i in np.unravel_index(int(apart.argmax()), apart.shape))
        raise InputError(
            f"S is not symmetric: {matrix[k, m]:g} in one direction, {matrix[m, k]:g} in the other",
            where=f"coherence S, {names[k]!r} with {names[m]!r}",
            mend=f"write the same number twice, such as {(matrix[k, m] + matrix[m, k]) / 2:g}",
        )
    _need_semidefinite(matrix, names)
    matrix = (matrix + matrix.T) / 2
    matrix.setflags(write=False)
    return matrix


def nearest_coherence(values: ArrayLike, rounds: int = 200) -> FloatArray:
    """The nearest (least squares) symmetric positive semidefinite matrix with the diagonal of `values`.

    values: [L, L] with a positive diagonal. Alternating projections with Dykstra's correction.
    Source: N. Higham, IMA Journal of Numerical Analysis 22 (2002), algorithm 3.3.
    """
    given = np.asarray(values, dtype=np.float64)
    scale = np.sqrt(np.diagonal(given))
    current = (given + given.T) / 2 / np.outer(scale, scale)
    correction = np.zeros_like(current)
    for _ in range(rounds):
        wanted = current - correction
        roots, vectors = np.linalg.eigh(wanted)
        inside = (vectors * roots.clip(min=0)) @ vectors.T
        correction = inside - wanted
        current = inside.copy()
        np.fill_diagonal(current, 1)
    # the last step went onto the diagonal of ones: back inside the cone, by a scale of rows and columns
    roots, vectors = np.linalg.eigh(current)
    inside = (vectors * roots.clip(min=0)) @ vectors.T
    norm = np.sqrt(np.diagonal(inside))
    nearest: FloatArray = inside / np.outer(norm, norm) * np.outer(scale, scale)
    return nearest


def as_matrix(values: ArrayLike, names: Sequence[str], what: str) -> FloatArray:
    """A finite [L, L] copy in float64. Raises InputError."""
    matrix = np.array(values, dtype=np.float64)
    count = len(names)
    if matrix.shape != (count, count):
        raise InputError(
            f"shape {matrix.shape}, not ({count}, {count})",
            where=what,
            mend=f"one row and one column for each organ: {', '.join(names[:12])}",
        )
    if not np.isfinite(matrix).all():
        k, m = (int(i) for i in np.argwhere(~np.isfinite(matrix))[0])
        raise InputError(
            f"{matrix[k, m]} is not a number",
            where=f"{what}, row {names[k]!r}, column {names[m]!r}",
            mend="give a number",
        )
    return matrix


def _need_semidefinite(matrix: FloatArray, names: Sequence[str]) -> None:
    roots = np.linalg.eigvalsh(matrix)
    if roots[0] >= -_ROUNDING * roots[-1]:
        return
    nearest = nearest_coherence(matrix)
    change = np.abs(nearest - matrix)
    k, m = sorted(int(i) for i in np.unravel_index(int(change.argmax()), change.shape))
    rows = "; ".join(" ".join(f"{v:.3f}" for v in row) for row in nearest[:8, :8])
    raise InputError(
        f"S is not positive semidefinite (eigenvalue {roots[0]:.3g}): organs cannot move together as it says",
        where=f"coherence S, most of all {names[k]!r} with {names[m]!r} ({matrix[k, m]:g})",
        mend=f"the nearest S that can be has {nearest[k, m]:.3f} there; as a whole: {rows}",
    )
