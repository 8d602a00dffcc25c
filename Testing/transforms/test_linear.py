"""Rigid, similarity and affine: parameters, centre, inverse, products."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from RegSuite.errors import GeometryError
from RegSuite.transforms import AffineTransform, RigidTransform, SimilarityTransform
from Testing.transforms.samples import oblique_grid

small = st.floats(-1.5, 1.5)
far = st.floats(-300, 300)


@pytest.mark.parametrize("kind", [RigidTransform, SimilarityTransform])
@given(
    turn=st.lists(small, min_size=3, max_size=3), shift=st.lists(far, min_size=6, max_size=6), log_scale=small
)
@settings(max_examples=50, deadline=None)
def test_parameters_survive_the_way_there_and_back(
    kind: type[RigidTransform], turn: list[float], shift: list[float], log_scale: float
) -> None:
    for ndim in (2, 3):
        scale = [log_scale] if kind is SimilarityTransform else []
        given_ = [*turn[: 1 if ndim == 2 else 3], *shift[:ndim], *scale]
        transform = kind.from_parameters(given_, ndim, shift[3 : 3 + ndim])
        np.testing.assert_allclose(transform.parameters, given_, atol=1e-6)
        there = transform.points(torch.tensor([shift[:ndim]], dtype=torch.float64))
        np.testing.assert_allclose(transform.inverse().points(there)[0], shift[:ndim], atol=1e-6)


def test_a_quarter_turn_takes_x_to_y() -> None:
    flat = RigidTransform.from_parameters([np.pi / 2, 0, 0], 2)
    solid = RigidTransform.from_parameters([0, 0, np.pi / 2, 0, 0, 0], 3)
    np.testing.assert_allclose(flat.points(torch.tensor([[1.0, 0.0]]))[0], [0, 1], atol=1e-12)
    np.testing.assert_allclose(solid.points(torch.tensor([[1.0, 0.0, 0.0]]))[0], [0, 1, 0], atol=1e-12)


def test_the_centre_moves_by_the_translation_alone() -> None:
    transform = RigidTransform.from_parameters([0.3, -0.4, 0.5, 1, 2, 3], 3, [10, 20, 30])
    np.testing.assert_allclose(
        transform.points(torch.tensor([[10.0, 20.0, 30.0]]))[0], [11, 22, 33], atol=1e-12
    )
    moved = transform.with_centre([-5, 0, 5])
    np.testing.assert_allclose(moved.homogeneous, transform.homogeneous, atol=1e-12)
    np.testing.assert_allclose(
        moved.translation, transform.points(torch.tensor([[-5.0, 0, 5]]))[0].numpy() - moved.centre_mm
    )


def test_a_product_is_of_the_narrowest_kind_that_holds_it() -> None:
    rigid = RigidTransform.from_parameters([0.1, 0.2, 0.3, 1, 2, 3], 3)
    similarity = SimilarityTransform.from_parameters([0.1, 0.2, 0.3, 1, 2, 3, 0.2], 3)
    affine = AffineTransform(np.diag([1.0, 2.0, 3.0]), np.zeros(3))
    assert type(rigid.after(rigid)) is RigidTransform
    assert type(rigid.after(similarity)) is SimilarityTransform
    assert type(similarity.after(rigid)) is SimilarityTransform
    assert type(affine.after(rigid)) is type(rigid.after(affine)) is AffineTransform
    np.testing.assert_allclose(
        affine.after(similarity).homogeneous, affine.homogeneous @ similarity.homogeneous
    )


def test_the_jacobian_is_the_determinant_of_the_matrix_everywhere() -> None:
    grid = oblique_grid(3)
    assert torch.allclose(
        AffineTransform(np.diag([1.0, 2.0, -3.0]), np.zeros(3)).jacobian_determinant(grid), torch.tensor(-6.0)
    )
    turn = RigidTransform.from_parameters([1.0, 0.2, 0.3, 1, 2, 3], 3)
    assert torch.allclose(turn.jacobian_determinant(grid), torch.tensor(1.0))


def test_what_is_no_rotation_is_refused_as_rigid() -> None:
    with pytest.raises(GeometryError, match="deviates"):
        RigidTransform(np.diag([1.0, 1.0, 1.1]), np.zeros(3))
    with pytest.raises(GeometryError, match="deviates"):
        SimilarityTransform(np.diag([1.0, 1.0, -1.0]), np.zeros(3))


def test_a_singular_or_infinite_matrix_is_refused() -> None:
    with pytest.raises(GeometryError, match="singular"):
        AffineTransform(np.diag([1.0, 1.0, 0.0]), np.zeros(3))
    with pytest.raises(GeometryError, match="not finite"):
        AffineTransform(np.eye(3), np.array([0, np.nan, 0]))
    with pytest.raises(GeometryError, match="4 parameters"):
        RigidTransform.from_parameters([1, 2, 3, 4], 2)
