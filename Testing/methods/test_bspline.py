"""B-spline: lattice, bending energy, and the transform that comes out."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.geometry import Grid
from RegSuite.methods.free_form.bending import Bending
from RegSuite.methods.free_form.lattice import finest_lattice
from RegSuite.numerics.flow import along_axes
from RegSuite.transforms import BSplineTransform
from RegSuite.transforms.bspline_basis import tensor_product
from Testing.methods.deformed_pairs import GRIDS, error_mm, pair, register

VOLUME = GRIDS["3D oblique"]


def random_coefficients(shape: tuple[int, ...]) -> torch.Tensor:
    return torch.randn((3, *shape), generator=torch.Generator().manual_seed(2))


def test_halving_the_cells_leaves_the_deformation_as_it_is() -> None:
    fine = finest_lattice(VOLUME, 9.0)
    coarse = fine.coarser()
    c = random_coefficients(coarse.shape)
    there = tensor_product(c, coarse.matrices(VOLUME))
    again = tensor_product(coarse.refined(c, fine), fine.matrices(VOLUME))
    assert torch.allclose(there, again, atol=1e-5)


def test_the_exported_transform_is_the_lattice_s_field() -> None:
    lattice = finest_lattice(VOLUME, 9.0)
    c = random_coefficients(lattice.shape)
    transform = lattice.transform(c, VOLUME, 3)
    assert isinstance(transform, BSplineTransform)
    own = tensor_product(c, lattice.matrices(VOLUME))
    assert torch.allclose(along_axes(transform.displacement(VOLUME), VOLUME), own, atol=1e-4)


def test_the_bending_energy_is_the_mean_of_squared_second_derivatives() -> None:
    lattice = finest_lattice(VOLUME, 14.0)
    c = random_coefficients(lattice.shape)
    factor = 8
    spacing = np.asarray(VOLUME.spacing) / factor
    origin = VOLUME.points(np.full(3, -0.5 + 0.5 / factor))
    fine = Grid.make(np.asarray(VOLUME.size) * factor, tuple(spacing), tuple(origin), VOLUME.direction)
    total = 0.0
    for orders, count in [
        ((2, 0, 0), 1),
        ((0, 2, 0), 1),
        ((0, 0, 2), 1),
        ((1, 1, 0), 2),
        ((1, 0, 1), 2),
        ((0, 1, 1), 2),
    ]:
        second = tensor_product(c, lattice.matrices(fine, orders))
        total += count * float(second.square().sum(0).mean(dtype=torch.float64))
    assert Bending(lattice).energy(c) == pytest.approx(total, rel=5e-3)  # midpoint sums of 8 a voxel


def test_the_bending_energy_of_an_affine_map_is_zero_and_its_diagonal_is_its_diagonal() -> None:
    lattice = finest_lattice(VOLUME, 14.0)
    bending = Bending(lattice)
    z, y, x = (torch.arange(n, dtype=torch.float32) for n in lattice.shape)
    affine = torch.stack([0.3 * x + 0 * y[:, None] + 0 * z[:, None, None]] * 3) + 2.0
    assert bending.energy(affine) < 1e-6 * float(affine.square().sum())
    unit = torch.zeros((3, *lattice.shape))
    unit[1, 2, 3, 1] = 1.0
    assert bending.energy(unit) == pytest.approx(float(bending.diagonal(unit)[2, 3, 1]), rel=1e-4)


def test_the_result_is_one_free_form_deformation_that_itk_applies(tmp_path) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    transform = register("bspline", fixed, moving, levels=3, spacing_mm=12.0).transform
    assert isinstance(transform, BSplineTransform)
    transform.save(tmp_path / "found.tfm")
    read = sitk.ReadTransform(str(tmp_path / "found.tfm"))
    point = grid.points((20.0, 17.0))
    ours = transform.points(torch.tensor(point)[None])[0].numpy()
    assert np.allclose(read.TransformPoint(point.tolist()), ours, atol=1e-3)


def test_more_bending_weight_makes_a_smoother_map() -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    found = [register("bspline", fixed, moving, levels=3, bending_mm2=b).transform for b in (1.0, 300.0)]
    spread = [float(t.jacobian_determinant(grid).std()) for t in found]
    assert spread[1] < 0.7 * spread[0]


@pytest.mark.parametrize("measure", ["ssd", "ncc", "mi", "ngf", "mind"])
def test_every_measure_finds_the_bump(measure: str) -> None:
    grid = GRIDS["2D"]
    fixed, moving = pair(grid)
    found = register("bspline", fixed, moving, measure=measure, levels=3, spacing_mm=16.0, bending_mm2=0.5)
    assert error_mm(found.transform, grid) < 0.9  # 2.4 mm before


def test_a_fold_is_reported() -> None:
    grid = GRIDS["2D"]
    fixed, _ = pair(grid)
    _, other = pair(grid, 30.0)
    noise = torch.randn(other.data.shape, generator=torch.Generator().manual_seed(1))
    found = register(
        "bspline", fixed, other.with_data(noise), measure="ssd", levels=1, spacing_mm=4.0, bending_mm2=0.0
    )
    folds = float((found.transform.jacobian_determinant(grid) <= 0).float().mean())
    assert folds > 0
    assert any("folds" in w for w in found.warnings)
