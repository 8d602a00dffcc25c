"""The compiled posterior sums over all pairs of points.

Three passes over the source points a target point: logarithms into a buffer, exponentials, sums. Each is a
plain loop over arrays, so that the compiler makes vector instructions of it. Sums of 64 target points are
held in float32, then added to float64 ones: float32 alone loses digits over thousands.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

BATCH = 64
"""Target points whose sums are held in float32."""

LANES = 16
"""Largest values followed side by side: one running maximum would chain every comparison to the last."""

IMPOSSIBLE = -1e30
"""Logarithms below this stand for log 0."""

LOG_FAINT = -30.0
"""Log of the probability of a target point to be no outlier below which its sums are left out."""


@njit(inline="always", fastmath=True)
def exponential(x):  # type: ignore[no-untyped-def]
    """e^x of a float32 x <= 0, relative error under 4e-6; e^-50 = 2e-22 below -50.

    Smaller values would end as denormal numbers in the products, each a hundred times as slow.

    2^n 2^f with n whole and |f| <= 1/2: a Taylor polynomial for 2^f, and n written into the exponent's bits.
    The library's function is a call an element, which no vector instruction can replace.
    """
    t = max(x, np.float32(-50.0)) * np.float32(1.4426950408889634)
    n = np.floor(t + np.float32(0.5))
    f = (t - n) * np.float32(0.6931471805599453)
    p = np.float32(1.0 / 720.0)
    p = p * f + np.float32(1.0 / 120.0)
    p = p * f + np.float32(1.0 / 24.0)
    p = p * f + np.float32(1.0 / 6.0)
    p = p * f + np.float32(0.5)
    p = p * f + np.float32(1.0)
    p = p * f + np.float32(1.0)
    bits = np.int32((np.int32(n) + np.int32(127)) << np.int32(23))
    return p * bits.view(np.float32)


@njit(fastmath=True, cache=True, nogil=True)
def _logarithms(sx, sy, sz, bias, x, y, z, half, add, out):  # type: ignore[no-untyped-def]
    """out = bias + add - half |s - x|^2, and the largest of them. Indices begin at 0: see `_one_run`."""
    tops = np.full(LANES, np.float32(-3e38))
    blocks = len(out) // LANES
    for block in range(blocks):
        for lane in range(LANES):
            m = block * LANES + lane
            a, b, c = sx[m] - x, sy[m] - y, sz[m] - z
            value = bias[m] + add - half * (a * a + b * b + c * c)
            out[m] = value
            tops[lane] = max(tops[lane], value)
    top = tops.max()
    for m in range(blocks * LANES, len(out)):
        a, b, c = sx[m] - x, sy[m] - y, sz[m] - z
        value = bias[m] + add - half * (a * a + b * b + c * c)
        out[m] = value
        top = max(top, value)
    return top


@njit(fastmath=True, cache=True, nogil=True)
def _exponentials(out, top):  # type: ignore[no-untyped-def]
    """out = exp(out - top), and their sum."""
    total = np.float32(0.0)
    for m in range(len(out)):
        value = exponential(out[m] - top)
        out[m] = value
        total += value
    return total


@njit(fastmath=True, cache=True, nogil=True)
def _spread(out, factor, x, y, z, sx, sy, sz, h0, h1, h2, h3):  # type: ignore[no-untyped-def]
    """h0 += p and h1, h2, h3 += p (x - s) with p = factor out; gives the sum of p |x - s|^2."""
    squared = np.float32(0.0)
    for m in range(len(out)):
        p = factor * out[m]
        a, b, c = x - sx[m], y - sy[m], z - sz[m]
        h0[m] += p
        h1[m] += p * a
        h2[m] += p * b
        h3[m] += p * c
        squared += p * (a * a + b * b + c * c)
    return squared


@njit(cache=True, nogil=True)
def _one_run(source, begins, target, organs, transition, inlier, outlier, half, first, last, part, total):  # type: ignore[no-untyped-def]
    """Adds the sums of targets first:last to part [4, M], gives that of p |x - s|^2.

    A function of its own, or it is not vectorised.

    Organs are handed on as slices: a loop that begins at a signed number asks of every index whether it
    counts from the end, and is no vector loop any more.
    """
    m_count, groups = source.shape[1], len(begins) - 1
    buffer = np.empty(m_count, dtype=np.float32)
    held = np.zeros((4, m_count), dtype=np.float32)
    waiting, squared = 0, 0.0
    for n in range(first, last):
        x, y, z = target[n, 0], target[n, 1], target[n, 2]
        row = transition[organs[n]]
        top = np.float32(-3e38)
        for k in range(groups):
            if row[k] > IMPOSSIBLE and begins[k] < begins[k + 1]:
                most = _logarithms(
                    source[0, begins[k] : begins[k + 1]],
                    source[1, begins[k] : begins[k + 1]],
                    source[2, begins[k] : begins[k + 1]],
                    source[3, begins[k] : begins[k + 1]],
                    x,
                    y,
                    z,
                    half,
                    row[k],
                    buffer[begins[k] : begins[k + 1]],
                )
                top = max(top, most)
        total[n] = outlier[n]
        if top < IMPOSSIBLE:  # no source point may give rise to this one
            continue
        mass = 0.0
        for k in range(groups):
            if row[k] > IMPOSSIBLE:
                mass += _exponentials(buffer[begins[k] : begins[k + 1]], top)
        inside = inlier[n] + top + np.log(mass)
        high = max(inside, outlier[n])
        total[n] = high + np.log(np.exp(inside - high) + np.exp(outlier[n] - high))
        if inside - total[n] < LOG_FAINT:
            continue
        factor = np.float32(np.exp(inlier[n] + top - total[n]))
        for k in range(groups):
            if row[k] > IMPOSSIBLE:
                squared += _spread(
                    buffer[begins[k] : begins[k + 1]],
                    factor,
                    x,
                    y,
                    z,
                    source[0, begins[k] : begins[k + 1]],
                    source[1, begins[k] : begins[k + 1]],
                    source[2, begins[k] : begins[k + 1]],
                    held[0, begins[k] : begins[k + 1]],
                    held[1, begins[k] : begins[k + 1]],
                    held[2, begins[k] : begins[k + 1]],
                    held[3, begins[k] : begins[k + 1]],
                )
        waiting += 1
        if waiting == BATCH:
            _flush(held, part)
            waiting = 0
    _flush(held, part)
    return squared


@njit(cache=True, nogil=True)
def _flush(held, part):  # type: ignore[no-untyped-def]
    """Adds held to part and empties it."""
    for a in range(4):
        for m in range(held.shape[1]):
            part[a, m] += held[a, m]
            held[a, m] = 0.0


@njit(parallel=True, cache=True, nogil=True)
def full_sums(source, begins, target, organs, transition, inlier, outlier, half, parts, squared, total):  # type: ignore[no-untyped-def]
    """Posterior sums of target points with all source points of organs that they may come from.

    source [4, M] float32: x, y, z relative to a centre, and the bias; by organ, organ k in
    begins[k]:begins[k + 1]. target [N, 3] float32 about the same centre; organs [N]. transition [L, L]
    float32 log U[target, source]; inlier, outlier [N] float64 logarithms; half = 1 / (2 sigma^2).
    parts [P, 4, M] float64, zeros at first: sums over P runs of targets of p and p (target - source);
    squared [P]: of p |target - source|^2. The runs are the same for any number of threads, and so is the
    result. total [N] = log of the sum of all terms.
    """
    runs, n_count = len(parts), len(target)
    for run in prange(runs):
        first, last = run * n_count // runs, (run + 1) * n_count // runs
        squared[run] = _one_run(
            source, begins, target, organs, transition, inlier, outlier, half, first, last, parts[run], total
        )


@njit(parallel=True, cache=True, nogil=True)
def best_partners(source, begins, target, organs, transition, half, best, value):  # type: ignore[no-untyped-def]
    """best [N] = the source point (as they lie in `source`) of the largest term, or -1; value [N] its log."""
    for n in prange(len(target)):
        best[n], value[n] = -1, -np.inf
        row = transition[organs[n]]
        for k in range(len(begins) - 1):
            if row[k] <= IMPOSSIBLE:
                continue
            for m in range(begins[k], begins[k + 1]):
                a, b, c = (
                    source[0, m] - target[n, 0],
                    source[1, m] - target[n, 1],
                    source[2, m] - target[n, 2],
                )
                term = source[3, m] + row[k] - half * (a * a + b * b + c * c)
                if term > value[n]:
                    best[n], value[n] = m, term
