"""The protocol of a similarity measure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Tensor


class Similarity(ABC):
    """A measure of how well `warped` matches `fixed`, on one voxel lattice.

    fixed, warped: [C, Z, Y, X] or [C, Y, X] float tensors of one shape and device.
    mask: optional boolean (or weight 0..1) [Z, Y, X]; voxels outside count nothing.
    `value` is the measure as the field reports it; `loss` is what is minimised
    (-value where higher is better), so that every optimiser goes downhill.
    """

    name: ClassVar[str]
    higher_is_better: ClassVar[bool]

    @abstractmethod
    def value(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """The measure, a scalar tensor; differentiable by autograd with respect to `warped`."""

    def loss(self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None) -> Tensor:
        """What is minimised: the value, negated where higher is better."""
        value = self.value(fixed, warped, mask)
        return -value if self.higher_is_better else value

    def loss_and_gradient(
        self, fixed: Tensor, warped: Tensor, mask: Tensor | None = None
    ) -> tuple[float, Tensor]:
        """The loss and its gradient with respect to `warped` (same shape).

        Autograd unless a measure has the gradient in closed form.
        """
        import torch

        with torch.enable_grad():
            leaf = warped.detach().requires_grad_(True)
            loss = self.loss(fixed, leaf, mask)
            (gradient,) = torch.autograd.grad(loss, leaf)
        return float(loss.detach()), gradient
