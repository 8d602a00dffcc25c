"""The protocol of every transform: fixed points to moving points, LPS mm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid

POINTS_A_CHUNK = 1 << 18
"""Points handled at once where a dense field is computed point by point (a few MB each)."""


class Transform(ABC):
    """Maps points of the fixed space to points of the moving space, in LPS mm.

    This is the resampling (pull-back) convention of ITK: the warped image at x is the moving
    image at T(x). Transforms are immutable; `ndim` is 2 or 3.
    """

    ndim: int

    @abstractmethod
    def points(self, points_mm: Tensor) -> Tensor:
        """T(x) of fixed points [N, d] in LPS mm; float64 in, float64 out."""

    @abstractmethod
    def inverse(self) -> Transform:
        """The map from moving points to fixed points.

        Analytic where one exists; else numeric, then `inverse_residual_mm` of the returned
        transform tells how far T(T^-1(y)) is from y.
        """

    def save(self, path: Path | str) -> None:
        """Write the transform so that ITK's programs apply it as it is (see io/transforms)."""
        from RegSuite.io.transforms import save_transform

        save_transform(self, path)

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        """u(x) = T(x) - x at the voxel centres of `grid`: float32 [d, *shape], LPS mm."""
        import torch

        return self.displacement_after(torch.zeros((self.ndim, *grid.shape)), grid).to(device)

    def displacement_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        """T(x + b(x)) - x at the voxels of `grid`, for a displacement b: float32 [d, *shape].

        This is how a composite goes through its members. Point by point unless a subclass knows
        a faster way; `before_mm` is never changed.
        """
        import torch

        out = torch.empty((self.ndim, grid.voxels), dtype=torch.float32)
        for part, home, place in chunks(before_mm, grid):
            out[:, part] = (self.points(place) - home).T.float()
        return out.reshape(self.ndim, *grid.shape).to(before_mm.device)

    def compose(self, other: Transform) -> Transform:
        """self after other: x -> self(other(x))."""
        from RegSuite.transforms.composite import CompositeTransform

        return CompositeTransform.of(other, self)

    def jacobian_determinant(self, grid: Grid) -> Tensor:
        """det dT/dx at the voxels of `grid`: float32 [*shape]; 1 where T is a rigid motion.

        Central differences of the displacement (one-sided at borders) unless a subclass has
        the derivative itself.
        """
        from RegSuite.numerics.jacobian import jacobian_determinant

        return jacobian_determinant(self.displacement(grid), grid)

    def jacobian_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        """det dT/dx at x + b(x) for the voxels x of `grid`: float32 [*shape].

        Central differences over a tenth of a voxel unless a subclass has the derivative itself.
        """
        import torch

        step = 0.05 * min(grid.spacing)
        out = torch.empty(grid.voxels, dtype=torch.float32)
        for part, _, place in chunks(before_mm, grid):
            shifts = step * torch.eye(self.ndim, dtype=torch.float64)
            columns = [(self.points(place + s) - self.points(place - s)) / (2 * step) for s in shifts]
            out[part] = torch.linalg.det(torch.stack(columns, dim=-1)).float()
        return out.reshape(grid.shape).to(before_mm.device)


def chunks(before_mm: Tensor, grid: Grid) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Runs of voxels of `grid`: (slice into the flat voxels, x, x + before(x)), points [n, d] float64."""
    import numpy as np
    import torch

    flat = before_mm.reshape(grid.ndim, -1)
    for start in range(0, grid.voxels, POINTS_A_CHUNK):
        part = slice(start, min(start + POINTS_A_CHUNK, grid.voxels))
        index = np.stack(np.unravel_index(np.arange(part.start, part.stop), grid.shape)[::-1], axis=-1)
        home = torch.from_numpy(grid.points(index))
        yield part, home, home + flat[:, part].T.to(device="cpu", dtype=torch.float64)


def in_pieces(function: Callable[[Tensor], Tensor], points_mm: Tensor) -> Tensor:
    """function(points [n, d]) applied to at most POINTS_A_CHUNK points at once, joined again."""
    import torch

    starts = range(0, max(len(points_mm), 1), POINTS_A_CHUNK)
    return torch.cat([function(points_mm[s : s + POINTS_A_CHUNK]) for s in starts])
