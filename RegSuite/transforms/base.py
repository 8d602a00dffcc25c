"""The protocol of every transform: fixed points to moving points, LPS mm."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid


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

    @abstractmethod
    def save(self, path: Path | str) -> None:
        """Write the transform so that ITK's programs apply it as it is (see io/transforms)."""

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        """u(x) = T(x) - x at the voxel centres of `grid`: float32 [d, *shape], LPS mm."""
        import torch

        points = torch.as_tensor(grid.all_points().reshape(-1, grid.ndim))
        moved = self.points(points) - points
        return moved.T.reshape(grid.ndim, *grid.shape).to(device=device, dtype=torch.float32)

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
