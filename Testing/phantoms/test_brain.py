"""The brain made of formulas looks like a T1 brain and is not its own mirror image."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid
from RegSuite.phantoms.brain import brain_image, brain_phantom, default_grid
from RegSuite.phantoms.brain_anatomy import WHITE, label_names

SMALL = Grid.make((48, 60, 48), 3.0, (-70.5, -88.5, -70.5))


@pytest.mark.parametrize("scalp", [False, True])
def test_every_structure_of_the_table_is_in_the_image(scalp: bool) -> None:
    _, labels = brain_image(Grid.make((72, 90, 72), 2.0), scalp)
    assert set(labels.data.unique().tolist()) == {0, *label_names()}


def test_left_structures_are_on_the_left_which_is_positive_x_in_lps() -> None:
    _, labels = brain_image(SMALL)
    points = torch.from_numpy(SMALL.all_points())
    for left, right in ((2, 41), (3, 42), (17, 53), (12, 51), (8, 47)):
        assert float(points[labels.data[0] == left][:, 0].mean()) > 10
        assert float(points[labels.data[0] == right][:, 0].mean()) < -10
    cerebellum, ventricle = (points[labels.data[0] == n].mean(dim=0) for n in (8, 4))
    assert cerebellum[2] < ventricle[2]
    assert cerebellum[1] > ventricle[1]


def test_white_matter_is_brighter_than_cortex_and_cortex_than_fluid() -> None:
    image, labels = brain_image(SMALL)
    mean = {n: float(image.data[labels.data == n].mean()) for n in (2, 3, 24)}
    assert mean[2] > 1.2 * mean[3] > 1.2 * 1.2 * mean[24]
    assert mean[2] == pytest.approx(200 * WHITE, rel=0.1)


def test_the_left_ventricle_is_larger_so_a_flip_shows() -> None:
    _, labels = brain_image(SMALL)
    left, right = (int((labels.data == n).sum()) for n in (4, 43))
    assert left > 1.3 * right
    flipped = labels.data.flip(-1)
    assert float((flipped == labels.data).float().mean()) < 0.98


def test_an_oblique_grid_shows_the_same_head_at_the_same_points() -> None:
    turned = Grid.make(
        (40, 48, 40),
        3.5,
        SMALL.centre + np.array([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]) @ [-68.25, -82.25, -68.25],
        [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]],
    )
    _, straight = brain_image(SMALL)
    _, oblique = brain_image(turned)
    index = np.rint(SMALL.index(turned.all_points())).astype(int)
    inside = ((index >= 0) & (index < np.asarray(SMALL.size))).all(-1)
    there = straight.data[0].numpy()[tuple(index[inside][:, ::-1].T)]
    same = (there == oblique.data[0].numpy()[inside]).mean()
    # what differs is voxels cut by an edge: the grids' voxels do not coincide
    assert same > 0.8


def test_the_slice_in_2d_holds_ventricles_and_nuclei() -> None:
    _, labels = brain_image(default_grid(ndim=2))
    assert {2, 3, 4, 10, 11, 12, 41, 42, 43, 49} <= set(labels.data.unique().tolist())


def test_another_anatomy_seed_gives_other_sulci_and_the_same_one_the_same() -> None:
    a, b, c = (brain_image(SMALL, anatomy_seed=n)[0].data for n in (0, 0, 1))
    assert torch.equal(a, b)
    assert float((a - c).abs().mean()) > 1


def test_the_phantom_has_truth_labels_and_names() -> None:
    phantom = brain_phantom(SMALL, 6.0, seed=5)
    assert phantom.displacement is not None
    assert phantom.displacement.data.shape == (3, *SMALL.shape)
    assert phantom.label_names[17] == "Left-Hippocampus"
    assert (phantom.name, phantom.seed, phantom.fixed.modality) == ("brain", 5, "MR")
