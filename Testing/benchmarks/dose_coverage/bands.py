"""DVHs of sampled deformations at points of structures: small and fast, for many settings over many draws.

Structures are cut into points that stand for equal volumes; the dose is read where each point's own
displacement leads, as RegSuite/dose/sampling does. The smooth unit noise is made in voxels of twice the
size and read trilinearly between them, its variance set to 1 again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from RegSuite.dose.region import region_of
from RegSuite.dose.uncertainty.correlation import Correlation
from RegSuite.geometry import Grid, Image
from RegSuite.geometry.structure import Structure
from RegSuite.numerics.resample import sample

POINTS = 1000
"""A structure is cut into so many points of equal volume."""
AT_ONCE = 25
"""Samples that are held as voxels at once."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StructurePoints:
    """POINTS points of each structure, one structure after the other; places [p, 3] LPS mm."""

    grid: Grid
    names: tuple[str, ...]
    places: Floats

    @classmethod
    def of(cls, structures: Sequence[Structure], grid: Grid, seed: int = 0) -> StructurePoints:
        rng = np.random.default_rng(seed)
        places = np.concatenate([_points(s, grid, rng) for s in structures])
        return cls(grid, tuple(s.name for s in structures), places)

    def of_volume(self, doses: NDArray[np.floating]) -> dict[str, NDArray[np.floating]]:
        """Doses at the points [p, ...] -> of each structure D(v), falling: [POINTS, ...]."""
        parts = np.split(doses, len(self.names))
        return {name: -np.sort(-part, axis=0) for name, part in zip(self.names, parts, strict=True)}

    def read(self, field: torch.Tensor) -> Floats:
        """Trilinear values of a field [c, Z, Y, X] on the grid: [p, c]."""
        return sample(field.double(), torch.from_numpy(self.grid.index(self.places))).T.numpy()


@dataclass(frozen=True, eq=False)
class Fraction:
    """What the sampler needs of a fraction: its dose, and the deformation with its SD."""

    dose: Image
    mean: torch.Tensor
    sigma: torch.Tensor


def sampled_doses(
    fractions: Sequence[Fraction],
    points: StructurePoints,
    *,
    correlation_mm: float,
    n: int = 100,
    seed: int = 0,
    same: bool = False,
) -> NDArray[np.float32]:
    """Accumulated dose at the points under n draws: [p, n].

    same: all fractions err alike (one draw for all); else independently. n = 0: no draw, [p, 1].
    """
    coarse = points.grid.coarser((2, 2, 2))
    correlation, weights = (
        Correlation.of(coarse, correlation_mm),
        _unit(points.places, coarse, correlation_mm),
    )
    rng = np.random.default_rng(seed)
    total = np.zeros((len(points.places), max(n, 1)), np.float32)
    noise = None
    for fraction in fractions:
        mean, sigma = points.read(fraction.mean), points.read(fraction.sigma)
        if n and (noise is None or not same):
            noise = torch.from_numpy(correlation.noise(n, rng))
        for start in range(0, max(n, 1), AT_ONCE):
            place = (points.places + mean)[:, None]
            if n:
                unit = correlation.field_tensor(noise[start : start + AT_ONCE]).reshape(-1, coarse.voxels)
                place = place + sigma[:, None] * (weights @ unit.numpy().T).reshape(len(sigma), -1, 3)
            index = torch.from_numpy(fraction.dose.grid.index(place)).float()
            total[:, start : start + AT_ONCE] += sample(fraction.dose.data.float(), index)[0].numpy()
    return total


def _points(structure: Structure, grid: Grid, rng: np.random.Generator) -> Floats:
    """POINTS points of equal volume, systematically along the structure's own lines: [POINTS, 3] LPS mm."""
    lines = region_of(structure, grid, single_mm=float(grid.spacing[2])).lines(min(grid.spacing) / 3)
    volume = lines.length_mm * lines.across_mm.prod(axis=1) * lines.share
    ends = np.cumsum(volume)
    at = (np.arange(POINTS) + rng.uniform()) / POINTS * ends[-1]
    line = np.searchsorted(ends, at)
    along = (at - (ends[line] - volume[line])) / volume[line] * lines.length_mm[line]
    return lines.start_mm[line] + along[:, None] * lines.axes[0]


def _trilinear(points: Floats, grid: Grid) -> tuple[NDArray[np.int64], Floats]:
    """Flat voxel indices and weights of the eight corners: [n, 8] each."""
    top = np.asarray(grid.size) - 1
    index = np.clip(grid.index(points), 0, top)
    low = np.minimum(index.astype(int), np.maximum(top - 1, 0))
    part = index - low
    flat, weight = [], []
    for corner in np.ndindex(2, 2, 2):
        x, y, z = np.minimum(low + corner, top).T
        flat.append(np.ravel_multi_index((z, y, x), grid.shape))
        weight.append(np.where(corner, part, 1 - part).prod(axis=1))
    return np.stack(flat, axis=1), np.stack(weight, axis=1)


def _unit(points: Floats, grid: Grid, length_mm: float) -> csr_matrix:
    """[p, voxels]: trilinear weights of a field of variance 1 whose values at the points have variance 1."""
    index, weight = _trilinear(points, grid)
    rows = np.repeat(np.arange(len(index)), 8)
    matrix = csr_matrix((weight.ravel().astype(np.float32), (rows, index.ravel())), (len(index), grid.voxels))
    part = np.mod(np.clip(grid.index(points), 0, np.asarray(grid.size) - 1), 1)
    alike = np.exp(-(np.asarray(grid.spacing) ** 2) / (4 * length_mm**2))
    variance = (1 - 2 * part * (1 - part) * (1 - alike)).prod(axis=1)
    return diags(1 / np.sqrt(variance)).astype(np.float32) @ matrix
