"""A course around a scan: days that are the scan moved by a known motion."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.phantoms.thorax.from_scan import course_from_scan
from RegSuite.phantoms.thorax.patient import draw_patient

TURN = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])


@pytest.fixture(scope="module")
def scan() -> Image:
    """A chest as a real scan would come: turned, slices thicker than pixels, somewhere in space."""
    rng = np.random.default_rng(0)
    grid = Grid.make((72, 60, 44), (5.0, 4.5, 6.0), TURN @ [-178.0, -125.0, -125.0], TURN)
    image, _, _ = draw_patient(rng).scan(grid, "chest", 8.0, rng)
    return image


@pytest.fixture(scope="module")
def course(scan):
    return course_from_scan(scan, fractions=2, seed=3)


def test_the_planning_scan_is_the_scan_itself(scan, course):
    assert torch.equal(course.planning.data, scan.data)
    assert course.planning.grid == scan.grid


def test_a_day_is_the_scan_resampled_by_a_second_program(scan, course):
    for one in course.fractions:
        grid = one.image.grid
        vectors = array_to_sitk(one.inverse_displacement.data.double().numpy(), grid, vector=True)
        transform = sitk.DisplacementFieldTransform(sitk.Cast(vectors, sitk.sitkVectorFloat64))
        like = array_to_sitk(np.zeros((1, *grid.shape), np.float32), grid, vector=False)
        plain = image_to_sitk(scan)
        found = sitk.GetArrayFromImage(sitk.Resample(plain, like, transform, sitk.sitkBSpline, np.nan))
        assert np.isfinite(found).all()
        apart = one.image.data[0].numpy() - found
        # noise of 6 HU, and the lung's density over the Jacobian
        solid = found > -300
        assert abs(np.median(apart[solid])) < 0.5
        assert np.percentile(np.abs(apart[solid]), 68) == pytest.approx(6.0, rel=0.1)


def test_days_show_nothing_that_the_scan_does_not_know(scan, course):
    for one in course.fractions:
        points = one.image.grid.all_points()
        back, _ = one.motion.inverse(points)
        index = scan.grid.index(points + back)
        assert index.min() >= -1e-6
        assert (index <= np.array(scan.grid.size) - 1 + 1e-6).all()
        assert np.all(np.array(one.image.grid.size) < np.array(scan.grid.size))


def test_the_target_lies_in_the_lung_and_gets_the_dose(course):
    gtv = next(s for s in course.structures if s.name == "GTV")
    index = np.rint(course.planning.grid.index(gtv.points * 0.6 + gtv.points.mean(axis=0) * 0.4)).astype(int)
    values = course.planning.data[0].numpy()[index[:, 2], index[:, 1], index[:, 0]]
    assert np.median(values) < -600
    planned = 30 * course.beams.dose_gy(gtv.points)
    assert planned.min() > 55
    assert course.kind_of == {"GTV": "target", "PTV": "target", "Lungs": "organ"}


def test_labels_of_the_scan_are_structures_and_keep_their_numbers(scan):
    marked = torch.zeros_like(scan.data, dtype=torch.int32)
    marked[0, 10:20, 20:30, 30:40] = 7
    course = course_from_scan(scan, Image(marked, scan.grid, name="labels"), {7: "box"}, seed=3)
    box = next(s for s in course.structures if s.name == "box")
    assert int(box.inside.data.sum()) == 1000
    kept = course.labels.data == 7
    assert int(kept.sum()) > 900
    assert bool((marked[kept] == 7).all())
    assert sorted(course.label_names.values()) == ["GTV", "Lungs", "box"]


def test_a_scan_without_lungs_and_labels_on_another_grid_are_refused(scan):
    water = Image(torch.zeros_like(scan.data), scan.grid, name="water")
    with pytest.raises(InputError, match="no lung found"):
        course_from_scan(water)
    other = Image(torch.zeros((1, 8, 8, 8), dtype=torch.int32), Grid.make((8, 8, 8)), name="labels")
    with pytest.raises(InputError, match="not on the scan's grid"):
        course_from_scan(scan, other)
