"""DVHs of sampled deformations at points of structures: small and fast, for many settings over many draws.

Structures are cut into points that stand for equal volumes; the dose is read where each point's own
displacement leads, as RegSuite/dose/sampling does. The smooth unit noise is made in voxels of twice the
size and read trilinearly between them, its variance set to 1 again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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

Floats = NDArray[np.floating]
Curves = Mapping[str, Floats]


def structure_points(structures: Sequence[Structure], grid: Grid, seed: int) -> Floats:
    """POINTS points of equal volume of each structure, one structure after the other: [p, 3] LPS mm."""
    rng = np.random.default_rng(seed)
    return np.concatenate([_points(structure, grid, rng) for structure in structures])


def of_volume(doses: Floats, names: Sequence[str]) -> dict[str, Floats]:
    """Doses at the points [p, ...] -> of each structure D(v), falling: [POINTS, ...]."""
    parts = np.split(doses, len(names))
    return {name: -np.sort(-part, axis=0) for name, part in zip(names, parts, strict=True)}


def read_field(field: torch.Tensor, grid: Grid, places: Floats) -> Floats:
    """Trilinear values of a field [c, Z, Y, X] on `grid` at places [p, 3]: [p, c] float32."""
    values = sample(field.double(), torch.from_numpy(grid.index(places)))
    return values.T.numpy().astype(np.float32)


def mapped_doses(dose: Image, counts: Floats, places: Floats, means: Floats) -> Floats:
    """Accumulated dose at the points under displacements [f, p, 3]: [p]."""
    return sum(n * _dose_at(dose, places + u) for n, u in zip(counts, means, strict=True))


def sampled_doses(
    dose: Image, counts: Floats, places: Floats, means: Floats, sds: Floats, grid: Grid,
    *, correlation_mm: float, same: bool, n: int, seed: int,
) -> Floats:  # fmt: skip
    """Accumulated dose at the points under n draws: [p, n].

    dose: of one fraction; counts [f]: how many have the deformation means[f], sds[f] ([p, 3] mm).
    same: all deformations err alike (one noise for all), else independently. grid: the planning grid.
    """
    coarse = grid.coarser((2, 2, 2))
    correlation, weights = Correlation.of(coarse, correlation_mm), _unit(places, coarse, correlation_mm)
    rng = np.random.default_rng(seed)
    total = np.zeros((len(places), n), np.float32)
    noise = None
    for count, mean, sd in zip(counts, means, sds, strict=True):
        if noise is None or not same:
            noise = torch.from_numpy(correlation.noise(n, rng))
        for start in range(0, n, AT_ONCE):
            unit = correlation.field_tensor(noise[start : start + AT_ONCE]).reshape(-1, coarse.voxels)
            off = sd[:, None] * (weights @ unit.numpy().T).reshape(len(places), -1, 3)
            total[:, start : start + AT_ONCE] += count * _dose_at(dose, (places + mean)[:, None] + off)
    return total


def _dose_at(dose: Image, places: Floats) -> Floats:
    index = torch.from_numpy(dose.grid.index(places)).float()
    return sample(dose.data.float(), index)[0].numpy()


def _points(structure: Structure, grid: Grid, rng: np.random.Generator) -> Floats:
    """Systematically along the structure's own lines: [POINTS, 3] LPS mm."""
    lines = region_of(structure, grid, single_mm=float(grid.spacing[2])).lines(min(grid.spacing) / 3)
    volume = lines.length_mm * lines.across_mm.prod(axis=1) * lines.share
    ends = np.cumsum(volume)
    at = (np.arange(POINTS) + rng.uniform()) / POINTS * ends[-1]
    line = np.searchsorted(ends, at)
    along = (at - (ends[line] - volume[line])) / volume[line] * lines.length_mm[line]
    return lines.start_mm[line] + along[:, None] * lines.axes[0]


def _unit(points: Floats, grid: Grid, length_mm: float) -> csr_matrix:
    """[p, voxels]: trilinear weights under which a field of variance 1 has variance 1 at the points too."""
    top = np.asarray(grid.size) - 1
    index = np.clip(grid.index(points), 0, top)
    low = np.minimum(index.astype(int), np.maximum(top - 1, 0))
    part = index - low
    flat, weight = [], []
    for corner in np.ndindex(2, 2, 2):
        x, y, z = np.minimum(low + corner, top).T
        flat.append(np.ravel_multi_index((z, y, x), grid.shape))
        weight.append(np.where(corner, part, 1 - part).prod(axis=1))
    rows = np.tile(np.arange(len(points)), 8)
    values = np.concatenate(weight).astype(np.float32)
    matrix = csr_matrix((values, (rows, np.concatenate(flat))), (len(points), grid.voxels))
    alike = np.exp(-(np.asarray(grid.spacing) ** 2) / (4 * length_mm**2))
    variance = (1 - 2 * part * (1 - part) * (1 - alike)).prod(axis=1)
    return diags(1 / np.sqrt(variance)).astype(np.float32) @ matrix
