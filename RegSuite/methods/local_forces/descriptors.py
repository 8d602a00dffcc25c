"""MIND-SSC descriptors of volumes, one slice thick or more."""

from __future__ import annotations

from torch import Tensor

from RegSuite.similarity.mind import mind_ssc


def descriptors(values: Tensor) -> Tensor:
    """Channels of a volume [C, Z, Y, X]: 12 C; of one slice, the 4 C within the slice."""
    return mind_ssc(values) if values.shape[1] > 1 else mind_ssc(values[:, 0])[:, None]
