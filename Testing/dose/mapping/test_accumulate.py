"""Sums over fractions: Gy, EQD2 by hand, and what is unknown in any fraction."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.mapping.accumulate import DoseSum, accumulate
from RegSuite.dose.mapping.difference import mapping_difference
from RegSuite.dose.mapping.mapped import MappedDose
from RegSuite.dose.mapping.marks import FOLDED, OUTSIDE, MarkCounts
from RegSuite.errors import DoseError, GeometryError
from Testing.dose.mapping.fields import centred, fraction


def mapped(values, marks=None):
    dose = np.asarray(values, np.float32).reshape(1, 1, -1)
    bits = (
        np.zeros(dose.shape, np.uint8) if marks is None else np.asarray(marks, np.uint8).reshape(dose.shape)
    )
    return MappedDose(np.where(bits == 0, dose, np.nan).astype(np.float32), bits, "ddm")


def test_doses_add_up_and_eqd2_is_formed_a_fraction_and_voxel():
    """6 Gy in 2 are 6 (1 + 3/3) / (1 + 2/3) = 7.2 at alpha/beta 3, and 6 * 1.3 / 1.2 = 6.5 at 10."""
    found = accumulate([mapped([4.0, 0.0]), mapped([6.0, 6.0])], [2, 2], [3, 10])
    assert found.dose_gy.ravel() == pytest.approx([10.0, 6.0])
    assert found.eqd2_gy[3.0].ravel() == pytest.approx([11.2, 7.2])
    assert found.eqd2_gy[10.0].ravel() == pytest.approx([10.5, 6.5])
    assert found.bed_gy(3.0).ravel() == pytest.approx([6.6667 + 12, 12], abs=1e-3)
    of_the_sum = 10 * (1 + 2.5 / 3) / (1 + 2 / 3)
    assert abs(found.eqd2_gy[3.0].ravel()[0] - of_the_sum) > 0.19, "converting the sum is another number"


def test_a_file_of_n_fractions_is_n_files_of_one():
    d = [2.5, 1.0, 0.3]
    together = accumulate([mapped(np.multiply(d, 5))], [5], [3])
    apart = accumulate([mapped(d)] * 5, [1] * 5, [3])
    assert together.dose_gy == pytest.approx(apart.dose_gy, rel=1e-6)
    assert together.eqd2_gy[3.0] == pytest.approx(apart.eqd2_gy[3.0], rel=1e-6)


def test_the_order_of_fractions_is_nothing():
    doses = [mapped([1.0, 2.0]), mapped([3.0, 0.5], [0, FOLDED]), mapped([2.0, 2.0])]
    one, other = accumulate(doses, [1, 2, 3], [3]), accumulate(doses[::-1], [3, 2, 1], [3])
    assert one.eqd2_gy[3.0] == pytest.approx(other.eqd2_gy[3.0], nan_ok=True, rel=1e-6)
    assert np.array_equal(one.marks, other.marks)


def test_a_voxel_that_any_fraction_does_not_know_is_unknown_and_says_why_and_how_often():
    found = accumulate(
        [mapped([1, 1, 1, 1], [0, OUTSIDE, 0, OUTSIDE]), mapped([1, 1, 1, 1], [0, 0, FOLDED, FOLDED])],
        [1, 1],
        [3],
    )
    assert np.isnan(found.dose_gy).ravel().tolist() == [False, True, True, True]
    assert np.isnan(found.eqd2_gy[3.0]).ravel().tolist() == [False, True, True, True]
    assert found.marks.ravel().tolist() == [0, OUTSIDE, FOLDED, OUTSIDE | FOLDED]
    assert found.unknown_in.ravel().tolist() == [0, 1, 1, 2]
    assert found.fractions == (MarkCounts(2, 0, 0, 2, 4), MarkCounts(0, 2, 0, 2, 4))


def test_sums_that_cannot_be_are_refused():
    with pytest.raises(DoseError, match="2 mapped doses and 1 fraction counts"):
        accumulate([mapped([1.0])] * 2, [1])
    with pytest.raises(DoseError, match="0 fractions"):
        accumulate([mapped([1.0])], [0])
    with pytest.raises(DoseError, match=r"a dose of -1 Gy has no EQD2"):
        accumulate([mapped([-1.0])], [1], [3])
    with pytest.raises(DoseError, match="alpha/beta of 0"):
        accumulate([mapped([1.0])], [1], [0])
    with pytest.raises(GeometryError, match="fraction dose 2"):
        accumulate([mapped([1.0]), mapped([1.0, 2.0])], [1, 1])
    with pytest.raises(DoseError, match="no fraction"):
        DoseSum((1, 1, 1)).result()
    assert accumulate([mapped([-1.0])], [1]).dose_gy.item() == -1.0, "in Gy a negative value only adds"


def test_the_difference_of_two_mappings_names_its_place():
    grid = centred((5, 4, 3), (2.0, 3.0, 4.0))
    direct = np.full(grid.shape, 20.0, np.float32)
    by_energy = direct.copy()
    by_energy[2, 1, 3] = 19.0
    by_energy[0, 0, 0] = np.nan
    found = mapping_difference(direct, by_energy, grid)
    assert (found.max_gy, found.percent_of_max, found.voxels) == pytest.approx((1.0, 5.0, 59))
    assert found.max_at_mm == pytest.approx(tuple(grid.points([3, 1, 2])))
    assert (found.ddm_there_gy, found.emt_there_gy) == (20.0, 19.0)
    assert found.mean_gy == pytest.approx(1 / 59)
    assert np.isnan(found.map_gy[0, 0, 0])
    assert "1 Gy at most (5 % of the largest dose), at (2.0, -1.5, 4.0) mm LPS" in found.sentence()
    with pytest.raises(DoseError, match="no voxel"):
        mapping_difference(direct * np.nan, by_energy, grid)


def test_mappings_differ_where_the_density_jumps_in_a_steep_dose_and_little_elsewhere():
    given = fraction(12.0)
    direct, by_energy = (given.mapped(mapping, account=False).dose_gy for mapping in ("ddm", "emt"))
    found = mapping_difference(direct, by_energy, given.grid)
    assert found.max_gy > 1.0
    assert found.mean_gy < 0.2
