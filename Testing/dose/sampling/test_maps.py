"""Maps of mean, SD and percentiles of a sampled dose."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from RegSuite.dose.fractionation import eqd2_gy
from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.dose.sampling import SampledFraction, sample_course
from RegSuite.dose.sampling.fraction import drawn_fractions
from RegSuite.dose.uncertainty.samples import DisplacementSamples
from RegSuite.errors import Cancelled, DoseError, GeometryError, InputError
from Testing.dose.sampling.cases import a_grid, a_hill, a_wavy_course, an_uncertainty, linear

GRADIENT = np.array([0.8, -0.5, 0.3])
SIGMA = np.array([2.0, 1.5, 3.0])
AB = {"default": 3.0, "ptv": 10.0}


def all_in_memory(fractions, grid, n, seed, correlation, mapping, alpha_betas=()):
    """[1 + a, n, z, y, x] physical dose and EQD2 of every sample, by map_dose and eqd2_gy."""
    total = np.zeros((1 + len(alpha_betas), n, *grid.shape))
    drawn = drawn_fractions(fractions, grid, n=n, seed=seed, correlation=correlation, mapping=mapping)
    for fraction, made in zip(fractions, drawn, strict=True):
        noise = np.stack([made.noise(k) for k in range(n)])
        samples = DisplacementSamples(made.mean, made.sigma, made.correlation, noise)
        for k in range(n):
            found = map_dose(
                fraction.dose_gy, fraction.dose_grid, samples[k], grid,
                mapping=mapping, density=fraction.density, account=False,
            ).dose_gy  # fmt: skip
            total[0, k] += found
            for a, alpha_beta in enumerate(alpha_betas, 1):
                total[a, k] += eqd2_gy(found, fraction.count, alpha_beta)
    return total


@pytest.mark.parametrize(("mapping", "correlation"), [("ddm", "independent"), ("emt", "same")])
def test_maps_are_those_of_all_samples_held_in_memory(mapping, correlation):
    grid = a_grid()
    fractions = a_wavy_course(grid, reach=-12.0)  # the dose grids end within: samples leave them
    n = 40
    found = sample_course(
        fractions, grid, [], n=n, seed=5, correlation=correlation, mapping=mapping, alpha_beta=AB, workers=2
    )
    total = all_in_memory(fractions, grid, n, 5, correlation, mapping, (3.0, 10.0))
    assert list(found.eqd2) == [3.0]  # no structure is called ptv
    for maps, values in ((found.physical, total[0]), (found.eqd2[3.0], total[1])):
        known = np.isfinite(values).sum(axis=0)
        assert np.array_equal(maps.known, known)
        enough = known >= 38
        assert 100 < enough.sum() < grid.voxels
        for image in (maps.mean, maps.sd, maps.p05, maps.p95):
            assert np.array_equal(np.isfinite(image), enough), "blank where fewer than 95 % know the dose"
        values = values[:, enough]
        np.testing.assert_allclose(maps.mean[enough], np.nanmean(values, axis=0), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(maps.sd[enough], np.nanstd(values, axis=0, ddof=1), rtol=1e-4, atol=1e-4)
        low, high = np.nanpercentile(values, [5, 95], axis=0)
        np.testing.assert_allclose(maps.p05[enough], low, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(maps.p95[enough], high, rtol=1e-5, atol=1e-4)
    assert any("known dose in some samples alone" in text for text in found.warnings)


def test_without_an_sd_every_sample_is_the_nominal_dose():
    grid = a_grid()
    fractions = [
        SampledFraction(*a_hill(grid, reach=10.0), an_uncertainty(grid, (1.0, 2.0, -1.0), (0, 0, 0)))
    ]
    found = sample_course(fractions, grid, [], n=5)
    nominal = map_dose(*a_hill(grid, reach=10.0), fractions[0].uncertainty.displacement.data.numpy(), grid)
    for image in (found.mean, found.p05, found.p95):
        np.testing.assert_array_equal(image, nominal.dose_gy)
    assert found.sd.max() == 0
    assert any("5 samples are coarse" in text for text in found.warnings)


def test_a_linear_dose_has_the_sd_of_the_formula():
    grid, n = a_grid(), 300
    fractions = [
        SampledFraction(*linear(grid, GRADIENT), an_uncertainty(grid, (3.0, 0.0, -2.0), SIGMA, length=8.0))
    ]
    found = sample_course(fractions, grid, [], n=n, seed=1)
    exact = float(np.sqrt(((GRADIENT * SIGMA) ** 2).sum()))
    nominal = 60 + (grid.all_points() + [3.0, 0.0, -2.0]) @ GRADIENT
    error = exact / np.sqrt(n)  # standard error of a mean; of an SD it is 1 / sqrt(2) of this
    assert np.abs(found.mean - nominal).max() < 5 * error
    assert np.abs(found.sd - exact).max() < 5 * error / np.sqrt(2)
    assert found.sd.mean() == pytest.approx(exact, rel=0.01)
    # p95 - p05 of a Gaussian: 3.29 SD; one percentile errs by 2.11 standard errors of the mean
    assert (found.p95 - found.p05).mean() == pytest.approx(3.2897 * exact, rel=0.02)
    assert np.abs((found.p95 - nominal) - 1.6449 * exact).max() < 5 * 2.11 * error


def test_errors_that_are_the_same_in_all_fractions_add_up_and_independent_ones_partly_cancel():
    grid, fractions_given, n = a_grid(), 3, 300
    course = [
        SampledFraction(*linear(grid, GRADIENT), an_uncertainty(grid, sigma=SIGMA, length=8.0))
        for _ in range(fractions_given)
    ]
    exact = float(np.sqrt(((GRADIENT * SIGMA) ** 2).sum()))
    one = sample_course(course[:1], grid, [], n=n)
    same = sample_course(course, grid, [], n=n, correlation="same")
    apart = sample_course(course, grid, [], n=n, correlation="independent")
    np.testing.assert_allclose(same.sd, fractions_given * one.sd, rtol=1e-3)
    assert apart.sd.mean() == pytest.approx(np.sqrt(fractions_given) * exact, rel=0.01)
    assert any("same error" in text for text in same.assumptions)
    assert any("independently" in text for text in apart.assumptions)


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_workers_and_slabs_change_no_bit(mapping):
    from Testing.dose.bodies import surface

    grid = a_grid()
    course = a_wavy_course(grid)
    body = [surface("sphere", 30.0, at=(5.0, -3.0, 40.0), name="ptv")]
    runs = [
        sample_course(
            course, grid, body, n=12, mapping=mapping, alpha_beta=AB, workers=workers, slab_mb=slab_mb
        )
        for workers, slab_mb in ((1, 100.0), (3, 0.01), (2, 0.1))
    ]
    first = runs[0]
    for run in runs[1:]:
        for one, other in ((first.physical, run.physical), (first.eqd2[10.0], run.eqd2[10.0])):
            for name in ("mean", "sd", "p05", "p95", "known"):
                assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for one, other in ((first.dvhs[0], run.dvhs[0]), (first.dvhs[0].eqd2, run.dvhs[0].eqd2)):
            assert np.array_equal(one.above_cc, other.above_cc)
            assert np.array_equal(one.mean_gy, other.mean_gy)
        assert np.array_equal(first.folded, run.folded)


def test_a_deformation_that_is_undefined_somewhere_leaves_the_dose_blank_there():
    grid = a_grid()
    mean = np.zeros((3, *grid.shape), np.float32)
    mean[:, :, :, 12:] = np.nan
    dose, own = a_hill(grid, reach=30.0)
    found = sample_course([SampledFraction(dose, own, an_uncertainty(grid, mean))], grid, [], n=10)
    assert np.isnan(found.mean[:, :, 12:]).all()
    assert (found.physical.known[:, :, 12:] == 0).all()
    assert np.isfinite(found.mean[:, :, :10]).all()
    assert np.isnan(mean[:, :, :, 12:]).all()


def test_more_samples_and_more_fractions_change_none_before_them():
    grid = a_grid()
    course = a_wavy_course(grid)
    few, more = (
        drawn_fractions(course[:m], grid, n=n, seed=9, correlation="independent", mapping="ddm")
        for m, n in ((1, 3), (2, 5))
    )
    assert np.array_equal(few[0].noise(2), more[0].noise(2))
    assert not np.array_equal(more[0].noise(2), more[1].noise(2))
    assert not np.array_equal(more[0].noise(2), more[0].noise(1))
    same = drawn_fractions(course, grid, n=3, seed=9, correlation="same", mapping="ddm")
    assert np.array_equal(same[0].noise(2), same[1].noise(2))


def test_an_sd_that_jumps_folds_samples_and_is_warned_of():
    grid = a_grid()
    sigma = np.where(np.arange(grid.size[0]) % 2, 9.0, 0.5) * np.ones((3, *grid.shape))
    dose, own = a_hill(grid, reach=60.0)
    found = sample_course([SampledFraction(dose, own, an_uncertainty(grid, sigma=sigma))], grid, [], n=10)
    assert found.folded.mean() > 0.01
    assert any("fold in" in text for text in found.warnings)


def test_memory_is_that_of_a_slab_and_not_of_all_samples():
    grid = a_grid((44, 44, 56), (4.0, 4.0, 4.0))
    course = [SampledFraction(*a_hill(grid, reach=10.0), an_uncertainty(grid))]
    n, slab_mb = 120, 2.0
    all_mb = n * grid.voxels * 4 / 1e6
    sample_course(course, grid, [], n=2, workers=2)
    tracemalloc.start()
    sample_course(course, grid, [], n=n, workers=2, slab_mb=slab_mb)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    maps = (4 * 4 + 2) * grid.voxels / 1e6
    assert all_mb > 50
    assert peak < maps + 4 * slab_mb + 6, f"{peak:.0f} MB of {all_mb:.0f} MB"


def test_progress_rises_and_what_it_raises_ends_the_run():
    grid = a_grid()
    course = a_wavy_course(grid)
    said = []
    sample_course(course, grid, [], n=4, progress=lambda part, stage, _: said.append((part, stage)))
    assert [part for part, _ in said] == sorted(part for part, _ in said)
    assert said[0] == (0.0, "sampling")
    assert said[-1] == (1.0, "sampling")

    def stop(part, stage, metrics):
        raise Cancelled

    with pytest.raises(Cancelled):
        sample_course(course, grid, [], n=4, progress=stop)


def test_what_cannot_be_sampled_is_refused_with_the_reason():
    grid = a_grid()
    dose, own = a_hill(grid)
    good = SampledFraction(dose, own, an_uncertainty(grid), name="day1")
    with pytest.raises(InputError, match="no fraction"):
        sample_course([], grid, [])
    with pytest.raises(InputError, match="1 samples"):
        sample_course([good], grid, [], n=1)
    with pytest.raises(InputError, match="sometimes"):
        sample_course([good], grid, [], correlation="sometimes")
    with pytest.raises(GeometryError, match=r"another grid[\s\S]*day1"):
        sample_course([good], a_grid(at=(0, 0, 0)), [])
    with pytest.raises(DoseError, match="density"):
        sample_course([good], grid, [], mapping="emt")
    with pytest.raises(DoseError, match=r"EQD2 of a dose of -"):
        sample_course([SampledFraction(dose - 20, own, good.uncertainty)], grid, [], alpha_beta=AB)
    with pytest.raises(DoseError, match="0 fractions"):
        sample_course([SampledFraction(dose, own, good.uncertainty, count=0)], grid, [])
    other = SampledFraction(dose, own, an_uncertainty(grid, length=9.0))
    with pytest.raises(InputError, match="cannot be the same"):
        sample_course([good, other], grid, [], correlation="same")
