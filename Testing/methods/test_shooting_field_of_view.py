"""Shooting where the moving image ends within the fixed one: what is not there moves nothing."""

from __future__ import annotations

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.parameters import LDDMMParameters
from RegSuite.methods.shooting.run import register_by_shooting
from RegSuite.methods.shooting.scene import make_scene

TURN = np.array([[0.8, -0.6], [0.6, 0.8]])


def _blobs(grid: Grid) -> Image:
    z, y = np.indices(grid.shape)
    points = grid.points(np.stack([y, z], axis=-1).astype(float))
    out = np.zeros(grid.shape)
    for centre in ((0, 0), (16, 4), (-14, 10), (4, -18), (-10, -14), (20, -16)):
        out += 100 * np.exp(-((points - np.array(centre, float)) ** 2).sum(axis=-1) / (2 * 5.0**2))
    return Image(torch.from_numpy(out[None].astype(np.float32)), grid, name="blobs")


def _grids() -> tuple[Grid, Grid]:
    centre = TURN @ np.array([39.0, 38.25])
    whole = Grid.make((40, 52), (2.0, 1.5), tuple(-centre), TURN)
    part = Grid.make((22, 40), (1.7, 1.9), tuple(TURN @ np.array([-24.0, -37.0])), TURN)
    return whole, part


def test_only_voxels_within_the_moving_image_count():
    whole, part = _grids()
    scene = make_scene(_blobs(whole), _blobs(part), LDDMMParameters(), None, None)
    z, x = np.indices(whole.shape)
    index = part.index(whole.points(np.stack([x, z], axis=-1).astype(float)))
    inside = ((index >= 0) & (index <= np.array(part.size) - 1)).all(axis=-1)
    outside = ((index < -0.6) | (index > np.array(part.size) - 0.4)).any(axis=-1)
    assert scene.counts is not None
    assert 0.1 < inside.mean() < 0.7
    assert bool(scene.counts.numpy()[inside].all())
    assert not bool(scene.counts.numpy()[outside].any())


def test_a_cropped_image_is_not_stretched_over_the_whole_one():
    whole, part = _grids()
    parameters = LDDMMParameters(kernels_mm=(6.0, 12.0), levels=2, iterations=(20, 10), intensities="common")
    shot = register_by_shooting(_blobs(whole), _blobs(part), parameters)
    assert float(shot.transform.displacement(whole).norm(dim=0).max()) < 1.5  # under a voxel
