"""Growth: where, and from when on, a metamorphosis may change intensity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from RegSuite.errors import GeometryError

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Grid


@dataclass(frozen=True, eq=False)
class Growth:
    """The weight function M_t (paper: weighted metamorphosis, section 2).

    weights: float32 [K, *grid.shape], 0 (no intensity may be added) to 1, at K equally spaced
    times from 0 to 1, linear between them; K = 1: constant in time.
    notes: how it was made, one sentence each.
    Raises GeometryError for another shape.
    """

    weights: Tensor
    grid: Grid
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.weights.ndim != self.grid.ndim + 1 or tuple(self.weights.shape[1:]) != self.grid.shape:
            raise GeometryError(
                f"weights of shape {tuple(self.weights.shape)} do not fit a grid of shape "
                f"(K, {', '.join(map(str, self.grid.shape))})"
            )

    def at(self, time: float) -> Tensor:
        """M at one time, [*shape]."""
        place = min(max(time, 0.0), 1.0) * (len(self.weights) - 1)
        before = min(int(place), max(len(self.weights) - 2, 0))
        after = min(before + 1, len(self.weights) - 1)
        return torch.lerp(self.weights[before], self.weights[after], place - before)
