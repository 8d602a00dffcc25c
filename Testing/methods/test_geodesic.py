"""The geodesic equations: against another solver in the paper's variables, conservation, order, momenta."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.geometry import Grid
from RegSuite.methods.shooting.geodesic import Dynamics, Geodesic, Momentum, shoot
from RegSuite.methods.shooting.metric import Metric
from RegSuite.numerics.flow import exponential
from RegSuite.numerics.pull import pull
from RegSuite.numerics.reproducing import ReproducingKernel
from RegSuite.numerics.slopes import push, slopes, stretch

FINE = ((144, 180), (0.4, 0.33))
"""Shape and spacing of a lattice of about 60 x 60, on which the bumps below span 12 voxels and more."""
COARSE = ((72, 90), (0.8, 0.66))
VOLUME = ((48, 44, 52), (1.0, 1.2, 1.5))
FINE_VOLUME = ((72, 68, 76), (0.7, 0.85, 1.0))


def lattice(shape: tuple[int, ...], spacing: tuple[float, ...]) -> Tensor:
    """Coordinates [*shape, d] about the middle."""
    size = tuple(reversed(shape))
    origin = [-(n - 1) * s / 2 for n, s in zip(size, spacing, strict=True)]
    return torch.from_numpy(Grid.make(size, spacing, origin).all_points())


def bump(points: Tensor, middle: tuple[float, float], width: float) -> Tensor:
    """A Gaussian of height 1 about a point of the first two axes (and 0 of the third)."""
    away = points.clone()
    away[..., 0] -= middle[0]
    away[..., 1] -= middle[1]
    return torch.exp(-away.square().sum(-1) / (2 * width**2))


def constant(points: Tensor, time: float) -> Tensor:
    return bump(points, (2.0, 0.0), 6.0 if points.shape[-1] == 2 else 10.0)


def growing(points: Tensor, time: float) -> Tensor:
    return time * bump(points, (2.0, 0.0), 6.0)


Weight = Callable[[Tensor, float], Tensor]


def setting(
    where: tuple[tuple[int, ...], tuple[float, ...]],
    *,
    steps: int = 12,
    largest: float = 3.0,
    weight: Weight | None = None,
    gain: float = 0.0,
    momentum: Momentum = "image",
    dtype: torch.dtype = torch.float32,
    sigma: float = 6.0,
) -> tuple[Dynamics, Tensor]:
    """Two bumps of intensity, and two of z_0 scaled so that no initial velocity exceeds `largest`."""
    points = lattice(*where)
    scale = 1.0 if len(where[0]) == 2 else 1.8  # volumes are coarse
    source = bump(points, (4.0 * scale, 0.0), 5.0 * scale) - 0.7 * bump(
        points, (0.0, -5.0 * scale), 4.5 * scale
    )
    z = bump(points, (5.0 * scale, 3.0 * scale), 4.0 * scale) - 0.8 * bump(
        points, (-3.0 * scale, -4.0 * scale), 4.0 * scale
    )
    kernel = ReproducingKernel.of((sigma * scale,), (1.0,), where[1], where[0])
    source, z = source[None].to(dtype), z[None].to(dtype)
    speed = kernel(push(z, source, where[1])).square().sum(dim=0).max().sqrt()
    times = [t / steps for t in range(steps + 1)]
    over_time = None if weight is None else torch.stack([weight(points, t) for t in times]).to(dtype)
    dynamics = Dynamics(source, kernel, where[1], steps, momentum, over_time, gain)
    return dynamics, z * (largest / float(speed))


def rms(values: Tensor) -> float:
    return float(values.square().mean().sqrt())


class Paper:
    """Equation 4 of weighted metamorphosis in its own variables, on a periodic lattice.

    v = -(rho / mu) K (z grad I), dz/dt = -div(z v), dI/dt = -grad I . v + mu M z by Fourier
    derivatives and the fourth-order Runge-Kutta rule, in float64: nothing of the engine in it.
    """

    def __init__(
        self, where: tuple[tuple[int, ...], tuple[float, ...]], sigma: float, weight: Weight
    ) -> None:
        shape, spacing = where
        ny, nx = shape
        self.ky = 2 * np.pi * np.fft.fftfreq(ny, spacing[1])[:, None]
        self.kx = 2 * np.pi * np.fft.fftfreq(nx, spacing[0])[None]
        self.smooth = np.exp(-0.5 * sigma**2 * (self.kx**2 + self.ky**2))
        self.points, self.weight = lattice(*where), weight

    def slope(self, f: np.ndarray, k: np.ndarray) -> np.ndarray:
        return np.fft.ifft2(1j * k * np.fft.fft2(f)).real

    def velocity(self, image: np.ndarray, z: np.ndarray, ratio: float) -> tuple[np.ndarray, np.ndarray]:
        parts = (ratio * z * self.slope(image, k) for k in (self.kx, self.ky))
        x, y = (-np.fft.ifft2(self.smooth * np.fft.fft2(p)).real for p in parts)
        return x, y

    def energies(
        self, image: np.ndarray, z: np.ndarray, time: float, mu: float, rho: float
    ) -> tuple[float, float]:
        """||v||_V^2 and rho <z, M z>, means over the voxels."""
        x, y = self.velocity(image, z, rho / mu)
        pushed = [(rho / mu) * z * self.slope(image, k) for k in (self.kx, self.ky)]
        kinetic = -float((x * pushed[0] + y * pushed[1]).mean())
        return kinetic, rho * float((self.weight(self.points, time).numpy() * z * z).mean())

    def solve(
        self, image: np.ndarray, z: np.ndarray, mu: float, rho: float, steps: int
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """(I, z) at all times."""

        def rate(state: np.ndarray, time: float) -> np.ndarray:
            image, z = state
            x, y = self.velocity(image, z, rho / mu)
            gained = mu * self.weight(self.points, time).numpy() * z
            flowed = self.slope(image, self.kx) * x + self.slope(image, self.ky) * y
            return np.stack([gained - flowed, -self.slope(z * x, self.kx) - self.slope(z * y, self.ky)])

        path, dt = [np.stack([image, z])], 1 / steps
        for n in range(steps):
            s, t = path[-1], n * dt
            a = rate(s, t)
            b = rate(s + dt / 2 * a, t + dt / 2)
            c = rate(s + dt / 2 * b, t + dt / 2)
            d = rate(s + dt * c, t + dt)
            path.append(s + dt / 6 * (a + 2 * b + 2 * c + d))
        return [(image, z) for image, z in path]


@pytest.mark.parametrize("weight", [constant, growing], ids=["constant", "evolving"])
def test_the_path_is_that_of_the_papers_equation_in_its_own_variables(weight: Weight) -> None:
    mu, rho, steps = 0.2, 3.0, 12
    dynamics, z = setting(FINE, steps=steps, weight=weight, gain=mu**2 / rho)
    found = shoot(dynamics, z, keep=True)
    paper = Paper(FINE, 6.0, weight)
    source = dynamics.source[0].double().numpy()
    truth = paper.solve(source, mu / rho * z[0].double().numpy(), mu, rho, 60)
    last = found.last
    assert last.intensity is not None
    final = pull(dynamics.source, last.displacement, dynamics.spacing) + last.intensity
    change = truth[-1][0] - source
    assert np.abs(change).max() > 0.5
    assert rms(final[0].double() - torch.from_numpy(truth[-1][0])) < 0.02 * rms(torch.from_numpy(change))
    for n in (0, 4, 8, 12):
        kinetic, added = paper.energies(*truth[5 * n], n / steps, mu, rho)
        whole = kinetic + added
        assert float(found.kinetic[n]) == pytest.approx(kinetic, abs=0.015 * whole)
        assert float(found.added[n]) == pytest.approx(added, abs=0.015 * whole)


@pytest.mark.parametrize("where", [FINE, VOLUME], ids=["2D", "3D"])
def test_lddmm_keeps_the_norm_of_its_velocity_to_one_percent(where) -> None:
    path = shoot(*setting(where, steps=12, largest=4.0))
    speed = path.kinetic.sqrt()
    assert float(path.last.displacement.abs().max()) > 3.0
    assert float((speed / speed[0] - 1).abs().max()) < 0.01
    assert not path.added.any()


@pytest.mark.parametrize(("where", "gain"), [(FINE, 0.0025), (FINE_VOLUME, 0.0008)], ids=["2D", "3D"])
def test_a_constant_weight_keeps_the_sum_of_both_energies_to_one_percent(where, gain: float) -> None:
    # gain = mu^2 / rho with mu != rho: the sum is in the scaled momentum (rho / mu) z
    path = shoot(*setting(where, steps=12, largest=2.0, weight=constant, gain=gain))
    total = path.kinetic + path.added
    assert float(path.added[0] - path.added[-1]) > 0.1 * float(total[0])  # one turns into the other
    assert float((total / total[0] - 1).abs().max()) < 0.01
    assert not path.work.any()


def test_an_evolving_weight_feeds_in_what_it_grows_by() -> None:
    path = shoot(*setting(FINE, steps=12, weight=growing, gain=0.015))
    energy = path.kinetic + path.added
    risen = float(energy[-1] - energy[0])
    assert risen > 2 * float(energy[0])
    assert float(path.work.sum()) == pytest.approx(risen, rel=0.015)
    assert path.drift < 0.01


def test_what_an_evolving_weight_feeds_in_is_known_to_second_order() -> None:
    coarse, fine = (
        shoot(*setting(FINE, steps=n, largest=5.0, weight=growing, gain=0.02)).drift for n in (3, 6)
    )
    assert fine < coarse / 3


@pytest.mark.parametrize(("weight", "gain"), [(None, 0.0), (growing, 0.015)], ids=["lddmm", "evolving"])
def test_the_integration_is_of_second_order_in_time(weight: Weight | None, gain: float) -> None:
    where = ((384, 400), (0.15, 0.15))  # so fine that only the steps' error is left
    ends = [
        shoot(*setting(where, steps=n, largest=6.0, weight=weight, gain=gain)).last.displacement
        for n in (4, 8, 16)
    ]
    assert rms(ends[1] - ends[2]) < rms(ends[0] - ends[1]) / 3


def test_halving_the_voxels_quarters_the_loss_of_energy() -> None:
    coarse, fine = (shoot(*setting(where, steps=12)).drift for where in (COARSE, FINE))
    assert fine < coarse / 3


@pytest.mark.parametrize("where", [FINE, VOLUME], ids=["2D", "3D"])
def test_a_vector_momentum_z_grad_s_goes_the_same_way_as_z(where) -> None:
    dynamics, z = setting(where)
    by_image = shoot(dynamics, z)
    by_vector = shoot(replace(dynamics, momentum="vector"), -push(z, dynamics.source, dynamics.spacing))
    apart = by_vector.last.displacement - by_image.last.displacement
    assert rms(apart) < 0.01 * rms(by_image.last.displacement)
    assert by_vector.drift < 0.01


def test_a_momentum_that_is_no_gradient_keeps_its_energy_too() -> None:
    dynamics, z = setting(FINE, momentum="vector")
    swirl = push(z, dynamics.source, dynamics.spacing).flip(0) * torch.tensor([1.0, -1.0]).reshape(2, 1, 1)
    path = shoot(dynamics, swirl)
    assert float(path.last.displacement.abs().max()) > 2.0
    assert path.drift < 0.01


@pytest.mark.parametrize("where", [FINE, VOLUME], ids=["2D", "3D"])
def test_the_stationary_form_is_the_exponential_of_its_velocity(where) -> None:
    dynamics, z = setting(where, momentum="stationary")
    m = -push(z, dynamics.source, dynamics.spacing)
    path = shoot(dynamics, m)
    truth = exponential(-dynamics.kernel(m), dynamics.spacing)
    assert rms(path.last.displacement - truth) < 0.015 * rms(truth)
    assert float((path.kinetic / path.kinetic[0] - 1).abs().max()) == 0.0


def test_the_momentum_backwards_undoes_the_path() -> None:
    # the geodesic from I_1 with -z_1 ends at S: z_1 = det(D psi) z_0 o psi
    dynamics, z = setting(FINE)
    there = shoot(dynamics, z).last
    spacing = dynamics.spacing
    image = pull(dynamics.source, there.displacement, spacing)
    z_1 = pull(z, there.displacement, spacing) * stretch(there.displacement, spacing)
    back = shoot(replace(dynamics, source=image), -z_1).last
    assert rms(pull(image, back.displacement, spacing) - dynamics.source) < 0.02 * rms(
        image - dynamics.source
    )


def test_no_momentum_is_no_motion() -> None:
    dynamics, z = setting(COARSE, weight=constant, gain=1.0)
    path = shoot(dynamics, torch.zeros_like(z))
    assert path.last.intensity is not None
    assert not path.last.displacement.any()
    assert not path.last.intensity.any()
    assert path.drift == 0.0


def test_turning_the_lattice_about_turns_the_path() -> None:
    dynamics, z = setting(((60, 60), (1.0, 1.0)))
    turned = replace(dynamics, source=dynamics.source.mT.contiguous())
    path, other = shoot(dynamics, z), shoot(turned, z.mT.contiguous())
    expected = path.last.displacement.flip(0).mT
    assert torch.allclose(other.last.displacement, expected, atol=1e-4)


def test_kept_states_are_those_of_a_path_that_keeps_none() -> None:
    dynamics, z = setting(COARSE, weight=growing, gain=0.01)
    kept, bare = shoot(dynamics, z, keep=True), shoot(dynamics, z)
    assert len(kept.states) == dynamics.steps + 1
    assert bare.states == ()
    assert torch.equal(kept.states[-1].displacement, bare.last.displacement)
    assert torch.equal(kept.kinetic, bare.kinetic)
    action = [float(a) for a in kept.action]
    for mean, parts in zip(action, (kept.kinetic, kept.added), strict=True):
        assert mean == pytest.approx(float(np.trapezoid(parts.numpy(), dx=1 / dynamics.steps)), rel=1e-5)


def test_a_tick_comes_after_each_step() -> None:
    ticks: list[int] = []
    dynamics, z = setting(COARSE, steps=7)
    shoot(replace(dynamics, tick=lambda: ticks.append(1)), z)
    assert len(ticks) == 7


SMALL = ((22, 26), (1.9, 1.6))


def energy(path: Geodesic) -> Tensor:
    """Something that every part of the path enters."""
    last = path.last
    wave = torch.linspace(0, 3, last.displacement.numel(), dtype=last.displacement.dtype).sin()
    total = (last.displacement.flatten() * wave).sum() + path.action[0] + path.action[1] + path.work.sum()
    if last.intensity is not None:
        total = total + (last.intensity.flatten() * wave[: last.intensity.numel()]).sum()
    return total


@pytest.mark.parametrize(
    ("momentum", "weight"),
    [("image", None), ("image", growing), ("vector", None), ("stationary", None)],
    ids=["image", "weighted", "vector", "stationary"],
)
def test_the_gradient_is_that_of_finite_differences(momentum: Momentum, weight: Weight | None) -> None:
    dynamics, z = setting(SMALL, steps=4, weight=weight, gain=0.02, momentum=momentum, dtype=torch.float64)
    start = z if momentum == "image" else -push(z, dynamics.source, dynamics.spacing)
    leaf = start.clone().requires_grad_(True)
    (gradient,) = torch.autograd.grad(energy(shoot(dynamics, leaf)), leaf)
    along = torch.randn(start.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    along *= start.abs().max() * 1e-6
    there, back = (float(energy(shoot(dynamics, start + sign * along))) for sign in (1, -1))
    assert float((gradient * along).sum()) == pytest.approx((there - back) / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("momentum", "weight"),
    [("image", None), ("image", growing), ("vector", None), ("stationary", None)],
    ids=["image", "weighted", "vector", "stationary"],
)
def test_steps_done_again_give_the_same_gradient(momentum: Momentum, weight: Weight | None) -> None:
    dynamics, z = setting(SMALL, steps=4, weight=weight, gain=0.02, momentum=momentum)
    start = z if momentum == "image" else -push(z, dynamics.source, dynamics.spacing)
    found = []
    for spare in (False, True):
        leaf = start.clone().requires_grad_(True)
        path = shoot(dynamics, leaf, spare_memory=spare)
        found.append((path, torch.autograd.grad(energy(path), leaf)[0]))
    assert torch.equal(found[0][0].last.displacement, found[1][0].last.displacement)
    assert torch.equal(found[0][0].work, found[1][0].work)
    assert torch.allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-5 * float(found[0][1].abs().max()))


def test_steps_done_again_are_not_kept() -> None:
    held = []
    dynamics, z = setting(COARSE, steps=12, weight=growing, gain=0.01)
    for spare in (False, True):
        seen: dict[int, int] = {}

        def note(tensor: Tensor, seen: dict[int, int] = seen) -> Tensor:
            seen[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            path = shoot(dynamics, z.clone().requires_grad_(True), spare_memory=spare)
        held.append(sum(seen.values()) / (z.numel() * z.element_size()))
        del path
    assert held[1] < 10 * 12  # of a step its displacement, velocity, intensity and source: 6 values a pixel
    assert held[1] < held[0] / 2


def test_steps_done_again_are_let_go_as_the_backward_pass_comes_by() -> None:
    dynamics, z = setting(COARSE, steps=6, weight=growing, gain=0.01)
    leaf = z.clone().requires_grad_(True)
    path = shoot(dynamics, leaf, spare_memory=True, keep=True)
    held = [weakref.ref(state.velocity) for state in path.states[1:-1]]
    total = energy(path)
    del path
    assert all(ref() is not None for ref in held)
    torch.autograd.grad(total, leaf)
    assert all(ref() is None for ref in held)


def test_the_metric_is_symmetric_and_its_quadratic_form_the_energy_at_the_start() -> None:
    dynamics, z = setting(COARSE, weight=constant, gain=0.02)
    metric = Metric(dynamics, torch.ones(()))
    other = z.flip(-1) * 0.3
    assert float((other * metric(z)).sum()) == pytest.approx(float((z * metric(other)).sum()), rel=1e-3)
    path = shoot(dynamics, z)
    assert float((z * metric(z)).sum()) / z.numel() == pytest.approx(
        float(path.kinetic[0] + path.added[0]), rel=1e-4
    )


def test_the_metrics_equations_are_solved() -> None:
    dynamics, z = setting(SMALL, weight=constant, gain=0.02)
    metric = Metric(dynamics, torch.full((1, 1, 1), 0.7))
    damping = 1e-2
    right = metric(z) + damping * metric.largest * z
    assert rms(metric.solve(right, damping, 200) - z) < 0.01 * rms(z)
    assert metric.largest == pytest.approx(float(metric(z).norm() / z.norm()), rel=10)
    assert math.isclose(rms(slopes(dynamics.source, dynamics.spacing) - metric.gradient), 0.0)
