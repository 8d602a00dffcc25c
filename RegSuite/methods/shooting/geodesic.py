"""The geodesic equations of weighted metamorphosis, integrated forward from an initial momentum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from RegSuite.numerics.pull import pull, pull_all
from RegSuite.numerics.reproducing import ReproducingKernel
from RegSuite.numerics.slopes import push, slopes, stretch

Momentum = Literal["image", "vector", "stationary"]


@dataclass(frozen=True, eq=False)
class Dynamics:
    """What the equations need beside the initial momentum; all on one lattice.

    source: S [C, *shape]. kernel: K, spacing: of the lattice along x, y, z, in one unit.
    weight: M at the steps + 1 times [steps + 1, *shape], None where intensity is kept.
    gain: mu^2 / rho. tick: called after each step, may raise.
    """

    source: Tensor
    kernel: ReproducingKernel
    spacing: Sequence[float]
    steps: int
    momentum: Momentum = "image"
    weight: Tensor | None = None
    gain: float = 0.0
    tick: Callable[[], None] = lambda: None

    @property
    def variable_shape(self) -> tuple[int, ...]:
        """Of the initial momentum: [C, *shape] with z grad S, else [d, *shape]."""
        shape = tuple(self.source.shape[1:])
        return (len(self.source) if self.momentum == "image" else len(shape), *shape)


@dataclass(frozen=True, eq=False)
class State:
    """One time: psi - id [d, *shape], intensity added [C, *shape] | None, and what follows from them.

    source: gain M z [C, *shape], at which intensity grows (None where it is kept). velocity
    [d, *shape]; kinetic ||v||_V^2 and added gain <z, M z>, means over the voxels; behind and ahead:
    gain <z, dM z> for the change of an evolving weight over the step before and the step after.
    """

    displacement: Tensor
    intensity: Tensor | None
    source: Tensor | None
    velocity: Tensor
    kinetic: Tensor
    added: Tensor
    behind: Tensor
    ahead: Tensor


@dataclass(frozen=True, eq=False)
class Geodesic:
    """A path at `steps` + 1 times; without `keep` only the last state has its fields.

    work: gain <z, dM z>, what an evolving weight fed in over the step before (trapezium rule).
    """

    last: State
    kinetic: Tensor
    added: Tensor
    work: Tensor
    states: tuple[State, ...] = field(default=())

    @property
    def action(self) -> tuple[Tensor, Tensor]:
        """Means over time (trapezium rule) of ||v||_V^2 and of gain <z, M z>."""
        return _trapezium(self.kinetic), _trapezium(self.added)

    @property
    def unexplained(self) -> Tensor:
        """Change of the energy along the path, less the weight's work, as a share of the largest, by time.

        0 on an exact geodesic: ||v||^2 + rho <z, M z> is conserved but for what dM/dt feeds in.
        """
        energy = self.kinetic + self.added
        return (energy - energy[0] - self.work.cumsum(0)) / energy.detach().max().clamp(min=1e-12)

    @property
    def drift(self) -> float:
        """The largest unexplained change of the energy, as a share."""
        return float(self.unexplained.detach().abs().max())


def shoot(
    dynamics: Dynamics, momentum: Tensor, *, keep: bool = False, spare_memory: bool = False
) -> Geodesic:
    """The geodesic from `momentum` (see Dynamics.variable_shape), by second-order steps.

    z is (rho / mu) times the paper's, so that v = -K (z grad I). The map psi from each time back to
    time 0 is composed with one semi-Lagrangian step at a time; S and z_0 are read through it (never
    resampled twice), z_t = det(D psi) z_0 o psi solves dz/dt = -div(z v). The velocity of a step is
    extrapolated to its middle (Adams-Bashforth; the first step by a half step), the departure point
    found by the midpoint rule: with first-order steps the energy of large deformations grows
    manifold. Differentiable; spare_memory: steps are done again in the backward pass.
    Source: weighted metamorphosis (WBIR 2022, LNCS 13386), equation 4; EPDiff: Miller, Trouve,
    Younes 2006, doi:10.1007/s10851-005-3624-0.
    """
    start = _begin(dynamics, momentum)
    states = [start]
    before: Tensor | None = None
    rows = [(start.kinetic, start.added, start.behind)]
    for number in range(dynamics.steps):
        here = states[-1]
        if spare_memory and momentum.requires_grad:
            then = _recomputed(dynamics, momentum, here, before, number)
        else:
            then = _step(dynamics, momentum, here, before, number)
        before = here.velocity
        rows.append((then.kinetic, then.added, 0.5 * (here.ahead + then.behind)))
        states = [*states, then] if keep else [then]
        dynamics.tick()
    kinetic, added, work = (torch.stack(column) for column in zip(*rows, strict=True))
    return Geodesic(states[-1], kinetic, added, work, tuple(states) if keep else ())


def _begin(dynamics: Dynamics, momentum: Tensor) -> State:
    shape = dynamics.source.shape[1:]
    still = torch.zeros((len(shape), *shape), dtype=momentum.dtype, device=momentum.device)
    added = None if dynamics.weight is None else torch.zeros_like(dynamics.source)
    return _state(dynamics, momentum, still, added, 0, first=True)


def _step(dynamics: Dynamics, momentum: Tensor, here: State, before: Tensor | None, number: int) -> State:
    """From step `number` to the next; before: the velocity one step earlier."""
    dt = 1.0 / dynamics.steps
    if dynamics.momentum == "stationary":
        middle = here.velocity
    elif before is None:
        middle = _half(dynamics, momentum, here, dt).velocity
    else:
        middle = 1.5 * here.velocity - 0.5 * before
    displacement, intensity = _carried(dynamics, here, middle, dt)
    return _state(dynamics, momentum, displacement, intensity, number + 1, share=0.5 * dt)


def _half(dynamics: Dynamics, momentum: Tensor, here: State, dt: float) -> State:
    """Half a step with the velocity at its beginning."""
    displacement, intensity = _carried(dynamics, here, here.velocity, 0.5 * dt)
    return _state(dynamics, momentum, displacement, intensity, 0, share=0.25 * dt)


def _carried(dynamics: Dynamics, here: State, velocity: Tensor, dt: float) -> tuple[Tensor, Tensor | None]:
    """psi and the added intensity after flowing for dt with `velocity`; half of the source before it."""
    spacing = dynamics.spacing
    back = -dt * pull(velocity, -0.5 * dt * velocity, spacing)
    if here.intensity is None or here.source is None:
        return pull(here.displacement, back, spacing) + back, None
    grown = here.intensity + 0.5 * dt * here.source
    moved, grown = pull_all((here.displacement, grown), back, spacing)
    return moved + back, grown


def _state(
    dynamics: Dynamics,
    momentum: Tensor,
    displacement: Tensor,
    intensity: Tensor | None,
    number: int,
    *,
    share: float = 0.0,
    first: bool = False,
) -> State:
    """Velocity and energies at step `number`; share: how much of the source is added on arrival."""
    zero = displacement.new_zeros(())
    if dynamics.momentum != "image":
        pushed = (
            momentum
            if first or dynamics.momentum == "stationary"
            else _transported(dynamics, momentum, displacement)
        )
        velocity = dynamics.kernel(pushed)
        return State(displacement, None, None, velocity, _mean(velocity * pushed), zero, zero, zero)
    image, z, source = dynamics.source, momentum, None
    added, behind, ahead = zero, zero, zero
    if not first:
        image, z = pull_all((image, z), displacement, dynamics.spacing)
        z = z * stretch(displacement, dynamics.spacing)
    if dynamics.weight is not None and intensity is not None:
        weight = dynamics.weight[number]
        source = dynamics.gain * weight * z
        intensity = intensity + share * source
        image = image + intensity
        added = _mean(z * source)
        if number:
            behind = _mean(dynamics.gain * (weight - dynamics.weight[number - 1]) * z * z)
        if number < dynamics.steps:
            ahead = _mean(dynamics.gain * (dynamics.weight[number + 1] - weight) * z * z)
    pushed = push(z, image, dynamics.spacing)
    velocity = -dynamics.kernel(pushed)
    kinetic = -_mean(velocity * pushed)
    return State(displacement, intensity, source, velocity, kinetic, added, behind, ahead)


def _transported(dynamics: Dynamics, momentum: Tensor, displacement: Tensor) -> Tensor:
    """Ad* of the initial momentum: det(D psi) D psi^T m_0 o psi, [d, *shape]."""
    spacing = dynamics.spacing
    carried = pull(momentum, displacement, spacing) * stretch(displacement, spacing)
    turned = torch.einsum("i...,ij...->j...", carried, slopes(displacement, spacing))
    return carried + turned


def _recomputed(
    dynamics: Dynamics, momentum: Tensor, here: State, before: Tensor | None, number: int
) -> State:
    """A step whose inner values are not kept for the backward pass but computed again."""
    changes = here.intensity is not None

    def step(momentum: Tensor, displacement: Tensor, velocity: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        dynamics.tick()
        intensity, source = rest[:2] if changes else (None, None)
        earlier = rest[2:] if changes else rest
        zero = velocity.new_zeros(())
        state = State(displacement, intensity, source, velocity, zero, zero, zero, zero)
        then = _step(dynamics, momentum, state, earlier[0] if earlier else None, number)
        energies = torch.stack((then.kinetic, then.added, then.behind, then.ahead))
        grown = () if then.intensity is None or then.source is None else (then.intensity, then.source)
        return (then.displacement, then.velocity, energies, *grown)

    rest = [t for t in (here.intensity, here.source, before) if t is not None]
    found: tuple[Tensor, ...] = _Again.apply(  # type: ignore[no-untyped-call]
        step, momentum, here.displacement, here.velocity, *rest
    )
    displacement, velocity, energies, *grown = found
    grown_to, source = grown if changes else (None, None)
    return State(displacement, grown_to, source, velocity, *energies.unbind())


class _Again(torch.autograd.Function):
    """A function of tensors that keeps its inputs only, until its own turn in the backward pass.

    torch's checkpoint keeps them, and part of what it computed again, as long as the graph lives: at
    full resolution that is twice the memory.
    """

    @staticmethod
    def forward(ctx: Any, step: Callable[..., tuple[Tensor, ...]], *inputs: Tensor) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.step = step
        ctx.save_for_backward(*inputs)
        return step(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        inputs = [t.detach().requires_grad_(True) for t in ctx.saved_tensors]
        with torch.enable_grad():
            outputs = ctx.step(*inputs)
        wanted = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None]
        ends, by = zip(*wanted, strict=True)
        return None, *torch.autograd.grad(ends, inputs, by, allow_unused=True)


def _mean(product: Tensor) -> Tensor:
    """Sum over the components, mean over the voxels."""
    return product.sum(dim=0).mean()


def _trapezium(values: Tensor) -> Tensor:
    """Mean over [0, 1] of values at equally spaced times."""
    return (values.sum() - 0.5 * (values[0] + values[-1])) / (len(values) - 1)
