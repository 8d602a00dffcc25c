"""The images of a registration's result: fields, warped image and labels, Jacobian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from RegSuite.geometry import Grid, Image
from RegSuite.geometry.grid import FloatArray
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.numerics.resample import index_map, warp
from RegSuite.transforms import AffineTransform, DisplacementTransform

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.transforms.base import Transform


@dataclass(frozen=True)
class Outputs:
    """What is written beside result.json.

    displacement: fixed to moving on the fixed grid; inverse: moving to fixed on the moving grid.
    warped, jacobian, warped_labels: on the fixed grid.
    """

    displacement: DisplacementTransform
    inverse: DisplacementTransform
    warped: Image
    jacobian: Image
    warped_labels: Image | None = None


def make_outputs(transform: Transform, fixed: Image, moving: Image, moving_labels: Image | None) -> Outputs:
    """All images of the result, on CPU; each field is computed once and shared.

    Memory beyond the inputs: 4 (2D: 3) float32 a fixed voxel for displacement and Jacobian, d a
    moving voxel for the inverse, the warped image, and what the inversion needs.
    """
    displacement = DisplacementTransform(transform.displacement(fixed.grid), fixed.grid)
    inverse = _inverse(transform, displacement, moving.grid)
    field = displacement.displacement_mm
    labels = None if moving_labels is None else warp_labels(moving_labels, fixed.grid, field)
    return Outputs(
        displacement=displacement,
        inverse=inverse,
        warped=warp_image(moving, fixed.grid, field),
        jacobian=Image(jacobian_determinant(field, fixed.grid)[None], fixed.grid, name="jacobian"),
        warped_labels=labels,
    )


def _inverse(transform: Transform, field: DisplacementTransform, grid: Grid) -> DisplacementTransform:
    """Moving to fixed on the moving grid: of a linear map its own inverse, else that of the written field.

    The field's inversion goes on smoothly beyond the fixed image, so that the part of the moving
    image that has no partner there is not torn from the rest.
    """
    if isinstance(transform, AffineTransform):
        return DisplacementTransform(transform.inverse().displacement(grid), grid)
    return field.inverse_on(grid)


def warp_image(
    moving: Image, grid: Grid, displacement_mm: Tensor | None, outside: float | None = None
) -> Image:
    """The moving image at x + u(x) for the voxels x of `grid`, linearly interpolated, float32.

    Outside of the moving image stands `outside`, its smallest value (air in CT, background in MR)
    if None.
    """
    values = moving.data.float().cpu()
    affine, to_voxels = moving_index(moving.grid, grid)
    beyond = float(values.min()) if outside is None else outside
    warped = warp(values, grid.shape, affine, displacement_mm, to_voxels, outside=beyond)
    return Image(warped, grid, name=f"warped {moving.name}", modality=moving.modality)


def warp_labels(labels: Image, grid: Grid, displacement_mm: Tensor | None) -> Image:
    """Labels at x + u(x), the nearest voxel's, in their own type and to the last bit; 0 outside."""
    import torch

    affine, to_voxels = moving_index(labels.grid, grid)
    index = index_map(grid.shape, affine, displacement_mm, to_voxels)
    place = torch.zeros(grid.shape, dtype=torch.int64)
    inside = torch.ones(grid.shape, dtype=torch.bool)
    stride = 1
    for axis, n in enumerate(labels.grid.size):  # x, y, z: the order in which the stride grows
        nearest = torch.floor(index[..., axis] + 0.5)  # a tie goes up, as in ITK
        inside &= (index[..., axis] >= -0.5) & (index[..., axis] <= n - 0.5)
        place += stride * nearest.clamp_(0, n - 1).long()
        stride *= n
    values = labels.data.cpu().reshape(labels.channels, -1)[:, place.flatten()]
    values = values.reshape(labels.channels, *grid.shape) * inside
    return Image(values.to(labels.data.dtype), grid, name=f"warped {labels.name}")


def moving_index(moving: Grid, fixed: Grid) -> tuple[FloatArray, FloatArray]:
    """Fixed voxel index to moving voxel index [d, d+1], and LPS mm to moving voxels [d, d]."""
    d = fixed.ndim
    return (moving.inverse_matrix @ fixed.matrix)[:d], moving.inverse_matrix[:d, :d]
