"""MotionPrior: the Gaussian process of the organs' displacement (paper 13, Eq. 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from RegSuite.pointcloud.organs import OrganModel


@dataclass(frozen=True, eq=False)
class MotionPrior:
    """Covariance of displacements of points with labels, mm^2, the same for each coordinate."""

    model: OrganModel
    form: Literal["product", "gibbs"] = "product"
    notes: tuple[str, ...] = ()
    _tables: dict[str, Tensor] = field(default_factory=dict, repr=False)

    def _table(self, name: str) -> Tensor:
        values = {
            "magnitude": [organ.magnitude_mm for organ in self.model.organs],
            "bandwidth": [organ.bandwidth_mm for organ in self.model.organs],
            "coherence": self.model.coherence,
        }
        return torch.as_tensor(values[name], dtype=torch.float64)

    def kernel(self, a: Tensor, la: Tensor, b: Tensor, lb: Tensor) -> Tensor:
        """G [n, m] float64 mm^2 between points a [n, d] of organs la [n] and b [m, d] of lb [m]."""
        size, width, together = (self._table(name) for name in ("magnitude", "bandwidth", "coherence"))
        squared = torch.cdist(a.double(), b.double()).square_()
        scale = (size[la, None] * size[None, lb]) * together[la][:, lb]
        return scale * torch.exp(-squared / (2 * width[la, None] * width[None, lb]))

    def variance(self, la: Tensor) -> Tensor:
        """G_ii [n] mm^2."""
        return self._table("magnitude")[la].square()
