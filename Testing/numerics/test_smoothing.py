"""Gaussian smoothing: compiled against plain, and against scipy."""

from __future__ import annotations

import pytest
import torch
from scipy.ndimage import gaussian_filter

from RegSuite.numerics.smoothing import TRUNCATE, gaussian, gaussian_taps, sigmas_voxels
from Testing.numerics.twins import SHAPES, plainly, relative, scattered, texture, threads


@pytest.mark.parametrize("sigma", [0.6, (0.0, 1.5, 0.8), (4.0, 0.3, 2.0)])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_compiled_filter_is_the_plain_one_and_scipys(
    shape: tuple[int, ...], sigma: float | tuple[float, ...]
) -> None:
    values = torch.stack([texture(shape, 1), texture(shape, 2)])
    found = gaussian(values, sigma)
    assert relative(found, plainly(lambda: gaussian(values, sigma))) < 1e-6
    sigmas = (sigma,) * 3 if isinstance(sigma, float) else sigma
    along = [s if n > 1 else 0.0 for s, n in zip(sigmas[::-1], shape, strict=True)]
    radii = [len(gaussian_taps(s)) - 1 for s in along]
    truth = gaussian_filter(values[1].double().numpy(), along, mode="nearest", radius=radii)
    assert relative(found[1], torch.from_numpy(truth).float()) < 2e-6


def test_a_plane_is_smoothed_like_a_volume_one_voxel_thick() -> None:
    plane = texture((1, 20, 15))[0][None]
    found = gaussian(plane, (1.0, 2.0))
    assert torch.allclose(found, gaussian(plane[:, None], (1.0, 2.0, 5.0))[:, 0], atol=1e-6)


def test_a_constant_stays_and_a_ramp_stays_inside() -> None:
    assert torch.allclose(gaussian(torch.full((1, 5, 6, 7), 3.0), 2.0), torch.tensor(3.0), atol=1e-5)
    x = torch.arange(40.0).expand(1, 3, 4, 40)
    reach = len(gaussian_taps(2.0)) - 1
    assert reach == round(TRUNCATE * 2.0)
    found = gaussian(x, 2.0)[..., reach:-reach]
    assert torch.allclose(found, x[..., reach:-reach], atol=1e-4)


def test_no_smoothing_gives_a_copy_and_the_input_stays() -> None:
    values = texture((4, 5, 6))[None]
    kept = values.clone()
    found = gaussian(values, 0.0)
    found += 1
    gaussian(values, 1.0, through=torch.empty_like(values))
    assert torch.equal(values, kept)


def test_memory_order_and_threads_do_not_matter() -> None:
    values = texture((9, 10, 11))[None]
    found = []
    for count in (1, 2):
        with threads(count):
            found += [gaussian(values, (1.0, 2.0, 0.7)), gaussian(scattered(values), (1.0, 2.0, 0.7))]
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_millimetres_become_voxels_axis_by_axis() -> None:
    assert sigmas_voxels(3.0, (1.0, 1.5, 6.0)) == [3.0, 2.0, 0.5]
