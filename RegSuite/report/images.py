"""ReportImages: what a report needs to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid
    from RegSuite.methods.base import ConvergencePoint


@dataclass(frozen=True, eq=False)
class ReportImages:
    """Everything drawn, on the fixed grid. Images are [C, *shape] (the first channel is shown).

    before: the moving image through the initial transform alone (the identity if none);
    warped: through the whole transform. displacement_mm: [d, *shape], LPS. jacobian, mask and the
    label maps: [*shape]; before_labels and warped_labels are the moving labels, like the images.
    comparable: whether equal tissue has equal brightness in both images (one modality); without
    it no difference image is shown. fixed_name, moving_name: how the pictures call them.
    Raises GeometryError for a part that does not fit the grid.
    """

    grid: Grid
    fixed: Tensor
    before: Tensor
    warped: Tensor
    displacement_mm: Tensor | None = None
    jacobian: Tensor | None = None
    mask: Tensor | None = None
    fixed_labels: Tensor | None = None
    before_labels: Tensor | None = None
    warped_labels: Tensor | None = None
    label_names: Mapping[int, str] = field(default_factory=dict)
    convergence: tuple[ConvergencePoint, ...] = ()
    comparable: bool = True
    fixed_name: str = "fixed"
    moving_name: str = "moving"

    def __post_init__(self) -> None:
        for name in ("fixed", "before", "warped", "displacement_mm"):
            self._check(name, 1)
        for name in ("jacobian", "mask", "fixed_labels", "before_labels", "warped_labels"):
            self._check(name, 0)

    def _check(self, name: str, leading: int) -> None:
        values = getattr(self, name)
        if values is not None and tuple(values.shape[leading:]) != self.grid.shape:
            raise GeometryError(
                f"{name} of shape {tuple(values.shape)} does not fit a grid of shape {self.grid.shape}",
                where="report",
            )
