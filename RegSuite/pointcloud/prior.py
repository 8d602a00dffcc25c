"""MotionPrior: the Gaussian process of the organs' displacement (paper 13, Eq. 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isinf
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.pointcloud.organs import OrganModel

Form = Literal["product", "gibbs"]


@dataclass(frozen=True, eq=False)
class MotionPrior:
    """Covariance of the displacements of points with organs, mm^2, the same for each coordinate.

    Between points of organs k, l at distance r, for each scale (magnitude Lambda, bandwidth B) of the organs:

    product (Eq. 3):  Lambda_k Lambda_l S_kl exp(-r^2 / (2 B_k B_l))
    gibbs:            Lambda_k Lambda_l S_kl (2 B_k B_l / (B_k^2 + B_l^2))^(d/2) exp(-r^2 / (B_k^2 + B_l^2))

    Both agree within an organ and between organs of equal bandwidth. The product form of two organs that
    move coherently with unequal bandwidths is no covariance: its spectrum at frequency w asks for
    S_kl^2 <= exp(-(B_k - B_l)^2 w^2 / 2) S_kk S_ll, which high frequencies break, and G of points close
    enough has negative eigenvalues. The Gibbs form is one for any bandwidths and any semidefinite S, so it
    is taken then, and `notes` says so. (M. Gibbs, PhD thesis, Cambridge 1997; Rasmussen and Williams 2006,
    Eq. 4.32.)
    """

    model: OrganModel
    form: Form | None = None
    notes: tuple[str, ...] = ()
    _tables: dict[torch.device, tuple[Tensor, Tensor, Tensor]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.form is not None:
            return
        pair = self._coherent_pair_of_unequal_bandwidth()
        object.__setattr__(self, "form", "product" if pair is None else "gibbs")
        if pair is not None:
            (one, width), (other, other_width) = pair
            note = (
                f"{one!r} and {other!r} move coherently with bandwidths of {width:g} and {other_width:g} mm: "
                "with the product of bandwidths of Eq. 3, G is then not positive definite for all points, so "
                "the Gibbs kernel was taken: mean of squares, with its prefactor"
            )
            object.__setattr__(self, "notes", (*self.notes, note))

    def kernel(self, a: Tensor, la: Tensor, b: Tensor, lb: Tensor) -> Tensor:
        """G [n, m] float64 mm^2 between points a [n, d] of organs la [n] and b [m, d] of lb [m] (indices)."""
        a, b = a.double(), b.double()
        magnitude, bandwidth, together = self._of(a.device)
        centre = b.mean(dim=0)
        squared = _squared_distances(a - centre, b - centre)
        total = torch.zeros_like(squared)
        for size, width in zip(magnitude, bandwidth, strict=True):
            total += self._scale(squared, size[la], width[la], size[lb], width[lb], a.shape[1])
        one_organ = len(self.model.organs) == 1
        return total * together[0, 0] if one_organ else total.mul_(together[la][:, lb])

    def variance(self, la: Tensor) -> Tensor:
        """G_ii [n] mm^2 of points of organs la [n]."""
        magnitude, _, together = self._of(la.device)
        return (magnitude.square().sum(dim=0) * together.diagonal())[la]

    def finest_variance(self, la: Tensor) -> Tensor:
        """The part of G_ii [n] mm^2 that the narrowest scale of each point's organ has."""
        finest = [min(organ.scales, key=lambda scale: scale[1])[0] for organ in self.model.organs]
        together = self._of(la.device)[2]
        table = torch.tensor(finest, dtype=torch.float64, device=la.device).square() * together.diagonal()
        return table[la]

    @cached_property
    def components(self) -> NDArray[np.int64]:
        """For each organ [L] the group it moves with: between groups S is 0, and so is G."""
        count = len(self.model.organs)
        group = np.arange(count, dtype=np.int64)
        for k, m in np.argwhere(np.triu(self.model.coherence, 1) != 0):
            group[group == group[m]] = group[k]
        return np.unique(group, return_inverse=True)[1].astype(np.int64)

    def _scale(self, squared: Tensor, sa: Tensor, wa: Tensor, sb: Tensor, wb: Tensor, ndim: int) -> Tensor:
        """One scale's term, before S."""
        unlike = bool((wa != wa[:1]).any() or (wb != wa[:1]).any()) if len(wa) and len(wb) else False
        if not unlike:
            width = float(wa[0]) if len(wa) else 1.0
            shape = torch.ones_like(squared) if isinf(width) else torch.exp(squared / (-2 * width * width))
            return shape.mul_(sa[:, None]).mul_(sb[None])
        if self.form == "product":
            return torch.exp(squared / (-2 * wa[:, None] * wb[None])).mul_(sa[:, None]).mul_(sb[None])
        mean = (wa[:, None].square() + wb[None].square()) / 2
        ratio = wa[:, None] * wb[None] / mean
        ratio = torch.where(wa[:, None] == wb[None], 1.0, torch.nan_to_num(ratio, nan=0.0))
        return torch.exp(squared / (-2 * mean)).mul_(ratio.pow_(ndim / 2)).mul_(sa[:, None]).mul_(sb[None])

    def _of(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """magnitudes [scales, L], bandwidths [scales, L], S [L, L] on a device."""
        if device not in self._tables:
            magnitude, bandwidth = _scales(self.model)
            tables = (magnitude, bandwidth, np.array(self.model.coherence))
            made = tuple(torch.as_tensor(t, dtype=torch.float64, device=device) for t in tables)
            self._tables[device] = (made[0], made[1], made[2])
        return self._tables[device]

    def _coherent_pair_of_unequal_bandwidth(self) -> tuple[tuple[str, float], tuple[str, float]] | None:
        magnitude, bandwidth = _scales(self.model)
        names = self.model.names
        for k, m in np.argwhere(np.triu(self.model.coherence, 1) != 0):
            both = (magnitude[:, k] > 0) & (magnitude[:, m] > 0)
            apart = np.flatnonzero(both & (bandwidth[:, k] != bandwidth[:, m]))
            if apart.size:
                s = apart[0]
                return (names[k], float(bandwidth[s, k])), (names[m], float(bandwidth[s, m]))
        return None


def _scales(model: OrganModel) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Magnitudes and bandwidths [scales, L]; the translation comes last, absent scales have magnitude 0."""
    count = max(1 + len(organ.finer) for organ in model.organs)
    moves = any(organ.translation_mm > 0 for organ in model.organs)
    magnitude = np.zeros((count + moves, len(model.organs)))
    bandwidth = np.full_like(magnitude, np.inf)
    for k, organ in enumerate(model.organs):
        for s, (size, width) in enumerate(((organ.magnitude_mm, organ.bandwidth_mm), *organ.finer)):
            magnitude[s, k], bandwidth[s, k] = size, width
        if moves:
            magnitude[-1, k] = organ.translation_mm
    return magnitude, bandwidth


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """|a_i - b_j|^2 [n, m]; by differences for few b, where that is both faster and exact."""
    if len(b) <= 4:
        return (a[:, None] - b[None]).square().sum(dim=-1)
    squared = torch.addmm(b.square().sum(dim=1)[None], a, b.T, alpha=-2)
    return squared.add_(a.square().sum(dim=1)[:, None]).clamp_(min=0)
