"""ArrayImage: voxels on their way between processes or nodes, as numpy has them, before torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry.grid import Grid

if TYPE_CHECKING:
    from RegSuite.geometry.image import Image


@dataclass(frozen=True, eq=False)
class ArrayImage:
    """Voxel values [C, *shape] on a Grid in LPS mm; making and handing on one imports no torch.

    name, mask (boolean [*shape]), modality, path: as an Image has them. type_name: numpy's name of
    the type that is meant, where `values` stand in another one for as long as nobody computes with
    them. borrowed: the values are somebody else's (a node's) and may change: `image` copies them.
    """

    values: NDArray[Any]
    grid: Grid
    name: str = "image"
    mask: NDArray[np.bool_] | None = None
    modality: str | None = None
    path: Path | None = None
    type_name: str | None = None
    borrowed: bool = False

    @classmethod
    def of(cls, image: Image | ArrayImage) -> ArrayImage:
        """The voxels where they lie, not copied (but bfloat16, which numpy has not: float32)."""
        if isinstance(image, ArrayImage):
            return image
        data = image.data.detach().cpu()
        values = (data.float() if str(data.dtype) == "torch.bfloat16" else data).numpy()
        mask = None if image.mask is None else image.mask.detach().cpu().numpy()
        return cls(values, image.grid, image.name, mask, image.modality, image.path)

    def image(self) -> Image:
        """The engine's Image: the same memory, a copy where it is borrowed or the type another one."""
        import torch

        from RegSuite.geometry.image import Image

        wanted = self.values.astype(self.dtype, order="C", copy=self.borrowed)
        mask = None if self.mask is None else torch.from_numpy(np.ascontiguousarray(self.mask))
        data = torch.from_numpy(np.ascontiguousarray(wanted))
        return Image(data, self.grid, self.name, mask, self.modality, self.path)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that is meant."""
        return np.dtype(self.type_name or self.values.dtype)

    @property
    def channels(self) -> int:
        """Number of values a voxel."""
        return int(self.values.shape[0])

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return self.grid.ndim

    def with_values(self, values: NDArray[Any]) -> ArrayImage:
        """The same grid and name with other values of their own."""
        return replace(self, values=values, type_name=None, borrowed=False)
