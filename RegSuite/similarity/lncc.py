"""LNCC: squared correlation in a window around each voxel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.similarity.base import Similarity
from RegSuite.similarity.box_sum import box_sum
from RegSuite.similarity.ncc import CONSTANT
from RegSuite.similarity.pair import Pair, accumulator, make_pair, per_channel


@dataclass(frozen=True)
class LNCC(Similarity):
    """Mean over mask and channels of the squared local correlation: 0 to 1.

    At a voxel x the window W(x) holds the voxels y with |y - x| <= radius along each axis that
    lie inside the image AND the mask (nothing is replicated: sums are over the voxels that are
    there). With weights w (1 where there is no mask, or a boolean one):

        N = sum_W w,  mf = sum_W w f / N,  vf = sum_W w f^2 / N - mf^2,  (mg, vg alike)
        c = sum_W w f g / N - mf mg
        cc(x) = c^2 / (max(vf, floor_f) max(vg, floor_g))
        value = sum_x w cc / (C sum_x w)

    floor_f = variance_floor times the variance of the whole (masked) image f, and at least
    (1e-6 rms of f)^2: windows flatter than that are damped towards 0, so that their noise does
    not steer; constant images give 0. The floor is held constant in the gradient.

    radius: in voxels, one number or x, y, z order, the window is 2 radius + 1 wide.
    Unchanged under linear intensity changes of either image (inverted contrast too), and nearly
    unchanged under a bias that varies slowly over a window.
    Memory: about 17 float64 copies of an image; the cost does not depend on the radius.
    Source: Avants et al., Medical Image Analysis 12 (2008) 26-41, doi:10.1016/j.media.2007.06.004;
    window sums with running sums as in Lewis, Vision Interface (1995).
    """

    radius: int | Sequence[int] = 2
    variance_floor: float = 1e-6

    name: ClassVar[str] = "lncc"
    higher_is_better: ClassVar[bool] = True

    def __post_init__(self) -> None:
        radii = [self.radius] if isinstance(self.radius, int) else list(self.radius)
        if not radii or min(radii) < 0 or max(radii) < 1:
            raise InputError(f"radius {self.radius} voxels makes no window", mend="give 1 or more")
        if not 0 <= self.variance_floor < 1:
            raise InputError(f"variance_floor {self.variance_floor} is not in 0..1", mend="give 1e-6")

    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """Mean squared local correlation: a scalar in float64."""
        pair = make_pair(fixed, warped, mask)
        return pair.mean(_Windows(pair, self._radii(pair.ndim), self.variance_floor).cc()).mean()

    @torch.no_grad()
    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """-value and its gradient, in closed form with three more window sums."""
        pair = make_pair(fixed, warped, mask)
        radii = self._radii(pair.ndim)
        windows = _Windows(pair, radii, self.variance_floor)
        value = float(pair.mean(windows.cc()).mean())
        scale = -1 / (pair.channels * float(pair.total))
        gradient = pair.weigh(windows.gradient()).mul_(scale)
        return -value, gradient.to(warped.dtype)

    def _radii(self, ndim: int) -> tuple[int, ...]:
        if isinstance(self.radius, int):
            return (self.radius,) * ndim
        if len(self.radius) != ndim:
            raise InputError(
                f"radius {tuple(self.radius)} does not fit images of {ndim} dimensions",
                mend="give one number, or one an axis (x, y, z)",
            )
        return tuple(self.radius)


class _Windows:
    """The window statistics of a pair, [C, *shape] in float64."""

    def __init__(self, pair: Pair, radii: tuple[int, ...], variance_floor: float) -> None:
        exact = accumulator(pair.fixed.device)
        self._pair, self._radii = pair, radii
        self.f = pair.centred(pair.fixed.to(exact))
        self.g = pair.centred(pair.warped.to(exact))
        ones = torch.ones((1, *pair.fixed.shape[1:]), dtype=exact, device=pair.fixed.device)
        self.count = box_sum(pair.weigh(ones), radii).clamp_(min=torch.finfo(exact).tiny)
        self.mean_f, self.mean_g = self._mean(self.f), self._mean(self.g)
        variance_f = self._mean(self.f.square()) - self.mean_f.square()
        variance_g = self._mean(self.g.square()) - self.mean_g.square()
        self.covariance = self._mean(self.f * self.g) - self.mean_f * self.mean_g
        floor_f = per_channel(_floor(pair, pair.fixed, self.f, variance_floor), self.f)
        floor_g = per_channel(_floor(pair, pair.warped, self.g, variance_floor), self.g)
        self.floored_g = variance_g <= floor_g
        self.variance_f = torch.maximum(variance_f, floor_f)
        self.variance_g = torch.maximum(variance_g, floor_g)

    def _mean(self, values: Tensor) -> Tensor:
        return box_sum(self._pair.weigh(values), self._radii) / self.count

    def cc(self) -> Tensor:
        """Squared correlation in each window."""
        return (self.covariance / self.variance_f) * (self.covariance / self.variance_g)

    def gradient(self) -> Tensor:
        """d sum_x w cc(x) / d g(y), divided by w(y).

        With a = 2 w c / (N vf vg) and b = 2 w c^2 / (N vf vg^2) at x (b = 0 where vg is
        floored) it is f B(a) - B(a mf) - g B(b) + B(b mg), B the window sum.
        """
        slope = self.covariance / self.variance_f / self.variance_g
        a = self._pair.weigh(2 * slope / self.count)
        b = (a * self.covariance / self.variance_g).masked_fill_(self.floored_g, 0)
        of_means = box_sum(a * self.mean_f - b * self.mean_g, self._radii)
        return self.f * box_sum(a, self._radii) - self.g * box_sum(b, self._radii) - of_means


def _floor(pair: Pair, raw: Tensor, centred: Tensor, fraction: float) -> Tensor:
    """Smallest variance a window may have, [C]: see LNCC."""
    raw, centred = raw.detach(), centred.detach()
    floor = torch.maximum(fraction * pair.mean(centred.square()), CONSTANT**2 * pair.mean(raw.square()))
    return floor.clamp(min=torch.finfo(floor.dtype).tiny)
