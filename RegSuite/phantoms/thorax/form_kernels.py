"""How deep a point is in each organ: compiled formulas, rough distances in mm, positive inside."""

from __future__ import annotations

import math

from numba import njit

CORD_RADIUS = 5.0
CORD_BEHIND = 25.0
"""The cord's radius, and how far behind the middle of the vertebral body it is."""

GULLET_AHEAD = 27.0
GULLET_LEFT = 6.0
GULLET_RADIUS = 7.0


@njit(cache=True, nogil=True, inline="always")
def smooth_min(a, b, k):  # type: ignore[no-untyped-def]
    """The smaller of two distances, rounded over k mm where they meet."""
    h = max(k - abs(a - b), 0.0) / k
    return min(a, b) - h * h * k * 0.25


@njit(cache=True, nogil=True)
def superellipse(u, v, w):  # type: ignore[no-untyped-def]
    """1 on the surface |u|^2.3 + |v|^2.3 + w^2 = 1, growing outward in proportion to the distance."""
    plane = (abs(u) ** 2.3 + abs(v) ** 2.3) ** (1.0 / 2.3)
    return math.sqrt(plane * plane + w * w)


@njit(cache=True, nogil=True)
def body(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth under the skin; shoulders are wider than the waist."""
    wide = s.body_x * (1.0 + 0.08 * math.tanh((z - 80.0) / 40.0))
    return (1.0 - superellipse(x / wide, (y - 6.0) / s.body_y, 0.0)) * s.body_y


@njit(cache=True, nogil=True)
def cage(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth within the rib cage's inner wall: a barrel that closes to the apex."""
    rise = max(z - s.cage_top, 0.0) / s.cage_rise
    return (1.0 - superellipse(x / s.cage_x, y / s.cage_y, rise)) * s.cage_y


@njit(cache=True, nogil=True)
def spine_y(z, s):  # type: ignore[no-untyped-def]
    """y of the middle of the vertebral body at height z."""
    return s.spine_y + s.kyphosis * (1.0 - (z / 100.0) ** 2 / (1.0 + 0.25 * (z / 100.0) ** 2))


@njit(cache=True, nogil=True)
def heart(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the heart: an ellipsoid, its apex to the left, front and below."""
    dx, dy, dz = x - s.heart_x, y - s.heart_y, z - s.heart_z
    c, n = math.cos(s.heart_tilt), math.sin(s.heart_tilt)
    along = c * dx - 0.8 * n * dy - 0.6 * n * dz
    rest = dx * dx + dy * dy + dz * dz - along * along
    q = math.sqrt((along / s.heart_long) ** 2 + max(rest, 0.0) / (s.heart_short * s.heart_short))
    return (1.0 - q) * s.heart_short


@njit(cache=True, nogil=True)
def above_diaphragm(x, y, z, s):  # type: ignore[no-untyped-def]
    """Height above the diaphragm, times the cosine of its slope or so: two domes, a recess at the back."""
    f = s.dome_fall / 4900.0
    right = s.right_dome - f * ((x + 0.52 * s.cage_x) ** 2 + (y + 8.0) ** 2)
    left = s.left_dome - f * ((x - 0.55 * s.cage_x) ** 2 + (y + 8.0) ** 2)
    dome = -smooth_min(-right, -left, 12.0)
    return 0.8 * (z - dome)


@njit(cache=True, nogil=True)
def from_mediastinum(x, y, z):  # type: ignore[no-untyped-def]
    """Distance to the mediastinum: thin before the heart, wide at the hila and the vessels above."""
    wide = 11.0 + 17.0 * math.exp(-(((y - 4.0) / 34.0) ** 2) - (((z - 22.0) / 48.0) ** 2))
    wide += 7.0 / (1.0 + math.exp(-(y - 20.0) / 8.0))
    wide += 9.0 / (1.0 + math.exp(-(z - 72.0) / 12.0))
    return 0.9 * (abs(x - 3.0) - wide)


@njit(cache=True, nogil=True)
def lung(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth within the pleura of either lung."""
    d = smooth_min(cage(x, y, z, s), above_diaphragm(x, y, z, s), 8.0)
    d = smooth_min(d, from_mediastinum(x, y, z), 10.0)
    d = smooth_min(d, -heart(x, y, z, s) - 2.0, 10.0)
    spine = math.sqrt(0.72 * x * x + (y - spine_y(z, s) - 12.0) ** 2) - 31.0
    return smooth_min(d, spine, 10.0)


@njit(cache=True, nogil=True)
def tumour_reach(dx, dy, dz, s):  # type: ignore[no-untyped-def]
    """Radius of the tumour's surface from its centre in the direction (dx, dy, dz)."""
    r = math.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
    a, b, c = dx / r, dy / r, dz / r
    p = s.lobe_phase
    lobes = a * b * math.cos(p) + (c * c - 1.0 / 3.0) * math.sin(p) + 1.5 * a * b * c
    lobes += 0.5 * (a * a * a - 0.6 * a) * math.cos(2.0 * p) + 0.5 * b * c * math.sin(3.0 * p)
    return s.tumour_radius * (1.0 + s.lobe_size * 2.0 * lobes)


@njit(cache=True, nogil=True)
def tumour(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the tumour along the ray from its centre."""
    dx, dy, dz = x - s.tumour_x, y - s.tumour_y, z - s.tumour_z
    return tumour_reach(dx, dy, dz, s) - math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True, nogil=True)
def cord(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the spinal cord."""
    return CORD_RADIUS - math.hypot(x, y - spine_y(z, s) - CORD_BEHIND)


@njit(cache=True, nogil=True)
def gullet(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the oesophagus."""
    return GULLET_RADIUS - math.hypot(x - GULLET_LEFT, (y - spine_y(z, s) + GULLET_AHEAD) * 1.25)
