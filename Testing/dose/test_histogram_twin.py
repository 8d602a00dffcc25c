"""The torch path of the histogram, which a GPU takes, against the compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.dose import kernels_torch
from RegSuite.dose.dvh import structure_dvh
from RegSuite.geometry import Grid
from Testing.dose.bodies import OBLIQUE, contours, surface

DEVICE = "cuda" if torch.cuda.is_available() else "cpu:0"
"""cpu:0 takes the torch path on the processor."""


def rough_dose(turn):
    grid = Grid.make((20, 18, 16), (2.5, 2.0, 3.0), turn @ (-24, -17, -22), turn)
    return np.random.default_rng(0).uniform(5, 60, grid.shape).astype(np.float32), grid


def both(body, dose, grid, step_mm=0.8):
    return [
        structure_dvh(body, dose, grid, device=device, step_mm=step_mm).histogram
        for device in ("cpu", DEVICE)
    ]


@pytest.mark.parametrize("turn", [np.eye(3), OBLIQUE], ids=["straight", "oblique"])
@pytest.mark.parametrize(
    "body",
    [surface("sphere", 15.0), contours("cone", 18.0, 3.0), surface("cylinder", 14.0, OBLIQUE, (20, 0, 5))],
    ids=["surface", "contours", "half outside"],
)
def test_a_device_counts_what_the_compiled_kernels_count(body, turn):
    dose, grid = rough_dose(turn)
    ours, other = both(body, dose, grid)
    assert np.array_equal(ours.dose_gy, other.dose_gy)
    assert ours.above_cc == pytest.approx(other.above_cc, abs=1e-6 * ours.covered_cc)
    for name in ("volume_cc", "covered_cc", "mean_gy"):
        assert getattr(ours, name) == pytest.approx(getattr(other, name), rel=1e-7)
    assert (ours.min_gy, ours.max_gy) == pytest.approx((other.min_gy, other.max_gy), rel=1e-6)


def test_a_device_leaves_out_what_is_not_known():
    dose, grid = rough_dose(OBLIQUE)
    dose[5:8, 6:9, 7:10] = np.nan
    ours, other = both(surface("sphere", 20.0), dose, grid)
    assert other.coverage < 0.99
    assert ours.covered_cc == pytest.approx(other.covered_cc, rel=1e-7)
    assert ours.above_cc == pytest.approx(other.above_cc, abs=1e-6 * ours.covered_cc)
    nothing = both(surface("sphere", 20.0), np.full_like(dose, np.nan), grid)
    assert [h.covered_cc for h in nothing] == [0.0, 0.0]
    outside = both(surface("sphere", 10.0, at=(-90, 0, 0)), dose, grid)
    assert [h.covered_cc for h in outside] == [0.0, 0.0]


def test_how_many_pieces_at_once_is_nothing(monkeypatch):
    dose, grid = rough_dose(np.eye(3))
    whole = both(surface("sphere", 15.0), dose, grid)[1]
    monkeypatch.setattr(kernels_torch, "PIECES_AT_ONCE", 2000)
    cut = both(surface("sphere", 15.0), dose, grid)[1]
    assert whole.above_cc == pytest.approx(cut.above_cc, abs=1e-9)
    assert (whole.min_gy, whole.max_gy) == (cut.min_gy, cut.max_gy)
