"""Warps: the compiled ones against torch's and against images that are known everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from RegSuite.numerics.node_warp import warp_by_nodes
from RegSuite.numerics.resample import warp
from Testing.numerics.twins import SHAPES, plainly, scattered, texture, threads

SPACING = (1.0, 1.5, 2.0)
ROUNDING = 2e-4
"""Positions in float32 on one side: 1e-5 voxels at slopes of at most 1 a voxel, with room."""

AFFINE = np.array([[0.95, 0.12, -0.05, 0.7], [-0.1, 1.05, 0.08, -1.3], [0.04, -0.06, 0.9, 1.1]])


def flow(shape: tuple[int, ...], seed: int = 7) -> Tensor:
    """A smooth displacement [3, *shape] of up to 2 mm."""
    return torch.stack([4 * texture(shape, seed + i) - 2 for i in range(3)])


def ramp(shape: tuple[int, ...]) -> Tensor:
    """1 + 2 x - y + 3 z at voxels, [1, *shape]."""
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij")
    return (1 + 2 * x - y + 3 * z)[None]


@pytest.mark.parametrize("outside", [None, -5.0])
@pytest.mark.parametrize("with_field", [False, True])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_compiled_warp_is_the_plain_one(
    shape: tuple[int, ...], with_field: bool, outside: float | None
) -> None:
    image = torch.stack([texture(shape, 1), texture(shape, 2)])
    out_shape = (6, 7, 8)
    field = flow(out_shape) if with_field else None
    matrix = np.diag(1 / np.array(SPACING)) @ AFFINE[:, :3]

    def pull() -> Tensor:
        return warp(image, out_shape, AFFINE, field, matrix, outside=outside)

    assert float((pull() - plainly(pull)).abs().max()) < ROUNDING


def test_a_linear_image_is_read_exactly_and_repeated_beyond_its_border() -> None:
    image = ramp((6, 7, 8))
    shift = np.eye(3, 4)
    shift[:, 3] = (0.25, 0.5, -0.75)
    found = warp(image, (6, 7, 8), shift)
    assert torch.allclose(found[0, 1:, :-1, :-1], image[0, 1:, :-1, :-1] + 0.5 - 0.5 - 2.25, atol=1e-5)
    assert torch.allclose(found[0, 0, :-1, :-1], image[0, 0, :-1, :-1], atol=1e-5)  # z = -0.75 reads z = 0


def test_outside_begins_half_a_voxel_beyond_the_outer_centres() -> None:
    image = torch.ones((1, 5, 5, 5))
    for by, inside in ((0.49, True), (0.51, False)):
        shift = np.eye(3, 4)
        shift[0, 3] = by
        found = warp(image, (5, 5, 5), shift, outside=9.0)
        assert bool((found[0, :, :, -1] == (1.0 if inside else 9.0)).all())
        assert bool((found[0, :, :, :-1] == 1.0).all())


@pytest.mark.parametrize("strides", [(1, 1, 1), (2, 2, 2), (3, 1, 2)])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_compiled_warp_by_nodes_is_the_plain_one(
    shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    image = torch.stack([texture(shape, 1), texture(shape, 2)])
    out_shape = (9, 8, 7) if shape[0] > 1 else (1, 8, 7)
    nodes = tuple(-(-n // s) for n, s in zip(out_shape, strides[::-1], strict=True))
    field = flow(nodes)

    def pull() -> tuple[Tensor, Tensor | None]:
        return warp_by_nodes(image, out_shape, AFFINE, field, strides, SPACING, wants_inside=True)

    (found, inside), (truth, truly) = pull(), plainly(pull)
    assert inside is not None
    assert truly is not None
    assert float((found - truth).abs().max()) < ROUNDING
    assert torch.equal(inside, truly)
    assert set(inside.unique().tolist()) <= {0.0, 1.0}
    assert pull_without(image, out_shape, field, strides)[1] is None


def pull_without(
    image: Tensor, shape: tuple[int, ...], field: Tensor, strides: tuple[int, ...]
) -> tuple[Tensor, Tensor | None]:
    return warp_by_nodes(image, shape, AFFINE, field, strides, SPACING)


def test_nodes_sit_at_the_centres_of_their_blocks() -> None:
    shape, strides = (8, 9, 10), (2, 3, 4)
    nodes = (2, 3, 5)  # ceil(8 / 4), 9 / 3, 10 / 2
    field = torch.zeros(3, *nodes)
    field[0] = torch.arange(5, dtype=torch.float32) * 0.1  # 0.1 mm more a node of 2 voxels: 0.05 a voxel
    found, inside = warp_by_nodes(
        ramp(shape), shape, np.eye(3, 4), field, strides, (1.0, 1.0, 1.0), wants_inside=True
    )
    x = torch.arange(10, dtype=torch.float32)
    at_voxel = ((x - 0.5) * 0.05).clamp(0, 0.4)  # node 0 is the middle of voxels 0 and 1
    expected = ramp(shape)[0] + 2 * at_voxel
    assert torch.allclose(found[0, :, :, :-1], expected[:, :, :-1], atol=1e-5)
    assert inside is not None
    assert bool(inside.all())  # at most 0.4 voxels beyond the last centre


def test_millimetres_along_the_fixed_axes_go_through_the_affine_map() -> None:
    """u in mm is divided by the spacing before the affine map turns it into moving voxels."""
    shape = (6, 6, 6)
    turn = np.array([[0.0, -1.0, 0.0, 5.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    field = torch.zeros(3, *shape)
    field[1] = 1.5  # one voxel along y: one voxel less along the moving image's x
    found = warp_by_nodes(ramp(shape), shape, turn, field, (1, 1, 1), SPACING)[0]
    plain = warp(ramp(shape), shape, turn)
    assert torch.allclose(found[0, :, :4], plain[0, :, :4] - 2.0, atol=1e-5)


def test_memory_order_and_threads_do_not_matter_and_inputs_stay_as_they_are() -> None:
    image, field = texture((13, 12, 11))[None], flow((7, 6, 6))
    kept = image.clone(), field.clone()
    found = []
    for count in (1, 2):
        with threads(count):
            for i, f in ((image, field), (scattered(image), scattered(field))):
                found.append(warp_by_nodes(i, (13, 12, 11), AFFINE, f, (2, 2, 2), SPACING)[0])
                found.append(warp(i, (7, 6, 6), AFFINE, f))
    assert all(torch.equal(a, b) for a, b in zip(found, found[:2] * 4, strict=True))
    assert torch.equal(image, kept[0])
    assert torch.equal(field, kept[1])
