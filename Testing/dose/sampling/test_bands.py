"""DVH bands: points of a structure, volumes and metrics over samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.dose.dvh import structure_dvh
from RegSuite.dose.fractionation import eqd2_gy
from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.dose.metrics import parse_metric
from RegSuite.dose.sampling import SampledFraction, sample_course
from RegSuite.dose.sampling.quadrature import cells, cells_histogram, structure_quadrature
from RegSuite.dose.sampling.sampled_dvh import SampledDvh
from RegSuite.errors import DoseError
from RegSuite.geometry import Image
from RegSuite.geometry.structure import VoxelStructure
from Testing.dose.bodies import OBLIQUE, contours, surface
from Testing.dose.sampling.cases import LENGTH, a_grid, a_hill, a_wavy_course, an_uncertainty, linear

AT = (5.0, -3.0, 40.0)
GRADIENT = np.array([0.8, -0.5, 0.3])
SIGMA = np.array([2.0, 1.5, 3.0])


@pytest.mark.parametrize("size_mm", [4.0, 12.0, 40.0])
@pytest.mark.parametrize("kind", ["sphere", "cone"])
def test_the_points_give_the_dvh_that_the_lines_give(kind, size_mm):
    grid = a_grid()
    dose, own = a_hill(grid, reach=5.0)
    nominal = map_dose(dose, own, np.zeros((3, *grid.shape), np.float32), grid).dose_gy
    for body in (surface(kind, size_mm, OBLIQUE, AT), contours(kind, size_mm, 1.0, OBLIQUE, AT)):
        found = structure_quadrature(body, nominal, grid)
        exact = structure_dvh(body, nominal, grid).histogram
        place, volume = found.cells.place, found.cells.volume_cc
        assert volume.sum() == pytest.approx(exact.volume_cc, rel=1e-6)
        assert found.apart <= 0.003
        mine = cells_histogram(found.cells, nominal)
        assert mine.mean_gy == pytest.approx(exact.mean_gy, rel=0.003)
        assert mine.min_gy == pytest.approx(exact.min_gy, rel=0.01, abs=0.1)
        assert mine.max_gy == pytest.approx(exact.max_gy, rel=0.003)
        for share in (0.95, 0.5, 0.05):
            wanted = exact.dose_gy_at(share * exact.covered_cc)
            assert mine.dose_gy_at(share * mine.covered_cc) == pytest.approx(wanted, rel=0.003, abs=0.02)
        middle = (place * volume[:, None]).sum(axis=0) / volume.sum()
        if kind == "sphere":
            np.testing.assert_allclose(grid.points(middle), AT, atol=0.02 * size_mm)


def test_what_lies_beyond_the_planning_grid_has_no_points_but_counts_as_volume():
    from RegSuite.dose.region import region_of

    grid = a_grid(turn=np.eye(3))
    face = float(grid.corners()[:, 0].max())
    region = region_of(surface("sphere", 20.0, at=(face, -3.0, 40.0)), grid)
    found, total = cells(region, grid, 1.0)
    assert total == pytest.approx(4 / 3 * np.pi, rel=5e-3)
    assert found.volume_cc.sum() == pytest.approx(total / 2, rel=0.02)


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_without_an_sd_the_band_is_the_nominal_curve(mapping):
    grid = a_grid()
    dose, own = linear(grid, GRADIENT)
    density = (np.ones(own.shape, np.float32), own)
    course = [SampledFraction(dose, own, an_uncertainty(grid, (2.0, 1.0, -3.0), (0, 0, 0)), 1.0, density)]
    bodies = [surface("sphere", 30.0, at=AT, name="large"), contours("cone", 8.0, 1.0, at=AT, name="small")]
    found = sample_course(course, grid, bodies, n=3, mapping=mapping)
    nominal = map_dose(
        dose, own, course[0].uncertainty.displacement.data.numpy(), grid, mapping=mapping, density=density
    )
    for body, dvh in zip(bodies, found.dvhs, strict=True):
        exact = structure_dvh(body, nominal.dose_gy, grid).histogram
        axis = np.linspace(exact.min_gy, exact.max_gy, 50)
        low, middle, high = dvh.band_cc(axis)
        assert np.array_equal(low, high)
        assert np.array_equal(low, middle)
        assert np.abs(low - exact.volume_cc_at(axis)).max() < 0.01 * exact.volume_cc
        for name in ("mean", "D95", "D50", "D5", "volume"):
            p05, p50, p95 = dvh.percentiles(parse_metric(name))
            from RegSuite.dose.metrics import metric_value

            assert p05 == p50 == p95
            assert p50 == pytest.approx(metric_value(parse_metric(name), exact), rel=0.003)


def test_the_band_of_the_mean_dose_in_a_linear_dose_is_that_of_the_formula():
    grid, n = a_grid(), 600
    course = [SampledFraction(*linear(grid, GRADIENT), an_uncertainty(grid, sigma=SIGMA))]
    body = surface("sphere", 36.0, at=AT)
    found = sample_course(course, grid, [body], n=n, seed=2).dvhs[0]
    # variance of the mean over a body: that of a point times the mean correlation of two of its points
    points = structure_quadrature(body, np.zeros(grid.shape, np.float32), grid).cells
    rng = np.random.default_rng(0)
    share = points.volume_cc / points.volume_cc.sum()
    one, other = (grid.points(points.place[rng.choice(len(share), 40_000, p=share)]) for _ in range(2))
    correlation = np.exp(-((one - other) ** 2).sum(axis=1) / (4 * LENGTH**2)).mean()
    exact = float(np.sqrt(((GRADIENT * SIGMA) ** 2).sum() * correlation))
    assert correlation < 0.8
    assert found.mean_gy.std() == pytest.approx(exact, rel=5 / np.sqrt(2 * n))
    p05, p50, p95 = found.percentiles(parse_metric("mean"))
    assert p50 == pytest.approx(60 + np.array(AT) @ GRADIENT, abs=5 * 1.25 * exact / np.sqrt(n))
    assert (p95 - p05) == pytest.approx(3.2897 * exact, rel=5 * 2.11 * 1.3 / 3.29 / np.sqrt(n))


def test_the_dose_of_a_small_structure_is_read_where_it_moves_and_not_from_the_resampled_dose():
    grid = a_grid((20, 20, 12), (4.0, 4.0, 5.0))
    fine = a_grid((120, 120, 30), (0.75, 0.75, 2.5))
    p = fine.all_points() - np.array(AT)
    dose = (40 * np.exp(-(p**2).sum(axis=-1) / (2 * 4.0**2))).astype(np.float32)  # narrower than the voxels
    shift = np.array([1.5, -2.0, 1.0])
    course = [SampledFraction(dose, fine, an_uncertainty(grid, shift, (0, 0, 0)))]
    body = surface("sphere", 5.0, at=np.array(AT) - shift)
    found = sample_course(course, grid, [body], n=2).dvhs[0]
    exact = structure_dvh(surface("sphere", 5.0, at=AT), dose, fine).histogram
    assert found.mean_gy[0] == pytest.approx(exact.mean_gy, rel=0.005)
    resampled = map_dose(dose, fine, np.broadcast_to(shift[:, None, None, None], (3, *grid.shape)), grid)
    coarse = structure_dvh(body, resampled.dose_gy, grid).histogram
    assert abs(coarse.mean_gy - exact.mean_gy) > 0.02 * exact.mean_gy, "else the test shows nothing"


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_volumes_and_metrics_are_those_of_each_samples_own_dose(mapping):
    grid = a_grid((24, 24, 24), (2.0, 2.0, 2.0))
    course = a_wavy_course(grid)
    inside = np.linalg.norm(grid.all_points() - np.array(AT), axis=-1) < 14
    body = VoxelStructure("ptv", Image(torch.from_numpy(inside.astype(np.float32))[None], grid))
    n = 4
    found = sample_course(course, grid, [body], n=n, seed=3, mapping=mapping, alpha_beta={"ptv": 10.0})
    from Testing.dose.sampling.test_maps import all_in_memory

    total = all_in_memory(course, grid, n, 3, "independent", mapping, (10.0,))
    for dvh, doses in ((found.dvhs[0], total[0]), (found.dvhs[0].eqd2, total[1])):
        for k in range(n):
            exact = structure_dvh(body, doses[k].astype(np.float32), grid).histogram
            assert dvh.covered_cc[k] == pytest.approx(exact.covered_cc, rel=1e-3)
            # under "ddm" points read the dose itself, which the dose at the voxels rounds off by 1 %
            assert dvh.mean_gy[k] == pytest.approx(exact.mean_gy, rel=3e-3 if mapping == "emt" else 0.02)
            for share in (0.95, 0.5, 0.05):
                wanted = exact.dose_gy_at(share * exact.covered_cc)
                read = dvh.histogram(k).dose_gy_at(share * exact.covered_cc)
                assert read == pytest.approx(wanted, rel=3e-3 if mapping == "emt" else 0.03)


def test_eqd2_is_formed_per_fraction_and_bed_goes_with_it():
    grid = a_grid()
    even = [np.full(grid.shape, gy, np.float32) for gy in (2.0, 24.0)]
    course = [
        SampledFraction(even[0], grid, an_uncertainty(grid, sigma=(0, 0, 0)), 1.0),
        SampledFraction(even[1], grid, an_uncertainty(grid, sigma=(0, 0, 0)), 3.0),
    ]
    body = surface("sphere", 20.0, at=AT, name="cord")
    found = sample_course(course, grid, [body], n=2, alpha_beta={"cord": 2.0, "default": 10.0})
    wanted = float(eqd2_gy(2.0, 1, 2.0) + eqd2_gy(24.0, 3, 2.0))
    dvh = found.dvh("cord")
    assert dvh.eqd2.alpha_beta_gy == 2.0
    assert dvh.values(parse_metric("EQD2")) == pytest.approx([wanted] * 2, rel=1e-5)
    assert dvh.values(parse_metric("EQD2(D95)")) == pytest.approx([wanted] * 2, rel=1e-5)
    assert dvh.values(parse_metric("BED(max)")) == pytest.approx([2 * wanted] * 2, rel=1e-5)
    assert dvh.values(parse_metric("mean")) == pytest.approx([26.0] * 2, rel=1e-5)
    np.testing.assert_allclose(found.eqd2[2.0].mean, wanted, rtol=1e-5)
    assert any("share one deformation" in text for text in found.assumptions)
    with pytest.raises(DoseError, match="alpha/beta"):
        sample_course(course, grid, [body], n=2).dvhs[0].values(parse_metric("EQD2"))


def test_volume_without_a_dose_is_left_out_and_counted():
    grid = a_grid(turn=np.eye(3))
    dose, own = linear(grid, (0, 0, 0))
    own = type(own).make(own.size, own.spacing, np.array(own.origin) + [AT[0] - own.origin[0], 0, 0])
    # the dose begins at x = 5 - 2: samples that move to the left leave it
    course = [SampledFraction(dose, own, an_uncertainty(grid, sigma=(6.0, 0, 0)))]
    found = sample_course(course, grid, [surface("sphere", 30.0, at=AT, name="ptv")], n=60)
    dvh = found.dvhs[0]
    assert dvh.coverage.min() < 0.5 < dvh.coverage.max()
    assert dvh.mean_gy == pytest.approx(np.full(60, 60.0), rel=1e-5)
    low, _, high = dvh.band_percent([10.0, 59.9, 60.1])
    assert low == pytest.approx([100, 100, 0], abs=1e-3)
    assert high == pytest.approx([100, 100, 0], abs=1e-3)
    assert any(text.startswith("ptv: in ") and "not known" in text for text in found.warnings)


def test_a_metric_that_too_few_samples_have_has_no_band():
    axis = np.array([0.0, 10.0, 20.0])
    above = np.tile(np.array([3.0, 2.0, 0.0], np.float32), (20, 1))
    covered, nothing = np.full(20, 3.0), np.zeros(20)
    covered[:2] = 1.0
    dvh = SampledDvh("s", 3.0, axis, above, covered, nothing + 12, nothing, nothing + 20)
    assert dvh.percentiles(parse_metric("D2cc")) is None
    assert dvh.percentiles(parse_metric("mean")) == (12.0, 12.0, 12.0)
