"""On the thorax phantom, whose motion and dose are formulas: energy, and the dose that was really given."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.mapping.accumulate import accumulate
from RegSuite.dose.mapping.density import DensityTable
from RegSuite.dose.mapping.mapped import map_dose
from RegSuite.phantoms.thorax import thorax_course
from Testing.dose.bodies import OBLIQUE
from Testing.dose.mapping.fields import centred


@pytest.fixture(scope="module")
def a_course():
    return thorax_course(centred((44, 38, 34), (5.0, 5.5, 6.5), OBLIQUE), fractions=2, seed=3)


def mapped(course, mapping):
    table = DensityTable.default()
    return [
        map_dose(
            fraction.dose.image.data[0].numpy(),
            fraction.dose.image.grid,
            fraction.displacement.data.numpy(),
            course.planning.grid,
            mapping=mapping,
            density=(table.of(fraction.image.data[0].numpy()), fraction.image.grid),
        )
        for fraction in course.fractions
    ]


def test_energy_is_conserved_in_a_chest_whose_scan_ends_within_the_dose(a_course):
    for found in mapped(a_course, "emt"):
        assert found.counts.folded == found.counts.undefined == 0
        assert found.energy.left_mj + found.energy.marked_mj > 0
        assert abs(found.energy.residual) < 1e-3


@pytest.mark.parametrize(("mapping", "mean_gy"), [("ddm", 0.15), ("emt", 0.25)])
def test_the_accumulated_dose_is_the_one_that_was_given(a_course, mapping, mean_gy):
    """Within what voxels of 5 mm leave of beams' edges; emt averages over them, and so is further off."""
    counts = [fraction.count for fraction in a_course.fractions]
    found = accumulate(mapped(a_course, mapping), counts).dose_gy
    truth = a_course.truth_dose.data[0].numpy()
    apart = np.abs(found - truth)
    assert np.isfinite(apart).mean() > 0.8
    assert np.nanmean(apart) < mean_gy
    assert np.nanpercentile(apart, 95) < 0.02 * truth.max()
