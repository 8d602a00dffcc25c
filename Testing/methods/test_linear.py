"""Rigid and affine registration on objects whose true motion is known exactly."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch

from RegSuite.errors import Cancelled, InputError, MethodFailed
from RegSuite.geometry import Grid, Image
from RegSuite.methods.affine import Affine, AffineParameters
from RegSuite.methods.base import Registration
from RegSuite.methods.linear import linear_start
from RegSuite.methods.linear.parameters import LinearParameters
from RegSuite.methods.rigid import Rigid
from RegSuite.transforms.affine import AffineTransform
from RegSuite.transforms.rigid import RigidTransform
from Testing.methods.linear_phantoms import mean_error_mm, motion, motion2, oblique, pictured, upright


def rigid(fixed: Image, moving: Image, **asked: object) -> Registration:
    """A rigid registration with a few parameters set."""
    return Rigid().register(fixed, moving, LinearParameters.model_validate(asked))


def matrix_of(found: Registration) -> np.ndarray:
    """The homogeneous matrix of the result."""
    assert isinstance(found.transform, AffineTransform)
    return found.transform.homogeneous


@pytest.mark.parametrize(
    "turn",
    [[0.0, 0, 4.0], [175.0, 0, 0], [0, 0, 90.0], [100.0, -80.0, 60.0]],
    ids=["small", "feet first", "side", "odd"],
)
def test_a_rigid_motion_is_recovered_within_a_tenth_of_a_voxel_from_any_pose(turn: list[float]) -> None:
    truth = motion(turn, [12.0, -9.0, 7.0])
    found = rigid(pictured(upright(), np.eye(4)), pictured(oblique(), truth, seed=1))
    assert mean_error_mm(matrix_of(found), truth) < 0.25  # a tenth of the 2.5 mm voxel
    assert isinstance(found.transform, RigidTransform)
    assert found.linear is found.transform


@pytest.mark.parametrize("measure", ["mi", "ncc", "lncc"])
def test_every_measure_recovers_the_motion(measure: str) -> None:
    truth = motion([20.0, 10.0, -15.0], [6.0, 4.0, -8.0])
    found = rigid(pictured(upright(), np.eye(4)), pictured(upright(), truth, seed=1), measure=measure)
    assert mean_error_mm(matrix_of(found), truth) < 0.3


def test_a_motion_beneath_inverted_and_bent_contrast_is_recovered() -> None:
    truth = motion([0.0, 140.0, 20.0], [6.0, 4.0, -8.0])
    moving = pictured(upright(), truth, seed=1)
    other = moving.with_data(torch.sqrt((1.7 - moving.data).clamp(min=0)))
    found = rigid(pictured(upright(), np.eye(4)), other)
    assert found.extra["measure"] == "mi"
    assert mean_error_mm(matrix_of(found), truth) < 0.6


def test_scale_and_shear_are_recovered_by_the_affine_method() -> None:
    truth = motion([0.0, 0.0, 60.0], [5.0, 8.0, -6.0], np.array([1.1, 0.92, 1.05]))
    truth[0, 1] += 0.05
    fixed, moving = pictured(upright(), np.eye(4)), pictured(oblique(), truth, seed=1)
    found = Affine().register(fixed, moving, AffineParameters())
    assert mean_error_mm(matrix_of(found), truth) < 0.3


def test_one_scale_is_recovered_by_the_similarity_model() -> None:
    truth = motion([30.0, 0.0, 60.0], [5.0, 8.0, -6.0], 1.12)
    fixed, moving = pictured(upright(), np.eye(4)), pictured(upright(), truth, seed=1)
    found = Affine().register(fixed, moving, AffineParameters(model="similarity"))
    assert mean_error_mm(matrix_of(found), truth) < 0.3
    assert np.allclose(np.linalg.svd(matrix_of(found)[:3, :3])[1], 1.12, atol=0.01)


@pytest.mark.parametrize("angle", [5.0, 130.0])
def test_a_motion_in_the_plane_is_recovered_in_2d(angle: float) -> None:
    grid = Grid.make((90, 70), (1.5, 2.0), (-67.0, -69.0), [[0.8, -0.6], [0.6, 0.8]])
    grid = Grid.make(grid.size, grid.spacing, -(grid.centre - np.asarray(grid.origin)), grid.direction)
    truth = motion2(angle, [7.0, -5.0])
    found = rigid(pictured(grid, np.eye(3)), pictured(grid, truth, seed=1))
    assert found.transform.ndim == 2
    assert mean_error_mm(matrix_of(found), truth) < 0.15


def test_a_slice_onto_a_slice_moves_within_its_plane_with_a_warning() -> None:
    full = oblique()
    direction = np.asarray(full.direction)
    grid = Grid.make((60, 56, 1), (2.0, 2.0, 5.0), -direction @ np.array([59.0, 55.0, 0.0]), direction)
    about = motion(list(np.asarray(direction[:, 2]) * 25.0), list(direction @ np.array([4.0, -6.0, 0.0])))
    found = rigid(pictured(grid, np.eye(4)), pictured(grid, about, seed=1))
    assert any("one voxel thick" in w for w in found.warnings)
    # the lattice of test points is not in the plane: compare where the pictures are
    x = grid.points(np.random.default_rng(0).random((200, 3)) * [40, 40, 0] + [10, 10, 0])
    difference = matrix_of(found) - about
    assert np.linalg.norm(x @ difference[:3, :3].T + difference[:3, 3], axis=1).mean() < 0.3


@pytest.mark.parametrize("slice_is_fixed", [True, False])
def test_a_slice_and_a_volume_are_aligned_rigidly_both_ways(slice_is_fixed: bool) -> None:
    grid = Grid.make((70, 70, 1), (2.0, 2.0, 2.0), (-69.0, -69.0, 2.0))
    truth = motion([6.0, -5.0, 12.0], [4.0, 3.0, -5.0])
    if slice_is_fixed:
        found = rigid(pictured(grid, np.eye(4)), pictured(upright(), truth, seed=1), search="near")
    else:
        truth = np.linalg.inv(truth)
        found = rigid(
            pictured(upright(), np.linalg.inv(truth) @ truth), pictured(grid, truth, seed=1), search="near"
        )
    x = np.random.default_rng(0).normal(size=(200, 3)) * [20, 20, 0] + [0, 0, 2.0]
    x = x if slice_is_fixed else (x - truth[:3, 3]) @ np.linalg.inv(truth[:3, :3]).T
    difference = matrix_of(found) - truth
    assert np.linalg.norm(x @ difference[:3, :3].T + difference[:3, 3], axis=1).mean() < 1.0


def test_turning_the_header_of_the_moving_image_turns_the_result_with_it() -> None:
    fixed, moving = (
        pictured(upright(), np.eye(4)),
        pictured(oblique(), motion([10.0, 0, 20.0], [5.0, 0, 3.0]), seed=1),
    )
    turn = motion([0.0, 35.0, -50.0], [30.0, -20.0, 10.0])
    direction = turn[:3, :3] @ np.asarray(moving.grid.direction)
    origin = turn[:3, :3] @ np.asarray(moving.grid.origin) + turn[:3, 3]
    turned = Image(moving.data, Grid.make(moving.grid.size, moving.grid.spacing, origin, direction))
    first, second = matrix_of(rigid(fixed, moving)), matrix_of(rigid(fixed, turned))
    assert mean_error_mm(second, turn @ first) < 0.05


def test_a_wrong_half_under_the_mask_does_not_disturb() -> None:
    truth = motion([0.0, 8.0, 6.0], [4.0, -3.0, 2.0])
    fixed, moving = pictured(upright(), np.eye(4)), pictured(upright(), truth, seed=1)
    spoiled = moving.data.clone()
    spoiled[:, :, :, 28:] = torch.flip(spoiled[:, :, :, 28:], dims=(1, 2)) * 2 + 0.5
    mask = torch.ones(moving.grid.shape, dtype=torch.bool)
    mask[:, :, 28:] = False
    with_mask = rigid(fixed, moving.with_data(spoiled).with_mask(mask), search="near")
    assert mean_error_mm(matrix_of(with_mask), truth) < 0.4
    swapped = rigid(moving.with_data(spoiled).with_mask(mask), fixed, search="near")
    assert mean_error_mm(matrix_of(swapped), np.linalg.inv(truth)) < 0.4


def test_same_seed_gives_the_same_bits_and_leaves_the_inputs_alone() -> None:
    fixed, moving = (
        pictured(upright(), np.eye(4)),
        pictured(oblique(), motion([40.0, 0, 0], [3.0, 2, 1]), seed=1),
    )
    before = fixed.data.clone(), moving.data.clone()
    first, second = rigid(fixed, moving, seed=5), rigid(fixed, moving, seed=5)
    assert np.array_equal(matrix_of(first), matrix_of(second))
    assert torch.equal(before[0], fixed.data)
    assert torch.equal(before[1], moving.data)


def test_the_number_of_threads_does_not_change_the_bits() -> None:
    import numba

    fixed, moving = (
        pictured(upright(), np.eye(4)),
        pictured(oblique(), motion([40.0, 0, 0], [3.0, 2, 1]), seed=1),
    )
    many = matrix_of(rigid(fixed, moving))
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        one = matrix_of(rigid(fixed, moving))
    finally:
        numba.set_num_threads(threads)
    assert np.array_equal(many, one)


def test_an_initial_transform_is_the_start_and_included_in_the_result() -> None:
    truth = motion([0.0, 0.0, 100.0], [20.0, 0.0, 0.0])
    near = AffineTransform.from_homogeneous(motion([0.0, 0.0, 95.0], [17.0, 2.0, 0.0]))
    fixed, moving = pictured(upright(), np.eye(4)), pictured(upright(), truth, seed=1)
    found = Rigid().register(fixed, moving, LinearParameters(), initial=near)
    assert mean_error_mm(matrix_of(found), truth) < 0.3
    assert any("initial transform" in note for note in found.notes)


def test_a_symmetric_object_is_called_ambiguous() -> None:
    grid = upright(size=36)
    p = grid.all_points()
    ellipsoid = np.exp(-(((p / [30.0, 18.0, 10.0]) ** 2).sum(axis=-1) ** 3))
    noise = np.random.default_rng(0).normal(size=(2, *grid.shape)) * 0.01
    images = [Image(torch.as_tensor((ellipsoid + n)[None], dtype=torch.float32), grid) for n in noise]
    found = rigid(*images)
    assert any("another, different pose" in w for w in found.warnings)


def test_noise_against_noise_is_a_failure_in_words() -> None:
    noise = torch.randn(2, 1, 40, 40, 40, generator=torch.Generator().manual_seed(0))
    with pytest.raises(MethodFailed, match="share no structure|no pose was found"):
        rigid(Image(noise[0], upright(size=40)), Image(noise[1], upright(size=40)))


def test_images_far_apart_without_a_search_are_a_failure_in_words() -> None:
    far = Grid.make((44, 44, 44), 3.0, (900.0, 0.0, 0.0))
    fixed = pictured(upright(), np.eye(4))
    moving = Image(pictured(upright(), np.eye(4), seed=1).data + 1.0, far)
    with pytest.raises(MethodFailed, match=r"overlap|lies in|share no structure"):
        rigid(fixed, moving, search="none")


def test_2d_with_3d_is_refused() -> None:
    flat = pictured(Grid.make((40, 40), 3.0), np.eye(3))
    with pytest.raises(InputError, match="2D"):
        rigid(flat, pictured(upright(), np.eye(4)))


def test_of_several_channels_the_first_is_used_with_a_note() -> None:
    fixed, moving = (
        pictured(upright(), np.eye(4)),
        pictured(upright(), motion([0, 0, 10.0], [0.0, 0, 0]), seed=1),
    )
    double = fixed.with_data(torch.cat([fixed.data, torch.zeros_like(fixed.data)]))
    found = rigid(double, moving)
    assert any("first of 2 channels" in note for note in found.notes)


def test_progress_rises_to_one_and_cancelling_ends_the_run() -> None:
    fixed, moving = (
        pictured(upright(), np.eye(4)),
        pictured(upright(), motion([0, 0, 10.0], [3.0, 0, 0]), seed=1),
    )
    heard: list[tuple[float, str]] = []

    def listen(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        heard.append((fraction, stage))

    Rigid().register(fixed, moving, LinearParameters(), listen)
    fractions = [f for f, _ in heard]
    assert fractions[-1] == 1.0
    assert all(0.0 <= f <= 1.0 for f in fractions)
    assert {"prepare", "search", "done"} <= {s for _, s in heard}

    def stop(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Rigid().register(fixed, moving, LinearParameters(), stop)


def test_convergence_goes_downhill_on_every_level_and_seconds_are_told() -> None:
    found = rigid(
        pictured(upright(), np.eye(4)), pictured(upright(), motion([0, 20.0, 0], [3.0, 0, 0]), seed=1)
    )
    for stage in {p.stage for p in found.convergence}:
        values = [p.value for p in found.convergence if p.stage == stage]
        assert values == sorted(values, reverse=True)
    assert {"prepare", "search"} <= set(found.seconds)


def test_linear_start_gives_the_affine_map_for_other_methods() -> None:
    truth = motion([0.0, 0.0, 170.0], [5.0, 8.0, -6.0], 1.06)
    start = linear_start(pictured(upright(), np.eye(4)), pictured(upright(), truth, seed=1))
    assert mean_error_mm(start.homogeneous, truth) < 0.3
