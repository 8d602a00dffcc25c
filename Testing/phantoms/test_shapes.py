"""Analytic shapes have the areas and the map that their formulas say."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from RegSuite.errors import InputError
from RegSuite.io.simpleitk_bridge import array_to_sitk, image_to_sitk
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.phantoms.shapes import SHAPES, shapes_phantom


def test_the_disc_and_the_c_have_their_areas() -> None:
    phantom = shapes_phantom("c-to-disc", 256, 0.5)
    unit = (256 * 0.5 / 2) ** 2 / 0.25
    assert float(phantom.fixed.data.sum()) == pytest.approx(math.pi * 0.55**2 * unit, rel=0.01)
    ring = math.pi * (0.56**2 - 0.28**2) * unit
    assert float(phantom.moving.data.sum()) == pytest.approx(ring * (1 - 70 / 360), rel=0.01)


def test_the_ball_and_the_shell_have_their_volumes() -> None:
    phantom = shapes_phantom("c-to-disc", 64, ndim=3)
    unit = 32.0**3
    assert float(phantom.fixed.data.sum()) == pytest.approx(4 / 3 * math.pi * 0.55**3 * unit, rel=0.02)
    cone = (1 + math.cos(math.radians(35))) / 2
    shell = 4 / 3 * math.pi * (0.56**3 - 0.28**3) * cone * unit
    assert float(phantom.moving.data.sum()) == pytest.approx(shell, rel=0.02)


@pytest.mark.parametrize("name", SHAPES)
def test_labels_are_the_voxels_that_are_more_than_half_covered(name: str) -> None:
    phantom = shapes_phantom(name)  # type: ignore[arg-type]
    for image, labels in ((phantom.fixed, phantom.fixed_labels), (phantom.moving, phantom.moving_labels)):
        assert labels is not None
        assert float(image.data[labels.data == 0].max()) <= 0.5
        assert float(image.data.max()) == 1.0
        for label in labels.data.unique().tolist():
            peak = float(image.data[labels.data == label].max())
            assert (peak > 0.45) == (label > 0) or label == 0


def test_the_letters_keep_clear_of_the_border() -> None:
    phantom = shapes_phantom("j-to-v")
    for image in (phantom.fixed, phantom.moving):
        border = image.data[0].clone()
        border[6:-6, 6:-6] = 0
        assert float(border.max()) == 0
        assert float(image.data.sum()) > 500


def test_the_grown_triangle_is_the_template_under_its_analytic_map() -> None:
    phantom = shapes_phantom("triangle", 160, 0.8)
    truth = phantom.displacement
    assert truth is not None
    field = array_to_sitk(truth.data.double().numpy(), truth.grid, vector=True)
    warped = sitk.Resample(
        image_to_sitk(phantom.moving), image_to_sitk(phantom.fixed), sitk.DisplacementFieldTransform(field)
    )
    assert np.abs(sitk.GetArrayFromImage(warped) - phantom.fixed.data[0].numpy()).mean() < 2e-3
    assert float((phantom.fixed.data - phantom.moving.data).abs().mean()) > 0.02
    assert float(jacobian_determinant(truth.data, truth.grid).min()) > 0.1


def test_the_triangle_has_grown_and_the_ovals_have_moved_outward() -> None:
    phantom = shapes_phantom("triangle")
    assert phantom.fixed_labels is not None
    assert phantom.moving_labels is not None
    grid = phantom.fixed.grid
    distance = torch.from_numpy(np.linalg.norm(grid.all_points() - grid.centre, axis=-1))
    fixed, moving = phantom.fixed_labels.data[0], phantom.moving_labels.data[0]
    assert int((fixed == 1).sum()) > 1.8 * int((moving == 1).sum())
    for label in range(2, 7):
        assert float(distance[fixed == label].mean()) > float(distance[moving == label].mean()) + 1


@pytest.mark.parametrize(("name", "size", "ndim"), [("circle", 64, 2), ("j-to-v", 64, 3), ("j-to-v", 8, 2)])
def test_shapes_that_do_not_exist_are_refused(name: str, size: int, ndim: int) -> None:
    with pytest.raises(InputError, match="mend: use"):
        shapes_phantom(name, size, ndim=ndim)  # type: ignore[arg-type]
