"""The parts of linear registration: rotations, moments, sums and measures against truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.geometry import Image
from RegSuite.methods.linear.measures import Measure, MeasureName
from RegSuite.methods.linear.moments import moments
from RegSuite.methods.linear.points import stratified_points
from RegSuite.methods.linear.poses import Frame, Poses, directions, moved
from RegSuite.methods.linear.pyramid import pyramid
from RegSuite.methods.linear.rotations import (
    angle_between,
    cube_rotations,
    nearest_rotation,
    rotations_of_vectors,
    spread_rotations,
)
from Testing.methods.linear_phantoms import motion, oblique, pictured, upright


def a_case(name: MeasureName) -> tuple[Measure, Poses, Frame]:
    """A measure of two noisy pictures 4 degrees and 3 mm apart, three poses, and their frame."""
    fixed = pyramid(pictured(upright(), np.eye(4)), [6.0])[0]
    moving = pyramid(pictured(oblique(), motion([4.0, -2.0, 3.0], [2.0, 1.0, -2.0]), seed=1), [6.0])[0]
    frame = Frame(np.array([1.0, 2.0, 3.0]), 40.0, np.eye(3))
    points = stratified_points(fixed, 3000, frame.centre, frame.radius, 0, patches=name == "lncc")
    linear = rotations_of_vectors(np.radians([[0.0, 0, 0], [3.0, 1.0, -2.0], [60.0, 30.0, 0.0]]))
    return (
        Measure(name, points, moving),
        Poses(linear, np.array([[1.0, 2, 3], [3.0, 1, 0], [20.0, 8, -9]])),
        frame,
    )


def test_no_rotation_is_further_than_32_degrees_from_the_spread_set() -> None:
    anywhere = rotations_of_vectors(np.random.default_rng(0).normal(size=(300, 3)) * 2)
    spread = spread_rotations(480)
    nearest = [float(angle_between(spread, r[None]).min()) for r in anywhere]
    assert max(nearest) < 32
    assert np.mean(nearest) < 20


def test_rotation_sets_hold_rotations_and_no_reflections() -> None:
    for found in (spread_rotations(50), cube_rotations()):
        assert np.allclose(found @ np.swapaxes(found, 1, 2), np.eye(3), atol=1e-12)
        assert np.allclose(np.linalg.det(found), 1)
    assert len(np.unique(cube_rotations().reshape(24, 9), axis=0)) == 24


def test_the_nearest_rotation_to_a_reflected_map_is_no_reflection() -> None:
    assert np.linalg.det(nearest_rotation(np.diag([-1.0, 1.0, 1.0]))) == pytest.approx(1)


def test_a_level_keeps_places_in_space() -> None:
    image = pictured(oblique(), np.eye(4), noise=0)
    fine, coarse = pyramid(image, [2.5, 10.0])
    assert np.allclose(moments(fine).centre, moments(coarse).centre, atol=1.0)


def test_moments_follow_a_motion_of_the_object() -> None:
    truth = motion([0, 0, 70.0], [9.0, -7.0, 5.0])
    still = moments(pyramid(pictured(upright(), np.eye(4)), [3.0])[0])
    gone = moments(pyramid(pictured(upright(), truth), [3.0])[0])
    assert np.allclose(gone.centre, truth[:3, :3] @ still.centre + truth[:3, 3], atol=0.6)
    assert np.abs(np.einsum("ik,ik->k", gone.axes, truth[:3, :3] @ still.axes)).min() > 0.97


@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
@pytest.mark.parametrize("plane", [False, True])
def test_directions_are_the_derivatives_of_the_map(model: str, plane: bool) -> None:
    frame = Frame(np.zeros(3), 30.0, np.eye(3)[:, :2] if plane else np.eye(3))
    start = Poses(rotations_of_vectors(np.array([[0.0, 0, 0.4 if plane else 0.1]])) * 1.1, np.ones((1, 3)))
    if model == "rigid":
        start = Poses(start.linear / 1.1, start.place)
    along = directions(model, start, frame)  # type: ignore[arg-type]
    assert along.shape[1] == {"rigid": (6, 3), "similarity": (7, 4), "affine": (12, 6)}[model][plane]
    for p in range(along.shape[1]):
        step = np.zeros((1, along.shape[1]))
        step[0, p] = 1e-4
        there = moved(model, start, frame, along, step)  # type: ignore[arg-type]
        change = (there.maps(frame, np.eye(4)) - start.maps(frame, np.eye(4)))[0] / 1e-4
        assert np.allclose(change, along[0, p], atol=1e-4)


@pytest.mark.parametrize("name", ["mi", "ncc", "lncc"])
def test_the_gradient_of_a_measure_is_its_difference_quotient(name: MeasureName) -> None:
    measure, poses, frame = a_case(name)
    to_index = measure.moving.inverse
    maps = poses.maps(frame, to_index)
    gradient = measure.at(maps).gradient
    random = np.random.default_rng(3)
    for _ in range(3):
        change = random.normal(size=maps.shape)
        # points crossing voxel borders and the volume's edge make the quotient rough: 3 %
        quotient = (measure.at(maps + 5e-3 * change).value - measure.at(maps - 5e-3 * change).value) / 1e-2
        slope = (gradient * change).sum(axis=(1, 2))
        scale = np.linalg.norm(gradient.reshape(3, -1), axis=1)
        assert np.all(np.abs(quotient - slope)[:2] < 0.03 * scale[:2])


@pytest.mark.parametrize("name", ["mi", "ncc", "lncc"])
def test_the_torch_twin_gives_what_the_compiled_loops_give(name: MeasureName) -> None:
    from RegSuite.methods.linear.reference import TorchSums

    measure, poses, frame = a_case(name)
    maps = poses.maps(frame, measure.moving.inverse)
    fast = measure.at(maps)
    measure.sums = TorchSums(measure.points, measure.moving, "cpu")  # type: ignore[assignment]
    plain = measure.at(maps)
    for quantity in ("value", "overlap", "gradient", "curvature"):
        a, b = getattr(fast, quantity), getattr(plain, quantity)
        assert np.allclose(a, b, rtol=2e-3, atol=2e-4 * np.abs(b).max()), quantity


def test_masked_voxels_of_the_moving_image_are_unknown_in_both_ways_of_sampling() -> None:
    from RegSuite.methods.linear.reference import TorchSums

    picture = pictured(upright(), np.eye(4))
    mask = torch.zeros(picture.grid.shape, dtype=torch.bool)
    mask[10:, 5:30, :] = True
    level = pyramid(picture.with_mask(mask), [6.0])[0]
    points = stratified_points(pyramid(picture, [6.0])[0], 2000, np.zeros(3), 40.0, 0)
    measure = Measure("ncc", points, level)
    maps = Poses(np.eye(3)[None], np.zeros((1, 3))).maps(Frame(np.zeros(3), 40.0, np.eye(3)), level.inverse)
    fast = measure.sums.sample(maps).inside.astype(bool)
    plain = TorchSums(points, level, "cpu").sample(maps).inside.numpy()
    assert np.array_equal(fast, plain)
    assert 0.1 < fast.mean() < 0.9


def test_the_points_of_a_masked_image_lie_in_its_mask() -> None:
    picture = pictured(oblique(), np.eye(4))
    mask = torch.zeros(picture.grid.shape, dtype=torch.bool)
    mask[8:20, 10:40, 12:44] = True
    level = pyramid(picture.with_mask(mask), [2.5])[0]
    points = stratified_points(level, 4000, np.zeros(3), 1.0, 0)
    index = np.round(picture.grid.index(points.scaled.astype(float))).astype(int)
    assert len(index) > 2000
    assert mask.numpy()[index[:, 2], index[:, 1], index[:, 0]].all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused_with_the_image_named(value: float) -> None:
    picture = pictured(upright(size=20), np.eye(4))
    data = picture.data.clone()
    data[0, 3, 4, 5] = value
    with pytest.raises(InputError, match="not finite"):
        pyramid(Image(data, picture.grid, name="broken"), [6.0])


def test_a_constant_image_and_an_empty_mask_are_refused() -> None:
    picture = pictured(upright(size=20), np.eye(4))
    with pytest.raises(InputError, match="constant"):
        pyramid(picture.with_data(torch.full_like(picture.data, 3.0)), [6.0])
    with pytest.raises(InputError, match="mask is empty"):
        pyramid(picture.with_mask(torch.zeros(picture.grid.shape, dtype=torch.bool)), [6.0])
