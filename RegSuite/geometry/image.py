"""Image: voxel values on a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError
from RegSuite.geometry.grid import Grid

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Image:
    """Voxel values [C, Z, Y, X] (2D: [C, Y, X]) on a Grid in LPS mm.

    mask: optional boolean [Z, Y, X] of voxels that count in a registration.
    name: how messages and reports call it (file or node name).
    modality: DICOM's word where known (MR, CT, PT, ...); `path`: the file it was read from.
    Raises GeometryError when data or mask do not fit the grid.
    """

    data: Tensor
    grid: Grid
    name: str = "image"
    mask: Tensor | None = None
    modality: str | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        if tuple(self.data.shape[1:]) != self.grid.shape:
            raise GeometryError(
                f"values of shape {tuple(self.data.shape)} do not fit a grid of shape (C, {self.grid.shape})",
                where=self.name,
            )
        if self.mask is not None and tuple(self.mask.shape) != self.grid.shape:
            raise GeometryError(
                f"mask of shape {tuple(self.mask.shape)} does not fit a grid of shape {self.grid.shape}",
                where=self.name,
                mend="resample the mask onto the image's grid (nearest neighbour)",
            )

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.grid.ndim

    @property
    def channels(self) -> int:
        """Number of values a voxel."""
        return int(self.data.shape[0])

    def to(self, device: torch.device | str) -> Image:
        """The same image on another device (itself where it is there already)."""
        mask = None if self.mask is None else self.mask.to(device)
        return replace(self, data=self.data.to(device), mask=mask)

    def with_data(self, data: Tensor) -> Image:
        """The same grid and name with other values."""
        return replace(self, data=data)

    def with_mask(self, mask: Tensor | None) -> Image:
        """The same image with another mask (boolean [Z, Y, X])."""
        return replace(self, mask=mask)
