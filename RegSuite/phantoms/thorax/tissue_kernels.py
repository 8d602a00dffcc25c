"""HU and label of points of the thorax: the organs painted one over the other with soft edges."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

from RegSuite.phantoms.thorax.bone_kernels import airway, breast_bone, rib, shoulder_blade, vertebra
from RegSuite.phantoms.thorax.form_kernels import (
    above_diaphragm,
    body,
    cage,
    cord,
    gullet,
    heart,
    lung,
    tumour,
)
from RegSuite.phantoms.thorax.vessel_kernels import vessel

AIR_HU, FAT_HU, MUSCLE_HU, LIVER_HU, FLUID_HU = -1000.0, -100.0, 50.0, 62.0, 8.0

BODY, LUNG_L, LUNG_R, HEART, CORD, GULLET, AIRWAY, AORTA, LIVER, BONE, GTV = range(1, 12)
"""The labels of the label map; 0 is air around the body."""


@njit(cache=True, nogil=True, inline="always")
def share(depth, edge):  # type: ignore[no-untyped-def]
    """How much of a voxel is inside a surface that is `depth` mm away, the edge 2 `edge` mm wide."""
    return min(max(0.5 + 0.5 * depth / edge, 0.0), 1.0)


@njit(cache=True, nogil=True)
def fissure(x, y, z, edge, s):  # type: ignore[no-untyped-def]
    """HU that the pleura between the lobes adds: an oblique sheet in either lung, a level one right."""
    bent = 0.0012 * (x * x - 3600.0)
    oblique = 0.72 * (z - s.carina_z + 22.0) - 0.69 * (18.0 - y) + bent
    sheet = math.exp(-oblique * oblique / (edge * edge))
    if x < 0.0 and oblique > 0.0 and y < 18.0:
        level = z - s.carina_z + 20.0 + 0.06 * y + bent
        sheet = max(sheet, math.exp(-level * level / (edge * edge)))
    return 110.0 / edge * sheet


@njit(cache=True, nogil=True)
def tissue(x, y, z, edge, jacobian, change, s, g):  # type: ignore[no-untyped-def]
    """HU and label at a point of the planning anatomy.

    edge: half the width of an edge in mm. jacobian: of the map to the fraction; the lung's density
    is divided by it. change: of density alone, see Change.
    """
    skin = body(x, y, z, s)
    if skin < -edge:
        return AIR_HU, 0
    hu, label = AIR_HU, 0
    wave = math.sin(0.11 * x + 0.07 * y + 0.05 * z) + math.sin(0.06 * x - 0.13 * y + 0.09 * z + 1.0)
    hu += share(skin, edge) * (FAT_HU + 4.0 * wave - hu)
    if skin > 0.0:
        label = BODY
    flesh = skin - s.fat * (1.0 + 0.25 * wave * 0.5)
    hu += share(flesh, edge) * (MUSCLE_HU + 5.0 * wave - hu)
    inside = cage(x, y, z, s)
    up = above_diaphragm(x, y, z, s)
    if inside > -edge:
        hu, label = _within_cage(x, y, edge, inside, up, wave, hu, label, s)
    beat = heart(x, y, z, s)
    if beat > -edge:
        hu += share(beat, edge) * (s.blood_hu * 0.8 + 8.0 + 4.0 * wave - hu)
        label = HEART if beat > 0.0 else label
    deep = lung(x, y, z, s)
    if deep > -edge:
        hu += share(deep, edge) * (_parenchyma(x, y, z, edge, jacobian, wave, change, s) - hu)
        if deep > 0.0:
            label = LUNG_L if x > 0.0 else LUNG_R
    hu, label = _tubes(x, y, z, edge, inside, deep, hu, label, s, g)
    hu, label = _bones(x, y, z, edge, skin, inside, hu, label, s)
    growth = tumour(x, y, z, s)
    if growth > -edge:
        hu += share(growth, edge) * (s.tumour_hu + 4.0 * wave - hu)
        label = GTV if growth > 0.0 else label
    return hu, label


@njit(cache=True, nogil=True)
def _within_cage(x, y, edge, inside, up, wave, hu, label, s):  # type: ignore[no-untyped-def]
    """HU and label with what fills the cage around lungs and heart, and the upper abdomen."""
    # fat around the vessels of the mediastinum, and below the diaphragm between the organs
    soft = 20.0 + 26.0 * wave if up > 0.0 else 5.0 + 40.0 * wave
    hu += share(inside, edge) * (min(max(soft, -95.0), 50.0) - hu)
    in_liver = min(-up - 2.0, inside - 3.0, 0.8 * (40.0 - x + 0.6 * up), 58.0 - y)
    if in_liver > -edge:
        hu += share(in_liver, edge) * (LIVER_HU + 0.4 * s.blood_hu - 17.0 + 3.0 * wave - hu)
        label = LIVER if in_liver > 0.0 else label
    spleen = min(-up - 2.0, inside - 4.0, 0.8 * (x - 62.0 - 0.4 * y), 0.8 * (y + 10.0 - 0.3 * up))
    hu += share(spleen, edge) * (48.0 + 0.4 * s.blood_hu - hu)
    return hu, label


@njit(cache=True, nogil=True)
def _parenchyma(x, y, z, edge, jacobian, wave, change, s):  # type: ignore[no-untyped-def]
    """HU of the lung's tissue on a day."""
    density = 1000.0 + s.lung_hu + s.lung_slope * y + 12.0 * wave + fissure(x, y, z, edge, s)
    if change.haze_hu != 0.0:
        square = (x - change.haze_x) ** 2 + (y - change.haze_y) ** 2 + (z - change.haze_z) ** 2
        density += change.haze_hu * math.exp(-square / (2.0 * change.haze_mm * change.haze_mm))
    value = density / jacobian - 1000.0
    wet = y - change.fluid_y
    if wet > -edge and x * change.fluid_side > 0.0:
        value += share(wet, edge) * (FLUID_HU - value)
    return value


@njit(cache=True, nogil=True)
def _tubes(x, y, z, edge, inside, deep, hu, label, s, g):  # type: ignore[no-untyped-def]
    """HU and label with vessels, oesophagus and airways painted over them."""
    blood, kind = vessel(x, y, z, edge, g)
    if kind > 0 or (kind == 0 and deep > -3.0):
        hu += blood * (s.blood_hu - hu)
        if kind == 1 and blood > 0.5 and inside > 0.0:
            label = AORTA
        elif kind == 2 and blood > 0.5 and label in (LUNG_L, LUNG_R):
            label = BODY
    g_deep = gullet(x, y, z, s)
    if g_deep > -edge:
        hu += share(g_deep, edge) * (35.0 - hu)
        hu += 0.35 * share(g_deep - 4.5, edge) * (-300.0 - hu)
        label = GULLET if g_deep > 0.0 else label
    pipe = airway(x, y, z, s)
    if pipe > -1.8 - edge:
        hu += share(pipe + 1.8, edge) * (30.0 - hu)
        hu += share(pipe, edge) * (AIR_HU - hu)
        label = AIRWAY if pipe > 0.0 else label
    return hu, label


@njit(cache=True, nogil=True)
def _bones(x, y, z, edge, skin, inside, hu, label, s):  # type: ignore[no-untyped-def]
    """HU and label with the bones painted over them, and the cord in its canal."""
    if -25.0 < inside < 2.0 and skin > 3.0:
        depth, value = rib(x, y, z, inside, s)
        # behind the spine there are no ribs: they end at its sides
        depth = min(depth, 0.8 * (abs(x) - 26.0)) if y > 0.0 else depth
        if depth > -edge and z < s.cage_top + s.cage_rise + 15.0:
            hu += share(depth, edge) * (value - hu)
            label = BONE if depth > 0.0 and value > 130.0 else label
        for plate in (breast_bone(x, y, z, inside), shoulder_blade(x, y, z, inside, s)):
            if plate > -edge:
                hu += share(plate, edge) * (330.0 - hu)
                label = BONE if plate > 0.0 else label
    if abs(x) < 36.0 and y > 0.0:
        depth, value = vertebra(x, y, z, s)
        if depth > -edge:
            hu += share(depth, edge) * (value - hu)
            label = BONE if depth > 0.0 else label
        inner = cord(x, y, z, s)
        if inner > -3.5:
            hu += share(inner + 3.0, edge) * (10.0 - hu)
            hu += share(inner, edge) * (40.0 - hu)
            label = CORD if inner > 0.0 else label
    return hu, label


@njit(cache=True, nogil=True, parallel=True)
def paint(points, jacobian, edge, change, s, g, hu, labels):  # type: ignore[no-untyped-def]
    """Fill hu [n] float32 and labels [n] uint8 for points [n, 3] of the planning anatomy, LPS mm.

    jacobian [n], edge, change: see `tissue`.
    """
    for i in prange(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        value, label = tissue(x, y, z, edge, jacobian[i], change, s, g)
        hu[i], labels[i] = np.float32(value), np.uint8(label)


@njit(cache=True, nogil=True)
def depths(points, s, lungs, hearts, tumours):  # type: ignore[no-untyped-def]
    """Fill three arrays [n] with how deep points [n, 3] are in either lung, the heart, the tumour, mm."""
    for i in range(len(points)):
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        lungs[i], hearts[i], tumours[i] = lung(x, y, z, s), heart(x, y, z, s), tumour(x, y, z, s)
