"""The known field is the truth: the moving image is where it says, to interpolation accuracy."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from scipy.spatial.transform import Rotation

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.phantoms.brain import brain_image
from RegSuite.phantoms.flow import flow
from RegSuite.phantoms.known_field import known_field_phantom
from RegSuite.phantoms.phantom import Phantom
from RegSuite.phantoms.smooth_noise import smooth_noise
from RegSuite.quality import dice

OBLIQUE = Rotation.from_euler("xyz", [10, -25, 40], degrees=True).as_matrix()
GRIDS = {
    "anisotropic oblique": Grid.make((48, 56, 30), (3.0, 3.0, 4.5), (20.0, -30.0, 40.0), OBLIQUE),
    "2D": Grid.make((90, 110), (1.6, 1.8), (5.0, -9.0), [[0.8, -0.6], [0.6, 0.8]]),
    "one slice": Grid.make((90, 110, 1), (1.6, 1.6, 5.0)),
}


def plain(grid: Grid, seed: int = 4, max_displacement_mm: float = 8.0) -> Phantom:
    """A phantom whose intensities are left as they are."""
    image, labels = brain_image(grid)
    return known_field_phantom(
        image, labels, max_displacement_mm, seed, gamma=1.0, bias_log_sd=0.0, noise=0.0
    )


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_simpleitk_warps_the_moving_image_onto_the_fixed_one_with_the_truth(grid: Grid) -> None:
    scan = Image(smooth_noise(grid, 12.0, 1, torch.Generator().manual_seed(9)), grid)
    phantom = known_field_phantom(scan, None, 8.0, 4, gamma=1.0, bias_log_sd=0.0, noise=0.0)
    truth = phantom.displacement
    assert truth is not None
    field = array_to_sitk(truth.data.double().numpy(), grid, vector=True)
    transform = sitk.DisplacementFieldTransform(field)
    interpolator = sitk.sitkLinear if 1 in grid.size else sitk.sitkBSpline
    fixed, moving = image_to_sitk(phantom.fixed), image_to_sitk(phantom.moving)
    warped = sitk.GetArrayFromImage(sitk.Resample(moving, fixed, transform, interpolator, float("nan")))
    # near the border the scan's continuation beyond it comes in
    inside = np.isfinite(warped)
    for axis, n in enumerate(grid.shape):
        if n > 1:
            index = np.indices(grid.shape)[axis]
            inside &= (index >= 6) & (index < n - 6)
    a, b = phantom.fixed.data[0].numpy()[inside], phantom.moving.data[0].numpy()[inside]
    # cubic interpolation of structures four voxels wide; one slice is interpolated linearly
    assert np.abs(warped[inside] - a).mean() < (0.03 if 1 in grid.size else 0.005) * np.abs(b - a).mean()


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())
def test_labels_overlap_to_the_ceiling_of_two_nearest_neighbour_steps(grid: Grid) -> None:
    phantom = plain(grid)
    assert phantom.displacement is not None
    assert phantom.fixed_labels is not None
    assert phantom.moving_labels is not None
    field = array_to_sitk(phantom.displacement.data.double().numpy(), grid, vector=True)
    warped = sitk.Resample(
        image_to_sitk(phantom.moving_labels),
        image_to_sitk(phantom.fixed_labels),
        sitk.DisplacementFieldTransform(field),
        sitk.sitkNearestNeighbor,
    )
    after = dice(phantom.fixed_labels.data[0], torch.from_numpy(sitk.GetArrayFromImage(warped)))
    before = dice(phantom.fixed_labels.data[0], phantom.moving_labels.data[0])
    assert after.values[2] > 0.9 > before.values[2]
    assert after.values[41] > 0.9 > before.values[41]


def test_the_largest_displacement_over_the_object_is_what_was_asked_for() -> None:
    phantom = plain(GRIDS["anisotropic oblique"], max_displacement_mm=6.0)
    assert phantom.displacement is not None
    length = phantom.displacement.data.norm(dim=0)
    inside = phantom.fixed.data[0] > phantom.fixed.data.min()
    assert float(length[inside].max()) == pytest.approx(6.0, rel=0.01)


def test_the_map_does_not_fold() -> None:
    phantom = plain(GRIDS["anisotropic oblique"], max_displacement_mm=10.0)
    assert phantom.displacement is not None
    assert float(jacobian_determinant(phantom.displacement.data, phantom.fixed.grid).min()) > 0.2


def test_a_single_slice_is_not_moved_out_of_its_plane() -> None:
    phantom = plain(GRIDS["one slice"])
    assert phantom.displacement is not None
    assert float(phantom.displacement.data[2].abs().max()) == 0.0


def test_forward_and_backward_flow_undo_each_other_within_a_hundredth_of_a_millimetre() -> None:
    grid = Grid.make((40, 44, 36), (1.5, 1.0, 2.0), direction=OBLIQUE)
    velocity = 4 * smooth_noise(grid, 9.0, 3, torch.Generator().manual_seed(2))
    there = flow(velocity, grid)
    back = flow(-velocity, grid, start_mm=there)
    assert float(there.norm(dim=0).max()) > 8.0
    assert float(back.norm(dim=0).max()) < 0.01


def test_the_flow_of_a_uniform_velocity_is_a_shift_and_of_a_linear_one_an_exponential() -> None:
    grid = Grid.make((41, 41), 1.0, (-20.0, -20.0))
    points = torch.from_numpy(np.moveaxis(grid.all_points(), -1, 0)).float()
    shift = torch.tensor([1.5, -2.0]).reshape(2, 1, 1).expand_as(points).contiguous()
    torch.testing.assert_close(flow(shift, grid), shift)
    found = flow(0.2 * points, grid, 0.25)[:, 8:-8, 8:-8]
    torch.testing.assert_close(found, (np.exp(0.2) - 1) * points[:, 8:-8, 8:-8], atol=1e-3, rtol=1e-4)


def test_smooth_noise_has_the_correlation_length_asked_for_in_millimetres() -> None:
    grid = Grid.make((200, 100), (1.0, 2.0))
    noise = smooth_noise(grid, 6.0, 1, torch.Generator().manual_seed(0))[0]
    assert float(noise.square().mean()) == pytest.approx(1.0, abs=1e-4)
    # smoothed white noise has the correlation exp(-d^2 / 4 sigma^2): 0.37 at d = 2 sigma
    along_x = float((noise[:, :-12] * noise[:, 12:]).mean())
    along_y = float((noise[:-6] * noise[6:]).mean())
    assert along_x == pytest.approx(np.exp(-1), abs=0.12)
    assert along_y == pytest.approx(np.exp(-1), abs=0.12)


def test_same_seed_same_bits_and_another_seed_another_phantom() -> None:
    image, labels = brain_image(Grid.make((32, 40), 4.0, (-62.0, -78.0)))
    a, b, c = (known_field_phantom(image, labels, 8.0, seed) for seed in (1, 1, 2))
    for name in ("moving", "displacement", "moving_labels"):
        assert torch.equal(getattr(a, name).data, getattr(b, name).data)
        assert not torch.equal(getattr(a, name).data, getattr(c, name).data)


def test_intensities_change_as_asked_and_the_scan_is_left_alone() -> None:
    image, _ = brain_image(Grid.make((60, 60), 3.0))
    copy = image.data.clone()
    phantom = known_field_phantom(image, None, 5.0, 3, gamma=1.0, bias_log_sd=0.0, noise=0.05)
    air = phantom.moving.data[0, :4, :4]
    spread = float(image.data.max() - image.data.min())
    assert float(air.std()) == pytest.approx(0.05 * spread, rel=0.5)
    assert torch.equal(image.data, copy)
    assert phantom.parameters["noise"] == 0.05


def test_a_flat_scan_and_a_displacement_of_nothing_are_refused() -> None:
    grid = Grid.make((8, 8))
    with pytest.raises(InputError, match="all voxels are 3"):
        known_field_phantom(Image(torch.full((1, 8, 8), 3.0), grid))
    with pytest.raises(InputError, match="largest displacement of 0 mm"):
        known_field_phantom(Image(torch.rand((1, 8, 8)), grid), max_displacement_mm=0)


def test_labels_on_another_grid_are_refused() -> None:
    image = Image(torch.rand((1, 8, 8)), Grid.make((8, 8)))
    labels = Image(torch.ones((1, 8, 8), dtype=torch.int32), Grid.make((8, 8), 2.0))
    with pytest.raises(InputError, match="resample the labels"):
        known_field_phantom(image, labels, 1.0)
