"""Bones and airways: compiled formulas, rough depths in mm, positive inside."""

from __future__ import annotations

import math

from numba import njit

from RegSuite.phantoms.thorax.form_kernels import CORD_BEHIND, spine_y

CARTILAGE_HU = 90.0


@njit(cache=True, nogil=True, inline="always")
def bone_hu(depth, cortex, marrow):  # type: ignore[no-untyped-def]
    """HU at a depth under a bone's surface: a dense cortex of `cortex` mm around the marrow."""
    inner = min(max((depth - cortex) / 1.5 + 0.5, 0.0), 1.0)
    return 720.0 + (marrow - 720.0) * inner


@njit(cache=True, nogil=True)
def rib(x, y, z, inside_cage, s):  # type: ignore[no-untyped-def]
    """Depth in a rib or its cartilage, and HU: bars around the cage that fall from back to front."""
    from_back = math.atan2(abs(x), y * s.cage_x / s.cage_y)
    # the cartilages of the front turn up again
    drop = s.rib_drop * (0.42 * from_back - 1.1 * max(from_back - 2.35, 0.0))
    turn = (z + drop) / s.rib_pitch + s.rib_phase
    along = (turn - math.floor(turn + 0.5)) * s.rib_pitch * 0.9
    across = inside_cage + 6.5
    depth = 1.0 - math.sqrt((across / 4.2) ** 2 + (along / 6.8) ** 2)
    hu = bone_hu(depth * 4.2, 1.3, 180.0)
    if from_back > 2.35:
        hu = CARTILAGE_HU + (hu - CARTILAGE_HU) * max(1.0 - (from_back - 2.35) / 0.08, 0.0)
    return depth * 4.2, hu


@njit(cache=True, nogil=True)
def breast_bone(x, y, z, inside_cage):  # type: ignore[no-untyped-def]
    """Depth in the sternum: a plate before the cage."""
    if y > 0.0:
        return -10.0
    plate = 5.5 - abs(inside_cage + 8.0)
    wide = 15.0 + 6.0 / (1.0 + math.exp(-(z - 45.0) / 6.0))
    return min(plate, 0.8 * (wide - abs(x)), z + 75.0, 88.0 - z)


@njit(cache=True, nogil=True)
def shoulder_blade(x, y, z, inside_cage, s):  # type: ignore[no-untyped-def]
    """Depth in a scapula: a thin plate behind the ribs, above."""
    top = s.cage_top + 0.62 * s.cage_rise
    if y < 20.0 or z > top:
        return -10.0
    from_back = math.atan2(abs(x), y * s.cage_x / s.cage_y)
    plate = 2.4 - abs(inside_cage + 16.5)
    high = (z - top + 85.0) / 85.0
    return min(plate, 70.0 * (0.36 * high - abs(from_back - 0.85)), 0.8 * (top - z))


@njit(cache=True, nogil=True)
def vertebra(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the spine's bone, and HU; discs lie between the bodies, the canal is left to the cord."""
    back = y - spine_y(z, s)
    turn = z / s.vertebra_pitch + s.vertebra_phase
    level = (turn - math.floor(turn + 0.5)) * s.vertebra_pitch
    main = 17.0 - math.hypot(x * 0.87, back)
    height = 0.5 * s.vertebra_pitch - 2.6 - abs(level)
    if main > 0.0:
        if height < 0.0:
            return main, 85.0
        return main, bone_hu(min(main, height), 1.4, 190.0)
    canal = math.hypot(x, back - CORD_BEHIND)
    arch = min(13.5 - canal, canal - 8.5, back - 14.0)
    spinous = min(3.5 - abs(x), back - CORD_BEHIND - 10.0, CORD_BEHIND + 36.0 - back, 8.0 - abs(level))
    side = min(5.0 - abs(level), 33.0 - abs(x), abs(x) - 9.0, 5.0 - abs(back - CORD_BEHIND + 3.0))
    depth = max(arch, spinous, side)
    return depth, bone_hu(depth, 1.5, 250.0)


@njit(cache=True, nogil=True)
def airway(x, y, z, s):  # type: ignore[no-untyped-def]
    """Depth in the lumen of the trachea and the main bronchi."""
    at_y = spine_y(s.carina_z, s) - 44.0
    if z > s.carina_z:
        return 8.5 - math.hypot(x, (y - at_y + 0.12 * (z - s.carina_z)) * 1.05)
    # each bronchus runs down and outward from the carina, the right one steeper
    best = -1e3
    for side in range(2):
        ex = -34.0 if side == 0 else 40.0
        ez = -30.0 if side == 0 else -24.0
        t = (x * ex + (z - s.carina_z) * ez) / (ex * ex + ez * ez)
        t = min(max(t, 0.0), 1.0)
        d = math.sqrt((x - t * ex) ** 2 + (y - at_y - 4.0 * t) ** 2 + (z - s.carina_z - t * ez) ** 2)
        best = max(best, 7.0 - 2.0 * t - d)
    return best
