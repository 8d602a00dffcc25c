"""The measures on a GPU give what they give on the CPU."""

import pytest
import torch

from Testing.similarity.pairs import NAMES, a_mask, a_pair, measure_of

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(20, 22), (12, 13, 14)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_loss_and_gradient_on_the_gpu_are_those_on_the_cpu(name, shape, masked):
    fixed, warped = (image.float() for image in a_pair(shape, channels=2))
    mask = a_mask(shape) if masked else None
    measure = measure_of(name, len(shape))
    expected, expected_gradient = measure.loss_and_gradient(fixed, warped, mask)
    there = [None if x is None else x.cuda() for x in (fixed, warped, mask)]
    loss, gradient = measure.loss_and_gradient(*there)
    assert gradient.is_cuda
    assert loss == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(
        gradient.cpu(), expected_gradient, rtol=0, atol=1e-4 * float(expected_gradient.abs().max())
    )
