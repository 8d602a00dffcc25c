"""A mask excludes voxels, really."""

import pytest
import torch

from RegSuite.errors import InputError
from Testing.similarity.pairs import NAMES, SHAPES, a_mask, a_pair, measure_of, noise


@pytest.mark.parametrize("junk", ["numbers", "nan"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_what_stands_outside_the_mask_changes_nothing(name, shape, junk):
    fixed, warped = a_pair(shape)
    mask = a_mask(shape)
    measure = measure_of(name, len(shape))
    loss, gradient = measure.loss_and_gradient(fixed, warped, mask)
    other = 100 * noise(shape, 9) if junk == "numbers" else torch.full_like(fixed, float("nan"))
    changed = measure.loss_and_gradient(
        torch.where(mask, fixed, other), torch.where(mask, warped, -other), mask
    )
    assert changed[0] == loss
    assert torch.equal(changed[1], gradient)
    assert (gradient[:, ~mask] == 0).all()
    assert gradient[:, mask].abs().max() > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_full_mask_is_no_mask(name):
    fixed, warped = a_pair((6, 7, 8))
    measure = measure_of(name, 3)
    plain = measure.loss_and_gradient(fixed, warped)
    for mask in (torch.ones(6, 7, 8, dtype=torch.bool), torch.ones(6, 7, 8), torch.full((6, 7, 8), 0.25)):
        loss, gradient = measure.loss_and_gradient(fixed, warped, mask)
        assert loss == pytest.approx(plain[0], rel=1e-12)
        torch.testing.assert_close(gradient, plain[1], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_a_mask_of_a_block_gives_what_the_block_alone_gives(name):
    fixed, warped = a_pair((9, 10, 11))
    block = (slice(None), slice(2, 7), slice(1, 8), slice(3, 10))
    mask = torch.zeros(9, 10, 11, dtype=torch.bool)
    mask[block[1:]] = True
    measure = measure_of(name, 3)
    alone, alone_gradient = measure.loss_and_gradient(fixed[block], warped[block])
    loss, gradient = measure.loss_and_gradient(fixed, warped, mask)
    if name == "mind":  # replicates the border of an image, counts at the border of a mask
        assert loss == pytest.approx(alone, rel=0.5)
        return
    assert loss == pytest.approx(alone, rel=1e-10)
    torch.testing.assert_close(gradient[block], alone_gradient, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_mask_is_refused(name):
    fixed, warped = a_pair((4, 5, 6))
    with pytest.raises(InputError, match="mask selects no voxel"):
        measure_of(name, 3).value(fixed, warped, torch.zeros(4, 5, 6, dtype=torch.bool))


@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_weights_that_are_negative_or_not_finite_are_refused(bad):
    fixed, warped = a_pair((4, 5))
    weights = torch.ones(4, 5)
    weights[1, 2] = bad
    with pytest.raises(InputError, match="negative or not finite"):
        measure_of("ssd", 2).value(fixed, warped, weights)


def test_a_mask_of_another_shape_is_refused_with_both_shapes():
    fixed, warped = a_pair((4, 5))
    with pytest.raises(InputError, match=r"\(5, 4\).*\(1, 4, 5\)"):
        measure_of("ssd", 2).value(fixed, warped, torch.ones(5, 4))
