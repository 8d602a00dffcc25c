"""The dose of all beams at points, compiled."""

from __future__ import annotations

import math

from numba import njit, prange

SKIN_MM = 2.0
BUILD_UP_MM = 6.0


@njit(cache=True, nogil=True, inline="always")
def _between(t, half, sigma):  # type: ignore[no-untyped-def]
    """A flat profile of half width `half` with error-function penumbrae, 1 in the middle of a wide one."""
    f = 1.0 / (math.sqrt(2.0) * sigma)
    return 0.5 * (math.erf((t + half) * f) - math.erf((t - half) * f))


@njit(cache=True, nogil=True)
def depth_in(x, y, d, b):  # type: ignore[no-untyped-def]
    """Path in mm of the ray with direction d from the patient's elliptic outline to (x, y); 0 before it."""
    a0, a1 = d[0] / b.outline[2], d[1] / b.outline[3]
    q0, q1 = (x - b.outline[0]) / b.outline[2], (y - b.outline[1]) / b.outline[3]
    a = a0 * a0 + a1 * a1
    h = q0 * a0 + q1 * a1
    root = h * h - a * (q0 * q0 + q1 * q1 - 1.0)
    if root <= 0.0:
        return 0.0
    return max((h + math.sqrt(root)) / a, 0.0)


@njit(cache=True, nogil=True)
def dose_at(x, y, z, b):  # type: ignore[no-untyped-def]
    """Dose at a room point, Gy."""
    q0, q1 = (x - b.outline[0]) / b.outline[2], (y - b.outline[1]) / b.outline[3]
    skin = (1.0 - math.sqrt(q0 * q0 + q1 * q1)) * b.outline[3]
    if skin < -20.0 * SKIN_MM:
        return 0.0
    px, py, pz = x - b.isocentre[0], y - b.isocentre[1], z - b.isocentre[2]
    total = 0.0
    for n in range(len(b.beams)):
        r = b.beams[n]
        u = r[3] * px + r[4] * py + r[5] * pz
        v = r[6] * px + r[7] * py + r[8] * pz
        sigma = r[11]
        if abs(u) > r[9] + 6.0 * sigma or abs(v) > r[10] + 6.0 * sigma:
            continue
        depth = depth_in(x, y, r[:3], b)
        falloff = math.exp(-r[12] * depth) * (1.0 - 0.6 * math.exp(-depth / BUILD_UP_MM))
        total += r[13] * falloff * _between(u, r[9], sigma) * _between(v, r[10], sigma)
    return total / (1.0 + math.exp(-skin / SKIN_MM))


@njit(cache=True, nogil=True, parallel=True)
def dose_of(points, b, out):  # type: ignore[no-untyped-def]
    """Fill out [n] with the dose in Gy at points [n, 3]."""
    for i in prange(len(points)):
        out[i] = dose_at(points[i, 0], points[i, 1], points[i, 2], b)
