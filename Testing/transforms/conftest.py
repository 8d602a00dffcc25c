"""A grid in 2D, 3D and one voxel thick, and a transform of every kind on it."""

from __future__ import annotations

import pytest

from RegSuite.geometry import Grid
from RegSuite.transforms import Transform
from Testing.transforms.samples import KINDS, oblique_grid, transform_of_kind


@pytest.fixture(params=["3d", "2d", "one voxel thick"])
def a_grid(request: pytest.FixtureRequest) -> Grid:
    return oblique_grid(2 if request.param == "2d" else 3, thin=request.param == "one voxel thick")


@pytest.fixture(params=KINDS)
def a_transform(request: pytest.FixtureRequest, a_grid: Grid) -> Transform:
    return transform_of_kind(request.param, a_grid)
