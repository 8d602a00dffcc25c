"""A momentum of one resolution at the next: the one that starts with the same velocity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from RegSuite.methods.shooting.levels import carried
from RegSuite.numerics.slopes import push

if TYPE_CHECKING:
    from RegSuite.methods.shooting.objective import Objective

ITERATIONS = 20
DAMPING = 1e-3


def transferred(momentum: Tensor, coarse: Objective, fine: Objective) -> tuple[Tensor, Tensor]:
    """The initial momentum at the finer level, by its velocity; and interpolated only.

    Interpolated, z may not do: it was fitted to the coarse image's edges, and z grad S on the
    sharper ones is another velocity. So z' (interpolated) gets the change c with
    ||(z' + c) grad S - m||_K^2 + gain <c, M c> at its least, m the interpolated z grad S: conjugate
    gradients on the kernel alone, no shooting.
    """
    guess = carried(momentum, coarse.level, fine.level)
    if fine.metric is None or coarse.level.factors == fine.level.factors:
        return guess, guess
    wanted = push(momentum, coarse.dynamics.source, coarse.spacing)
    missing = carried(wanted, coarse.level, fine.level) - push(guess, fine.dynamics.source, fine.spacing)
    right = (fine.metric.gradient * fine.dynamics.kernel(missing)).sum(dim=1)
    return guess + fine.change(fine.metric.solve(fine.change(right), DAMPING, ITERATIONS)), guess
