"""Demons and broken-geodesic: velocity fields, their norm, their path."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.geometry import Grid
from RegSuite.methods.log_demons.velocity import lie_bracket, log_of_product, sobolev_norm_mm
from RegSuite.numerics.flow import compose, exponential
from RegSuite.numerics.resample import warp
from RegSuite.phantoms.shapes import shapes_phantom
from RegSuite.transforms import CompositeTransform, VelocityTransform
from Testing.methods.deformed_pairs import GRIDS, error_mm, pair, register

SPACING = (1.0, 1.5, 2.0)


def linear_field(matrix: np.ndarray, shape: tuple[int, ...] = (9, 11, 13)) -> torch.Tensor:
    """v(x) = matrix x about the lattice's middle, [3, Z, Y, X] in mm."""
    z, y, x = np.indices(shape).astype(float)
    points = np.stack([x - 6, y - 5, z - 4]) * np.reshape(SPACING, (3, 1, 1, 1))
    return torch.from_numpy(np.einsum("ij,j...->i...", matrix, points)).float()


def test_the_bracket_of_linear_fields_is_the_commutator_of_their_matrices() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, 3)) * 0.1
    # v = A x, u = B x: Jv u - Ju v = (A B - B A) x
    found = lie_bracket(linear_field(a), linear_field(b), SPACING)
    assert torch.allclose(found, linear_field(a @ b - b @ a), atol=1e-5)


def test_the_second_order_update_is_nearer_to_the_composed_flow() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 3, 3)) * 0.08
    v, u = linear_field(a), linear_field(b)
    truth = compose(exponential(v, SPACING), exponential(u, SPACING), SPACING)
    inner = (slice(None), slice(3, 6), slice(3, 8), slice(4, 9))
    errors = [
        float((exponential(log_of_product(v, u, SPACING, order), SPACING) - truth)[inner].norm())
        for order in (1, 2)
    ]
    assert errors[1] < 0.5 * errors[0]


def test_the_norm_of_a_wave_is_its_formula() -> None:
    n, length, sigma = 400, 40.0, 3.0
    x = torch.arange(n) * 0.5
    v = torch.zeros(3, 2, 2, n)
    v[0] = torch.sin(2 * torch.pi * x / length)
    expected = np.sqrt(0.5 * (1 + (sigma * 2 * np.pi / length) ** 2))
    assert sobolev_norm_mm(v, (0.5, 1.0, 1.0), sigma) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("where", ["2D", "3D oblique"])
def test_the_inverse_is_the_flow_back(where: str) -> None:
    grid = GRIDS[where]
    fixed, moving = pair(grid)
    transform = register("demons", fixed, moving, levels=3).transform
    assert isinstance(transform, VelocityTransform)
    there_and_back = CompositeTransform.of(transform, transform.inverse()).displacement(grid)
    assert float(there_and_back.norm(dim=0).mean()) < 0.05


def test_swapping_the_images_gives_the_inverse_with_symmetric_forces() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    there = register("demons", fixed, moving, levels=3, symmetric=True).transform
    back = register("demons", moving, fixed, levels=3, symmetric=True).transform
    residual = CompositeTransform.of(there, back).displacement(grid).norm(dim=0)
    assert float(residual.mean()) < 0.15


def test_intensities_are_matched_before_they_are_compared_by_ssd() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    matched = register("demons", fixed, moving, levels=3, measure="ssd")
    assert error_mm(matched.transform, grid) < 0.6


def ssd_after(phantom, transform) -> float:
    grid = phantom.fixed.grid
    field = transform.displacement(grid)
    to_voxels = phantom.moving.grid.inverse_matrix[:2, :2]
    affine = (phantom.moving.grid.inverse_matrix @ grid.matrix)[:2]
    warped = warp(phantom.moving.data, grid.shape, affine, field, to_voxels)
    return float((warped - phantom.fixed.data).square().mean())


@pytest.mark.slow
def test_a_broken_geodesic_goes_from_c_to_disc_where_one_velocity_cannot() -> None:
    phantom = shapes_phantom("c-to-disc", 64)
    options = {"measure": "ssd", "intensities": "none", "levels": 3, "iterations": 15}
    one = register("demons", phantom.fixed, phantom.moving, **{**options, "iterations": 75}, symmetric=True)
    path = register("broken-geodesic", phantom.fixed, phantom.moving, **options)
    assert 1 < path.extra["pieces"] <= 5
    assert path.extra["path_length"] == pytest.approx(sum(path.extra["piece_lengths"]))
    assert ssd_after(phantom, path.transform) < 0.5 * ssd_after(phantom, one.transform)


def test_the_path_length_grows_with_the_deformation() -> None:
    grid = Grid.make((48, 48), 2.0)
    lengths = [
        register("broken-geodesic", *pair(grid, mm), levels=3, pieces=3).extra["path_length"]
        for mm in (2.0, 4.0, 8.0)
    ]
    assert lengths[0] < 0.7 * lengths[1] < 0.5 * lengths[2]


def test_a_fixed_point_passes_the_last_piece_first() -> None:
    phantom = shapes_phantom("c-to-disc", 48)
    found = register("broken-geodesic", phantom.fixed, phantom.moving, levels=2, pieces=2, intensities="none")
    members = found.transform.members
    assert len(members) == found.extra["pieces"] == 2
    point = torch.tensor([[6.0, 3.0]], dtype=torch.float64)
    assert torch.allclose(found.transform.points(point), members[1].points(members[0].points(point)))
    # v_1, found first, is the larger one, and is met last
    norms = [float(m.velocity_mm.norm()) for m in members]
    assert norms[1] > norms[0]


def test_on_coarse_voxels_the_smoothing_holds_the_field_where_there_is_only_noise() -> None:
    """A ball in 4 mm voxels of noise, not moved: 2 mm of smoothing, as on 1 mm voxels, lets it wander."""
    from RegSuite.geometry import Image

    grid = Grid.make((32, 32, 24), 4.0)
    noise = torch.Generator().manual_seed(3)
    z, y, x = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in grid.shape), indexing="ij")
    ball = ((x - 15.5) ** 2 + (y - 15.5) ** 2 + (z - 11.5) ** 2 < 30).float()
    fixed, moving = (
        Image((100 * ball + 5 * torch.randn(grid.shape, generator=noise))[None], grid) for _ in range(2)
    )
    found, loose = (
        register("demons", fixed, moving, levels=1, **given).transform.displacement(grid).norm(dim=0)
        for given in ({}, {"diffusion_mm": 2.0})
    )
    assert float(found[ball > 0].mean()) < 0.4
    assert float(found.mean()) < 0.6 * float(loose.mean())
