"""Correlation: the matrix C of a deformation's error, as three small matrices (paper 11, Sec. 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from torch import Tensor

Values = NDArray[np.float32]

NODE_STEP = 0.75
"""Distance of the nodes over the length: the correlation is even to exp(-(pi / 0.75)^2) = 2e-8."""
REACH = 3.0
"""Lengths that the nodes go beyond the outer voxels; what lies farther would weigh exp(-9) of the sum."""


@dataclass(frozen=True, eq=False)
class Correlation:
    """C: white noise on a coarse lattice along the grid's axes, smoothed by a Gaussian of SD length_mm.

    x [X, kx], y [Y, ky], z [Z, kz]: weights of the nodes at each voxel, exp(-(distance)^2 / (2 length^2)),
    rows of unit L2 norm, so that diag(C C^T) = 1 at every voxel, at borders too. As the noise is white,
    the CORRELATION of two voxels at distance d is exp(-d^2 / (4 length^2)): a Gaussian of SD
    length * sqrt(2), 0.78 at one length and 0.37 at two. LPS components are independent.
    """

    length_mm: float
    x: Values
    y: Values
    z: Values

    @classmethod
    def of(cls, grid: Grid, length_mm: float = 30.0) -> Correlation:
        """C of a 3D grid. Raises GeometryError for a 2D grid or a length that is not positive."""
        if grid.ndim != 3:
            raise GeometryError(
                "the grid is 2D", where="correlation of the deformation", mend="give a volume"
            )
        if not (np.isfinite(length_mm) and length_mm > 0):
            raise GeometryError(
                f"a correlation length of {length_mm:g} mm",
                where="correlation of the deformation",
                mend="give a positive length in mm (30 in the paper)",
            )
        weights = [_weights(n, s, length_mm) for n, s in zip(grid.size, grid.spacing, strict=True)]
        return cls(float(length_mm), *weights)

    @property
    def nodes(self) -> tuple[int, int, int]:
        """How many nodes along z, y and x."""
        return self.z.shape[1], self.y.shape[1], self.x.shape[1]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along z, y and x."""
        return len(self.z), len(self.y), len(self.x)

    def neighbours(self) -> tuple[Values, Values, Values]:
        """Correlation of each voxel with the next along x [X-1], y [Y-1] and z [Z-1] (paper 11, Eq. 4)."""
        x, y, z = (np.einsum("ij,ij->i", w[:-1], w[1:]) for w in (self.x, self.y, self.z))
        return x, y, z

    def noise(self, n: int, rng: np.random.Generator) -> Values:
        """White noise of `n` samples: [n, 3, kz, ky, kx]. The first m of n are those that m would give."""
        return rng.standard_normal((n, 3, *self.nodes), dtype=np.float32)

    def field(self, noise: Values, z: slice = slice(None)) -> Values:
        """The smooth unit fields of noise [..., kz, ky, kx] in planes `z`: [..., z, Y, X], variance 1.

        Each plane is computed apart, so that its bits do not depend on which others are asked for.
        """
        planes = range(*z.indices(len(self.z)))
        lead, (kz, ky, kx) = noise.shape[:-3], self.nodes
        flat = noise.reshape(-1, kz, ky * kx)
        out = np.empty((len(flat), len(planes), *self.shape[1:]), np.float32)
        for place, plane in enumerate(planes):
            across = np.matmul(self.z[plane], flat).reshape(-1, ky, kx)
            np.matmul(np.matmul(self.y, across), self.x.T, out=out[:, place])
        return out.reshape(*lead, len(planes), *self.shape[1:])

    def field_tensor(self, noise: Tensor, z: slice = slice(None)) -> Tensor:
        """As `field`, with torch on the noise's device; equal to it within float32's rounding."""
        import torch

        wz, wy, wx = (torch.from_numpy(w).to(noise) for w in (self.z[z], self.y, self.x))
        across = torch.tensordot(noise, wz, dims=([-3], [1])).movedim(-1, -3)
        return torch.matmul(torch.matmul(wy, across), wx.T)


def _weights(voxels: int, spacing_mm: float, length_mm: float) -> Values:
    """[voxels, nodes] of one axis; nodes symmetric about its middle."""
    half = (voxels - 1) * spacing_mm / 2
    step = NODE_STEP * length_mm
    count = 2 * int(np.ceil((half + REACH * length_mm) / step)) + 1
    places = (np.arange(voxels) - (voxels - 1) / 2) * spacing_mm
    nodes = (np.arange(count) - (count - 1) / 2) * step
    weights = np.exp(-((places[:, None] - nodes) ** 2) / (2 * length_mm**2))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return np.ascontiguousarray(weights, np.float32)
