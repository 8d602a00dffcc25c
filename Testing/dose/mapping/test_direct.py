"""Direct dose mapping: formulas, invariances, and SimpleITK."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.dose.mapping.marks import OUTSIDE
from RegSuite.errors import DoseError, GeometryError
from Testing.dose.bodies import OBLIQUE
from Testing.dose.mapping.fields import TURNS, affine, centred, displacement, fraction, linear, rotation


def test_a_shift_by_whole_voxels_is_the_shifted_array_and_unknown_beyond_the_dose():
    grid = centred((9, 8, 7), (2.0, 2.5, 3.0))
    dose = np.random.default_rng(0).uniform(0, 50, grid.shape).astype(np.float32)
    found = map_dose(dose, grid, displacement(grid, lambda p: 0 * p + [4.0, 0, -3.0]), grid)
    assert found.dose_gy[1:, :, :-2] == pytest.approx(dose[:-1, :, 2:], abs=1e-5)
    beyond = np.ones(grid.shape, bool)
    beyond[1:, :, :-2] = False
    assert np.isnan(found.dose_gy[beyond]).all()
    assert np.array_equal(found.marks, np.where(beyond, OUTSIDE, 0))


def test_the_dose_is_held_up_to_the_outer_voxel_faces_and_no_further():
    grid = centred((10, 4, 4), (2.0, 2.0, 2.0))
    dose = np.full(grid.shape, 5.0, np.float32)
    dose[..., -1] = 8.0
    place = centred((4, 4, 4), (2.0, 2.0, 2.0))
    for shift, wanted in ((0.99, 8.0), (1.01, np.nan)):
        to_the_end = 9.0 + shift - place.points([[3, 0, 0]])[0, 0]
        found = map_dose(dose, grid, displacement(place, lambda p, s=to_the_end: 0 * p + [s, 0, 0]), place)
        assert found.dose_gy[1, 1, 3] == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_an_affine_move_of_a_linear_dose_is_exact(turn):
    dose_grid, grid = (
        centred((40, 40, 40), (3.0, 2.5, 4.0), OBLIQUE),
        centred((14, 12, 10), (2.0, 3.0, 2.5), turn),
    )
    move = affine(rotation(12) @ np.diag([1.1, 0.9, 1.05]), (3, -2, 4))
    found = map_dose(linear(dose_grid), dose_grid, displacement(grid, move), grid)
    at = grid.all_points() + move(grid.all_points())
    assert found.counts.marked == 0
    assert found.dose_gy == pytest.approx(30 + at @ [0.3, -0.2, 0.15], abs=2e-5)


def test_turning_patient_deformation_and_grids_together_changes_nothing():
    rng = np.random.default_rng(3)
    shape = (10, 12, 11)
    dose, u = rng.uniform(0, 60, shape).astype(np.float32), rng.normal(0, 0.4, (3, *shape)).astype(np.float32)
    straight, turned = (centred(shape[::-1], (2.0, 2.5, 3.0), t) for t in (np.eye(3), OBLIQUE))
    a = map_dose(dose, straight, u, straight)
    b = map_dose(dose, turned, np.einsum("pc,czyx->pzyx", OBLIQUE, u), turned)
    inside = (slice(2, -2),) * 3
    assert a.dose_gy[inside] == pytest.approx(b.dose_gy[inside], abs=1e-3)
    assert (a.marks != b.marks).mean() < 0.01, "only points on a face itself fall to either side"


def test_it_is_what_simpleitk_resamples():
    given = fraction(12.0, OBLIQUE)
    found = map_dose(given.dose, given.dose_grid, given.displacement, given.grid)

    def itk(values, grid, vector=False):
        image = sitk.GetImageFromArray(values, isVector=vector)
        image.SetSpacing(grid.spacing)
        image.SetOrigin(grid.origin)
        image.SetDirection([v for row in grid.direction for v in row])
        return image

    field = itk(np.moveaxis(given.displacement, 0, -1).astype(np.float64), given.grid, vector=True)
    reference = itk(np.zeros(given.grid.shape, np.float32), given.grid)
    image, move = itk(given.dose, given.dose_grid), sitk.DisplacementFieldTransform(field)
    theirs = sitk.GetArrayFromImage(sitk.Resample(image, reference, move, sitk.sitkLinear, -1.0))
    both = np.isfinite(found.dose_gy) & (theirs >= 0)
    assert both.mean() > 0.8
    assert found.dose_gy[both] == pytest.approx(theirs[both], abs=2e-3)
    assert (np.isfinite(found.dose_gy) != (theirs >= 0)).mean() < 2e-3


def test_the_callers_arrays_are_left_alone_whatever_their_order_and_type():
    given = fraction(8.0)
    dose = np.asfortranarray(given.dose.astype(np.float64))
    u = np.asfortranarray(given.displacement)
    density = (np.asfortranarray(given.density[0]), given.density[1])
    before = [a.copy() for a in (dose, u, density[0])]
    for array in (dose, u, density[0]):
        array.setflags(write=False)
    for mapping in ("ddm", "emt"):
        one = map_dose(dose, given.dose_grid, u, given.grid, mapping=mapping, density=density, account=False)
        other = given.mapped(mapping, account=False)
        assert np.array_equal(one.dose_gy, other.dose_gy, equal_nan=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, (dose, u, density[0]), strict=True))


def test_what_cannot_be_mapped_is_refused_in_words():
    grid, flat = centred((6, 6, 6), 3 * (2.0,)), centred((6, 6, 1), 3 * (2.0,))
    dose, u = linear(grid), np.zeros((3, *grid.shape), np.float32)
    with pytest.raises(GeometryError, match="dose grid of 6x6x1 voxels has an axis of one voxel"):
        map_dose(dose[:1], flat, u, grid)
    with pytest.raises(GeometryError, match="planning grid of 6x6x1 voxels"):
        map_dose(dose, grid, u[:, :1], flat)
    with pytest.raises(GeometryError, match="displacement of shape"):
        map_dose(dose, grid, u[:, 1:], grid)
    with pytest.raises(GeometryError, match="dose of shape"):
        map_dose(dose[1:], grid, u, grid)
    with pytest.raises(DoseError, match="1 of 216 values of the dose are not finite"):
        map_dose(np.where(np.arange(216).reshape(6, 6, 6) == 7, np.nan, dose), grid, u, grid)
    with pytest.raises(DoseError, match="mapping called 'dmm'"):
        map_dose(dose, grid, u, grid, mapping="dmm")
    with pytest.raises(DoseError, match="needs the fraction's density"):
        map_dose(dose, grid, u, grid, mapping="emt")
    with pytest.raises(DoseError, match=r"a density of 0 g/cm3"):
        map_dose(dose, grid, u, grid, mapping="emt", density=(dose * 0, grid))
    with pytest.raises(DoseError, match="an oversampling of 3"):
        map_dose(dose, grid, u, grid, mapping="emt", density=(dose, grid), oversampling=3)
