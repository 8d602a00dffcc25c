"""The frame a network works in: upright, isotropic, without the rigid part of the motion."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.learning.uncertainty.frame import frame_of, rigid_part, upright_grid
from Testing.learning.small import a_displacement, an_image, oblique


def _moved(displacement: Image, matrix: np.ndarray) -> Image:
    """The displacement of x -> M(x + u(x))."""
    points = np.moveaxis(displacement.grid.all_points(), -1, 0)
    there = np.einsum("ij,j...->i...", matrix[:3, :3], points + displacement.data.numpy())
    there += matrix[:3, 3].reshape(3, 1, 1, 1)
    return displacement.with_data(torch.from_numpy(there - points).float())


def test_upright_grid_permutes_and_flips_axes_to_left_posterior_superior() -> None:
    sagittal = Grid.make((20, 30, 10), (1.0, 2.0, 4.0), (5, 6, 7), [[0, 0, -1], [1, 0, 0], [0, -1, 0]])
    grid = upright_grid(sagittal, 2.0)
    assert grid.size == (20, 10, 30)
    np.testing.assert_allclose(grid.direction, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(grid.centre, sagittal.centre)


def test_upright_grid_keeps_a_small_tilt() -> None:
    tilt = oblique()
    grid = upright_grid(Grid.make((20, 20, 20), 2.0, None, tilt[:, [1, 2, 0]] * [1, -1, 1]), 2.0)
    np.testing.assert_allclose(grid.direction, tilt, atol=1e-12)


def test_rigid_part_of_a_rigid_motion_is_that_motion() -> None:
    grid = Grid.make((10, 12, 8), (3, 4, 5), (-20, 5, 90), oblique())
    still = Image(torch.zeros(3, *grid.shape), grid)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = oblique(5), (40, -12, 30)
    u = _moved(still, matrix)
    u.data[:, 0, :3] = torch.nan
    np.testing.assert_allclose(rigid_part(u), matrix, atol=1e-3)


def test_a_couch_shift_and_turn_leaves_what_the_network_reads() -> None:
    grid = Grid.make((18, 20, 16), (4, 4, 5), (-30, -40, -35), oblique())
    fixed, u = an_image(grid), a_displacement(grid)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = oblique(7), (15, -80, 33)
    turned = matrix @ grid.matrix
    shifted = Grid(
        grid.size, grid.spacing, tuple(turned[:3, 3]), tuple(map(tuple, turned[:3, :3] / grid.spacing))
    )
    moving = an_image(grid, 1)
    one = frame_of(fixed, moving, u, 4.0)
    other = frame_of(fixed, Image(moving.data, shifted), _moved(u, matrix), 4.0)
    torch.testing.assert_close(one.fixed, other.fixed)
    torch.testing.assert_close(one.moving, other.moving, atol=2e-4, rtol=0)
    torch.testing.assert_close(one.displacement_mm, other.displacement_mm, atol=2e-3, rtol=0, equal_nan=True)


def test_displacement_is_turned_into_the_axes_of_the_frame() -> None:
    tilt = oblique()
    grid = Grid.make((16, 16, 16), 4.0, None, tilt)
    u = a_displacement(grid)
    frame = frame_of(an_image(grid), an_image(grid, 1), u, 4.0)
    turned = np.einsum("ij,j...->i...", np.asarray(frame.grid.direction), frame.displacement_mm.numpy())
    back = np.einsum("ij,j...->i...", frame.rigid[:3, :3], turned)
    points = np.moveaxis(frame.grid.all_points(), -1, 0)
    rigid = np.einsum("ij,j...->i...", frame.rigid[:3, :3], points) - points
    rigid += frame.rigid[:3, 3].reshape(3, 1, 1, 1)
    np.testing.assert_allclose(back + rigid, u.data.numpy(), atol=2e-3)


def test_air_lies_beyond_the_images_and_intensities_are_those_of_the_paper() -> None:
    grid = Grid.make((16, 16, 16), 4.0)
    small = Grid.make((8, 16, 16), 4.0)
    fixed = Image(torch.full((1, 16, 16, 16), 40.0), grid)
    moving = Image(torch.full((1, 16, 16, 8), 200.0), small)
    frame = frame_of(fixed, moving, Image(torch.zeros(3, 16, 16, 16), grid), 4.0)
    assert float(frame.fixed.mean()) == pytest.approx((40 + 1000) / 4000)
    assert float(frame.moving[..., :8].mean()) == pytest.approx((200 + 1000) / 4000)
    assert float(frame.moving[..., 8:].abs().max()) == pytest.approx(0, abs=1e-6)


def test_sections_and_fields_without_a_value_are_refused_in_words() -> None:
    flat = Grid.make((8, 8), 2.0)
    section = Image(torch.zeros(1, 8, 8), flat, name="slice.png")
    grid = Grid.make((8, 8, 8), 2.0)
    ct, nowhere = an_image(grid), Image(torch.full((3, 8, 8, 8), torch.nan), grid)
    with pytest.raises(GeometryError, match="1 channels in 2D"):
        frame_of(section, section, nowhere, 2.0)
    with pytest.raises(GeometryError, match="undefined everywhere"):
        frame_of(ct, ct, nowhere, 2.0)
