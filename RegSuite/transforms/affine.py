"""AffineTransform: x -> A x + b. Making one imports no torch: nodes and files hold it as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import GeometryError
from RegSuite.transforms.base import Transform

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AffineTransform(Transform):
    """T(x) = matrix x + offset, in LPS mm and float64.

    matrix: [d, d], invertible. offset: [d] mm. centre: [d] mm, the point about which the
    parameters are meant (0 where not given); it does not change the map:
    T(x) = matrix (x - centre) + centre + translation.
    Raises GeometryError for shapes that do not fit, values that are not finite, a singular matrix.
    """

    matrix: FloatArray
    offset: FloatArray
    centre: FloatArray | None = None

    def __post_init__(self) -> None:
        matrix, offset = np.array(self.matrix, dtype=np.float64), np.array(self.offset, dtype=np.float64)
        d = len(offset)
        centre = np.zeros(d) if self.centre is None else np.array(self.centre, dtype=np.float64)
        if d not in (2, 3) or matrix.shape != (d, d) or centre.shape != (d,):
            raise GeometryError(
                f"matrix {matrix.shape}, offset {offset.shape} and centre {centre.shape} "
                "do not make a 2D or 3D affine transform"
            )
        if not all(np.isfinite(a).all() for a in (matrix, offset, centre)):
            raise GeometryError(
                "an affine transform has values that are not finite", where=str(matrix.tolist())
            )
        if np.linalg.cond(matrix) > 1e12:
            raise GeometryError(
                f"the matrix of an affine transform is singular (determinant {np.linalg.det(matrix):.3g})",
                where=str(matrix.tolist()),
                mend="check the file, or start from the identity",
            )
        for name, value in (("matrix", matrix), ("offset", offset), ("centre", centre)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "ndim", d)

    @classmethod
    def identity(cls, ndim: int) -> Self:
        """The map that leaves every point where it is."""
        return cls(np.eye(ndim), np.zeros(ndim))

    @classmethod
    def about(cls, matrix: ArrayLike, centre: ArrayLike, translation: ArrayLike) -> Self:
        """T(x) = matrix (x - centre) + centre + translation, as ITK's transforms have it."""
        m, c = np.asarray(matrix, dtype=np.float64), np.asarray(centre, dtype=np.float64)
        return cls(m, np.asarray(translation, dtype=np.float64) + c - m @ c, c)

    @classmethod
    def from_homogeneous(cls, homogeneous: ArrayLike, centre: ArrayLike | None = None) -> Self:
        """From a [d+1, d+1] matrix acting on (x, y[, z], 1)."""
        h = np.asarray(homogeneous, dtype=np.float64)
        c = None if centre is None else np.asarray(centre, dtype=np.float64)
        return cls(h[:-1, :-1], h[:-1, -1], c)

    @classmethod
    def from_parameters(cls, parameters: ArrayLike, ndim: int, centre: ArrayLike | None = None) -> Self:
        """From the matrix row by row, then the translation in mm: d*d + d numbers, as in ITK's files."""
        p = parameter_vector(parameters, ndim * ndim + ndim)
        c = np.zeros(ndim) if centre is None else np.asarray(centre, dtype=np.float64)
        return cls.about(p[: ndim * ndim].reshape(ndim, ndim), c, p[ndim * ndim :])

    @property
    def parameters(self) -> FloatArray:
        """The vector that `from_parameters` takes, about this transform's centre."""
        return np.concatenate([self.matrix.ravel(), self.translation])

    @property
    def centre_mm(self) -> FloatArray:
        """[d] the centre, 0 where none was given."""
        assert self.centre is not None  # __post_init__ has filled it in
        return self.centre

    @property
    def translation(self) -> FloatArray:
        """[d] mm by which the centre moves."""
        moved: FloatArray = self.matrix @ self.centre_mm + self.offset - self.centre_mm
        return moved

    @property
    def homogeneous(self) -> FloatArray:
        """[d+1, d+1] matrix acting on (x, y[, z], 1)."""
        out = np.eye(self.ndim + 1)
        out[:-1, :-1] = self.matrix
        out[:-1, -1] = self.offset
        return out

    def with_centre(self, centre: ArrayLike) -> Self:
        """The same map with its parameters about another point."""
        return type(self)(self.matrix, self.offset, np.asarray(centre, dtype=np.float64))

    def points(self, points_mm: Tensor) -> Tensor:
        import torch

        p = points_mm.to(torch.float64)
        matrix = torch.tensor(self.matrix, device=p.device)
        return p @ matrix.T + torch.tensor(self.offset, device=p.device)

    def inverse(self) -> Self:
        inverse = np.asarray(np.linalg.inv(self.matrix), dtype=np.float64)
        return type(self)(inverse, -inverse @ self.offset, self.centre_mm + self.translation)

    def after(self, first: AffineTransform) -> AffineTransform:
        """x -> self(first(x)); of the narrowest kind that both are (rigid, similarity, affine)."""
        matrix, offset = self.matrix @ first.matrix, self.matrix @ first.offset + self.offset
        kind = next(k for k in type(self).__mro__ if isinstance(first, k))
        result: AffineTransform = kind(matrix, offset, first.centre_mm)
        return result

    def displacement(self, grid: Grid, device: str = "cpu") -> Tensor:
        from RegSuite.transforms.linear_field import linear_field

        return linear_field(self.homogeneous - np.eye(self.ndim + 1), grid, device)

    def displacement_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        out = self.displacement(grid, str(before_mm.device))
        for i in range(self.ndim):
            for j in range(self.ndim):
                out[i].add_(before_mm[j], alpha=float(self.matrix[i, j]))
        return out

    def jacobian_determinant(self, grid: Grid) -> Tensor:
        import torch

        return torch.full(grid.shape, float(np.linalg.det(self.matrix)), dtype=torch.float32)

    def jacobian_after(self, before_mm: Tensor, grid: Grid) -> Tensor:
        return self.jacobian_determinant(grid).to(before_mm.device)


def parameter_vector(parameters: ArrayLike, count: int) -> FloatArray:
    """`parameters` as float64 [count]. Raises GeometryError for another length."""
    vector = np.asarray(parameters, dtype=np.float64).ravel()
    if len(vector) != count:
        raise GeometryError(f"{len(vector)} parameters where the transform has {count}")
    return vector
