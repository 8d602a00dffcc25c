"""The healthy brain that a tumour phantom is made of: values and labels at any point."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.phantoms import brain_anatomy
from RegSuite.phantoms.brain import WHITE_VALUE, brain_image

FloatArray = NDArray[np.float64]

SIZE = {2: (240, 240), 3: (96, 112, 96)}
SPACING_MM = {2: 1.0, 3: 2.0}
FINE_MM = {2: 0.5, 3: 1.25}
"""Voxels of the drawn brain, from which template and target are sampled."""

VENTRICLES = re.compile(r"ventricle|lat[- ]vent|choroid", re.IGNORECASE)
"""Names of what is ventricle: the plexus lies within it and looks like it in T1."""

LATERAL = re.compile(r"lateral[- ]vent|choroid", re.IGNORECASE)
WHITE = re.compile(r"white|^cc_|callosum|^wm-hypo", re.IGNORECASE)
CEREBRAL_WHITE = re.compile(r"cerebral[- ]white|^cc_|callosum", re.IGNORECASE)

FREESURFER = {
    **brain_anatomy.label_names(),
    5: "Left-Inf-Lat-Vent",
    26: "Left-Accumbens-area",
    28: "Left-VentralDC",
    30: "Left-vessel",
    31: "Left-choroid-plexus",
    44: "Right-Inf-Lat-Vent",
    58: "Right-Accumbens-area",
    60: "Right-VentralDC",
    62: "Right-vessel",
    63: "Right-choroid-plexus",
    72: "5th-Ventricle",
    77: "WM-hypointensities",
    80: "non-WM-hypointensities",
    85: "Optic-Chiasm",
    251: "CC_Posterior",
    252: "CC_Mid_Posterior",
    253: "CC_Central",
    254: "CC_Mid_Anterior",
    255: "CC_Anterior",
}
"""FreeSurfer's numbers, for label maps without names."""

FOUND_VENTRICLES = "Ventricles (found by their grey value)"
FOUND_WHITE = "White matter (found by its grey value)"


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A healthy scan with labels; white_value: its grey value of white matter."""

    scan: Image
    labels: Image
    names: Mapping[int, str]
    white_value: float

    @cached_property
    def present(self) -> dict[int, int]:
        """How many voxels each label has."""
        return _counts(self.labels.data)

    @cached_property
    def ventricles(self) -> tuple[int, ...]:
        """Labels of the ventricles that are there."""
        return self._present(VENTRICLES)

    @cached_property
    def lateral_ventricles(self) -> tuple[int, ...]:
        """Labels of the lateral ventricles, of all ventricles where names do not tell."""
        return self._present(LATERAL) or self.ventricles

    @cached_property
    def white(self) -> tuple[int, ...]:
        """Labels of white matter."""
        return self._present(WHITE)

    @cached_property
    def cerebral_white(self) -> tuple[int, ...]:
        """Labels of the cerebrum's white matter, of all white matter where names do not tell."""
        return self._present(CEREBRAL_WHITE) or self.white

    def labels_at(self, points_mm: FloatArray) -> Tensor:
        """[*shape] int32, the nearest voxel's label at points [*shape, d], 0 beyond the scan."""
        return _nearest(self.labels.data[0].int(), self._places(points_mm))

    def for_spacing(self, spacing_mm: float) -> Callable[[FloatArray], Tensor]:
        """The scan as a function of points [*shape, d]: float32 [*shape], cubic between voxels, 0 beyond.

        It is smoothed so that voxels of `spacing_mm` show no aliasing.
        """
        own = np.asarray(self.scan.grid.spacing)
        sigma = 0.4 * np.sqrt(np.maximum(spacing_mm**2 - own**2, 0.0)) / own
        source, corner = self._source()
        low, high = float(source.min()), float(source.max())
        smooth = ndimage.gaussian_filter(source, sigma[::-1])
        spline = ndimage.spline_filter(smooth, order=3, output=np.float32, mode="nearest")

        def values(points_mm: FloatArray) -> Tensor:
            places = self._places(points_mm)
            places = places - corner.reshape(-1, *([1] * (places.ndim - 1)))
            out = ndimage.map_coordinates(
                spline, places, order=3, mode="constant", cval=low, output=np.float32, prefilter=False
            )
            return torch.from_numpy(np.clip(out, low, high))

        return values

    def _source(self) -> tuple[NDArray[np.float32], FloatArray]:
        """The part of the scan's values that is looked at, and the index of its corner."""
        return self.scan.data[0].float().numpy(), np.zeros(self.scan.grid.ndim)

    def _places(self, points_mm: FloatArray) -> FloatArray:
        """Indices in the order of the array's axes: [d, *shape]."""
        return np.moveaxis(self.scan.grid.index(points_mm)[..., ::-1], -1, 0)

    def _present(self, words: re.Pattern[str]) -> tuple[int, ...]:
        return tuple(n for n, name in self.names.items() if n in self.present and words.search(name))


@dataclass(frozen=True, eq=False)
class Slice(Anatomy):
    """The axial slice of a volume at `height_mm` (LPS z), seen as a plane of x and y."""

    height_mm: float = 0.0

    def _places(self, points_mm: FloatArray) -> FloatArray:
        height = np.full((*points_mm.shape[:-1], 1), self.height_mm)
        return super()._places(np.concatenate([points_mm, height], axis=-1))

    def _source(self) -> tuple[NDArray[np.float32], FloatArray]:
        """The slab of voxels within 12 mm of the plane."""
        values, corner = super()._source()
        grid = self.scan.grid
        corners = grid.corners()
        x, y = (np.append(f(corners[:, :2], axis=0), 0.0) for f in (np.min, np.max))
        ends = np.array(
            [[a, b, self.height_mm + h] for a in (x[0], y[0]) for b in (x[1], y[1]) for h in (-12.0, 12.0)]
        )
        index = grid.index(ends)[:, ::-1]
        low = np.clip(np.floor(index.min(axis=0)), 0, np.asarray(grid.shape) - 1).astype(int)
        high = np.clip(np.ceil(index.max(axis=0)) + 1, low + 1, grid.shape).astype(int)
        return values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))], corner + low


def nearest_labels(labels: Tensor, grid: Grid, points_mm: FloatArray) -> Tensor:
    """[*shape] int32: of labels [*grid.shape] the nearest at points [*shape, d], 0 beyond the grid."""
    return _nearest(labels, np.moveaxis(grid.index(points_mm)[..., ::-1], -1, 0))


def _nearest(labels: Tensor, places: FloatArray) -> Tensor:
    index = np.rint(places).astype(np.int64)
    limits = np.asarray(labels.shape).reshape(-1, *([1] * (index.ndim - 1))) - 1
    taken = labels.numpy()[tuple(np.clip(index, 0, limits))]
    inside = ((index >= 0) & (index <= limits)).all(axis=0)
    return torch.from_numpy(np.where(inside, taken, 0).astype(np.int32))


def drawn_brain(ndim: int, anatomy_seed: int = 0) -> Anatomy:
    """The brain made of formulas, on fine voxels."""
    reach = np.array([148.0, 184.0, 148.0])[:ndim]
    spacing = FINE_MM[ndim]
    size = [round(r / spacing) for r in reach]
    grid = Grid.make(size, spacing, [-(n - 1) / 2 * spacing for n in size])
    scan, labels = brain_image(grid, anatomy_seed=anatomy_seed)
    # without the air's grey value, as a scan without its skull
    air = brain_anatomy.AIR
    values = (scan.data - air * WHITE_VALUE).clamp(min=0) / (1 - air)
    return Anatomy(scan.with_data(values), labels, brain_anatomy.label_names(), WHITE_VALUE)


def scanned_brain(scan: Image, labels: Image | None, names: Mapping[int, str] | None, ndim: int) -> Anatomy:
    """A skull-stripped scan with its labels; `ndim` 2 of a volume is its slice with most ventricle.

    Where no name says ventricle or white matter (an atlas of grey matter), they are found by
    their grey values and get labels of their own.
    Raises InputError without labels, with labels on another grid, or where no ventricle is found.
    """
    if labels is None:
        raise InputError(
            "a tumour needs to know the brain around it: no labels",
            where=scan.name,
            mend="give a label map of the scan, or leave the scan out: a brain is drawn",
        )
    if not labels.grid.same_space(scan.grid):
        raise InputError(
            f"the labels have {labels.grid}, the scan {scan.grid}",
            where=labels.name,
            mend="resample the labels onto the scan's grid (nearest neighbour)",
        )
    if scan.grid.ndim < ndim:
        raise InputError("a phantom in 3D of a scan in 2D", where=scan.name, mend="ask for 2 dimensions")
    known = dict(names) if names else _freesurfer_names(labels.data)
    brain = _named(scan, labels.data[0].int(), known)
    if not brain.ventricles:
        raise InputError(
            "no ventricle is in the labels, and none was found by its grey value",
            where=labels.name,
            mend="give labels with a name that says 'ventricle', of a skull-stripped T1 scan",
        )
    if scan.grid.ndim == ndim:
        return brain
    return Slice(brain.scan, brain.labels, brain.names, brain.white_value, fullest_height(brain))


def fullest_height(brain: Anatomy) -> float:
    """LPS z in mm of the axial plane with most of the lateral ventricles, within 2 mm."""
    inside = np.isin(brain.labels.data[0].numpy(), brain.lateral_ventricles)
    z = brain.labels.grid.points(np.argwhere(inside)[:, ::-1])[:, 2]
    heights = np.arange(z.min(), z.max() + 2.0, 2.0)
    counts, edges = np.histogram(z, heights)
    best = int(ndimage.uniform_filter1d(counts.astype(float), 3, mode="constant").argmax())
    return float((edges[best] + edges[best + 1]) / 2)


def default_grid(brain: Anatomy, ndim: int, spacing_mm: float | None = None) -> Grid:
    """240 x 240 voxels of 1 mm, or 96 x 112 x 96 of 2 mm, along LPS, the brain in the middle.

    spacing_mm: other voxels that fill the same space.
    """
    inside = np.argwhere(brain.labels.data[0].numpy() > 0)[:, ::-1]
    points = brain.labels.grid.points(inside)
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    spacing = spacing_mm or SPACING_MM[ndim]
    size = [max(8, round(n * SPACING_MM[ndim] / spacing)) for n in SIZE[ndim]]
    return Grid.make(size, spacing, ((low + high) / 2)[:ndim] - (np.asarray(size) - 1) / 2 * spacing)


def _counts(labels: Tensor) -> dict[int, int]:
    numbers, counts = np.unique(labels.numpy(), return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _freesurfer_names(labels: Tensor) -> dict[int, str]:
    """FreeSurfer's names if most of what is labelled is its cerebral cortex and white matter."""
    count = _counts(labels)
    cerebrum = sum(count.get(n, 0) for n in (2, 3, 41, 42))
    labelled = sum(c for n, c in count.items() if n)
    ours = cerebrum > 0.5 * labelled and 4 in count and 43 in count
    return {n: name for n, name in FREESURFER.items() if n in count} if ours else {}


def _named(scan: Image, labels: Tensor, names: dict[int, str]) -> Anatomy:
    """The anatomy, with what its names do not say found in the scan."""
    values, found = scan.data[0].float().numpy(), labels.numpy().copy()
    said = " / ".join(names.values())
    bright = np.isin(found, [n for n, name in names.items() if WHITE.search(name)])
    white = float(np.median(values[bright])) if bright.any() else _white_level(values)
    head, free = values > 0.1 * white, int(found.max()) + 1
    if not bright.any():
        found[(found == 0) & head & (values > 0.85 * white)] = free
        names = names | {free: FOUND_WHITE}
    if not VENTRICLES.search(said):
        found[_dark_middle(values < 0.5 * white, head, scan.grid)] = free + 1
        names = names | {free + 1: FOUND_VENTRICLES}
    return Anatomy(scan, Image(torch.from_numpy(found)[None], scan.grid, name="labels"), names, white)


def _white_level(values: NDArray[np.float32]) -> float:
    """The peak of the histogram's brighter half: white matter in a skull-stripped T1."""
    inside = values[values > 0.1 * np.percentile(values, 99.5)]
    counts, edges = np.histogram(inside, 100, (float(np.median(inside)), float(np.percentile(inside, 99.5))))
    best = int(ndimage.gaussian_filter1d(counts.astype(float), 3).argmax())
    return float((edges[best] + edges[best + 1]) / 2)


def _dark_middle(dark: NDArray[np.bool_], head: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """The dark space deep in the brain that is one with the darkness nearest its middle."""
    spacing = grid.spacing[::-1]
    whole = ndimage.binary_fill_holes(ndimage.binary_closing(head, iterations=2))
    deep = ndimage.distance_transform_edt(whole, spacing) > 28.0
    parts, count = ndimage.label(ndimage.binary_opening(dark) & deep)
    if not count:
        return np.zeros_like(dark)
    sizes = ndimage.sum_labels(np.ones_like(parts), parts, np.arange(1, count + 1))
    kept = np.flatnonzero(sizes > 0.25 * sizes.max()) + 1
    return np.asarray(ndimage.binary_dilation(np.isin(parts, kept)) & dark & deep)
