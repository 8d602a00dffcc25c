"""The reproducing kernel of velocities: a sum of Gaussians in mm, symmetric and positive on any lattice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.errors import GeometryError, InputError

Way = Literal["auto", "fft", "separable"]

DROPPED = 1e-5
"""Waves that the kernel damps to under this share of themselves are left out by `separable`."""

REACH = 6.0
"""Where `fft` ends the Gaussians, in standard deviations: 1e-8 of the middle."""

_NS_A_FLOP = 0.009
_NS_A_FOURIER_VALUE = 17.0
"""Measured on two cores: a matrix product's cost, and a padded value's, there and back."""


@dataclass(frozen=True, eq=False)
class ReproducingKernel:
    """K * f = sum of weights[k] G_k * f for f [C, *shape], nothing beyond the lattice.

    G_k: isotropic Gaussian of sigmas_mm[k], sampled at the voxels and scaled to unit integral (its
    values sum to 1), so that K f is in f's unit. <a, K b> = <K a, b> and <a, K a> >= 0 hold because
    G_k is a symmetric Toeplitz matrix along each axis whose transfer is a folded Gaussian.
    Differentiable: its own adjoint. Any floating type. `way`: 'fft' or 'separable', see `of`.
    """

    sigmas_mm: tuple[float, ...]
    weights: tuple[float, ...]
    spacing: tuple[float, ...]
    shape: tuple[int, ...]
    device: str
    way: Way
    _prepared: dict[Any, Any] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(
        sigmas_mm: Sequence[float],
        weights: Sequence[float],
        spacing: Sequence[float],
        shape: Sequence[int],
        *,
        device: torch.device | str = "cpu",
        way: Way = "auto",
    ) -> ReproducingKernel:
        """The kernel on a lattice of `shape` (z, y, x or y, x) and `spacing` (x, y, z), mm.

        way: 'separable' multiplies by a matrix along each axis, after reducing the axis to the matrix's
        own range where that is narrow; 'fft' multiplies padded spectra; 'auto' takes the one that
        costs less for this lattice and these sigmas.
        Raises InputError for a sigma under half a voxel (an axis of one voxel counts as nothing).
        """
        d = len(shape)
        if d not in (2, 3) or len(spacing) != d:
            raise GeometryError(
                f"{len(spacing)} spacings do not fit a lattice of {d} axes", mend="d = 2 or 3"
            )
        if not sigmas_mm or len(sigmas_mm) != len(weights):
            raise InputError(
                f"{len(sigmas_mm)} sigmas and {len(weights)} weights",
                where="kernel",
                mend="give one weight to each sigma, at least one of each",
            )
        if way not in get_args(Way):
            raise InputError(
                f"{way!r} is no way", where="kernel", mend=f"give one of {', '.join(get_args(Way))}"
            )
        for name, numbers in (("sigma", sigmas_mm), ("weight", weights)):
            wrong = [v for v in numbers if not (math.isfinite(v) and v > 0)]
            if wrong:
                raise InputError(
                    f"{name} {wrong[0]:g} of the kernel is not above 0",
                    where="kernel",
                    mend="give numbers above 0",
                )
        coarsest = max((s for s, n in zip(spacing, reversed(shape), strict=True) if n > 1), default=0.0)
        if min(sigmas_mm) < 0.5 * coarsest:
            raise InputError(
                f"a sigma of {min(sigmas_mm):g} mm makes the kernel smaller than a voxel of {coarsest:g} mm",
                where="kernel",
                mend=f"give {0.5 * coarsest:g} mm or more, or a finer grid (2 to 10 voxels are usual)",
            )
        kernel = ReproducingKernel(
            tuple(map(float, sigmas_mm)),
            tuple(map(float, weights)),
            tuple(map(float, spacing)),
            tuple(map(int, shape)),
            str(device),
            way,
        )
        if way == "auto":
            object.__setattr__(kernel, "way", kernel._cheaper())
        return kernel

    @property
    def smallest_sigma(self) -> float:
        """The smallest standard deviation, mm."""
        return min(self.sigmas_mm)

    def __call__(self, values: Tensor) -> Tensor:
        """K * values, [C, *shape]. Raises GeometryError for another shape."""
        if tuple(values.shape[1:]) != self.shape:
            raise GeometryError(f"values of shape {tuple(values.shape)} do not fit a kernel on {self.shape}")
        smoothed: Tensor = _Reproduce.apply(values, self)  # type: ignore[no-untyped-call]
        return smoothed

    def _smooth(self, values: Tensor) -> Tensor:
        return self._by_fft(values) if self.way == "fft" else self._by_matrices(values)

    # by spectra

    @cached_property
    def _reaches(self) -> tuple[int, ...]:
        """Voxels to which the Gaussians reach on the lattice, z first."""
        widest = max(self.sigmas_mm)
        return tuple(
            min(n - 1, math.ceil(REACH * widest / s))
            for n, s in zip(self.shape, reversed(self.spacing), strict=True)
        )

    @cached_property
    def _padded(self) -> tuple[int, ...]:
        """Lengths at which no axis wraps into itself."""
        from scipy.fft import next_fast_len

        pairs = zip(self.shape, self._reaches, strict=True)
        return tuple(int(next_fast_len(n + reach, real=True)) for n, reach in pairs)

    def _transfer(self, values: Tensor) -> Tensor:
        key = ("fft", values.device, values.dtype)
        if key not in self._prepared:
            total: Any = 0.0
            for sigma, weight in zip(self.sigmas_mm, self.weights, strict=True):
                product: Any = weight
                for dim, (reach, long) in enumerate(zip(self._reaches, self._padded, strict=True)):
                    side = _side(reach + 1, sigma / self.spacing[-1 - dim])
                    ring = np.zeros(long)
                    ring[: reach + 1] = side
                    ring[long - reach :] = side[:0:-1]
                    one = np.fft.rfft(ring) if dim == len(self.shape) - 1 else np.fft.fft(ring)
                    product = np.multiply.outer(product, one.real)
                total = total + product
            self._prepared[key] = torch.as_tensor(total, dtype=values.dtype, device=values.device)
        found: Tensor = self._prepared[key]
        return found

    def _by_fft(self, values: Tensor) -> Tensor:
        dims = tuple(range(1, values.ndim))
        spectrum = torch.fft.rfftn(values, s=self._padded, dim=dims)
        spectrum *= self._transfer(values)
        full = torch.fft.irfftn(spectrum, s=self._padded, dim=dims)
        inside: Tensor = full[(slice(None), *(slice(0, n) for n in self.shape))].contiguous()
        return inside

    # by matrices

    @cached_property
    def _axes(self) -> tuple[_Axis, ...]:
        """One matrix a sigma along each axis, z first, each axis in its own range where that costs less."""
        narrow = [
            _Axis.of(n, [sigma / s for sigma in self.sigmas_mm])
            for n, s in zip(self.shape, reversed(self.spacing), strict=True)
        ]
        choices = itertools.product(*((axis, axis.plain()) for axis in narrow))
        return min(choices, key=lambda axes: _flops(axes, len(self.sigmas_mm)))

    def _matrices(self, values: Tensor) -> tuple[list[Tensor | None], list[list[Tensor]]]:
        key = ("separable", values.device, values.dtype)
        if key not in self._prepared:
            kind: dict[str, Any] = {"dtype": values.dtype, "device": values.device}
            bases = [None if a.basis is None else torch.as_tensor(a.basis, **kind) for a in self._axes]
            cores = []
            for k, weight in enumerate(self.weights):
                scaled = [a.cores[k] * (weight if dim == 0 else 1.0) for dim, a in enumerate(self._axes)]
                cores.append([torch.as_tensor(m, **kind) for m in scaled])
            self._prepared[key] = bases, cores
        found: tuple[list[Tensor | None], list[list[Tensor]]] = self._prepared[key]
        return found

    def _by_matrices(self, values: Tensor) -> Tensor:
        bases, cores = self._matrices(values)
        dims = range(len(self.shape))
        small = values
        for dim in reversed(dims):  # the last axis first: its rows lie together
            basis = bases[dim]
            small = small if basis is None else _along(basis.mT, small, dim + 1)
        total: Tensor | None = None
        for matrices in cores:
            part = small
            for dim in reversed(dims):
                part = _along(matrices[dim], part, dim + 1)
            total = part if total is None else total.add_(part)
        assert total is not None
        for dim in dims:
            basis = bases[dim]
            total = total if basis is None else _along(basis, total, dim + 1)
        return total

    def _cheaper(self) -> Way:
        """The way that costs less by the measured prices."""
        if not self.device.startswith("cpu"):
            return "fft"
        flops = _flops(self._axes, len(self.sigmas_mm))
        return "separable" if flops * _NS_A_FLOP < math.prod(self._padded) * _NS_A_FOURIER_VALUE else "fft"


@dataclass(frozen=True, eq=False)
class _Axis:
    """The Toeplitz matrices of all sigmas along one axis, in a basis [length, rank] or in none."""

    length: int
    basis: NDArray[np.float64] | None
    cores: tuple[NDArray[np.float64], ...]
    matrices: tuple[NDArray[np.float64], ...]

    @property
    def rank(self) -> int:
        """Values along the axis once it is in its basis."""
        return len(self.cores[0])

    @staticmethod
    def of(n: int, sigmas_voxels: Sequence[float]) -> _Axis:
        apart = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        matrices = tuple(_side(n, sigma)[apart] for sigma in sigmas_voxels)
        squares, vectors = np.linalg.eigh(sum(m @ m for m in matrices))  # small: every matrix damps it
        basis = np.ascontiguousarray(vectors[:, squares > DROPPED**2])
        return _Axis(n, basis, tuple(_symmetric(basis.T @ m @ basis) for m in matrices), matrices)

    def plain(self) -> _Axis:
        """The same without a basis."""
        return _Axis(self.length, None, self.matrices, self.matrices)


def _flops(axes: Sequence[_Axis], sums: int) -> float:
    """Multiplications and additions for one channel, by `ReproducingKernel._by_matrices`."""
    size = float(math.prod(axis.length for axis in axes))
    flops = 0.0
    for axis in reversed(axes):
        if axis.basis is not None:
            flops += 4 * size * axis.rank
            size *= axis.rank / axis.length
    return flops + sums * sum(2 * size * axis.rank for axis in axes)


class _Reproduce(torch.autograd.Function):
    """The kernel as a differentiable map: symmetric, so that its backward is itself."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, kernel: ReproducingKernel) -> Tensor:
        ctx.kernel = kernel
        return kernel._smooth(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Reproduce.apply(gradient, ctx.kernel), None  # type: ignore[no-untyped-call]


def _side(n: int, sigma_voxels: float) -> NDArray[np.float64]:
    """One side [n] of the Gaussian sampled at 0 .. n - 1 voxels, all of whose samples sum to 1."""
    reach = max(n - 1, math.ceil(9 * sigma_voxels))
    side = np.exp(-0.5 * (np.arange(reach + 1) / sigma_voxels) ** 2)
    found: NDArray[np.float64] = side[:n] / (side[0] + 2 * side[1:].sum())
    return found if n > 1 else np.ones(1)


def _along(matrix: Tensor, values: Tensor, dim: int) -> Tensor:
    """matrix [m, n] times values [C, *S] along one dimension of length n."""
    if dim == values.ndim - 1:
        return torch.matmul(values.reshape(-1, values.shape[-1]), matrix.mT).reshape(*values.shape[:-1], -1)
    rest = values.shape[dim + 1 :]
    flat = values.reshape(-1, values.shape[dim], math.prod(rest))
    return torch.matmul(matrix, flat).reshape(*values.shape[:dim], -1, *rest)


def _symmetric(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * (matrix + matrix.T))
