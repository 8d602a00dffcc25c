"""Gamma: formulas for linear doses, invariances, the plain twin, and what is not judged."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.gamma import GammaCriteria, gamma
from RegSuite.dose.kernels_plain import gamma_at
from RegSuite.errors import DoseError
from RegSuite.geometry import Grid
from Testing.dose.bodies import OBLIQUE, linear_dose


def smooth_dose(seed, shape=(12, 14, 16), steepest=8.0):
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    waves = gaussian_filter(rng.normal(size=shape), 2.0)
    return (60 + steepest / 2 * waves / np.abs(waves).max()).astype(np.float32)


def test_a_dose_agrees_with_itself():
    dose, grid = smooth_dose(1), Grid.make((16, 14, 12), 2.5)
    for interpolated in (True, False):
        found = gamma(dose, grid, dose, grid, GammaCriteria(interpolated=interpolated))
        assert found.values.max() == pytest.approx(0, abs=1e-6)
        assert found.pass_rate_percent == 100


@pytest.mark.parametrize("local", [False, True])
def test_a_uniform_dose_that_differs_has_the_ratio_to_the_criterion(local):
    grid = Grid.make((8, 8, 8), 2.0)
    dose = np.full(grid.shape, 50.0, np.float32)
    dose[:4] = 40.0
    found = gamma(dose, grid, dose * np.float32(1.02), grid, GammaCriteria(3, 0.01, local=local, max_gamma=5))
    share = dose / (dose if local else 50.0)
    assert found.values == pytest.approx(2 / 3 * share, rel=2e-3)


def test_in_a_linear_dose_gamma_is_the_distance_to_the_wanted_dose_in_both_measures():
    """An offset c on a slope s: gamma = (c / D) / sqrt(1 + (s d / D)^2), D dose and d distance criterion."""
    slope, offset = np.array([0.8, -0.5, 1.1]), 2.5
    dose, grid = linear_dose(slope, 60.0, (30, 30, 30), (2.0, 2.2, 1.7))
    criteria = GammaCriteria(3, 3, normalisation_gy=60.0, max_gamma=3)
    found = gamma(dose, grid, dose + np.float32(offset), grid, criteria)
    allowed = 0.03 * 60
    wanted = offset / allowed / np.sqrt(1 + (np.linalg.norm(slope) * 3 / allowed) ** 2)
    middle = found.values[8:-8, 8:-8, 8:-8]
    assert middle == pytest.approx(np.full(middle.shape, wanted), rel=2e-3)


def test_turning_patient_and_doses_together_changes_nothing():
    doses = smooth_dose(2), smooth_dose(3)
    straight = Grid.make((16, 14, 12), (2.5, 2.0, 3.0), (-20, -14, -18))
    turned = Grid.make((16, 14, 12), (2.5, 2.0, 3.0), OBLIQUE @ (-20, -14, -18), OBLIQUE)
    a = gamma(doses[0], straight, doses[1], straight, GammaCriteria()).values
    b = gamma(doses[0], turned, doses[1], turned, GammaCriteria()).values
    assert a == pytest.approx(b, abs=2e-3)


def test_swapping_the_axes_of_both_doses_swaps_those_of_gamma():
    a, b = smooth_dose(4), smooth_dose(5)
    grid, other = Grid.make((16, 14, 12), (2.5, 2.0, 3.0)), Grid.make((12, 14, 16), (3.0, 2.0, 2.5))
    one = gamma(a, grid, b, grid, GammaCriteria(2, 2)).values
    two = gamma(a.T.copy(), other, b.T.copy(), other, GammaCriteria(2, 2)).values
    assert one == pytest.approx(two.T, abs=1e-5)


@pytest.mark.parametrize("steepest", [8.0, 80.0])
def test_the_search_finds_what_looking_everywhere_finds(steepest):
    """The plain twin looks at a lattice of 0.1 mm; what it finds is never below the true minimum."""
    reference, evaluated = smooth_dose(6, steepest=steepest), smooth_dose(7, steepest=steepest)
    grid = Grid.make((16, 14, 12), (2.5, 2.0, 3.0))
    found = gamma(
        reference, grid, evaluated, grid, GammaCriteria(2, 1.5, cutoff_percent=0, normalisation_gy=40.0)
    ).values
    rng = np.random.default_rng(0)
    places = np.stack([rng.integers(0, n, 60) for n in (16, 14, 12)], axis=1)
    values = reference[places[:, 2], places[:, 1], places[:, 0]].astype(float)
    plain = gamma_at(
        values, places.astype(float), evaluated, np.array(grid.spacing), np.full(60, 0.02 * 40), 1.5, 2.0, 0.1
    )
    ours = found[places[:, 2], places[:, 1], places[:, 0]]
    assert (ours <= plain + 0.02).all()
    assert ours == pytest.approx(plain, abs=0.02 + 0.1 / 1.5)


def test_an_evaluated_dose_on_another_grid_gives_the_same():
    slope = [0.8, -0.5, 1.1]
    dose, grid = linear_dose(slope, 60.0, (20, 20, 20), (2.0, 2.0, 2.0))
    fine, fine_grid = linear_dose(slope, 61.0, (50, 40, 52), (1.1, 1.3, 1.2), OBLIQUE)
    criteria = GammaCriteria(3, 3, normalisation_gy=60.0)
    other = gamma(dose, grid, fine, fine_grid, criteria)
    same = gamma(dose, grid, dose + np.float32(1), grid, criteria)
    middle = (slice(8, 12),) * 3
    assert other.values[middle] == pytest.approx(same.values[middle], abs=0.01)


def test_voxels_below_the_cut_off_or_beyond_the_evaluated_dose_are_not_judged():
    grid = Grid.make((10, 10, 10), 2.0)
    dose = np.full(grid.shape, 50.0, np.float32)
    dose[0] = 2.0
    part = Grid.make((5, 10, 10), 2.0)
    found = gamma(dose, grid, dose[:, :, :5], part, GammaCriteria())
    assert np.isnan(found.values[0]).all()
    assert found.judged.sum() == 9 * 10 * 5
    assert found.outside == 9 * 10 * 5
    assert np.isnan(found.values[1:, :, 5:]).all(), "unknown, not 0"


def test_a_dose_of_one_plane_is_judged_in_its_plane():
    grid = Grid.make((20, 20, 1), 2.0)
    x = grid.all_points()[..., 0]
    dose = (20 + x).astype(np.float32)
    found = gamma(dose, grid, dose + np.float32(1), grid, GammaCriteria(3, 3, normalisation_gy=50.0))
    wanted = 1 / 1.5 / np.sqrt(1 + (3 / 1.5) ** 2)
    assert found.values[0, 5:15, 5:15] == pytest.approx(np.full((10, 10), wanted), rel=2e-3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"percent": 0}, "percent is 0"),
        ({"distance_mm": float("nan")}, "distance_mm is nan"),
        ({"cutoff_percent": 100}, "cut-off of 100"),
        ({"local": True, "cutoff_percent": 0}, "local percentage of a dose of 0"),
    ],
)
def test_criteria_that_cannot_be_are_refused(options, words):
    with pytest.raises(DoseError, match=words):
        GammaCriteria(**options)


def test_doses_that_do_not_meet_are_refused():
    grid, far = Grid.make((6, 6, 6), 2.0), Grid.make((6, 6, 6), 2.0, (500, 0, 0))
    dose = np.full(grid.shape, 5.0, np.float32)
    with pytest.raises(DoseError, match="reaches no reference voxel"):
        gamma(dose, grid, dose, far, GammaCriteria())
    with pytest.raises(DoseError, match=r"no reference voxel reaches 10 % of 5000 Gy"):
        gamma(dose, grid, dose, grid, GammaCriteria(normalisation_gy=5000.0))
    with pytest.raises(DoseError, match="0 Gy at most"):
        gamma(dose * 0, grid, dose, grid, GammaCriteria())


def test_a_dose_that_is_not_known_is_neither_judged_nor_agreed_with():
    grid = Grid.make((16, 14, 12), (2.5, 2.0, 3.0), (-20, -14, -18), OBLIQUE)
    dose = smooth_dose(4)
    holes = dose.copy()
    holes[:, :, :6] = np.nan
    for interpolated in (True, False):
        criteria = GammaCriteria(interpolated=interpolated)
        found = gamma(holes, grid, dose, grid, criteria)
        assert not found.judged[:, :, :6].any()
        assert found.judged[:, :, 6:].all()
        found = gamma(dose, grid, holes, grid, criteria)
        assert not found.judged[:, :, :6].any()
        assert found.values[:, :, 6:] == pytest.approx(0, abs=1e-6)
        assert found.outside == 12 * 14 * 6
        # 20 % more is nowhere met: a hole must not lend the doses between itself and its neighbours
        assert gamma(dose * np.float32(0.8), grid, holes, grid, criteria).values[:, :, 6:].min() > 1
