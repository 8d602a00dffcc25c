"""Surface distances whose value is known exactly."""

import numpy as np
import pytest

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid
from RegSuite.quality import surface_distances
from RegSuite.quality.surface_distance import directed_distances_mm
from Testing.quality.grids import a_grid, ball


def a_box(shape, start, stop, label=1):
    out = np.zeros(shape, np.int16)
    out[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = label
    return out


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("axis", "expected"), [(0, 3 * 2.5), (1, 3 * 1.2), (2, 3 * 0.7)])
def test_a_thin_plate_shifted_along_its_normal_is_off_by_the_shift_in_mm(turned, axis, expected):
    grid = a_grid((20, 22, 24), (0.7, 1.2, 2.5), turned)
    start, stop = [4, 4, 4], [16, 16, 16]
    start[axis], stop[axis] = 6, 7
    first = a_box(grid.shape, start, stop)
    second = np.roll(first, 3, axis)
    found = surface_distances(first, second, grid)
    assert found.hd95_mm[1] == pytest.approx(expected, abs=1e-12)
    assert found.msd_mm[1] == pytest.approx(expected, abs=1e-12)


def test_a_box_shifted_by_two_voxels_has_the_percentile_of_its_faces():
    """6 x 6 x 6 surface voxels: distances along the shift are 0 where the sides overlap, 2 at the ends."""
    grid = Grid.make((30, 20, 20), 1.0)
    first = a_box(grid.shape, (5, 5, 5), (11, 11, 11))
    second = np.roll(first, 2, 2)
    # by hand: 152 surface voxels; x = 5, 6 of the first are outside the second. x = 5: 36 voxels,
    # 2 from the face x = 7. x = 6: its ring of 20 at 1. x = 10 inside the second: its inner 16 are
    # 1, 2 or more from a side: 4 at 2 (ring 2 in), 12 at 1. The rest lie on the second's sides.
    distances = np.array([2.0] * 36 + [1.0] * 20 + [1.0] * 12 + [2.0] * 4 + [0.0] * 80)
    found = surface_distances(first, second, grid)
    assert found.msd_mm[1] == pytest.approx(distances.mean())
    assert found.hd95_mm[1] == np.percentile(distances, 95)


def test_concentric_balls_are_apart_by_the_difference_of_radii():
    grid = a_grid((64, 60, 40), (0.8, 0.8, 1.25))
    small, large = ball(grid, grid.centre, 12.0), ball(grid, grid.centre, 18.0)
    found = surface_distances(small.astype(np.uint8), large.astype(np.uint8), grid)
    assert found.msd_mm[1] == pytest.approx(6.0, abs=0.5)  # surfaces are known to half a voxel
    assert found.hd95_mm[1] == pytest.approx(6.0, abs=1.0)


def test_hd95_is_the_larger_of_the_two_directions_and_not_the_pooled_one():
    """A spur on one map alone: from the other map's side nothing is far."""
    grid = Grid.make((40, 9), (1.0, 1.0))
    plain = a_box(grid.shape, (3, 2), (6, 12))
    spur = plain.copy()
    spur[4, 12:30] = 1
    there, back = directed_distances_mm(plain.astype(bool), spur.astype(bool), np.ones(2))
    assert there.max() == 0
    found = surface_distances(plain, spur, grid)
    edge = np.sort(np.concatenate([np.zeros(24 - 1), np.arange(1, 19)]))
    assert found.hd95_mm[1] > 0.9 * np.percentile(edge, 95) > 0
    assert found.hd95_mm == surface_distances(spur, plain, grid).hd95_mm
    assert back.max() == 18


def test_structures_of_one_voxel_are_their_own_surface():
    grid = Grid.make((9, 9, 9), (1.0, 2.0, 3.0))
    first, second = np.zeros(grid.shape, int), np.zeros(grid.shape, int)
    first[4, 4, 4] = 3
    second[5, 2, 4] = 3
    found = surface_distances(first, second, grid)
    assert found.hd95_mm == {3: pytest.approx(5.0)}
    assert found.msd_mm == {3: pytest.approx(5.0)}


@pytest.mark.parametrize("ndim", [2, 3])
def test_equal_structures_are_at_zero_also_at_the_border_of_the_image(ndim):
    labels = np.ones((5, 6, 7)[:ndim], int)
    found = surface_distances(labels, labels, a_grid((7, 6, 5)[3 - ndim :], (1.0, 2.0, 3.0)[:ndim]))
    assert found.hd95_mm == found.msd_mm == {1: 0.0}


def test_one_slice_in_space_is_measured_as_the_slice_it_is():
    flat = Grid.make((20, 16), (0.5, 2.0))
    thick = Grid.make((20, 16, 1), (0.5, 2.0, 5.0))
    first = a_box(flat.shape, (4, 4), (12, 12))
    second = a_box(flat.shape, (5, 6), (12, 15))
    a, b = surface_distances(first, second, flat), surface_distances(first[None], second[None], thick)
    assert a.msd_mm == b.msd_mm
    assert a.hd95_mm == b.hd95_mm
    assert a.msd_mm[1] > 0


def test_turning_the_patient_changes_no_distance():
    rng = np.random.default_rng(1)
    first, second = (rng.integers(0, 3, (8, 9, 10)) for _ in range(2))
    size, spacing = (10, 9, 8), (0.7, 1.1, 2.0)
    plain = surface_distances(first, second, a_grid(size, spacing, turned=False))
    turned = surface_distances(first, second, a_grid(size, spacing))
    assert plain == turned


def test_a_view_of_another_array_gives_the_same_and_is_not_changed():
    rng = np.random.default_rng(2)
    wide = rng.integers(0, 3, (2, 10, 9, 8)).transpose(0, 3, 2, 1)
    first, second = wide[0], wide[1]
    before = wide.copy()
    grid = a_grid((10, 9, 8), (1.0, 1.5, 2.0))
    copies = surface_distances(np.ascontiguousarray(first), np.ascontiguousarray(second), grid)
    assert surface_distances(first, second, grid) == copies
    assert np.array_equal(wide, before)


def test_distances_agree_with_simpleitk_between_surfaces():
    sitk = pytest.importorskip("SimpleITK")
    grid = a_grid((30, 28, 20), (0.8, 1.1, 2.0))
    first = ball(grid, grid.centre, 8.0)
    second = ball(grid, grid.centre + [2.0, -1.5, 1.0], 7.0)
    image = sitk.GetImageFromArray(second.astype(np.uint8))
    image.SetSpacing(grid.spacing)
    far = sitk.GetArrayFromImage(
        sitk.SignedMaurerDistanceMap(sitk.LabelContour(image), squaredDistance=False, useImageSpacing=True)
    )
    there, _ = directed_distances_mm(
        first, sitk.GetArrayFromImage(sitk.LabelContour(image)) > 0, np.array([2.0, 1.1, 0.8])
    )
    theirs = np.maximum(far[first], 0)
    assert np.sort(there) == pytest.approx(np.sort(theirs), abs=1e-4)


def test_labels_in_one_map_only_are_left_out_and_other_shapes_refused():
    grid = Grid.make((4, 4), 1.0)
    first, second = np.ones((4, 4), int), np.full((4, 4), 2)
    assert surface_distances(first, second, grid).hd95_mm == {}
    with pytest.raises(GeometryError, match="do not fit a grid of shape"):
        surface_distances(first, first, Grid.make((4, 5), 1.0))
