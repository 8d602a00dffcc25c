"""MIND-SSC descriptors against a plain twin."""

import itertools
import math

import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.similarity import MIND
from RegSuite.similarity.mind import UNKNOWN, mind_ssc
from Testing.similarity.pairs import a_mask, noise


def plain_mind(image, radius, dilation, mask=None):
    """Descriptors as multisets: [*shape, K], sorted along the channels. Loops over all voxels."""
    shape, ndim = image.shape, image.ndim
    inside = torch.ones(shape, dtype=torch.bool) if mask is None else mask

    def held(place):
        return tuple(min(max(p, 0), n - 1) for p, n in zip(place, shape, strict=True))

    def neighbour(axis, sign):
        return tuple(sign * dilation if k == axis else 0 for k in range(ndim))

    sides = [neighbour(axis, sign) for axis in range(ndim) for sign in (1, -1)]
    pairs = [
        (a, b) for a, b in itertools.combinations(sides, 2) if any(p + q for p, q in zip(a, b, strict=True))
    ]
    distances = torch.full((*shape, len(pairs)), math.inf, dtype=image.dtype)
    for place in itertools.product(*(range(n) for n in shape)):
        for k, (a, b) in enumerate(pairs):
            squares = []
            for offset in itertools.product(range(-radius, radius + 1), repeat=ndim):
                p = held(tuple(sum(t) for t in zip(place, a, offset, strict=True)))
                q = held(tuple(sum(t) for t in zip(place, b, offset, strict=True)))
                if inside[p] and inside[q]:
                    squares.append(float(image[p] - image[q]) ** 2)
            if squares:
                distances[(*place, k)] = sum(squares) / len(squares)
    known = torch.isfinite(distances)
    low = distances.amin(-1, keepdim=True)
    excess = torch.where(known, distances - low, 0)
    spread = excess.sum(-1, keepdim=True) / known.sum(-1, keepdim=True).clamp(min=1)
    mean = spread[..., 0][inside].mean()
    spread = spread.clamp(mean / 1000, 1000 * mean)
    out = torch.where(known, torch.exp(-excess / spread), UNKNOWN)
    return torch.where(inside[..., None], out, 0).sort(-1).values


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("radius", "dilation"), [(1, 2), (0, 1), (2, 1)])
@pytest.mark.parametrize("shape", [(6, 7), (3, 3, 4), (1, 4, 5)], ids=str)
def test_descriptors_are_those_of_a_plain_loop(shape, radius, dilation, masked):
    image = noise(shape)
    mask = a_mask(shape) if masked else None
    found = mind_ssc(image, radius, dilation, mask)
    assert found.shape == (12 if len(shape) == 3 else 4, *shape)
    expected = plain_mind(image[0], radius, dilation, mask)
    torch.testing.assert_close(found.movedim(0, -1).sort(-1).values, expected, rtol=1e-9, atol=1e-12)


def test_descriptors_lie_within_zero_and_one_and_the_closest_pair_has_one():
    found = mind_ssc(noise((8, 9, 10)).float())
    assert found.dtype == torch.float32
    assert float(found.min()) >= 0
    assert (found.amax(0) == 1).all()


def test_an_edge_is_described_by_the_pairs_that_cross_it():
    # a step along x, read in the middle of the step: pairs (+y, +z) see nothing of it and have 1
    image = torch.zeros(1, 9, 9, 9)
    image[..., 5:] = 1
    at_edge = mind_ssc(image, radius=0, dilation=2)[:, 4, 4, 4]
    # 4 pairs of y and z neighbours, 4 of -x with y or z: distance 0; 4 with +x: distance 1, mean 1/3
    assert sorted(at_edge.tolist()) == pytest.approx([math.exp(-3)] * 4 + [1.0] * 8, rel=1e-5)


def test_descriptors_do_not_see_contrast():
    image = noise((7, 8, 9))
    torch.testing.assert_close(mind_ssc(5 - 30 * image), mind_ssc(image), rtol=1e-8, atol=1e-12)


def test_descriptors_of_channels_stand_one_after_the_other():
    image = noise((5, 6, 7), channels=2)
    both = mind_ssc(image)
    assert both.shape == (24, 5, 6, 7)
    assert torch.equal(both[12:], mind_ssc(image[1:]))


def test_a_constant_image_has_descriptors_of_one():
    assert (mind_ssc(torch.full((1, 5, 6, 7), 3.3)) == 1).all()


def test_descriptors_outside_the_mask_are_zero_and_a_lone_voxel_is_unknown():
    mask = torch.zeros(9, 9, 9, dtype=torch.bool)
    mask[4, 4, 4] = True
    found = mind_ssc(noise((9, 9, 9)), 0, 1, mask)
    assert (found[:, ~mask] == 0).all()
    torch.testing.assert_close(found[:, 4, 4, 4], torch.full((12,), UNKNOWN, dtype=torch.float64))


def test_descriptors_can_be_differentiated_and_are_the_same_then():
    image = noise((4, 5, 6)).requires_grad_(True)
    for mask in (None, a_mask((4, 5, 6))):
        tracked = mind_ssc(image, 1, 1, mask)
        torch.testing.assert_close(tracked.detach(), mind_ssc(image.detach(), 1, 1, mask))
        (gradient,) = torch.autograd.grad(tracked[3].sum(), image)
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() > 0


def test_the_measure_is_the_mean_squared_difference_of_descriptors():
    fixed, warped, mask = noise((5, 6, 7), 1), noise((5, 6, 7), 2), a_mask((5, 6, 7))
    difference = mind_ssc(fixed, 1, 2, mask) - mind_ssc(warped, 1, 2, mask)
    expected = float(difference[:, mask].square().mean())
    assert float(MIND().value(fixed, warped, mask)) == pytest.approx(expected, rel=1e-12)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(InputError, match="does not fit"):
        mind_ssc(noise((5, 6)), mask=torch.ones(6, 5, dtype=torch.bool))
