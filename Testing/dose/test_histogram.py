"""The histogram: uniform dose, edges of the grid, label maps, threads, and the plain twin."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import torch

from RegSuite.dose.dvh import fine_width, structure_dvh
from RegSuite.dose.kernels_plain import crossings_of_outlines, dose_at
from RegSuite.dose.region import region_of
from RegSuite.dose.voxel_volumes import voxel_volumes_cc
from RegSuite.errors import DoseError, GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.geometry.structure import ContourStructure, VoxelStructure
from Testing.dose.bodies import OBLIQUE, circle, contours, linear_dose, surface


def wavy_dose(seed=0):
    rng = np.random.default_rng(seed)
    grid = Grid.make((20, 18, 16), (2.5, 2.0, 3.0), (-24, -17, -22))
    return rng.uniform(5, 60, grid.shape).astype(np.float32), grid


def test_in_a_uniform_dose_every_metric_is_that_dose():
    _, grid = linear_dose([0, 0, 0])
    dose = np.full(grid.shape, 2.0, np.float32)
    found = structure_dvh(surface("sphere", 10.0), dose, grid).histogram
    assert (found.min_gy, found.mean_gy, found.max_gy) == pytest.approx((2.0, 2.0, 2.0), abs=1e-9)
    assert [found.dose_gy_at(share * found.covered_cc) for share in (0, 0.02, 0.95, 1)] == pytest.approx(
        [2.0] * 4, abs=1e-9
    )
    assert float(found.volume_cc_at(1.9999)) == found.covered_cc
    assert float(found.volume_cc_at(2.0001)) == 0.0


def test_what_lies_outside_of_the_dose_grid_is_excluded_and_counted():
    grid = Grid.make((10, 10, 10), 2.0, (1.0, -9.0, -9.0))  # its outer face is at x = 0
    dose = np.full(grid.shape, 7.0, np.float32)
    found = structure_dvh(surface("sphere", 10.0), dose, grid).histogram
    assert found.coverage == pytest.approx(0.5, rel=2e-3)
    assert found.min_gy == pytest.approx(7.0, abs=1e-9), "no dose of 0 is made up"
    nowhere = structure_dvh(surface("sphere", 10.0, at=(-40, 0, 0)), dose, grid).histogram
    assert nowhere.covered_cc == 0.0
    assert np.isnan(nowhere.mean_gy)


def test_where_the_dose_is_nan_it_is_not_covered():
    dose, grid = linear_dose([0, 0, 1.0], size=(41, 41, 41), spacing=(1.0, 1.0, 1.0))
    dose[:, :, :20] = np.nan  # voxel 20 is at x = 0: known from there on
    found = structure_dvh(surface("sphere", 20.0), dose, grid).histogram
    assert found.volume_cc == pytest.approx(4 / 3 * np.pi, rel=2e-3)
    assert found.coverage == pytest.approx(0.5, abs=0.02), (
        "pieces of half a voxel count where their middle is"
    )
    assert found.mean_gy == pytest.approx(60.0, abs=0.1)
    assert found.max_gy == pytest.approx(70.0, abs=0.1)
    assert found.dose_gy_at(found.covered_cc / 2) == pytest.approx(60.0, abs=0.15)
    nothing = structure_dvh(surface("sphere", 20.0), np.full_like(dose, np.nan), grid).histogram
    assert nothing.covered_cc == 0.0
    assert nothing.volume_cc > 4.0


def test_the_result_is_that_of_a_plain_sum_over_fine_points():
    dose, grid = wavy_dose()
    body = contours("cone", 18.0, 3.0)
    found = structure_dvh(body, dose, grid).histogram
    x = np.linspace(-10, 10, 161)
    heights, radii = (np.array(v) for v in zip(*_discs(), strict=True))
    fine = np.linspace(-0.5, 0.5, 24, endpoint=False) + 1 / 48
    u, v = np.meshgrid(x, x)
    values, counts = [], 0
    for h, r in zip(heights, radii, strict=True):
        inside = np.hypot(u, v) <= r
        for part in fine:
            points = np.column_stack([u[inside], v[inside], np.full(inside.sum(), h + 3 * part)])
            values.append(dose_at(dose, grid.index(points)))
            counts += len(points)
    plain = np.sort(np.concatenate(values))[::-1]
    assert found.mean_gy == pytest.approx(plain.mean(), abs=0.05)
    for share in (0.95, 0.5, 0.05):
        wanted = plain[int(share * counts)]
        assert found.dose_gy_at(share * found.covered_cc) == pytest.approx(wanted, abs=0.15)


def _discs():
    from Testing.dose.bodies import slices_of

    return slices_of("cone", 18.0, 3.0)


def test_a_label_map_counts_its_voxels_with_their_share():
    dose, grid = linear_dose([0, 0, 1.0])
    inside = torch.zeros(1, *grid.shape)
    inside[0, 10:14, 8:11, 5:9] = 1
    inside[0, 10:14, 8:11, 9] = 0.25
    voxel = grid.voxel_volume / 1000
    found = structure_dvh(VoxelStructure("v", Image(inside, grid)), dose, grid).histogram
    assert found.volume_cc == pytest.approx(4 * 3 * 4.25 * voxel, rel=1e-6)
    heights = grid.points([[0, 0, k] for k in range(10, 14)])[:, 2]
    assert found.mean_gy == pytest.approx(60 + heights.mean(), abs=1e-3)


def test_voxels_contours_and_surface_of_one_box_agree_on_an_oblique_grid():
    dose, grid = linear_dose([0.3, 0.2, 1.0], turn=OBLIQUE)
    inside = torch.zeros(1, *grid.shape)
    inside[0, 10:16, 8:20, 5:17] = 1
    corner = [(4.5, 7.5), (16.5, 7.5), (16.5, 19.5), (4.5, 19.5)]
    drawn = tuple(grid.points([(x, y, k) for x, y in corner]) for k in range(10, 16))
    a = structure_dvh(VoxelStructure("v", Image(inside, grid)), dose, grid).histogram
    b = structure_dvh(ContourStructure("c", drawn), dose, grid).histogram
    assert a.volume_cc == pytest.approx(b.volume_cc, rel=1e-6)
    for share in (0.95, 0.5, 0.05):
        assert a.dose_gy_at(share * a.covered_cc) == pytest.approx(
            b.dose_gy_at(share * b.covered_cc), abs=5e-3
        )


def test_the_number_of_threads_changes_no_bit():
    dose, grid = wavy_dose()
    found = []
    before = numba.get_num_threads()
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            found.append(structure_dvh(surface("sphere", 15.0), dose, grid).histogram)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(found[0].above_cc, found[1].above_cc)


def test_the_compiled_crossings_are_those_of_the_plain_twin():
    outlines = [circle(9.0, 37), circle(4.0, 11) + [1.0, 0.5]]
    body = ContourStructure(
        "c", tuple(np.column_stack([o, np.full(len(o), z)]) for z in (0.0, 2.0) for o in outlines)
    )
    _, grid = linear_dose([0, 0, 1.0])
    lines = region_of(body, grid).lines(0.7)
    rows = np.unique(lines.start_mm[:, 1])
    for row, places in zip(rows, crossings_of_outlines(outlines, rows), strict=True):
        here = (lines.start_mm[:, 1] == row) & (lines.start_mm[:, 2] == lines.start_mm[0, 2])
        ends = np.stack([lines.start_mm[here, 0], lines.start_mm[here, 0] + lines.length_mm[here]], 1)
        assert np.sort(ends.ravel()) == pytest.approx(places, abs=1e-9)


def test_voxel_volumes_add_up_to_the_structure():
    _, grid = linear_dose([0, 0, 1.0])
    region = region_of(surface("sphere", 14.0), grid)
    volumes = voxel_volumes_cc(region, grid)
    assert volumes.sum() == pytest.approx(np.pi / 6 * 14**3 / 1000, rel=5e-3)
    inside = np.linalg.norm(grid.all_points(), axis=-1) < 5.0
    assert volumes[inside].mean() == pytest.approx(grid.voxel_volume / 1000, rel=0.06)
    assert volumes[np.linalg.norm(grid.all_points(), axis=-1) > 9.0].max() == 0


def test_a_flat_dose_and_a_bin_width_of_nothing_are_refused():
    flat = Grid.make((10, 10), 1.0)
    with pytest.raises(DoseError, match="2D"):
        structure_dvh(surface("sphere", 5.0), np.zeros(flat.shape, np.float32), flat)
    with pytest.raises(DoseError, match="bin width of 0"):
        fine_width(0, 60)
    _, grid = linear_dose([0, 0, 1.0])
    with pytest.raises(GeometryError, match="no voxels"):
        region_of(VoxelStructure("v", Image(torch.zeros(1, *grid.shape), grid)), grid)


def test_doses_of_nearly_nothing_settle_though_they_change_by_far_of_themselves():
    """A label map far from the beams: a thousandth of the largest dose is what changes are measured by."""
    labels = Grid.make((24, 20, 18), 4.0)
    z, y, x = np.indices(labels.shape)
    inside = ((x - 15) ** 2 + (y - 10) ** 2 + (z - 9) ** 2 < 36).astype(np.float32)
    liver = VoxelStructure("liver", Image(torch.from_numpy(inside)[None], labels))
    grid = Grid.make((12, 10, 9), 8.0, (1.7, 2.3, 0.9))
    dose = (1e-3 * np.exp(np.random.default_rng(0).normal(size=grid.shape))).astype(np.float32)
    assert not structure_dvh(liver, dose / dose.max() * 0.0063, grid).settled
    dose[0, 0, 0] = 60.0
    assert structure_dvh(liver, dose, grid).settled
