"""Sampling with torch: the same as the compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.dose.sampling import sample_course
from Testing.dose.bodies import contours, surface
from Testing.dose.sampling.cases import a_grid, a_wavy_course


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
@pytest.mark.parametrize(
    "device",
    ["cpu:0", pytest.param("cuda", marks=pytest.mark.gpu)],
)
def test_torch_gives_what_the_compiled_kernels_give(mapping, device):
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device that torch can use")
    grid = a_grid((16, 14, 10))
    course = a_wavy_course(grid, reach=-12.0)
    bodies = [
        surface("sphere", 24.0, at=(5.0, -3.0, 40.0), name="ptv"),
        contours("cone", 9.0, 1.0, at=(12.0, 0.0, 40.0), name="cord"),
    ]
    settings = {"n": 20, "seed": 4, "mapping": mapping, "alpha_beta": {"ptv": 10.0}}
    plain = sample_course(course, grid, bodies, device=device, slab_mb=0.05, **settings)
    compiled = sample_course(course, grid, bodies, **settings)
    assert np.isfinite(compiled.mean).sum() > 500
    for one, other in ((compiled.physical, plain.physical), (compiled.eqd2[10.0], plain.eqd2[10.0])):
        assert np.array_equal(one.known, other.known)
        for name in ("mean", "sd", "p05", "p95"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4, atol=2e-3)
    assert compiled.folded == pytest.approx(plain.folded)
    for one, other in zip(compiled.dvhs, plain.dvhs, strict=True):
        np.testing.assert_allclose(one.covered_cc, other.covered_cc, rtol=1e-9)
        np.testing.assert_allclose(one.mean_gy, other.mean_gy, rtol=1e-6)
        np.testing.assert_allclose(one.max_gy, other.max_gy, rtol=1e-5)
        axis = np.linspace(10, 200, 40)
        np.testing.assert_allclose(one.volumes_cc(axis), other.volumes_cc(axis), atol=2e-3 * one.volume_cc)
    assert (plain.dvh("cord").eqd2, compiled.dvh("cord").eqd2) == (None, None)
