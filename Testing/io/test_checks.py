"""Inputs are checked against each other before anything runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import check_image_for_registration, check_pair, check_same_grid, overlap_fraction
from RegSuite.transforms import AffineTransform

OBLIQUE = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()


def image(grid: Grid, name: str = "a") -> Image:
    return Image(torch.arange(grid.voxels, dtype=torch.float32).reshape(1, *grid.shape), grid, name=name)


@pytest.mark.parametrize("shift", [0.0, 5.0, 9.0])
@pytest.mark.parametrize("direction", [np.eye(3), OBLIQUE])
def test_the_overlap_of_shifted_boxes_is_their_common_length(shift: float, direction: np.ndarray) -> None:
    a = Grid.make((20, 10, 5), (0.5, 1.0, 2.0), (1.0, 2.0, 3.0), direction)
    b = Grid.make((10, 20, 20), (1.0, 0.5, 0.5), a.points((20 * shift / 10 + 0.5, -0.25, -0.375)), direction)
    assert overlap_fraction(a, b) == pytest.approx(1 - shift / 10, abs=0.03)
    assert overlap_fraction(b, a) == pytest.approx(1 - shift / 10, abs=0.03)


def test_a_small_volume_within_a_large_one_overlaps_wholly() -> None:
    large, small = Grid.make((64,) * 3, 8.0), Grid.make((4,) * 3, 1.0, (101.0, 99.0, 103.0))
    assert overlap_fraction(large, small) == 1.0


def test_images_that_do_not_meet_are_refused_with_both_extents() -> None:
    fixed = image(Grid.make((50, 50, 30), 10.0, (-245.0, -245.0, 105.0)), "ct.nii.gz")
    moving = image(Grid.make((26, 26, 20), 10.0, (-125.0, -125.0, -895.0)), "cbct.nii.gz")
    with pytest.raises(GeometryError) as caught:
        check_pair(fixed, moving)
    text = str(caught.value)
    assert "fixed 'ct.nii.gz' and moving 'cbct.nii.gz' overlap by 0 % of their volume" in text
    assert "fixed covers x -250..250, y -250..250, z 100..400 mm" in text
    assert "moving covers x -130..130, y -130..130, z -900..-700 mm" in text
    assert "--initial" in text


def test_an_initial_transform_that_brings_them_together_is_enough() -> None:
    fixed, moving = image(Grid.make((10,) * 3)), image(Grid.make((10,) * 3, 1.0, (0.0, 0.0, 500.0)))
    shift = AffineTransform.about(np.eye(3), np.zeros(3), np.array([0.0, 0.0, 500.0]))
    assert check_pair(fixed, moving, shift) == []


def test_a_small_overlap_is_a_warning_with_the_percentage() -> None:
    fixed, moving = image(Grid.make((20,) * 3)), image(Grid.make((20,) * 3, 1.0, (18.0, 0.0, 0.0)))
    (warning,) = check_pair(fixed, moving)
    assert "overlap by only 10 %" in warning


def test_a_slice_and_a_volume_are_refused_by_their_dimensions() -> None:
    with pytest.raises(GeometryError, match="fixed 'a' is 3D, moving 'b' is 2D"):
        check_pair(image(Grid.make((4, 4, 4))), image(Grid.make((4, 4)), "b"))


def test_a_constant_image_is_refused_with_its_value() -> None:
    flat = Image(torch.full((1, 3, 3, 3), 7.0), Grid.make((3, 3, 3)), name="flat")
    with pytest.raises(InputError, match="constant: every voxel is 7(.|\n)*fixed 'flat'"):
        check_image_for_registration(flat, "fixed")


def test_an_image_that_is_constant_inside_its_mask_is_refused() -> None:
    one = image(Grid.make((3, 3, 3)))
    mask = torch.zeros((3, 3, 3), dtype=torch.bool)
    with pytest.raises(InputError, match="mask is empty"):
        check_image_for_registration(one.with_mask(mask))
    mask[1, 1, 1] = True
    with pytest.raises(InputError, match="constant inside its mask: every voxel is 13"):
        check_image_for_registration(one.with_mask(mask))
    check_image_for_registration(one)


def test_labels_on_another_grid_are_refused_and_rounding_is_not() -> None:
    grid = Grid.make((4, 5, 6), (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), OBLIQUE)
    moved = Grid.make((4, 5, 6), (1.0, 2.0, 3.0), (0.01, 0.0, 0.0), OBLIQUE)
    check_same_grid(image(moved), grid)
    with pytest.raises(GeometryError, match="labels 'a' are not on the image's grid"):
        check_same_grid(image(Grid.make((4, 5, 6), (1.0, 2.0, 3.0))), grid)
    with pytest.raises(GeometryError, match="labels 'a' are not"):
        check_same_grid(image(Grid.make((4, 5))), grid)
