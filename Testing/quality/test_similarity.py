"""The similarity summary rests on the measure's protocol alone."""

import pytest
import torch

from RegSuite.quality import similarity_before_after
from RegSuite.similarity.base import Similarity


class MeanSquares(Similarity):
    """Mean squared difference."""

    name = "ssd"
    higher_is_better = False

    def value(self, fixed, warped, mask=None):
        squares = (fixed - warped) ** 2
        return squares.mean() if mask is None else squares[:, mask].mean()


def test_before_and_after_are_values_of_the_measure_and_not_of_its_loss():
    fixed = torch.zeros(1, 3, 4)
    summary = similarity_before_after(MeanSquares(), fixed, fixed + 3, fixed + 1)
    assert summary == {"name": "ssd", "before": 9.0, "after": 1.0}


def test_only_the_mask_counts_and_no_gradient_is_kept():
    fixed = torch.zeros(1, 2, 2)
    before = torch.tensor([[[2.0, 100.0], [2.0, 100.0]]], requires_grad=True)
    mask = torch.tensor([[True, False], [True, False]])
    summary = similarity_before_after(MeanSquares(), fixed, before, fixed, mask)
    assert summary["before"] == pytest.approx(4.0)
    assert isinstance(summary["before"], float)
