"""The motion's formula with its derivatives, and its inverse by Newton's method: compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

NEWTON_STEPS = 40
NEWTON_MM = 1e-5
"""A point is found when its last step is shorter than this: the next one would be about its square."""

RUN = 32
"""Points that are found one after the other, by one thread."""


@njit(cache=True, nogil=True)
def displacement(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """Fill u [3] with the displacement at a planning point, and j [3, 3] with du_i/dx_j."""
    for a in range(3):
        u[a] = m.shift[a]
        for b in range(3):
            j[a, b] = 0.0
    _breathing(x, y, z, m, u, j)
    _chest_wall(x, y, z, m, u, j)
    _baseline(x, y, z, m, u, j)
    _waves(x, y, z, m, u, j)
    _shrinkage(x, y, z, m, u, j)


@njit(cache=True, nogil=True)
def _breathing(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """amplitude * exp(-rho^4) / (1 + exp((z - level) / length)), rho elliptic about the chest's front."""
    px, py = (x - m.middle[0]) / m.window[0], (y - m.middle[1]) / m.window[1]
    square = px * px + py * py
    e = math.exp(-square * square)
    h = 1.0 / (1.0 + math.exp((z - m.middle[2]) / m.window[2]))
    slope_x = -4.0 * square * px / m.window[0] * e * h
    slope_y = -4.0 * square * py / m.window[1] * e * h
    slope_z = -e * h * (1.0 - h) / m.window[2]
    for a in range(3):
        u[a] += m.breath[a] * e * h
        j[a, 0] += m.breath[a] * slope_x
        j[a, 1] += m.breath[a] * slope_y
        j[a, 2] += m.breath[a] * slope_z


@njit(cache=True, nogil=True)
def _chest_wall(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """The front moves along y: amplitude / (1 + exp((y - middle) / 28)) * exp(-(x / window)^4) * height."""
    p = (x - m.middle[0]) / (1.15 * m.window[0])
    ex = math.exp(-p * p * p * p)
    v = 1.0 / (1.0 + math.exp((y - m.middle[1]) / 28.0))
    h = 1.0 / (1.0 + math.exp((z - m.middle[2] - 50.0) / 30.0))
    u[1] += m.wall * v * ex * h
    j[1, 0] += m.wall * v * h * ex * (-4.0 * p * p * p / (1.15 * m.window[0]))
    j[1, 1] += -m.wall * ex * h * v * (1.0 - v) / 28.0
    j[1, 2] += -m.wall * ex * v * h * (1.0 - h) / 30.0


@njit(cache=True, nogil=True)
def _baseline(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """baseline * exp(-r^2 / 2 reach^2) about the tumour: its place in the breathing cycle has drifted."""
    d0, d1, d2 = x - m.tumour[0], y - m.tumour[1], z - m.tumour[2]
    square = m.baseline_reach * m.baseline_reach
    e = math.exp(-(d0 * d0 + d1 * d1 + d2 * d2) / (2.0 * square))
    for a in range(3):
        u[a] += m.baseline[a] * e
        j[a, 0] -= m.baseline[a] * e * d0 / square
        j[a, 1] -= m.baseline[a] * e * d1 / square
        j[a, 2] -= m.baseline[a] * e * d2 / square


@njit(cache=True, nogil=True)
def _waves(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """Sum of amplitude_k * sin(k . x + phase_k): smooth, and no two fractions alike."""
    for n in range(len(m.waves)):
        w = m.waves[n]
        turn = w[3] * x + w[4] * y + w[5] * z + w[6]
        sine, cosine = math.sin(turn), math.cos(turn)
        for a in range(3):
            u[a] += w[a] * sine
            for b in range(3):
                j[a, b] += w[a] * w[3 + b] * cosine


@njit(cache=True, nogil=True)
def _shrinkage(x, y, z, m, u, j):  # type: ignore[no-untyped-def]
    """-k exp(-(r / reach)^4) (x - centre): contraction about the tumour's centre, no fold for 0 <= k < 1."""
    if m.shrink == 0.0:
        return
    d0, d1, d2 = x - m.tumour[0], y - m.tumour[1], z - m.tumour[2]
    square = (d0 * d0 + d1 * d1 + d2 * d2) / (m.shrink_reach * m.shrink_reach)
    k = m.shrink * math.exp(-square * square)
    along = 4.0 * square * k / (m.shrink_reach * m.shrink_reach)
    for a in range(3):
        da = d0 if a == 0 else (d1 if a == 1 else d2)
        u[a] -= k * da
        j[a, a] -= k
        j[a, 0] += along * da * d0
        j[a, 1] += along * da * d1
        j[a, 2] += along * da * d2


@njit(cache=True, nogil=True, inline="always")
def determinant(j):  # type: ignore[no-untyped-def]
    """det(I + j)."""
    a, b, c = j[0, 0] + 1.0, j[1, 1] + 1.0, j[2, 2] + 1.0
    return (
        a * (b * c - j[1, 2] * j[2, 1])
        - j[0, 1] * (j[1, 0] * c - j[1, 2] * j[2, 0])
        + j[0, 2] * (j[1, 0] * j[2, 1] - b * j[2, 0])
    )


@njit(cache=True, nogil=True, parallel=True)
def forward(points, m, out, jacobian):  # type: ignore[no-untyped-def]
    """Fill out [n, 3] with u at points [n, 3], and jacobian [n] with det(I + du/dx)."""
    for i in prange(len(points)):
        u, j = np.empty(3), np.empty((3, 3))
        displacement(points[i, 0], points[i, 1], points[i, 2], m, u, j)
        out[i, 0], out[i, 1], out[i, 2] = u[0], u[1], u[2]
        jacobian[i] = determinant(j)


@njit(cache=True, nogil=True, parallel=True)
def backward(points, m, out, jacobian, last):  # type: ignore[no-untyped-def]
    """Fill out [n, 3] with x - y, x the planning point with x + u(x) = y for y = points [n, 3].

    jacobian [n]: det(I + du/dx) at x. last [n]: length in mm of the last step (the error that is
    left is about its square), infinite where Newton's method did not settle. Runs of points begin
    where their predecessor ended, as neighbours move alike.
    """
    for run in prange((len(points) + RUN - 1) // RUN):
        u, j, step = np.empty(3), np.empty((3, 3)), np.empty(3)
        first = run * RUN
        displacement(points[first, 0], points[first, 1], points[first, 2], m, u, j)
        back = -u
        for i in range(first, min(first + RUN, len(points))):
            last[i] = np.inf
            for _ in range(NEWTON_STEPS):
                x0, x1, x2 = points[i, 0] + back[0], points[i, 1] + back[1], points[i, 2] + back[2]
                displacement(x0, x1, x2, m, u, j)
                jacobian[i] = determinant(j)
                _solve(j, jacobian[i], back + u, step)
                back -= step
                length = math.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
                if length < NEWTON_MM:
                    last[i] = length
                    break
            out[i, 0], out[i, 1], out[i, 2] = back[0], back[1], back[2]


@njit(cache=True, nogil=True, inline="always")
def _solve(j, det, r, step):  # type: ignore[no-untyped-def]
    """Fill step [3] with (I + j)^-1 r, by cofactors; det = det(I + j)."""
    a, b, c = j[0, 0] + 1.0, j[1, 1] + 1.0, j[2, 2] + 1.0
    step[0] = r[0] * (b * c - j[1, 2] * j[2, 1]) + r[1] * (j[0, 2] * j[2, 1] - j[0, 1] * c)
    step[0] = (step[0] + r[2] * (j[0, 1] * j[1, 2] - j[0, 2] * b)) / det
    step[1] = r[0] * (j[1, 2] * j[2, 0] - j[1, 0] * c) + r[1] * (a * c - j[0, 2] * j[2, 0])
    step[1] = (step[1] + r[2] * (j[0, 2] * j[1, 0] - a * j[1, 2])) / det
    step[2] = r[0] * (j[1, 0] * j[2, 1] - b * j[2, 0]) + r[1] * (j[0, 1] * j[2, 0] - a * j[2, 1])
    step[2] = (step[2] + r[2] * (a * b - j[0, 1] * j[1, 0])) / det
