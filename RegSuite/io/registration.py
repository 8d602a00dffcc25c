"""Registration: a transform with the frames it joins, and where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.geometry import Grid

if TYPE_CHECKING:
    from RegSuite.transforms import Transform
    from RegSuite.transforms.partial import Known


@dataclass(frozen=True, eq=False)
class Registration:
    """transform maps points of registered_frame (fixed) to source_frame (moving), LPS mm.

    grid: the deformation's, None of a linear registration. defined: boolean [*grid.shape], False
    where the deformation is undefined (the transform then holds no offset there, which means
    nothing); None where it is defined on the whole grid. source_images: SOP instance UIDs of the
    images it is for, where it is for some of their frame only.
    """

    transform: Transform
    registered_frame: str | None = None
    source_frame: str | None = None
    source_images: tuple[str, ...] = ()
    sop_instance: str | None = None
    grid: Grid | None = None
    defined: NDArray[np.bool_] | None = None

    @property
    def is_identity(self) -> bool:
        """Whether it leaves every point where it is (to a micrometre a metre)."""
        from RegSuite.transforms.affine import AffineTransform

        given = self.transform
        return isinstance(given, AffineTransform) and bool(np.abs(given.homogeneous - np.eye(4)).max() < 1e-6)

    def is_defined(self, points_mm: ArrayLike) -> NDArray[np.bool_]:
        """[n] whether the deformation is known at points [n, 3] of the registered frame.

        Unknown are points outside of the grid, and those whose offset would be interpolated from an
        undefined one. A linear registration is defined everywhere.
        """
        return (
            np.ones(len(np.asarray(points_mm)), dtype=bool)
            if self.grid is None
            else self._known.at(points_mm)
        )

    def defined_on(self, grid: Grid) -> NDArray[np.bool_]:
        """Boolean [*grid.shape]: `is_defined` at the voxels of a grid in the registered frame."""
        return np.ones(grid.shape, dtype=bool) if self.grid is None else self._known.on(grid)

    def marked(self) -> Transform:
        """The transform with NaN where the deformation is not defined."""
        from RegSuite.transforms import PartialTransform

        return self.transform if self.grid is None else PartialTransform(self.transform, (self._known,))

    @property
    def _known(self) -> Known:
        from RegSuite.transforms.partial import Known

        assert self.grid is not None
        return Known(self.grid, self.defined)
