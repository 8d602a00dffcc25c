"""NGF: normalised gradient fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.similarity.base import Similarity
from RegSuite.similarity.masked_gradient import MaskedGradient
from RegSuite.similarity.pair import Pair, make_pair, per_channel


@dataclass(frozen=True)
class NGF(Similarity):
    """Mean over mask and channels of 1 - <n_f, n_g>^2, n = grad I / sqrt(|grad I|^2 + eta^2): 0 to 1.

    Small where the edges of both images are parallel, whichever way they point: for images of
    different modality. Flat places give 1, so a perfect match is the minimum but not 0.
    spacing: of the voxels in mm, x, y, z order (1 where not given). As both images lie on one
    lattice, its direction does not matter.
    eta: gradients (in intensity a mm) below it count as noise, for both images; None takes for
    each image, and each channel, its mean gradient length over the mask (equation 3 with factor
    1), which makes the measure invariant under linear intensity changes. Constant images give 1.
    Memory: about 35 copies of an image.
    Source: Haber and Modersitzki, MICCAI 2006, doi:10.1007/11866763_89.
    """

    spacing: Sequence[float] | None = None
    eta: float | None = None

    name: ClassVar[str] = "ngf"
    higher_is_better: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.spacing is not None and not all(0 < s < float("inf") for s in self.spacing):
            raise InputError(f"spacing {tuple(self.spacing)} mm is not positive", mend="correct the spacing")
        if self.eta is not None and not self.eta > 0:
            raise InputError(f"eta {self.eta} is not positive", mend="give more than 0, or none (automatic)")

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean of 1 - <n_f, n_g>^2: a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        derivative = MaskedGradient(pair.weights, self._spacing(pair.ndim))
        parallel = self._edges(pair, derivative(pair.fixed), derivative(pair.warped))
        return 1 - pair.mean(parallel.squared).mean()

    @torch.no_grad()
    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """The value and its gradient; an automatic eta's own dependence on warped is included."""
        pair = make_pair(fixed, warped, mask)
        derivative = MaskedGradient(pair.weights, self._spacing(pair.ndim))
        of_fixed, of_warped = derivative(pair.fixed), derivative(pair.warped)
        edges = self._edges(pair, of_fixed, of_warped)
        value = 1 - float(pair.mean(edges.squared).mean())
        a = edges.product / edges.fixed_length2 / edges.warped_length2
        b = edges.squared / edges.warped_length2
        slope = of_fixed * a[:, None] - of_warped * b[:, None]
        if self.eta is None:  # eta = mean length, so each length also acts through eta
            through_eta = per_channel(pair.mean(b) * edges.warped_eta, b)
            slope -= of_warped * (through_eta / edges.warped_length).masked_fill_(edges.flat, 0)[:, None]
        scale = -2 / (pair.channels * float(pair.total))
        gradient = derivative.adjoint(pair.weigh(slope)).mul_(scale)
        return value, gradient.to(warped.dtype)

    def _edges(self, pair: Pair, of_fixed: Tensor, of_warped: Tensor) -> _Edges:
        return _Edges(pair, of_fixed, of_warped, self.eta)

    def _spacing(self, ndim: int) -> tuple[float, ...]:
        if self.spacing is None:
            return (1.0,) * ndim
        if len(self.spacing) != ndim:
            raise InputError(
                f"spacing {tuple(self.spacing)} mm does not fit images of {ndim} dimensions",
                mend="give one number an axis (x, y, z)",
            )
        return tuple(self.spacing)


class _Edges:
    """How parallel two gradient fields [C, d, *shape] are."""

    def __init__(self, pair: Pair, of_fixed: Tensor, of_warped: Tensor, eta: float | None) -> None:
        fixed2, warped2 = of_fixed.square().sum(1), of_warped.square().sum(1)
        self.flat = warped2 == 0
        self.warped_length = _root(warped2)
        self.warped_eta = _eta(pair, self.warped_length, eta)
        self.fixed_length2 = _smoothed(fixed2, _eta(pair, _root(fixed2), eta))
        self.warped_length2 = _smoothed(warped2, self.warped_eta)
        self.product = (of_fixed * of_warped).sum(1)
        self.squared = (self.product / self.fixed_length2) * (self.product / self.warped_length2)


def _eta(pair: Pair, length: Tensor, eta: float | None) -> Tensor:
    """eta of each channel, [C]."""
    return pair.mean(length) if eta is None else torch.full_like(pair.mean(length), eta)


def _smoothed(length2: Tensor, eta: Tensor) -> Tensor:
    """|grad|^2 + eta^2, never 0."""
    return (length2 + per_channel(eta.square(), length2)).clamp(min=torch.finfo(length2.dtype).tiny)


def _root(length2: Tensor) -> Tensor:
    """Square root whose derivative at 0 is 0 instead of infinite."""
    flat = length2 == 0
    return length2.masked_fill(flat, 1).sqrt().masked_fill(flat, 0)
