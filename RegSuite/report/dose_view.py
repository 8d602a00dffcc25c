"""DoseView: planes through the planning image, with any volume of the course sampled on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.images import ReportImages
from RegSuite.report.planes import Plane
from RegSuite.report.view import Place, View, as_array

if TYPE_CHECKING:
    from RegSuite.geometry import Grid, Image

HOT = 0.95
"""The pictures are cut at the middle of what has this share of the largest dose, or more."""


class DoseView(View):
    """The planes of the planning image; `warped` (a fraction's image) is drawn over it where given."""

    def __init__(
        self, planning: Image, dose: Image, warped: Image | None = None, *, why: str | None = None
    ) -> None:
        """dose: cut where it is highest; why: what that place is, for people."""
        data = planning.data
        super().__init__(ReportImages(planning.grid, data, data, data if warped is None else warped.data))
        self.place = self._hottest(
            dose, why or f"the middle of the dose above {100 * HOT:.0f} % of its maximum"
        )

    def sampled(self, values: NDArray[Any], grid: Grid, plane: Plane) -> NDArray[np.float32]:
        """A volume [z, y, x] of any grid on a plane's pixels; NaN where it is NaN or ends."""
        from scipy.ndimage import map_coordinates

        at = grid.index(self.grid.points(self._pixels(plane)))
        limits = np.asarray(grid.size) - 1.0
        near = ((at > -0.5 - 1e-6) & (at < limits + 0.5 + 1e-6)).all(axis=-1)  # up to the outer faces
        at = np.clip(at, 0, limits)
        found = map_coordinates(values, np.moveaxis(at[..., ::-1], -1, 0), order=1, prefilter=False)
        return np.where(near, found, np.nan).astype(np.float32)

    def nearest(self, values: NDArray[Any], grid: Grid, plane: Plane) -> NDArray[Any]:
        """The same for a volume of labels or bits: of the nearest voxel, 0 outside."""
        at = np.rint(grid.index(self.grid.points(self._pixels(plane)))).astype(int)
        inside = ((at >= 0) & (at < np.asarray(grid.size))).all(axis=-1)
        x, y, z = np.moveaxis(np.clip(at, 0, np.asarray(grid.size) - 1), -1, 0)
        return np.where(inside, values[z, y, x], 0)

    def _pixels(self, plane: Plane) -> NDArray[np.float64]:
        """[rows, columns, 3]: voxel x, y, z of the planning image of each pixel of the plane."""
        shape = self.grid.shape
        axes = [np.arange(n, dtype=np.float64) for n in shape]
        lattice = np.broadcast_arrays(axes[0][:, None, None], axes[1][None, :, None], axes[2])
        z, y, x = (self.cut(part, plane, self.place) for part in lattice)
        return np.stack([x, y, z], axis=-1)

    def _hottest(self, dose: Image, why: str) -> Place:
        """The middle of the region of the highest dose; of a dose of nothing that of the image."""
        values = as_array(dose.data)[0]
        largest = float(np.nanmax(values, initial=0.0))
        if not largest > 0:
            return self.centre
        spots = np.argwhere(np.nan_to_num(values) >= HOT * largest)
        middle = spots.mean(axis=0)
        middle = spots[np.argmin(((spots - middle) ** 2).sum(axis=1))]  # of a ring one of its voxels
        point = dose.grid.points(middle[::-1].astype(float))
        index = np.rint(self.grid.index(point)).astype(int)
        return self._place(tuple(int(i) for i in index), why)
