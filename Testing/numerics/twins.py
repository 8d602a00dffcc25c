"""What the numerics' tests share: smooth random images, and the plain torch path on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import numba
import pytest
import torch
from torch import Tensor

from RegSuite.numerics import kernels
from RegSuite.numerics.smoothing import gaussian

T = TypeVar("T")

SHAPES = {
    "odd": (13, 11, 17),
    "one slice": (1, 15, 14),
    "one column": (20, 9, 1),
    "thinner than a window": (3, 2, 5),
}


def texture(shape: tuple[int, ...], seed: int = 0, sigma: float = 1.2) -> Tensor:
    """A smooth random image [*shape] with values 0..1."""
    noise = torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))
    image = gaussian(noise, sigma)[0]
    return ((image - image.min()) / (image.max() - image.min())).contiguous()


def scattered(values: Tensor) -> Tensor:
    """The same values in memory that is not contiguous."""
    wide = torch.zeros((*values.shape[:-1], 2 * values.shape[-1]), dtype=values.dtype)
    wide[..., ::2] = values
    return wide[..., ::2] if values.shape[-1] > 1 else values.movedim(-1, 0).contiguous().movedim(0, -1)


def plainly(call: Callable[[], T]) -> T:
    """What the plain torch twin gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "serves", lambda *tensors: False)
        return call()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """The compiled kernels on `count` threads; the test is skipped where the machine has fewer."""
    if count > numba.config.NUMBA_NUM_THREADS:
        pytest.skip(f"needs {count} threads, this machine has {numba.config.NUMBA_NUM_THREADS}")
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def relative(found: Tensor, truth: Tensor) -> float:
    """Largest difference over the largest value of the truth."""
    return float((found - truth).abs().max() / truth.abs().max())
