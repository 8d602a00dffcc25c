"""L-BFGS for energies that only exist where the path stays a geodesic."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

MEMORY = 16
"""Pairs of steps and gradient changes kept."""
TRIES = 12
SUFFICIENT = 1e-4
"""Share of the predicted decrease that a step must bring (Armijo)."""
PATIENCE = 3
"""Iterations over which the relative decrease is judged."""

Evaluation = Callable[[Tensor], tuple[float, Tensor | None]]
"""x -> (energy, gradient); (inf, None) where there is no energy."""


@dataclass(frozen=True, eq=False)
class Descent:
    """Where the descent ended.

    converged: by the tolerance, not by the number of iterations. blocked: its last steps all met places
    without energy, so that it ended at their border and maybe not at a minimum.
    """

    x: Tensor
    energy: float
    iterations: int
    converged: bool
    blocked: bool = False


def descend(
    evaluate: Evaluation,
    x: Tensor,
    *,
    iterations: int,
    tolerance: float,
    length: Callable[[Tensor], float],
    longest: float,
    accepted: Callable[[int, float], None],
) -> Descent:
    """Minimise from x (where the energy must exist), by L-BFGS with a backtracking line search.

    A step is never longer than `longest` by `length` (a norm; here the largest change of velocity),
    and never to where there is no energy: libraries' line searches fail there, which is why this one
    is our own. accepted(iteration, energy) is called after each step. tolerance: see PATIENCE.
    Source: Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.1 and 7.4.
    """
    energy, gradient = evaluate(x)
    assert gradient is not None, "the descent starts where there is no energy"
    pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=MEMORY)
    seen = [energy]
    met: deque[bool] = deque(maxlen=PATIENCE)
    for iteration in range(1, iterations + 1):
        direction = _direction(gradient, pairs)
        slope = float((gradient * direction).sum())
        if not slope < 0:
            pairs.clear()
            direction, slope = -gradient, -float(gradient.square().sum())
        if slope == 0:
            return Descent(x, energy, iteration - 1, True)
        reach = max(length(direction), 1e-30)
        first = min(1.0, longest / reach) if pairs else 0.25 * longest / reach
        found, border = _search(evaluate, x, energy, direction, slope, first)
        met.append(border)
        if found is None:
            if not pairs:
                return Descent(x, energy, iteration - 1, True, all(met))
            pairs.clear()
            continue
        there, energy, new = found
        _remember(pairs, there - x, new - gradient)
        x, gradient = there, new
        seen.append(energy)
        accepted(iteration, energy)
        if len(seen) > PATIENCE and seen[-1 - PATIENCE] - energy < PATIENCE * tolerance * abs(energy):
            return Descent(x, energy, iteration, True, all(met))
    return Descent(x, energy, iterations, False, len(met) == PATIENCE and all(met))


def _direction(gradient: Tensor, pairs: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Minus the approximate inverse Hessian times the gradient (two-loop recursion)."""
    q = gradient.clone()
    shares = []
    for step, change, product in reversed(pairs):
        share = float((step * q).sum()) / product
        shares.append(share)
        q.add_(change, alpha=-share)
    if pairs:
        _, change, product = pairs[-1]
        q.mul_(product / float(change.square().sum()))
    for (step, change, product), share in zip(pairs, reversed(shares), strict=True):
        q.add_(step, alpha=share - float((change * q).sum()) / product)
    return q.neg_()


def _search(
    evaluate: Evaluation, x: Tensor, energy: float, direction: Tensor, slope: float, t: float
) -> tuple[tuple[Tensor, float, Tensor] | None, bool]:
    """(x, energy, gradient) with enough decrease along the direction, or None; whether energy was missing."""
    border = False
    for _ in range(TRIES):
        there = torch.add(x, direction, alpha=t)
        value, gradient = evaluate(there)
        if gradient is not None and value <= energy + SUFFICIENT * t * slope:
            return (there, value, gradient), border
        if math.isfinite(value):
            lowest = -slope * t * t / (2 * (value - energy - slope * t))  # of the parabola through both
            t = min(max(lowest, 0.1 * t), 0.5 * t)
        else:
            border = True
            t *= 0.35
    return None, border


def _remember(pairs: deque[tuple[Tensor, Tensor, float]], step: Tensor, change: Tensor) -> None:
    """Keep a pair if the curvature along it is positive."""
    product = float((step * change).sum())
    size = float(step.norm()) * float(change.norm())
    if product > 1e-10 * size:
        pairs.append((step, change, product))
