"""Exact min-sum messages on trees of keypoints, with a quadratic cost of unlike displacements; compiled."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, fastmath=True)
def lower_envelope(values, weight, shift, hull, cuts, out):  # type: ignore[no-untyped-def]
    """out[q] = min over p of values[p] + weight (q + shift - p)^2, for whole p and q in 0..n-1.

    out, hull [n] or more, cuts [n + 1] or more. Time grows with n. weight > 0.
    Source: Felzenszwalb, Huttenlocher, Theory of Computing 8:415 (2012), algorithm 1.
    """
    n = len(values)
    k = 0
    hull[0] = 0
    cuts[0] = -1e30
    cuts[1] = 1e30
    half = 0.5 / weight
    for p in range(1, n):
        s = (values[p] - values[hull[k]]) * half / (p - hull[k]) + 0.5 * (p + hull[k])
        while s <= cuts[k]:
            k -= 1
            s = (values[p] - values[hull[k]]) * half / (p - hull[k]) + 0.5 * (p + hull[k])
        k += 1
        hull[k] = p
        cuts[k] = s
        cuts[k + 1] = 1e30
    k = 0
    for q in range(n):
        at = q + shift
        while cuts[k + 1] < at:
            k += 1
        p = hull[k]
        d = at - p
        out[q] = values[p] + weight * d * d


@njit(cache=True, nogil=True, fastmath=True)
def _along(values, first, steps, stride, weight, shift, hull, cuts, line, out):  # type: ignore[no-untyped-def]
    """The lower envelope of one line of flat values, in place."""
    for k in range(steps):
        line[k] = values[first + k * stride]
    lower_envelope(line[:steps], weight, shift, hull, cuts, out)
    for k in range(steps):
        values[first + k * stride] = out[k]


@njit(cache=True, nogil=True, fastmath=True)
def send(values, shape, weight, shift):  # type: ignore[no-untyped-def]
    """A message in place: values (flat z, y, x of `shape`) become their lower envelope, least value 0.

    shift: [3] x, y, z, in steps: see `lower_envelope`.
    """
    nz, ny, nx = shape
    longest = max(nz, ny, nx)
    hull = np.empty(longest, np.int64)
    cuts = np.empty(longest + 1)
    line = np.empty(longest)
    out = np.empty(longest)
    for row in range(nz * ny):
        _along(values, row * nx, nx, 1, weight, shift[0], hull, cuts, line, out)
    for z in range(nz):
        for x in range(nx):
            _along(values, z * ny * nx + x, ny, nx, weight, shift[1], hull, cuts, line, out)
    for row in range(ny * nx):
        _along(values, row, nz, ny * nx, weight, shift[2], hull, cuts, line, out)
    least = values[0]
    for k in range(len(values)):
        least = min(least, values[k])
    for k in range(len(values)):
        values[k] -= least


@njit(cache=True, nogil=True)
def tree_marginals(costs, shape, base, order, parent, weight, up, down):  # type: ignore[no-untyped-def]
    """up [n, labels] = min-marginals: of each label the least energy of the whole tree, but a constant.

    costs, down (a buffer): [n, labels], labels z, y, x of `shape`. base: [n, 3], the displacement in
    steps x, y, z that the middle of the window stands for. order, parent: [n], see Tree; weight: [n],
    of the edge to the parent. Energy: sum of costs + weight |difference of displacements in steps|^2.
    """
    n, labels = costs.shape
    for i in range(n):
        for k in range(labels):
            up[i, k] = costs[i, k]
    for place in range(n - 1, 0, -1):
        i = order[place]
        j = parent[i]
        for k in range(labels):
            down[i, k] = up[i, k]
        send(down[i], shape, weight[i], base[j] - base[i])
        for k in range(labels):
            up[j, k] += down[i, k]
    for place in range(1, n):
        i = order[place]
        j = parent[i]
        for k in range(labels):
            down[i, k] = up[j, k] - down[i, k]
        send(down[i], shape, weight[i], base[i] - base[j])
        for k in range(labels):
            up[i, k] += down[i, k]
