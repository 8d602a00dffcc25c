"""Transforms of one line each, so that these tests rest on the protocol alone."""

import torch

from RegSuite.transforms.base import Transform


class Shift(Transform):
    """x -> x + shift."""

    def __init__(self, shift):
        self.shift = torch.tensor(shift, dtype=torch.float64)
        self.ndim = len(shift)

    def points(self, points_mm):
        return points_mm + self.shift

    def inverse(self):
        return Shift((-self.shift).tolist())

    def save(self, path):
        raise NotImplementedError


class Scale(Shift):
    """x -> factor * x."""

    def __init__(self, factor, ndim=3):
        self.factor, self.ndim = factor, ndim

    def points(self, points_mm):
        return points_mm * self.factor

    def inverse(self):
        return Scale(1 / self.factor, self.ndim)
