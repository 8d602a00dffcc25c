"""Training goes on bit for bit, flips keep what they must, and the loss falls."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.learning.train_uncertainty import main, shipped_recipe
from RegSuite.learning.uncertainty.pairs import flipped, load_pair, pairs_in, patch_of, save_pair
from RegSuite.learning.uncertainty.recipe import read_recipe
from RegSuite.learning.uncertainty.training import CHECKPOINT, Training, landmark_scores, train
from RegSuite.numerics.resample import warp
from Testing.learning.small import RECIPE, a_pair, blobs, needs_monai

pytestmark = needs_monai


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _weights(training: Training) -> list[torch.Tensor]:
    return [value.clone() for value in training.network.state_dict().values()]


def test_a_run_that_was_stopped_goes_on_bit_for_bit(tmp_path: Path) -> None:
    pairs = [a_pair(seed=0), a_pair(seed=1)]
    whole = Training.new(RECIPE)
    train(whole, pairs, tmp_path / "whole")
    first = Training.new(RECIPE)
    train(first, pairs, tmp_path / "parts", until=5)
    second = Training.resumed(tmp_path / "parts" / CHECKPOINT, RECIPE)
    assert second.step == 5
    torch.randn(7)
    train(second, pairs, tmp_path / "parts")
    assert second.step == RECIPE.steps
    for one, other in zip(_weights(whole), _weights(second), strict=True):
        assert torch.equal(one, other)


def test_another_seed_gives_other_weights() -> None:
    one = _weights(Training.new(RECIPE))
    again = _weights(Training.new(RECIPE))
    other = _weights(Training.new(RECIPE.model_copy(update={"seed": 5})))
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_untrained_network_answers_the_stated_sd_everywhere() -> None:
    training = Training.new(RECIPE)
    with torch.no_grad():
        answer = training.network(torch.randn(1, 5, 8, 8, 8)).exp()
    torch.testing.assert_close(answer, torch.full_like(answer, RECIPE.first_sd_mm))


def test_the_loss_falls_where_structure_is_and_the_log_says_so(tmp_path: Path) -> None:
    """A pair that the field aligns exactly: with training the answer gets small where edges are."""
    pair = a_pair()
    aligned = warp(
        pair.moving[None], tuple(pair.moving.shape), torch.eye(3, 4).numpy(), pair.displacement_mm / 4
    )[0]
    exact = [replace(pair, fixed=aligned)]
    recipe = RECIPE.model_copy(update={"steps": 40, "validate_every": 10, "halvings": 0})
    training = Training.new(recipe)
    train(training, exact, tmp_path, exact)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [10, 20, 30, 40]
    assert float(rows[-1]["total"]) < float(rows[0]["total"]) - 0.1
    assert math.isfinite(float(rows[-1]["likelihood"]))
    scores = landmark_scores(training, exact)
    assert scores["scaled"] >= scores["likelihood"]


def test_a_checkpoint_of_another_recipe_is_refused_by_the_field_that_differs(tmp_path: Path) -> None:
    training = Training.new(RECIPE)
    training.save(tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=r"smoothness 10\.0 there, 3\.0 here"):
        Training.resumed(tmp_path / CHECKPOINT, RECIPE.model_copy(update={"smoothness": 3.0}))
    (tmp_path / "other.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="not a checkpoint"):
        Training.resumed(tmp_path / "other.pt", RECIPE)


@pytest.mark.parametrize("flips", [[True, False, False], [False, True, False], [True, False, True]])
def test_a_flipped_pair_is_warped_to_the_flipped_warped_image(flips: list[bool]) -> None:
    pair = a_pair((12, 14, 16))
    fixed, moving, field = flipped(pair.fixed, pair.moving, pair.displacement_mm, flips)
    identity = torch.eye(3, 4).numpy()
    shape = tuple(pair.fixed.shape)
    before = warp(pair.moving[None], shape, identity, pair.displacement_mm / 4)[0]
    after = warp(moving[None], shape, identity, field / 4)[0]
    axes = [2 - a for a, flip in enumerate(flips) if flip]
    torch.testing.assert_close(after, torch.flip(before, axes), atol=1e-5, rtol=0)
    assert torch.equal(fixed, torch.flip(pair.fixed, axes))


def test_patches_lie_within_the_image_on_whole_strides() -> None:
    pair = a_pair((20, 24, 31))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        fixed, moving, field, _, _ = patch_of(pair, (16, 64, 64), 8, generator)
        assert fixed.shape == moving.shape == field.shape[1:] == (16, 24, 24)


def test_landmarks_and_their_errors_go_with_the_patch_and_its_flips() -> None:
    """Landmarks lie on voxels of their own value; each error is 1, 2, 3 mm along x, y, z."""
    pair = a_pair((20, 24, 31))
    index = np.random.default_rng(0).integers(0, [31, 24, 20], (200, 3))
    marked = torch.zeros(20, 24, 31)
    marked[tuple(index.T[::-1])] = 1.0
    errors = np.tile([1.0, 2.0, 3.0], (200, 1))
    pair = type(pair)(
        **{**vars(pair), "fixed": marked, "landmarks": index.astype(float), "errors_mm": errors}
    )
    generator = torch.Generator().manual_seed(0)
    signs = set()
    for _ in range(8):
        fixed, _, _, places, turned = patch_of(pair, (16, 16, 16), 8, generator)
        where = places.long()
        assert 0 < len(where) < 200
        assert bool((fixed[where[:, 2], where[:, 1], where[:, 0]] == 1).all())
        assert len(where.unique(dim=0)) == int(fixed.sum())
        assert torch.equal(turned.abs()[0], torch.tensor([1.0, 2.0, 3.0]))
        signs.add(tuple(turned[0].sign().tolist()))
    assert len(signs) > 3


def test_a_start_from_a_model_begins_with_its_weights() -> None:
    first = Training.new(RECIPE.model_copy(update={"seed": 5}))
    second = Training.new(RECIPE, start=first.network.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(_weights(first), _weights(second), strict=True))


def test_with_a_weight_on_landmarks_their_likelihood_rises(tmp_path: Path) -> None:
    """Errors of 2 mm at all landmarks, an answer of 1.5 mm to begin with."""
    recipe = RECIPE.model_copy(
        update={"landmark_weight": 5.0, "steps": 30, "validate_every": 30, "halvings": 0}
    )
    pairs = [a_pair((20, 24, 24), seed) for seed in range(2)]
    training = Training.new(recipe)
    before = landmark_scores(training, pairs)["likelihood"]
    train(training, pairs, tmp_path)
    assert landmark_scores(training, pairs)["likelihood"] > before + 0.1


def test_a_pair_comes_back_from_its_file(tmp_path: Path) -> None:
    pair = a_pair()
    save_pair(pair, tmp_path / "pair.npz")
    back = load_pair(tmp_path / "pair.npz")
    torch.testing.assert_close(back.fixed, pair.fixed, atol=2.5e-4, rtol=0)
    torch.testing.assert_close(back.displacement_mm, pair.displacement_mm, atol=0.01, rtol=0)
    np.testing.assert_allclose(back.errors_mm, pair.errors_mm, atol=1e-5)
    assert (back.case, back.registration, back.voxel_mm) == ("case 0", "made up", 4.0)
    with pytest.raises(InputError, match="voxels of 4 mm, the recipe 2 mm"):
        pairs_in(tmp_path, 2.0)
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InputError, match="not a training pair"):
        pairs_in(tmp_path, 4.0)


def test_the_command_trains_stops_goes_on_and_writes_a_model(tmp_path: Path) -> None:
    from RegSuite.learning.uncertainty.model_file import load_model

    (tmp_path / "pairs" / "training").mkdir(parents=True)
    save_pair(a_pair(), tmp_path / "pairs" / "training" / "one.npz")
    (tmp_path / "recipe.yaml").write_text(RECIPE.model_dump_json())
    command = [
        str(tmp_path / "pairs"),
        "-o",
        str(tmp_path / "out"),
        "--recipe",
        str(tmp_path / "recipe.yaml"),
    ]
    assert main([*command, "--set", "steps=4", "--until", "2"]) == 0
    assert main([*command, "--set", "steps=4"]) == 2
    assert main([*command, "--set", "steps=4", "--resume"]) == 0
    model = load_model(tmp_path / "out" / "model.safetensors")
    assert model.steps == 4
    assert model.trained_on == "1 pairs of 1 cases; deformations by made up"


def test_recipes_are_refused_by_the_field_that_does_not_fit(tmp_path: Path) -> None:
    assert read_recipe(shipped_recipe()).name == "thorax-uncertainty"
    (tmp_path / "recipe.yaml").write_text("smoothness: -1\n")
    with pytest.raises(InputError, match="smoothness"):
        read_recipe(tmp_path / "recipe.yaml")
    (tmp_path / "recipe.yaml").write_text("lamda: 1\n")
    with pytest.raises(InputError, match="lamda"):
        read_recipe(tmp_path / "recipe.yaml")


def test_blobs_hold_structure() -> None:
    assert float(blobs((16, 16, 16)).std()) > 0.02
