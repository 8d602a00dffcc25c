"""A thorax course: its truth against a second program, its anatomy against itself on other grids."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy import ndimage

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, SurfaceStructure
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.phantoms.thorax import ThoraxCourse, thorax_course, thorax_draw
from RegSuite.phantoms.thorax import form_kernels as form
from RegSuite.phantoms.thorax.patient import draw_patient

TURN = np.linalg.qr(np.array([[0.95, -0.2, 0.1], [0.2, 0.95, -0.15], [-0.05, 0.2, 0.97]]))[0]
TURN = TURN * np.sign(np.diag(TURN))
OBLIQUE = Grid.make((40, 34, 28), (7.0, 6.0, 8.0), TURN @ [-135.0, -95.0, -110.0], TURN)


@pytest.fixture(scope="module")
def course() -> ThoraxCourse:
    """Oblique and anisotropic, three days, doses of 3 mm, no noise."""
    return thorax_course(OBLIQUE, fractions=3, seed=11, dose_spacing_mm=3.0, noise_hu=0.0)


@pytest.fixture(scope="module")
def small() -> ThoraxCourse:
    """Two days around a tumour at 2.5 mm, no noise."""
    return thorax_draw(4, (64, 60, 44), 2.5, noise_hu=0.0)


def through(image, field, grid, default=0.0):
    """`image` pulled back through a displacement field by SimpleITK: [Z, Y, X]."""
    vectors = array_to_sitk(field.data.double().numpy(), grid, vector=True)
    transform = sitk.DisplacementFieldTransform(sitk.Cast(vectors, sitk.sitkVectorFloat64))
    plain = image_to_sitk(image)
    like = array_to_sitk(np.zeros((1, *grid.shape), np.float32), grid, vector=False)
    return sitk.GetArrayFromImage(sitk.Resample(plain, like, transform, sitk.sitkLinear, default))


def test_the_accumulated_dose_is_what_simpleitk_maps_through_the_true_displacement(course):
    grid = course.planning.grid
    mapped = sum(through(f.dose.image, f.displacement, grid) for f in course.fractions)
    truth = course.truth_dose.data[0].numpy()
    # trilinear between voxels of 3 mm in penumbrae of 3 to 5 mm
    assert np.abs(mapped - truth).max() < 0.02 * truth.max()
    assert np.abs(mapped - truth).mean() < 1e-3 * truth.max()


def test_the_truth_is_the_formula_at_the_voxels(course):
    points = course.planning.grid.all_points()
    for fraction in course.fractions:
        u = np.moveaxis(fraction.motion.displacement(points)[0], -1, 0)
        np.testing.assert_allclose(fraction.displacement.data.numpy(), u, atol=1e-5)
    np.testing.assert_allclose(course.truth_dose.data[0].numpy(), course.dose_at(points), atol=1e-4)
    parts = sum(course.dose_at(points, k) for k in range(3))
    np.testing.assert_allclose(parts, course.dose_at(points))


def test_a_day_pulled_back_through_the_truth_looks_like_the_planning_scan(small):
    grid, planning = small.planning.grid, small.planning.data[0].numpy()
    first = small.fractions[0]
    back = through(first.image, first.displacement, grid, -1000.0)
    still = through(first.image, first.displacement.with_data(0 * first.displacement.data), grid, -1000.0)
    inner = (slice(5, -5),) * 3
    right, unmoved = (np.abs(v[inner] - planning[inner]).mean() for v in (back, still))
    # what is left is trilinear interpolation of vessels and edges
    assert right < 0.65 * unmoved


def test_the_inverse_displacement_undoes_the_displacement(course):
    for fraction in course.fractions:
        points = fraction.image.grid.all_points()
        x = points + np.moveaxis(fraction.inverse_displacement.data.double().numpy(), 0, -1)
        assert np.abs(x + fraction.motion.displacement(x)[0] - points).max() < 1e-4


def test_landmarks_of_a_day_are_the_moved_ones_of_the_planning_scan(course):
    kinds = {name.rstrip("0123456789 ") for name in course.landmarks.names}
    assert kinds == {"vessel", "tumour edge", "bone", "tissue", "tumour centre"}
    for fraction in course.fractions:
        assert fraction.landmarks.names == course.landmarks.names
        back, _ = fraction.motion.inverse(fraction.landmarks.points)
        assert np.abs(fraction.landmarks.points + back - course.landmarks.points).max() < 1e-6
        assert course.planning.grid.contains(fraction.landmarks.points).all()


def test_the_anatomy_does_not_depend_on_the_grid_it_is_sampled_on(course):
    turned = course.labels.data[0].numpy()
    straight = thorax_course(
        Grid.make((45, 30, 35), (8.0, 9.0, 8.0), (-176.0, -124.0, -136.0)), fractions=2, seed=11
    )
    index = np.rint(straight.planning.grid.index(OBLIQUE.all_points())).astype(int)
    inside = straight.planning.grid.contains(OBLIQUE.all_points())
    other = straight.labels.data[0].numpy()
    i = index[inside]
    same = other[i[:, 2], i[:, 1], i[:, 0]] == turned[inside]
    # where nearest voxels of 8 mm differ is at the organs' borders
    assert same.mean() > 0.85


def test_surfaces_enclose_the_points_that_the_formulas_have_inside(small):
    surfaces = {s.name: s for s in small.structures if isinstance(s, SurfaceStructure)}
    volumes = {name: enclosed_cc(surface) for name, surface in surfaces.items()}
    shape = draw_patient(np.random.default_rng(4)).shape
    for name, formula in (("GTV", form.tumour), ("SpinalCord", form.cord), ("Esophagus", form.gullet)):
        low, high = surfaces[name].points.min(axis=0), surfaces[name].points.max(axis=0)
        points = np.random.default_rng(0).uniform(low, high, (60000, 3)).tolist()
        share = np.mean([formula(x, y, z, shape) > 0 for x, y, z in points])
        assert volumes[name] == pytest.approx(share * np.prod(high - low) / 1000, rel=0.015), name
    assert volumes["GTV"] < volumes["CTV"] < volumes["PTV"]
    assert set(small.kind_of) == {s.name for s in small.structures}
    assert {n for n, kind in small.kind_of.items() if kind == "target"} == {"GTV", "CTV", "PTV"}


def enclosed_cc(surface: SurfaceStructure) -> float:
    """By the divergence theorem, positive where the triangles face outward."""
    corners = (surface.points - surface.points.mean(axis=0))[surface.triangles]
    return float(np.einsum("ni,ni->n", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6000)


def test_the_target_gets_what_is_prescribed_and_the_dose_is_steep_beyond_it(course):
    gtv = next(s for s in course.structures if s.name == "GTV")
    centre = gtv.points.mean(axis=0)
    planned = sum(f.count for f in course.fractions) * course.beams.dose_gy(gtv.points)
    assert planned.min() > 57.0
    assert planned.max() < 66.0
    reach = np.linalg.norm(gtv.points - centre, axis=1).max()
    along_z = centre + np.array([0.0, 0.0, 1.0]) * (reach + 35.0)
    assert 30 * course.beams.dose_gy(along_z[None])[0] < 6.0


def test_the_lung_keeps_its_mass_while_its_volume_changes(small):
    grid, planning = small.planning.grid, small.planning.data[0].numpy()
    first = small.fractions[0]
    # parenchyma with nothing but parenchyma around it
    lung = ndimage.maximum_filter(planning, 5) < -680
    lung &= ndimage.minimum_filter(planning, 5) > -950
    lung[[0, 1, 2, -3, -2, -1]] = False
    _, jacobian = first.motion.displacement(grid.all_points()[lung])
    day = through(first.image, first.displacement, grid, np.nan)[lung]
    known = np.isfinite(day)
    before, after, jacobian = planning[lung][known] + 1000.0, day[known] + 1000.0, jacobian[known]
    assert (after * jacobian).sum() == pytest.approx(before.sum(), rel=2e-3)
    assert np.abs(after / before - 1).max() > 0.05
    np.testing.assert_allclose(np.median(after * jacobian / before), 1.0, atol=2e-3)


def test_same_seed_same_bits_whatever_the_threads_and_another_seed_another_patient():
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        a = thorax_draw(3, (32, 32, 24), 8.0)
    finally:
        numba.set_num_threads(threads)
    b, c = thorax_draw(3, (32, 32, 24), 8.0), thorax_draw(4, (32, 32, 24), 8.0)

    def values(course):
        one = course.fractions[1]
        return course.planning, one.image, one.displacement, one.dose.image, course.truth_dose

    for x, y, z in zip(values(a), values(b), values(c), strict=True):
        assert torch.equal(x.data, y.data)
        assert not torch.equal(x.data, z.data)


def test_the_tumour_gets_smaller_from_day_to_day():
    course = thorax_draw(3, (32, 32, 24), 8.0, fractions=4)
    shares = [f.motion.shrink for f in course.fractions]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0] > 0


@pytest.mark.parametrize(("fractions", "counts"), [(2, (15, 15)), (4, (7, 8, 7, 8)), (7, None)])
def test_the_fractions_of_a_whole_course_are_spread_over_its_days(fractions, counts):
    found = tuple(f.count for f in thorax_draw(1, (16, 16, 16), 14.0, fractions=fractions).fractions)
    assert sum(found) == 30
    assert max(found) - min(found) <= 1
    assert counts is None or found == counts


def test_courses_that_cannot_be_are_refused():
    with pytest.raises(InputError, match="11 fractions"):
        thorax_course(OBLIQUE, fractions=11)
    with pytest.raises(InputError, match="one number of 1 or more"):
        thorax_course(OBLIQUE, fractions=2, counts=(3, 0))
    with pytest.raises(InputError, match="dose spacing of -1 mm"):
        thorax_course(OBLIQUE, fractions=2, dose_spacing_mm=-1)
