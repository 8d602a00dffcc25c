"""Coverage: a Gaussian that is stated rightly covers what it says; bands of curves that are known."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.coverage import band_coverage, bootstrap, dose_of_volume, vector_coverage
from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
from RegSuite.geometry import Grid, Image

GRID = Grid.make((40, 36, 30), (2.0, 3.0, 4.0))
AXIS = np.linspace(0, 70, 701)


def a_field(values: np.ndarray) -> Image:
    return Image(torch.from_numpy(values).float(), GRID)


def erring(stated: float, rng: np.random.Generator) -> tuple[DeformationUncertainty, Image]:
    """A deformation whose error has an SD of 1 to 3 mm by place, stated `stated` times as large."""
    sd = np.broadcast_to(np.linspace(1, 3, GRID.shape[2]), (3, *GRID.shape))
    u = rng.normal(0, 5, (3, *GRID.shape))
    truth = u + sd * rng.normal(size=u.shape)
    return DeformationUncertainty(a_field(u), a_field(stated * sd)), a_field(truth)


def test_a_gaussian_that_is_stated_rightly_covers_what_it_says():
    found = vector_coverage(*erring(1.0, np.random.default_rng(0)))
    assert found == pytest.approx([0.5, 0.68, 0.9, 0.95], abs=0.005)


def test_an_sd_that_is_too_small_covers_less():
    found = vector_coverage(*erring(0.5, np.random.default_rng(0)))
    normal = NormalDist()
    expected = [2 * normal.cdf(0.5 * normal.inv_cdf(0.5 + n / 2)) - 1 for n in (0.5, 0.68, 0.9, 0.95)]
    assert found == pytest.approx(expected, abs=0.005)


def test_unknown_voxels_and_those_outside_do_not_count():
    uncertain, truth = erring(1.0, np.random.default_rng(0))
    where = np.zeros(GRID.shape, bool)
    where[:10] = True
    expected = vector_coverage(uncertain, truth, where)
    truth.data[:, 10:] = 1000.0
    assert vector_coverage(uncertain, truth, where).tolist() == expected.tolist()
    truth.data[:, 10:] = math.nan
    assert vector_coverage(uncertain, truth).tolist() == expected.tolist()
    assert np.isnan(vector_coverage(uncertain, truth, ~where)).all()


def curves(middles: np.ndarray) -> np.ndarray:
    """DVHs that fall from 1 to 0 over 20 Gy around their middles: [n, 701]."""
    return np.clip(0.5 + (middles[:, None] - AXIS) / 20, 0, 1)


def test_a_curve_within_the_band_is_covered_and_one_beyond_is_not():
    low, high = curves(np.array([38.0, 42.0]))
    inside, beyond = curves(np.array([40.0, 45.0]))
    assert band_coverage(AXIS, low, high, inside) == 1.0
    assert band_coverage(AXIS, low, high, beyond) == 0.0


def test_the_share_is_that_of_the_volume_axis():
    """A curve that runs within the band for the hottest 30 % of the volume, and 1 Gy too cold beyond."""
    low, high = curves(np.array([39.9, 40.1]))
    volume = np.clip(0.5 + (40.0 - AXIS) / 20, 0, 1)
    colder = np.interp(AXIS, AXIS - 1.0, volume)
    truth = np.where(volume < 0.3, volume, np.minimum.accumulate(np.maximum(colder, 0.3)))
    assert band_coverage(AXIS, low, high, truth) == pytest.approx(0.3, abs=0.01)


def test_a_tolerance_widens_the_band_along_the_dose():
    low, high = curves(np.array([39.0, 41.0]))
    (truth,) = curves(np.array([41.5]))
    assert band_coverage(AXIS, low, high, truth, tolerance_gy=0.4) == 0.0
    assert band_coverage(AXIS, low, high, truth, tolerance_gy=0.6) == 1.0


def test_bands_of_samples_cover_the_truth_of_the_same_law_as_often_as_they_say():
    rng = np.random.default_rng(8)
    shares = []
    for _ in range(400):
        low, high = np.quantile(curves(rng.normal(40, 3, 200)), [0.05, 0.95], axis=0)
        (truth,) = curves(rng.normal(40, 3, 1))
        shares.append(band_coverage(AXIS, low, high, truth))
    found = bootstrap(shares, 0.9)
    assert found.low <= 0.9 <= found.high
    assert found.high - found.low < 0.08


def test_the_dose_of_a_volume_is_the_inverse_of_the_curve():
    (curve,) = curves(np.array([40.0]))
    assert dose_of_volume(AXIS, curve, np.array([0.95, 0.5, 0.02])) == pytest.approx([31.0, 40.0, 49.6])


def test_the_bootstrap_interval_holds_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held = [
        (found := bootstrap(rng.beta(9, 1, 60), 0.9, rounds=400)).low <= 0.9 <= found.high for _ in range(300)
    ]
    assert 0.90 <= np.mean(held) <= 0.98


def test_cases_without_the_structure_do_not_count():
    found = bootstrap([0.8, math.nan, 1.0], 0.9)
    assert found.measured == pytest.approx(0.9)
    assert math.isnan(bootstrap([math.nan], 0.9).measured)
