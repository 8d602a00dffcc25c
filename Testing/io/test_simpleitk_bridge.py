"""SimpleITK images and ours hold the same values at the same places."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.io.simpleitk_bridge import grid_of_sitk, image_from_sitk, image_to_sitk

OBLIQUE = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize(
    "grid",
    [
        Grid.make((5, 4, 3), (1.0, 2.0, 3.5), (-10.0, 5.0, 7.0), OBLIQUE),
        Grid.make((5, 4, 1), (1.0, 2.0, 3.5), (-10.0, 5.0, 7.0), OBLIQUE),
        Grid.make((6, 3), (0.5, 2.0), (3.0, -4.0), OBLIQUE[:2, :2]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_values_and_places_survive_the_way_to_simpleitk_and_back(grid: Grid, channels: int) -> None:
    data = torch.randn((channels, *grid.shape), generator=torch.Generator().manual_seed(1))
    there = image_to_sitk(Image(data, grid))
    back = image_from_sitk(there)
    assert grid_of_sitk(there).same_space(grid, 1e-9)
    assert torch.equal(back.data, data)
    index = [n - 1 for n in grid.size]
    np.testing.assert_allclose(there.TransformIndexToPhysicalPoint(index), grid.points(index), atol=1e-9)


def test_an_unsigned_short_image_becomes_integers_torch_can_compute_with() -> None:
    image = image_from_sitk(sitk.GetImageFromArray(np.full((2, 3, 4), 65535, np.uint16)))
    assert image.data.dtype == torch.int32
    assert int(image.data.max()) == 65535


def test_the_values_are_a_copy_that_does_not_follow_the_source() -> None:
    source = sitk.Image([3, 3], sitk.sitkFloat32)
    image = image_from_sitk(source)
    source[1, 1] = 7.0
    assert float(image.data.abs().max()) == 0.0
