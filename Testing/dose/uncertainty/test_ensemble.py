"""The spread of several registrations as their uncertainty."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.ensemble import ensemble_uncertainty
from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image

TURN = np.linalg.qr(np.array([[0.8, -0.5, 0.2], [0.4, 0.9, -0.3], [0.1, 0.3, 1.0]]))[0]
GRID = Grid.make((20, 18, 16), (2.0, 3.0, 4.0), direction=TURN)


def member(*components: float) -> Image:
    return Image(
        torch.tensor(components, dtype=torch.float32)[:, None, None, None].expand(3, *GRID.shape).clone(),
        GRID,
    )


def test_known_members_give_the_unbiased_sd_about_their_mean():
    found = ensemble_uncertainty([member(1, 0, 5), member(2, 0, 5), member(6, 3, 5)])
    assert torch.allclose(found.displacement.data[:, 0, 0, 0], torch.tensor([3.0, 1.0, 5.0]))
    sd = torch.tensor([math.sqrt(7), math.sqrt(3), 0.0])
    assert torch.allclose(found.sigma_mm.data, sd[:, None, None, None].expand(3, *GRID.shape), atol=1e-5)
    assert found.source == "ensemble"
    assert found.calibration is None


def test_the_mean_of_random_members_variance_is_the_truth():
    rng = np.random.default_rng(5)
    members = [Image(torch.from_numpy(rng.normal(0, 2.0, (3, *GRID.shape))).float(), GRID) for _ in range(3)]
    found = ensemble_uncertainty(members)
    assert float(found.sigma_mm.data.square().mean().sqrt()) == pytest.approx(2.0, rel=0.02)
    assert float(found.sigma_mm.data.std()) < 0.1, "averaged over the length on which errors are alike"


def test_how_far_the_used_displacement_lies_from_the_members_counts():
    used = member(0, 0, 0)
    found = ensemble_uncertainty([member(3, 0, 0), member(4, 0, 0), member(5, 0, 0)], displacement=used)
    assert found.displacement is used
    assert float(found.sigma_mm.data[0].mean()) == pytest.approx(math.sqrt(1 + 16), rel=1e-5)


def test_a_calibration_is_applied():
    known = Calibration("a test", scale=2.0, floor_mm=1.0, correlation_mm=12.0)
    members = [member(1, 0, 5), member(2, 0, 5), member(3, 0, 5)]
    found = ensemble_uncertainty(members, calibration=known)
    assert found.sigma_mm.data[:, 3, 3, 3].tolist() == pytest.approx([math.sqrt(5), 1.0, 1.0], rel=1e-5)
    assert found.correlation_mm == 12.0


def test_where_one_member_is_undefined_all_are():
    holed = member(2, 0, 5)
    holed.data[1, 4, 5, 6] = math.nan
    found = ensemble_uncertainty([member(1, 0, 5), holed, member(3, 0, 5)]).sigma_mm.data
    assert torch.isnan(found[:, 4, 5, 6]).all()
    assert int(torch.isnan(found).sum()) == 3
    assert float(found[0, 4, 5, 7]) == pytest.approx(1.0, rel=1e-4)


def test_two_members_are_too_few():
    with pytest.raises(InputError, match="2 registrations"):
        ensemble_uncertainty([member(1, 0, 0), member(2, 0, 0)])


def test_members_on_other_grids_are_refused():
    other = Grid.make((20, 18, 16), (2.0, 3.0, 4.0))
    stray = Image(torch.zeros(3, *other.shape), other)
    with pytest.raises(GeometryError, match="components on"):
        ensemble_uncertainty([member(1, 0, 0), member(2, 0, 0), stray])
