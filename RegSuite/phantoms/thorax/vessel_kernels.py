"""How much blood of a vessel is at a point: compiled, over the lattice of `Segments`."""

from __future__ import annotations

import math

from numba import njit

CELL_MM = 9.0
"""Edge of a cell of the lattice."""


@njit(cache=True, nogil=True)
def vessel(x, y, z, edge, g):  # type: ignore[no-untyped-def]
    """Share of blood at a point, and the kind of the deepest vessel (-1: none)."""
    i = math.floor((x - g.corner[0]) / CELL_MM)
    j = math.floor((y - g.corner[1]) / CELL_MM)
    k = math.floor((z - g.corner[2]) / CELL_MM)
    if i < 0 or j < 0 or k < 0 or i >= g.size[0] or j >= g.size[1] or k >= g.size[2]:
        return 0.0, -1
    cell = i + g.size[0] * (j + g.size[1] * k)
    best, kind = 0.0, -1
    for place in range(g.starts[cell], g.starts[cell + 1]):
        n = g.members[place]
        e = g.ends[n]
        ax, ay, az = e[3] - e[0], e[4] - e[1], e[5] - e[2]
        px, py, pz = x - e[0], y - e[1], z - e[2]
        t = (px * ax + py * ay + pz * az) / (ax * ax + ay * ay + az * az + 1e-9)
        t = min(max(t, 0.0), 1.0)
        d = math.sqrt((px - t * ax) ** 2 + (py - t * ay) ** 2 + (pz - t * az) ** 2)
        r = e[6] + t * (e[7] - e[6])
        if d > r + 2.2 * edge:
            continue
        # a disc of radius r seen through a Gaussian of the edge's width: exact in its middle
        middle = 1.0 - math.exp(-r * r / (1.2 * edge * edge))
        c = middle / (1.0 + math.exp((d - r) / (0.42 * edge))) * (1.0 + math.exp(-r / (0.42 * edge)))
        if c > best:
            best, kind = min(c, 1.0), g.kind[n]
    return best, kind
