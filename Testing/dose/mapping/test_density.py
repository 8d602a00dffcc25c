"""Density from CT numbers: the default curve, tables, and what is no table."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.mapping.density import DensityTable
from RegSuite.errors import InputError


def test_the_default_is_schneiders_curve_where_that_is_monotone():
    table = DensityTable.default()
    hu = np.array([-1000, -500, -98, -50, 0, 14, 20, 200, 1000, 1600])
    rising = 0.00121 + 0.001029700665188 * (hu + 1000)
    wanted = np.select(
        [hu < -98, hu <= 14, hu <= 23], [rising, 1.018 + 0.893e-3 * hu, 1.03], 1.017 + 0.592e-3 * hu
    )
    assert table.of(hu) == pytest.approx(wanted, abs=1e-3)
    assert (np.diff(table.of(np.arange(-1100, 3200))) >= 0).all()


def test_a_table_is_straight_between_rows_and_held_beyond_them():
    table = DensityTable((-1000, 0, 1000), (0.001, 1.0, 1.6))
    found = table.of(np.array([[-3000.0, -500.0], [500.0, 9000.0]], np.float32))
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array([[0.001, 0.5005], [1.3, 1.6]]))
    assert np.isnan(table.of(np.nan))


@pytest.mark.parametrize(
    ("hu", "density", "words"),
    [
        ((0,), (1,), "1 CT numbers and 1 densities"),
        ((0, 1), (1,), "2 CT numbers and 1 densities"),
        ((0, 0), (1, 2), "do not rise: 0 HU is followed by 0 HU"),
        ((0, 1, 2), (1, 1.2, 1.1), "falls from 1.2 g/cm3 at 1 HU to 1.1 at 2 HU"),
        ((0, 1), (0, 1), "a density of 0 g/cm3"),
        ((0, 1), (1, np.nan), "not finite"),
        ((-1000, 0), (1.2, 1000), "a density of 1000 g/cm3"),
    ],
)
def test_what_is_no_table_is_refused(hu, density, words):
    with pytest.raises(InputError, match=words):
        DensityTable(hu, density)
