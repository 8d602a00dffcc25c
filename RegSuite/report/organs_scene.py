"""Organs from the front, the side and the feet: views of a patient, shaded and laid over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.organs_raster import Layer, splat
from RegSuite.report.organs_surfels import Surfels

Array = NDArray[Any]


@dataclass(frozen=True)
class Look:
    """How the patient is seen: LPS axes to the right and downwards with their signs, and the letters.

    edges: the patient's side at the left, right, top and bottom. The eye stands where right x up points.
    """

    name: str
    right: int
    down: int
    down_sign: int
    edges: tuple[str, str, str, str]

    @cached_property
    def axes(self) -> Array:
        """Unit vectors to the right, downwards and away from the eye [3, 3], LPS."""
        right, down = np.zeros(3), np.zeros(3)
        right[self.right], down[self.down] = 1.0, self.down_sign
        return np.stack([right, down, np.cross(right, down)])


LOOKS = (
    Look("from the front", 0, 2, -1, ("R", "L", "S", "I")),
    Look("from the left", 1, 2, -1, ("A", "P", "S", "I")),
    Look("from the feet", 0, 1, 1, ("R", "L", "A", "P")),
)
"""As coronal, sagittal and axial planes hang."""

_LIGHT = np.array([-0.35, -0.55, -0.76])
_PAPER = np.ones(3)
_COARSE = 4
UNKNOWN_COLOUR = (0.62, 0.65, 0.69)
"""Of points without a value, where points are coloured by one."""


@dataclass(frozen=True)
class Frame:
    """The part of a look that is drawn: its upper left corner in mm and pixels for a mm."""

    look: Look
    corner: tuple[float, float]
    shape: tuple[int, int]
    pixels_per_mm: float

    def layer(self, surfels: Surfels, values: Array) -> Layer:
        """The surfels drawn with values [n, c]."""
        seen = surfels.points @ self.look.axes.T
        seen[:, :2] -= self.corner
        normals = None if surfels.normals is None else surfels.normals @ self.look.axes.T
        scale = self.pixels_per_mm
        return splat(seen * scale, normals, np.maximum(surfels.radius * scale, 1.0), values, self.shape)


def frame_of(look: Look, points: Array, pixels_per_mm: float, margin_mm: float) -> Frame:
    """All points [n, 3] mm with a margin."""
    seen = points @ look.axes.T[:, :2]
    low, high = seen.min(axis=0) - margin_mm, seen.max(axis=0) + margin_mm
    columns, rows = (max(8, int(np.ceil(v))) for v in (high - low) * pixels_per_mm)
    return Frame(look, (float(low[0]), float(low[1])), (rows, columns), pixels_per_mm)


def merged(layers: Sequence[Layer]) -> tuple[Layer, Array]:
    """What is nearest of several layers, and which layer it is [h, w] (-1: none)."""
    depth, normal, values = (np.copy(part) for part in (layers[0].depth, layers[0].normal, layers[0].values))
    which = np.where(layers[0].covered, 0, -1)
    for number, layer in enumerate(layers[1:], 1):
        nearer = layer.depth < depth
        depth[nearer], which[nearer] = layer.depth[nearer], number
        normal[nearer], values[nearer] = layer.normal[nearer], layer.values[nearer]
    return Layer(depth, normal, values), which


def opaque(layer: Layer, which: Array, colours: Array, *, soft: bool = False) -> Array:
    """A shaded picture [h, w, 3] on white of a merged layer with colours [h, w, 3].

    soft: weak shades, where the colour is a value to be read.
    """
    light = _LIGHT / np.linalg.norm(_LIGHT)
    facing = np.clip(layer.normal @ light, 0.0, 1.0)
    shine = np.clip(facing, 0, 1) ** 24
    dark, bright, spot, hollow = (0.74, 0.30, 0.0, 0.3) if soft else (0.42, 0.62, 0.16, 0.55)
    lit = colours * (dark + bright * facing)[..., None] + spot * shine[..., None]
    lit *= (1 - hollow * _hollows(layer))[..., None]
    ink = _edges(layer.depth, which)[..., None]
    shown = np.clip(lit * (1 - 0.6 * ink), 0, 1)
    return np.where(layer.covered[..., None], shown, _PAPER)


def glass(picture: Array, below: Layer, layer: Layer, colour: Array) -> Array:
    """`layer` as thin glass over a picture of the surface `below`: clear inside, dark at its rim."""
    grazing = 1 - np.abs(layer.normal[..., 2])
    behind = _behind(layer.depth, below.depth)
    veil = np.where(layer.covered, behind * (0.15 + 0.40 * grazing**2), 0.0)
    out = picture * (1 - veil[..., None]) + veil[..., None] * (0.35 + 0.65 * colour)
    rim = _outline(layer.covered) * (0.1 + 0.85 * _behind(_widened(layer.depth), below.depth))
    return np.asarray(out * (1 - rim[..., None]) + rim[..., None] * 0.45 * colour)


def _behind(depth: Array, below: Array) -> Array:
    """1 before the surface below, falling softly to 0.4 behind it."""
    soft = 0.008 * max(depth.shape)
    with np.errstate(invalid="ignore"):
        deeper = np.where(np.isfinite(depth) & np.isfinite(below), depth - below, -np.inf)
    return np.asarray(1 - 0.6 * np.clip(0.5 + deeper / (4 * soft), 0, 1))


def _hollows(layer: Layer) -> Array:
    """0..1, dark where the surroundings stand nearer to the eye."""
    from scipy import ndimage

    covered = layer.covered
    if not covered.any():
        return np.zeros(covered.shape)
    coarse = (slice(None, None, _COARSE),) * 2  # shades are soft: a quarter of the pixels each way will do
    there = covered[coarse]
    far = float(layer.depth[covered].max())
    size = 0.03 * max(covered.shape) / _COARSE
    around = ndimage.gaussian_filter(np.where(there, layer.depth[coarse], far), size)
    share = ndimage.gaussian_filter(there.astype(float), size)
    around = np.where(share > 0.02, (around - far * (1 - share)) / np.maximum(share, 0.02), far)
    scale = (np.arange(n) / _COARSE for n in covered.shape)
    around = ndimage.map_coordinates(around, np.meshgrid(*scale, indexing="ij"), order=1, mode="nearest")
    depth = np.where(covered, layer.depth, around)
    deep: Array = np.clip((depth - around) / (6 * size * _COARSE), 0, 1) * covered
    return deep


def _edges(depth: Array, which: Array) -> Array:
    """1 where another organ begins or the surface jumps to the back."""
    out = np.zeros(depth.shape, bool)
    jump = 0.06 * max(depth.shape)
    known = np.where(np.isfinite(depth), depth, 1e9)
    for axis in (0, 1):
        step = np.diff(known, axis=axis)
        change = (np.diff(which, axis=axis) != 0) | (np.abs(step) > jump)
        low = [slice(None), slice(None)]
        high = [slice(None), slice(None)]
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        out[tuple(low)] |= change & (step > 0)
        out[tuple(high)] |= change & (step <= 0)
    return out.astype(float)


def _outline(covered: Array) -> Array:
    """1 on the rim of what is covered, three pixels wide."""
    from scipy import ndimage

    wider = ndimage.binary_dilation(covered, iterations=1)
    narrower = ndimage.binary_erosion(covered, iterations=2)
    return np.asarray(wider & ~narrower, dtype=float)


def _widened(depth: Array) -> Array:
    """Depth carried a pixel outwards."""
    from scipy import ndimage

    return np.asarray(ndimage.minimum_filter(depth, size=3))
