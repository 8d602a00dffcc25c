"""CT values of a body's voxels: air, fat, muscle, spine, bowel, and the organs over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from RegSuite.phantoms.abdomen.organs import organ_of
from RegSuite.phantoms.abdomen.person import outline
from RegSuite.phantoms.abdomen.vessels import in_vessels

FloatArray = NDArray[np.float64]

AIR, FAT, MUSCLE, BOWEL, DISC, BONE, CORTEX = -1000.0, -98.0, 58.0, 32.0, 85.0, 230.0, 480.0
VESSEL_HU, MEDULLA_HU = 168.0, 120.0
MUSCLE_SHARE = 0.085
"""Thickness of the abdominal wall's muscle, as a share of the cavity's half axes."""

BOWEL_MM = 9.0
"""Length scale of bowel loops."""

NOISE_HU = 12.0
VERTEBRA = 0.36
"""From one vertebra to the next, in body coordinates."""


def body_values(body: FloatArray, fat: float, spacing_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """CT values [*shape] of voxels without organs; body: [*shape, 3], body coordinates.

    fat: thickness under the skin, as a share of the cavity's half axes. spacing_mm: z, y, x.
    """
    flat = body.reshape(-1, 3)
    wall = outline(flat).reshape(body.shape[:-1])
    loops = ndimage.gaussian_filter(rng.normal(size=wall.shape), BOWEL_MM / spacing_mm)
    loops /= max(float(loops.std()), 1e-12)
    inside = np.clip((loops - 0.2) / 0.5 + 0.5, 0.0, 1.0)
    values = FAT + (BOWEL - FAT) * inside
    values = np.where(wall > 1.0, MUSCLE, values)
    values = np.where(wall > 1.0 + MUSCLE_SHARE, FAT, values)
    _spine(values, body)
    return np.where(wall > outer(fat), AIR, values)


def outer(fat: float) -> float:
    """The skin's `outline`."""
    return 1.0 + MUSCLE_SHARE + fat


def organ_values(q: FloatArray, depth: FloatArray, label: int) -> FloatArray:
    """CT values [n] within an organ, of points of its form [n, 3] at `depth` [n] (negative inside)."""
    values = np.full(len(q), organ_of(label).value_hu)
    if label == 1:
        values += (VESSEL_HU - values) * np.clip(0.5 - in_vessels(q) / 2.0, 0.0, 1.0)
    if label in (3, 4):
        values += (MEDULLA_HU - values) * np.clip((-depth - 7.0) / 3.0, 0.0, 1.0)
    return values


def scanned(values: FloatArray, rng: np.random.Generator) -> NDArray[np.float32]:
    """The values with the scanner's blur (0.4 voxels) and noise of 12 HU, correlated over a voxel or so."""
    noise = ndimage.gaussian_filter(rng.normal(size=values.shape), 0.6)
    noise *= NOISE_HU / float(noise.std())
    out = ndimage.gaussian_filter(values, 0.4) + noise
    return np.asarray(np.maximum(out, -1024.0), dtype=np.float32)


def _spine(values: FloatArray, body: FloatArray) -> None:
    """Vertebrae, discs, canal, arches, and the muscles beside them."""
    x, y, z = body[..., 0], body[..., 1], body[..., 2]
    psoas = np.square((np.abs(x) - 0.26) / 0.11) + np.square((y - 0.72) / 0.2)
    back = np.square((np.abs(x) - 0.2) / 0.17) + np.square((y - 1.12) / 0.17)
    values[(psoas < 1) | (back < 1)] = MUSCLE
    column = np.sqrt(np.square(x / 0.155) + np.square((y - 0.74) / 0.2))
    phase = np.abs(z / VERTEBRA - np.round(z / VERTEBRA))
    disc = phase > 0.37
    values[(column < 1) & disc] = DISC
    values[(column < 1) & ~disc] = CORTEX
    values[(column < 0.86) & (phase < 0.31)] = BONE
    arch = np.sqrt(np.square(x / 0.12) + np.square((y - 1.03) / 0.16))
    values[(arch < 1) & (phase < 0.3)] = CORTEX
    values[(np.abs(x) < 0.03) & (y > 1.1) & (y < 1.32) & (phase < 0.2)] = CORTEX
    values[arch < 0.72] = 20.0
